/* SPDX-License-Identifier: Apache-2.0 */
/* scenarios_gen_statem.c: state machines; see scenarios_gen_statem.erl. */
#include "machine.h"
#include "scenario.h"

#define SYNC "{{call, sync, '_'}, {keep_state, [{reply, from, synced}]}}"
#define IN_SYNC ", " SYNC "]"

/* Say the next so many things that the machine tells. */
static void hear(int count)
{
        while (count-- > 0)
                say_next("heard");
}

/* The machine has handled what was sent to it before: hear all that. */
static void hear_all(kr_pid pid)
{
        kr_msg msg = KR_MSG_INIT;

        kr_statem_call_timeout(pid, &msg, 5000, "sync");
        kr_msg_clear(&msg);
        say_mailbox("heard");
}

static kr_pid started(const kr_behaviour *machine, const char *init, const char *rules)
{
        kr_started s = machine_start(machine, init, rules);

        if (s.err != KR_OK)
                kr_exit("{not_started, ~}", (int)s.err);
        known_as(s.pid, "<machine>");
        return s.pid;
}

static void say_started(const char *what, const char *init)
{
        kr_msg reason = KR_MSG_INIT;
        kr_start_opts opts = { .ret_reason = &reason };
        kr_started s = machine_start_opts(&machine_functions, &opts, init, "[]");

        if (s.err == KR_OK)
                say(what, "ok");
        else if (s.err == KR_EIGNORED)
                say(what, "ignore");
        else
                say(what, "{error, ~}", reason.term);
        kr_msg_clear(&reason);
}

/* -- order -- */

static void order_after_a_callback(void)
{
        kr_pid pid = started(
                &machine_functions_enter, "{ok, a}",
                "[{{cast, p, a}, {keep_state, [postpone]}}, {{call, p, a}, {keep_state, [postpone]}},"
                " {{cast, go, a}, {next_state, b, [{next_event, internal, i1}, {timeout, 0, t},"
                "  {state_timeout, 0, st}, {{timeout, n}, 0, nt}, {next_event, cast, i2},"
                "  {next_event, internal, i3}]}}" IN_SYNC);

        kr_cast(pid, "p");
        kr_cast(pid, "q");
        kr_cast(pid, "p");
        kr_cast(pid, "go");
        kr_cast(pid, "later");
        hear_all(pid);
        hear_all(pid);
}

static void zero_time_outs_in_the_order_of_their_start(void)
{
        kr_pid pid = started(
                &machine_events, "{ok, a}",
                "[{{cast, go, a}, {keep_state, [{{timeout, z}, 0, z}, {state_timeout, 0, s},"
                "  {{timeout, y}, 0, y}, {timeout, 0, t}]}},"
                " {{{timeout, z}, z, a}, {keep_state, [{{timeout, x}, 0, x}, {{timeout, z}, 0, zz}]}}" IN_SYNC);

        kr_cast(pid, "go");
        hear_all(pid);
}

static void events_are_inserted_before_what_is_queued(void)
{
        kr_pid pid = started(
                &machine_events, "{ok, a}",
                "[{{cast, go, a}, {keep_state, [{next_event, internal, 1}, {next_event, internal, 2}]}},"
                " {{internal, 1, a}, {keep_state, [{next_event, info, 11}, {next_event, timeout, 12}]}},"
                " {{internal, 2, a}, {keep_state, [{next_event, state_timeout, 21},"
                "  {next_event, {timeout, nm}, 22}]}}" IN_SYNC);

        kr_cast(pid, "go");
        hear_all(pid);
}

/* -- postponing -- */

static void postponed_until_the_state_changes(void)
{
        kr_pid pid = started(
                &machine_functions, "{ok, a}",
                "[{{cast, x, a}, {keep_state, [postpone]}}, {{cast, y, a}, {keep_state, [postpone]}},"
                " {{cast, same, a}, {next_state, a}}, {{cast, rep, a}, repeat_state},"
                " {{cast, go, a}, {next_state, b}}" IN_SYNC);

        kr_cast(pid, "x");
        kr_cast(pid, "y");
        kr_cast(pid, "same");
        kr_cast(pid, "rep");
        hear_all(pid);
        kr_cast(pid, "go");
        hear_all(pid);
}

