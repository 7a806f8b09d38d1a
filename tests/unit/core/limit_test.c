/* SPDX-License-Identifier: Apache-2.0 */
/* limit_test.c: mailboxes and memory that hold so much and no more. */
#include <krarup.h>

#include "heap.h"
#include "process.h"

enum { DONE, DOWN, SENT, ANY };

static void drain(int count)
{
        kr_msg msg = KR_MSG_INIT;
        int n;

        for (int i = 0; i < count; i++) {
                kit_int_eq(kr_receive(&msg, 0, kr_on(ANY, "{number, ~}", &n)), ANY);
                kit_int_eq(n, i);
        }
        kit_int_eq(kr_receive(&msg, 0, kr_on(ANY, "{number, _}")), KR_TIMEOUT);
}

static void limit_self(uint32_t messages, uint64_t bytes, kr_overflow overflow)
{
        (void)kr_set_mailbox_limit((kr_mailbox_limit){ messages, bytes, overflow });
}

static kr_err send_number(kr_pid to, int n)
{
        return kr_send(to, "{number, ~}", n);
}

/* -- how much -- */

KIT_EVERYWHERE_TEST(test_a_full_mailbox_refuses_until_there_is_room)
{
        kr_msg msg = KR_MSG_INIT;

        limit_self(3, 0, KR_OVERFLOW_REFUSE);
        for (int round = 0; round < 10; round++) {
                for (int i = 0; i < 3; i++)
                        kit_int_eq(send_number(kr_self(), i), KR_OK);
                kit_int_eq(send_number(kr_self(), 3), KR_EFULL);
                kit_int_eq(kr_receive(&msg, 0, kr_on(ANY, "{number, 0}")), ANY);
                kit_int_eq(send_number(kr_self(), 3), KR_OK);
                kit_int_eq(send_number(kr_self(), 4), KR_EFULL);
                for (int i = 1; i <= 3; i++)
                        kit_int_eq(kr_receive(&msg, 0, kr_on(ANY, "{number, =}", i)),
                                   ANY);
        }
}

KIT_EVERYWHERE_TEST(test_bytes_can_be_limited_instead_of_messages)
{
        static const char data[1000] = "x";
        kr_msg msg = KR_MSG_INIT;

        limit_self(0, 4096, KR_OVERFLOW_REFUSE);
        for (int round = 0; round < 10; round++) {
                int sent = 0, got = 0;

                while (kr_send(kr_self(), "~",
                               kr_build("[~]", ((kr_bytes){ data, 400 }))) == KR_OK)
                        sent++;
                kit_true(sent >= 3 && sent <= 10);
                while (kr_receive(&msg, 0, kr_on(ANY, "_")) == ANY)
                        got++;
                kit_int_eq(got, sent);
        }
}

KIT_EVERYWHERE_TEST(test_a_full_mailbox_that_drops_says_nothing)
{
        limit_self(5, 0, KR_OVERFLOW_DROP);
        for (int i = 0; i < 20; i++)
                kit_int_eq(send_number(kr_self(), i), KR_OK);
        drain(5);
        kit_int_eq(send_number(kr_self(), 0), KR_OK);
        drain(1);
}

static void hold_two(kr_term parent)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid;

        kit_true(kr_get_pid(parent, &pid));
        limit_self(2, 0, KR_OVERFLOW_EXIT);
        kr_trap_exit(true);
        kr_send(pid, "ready");
        kr_receive(&msg, KR_INFINITY, kr_on(ANY, "never"));
}

KIT_EVERYWHERE_TEST(test_a_receiver_may_choose_to_end_when_it_is_full)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;
        kr_pid pid = kr_spawn_monitor(&ref, hold_two, kr_build("~", kr_self()));

        kit_int_eq(kr_receive(&msg, KR_INFINITY, kr_on(ANY, "ready")), ANY);
        for (int i = 0; i < 2; i++)
                kit_int_eq(send_number(pid, i), KR_OK);
        kit_int_eq(kr_receive(&msg, 0, kr_on(DOWN, "{'DOWN', =, _, _, _}", ref)),
                   KR_TIMEOUT);
        kit_int_eq(send_number(pid, 2), KR_OK);
        kit_int_eq(kr_receive(&msg, KR_INFINITY,
                              kr_on(DOWN, "{'DOWN', =, process, _, mailbox_overflow}",
                                    ref)),
                   DOWN);
}

