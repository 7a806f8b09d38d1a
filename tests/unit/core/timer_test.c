/* SPDX-License-Identifier: Apache-2.0 */
/* timer_test.c: messages that come later, and waits that end by themselves. */
#include <krarup.h>

#include "core/sched.h"

#include "process.h"

#include <stdio.h>
#include <stdlib.h>

enum { MATCH, OTHER };

static const kr_node_opts simulated = { .drive = KR_DRIVE_SIM };

/* -- what comes, and when -- */

// covers: timer_bif_SUITE:send_after_1
KIT_PROCESS_TEST(test_send_after_brings_the_message_as_it_is)
{
        kr_msg msg = KR_MSG_INIT;
        int n;

        (void)kr_send_after(1, kr_self(), "{hello, ~, [a, 2.5]}", 17);
        kit_int_eq(kr_receive(&msg, 5000, kr_on(MATCH, "{hello, ~, [a, 2.5]}", &n)),
                   MATCH);
        kit_int_eq(n, 17);
        kit_int_eq(kr_receive(&msg, 5, kr_on(OTHER, "_")), KR_TIMEOUT);
}

// covers: F77 timer_bif_SUITE:start_timer_1
KIT_PROCESS_TEST(test_start_timer_wraps_and_cancel_says_what_was_left)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref = kr_start_timer(2, kr_self(), "{hello, ~}", 17);
        int64_t left;
        int n;

        kit_int_eq(kr_receive(&msg, 5000,
                              kr_on(MATCH, "{timeout, =, {hello, ~}}", ref, &n)),
                   MATCH);
        kit_int_eq(n, 17);
        kit_int_eq(kr_cancel_timer(ref), -1);

        ref = kr_start_timer(60000, kr_self(), "hello");
        left = kr_cancel_timer(ref);
        kit_true(left > 50000 && left <= 60000);
        kit_int_eq(kr_cancel_timer(ref), -1);
        kit_int_eq(kr_receive(&msg, 0, kr_on(OTHER, "_")), KR_TIMEOUT);
}

// covers: F78
KIT_PROCESS_TEST(test_a_message_that_came_before_cancel_is_told_by_its_reference)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref old = kr_start_timer(0, kr_self(), "tick");
        kr_ref new;

        kr_sleep(5);
        kit_int_eq(kr_cancel_timer(old), -1);
        new = kr_start_timer(1, kr_self(), "tick");
        kit_int_eq(kr_receive(&msg, 5000, kr_on(MATCH, "{timeout, =, tick}", new)),
                   MATCH);
        kit_int_eq(kr_receive(&msg, 0, kr_on(OTHER, "{timeout, =, tick}", old)), OTHER);
}

// covers: F80
KIT_PROCESS_TEST(test_a_timer_of_no_time_is_a_message_like_others)
{
        kr_msg msg = KR_MSG_INIT;

        (void)kr_send_after(0, kr_self(), "now");
        kr_send(kr_self(), "sent");
        kit_int_eq(kr_receive(&msg, 5000, kr_on(MATCH, "sent")), MATCH);
        kit_int_eq(kr_receive(&msg, 5000, kr_on(MATCH, "now")), MATCH);
}

// covers: timer_bif_SUITE:send_after_2
KIT_PROCESS_TEST(test_messages_come_by_deadline)
{
        kr_msg msg = KR_MSG_INIT;

        (void)kr_send_after(60, kr_self(), "c");
        (void)kr_send_after(20, kr_self(), "a");
        (void)kr_send_after(80, kr_self(), "d");
        (void)kr_send_after(40, kr_self(), "b");
        kit_int_eq(kr_receive(&msg, 5000, kr_on(MATCH, "a"), kr_on(OTHER, "_")), MATCH);
        kit_int_eq(kr_receive(&msg, 5000, kr_on(MATCH, "b"), kr_on(OTHER, "_")), MATCH);
        kit_int_eq(kr_receive(&msg, 5000, kr_on(MATCH, "c"), kr_on(OTHER, "_")), MATCH);
        kit_int_eq(kr_receive(&msg, 5000, kr_on(MATCH, "d"), kr_on(OTHER, "_")), MATCH);
}

