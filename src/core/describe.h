/* SPDX-License-Identifier: Apache-2.0 */
/* describe.h: a process as a term, item by item: what process_info gives.
 *
 * Where Erlang names a function {Module, Function, Arity} there is no module here: initial_call
 * is {Function, Arity}, current_function {Function, Offset}, a trace as in fault.h.
 */
#ifndef KR_CORE_DESCRIBE_H
#define KR_CORE_DESCRIBE_H

#include "proc.h"
#include "sched.h"

bool kri_describe_knows(uint32_t atom);

/* A message block in which the description lies behind `before` words; its root is the
 * caller's to set. wanted: an atom (one item), a tuple of atoms (these, in a list), or []
 * (those of process_info/1); all known. *ret_info: in hand. NULL: no memory. Owner, on the
 * stack of p or elsewhere. */
struct kri_sig *kri_describe(struct kri_sched *s, struct kri_proc *p, kri_word wanted,
                             uint64_t before, kri_word *ret_info);

#endif
