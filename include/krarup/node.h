/* SPDX-License-Identifier: Apache-2.0 */
/* node.h: a node: schedulers, processes and names that belong together.
 *
 * A node is a value: several live in one OS process, each with its own processes, names and
 * clock. Only the atom table and the signal handlers are shared. Nothing happens at load
 * time; nothing is left behind by kr_node_stop.
 */
#ifndef KRARUP_NODE_H
#define KRARUP_NODE_H

#include <krarup/term.h>

typedef struct kr_node kr_node;

/* Memory from somewhere else than malloc. free gets the size that was asked for. Called by
 * any thread of the node. Stacks and process records come from mmap all the same. */
typedef struct kr_allocator {
        void *(*alloc)(void *context, size_t size);
        void (*free)(void *context, void *block, size_t size);
        void *context;
} kr_allocator;

/* What a fault (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP) in process code does. */
typedef enum kr_fault_mode {
        KR_FAULTS_HOST, /* no signal handler is installed: faults end the program */
        KR_FAULTS_EXIT, /* it becomes the exit reason of the process, an error: {{sigsegv,
                           Address}, Trace}, or sigbus, sigfpe, sigill, sigtrap, sigabrt
                           (Address 0), stack_overflow. Trace, innermost call first, is a list of
                           {Function, Offset, [{file, File}, {line, Line}]}; Function and
                           File are binaries, the list is [] where no line is known. Installs
                           handlers that pass on what is not ours to those found. What must
                           not be survived (a fault in Krarup, in malloc, under a lock of
                           libc, in a kr_critical region) ends the program with a dump. */
} kr_fault_mode;

typedef enum kr_drive {
        KR_DRIVE_THREADS, /* scheduler threads of the node's own */
        KR_DRIVE_HOST,    /* the host calls kr_node_run, from one thread at a time */
        KR_DRIVE_SIM,     /* as HOST, in virtual time, every choice taken from the seed */
} kr_drive;

/* All zero is a good default: threads, one scheduler a core, faults left to the host. */
typedef struct kr_node_opts {
        const char *name; /* borrowed; NULL: nonode@nohost */
        kr_drive drive;
        unsigned schedulers;    /* KR_DRIVE_THREADS; 0: one for each core we may use */
        uint32_t processes_max; /* 0: 16,777,216; at most 134,217,727 */
        size_t stack_bytes;     /* of a process, incl. one guard page; 0: 65,536 */
        kr_fault_mode faults;
        unsigned core_files;    /* the first so many faults also leave a core file */
        const char *dump_path;  /* crash dump; NULL: ./krarup_crash.dump; "" none */
        uint64_t seed;          /* KR_DRIVE_SIM */
        kr_allocator allocator; /* all zero: malloc and free */

        /* Called for a process that ends by an error, a throw or a fault that nobody caught,
         * not for one that exits or is sent an exit signal; `text` is one line without its
         * end, such as
         *   krarup: process <0.5.0> (counter) ended: {badarith,[{<<"loop">>,84,[]}]}
         * with the registered name, or the function it was spawned with, and of a long reason
         * the beginning. After 10 in a second the others are counted:
         *   krarup: ... and 1234 more
         * By any thread of the node, two at a time too; it must not call Krarup, nor wait for
         * long. NULL: the line goes to standard error. */
        void (*report)(void *context, const char *text);
        void *report_context;
} kr_node_opts;

KR_BEGIN_DECLS

/* Start a node. Any thread that is no process. `opts` NULL: all defaults.
 * KR_ENOMEM, KR_EOS (threads or address space refused), KR_EBADARG (an option is out of
 * range), KR_ESYSTEMLIMIT (63 nodes are alive in this OS process). */
KR_API KR_MUST_CHECK kr_err kr_node_start(const kr_node_opts *opts, kr_node **ret_node);

/* Kill every process, wait until all have ended, end the threads and free the node; gives
 * back everything. Blocks up to `timeout_ms` (KR_INFINITY: as long as it takes).
 * KR_ETIMEDOUT: some process does not come out of foreign code; the node is left as it is,
 * without accepting new processes, and kr_node_stop may be called again.
 * Threads must be detached and no other call on the node be under way. */
KR_API kr_err kr_node_stop(kr_node *node, int64_t timeout_ms);

/* KR_DRIVE_HOST: watch this descriptor for reading; when it is readable call kr_node_run.
 * KR_DRIVE_SIM and KR_DRIVE_THREADS: -1. */
KR_API int kr_node_fd(kr_node *node);

/* KR_DRIVE_HOST: run what can run, for at most about a millisecond beyond the turn that is
 * under way; returns true when more is waiting (the descriptor stays readable then).
 * KR_DRIVE_SIM: take one step (one turn of one process, or move the clock to the next
 * timer); returns false when nothing can happen any more. */
KR_API bool kr_node_run(kr_node *node);

/* The node of the calling process or attached thread; NULL elsewhere. */
KR_API kr_node *kr_here(void);

/* How it is driven. */
KR_API kr_drive kr_node_drive(kr_node *node);

/* The node's name as an atom. */
KR_API kr_atom kr_node_name(kr_node *node);

/* Milliseconds (nanoseconds) of the node's clock that never goes back; virtual in
 * KR_DRIVE_SIM. node NULL: the caller's. */
KR_API int64_t kr_monotonic_ms(kr_node *node);
KR_API int64_t kr_monotonic_ns(kr_node *node);
KR_API int64_t kr_system_time_ns(kr_node *node);

/* Give memory that nobody uses back to the operating system: bodies of free stacks, free
 * message blocks. Takes up to a second per GiB of small blocks; any thread. */
KR_API void kr_node_trim(kr_node *node);

/* Numbers of a node at one moment; each is read on its own. */
typedef struct kr_node_stats {
        uint32_t processes; /* alive, attached threads included */
        uint32_t schedulers;
        uint64_t spawned; /* ever */
        uint64_t turns;   /* process switches */
        uint64_t reductions;
        uint64_t faults;     /* faults that became exit reasons */
        uint64_t handovers;  /* schedulers taken from a process that hogged them */
        uint64_t steals;     /* processes taken over from another scheduler */
        uint64_t stacks;     /* stacks in existence, free ones included */
        uint64_t steps_hash; /* KR_DRIVE_SIM: equal for equal runs */
} kr_node_stats;
KR_API void kr_node_stats_read(kr_node *node, kr_node_stats *ret_stats);

/* Make the calling thread a process of `node`, with pid and mailbox: it may then send,
 * receive, call, monitor, register... like any process. It traps exits, for a thread cannot
 * be killed: misuse in it is an error that the call returns. What does not return (kr_exit,
 * kr_error, kr_become, ...) ends the thread, and the program if it is the first thread, and
 * says so on standard error.
 * KR_EALREADY: it is one already; KR_EBADARG: `node` or `ret_pid` is NULL; KR_ENOMEM;
 * KR_ESYSTEMLIMIT: the process table is full. */
KR_API KR_MUST_CHECK kr_err kr_thread_attach(kr_node *node, kr_pid *ret_pid);
KR_API void kr_thread_detach(void);

KR_END_DECLS
#endif
