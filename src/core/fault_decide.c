/* SPDX-License-Identifier: Apache-2.0 */
/* fault_decide.c: can the process be unwound from where a signal met it? */
#include "fault_priv.h"

#include <stddef.h>
#include <string.h>

#include "fault_libc.h"

/* So many frames are looked at, and on to the end of libc's; deeper down nothing of libc is
 * expected. */
#define FRAMES_MAX 64
#define FRAMES_MORE 64
/* A frame larger than this may reach past the guard page without touching it. */
#define LEAP_MAX ((uintptr_t)64 << 20)

const char *kri_fault_name(enum kri_fault_kind kind)
{
        static const char *const names[KRI_FAULT_KINDS] = {
                [KRI_FAULT_SEGV] = "sigsegv", [KRI_FAULT_BUS] = "sigbus",
                [KRI_FAULT_FPE] = "sigfpe",   [KRI_FAULT_ILL] = "sigill",
                [KRI_FAULT_ABRT] = "sigabrt", [KRI_FAULT_OVERFLOW] = "stack_overflow",
                [KRI_FAULT_KILL] = "kill",    [KRI_FAULT_TRAP] = "sigtrap",
        };

        return names[kind];
}

#if defined(__x86_64__)

static void registers_of(const ucontext_t *context, struct kri_frame *frame)
{
        static const uint8_t places[16] = { REG_RAX, REG_RDX, REG_RCX, REG_RBX,
                                            REG_RSI, REG_RDI, REG_RBP, REG_RSP,
                                            REG_R8,  REG_R9,  REG_R10, REG_R11,
                                            REG_R12, REG_R13, REG_R14, REG_R15 };

        for (unsigned i = 0; i < 16; i++)
                frame->regs[i] = (uintptr_t)context->uc_mcontext.gregs[places[i]];
        frame->known = (1u << 16) - 1;
        frame->pc = (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
}

#else

static void registers_of(const ucontext_t *context, struct kri_frame *frame)
{
        for (unsigned i = 0; i < 31; i++)
                frame->regs[i] = context->uc_mcontext.regs[i];
        frame->regs[31] = context->uc_mcontext.sp;
        frame->known = ~0u;
        frame->pc = context->uc_mcontext.pc;
}

#endif

void kri_frame_of_signal(const ucontext_t *context, const struct kri_proc *p,
                         struct kri_frame *ret_frame)
{
        registers_of(context, ret_frame);
        ret_frame->is_call = false;
        ret_frame->slot = NULL;
        ret_frame->low = (uintptr_t)kri_stack_floor(p->stack);
        ret_frame->high = (uintptr_t)p->stack->low + p->stack->size;
}

/* A frame can be so large that it leaps over the guard page and faults beyond it. */
static bool is_overflow(const struct kri_proc *p, uintptr_t address, uintptr_t sp)
{
        uintptr_t floor = (uintptr_t)kri_stack_floor(p->stack);

        return kri_stack_guards(p->stack, (const void *)address) ||
               (sp < floor && sp + LEAP_MAX > floor && address < floor &&
                address + LEAP_MAX > floor);
}

static enum kri_fault_kind kind_of(const struct kri_proc *p, int signo, uintptr_t address,
                                   uintptr_t sp)
{
        switch (signo) {
        case SIGSEGV:
                return is_overflow(p, address, sp) ? KRI_FAULT_OVERFLOW : KRI_FAULT_SEGV;
        case SIGBUS:
                return KRI_FAULT_BUS;
        case SIGFPE:
                return KRI_FAULT_FPE;
        case SIGILL:
                return KRI_FAULT_ILL;
        case SIGABRT:
                return KRI_FAULT_ABRT;
        case SIGTRAP:
                return KRI_FAULT_TRAP;
        default:
                return KRI_FAULT_KILL;
        }
}

/* -- the walk -- */

struct walk {
        struct kri_fault *fault;
        bool raised;     /* by the thread itself: abort, raise */
        bool left;       /* a frame that is not libc's has been seen */
        bool in_libc;    /* the frames looked at last are libc's ... */
        uintptr_t entry; /* ... and this function is the outermost of them so far */
};

static void condemn(struct kri_fault *fault, const char *why, uintptr_t culprit)
{
        if (fault->why == NULL) {
                fault->why = why;
                fault->culprit = culprit;
        }
}

/* Once a frame that is not libc's was seen, it is a function that has called back to the
 * program: that does not come to its end before the program does. */
static void condemn_from(struct walk *walk, const char *why, uintptr_t culprit)
{
        condemn(walk->fault, why, culprit);
        if (walk->left)
                walk->fault->postponable = false;
}

/* The frames of libc end here: was its function called by name one that can be left? */
static void leave_libc(struct walk *walk)
{
        enum kri_libc_kind kind = kri_libc_kind(walk->entry);

        if (kind == KRI_LIBC_LOCKS || (kind == KRI_LIBC_ABORTS && !walk->raised))
                condemn_from(walk, "a function of libc that may hold a lock is under way",
                             walk->entry);
        walk->in_libc = false;
}

static void look_at(struct walk *walk, const struct kri_frame *frame)
{
        uintptr_t at = kri_frame_at(frame), start = 0, end;
        struct kri_object object;

        if (!kri_object_find(at, &object))
                return; /* code made at run time, or none at all: a call to nowhere */
        (void)kri_function_find(&object, at, &start, &end); /* start stays 0 */
        if (start != 0 && kri_libc_kind(start) == KRI_LIBC_MALLOC)
                condemn_from(walk, "malloc is under way", start);
        if (kri_libc_holds(at)) {
                walk->in_libc = true;
                walk->entry = start;
                return;
        }
        if (walk->in_libc) {
                leave_libc(walk);
                if (!walk->left) {
                        walk->fault->way_back = frame->slot;
                        walk->fault->back_sp = frame->regs[KRI_REG_SP];
                }
        }
        walk->left = true;
}

static void walk_stack(const struct kri_proc *p, bool raised, const ucontext_t *context,
                       struct kri_fault *fault)
{
        struct walk walk = { .fault = fault, .raised = raised };
        struct kri_frame frame;
        int left = FRAMES_MAX;

        kri_frame_of_signal(context, p, &frame);
        fault->pc = frame.pc;
        do {
                look_at(&walk, &frame);
                if (fault->trace.count == 1 && raised && walk.in_libc)
                        fault->trace.count = 0; /* what abort calls is of no interest */
                if (fault->trace.count < KRI_TRACE_MAX)
                        fault->trace.at[fault->trace.count++] = kri_frame_at(&frame);
                left--;
        } while ((left > 0 || (walk.in_libc && left > -FRAMES_MORE)) &&
                 kri_frame_up(&frame));
        if (walk.in_libc) {
                condemn(fault, "who called libc cannot be seen", walk.entry);
                fault->postponable = false;
        }
}

void kri_fault_judge(const struct kri_proc *p, int signo, const siginfo_t *info,
                     const ucontext_t *context, struct kri_fault *ret_fault)
{
        struct kri_frame frame;

        kri_frame_of_signal(context, p, &frame);
        memset(ret_fault, 0, offsetof(struct kri_fault, trace));
        ret_fault->signo = signo;
        ret_fault->address =
                signo == SIGABRT || info->si_code <= 0 ? 0 : (uintptr_t)info->si_addr;
        ret_fault->kind = kind_of(p, signo, ret_fault->address, frame.regs[KRI_REG_SP]);
        ret_fault->postponable = true;
        ret_fault->trace.count = 0;
        ret_fault->trace.entry = (uintptr_t)p->fn;
        if (kri_inside(p))
                condemn(ret_fault, "code of Krarup is under way", 0);
        else if (kri_critical_depth(p) > 0)
                condemn(ret_fault, "a critical region is under way", 0);
        walk_stack(p, info->si_code <= 0 && ret_fault->kind != KRI_FAULT_KILL, context,
                   ret_fault);
        if (kri_critical_depth(p) > 0 || (!kri_inside(p) && ret_fault->way_back == NULL))
                ret_fault->postponable = false;
}
