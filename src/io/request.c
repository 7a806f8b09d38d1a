/* SPDX-License-Identifier: Apache-2.0 */
#include "request.h"

void kri_request_drop(struct kri_request *request)
{
        bool last;

        kri_latch_lock(&request->lock);
        last = --request->holders == 0;
        kri_latch_unlock(&request->lock);
        if (last)
                request->release(request);
}

static void begin(struct kri_loop *loop, struct kri_sched *s, struct kri_loop_call *call)
{
        struct kri_request *request = (struct kri_request *)call;

        if (s == NULL)
                kri_request_done(request, s); /* the node stops: nobody waits for it */
        else
                request->begin(loop, request);
}

static void left(struct kri_turn *turn, struct kri_sched *s)
{
        (void)s;
        kri_request_drop((struct kri_request *)((char *)turn -
                                                offsetof(struct kri_request, turn)));
}

void kri_request_init(struct kri_request *request,
                      void (*begin_fn)(struct kri_loop *loop,
                                       struct kri_request *request),
                      void (*release)(struct kri_request *request))
{
        *request = (struct kri_request){
                .call.fn = begin,
                .holders = 1,
                .begin = begin_fn,
                .release = release,
        };
        request->turn.lock = &request->lock;
        request->turn.left = left;
}

kr_err kri_request_run(struct kri_io *io, struct kri_proc *p, struct kri_request *request,
                       int64_t deadline_ns)
{
        struct kri_outside *outside = kri_turn_outside(p);
        bool done;

        if (outside == NULL) {
                kri_request_drop(request);
                return KR_ENOMEM;
        }
        kri_latch_lock(&request->lock);
        request->holders = 2;
        kri_turn_enter(&request->turn, outside);
        kri_latch_unlock(&request->lock);
        kri_loop_call(kri_loop_of(io, p), &request->call);
        kri_latch_lock(&request->lock);
        while (!request->done && kri_turn_wait(&request->turn, outside, deadline_ns))
                ;
        done = request->done;
        kri_turn_leave(&request->turn, outside, p->sched);
        kri_latch_unlock(&request->lock);
        if (done)
                return KR_OK;
        kri_request_drop(request);
        return KR_ETIMEDOUT;
}

void kri_request_done(struct kri_request *request, struct kri_sched *s)
{
        kri_latch_lock(&request->lock);
        request->done = true;
        if (request->turn.first != NULL)
                kri_outside_wake(s, request->turn.first);
        kri_latch_unlock(&request->lock);
        kri_request_drop(request);
}
