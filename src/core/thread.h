/* SPDX-License-Identifier: Apache-2.0 */
/* thread.h: threads of the host that are processes for a while.
 *
 * Model    An attached thread has a process record like any other (KRI_P_THREAD), and a
 *          scheduler record of its own that runs nothing: it lends pools and a word to
 *          sleep on. It waits on that futex instead of giving way; it is never in a queue.
 */
#ifndef KR_CORE_THREAD_H
#define KR_CORE_THREAD_H

#include "node.h"

/* A function that never returns was called where no process can end: what is attached is
 * detached with its reason, and the thread ends. `function` NULL: the process is doomed. */
void kri_thread_end(struct kri_proc *p, const char *function) __attribute__((noreturn));

#endif
