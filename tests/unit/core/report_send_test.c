/* SPDX-License-Identifier: Apache-2.0 */
/* report_send_test.c: reports of processes that end by errors, as messages to a process. */
#include <krarup.h>

#include "expect.h"
#include "process.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define WAITING_MAX 1000

static _Atomic int lines;
static char line[500]; /* the last one; by whoever ends a process, one at a time */

static void note(void *context, const char *text)
{
        (void)context;
        (void)snprintf(line, sizeof(line), "%s", text);
        atomic_fetch_add(&lines, 1);
}

static void run_noted(void (*body)(void), kr_drive drive)
{
        kit_run_process(&(kr_node_opts){ .report = note,
                                         .schedulers = 2,
                                         .faults = KR_FAULTS_EXIT,
                                         .drive = drive },
                        body);
}

#define NOTED_TEST(name)                                                                 \
        static void name##_body(void);                                                   \
        KIT_TEST(name)                                                                   \
        {                                                                                \
                run_noted(name##_body, KR_DRIVE_THREADS);                                \
                run_noted(name##_body, KR_DRIVE_SIM);                                    \
        }                                                                                \
        static void name##_body(void)

static void errors(void)
{
        kr_error("{wrong, [~]}", 1);
}

static void throws(void)
{
        kr_throw("ball");
}

static void faults(void)
{
        abort();
}

static void exits(void)
{
        kr_exit("wrong");
}

static void returns(void)
{
}

static void has_a_name(void)
{
        kr_register("the_name", kr_self());
        errors();
}

static void end_in_loop(void *record)
{
        (void)record;
        errors();
}

static const kr_loop loop = { "the_loop", end_in_loop, NULL, NULL, false, NULL, NULL };

/* A macro, for the name of the function. The report is there before the DOWN. */
#define expect_report(fn, ...)                                                           \
        do {                                                                             \
                kr_msg report_msg = KR_MSG_INIT;                                         \
                kr_ref report_ref;                                                       \
                kr_pid report_pid = kr_spawn_monitor(&report_ref, fn);                   \
                                                                                         \
                kit_next(&report_msg, "{report, =, ~, ~}", report_pid, &name, &reason);  \
                kit_match(kr_build("{~, ~}", name, reason), __VA_ARGS__);                \
                kr_msg_clear(&report_msg);                                               \
                kit_expect_down(report_ref, "_");                                        \
        } while (0)

NOTED_TEST(test_errors_throws_and_faults_come_as_messages)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term name, reason;
        kr_pid pid;
        kr_ref ref;

        kr_node_report_to(kr_here(), kr_self());
        expect_report(errors,
                      "{<<\"errors\">>, {{wrong, [1]}, [{<<\"errors\">>, _, _} | _]}}");
        expect_report(throws, "{<<\"throws\">>, {{nocatch, ball}, [_ | _]}}");
        expect_report(faults, "{<<\"faults\">>, {{sigabrt, 0}, [_ | _]}}");
        expect_report(has_a_name, "{the_name, {{wrong, [1]}, _}}");
        pid = kr_spawn_loop(NULL, &loop, NULL, sizeof(struct kr_loop_head), kr_none());
        kit_expect(&msg, "{report, =, <<\"the_loop\">>, {{wrong, [1]}, _}}", pid);
        kr_msg_clear(&msg);
        kr_spawn_monitor(&ref, exits);
        kit_expect_down(ref, "wrong");
        kr_spawn_monitor(&ref, returns);
        kit_expect_down(ref, "normal");
        kr_exit_signal(kr_spawn_monitor(&ref, kit_sleeper), "wrong");
        kit_expect_down(ref, "wrong");
        kit_expect_nothing();
        kit_int_eq(atomic_load(&lines), 0);
}

static void end_and_await(void (*fn)(void))
{
        kr_ref ref;

        kr_spawn_monitor(&ref, fn);
        kit_expect_down(ref, "_");
}

NOTED_TEST(test_without_a_logger_that_lives_there_are_lines_again)
{
        kr_pid logger = kr_spawn(kit_sleeper);

        atomic_store(&lines, 0);
        kr_node_report_to(kr_here(), logger);
        end_and_await(errors);
        kit_int_eq(atomic_load(&lines), 0);
        kr_exit_signal(logger, "kill");
        kit_await_end(logger);
        while (kr_is_process_alive(logger))
                kr_sleep(1);
        end_and_await(errors);
        kit_int_eq(atomic_load(&lines), 1);
        kr_node_report_to(kr_here(), kr_self());
        end_and_await(errors);
        kit_int_eq(atomic_load(&lines), 1);
        kr_node_report_to(kr_here(), (kr_pid){ 0 });
        end_and_await(errors);
        kit_int_eq(atomic_load(&lines), 2);
        kit_not_null(strstr(line, "ended: {{wrong,[1]},[{<<"));
        kit_expect(&(kr_msg)KR_MSG_INIT, "{report, _, _, _}");
        kit_expect_nothing();
        kr_node_report_to(NULL, kr_self());
}

static void logs_and_errs(void)
{
        kr_node_report_to(kr_here(), kr_self());
        errors();
}

NOTED_TEST(test_the_end_of_the_logger_itself_is_a_line)
{
        atomic_store(&lines, 0);
        end_and_await(logs_and_errs);
        kit_int_eq(atomic_load(&lines), 1);
}

/* -- when it does not keep up -- */

enum { EXTRA = 50 };

static void storm(int count)
{
        for (int i = 0; i < count; i++)
                end_and_await(errors);
}

/* Takes all that is there: so many reports, so many lost. */
static void count_all(int64_t *reports, int64_t *lost, int64_t wait_ms)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t n;
        int id;

        *reports = *lost = 0;
        while ((id = kr_receive(&msg, wait_ms, kr_on(1, "{report, _, _, _}"),
                                kr_on(2, "{reports_lost, ~}", &n))) != KR_TIMEOUT) {
                *reports += id == 1;
                *lost += id == 2 ? n : 0;
                kr_msg_clear(&msg);
        }
}

