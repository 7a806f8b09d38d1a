/* SPDX-License-Identifier: Apache-2.0 */
/* timer_module_test.c: OTP's module timer: once, again and again, cancelled. Most of it in
 * virtual time, where what must not be early can be seen. */
#include <krarup.h>

#include "expect.h"
#include "process.h"

static const kr_node_opts sim = { .drive = KR_DRIVE_SIM, .seed = 7 };

/* A case in virtual time. */
#define SIM_TEST(name)                                                                   \
        static void name##_process(void);                                                \
        KIT_TEST(name)                                                                   \
        {                                                                                \
                kit_run_process(&sim, name##_process);                                   \
        }                                                                                \
        static void name##_process(void)

static int64_t now_ms(void)
{
        return kr_monotonic_ms(NULL);
}

/* How long until this message comes. */
static int64_t wait_for(const char *word, int64_t max_ms)
{
        int64_t start_ms = now_ms();
        kr_msg msg = KR_MSG_INIT;

        if (kr_receive(&msg, max_ms, kr_on(0, "=", kri_atom_of(word))) == KR_TIMEOUT)
                return -1;
        kr_msg_clear(&msg);
        return now_ms() - start_ms;
}

static void says(kr_term argument)
{
        kr_term message;
        kr_pid to;

        if (kr_match(argument, "{~, ~}", &to, &message))
                kr_send(to, "~", message);
}

/* -- once -- */

/* covers: timer_SUITE:send_after1 timer_SUITE:send_after2 timer_SUITE:send_after3
 * timer_SUITE:send_after4 */
SIM_TEST(test_a_message_later)
{
        kr_tref timer;

        kit_ok(kr_timer_send_after(&timer, 30, kr_self(), "later"));
        kit_int_eq(wait_for("later", 1000), 30);
        kr_register("me", kr_self());
        kit_ok(kr_timer_send_after(&timer, 30, "me", "later"));
        kit_int_ge(wait_for("later", 1000), 30);
        kit_ok(kr_timer_send_after(NULL, 0, KR_ATOM("me"), "now"));
        kit_int_eq(wait_for("now", 0), 0);
        kit_ok(kr_timer_send_after(NULL, 0, kr_self(), "now"));
        kit_int_eq(wait_for("now", 0), 0);
}

/* covers: timer_SUITE:send_after7 timer_SUITE:nonexistent1 */
SIM_TEST(test_a_name_is_looked_up_when_the_time_has_come)
{
        kit_ok(kr_timer_send_after(NULL, 20, "nobody", "lost"));
        kit_ok(kr_timer_send_after(NULL, 0, "nobody", "lost"));
        kit_ok(kr_timer_send_after(NULL, 20, "somebody", "found"));
        kit_ok(kr_timer_exit_after(NULL, 20, "nobody", "lost"));
        kr_register("somebody", kr_self());
        kit_int_ge(wait_for("found", 1000), 20);
        kit_ok(kr_timer_send_interval(NULL, 10, "nobody", "lost"));
        kr_sleep(50);
        kit_expect_nothing();
        kit_false(kr_pid_is_none(kr_whereis("timer_server")));
}

/* covers: timer_SUITE:apply_after1 timer_SUITE:apply_after2 */
SIM_TEST(test_a_function_later)
{
        kr_tref timer;

        kit_ok(kr_timer_apply_after(&timer, 30, says, "{~, done}", kr_self()));
        kit_int_ge(wait_for("done", 1000), 30);
        kit_ok(kr_timer_apply_after(&timer, 0, says, "{~, at_once}", kr_self()));
        kit_int_ge(wait_for("at_once", 1), 0);
        kit_ok(kr_timer_cancel(timer));
}

/* covers: timer_SUITE:exit_after1 timer_SUITE:exit_after3 timer_SUITE:kill_after1
 * timer_SUITE:kill_after3 */
SIM_TEST(test_exits_and_kills_later)
{
        kr_pid pid = kr_spawn(kit_sleeper);
        kr_ref ref = kr_monitor(pid);
        int64_t start_ms = now_ms();

        kit_ok(kr_timer_exit_after(NULL, 20, pid, "{enough, ~}", 1));
        kit_expect_down(ref, "{enough, 1}");
        kit_int_ge(now_ms() - start_ms, 20);
        pid = kr_spawn(kit_sleeper);
        ref = kr_monitor(pid);
        kit_ok(kr_timer_kill_after(NULL, 20, pid));
        kit_expect_down(ref, "killed");
        pid = kr_spawn(kit_sleeper);
        ref = kr_monitor(pid);
        kr_register("named", pid);
        kit_ok(kr_timer_exit_after(NULL, 0, "named", "at_once"));
        kit_expect_down(ref, "at_once");
        pid = kr_spawn(kit_sleeper);
        ref = kr_monitor(pid);
        kr_register("named", pid);
        kit_ok(kr_timer_kill_after(NULL, 5, "named"));
        kit_expect_down(ref, "killed");
}

static void exits_later(void)
{
        kr_timer_exit_after(NULL, 10, kr_self(), "by_itself");
        kr_sleep(KR_INFINITY);
}

static void kills_itself_later(void)
{
        kr_timer_kill_after(NULL, 10, kr_self());
        kr_sleep(KR_INFINITY);
}

/* covers: timer_SUITE:exit_after2 timer_SUITE:kill_after2 */
SIM_TEST(test_a_process_may_end_itself_later)
{
        kr_ref ref;

        kr_spawn_monitor(&ref, exits_later);
        kit_expect_down(ref, "by_itself");
        kr_spawn_monitor(&ref, kills_itself_later);
        kit_expect_down(ref, "killed");
}

/* -- again and again -- */

/* covers: timer_SUITE:send_interval1 timer_SUITE:send_interval2 timer_SUITE:send_interval3
 * timer_SUITE:cancel2 */
SIM_TEST(test_intervals_do_not_drift)
{
        kr_tref timer, named;
        int64_t start_ms = now_ms();

        kr_register("me", kr_self());
        kit_ok(kr_timer_send_interval(&timer, 10, kr_self(), "tick"));
        for (int i = 1; i <= 50; i++) {
                kit_int_ge(wait_for("tick", 1000), 0);
                kit_int_ge(now_ms() - start_ms, 10 * i);
        }
        kit_int_le(now_ms() - start_ms, 505);
        kit_ok(kr_timer_cancel(timer));
        kr_sleep(50);
        while (wait_for("tick", 0) >= 0)
                ; /* one may have been under way */
        kit_ok(kr_timer_send_interval(&named, 10, "me", "tock"));
        kit_int_ge(wait_for("tock", 1000), 10);
        kit_int_ge(wait_for("tock", 1000), 9);
        kit_ok(kr_timer_cancel(named));
        kit_int_eq(wait_for("tick", 100), -1);
}

static int64_t timer_messages(void)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t n = -1;

        kit_true(kr_process_info(kr_whereis("timer_server"), KR_ATOM("monitors"), &msg));
        if (kr_match(msg.term, "{monitors, []}"))
                n = 0;
        kr_msg_clear(&msg);
        return n;
}

