/* SPDX-License-Identifier: Apache-2.0 */
/* fault_unwind.h: who called whom, read from the tables that compilers leave for exceptions.
 *
 * Model    .eh_frame says for every address of a function where its caller's registers
 *          are. With it a trace leads through libc and others that keep no frame pointer;
 *          where there is no table, or it is of a kind we do not read, frame pointers do.
 * Threads  any, also in a signal handler: no lock, no allocation, only loads of the
 *          tables and of the stack between the bounds given.
 * Law      A stack that was written over gives a short trace, never a fault: nothing is
 *          loaded from outside the bounds, and every step leads to a higher address.
 */
#ifndef KR_CORE_FAULT_UNWIND_H
#define KR_CORE_FAULT_UNWIND_H

#include <stdbool.h>
#include <stdint.h>

#if defined(__x86_64__)
#define KRI_REG_COUNT 17u /* DWARF's numbers: 6 rbp, 7 rsp, 16 the return address */
#define KRI_REG_FRAME 6u
#define KRI_REG_SP 7u
#define KRI_REG_RETURN 16u
#else
#define KRI_REG_COUNT 32u /* x0..x30, sp */
#define KRI_REG_FRAME 29u
#define KRI_REG_SP 31u
#define KRI_REG_RETURN 30u
#endif

struct kri_frame {
        uintptr_t pc; /* where it is: at the bottom the instruction, above that the
                              address after the call */
        bool is_call; /* pc is the address after a call */
        uintptr_t regs[KRI_REG_COUNT];
        uint32_t known;      /* bit r: regs[r] is what it was in this frame */
        uintptr_t *slot;     /* the word that pc was loaded from; NULL: none */
        uintptr_t low, high; /* the part of the stack that may be read */
};

/* An address within the instruction that this frame is at. */
static inline uintptr_t kri_frame_at(const struct kri_frame *frame)
{
        return frame->pc - frame->is_call;
}

/* A return address without what aarch64 may have signed it with. */
static inline uintptr_t kri_plain_address(uintptr_t pc)
{
#if defined(__aarch64__)
        register uintptr_t x30 __asm__("x30") = pc;

        __asm__("hint #7" /* xpaclri; a nop where there is nothing to strip */
                : "+r"(x30));
        return x30;
#else
        return pc;
#endif
}

/* `pc`, to be stored where `old` was, which the function that returns by it may have signed, and
 * then expects to be signed with the stack pointer of its caller. */
static inline uintptr_t kri_signed_as(uintptr_t old, uintptr_t pc, uintptr_t caller_sp)
{
#if defined(__aarch64__)
        register uintptr_t x17 __asm__("x17") = pc;
        register uintptr_t x16 __asm__("x16") = caller_sp;

        if (old == kri_plain_address(old))
                return pc;
        __asm__("hint #8" /* pacia1716 */
                : "+r"(x17)
                : "r"(x16));
        return x17;
#else
        (void)old;
        (void)caller_sp;
        return pc;
#endif
}

/* Go on to the caller; false: no further. */
bool kri_frame_up(struct kri_frame *frame);

/* The loaded object that holds an address. */
struct kri_object {
        uintptr_t low, high;
        const uint8_t *index; /* .eh_frame_hdr, or NULL */
        const char *path;     /* "" for the program itself */
        uintptr_t bias;       /* address in memory - address in the file */
};
bool kri_object_find(uintptr_t pc, struct kri_object *ret_object);

/* Where the function that holds `pc` begins, and ends, by the same tables; false: they do
 * not say. A part that the compiler put elsewhere (".cold") is a function of its own. */
bool kri_function_find(const struct kri_object *object, uintptr_t pc,
                       uintptr_t *ret_start, uintptr_t *ret_end);

#endif
