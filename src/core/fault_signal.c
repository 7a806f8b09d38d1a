/* SPDX-License-Identifier: Apache-2.0 */
/* fault_signal.c: the handlers, and the landing of a process that survives. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/plat_mem.h"
#include "term/atom.h"

#include "fault_dump.h"
#include "extra.h"
#include "fault_priv.h"
#include "fiber.h"
#include "fault_libc.h"
#include "fault_purged.h"
#include "fault_symbol.h"

/* The registers alone can take 11 KiB. */
#define SIGNAL_STACK_BYTES ((size_t)128 << 10)
#define THREAD_BYTES (2 * KRI_PAGE + SIGNAL_STACK_BYTES)
#define FAULT_SIGNALS 6
#define SIGNALS 7
#define UNWIND_SIGNAL SIGURG /* ignored by default: one that comes late does no harm */

/* -- a thread -- */

/* Lies in front of its signal stack, a guard page between them. */
struct fault_thread {
        struct kri_stack *reserve; /* where the next process to fault here lands */
        stack_t found;             /* the signal stack that this one replaced */
        struct kr_node *node;
        char *memory;               /* the mapping */
        _Atomic bool unwind;        /* the watch wants its process out */
        volatile sig_atomic_t busy; /* the handler is at work */
};

static __thread struct fault_thread *this_thread
        __attribute__((tls_model("initial-exec")));

/* -- the OS process -- */

static const int signals[SIGNALS] = { SIGSEGV, SIGBUS,  SIGFPE,       SIGILL,
                                      SIGABRT, SIGTRAP, UNWIND_SIGNAL };
static struct sigaction found[SIGNALS]; /* constant while installed */
static uint32_t fault_atoms[KRI_FAULT_KINDS];
static uint32_t users; /* nodes that want the handlers (under lock) */
static uint32_t nodes; /* nodes that are open (under lock) */
static kri_mutex lock = KRI_MUTEX_INIT;
static struct fault_thread *host_threads[KRI_NEAR_SLOTS]; /* of nodes without threads */

struct kr_node *_Atomic kri_nodes[KRI_NEAR_SLOTS];

/* -- passing on what is not ours -- */

static const struct sigaction *found_for(int signo)
{
        for (int i = 0; i < SIGNALS; i++)
                if (signals[i] == signo)
                        return &found[i];
        return NULL;
}

static bool was_sent(const siginfo_t *info)
{
        return info->si_code <= 0;
}

/* What the kernel would have done had nobody asked: an instruction that faults does so again
 * when the handler returns; a signal that was sent must be sent again. */
static void do_default(int signo, const siginfo_t *info)
{
        struct sigaction action;

        if (signo == UNWIND_SIGNAL)
                return;
        memset(&action, 0, sizeof(action));
        action.sa_handler = SIG_DFL;
        (void)sigaction(signo, &action, NULL);
        if (was_sent(info) || signo == SIGTRAP) /* a breakpoint lies behind us already */
                (void)syscall(SYS_tgkill, getpid(), (pid_t)syscall(SYS_gettid), signo);
}

static void call_found(const struct sigaction *action, int signo, siginfo_t *info,
                       void *context)
{
        sigset_t before;

        (void)pthread_sigmask(SIG_BLOCK, &action->sa_mask, &before);
        if (action->sa_flags & SA_SIGINFO)
                action->sa_sigaction(signo, info, context);
        else
                action->sa_handler(signo);
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void pass_on(int signo, siginfo_t *info, void *context)
{
        const struct sigaction *action = found_for(signo);

        if (action == NULL || action->sa_handler == SIG_DFL ||
            (action->sa_handler == SIG_IGN && !was_sent(info)))
                do_default(signo, info);
        else if (action->sa_handler != SIG_IGN)
                call_found(action, signo, info, context);
}

/* -- a core file -- */

static pid_t plain_fork(void)
{
        /* no atfork handlers: they take locks. No SIGCHLD either: the host knows nothing
         * of this child. */
        return (pid_t)syscall(SYS_clone, 0UL, 0UL, 0UL, 0UL, 0UL);
}

static void let_core_grow(void)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_CORE, &limit) == 0) {
                limit.rlim_cur = limit.rlim_max;
                (void)setrlimit(RLIMIT_CORE, &limit); /* refused: then there is no core */
        }
}

