/* SPDX-License-Identifier: Apache-2.0 */
/* switch.h: leave one stack and go on upon another.
 *
 * Law      Whoever goes on after a switch may be on another thread than before: nothing
 *          read from thread-local storage survives kri_switch.
 *          The floating-point control words are not saved: processes share the default.
 */
#ifndef KR_BASE_SWITCH_H
#define KR_BASE_SWITCH_H

#include <stdint.h>

/* Save the callee-saved registers on this stack, its top in *save, and go on from `load`. */
void kri_switch(void **save, void *load);

/* Lay out a fresh stack so that the first kri_switch to the result calls `entry`, which
 * must not return. `top` is 16-aligned. */
void *kri_switch_prepare(void *top, void (*entry)(void));

/* What kri_switch saved: where the stack goes on, with which frame pointer and, once all is
 * popped, which stack pointer. */
static inline void kri_switch_saved(const void *save, uintptr_t *ret_pc, uintptr_t *ret_frame,
                                    uintptr_t *ret_sp)
{
        const uintptr_t *word = (const uintptr_t *)save;
#if defined(__x86_64__)
        enum { FRAME = 5, PC = 6, WORDS = 7 };
#else
        enum { FRAME = 10, PC = 11, WORDS = 20 };
#endif

        *ret_pc = word[PC];
        *ret_frame = word[FRAME];
        *ret_sp = (uintptr_t)(word + WORDS);
}

/* Forget everything on this stack and call `entry` at its `top` (16-aligned). */
__attribute__((noreturn)) void kri_switch_restart(void *top, void (*entry)(void));

/* A place to come back to on the same stack, as setjmp and longjmp, but without a system
 * call and without libc's check that the stack only shrinks. */
struct kri_jump {
        void *regs[22]; /* x86-64: 8; aarch64: x19..x30, sp, d8..d15 */
};
__attribute__((returns_twice)) int kri_jump_set(struct kri_jump *jump);
__attribute__((noreturn)) void kri_jump_to(struct kri_jump *jump, int value);

#endif
