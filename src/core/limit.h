/* SPDX-License-Identifier: Apache-2.0 */
/* limit.h: mailboxes that hold so much and no more, by request of their owner.
 *
 * Model    node->limits[index] counts what is in the mailbox and on its way there. Senders
 *          add before they push; the owner subtracts when a message leaves the mailbox.
 *          Only messages that processes send by kr_send count and are refused; exits, DOWNs
 *          and timers always arrive. What counts is marked (KRI_SIG_COUNTED): it may have
 *          been sent before there was a limit.
 *          Once a process has had a limit its messages are counted until its end, so that
 *          what is on its way when the limit changes is counted right.
 */
#ifndef KR_CORE_LIMIT_H
#define KR_CORE_LIMIT_H

#include "node.h"

enum kri_admission { KRI_ADMIT, KRI_REFUSE, KRI_DROP, KRI_NO_MEMORY };

/* May p send `sig` to `to`? Waits, if that is what the receiver wants; may then not return
 * (sig goes with p). */
enum kri_admission kri_limit_admit(struct kri_proc *p, struct kri_proc *to,
                                   uint32_t serial, struct kri_sig *sig);

/* A message has left the mailbox of its owner p, which has KRI_P_LIMITED. */
void kri_limit_leave(struct kri_proc *p, const struct kri_sig *sig);

/* What a new limit counts from: the messages that are in the mailbox. Zero removes it. */
void kri_limit_set(struct kri_proc *p, kr_mailbox_limit limit);
kr_mailbox_limit kri_limit_get(const struct kri_proc *p);

#endif