/* covers: timer_SUITE:send_interval4 timer_SUITE:nonexistent2 */
SIM_TEST(test_an_interval_ends_with_its_receiver)
{
        kr_pid pid = kr_spawn(kit_sleeper);

        kit_ok(kr_timer_send_interval(NULL, 10, pid, "tick"));
        kr_sleep(35);
        kr_exit_signal(pid, "kill");
        kit_await_end(pid);
        kr_sleep(20);
        kit_int_eq(timer_messages(), 0);
        kit_ok(kr_timer_send_interval(NULL, 10, pid, "tick"));
        kr_sleep(20);
        kit_int_eq(timer_messages(), 0);
}

static void applies(kr_term to)
{
        kr_timer_apply_interval(NULL, 10, says, "{~, from_interval}", to);
        kr_sleep(35);
}

/* covers: timer_SUITE:apply_interval1 */
SIM_TEST(test_a_function_again_and_again_while_its_asker_lives)
{
        kr_term self = kr_build("~", kr_self());
        kr_pid pid = kr_spawn(applies, self);

        kr_release(self);
        kit_await_end(pid);
        for (int i = 0; i < 3; i++)
                kit_int_ge(wait_for("from_interval", 100), 0);
        kit_int_eq(wait_for("from_interval", 100), -1);
}

