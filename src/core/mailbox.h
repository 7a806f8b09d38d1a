/* SPDX-License-Identifier: Apache-2.0 */
/* mailbox.h: the mailbox of a process: messages in order of arrival, the owner's alone.
 *
 * Marks    A message that is older than a reference cannot hold it. Who makes one that it will
 *          wait for marks the end of the mailbox (kri_mark_set, ref.h): the wait may begin
 *          behind that. A mark moves back when the message that it is at is taken out.
 */
#ifndef KR_CORE_MAILBOX_H
#define KR_CORE_MAILBOX_H

#include "limit.h"
#include "proc.h"

void kri_mailbox_append(struct kri_proc *p, struct kri_sig *sig);
/* Take `sig`, which comes after `before` (NULL: it is the first), out of the mailbox. */
void kri_mailbox_unlink(struct kri_proc *p, struct kri_sig *before, struct kri_sig *sig);
/* All of it goes: p will not look at it any more. */
void kri_mailbox_drop(struct kri_sched *s, struct kri_proc *p);

/* The marks at `from` are at `to` now. */
void kri_marks_move(struct kri_proc *p, struct kri_sig *from, struct kri_sig *to);

/* kri_mailbox_unlink for the wait that has looked at it: p->scanned is the caller's. */
static inline void kri_mailbox_take_out(struct kri_proc *p, struct kri_sig *before,
                                        struct kri_sig *sig)
{
        if (before != NULL)
                before->next = sig->next;
        else
                p->first = sig->next;
        if (p->last == sig)
                p->last = before;
        p->len--;
        if (__builtin_expect(kri_has(p, KRI_P_MARKED), 0))
                kri_marks_move(p, sig, before);
        if (__builtin_expect(kri_has(p, KRI_P_LIMITED), 0))
                kri_limit_leave(p, sig);
}

#endif
