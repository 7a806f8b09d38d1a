/* SPDX-License-Identifier: Apache-2.0 */
/* exit_test.c: exit signals, and how processes end. */
#include <krarup.h>

#include "expect.h"
#include "process.h"

/* -- processes to try things on -- */

/* Sends back what it gets, with its pid; ends at `stop`. */
static void echo(kr_pid *parent)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term term;

        while (kr_receive(&msg, KR_INFINITY, kr_on(0, "stop"), kr_on(1, "~", &term)) != 0)
                kr_send(*parent, "{echo, ~, ~}", kr_self(), term);
}

static void trapping_echo(kr_pid *parent)
{
        kr_trap_exit(true);
        kr_send(*parent, "{ready, ~}", kr_self());
        echo(parent);
}

static kr_pid spawn_trapping(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid me = kr_self();
        kr_pid pid = kr_spawn(trapping_echo, &me);

        kit_expect(&msg, "{ready, =}", pid);
        return pid;
}

/* -- normal -- */

// covers: A1 process_SUITE:t_exit_2_other_normal
KIT_EVERYWHERE_TEST(test_normal_leaves_another_process_as_it_was)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid me = kr_self();
        kr_pid pid = kr_spawn(echo, &me);

        kr_exit_signal(pid, "normal");
        kit_true(kr_is_process_alive(pid));
        kr_send(pid, "hello");
        kit_next(&msg, "{echo, =, hello}", pid);
        kit_expect_nothing();
}

// covers: A2
KIT_EVERYWHERE_TEST(test_normal_reaches_a_trapping_process_as_a_message)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid = spawn_trapping();

        kr_exit_signal(pid, "normal");
        kit_next(&msg, "{echo, =, {'EXIT', =, normal}}", pid, kr_self());
        kit_true(kr_is_process_alive(pid));
}

static void exit_self_normal(void)
{
        kr_exit_signal(kr_self(), "normal");
        kr_sleep(KR_INFINITY);
}

static void exit_self_with_a_tuple(void)
{
        kr_exit_signal(kr_self(), "{some, [reason, 17]}");
        kr_sleep(KR_INFINITY);
}

// covers: A3 process_SUITE:normal_suicide_exit
KIT_EVERYWHERE_TEST(test_normal_to_oneself_ends_who_does_not_trap)
{
        kr_ref ref;

        kr_spawn_monitor(&ref, exit_self_normal);
        kit_expect_down(ref, "normal");
}

// covers: process_SUITE:abnormal_suicide_exit
KIT_EVERYWHERE_TEST(test_any_reason_to_oneself_ends_with_that_reason)
{
        kr_ref ref;

        kr_spawn_monitor(&ref, exit_self_with_a_tuple);
        kit_expect_down(ref, "{some, [reason, 17]}");
}

// covers: A4 process_SUITE:self_exit
KIT_EVERYWHERE_TEST(test_exit_signals_to_oneself_are_messages_when_trapping)
{
        kr_msg msg = KR_MSG_INIT;

        kr_trap_exit(true);
        kr_exit_signal(kr_self(), "normal");
        kr_exit_signal(kr_self(), "{some, [reason, 17]}");
        kit_next(&msg, "{'EXIT', =, normal}", kr_self());
        kit_next(&msg, "{'EXIT', =, {some, [reason, 17]}}", kr_self());
        kit_expect_nothing();
}

/* -- nothing stops them -- */

static _Atomic int steps;

static void step_then_die(void *arg)
{
        (void)arg;
        steps++;
        kr_exit_signal(kr_self(), "die");
        steps += 100;
}

static void die_inside_a_catch(void)
{
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        (void)kr_catch(step_then_die, NULL, &kind, &reason);
        steps += 1000;
}

// covers: A5 process_SUITE:t_exit_2_catch
KIT_EVERYWHERE_TEST(test_nothing_runs_behind_an_exit_signal_to_oneself)
{
        kr_ref ref;

        steps = 0;
        kr_spawn_monitor(&ref, die_inside_a_catch);
        kit_expect_down(ref, "die");
        kit_int_eq(steps, 1);
}