static void postponed_again_and_again(void)
{
        kr_pid pid = started(
                &machine_functions, "{ok, a}",
                "[{{cast, x, '_'}, {keep_state, [postpone]}}, {{cast, b, '_'}, {next_state, b}},"
                " {{cast, c, '_'}, {next_state, c}}, {{cast, a, '_'}, {next_state, a}},"
                " {{cast, y, a}, {keep_state, [postpone]}}" IN_SYNC);

        kr_cast(pid, "x");
        kr_cast(pid, "y");
        kr_cast(pid, "b");
        hear_all(pid);
        kr_cast(pid, "c");
        kr_cast(pid, "a");
        hear_all(pid);
}

static void the_one_that_changes_the_state_is_postponed(void)
{
        kr_pid pid = started(
                &machine_functions, "{ok, a}",
                "[{{cast, go, a}, {next_state, b, [postpone]}}, {{cast, go, b}, {next_state, c}}" IN_SYNC);

        kr_cast(pid, "go");
        hear_all(pid);
}

static void a_postponed_time_out_keeps_its_type(void)
{
        kr_pid pid = started(
                &machine_events, "{ok, a}",
                "[{{cast, go, a}, {keep_state, [{state_timeout, 0, s}]}},"
                " {{state_timeout, s, a}, {keep_state, [postpone, {{timeout, n}, 0, n}]}},"
                " {{{timeout, n}, n, a}, {next_state, {b, 1}, [postpone]}}" IN_SYNC);

        kr_cast(pid, "go");
        hear_all(pid);
}

static void a_postponed_call_is_answered_later(void)
{
        kr_msg reply = KR_MSG_INIT;
        kr_pid pid = started(
                &machine_functions, "{ok, a}",
                "[{{call, q, a}, {keep_state, [postpone, {state_timeout, 20, open}]}},"
                " {{state_timeout, open, a}, {next_state, b}},"
                " {{call, q, b}, {keep_state, [{reply, from, answered}]}}]");

        say("reply", "~", kr_statem_call(pid, &reply, "q"));
        hear(3);
}

/* -- state enter calls -- */

static void enter_at_start_and_at_changes(void)
{
        kr_pid pid = started(
                &machine_functions_enter, "{ok, a}",
                "[{{cast, b, a}, {next_state, b}}, {{cast, rep, '_'}, repeat_state},"
                " {{cast, same, b}, {next_state, b}}, {{cast, keep, b}, {keep_state, []}}" IN_SYNC);

        kr_cast(pid, "rep");
        kr_cast(pid, "b");
        kr_cast(pid, "rep");
        kr_cast(pid, "same");
        kr_cast(pid, "keep");
        hear_all(pid);
}

static void enter_may_set_time_outs(void)
{
        kr_pid pid = started(
                &machine_events_enter, "{ok, a, [{timeout, 0, from_init}]}",
                "[{{enter, a, a}, {keep_state, [{state_timeout, 0, entered}, {timeout, 0, e}]}},"
                " {{cast, b, a}, {next_state, b, [{state_timeout, 500, mine}]}},"
                " {{enter, a, b}, {keep_state, [{state_timeout, 0, in_b}]}}" IN_SYNC);

        kr_cast(pid, "b");
        hear_all(pid);
}

static void enter_may_stop(void)
{
        kr_pid pid = started(
                &machine_functions_enter, "{ok, a}",
                "[{{cast, b, a}, {next_state, b, [{next_event, internal, never}]}},"
                " {{enter, a, b}, {stop, entered}}]");
        kr_ref ref = kr_monitor(pid);

        kr_cast(pid, "b");
        hear(4);
        say_end("end", ref);
}

static void enter_with(const char *rule, int count)
{
        kr_pid pid = started(&machine_functions_enter, "{ok, a}", rule);
        kr_ref ref = kr_monitor(pid);

        kr_cast(pid, "b");
        hear(count);
        say_end("end", ref);
}