/* A copy of this OS process dies of the signal, so that it leaves a core with the very
 * registers of the fault. True in the copy: it must return from the handler. The copy is a
 * grandchild, for nobody to wait for. */
static bool leave_core(struct kr_node *node, int signo, const siginfo_t *info)
{
        unsigned left = __atomic_load_n(&node->opts.core_files, __ATOMIC_RELAXED);
        pid_t child;

        do {
                if (left == 0)
                        return false;
        } while (!__atomic_compare_exchange_n(&node->opts.core_files, &left, left - 1,
                                              false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
        child = plain_fork();
        if (child > 0)
                while (waitpid(child, NULL, __WALL) < 0 && errno == EINTR)
                        ;
        if (child != 0)
                return false;
        if (plain_fork() != 0)
                _exit(0);
        let_core_grow();
        do_default(signo, info);
        return true;
}

/* -- landing -- */

void kri_fault_returned(void);

/* Lies at the top of the fresh stack. */
struct landing {
        struct kri_fault fault;
        struct kri_stack *old;
        struct fault_thread *thread;
};

static void fresh_reserve(struct fault_thread *thread)
{
        /* not the scheduler's cache: it may have been taken away from this thread */
        struct kri_stack_cache none = { NULL, 0 };

        if (thread->reserve == NULL)
                thread->reserve = kri_stack_get(&thread->node->stacks, &none);
}

static void give_stack(struct kr_node *node, struct kri_stack *stack)
{
        struct kri_stack_cache full = { NULL, KRI_STACK_CACHE };

        if (stack != NULL)
                kri_stack_put(&node->stacks, &full, stack);
}

/* The old stack goes with the process. Without memory to remember it, it is lost until the
 * node ends; then nothing of the process refers to it but slots, which may be cleared. */
static void keep_old(struct kri_proc *p, struct kri_stack *old)
{
        struct kri_extra *extra = kri_extra(p);

        if (extra == NULL)
                return;
        old->next = extra->old_stacks;
        extra->old_stacks = old;
}

static void raise_fault(struct kri_proc *p, const struct kri_fault *fault)
        __attribute__((noreturn));

/* {{purged_code, {Module, Version, Offset}}, Trace} */
static void raise_purged(struct kri_proc *p, uintptr_t address,
                         const struct kri_purged *range)
{
        kr_term reason = kr_build("{purged_code, {~, ~, ~}}", (kr_atom){ range->module },
                                  kr_atom_text((kr_atom){ range->version }, NULL),
                                  (uint64_t)(address - range->low));

        if (!kr_is_none(reason))
                kri_raise_term_given(p, KR_CLASS_ERROR, reason);
}

static void raise_fault(struct kri_proc *p, const struct kri_fault *fault)
{
        struct kri_purged range;
        kri_word heap[3 + 2];

        if (fault->kind == KRI_FAULT_SEGV && kri_purged_find(fault->address, &range))
                raise_purged(p, fault->address, &range);

        heap[0] = kri_header(KRI_TUPLE, 0, 2);
        heap[1] = kri_atom(fault_atoms[fault->kind]);
        heap[2] = kri_int((int64_t)fault->address);
        if (fault->address > (uintptr_t)KRI_INT_MAX) {
                heap[3] = kri_header(KRI_BIGPOS, 0, 1);
                heap[4] = fault->address;
                kri_store(&heap[2], kri_boxed(&heap[3]));
        }
        kri_raise_term(p, KR_CLASS_ERROR, kri_boxed(heap));
}

/* On the fresh stack, as the sanitizers know it by now. */
static void go_on(struct landing *landing) __attribute__((noreturn, noinline));

static void go_on(struct landing *landing)
{
        struct kri_proc *p = kri_current();

        fresh_reserve(landing->thread);
        kri_barrier_light();
        if (kri_is_taken(p))
                kri_taken_wait(p); /* kri_enter, but that nothing ends p yet */
        keep_old(p, landing->old);
        if (p->doom == NULL)
                kri_flags_set(p, KRI_P_FAULTED, 0);
        if (landing->fault.kind == KRI_FAULT_KILL) {
                if (!kri_has(p, KRI_P_INTERRUPTED))
                        kri_doom_atom(p, KRI_A_killed);
                kri_end(p);
        }
        atomic_fetch_add_explicit(&p->node->faults, 1,
                                  memory_order_relaxed); /* a figure */
        if (kri_has(p, KRI_P_ENDING))
                kri_end(p);       /* with the next clean-up */
        if (kri_extra(p) != NULL) /* else: the trace is the landing's */
                p->extra->fault = &landing->fault;
        raise_fault(p, &landing->fault);
}

__attribute__((noreturn, no_sanitize("address", "thread"))) static void land(
        struct landing *landing)
{
        kri_fiber_land(kri_current()->stack);
        go_on(landing);
}

#if defined(__x86_64__)

/* As if `land` had been called with `landing` on a stack that ends there. */
static void aim(ucontext_t *context, struct landing *landing)
{
        greg_t *regs = context->uc_mcontext.gregs;
        struct _libc_fpstate *fp = context->uc_mcontext.fpregs;

        regs[REG_RIP] = (greg_t)(uintptr_t)land;
        regs[REG_RDI] = (greg_t)(uintptr_t)landing;
        regs[REG_RSP] = (greg_t)(uintptr_t)landing - 8;
        *(uintptr_t *)(uintptr_t)regs[REG_RSP] = 0; /* it returns nowhere */
        regs[REG_RBP] = 0;
        regs[REG_EFL] &= ~(greg_t)0x40500; /* direction, trap, alignment check */
        if (fp != NULL) { /* no exception pending, none unmasked, an empty stack */
                fp->cwd = 0x037f;
                fp->swd = 0;
                fp->ftw = 0;
                fp->mxcsr = 0x1f80;
        }
}

#else

/* No floating-point exception traps any more. */
static void untrap(mcontext_t *regs)
{
        char *at = (char *)regs->__reserved, *end = at + sizeof(regs->__reserved);
        struct fpsimd_context *fp;

        while (at + sizeof(*fp) <= end) {
                fp = (struct fpsimd_context *)at;
                if (fp->head.magic == FPSIMD_MAGIC) {
                        fp->fpsr = 0;
                        fp->fpcr = 0;
                }
                if (fp->head.magic == FPSIMD_MAGIC || fp->head.size == 0)
                        return;
                at += fp->head.size;
        }
}

/* As if `land` had been called with `landing` on a stack that ends there. */
static void aim(ucontext_t *context, struct landing *landing)
{
        mcontext_t *regs = &context->uc_mcontext;

        regs->pc = (uintptr_t)land;
        regs->regs[0] = (uintptr_t)landing;
        regs->sp = (uintptr_t)landing;
        regs->regs[29] = 0;
        regs->regs[30] = 0;
        /* neither a single step, nor what kind of branch was the last */
        regs->pstate &= ~(uint64_t)0x200c00;
        untrap(regs);
}

#endif

static struct landing *landing_on(const struct kri_stack *stack)
{
        return (struct landing *)(((uintptr_t)stack->top - sizeof(struct landing)) &
                                  ~(uintptr_t)15);
}

/* p's stack is `fresh` from here on, and it is in code of Krarup. */
static struct landing *prepare_landing(struct kri_proc *p, struct fault_thread *thread,
                                       struct kri_stack *fresh,
                                       const struct kri_fault *fault)
{
        struct landing *landing = landing_on(fresh);

        landing->fault = *fault;
        landing->old = p->stack;
        landing->thread = thread;
        landing->old->deep = fault->kind == KRI_FAULT_OVERFLOW;
        fresh->catch = p->stack->catch;
        p->stack = fresh;
        kri_inside_set(p, 1);
        return landing;
}

/* Let the context go on at a landing of p. */
static void leave_old(struct kri_proc *p, struct fault_thread *thread,
                      const struct kri_fault *fault, ucontext_t *context)
{
        struct landing *landing = prepare_landing(p, thread, thread->reserve, fault);

        thread->reserve = NULL;
        for (int i = 0; i < SIGNALS; i++)
                sigdelset(&context->uc_sigmask, signals[i]);
        aim(context, landing);
}

/* -- an overflow where nothing may be left in the middle -- */

/* What is under way goes on, on the spare part of the stack. When it has come to its end the
 * process leaves: code of Krarup finds `taken` when it is next entered, a function of libc
 * returns to kri_fault_returned instead of to its caller. */
static bool postpone(struct kri_proc *p, const struct kri_fault *fault)
{
        struct kri_stack *stack = p->stack;

        if (fault->kind != KRI_FAULT_OVERFLOW || !fault->postponable || stack->open ||
            !kri_stack_open(stack))
                return false;
        stack->deep = true;
        stack->spent = true;
        if (kri_inside(p)) {
                /* relaxed: for this thread itself; whoever sets it back has looked */
                atomic_store_explicit(&p->taken, 1, memory_order_relaxed);
                return true;
        }
        stack->came_back = kri_plain_address(*fault->way_back);
        *fault->way_back = kri_signed_as(*fault->way_back, (uintptr_t)kri_fault_returned,
                                         fault->back_sp);
        return true;
}

__attribute__((noreturn, no_sanitize("address", "thread"))) static void land_here(void)
{
        land(landing_on(kri_current()->stack));
}

/* Where only a little of the stack is left. */
static void raise_system_limit(struct kri_proc *p) __attribute__((noreturn));

static void raise_system_limit(struct kri_proc *p)
{
        kri_flags_set(p, KRI_P_FAULTED, 0);
        kri_raise_atom(p, KR_CLASS_ERROR, KRI_A_system_limit);
}

void kri_fault_leave_spent(struct kri_proc *p)
{
        struct kri_stack_cache none = { NULL, 0 };
        struct kri_stack *fresh = kri_stack_get(&p->node->stacks, &none);
        struct kri_fault fault = { .kind = KRI_FAULT_OVERFLOW,
                                   .signo = SIGSEGV,
                                   .address = (uintptr_t)kri_stack_floor(p->stack) };
        struct landing *landing;

        p->stack->spent = false;
        if (fresh == NULL)
                raise_system_limit(p);
        kri_trace_here(p, &fault.trace);
        if (p->stack->came_back != 0) { /* its caller's frame is gone */
                fault.trace.at[0] = p->stack->came_back - 1;
                p->stack->came_back = 0;
        }
        landing = prepare_landing(p, this_thread, fresh, &fault);
        kri_switch_restart(landing, land_here);
}

/* On the old stack, just below the frame of whoever called libc. */
__attribute__((used)) void kri_fault_came_back(void)
{
        struct kri_proc *p = kri_current();

        kri_inside_set(p, 1);
        kri_fault_leave_spent(p);
}

#if defined(__x86_64__)
__asm__(".text\n"
        ".globl kri_fault_returned\n"
        ".hidden kri_fault_returned\n"
        ".type kri_fault_returned, @function\n"
        "kri_fault_returned:\n"
        "        endbr64\n"
        "        andq $-16, %rsp\n"
        "        call kri_fault_came_back\n"
        "        ud2\n"
        ".size kri_fault_returned, .-kri_fault_returned\n");
#else
__asm__(".text\n"
        ".globl kri_fault_returned\n"
        ".hidden kri_fault_returned\n"
        ".type kri_fault_returned, %function\n"
        "kri_fault_returned:\n"
        "        bl kri_fault_came_back\n"
        "        brk #1\n"
        ".size kri_fault_returned, .-kri_fault_returned\n");
#endif

/* -- the handlers -- */

/* Sent by another OS process, or to no thread in particular: nothing a process did. */
static bool is_from_outside(const siginfo_t *info)
{
        return was_sent(info) && !(info->si_code == SI_TKILL && info->si_pid == getpid());
}

static void end_node(struct kri_proc *p, const struct kri_fault *fault, siginfo_t *info,
                     ucontext_t *context)
{
        kri_dump_fault(p, fault, context);
        pass_on(fault->signo, info, context);
}

static void on_fault(int signo, siginfo_t *info, void *place)
{
        struct fault_thread *thread = this_thread;
        struct kri_proc *p = kri_current();
        ucontext_t *context = place;
        struct kri_fault fault = { .signo = signo };
        int saved_errno = errno;

        if (thread == NULL || is_from_outside(info) ||
            (p != NULL && kri_has(p, KRI_P_THREAD))) {
                pass_on(signo, info, place);
                errno = saved_errno;
                return;
        }
        if (p == NULL || p->stack == NULL || thread->busy) {
                fault.why = thread->busy ? "the fault handler itself has faulted"
                                         : "a scheduler is under way";
                end_node(p, &fault, info, context);
                return;
        }
        thread->busy = 1;
        kri_fault_judge(p, signo, info, context, &fault);
        if (fault.why == NULL && thread->reserve == NULL)
                fault.why = "there is no memory for a stack to go on upon";
        if (fault.why != NULL && postpone(p, &fault))
                ;
        else if (fault.why != NULL)
                end_node(p, &fault, info, context);
        else if (!leave_core(p->node, signo, info))
                leave_old(p, thread, &fault, context);
        thread->busy = 0;
        errno = saved_errno;
}

static void on_unwind(int signo, siginfo_t *info, void *place)
{
        struct fault_thread *thread = this_thread;
        struct kri_proc *p = kri_current();
        struct kri_fault fault;
        int saved_errno = errno;

        if (thread == NULL || is_from_outside(info) ||
            !atomic_exchange_explicit(&thread->unwind, false, memory_order_acquire)) {
                pass_on(signo, info, place);
        } else if (p != NULL && !kri_has(p, KRI_P_THREAD) && p->stack != NULL &&
                   !kri_inside(p) &&
                   atomic_load_explicit(&p->taken, memory_order_relaxed) &&
                   thread->reserve != NULL && !thread->busy) {
                thread->busy = 1;
                kri_fault_judge(p, signo, info, place, &fault);
                if (fault.why == NULL)
                        leave_old(p, thread, &fault, place);
                thread->busy = 0;
        }
        errno = saved_errno;
}

void kri_fault_unwind(struct kri_thread *thread)
{
        struct fault_thread *its = thread->signal_stack;

        if (its == NULL)
                return;
        /* release: what the watch has done to the process is seen by the handler */
        atomic_store_explicit(&its->unwind, true, memory_order_release);
        kri_thread_signal(thread->tid, UNWIND_SIGNAL);
}

/* -- installing -- */

static bool install(void)
{
        struct sigaction action;
        int i;

        memset(&action, 0, sizeof(action));
        action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
        sigfillset(&action.sa_mask);
        for (i = 0; i < FAULT_SIGNALS; i++)
                sigdelset(&action.sa_mask, signals[i]); /* blocked, they kill at once */
        for (i = 0; i < SIGNALS; i++) {
                action.sa_sigaction = i < FAULT_SIGNALS ? on_fault : on_unwind;
                if (sigaction(signals[i], &action, &found[i]) != 0)
                        goto take_back;
        }
        return true;
take_back:
        while (i-- > 0)
                (void)sigaction(signals[i], &found[i], NULL);
        return false;
}

/* Whoever has put a handler over ours since may call ours: it then stays as it is. */
static void uninstall(void)
{
        for (int i = 0; i < SIGNALS; i++) {
                struct sigaction now;

                if (sigaction(signals[i], NULL, &now) == 0 &&
                    (now.sa_flags & SA_SIGINFO) &&
                    (now.sa_sigaction == on_fault || now.sa_sigaction == on_unwind))
                        (void)sigaction(signals[i], &found[i], NULL);
        }
}

static kr_err make_atoms(void)
{
        for (int i = 0; i < KRI_FAULT_KINDS; i++) {
                const char *name = kri_fault_name((enum kri_fault_kind)i);
                kr_err err = kri_atom_make(name, strlen(name), &fault_atoms[i]);

                if (err != KR_OK)
                        return err;
        }
        return KR_OK;
}

/* locked */
static kr_err open_first_user(void)
{
        kr_err err = make_atoms();

        if (err != KR_OK)
                return err;
        kri_libc_init();
        return install() ? KR_OK : KR_EOS;
}

/* -- threads -- */

static struct fault_thread *new_thread(struct kr_node *node)
{
        char *memory = mmap(NULL, THREAD_BYTES, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        struct fault_thread *mine;

        if (memory == MAP_FAILED)
                return NULL;
        (void)mprotect(memory + KRI_PAGE, KRI_PAGE, PROT_NONE); /* else: no guard */
        mine = (struct fault_thread *)memory;
        *mine = (struct fault_thread){ .node = node };
        fresh_reserve(mine);
        if (mine->reserve != NULL)
                return mine;
        (void)munmap(memory, THREAD_BYTES);
        return NULL;
}

static void free_thread(struct fault_thread *mine)
{
        if (mine == NULL)
                return;
        give_stack(mine->node, mine->reserve);
        (void)munmap(mine, THREAD_BYTES);
}

static void attach(struct fault_thread *mine)
{
        stack_t stack = { .ss_sp = (char *)mine + 2 * KRI_PAGE,
                          .ss_size = SIGNAL_STACK_BYTES };

        (void)sigaltstack(&stack, &mine->found); /* fails only with wrong arguments */
        this_thread = mine;
}

static void detach(struct fault_thread *mine)
{
        this_thread = NULL;
        (void)sigaltstack(&mine->found, NULL);
}

kr_err kri_faults_thread_new(struct kri_thread *thread)
{
        if (thread->node->opts.faults != KR_FAULTS_EXIT)
                return KR_OK;
        thread->signal_stack = new_thread(thread->node);
        return thread->signal_stack != NULL ? KR_OK : KR_ENOMEM;
}

void kri_faults_thread_drop(struct kri_thread *thread)
{
        free_thread(thread->signal_stack);
        thread->signal_stack = NULL;
}

void kri_faults_thread_init(struct kri_thread *thread)
{
        if (thread->signal_stack != NULL)
                attach(thread->signal_stack);
}

void kri_faults_thread_fini(struct kri_thread *thread)
{
        if (thread->signal_stack != NULL)
                detach(thread->signal_stack);
        kri_faults_thread_drop(thread);
}

void kri_faults_host_begin(struct kr_node *node)
{
        if (host_threads[node->slot] != NULL)
                attach(host_threads[node->slot]);
}

void kri_faults_host_end(struct kr_node *node)
{
        if (host_threads[node->slot] != NULL)
                detach(host_threads[node->slot]);
}

/* -- nodes -- */

/* locked */
static kr_err open_user(struct kr_node *node)
{
        kr_err err = users == 0 ? open_first_user() : KR_OK;

        if (err != KR_OK)
                return err;
        users++;
        if (node->opts.drive == KR_DRIVE_THREADS)
                return KR_OK;
        host_threads[node->slot] = new_thread(node);
        if (host_threads[node->slot] != NULL)
                return KR_OK;
        if (--users == 0)
                uninstall();
        return KR_ENOMEM;
}

/* locked */
static void close_user(struct kr_node *node)
{
        free_thread(host_threads[node->slot]);
        host_threads[node->slot] = NULL;
        if (--users == 0)
                uninstall();
}

kr_err kri_faults_open(struct kr_node *node)
{
        kr_err err = KR_OK;

        kri_lock(&lock);
        if (node->opts.faults == KR_FAULTS_EXIT)
                err = open_user(node);
        if (err == KR_OK) {
                nodes++;
                atomic_store(&kri_nodes[node->slot], node);
        }
        kri_unlock(&lock);
        return err;
}

void kri_faults_close(struct kr_node *node)
{
        kri_lock(&lock);
        atomic_store(&kri_nodes[node->slot], NULL);
        if (node->opts.faults == KR_FAULTS_EXIT)
                close_user(node);
        if (--nodes == 0)
                kri_symbols_forget();
        kri_unlock(&lock);
}
