/* SPDX-License-Identifier: Apache-2.0 */
#include "sleeper.h"

#include "base/rand.h"

#include "link.h"

static bool is_asleep(const struct kri_proc *p)
{
        /* relaxed: a hint; the exchange decides */
        return atomic_load_explicit(&p->outer, memory_order_relaxed) == KRI_SLEEPING;
}

/* In simulation, chance decides who takes a signal in: both ways must come to the same. */
static bool may_act_for(struct kri_sched *s, const struct kri_proc *p)
{
        return !kri_has(p, KRI_P_THREAD) &&
               (!s->sim || kri_rand_below(&s->chance, 2) == 0);
}

static void lull(struct kri_sched *s, struct kri_proc *p)
{
        struct kri_sig *empty = NULL;

        kri_sched_set(p, NULL);
        /* release: whoever wakes p sees what was done for it */
        if (!atomic_compare_exchange_strong_explicit(&p->outer, &empty, KRI_SLEEPING,
                                                     memory_order_acq_rel,
                                                     memory_order_relaxed))
                kri_sched_wake(s, p);
}

/* False: it does not sleep, or is another one. */
static bool keep_awake(struct kri_sched *s, struct kri_proc *p, uint32_t serial)
{
        if (!is_asleep(p) || kri_serial(p) != serial || !may_act_for(s, p) ||
            !kri_rouse(p))
                return false;
        if (__builtin_expect(kri_serial(p) != serial, 0)) {
                kri_sched_woken(s->node, s, p); /* another tenant: it wakes in vain */
                return false;
        }
        kri_sched_set(p, s);
        return true;
}

struct kri_proc *kri_sleeper_borrow(struct kri_sched *s, kri_word pid)
{
        struct kri_proc *p = kri_proc_of(s->node, pid);

        return p != NULL && keep_awake(s, p, kri_pid_serial(pid)) ? p : NULL;
}

void kri_sleeper_return(struct kri_sched *s, struct kri_proc *p)
{
        if (__builtin_expect(kri_has(p, KRI_P_CAPPED), 0))
                kri_memory_check(p);
        if (p->doom == NULL && !kri_has(p, KRI_P_NEWS)) {
                lull(s, p);
                return;
        }
        kri_sched_set(p, NULL);
        kri_sched_wake(s, p);
}

bool kri_sleeper_take(struct kri_sched *s, struct kri_proc *p, uint32_t serial,
                      struct kri_sig *sig)
{
        if (sig->kind < KRI_SIG_ALIAS || sig->kind > KRI_SIG_DOWN ||
            !keep_awake(s, p, serial))
                return false;
        kri_link_take(s, p, sig);
        kri_sleeper_return(s, p);
        return true;
}
