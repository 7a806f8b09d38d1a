/* SPDX-License-Identifier: Apache-2.0 */
/* entry.h: where in a call trace the program ends and Krarup begins.
 *
 * Model    A program calls functions of ours that other object files can see, kr_... and
 *          kri_...: symbol tables tell those from our own kri_... and from static ones.
 *          Where such a function ends with a jump to another, that one is all that is left
 *          of it on the stack: those are marked, and lie in a section of their own.
 *          tests/unit/core/entry_test.c looks at processes while they are in each of them.
 */
#ifndef KR_CORE_ENTRY_H
#define KR_CORE_ENTRY_H

#include <stdint.h>

struct kri_trace;

/* For a static function that a public one may end with. */
#define KRI_TAIL __attribute__((noinline, section("kri_tails")))

/* The frame behind the innermost function that a program has called, from `from` on; 0: there
 * is none. Its addresses have been learned (fault_symbol.h). */
uint32_t kri_entry_behind(const struct kri_trace *trace, uint32_t from);

#endif
