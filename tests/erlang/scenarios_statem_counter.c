/* SPDX-License-Identifier: Apache-2.0 */
/* scenarios_statem_counter.c: the counter that is a state machine; see
 * scenarios_statem_counter.erl. */
#include "../../counters/statem/counter.h"

#include "scenario.h"

static void start(int64_t limit, int64_t patience_ms)
{
        kr_started started = counter_start_link(limit, patience_ms);

        known_as(started.pid, "<counter>");
        say("started", "~", (bool)(started.err == KR_OK));
}

static void say_value(void)
{
        kr_msg answer = KR_MSG_INIT;

        say("value", "~", counter_read(&answer));
        kr_msg_clear(&answer);
}

static void say_reset(void)
{
        kr_msg answer = KR_MSG_INIT;

        say("reset", "~", counter_reset(&answer));
        kr_msg_clear(&answer);
}

static void tick(int64_t n)
{
        (void)counter_tick(kr_int((int32_t)n));
}

static void ticks_wait_in_a_pause(void)
{
        start(100, 1000);
        tick(1);
        counter_pause();
        for (int i = 0; i < 20; i++)
                tick(2);
        say_value();
        counter_resume();
        say_value();
        counter_stop();
        say("gone", "~", (bool)kr_pid_is_none(kr_whereis("counter")));
}

static void a_full_one_drops_ticks(void)
{
        start(5, 1000);
        tick(3);
        say_reset();
        tick(7);
        tick(1);
        counter_pause();
        say_value();
        say_reset();
        say_value();
}

static void a_pause_may_end_full(void)
{
        start(5, 1000);
        counter_pause();
        for (int i = 0; i < 9; i++)
                tick(1);
        say_reset();
        counter_resume();
        say_value();
}

static void one_that_stays_full_ends(void)
{
        kr_trap_exit(true);
        start(5, 40);
        tick(5);
        say_value();
        say_next("exit");
}

static void a_wrong_tick(void)
{
        kr_trap_exit(true);
        start(5, 1000);
        counter_pause();
        (void)counter_tick(kr_atom_term(KR_ATOM("foo")));
        say_value();
        counter_resume();
        say_next("exit");
}

static void unknown(void)
{
        kr_msg answer = KR_MSG_INIT;

        (void)kr_statem_call("counter", &answer, "who");
}

static void unknown_requests(void)
{
        kr_trap_exit(true);
        start(5, 1000);
        kr_send("counter", "nonsense");
        kr_cast("counter", "nonsense");
        say_value();
        say_caught("call", unknown);
        say_next("exit");
}

static void read_nobody(void)
{
        kr_msg answer = KR_MSG_INIT;

        (void)counter_read(&answer);
}

static void nobody_there(void)
{
        say_caught("read", read_nobody);
        say("tick", "~", (bool)(counter_tick(kr_int(1)) == KR_OK));
}

SCENARIOS(SCENARIO(ticks_wait_in_a_pause), SCENARIO(a_full_one_drops_ticks),
          SCENARIO(a_pause_may_end_full), SCENARIO(one_that_stays_full_ends),
          SCENARIO(a_wrong_tick), SCENARIO(unknown_requests), SCENARIO(nobody_there))
