/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor_report_test.c: what supervisors tell the logger, and when they are silent. */
#include "supervisor_kit.h"

#include <krarup/logger.h>

#define LINES 64

static char lines[LINES][600];
static _Atomic int count;

static char texts[LINES][300]; /* what they say first */

static void note(const kr_log_event *event, void *context)
{
        int n = atomic_fetch_add(&count, 1);

        (void)context;
        if (n < LINES && !kr_is_none(event->report)) {
                (void)kr_format(lines[n], sizeof(lines[n]), event->report);
                (void)snprintf(texts[n], sizeof(texts[n]), "%s", event->text);
        }
}

static void listen(kr_log_level level)
{
        const kr_log_handler handler = { .name = "note", .level = level, .log = note };

        kit_ok(kr_logger_start(kr_here(),
                               &(kr_logger_opts){ .level = level, .no_default = true }));
        kit_ok(kr_logger_add_handler(kr_here(), &handler));
        memset(lines, 0, sizeof(lines));
        count = 0;
}

/* A report that has all of this in it, in order. */
static bool is_told(const char *const *parts)
{
        for (int i = 0; i < LINES; i++) {
                const char *at = lines[i];

                for (int k = 0; at != NULL && parts[k] != NULL; k++)
                        at = strstr(at, parts[k]);
                if (at != NULL)
                        return true;
        }
        return false;
}

#define expect_told(...) kit_true(is_told((const char *const[]){ __VA_ARGS__, NULL }))
#define expect_not_told(...)                                                             \
        kit_false(is_told((const char *const[]){ __VA_ARGS__, NULL }))

#define CHILD(kind, more) "[#{id => a, start => {w, " kind ", [x]}" more "}]"

KIT_PROCESS_TEST(test_starts_are_told_at_level_info)
{
        kr_pid sup;

        listen(KR_LOG_INFO);
        sup = start_sup("{one_for_one, 1, 5, never, " CHILD("waits", "") "}");
        expect_told("label => {supervisor,progress}", "any_sup}}", "{started,[{pid,<",
                    "{id,a}", "{mfargs,{w,waits,[x]}}", "{restart_type,permanent}",
                    "{significant,false}", "{shutdown,5000}", "{child_type,worker}");
        stop_sup(sup);
}

KIT_PROCESS_TEST(test_ends_are_told_when_they_are_failures)
{
        kr_pid sup;

        listen(KR_LOG_NOTICE);
        sup = start_sup("{one_for_one, 1, 60, never, " CHILD("waits", "") "}");
        expect_not_told("progress");
        end_child(pid_of(sup, "a"), "boom");
        (void)pid_of(sup, "a");
        expect_told("label => {supervisor,child_terminated}",
                    "{errorContext,child_terminated}", "{reason,boom}",
                    "{offender,[{pid,<");
        end_child(pid_of(sup, "a"), "bang");
        expect_sup_gone(sup);
        expect_told("label => {supervisor,shutdown}", "{errorContext,shutdown}",
                    "{reason,reached_max_restart_intensity}", "{id,a}");
}

/* covers: M184 */
KIT_PROCESS_TEST(test_starts_that_fail_and_stops_that_are_kills_are_told)
{
        kr_pid sup;

        listen(KR_LOG_NOTICE);
        expect_no_start("{one_for_one, 1, 5, never, " CHILD("fails", "") "}", "_");
        expect_told("label => {supervisor,start_error}", "{reason,{no,x}}",
                    "{pid,undefined}");
        sup = start_sup(
                "{one_for_one, 1, 5, never, " CHILD("is_deaf", ", shutdown => 0") "}");
        stop_sup(sup);
        expect_told("label => {supervisor,shutdown_error}", "{reason,killed}");
}

/* covers: supervisor_SUITE:sup_stop_non_shutdown_exit_dynamic M197 */
KIT_PROCESS_TEST(test_dynamic_children_are_told_once_for_each_reason)
{
        kr_msg slot = KR_MSG_INIT;
        kr_pid sup;

        listen(KR_LOG_NOTICE);
        sup = start_sup("{simple_one_for_one, 1, 5, never,"
                        " [#{id => a, start => {w, ends_badly, []}}]}");
        for (int i = 0; i < 5; i++)
                (void)kr_supervisor_start_another(sup, &slot, "[bad]");
        for (int i = 0; i < 2; i++)
                (void)kr_supervisor_start_another(sup, &slot, "[worse]");
        (void)kr_supervisor_start_another(sup, &slot, "[shutdown]");
        count = 0;
        stop_sup(sup);
        expect_told("label => {supervisor,shutdown_error}", "{reason,bad}",
                    "[{nb_children,5},{id,a}");
        expect_told("{supervisor,shutdown_error}", "{reason,worse}", "{nb_children,2}");
        expect_not_told("{supervisor,shutdown_error}", "{reason,shutdown}");
}

