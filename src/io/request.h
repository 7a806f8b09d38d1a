/* SPDX-License-Identifier: Apache-2.0 */
/* request.h: something that a loop does for a process, which waits for it meanwhile.
 *
 * Model    The process makes the request and waits; the loop begins it, and says when it is
 *          done. Either may go first: a process that ends, or whose time is up, leaves the
 *          request to the loop. Whoever is last releases it.
 */
#ifndef KR_IO_REQUEST_H
#define KR_IO_REQUEST_H

#include "loop.h"
#include "turn.h"

/* The first member of every request. */
struct kri_request {
        struct kri_loop_call call;
        struct kri_turn turn;
        kri_latch lock;
        uint8_t holders; /* the process, the loop. lock */
        bool done;       /* lock */
        /* Begin it, on the loop. Calls kri_request_done, now or later, from there. */
        void (*begin)(struct kri_loop *loop, struct kri_request *request);
        /* Nobody wants it any more; the world has done with it. Any thread. */
        void (*release)(struct kri_request *request);
};

void kri_request_init(struct kri_request *request,
                      void (*begin)(struct kri_loop *loop, struct kri_request *request),
                      void (*release)(struct kri_request *request));

/* Have it done on the caller's loop, and wait. KR_OK: it is done, and the caller calls
 * kri_request_drop when it has seen what came out. KR_ETIMEDOUT, KR_ENOMEM: it is no longer
 * the caller's. p is inside. May not return. */
kr_err kri_request_run(struct kri_io *io, struct kri_proc *p, struct kri_request *request,
                       int64_t deadline_ns);
void kri_request_drop(struct kri_request *request);

/* The loop has done with it; s as kri_loop_sched. */
void kri_request_done(struct kri_request *request, struct kri_sched *s);

#endif
