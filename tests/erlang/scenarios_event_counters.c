/* SPDX-License-Identifier: Apache-2.0 */
/* scenarios_event_counters.c: handlers of the counters' events; see
 * scenarios_event_counters.erl. */
#include "../../counters/event/counter_events.h"

#include "scenario.h"

static void start(void)
{
        say("started", "~", (bool)(counter_events_start_link().err == KR_OK));
}

static void say_handlers(void)
{
        kr_msg answer = KR_MSG_INIT;

        say("handlers", "~", counter_events_handlers(&answer));
        kr_msg_clear(&answer);
}

static void say_stats(void)
{
        kr_msg answer = KR_MSG_INIT;

        say("stats", "~", counter_stats_read(&answer));
        kr_msg_clear(&answer);
}

static void statistics(void)
{
        start();
        say_stats();
        say("add", "~", (bool)(counter_stats_add() == KR_OK));
        for (int i = 1; i <= 10; i++)
                (void)counter_events_tick("a", i);
        say_stats();
        (void)counter_events_stop();
}

static void alarms(void)
{
        start();
        say("add", "~", (bool)(counter_alarm_add(10) == KR_OK));
        (void)counter_events_tick("a", 9);
        (void)counter_events_tick("b", 12);
        (void)counter_events_tick("a", 2);
        (void)counter_events_tick("a", 2);
        say_handlers();
        say_mailbox("alarms");
        (void)counter_events_stop();
        say_mailbox("afterwards");
}

static void one_crashes(void)
{
        start();
        (void)counter_alarm_add(10);
        (void)counter_stats_add();
        (void)counter_events_tick("a", 1);
        kr_event_notify("counter_events", "{tick, a, foo}");
        say_handlers();
        say_next("told");
}

static void not_opened(void)
{
        start();
        say("add", "~", (bool)(counter_logger_add("/no/such/folder/log") == KR_EFAILED));
        say_handlers();
}

static void notify_nobody(void)
{
        (void)counter_events_tick("a", 1);
}

static void nobody_there(void)
{
        say_caught("tick", notify_nobody);
}

SCENARIOS(SCENARIO(statistics), SCENARIO(alarms), SCENARIO(one_crashes),
          SCENARIO(not_opened), SCENARIO(nobody_there))
