/* SPDX-License-Identifier: Apache-2.0 */
/* receive_test.c: which message a receive takes, when it gives up, and what it costs. */
#include <krarup.h>

#include "heap.h"
#include "process.h"

enum { FIRST, SECOND, THIRD, ANY };

static void send_numbers(kr_pid to, int from, int until)
{
        for (int i = from; i < until; i++)
                kr_send(to, "{number, ~}", i);
}

static int next_number(void)
{
        kr_msg msg = KR_MSG_INIT;
        int n = -1;

        kit_int_eq(kr_receive(&msg, KR_INFINITY, kr_on(FIRST, "{number, ~}", &n)), FIRST);
        return n;
}

static void expect_empty(void)
{
        kr_msg msg = KR_MSG_INIT;

        kit_int_eq(kr_receive(&msg, 0, kr_on(ANY, "_")), KR_TIMEOUT);
}

/* -- which message -- */

// covers: D58
KIT_EVERYWHERE_TEST(test_an_earlier_message_of_a_later_clause_comes_first)
{
        kr_msg msg = KR_MSG_INIT;

        kr_send(kr_self(), "second");
        kr_send(kr_self(), "first");
        kit_int_eq(kr_receive(&msg, 0, kr_on(FIRST, "first"), kr_on(SECOND, "second")),
                   SECOND);
        kit_int_eq(kr_receive(&msg, 0, kr_on(FIRST, "first"), kr_on(SECOND, "second")),
                   FIRST);
        expect_empty();
}

// covers: D58
KIT_EVERYWHERE_TEST(test_of_two_clauses_that_fit_the_one_written_first_is_taken)
{
        kr_msg msg = KR_MSG_INIT;

        kr_send(kr_self(), "{a, 1}");
        kr_send(kr_self(), "{a, 1}");
        kit_int_eq(kr_receive(&msg, 0, kr_on(FIRST, "{a, _}"), kr_on(SECOND, "{_, 1}")),
                   FIRST);
        kit_int_eq(kr_receive(&msg, 0, kr_on(SECOND, "{_, 1}"), kr_on(FIRST, "{a, _}")),
                   SECOND);
}

/* Every receive takes one from the middle; the rest must come out in its old order. */
// covers: D59
KIT_EVERYWHERE_TEST(test_messages_that_do_not_fit_keep_their_place)
{
        kr_msg msg = KR_MSG_INIT;
        bool taken[64] = { false };

        send_numbers(kr_self(), 0, 64);
        for (int i = 0; i < 40; i++) {
                int n = (i * 29 + 7) % 64;

                kit_int_eq(kr_receive(&msg, 0, kr_on(FIRST, "{number, =}", n)), FIRST);
                taken[n] = true;
        }
        for (int i = 0; i < 64; i++)
                if (!taken[i])
                        kit_int_eq(next_number(), i);
        expect_empty();
}

static void send_three_and_done(kr_term to)
{
        kr_pid pid;

        kit_true(kr_get_pid(to, &pid));
        send_numbers(pid, 0, 3);
        kr_send(pid, "done");
}

/* What another process sent before its message that we have got has arrived as well. */
// covers: D60
KIT_EVERYWHERE_TEST(test_a_receive_with_time_0_looks_at_all_that_has_arrived)
{
        kr_msg msg = KR_MSG_INIT;
        int n;

        kr_spawn(send_three_and_done, kr_build("~", kr_self()));
        kit_int_eq(kr_receive(&msg, KR_INFINITY, kr_on(ANY, "done")), ANY);
        for (int i = 2; i >= 0; i--)
                kit_int_eq(kr_receive(&msg, 0, kr_on(FIRST, "{number, =}", i)), FIRST);
        kit_int_eq(kr_receive(&msg, 0, kr_on(FIRST, "{number, ~}", &n)), KR_TIMEOUT);
}

// covers: D60
KIT_EVERYWHERE_TEST(test_what_a_process_sends_itself_is_there_at_once)
{
        kr_msg msg = KR_MSG_INIT;

        for (int i = 0; i < 200; i++) {
                kr_send(kr_self(), "{number, ~}", i);
                kit_int_eq(kr_receive(&msg, 0, kr_on(FIRST, "{number, =}", i)), FIRST);
        }
}

