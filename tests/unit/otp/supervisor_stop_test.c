/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor_stop_test.c: how children are stopped, in which time, and what is said of it. */
#include "supervisor_kit.h"

#include <time.h>

static int64_t now_ms(void)
{
        return kr_monotonic_ms(NULL);
}

static kr_pid start_one(const char *kind, const char *shutdown)
{
        char text[200];

        (void)snprintf(text, sizeof(text),
                       "{one_for_one, 1, 5, never,"
                       " [#{id => a, start => {w, %s, [a]}, shutdown => %s}]}",
                       kind, shutdown);
        return start_sup(text);
}

/* The reason that the only child of `sup` ends with when that is stopped. */
#define expect_end_of_child(sup, ...)                                                    \
        do {                                                                             \
                kr_pid sup_ = (sup);                                                     \
                kr_ref gone_ = kr_monitor(pid_of(sup_, "a"));                            \
                                                                                         \
                stop_sup(sup_);                                                          \
                kit_expect_down(gone_, __VA_ARGS__);                                     \
        } while (0)

/* covers: supervisor_SUITE:sup_stop_timeout M184 */
KIT_EVERYWHERE_TEST(test_one_that_takes_too_long_is_killed)
{
        kr_pid sup = start_one("is_deaf", "50");
        int64_t began_ms = now_ms();

        expect_end_of_child(sup, "killed");
        kit_int_ge(now_ms() - began_ms, 50);
        kit_int_lt(now_ms() - began_ms, 1000 * kit_slowness());
        expect_end_of_child(start_one("waits", "1000"), "shutdown");
}

/* covers: M185 supervisor_SUITE:sup_stop_infinity */
KIT_EVERYWHERE_TEST(test_0_kills_at_once_and_infinity_waits)
{
        kr_pid sup = start_one("is_deaf", "0"), child;
        kr_msg msg = KR_MSG_INIT;
        int64_t began_ms = now_ms();

        expect_end_of_child(sup, "killed");
        kit_int_lt(now_ms() - began_ms, 50 * kit_slowness());

        sup = start_one("is_deaf", "infinity");
        child = pid_of(sup, "a");
        kr_exit_signal(sup, "shutdown");
        kit_int_eq(kr_receive(&msg, 200, kr_on(0, "{'EXIT', =, _}", sup)), KR_TIMEOUT);
        kit_true(kr_is_process_alive(child));
        kr_exit_signal(child, "kill");
        kit_expect(&msg, "{'EXIT', =, shutdown}", sup);
}

/* Longer than a receive can wait. */
KIT_EVERYWHERE_TEST(test_a_shutdown_time_of_a_year_is_no_crash)
{
        expect_end_of_child(start_one("waits", "31536000000"), "shutdown");
        expect_end_of_child(start_one("waits", "123456789012345678901234567890"),
                            "shutdown");
}

/* covers: supervisor_SUITE:sup_stop_brutal_kill M186 */
KIT_EVERYWHERE_TEST(test_brutal_kill)
{
        expect_end_of_child(start_one("waits", "brutal_kill"), "killed");
        expect_end_of_child(start_one("is_deaf", "brutal_kill"), "killed");
}

/* covers: M187 supervisor_SUITE:child_unlink */
KIT_EVERYWHERE_TEST(test_one_that_has_unlinked_itself_is_stopped)
{
        kr_pid sup = start_one("unlinks", "5000"), child;
        kr_msg msg = KR_MSG_INIT;

        kit_expect(&msg, "{unlinked, _}");
        expect_end_of_child(sup, "shutdown");

        /* its end is not noticed, but it is not counted any more */
        sup = start_one("unlinks", "5000");
        kit_expect(&msg, "{unlinked, ~}", &child);
        kr_exit_signal(child, "kill");
        kit_await_end(child);
        expect_answer(sup, "which_children", "[{a, =, worker, [w]}]", child);
        expect_answer(sup, "count_children",
                      "[{specs, 1}, {active, 0}, {supervisors, 0}, {workers, 1}]");
        expect_answer(sup, "{terminate_child, a}", "ok");
        stop_sup(sup);
}

