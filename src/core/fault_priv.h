/* SPDX-License-Identifier: Apache-2.0 */
/* fault_priv.h: what the files of the fault room tell each other. */
#ifndef KR_CORE_FAULT_PRIV_H
#define KR_CORE_FAULT_PRIV_H

#include <signal.h>
#include <ucontext.h>

#include "fault.h"
#include "fault_unwind.h"

enum kri_fault_kind {
        KRI_FAULT_SEGV,
        KRI_FAULT_BUS,
        KRI_FAULT_FPE,
        KRI_FAULT_ILL,
        KRI_FAULT_ABRT,
        KRI_FAULT_TRAP,
        KRI_FAULT_OVERFLOW,
        KRI_FAULT_KILL, /* no fault: unwound because it must end */
        KRI_FAULT_KINDS
};

/* What happened to a process. */
struct kri_fault {
        enum kri_fault_kind kind;
        int signo;
        uintptr_t address; /* that could not be touched; 0 for SIGABRT */
        uintptr_t pc;
        const char *why;     /* not survivable because; NULL: survivable */
        uintptr_t culprit;   /* the function that `why` speaks of, or 0 */
        bool postponable;    /* ... until code of Krarup, or the function of libc that the
                              signal met, has come to its end */
        uintptr_t *way_back; /* in libc: the word on the stack that it returns by, ... */
        uintptr_t back_sp;   /* ... and the stack pointer then */
        struct kri_trace trace;
};

/* Name of a kind, as the atom in reasons has it. */
const char *kri_fault_name(enum kri_fault_kind kind);

/* The innermost frame of what a signal interrupted. */
void kri_frame_of_signal(const ucontext_t *context, const struct kri_proc *p,
                         struct kri_frame *ret_frame);

/* Fill in all of *fault. `why` is NULL if p can be unwound from where the signal met it. In
 * the handler. */
void kri_fault_judge(const struct kri_proc *p, int signo, const siginfo_t *info,
                     const ucontext_t *context, struct kri_fault *ret_fault);

#endif
