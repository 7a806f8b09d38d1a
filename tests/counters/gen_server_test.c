/* SPDX-License-Identifier: Apache-2.0 */
/* gen_server_test.c: the counter as a gen_server: what it mends of the first stage, and the
 * weaknesses that stay. */
#include "../../counters/gen_server/counter.h"
#include "../../counters/gen_server/counters.h"

#include "expect.h"
#include "process.h"

#define FOO kr_atom_term(KR_ATOM("foo"))

static int64_t read_number(void)
{
        kr_msg answer = KR_MSG_INIT;
        int64_t value = INT64_MIN;

        kit_true(kr_get_int64(counter_read(&answer), &value));
        kr_msg_clear(&answer);
        return value;
}

static kr_ref start(void)
{
        kr_started started = counter_start_link();

        kit_ok(started.err);
        return kr_monitor(started.pid);
}

KIT_EVERYWHERE_TEST(test_it_counts)
{
        kr_ref ref = start();

        kit_int_eq(read_number(), 0);
        kit_ok(counter_tick(kr_int(3)));
        kit_ok(counter_tick(kr_int(-1)));
        kit_int_eq(read_number(), 2);
        kit_ok(counter_stop());
        kit_expect_down(ref, "normal");
        kit_true(kr_pid_is_none(kr_whereis("counter")));
}

KIT_EVERYWHERE_TEST(test_counters_of_several_names_do_not_meet)
{
        kr_msg answer = KR_MSG_INIT;
        kr_term t;

        kit_ok(counters_start_link("a").err);
        kit_ok(counters_start_link("b").err);
        kit_ok(counters_tick("a", kr_int(1)));
        kit_ok(counters_tick("b", kr_int(20)));
        t = counters_read("a", &answer);
        kit_match(t, "1");
        t = counters_read("b", &answer);
        kit_match(t, "20");
        kit_ok(counters_stop("a"));
        t = counters_read("b", &answer);
        kit_match(t, "20");
}

/* Mended: no process is left over, and the one there is is told. */
KIT_EVERYWHERE_TEST(test_a_second_start_tells_of_the_first_and_leaves_nothing)
{
        kr_started first = counter_start_link(), second;
        kr_node_stats before, after;

        kr_node_stats_read(kr_here(), &before);
        second = counter_start_link();
        kr_node_stats_read(kr_here(), &after);
        kit_err(second.err, KR_EALREADY);
        kit_true(kr_pid_eq(second.pid, first.pid));
        kit_int_eq(after.processes, before.processes);
}

/* Mended: an answer is an answer. */
KIT_EVERYWHERE_TEST(test_a_read_takes_nothing_else_for_its_answer)
{
        kr_msg msg = KR_MSG_INIT;

        (void)start();
        kr_send(kr_self(), "hello");
        kr_send(kr_self(), "{reply, 99}");
        kit_int_eq(read_number(), 0);
        kit_next(&msg, "hello");
        kit_next(&msg, "{reply, 99}");
        kit_expect_nothing();
}

static void reads(void)
{
        kr_msg msg = KR_MSG_INIT;

        counter_read(&msg);
}

/* Mended: a read that cannot be answered ends. */
KIT_EVERYWHERE_TEST(test_a_read_ends_with_the_reason_that_it_has_no_answer_for)
{
        kr_ref ref;

        kr_spawn_monitor(&ref, reads);
        kit_expect_down(ref, "{noproc, {gen_server, call, [counter, read]}}");
        kr_trap_exit(true);
        (void)start();
        kit_ok(kr_sys_suspend("counter"));
        kr_spawn_monitor(&ref, reads);
        kr_sleep(10);
        kit_ok(counter_stop());
        kit_ok(counter_tick(FOO));
        kr_exit_signal(kr_whereis("counter"), "kill");
        kit_expect_down(ref, "{killed, {gen_server, call, [counter, read]}}");
}

/* Mended: what it does not know is taken out of its mailbox. */
KIT_EVERYWHERE_TEST(test_what_it_does_not_know_goes)
{
        kr_msg info = KR_MSG_INIT;

        (void)start();
        kr_send("counter", "nonsense");
        kr_send("counter", "{tick, 1}");
        kit_int_eq(read_number(), 0);
        kit_true(kr_process_info(kr_whereis("counter"), KR_ATOM("message_queue_len"),
                                 &info));
        kit_match(info.term, "{message_queue_len, 0}");
}

KIT_EVERYWHERE_TEST(test_it_can_be_looked_into)
{
        kr_msg state = KR_MSG_INIT;
        kr_term t;

        (void)start();
        kit_ok(counter_tick(kr_int(5)));
        t = kr_sys_get_state("counter", &state);
        kit_match(t, "#{value => 5}");
        kit_ok(kr_stop_normal("counter"));
}

/* Kept: who ticks is told nothing. */
KIT_EVERYWHERE_TEST(test_a_wrong_tick_ends_the_counter_and_its_starter_not_the_culprit)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;

        kr_trap_exit(true);
        ref = start();
        kit_ok(counter_tick(FOO));
        kit_expect_down(ref, "{badarith, [_ | _]}");
        kit_expect(&msg, "{'EXIT', _, {badarith, _}}");
        kit_ok(counter_tick(kr_int(1))); /* nobody is there */
        ref = start();
        kit_int_eq(read_number(), 0); /* and what it had counted is lost */
        kr_cast("counter", "nonsense");
        kit_expect_down(ref, "{function_clause, _}");
}

/* Kept: a tick is sent, and that is all. */
KIT_EVERYWHERE_TEST(test_ticks_and_stops_of_nobody_are_ok)
{
        kit_ok(counter_tick(kr_int(1)));
        kit_ok(counter_stop());
        kit_ok(counters_tick("nobody", kr_int(1)));
        kit_expect_nothing();
}

KIT_EVERYWHERE_TEST(test_more_than_64_bits_are_badarith_not_a_wrong_number)
{
        kr_term most = kr_build("~", INT64_MAX);
        kr_ref ref;

        kr_trap_exit(true);
        ref = start();
        kit_ok(counter_tick(most));
        kit_int_eq(read_number(), INT64_MAX);
        kit_ok(counter_tick(kr_int(1)));
        kit_expect_down(ref, "{badarith, _}");
        kr_release(most);
}

KIT_MAIN(KIT_CASE(test_it_counts), KIT_CASE(test_counters_of_several_names_do_not_meet),
         KIT_CASE(test_a_second_start_tells_of_the_first_and_leaves_nothing),
         KIT_CASE(test_a_read_takes_nothing_else_for_its_answer),
         KIT_CASE(test_a_read_ends_with_the_reason_that_it_has_no_answer_for),
         KIT_CASE(test_what_it_does_not_know_goes), KIT_CASE(test_it_can_be_looked_into),
         KIT_CASE(test_a_wrong_tick_ends_the_counter_and_its_starter_not_the_culprit),
         KIT_CASE(test_ticks_and_stops_of_nobody_are_ok),
         KIT_CASE(test_more_than_64_bits_are_badarith_not_a_wrong_number))
