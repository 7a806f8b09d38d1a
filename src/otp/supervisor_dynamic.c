/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor_dynamic.c: the children of a simple_one_for_one supervisor: any number of one
 * kind, of which nothing is known but the pid and, to start it again, its arguments.
 *
 * Model    The arguments are those of the template with those given to start_child behind
 *          them; only the latter are kept, per child, until the template changes. A temporary
 *          child keeps none.
 */
#include "supervisor.h"

/* Of a slot. RESTARTING: its pid is the one that has ended. WHOLE: its value is all of the
 * arguments, not just what follows the template's. DONE, HEARD: see stopping. */
enum { RESTARTING = 1, WHOLE = 2, DONE = 4, HEARD = 8 };

#define ATOM(text) kr_atom_term(KR_ATOM(text))

/* -- arguments -- */

static kr_term append(kr_term first, kr_term second)
{
        kr_builder b = KR_BUILDER_INIT;

        for (; kr_is_cons(first); first = kr_tl(first))
                kr_add_term(&b, kr_hd(first));
        for (; kr_is_cons(second); second = kr_tl(second))
                kr_add_term(&b, kr_hd(second));
        return kr_build_list(&b);
}

static kr_term slot_args(const struct kri_pid_slot *slot)
{
        return (kr_term){ slot->value };
}

/* The template's and these, a proper list: gives a new term. What cannot be put together is the
 * template's, which nothing can be called with. */
static kr_term args_with(const struct kri_child *spec, kr_term own)
{
        size_t length;

        if (kr_is_nil(own) || !kr_length(spec->args, &length))
                return kr_keep(spec->args);
        if (kr_is_nil(spec->args))
                return kr_keep(own);
        return append(spec->args, own);
}

/* Gives a new term. */
static kr_term whole_args(const struct kri_sup *s, const struct kri_pid_slot *slot)
{
        if (slot->flags & WHOLE)
                return kr_keep(slot_args(slot));
        return args_with(s->newest, slot_args(slot));
}

bool kri_dyn_keep_args(struct kri_sup *s)
{
        struct kri_pid_slot *slot = NULL;

        while ((slot = kri_pids_next(&s->pids, slot)) != NULL) {
                kr_term all = whole_args(s, slot);

                if (kr_is_none(all))
                        return false;
                kr_release(slot_args(slot));
                slot->value = all.w;
                slot->flags |= WHOLE;
        }
        return true;
}

static bool keeps_args(const struct kri_sup *s)
{
        return s->newest->restart != KR_TEMPORARY;
}

static void forget(struct kri_sup *s, struct kri_pid_slot *slot)
{
        if (slot->flags & RESTARTING)
                s->restarting--;
        kr_release(slot_args(slot));
        kri_pids_remove(&s->pids, kri_pid_slot_pid(slot));
}

/* -- reports -- */

static kr_term pid_term(const struct kri_pid_slot *slot)
{
        if (slot->flags & RESTARTING)
                return kr_build("{restarting, ~}", kri_pid_slot_pid(slot));
        return kr_build("~", kri_pid_slot_pid(slot));
}

static void report(struct kri_sup *s, const char *context, kr_term reason,
                   const struct kri_pid_slot *slot)
{
        kr_term pid = pid_term(slot);
        kr_term args = keeps_args(s) ? whole_args(s, slot) : ATOM("undefined");

        kri_sup_report_of(s, context, reason, s->newest, kr_build("{pid, ~}", pid), args);
        kr_release(args);
        kr_release(pid);
}

/* -- start_child -- */

static kr_term failure(kr_term reason)
{
        kr_term reply = kr_build("{error, ~}", reason);

        kr_release(reason);
        return reply;
}

