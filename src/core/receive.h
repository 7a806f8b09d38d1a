/* SPDX-License-Identifier: Apache-2.0 */
/* receive.h: the mailbox and the waits of a process; for the process itself, on its stack.
 *
 * Law      A wait that finds nothing has looked at all that had arrived (p->scanned is the
 *          last message); the next wait starts from the front again, except that a message
 *          older than the reference it waits for cannot hold it (marks).
 */
#ifndef KR_CORE_RECEIVE_H
#define KR_CORE_RECEIVE_H

#include "proc.h"

/* Put `sig`, a message outside any queue, in the slot; what was in it is released. */
void kri_slot_fill(struct kri_proc *p, kr_msg *slot, struct kri_sig *sig);

/* Take it out again, whole. */
struct kri_sig *kri_slot_empty(struct kri_proc *p, kr_msg *slot);

/* Release all held messages (kr_become, the end). */
void kri_held_release(struct kri_sched *s, struct kri_proc *p);

/* Take `sig`, which comes after `before` (NULL: it is the first), out of the mailbox. */
void kri_mailbox_unlink(struct kri_proc *p, struct kri_sig *before, struct kri_sig *sig);
void kri_mailbox_append(struct kri_proc *p, struct kri_sig *sig);
/* All of it goes: p will not look at it any more. */
void kri_mailbox_drop(struct kri_sched *s, struct kri_proc *p);

/* Wait so long for nothing. May not return. */
void kri_pause(struct kri_proc *p, int64_t ms);

/* Wait for the message {Ref, Term} and put Term in the slot; false when it is {Ref} alone:
 * the one asked had ended. May not return. */
bool kri_await_reply(struct kri_proc *p, kr_ref ref, kr_msg *slot);

enum kri_answer { KRI_ANSWER_NONE, KRI_ANSWER_REPLY, KRI_ANSWER_DOWN };

/* Wait for the answer to the call whose alias and monitor is `ref`, one of p's own:
 * {[alias | Ref], Reply} or {'DOWN', Ref, process, Who, Reason}. It is held by the slot, whose
 * term is Reply or Reason; NONE: the time is up. What is in the mailbox up to `after` (NULL:
 * all) is not looked at. May not return. */
enum kri_answer kri_await_answer(struct kri_proc *p, uint64_t ref, struct kri_sig *after,
                                 int64_t timeout_ms, kr_msg *slot);

/* The same without what it may have to put aside: for p in no other wait than, perhaps, this
 * one, which goes on. */
enum kri_answer kri_await_more(struct kri_proc *p, uint64_t ref, struct kri_sig *after,
                               int64_t timeout_ms, kr_msg *slot);

/* Is it a time to wait for, and not 0? */
#define KRI_TIMEOUT_MAX_MS 4294967295
static inline bool kri_can_await(int64_t timeout_ms)
{
        return timeout_ms >= KR_INFINITY && timeout_ms <= KRI_TIMEOUT_MAX_MS &&
               timeout_ms != 0;
}

#endif
