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
/* The same on aarch64. A compiler that uses scalable vectors is told of those, too: their upper
 * parts and the predicates are as little kept as in a call. `hint #36` is where the jump may
 * land (bti j) if branches are checked. */
#if defined(__ARM_FEATURE_SVE)
#define KRI_SWITCH_CLOBBERS_SVE                                                          \
        , "p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9", "p10", "p11",      \
                "p12", "p13", "p14", "p15"
#else
#define KRI_SWITCH_CLOBBERS_SVE
#endif
static inline __attribute__((always_inline)) void kri_switch(void **save, void *load)
{
        __asm__ volatile("adr x9, 1f\n\t"
                         "stp x29, x9, [sp, #-16]!\n\t"
                         "mov x10, sp\n\t"
                         "str x10, [%0]\n\t"
                         "mov sp, %1\n\t"
                         "ldp x29, x16, [sp], #16\n\t"
                         "br x16\n"
                         "1:\n\t"
                         "hint #36\n\t"
                         : "+r"(save), "+r"(load)
                         :
                         : "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11",
                           "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20",
                           "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x30",
                           "memory", "cc", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7",
                           "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16",
                           "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25",
                           "v26", "v27", "v28", "v29", "v30",
                           "v31" KRI_SWITCH_CLOBBERS_SVE);
}
#endif

/* Lay out a fresh stack so that the first kri_switch to the result calls `entry`, which
 * must not return. `top` is 16-aligned. */
extern const char kri_switch_begin[] __attribute__((visibility("hidden")));

static inline void *kri_switch_prepare(void *top, void (*entry)(void))
{
#if defined(__x86_64__)
        uintptr_t *words = (uintptr_t *)top - 3;

        words[0] = (uintptr_t)kri_switch_begin;
        words[1] = (uintptr_t)entry;
        words[2] = 0; /* entered as by a call, from nowhere */
#else
        uintptr_t *words = (uintptr_t *)top - 4;

        words[0] = 0; /* no frame */
        words[1] = (uintptr_t)kri_switch_begin;
        words[2] = (uintptr_t)entry;
        words[3] = 0; /* so that sp is a multiple of 16 */
#endif
        return words;
}

/* What kri_switch saved: where the stack goes on, with which frame pointer and, once all is
 * popped, which stack pointer. */
static inline void kri_switch_saved(const void *save, uintptr_t *ret_pc,
                                    uintptr_t *ret_frame, uintptr_t *ret_sp)
{
        const uintptr_t *word = (const uintptr_t *)save;
#if defined(__x86_64__)
        enum { PC = 0, FRAME = 1, WORDS = 2 + 128 / sizeof(uintptr_t) };
#else
        enum { FRAME = 0, PC = 1, WORDS = 2 };
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
