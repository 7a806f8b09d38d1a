/* SPDX-License-Identifier: Apache-2.0 */
/* army_test.c: many counters, their sums, and what a read learns of one that has ended. */
#include "../../counters/army/counters_army.h"

#include "process.h"

#define COUNT 20000

static int64_t reached[ARMY_PHASES];

static void note(enum army_phase phase, int64_t n, int64_t count)
{
        kit_int_eq(count, COUNT);
        kit_int_lt(reached[phase], n);
        reached[phase] = n;
}

static uint32_t processes(void)
{
        kr_node_stats stats;

        kr_node_stats_read(kr_here(), &stats);
        return stats.processes;
}

KIT_PROCESS_TEST(test_an_army_sums_right_and_leaves_nobody)
{
        uint32_t before = processes();
        struct army_result result;

        army_run(COUNT, note, &result);
        kit_true(army_is_right(COUNT, &result));
        kit_double_eq(result.integers, COUNT * (COUNT + 1.0) / 2);
        for (int phase = 0; phase < ARMY_PHASES; phase++) {
                kit_int_eq(reached[phase], COUNT);
                kit_true(result.took_ms[phase] > 0);
        }
        kit_int_eq(processes(), before);
}

KIT_PROCESS_TEST(test_a_wrong_sum_is_noticed)
{
        struct army_result result;

        army_run(100, NULL, &result);
        result.roots += 1e-3;
        kit_false(army_is_right(100, &result));
}

/* -- one counter -- */

KIT_PROCESS_TEST(test_a_read_is_not_fooled_by_other_messages)
{
        kr_pid counter = counter_start_link();
        kr_msg msg = KR_MSG_INIT;

        kr_send(kr_self(), "hello");
        kr_send(kr_self(), "99.0");
        counter_tick(counter, 2.5);
        kit_double_eq(counter_read(counter), 2.5);
        counter_stop(counter);
        kit_int_eq(kr_receive(&msg, 0, kr_on(0, "hello")), 0);
}

static void do_read(void *counter)
{
        (void)counter_read(*(kr_pid *)counter);
}

KIT_PROCESS_TEST(test_a_read_of_a_counter_that_has_ended_says_noproc)
{
        kr_pid counter = counter_start_link();
        kr_msg reason = KR_MSG_INIT;
        kr_class how;

        counter_stop(counter);
        kit_false(kr_catch(do_read, &counter, &how, &reason));
        kit_int_eq(how, KR_CLASS_EXIT);
        kit_true(kr_match(reason.term, "{noproc, {gen_server, call, [=, read]}}",
                          counter));
}

/* Linked: whoever started them goes when one goes. */
KIT_PROCESS_TEST(test_a_counter_that_is_killed_tells_its_starter)
{
        kr_pid counter = counter_start_link(), from;
        kr_msg msg = KR_MSG_INIT;

        kr_trap_exit(true);
        kr_exit_signal(counter, "kill");
        kit_int_eq(kr_receive(&msg, 5000, kr_on(0, "{'EXIT', ~, killed}", &from)), 0);
        kit_true(kr_pid_eq(from, counter));
}

KIT_MAIN(KIT_SLOW(test_an_army_sums_right_and_leaves_nobody, 60),
         KIT_CASE(test_a_wrong_sum_is_noticed),
         KIT_CASE(test_a_read_is_not_fooled_by_other_messages),
         KIT_CASE(test_a_read_of_a_counter_that_has_ended_says_noproc),
         KIT_CASE(test_a_counter_that_is_killed_tells_its_starter))