static void enter_may_not_go_on(void)
{
        enter_with("[{{cast, b, a}, {next_state, b}}, {{enter, a, b}, {next_state, c}}]",
                   4);
}

static void enter_may_not_postpone(void)
{
        enter_with(
                "[{{cast, b, a}, {next_state, b}}, {{enter, a, b}, {keep_state, [postpone]}}]",
                4);
}

static void enter_may_not_insert(void)
{
        enter_with("[{{cast, b, a}, {next_state, b}},"
                   " {{enter, a, b}, {keep_state, [{next_event, internal, i}]}}]",
                   4);
}

static void enter_that_fails_ends_in_the_old_state(void)
{
        enter_with(
                "[{{cast, b, a}, {next_state, b}}, {{enter, a, b}, {raise, exit, oops}}]",
                4);
}

static void enter_may_say_the_state_again(void)
{
        kr_pid pid = started(
                &machine_functions_enter, "{ok, a}",
                "[{{cast, b, a}, {next_state, b}}, {{enter, a, b}, {next_state, b}}" IN_SYNC);

        kr_cast(pid, "b");
        hear_all(pid);
}

/* -- time-outs -- */

static void event_time_out_ends_with_any_event(void)
{
        kr_pid pid = started(
                &machine_functions, "{ok, a}",
                "[{{cast, go, a}, {keep_state, [{timeout, 40, t}]}},"
                " {{cast, self, a}, {keep_state, [{timeout, 40, t}, {next_event, internal, i}]}},"
                " {{cast, through, a}, {keep_state, [{timeout, 20, t}]}}" IN_SYNC);

        kr_cast(pid, "go");
        kr_send(pid, "stray");
        kr_cast(pid, "go");
        kr_cast(pid, "other");
        kr_cast(pid, "self");
        kr_sleep(80);
        hear_all(pid);
        kr_cast(pid, "through");
        hear(2);
        hear_all(pid);
}

static void state_time_out_ends_with_the_state(void)
{
        kr_pid pid = started(
                &machine_functions, "{ok, a}",
                "[{{cast, go, a}, {keep_state, [{state_timeout, 40, s}, {{timeout, n}, 40, n}]}},"
                " {{cast, same, a}, {next_state, a}}, {{cast, b, a}, {next_state, b}},"
                " {{cast, back, b}, {next_state, a}}" IN_SYNC);

        kr_cast(pid, "go");
        kr_cast(pid, "same");
        hear(3);
        say_next("first");
        say_next("second");
        kr_cast(pid, "go");
        kr_cast(pid, "b");
        kr_cast(pid, "back");
        hear(4);
        hear_all(pid);
}

static void named_time_outs_live_apart(void)
{
        kr_pid pid = started(
                &machine_events, "{ok, a}",
                "[{{cast, go, a}, {next_state, b, [{{timeout, {n, 1}}, 60, late}, {{timeout, 2}, 20, early}]}},"
                " {{{timeout, 2}, early, b}, {next_state, c}}]");

        kr_cast(pid, "go");
        hear(3);
}

static void the_last_one_of_a_kind_wins(void)
{
        kr_pid pid = started(
                &machine_events, "{ok, a}",
                "[{{cast, go, a}, {keep_state, [{state_timeout, 20, first}, {timeout, 10, t},"
                "  {state_timeout, 40, second}, {timeout, infinity, t}]}}" IN_SYNC);

        kr_cast(pid, "go");
        hear(2);
        hear_all(pid);
}

static void again_is_anew(void)
{
        kr_pid pid = started(
                &machine_events, "{ok, a}",
                "[{{cast, {go, 1}, a}, {keep_state, [{{timeout, n}, 60, 1}]}},"
                " {{cast, {go, 2}, a}, {keep_state, [{{timeout, n}, 60, 2}]}}" IN_SYNC);

        kr_cast(pid, "{go, 1}");
        kr_sleep(30);
        kr_cast(pid, "{go, 2}");
        hear(3);
        hear_all(pid);
}