/* A pid alone stands for {ok, Pid}. */
static kr_term started(struct kri_sup *s, const struct kri_begun *begun, kr_term own)
{
        kr_term reply;

        if (kr_pid_is_none(begun->pid))
                return kr_build("{ok, undefined}");
        kri_pids_put(&s->pids, begun->pid, own.w);
        if (!begun->has_info)
                return kr_build("~", begun->pid);
        reply = kr_build("{ok, ~, ~}", begun->pid, begun->more);
        kr_release(begun->more);
        return reply;
}

kr_term kri_dyn_start(struct kri_sup *s, kr_term args)
{
        kr_term own = kr_nil(), all;
        struct kri_begun begun;
        size_t length;

        if (!kr_length(args, &length))
                return kr_build("{error, {'EXIT', {badarg, []}}}");
        if (!kri_pids_reserve(&s->pids))
                return kr_build("{error, enomem}");
        all = args_with(s->newest, args);
        if (keeps_args(s))
                own = kr_keep(args);
        if (kr_is_none(all) || kr_is_none(own)) {
                kr_release(all);
                return kr_build("{error, enomem}");
        }
        begun = kri_child_begin(s->newest, all);
        kr_release(all);
        if (begun.failed || kr_pid_is_none(begun.pid))
                kr_release(own);
        return begun.failed ? failure(begun.more) : started(s, &begun, own);
}

/* -- ends and restarts -- */

static void try_again_soon(kr_pid old)
{
        kr_send(kr_self(), "{'$gen_cast', {try_again_restart, {restarting, ~}}}", old);
}

/* The slot stands for the new process, or stays as `restarting`. */
static void begin_again(struct kri_sup *s, struct kri_pid_slot *slot)
{
        kr_term all = whole_args(s, slot);
        struct kri_begun begun = { .failed = true, .more = ATOM("enomem") };
        struct kri_pid_slot was = *slot;

        if (!kr_is_none(all))
                begun = kri_child_begin(s->newest, all);
        kr_release(all);
        if (begun.failed) {
                s->restarting += !(slot->flags & RESTARTING);
                slot->flags |= RESTARTING;
                report(s, "start_error", begun.more, slot);
                try_again_soon(kri_pid_slot_pid(slot));
        } else if (kr_pid_is_none(begun.pid)) {
                forget(s, slot); /* ignore: it is gone, as in OTP 26 */
        } else {
                s->restarting -= was.flags & RESTARTING;
                kri_pids_remove(&s->pids, kri_pid_slot_pid(&was));
                kri_pids_put(&s->pids, begun.pid, was.value)->flags = was.flags & WHOLE;
        }
        kr_release(begun.more);
}

static enum kri_verdict restart(struct kri_sup *s, struct kri_pid_slot *slot)
{
        if (kri_sup_may_restart(s)) {
                begin_again(s, slot);
                return KRI_GO_ON;
        }
        report(s, "shutdown", ATOM("reached_max_restart_intensity"), slot);
        forget(s, slot);
        return KRI_SHUT_DOWN;
}

static enum kri_verdict let_go(struct kri_sup *s, struct kri_pid_slot *slot)
{
        forget(s, slot);
        if (!s->newest->significant || s->flags.auto_shutdown == KR_AUTO_SHUTDOWN_NEVER)
                return KRI_GO_ON;
        if (s->flags.auto_shutdown == KR_AUTO_SHUTDOWN_ANY_SIGNIFICANT)
                return KRI_SHUT_DOWN;
        return s->pids.count == 0 ? KRI_SHUT_DOWN : KRI_GO_ON;
}

enum kri_verdict kri_dyn_ended(struct kri_sup *s, kr_pid pid, kr_term reason)
{
        struct kri_pid_slot *slot = kri_pids_get(&s->pids, pid);
        kr_restart kind = (kr_restart)s->newest->restart;

        if (slot == NULL || (slot->flags & RESTARTING))
                return KRI_GO_ON;
        if (kind != KR_PERMANENT && kri_is_planned_end(reason))
                return let_go(s, slot);
        report(s, "child_terminated", reason, slot);
        return kind == KR_TEMPORARY ? let_go(s, slot) : restart(s, slot);
}

