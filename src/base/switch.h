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

/* Leave this stack, what is needed to go on in *save, and go on from `load`.
 *
 * In line on x86-64: the compiler saves the registers that are in use and no others, and no
 * return address is left behind that the processor would predict wrongly. The jump instead
 * of a `ret` is for the same reason (3 ns against 9). */
#if defined(__x86_64__)
static inline __attribute__((always_inline)) void kri_switch(void **save, void *load)
{
        __asm__ volatile("leaq -128(%%rsp), %%rsp\n\t" /* the red zone */
                         "pushq %%rbp\n\t"
                         "leaq 1f(%%rip), %%rax\n\t"
                         "pushq %%rax\n\t"
                         "movq %%rsp, (%%rdi)\n\t"
                         "movq %%rsi, %%rsp\n\t"
                         "popq %%rcx\n\t"
                         "notrack jmp *%%rcx\n"
                         "1:\n\t"
                         "popq %%rbp\n\t"
                         "leaq 128(%%rsp), %%rsp\n\t"
                         : "+D"(save), "+S"(load)
                         :
                         : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12",
                           "r13", "r14", "r15", "memory", "cc", "xmm0", "xmm1", "xmm2",
                           "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
                           "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

#else
void kri_switch(void **save, void *load);
#endif

/* Lay out a fresh stack so that the first kri_switch to the result calls `entry`, which
 * must not return. `top` is 16-aligned. */
#if defined(__x86_64__)
extern const char kri_switch_begin[] __attribute__((visibility("hidden")));

static inline void *kri_switch_prepare(void *top, void (*entry)(void))
{
        uintptr_t *words = (uintptr_t *)top - 3;

        words[0] = (uintptr_t)kri_switch_begin;
        words[1] = (uintptr_t)entry;
        words[2] = 0; /* entered as by a call, from nowhere */
        return words;
}
#else
void *kri_switch_prepare(void *top, void (*entry)(void));
#endif

/* What kri_switch saved: where the stack goes on, with which frame pointer and, once all is
 * popped, which stack pointer. */
static inline void kri_switch_saved(const void *save, uintptr_t *ret_pc,
                                    uintptr_t *ret_frame, uintptr_t *ret_sp)
{
        const uintptr_t *word = (const uintptr_t *)save;
#if defined(__x86_64__)
        enum { PC = 0, FRAME = 1, WORDS = 2 + 128 / sizeof(uintptr_t) };
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