static void cancelled(void)
{
        kr_pid pid = started(
                &machine_events, "{ok, a}",
                "[{{cast, go, a}, {keep_state, [{state_timeout, 20, s}, {{timeout, n}, 20, n}]}},"
                " {{cast, stop_s, a}, {keep_state, [{state_timeout, cancel}, {{timeout, none}, cancel}]}},"
                " {{cast, stop_n, a}, {keep_state, [{{timeout, n}, infinity, any}]}},"
                " {{cast, zero, a}, {keep_state, [{state_timeout, 0, z}, {timeout, 0, z}]}},"
                " {{timeout, z, a}, {keep_state, []}},"
                " {{state_timeout, z, a}, {keep_state, [{timeout, cancel}]}}" IN_SYNC);

        kr_cast(pid, "go");
        kr_cast(pid, "stop_s");
        kr_cast(pid, "stop_n");
        kr_sleep(50);
        kr_cast(pid, "zero");
        hear_all(pid);
}

static void updated(void)
{
        kr_pid pid = started(
                &machine_events, "{ok, a}",
                "[{{cast, go, a}, {keep_state, [{state_timeout, 60, old}]}},"
                " {{cast, upd, a}, {keep_state, [{state_timeout, update, new}]}},"
                " {{cast, upd, b}, {keep_state, [{{timeout, n}, update, at_once}]}},"
                " {{state_timeout, new, a}, {next_state, b}}" IN_SYNC);

        kr_cast(pid, "go");
        kr_sleep(30);
        kr_cast(pid, "upd");
        hear(3);
        kr_cast(pid, "upd");
        hear_all(pid);
}

static void at_a_point_in_time(void)
{
        kr_pid pid = started(
                &machine_events, "{ok, a}",
                "[{{cast, go, a}, {keep_state, [{{timeout, late}, {in, 60}, late},"
                "  {state_timeout, {in, 30}, soon}]}}]");

        kr_cast(pid, "go");
        hear(3);
}

static void a_late_time_out_is_never_seen(void)
{
        kr_pid pid = started(
                &machine_functions, "{ok, a}",
                "[{{cast, go, a}, {keep_state, [{state_timeout, 5, s}, {timeout, 5, t}]}},"
                " {{cast, slow, a}, {after_ms, 40, {next_state, b}}}" IN_SYNC);

        kr_cast(pid, "go");
        kr_cast(pid, "slow");
        hear_all(pid);
        hear_all(pid);
}

static void a_time_out_of_others_is_info(void)
{
        kr_pid pid = started(&machine_functions, "{ok, a}", "[" SYNC "]");
        kr_ref ref = kr_make_ref();

        kr_send(pid, "{timeout, ~, state_timeout}", ref);
        kr_send(pid, "{timeout, nothing, at_all}");
        hear_all(pid);
}

static void one_event_time_out_of_zero_gives_way(void)
{
        kr_pid pid = started(
                &machine_functions, "{ok, a}",
                "[{{cast, go, a}, {keep_state, [{timeout, 0, t}, {state_timeout, 0, s}]}},"
                " {{cast, two, a}, {keep_state, [{timeout, 0, t}, {next_event, internal, i}]}}" IN_SYNC);

        kr_cast(pid, "go");
        kr_cast(pid, "two");
        hear_all(pid);
}

static void a_number_is_an_event_time_out(void)
{
        kr_pid pid = started(&machine_functions, "{ok, a}",
                             "[{{cast, go, a}, {keep_state, [20]}}]");

        kr_cast(pid, "go");
        hear(2);
}

static void a_zero_that_waits_can_be_cancelled(void)
{
        kr_pid pid = started(
                &machine_functions, "{ok, a}",
                "[{{cast, go, a}, {keep_state, [{state_timeout, 0, s}, {next_event, internal, i}]}},"
                " {{internal, i, a}, {keep_state, [{state_timeout, infinity, never}]}}" IN_SYNC);

        kr_cast(pid, "go");
        hear_all(pid);
}

/* -- calls -- */

