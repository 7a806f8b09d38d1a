/* SPDX-License-Identifier: Apache-2.0 */
/* fault.h: SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT and SIGTRAP in a process become its exit
 * reason.
 *
 * Model    One set of handlers for the OS process, installed while some node wants it
 *          (KR_FAULTS_EXIT), chained to those found. The handler runs on the thread's
 *          signal stack, decides whether survival is honest, and makes the thread go on at
 *          a landing on a fresh stack, which raises {Fault, Address} as an error of the
 *          process: {{sigsegv, 0}, Trace}; {stack_overflow, Address} where a guard page was
 *          hit; {sigabrt, 0} for abort and assert.
 * Law      Survivable: user code, and functions of libc that hold no lock (fault_libc.h), called
 *          from it; every frame of the call chain counts. Not: code of Krarup that has
 *          entered (p->inside), what may hold a lock of libc or of malloc, a critical
 *          region. Then the node ends with a dump (fault_dump.h).
 *          Code of Krarup that does not enter (looking into terms) holds no lock either.
 *          A fault that is not ours goes to whoever had a handler before us: on a thread
 *          that runs no processes, in an attached thread, sent from elsewhere.
 *          A stack overflow that is not survivable where it happens (under malloc, in
 *          Krarup) is postponed: the spare part of the stack is opened, and the process
 *          leaves as soon as what was under way has come to its end.
 * Stacks   The stack a process faulted on stays as it is until the process ends
 *          (extra->old_stacks): message slots, catch frames and what clean-ups point to
 *          live there.
 */
#ifndef KR_CORE_FAULT_H
#define KR_CORE_FAULT_H

#include "node.h"

/* For every node, when it has its opts: its processes are in dumps from here on, and if it
 * has KR_FAULTS_EXIT the handlers are installed. KR_EOS. */
kr_err kri_faults_open(struct kr_node *node);
/* When its threads have ended; the last one puts back the handlers that were found. */
void kri_faults_close(struct kr_node *node);

/* What each thread that runs processes has: a signal stack and a stack in reserve. Nothing with
 * KR_FAULTS_HOST. Made before the thread is, so that one that cannot have them never begins, and
 * dropped by who made it if it does not begin. KR_ENOMEM. */
kr_err kri_faults_thread_new(struct kri_thread *thread);
void kri_faults_thread_drop(struct kri_thread *thread);
/* On that thread, before its first process, and after its last one, which drops them. */
void kri_faults_thread_init(struct kri_thread *thread);
void kri_faults_thread_fini(struct kri_thread *thread);

/* The same for a thread of the host's, while it drives the node (KR_DRIVE_HOST, SIM): around
 * all turns that it gives. */
void kri_faults_host_begin(struct kr_node *node);
void kri_faults_host_end(struct kr_node *node);

/* Addresses of a call trace, innermost first: of an instruction, or in the middle of a call
 * (one byte before where it comes back to). */
#define KRI_TRACE_MAX 24u
struct kri_trace {
        uint32_t count;
        uintptr_t
                entry; /* the function that the process runs: the last one to be shown */
        uintptr_t at[KRI_TRACE_MAX];
        const struct kri_symbol
                *symbol[KRI_TRACE_MAX]; /* from kri_trace_words to kri_trace_done */
};

/* The callers of the caller, by frame pointers within the process's stack. */
void kri_trace_here(const struct kri_proc *p, struct kri_trace *ret_trace);

/* The trace for what p raises now: of the fault, if it has just landed, else its callers. */
void kri_trace_of_raise(struct kri_proc *p, struct kri_trace *ret_trace);

/* The trace as a term, [{Function, Offset, [{file, File}, {line, Line}]}, ...]: Function and
 * File are binaries (names come from files; atoms are for ever), the list is empty where
 * the line is not known. words, to be called first, says how many kri_trace_term takes from
 * *heap at most. The first use of an address reads symbol tables; known ones cost a look-up
 * each. */
uint64_t kri_trace_words(struct kri_trace *trace);
/* Once for each kri_trace_words. */
void kri_trace_done(struct kri_trace *trace);
kri_word kri_trace_term(const struct kri_trace *trace, kri_word **heap);

/* Make the thread that is in user code of a process leave it: called by the watch, which
 * holds the process as taken. The handler for this signal unwinds it if it is in a place
 * where that is safe; if not, nothing happens. The process then finds itself entering
 * Krarup, and ends. */
void kri_fault_unwind(struct kri_thread *thread);

/* p->stack->spent: leave it, as after a fault. On p's own stack, in code of Krarup. */
void kri_fault_leave_spent(struct kri_proc *p) __attribute__((noreturn));

#endif