// covers: A6
KIT_EVERYWHERE_TEST(test_kill_ends_who_traps_and_becomes_killed)
{
        kr_pid pid = spawn_trapping();
        kr_ref ref = kr_monitor(pid);

        kr_exit_signal(pid, "kill");
        kit_expect_down(ref, "killed");
        kit_expect_nothing();
}

static void kill_self_while_trapping(void)
{
        kr_trap_exit(true);
        kr_exit_signal(kr_self(), "kill");
        kr_sleep(KR_INFINITY);
}

// covers: A9
KIT_EVERYWHERE_TEST(test_kill_to_oneself_works_while_trapping)
{
        kr_ref ref;

        kr_spawn_monitor(&ref, kill_self_while_trapping);
        kit_expect_down(ref, "killed");
}

static void link_and_wait(kr_pid *to)
{
        kr_link(*to);
        kr_send(*to, "{linked, ~}", kr_self());
        kr_sleep(KR_INFINITY);
}

static void bystander(kr_pid *parent)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid other;

        kit_expect(&msg, "{linked, ~}", &other);
        kr_send(*parent, "{linked, ~}", other);
        kr_sleep(KR_INFINITY);
}

// covers: A7
KIT_EVERYWHERE_TEST(test_neighbours_of_a_killed_process_see_killed)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid me = kr_self(), plain, victim;
        kr_ref ref;

        kr_trap_exit(true);
        plain = kr_spawn_monitor(&ref, bystander, &me);
        victim = kr_spawn(link_and_wait, &plain);
        kit_expect(&msg, "{linked, =}", victim);
        kr_link(victim);
        kr_exit_signal(victim, "kill");
        kit_expect(&msg, "{'EXIT', =, killed}", victim);
        kit_expect_down(ref, "killed");
}

/* -- kill over links -- */

/* n processes in a chain, each linked to the next; the last one tells its pid and exits
 * with `kill` when told to. */
struct chain {
        kr_pid root;
        int left;
};

static void chain_link(struct chain *c)
{
        struct chain rest = { c->root, c->left - 1 };
        kr_msg msg = KR_MSG_INIT;

        kr_send(c->root, "{member, ~, ~}", kr_self(), c->left);
        if (c->left > 1)
                kr_spawn_link(chain_link, &rest);
        (void)kr_receive(&msg, KR_INFINITY, kr_on(0, "go"));
        kr_exit("kill");
}

/* The first is linked to us, who trap. */
static void chain_dies(int len, bool by_signal, kr_atom reason)
{
        struct chain c = { kr_self(), len };
        kr_msg msg = KR_MSG_INIT;
        kr_pid first = kr_spawn_link(chain_link, &c), last = first;
        kr_ref refs[16];
        kr_atom got;

        for (int i = 0; i < len; i++) {
                kr_pid member;

                kit_expect(&msg, "{member, ~, =}", &member, len - i);
                refs[i] = kr_monitor(member);
                last = member;
        }
        if (by_signal)
                kr_exit_signal(last, "kill");
        else
                kr_send(last, "go");
        for (int i = 0; i < len; i++) {
                kit_expect(&msg, "{'DOWN', =, process, _, ~}", refs[i], &got);
                kit_true(kr_atom_eq(got, reason));
        }
        kit_expect(&msg, "{'EXIT', =, ~}", first, &got);
        kit_true(kr_atom_eq(got, reason));
}

// covers: A8 signal_SUITE:kill2killed
KIT_EVERYWHERE_TEST(test_kill_is_killed_by_exit_signal_and_kill_by_exit_over_any_chain)
{
        static const int lens[] = { 1, 2, 9, 10 };

        kr_trap_exit(true);
        for (unsigned i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
                chain_dies(lens[i], true, KR_ATOM("killed"));
                chain_dies(lens[i], false, KR_ATOM("kill"));
        }
        kit_expect_nothing();
}

/* -- ends of one's own -- */

static void returns(void)
{
}

static void raise_error(void)
{
        kr_error("{boom, ~}", 17);
}

static void raise_throw(void)
{
        kr_throw("ball");
}

static void raise_exit(void)
{
        kr_exit("{bye, [~]}", "friends");
}

