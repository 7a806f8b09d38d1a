/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor_restart.c: a child has ended: is it started again, and who with it?
 *
 * Law      OTP's do_restart/3 and restart/3. A restart whose start fails is tried again by a
 *          message to oneself, so that requests are served in between; each try counts.
 */
#include "supervisor.h"

bool kri_is_planned_end(kr_term reason)
{
        return kr_match(reason, "normal") || kr_match(reason, "shutdown") ||
               kr_match(reason, "{shutdown, _}");
}

/* -- starting -- */

struct kri_begun kri_sup_start(struct kri_sup *s, struct kri_child *child)
{
        struct kri_begun begun = { .failed = true,
                                   .more = kr_atom_term(KR_ATOM("enomem")) };

        if (!kri_pids_reserve(&s->pids))
                return begun;
        begun = kri_child_begin(child, child->args);
        if (begun.failed)
                return begun;
        kri_child_is_running(s, child, begun.pid);
        if (child->budget != NULL)
                child->budget->started_ms = kr_monotonic_ms(NULL);
        if (child->state == KRI_CHILD_RUNNING)
                kri_sup_report_started(s, child);
        return begun;
}

kr_term kri_sup_start_from(struct kri_sup *s, struct kri_child *first,
                           struct kri_child **ret_failed)
{
        struct kri_child *newer;

        for (struct kri_child *child = first; child != NULL; child = newer) {
                struct kri_begun begun = kri_sup_start(s, child);
                kr_term error;

                newer = child->newer;
                if (begun.failed) {
                        kri_sup_report(s, "start_error", begun.more, child);
                        error = kr_build("{failed_to_start_child, ~, ~}", child->id,
                                         begun.more);
                        kr_release(begun.more);
                        *ret_failed = child;
                        return kr_is_none(error) ? kr_atom_term(KR_ATOM("enomem"))
                                                 : error;
                }
                kr_release(begun.more);
                if (child->state == KRI_CHILD_STOPPED && child->restart == KR_TEMPORARY)
                        kri_sup_remove(s, child);
        }
        return kr_none();
}

/* -- trying again -- */

static void try_again_soon(const struct kri_child *child)
{
        kr_send(kr_self(), "{'$gen_cast', {try_again_restart, ~}}", child->id);
}

static void try_again_in(struct kri_child *child, int64_t delay_ms)
{
        child->budget->timer = kr_send_after(delay_ms, kr_self(),
                                             "{'$gen_cast', {try_again_restart, ~}}",
                                             child->id);
}

/* -- the strategies; the child is not running -- */

static void restart_one(struct kri_sup *s, struct kri_child *child)
{
        kr_pid old = child->pid;
        struct kri_begun begun = kri_sup_start(s, child);

        if (begun.failed) {
                kri_child_is_restarting(s, child, old);
                kri_sup_report(s, "start_error", begun.more, child);
                try_again_soon(child);
        }
        kr_release(begun.more);
}

/* Stop all from `first` on and start them. */
static void restart_group(struct kri_sup *s, struct kri_child *child,
                          struct kri_child *first)
{
        struct kri_child *failed = NULL;
        kr_pid old = child->pid;
        kr_term error;

        kri_child_is_stopped(s, child);
        first = kri_sup_stop_back_to(s, first);
        error = kri_sup_start_from(s, first, &failed);
        if (failed != NULL) {
                kri_child_is_restarting(s, failed, failed == child ? old : kr_pid_none());
                try_again_soon(failed);
        }
        kr_release(error);
}

static void restart_by_strategy(struct kri_sup *s, struct kri_child *child)
{
        switch (s->flags.strategy) {
        case KR_ONE_FOR_ALL:
                restart_group(s, child, s->oldest);
                break;
        case KR_REST_FOR_ONE:
                restart_group(s, child, child);
                break;
        default:
                restart_one(s, child);
                break;
        }
}

/* -- budgets -- */