/* -- when the time is up -- */

// covers: D61
KIT_EVERYWHERE_TEST(test_a_timeout_takes_no_message)
{
        kr_msg msg = KR_MSG_INIT;

        send_numbers(kr_self(), 0, 3);
        kit_int_eq(kr_receive(&msg, 0, kr_on(ANY, "nothing")), KR_TIMEOUT);
        kit_int_eq(kr_receive(&msg, 1, kr_on(ANY, "nothing")), KR_TIMEOUT);
        kr_sleep(1);
        for (int i = 0; i < 3; i++)
                kit_int_eq(next_number(), i);
        expect_empty();
}

/* Messages timed to come when a wait ends: each is either taken or still there after it. */
// covers: D61
KIT_EVERYWHERE_TEST(test_a_message_at_the_moment_of_the_timeout_is_not_lost)
{
        kr_msg msg = KR_MSG_INIT;

        for (int i = 0; i < 50; i++) {
                (void)kr_send_after(1, kr_self(), "{number, ~}", i);
                if (kr_receive(&msg, 1, kr_on(FIRST, "{number, =}", i)) == KR_TIMEOUT)
                        kit_int_eq(next_number(), i);
        }
        expect_empty();
}

static void send_junk_each_ms(kr_term to)
{
        kr_pid pid;

        kit_true(kr_get_pid(to, &pid));
        for (;;) {
                kr_send(pid, "junk");
                kr_sleep(1);
        }
}

// covers: D62
KIT_EVERYWHERE_TEST(test_messages_that_do_not_fit_do_not_restart_the_time)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t began_ms = kr_monotonic_ms(NULL), took_ms;
        kr_pid pid = kr_spawn_link(send_junk_each_ms, kr_build("~", kr_self()));

        kit_int_eq(kr_receive(&msg, 30, kr_on(ANY, "nothing")), KR_TIMEOUT);
        took_ms = kr_monotonic_ms(NULL) - began_ms;
        kit_int_ge(took_ms, 30);
        kit_int_lt(took_ms, 2000 * kit_slowness()); /* with restarts it would never end */
        kr_unlink(pid);
        kr_exit_signal(pid, "kill");
}

static void receive_for(int64_t timeout_ms)
{
        kr_msg msg = KR_MSG_INIT;

        kr_receive(&msg, timeout_ms, kr_on(ANY, "_"));
}

static void receive_top_for(int64_t timeout_ms)
{
        kr_msg msg = KR_MSG_INIT;

        kr_receive_top(&msg, timeout_ms, kr_on(ANY, "_"));
}

static void expect_timeout_value(void (*fn)(int64_t), int64_t timeout_ms)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;

        kr_spawn_monitor(&ref, fn, timeout_ms);
        kit_int_eq(kr_receive(&msg, 5000,
                              kr_on(ANY, "{'DOWN', =, process, _, {timeout_value, _}}",
                                    ref)),
                   ANY);
}

// covers: D63
KIT_EVERYWHERE_TEST(test_a_time_that_cannot_be_ends_the_caller_with_timeout_value)
{
        static void (*const waits[])(int64_t) = { receive_for, receive_top_for,
                                                  kr_sleep };

        for (unsigned i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
                expect_timeout_value(waits[i], -2);
                expect_timeout_value(waits[i], INT64_MIN);
                expect_timeout_value(waits[i], 4294967296);
                expect_timeout_value(waits[i], INT64_MAX);
        }
}

// covers: D63
KIT_EVERYWHERE_TEST(test_the_longest_time_is_one_that_can_be)
{
        kr_msg msg = KR_MSG_INIT;

        kr_send(kr_self(), "here");
        kit_int_eq(kr_receive(&msg, 4294967295, kr_on(ANY, "here")), ANY);
        (void)kr_send_after(2, kr_self(), "late");
        kit_int_eq(kr_receive(&msg, 4294967295, kr_on(ANY, "late")), ANY);
}

