/* SPDX-License-Identifier: Apache-2.0 */
/* scenarios_exits.c: how processes end and who hears of it; see scenarios_exits.erl. */
#include "scenario.h"

enum { GOT };

/* -- ways to end -- */

static void returns(void)
{
}

static void exits_with_tuple(void)
{
        kr_exit("{some, [\"reason\", 1.5]}");
}

static void exits_with_normal(void)
{
        kr_exit("normal");
}

static void exits_with_kill(void)
{
        kr_exit("kill");
}

static void throws(void)
{
        kr_throw("{thrown, 1}");
}

static void errors(void)
{
        kr_error("{wrong, 2}");
}

static void errors_as_by_zero(void)
{
        kr_div(1, 0);
}

static void signals_itself(void)
{
        kr_exit_signal(kr_self(), "{to, myself}");
        kr_exit("unreachable");
}

static void kills_itself_while_trapping(void)
{
        kr_trap_exit(true);
        kr_exit_signal(kr_self(), "kill");
        kr_exit("unreachable");
}

static void links_to_the_dead(void)
{
        kr_link(new_dead());
        waits();
}

#define SAY_END(function)                                                                \
        do {                                                                             \
                kr_ref end_ref;                                                          \
                                                                                         \
                kr_spawn_monitor(&end_ref, function);                                    \
                say_end(#function, end_ref);                                             \
        } while (0)

static void ways_to_end(void)
{
        SAY_END(returns);
        SAY_END(exits_with_tuple);
        SAY_END(exits_with_normal);
        SAY_END(exits_with_kill);
        SAY_END(throws);
        SAY_END(errors);
        SAY_END(errors_as_by_zero);
        SAY_END(signals_itself);
        SAY_END(kills_itself_while_trapping);
        SAY_END(links_to_the_dead);
}

/* -- `normal` -- */

static void normal_is_no_signal(void)
{
        kr_pid pid = new_waiting();

        kr_exit_signal(pid, "normal");
        say("alive", "~", kr_is_process_alive(pid));
}

static void normal_is_trapped(void)
{
        kr_exit_signal(new_listener(), "normal");
        say_next("heard");
}

static void sends_itself_normal(void)
{
        kr_exit_signal(kr_self(), "normal");
        kr_exit("unreachable");
}

static void normal_to_oneself(void)
{
        kr_ref ref;

        kr_spawn_monitor(&ref, sends_itself_normal);
        say_end("reason", ref);
}

static void normal_to_oneself_trapping(void)
{
        kr_trap_exit(true);
        kr_exit_signal(kr_self(), "normal");
        say_mailbox("mailbox");
}

static void signal_me(void *unused)
{
        (void)unused;
        kr_exit_signal(kr_self(), "mine");
}

static void catches_its_own_signal(void)
{
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        kr_catch(signal_me, NULL, &kind, &reason);
        kr_exit("unreachable");
}

static void own_signal_is_not_caught(void)
{
        kr_ref ref;

        kr_spawn_monitor(&ref, catches_its_own_signal);
        say_end("reason", ref);
}

/* -- `kill` -- */

static void kill_is_not_trapped(void)
{
        kr_ref ref;
        kr_pid pid = kr_spawn_monitor(&ref, waits_trapping);

        await_waiting(pid);
        kr_exit_signal(pid, "kill");
        say_end("reason", ref);
}

static void links(struct to *to)
{
        kr_link(to->pid);
        waits();
}

static void links_and_kills(struct to *to)
{
        kr_link(to->pid);
        kr_exit_signal(to->pid, "kill");
        waits();
}

/* Return when the process has so many links. */
static void await_linked(kr_pid pid, size_t count)
{
        kr_msg msg = KR_MSG_INIT;
        size_t len = 0;
        kr_term list;

        while (kr_process_info(pid, KR_ATOM("links"), &msg) &&
               kr_match(msg.term, "{_, ~}", &list) && kr_length(list, &len) &&
               len < count)
                kr_yield();
        kr_msg_clear(&msg);
}

static void kill_reaches_links_as_killed(void)
{
        kr_ref ref, killer;
        kr_pid pid;

        kr_trap_exit(true);
        pid = kr_spawn_link(waits);
        kr_spawn_monitor(&ref, links, &(struct to){ pid });
        await_linked(pid, 2);
        kr_spawn_monitor(&killer, links_and_kills, &(struct to){ pid });
        say_end("linked, not trapping", ref);
        say_end("linked, the killer", killer);
        known_as(pid, "<killed>");
        say_next("linked, trapping");
}

static void has_an_inner(struct to *to)
{
        kr_send(to->pid, "{inner, ~}", kr_spawn_link(waits));
        waits();
}

static void killed_goes_along_links(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid outer, inner;

        kr_trap_exit(true);
        outer = kr_spawn_link(has_an_inner, &(struct to){ kr_self() });
        known_as(outer, "<outer>");
        (void)kr_receive(&msg, KR_INFINITY, kr_on(GOT, "{inner, ~}", &inner));
        kr_exit_signal(inner, "kill");
        say_next("exit");
}

static void exit_kill_is_ordinary(void)
{
        kr_trap_exit(true);
        known_as(kr_spawn_link(exits_with_kill), "<child>");
        say_next("trapped");
}

static void has_one_that_exits_with_kill(void)
{
        kr_spawn_link(exits_with_kill);
        waits();
}

static void has_one_that_has_one(void)
{
        kr_spawn_link(has_one_that_exits_with_kill);
        waits();
}

static void exit_kill_goes_along_links(void)
{
        kr_trap_exit(true);
        known_as(kr_spawn_link(has_one_that_has_one), "<outer>");
        say_next("exit");
}

static void dead_for_the_killer(void)
{
        kr_pid pid = new_trapping();

        kr_exit_signal(pid, "kill");
        say("alive", "~", kr_is_process_alive(pid));
}

/* -- order, and what a signal meets -- */

static void first_signal_counts(void)
{
        kr_ref ref;
        kr_pid pid = kr_spawn_monitor(&ref, waits);

        kr_exit_signal(pid, "{first, reason}");
        kr_exit_signal(pid, "{second, reason}");
        kr_exit_signal(pid, "kill");
        say_end("reason", ref);
}

static void tells_when_it_receives(struct to *to)
{
        kr_msg msg = KR_MSG_INIT;

        (void)kr_receive(&msg, KR_INFINITY, kr_on(GOT, "go"));
        kr_send(to->pid, "received");
}

static void signal_before_message(void)
{
        kr_ref ref;
        kr_pid pid =
                kr_spawn_monitor(&ref, tells_when_it_receives, &(struct to){ kr_self() });

        await_waiting(pid);
        kr_exit_signal(pid, "gone");
        kr_send(pid, "go");
        say_end("reason", ref);
        say_mailbox("left");
}

static void message_before_signal(void)
{
        kr_pid pid = new_listener();

        kr_send(pid, "first");
        kr_exit_signal(pid, "second");
        kr_send(pid, "third");
        say_next("1");
        say_next("2");
        say_next("3");
        kr_send(pid, "stop");
        await_end(pid);
        say_mailbox("left");
}

static void waits_long(void)
{
        kr_msg msg = KR_MSG_INIT;

        (void)kr_receive(&msg, 100000, kr_on(GOT, "stop"));
}

static void sleeps(void)
{
        kr_sleep(100000);
}

static void signal_ends_any_wait(void)
{
        kr_ref ref;
        kr_pid pid = kr_spawn_monitor(&ref, waits);

        await_waiting(pid);
        kr_exit_signal(pid, "in_receive");
        say_end("in a receive", ref);
        pid = kr_spawn_monitor(&ref, waits_long);
        await_waiting(pid);
        kr_exit_signal(pid, "in_timed_receive");
        say_end("in a receive with a time", ref);
        pid = kr_spawn_monitor(&ref, sleeps);
        await_waiting(pid);
        kr_exit_signal(pid, "asleep");
        say_end("asleep", ref);
        pid = kr_spawn_monitor(&ref, waits);
        kr_suspend_process(pid);
        kr_exit_signal(pid, "while_suspended");
        say_end("suspended", ref);
}

static void exit_tuple_is_a_message(void)
{
        kr_pid pid = new_waiting();

        kr_send(pid, "{'EXIT', ~, boom}", kr_self());
        say("alive", "~", kr_is_process_alive(pid));
        kr_send(kr_self(), "{'EXIT', ~, boom}", kr_self());
        say_mailbox("own");
}

static void trapping_off_keeps_messages(void)
{
        kr_msg msg = KR_MSG_INIT;

        kr_trap_exit(true);
        kr_exit_signal(kr_self(), "kept");
        kr_send(kr_self(), "mark"); /* once this is received, the signal has been too */
        (void)kr_receive(&msg, KR_INFINITY, kr_on(GOT, "mark"));
        kr_trap_exit(false);
        say_mailbox("mailbox");
}

static void trapping_returns_old_value(void)
{
        say("first", "~", kr_trap_exit(true));
        say("again", "~", kr_trap_exit(true));
        say("off", "~", kr_trap_exit(false));
        say("off again", "~", kr_trap_exit(false));
}

static void name_is_free_at_down(void)
{
        kr_ref ref;
        kr_pid pid = kr_spawn_monitor(&ref, waits);

        kr_register("of_the_dead", pid);
        kr_exit_signal(pid, "gone");
        say_end("reason", ref);
        if (kr_pid_is_none(kr_whereis("of_the_dead")))
                say("name", "undefined");
        kr_register("of_the_dead", kr_self());
        say("mine", "~", kr_whereis("of_the_dead"));
}

static void signal_to_the_dead(void)
{
        kr_exit_signal(new_dead(), "late");
        kr_exit_signal(new_dead(), "kill");
        say_mailbox("mailbox");
}

static void signal_nobody(void)
{
        kr_exit_signal(kr_pid_none(), "reason");
}

static void signal_to_no_pid(void)
{
        say_caught("exit", signal_nobody);
}

static void signal_to_oneself_trapping(void)
{
        kr_trap_exit(true);
        kr_exit_signal(kr_self(), "boom");
        kr_send(kr_self(), "after_boom");
        say_mailbox("mailbox");
}

/* -- reasons -- */

static void has_one_that_returns(void)
{
        kr_spawn_link(returns);
        waits();
}

static void normal_end_and_links(void)
{
        kr_pid linked = kr_spawn(has_one_that_returns);

        await_waiting(linked);
        say("not trapping, alive", "~", kr_is_process_alive(linked));
        kr_trap_exit(true);
        known_as(kr_spawn_link(returns), "<child>");
        say_next("trapping");
}

static void exits(void)
{
        kr_exit("{some, reason}");
}

static void errors_with_atom(void)
{
        kr_error("wrong");
}

static void errors_with_tuple(void)
{
        kr_error("{wrong, 1, [2]}");
}

static void throws_atom(void)
{
        kr_throw("ball");
}

static void adds_atom(void)
{
        kr_add(kr_to_int64(kr_atom_term(KR_ATOM("a"))), 1);
}

static void registers_undefined(void)
{
        kr_register("undefined", kr_self());
}

static void waits_negative(void)
{
        kr_sleep(-2);
}

static void exits_with_shutdown(void)
{
        kr_exit("{shutdown, now}");
}

static void reasons_through_links(void)
{
        kr_trap_exit(true);
        kr_spawn_link(exits);
        say_next("exit");
        kr_spawn_link(errors_with_atom);
        say_next("error");
        kr_spawn_link(errors_with_tuple);
        say_next("error tuple");
        kr_spawn_link(throws_atom);
        say_next("throw");
        kr_spawn_link(errors_as_by_zero);
        say_next("arithmetic");
        kr_spawn_link(adds_atom);
        say_next("an atom + 1");
        kr_spawn_link(registers_undefined);
        say_next("badarg");
        kr_spawn_link(waits_negative);
        say_next("timeout_value");
        kr_spawn_link(exits_with_shutdown);
        say_next("shutdown");
}

static void exits_with_much(void)
{
        static char block[70000];
        kr_bytes bytes = { block, sizeof(block) };
        kr_builder b = KR_BUILDER_INIT;

        for (int i = 1; i <= 20000; i++)
                kr_add_int64(&b, i);
        kr_exit("{~, #{bytes => ~}}", kr_build_list(&b), bytes);
}

static void large_reason(void)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t sum = 0, n;
        kr_bytes bytes;
        kr_term list;

        kr_trap_exit(true);
        kr_spawn_link(exits_with_much);
        (void)kr_receive(&msg, KR_INFINITY,
                         kr_on(GOT, "{'EXIT', _, {~, #{bytes => ~}}}", &list, &bytes));
        for (; kr_is_cons(list); list = kr_tl(list))
                sum += kr_get_int64(kr_hd(list), &n) ? n : 0;
        say("sum", "~", sum);
        say("bytes", "~", bytes.len);
}

