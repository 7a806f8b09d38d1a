/* SPDX-License-Identifier: Apache-2.0 */
/* become_test.c: a loop that waits at its top gives its stack back, and goes on as if it had
 * not.
 */
#include <krarup.h>

#include "process.h"

enum { TICK, READ, STOP, ANY };

struct counter {
        int64_t value;
        int entered; /* how often the loop began anew */
        kr_pid parent;
};

static void loop(struct counter *c)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t n;
        kr_pid from;

        c->entered++;
        switch (kr_receive_top(&msg, KR_INFINITY, kr_on(TICK, "{tick, ~}", &n),
                               kr_on(READ, "{read, ~}", &from), kr_on(STOP, "stop"))) {
        case TICK:
                c->value += n;
                break;
        case READ:
                kr_send(from, "{value, ~, ~}", c->value, c->entered);
                break;
        case STOP:
                return;
        }
        kr_become(loop, c);
}

static int64_t read_value(kr_pid counter, int *ret_entered)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t value;

        kr_send(counter, "{read, ~}", kr_self());
        kit_int_eq(kr_receive(&msg, KR_INFINITY,
                              kr_on(ANY, "{value, ~, ~}", &value, ret_entered)),
                   ANY);
        return value;
}

KIT_EVERYWHERE_TEST(test_the_state_stays_in_its_place_through_waits_at_the_top)
{
        struct counter c = { .value = 100 };
        kr_pid pid = kr_spawn(loop, &c);
        int entered;

        for (int i = 0; i < 100; i++) {
                kr_send(pid, "{tick, ~}", i);
                if (i % 10 == 0)
                        (void)read_value(pid, &entered);
        }
        kit_int_eq(read_value(pid, &entered), 100 + 99 * 100 / 2);
        kit_int_eq(c.value, 100); /* the process has its own */
        kr_send(pid, "stop");
}

/* A thousand loops that wait at their top need no stack each. */
KIT_PROCESS_TEST(test_a_loop_that_waits_at_its_top_has_no_stack)
{
        enum { LOOPS = 1000 };
        struct counter c = { 0 };
        kr_pid pids[LOOPS];
        kr_node_stats stats;
        int entered;

        for (int i = 0; i < LOOPS; i++)
                pids[i] = kr_spawn(loop, &c);
        for (int i = 0; i < LOOPS; i++)
                kr_send(pids[i], "{tick, ~}", i);
        for (int i = 0; i < LOOPS; i++)
                kit_int_eq(read_value(pids[i], &entered), i);
        kr_node_stats_read(kr_here(), &stats);
        kit_int_lt((int64_t)stats.stacks, 300); /* cut 64 at a time, for two schedulers */
}

/* No wake-up is without effect and none is left out: messages nobody wants make it look at
 * them once each, not again and again. */
KIT_EVERYWHERE_TEST(test_messages_nobody_wants_neither_wake_for_ever_nor_hide_others)
{
        struct counter c = { 0 };
        kr_pid pid = kr_spawn(loop, &c);
        int before, after;

        for (int i = 0; i < 1000; i++)
                kr_send(pid, "{junk, ~}", i);
        kit_int_eq(read_value(pid, &before), 0);
        kr_sleep(20); /* time to spin, if it does */
        kit_int_eq(read_value(pid, &after), 0);
        kit_int_le(after - before, 3);
        for (int i = 0; i < 100; i++) {
                kr_send(pid, "{junk, ~}", i);
                kr_send(pid, "{tick, 1}");
                kit_int_eq(read_value(pid, &after), i + 1);
        }
}

/* -- time -- */

struct timed {
        kr_pid parent;
        int64_t began_ms;
        int entered;
};

static void wait_50_ms(struct timed *t)
{
        kr_msg msg = KR_MSG_INIT;

        t->entered++;
        if (kr_receive_top(&msg, 50, kr_on(ANY, "wanted")) == KR_TIMEOUT)
                kr_send(t->parent, "{waited, ~, ~}", kr_monotonic_ms(NULL) - t->began_ms,
                        t->entered);
        else
                kr_send(t->parent, "'got it'");
}

