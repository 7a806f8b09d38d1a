/* SPDX-License-Identifier: Apache-2.0 */
/* turn.h: processes that want to do one thing, one at a time, in the order they came; the one
 * whose turn it is may have to wait until the world is ready for it.
 *
 * Threads  Everything here is called with turn->lock held; kri_turn_wait lets go of it while
 *          it waits.
 * Ends     A process that ends while it is in a turn leaves it (kri_turn_forget).
 */
#ifndef KR_IO_TURN_H
#define KR_IO_TURN_H

#include "core/poll.h"

struct kri_turn {
        kri_latch *lock;
        struct kri_outside *first, *last; /* first: whose turn it is */
        bool ready;                       /* it is worth trying */
        bool busy; /* the first has let go of the lock, and is trying */
        /* NULL, or: somebody who was in it has ended. Without the lock. */
        void (*left)(struct kri_turn *turn, struct kri_sched *s);
};

static inline bool kri_turn_is_empty(const struct kri_turn *turn)
{
        return turn->first == NULL;
}

/* Come last. */
void kri_turn_enter(struct kri_turn *turn, struct kri_outside *outside);

/* Go, and let the next one try. */
void kri_turn_leave(struct kri_turn *turn, struct kri_outside *outside,
                    struct kri_sched *s);

/* Wait until something has happened: it has come first, the world is ready, or `closed` was
 * said. False: `deadline_ns` has passed (the lock is held again). May not return. */
bool kri_turn_wait(struct kri_turn *turn, struct kri_outside *outside,
                   int64_t deadline_ns);

/* The world is ready: whoever is first may go on. */
void kri_turn_ready(struct kri_turn *turn, struct kri_sched *s);

/* Wake all that are in it. */
void kri_turn_wake_all(struct kri_turn *turn, struct kri_sched *s);

/* The process ends: it leaves whatever turn it is in. Takes the lock itself. */
void kri_turn_forget(struct kri_outside *outside, struct kri_sched *s);

/* The outside of a process that is to do something there; NULL: no memory. Its end is taken
 * care of. */
struct kri_outside *kri_turn_outside(struct kri_proc *p);

/* The deadline of a timeout that begins now. */
int64_t kri_turn_deadline(struct kr_node *node, int64_t timeout_ms);
bool kri_turn_is_timeout(int64_t timeout_ms);

#endif
