/* SPDX-License-Identifier: Apache-2.0 */
#include "job.h"

#include <krarup/memory.h>

#include "core/node.h"
#include "core/receive.h"
#include "core/ref.h"

#define STACK_BYTES ((size_t)1 << 20)

void kri_job_done(struct kri_job *job)
{
        if (atomic_fetch_sub(&job->holders, 1) == 1)
                job->free(job);
}

static void *run(void *arg)
{
        struct kri_job *job = arg;
        struct kr_node *node = job->node;
        struct kri_sched *s;

        kri_thread_name("krarup-code");
        job->work(job);
        s = kri_sched_borrow(node, NULL);
        (void)kri_signal(node, s, kri_pid_word(job->asker),
                         job->done); /* or it has ended */
        kri_sched_return(node, s);
        kri_job_done(job);
        return NULL;
}

/* On the spot. */
static void do_here(struct kri_job *job)
{
        kr_critical_begin();
        job->work(job);
        kr_critical_end();
}

void kri_job_join(struct kri_code_room *code)
{
        if (code->working)
                (void)pthread_join(code->thread, NULL);
        code->working = false;
}

static bool start(struct kri_code_room *code, struct kri_job *job)
{
        atomic_fetch_add(&job->holders, 1);
        code->working = kri_thread_start(&code->thread, run, job, STACK_BYTES) == 0;
        if (!code->working)
                atomic_fetch_sub(&job->holders, 1);
        return code->working;
}

void kri_job_do(struct kri_code_room *code, struct kri_job *job)
{
        struct kri_proc *p = kri_enter();
        kr_msg slot = KR_MSG_INIT;
        kr_ref ref = kri_ref_new(p->sched, p);
        kri_word words[3];

        atomic_store(&job->holders, 1);
        kri_ref_store(ref, words);
        kri_mark_set(p, ref.id[0]);
        kri_job_join(code); /* of a code server that was killed */
        job->node = code->node;
        job->asker = kri_proc_pid(p);
        job->done = kri_sig_reply(&p->sched->pool, words, KRI_NONE);
        if (kr_node_drive(code->node) == KR_DRIVE_SIM || job->done == NULL ||
            !start(code, job)) {
                if (job->done != NULL)
                        kri_sig_free(&p->sched->pool, job->done);
                kri_leave(p);
                do_here(job);
                return;
        }
        (void)kri_await_reply(p, ref, &slot); /* {Ref}: there is nothing in it */
        kri_leave(p);
        kri_job_join(code);
}
