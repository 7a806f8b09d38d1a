/* SPDX-License-Identifier: Apache-2.0 */
/* wait.h: how a process waits, on its own stack: until there is news, or its time is up.
 *
 * Model    Who waits looks at what has arrived; if nothing is wanted it asks for news, and if
 *          there is none it leaves its stack (kri_wait) and looks again when it is back. A
 *          deadline is set by the first kri_wait, and belongs to the whole of it: WAIT_TIMED
 *          until kri_wait_ends.
 * Law      p->scanned is the last message that this wait has looked at. Each way out of a wait
 *          passes kri_wait_ends, so that the next one is another one.
 */
#ifndef KR_CORE_WAIT_H
#define KR_CORE_WAIT_H

#include "base/plat_clock.h"

#include "extra.h"
#include "node.h"
#include "receive.h"

/* From here on a deadline need not be read off the exact clock (20 ms more are 2 %, and never
 * less). */
#define KRI_LONG_WAIT_MS 1000

/* The time of the wait is limited, as it is now. May not return. */
void kri_wait_limit(struct kri_proc *p, int64_t timeout_ms);

/* p waits at its top: no catch on its stack can be reached any more, nor any slot. */
void kri_wait_forget_stack(struct kri_proc *p);

/* There is no slot, or that is no time. On an attached thread it returns, outside. */
void kri_wait_refuse(struct kri_proc *p, int64_t timeout_ms);

/* Enter, to receive into the slot. NULL: that is not to be. */
static inline struct kri_proc *kri_wait_begin(const kr_msg *slot)
{
        struct kri_proc *p = kri_enter();

        if (p == NULL)
                return NULL;
        if (__builtin_expect(slot == NULL, 0)) {
                kri_wait_refuse(p, 0);
                return NULL;
        }
        return p;
}

/* Has something arrived since p last asked? It has been taken in. May not return. */
static inline __attribute__((always_inline)) bool kri_wait_has_news(struct kri_proc *p)
{
        if (p->sched->outbox.to == p)
                kri_outbox_flush(p->sched); /* what we sent ourselves */
        if (atomic_load_explicit(&p->outer, memory_order_relaxed) == NULL)
                return false;
        kri_take(p->sched, p);
        kri_doom_check(p);
        if (__builtin_expect(p->suspended != 0, 0))
                kri_yield_now(p); /* whoever suspends us was told that we stand still */
        return true;
}

/* Also when it is left by a raise: the next wait, in a kr_catch around it, is another one. */
static inline void kri_wait_ends(struct kri_proc *p)
{
        p->scanned = NULL;
        if (__builtin_expect(kri_has(p, KRI_P_WAIT_TIMED | KRI_P_TOP), 0))
                kri_flags_set(p, 0, KRI_P_WAIT_TIMED | KRI_P_TIMED_OUT | KRI_P_TOP);
}

/* kri_wait_limit for p, which has its extra, if a wake-up is on the way that comes early enough:
 * it looks again. False: it is not that easy; nothing has happened. */
static inline bool kri_wait_limit_quickly(struct kri_proc *p, int64_t timeout_ms)
{
        int64_t deadline_ns;

        if (timeout_ms < KRI_LONG_WAIT_MS || p->sched->sim || !kri_has(p, KRI_P_ARMED) ||
            kri_has(p, KRI_P_WAIT_TIMED | KRI_P_THREAD))
                return false;
        deadline_ns = kri_clock_soon_ns() + timeout_ms * 1000000;
        if (p->extra->armed_ns > deadline_ns)
                return false;
        p->extra->deadline_ns = deadline_ns;
        kri_flags_set(p, KRI_P_WAIT_TIMED, KRI_P_TIMED_OUT);
        return true;
}

/* The mailbox of p is empty, and so is the queue; is there nothing to think of but that? The usual
 * wait, which has its deadline then. False: nothing has happened. */
static inline __attribute__((always_inline)) bool kri_waits_simply(struct kri_proc *p,
                                                                   int64_t timeout_ms)
{
        return p->scanned == NULL && p->doom == NULL &&
               !kri_has(p, KRI_P_TOP | KRI_P_WAIT_TIMED | KRI_P_THREAD) &&
               p->sched->outbox.to != p && !kri_outer_has_news(p) &&
               (timeout_ms == KR_INFINITY || kri_wait_limit_quickly(p, timeout_ms));
}

/* Until something arrives or the time is up. */
static inline __attribute__((always_inline)) void kri_wait(struct kri_proc *p,
                                                           int64_t timeout_ms,
                                                           enum kri_out out)
{
        if (__builtin_expect(timeout_ms != KR_INFINITY, 0))
                kri_wait_limit(p, timeout_ms);
        if (out == KRI_OUT_TOP && (p->held != NULL || kri_has(p, KRI_P_CATCHES)))
                kri_wait_forget_stack(p);
        if (__builtin_expect(p->doom != NULL, 0))
                kri_end(p); /* a clean-up may not wait: it is given up */
        kri_flags_set(p, 0, out == KRI_OUT_TOP ? KRI_P_NEWS | KRI_P_CAUGHT : KRI_P_NEWS);
        kri_switch_out(p, out);
        kri_doom_check(p);
}

#endif
