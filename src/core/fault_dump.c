/* SPDX-License-Identifier: Apache-2.0 */
#include "fault_dump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "term/atom.h"

#include "fault_symbol.h"

#define BUFFER 4096u
#define TEXT_MAX 256u
#define DEFAULT_PATH "./krarup_crash.dump"

/* -- writing -- */

struct out {
        int fd;
        size_t len;
        char bytes[BUFFER];
};

static void flush(struct out *out)
{
        size_t done = 0;

        while (done < out->len) {
                ssize_t n = write(out->fd, out->bytes + done, out->len - done);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        break; /* a full disk: what is there is there */
                done += (size_t)n;
        }
        out->len = 0;
}

static void put_bytes(struct out *out, const char *bytes, size_t len)
{
        for (size_t i = 0; i < len; i++) {
                if (out->len == BUFFER)
                        flush(out);
                out->bytes[out->len++] = bytes[i];
        }
}

static void put(struct out *out, const char *text)
{
        put_bytes(out, text, strlen(text));
}

static void put_number(struct out *out, uint64_t n, unsigned base)
{
        char digits[24];
        size_t at = sizeof(digits);

        do
                digits[--at] = "0123456789abcdef"[n % base];
        while ((n /= base) != 0);
        put_bytes(out, digits + at, sizeof(digits) - at);
}

static void put_hex(struct out *out, uint64_t n)
{
        put(out, "0x");
        put_number(out, n, 16);
}

/* What is there, of what may not be there: the kernel looks for us. */
static size_t peek(void *to, const void *from, size_t size)
{
        struct iovec ours = { to, size };
        struct iovec theirs = { (void *)(uintptr_t)from, size };
        ssize_t n = (ssize_t)syscall(SYS_process_vm_readv, getpid(), &ours, 1UL, &theirs,
                                     1UL, 0UL);

        return n > 0 ? (size_t)n : 0;
}

static void put_doubtful(struct out *out, const char *text)
{
        char copy[TEXT_MAX];
        size_t len = peek(copy, text, sizeof(copy));

        if (len == 0)
                put(out, "?");
        else
                put_bytes(out, copy, strnlen(copy, len));
}

/* -- the parts -- */

static void put_place(struct out *out, uintptr_t at)
{
        const struct kri_symbol *symbol;
        struct kri_object object;
        char name[TEXT_MAX];
        uintptr_t offset;

        put_hex(out, at);
        if (kri_symbol_read(at, name, sizeof(name), &offset, NULL)) {
                put(out, " ");
                put(out, name);
                put(out, "+");
                put_hex(out, offset);
        }
        kri_symbols_hold();
        symbol = kri_symbol_known(at);
        if (symbol != NULL && symbol->line != 0) {
                put(out, " (");
                put(out, symbol->file);
                put(out, ":");
                put_number(out, symbol->line, 10);
                put(out, ")");
        }
        kri_symbols_release();
        if (kri_object_find(at, &object)) {
                put(out, " in ");
                put(out, object.path[0] != '\0' ? object.path : "the program");
                put(out, "+");
                put_hex(out, at - object.bias);
        }
        put(out, "\n");
}

static void put_pid(struct out *out, const struct kri_proc *p)
{
        uint32_t node = p->node->slot;

        put(out, "<");
        put_number(out, node > 0 ? node - 1 : 0, 10);
        put(out, ".");
        put_number(out, (uint64_t)(p - p->node->procs), 10);
        put(out, ".");
        put_number(out, kri_serial(p), 10);
        put(out, ">");
}

static const char *state_name(const struct kri_proc *p)
{
        static const char *const names[] = { "free",    "ready",     "running",
                                             "waiting", "suspended", "exiting" };
        uint8_t state = atomic_load_explicit(&p->state, memory_order_relaxed);

        return state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}

static void put_stack_use(struct out *out, const struct kri_proc *p)
{
        struct kri_stack stack;
        const char *sp = p->sp;

        if (p->stack == NULL) {
                put(out, "none");
                return;
        }
        if (peek(&stack, p->stack, sizeof(stack)) != sizeof(stack)) {
                put(out, "?");
                return;
        }
        if (atomic_load_explicit(&p->state, memory_order_relaxed) != KRI_STATE_RUNNING &&
            sp >= stack.low && sp <= stack.top) {
                put_number(out, (uint64_t)(stack.top - sp), 10);
                put(out, " of ");
        }
        put_number(out, stack.size, 10);
}

