/* SPDX-License-Identifier: Apache-2.0 */
/* report_test.c: who is reported when it ends, in what words, and how often. */
#include "process.h"

#include <krarup.h>

#include "expect.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LINES 64
#define LINE_MAX_BYTES 1024

/* What was reported; lines are written by whoever gets their number. */
static char lines[LINES][LINE_MAX_BYTES];
static _Atomic int count;

static void note(void *context, const char *text)
{
        int n = atomic_fetch_add(&count, 1);

        kit_ptr_eq(context, lines);
        if (n < LINES)
                (void)snprintf(lines[n], LINE_MAX_BYTES, "%s", text);
}

/* A report is made before anybody is told of the end, so after its DOWN it is there. */
static void run_noted(void (*body)(void), kr_drive drive)
{
        kit_run_process(&(kr_node_opts){ .report = note,
                                         .report_context = lines,
                                         .faults = KR_FAULTS_EXIT,
                                         .drive = drive },
                        body);
}

#define NOTED_TEST(name)                                                                 \
        static void name##_body(void);                                                   \
        KIT_TEST(name)                                                                   \
        {                                                                                \
                run_noted(name##_body, KR_DRIVE_THREADS);                                \
        }                                                                                \
        static void name##_body(void)

static void await_down(kr_ref ref)
{
        kr_msg msg = KR_MSG_INIT;

        kit_expect(&msg, "{'DOWN', =, process, _, _}", ref);
        kr_msg_clear(&msg);
}

/* A macro, for the name of the function. */
#define end_of(fn)                                                                       \
        do {                                                                             \
                kr_ref end_ref;                                                          \
                                                                                         \
                kr_spawn_monitor(&end_ref, fn);                                          \
                await_down(end_ref);                                                     \
        } while (0)

/* The only line so far has this, and begins as all do; it is forgotten then. */
static void expect_line(const char *who, const char *why)
{
        kit_int_eq(atomic_load(&count), 1);
        kit_int_eq(strncmp(lines[0], "krarup: process <0.", 19), 0);
        if (!strstr(lines[0], who) || !strstr(lines[0], why))
                kit_fail("%s has not %s and %s", lines[0], who, why);
        kit_null(strchr(lines[0], '\n'));
        atomic_store(&count, 0);
}

/* -- who -- */

static void errors(void)
{
        kr_error("{wrong, 1}");
}

static void throws(void)
{
        kr_throw("ball");
}

static void faults(void)
{
        abort();
}

static void misuses(void)
{
        kr_register("undefined", kr_self());
}

static void has_a_name(void)
{
        kr_register("the_name", kr_self());
        kr_error("wrong");
}

NOTED_TEST(test_errors_throws_faults_and_misuse_are_reported)
{
        end_of(errors);
        expect_line("> (errors) ended: ", "{{wrong,1},[");
        end_of(throws);
        expect_line("> (throws) ended: ", "{{nocatch,ball},[");
        end_of(faults);
        expect_line("> (faults) ended: ", "{{sigabrt,0},[");
        end_of(misuses);
        expect_line("> (misuses) ended: ", "{badarg,");
        end_of(has_a_name);
        expect_line("> (the_name) ended: ", "{wrong,[");
}

static void exits(void)
{
        kr_exit("{wrong, [1]}");
}

static void returns(void)
{
}

static void waits(void)
{
        kr_sleep(KR_INFINITY);
}

static void catch_errors(void *unused)
{
        (void)unused;
        errors();
}

static void catches(void)
{
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        kr_catch(catch_errors, NULL, &kind, &reason);
}

NOTED_TEST(test_exits_signals_and_what_is_caught_are_not_reported)
{
        kr_ref ref;

        end_of(exits);
        end_of(returns);
        end_of(catches);
        kr_exit_signal(kr_spawn_monitor(&ref, waits), "{bad, []}");
        await_down(ref);
        kr_exit_signal(kr_spawn_monitor(&ref, waits), "kill");
        await_down(ref);
        kit_int_eq(atomic_load(&count), 0);
}

static void clean_up(void *unused)
{
        (void)unused;
        kr_error("in_clean_up");
}

static void errors_twice(void)
{
        kr_defer(clean_up, NULL);
        kr_error("first");
}

NOTED_TEST(test_the_first_error_is_the_one_reported)
{
        end_of(errors_twice);
        expect_line("errors_twice", "{first,[");
}

static int deep(int n)
{
        volatile char room[256];

        if (n == 0)
                kr_error("deep_down");
        room[0] = (char)n;
        return n < 0 ? 0 : deep(n - 1) + room[0];
}

static void errors_deep_down(void)
{
        (void)deep(150 / kit_slowness()); /* of its 60 KiB of stack most is in use */
}

NOTED_TEST(test_a_process_with_little_stack_left_is_reported)
{
        end_of(errors_deep_down);
        expect_line("errors_deep_down", "{deep_down,[");
}

/* -- in what words -- */

static void errors_at_length(void)
{
        kr_builder b = KR_BUILDER_INIT;

        for (int i = 0; i < 1000000; i++)
                kr_add_int64(&b, i + 1000);
        kr_error("{long, ~}", kr_build_list(&b));
}

NOTED_TEST(test_of_a_long_reason_the_beginning_is_said)
{
        end_of(errors_at_length);
        kit_int_lt((int64_t)strlen(lines[0]), 500);
        kit_str_eq(lines[0] + strlen(lines[0]) - 3, "...");
        expect_line("errors_at_length", "{{long,[1000,1001,1002,");
}

/* -- how often -- */

#define STORM 1000

/* So many of the lines are reports; the others say how many were left out. */
static int reports(int64_t *ret_left_out)
{
        int reports = 0;

        *ret_left_out = 0;
        for (int i = 0; i < atomic_load(&count) && i < LINES; i++) {
                if (strncmp(lines[i], "krarup: ... and ", 16) == 0)
                        *ret_left_out += strtoll(lines[i] + 16, NULL, 10);
                else
                        reports++;
        }
        return reports;
}

static void storm(void)
{
        for (int i = 0; i < STORM; i++)
                end_of(errors);
}

static void expect_storm(void)
{
        int64_t left_out;
        int said = reports(&left_out);

        kit_int_eq(said + left_out, STORM);
        kit_int_ge(said, 10);
        kit_int_lt(said, LINES / 2); /* it may last seconds on a slow machine */
}

KIT_TEST(test_of_a_storm_ten_a_second_are_said_and_the_others_counted)
{
        run_noted(storm, KR_DRIVE_THREADS);
        expect_storm();
}

KIT_TEST(test_a_storm_in_virtual_time)
{
        int64_t left_out;

        run_noted(storm, KR_DRIVE_SIM);
        kit_int_eq(reports(&left_out), 10); /* no time passes */
        kit_int_eq(left_out, STORM - 10);
}

KIT_TEST(test_a_storm_driven_by_the_host)
{
        run_noted(storm, KR_DRIVE_HOST);
        expect_storm();
}

static void storm_and_wait(void)
{
        int64_t left_out;

        storm();
        for (int i = 0; i < 500; i++) {
                if (reports(&left_out) + left_out == STORM)
                        return;
                kr_sleep(10);
        }
        kit_fail("nobody says how many were left out");
}

/* Not only when the node stops. */
KIT_TEST(test_the_number_is_said_soon_after_the_storm)
{
        run_noted(storm_and_wait, KR_DRIVE_THREADS);
}

/* -- without a function of one's own -- */

static void errors_once(void)
{
        end_of(errors);
}

static void wait_for_errors(void)
{
        kr_node *node;
        kr_pid self;

        kit_ok(kr_node_start(NULL, &node));
        kit_ok(kr_thread_attach(node, &self));
        errors_once();
        kr_thread_detach();
        kit_ok(kr_node_stop(node, KR_INFINITY));
}

KIT_TEST(test_by_default_a_line_goes_to_standard_error)
{
        char text[LINE_MAX_BYTES] = "";
        FILE *file = tmpfile();
        int before = dup(STDERR_FILENO);

        kit_not_null(file);
        kit_int_ge(dup2(fileno(file), STDERR_FILENO), 0);
        wait_for_errors();
        kit_int_ge(dup2(before, STDERR_FILENO), 0);
        rewind(file);
        kit_not_null(fgets(text, sizeof(text), file));
        kit_not_null(strstr(text, "> (errors) ended: {{wrong,1},["));
        kit_null(fgets(text, sizeof(text), file));
        kit_int_eq(fclose(file) | close(before), 0);
}

KIT_MAIN(KIT_CASE(test_errors_throws_faults_and_misuse_are_reported),
         KIT_CASE(test_exits_signals_and_what_is_caught_are_not_reported),
         KIT_CASE(test_the_first_error_is_the_one_reported),
         KIT_CASE(test_a_process_with_little_stack_left_is_reported),
         KIT_CASE(test_of_a_long_reason_the_beginning_is_said),
         KIT_CASE(test_of_a_storm_ten_a_second_are_said_and_the_others_counted),
         KIT_CASE(test_a_storm_in_virtual_time),
         KIT_CASE(test_a_storm_driven_by_the_host),
         KIT_CASE(test_the_number_is_said_soon_after_the_storm),
         KIT_CASE(test_by_default_a_line_goes_to_standard_error))