// covers: A10
KIT_EVERYWHERE_TEST(test_returning_is_an_exit_with_normal)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid;
        kr_ref ref;

        kr_spawn_link(returns); /* which does not end us, who do not trap */
        kr_spawn_monitor(&ref, returns);
        kit_expect_down(ref, "normal");
        kr_trap_exit(true);
        pid = kr_spawn_link(returns);
        kit_expect(&msg, "{'EXIT', =, normal}", pid);
}

// covers: A11
KIT_EVERYWHERE_TEST(test_error_throw_and_exit_leave_reasons_of_their_shapes)
{
        kr_ref ref;

        kr_spawn_monitor(&ref, raise_error);
        kit_expect_down(ref, "{{boom, 17}, [_ | _]}");
        kr_spawn_monitor(&ref, raise_throw);
        kit_expect_down(ref, "{{nocatch, ball}, [_ | _]}");
        kr_spawn_monitor(&ref, raise_exit);
        kit_expect_down(ref, "{bye, [<<\"friends\">>]}");
}

/* -- first come -- */

// covers: A12 process_SUITE:exit_twice
KIT_EVERYWHERE_TEST(test_only_the_first_fatal_signal_counts)
{
        for (int i = 0; i < 20; i++) {
                kr_ref ref;
                kr_pid pid = kr_spawn_monitor(&ref, kit_sleeper);

                kr_exit_signal(pid, "first");
                kr_exit_signal(pid, "second");
                kr_exit_signal(pid, "kill");
                kit_expect_down(ref, "first");
        }
}

// covers: A13
KIT_EVERYWHERE_TEST(test_whoever_sent_an_exit_signal_finds_it_done_when_he_asks)
{
        for (int i = 0; i < 100; i++) {
                kr_pid pid = kr_spawn(kit_sleeper);

                kit_true(kr_is_process_alive(pid));
                if (i % 2 == 0)
                        kr_yield();
                kr_exit_signal(pid, "~", i);
                kit_false(kr_is_process_alive(pid));
        }
}

static void exit_signal_to_nobody(void)
{
        kr_exit_signal(kr_pid_none(), "reason");
}

// covers: A14
KIT_EVERYWHERE_TEST(test_an_exit_signal_to_no_pid_is_a_badarg)
{
        kr_ref ref;

        kr_spawn_monitor(&ref, exit_signal_to_nobody);
        kit_expect_down(ref, "{{badarg, {<<\"kr_exit_signal\">>, _}}, _}");
}

// covers: A15
KIT_EVERYWHERE_TEST(test_a_message_behind_an_exit_signal_is_never_received)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid me = kr_self();

        for (int i = 0; i < 100; i++) {
                kr_ref ref;
                kr_pid pid = kr_spawn_monitor(&ref, echo, &me);

                for (int n = 0; n < i % 3; n++)
                        kr_send(pid, "before");
                kr_exit_signal(pid, "die");
                kr_send(pid, "behind");
                kit_expect_down(ref, "die");
                while (kr_receive(&msg, 0, kr_on(0, "{echo, =, before}", pid)) == 0)
                        ;
                kit_expect_nothing();
        }
}

// covers: A15
KIT_EVERYWHERE_TEST(test_what_is_set_behind_an_exit_signal_finds_a_dead_process)
{
        kr_msg msg = KR_MSG_INIT;

        kr_trap_exit(true);
        for (int i = 0; i < 50; i++) {
                kr_pid pid = kr_spawn(kit_sleeper);

                kr_exit_signal(pid, "die");
                kit_expect_down(kr_monitor(pid), "noproc");
                pid = kr_spawn(kit_sleeper);
                kr_exit_signal(pid, "die");
                kr_link(pid);
                kit_expect(&msg, "{'EXIT', =, noproc}", pid);
        }
}

/* -- wherever it is -- */

static void in_receive(void)
{
        kr_msg msg = KR_MSG_INIT;

        (void)kr_receive(&msg, KR_INFINITY, kr_on(0, "never"));
}

static void in_timed_receive(void)
{
        kr_msg msg = KR_MSG_INIT;

        (void)kr_receive(&msg, 100000, kr_on(0, "never"));
}

static void in_receive_top(void)
{
        kr_msg msg = KR_MSG_INIT;

        (void)kr_receive_top(&msg, KR_INFINITY, kr_on(0, "never"));
}

