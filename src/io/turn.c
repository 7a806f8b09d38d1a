/* SPDX-License-Identifier: Apache-2.0 */
#include "turn.h"

#include "core/extra.h"

#include "port.h"

#define TIMEOUT_MAX_MS 4294967295

void kri_turn_enter(struct kri_turn *turn, struct kri_outside *outside)
{
        outside->next = NULL;
        outside->queue = turn;
        if (turn->last != NULL)
                turn->last->next = outside;
        else
                turn->first = outside;
        turn->last = outside;
}

static void unlink_outside(struct kri_turn *turn, struct kri_outside *outside)
{
        struct kri_outside *before = NULL;

        if (turn->first == outside) {
                turn->first = outside->next;
                turn->busy = false;
        } else {
                for (before = turn->first; before->next != outside; before = before->next)
                        ;
                before->next = outside->next;
        }
        if (turn->last == outside)
                turn->last = before;
        outside->next = NULL;
        outside->queue = NULL;
}

void kri_turn_leave(struct kri_turn *turn, struct kri_outside *outside,
                    struct kri_sched *s)
{
        bool was_first = turn->first == outside;

        unlink_outside(turn, outside);
        if (was_first && turn->first != NULL)
                kri_outside_wake(s, turn->first);
}

bool kri_turn_wait(struct kri_turn *turn, struct kri_outside *outside,
                   int64_t deadline_ns)
{
        bool woken;

        outside->woken = false;
        kri_latch_unlock(turn->lock);
        woken = kri_outside_wait(outside, deadline_ns);
        kri_latch_lock(turn->lock);
        return woken;
}

void kri_turn_ready(struct kri_turn *turn, struct kri_sched *s)
{
        turn->ready = true;
        if (turn->first != NULL && !turn->busy)
                kri_outside_wake(s, turn->first);
}

void kri_turn_wake_all(struct kri_turn *turn, struct kri_sched *s)
{
        for (struct kri_outside *o = turn->first; o != NULL; o = o->next)
                kri_outside_wake(s, o);
}

void kri_turn_forget(struct kri_outside *outside, struct kri_sched *s)
{
        struct kri_turn *turn = outside->queue;

        if (turn == NULL)
                return;
        kri_latch_lock(turn->lock);
        kri_turn_leave(turn, outside, s);
        kri_latch_unlock(turn->lock);
        if (turn->left != NULL)
                turn->left(turn, s);
}

static void ended(struct kri_sched *s, struct kri_outside *outside)
{
        kri_turn_forget(outside, s);
        kri_ports_close_all(outside, s);
}

struct kri_outside *kri_turn_outside(struct kri_proc *p)
{
        struct kri_outside *outside = p->extra != NULL ? p->extra->outside : NULL;

        if (__builtin_expect(outside == NULL, 0)) {
                outside = kri_outside_of(p);
                if (outside == NULL)
                        return NULL;
        }
        outside->ended = ended;
        return outside;
}

bool kri_turn_is_timeout(int64_t timeout_ms)
{
        return timeout_ms >= KR_INFINITY && timeout_ms <= TIMEOUT_MAX_MS;
}

int64_t kri_turn_deadline(struct kr_node *node, int64_t timeout_ms)
{
        if (timeout_ms == KR_INFINITY)
                return INT64_MAX;
        return kri_node_now_ns(node) + timeout_ms * 1000000;
}
