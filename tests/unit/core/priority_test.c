/* SPDX-License-Identifier: Apache-2.0 */
/* priority_test.c: who runs before whom, and what spawning takes along. */
#include <krarup.h>

#include "heap.h"
#include "process.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { DOWN, ANY };

static _Atomic int64_t turns[4]; /* by priority */
static _Atomic bool over;

static const kr_node_opts one_scheduler = { .schedulers = 1 };

static void count_turns(int64_t which)
{
        while (!atomic_load(&over)) {
                atomic_fetch_add(&turns[which], 1);
                kr_yield();
        }
}

static kr_pid spawn_with(kr_priority priority)
{
        return kr_spawn_opt((&(kr_spawn_opts){ .priority = priority }), count_turns,
                            (int64_t)priority);
}

static void wait_for_turns(kr_priority priority, int64_t count)
{
        while (atomic_load(&turns[priority]) < count)
                kr_sleep(1);
}

static void share_with_low(void)
{
        int64_t low, normal;

        (void)kr_set_priority(KR_PRIORITY_MAX);
        spawn_with(KR_PRIORITY_LOW);
        spawn_with(KR_PRIORITY_NORMAL);
        wait_for_turns(KR_PRIORITY_NORMAL, 8000);
        low = atomic_load(&turns[KR_PRIORITY_LOW]);
        normal = atomic_load(&turns[KR_PRIORITY_NORMAL]);
        atomic_store(&over, true);
        kit_int_gt(low * 16, normal); /* about one in eight */
        kit_int_lt(low * 4, normal);
}

// covers: process_SUITE:low_prio
KIT_TEST(test_low_gets_about_one_turn_in_eight)
{
        kit_run_process(&one_scheduler, share_with_low);
}

static void starve(void)
{
        (void)kr_set_priority(KR_PRIORITY_MAX);
        spawn_with(KR_PRIORITY_NORMAL);
        spawn_with(KR_PRIORITY_LOW);
        spawn_with(KR_PRIORITY_HIGH);
        wait_for_turns(KR_PRIORITY_HIGH, 5000);
        kit_int_le(atomic_load(&turns[KR_PRIORITY_NORMAL]), 1);
        kit_int_le(atomic_load(&turns[KR_PRIORITY_LOW]), 1);
        atomic_store(&over, true);
}

KIT_TEST(test_lower_ones_wait_while_a_high_one_can_run)
{
        kit_run_process(&one_scheduler, starve);
}

static void stop_it(void)
{
        atomic_store(&over, true);
}

/* The question of a high process is answered by a low one although a normal one is busy. */
static void ask_the_low(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid low;

        low = spawn_with(KR_PRIORITY_LOW);
        spawn_with(KR_PRIORITY_NORMAL);
        (void)kr_set_priority(KR_PRIORITY_HIGH);
        for (int i = 0; i < 100; i++) {
                kit_true(kr_process_info(low, KR_ATOM("status"), &msg));
                kit_true(kr_is_process_alive(low));
        }
        stop_it();
}

// covers: process_SUITE:no_priority_inversion
KIT_TEST(test_a_low_process_answers_questions_while_normal_ones_are_busy)
{
        kit_run_process(&one_scheduler, ask_the_low);
}

static void be_first(void)
{
        kr_send("parent", "other");
}

static void yield_to_other(void)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t before, after;

        kr_register("parent", kr_self());
        kr_process_info(kr_self(), KR_ATOM("reductions"), &msg);
        kit_true(kr_match(msg.term, "{_, ~}", &before));
        for (int i = 0; i < 100; i++) {
                kr_spawn(be_first);
                kr_yield();
                kit_int_eq(kr_receive(&msg, 0, kr_on(ANY, "other")), ANY);
        }
        kr_process_info(kr_self(), KR_ATOM("reductions"), &msg);
        kit_true(kr_match(msg.term, "{_, ~}", &after));
        kit_int_gt(after, before);
}

// covers: process_SUITE:yield
KIT_TEST(test_yield_lets_others_run)
{
        kit_run_process(&one_scheduler, yield_to_other);
}