static void expect_numbers(int count)
{
        kr_msg msg = KR_MSG_INIT;

        for (int want = 0; want < count; want++) {
                int got = -1;

                kit_int_eq(kr_receive(&msg, 5000, kr_on(MATCH, "~", &got)), MATCH);
                kit_int_eq(got, want);
        }
}

/* The last one is started first, so that nothing but the deadline can order them. */
// covers: F81 timer_bif_SUITE:send_after_3
KIT_PROCESS_TEST(test_deadlines_a_millisecond_apart_keep_their_order)
{
        int64_t at_ms = kr_monotonic_ms(NULL) + 20;

        for (int i = 99; i >= 0; i--)
                (void)kr_send_at(at_ms + i, kr_self(), "~", i);
        expect_numbers(100);
}

static void deadlines_of_weeks(void)
{
        int64_t at_ms = kr_monotonic_ms(NULL) + 20;

        for (int i = 99; i >= 0; i--)
                (void)kr_send_at(at_ms + (int64_t)i * i * 100003, kr_self(), "~", i);
        kr_sleep((int64_t)100 * 100 * 100003 + 20);
        expect_numbers(100);
}

KIT_TEST(test_deadlines_days_apart_keep_their_order)
{
        kit_run_process(&simulated, deadlines_of_weeks);
}

// covers: timer_bif_SUITE:start_timer_big timer_bif_SUITE:send_after_big
KIT_PROCESS_TEST(test_times_beyond_31_bits)
{
        const int64_t times[] = { INT64_C(1) << 31, INT64_C(1) << 40,
                                  INT64_C(9000000000000) };

        for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
                int64_t left = kr_cancel_timer(kr_send_after(times[i], kr_self(), "x"));

                kit_true(left > times[i] - 10000 && left <= times[i]);
                left = kr_cancel_timer(kr_start_timer(times[i], kr_self(), "x"));
                kit_true(left > times[i] - 10000 && left <= times[i]);
        }
}

// covers: F82
KIT_PROCESS_TEST(test_absolute_times_are_of_the_monotonic_clock)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t at_ms = kr_monotonic_ms(NULL) + 30;
        kr_ref ref;

        (void)kr_send_at(at_ms, kr_self(), "there");
        kit_int_eq(kr_receive(&msg, 5000, kr_on(MATCH, "there")), MATCH);
        kit_int_ge(kr_monotonic_ms(NULL), at_ms);

        ref = kr_start_timer_at(0, kr_self(), "past");
        kit_int_eq(kr_receive(&msg, 5000, kr_on(MATCH, "{timeout, =, past}", ref)),
                   MATCH);
}

/* The deadline travels in the message. */
static void expect_never_early(int count)
{
        kr_msg msg = KR_MSG_INIT;

        for (int i = 0; i < count; i++) {
                int64_t not_before_ns = 0;

                kit_int_eq(kr_receive(&msg, 5000, kr_on(MATCH, "~", &not_before_ns)),
                           MATCH);
                kit_int_ge(kr_monotonic_ns(NULL), not_before_ns);
        }
}

// covers: F85
KIT_PROCESS_TEST(test_a_timer_is_never_early)
{
        for (int i = 0; i < 2000; i++) {
                int64_t ms = (int64_t)kit_random_below(300);

                (void)kr_send_after(ms, kr_self(), "~",
                                    kr_monotonic_ns(NULL) + ms * 1000000);
                if (i % 100 == 0)
                        kr_sleep(1);
        }
        expect_never_early(2000);
}

