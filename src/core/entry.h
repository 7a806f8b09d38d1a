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

#include <stdbool.h>
#include <stdint.h>

struct kri_symbol;

/* For a static function that a public one may end with. */
#define KRI_TAIL __attribute__((noinline, section("kri_tails")))

/* Is this address in a function that a program calls? `symbol` is what is known of it, or
 * NULL. */
bool kri_is_entry(uintptr_t at, const struct kri_symbol *symbol);

#endif
