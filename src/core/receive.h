/* SPDX-License-Identifier: Apache-2.0 */
/* receive.h: what a process waits for (receive.c, await.c); for the process itself, on its stack.
 * How it waits is in wait.h, what it looks through in mailbox.h, where it goes in slot.h.
 *
 * Law      A wait that finds nothing has looked at all that had arrived (p->scanned is the
 *          last message); the next wait starts from the front again, except that a message
 *          older than the reference it waits for cannot hold it (marks).
 */
#ifndef KR_CORE_RECEIVE_H
#define KR_CORE_RECEIVE_H

#include "mailbox.h"
#include "slot.h"

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

#define KRI_TIMEOUT_MAX_MS 4294967295
static inline bool kri_is_timeout(int64_t timeout_ms)
{
        return timeout_ms >= KR_INFINITY && timeout_ms <= KRI_TIMEOUT_MAX_MS;
}

/* Is it a time to wait for, and not 0? */
static inline bool kri_can_await(int64_t timeout_ms)
{
        return kri_is_timeout(timeout_ms) && timeout_ms != 0;
}

#endif