/* -- senders that wait -- */

struct flood {
        kr_pid to;
        kr_pid parent;
        int count;
};

static void flood(struct flood *f)
{
        for (int i = 0; i < f->count; i++)
                kit_int_eq(send_number(f->to, i), KR_OK);
        kr_send(f->parent, "{done, ~}", kr_self());
}

static void read_slowly(struct flood *f)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t len;

        for (int i = 0; i < f->count; i++) {
                if (i % 4 == 0)
                        kr_sleep(1);
                kit_int_eq(kr_receive(&msg, KR_INFINITY, kr_on(ANY, "{number, =}", i)),
                           ANY);
                kr_process_info(kr_self(), KR_ATOM("message_queue_len"), &msg);
                kit_true(kr_match(msg.term, "{_, ~}", &len));
                kit_int_le(len, 8);
        }
        kr_send(f->parent, "{done, ~}", kr_self());
}

KIT_EVERYWHERE_TEST(test_a_sender_waits_until_there_is_room_and_order_is_kept)
{
        struct flood f = { .parent = kr_self(), .count = 60 };
        kr_msg msg = KR_MSG_INIT;

        f.to = kr_spawn_opt((&(kr_spawn_opts){
                                    .mailbox = { .messages = 8,
                                                 .overflow = KR_OVERFLOW_SUSPEND } }),
                            read_slowly, &f);
        kr_spawn(flood, &f);
        for (int i = 0; i < 2; i++)
                kit_int_eq(kr_receive(&msg, KR_INFINITY, kr_on(DONE, "{done, _}")), DONE);
}

static void never_read(void)
{
        kr_msg msg = KR_MSG_INIT;

        kr_receive(&msg, KR_INFINITY, kr_on(ANY, "stop"));
}

static kr_pid spawn_full(void)
{
        kr_pid pid = kr_spawn_opt(
                (&(kr_spawn_opts){
                        .mailbox = { .messages = 1, .overflow = KR_OVERFLOW_SUSPEND } }),
                never_read);

        kit_int_eq(send_number(pid, 0), KR_OK);
        return pid;
}

static void send_large(struct flood *f)
{
        static const char data[100000] = "x";

        kr_send(f->to, "{~}", ((kr_bytes){ data, sizeof(data) }));
        kr_send(f->parent, "{done, ~}", kr_self());
}

static void end_waiting_senders(void)
{
        struct flood f = { .to = spawn_full(), .parent = kr_self() };
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;

        for (int i = 0; i < 20; i++) {
                kr_pid pid = kr_spawn_monitor(&ref, send_large, &f);

                kr_sleep(2);
                kit_true(kr_is_process_alive(pid));
                kr_exit_signal(pid, "over");
                kit_int_eq(kr_receive(&msg, KR_INFINITY,
                                      kr_on(DOWN, "{'DOWN', =, process, _, over}", ref)),
                           DOWN);
        }
}

/* What it was about to send goes with it. */
KIT_TEST(test_a_sender_that_waits_for_room_can_be_ended_and_leaves_nothing)
{
        int64_t blocks;

        kit_run_process(NULL, end_waiting_senders);
        blocks = kit_heap_blocks();
        kit_run_process(NULL, end_waiting_senders);
        kit_int_eq(kit_heap_blocks(), blocks);
}

KIT_EVERYWHERE_TEST(test_a_sender_goes_on_when_the_full_receiver_ends)
{
        struct flood f = { .to = spawn_full(), .parent = kr_self() };
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid = kr_spawn(send_large, &f);

        kr_sleep(3);
        kit_int_eq(kr_receive(&msg, 0, kr_on(DONE, "{done, =}", pid)), KR_TIMEOUT);
        kr_exit_signal(f.to, "kill");
        kit_int_eq(kr_receive(&msg, KR_INFINITY, kr_on(DONE, "{done, =}", pid)), DONE);
}

KIT_EVERYWHERE_TEST(
        test_who_fills_its_own_mailbox_is_refused_rather_than_to_wait_for_ever)
{
        limit_self(2, 0, KR_OVERFLOW_SUSPEND);
        kit_int_eq(send_number(kr_self(), 0), KR_OK);
        kit_int_eq(send_number(kr_self(), 1), KR_OK);
        kit_int_eq(send_number(kr_self(), 2), KR_EFULL);
        drain(2);
}

