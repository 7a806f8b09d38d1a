/* SPDX-License-Identifier: Apache-2.0 */
#include "suspend.h"

#include "term/atom.h"

#include "extra.h"
#include "node.h"
#include "receive.h"
#include "ref.h"

/* An entry of extra->suspending: a: how often; b: so many signals, ready to be sent. */

static struct kri_sig *ready(const struct kri_entry3 *entry)
{
        return (struct kri_sig *)(uintptr_t)entry->b;
}

/* False: no memory; nothing has changed. */
static bool count_up(struct kri_proc *p, kri_word pid)
{
        struct kri_sig *resume = kri_sig_control(&p->sched->pool, KRI_SIG_RESUME,
                                                 kri_proc_word(p), KRI_NIL);
        struct kri_entry3 *entry = NULL;

        if (resume == NULL)
                return false;
        if (kri_extra(p) != NULL)
                entry = kri_table_insert(&p->extra->suspending, pid, &p->node->memory);
        if (entry == NULL) {
                kri_sig_free(&p->sched->pool, resume);
                return false;
        }
        resume->next = ready(entry);
        entry->b = (uintptr_t)resume;
        entry->a++;
        return true;
}

/* The signal that takes one suspension back; NULL: there is none. */
static struct kri_sig *count_down(struct kri_proc *p, kri_word pid)
{
        struct kri_entry3 *entry = NULL;
        struct kri_sig *resume;

        if (p->extra != NULL)
                entry = kri_table_find(&p->extra->suspending, pid);
        if (entry == NULL)
                return NULL;
        resume = ready(entry);
        entry->b = (uintptr_t)resume->next;
        if (--entry->a == 0)
                (void)kri_table_remove(&p->extra->suspending, pid, NULL,
                                       &p->node->memory);
        return resume;
}

void kri_suspending_fini(struct kri_sched *s, struct kri_proc *p)
{
        struct kri_entry3 *entry;

        for (uint32_t at = 0;
             (entry = kri_table_next(&p->extra->suspending, &at)) != NULL;) {
                struct kri_sig *resume = ready(entry);

                while (resume != NULL) {
                        struct kri_sig *next = resume->next;

                        (void)kri_signal(s->node, s, entry->key,
                                         resume); /* or it has ended */
                        resume = next;
                }
        }
        kri_table_fini(&p->extra->suspending, &p->node->memory);
}

static bool is_suspendable(const struct kri_proc *p, kr_pid pid)
{
        struct kri_proc *other;

        if (pid.node != p->node->slot)
                return false;
        other = kri_proc_of(p->node, kri_pid_word(pid));
        return other != p && (other == NULL || !kri_has(other, KRI_P_THREAD));
}

/* Wait until it has stopped. False: it had ended. */
static bool suspend(struct kri_proc *p, kri_word pid, struct kri_sig *sig)
{
        kr_ref ref = kri_ref_new(p->sched, p);
        kr_msg slot = KR_MSG_INIT;
        bool there;

        kri_ref_store(ref, kri_sig_ctl(sig)->ref);
        kri_mark_set(p, ref.id[0]);
        there = kri_signal(p->node, p->sched, pid, sig) && kri_await_reply(p, ref, &slot);
        if (!there)
                kri_sig_free(&p->sched->pool, count_down(p, pid));
        kr_msg_clear(&slot);
        (void)kri_enter();
        return there;
}

bool kr_suspend_process(kr_pid pid)
{
        struct kri_proc *p = kri_enter();
        struct kri_sig *sig;
        bool there;

        if (p == NULL)
                return false;
        if (!is_suspendable(p, pid)) {
                kri_badarg(p, "kr_suspend_process", "pid");
                return false;
        }
        sig = kri_sig_control(&p->sched->pool, KRI_SIG_SUSPEND, kri_proc_word(p),
                              KRI_NIL);
        if (sig == NULL || !count_up(p, kri_pid_word(pid))) {
                if (sig != NULL)
                        kri_sig_free(&p->sched->pool, sig);
                kri_no_memory(p);
                return false;
        }
        there = suspend(p, kri_pid_word(pid), sig);
        kri_spend(p, 1);
        kri_leave(p);
        return there;
}

void kr_resume_process(kr_pid pid)
{
        struct kri_proc *p = kri_enter();
        struct kri_sig *sig;

        if (p == NULL)
                return;
        sig = pid.node == p->node->slot ? count_down(p, kri_pid_word(pid)) : NULL;
        if (sig == NULL) {
                kri_badarg(p, "kr_resume_process", "pid");
                return;
        }
        (void)kri_signal(p->node, p->sched, kri_pid_word(pid), sig); /* or it has ended */
        kri_spend(p, 1);
        kri_leave(p);
}
