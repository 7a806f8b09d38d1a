/* SPDX-License-Identifier: Apache-2.0 */
/* start.c: the usual word of a child, {ack, Child, {ok, Child}}, from its init to its starter.
 *
 * Most starters just wait, and nothing comes before that word. Both ends of it are here, so that
 * the one knows how the other lays it: no pattern builds it, and none tells what it is. All else
 * is left to kr_receive and its patterns, which know the word like any other.
 */
#include <krarup/gen.h>

#include "term/atom.h"

#include "call.h"
#include "mailbox.h"
#include "node.h"
#include "sched.h"
#include "send_quick.h"
#include "slot.h"
#include "wait.h"

/* Where its two tuples lie, by words. */
enum { OK = 0, ACK = 3, WORDS = 7 };

static inline void put_ack(struct kri_sig *sig, kri_word child)
{
        kri_word *heap = sig->heap;

        heap[OK] = kri_header(KRI_TUPLE, 0, 2);
        heap[OK + 1] = KRI_A(ok);
        heap[OK + 2] = child;
        heap[ACK] = kri_header(KRI_TUPLE, 0, 3);
        heap[ACK + 1] = KRI_A(ack);
        heap[ACK + 2] = child;
        heap[ACK + 3] = KRI_STORED(KRI_BOX, ACK + 3, OK);
        sig->root = KRI_STORED(KRI_BOX, -1, ACK);
}

static inline bool is_ack(const struct kri_sig *sig, kri_word child)
{
        const kri_word *heap = sig->heap;

        return sig->root == KRI_STORED(KRI_BOX, -1, ACK) &&
               heap[ACK] == kri_header(KRI_TUPLE, 0, 3) && heap[ACK + 1] == KRI_A(ack) &&
               heap[ACK + 2] == child &&
               heap[ACK + 3] == KRI_STORED(KRI_BOX, ACK + 3, OK) &&
               heap[OK] == kri_header(KRI_TUPLE, 0, 2) && heap[OK + 1] == KRI_A(ok) &&
               heap[OK + 2] == child;
}

/* The starter, if its mailbox takes whatever comes. NULL: it is gone, or not that simple. */
static inline struct kri_proc *usual_starter(struct kri_proc *p, kr_pid starter)
{
        struct kri_proc *to;

        if (starter.node != p->node->slot ||
            kri_pid_index(starter.num) >= p->node->procs_max)
                return NULL;
        to = kri_proc_at(p->node, kri_pid_index(starter.num));
        return kri_serial(to) == kri_pid_serial(starter.num) &&
                               !kri_has(to, KRI_P_LIMITED)
                       ? to
                       : NULL;
}

void kri_start_ack(kr_pid starter)
{
        struct kri_proc *p = kri_enter(), *to;
        struct kri_sig *sig;

        if (p == NULL)
                return; /* a thread that is no process has nothing to say */
        to = usual_starter(p, starter);
        sig = kri_sig_new(&p->sched->pool, WORDS);
        if (sig == NULL) {
                kri_no_memory(p);
                return;
        }
        put_ack(sig, kri_proc_word(p));
        sig->to_serial = kri_pid_serial(starter.num);
        if (to != NULL) {
                (void)kri_send_away(p, to, sig);
                return;
        }
        (void)kri_send_sig(p, starter, sig); /* whatever becomes of it */
        kri_leave(p);
}

/* The first message of the mailbox, if it is that word, and is no more to take than that. */
static inline bool take_ack(struct kri_proc *p, kr_pid child, kr_msg *slot)
{
        struct kri_sig *sig = p->first;

        if (sig == NULL || !is_ack(sig, kri_pid_word(child)) ||
            (slot != NULL && !kri_slot_release_quickly(p, slot, KRI_OTHER_SLOTS)))
                return false;
        kri_mailbox_take_out(p, NULL, sig);
        if (slot == NULL) {
                kri_sig_free(&p->sched->pool, sig);
                return true;
        }
        kri_slot_hold(p, slot, sig);
        slot->term.w = kri_load(&sig->heap[ACK + 3]);
        return true;
}

/* In one function, as all that waits. */
bool kri_start_hear(kr_pid child, int64_t timeout_ms, kr_msg *slot)
{
        struct kri_proc *p = kri_enter();
        bool heard;

        if (p->first != NULL || !kri_waits_simply(p, timeout_ms)) {
                kri_leave(p);
                return false;
        }
        kri_flags_set(p, 0, KRI_P_NEWS);
        kri_switch_out(p, KRI_OUT_WAIT);
        kri_doom_check(p);
        heard = take_ack(p, child, slot);
        kri_flags_set(p, 0, KRI_P_WAIT_TIMED | KRI_P_TIMED_OUT);
        if (heard)
                kri_spend(p, KRI_COST_RECEIVE);
        kri_leave(p);
        return heard;
}