/* -- wake-ups -- */

static void answer(kr_term to)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid;
        int n;

        kit_true(kr_get_pid(to, &pid));
        for (;;) {
                kr_receive(&msg, KR_INFINITY, kr_on(ANY, "{ask, ~}", &n));
                kr_send(pid, "{answer, ~}", n);
        }
}

/* Messages that arrive while the mailbox is looked through: each wakes whom it must. */
// covers: receive_SUITE:erl_1199 process_SUITE:otp_7738_waiting
KIT_EVERYWHERE_TEST(test_a_message_that_comes_during_the_scan_is_not_missed)
{
        enum { SERVERS = 4, ROUNDS = 500 };
        kr_pid servers[SERVERS];
        kr_msg msg = KR_MSG_INIT;

        for (int i = 0; i < SERVERS; i++)
                servers[i] = kr_spawn(answer, kr_build("~", kr_self()));
        send_numbers(kr_self(), 0, 100);
        for (int round = 0; round < ROUNDS; round++) {
                for (int i = 0; i < SERVERS; i++)
                        kr_send(servers[i], "{ask, ~}", round * SERVERS + i);
                for (int i = SERVERS - 1; i >= 0; i--)
                        kit_int_eq(kr_receive(&msg, KR_INFINITY,
                                              kr_on(ANY, "{answer, =}",
                                                    round * SERVERS + i)),
                                   ANY);
        }
        for (int i = 0; i < 100; i++)
                kit_int_eq(next_number(), i);
        expect_empty();
}

/* -- slots -- */

static void nested(int depth)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term list;
        int64_t n;

        if (depth == 0)
                return;
        kit_int_eq(kr_receive(&msg, 0, kr_on(ANY, "{number, ~}", &n)), ANY);
        kit_true(kr_get_int64(kr_element(2, msg.term), &n));
        nested(depth - 1);
        kit_true(kr_match(msg.term, "{number, ~}", &list));
        kit_true(kr_same(list, kr_element(2, msg.term)));
        kit_int_eq(n, 100 - depth);
}

/* Each level holds its message while the inner ones receive theirs. */
// covers: receive_SUITE:receive_opt_recursion
KIT_EVERYWHERE_TEST(test_receives_inside_each_other_keep_their_messages)
{
        send_numbers(kr_self(), 0, 100);
        nested(100);
        expect_empty();
}

KIT_PROCESS_TEST(test_a_slot_that_is_filled_again_or_cleared_has_released_what_it_held)
{
        kr_msg msg = KR_MSG_INIT;

        kr_send(kr_self(), "[1, 2, 3]");
        kr_send(kr_self(), "[4, 5, 6]");
        kit_int_eq(kr_receive(&msg, 0, kr_on(ANY, "_")), ANY);
        kit_int_eq(kr_receive(&msg, 0, kr_on(ANY, "_")), ANY);
        kit_true(kr_match(msg.term, "[4, 5, 6]"));
        kr_msg_clear(&msg);
        kit_true(kr_is_none(msg.term));
        kr_msg_clear(&msg);
        kit_int_eq(kr_receive(&msg, 0, kr_on(ANY, "_")), KR_TIMEOUT);
        kit_true(kr_is_none(msg.term));
}

#ifdef KRI_DEBUG
KIT_PROCESS_TEST(test_what_is_released_is_poisoned_in_debug_builds)
{
        kr_msg msg = KR_MSG_INIT;
        kr_bytes bytes;
        char copy[8];

        kr_send(kr_self(), "{<<\"0123456789abcdefghijklmnopqrstuvwxyz\">>}");
        kit_int_eq(kr_receive(&msg, 0, kr_on(ANY, "{~}", &bytes)), ANY);
        memcpy(copy, bytes.data, sizeof(copy));
        kit_mem_eq(copy, "01234567", sizeof(copy));
        kr_msg_clear(&msg);
        kit_true(memcmp(copy, bytes.data, sizeof(copy)) != 0);
}
#endif