static void has_two_children(struct to *to)
{
        kr_send(to->pid, "{children, ~, ~}", new_waiting(), kr_spawn_link(waits));
        waits();
}

static void exit_of_the_parent(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref, linked_ref;
        kr_pid parent, spawned, linked;

        parent = kr_spawn_monitor(&ref, has_two_children, &(struct to){ kr_self() });
        (void)kr_receive(&msg, KR_INFINITY,
                         kr_on(GOT, "{children, ~, ~}", &spawned, &linked));
        linked_ref = kr_monitor(linked);
        kr_exit_signal(parent, "gone");
        say_end("parent", ref);
        say_end("linked child", linked_ref);
        say("other child alive", "~", kr_is_process_alive(spawned));
}

#define HEAR(pid, ...)                                                                   \
        do {                                                                             \
                kr_exit_signal(pid, __VA_ARGS__);                                        \
                say_next("heard");                                                       \
        } while (0)

static void any_reason_is_trapped(void)
{
        kr_pid pid = new_listener();

        HEAR(pid, "boom");
        HEAR(pid, "killed");
        HEAR(pid, "shutdown");
        HEAR(pid, "{shutdown, 1}");
        HEAR(pid, "\"text\"");
        HEAR(pid, "42");
        HEAR(pid, "#{a => 1}");
        HEAR(pid, "{}");
        HEAR(pid, "[]");
}