static void calls_are_inserted_and_answered(void)
{
        kr_msg reply = KR_MSG_INIT;
        kr_pid pid = started(
                &machine_functions, "{ok, a}",
                "[{{call, first, a}, {keep_state, [{next_event, {call, from}, second}]}},"
                " {{call, second, a}, {keep_state, [{reply, from, from_second}]}}]");

        say("reply", "~", kr_statem_call(pid, &reply, "first"));
        hear(2);
}

struct called {
        kr_pid pid;
        int64_t timeout_ms;
};

static struct called called;

static void call_it(void)
{
        kr_msg reply = KR_MSG_INIT;

        kr_statem_call_timeout(called.pid, &reply, called.timeout_ms, "{q, 1}");
}

static void call_for_ever(void)
{
        kr_msg reply = KR_MSG_INIT;

        kr_statem_call(called.pid, &reply, "{q, 1}");
}

static void calls_that_fail(void)
{
        called.pid = started(&machine_functions, "{ok, a}", "[]");
        called.timeout_ms = 20;
        say_caught("time is up", call_it);
        called.pid = new_dead();
        called.timeout_ms = 50;
        say_caught("nobody", call_it);
        say_caught("nobody, for ever", call_for_ever);
        called.pid = kr_self();
        say_caught("myself", call_for_ever);
}

static void call_ends_with_the_machine(void)
{
        called.pid = started(&machine_functions, "{ok, a}",
                             "[{{call, '_', '_'}, {stop, {because, 1}}}]");
        say_caught("stopped", call_for_ever);
        called.pid = started(&machine_functions, "{ok, a}",
                             "[{{call, '_', '_'}, {raise, error, bad}}]");
        say_caught("failed", call_for_ever);
        hear(4);
}

static void stop_and_reply(void)
{
        kr_msg reply = KR_MSG_INIT;
        kr_pid pid =
                started(&machine_functions, "{ok, a}",
                        "[{{call, q, a}, {stop_and_reply, done, [{reply, from, bye}]}}]");
        kr_ref ref = kr_monitor(pid);

        say("reply", "~", kr_statem_call(pid, &reply, "q"));
        say_end("end", ref);
        hear(2);
}

/* -- ends -- */

static void ends(const char *rule)
{
        kr_pid pid = started(&machine_functions, "{ok, a}", rule);
        kr_ref ref = kr_monitor(pid);

        kr_cast(pid, "go");
        hear(2);
        say_end("end", ref);
}

static void ends_in_all_ways(void)
{
        ends("[{{cast, go, a}, stop}]");
        ends("[{{cast, go, a}, {stop, normal}}]");
        ends("[{{cast, go, a}, {stop, shutdown}}]");
        ends("[{{cast, go, a}, {stop, {shutdown, 1}}}]");
        ends("[{{cast, go, a}, {stop, {anything, \"else\"}}}]");
        ends("[{{cast, go, a}, {raise, exit, left}}]");
        ends("[{{cast, go, a}, {raise, error, badness}}]");
        ends("[{{cast, go, a}, {raise, throw, thrown}}]");
        ends("[{{cast, go, a}, undefined}]");
}

static void bad_actions(void)
{
        ends("[{{cast, go, a}, {keep_state, [{next_event, enter, x}]}}]");
        ends("[{{cast, go, a}, {keep_state, [{state_timeout, -5, x}]}}]");
        ends("[{{cast, go, a}, {next_state, b, [{{timeout, n}, -5, x}]}}]");
        ends("[{{cast, go, a}, {keep_state, [pop_callback_module]}}]");
        ends("[{{cast, go, a}, {keep_state, [{timeout, -2, x}, postpone]}}]");
}

static void what_terminate_does_does_not_help(void)
{
        ends("[{{cast, go, a}, {stop, one}}, {{terminate, '_', '_'}, {raise, exit, other}}]");
        ends("[{{cast, go, a}, {stop, one}}, {{terminate, '_', '_'}, {raise, error, other}}]");
        ends("[{{cast, go, a}, {stop, one}}, {{terminate, '_', '_'}, {raise, throw, other}}]");
        ends("[{{cast, go, a}, stop}, {{terminate, '_', '_'}, {raise, error, other}}]");
}