enum kri_verdict kri_dyn_try_again(struct kri_sup *s, kr_pid old)
{
        struct kri_pid_slot *slot = kri_pids_get(&s->pids, old);

        return slot != NULL && (slot->flags & RESTARTING) ? restart(s, slot) : KRI_GO_ON;
}

/* -- requests -- */

bool kri_pid_is_alive(kr_pid pid)
{
        enum { DOWN };
        kr_msg msg = KR_MSG_INIT;
        kr_ref monitor = kr_monitor(pid);
        bool gone = kr_receive(&msg, 0, kr_on(DOWN, "{'DOWN', =, _, _, _}", monitor)) ==
                    DOWN;

        kr_msg_clear(&msg);
        if (!gone)
                (void)kr_demonitor(monitor, &(kr_demonitor_opts){ .flush = true });
        return !gone;
}

kr_term kri_dyn_terminate(struct kri_sup *s, kr_term who)
{
        struct kri_end end = KRI_END_INIT;
        struct kri_pid_slot *slot;
        kr_pid pid;

        if (!kr_get_pid(who, &pid))
                return kr_build("{error, simple_one_for_one}");
        slot = kri_pids_get(&s->pids, pid);
        if (slot == NULL)
                return kri_pid_is_alive(pid) ? kr_build("{error, not_found}")
                                             : ATOM("ok");
        if (!(slot->flags & RESTARTING)) {
                kri_pid_stop(s->newest, pid, &end);
                if (!kri_is_good_end(s->newest, end.reason))
                        report(s, "shutdown_error", end.reason, slot);
                kri_end_clear(&end);
        }
        forget(s, slot);
        return ATOM("ok");
}

kr_term kri_dyn_which(struct kri_sup *s)
{
        kr_atom type = kri_child_type_atom(s->newest);
        kr_builder b = KR_BUILDER_INIT;
        struct kri_pid_slot *slot = NULL;

        while ((slot = kri_pids_next(&s->pids, slot)) != NULL) {
                kr_term pid = slot->flags & RESTARTING
                                      ? ATOM("restarting")
                                      : kr_build("~", kri_pid_slot_pid(slot));
                kr_term child =
                        kr_build("{undefined, ~, ~, ~}", pid, type, s->newest->modules);

                kr_add_term(&b, child);
                kr_release(child);
                kr_release(pid);
        }
        return kr_build_list(&b);
}

kr_term kri_dyn_count(struct kri_sup *s)
{
        uint64_t all = s->pids.count, active = all - s->restarting;

        if (s->newest->type == KR_CHILD_SUPERVISOR)
                return kr_build(
                        "[{specs, 1}, {active, ~}, {supervisors, ~}, {workers, 0}]",
                        active, all);
        return kr_build("[{specs, 1}, {active, ~}, {supervisors, 0}, {workers, ~}]",
                        active, all);
}

/* -- stopping all --
 *
 * Each is monitored and told. HEARD: its 'EXIT' has come, and has been judged; the DOWN of one
 * that had ended before it was monitored says only noproc. DONE: its DOWN has come. */

#define GROUPS_MAX 64

/* Ends that were not as they should be: reported once for each reason. */
struct groups {
        struct {
                kr_term reason;
                uint64_t count;
        } of[GROUPS_MAX];
        size_t len;
};

static void report_group(struct kri_sup *s, kr_term reason, uint64_t count)
{
        kri_sup_report_of(s, "shutdown_error", reason, s->newest,
                          kr_build("{nb_children, ~}", count), kr_none());
}

static void judge(struct kri_sup *s, struct groups *g, kr_term reason)
{
        kr_term kept;

        if (kri_is_good_end(s->newest, reason))
                return;
        for (size_t i = 0; i < g->len; i++) {
                if (kr_same(g->of[i].reason, reason)) {
                        g->of[i].count++;
                        return;
                }
        }
        kept = g->len < GROUPS_MAX ? kr_keep(reason) : kr_none();
        if (kr_is_none(kept)) {
                report_group(s, reason, 1);
                return;
        }
        g->of[g->len].reason = kept;
        g->of[g->len++].count = 1;
}

