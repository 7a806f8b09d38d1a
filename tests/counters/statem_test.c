/* SPDX-License-Identifier: Apache-2.0 */
/* statem_test.c: the counter as a state machine: what it does in each state, and how it leaves
 * it. */
#include "../../counters/statem/counter.h"

#include "expect.h"
#include "process.h"

#define FOO kr_atom_term(KR_ATOM("foo"))

static kr_ref start(int64_t limit, int64_t patience_ms)
{
        kr_started started = counter_start_link(limit, patience_ms);

        kit_ok(started.err);
        return kr_monitor(started.pid);
}

static void check(const char *state, int64_t value)
{
        kr_msg answer = KR_MSG_INIT;
        kr_term t = counter_read(&answer);

        kit_match(t, "{=, =}", kri_atom_of(state), value);
        kr_msg_clear(&answer);
}

static void ticks(int64_t n)
{
        kit_ok(counter_tick(kr_int((int32_t)n)));
}

KIT_EVERYWHERE_TEST(test_it_counts_while_it_runs)
{
        kr_ref ref = start(10, 1000);

        check("running", 0);
        ticks(3);
        ticks(-1);
        check("running", 2);
        kit_ok(counter_stop());
        kit_expect_down(ref, "normal");
}

KIT_EVERYWHERE_TEST(test_ticks_wait_while_it_is_paused_and_are_all_counted_then)
{
        (void)start(1000, 1000);
        ticks(1);
        kit_ok(counter_pause());
        for (int i = 0; i < 100; i++)
                ticks(2);
        check("paused", 1);
        kit_ok(counter_pause()); /* again: nothing */
        kit_ok(counter_resume());
        check("running", 201);
}

KIT_EVERYWHERE_TEST(test_a_pause_may_end_in_a_full_counter)
{
        (void)start(5, 1000);
        kit_ok(counter_pause());
        for (int i = 0; i < 9; i++)
                ticks(1);
        kit_ok(counter_resume());
        check("full", 5); /* the other four were dropped */
}

KIT_EVERYWHERE_TEST(test_a_full_counter_drops_ticks_until_it_is_reset)
{
        kr_msg answer = KR_MSG_INIT;
        kr_term t;

        (void)start(5, 1000);
        ticks(7);
        check("full", 7);
        ticks(1);
        check("full", 7);
        t = counter_reset(&answer);
        kit_match(t, "7");
        check("running", 0);
        ticks(2);
        t = counter_reset(&answer); /* resets what is not full as well */
        kit_match(t, "2");
        check("running", 0);
        kr_msg_clear(&answer);
}

KIT_SIM_TEST(test_a_counter_that_stays_full_ends_and_one_that_is_reset_does_not)
{
        kr_msg answer = KR_MSG_INIT;
        kr_ref ref;

        kr_trap_exit(true);
        ref = start(5, 60);
        ticks(5);
        kr_sleep(30);
        (void)counter_reset(&answer);
        kr_sleep(90);
        check("running", 0);
        ticks(5);
        kit_expect_down(ref, "{shutdown, full}");
        kr_msg_clear(&answer);
}

KIT_EVERYWHERE_TEST(test_a_tick_of_foo_ends_a_running_counter_and_waits_in_a_paused_one)
{
        kr_ref ref;

        kr_trap_exit(true);
        ref = start(5, 1000);
        kit_ok(counter_pause());
        kit_ok(counter_tick(FOO));
        check("paused", 0);
        kit_ok(counter_resume());
        kit_expect_down(ref, "{badarith, _}");
}

KIT_EVERYWHERE_TEST(test_what_it_does_not_know_is_nothing_to_it)
{
        (void)start(5, 1000);
        kr_send("counter", "nonsense");
        kr_cast("counter", "nonsense");
        check("running", 0);
}

KIT_MAIN(KIT_CASE(test_it_counts_while_it_runs),
         KIT_CASE(test_ticks_wait_while_it_is_paused_and_are_all_counted_then),
         KIT_CASE(test_a_pause_may_end_in_a_full_counter),
         KIT_CASE(test_a_full_counter_drops_ticks_until_it_is_reset),
         KIT_CASE(test_a_counter_that_stays_full_ends_and_one_that_is_reset_does_not),
         KIT_CASE(test_a_tick_of_foo_ends_a_running_counter_and_waits_in_a_paused_one),
         KIT_CASE(test_what_it_does_not_know_is_nothing_to_it))
