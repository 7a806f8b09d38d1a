/* SPDX-License-Identifier: Apache-2.0 */
/* job.h: work that blocks, done on a thread that runs no processes.
 *
 * Model    A thread for each job, one job at a time for a node (the code server's). The process
 *          that asks waits; if it is killed meanwhile, whoever is last gives the job back, and
 *          the thread is joined when the node stops. In simulation, and where no thread can
 *          be had, the work is done on the spot.
 */
#ifndef KR_CODE_JOB_H
#define KR_CODE_JOB_H

#include "room.h"

struct kri_job {
        void (*work)(struct kri_job *job);
        void (*free)(struct kri_job *job); /* with what nobody took of its results */

        /* -- job.c's -- */
        _Atomic uint32_t holders;
        struct kr_node *node;
        kr_pid asker;
        struct kri_sig *done; /* to be sent then */
};

/* Do it and wait. The job, malloc'ed, is the caller's until kri_job_done. May not return: then
 * it is given back. */
void kri_job_do(struct kri_code_room *code, struct kri_job *job);
void kri_job_done(struct kri_job *job);

/* The node stops: the thread has ended when this returns. */
void kri_job_join(struct kri_code_room *code);

#endif