/* -- what counts -- */

static void end_at_once(void)
{
}

/* Signals that are no messages of kr_send always arrive, and are not counted. */
KIT_EVERYWHERE_TEST(test_exits_downs_and_timers_arrive_in_a_full_mailbox)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;

        kr_trap_exit(true);
        limit_self(2, 0, KR_OVERFLOW_REFUSE);
        for (int round = 0; round < 20; round++) {
                for (int i = 0; i < 2; i++)
                        kit_int_eq(send_number(kr_self(), i), KR_OK);
                kit_int_eq(send_number(kr_self(), 2), KR_EFULL);
                kr_spawn_monitor(&ref, end_at_once);
                kr_exit_signal(kr_self(), "reason");
                (void)kr_send_after(1, kr_self(), "timer");
                kit_int_eq(kr_receive(&msg, KR_INFINITY,
                                      kr_on(DOWN, "{'DOWN', =, _, _, _}", ref)),
                           DOWN);
                kit_int_eq(kr_receive(&msg, KR_INFINITY,
                                      kr_on(ANY, "{'EXIT', _, reason}")),
                           ANY);
                kit_int_eq(kr_receive(&msg, KR_INFINITY, kr_on(ANY, "timer")), ANY);
                kit_int_eq(send_number(kr_self(), 2), KR_EFULL);
                drain(2);
        }
}

/* Messages that came, or were on their way, before there was a limit, or another one. */
KIT_EVERYWHERE_TEST(test_a_limit_may_change_while_messages_are_there_and_on_their_way)
{
        struct flood f = { kr_self(), kr_self(), 10 };
        kr_msg msg = KR_MSG_INIT;

        for (int round = 0; round < 20; round++) {
                kr_pid pid = kr_spawn(flood, &f);

                if (round % 2 == 0)
                        kr_yield();
                limit_self(100, 0, KR_OVERFLOW_REFUSE);
                limit_self(0, 0, KR_OVERFLOW_REFUSE);
                limit_self(50, 0, KR_OVERFLOW_REFUSE);
                kit_int_eq(kr_receive(&msg, KR_INFINITY, kr_on(DONE, "{done, =}", pid)),
                           DONE);
                drain(10);
                limit_self(3, 0, KR_OVERFLOW_REFUSE);
                for (int i = 0; i < 3; i++)
                        kit_int_eq(send_number(kr_self(), i), KR_OK);
                kit_int_eq(send_number(kr_self(), 3), KR_EFULL);
                limit_self(0, 0, KR_OVERFLOW_REFUSE);
                drain(3);
        }
}

KIT_EVERYWHERE_TEST(
        test_messages_through_an_alias_count_and_those_dropped_give_their_place_back)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref alias = kr_alias(false);

        limit_self(2, 0, KR_OVERFLOW_REFUSE);
        for (int round = 0; round < 5; round++) {
                kit_int_eq(kr_send(alias, "{number, 0}"), KR_OK);
                kit_int_eq(kr_send(alias, "{number, 1}"), KR_OK);
                kit_int_eq(kr_send(alias, "{number, 2}"), KR_EFULL);
                drain(2);
        }
        kit_true(kr_unalias(alias));
        for (int i = 0; i < 2; i++)
                kit_int_eq(kr_send(alias, "{number, ~}", i), KR_OK);
        kit_int_eq(kr_receive(&msg, 0, kr_on(ANY, "_")), KR_TIMEOUT);
        for (int i = 0; i < 2; i++)
                kit_int_eq(send_number(kr_self(), i), KR_OK);
        kit_int_eq(send_number(kr_self(), 2), KR_EFULL);
        drain(2);
}

KIT_EVERYWHERE_TEST(test_setting_a_limit_gives_the_old_one)
{
        kr_mailbox_limit old =
                kr_set_mailbox_limit((kr_mailbox_limit){ 7, 8, KR_OVERFLOW_DROP });

        kit_uint_eq(old.messages, 0);
        kit_uint_eq(old.bytes, 0);
        old = kr_set_mailbox_limit((kr_mailbox_limit){ 0 });
        kit_uint_eq(old.messages, 7);
        kit_uint_eq(old.bytes, 8);
        kit_int_eq(old.overflow, KR_OVERFLOW_DROP);
}

/* -- memory -- */

static void hoard(void)
{
        while (kr_alloc(10000) != NULL)
                ;
        kr_yield();
        kit_fail("it goes on beyond its limit");
}

