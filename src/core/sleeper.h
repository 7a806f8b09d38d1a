/* SPDX-License-Identifier: Apache-2.0 */
/* sleeper.h: act in the place of a process that sleeps, instead of waking it for it.
 *
 * Model    Whoever changes `outer` from SLEEPING owns the process until it is in a queue
 *          (proc.h). He may just as well take in a signal for it, and put it back to sleep
 *          when there is nothing in it for the process to run for: a monitor that is set or
 *          taken back, a link that ends without consequence. That costs two exchanges and
 *          no turn.
 * Law      It slept, so all that was sent to it before has been taken in: the order between
 *          a pair holds. What arrives meanwhile finds it awake, and is taken in by the turn
 *          that its keeper then gives it.
 *          Not for attached threads, which look at their records when they please.
 */
#ifndef KR_CORE_SLEEPER_H
#define KR_CORE_SLEEPER_H

#include "node.h"

/* The process, kept awake without running, if it sleeps and is still the one that `pid`
 * names; NULL: it does not, and whatever is meant for it goes the usual way. */
struct kri_proc *kri_sleeper_borrow(struct kri_sched *s, kri_word pid);

/* Let it sleep again, or run if it has a reason to by now. */
void kri_sleeper_return(struct kri_sched *s, struct kri_proc *p);

/* Take `sig`, one of those that kri_link_take knows, in for p, if it sleeps and still has
 * that serial. False: it is not of those, or does not; nothing has happened. */
bool kri_sleeper_take(struct kri_sched *s, struct kri_proc *p, uint32_t serial,
                      struct kri_sig *sig);

#endif