SCENARIOS(SCENARIO(ways_to_end), SCENARIO(normal_is_no_signal),
          SCENARIO(normal_is_trapped), SCENARIO(normal_to_oneself),
          SCENARIO(normal_to_oneself_trapping), SCENARIO(own_signal_is_not_caught),
          SCENARIO(kill_is_not_trapped), SCENARIO(kill_reaches_links_as_killed),
          SCENARIO(killed_goes_along_links), SCENARIO(exit_kill_is_ordinary),
          SCENARIO(exit_kill_goes_along_links), SCENARIO(dead_for_the_killer),
          SCENARIO(first_signal_counts), SCENARIO(signal_before_message),
          SCENARIO(message_before_signal), SCENARIO(signal_ends_any_wait),
          SCENARIO(exit_tuple_is_a_message), SCENARIO(trapping_off_keeps_messages),
          SCENARIO(trapping_returns_old_value), SCENARIO(name_is_free_at_down),
          SCENARIO(signal_to_the_dead), SCENARIO(signal_to_no_pid),
          SCENARIO(signal_to_oneself_trapping), SCENARIO(normal_end_and_links),
          SCENARIO(reasons_through_links), SCENARIO(large_reason),
          SCENARIO(exit_of_the_parent), SCENARIO(any_reason_is_trapped))