static void hoard_terms(void)
{
        while (!kr_is_none(kr_build("{\"a string of some length\", [1, 2, 3]}")))
                ;
        kr_yield();
        kit_fail("it goes on beyond its limit");
}

static void hoard_messages(void)
{
        kr_msg msg = KR_MSG_INIT;

        for (;;) {
                kr_send(kr_self(), "{number, 1}");
                kr_receive(&msg, 0, kr_on(ANY, "never"));
        }
}

static void lower_own_limit(void)
{
        char *block = kr_alloc(5000);

        kit_not_null(block);
        kit_uint_eq(kr_set_memory_max(100000), 0);
        kr_free(block);
        kit_uint_eq(kr_set_memory_max(50000), 100000);
        hoard();
}

static void expect_killed(const kr_spawn_opts *opts, void (*fn)(void))
{
        kr_spawn_opts own = *opts;
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;

        own.monitor = true;
        own.ret_monitor = &ref;
        kr_spawn_opt(&own, fn);
        kr_receive(&msg, KR_INFINITY, kr_on(DOWN, "{'DOWN', =, process, _, _}", ref));
        kit_true(kr_match(msg.term, "{_, _, _, _, killed}"));
}

// covers: process_SUITE:spawn_opt_max_heap_size
KIT_EVERYWHERE_TEST(test_a_process_beyond_its_memory_limit_ends_with_killed)
{
        expect_killed(&(kr_spawn_opts){ .memory_max = 1000000 }, hoard);
        expect_killed(&(kr_spawn_opts){ .memory_max = 100000 }, hoard_terms);
        expect_killed(&(kr_spawn_opts){ .memory_max = 100000 }, hoard_messages);
        expect_killed(&(kr_spawn_opts){ 0 }, lower_own_limit);
}

struct big {
        char data[4000];
        int left;
};

/* Each allocation is taken back: what is free again may be used again. */
static void live_within(struct big *b)
{
        struct big next = *b;
        void *block;

        for (int i = 0; i < 100; i++) {
                kr_term term = kr_build("{~, [1, 2, 3]}", i);

                block = kr_alloc(3000);
                kit_not_null(block);
                block = kr_realloc(block, 5000);
                kit_not_null(block);
                kr_free(block);
                kit_false(kr_is_none(term));
                kr_release(term);
        }
        if (next.left-- > 0)
                kr_become(live_within, &next);
}

// covers: process_SUITE:spawn_opt_max_heap_size
KIT_EVERYWHERE_TEST(test_a_process_within_its_memory_limit_goes_on_for_long)
{
        struct big b = { .left = 100 };
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;

        kr_spawn_opt((&(kr_spawn_opts){
                             .memory_max = 40000, .monitor = true, .ret_monitor = &ref }),
                     live_within, &b);
        kr_receive(&msg, KR_INFINITY, kr_on(DOWN, "{'DOWN', =, process, _, _}", ref));
        kit_true(kr_match(msg.term, "{_, _, _, _, normal}"));
}

KIT_MAIN(
        KIT_CASE(test_a_full_mailbox_refuses_until_there_is_room),
        KIT_CASE(test_bytes_can_be_limited_instead_of_messages),
        KIT_CASE(test_a_full_mailbox_that_drops_says_nothing),
        KIT_CASE(test_a_receiver_may_choose_to_end_when_it_is_full),
        KIT_CASE(test_a_sender_waits_until_there_is_room_and_order_is_kept),
        KIT_CASE(test_a_sender_that_waits_for_room_can_be_ended_and_leaves_nothing),
        KIT_CASE(test_a_sender_goes_on_when_the_full_receiver_ends),
        KIT_CASE(test_who_fills_its_own_mailbox_is_refused_rather_than_to_wait_for_ever),
        KIT_CASE(test_exits_downs_and_timers_arrive_in_a_full_mailbox),
        KIT_CASE(test_a_limit_may_change_while_messages_are_there_and_on_their_way),
        KIT_CASE(
                test_messages_through_an_alias_count_and_those_dropped_give_their_place_back),
        KIT_CASE(test_setting_a_limit_gives_the_old_one),
        KIT_CASE(test_a_process_beyond_its_memory_limit_ends_with_killed),
        KIT_CASE(test_a_process_within_its_memory_limit_goes_on_for_long))
