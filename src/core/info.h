/* SPDX-License-Identifier: Apache-2.0 */
/* info.h: what one process may learn of another: process_info, processes.
 *
 * Model    A process tells of itself: whoever asks sends KRI_SIG_INFO and waits for
 *          {Ref, Info}. So nobody reads what only its owner may touch, and the answer counts
 *          all that the asker had sent before.
 * Request  root: an atom (one item), a tuple of atoms (these), or [] (process_info/1's).
 */
#ifndef KR_CORE_INFO_H
#define KR_CORE_INFO_H

#include "proc.h"
#include "sched.h"

/* The request reaches p: answer it. Takes `request`. Owner, on any stack. */
void kri_info_answer(struct kri_sched *s, struct kri_proc *p, struct kri_sig *request);

#endif
