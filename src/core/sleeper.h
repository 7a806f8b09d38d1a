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

#include "link.h"
#include "node.h"
#include "watching.h"

/* The process, kept awake without running, if it sleeps and is still the one that `pid`
 * names; NULL: it does not, and whatever is meant for it goes the usual way. */
struct kri_proc *kri_sleeper_borrow(struct kri_sched *s, kri_word pid);

/* Let it sleep again, or run if it has a reason to by now. */
void kri_sleeper_return(struct kri_sched *s, struct kri_proc *p);

/* Take `sig`, one of those that kri_link_take knows, in for p, if it sleeps and still has
 * that serial. False: it is not of those, or does not; nothing has happened. */
bool kri_sleeper_take(struct kri_sched *s, struct kri_proc *p, uint32_t serial,
                      struct kri_sig *sig);

/* `to` has been roused, simply (sched.h); `from`, who runs, has built sig for it, with
 * KRI_CTL_WORDS free in front of the terms: take it in through that alias. Mostly it is what
 * `to` has been waiting for, the answer to its call: then both records of the call go at once. */
static inline void kri_sleeper_hear(struct kri_proc *from, struct kri_proc *to,
                                    kr_ref alias, struct kri_sig *sig)
{
        struct kri_sched *s = from->sched;

        kri_sched_set(to, s);
        if (kri_watching_called(to, alias.id[0], kri_proc_word(from))) {
                if (from->watcher != 0 && from->watcher_ref == alias.id[0])
                        from->watcher = 0;
                else
                        (void)kri_watcher_remove(from, alias.id[0]);
                kri_put(to, sig);
                kri_run_next(s, to);
        } else if (kri_watching_hears(to, alias.id[0])) {
                kri_put(to, sig);
                kri_run_next(s, to);
        } else {
                sig->kind = KRI_SIG_ALIAS;
                *kri_sig_ctl(sig) = (struct kri_sig_ctl){ .ref = { alias.id[0] } };
                kri_link_take(s, to, sig);
                kri_sleeper_return(s, to);
        }
}

#endif
