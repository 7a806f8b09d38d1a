/* SPDX-License-Identifier: Apache-2.0 */
/* event_test.c: the handlers of the counters' events: what each makes of the ticks, and that
 * they do not disturb each other. */
#include "../../counters/event/counter_events.h"

#include "expect.h"
#include "process.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void start(void)
{
        kit_ok(counter_events_start_link().err);
}

static void check_stats(int64_t ticks, int64_t sum, int64_t largest)
{
        kr_msg answer = KR_MSG_INIT;
        kr_term t = counter_stats_read(&answer);

        kit_match(t, "{=, =, =}", ticks, sum, largest);
        kr_msg_clear(&answer);
}

KIT_EVERYWHERE_TEST(test_statistics_are_kept)
{
        start();
        kit_ok(counter_stats_add());
        check_stats(0, 0, 0);
        for (int i = 1; i <= 10; i++)
                kit_ok(counter_events_tick("a", i));
        check_stats(10, 55, 10);
        kit_ok(counter_events_stop());
}

KIT_EVERYWHERE_TEST(test_without_a_handler_events_are_nobodys)
{
        kr_msg answer = KR_MSG_INIT;
        kr_term t;

        start();
        kit_ok(counter_events_tick("a", 1));
        t = counter_stats_read(&answer);
        kit_match(t, "{error, bad_module}");
        kit_ok(counter_stats_add());
        check_stats(0, 0, 0);
        kr_msg_clear(&answer);
}

KIT_EVERYWHERE_TEST(test_the_alarm_is_raised_once_for_each_counter)
{
        kr_msg msg = KR_MSG_INIT;

        start();
        kit_ok(counter_alarm_add(10));
        kit_ok(counter_events_tick("a", 9));
        kit_ok(counter_events_tick("b", 12));
        kit_ok(counter_events_tick("a", 2));
        kit_ok(counter_events_tick("a", 2));
        kit_next(&msg, "{alarm, b, 12}");
        kit_next(&msg, "{alarm, a, 11}");
        kit_ok(counter_events_stop());
        kit_next(&msg, "{gen_event_EXIT, counter_alarm, shutdown}");
        kit_expect_nothing();
        kr_msg_clear(&msg);
}

static void watches(kr_pid *to)
{
        kit_ok(counter_alarm_add(10));
        kr_send(*to, "watching");
}

KIT_EVERYWHERE_TEST(test_the_alarm_goes_with_its_owner)
{
        kr_pid me = kr_self(), pid;
        kr_msg msg = KR_MSG_INIT;
        kr_term t;

        start();
        pid = kr_spawn(watches, &me);
        kit_expect(&msg, "watching");
        kit_await_end(pid);
        kit_ok(counter_events_tick("a", 99));
        t = counter_events_handlers(&msg);
        kit_match(t, "[]");
        kr_msg_clear(&msg);
}

/* What a file holds. */
static void check_file(const char *path, const char *wanted)
{
        char text[200];
        FILE *file = fopen(path, "r");
        size_t len;

        kit_not_null(file);
        len = fread(text, 1, sizeof(text) - 1, file);
        text[len] = 0;
        kit_str_eq(text, wanted);
        fclose(file);
}

KIT_PROCESS_TEST(test_ticks_are_logged_in_their_order)
{
        char path[] = "/tmp/counter_log_XXXXXX";
        int fd = mkstemp(path);

        kit_int_ge(fd, 0);
        close(fd);
        start();
        kit_ok(counter_logger_add(path));
        kit_ok(counter_events_tick("a", 1));
        kit_ok(counter_events_tick("b", -2));
        kit_ok(counter_events_stop());
        check_file(path, "tick a 1\ntick b -2\n");
        unlink(path);
}

KIT_EVERYWHERE_TEST(test_a_log_that_cannot_be_opened_is_no_handler)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term t;

        start();
        kit_err(counter_logger_add("/no/such/folder/log"), KR_EFAILED);
        t = counter_events_handlers(&msg);
        kit_match(t, "[]");
        kr_msg_clear(&msg);
}

/* A sum that is no int64_t is the alarm's end, and nobody else's. */
KIT_EVERYWHERE_TEST(test_one_that_crashes_goes_alone)
{
        kr_msg msg = KR_MSG_INIT;

        start();
        kit_ok(counter_alarm_add(10));
        kit_ok(counter_stats_add());
        kit_ok(counter_events_tick("a", INT64_MAX));
        kit_next(&msg, "{alarm, a, _}");
        kit_ok(counter_events_tick("b", -1));
        kit_ok(counter_events_tick("a", 1));
        kit_next(&msg, "{gen_event_EXIT, counter_alarm, {'EXIT', {badarith, _}}}");
        check_stats(3, INT64_MAX, INT64_MAX);
        kr_msg_clear(&msg);
}

KIT_MAIN(KIT_CASE(test_statistics_are_kept),
         KIT_CASE(test_without_a_handler_events_are_nobodys),
         KIT_CASE(test_the_alarm_is_raised_once_for_each_counter),
         KIT_CASE(test_the_alarm_goes_with_its_owner),
         KIT_CASE(test_ticks_are_logged_in_their_order),
         KIT_CASE(test_a_log_that_cannot_be_opened_is_no_handler),
         KIT_CASE(test_one_that_crashes_goes_alone))