static void exact_times(void)
{
        kr_msg msg = KR_MSG_INIT;

        for (int i = 0; i < 300; i++) {
                int64_t ms = (int64_t)kit_random_below(100000),
                        was_ns = kr_monotonic_ns(NULL);

                (void)kr_send_after(ms, kr_self(), "x");
                kit_int_eq(kr_receive(&msg, 200000, kr_on(MATCH, "x")), MATCH);
                kit_int_eq(kr_monotonic_ns(NULL),
                           (was_ns + 999999) / 1000000 * 1000000 + ms * 1000000);
        }
}

KIT_TEST(test_in_simulated_time_a_timer_fires_at_its_very_tick)
{
        kit_run_process(&simulated, exact_times);
}

/* -- destinations -- */

static void start_and_end(kr_term parent)
{
        kr_pid to;

        kit_true(kr_get_pid(parent, &to));
        (void)kr_send_after(20, to, "from_the_dead");
}

static void wait_for_ever(void)
{
        kr_msg msg = KR_MSG_INIT;

        (void)kr_receive(&msg, KR_INFINITY, kr_on(OTHER, "stop"));
}

static kr_term self_term(void)
{
        return kr_build("~", kr_self());
}

static void expect_down(kr_ref monitor)
{
        kr_msg msg = KR_MSG_INIT;

        kit_int_eq(kr_receive(&msg, 5000,
                              kr_on(MATCH, "{'DOWN', =, process, _, _}", monitor)),
                   MATCH);
}

// covers: F79
KIT_PROCESS_TEST(test_a_timer_outlives_who_started_it)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref monitor;

        kr_spawn_monitor(&monitor, start_and_end, self_term());
        expect_down(monitor);
        kit_int_eq(kr_receive(&msg, 5000, kr_on(MATCH, "from_the_dead")), MATCH);
}

// covers: F79 A20
KIT_PROCESS_TEST(test_a_timer_goes_with_the_pid_it_is_aimed_at)
{
        kr_ref monitor, timer;
        kr_pid pid = kr_spawn_monitor(&monitor, wait_for_ever);

        timer = kr_send_after(60000, pid, "never");
        kit_int_ge(kr_read_timer(timer), 50000);
        kr_exit_signal(pid, "kill");
        expect_down(monitor);
        kit_int_eq(kr_read_timer(timer), -1);
        timer = kr_send_after(60000, pid, "never");
        kit_int_eq(kr_read_timer(timer), -1);
        kit_int_eq(kr_cancel_timer(timer), -1);
}

static void named_receiver(kr_term parent)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid to;

        kit_true(kr_get_pid(parent, &to));
        kr_register("timer_target", kr_self());
        kit_int_eq(kr_receive(&msg, 5000, kr_on(MATCH, "{timeout, _, hello}")), MATCH);
        kr_send(to, "got_it");
}

// covers: F79 timer_bif_SUITE:registered_process
KIT_PROCESS_TEST(test_a_name_is_looked_up_when_the_timer_fires)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref never = kr_start_timer(1, "timer_target", "hello");

        kr_sleep(20); /* nobody has that name: the message is dropped */
        kit_int_eq(kr_read_timer(never), -1);
        (void)kr_start_timer(50, KR_ATOM("timer_target"), "hello");
        (void)kr_spawn(named_receiver, self_term());
        kit_int_eq(kr_receive(&msg, 5000, kr_on(MATCH, "got_it")), MATCH);
}

/* -- wrong arguments -- */

static kr_pid foreign_pid;

static void aim_at_nobody(void *arg)
{
        (void)arg;
        (void)kr_send_after(1, kr_pid_none(), "x");
}

static void aim_at_another_node(void *arg)
{
        (void)arg;
        (void)kr_send_after(1, foreign_pid, "x");
}

static void start_for_another_node(void *arg)
{
        (void)arg;
        (void)kr_start_timer(1, foreign_pid, "x");
}

static void send_after(void *time_ms)
{
        (void)kr_send_after(*(int64_t *)time_ms, kr_self(), "x");
}

static void send_at(void *time_ms)
{
        (void)kr_send_at(*(int64_t *)time_ms, kr_self(), "x");
}