static void goes_to(const char *rule)
{
        kr_pid pid = started(&machine_functions, "{ok, a}", rule);
        kr_ref ref = kr_monitor(pid);

        kr_cast(pid, "go");
        hear(1);
        kr_cast(pid, "again");
        hear(1);
        say_end("end", ref);
}

static void states_that_are_none(void)
{
        goes_to("[{{cast, go, a}, {next_state, {b, 1}}}]");
        goes_to("[{{cast, go, a}, {next_state, no_such_state}}]");
}

static void thrown_steps(void)
{
        kr_pid pid = started(
                &machine_functions_enter, "{ok, a}",
                "[{{cast, go, a}, {throw, {next_state, b, [{next_event, internal, i}]}}},"
                " {{enter, a, b}, {throw, {keep_state, [{state_timeout, 0, s}]}}},"
                " {{internal, i, b}, {throw, {keep_state, [postpone]}}},"
                " {{cast, out, b}, {throw, {next_state, c}}}, {{internal, i, c}, {throw, {stop, enough}}}]");
        kr_ref ref = kr_monitor(pid);

        kr_cast(pid, "go");
        kr_cast(pid, "out");
        hear(8);
        say_end("end", ref);
}

static void crash_after_a_throw(void)
{
        kr_pid pid = started(
                &machine_functions, "{ok, a}",
                "[{{cast, go, a}, {throw, {next_state, b}}}, {{cast, go, b}, {raise, error, late}}]");
        kr_ref ref = kr_monitor(pid);

        kr_cast(pid, "go");
        kr_cast(pid, "go");
        hear(3);
        say_end("end", ref);
}

static void stopped_from_outside(void)
{
        kr_pid pid = started(&machine_functions, "{ok, a}", "[]");
        kr_ref ref = kr_monitor(pid);

        kr_stop_server(pid, 1000, "{shutdown, now}");
        hear(1);
        say_end("end", ref);
        pid = started(&machine_functions, "{ok, a}", "[]");
        kr_sys_suspend(pid);
        kr_stop_normal(pid);
        hear(1);
}

/* -- starting -- */

static void inits(void)
{
        kr_trap_exit(true);
        say_started("ok", "{ok, a}");
        say_started("with actions",
                    "{ok, a, [{next_event, internal, i}, {state_timeout, 0, s}]}");
        hear(2);
        say_started("stop", "{stop, {no, way}}");
        say_started("stop normal", "{stop, normal}");
        say_started("ignore", "ignore");
        say_started("undefined", "undefined");
        say_started("error", "{raise, error, bad}");
        say_started("exit", "{raise, exit, bad}");
        say_started("throw", "{raise, throw, bad}");
        say_started("throw ignore", "{throw, ignore}");
        say_started("throw a state", "{throw, {ok, b}}");
        say_mailbox("mailbox");
}

static void registered_names(void)
{
        kr_start_opts opts = { .name = "the_machine" };
        kr_started first =
                machine_start_opts(&machine_functions, &opts, "{ok, a}", "[" SYNC "]");
        kr_started second;
        kr_msg reply = KR_MSG_INIT;

        known_as(first.pid, "<machine>");
        second = machine_start_opts(&machine_functions, &opts, "{ok, a}", "[]");
        say("taken", "~",
            (bool)(second.err == KR_EALREADY && kr_pid_eq(second.pid, first.pid)));
        kr_cast("the_machine", "hello");
        say("reply", "~", kr_statem_call("the_machine", &reply, "sync"));
        say_mailbox("heard");
        kr_stop_normal("the_machine");
        say_mailbox("heard");
        first = machine_start_opts(&machine_functions, &opts, "{ok, a}", "[]");
        say("again", "~", (bool)(first.err == KR_OK));
}