static void works_long(kr_term argument)
{
        says(argument);
        kr_sleep(35);
}

/* covers: timer_SUITE:apply_repeatedly1 */
SIM_TEST(test_repeatedly_is_one_at_a_time)
{
        kr_tref timer;
        int64_t start_ms = now_ms();

        kit_ok(kr_timer_apply_repeatedly(&timer, 10, works_long, "{~, work}", kr_self()));
        for (int i = 0; i < 4; i++) {
                kit_int_ge(wait_for("work", 1000), 0);
                kit_int_ge(now_ms() - start_ms, 10 + 35 * i);
        }
        kit_int_le(now_ms() - start_ms, 10 + 36 * 3 + 5);
        kit_ok(kr_timer_cancel(timer));
        kit_int_eq(wait_for("work", 100), -1);
        kit_ok(kr_timer_apply_interval(&timer, 10, works_long, "{~, work}", kr_self()));
        start_ms = now_ms();
        for (int i = 0; i < 4; i++)
                kit_int_ge(wait_for("work", 1000), 0);
        kit_int_le(now_ms() - start_ms, 45);
        kit_ok(kr_timer_cancel(timer));
}

static void crashes(kr_term argument)
{
        says(argument);
        kr_error("in_a_timer");
}

SIM_TEST(test_a_function_that_crashes_hurts_nobody)
{
        kr_tref timer;
        kr_pid server;

        kit_ok(kr_timer_apply_repeatedly(&timer, 10, crashes, "{~, crash}", kr_self()));
        server = kr_whereis("timer_server");
        for (int i = 0; i < 3; i++)
                kit_int_ge(wait_for("crash", 100), 0);
        kit_true(kr_pid_eq(server, kr_whereis("timer_server")));
        kit_ok(kr_timer_cancel(timer));
}

/* -- cancelling -- */

static void cancels(kr_term request)
{
        kr_tref timer;
        kr_pid to;

        kit_true(kr_match(request, "{~, ~, ~}", &timer.kind, &timer.ref, &to));
        kit_ok(kr_timer_cancel(timer));
        kr_send(to, "cancelled");
}

/* covers: timer_SUITE:cancel1 timer_SUITE:cancel3 timer_SUITE:cancel4 timer_SUITE:cancel5
 * timer_SUITE:cancel6 timer_SUITE:cancel_invalid_args */
SIM_TEST(test_cancelling)
{
        kr_tref timers[4], nothing = { 0, kr_ref_none() };
        kr_term request;

        kit_ok(kr_timer_send_after(&timers[0], 50, kr_self(), "never"));
        kit_ok(kr_timer_send_after(&timers[1], 50, "nobody", "never"));
        kit_ok(kr_timer_apply_after(&timers[2], 50, says, "{~, never}", kr_self()));
        kit_ok(kr_timer_send_interval(&timers[3], 50, kr_self(), "never"));
        for (int i = 0; i < 3; i++)
                kit_ok(kr_timer_cancel(timers[i]));
        request = kr_build("{~, ~, ~}", timers[3].kind, timers[3].ref, kr_self());
        kr_spawn(cancels, request);
        kr_release(request);
        kit_int_ge(wait_for("cancelled", 1000), 0);
        kit_int_eq(wait_for("never", 200), -1);
        for (int i = 0; i < 4; i++)
                kit_ok(kr_timer_cancel(timers[i])); /* twice */
        kit_ok(kr_timer_apply_after(&timers[0], 5, says, "{~, fired}", kr_self()));
        kit_int_ge(wait_for("fired", 100), 0);
        kit_ok(kr_timer_cancel(timers[0]));
        kit_ok(kr_timer_send_after(&timers[0], 0, kr_self(), "fired"));
        kit_ok(kr_timer_cancel(timers[0]));
        kit_int_eq(wait_for("fired", 0), 0);
        kit_err(kr_timer_cancel(nothing), KR_EBADARG);
        kit_err(kr_timer_cancel((kr_tref){ 99, timers[0].ref }), KR_EBADARG);
}

