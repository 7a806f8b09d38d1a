/* SPDX-License-Identifier: Apache-2.0 */
/* fault.h: SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT in a process become its exit reason.
 *
 * Model    One set of handlers for the OS process, installed while some node wants it
 *          (KR_FAULTS_EXIT), chained to those found. The handler runs on the thread's
 *          signal stack, decides whether survival is honest, notes what happened in the
 *          process's kri_fault, and makes the thread go on at a landing on a fresh stack,
 *          which raises {Fault, Address} as an error of the process.
 * Law      Survivable: user code, and libc's leaf functions called from it. Not: code of
 *          Krarup (p->inside), anything under malloc or another libc function that may
 *          hold a lock, a critical region. Then the node ends with a dump.
 *          A fault that is not ours goes to whoever had a handler before us.
 */
#ifndef KR_CORE_FAULT_H
#define KR_CORE_FAULT_H

#include "node.h"

/* Count the node among those that want faults caught; KR_EOS. */
kr_err kri_faults_open(struct kr_node *node);
void kri_faults_close(struct kr_node *node);

/* Each thread that runs processes has a signal stack: 64 KiB at least. */
kr_err kri_faults_thread_init(struct kri_thread *thread);
void kri_faults_thread_fini(struct kri_thread *thread);

/* The call trace of the caller, innermost first, by frame pointers within the process's
 * stack: return addresses. */
#define KRI_TRACE_MAX 24u
struct kri_trace {
        uint32_t count;
        void *pc[KRI_TRACE_MAX];
};
void kri_trace_here(const struct kri_proc *p, struct kri_trace *ret_trace);

/* The trace as a term [{Function, Offset, [{file, "f.c"}, {line, N}]}, ...], built with
 * `heap` words, in `block`. Known addresses cost a look-up each. */
uint64_t kri_trace_words(const struct kri_trace *trace);
kri_word kri_trace_term(const struct kri_trace *trace, kri_word **heap);

/* Make the thread that is in user code of p leave it: called by the watch, which holds p as
 * taken. The handler for this signal unwinds p if it is in a place where that is safe. */
void kri_fault_unwind(struct kri_thread *thread);

#endif