static void in_sleep(void)
{
        kr_sleep(100000);
}

static void in_a_loop(void)
{
        for (;;)
                kr_yield();
}

static void become_forever(void)
{
        kr_become(become_forever);
}

// covers: A16
KIT_EVERYWHERE_TEST(test_an_exit_signal_ends_a_process_wherever_it_waits)
{
        static void (*const places[])(void) = { in_receive,     in_timed_receive,
                                                in_receive_top, in_sleep,
                                                in_a_loop,      become_forever };

        for (unsigned i = 0; i < 4 * sizeof(places) / sizeof(places[0]); i++) {
                kr_ref ref;
                kr_pid pid = kr_spawn_monitor(&ref, places[i / 4]);

                for (unsigned yields = i % 2 * 5; yields > 0; yields--)
                        kr_yield(); /* time stands still in simulation while somebody runs */
                if (i % 4 >= 2)
                        kit_true(kr_suspend_process(pid));
                kr_exit_signal(pid, "~", i);
                kit_expect_down(ref, "=", i);
        }
}

static void fill_and_wait_for_room(kr_pid *full)
{
        for (;;)
                kr_send(*full, "fill");
}

static void limited_sleeper(kr_pid *parent)
{
        kr_set_mailbox_limit(
                (kr_mailbox_limit){ .messages = 3, .overflow = KR_OVERFLOW_SUSPEND });
        kr_send(*parent, "ready");
        kr_sleep(KR_INFINITY);
}

// covers: A16
KIT_EVERYWHERE_TEST(test_an_exit_signal_ends_a_sender_that_waits_for_room)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid me = kr_self(), full = kr_spawn(limited_sleeper, &me), sender;
        kr_ref ref;

        kit_expect(&msg, "ready");
        sender = kr_spawn_monitor(&ref, fill_and_wait_for_room, &full);
        kr_sleep(20);
        kr_exit_signal(sender, "enough");
        kit_expect_down(ref, "enough");
        kit_true(kr_is_process_alive(full));
}

// covers: A17
KIT_EVERYWHERE_TEST(test_an_exit_tuple_that_was_sent_is_a_message)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid me = kr_self();
        kr_pid pid = kr_spawn(echo, &me);

        kr_send(pid, "{'EXIT', ~, kill}", kr_self());
        kit_next(&msg, "{echo, =, {'EXIT', =, kill}}", pid, kr_self());
        kit_true(kr_is_process_alive(pid));
}

/* -- the trap flag -- */

static void trap_a_while(kr_pid *parent)
{
        kr_msg msg = KR_MSG_INIT;

        kr_trap_exit(true);
        kr_send(*parent, "trapping");
        kit_expect(&msg, "queued");
        kr_trap_exit(false);
        kit_expect(&msg, "{'EXIT', =, one}", *parent);
        kit_expect(&msg, "{'EXIT', =, two}", *parent);
        kr_send(*parent, "not_trapping");
        kr_sleep(KR_INFINITY);
}

// covers: A18
KIT_EVERYWHERE_TEST(test_the_trap_flag_does_not_reach_back)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid me = kr_self(), pid;
        kr_ref ref;

        pid = kr_spawn_monitor(&ref, trap_a_while, &me);
        kit_expect(&msg, "trapping");
        kr_exit_signal(pid, "one");
        kr_exit_signal(pid, "two");
        kr_send(pid, "queued");
        kit_expect(&msg, "not_trapping");
        kr_exit_signal(pid, "three");
        kit_expect_down(ref, "three");
}

// covers: A19
KIT_EVERYWHERE_TEST(test_setting_the_trap_flag_gives_what_it_was)
{
        kit_false(kr_trap_exit(false));
        kit_false(kr_trap_exit(true));
        kit_true(kr_trap_exit(true));
        kit_true(kr_trap_exit(false));
        kit_false(kr_trap_exit(true));
}

/* -- what goes before anybody is told -- */

