/* SPDX-License-Identifier: Apache-2.0 */
#include "poll.h"

#include <string.h>

#include "base/plat_event.h"

#include "extra.h"

/* -- pollers -- */

kr_err kri_poll_give(struct kr_node *node, struct kri_poll *const *polls)
{
        if (node->opts.drive == KR_DRIVE_HOST &&
            !kri_event_include(&node->event, polls[0]->fns->fd(polls[0])))
                return KR_EOS;
        for (uint32_t i = 0; i < node->sched_count; i++) {
                /* seq_cst: before the look at `sleeping` in kick. Whoever sleeps on its word
                 * is woken, and finds the poller when it wants to sleep again */
                atomic_store(&node->scheds[i].poll, polls[i]);
                kri_sched_kick(&node->scheds[i]);
        }
        return KR_OK;
}

/* -- notices -- */

void kri_notice_init(struct kri_notice *notice,
                     void (*taken)(struct kri_sched *s, struct kri_proc *p,
                                   struct kri_notice *notice),
                     void *of)
{
        memset(notice, 0, sizeof(*notice));
        notice->taken = taken;
        notice->of = of;
        notice->sig.kind = KRI_SIG_NOTICE;
        kri_store(&notice->sig.root, KRI_NIL);
}

bool kri_notice_push(struct kri_sched *s, kri_word pid, struct kri_notice *notice)
{
        struct kri_proc *p = kri_proc_of(s->node, pid);
        uint32_t serial = kri_pid_serial(pid);

        if (s->outbox.to != NULL)
                kri_outbox_flush(s);
        notice->sig.to_serial = serial;
        /* relaxed: the queue orders it for whoever takes it in, a lock of its owner's for
         * whoever pushes it again */
        atomic_store_explicit(&notice->pending, true, memory_order_relaxed);
        if (p != NULL && kri_serial(p) == serial &&
            kri_push(s->node, s, p, &notice->sig, &notice->sig))
                return true;
        atomic_store_explicit(&notice->pending, false, memory_order_relaxed);
        return false;
}

void kri_notice_take(struct kri_sched *s, struct kri_proc *p, struct kri_sig *sig)
{
        struct kri_notice *notice =
                (struct kri_notice *)((char *)sig - offsetof(struct kri_notice, sig));

        notice->taken(s, p, notice);
}

/* -- outside -- */

static void woken(struct kri_sched *s, struct kri_proc *p, struct kri_notice *notice)
{
        struct kri_outside *outside = notice->of;

        (void)s;
        /* release: we have read it; pairs with kri_outside_wake, which writes to it again */
        atomic_store_explicit(&notice->pending, false, memory_order_release);
        if (p == NULL)
                return;
        outside->woken = true;
        kri_flags_set(p, KRI_P_NEWS, 0);
}

struct kri_outside *kri_outside_of(struct kri_proc *p)
{
        struct kri_extra *extra = kri_extra(p);

        if (extra == NULL || extra->outside != NULL)
                return extra != NULL ? extra->outside : NULL;
        extra->outside = kri_node_alloc(p->node, sizeof(*extra->outside));
        if (extra->outside == NULL)
                return NULL;
        memset(extra->outside, 0, sizeof(*extra->outside));
        extra->outside->p = p;
        kri_notice_init(&extra->outside->wake, woken, extra->outside);
        return extra->outside;
}

/* If it is still pending from an earlier wait, then p has not taken it in since, and will
 * look when it does. */
void kri_outside_wake(struct kri_sched *s, struct kri_outside *outside)
{
        /* acquire: pairs with woken */
        if (!atomic_load_explicit(&outside->wake.pending, memory_order_acquire))
                (void)kri_notice_push(s, kri_proc_word(outside->p), &outside->wake);
}

void kri_outside_ended(struct kri_sched *s, struct kri_proc *p)
{
        struct kri_outside *outside = p->extra != NULL ? p->extra->outside : NULL;

        if (outside != NULL && outside->ended != NULL)
                outside->ended(s, outside);
}

void kri_outside_fini(struct kri_proc *p)
{
        kri_node_free(p->node, p->extra->outside, sizeof(*p->extra->outside));
        p->extra->outside = NULL;
}