static void time_the_wait(void)
{
        struct timed t = { kr_self(), kr_monotonic_ms(NULL), 0 };
        kr_pid pid = kr_spawn(wait_50_ms, &t);
        kr_msg msg = KR_MSG_INIT;
        int64_t waited_ms;
        int entered;

        for (int i = 0; i < 10; i++) {
                kr_send(pid, "junk");
                kr_sleep(4);
        }
        kit_int_eq(kr_receive(&msg, KR_INFINITY,
                              kr_on(ANY, "{waited, ~, ~}", &waited_ms, &entered)),
                   ANY);
        kit_int_ge(waited_ms, 50);
        kit_int_le(waited_ms, 52); /* the clock is the simulation's */
        kit_int_le(entered, 12);
}

KIT_TEST(test_the_time_of_a_wait_at_the_top_runs_on_when_it_is_entered_again)
{
        for (int i = 0; i < 8; i++)
                kit_run_process(&(kr_node_opts){ .drive = KR_DRIVE_SIM,
                                                 .seed = kit_random() },
                                time_the_wait);
}

KIT_EVERYWHERE_TEST(test_a_wait_at_the_top_ends_when_its_time_is_up_or_its_message_comes)
{
        struct timed t = { kr_self(), kr_monotonic_ms(NULL), 0 };
        kr_msg msg = KR_MSG_INIT;
        int64_t waited_ms;
        int entered;

        kr_spawn(wait_50_ms, &t);
        kit_int_eq(kr_receive(&msg, KR_INFINITY,
                              kr_on(ANY, "{waited, ~, ~}", &waited_ms, &entered)),
                   ANY);
        kit_int_ge(waited_ms, 50);
        kit_int_eq(entered, 2);
        kr_send(kr_spawn(wait_50_ms, &t), "wanted");
        kit_int_eq(kr_receive(&msg, KR_INFINITY, kr_on(ANY, "'got it'")), ANY);
}

/* Waits of the library's own come before the wait at the top each time it is entered. */
static void ask_then_wait(struct timed *t)
{
        kr_msg msg = KR_MSG_INIT;

        t->entered++;
        kit_true(kr_is_process_alive(t->parent));
        kr_sleep(1);
        kit_true(kr_process_info(t->parent, KR_ATOM("status"), &msg));
        if (kr_receive_top(&msg, 50, kr_on(ANY, "wanted")) == KR_TIMEOUT)
                kr_send(t->parent, "{waited, ~, ~}", kr_monotonic_ms(NULL) - t->began_ms,
                        t->entered);
        else
                kr_send(t->parent, "'got it'");
}

KIT_EVERYWHERE_TEST(test_waits_before_the_wait_at_the_top_are_waits_of_their_own)
{
        struct timed t = { kr_self(), kr_monotonic_ms(NULL), 0 };
        kr_msg msg = KR_MSG_INIT;
        int64_t waited_ms;
        int entered;
        kr_pid pid = kr_spawn(ask_then_wait, &t);

        for (int i = 0; i < 5; i++) {
                kr_send(pid, "junk");
                kr_sleep(3);
        }
        kit_int_eq(kr_receive(&msg, KR_INFINITY,
                              kr_on(ANY, "{waited, ~, ~}", &waited_ms, &entered)),
                   ANY);
        kit_int_ge(waited_ms, 50);
        pid = kr_spawn(ask_then_wait, &t);
        kr_sleep(2);
        kr_send(pid, "junk");
        kr_send(pid, "wanted");
        kit_int_eq(kr_receive(&msg, KR_INFINITY, kr_on(ANY, "'got it'")), ANY);
}

/* -- what differs from one entry to the next -- */

static void want_another_each_time(struct timed *t)
{
        kr_msg msg = KR_MSG_INIT;

        if (++t->entered <= 2)
                kr_receive_top(&msg, KR_INFINITY, kr_on(ANY, "first"));
        else
                kr_receive_top(&msg, KR_INFINITY, kr_on(ANY, "second"));
        kr_send(t->parent, "{got, ~}", msg.term);
}