static void bad_init_is_gone_at_once(void)
{
        kr_start_opts opts = { .name = "short_lived" };

        for (int i = 0; i < 20; i++) {
                kr_started s =
                        machine_start_opts(&machine_functions, &opts, "{stop, no}", "[]");

                say("stopped", "~", (bool)(s.err == KR_EFAILED));
        }
        say("free", "~", (bool)kr_pid_is_none(kr_whereis("short_lived")));
}

struct parent {
        kr_pid to;
};

static void parent(struct parent *p)
{
        kr_started s = kr_start_link(&machine_functions, NULL, "{~, {ok, a}, []}", p->to);

        kr_send(p->to, "{started, ~}", s.pid);
        waits();
        kr_exit("parent_left");
}

/* It does not trap exits: no terminate. */
static void the_parent_ends(void)
{
        kr_pid pid = kr_spawn(parent, &(struct parent){ kr_self() });
        kr_msg msg = KR_MSG_INIT;
        kr_pid machine;
        kr_ref ref;

        kr_receive(&msg, KR_INFINITY, kr_on(0, "{started, ~}", &machine));
        known_as(machine, "<machine>");
        ref = kr_monitor(machine);
        kr_send(pid, "stop");
        say_end("end", ref);
        say_mailbox("heard");
}

/* -- sys -- */

static void state_as_sys_sees_it(void)
{
        kr_msg slot = KR_MSG_INIT;
        kr_pid pid = started(&machine_functions, "{ok, a}",
                             "[{{cast, b, a}, {next_state, b}}" IN_SYNC);
        kr_term state;

        kr_cast(pid, "b");
        kr_match(kr_sys_get_state(pid, &slot), "{~, _}", &state);
        say("state", "~", state);
        kr_msg_clear(&slot);
        hear_all(pid);
}

static void suspended(void)
{
        kr_pid pid = started(
                &machine_functions, "{ok, a}",
                "[{{cast, go, a}, {keep_state, [{state_timeout, 20, s}]}}" IN_SYNC);

        kr_cast(pid, "go");
        hear(1);
        kr_sys_suspend(pid);
        kr_cast(pid, "while_suspended");
        kr_sleep(50);
        say_mailbox("suspended");
        kr_sys_resume(pid);
        hear_all(pid);
}

static void code_changes(void)
{
        kr_msg slot = KR_MSG_INIT;
        kr_pid pid = started(&machine_functions, "{ok, a}", "[" SYNC "]");

        kr_sys_suspend(pid);
        say("refused", "~", kr_sys_change_code(pid, &slot, "{machine, 1, {error, no}}"));
        say("changed", "~", kr_sys_change_code(pid, &slot, "{machine, 1, {ok, b}}"));
        kr_sys_resume(pid);
        kr_cast(pid, "hello");
        hear_all(pid);
        kr_sys_suspend(pid);
        say("mode", "~",
            kr_sys_change_code(pid, &slot,
                               "{machine, 1, {ok, {c, 3}, handle_event_function}}"));
        kr_sys_resume(pid);
        kr_cast(pid, "hello");
        hear_all(pid);
        kr_msg_clear(&slot);
}

static void events_as_sys_logs_them(void)
{
        kr_msg slot = KR_MSG_INIT;
        kr_pid pid = started(
                &machine_events, "{ok, a}",
                "[{{cast, x, a}, {keep_state, [postpone]}},"
                " {{cast, go, a}, {next_state, b, [{next_event, internal, i}, {state_timeout, 0, s}]}}" IN_SYNC);

        kr_sys_log(pid, 50);
        kr_cast(pid, "x");
        kr_cast(pid, "go");
        hear_all(pid);
        for (kr_term l = kr_sys_log_get(pid, &slot); kr_is_cons(l); l = kr_tl(l))
                say_term("event", kr_hd(l));
        kr_msg_clear(&slot);
}

/* -- the rest -- */

static void hibernates_and_goes_on(void)
{
        kr_pid pid = started(
                &machine_functions_enter, "{ok, a, [hibernate]}",
                "[{{enter, '_', '_'}, {keep_state, [hibernate]}},"
                " {{cast, go, a}, {next_state, b, [hibernate, {next_event, internal, i}]}}" IN_SYNC);

        kr_cast(pid, "go");
        hear_all(pid);
        kr_cast(pid, "hello");
        hear_all(pid);
}