static void named_with_a_timer(kr_pid *parent)
{
        kr_msg msg = KR_MSG_INIT;

        kr_register("somebody", kr_self());
        kr_send(*parent, "{timers, ~, ~}", kr_send_after(100000, kr_self(), "tick"),
                kr_start_timer(100000, kr_self(), "tick"));
        (void)kr_receive(&msg, KR_INFINITY, kr_on(0, "go"));
        kr_exit("gone");
}

// covers: A20 monitor_SUITE:named_down
KIT_EVERYWHERE_TEST(test_name_and_timers_are_gone_before_anybody_is_told)
{
        kr_trap_exit(true);
        for (int i = 0; i < 20; i++) {
                kr_msg msg = KR_MSG_INIT;
                kr_pid me = kr_self(), pid;
                kr_ref one, two, by_name;

                pid = kr_spawn_link(named_with_a_timer, &me);
                kit_expect(&msg, "{timers, ~, ~}", &one, &two);
                by_name = kr_monitor("somebody");
                kit_true(kr_read_timer(one) > 0);
                kr_send("somebody", "go");
                if (i % 2)
                        kit_expect(&msg, "{'EXIT', =, gone}", pid);
                else
                        kit_expect_down(by_name, "gone");
                kit_true(kr_pid_is_none(kr_whereis("somebody")));
                kr_register("somebody", kr_self());
                kr_unregister("somebody");
                kit_int_eq(kr_read_timer(one), -1);
                kit_int_eq(kr_cancel_timer(two), -1);
        }
}

/* -- reasons of any size -- */

static kr_term large_term(void)
{
        kr_builder b = KR_BUILDER_INIT;
        static const char data[131072] = "large";
        kr_term list, all, binary = kr_binary(data, sizeof(data));

        for (int i = 0; i < 5000; i++)
                kr_add_int64(&b, (int64_t)i << 40);
        list = kr_build_list(&b);
        all = kr_build("{~, ~, #{key => 123456789012345678901234567890, list => ~}}",
                       binary, 1.5, list);
        kr_release(list);
        kr_release(binary);
        kit_false(kr_is_none(all));
        return all;
}

static void exit_large(void)
{
        kr_exit("~", large_term());
}

static void expect_large(kr_term reason)
{
        kr_term wanted = large_term();

        kit_true(kr_same(reason, wanted));
        kr_release(wanted);
}

// covers: A21 process_SUITE:t_exit_1 monitor_SUITE:large_exit
KIT_EVERYWHERE_TEST(test_a_large_exit_reason_reaches_links_and_monitors_whole)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;
        kr_ref ref;
        kr_pid pid;

        kr_trap_exit(true);
        pid = kr_spawn_link(exit_large);
        kit_expect(&msg, "{'EXIT', =, ~}", pid, &reason);
        expect_large(reason);
        kr_spawn_monitor(&ref, exit_large);
        kit_expect(&msg, "{'DOWN', =, process, _, ~}", ref, &reason);
        expect_large(reason);
}

// covers: A21 process_SUITE:t_exit_2_other
KIT_EVERYWHERE_TEST(test_a_large_reason_in_an_exit_signal_arrives_whole)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid trapping = spawn_trapping(), plain;
        kr_term reason, large = large_term();
        kr_ref ref;

        kr_exit_signal(trapping, "~", large);
        kit_expect(&msg, "{echo, =, {'EXIT', =, ~}}", trapping, kr_self(), &reason);
        expect_large(reason);
        plain = kr_spawn_monitor(&ref, kit_sleeper);
        kr_exit_signal(plain, "~", large);
        kit_expect(&msg, "{'DOWN', =, process, _, ~}", ref, &reason);
        expect_large(reason);
        kr_release(large);
}

/* -- misuse -- */

static void send_large_to_nobody(void)
{
        kr_send(kr_pid_none(), "~", large_term());
}

static void badarg_with_a_large_term(void)
{
        kr_error("{badarg, [~]}", large_term());
}

// covers: process_SUITE:trap_exit_badarg
KIT_EVERYWHERE_TEST(test_a_badarg_with_a_large_argument_reaches_the_linked_process)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term arg;
        kr_pid pid;

        kr_trap_exit(true);
        pid = kr_spawn_link(send_large_to_nobody);
        kit_expect(&msg,
                   "{'EXIT', =, {{badarg, {<<\"kr_send\">>, <<\"to\">>}}, [_ | _]}}",
                   pid);
        pid = kr_spawn_link(badarg_with_a_large_term);
        kit_expect(&msg, "{'EXIT', =, {{badarg, [~]}, [_ | _]}}", pid, &arg);
        expect_large(arg);
}

