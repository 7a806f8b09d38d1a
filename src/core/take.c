/* SPDX-License-Identifier: Apache-2.0 */
/* take.c: a process takes in what has reached it. */
#include "sched.h"

#include "term/atom.h"

#include "extra.h"
#include "info.h"
#include "link.h"
#include "module_scan.h"
#include "node.h"
#include "poll.h"
#include "receive.h"
#include "ref.h"
#include "registry.h"
#include "timer.h"

/* {Ref, true} for whoever asked by ctl->ref. Takes the question. Without memory the process
 * cannot keep its word and ends; who asked is told that it has. */
static void answer(struct kri_sched *s, struct kri_proc *p, struct kri_sig *question)
{
        struct kri_sig_ctl *ctl = kri_sig_ctl(question);
        struct kri_sig *reply = kri_sig_reply(&s->pool, ctl->ref, KRI_A(true));

        if (reply == NULL) {
                kri_doom_atom(p, KRI_A_system_limit);
                kri_stray(s, kri_proc_word(p), question);
                return;
        }
        (void)kri_signal(s->node, s, ctl->from, reply);
        kri_sig_free(&s->pool, question);
}

/* The wheel's wake-up has come: either the wait is over, or it was for an earlier wait. */
static void take_timer(struct kri_sched *s, struct kri_proc *p)
{
        kri_flags_set(p, 0, KRI_P_ARMED);
        if (!kri_has(p, KRI_P_WAIT_TIMED))
                return;
        if (kri_node_now_ns(p->node) >= p->extra->deadline_ns)
                kri_flags_set(p, KRI_P_TIMED_OUT | KRI_P_NEWS, 0);
        else if (!kri_timers_arm(s, p))
                kri_doom_atom(p, KRI_A_system_limit);
}

/* A record has room for a small count; what is more is counted beside it. */
static void take_suspend(struct kri_sched *s, struct kri_proc *p, struct kri_sig *sig)
{
        if (p->suspended < UINT8_MAX)
                p->suspended++;
        else if (kri_extra(p) != NULL)
                p->extra->suspended_more++;
        else
                kri_doom_atom(p, KRI_A_system_limit);
        answer(s, p, sig);
}

static void take_resume(struct kri_proc *p)
{
        if (p->extra != NULL && p->extra->suspended_more > 0)
                p->extra->suspended_more--;
        else if (p->suspended > 0)
                p->suspended--;
}

/* A process that has a reason to end is dead to what was sent after that. Its own wake-up
 * it must take: the record says whether one is on the way. */
static bool is_too_late(const struct kri_proc *p, const struct kri_sig *sig)
{
        return p->doom != NULL && sig->kind != KRI_SIG_TIMER &&
               !kri_has(p, KRI_P_INTERRUPTED);
}

static void take_rare(struct kri_sched *s, struct kri_proc *p, struct kri_sig *sig)
{
        if (is_too_late(p, sig)) {
                kri_registry_forget(
                        p); /* who hears that it is gone finds its name free */
                kri_stray(s, kri_proc_word(p), sig);
                return;
        }
        switch ((enum kri_sig_kind)sig->kind) {
        case KRI_SIG_TIMER:
                take_timer(s, p);
                break;
        case KRI_SIG_INTERRUPT:
                kri_interrupt_take(p);
                break;
        case KRI_SIG_NOTICE:
                kri_notice_take(s, p, sig);
                return;
        case KRI_SIG_LEADER:
                p->leader = kri_sig_root(sig);
                break;
        case KRI_SIG_INFO:
                kri_info_answer(s, p, sig);
                return;
        case KRI_SIG_ALIVE:
                answer(s, p, sig);
                return;
        case KRI_SIG_SUSPEND:
                take_suspend(s, p, sig);
                return;
        case KRI_SIG_RESUME:
                take_resume(p);
                break;
        case KRI_SIG_CODE:
                kri_scan_answer(s, p, sig);
                return;
        default:
                kri_link_take(s, p, sig);
                return;
        }
        kri_sig_free(&s->pool, sig);
}

static inline void take_one(struct kri_sched *s, struct kri_proc *p, struct kri_sig *sig,
                            uint32_t serial)
{
        if (__builtin_expect(sig->to_serial != serial, 0)) {
                kri_stray(s,
                          kri_near_pid(p->node->slot, kri_proc_index(p), sig->to_serial),
                          sig);
                return;
        }
        if (__builtin_expect(sig->kind == KRI_SIG_MESSAGE, 1))
                kri_append(p, sig);
        else
                take_rare(s, p, sig);
}

/* From newest first to oldest first. */
static struct kri_sig *reverse(struct kri_sig *newest)
{
        struct kri_sig *in_order = NULL;

        while (newest != NULL) {
                struct kri_sig *older = newest->next;

                newest->next = in_order;
                in_order = newest;
                newest = older;
        }
        return in_order;
}

void kri_take_chain(struct kri_sched *s, struct kri_proc *p, struct kri_sig *sig)
{
        uint32_t len = p->len, serial = kri_serial(p);

        if (sig->next != NULL)
                sig = reverse(sig);
        while (sig != NULL) {
                struct kri_sig *next = sig->next;

                take_one(s, p, sig, serial);
                sig = next;
        }
        if (p->len != len)
                kri_flags_set(p, KRI_P_NEWS, 0);
        if (p->extra != NULL && p->extra->memory_max != 0)
                kri_memory_check(p);
}

void kri_take(struct kri_sched *s, struct kri_proc *p)
{
        /* acquire: pairs with the push; the signals are whole */
        struct kri_sig *sig =
                atomic_exchange_explicit(&p->outer, NULL, memory_order_acquire);

        if (sig != NULL)
                kri_take_chain(s, p, sig);
}

bool kr_is_process_alive(kr_pid pid)
{
        struct kri_proc *p = kri_enter(), *asked;
        struct kri_sig *sig;
        kr_msg slot = KR_MSG_INIT;
        kr_ref ref;
        bool alive;

        if (p == NULL)
                return false;
        if (pid.node != p->node->slot) {
                kri_badarg(p, "kr_is_process_alive", "pid");
                return false;
        }
        asked = kri_proc_of(p->node, kri_pid_word(pid));
        if (asked == p || asked == NULL || kri_serial(asked) != kri_pid_serial(pid.num)) {
                alive = asked == p && kri_serial(asked) == kri_pid_serial(pid.num);
                kri_spend(p, 1);
                kri_leave(p);
                return alive;
        }
        ref = kri_ref_new(p->sched, p);
        kri_mark_set(p, ref.id[0]);
        sig = kri_sig_control(&p->sched->pool, KRI_SIG_ALIVE, kri_proc_word(p), KRI_NIL);
        if (sig == NULL) {
                kri_no_memory(p);
                return false;
        }
        kri_ref_store(ref, kri_sig_ctl(sig)->ref);
        alive = kri_signal(p->node, p->sched, kri_pid_word(pid), sig) &&
                kri_await_reply(p, ref, &slot);
        kri_spend(p, 1);
        kr_msg_clear(&slot);
        kri_leave(p);
        return alive;
}