KIT_EVERYWHERE_TEST(test_set_priority_gives_the_old_one_and_a_child_starts_as_normal)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid child;

        kit_int_eq(kr_set_priority(KR_PRIORITY_LOW), KR_PRIORITY_NORMAL);
        kit_int_eq(kr_set_priority(KR_PRIORITY_HIGH), KR_PRIORITY_LOW);
        kit_int_eq(kr_set_priority(KR_PRIORITY_HIGH), KR_PRIORITY_HIGH);
        child = kr_spawn(count_turns, (int64_t)0);
        kit_true(kr_process_info(child, KR_ATOM("priority"), &msg));
        kit_true(kr_match(msg.term, "{priority, normal}"));
        kr_exit_signal(child, "kill");
}

/* -- what spawning takes along -- */

static void measure(kr_term list)
{
        size_t len;

        kit_true(kr_length(list, &len));
        kr_send("parent", "{length, ~}", (uint64_t)len);
}

// covers: process_SUITE:spawn_huge_arglist
KIT_EVERYWHERE_TEST(test_a_very_large_argument_arrives_whole)
{
        kr_builder b = KR_BUILDER_INIT;
        kr_msg msg = KR_MSG_INIT;
        kr_term list;
        int64_t len;

        kr_register("parent", kr_self());
        for (int i = 0; i < 200000; i++)
                kr_add_int64(&b, i * 1000000007LL);
        list = kr_build_list(&b);
        kr_spawn(measure, list);
        kit_int_eq(kr_receive(&msg, KR_INFINITY, kr_on(ANY, "{length, ~}", &len)), ANY);
        kit_int_eq(len, 200000);
        kr_release(list);
}

static void keep_and_end(kr_term binary)
{
        kr_bytes bytes;

        kit_true(kr_get_bytes(binary, &bytes));
        kit_int_eq(((const char *)bytes.data)[bytes.len - 1], 'x');
}

static void spawn_with_binaries(void)
{
        static char data[200000];
        kr_term binary;
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;

        memset(data, 'x', sizeof(data));
        binary = kr_binary(data, sizeof(data));
        for (int i = 0; i < 2000; i++) {
                kr_spawn_monitor(&ref, keep_and_end, binary);
                kr_receive(&msg, KR_INFINITY,
                           kr_on(DOWN, "{'DOWN', =, process, _, normal}", ref));
        }
        kr_release(binary);
}

// covers: process_SUITE:spawn_with_binaries
KIT_TEST(test_spawning_with_large_binaries_again_and_again_keeps_nothing)
{
        int64_t blocks;

        kit_run_process(NULL, spawn_with_binaries);
        blocks = kit_heap_blocks();
        kit_run_process(NULL, spawn_with_binaries);
        kit_int_eq(kit_heap_blocks(), blocks);
}

static void end_at_once(void)
{
}

/* The same slot of the table is used again and again; its pids are all different for long. */
// covers: process_SUITE:no_pid_wrap
KIT_PROCESS_TEST(test_pids_do_not_come_back_early)
{
        int rounds = 200000 / kit_slowness();
        uint64_t *seen = malloc((size_t)rounds * sizeof(*seen));
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;
        uint64_t sum = 0;

        kit_not_null(seen);
        for (int i = 0; i < rounds; i++) {
                seen[i] = kr_spawn_monitor(&ref, end_at_once).num;
                kr_receive(&msg, KR_INFINITY,
                           kr_on(DOWN, "{'DOWN', =, process, _, normal}", ref));
                sum += seen[i] == seen[0];
        }
        kit_uint_eq(sum, 1);
        free(seen);
}

KIT_MAIN(KIT_SLOW(test_low_gets_about_one_turn_in_eight, 30),
         KIT_SLOW(test_lower_ones_wait_while_a_high_one_can_run, 30),
         KIT_CASE(test_a_low_process_answers_questions_while_normal_ones_are_busy),
         KIT_CASE(test_yield_lets_others_run),
         KIT_CASE(test_set_priority_gives_the_old_one_and_a_child_starts_as_normal),
         KIT_SLOW(test_a_very_large_argument_arrives_whole, 60),
         KIT_SLOW(test_spawning_with_large_binaries_again_and_again_keeps_nothing, 30),
         KIT_SLOW(test_pids_do_not_come_back_early, 60))