/* One line for each process; records are constant in place, their fields may be moving. */
static void put_proc(struct out *out, const struct kri_proc *p)
{
        uint32_t name = atomic_load_explicit(&p->name, memory_order_relaxed);
        size_t ignored;

        put_pid(out, p);
        put(out, "  ");
        put(out, state_name(p));
        put(out, "  name ");
        if (name != 0 && name < kri_atom_count())
                put_doubtful(out, kri_atom_text(name, &ignored));
        else
                put(out, "-");
        put(out, "  entry ");
        put_doubtful(out, p->entry_name);
        put(out, "  mailbox ");
        put_number(out, p->len, 10);
        put(out, "  stack ");
        put_stack_use(out, p);
        if (kri_critical_depth(p) != 0)
                put(out, "  critical");
        put(out, "\n");
}

static void put_node(struct out *out, const struct kr_node *node)
{
        uint32_t used = node->slots_used < node->procs_max ? node->slots_used
                                                           : node->procs_max;

        put(out, "\nnode ");
        put_doubtful(out, node->opts.name != NULL ? node->opts.name : "nonode@nohost");
        put(out, ", ");
        put_number(out, atomic_load_explicit(&node->alive, memory_order_relaxed), 10);
        put(out, " processes\n");
        for (uint32_t i = 0; i < used; i++) {
                const struct kri_proc *p = &node->procs[i];

                if (atomic_load_explicit(&p->state, memory_order_relaxed) !=
                    KRI_STATE_FREE)
                        put_proc(out, p);
        }
}

static void put_registers(struct out *out, const ucontext_t *context)
{
#if defined(__x86_64__)
        static const struct {
                const char *name;
                int index;
        } regs[] = { { "rax", REG_RAX }, { "rbx", REG_RBX }, { "rcx", REG_RCX },
                     { "rdx", REG_RDX }, { "rsi", REG_RSI }, { "rdi", REG_RDI },
                     { "rbp", REG_RBP }, { "rsp", REG_RSP }, { "r8", REG_R8 },
                     { "r9", REG_R9 },   { "r10", REG_R10 }, { "r11", REG_R11 },
                     { "r12", REG_R12 }, { "r13", REG_R13 }, { "r14", REG_R14 },
                     { "r15", REG_R15 }, { "rip", REG_RIP }, { "efl", REG_EFL } };

        for (size_t i = 0; i < sizeof(regs) / sizeof(regs[0]); i++) {
                put(out, i % 4 == 0 ? "\n  " : "  ");
                put(out, regs[i].name);
                put(out, " ");
                put_hex(out, (uint64_t)context->uc_mcontext.gregs[regs[i].index]);
        }
#else
        for (unsigned i = 0; i < 31; i++) {
                put(out, i % 4 == 0 ? "\n  x" : "  x");
                put_number(out, i, 10);
                put(out, " ");
                put_hex(out, context->uc_mcontext.regs[i]);
        }
        put(out, "\n  sp ");
        put_hex(out, context->uc_mcontext.sp);
        put(out, "  pc ");
        put_hex(out, context->uc_mcontext.pc);
#endif
        put(out, "\n");
}

static void put_nodes(struct out *out)
{
        for (uint32_t i = 0; i < KRI_NEAR_SLOTS; i++) {
                const struct kr_node *node = atomic_load(&kri_nodes[i]);

                if (node != NULL)
                        put_node(out, node);
        }
}

static void put_trace(struct out *out, const struct kri_trace *trace)
{
        put(out, "\ncall trace, innermost first\n");
        for (uint32_t i = 0; i < trace->count; i++) {
                put(out, "  ");
                put_place(out, trace->at[i]);
        }
}

/* -- the whole -- */