/* What the wait before has looked at and refused may be what this one wants. */
KIT_EVERYWHERE_TEST(test_another_wait_at_the_top_looks_at_all_messages_again)
{
        struct timed t = { .parent = kr_self() };
        kr_msg msg = KR_MSG_INIT;

        for (int i = 0; i < 20; i++) {
                kr_pid pid = kr_spawn(want_another_each_time, &t);

                kr_sleep(1);
                kr_send(pid, "second");
                kr_sleep(1);
                kr_send(pid, "junk");
                kit_int_eq(kr_receive(&msg, 5000 * kit_slowness(),
                                      kr_on(ANY, "{got, second}")),
                           ANY);
        }
}

static void end_at_once(void)
{
}

struct watch {
        kr_pid parent, watched;
        kr_ref ref;
        int entered;
};

static void flush_what_was_looked_at(struct watch *w)
{
        kr_msg msg = KR_MSG_INIT;

        if (++w->entered == 1)
                w->ref = kr_monitor(w->watched);
        if (w->entered == 3)
                kr_demonitor(w->ref, &(kr_demonitor_opts){ .flush = true });
        kr_receive_top(&msg, KR_INFINITY, kr_on(ANY, "wanted"));
        kr_send(w->parent, "{wanted, ~}", w->entered);
}

KIT_EVERYWHERE_TEST(
        test_the_last_message_looked_at_may_be_flushed_before_the_wait_goes_on)
{
        struct watch w = { .parent = kr_self(), .watched = kr_spawn(end_at_once) };
        kr_msg msg = KR_MSG_INIT;

        kr_sleep(1);
        for (int i = 0; i < 20; i++) {
                kr_pid pid = kr_spawn(flush_what_was_looked_at, &w);

                kr_sleep(1);
                kr_send(pid, "junk");
                kr_sleep(1);
                kr_send(pid, "wanted");
                kit_int_eq(kr_receive(&msg, 5000 * kit_slowness(),
                                      kr_on(ANY, "{wanted, _}")),
                           ANY);
        }
}

static void wait_at_top(void *arg)
{
        kr_msg msg = KR_MSG_INIT;

        (void)arg;
        kr_receive_top(&msg, KR_INFINITY, kr_on(ANY, "never"));
}

static void wait_inside_a_catch(struct timed *t)
{
        kr_msg msg = KR_MSG_INIT;
        kr_class kind;

        if (++t->entered == 1)
                (void)kr_catch(wait_at_top, NULL, &kind, &msg);
        kr_exit("over");
}

KIT_EVERYWHERE_TEST(test_a_catch_around_a_wait_at_the_top_goes_with_the_stack)
{
        struct timed t = { .parent = kr_self() };
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;
        kr_pid pid = kr_spawn_monitor(&ref, wait_inside_a_catch, &t);

        kr_sleep(1);
        kr_send(pid, "junk");
        kit_int_eq(kr_receive(&msg, 5000,
                              kr_on(ANY, "{'DOWN', =, process, _, over}", ref)),
                   ANY);
}

/* A loop in C around the wait: each message is held when the stack goes. */
static void loop_in_c(struct counter *c)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t bytes;
        kr_pid from;

        for (;;) {
                kr_receive_top(&msg, KR_INFINITY, kr_on(READ, "{read, ~, _}", &from));
                c->value++;
                if (c->value == 10 || c->value == 1000) {
                        kr_msg info = KR_MSG_INIT;

                        kr_process_info(kr_self(), KR_ATOM("memory"), &info);
                        kit_true(kr_match(info.term, "{memory, ~}", &bytes));
                        kr_send(from, "{memory, ~}", bytes);
                } else {
                        kr_send(from, "ok");
                }
        }
}