NOTED_TEST(test_those_that_find_a_thousand_waiting_are_counted_and_told)
{
        int64_t reports, lost;

        atomic_store(&lines, 0);
        kr_node_report_to(kr_here(), kr_self());
        storm(WAITING_MAX + EXTRA);
        count_all(&reports, &lost, 100);
        kit_int_eq(reports + lost, WAITING_MAX + EXTRA);
        kit_int_le(reports, WAITING_MAX);
        kit_int_ge(reports, WAITING_MAX - 1); /* the message of what was lost is one */
        storm(EXTRA);
        count_all(&reports, &lost, 0);
        kit_int_eq(reports, EXTRA);
        kit_int_eq(lost, 0);
        kit_int_eq(atomic_load(&lines), 0);
}

/* It runs all the while, and takes nothing in: that counts too. */
static void ends_in_turn(int64_t count)
{
        for (int64_t i = 0; i < count; i++)
                end_and_await(errors);
}

static _Atomic int storming;

static void storms_aside(int64_t count)
{
        ends_in_turn(count);
        atomic_store(&storming, 0);
}

static void hold_on(void)
{
        int64_t reports, lost;

        kr_node_report_to(kr_here(), kr_self());
        atomic_store(&storming, 1);
        kr_spawn(storms_aside, 3 * WAITING_MAX);
        while (atomic_load(&storming) == 1)
                __asm__ volatile("");
        count_all(&reports, &lost, 200);
        kit_int_eq(reports + lost, 3 * WAITING_MAX);
        kit_int_le(reports,
                   WAITING_MAX + WAITING_MAX / 10); /* two schedulers that look at once */
        kit_int_gt(lost, 0);
}

KIT_TEST(test_what_is_on_its_way_to_a_logger_that_does_not_look_counts)
{
        run_noted(hold_on, KR_DRIVE_THREADS);
}

static void full_then_dead(void)
{
        kr_pid logger = kr_spawn(kit_sleeper);

        kr_node_report_to(kr_here(), logger);
        storm(WAITING_MAX + EXTRA);
        kit_int_eq(atomic_load(&lines), 0);
}

KIT_TEST(test_what_nobody_is_left_to_be_told_of_is_a_line_in_the_end)
{
        run_noted(full_then_dead, KR_DRIVE_THREADS);
        kit_int_eq(atomic_load(&lines), 1);
        kit_str_eq(line, "krarup: ... and 50 more");
}

/* -- simulation -- */

static void log_a_little(void)
{
        kr_node_report_to(kr_here(), kr_self());
        storm(100);
        kr_sleep(5000);
        kit_expect(&(kr_msg)KR_MSG_INIT, "{report, _, _, _}");
}

static uint64_t hash_of(uint64_t seed)
{
        kr_node *node =
                kit_node_start(&(kr_node_opts){ .drive = KR_DRIVE_SIM, .seed = seed });
        kr_node_stats stats;

        kr_node_spawn(node, log_a_little);
        while (kr_node_run(node))
                ;
        kr_node_stats_read(node, &stats);
        kit_node_stop(node);
        return stats.steps_hash;
}

KIT_TEST(test_a_run_with_a_logger_repeats_from_its_seed)
{
        uint64_t seed = kit_random();

        kit_uint_eq(hash_of(seed), hash_of(seed));
}

KIT_MAIN(KIT_CASE(test_errors_throws_and_faults_come_as_messages),
         KIT_CASE(test_without_a_logger_that_lives_there_are_lines_again),
         KIT_CASE(test_the_end_of_the_logger_itself_is_a_line),
         KIT_SLOW(test_those_that_find_a_thousand_waiting_are_counted_and_told, 30),
         KIT_SLOW(test_what_is_on_its_way_to_a_logger_that_does_not_look_counts, 30),
         KIT_CASE(test_what_nobody_is_left_to_be_told_of_is_a_line_in_the_end),
         KIT_CASE(test_a_run_with_a_logger_repeats_from_its_seed))
