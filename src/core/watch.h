/* SPDX-License-Identifier: Apache-2.0 */
/* watch.h: a process that does not come back: its scheduler goes to another thread, and a
 * kill reaches it where it is.
 *
 * Model    One monitor thread per node looks every few milliseconds. A scheduler whose turn
 *          counter has not moved since the last look, while its process is in user code
 *          (p->inside == 0), is taken away: `taken` is set, a heavy barrier, and `inside`
 *          looked at again. If it is still 0 the process cannot enter Krarup without seeing
 *          `taken`, and waits there (kri_enter_taken) until it is put in a run queue again.
 *          Its thread is demoted and ends when the process comes out; a spare one, which was
 *          made when a turn first looked long, goes on with the scheduler.
 * Kill     While a process is taken, the watch is its owner: it takes in its signals, and
 *          when there is a reason to end, tells links and monitors at once (a zombie), then
 *          has the thread unwound by a signal (fault.h), again and again until it is out.
 *          It then has turns like any other, for its clean-ups.
 */
#ifndef KR_CORE_WATCH_H
#define KR_CORE_WATCH_H

#include "node.h"

#define KRI_WATCH_MS 5

kr_err kri_watch_start(struct kr_node *node);
void kri_watch_stop(struct kr_node *node);

/* A scheduler slept and goes on: the monitor thread does as well, if it sleeps (it does when
 * all schedulers have slept for a while). */
void kri_watch_wake(struct kr_node *node);

/* p came out of foreign code on a thread that had lost its scheduler `was`. On the thread's
 * own stack: puts p where it can go on, or end. */
void kri_watch_gone(struct kri_proc *p, struct kri_sched *was);

#endif