static int receive_in_a_frame_of_its_own(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_bytes bytes;

        kr_receive(&msg, KR_INFINITY, kr_on(ANY, "{data, ~}", &bytes));
        return ((const char *)bytes.data)[0];
}

static int receive_deeper(int depth)
{
        volatile char frame[64];

        frame[0] = (char)depth;
        return depth == 0 ? receive_in_a_frame_of_its_own()
                          : receive_deeper(depth - 1) + (frame[0] & 0);
}

static int64_t memory_bytes(void)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t bytes;

        kit_true(kr_process_info(kr_self(), KR_ATOM("memory"), &msg));
        kit_true(kr_match(msg.term, "{memory, ~}", &bytes));
        kr_msg_clear(&msg);
        return bytes;
}

static void fill_and_leave(void)
{
        static char data[65536] = "x";
        int rounds = 1000000 / kit_slowness();
        int64_t before = 0;

        for (int i = 0; i < rounds; i++) {
                size_t len = i % 64 == 0 ? sizeof(data) : 8;

                kr_send(kr_self(), "{data, ~}", ((kr_bytes){ data, len }));
                kit_int_eq(receive_deeper(i % 5), 'x');
                if (i == 5)
                        before = memory_bytes();
        }
        expect_empty();
        kit_int_lt(memory_bytes(),
                   before + 1024); /* a message more may be held, or less */
}

/* The slot of a function that has returned is found and released: else a million messages,
 * some of 64 KiB, would stay until the end. */
KIT_TEST(test_slots_of_functions_that_have_returned_do_not_pile_up)
{
        uint64_t asked = kit_heap_asked();

        kit_run_process(NULL, fill_and_leave);
        kit_int_lt((int64_t)(kit_heap_asked() - asked),
                   20000); /* one per 64 KiB, and few more */
}

/* Messages of slots that nobody cleared go with the process. */
static void hold_many(void)
{
        static kr_msg slots[64];
        char data[2000] = "x";

        for (int i = 0; i < 64; i++) {
                slots[i] = (kr_msg)KR_MSG_INIT;
                kr_send(kr_self(), "~", ((kr_bytes){ data, sizeof(data) }));
                kit_int_eq(kr_receive(&slots[i], 0, kr_on(ANY, "_")), ANY);
        }
}

KIT_TEST(test_what_slots_hold_at_the_end_goes_with_the_process)
{
        int64_t blocks;

        kit_run_process(NULL, hold_many); /* patterns and atoms stay for ever */
        blocks = kit_heap_blocks();
        kit_run_process(NULL, hold_many);
        kit_int_eq(kit_heap_blocks(), blocks);
}

KIT_MAIN(KIT_CASE(test_an_earlier_message_of_a_later_clause_comes_first),
         KIT_CASE(test_of_two_clauses_that_fit_the_one_written_first_is_taken),
         KIT_CASE(test_messages_that_do_not_fit_keep_their_place),
         KIT_CASE(test_a_receive_with_time_0_looks_at_all_that_has_arrived),
         KIT_CASE(test_what_a_process_sends_itself_is_there_at_once),
         KIT_CASE(test_a_timeout_takes_no_message),
         KIT_CASE(test_a_message_at_the_moment_of_the_timeout_is_not_lost),
         KIT_CASE(test_messages_that_do_not_fit_do_not_restart_the_time),
         KIT_CASE(test_a_time_that_cannot_be_ends_the_caller_with_timeout_value),
         KIT_CASE(test_the_longest_time_is_one_that_can_be),
         KIT_CASE(test_a_message_that_comes_during_the_scan_is_not_missed),
         KIT_CASE(test_receives_inside_each_other_keep_their_messages),
         KIT_CASE(test_a_slot_that_is_filled_again_or_cleared_has_released_what_it_held),
#ifdef KRI_DEBUG
         KIT_CASE(test_what_is_released_is_poisoned_in_debug_builds),
#endif
         KIT_SLOW(test_slots_of_functions_that_have_returned_do_not_pile_up, 60),
         KIT_CASE(test_what_slots_hold_at_the_end_goes_with_the_process))