/* All that a supervisor may be told while it waits for a child.
 * covers: supervisor_SUITE:sup_stop_race */
KIT_EVERYWHERE_TEST(test_one_that_ends_while_it_is_stopped)
{
        kr_msg msg = KR_MSG_INIT;

        for (int i = 0; i < 20; i++) {
                kr_pid sup = start_one("tells", "5000");

                expect_started("a");
                kr_send(pid_of(sup, "a"), "{end_with, normal}");
                stop_sup(sup);
                while (kr_receive(&msg, 0, kr_on(0, "_")) == 0)
                        continue; /* a start too many, an end or another: as it came */
        }
}

/* Parents' reasons are the supervisor's. */
KIT_EVERYWHERE_TEST(test_it_ends_with_the_reason_of_its_parent)
{
        kr_pid sup = start_one("tells", "5000");
        kr_msg msg = KR_MSG_INIT;

        expect_started("a");
        kr_exit_signal(sup, "{shutdown, moving}");
        expect_stopped("a");
        kit_expect(&msg, "{'EXIT', =, {shutdown, moving}}", sup);
}

/* -- what cannot be told to stop -- */

static void loops(kr_term args)
{
        volatile bool forever = true;

        (void)args;
        while (forever)
                continue;
}

static void hangs(kr_term args)
{
        const struct timespec day = { .tv_sec = 86400 };

        (void)args;
        nanosleep(&day, NULL);
}

static void stops_what_hangs(void)
{
        const kr_child children[] = {
                { .id = "loops", .start = KR_START_RUN(loops), .shutdown_ms = 200 },
                { .id = "hangs", .start = KR_START_RUN(hangs), .shutdown_ms = 200 },
        };
        kr_pid sup = start_sup("{one_for_one, 5, 5, never, []}");
        kr_msg slot = KR_MSG_INIT;
        kr_started started;
        int64_t began_ms;

        for (int i = 0; i < 2; i++) {
                kit_int_eq(kr_supervisor_start_child(sup, &slot, &children[i]).err,
                           KR_OK);
                kr_sleep(20); /* so that it is in its loop */
                kit_uint_eq(kr_supervisor_count_children(sup).active, (uint64_t)i + 1);
                began_ms = now_ms();
                kit_int_eq(kr_supervisor_terminate_child(sup, children[i].id), KR_OK);
                started = kr_supervisor_restart_child(sup, &slot, children[i].id);
                kit_int_eq(started.err, KR_OK);
                kit_int_lt(now_ms() - began_ms, 200 + 100 * kit_slowness());
        }
        kr_exit_signal(sup, "shutdown");
        kit_expect(&slot, "{'EXIT', =, shutdown}", sup);
}

/* A loop without end, a system call that does not come back: gone within the shutdown time and
 * 100 ms, and another one is in the place. */
KIT_TEST(test_what_hangs_is_replaced_in_time)
{
        if (KIT_SIGNALS_WAIT)
                return; /* what hangs never hears of it */
        kit_run_process(&(kr_node_opts){ .schedulers = 2, .faults = KR_FAULTS_EXIT },
                        stops_what_hangs);
}

KIT_MAIN(KIT_CASE(test_one_that_takes_too_long_is_killed),
         KIT_CASE(test_0_kills_at_once_and_infinity_waits), KIT_CASE(test_brutal_kill),
         KIT_CASE(test_a_shutdown_time_of_a_year_is_no_crash),
         KIT_CASE(test_one_that_has_unlinked_itself_is_stopped),
         KIT_CASE(test_one_that_ends_while_it_is_stopped),
         KIT_CASE(test_it_ends_with_the_reason_of_its_parent),
         KIT_CASE(test_what_hangs_is_replaced_in_time))