static void report_groups(struct kri_sup *s, struct groups *g)
{
        for (size_t i = 0; i < g->len; i++) {
                report_group(s, g->of[i].reason, g->of[i].count);
                kr_release(g->of[i].reason);
        }
}

/* How many were told. */
static uint64_t tell_all(struct kri_sup *s)
{
        bool brutal = kri_is_brutal(s->newest);
        struct kri_pid_slot *slot = NULL;
        uint64_t told = 0;

        while ((slot = kri_pids_next(&s->pids, slot)) != NULL) {
                if (slot->flags & RESTARTING)
                        continue;
                (void)kr_monitor(kri_pid_slot_pid(slot));
                if (brutal)
                        kr_exit_signal(kri_pid_slot_pid(slot), "kill");
                else
                        kr_exit_signal(kri_pid_slot_pid(slot), "shutdown");
                told++;
        }
        return told;
}

static void kill_rest(struct kri_sup *s)
{
        struct kri_pid_slot *slot = NULL;

        while ((slot = kri_pids_next(&s->pids, slot)) != NULL)
                if (!(slot->flags & (RESTARTING | DONE)))
                        kr_exit_signal(kri_pid_slot_pid(slot), "kill");
}

/* True: one more is done. */
static bool hear_down(struct kri_sup *s, struct groups *g, kr_pid pid, kr_term reason)
{
        struct kri_pid_slot *slot = kri_pids_get(&s->pids, pid);

        if (slot == NULL || (slot->flags & (RESTARTING | DONE)))
                return false;
        if (!(slot->flags & HEARD))
                judge(s, g, reason);
        slot->flags |= DONE;
        return true;
}

static void hear_exit(struct kri_sup *s, struct groups *g, kr_pid pid, kr_term reason)
{
        struct kri_pid_slot *slot = kri_pids_get(&s->pids, pid);

        if (slot == NULL || (slot->flags & (RESTARTING | DONE | HEARD)))
                return;
        slot->flags |= HEARD;
        judge(s, g, reason);
}

static void await_all(struct kri_sup *s, struct groups *g, uint64_t left, kr_ref timer)
{
        enum { DOWN, EXIT, KILL, OTHER };
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;
        kr_pid pid;

        while (left > 0) {
                switch (kr_receive(&msg, KR_INFINITY,
                                   kr_on(DOWN, "{'DOWN', _, process, ~, ~}", &pid,
                                         &reason),
                                   kr_on(EXIT, "{'EXIT', ~, ~}", &pid, &reason),
                                   kr_on(KILL, "{timeout, =, kill}", timer),
                                   kr_on(OTHER, "_"))) {
                case DOWN:
                        left -= hear_down(s, g, pid, reason);
                        break;
                case EXIT:
                        hear_exit(s, g, pid, reason);
                        break;
                case KILL:
                        kill_rest(s);
                        break;
                default:
                        break; /* nobody will be there to answer it */
                }
        }
        kr_msg_clear(&msg);
}

void kri_dyn_stop_all(struct kri_sup *s)
{
        int64_t shutdown_ms = kri_shutdown_ms(s->newest);
        uint64_t left = tell_all(s);
        struct groups g = { .len = 0 };
        kr_ref timer = kr_ref_none();

        if (left > 0 && shutdown_ms != KR_INFINITY)
                timer = kr_start_timer(shutdown_ms, kr_self(), "kill");
        await_all(s, &g, left, timer);
        if (!kr_ref_is_none(timer))
                (void)kr_cancel_timer(
                        timer); /* -1: the message goes with the supervisor */
        report_groups(s, &g);
        kri_pids_clear(&s->pids);
        s->restarting = 0;
}