KIT_EVERYWHERE_TEST(test_messages_held_on_a_stack_that_is_given_back_are_released)
{
        struct counter c = { 0 };
        kr_pid pid = kr_spawn(loop_in_c, &c), others[4];
        int64_t at_10 = 0, at_1000 = 0;
        kr_msg msg = KR_MSG_INIT;

        for (int i = 0; i < 4; i++) /* so that it seldom gets the same stack again */
                others[i] = kr_spawn(loop_in_c, &c);
        for (int i = 1; i <= 1000; i++) {
                kr_send(others[i % 4], "{read, ~, 0}", kr_self());
                kr_send(pid, "{read, ~, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}", kr_self());
                for (int got = 0; got < 2; got++)
                        kr_receive(&msg, KR_INFINITY, kr_on(ANY, "ok"),
                                   kr_on(READ, "{memory, ~}",
                                         i < 900 ? &at_10 : &at_1000));
        }
        kit_int_lt(at_1000, at_10 + 2048);
}

/* -- become -- */

static void third(void)
{
        kr_send("parent", "third");
        kr_exit("over");
}

static void second(kr_term list)
{
        kit_true(kr_match(list, "[1, {two, <<\"three\">>}]"));
        kr_send("parent", "second");
        kr_become(third);
}

static void deep_down(int depth)
{
        volatile char frame[64];

        frame[0] = (char)depth;
        if (depth < 0)
                return;
        if (depth > 0)
                deep_down(depth - 1);
        else
                kr_become(second, kr_build("[1, {two, <<\"three\">>}]"));
        kit_fail("become has returned %d", frame[0]);
}

static void first(int64_t n)
{
        kit_int_eq(n, 42);
        kr_send("parent", "first");
        deep_down(50);
}

KIT_EVERYWHERE_TEST(test_become_goes_on_as_another_function_with_any_kind_of_argument)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;

        kr_register("parent", kr_self());
        kr_spawn_monitor(&ref, first, 42);
        kit_int_eq(kr_receive(&msg, KR_INFINITY, kr_on(ANY, "_")), ANY);
        kit_true(kr_match(msg.term, "first"));
        kit_int_eq(kr_receive(&msg, KR_INFINITY, kr_on(ANY, "_")), ANY);
        kit_true(kr_match(msg.term, "second"));
        kit_int_eq(kr_receive(&msg, KR_INFINITY, kr_on(ANY, "_")), ANY);
        kit_true(kr_match(msg.term, "third"));
        kit_int_eq(kr_receive(&msg, KR_INFINITY,
                              kr_on(ANY, "{'DOWN', =, process, _, over}", ref)),
                   ANY);
}

struct turns {
        int64_t left;
        kr_pid parent;
        char data[200];
};

static int64_t memory_bytes(void)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t bytes = 0;

        kr_process_info(kr_self(), KR_ATOM("memory"), &msg);
        kit_true(kr_match(msg.term, "{memory, ~}", &bytes));
        kr_msg_clear(&msg);
        return bytes;
}

/* Each time a new argument, which is copied, and a message that is still held. */
static void turn(struct turns *t)
{
        struct turns next = *t;
        kr_msg msg = KR_MSG_INIT;

        kr_send(kr_self(), "{a, message, [with, some, length]}");
        kr_receive(&msg, 0, kr_on(ANY, "_"));
        if (t->left % 10000 == 5)
                kr_send(t->parent, "{memory, ~}", memory_bytes());
        if (next.left-- > 0)
                kr_become(turn, &next);
}

KIT_PROCESS_TEST(test_become_keeps_nothing_over_a_million_times)
{
        struct turns t = { .left = 1000000 / (kit_slowness() * kit_slowness()),
                           .parent = kr_self() };
        int64_t early = 0, bytes;
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;

        kr_spawn_monitor(&ref, turn, &t);
        while (kr_receive(&msg, KR_INFINITY, kr_on(READ, "{memory, ~}", &bytes),
                          kr_on(STOP, "{'DOWN', =, process, _, normal}", ref)) == READ) {
                if (early == 0)
                        early = bytes;
                kit_int_lt(bytes, early + 2048);
        }
        kit_true(kr_match(msg.term, "{'DOWN', _, _, _, normal}"));
}