static void messages_of_all_forms(void)
{
        kr_pid pid = started(&machine_functions, "{ok, a}", "[" SYNC "]");

        kr_send(pid, "{'EXIT', ~, by_hand}", kr_self());
        kr_send(pid, "{'$gen_cast', <<\"binary\">>}");
        kr_send(pid, "{'$gen_foo', 1}");
        kr_send(pid, "[a | b]");
        kr_send(pid, "#{a => 1}");
        hear_all(pid);
}

static void a_thousand_postponed(void)
{
        kr_pid pid = started(
                &machine_events, "{ok, wait}",
                "[{{cast, go, wait}, {next_state, work}}, {{call, sync, '_'},"
                " {keep_state, [{reply, from, synced}]}}, {{'_', '_', wait}, {keep_state, [postpone]}}]");
        kr_msg msg = KR_MSG_INIT;
        int64_t n, last = -1, wrong = 0, heard = 0;

        for (int i = 0; i < 1000; i++)
                kr_cast(pid, "~", i);
        kr_cast(pid, "go");
        kr_statem_call(pid, &msg, "sync");
        while (kr_receive(&msg, 0, kr_on(1, "{cast, ~, work}", &n)) == 1) {
                wrong += n != last + 1;
                last = n;
                heard++;
        }
        say("again", "{~, ~}", heard, wrong);
        kr_msg_clear(&msg);
}

SCENARIOS(SCENARIO(order_after_a_callback),
          SCENARIO(zero_time_outs_in_the_order_of_their_start),
          SCENARIO(events_are_inserted_before_what_is_queued),
          SCENARIO(postponed_until_the_state_changes),
          SCENARIO(postponed_again_and_again),
          SCENARIO(the_one_that_changes_the_state_is_postponed),
          SCENARIO(a_postponed_time_out_keeps_its_type),
          SCENARIO(a_postponed_call_is_answered_later),
          SCENARIO(enter_at_start_and_at_changes), SCENARIO(enter_may_set_time_outs),
          SCENARIO(enter_may_stop), SCENARIO(enter_may_not_go_on),
          SCENARIO(enter_may_not_postpone), SCENARIO(enter_may_not_insert),
          SCENARIO(enter_that_fails_ends_in_the_old_state),
          SCENARIO(enter_may_say_the_state_again),
          SCENARIO(event_time_out_ends_with_any_event),
          SCENARIO(state_time_out_ends_with_the_state),
          SCENARIO(named_time_outs_live_apart), SCENARIO(the_last_one_of_a_kind_wins),
          SCENARIO(again_is_anew), SCENARIO(cancelled), SCENARIO(updated),
          SCENARIO(at_a_point_in_time), SCENARIO(a_late_time_out_is_never_seen),
          SCENARIO(a_time_out_of_others_is_info),
          SCENARIO(one_event_time_out_of_zero_gives_way),
          SCENARIO(a_number_is_an_event_time_out),
          SCENARIO(a_zero_that_waits_can_be_cancelled),
          SCENARIO(calls_are_inserted_and_answered), SCENARIO(calls_that_fail),
          SCENARIO(call_ends_with_the_machine), SCENARIO(stop_and_reply),
          SCENARIO(ends_in_all_ways), SCENARIO(bad_actions),
          SCENARIO(what_terminate_does_does_not_help), SCENARIO(states_that_are_none),
          SCENARIO(thrown_steps), SCENARIO(crash_after_a_throw),
          SCENARIO(stopped_from_outside), SCENARIO(inits), SCENARIO(registered_names),
          SCENARIO(bad_init_is_gone_at_once), SCENARIO(the_parent_ends),
          SCENARIO(state_as_sys_sees_it), SCENARIO(suspended), SCENARIO(code_changes),
          SCENARIO(events_as_sys_logs_them), SCENARIO(hibernates_and_goes_on),
          SCENARIO(messages_of_all_forms), SCENARIO(a_thousand_postponed))