/* A planned end needs no words. */
KIT_PROCESS_TEST(test_planned_ends_are_silent)
{
        kr_msg slot = KR_MSG_INIT;
        kr_pid sup;

        listen(KR_LOG_NOTICE);
        sup = start_sup(
                "{one_for_one, 1, 5, never,"
                " [#{id => a, start => {w, waits, []}, restart => transient},"
                "  #{id => b, start => {w, waits, []}, restart => temporary},"
                "  #{id => c, start => {w, waits, []}},"
                "  #{id => d, start => {w, is_deaf, []}, shutdown => brutal_kill}]}");
        end_child(pid_of(sup, "a"), "{shutdown, done}");
        end_child(pid_of(sup, "b"), "normal");
        kit_int_eq(kr_supervisor_terminate_child(sup, "c"), KR_OK);
        stop_sup(sup);
        sup = start_sup("{simple_one_for_one, 1, 5, never,"
                        " [#{id => a, start => {w, waits, []}}]}");
        (void)kr_supervisor_start_another(sup, &slot, "[]");
        stop_sup(sup);
        kit_int_eq(count, 0);
}

/* Whatever comes of a crash storm, a report costs what one costs. */
KIT_PROCESS_TEST(test_a_storm_is_counted)
{
        kr_pid sup, old;

        listen(KR_LOG_NOTICE);
        sup = start_sup("{one_for_one, 100000, 5, never, " CHILD("waits", "") "}");
        for (int i = 0; i < 1000; i++) {
                old = next_pid_of(sup, "a", i == 0 ? kr_self() : old);
                end_child(old, "boom");
        }
        kit_int_lt(count, 100);
        stop_sup(sup);
}

static bool is_said(const char *part)
{
        for (int i = 0; i < LINES; i++)
                if (strstr(texts[i], part) != NULL)
                        return true;
        return false;
}

KIT_PROCESS_TEST(test_a_message_that_is_not_for_a_supervisor_is_told)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid sup;

        listen(KR_LOG_ERROR);
        sup = start_sup("{one_for_one, 1, 5, never, []}");
        kr_send(sup, "{lost, 17}");
        kit_true(kr_is_nil(kr_supervisor_which_children(sup, &msg)));
        expect_told("label => {supervisor,unexpected_msg}", "{message,{lost,17}}");
        kit_true(is_said("drops a message that is not for it: {lost,17}"));
        kr_msg_clear(&msg);
}

/* As in OTP nonsense that is called ends it; the report shows what it was. */
KIT_PROCESS_TEST(test_a_request_that_no_supervisor_knows_is_told)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid sup;
        kr_ref ref;

        listen(KR_LOG_ERROR);
        sup = start_sup("{one_for_one, 1, 5, never, []}");
        (void)kr_trap_exit(true);
        ref = kr_monitor(sup);
        kit_err(kr_try_call(sup, &msg, KR_INFINITY, "{count_children, now}"), KR_EFAILED);
        kit_expect_down(ref, "{function_clause, _}");
        expect_told("label => {gen_server,terminate}",
                    "last_message => {count_children,now}");
        kr_msg_clear(&msg);
}

KIT_MAIN(KIT_CASE(test_starts_are_told_at_level_info),
         KIT_CASE(test_a_message_that_is_not_for_a_supervisor_is_told),
         KIT_CASE(test_a_request_that_no_supervisor_knows_is_told),
         KIT_CASE(test_ends_are_told_when_they_are_failures),
         KIT_CASE(test_starts_that_fail_and_stops_that_are_kills_are_told),
         KIT_CASE(test_dynamic_children_are_told_once_for_each_reason),
         KIT_CASE(test_planned_ends_are_silent), KIT_SLOW(test_a_storm_is_counted, 30))