static void start_timer(void *time_ms)
{
        (void)kr_start_timer(*(int64_t *)time_ms, kr_self(), "x");
}

static void cancel_none(void *arg)
{
        (void)arg;
        (void)kr_cancel_timer(kr_ref_none());
}

static void read_none(void *arg)
{
        (void)arg;
        (void)kr_read_timer(kr_ref_none());
}

static void cancel_none_async(void *arg)
{
        (void)arg;
        kr_cancel_timer_async(kr_ref_none());
}

static void expect_badarg(void (*fn)(void *arg), void *arg, const char *function,
                          const char *argument)
{
        kr_msg reason = KR_MSG_INIT;
        const char *in = NULL, *of = NULL;
        kr_class how;

        kit_false(kr_catch(fn, arg, &how, &reason));
        kit_int_eq(how, KR_CLASS_ERROR);
        kit_true(kr_match(reason.term, "{{badarg, {~, ~}}, _}", &in, &of));
        kit_str_eq(in, function);
        kit_str_eq(of, argument);
        kr_msg_clear(&reason);
}

// covers: timer_bif_SUITE:send_after_e timer_bif_SUITE:start_timer_e
KIT_PROCESS_TEST(test_times_that_cannot_be_are_badarg)
{
        int64_t times[] = { -1, INT64_MIN, INT64_MAX, INT64_MAX / 1000000 };

        for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
                expect_badarg(send_after, &times[i], "kr_send_after", "time_ms");
                expect_badarg(send_at, &times[i], "kr_send_after", "time_ms");
                expect_badarg(start_timer, &times[i], "kr_start_timer", "time_ms");
        }
        expect_badarg(aim_at_nobody, NULL, "kr_send_after", "to");
}

static void aim_elsewhere(void)
{
        expect_badarg(aim_at_another_node, NULL, "kr_send_after", "to");
        expect_badarg(start_for_another_node, NULL, "kr_start_timer", "to");
}

// covers: F83
KIT_TEST(test_a_pid_of_another_node_is_badarg)
{
        kr_node *other;

        kit_ok(kr_node_start(&(kr_node_opts){ .schedulers = 1 }, &other));
        foreign_pid = kr_node_spawn(other, wait_for_ever);
        kit_run_process(NULL, aim_elsewhere);
        kit_ok(kr_node_stop(other, KR_INFINITY));
}

// covers: timer_bif_SUITE:cancel_timer_1 timer_bif_SUITE:read_timer_trivial
KIT_PROCESS_TEST(test_an_unknown_reference_is_no_timer)
{
        kit_int_eq(kr_cancel_timer(kr_make_ref()), -1);
        kit_int_eq(kr_read_timer(kr_make_ref()), -1);
}

// covers: timer_bif_SUITE:cancel_timer_e timer_bif_SUITE:read_timer_trivial
KIT_PROCESS_TEST(test_what_is_no_reference_is_badarg)
{
        expect_badarg(cancel_none, NULL, "kr_cancel_timer", "timer");
        expect_badarg(read_none, NULL, "kr_read_timer", "timer");
        expect_badarg(cancel_none_async, NULL, "kr_cancel_timer_async", "timer");
}

/* -- reading and cancelling -- */

// covers: timer_bif_SUITE:read_timer
KIT_PROCESS_TEST(test_read_and_cancel_agree_on_what_is_left)
{
        kr_ref ref = kr_start_timer(60000, kr_self(), "x");
        int64_t read, read_later, cancelled;

        read = kr_read_timer(ref);
        kr_sleep(20);
        read_later = kr_read_timer(ref);
        cancelled = kr_cancel_timer(ref);
        kit_true(read > 50000 && read <= 60000);
        kit_int_le(read_later, read - 19);
        kit_int_le(cancelled, read_later);
        kit_int_ge(cancelled, read_later - 1000);
        kit_int_eq(kr_read_timer(ref), -1);
}