static bool may_restart(struct kri_sup *s, const struct kri_child *child)
{
        const struct kri_child_budget *b = child->budget;

        if (b == NULL || b->restarts == NULL)
                return kri_sup_may_restart(s);
        return kri_restarts_add(
                b->restarts, kr_monotonic_ns(NULL) / 1000000000,
                b->limits.intensity == KR_INTENSITY_NONE ? 0 : b->limits.intensity,
                b->limits.period_s == 0 ? s->flags.period_s : b->limits.period_s);
}

static enum kri_verdict too_many(struct kri_sup *s, struct kri_child *child)
{
        bool gives_up = child->budget != NULL && child->budget->restarts != NULL &&
                        child->budget->limits.gives_up;

        kri_sup_report(s, "shutdown",
                       kr_atom_term(KR_ATOM("reached_max_restart_intensity")), child);
        kri_sup_drop(s, child);
        return gives_up ? KRI_GO_ON : KRI_SHUT_DOWN;
}

/* How long this restart is to wait; the next one waits twice as long, unless the child ran
 * well in between. */
static int64_t delay_of(struct kri_child *child)
{
        struct kri_child_budget *b = child->budget;
        int64_t delay_ms;

        if (b == NULL || b->limits.backoff_ms == 0)
                return 0;
        if (child->state == KRI_CHILD_RUNNING &&
            kr_monotonic_ms(NULL) - b->started_ms >= b->limits.backoff_max_ms)
                b->delay_ms = b->limits.backoff_ms;
        delay_ms = b->delay_ms;
        b->delay_ms = delay_ms * 2 < b->limits.backoff_max_ms ? delay_ms * 2
                                                              : b->limits.backoff_max_ms;
        return delay_ms;
}

/* -- an end -- */

static enum kri_verdict restart(struct kri_sup *s, struct kri_child *child, bool waited)
{
        int64_t delay_ms;

        if (!waited) {
                if (!may_restart(s, child))
                        return too_many(s, child);
                delay_ms = delay_of(child);
                if (delay_ms > 0) {
                        kri_child_is_restarting(s, child, child->pid);
                        try_again_in(child, delay_ms);
                        return KRI_GO_ON;
                }
        }
        restart_by_strategy(s, child);
        return KRI_GO_ON;
}

static bool is_any_significant_left(const struct kri_sup *s)
{
        for (const struct kri_child *c = s->oldest; c != NULL; c = c->newer)
                if (c->significant && c->state != KRI_CHILD_STOPPED)
                        return true;
        return false;
}

/* It has ended by itself and is not started again. */
static enum kri_verdict let_go(struct kri_sup *s, struct kri_child *child)
{
        bool significant = child->significant;

        kri_sup_drop(s, child);
        if (!significant || s->flags.auto_shutdown == KR_AUTO_SHUTDOWN_NEVER)
                return KRI_GO_ON;
        if (s->flags.auto_shutdown == KR_AUTO_SHUTDOWN_ANY_SIGNIFICANT)
                return KRI_SHUT_DOWN;
        return is_any_significant_left(s) ? KRI_GO_ON : KRI_SHUT_DOWN;
}

enum kri_verdict kri_sup_ended(struct kri_sup *s, kr_pid pid, kr_term reason)
{
        struct kri_pid_slot *slot = kri_pids_get(&s->pids, pid);
        struct kri_child *child;

        if (slot == NULL)
                return KRI_GO_ON; /* a stranger's signal */
        child = kri_pids_child(slot);
        if (child->restart != KR_PERMANENT && kri_is_planned_end(reason))
                return let_go(s, child);
        kri_sup_report(s, "child_terminated", reason, child);
        if (child->restart == KR_TEMPORARY)
                return let_go(s, child);
        return restart(s, child, false);
}

enum kri_verdict kri_sup_try_again(struct kri_sup *s, kr_term id)
{
        struct kri_child *child = kri_sup_find(s, id);
        bool waited;

        if (child == NULL || child->state != KRI_CHILD_RESTARTING)
                return KRI_GO_ON;
        /* one that waited out its delay has been counted */
        waited = child->budget != NULL && !kr_ref_is_none(child->budget->timer);
        if (waited) {
                (void)kr_cancel_timer(
                        child->budget->timer); /* it has fired, or need not */
                child->budget->timer = kr_ref_none();
        }
        return restart(s, child, waited);
}