/* covers: timer_SUITE:apply_after_invalid_args timer_SUITE:send_after_invalid_args
 * timer_SUITE:apply_interval_invalid_args timer_SUITE:apply_repeatedly_invalid_args
 * timer_SUITE:send_interval_invalid_args */
/* mistake: a time below 0, or beyond the most -> KR_EBADARG, {error, badarg} */
SIM_TEST(test_wrong_times_are_refused)
{
        const int64_t wrong[] = { -1, INT64_MIN, KR_TIMER_MAX_MS + 1, INT64_MAX };
        kr_tref timer = { 0, kr_ref_none() };

        for (int i = 0; i < 4; i++) {
                kit_err(kr_timer_send_after(&timer, wrong[i], kr_self(), "x"),
                        KR_EBADARG);
                kit_err(kr_timer_apply_after(&timer, wrong[i], says, "x"), KR_EBADARG);
                kit_err(kr_timer_exit_after(&timer, wrong[i], kr_self(), "x"),
                        KR_EBADARG);
                kit_err(kr_timer_kill_after(&timer, wrong[i], kr_self()), KR_EBADARG);
                kit_err(kr_timer_send_interval(&timer, wrong[i], kr_self(), "x"),
                        KR_EBADARG);
                kit_err(kr_timer_apply_interval(&timer, wrong[i], says, "x"), KR_EBADARG);
                kit_err(kr_timer_apply_repeatedly(&timer, wrong[i], says, "x"),
                        KR_EBADARG);
        }
        kit_int_eq(timer.kind, 0);
        kit_ok(kr_timer_send_after(&timer, KR_TIMER_MAX_MS, "me", "x"));
        kit_ok(kr_timer_send_after(&timer, KR_TIMER_MAX_MS, kr_self(), "x"));
}

KIT_TEST(test_a_thread_that_is_no_process_is_refused)
{
        kit_err(kr_timer_send_after(NULL, 1, kr_pid_none(), "x"), KR_EBADARG);
        kit_err(kr_timer_cancel((kr_tref){ 1, kr_ref_none() }), KR_EBADARG);
}

/* -- the server -- */

/* covers: timer_SUITE:unexpected1 timer_SUITE:unexpected2 timer_SUITE:unexpected3 */
SIM_TEST(test_the_server_lives_with_what_it_does_not_know)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid server;

        kit_ok(kr_timer_send_after(NULL, 50, "me", "x"));
        server = kr_whereis("timer_server");
        kit_err(kr_try_call("timer_server", &msg, 10, "nonsense"), KR_ETIMEDOUT);
        kit_err(kr_try_call("timer_server", &msg, 10, "{cancel, nonsense}"),
                KR_ETIMEDOUT);
        kr_cast("timer_server", "nonsense");
        kr_send("timer_server", "nonsense");
        kr_send("timer_server", "{timeout, 1, nonsense}");
        kr_exit_signal(server, "nonsense");
        kit_ok(kr_timer_apply_after(NULL, 5, says, "{~, alive}", kr_self()));
        kit_int_ge(wait_for("alive", 100), 0);
        kit_true(kr_pid_eq(server, kr_whereis("timer_server")));
}

SIM_TEST(test_a_server_that_was_killed_is_started_again)
{
        kr_pid server;

        kit_ok(kr_timer_apply_after(NULL, 50, says, "{~, lost}", kr_self()));
        server = kr_whereis("timer_server");
        kr_exit_signal(server, "kill");
        kit_await_end(server);
        kit_ok(kr_timer_apply_after(NULL, 50, says, "{~, found}", kr_self()));
        kit_int_ge(wait_for("found", 200), 50);
        kit_int_eq(wait_for("lost", 100), -1);
}