static void ask_for_it(kr_term timer)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;
        int64_t left = 0;

        kit_true(kr_get_ref(timer, &ref));
        kr_read_timer_async(ref);
        kit_int_eq(kr_receive(&msg, 5000, kr_on(MATCH, "{read_timer, =, ~}", ref, &left)),
                   MATCH);
        kit_true(left > 50000 && left <= 60000);
        kr_cancel_timer_async(ref);
        kit_int_eq(kr_receive(&msg, 5000,
                              kr_on(MATCH, "{cancel_timer, =, ~}", ref, &left)),
                   MATCH);
        kit_true(left > 50000 && left <= 60000);
        kr_cancel_timer_async(ref);
        kit_int_eq(kr_receive(&msg, 5000, kr_on(MATCH, "{cancel_timer, =, false}", ref)),
                   MATCH);
        kr_read_timer_async(ref);
        kit_int_eq(kr_receive(&msg, 5000, kr_on(MATCH, "{read_timer, =, false}", ref)),
                   MATCH);
}

// covers: F84 timer_bif_SUITE:read_timer_async
KIT_PROCESS_TEST(test_others_may_ask_and_are_answered_by_messages)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref = kr_start_timer(60000, kr_self(), "x");
        kr_ref monitor;

        kr_spawn_monitor(&monitor, ask_for_it, kr_build("~", ref));
        kit_int_eq(kr_receive(&msg, 5000,
                              kr_on(MATCH, "{'DOWN', =, process, _, normal}", monitor)),
                   MATCH);
        kit_int_eq(kr_read_timer(ref), -1);
}

/* -- many -- */

#define SAME 700

/* At one absolute time; all must have come within 200 ms of it. */
static void same_time(int every)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t at_ms = kr_monotonic_ms(NULL) + 100;
        kr_ref refs[SAME];
        int came = 0, cancelled = 0;

        for (int i = 0; i < SAME; i++)
                refs[i] = kr_start_timer_at(at_ms, kr_self(), "x");
        for (int i = 0; i < SAME && every > 0; i += every)
                cancelled += kr_cancel_timer(refs[i]) >= 0;
        while (came + cancelled < SAME) {
                kit_int_eq(kr_receive(&msg, 5000, kr_on(MATCH, "{timeout, _, x}")),
                           MATCH);
                came++;
        }
        kit_int_le(kr_monotonic_ms(NULL), at_ms + 200 * kit_slowness());
        kit_int_eq(kr_receive(&msg, 20, kr_on(OTHER, "_")), KR_TIMEOUT);
}

// covers: timer_bif_SUITE:same_time_yielding
KIT_PROCESS_TEST(test_hundreds_of_one_deadline_all_come)
{
        same_time(0);
}

// covers: timer_bif_SUITE:same_time_yielding_with_cancel
KIT_PROCESS_TEST(test_hundreds_of_one_deadline_less_those_cancelled)
{
        same_time(3);
}

static void cancel_it(kr_term parent_and_ref)
{
        kr_pid parent;
        kr_ref ref;

        kit_true(kr_match(parent_and_ref, "{~, ~}", &parent, &ref));
        kr_send(parent, "{cancelled, ~}", kr_cancel_timer(ref));
}

// covers: timer_bif_SUITE:same_time_yielding_with_cancel_other
KIT_PROCESS_TEST(test_hundreds_of_one_deadline_cancelled_by_others)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t at_ms = kr_monotonic_ms(NULL) + 20, left;
        int cancelled = 0, came = 0;

        for (int i = 0; i < SAME; i++) {
                kr_ref ref = kr_send_at(at_ms, kr_self(), "x");

                (void)kr_spawn(cancel_it, kr_build("{~, ~}", kr_self(), ref));
        }
        for (int i = 0; i < SAME; i++) {
                kit_int_eq(kr_receive(&msg, 5000, kr_on(MATCH, "{cancelled, ~}", &left)),
                           MATCH);
                cancelled += left >= 0;
        }
        while (came + cancelled < SAME) {
                kit_int_eq(kr_receive(&msg, 5000, kr_on(MATCH, "x")), MATCH);
                came++;
        }
        kit_int_eq(kr_receive(&msg, 50, kr_on(OTHER, "_")), KR_TIMEOUT);
}

