/* SPDX-License-Identifier: Apache-2.0 */
/* list.h: a list of immediates, from any source, into a message slot. */
#ifndef KR_CORE_LIST_H
#define KR_CORE_LIST_H

#include "proc.h"

/* next gives one word after the other, false at the end. `count` and `fill` are two walks
 * over the same source; the second may find more or fewer, the list is as long as both agree.
 * False: no memory; the slot is empty. */
bool kri_list_fill(struct kri_proc *p, kr_msg *slot,
                   bool (*next)(void *walk, kri_word *ret), void *count, void *fill);

#endif