/* A receiver that makes its senders wait does not hold up the timers of others. */
SIM_TEST(test_a_receiver_that_suspends_its_senders_holds_nobody_up)
{
        kr_mailbox_limit limit = { .messages = 1, .overflow = KR_OVERFLOW_SUSPEND };
        kr_spawn_opts opts = { .mailbox = limit };
        kr_pid full = kr_spawn_opt(&opts, kit_sleeper);

        kit_ok(kr_timer_send_interval(NULL, 5, full, "more"));
        kr_sleep(50);
        kit_ok(kr_timer_apply_after(NULL, 5, says, "{~, passed}", kr_self()));
        kit_int_ge(wait_for("passed", 100), 0);
}

/* covers: timer_SUITE:timer_perf */
KIT_PROCESS_TEST(test_thousands_of_timers)
{
        enum { MANY = 5000 };
        kr_tref *timers = kr_alloc(MANY * sizeof(*timers));
        int fired = 0;

        for (int i = 0; i < MANY; i++)
                kit_ok(kr_timer_apply_after(&timers[i], i % 2 ? 1 : 60000, says,
                                            "{~, fired}", kr_self()));
        for (int i = 0; i < MANY; i += 2)
                kit_ok(kr_timer_cancel(timers[i]));
        while (wait_for("fired", fired < MANY / 2 ? KIT_EXPECT_MS : 20) >= 0)
                fired++;
        kit_int_eq(fired, MANY / 2);
        kr_free(timers);
}

/* -- sleeping, measuring -- */

static void sleeps(void *ms)
{
        kr_sleep(*(int64_t *)ms);
}

/* covers: timer_SUITE:tc timer_SUITE:sleep1 */
SIM_TEST(test_sleeping_and_measuring)
{
        int64_t ms = 25;

        kit_int_eq(kr_timer_tc(sleeps, &ms), 25000);
        ms = 0;
        kit_int_eq(kr_timer_tc(sleeps, &ms), 0);
        kit_int_eq(kr_timer_hms(1, 1, 1), 3661000);
        kit_int_eq(kr_timer_hours(2), 2 * kr_timer_minutes(60));
        kit_int_eq(kr_timer_minutes(1), kr_timer_seconds(60));
}

/* covers: timer_SUITE:sleep2 */
SIM_TEST(test_sleeping_for_ever)
{
        kr_pid pid = kr_spawn(kit_sleeper);

        kr_sleep(1000000);
        kit_true(kr_is_process_alive(pid));
        kr_exit_signal(pid, "kill");
        kit_await_end(pid);
}

KIT_MAIN(KIT_CASE(test_a_message_later),
         KIT_CASE(test_a_name_is_looked_up_when_the_time_has_come),
         KIT_CASE(test_a_function_later), KIT_CASE(test_exits_and_kills_later),
         KIT_CASE(test_a_process_may_end_itself_later),
         KIT_CASE(test_intervals_do_not_drift),
         KIT_CASE(test_an_interval_ends_with_its_receiver),
         KIT_CASE(test_a_function_again_and_again_while_its_asker_lives),
         KIT_CASE(test_repeatedly_is_one_at_a_time),
         KIT_CASE(test_a_function_that_crashes_hurts_nobody), KIT_CASE(test_cancelling),
         KIT_CASE(test_wrong_times_are_refused),
         KIT_CASE(test_a_thread_that_is_no_process_is_refused),
         KIT_CASE(test_the_server_lives_with_what_it_does_not_know),
         KIT_CASE(test_a_server_that_was_killed_is_started_again),
         KIT_CASE(test_a_receiver_that_suspends_its_senders_holds_nobody_up),
         KIT_SLOW(test_thousands_of_timers, 60), KIT_CASE(test_sleeping_and_measuring),
         KIT_CASE(test_sleeping_for_ever))