#define VERY_MANY 100000

static void start_very_many(void)
{
        for (int i = 0; i < VERY_MANY; i++)
                (void)kr_send_after(60000 + i % 1000, kr_self(), "~", i);
        wait_for_ever();
}

// covers: timer_bif_SUITE:auto_cancel_yielding
KIT_PROCESS_TEST(test_a_process_with_very_many_timers_ends_soon)
{
        kr_ref monitor;
        kr_pid pid = kr_spawn_monitor(&monitor, start_very_many);
        int64_t began_ms;

        kr_sleep(50);
        kr_exit_signal(pid, "kill");
        began_ms = kr_monotonic_ms(NULL);
        expect_down(monitor);
        kit_int_le(kr_monotonic_ms(NULL) - began_ms, 500 * kit_slowness());
}

/* A message of 4,000 bytes has a block of the allocator's own, which the kit sees come back:
 * of timers that fired, were cancelled, lost their process, or are there at the node's end. */
// covers: timer_bif_SUITE:cleanup
KIT_PROCESS_TEST(test_timers_free_what_they_hold)
{
        static char text[4000];
        kr_msg msg = KR_MSG_INIT;
        kr_ref monitor;
        kr_pid pid = kr_spawn_monitor(&monitor, wait_for_ever);

        for (size_t i = 0; i < sizeof(text) - 1; i++)
                text[i] = "abcdefgh"[i % 8];
        for (int i = 0; i < 100; i++) {
                (void)kr_send_after(60000, pid, "[~ | ~]", text, text);
                (void)kr_send_after(60000, "nobody_has_this_name", "[~ | ~]", text, text);
                (void)kr_send_after(1, "nobody_has_this_name", "[~ | ~]", text, text);
                kit_int_ge(kr_cancel_timer(
                                   kr_start_timer(60000, pid, "[~ | ~]", text, text)),
                           0);
                (void)kr_start_timer(1, kr_self(), "[~ | ~]", text, text);
        }
        kr_exit_signal(pid, "kill");
        expect_down(monitor);
        (void)kr_send_after(1, pid, "[~ | ~]", text, text);
        for (int i = 0; i < 100; i++)
                kit_int_eq(kr_receive(&msg, 5000, kr_on(MATCH, "{timeout, _, [_ | _]}")),
                           MATCH);
        kr_sleep(5);
}

static void take_evil(kr_term parent)
{
        kr_msg msg = KR_MSG_INIT;
        kr_bytes bytes;
        kr_pid to;
        int got = 0, i;

        kit_true(kr_get_pid(parent, &to));
        while (got < 300) {
                kit_int_eq(kr_receive(&msg, 5000,
                                      kr_on(MATCH,
                                            "{~, #{key => {~, [1, 2.0, \"three\"]}}}", &i,
                                            &bytes)),
                           MATCH);
                kit_uint_eq(bytes.len, (uint64_t)i * 37);
                for (size_t at = 0; at < bytes.len; at++)
                        kit_int_eq(((const uint8_t *)bytes.data)[at], i % 251);
                got++;
        }
        kr_send(to, "done");
}

// covers: timer_bif_SUITE:evil_timers
KIT_PROCESS_TEST(test_large_terms_arrive_whole_while_the_receiver_runs)
{
        static uint8_t data[300 * 37];
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid = kr_spawn(take_evil, self_term());

        for (int i = 0; i < 300; i++) {
                kr_bytes bytes = { data, (size_t)i * 37 };

                memset(data, i % 251, bytes.len);
                (void)kr_send_after((int64_t)kit_random_below(100), pid,
                                    "{~, #{key => {~, [1, 2.0, \"three\"]}}}", i, bytes);
        }
        kit_int_eq(kr_receive(&msg, 5000, kr_on(MATCH, "done")), MATCH);
}

