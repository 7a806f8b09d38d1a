/* SPDX-License-Identifier: Apache-2.0 */
/* switch.S: see switch.h. */
#if defined(__x86_64__)

        .text
/* What whoever ran before has left in the registers that calls keep is not for a new process: its
 * first frames would keep it, and look as if they held what it points to. */
.macro forget_registers
        xorl    %ebx, %ebx
        xorl    %r12d, %r12d
        xorl    %r13d, %r13d
        xorl    %r14d, %r14d
        xorl    %r15d, %r15d
.endm

/* First on a fresh stack: where every call trace ends. */
        .globl  kri_switch_begin
        .hidden kri_switch_begin
        .type   kri_switch_begin, @function
        .p2align 4
kri_switch_begin:
        .cfi_startproc
        .cfi_undefined rip
        endbr64
        xorl    %ebp, %ebp
        forget_registers
        popq    %rcx
        notrack jmp *%rcx
        .cfi_endproc
        .size   kri_switch_begin, .-kri_switch_begin

        .globl  kri_switch_restart
        .hidden kri_switch_restart
        .type   kri_switch_restart, @function
        .p2align 4
kri_switch_restart:
        .cfi_startproc
        endbr64
        movq    %rdi, %rsp
        xorl    %ebp, %ebp
        forget_registers
        pushq   %rbp
        pushq   %rbp
        movq    %rbp, %rax
        pushq   %rax
        notrack jmp *%rsi
        .cfi_endproc
        .size   kri_switch_restart, .-kri_switch_restart

        .globl  kri_jump_set
        .hidden kri_jump_set
        .type   kri_jump_set, @function
        .p2align 4
kri_jump_set:
        .cfi_startproc
        endbr64
        movq    (%rsp), %rcx
        leaq    8(%rsp), %rdx
        movq    %rbx, 0(%rdi)
        movq    %rbp, 8(%rdi)
        movq    %r12, 16(%rdi)
        movq    %r13, 24(%rdi)
        movq    %r14, 32(%rdi)
        movq    %r15, 40(%rdi)
        movq    %rdx, 48(%rdi)
        movq    %rcx, 56(%rdi)
        xorl    %eax, %eax
        retq
        .cfi_endproc
        .size   kri_jump_set, .-kri_jump_set

        .globl  kri_jump_to
        .hidden kri_jump_to
        .type   kri_jump_to, @function
        .p2align 4
kri_jump_to:
        .cfi_startproc
        endbr64
        movl    %esi, %eax
        movq    0(%rdi), %rbx
        movq    8(%rdi), %rbp
        movq    16(%rdi), %r12
        movq    24(%rdi), %r13
        movq    32(%rdi), %r14
        movq    40(%rdi), %r15
        movq    48(%rdi), %rsp
        movq    56(%rdi), %rcx
        notrack jmp *%rcx
        .cfi_endproc
        .size   kri_jump_to, .-kri_jump_to

/* Say that this object keeps to -fcf-protection (every landing place has its endbr64). */
        .section .note.gnu.property, "a"
        .p2align 3
        .long   4
        .long   16
        .long   5
        .asciz  "GNU"
        .long   0xc0000002
        .long   4
        .long   1
        .long   0

#elif defined(__aarch64__)

/* Where a jump or a call may land if branches are checked (-mbranch-protection): `bti c` and
 * `bti j`, which processors without it take for no operation. */
#define LANDS_CALL hint #34
#define LANDS_JUMP hint #36

        .text
/* As above. x30 is among them: the first frame keeps it, as the place where the trace ends. */
.macro forget_registers
        mov     x19, xzr
        mov     x20, xzr
        mov     x21, xzr
        mov     x22, xzr
        mov     x23, xzr
        mov     x24, xzr
        mov     x25, xzr
        mov     x26, xzr
        mov     x27, xzr
        mov     x28, xzr
        mov     x29, xzr
        mov     x30, xzr
.endm

/* First on a fresh stack: where every call trace ends. */
        .globl  kri_switch_begin
        .hidden kri_switch_begin
        .type   kri_switch_begin, %function
        .p2align 4
kri_switch_begin:
        .cfi_startproc
        .cfi_undefined x30
        LANDS_JUMP
        forget_registers
        ldr     x16, [sp], #16
        br      x16
        .cfi_endproc
        .size   kri_switch_begin, .-kri_switch_begin

        .globl  kri_switch_restart
        .hidden kri_switch_restart
        .type   kri_switch_restart, %function
        .p2align 4
kri_switch_restart:
        .cfi_startproc
        LANDS_CALL
        mov     sp, x0
        mov     x16, x1
        forget_registers
        br      x16
        .cfi_endproc
        .size   kri_switch_restart, .-kri_switch_restart

        .globl  kri_jump_set
        .hidden kri_jump_set
        .type   kri_jump_set, %function
        .p2align 4
kri_jump_set:
        .cfi_startproc
        LANDS_CALL
        stp     x19, x20, [x0, #0]
        stp     x21, x22, [x0, #16]
        stp     x23, x24, [x0, #32]
        stp     x25, x26, [x0, #48]
        stp     x27, x28, [x0, #64]
        stp     x29, x30, [x0, #80]
        mov     x9, sp
        str     x9, [x0, #96]
        stp     d8, d9, [x0, #104]
        stp     d10, d11, [x0, #120]
        stp     d12, d13, [x0, #136]
        stp     d14, d15, [x0, #152]
        mov     w0, #0
        ret
        .cfi_endproc
        .size   kri_jump_set, .-kri_jump_set

        .globl  kri_jump_to
        .hidden kri_jump_to
        .type   kri_jump_to, %function
        .p2align 4
kri_jump_to:
        .cfi_startproc
        LANDS_CALL
        ldp     x19, x20, [x0, #0]
        ldp     x21, x22, [x0, #16]
        ldp     x23, x24, [x0, #32]
        ldp     x25, x26, [x0, #48]
        ldp     x27, x28, [x0, #64]
        ldp     x29, x30, [x0, #80]
        ldr     x9, [x0, #96]
        mov     sp, x9
        ldp     d8, d9, [x0, #104]
        ldp     d10, d11, [x0, #120]
        ldp     d12, d13, [x0, #136]
        ldp     d14, d15, [x0, #152]
        mov     w0, w1
        ret
        .cfi_endproc
        .size   kri_jump_to, .-kri_jump_to

/* Say that this object keeps to -mbranch-protection: it has landing places (1), and puts no
 * return address on a stack that would have to be signed (2). */
        .section .note.gnu.property, "a"
        .p2align 3
        .long   4
        .long   16
        .long   5
        .asciz  "GNU"
        .long   0xc0000000
        .long   4
        .long   3
        .long   0

#else
#error "Krarup runs on x86-64 and aarch64"
#endif

        .section .note.GNU-stack, "", %progbits
