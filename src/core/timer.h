/* SPDX-License-Identifier: Apache-2.0 */
/* timer.h: what shall happen later: messages of timers, and the end of timed waits.
 *
 * Model    One hierarchical wheel of millisecond ticks per node, and a table of the timers
 *          by reference, under one lock. Schedulers look at node->timers_next_ns (an atomic)
 *          between turns and when they idle; whoever finds it passed expires what is due.
 * Waits    A timed wait costs the wheel nothing in the usual case. A process has at most one
 *          wake-up in the wheel (KRI_P_ARMED), which is not taken out when the wait ends
 *          early: when it goes off it becomes a KRI_SIG_TIMER, and the process, taking that
 *          in, either has waited long enough, or is armed anew for its present deadline.
 * Law      Never early. Equal deadlines in any order; 1 ms apart in order.
 *          Timers aimed at a pid go when that process ends, before its links fire.
 */
#ifndef KR_CORE_TIMER_H
#define KR_CORE_TIMER_H

#include <krarup/timer.h>

#include "node.h"

kr_err kri_timers_init(struct kr_node *node);
void kri_timers_fini(struct kr_node *node);

/* Expire what is due at `now_ns`; `s` is the caller's scheduler. Sets timers_next_ns. */
void kri_timers_run(struct kri_sched *s, int64_t now_ns);

/* See to it that p gets a KRI_SIG_TIMER at extra->deadline_ns or (when it is armed for an
 * earlier time already) is asked again then. Sets KRI_P_ARMED, which whoever takes that signal
 * in clears: until then it may be on its way. False: no memory. Owner. */
bool kri_timers_arm(struct kri_sched *s, struct kri_proc *p);

/* Take away every timer aimed at p, and its wake-up, if any; costs a look when there are
 * none. Owner, after kri_registry_forget: a timer that is being started for p this very
 * moment sees p->name say that it is dead, or is found here. */
void kri_timers_forget(struct kri_sched *s, struct kri_proc *p);

#endif