static void start_for(kr_term pid_term)
{
        kr_pid pid;

        kit_true(kr_get_pid(pid_term, &pid));
        for (int i = 0; i < 50; i++)
                (void)kr_send_after(60000, pid, "{~, ~}", i, "some text that takes room");
}

/* One side starts timers for a process while the other side has it end. */
KIT_PROCESS_TEST(test_timers_started_for_a_process_that_ends_just_then)
{
        for (int round = 0; round < 300; round++) {
                kr_ref monitor, starter;
                kr_pid pid = kr_spawn_monitor(&monitor, wait_for_ever);

                kr_spawn_monitor(&starter, start_for, kr_build("~", pid));
                if (round % 3 == 0)
                        kr_yield();
                kr_exit_signal(pid, "kill");
                expect_down(monitor);
                expect_down(starter);
        }
}

/* -- no memory -- */

static void start_without_memory(void *fail_in)
{
        kri_current()->sched->pool.fail_in = *(uint32_t *)fail_in;
        (void)kr_start_timer(1, kr_self(), "{text, ~}", "long enough to take some words");
        kri_current()->sched->pool.fail_in = 0;
}

static void each_allocation_fails(void)
{
        kr_msg msg = KR_MSG_INIT, reason = KR_MSG_INIT;
        kr_class how;

        for (uint32_t n = 1;; n++) {
                if (kr_catch(start_without_memory, &n, &how, &reason)) {
                        kit_int_ge(n, 3);
                        break;
                }
                kit_int_eq(how, KR_CLASS_ERROR);
                kit_true(kr_match(reason.term, "{system_limit, _}"));
                kit_int_eq(kr_receive(&msg, 10, kr_on(OTHER, "_")), KR_TIMEOUT);
        }
        kit_int_eq(kr_receive(&msg, 5000, kr_on(MATCH, "{timeout, _, {text, _}}")),
                   MATCH);
        kr_msg_clear(&reason);
}

KIT_TEST(test_without_memory_no_timer_is_started)
{
        kit_run_process(&(kr_node_opts){ .schedulers = 1 }, each_allocation_fails);
}

/* -- timed waits -- */

KIT_PROCESS_TEST(test_a_wait_ends_when_its_time_is_up_and_not_before)
{
        kr_msg msg = KR_MSG_INIT;

        for (int ms = 0; ms < 30; ms++) {
                int64_t began_ns = kr_monotonic_ns(NULL);

                kit_int_eq(kr_receive(&msg, ms, kr_on(OTHER, "_")), KR_TIMEOUT);
                kit_int_ge(kr_monotonic_ns(NULL) - began_ns, (int64_t)ms * 1000000);
        }
}

/* The wake-up of a wait that a message ended early goes off in a later, longer wait. */
KIT_PROCESS_TEST(test_an_old_wake_up_does_not_end_a_later_wait)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t began_ns;

        kr_send(kr_self(), "early");
        kit_int_eq(kr_receive(&msg, 20, kr_on(MATCH, "early")), MATCH);
        (void)kr_send_after(5, kr_self(), "early");
        kit_int_eq(kr_receive(&msg, 20, kr_on(MATCH, "early")), MATCH);
        began_ns = kr_monotonic_ns(NULL);
        kit_int_eq(kr_receive(&msg, 60, kr_on(MATCH, "never")), KR_TIMEOUT);
        kit_int_ge(kr_monotonic_ns(NULL) - began_ns, INT64_C(60000000));
}

/* The wake-up is there for a far deadline, and a nearer one is wanted. */
KIT_PROCESS_TEST(test_a_shorter_wait_after_a_longer_one_ends_in_time)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t began_ms;

        (void)kr_send_after(5, kr_self(), "early");
        kit_int_eq(kr_receive(&msg, 60000, kr_on(MATCH, "early")), MATCH);
        began_ms = kr_monotonic_ms(NULL);
        kit_int_eq(kr_receive(&msg, 10, kr_on(MATCH, "never")), KR_TIMEOUT);
        kit_int_le(kr_monotonic_ms(NULL) - began_ms, 1000 * kit_slowness());
}