// covers: process_SUITE:trap_exit_badarg_in_bif
KIT_EVERYWHERE_TEST(test_misuse_may_be_the_first_thing_a_process_does)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid;

        kr_trap_exit(true);
        pid = kr_spawn_link(kr_sleep, -2);
        kit_expect(&msg, "{'EXIT', =, {timeout_value, _}}", pid);
}

/* -- both at once -- */

static void signal_or_timeout(kr_pid *parent)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;

        kr_trap_exit(true);
        kr_send(*parent, "ready");
        for (int i = 0; i < 3; i++)
                if (kr_receive(&msg, 1, kr_on(0, "{'EXIT', _, ~}", &reason)) == 0)
                        break;
        kr_send(*parent, "over");
        kit_expect(&msg, "go_on");
        kr_send(*parent, "fine");
}

// covers: process_SUITE:exit_and_timeout
KIT_EVERYWHERE_TEST(test_exit_signal_and_timeout_at_the_same_moment)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid me = kr_self();

        for (int i = 0; i < 30; i++) {
                kr_ref ref;
                kr_pid pid = kr_spawn_monitor(&ref, signal_or_timeout, &me);

                kit_expect(&msg, "ready");
                kr_sleep(i % 3 + 1);
                kr_exit_signal(pid, "now");
                kit_expect(&msg, "over");
                kr_send(pid, "go_on");
                kit_expect(&msg, "fine");
                kit_expect_down(ref, "normal");
        }
}

KIT_MAIN(KIT_CASE(test_normal_leaves_another_process_as_it_was),
         KIT_CASE(test_normal_reaches_a_trapping_process_as_a_message),
         KIT_CASE(test_normal_to_oneself_ends_who_does_not_trap),
         KIT_CASE(test_any_reason_to_oneself_ends_with_that_reason),
         KIT_CASE(test_exit_signals_to_oneself_are_messages_when_trapping),
         KIT_CASE(test_nothing_runs_behind_an_exit_signal_to_oneself),
         KIT_CASE(test_kill_ends_who_traps_and_becomes_killed),
         KIT_CASE(test_kill_to_oneself_works_while_trapping),
         KIT_CASE(test_neighbours_of_a_killed_process_see_killed),
         KIT_CASE(test_kill_is_killed_by_exit_signal_and_kill_by_exit_over_any_chain),
         KIT_CASE(test_returning_is_an_exit_with_normal),
         KIT_CASE(test_error_throw_and_exit_leave_reasons_of_their_shapes),
         KIT_CASE(test_only_the_first_fatal_signal_counts),
         KIT_CASE(test_whoever_sent_an_exit_signal_finds_it_done_when_he_asks),
         KIT_CASE(test_an_exit_signal_to_no_pid_is_a_badarg),
         KIT_CASE(test_a_message_behind_an_exit_signal_is_never_received),
         KIT_CASE(test_what_is_set_behind_an_exit_signal_finds_a_dead_process),
         KIT_CASE(test_an_exit_signal_ends_a_process_wherever_it_waits),
         KIT_CASE(test_an_exit_signal_ends_a_sender_that_waits_for_room),
         KIT_CASE(test_an_exit_tuple_that_was_sent_is_a_message),
         KIT_CASE(test_the_trap_flag_does_not_reach_back),
         KIT_CASE(test_setting_the_trap_flag_gives_what_it_was),
         KIT_CASE(test_name_and_timers_are_gone_before_anybody_is_told),
         KIT_CASE(test_a_large_exit_reason_reaches_links_and_monitors_whole),
         KIT_CASE(test_a_large_reason_in_an_exit_signal_arrives_whole),
         KIT_CASE(test_a_badarg_with_a_large_argument_reaches_the_linked_process),
         KIT_CASE(test_misuse_may_be_the_first_thing_a_process_does),
         KIT_CASE(test_exit_signal_and_timeout_at_the_same_moment))