static void throw_it(void *arg)
{
        (void)arg;
        kr_become(third);
}

static void become_inside_a_catch(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_class kind;

        (void)kr_catch(throw_it, NULL, &kind, &msg);
        kit_fail("become has returned");
}

KIT_EVERYWHERE_TEST(test_become_leaves_every_catch)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;

        kr_register("parent", kr_self());
        kr_spawn_monitor(&ref, become_inside_a_catch);
        kit_int_eq(kr_receive(&msg, KR_INFINITY,
                              kr_on(ANY, "{'DOWN', =, process, _, over}", ref)),
                   ANY);
}

/* Whoever waits at the top can be ended there, linked, looked at, and sent to by many. */
KIT_EVERYWHERE_TEST(test_an_exit_signal_ends_who_waits_at_the_top)
{
        struct counter c = { 0 };
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;

        for (int i = 0; i < 50; i++) {
                kr_pid pid = kr_spawn_monitor(&ref, loop, &c);

                if (i % 2 == 0)
                        kr_sleep(1);
                kr_exit_signal(pid, "over");
                kit_int_eq(kr_receive(&msg, KR_INFINITY,
                                      kr_on(ANY, "{'DOWN', =, process, _, over}", ref)),
                           ANY);
        }
}

/* Each tick may be looked for behind all the junk. */
static int ticks(void)
{
        return 2000 / kit_slowness();
}

static void tick_often(kr_term to)
{
        kr_pid pid, parent;

        kit_true(kr_match(to, "{~, ~}", &pid, &parent));
        for (int i = 0; i < ticks(); i++) {
                if (i % 3 == 0)
                        kr_send(pid, "{junk, ~}", i);
                kr_send(pid, "{tick, 1}");
                if (i % 11 == 0)
                        kr_yield();
        }
        kr_send(parent, "done");
}

KIT_EVERYWHERE_TEST(test_no_wake_up_is_lost_when_many_send_to_who_waits_at_the_top)
{
        struct counter c = { 0 };
        kr_pid pid = kr_spawn(loop, &c);
        kr_msg msg = KR_MSG_INIT;
        int entered;

        for (int i = 0; i < 4; i++)
                kr_spawn(tick_often, kr_build("{~, ~}", pid, kr_self()));
        for (int i = 0; i < 4; i++)
                kit_int_eq(kr_receive(&msg, KR_INFINITY, kr_on(ANY, "done")), ANY);
        kit_int_eq(read_value(pid, &entered), 4 * ticks());
}

KIT_MAIN(KIT_CASE(test_the_state_stays_in_its_place_through_waits_at_the_top),
         KIT_CASE(test_a_loop_that_waits_at_its_top_has_no_stack),
         KIT_CASE(test_messages_nobody_wants_neither_wake_for_ever_nor_hide_others),
         KIT_CASE(test_the_time_of_a_wait_at_the_top_runs_on_when_it_is_entered_again),
         KIT_CASE(test_a_wait_at_the_top_ends_when_its_time_is_up_or_its_message_comes),
         KIT_CASE(test_waits_before_the_wait_at_the_top_are_waits_of_their_own),
         KIT_CASE(test_another_wait_at_the_top_looks_at_all_messages_again),
         KIT_CASE(test_the_last_message_looked_at_may_be_flushed_before_the_wait_goes_on),
         KIT_CASE(test_a_catch_around_a_wait_at_the_top_goes_with_the_stack),
         KIT_CASE(test_messages_held_on_a_stack_that_is_given_back_are_released),
         KIT_CASE(test_become_goes_on_as_another_function_with_any_kind_of_argument),
         KIT_SLOW(test_become_keeps_nothing_over_a_million_times, 60),
         KIT_CASE(test_become_leaves_every_catch),
         KIT_CASE(test_an_exit_signal_ends_who_waits_at_the_top),
         KIT_CASE(test_no_wake_up_is_lost_when_many_send_to_who_waits_at_the_top))