static void nap_often(kr_term parent)
{
        kr_pid to;

        kit_true(kr_get_pid(parent, &to));
        for (int i = 0; i < 10; i++) {
                int64_t ms = (int64_t)(i * 7919) % 13, began_ns = kr_monotonic_ns(NULL);

                kr_sleep(ms);
                kit_int_ge(kr_monotonic_ns(NULL) - began_ns, ms * 1000000);
        }
        kr_send(to, "rested");
}

KIT_PROCESS_TEST(test_a_thousand_processes_sleep_side_by_side)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term self = self_term();

        for (int i = 0; i < 1000; i++)
                (void)kr_spawn(nap_often, self);
        for (int i = 0; i < 1000; i++)
                kit_int_eq(kr_receive(&msg, 9000, kr_on(MATCH, "rested")), MATCH);
}

KIT_TEST(test_a_thread_that_is_no_process_starts_no_timer)
{
        kit_true(kr_ref_eq(kr_send_after(1, "somebody", "x"), kr_ref_none()));
        kit_int_eq(kr_cancel_timer(kr_ref_none()), -1);
}

KIT_MAIN(KIT_CASE(test_send_after_brings_the_message_as_it_is),
         KIT_CASE(test_start_timer_wraps_and_cancel_says_what_was_left),
         KIT_CASE(test_a_message_that_came_before_cancel_is_told_by_its_reference),
         KIT_CASE(test_a_timer_of_no_time_is_a_message_like_others),
         KIT_CASE(test_messages_come_by_deadline),
         KIT_CASE(test_deadlines_a_millisecond_apart_keep_their_order),
         KIT_CASE(test_deadlines_days_apart_keep_their_order),
         KIT_CASE(test_times_beyond_31_bits),
         KIT_CASE(test_absolute_times_are_of_the_monotonic_clock),
         KIT_CASE(test_a_timer_is_never_early),
         KIT_CASE(test_in_simulated_time_a_timer_fires_at_its_very_tick),
         KIT_CASE(test_a_timer_outlives_who_started_it),
         KIT_CASE(test_a_timer_goes_with_the_pid_it_is_aimed_at),
         KIT_CASE(test_a_name_is_looked_up_when_the_timer_fires),
         KIT_CASE(test_times_that_cannot_be_are_badarg),
         KIT_CASE(test_a_pid_of_another_node_is_badarg),
         KIT_CASE(test_an_unknown_reference_is_no_timer),
         KIT_CASE(test_what_is_no_reference_is_badarg),
         KIT_CASE(test_read_and_cancel_agree_on_what_is_left),
         KIT_CASE(test_others_may_ask_and_are_answered_by_messages),
         KIT_CASE(test_hundreds_of_one_deadline_all_come),
         KIT_CASE(test_hundreds_of_one_deadline_less_those_cancelled),
         KIT_CASE(test_hundreds_of_one_deadline_cancelled_by_others),
         KIT_CASE(test_a_process_with_very_many_timers_ends_soon),
         KIT_CASE(test_timers_free_what_they_hold),
         KIT_CASE(test_large_terms_arrive_whole_while_the_receiver_runs),
         KIT_CASE(test_timers_started_for_a_process_that_ends_just_then),
         KIT_CASE(test_without_memory_no_timer_is_started),
         KIT_CASE(test_a_wait_ends_when_its_time_is_up_and_not_before),
         KIT_CASE(test_an_old_wake_up_does_not_end_a_later_wait),
         KIT_CASE(test_a_shorter_wait_after_a_longer_one_ends_in_time),
         KIT_CASE(test_a_thousand_processes_sleep_side_by_side),
         KIT_CASE(test_a_thread_that_is_no_process_starts_no_timer))