/* What is said of one end, in the file and (cause only) on stderr. */
struct ending {
        const struct kri_proc *p;      /* NULL: none */
        const struct kri_fault *fault; /* NULL: an invariant */
        const ucontext_t *context;
        const struct kri_trace *trace; /* NULL: none */
        const char *file;              /* of the invariant */
        int line;
        const char *what;
};

static void put_cause(struct out *out, const struct ending *ending)
{
        const struct kri_fault *fault = ending->fault;
        char name[TEXT_MAX];
        uintptr_t offset;

        if (fault == NULL) {
                put(out, "Krarup itself is wrong: ");
                put(out, ending->what);
                put(out, " does not hold at ");
                put(out, ending->file);
                put(out, ":");
                put_number(out, (uint64_t)ending->line, 10);
                return;
        }
        put(out, "signal ");
        put(out, sigabbrev_np(fault->signo));
        put(out, fault->kind == KRI_FAULT_OVERFLOW ? " (stack overflow) at " : " at ");
        put_hex(out, fault->address);
        put(out, ", and ");
        put(out, fault->why);
        if (fault->culprit != 0 &&
            kri_symbol_read(fault->culprit, name, sizeof(name), &offset, NULL)) {
                put(out, " (");
                put(out, name);
                put(out, ")");
        }
}

static void put_all(struct out *out, const struct ending *ending)
{
        struct timespec now = { 0, 0 };

        (void)clock_gettime(CLOCK_REALTIME, &now);
        put(out, "Krarup crash dump, version " KR_VERSION "\nwhen     ");
        put_number(out, (uint64_t)now.tv_sec, 10);
        put(out, " (seconds since 1970)\nos pid   ");
        put_number(out, (uint64_t)getpid(), 10);
        put(out, ", thread ");
        put_number(out, (uint64_t)syscall(SYS_gettid), 10);
        put(out, "\nreason   ");
        put_cause(out, ending);
        put(out, "\nprocess  ");
        if (ending->p != NULL)
                put_proc(out, ending->p);
        else
                put(out, "none\n");
        if (ending->context != NULL) {
                put(out, "registers");
                put_registers(out, ending->context);
        }
        if (ending->trace != NULL)
                put_trace(out, ending->trace);
        put_nodes(out);
        put(out, "\nend of dump\n");
        flush(out);
}

static const char *path_for(const struct kri_proc *p)
{
        const struct kr_node *node = p != NULL ? p->node : NULL;

        for (uint32_t i = 0; node == NULL && i < KRI_NEAR_SLOTS; i++)
                node = atomic_load(&kri_nodes[i]);
        return node != NULL && node->opts.dump_path != NULL ? node->opts.dump_path
                                                            : DEFAULT_PATH;
}

static void write_all(const struct ending *ending)
{
        static atomic_flag begun = ATOMIC_FLAG_INIT;
        const char *path = path_for(ending->p);
        struct out out = { .fd = -1 };

        if (atomic_flag_test_and_set(&begun))
                return; /* the dump has faulted, or another thread writes one already */
        if (path[0] != '\0')
                out.fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                              0600);
        if (out.fd >= 0) {
                put_all(&out, ending);
                (void)close(out.fd); /* nothing to be done about it now */
        }
        path = out.fd >= 0 ? path : "no dump was written";
        out.fd = STDERR_FILENO;
        put(&out, "krarup: the node ends: ");
        put_cause(&out, ending);
        put(&out, "; see ");
        put(&out, path);
        put(&out, "\n");
        flush(&out);
}

void kri_dump_fault(const struct kri_proc *p, const struct kri_fault *fault,
                    const ucontext_t *context)
{
        struct ending ending = {
                .p = p, .fault = fault, .context = context, .trace = &fault->trace
        };

        write_all(&ending);
}

void kri_panic(const char *file, int line, const char *what)
{
        struct ending ending = {
                .p = kri_current(), .file = file, .line = line, .what = what
        };
        struct kri_trace trace;
        struct sigaction action;

        if (ending.p != NULL && ending.p->stack != NULL) {
                kri_trace_here(ending.p, &trace);
                ending.trace = &trace;
        }
        write_all(&ending);
        memset(&action, 0, sizeof(action));
        action.sa_handler = SIG_DFL;
        (void)sigaction(SIGABRT, &action, NULL);
        abort();
}
