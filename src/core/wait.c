/* SPDX-License-Identifier: Apache-2.0 */
#include "wait.h"

#include "term/atom.h"

#include "timer.h"

static void set_deadline(struct kri_proc *p, int64_t timeout_ms)
{
        int64_t now_ns = timeout_ms >= KRI_LONG_WAIT_MS && !p->sched->sim
                                 ? kri_clock_soon_ns()
                                 : kri_node_now_ns(p->node);

        p->extra->deadline_ns = now_ns + timeout_ms * 1000000;
        kri_flags_set(p, KRI_P_WAIT_TIMED, KRI_P_TIMED_OUT);
}

/* A thread, which has its extra from the beginning, looks at the clock itself. */
void kri_wait_limit(struct kri_proc *p, int64_t timeout_ms)
{
        bool has_room = p->extra != NULL || kri_extra(p) != NULL;

        if (has_room && !kri_has(p, KRI_P_WAIT_TIMED))
                set_deadline(p, timeout_ms);
        if (has_room && (kri_has(p, KRI_P_THREAD) || kri_timers_arm(p->sched, p)))
                return;
        kri_wait_ends(p);
        kri_raise_atom(p, KR_CLASS_ERROR, KRI_A_system_limit);
}

void kri_wait_forget_stack(struct kri_proc *p)
{
        kri_flags_set(p, 0, KRI_P_CATCHES);
        kri_held_release_stack(p);
}

void kri_wait_refuse(struct kri_proc *p, int64_t timeout_ms)
{
        if (kri_is_timeout(timeout_ms))
                kri_badarg(p, "kr_receive", "slot");
        else if (kri_has(p, KRI_P_THREAD))
                kri_leave(p);
        else
                kri_raise_atom(p, KR_CLASS_ERROR, KRI_A_timeout_value);
}
