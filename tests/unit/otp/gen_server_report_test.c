/* SPDX-License-Identifier: Apache-2.0 */
/* gen_server_report_test.c: what a gen_server that ends tells the logger. */
#include "expect.h"
#include "process.h"
#include "told.h"

#include <stdatomic.h>
#include <stdio.h>

/* Reports alike are counted, not repeated: each case has another reason, or a node of its
 * own. */
#define REPORTS_MAX 8
#define REPORT_BYTES 2000

static struct {
        kr_log_level level;
        char text[REPORT_BYTES]; /* the report, as Erlang's syntax has it */
} reports[REPORTS_MAX];
static char lines[REPORTS_MAX][200]; /* what it says first */
static _Atomic int count;

static void note(const kr_log_event *event, void *context)
{
        int n = atomic_load(&count);

        (void)context;
        if (n == REPORTS_MAX || kr_is_none(event->report))
                return;
        reports[n].level = event->level;
        (void)kr_format(reports[n].text, REPORT_BYTES, event->report);
        (void)snprintf(lines[n], sizeof(lines[n]), "%s", event->text);
        atomic_store(&count, n + 1);
}

static void listen(void)
{
        const kr_log_handler handler = { .name = "note", .log = note };

        kit_ok(kr_logger_start(kr_here(), &(kr_logger_opts){ .no_default = true }));
        kit_ok(kr_logger_add_handler(kr_here(), &handler));
        atomic_store(&count, 0);
}

/* The n-th report with this in it; NULL: there is none. */
static const char *report_with(const char *words)
{
        for (int i = 0; i < atomic_load(&count); i++)
                if (strstr(reports[i].text, words))
                        return reports[i].text;
        return NULL;
}

#define TERMINATE "label => {gen_server,terminate}"
#define NO_INFO "label => {gen_server,no_handle_info}"
#define CRASH "label => {proc_lib,crash}"

static void check_has(const char *report, const char *words)
{
        kit_not_null(report);
        if (!strstr(report, words))
                kit_fail("no '%s' in %s", words, report);
}

static kr_pid start_named(const kr_behaviour *behaviour, const char *name)
{
        kr_start_opts opts = { .name = name };
        kr_started started = kr_start(behaviour, &opts, "{~, ok}", kr_self());

        kit_ok(started.err);
        return started.pid;
}

/* One OS thread: what was logged before a DOWN has been noted when it comes. */
#define REPORT_TEST(name)                                                                \
        static void name##_process(void);                                                \
        KIT_TEST(name)                                                                   \
        {                                                                                \
                kit_run_process(&(kr_node_opts){ .drive = KR_DRIVE_SIM },                \
                                name##_process);                                         \
        }                                                                                \
        static void name##_process(void)

struct asking {
        kr_pid owner;
};

static void asks(struct asking *a)
{
        kr_msg slot = KR_MSG_INIT;

        (void)a;
        kr_register("the_client", kr_self());
        (void)kr_try_call("crashing", &slot, 1000, "{do, {error, {no, luck}}}");
        kr_sleep(KR_INFINITY);
}

/* covers: I132 gen_server_SUITE:crash */
REPORT_TEST(test_a_crash_tells_name_message_state_reason_and_client)
{
        struct asking a = { kr_self() };
        kr_pid pid;
        kr_ref ref;
        const char *report;

        listen();
        pid = start_named(&told, "crashing");
        ref = kr_monitor(pid);
        kr_cast(pid, "{do, {add, 41}}");
        kr_spawn(asks, &a);
        kit_expect_down(ref, "{{no, luck}, _}");
        report = report_with(TERMINATE);
        check_has(report, "name => crashing");
        check_has(report, "last_message => {do,{error,{no,luck}}}");
        check_has(report, "state => #{value => 41}");
        check_has(report, "reason => {{no,luck},[{<<\"told_");
        check_has(report, "client_info => {<0.");
        check_has(report, "{the_client,[");
        check_has(report, "log => []");
        kit_int_eq(reports[0].level, KR_LOG_ERROR);
        check_has(report_with(CRASH), "{no,luck}");
        kit_int_eq(atomic_load(&count), 2);
}

/* covers: I132 */
REPORT_TEST(test_a_stop_tells_its_reason_without_a_trace_and_the_log)
{
        kr_pid pid;
        kr_ref ref;
        const char *report;

        listen();
        pid = start_named(&told, "stopping");
        ref = kr_monitor(pid);
        kit_ok(kr_sys_log(pid, 5));
        kr_cast(pid, "{do, {stop, {odd, reason}}}");
        kit_expect_down(ref, "{odd, reason}");
        report = report_with(TERMINATE);
        check_has(report, "reason => {odd,reason}");
        check_has(report, "last_message => {'$gen_cast',{do,{stop,{odd,reason}}}}");
        check_has(report, "log => [{in,{'$gen_cast',{do,{stop,{odd,reason}}}}}]");
        check_has(report, "client_info => undefined");
}

/* covers: gen_server_SUITE:crash */
REPORT_TEST(test_planned_ends_are_silent)
{
        static const char *const ways[] = { "{stop, normal}", "{stop, shutdown}",
                                            "{stop, {shutdown, x}}",
                                            "{exit, {shutdown, y}}", "{exit, normal}" };

        listen();
        for (int i = 0; i < 5; i++) {
                kr_pid pid = start_named(&told, NULL);
                kr_ref ref = kr_monitor(pid);
                kr_msg msg = KR_MSG_INIT;
                kr_term way;

                kit_ok(kr_parse(ways[i], strlen(ways[i]), NULL, &way, NULL));
                kr_cast(pid, "{do, ~}", way);
                kit_expect(&msg, "{'DOWN', =, _, _, _}", ref);
                kr_release(way);
        }
        kit_int_eq(atomic_load(&count), 0);
}

/* An error is one, whatever its reason. */
REPORT_TEST(test_an_error_of_normal_is_told)
{
        kr_pid pid;
        kr_ref ref;

        listen();
        pid = start_named(&told, NULL);
        ref = kr_monitor(pid);
        kr_cast(pid, "{do, {error, shutdown}}");
        kit_expect_down(ref, "{shutdown, _}");
        check_has(report_with(TERMINATE), "reason => {shutdown,[");
}

static void asks_and_dies(struct asking *a)
{
        kr_send_request("slow",
                        "{do, {throw_next, {noreply, {continue, {do, {exit, alone}}}}}}");
        (void)a;
}

static void asks_and_dies_early(struct asking *a)
{
        (void)a;
        kr_send_request("late", "{do, {error, nobody_listens}}");
}

/* covers: I132 */
REPORT_TEST(test_a_client_that_has_died_is_told_as_dead)
{
        struct asking a = { kr_self() };
        kr_pid pid, client;
        kr_ref ref;

        listen();
        pid = start_named(&told, "late");
        ref = kr_monitor(pid);
        kit_ok(kr_sys_suspend(pid));
        client = kr_spawn(asks_and_dies_early, &a);
        kit_await_end(client);
        kit_ok(kr_sys_resume(pid));
        kit_expect_down(ref, "{nobody_listens, _}");
        check_has(report_with(TERMINATE), ",dead}");
        pid = start_named(&told, "slow");
        ref = kr_monitor(pid);
        kr_spawn(asks_and_dies, &a);
        kit_expect_down(ref, "alone");
        check_has(report_with("alone"), "client_info => undefined"); /* nobody's affair */
}

static kr_term shows(const struct told *s)
{
        if (s->value == 1)
                kr_error("cannot");
        return kr_build("{shown, ~}", s->value);
}

KR_GEN_SERVER(showing, struct told, .init = told_init, .handle_call = told_call,
              .handle_cast = told_cast, .terminate = told_terminate,
              .format_status = shows, .fields = told_fields);

/* covers: gen_server_SUITE:error_format_status gen_server_SUITE:terminate_crash_format */
REPORT_TEST(test_reports_show_what_format_status_gives)
{
        static const char *const ways[] = { "{exit, first_way}", "{stop, second_way}" };
        kr_msg msg = KR_MSG_INIT;

        listen();
        for (int i = 0; i < 2; i++) {
                kr_pid pid = start_named(&showing, NULL);
                kr_ref ref = kr_monitor(pid);
                kr_term way;

                kit_ok(kr_parse(ways[i], strlen(ways[i]), NULL, &way, NULL));
                kr_cast(pid, "{do, {add, 4}}");
                kr_cast(pid, "{do, ~}", way);
                kit_expect(&msg, "{'DOWN', =, _, _, _}", ref);
                kr_release(way);
        }
        check_has(report_with("reason => first_way"), "state => {shown,4}");
        check_has(report_with("reason => second_way"), "state => {shown,4}");
}

REPORT_TEST(test_a_crash_in_terminate_is_what_is_told)
{
        kr_pid pid;
        kr_ref ref;
        const char *report;

        listen();
        pid = start_named(&showing, NULL);
        ref = kr_monitor(pid);
        kr_cast(pid, "{do, {add, 9}}");
        kr_cast(pid, "{do, {at_end, {error, in_the_end}}}");
        kr_cast(pid, "{do, {stop, normal}}");
        kit_expect_down(ref, "{in_the_end, _}");
        report = report_with(TERMINATE);
        check_has(report, "state => {shown,9}");
        check_has(report, "reason => {in_the_end,[");
}

/* covers: gen_server_SUITE:crash_in_format_status */
REPORT_TEST(test_a_format_status_that_crashes_does_not_hide_the_reason)
{
        kr_pid pid;
        kr_ref ref;
        const char *report;

        listen();
        pid = start_named(&showing, NULL);
        ref = kr_monitor(pid);
        kr_cast(pid, "{do, {add, 1}}");
        kr_cast(pid, "{do, {exit, told_anyway}}");
        kit_expect_down(ref, "told_anyway");
        report = report_with(TERMINATE);
        check_has(report, "state => \"showing:format_status/1 crashed\"");
        check_has(report, "reason => told_anyway");
}

KR_GEN_SERVER(deaf, struct told, .init = told_init);

/* covers: I126 gen_server_SUITE:undef_handle_info */
REPORT_TEST(test_an_info_that_nobody_handles_is_a_warning)
{
        kr_pid pid;
        kr_msg msg = KR_MSG_INIT;

        listen();
        pid = start_named(&deaf, NULL);
        kr_send(pid, "{any, thing}");
        (void)kr_sys_get_state(pid, &msg);
        check_has(report_with(NO_INFO), "module => deaf");
        check_has(report_with(NO_INFO), "message => {any,thing}");
        kit_int_eq(reports[0].level, KR_LOG_WARNING);
        kit_true(kr_is_process_alive(pid));
}

REPORT_TEST(test_an_init_that_fails_is_a_crash_report_only)
{
        kr_msg reason = KR_MSG_INIT;
        kr_start_opts opts = { .ret_reason = &reason };

        listen();
        kit_err(kr_start(&told, &opts, "{~, {stop, {odd, start}}}", kr_self()).err,
                KR_EFAILED);
        kit_null(report_with(TERMINATE));
        check_has(report_with(CRASH), "{odd,start}");
        kit_err(kr_start(&told, &opts, "{~, {fail, quietly}}", kr_self()).err,
                KR_EFAILED);
        kit_err(kr_start(&told, &opts, "{~, {stop, shutdown}}", kr_self()).err,
                KR_EFAILED);
        kit_err(kr_start(&told, &opts, "{~, ignore}", kr_self()).err, KR_EIGNORED);
        kit_int_eq(atomic_load(&count), 1);
        kr_msg_clear(&reason);
}

static void faults(void)
{
        kr_pid pid;
        kr_ref ref;
        const char *report;

        listen();
        pid = start_named(&told, "faulty");
        ref = kr_monitor(pid);
        kr_cast(pid, "{do, {add, 7}}");
        kr_cast(pid, "{do, fault}");
        kit_expect_down(ref, "{{sigsegv, 0}, _}");
        kit_eventually(report_with(TERMINATE) && report_with(CRASH));
        report = report_with(TERMINATE);
        check_has(report, "name => faulty");
        check_has(report, "last_message => {'$gen_cast',{do,fault}}");
        check_has(report, "state => #{value => 7}");
        check_has(report, "reason => {{sigsegv,0},[");
}

KIT_TEST(test_a_fault_is_told_with_the_message_that_brought_it_about)
{
        kit_run_process(&(kr_node_opts){ .schedulers = 2, .faults = KR_FAULTS_EXIT },
                        faults);
}

/* -- reports that read what somebody has written over -- */

struct damaged {
        kr_term note;
};
KR_FIELDS(damaged_fields, struct damaged, note);

static int64_t *volatile nowhere;

/* What a buffer that was too short leaves of a term that lay behind it. */
static void damage(struct damaged *d)
{
        d->note.w = UINT64_C(0x00007f0000001002);
}

static kr_next damaged_init(struct damaged *d, kr_term args)
{
        (void)args;
        d->note = kr_build("{some, note}");
        return kr_ok();
}

static kr_next damaged_cast(struct damaged *d, kr_term what)
{
        damage(d);
        if (kr_match(what, "fault"))
                *nowhere = 1;
        kr_error("~", what);
}

KR_GEN_SERVER(damaged, struct damaged, .init = damaged_init, .handle_cast = damaged_cast,
              .fields = damaged_fields);

static void ends_of_damaged(void)
{
        kr_pid pid;
        kr_ref ref;

        listen();
        pid = start_named(&damaged, "damaged");
        ref = kr_monitor(pid);
        kr_cast(pid, "bad_luck");
        kit_expect_down(ref, "{bad_luck, _}");
        kit_eventually(report_with(TERMINATE) && report_with(CRASH));
        check_has(report_with(TERMINATE), "damaged");
        check_has(report_with(TERMINATE), "reason => {bad_luck,");
        pid = start_named(&damaged, "damaged");
        ref = kr_monitor(pid);
        kr_cast(pid, "fault");
        kit_expect_down(ref, "{{sigsegv, 0}, _}");
        kit_eventually(report_with("{error_info,{error,{sigsegv,0}"));
}

/* The reason stays what it was, and is told: of a fault, by the crash report at least. */
KIT_TEST(test_a_damaged_state_takes_neither_reason_nor_report_with_it)
{
        kit_run_process(&(kr_node_opts){ .schedulers = 2, .faults = KR_FAULTS_EXIT },
                        ends_of_damaged);
}

/* -- others whose format_status crashes -- */

static kr_term format_crashes(const struct damaged *d)
{
        (void)d;
        kr_error("in_format_status");
}

static kr_handled handler_init(struct damaged *d, kr_term args)
{
        (void)d;
        (void)args;
        return kr_handled_ok();
}

static kr_handled handler_event(struct damaged *d, kr_term event)
{
        (void)d;
        if (kr_match(event, "fail"))
                kr_error("failed");
        return kr_handled_ok();
}

KR_EVENT_HANDLER(shy, struct damaged, .init = handler_init, .handle_event = handler_event,
                 .format_status = format_crashes);

/* The manager is not the one to suffer for it. */
REPORT_TEST(test_a_handler_whose_format_status_crashes_ends_alone)
{
        kr_msg msg = KR_MSG_INIT;
        kr_started started = kr_event_start(NULL);

        listen();
        kit_ok(started.err);
        kit_ok(kr_event_add_handler(started.pid, &shy, NULL, "[]"));
        kit_match(kr_sys_get_state(started.pid, &msg),
                  "[{shy, false, \"shy:format_status/1 crashed\"}]");
        kr_event_sync_notify(started.pid, "fail");
        kit_match(kr_event_which_handlers(started.pid, &msg), "[]");
        check_has(report_with("label => {gen_event,terminate}"),
                  "state => \"shy:format_status/1 crashed\"");
        kr_msg_clear(&msg);
}

static kr_step shy_init(struct damaged *d, kr_term args)
{
        (void)d;
        (void)args;
        return kr_next_state("on");
}

static kr_step shy_on(struct damaged *d, const kr_event *e)
{
        (void)d;
        if (kr_got_cast(e, "fail"))
                kr_error("failed");
        return kr_keep_state();
}

KR_GEN_STATEM(shy_machine, struct damaged, .mode = KR_STATE_FUNCTIONS, .init = shy_init,
              .states = { { "on", shy_on } }, .format_status = format_crashes);

/* Its reason stays what it was. */
REPORT_TEST(test_a_machine_whose_format_status_crashes)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid;
        kr_ref ref;

        listen();
        pid = start_named(&shy_machine, "shy");
        ref = kr_monitor(pid);
        kit_match(kr_sys_get_state(pid, &msg),
                  "{on, \"shy_machine:format_status/1 crashed\"}");
        kr_cast(pid, "fail");
        kit_expect_down(ref, "{failed, _}");
        check_has(report_with("label => {gen_statem,terminate}"),
                  "state => {on,\"shy_machine:format_status/1 crashed\"}");
        kit_not_null(strstr(lines[0], "gen_statem shy terminates: failed in shy_on"));
        kr_msg_clear(&msg);
}

KIT_MAIN(KIT_CASE(test_a_crash_tells_name_message_state_reason_and_client),
         KIT_CASE(test_a_stop_tells_its_reason_without_a_trace_and_the_log),
         KIT_CASE(test_planned_ends_are_silent),
         KIT_CASE(test_an_error_of_normal_is_told),
         KIT_CASE(test_a_client_that_has_died_is_told_as_dead),
         KIT_CASE(test_reports_show_what_format_status_gives),
         KIT_CASE(test_a_crash_in_terminate_is_what_is_told),
         KIT_CASE(test_a_format_status_that_crashes_does_not_hide_the_reason),
         KIT_CASE(test_an_info_that_nobody_handles_is_a_warning),
         KIT_CASE(test_an_init_that_fails_is_a_crash_report_only),
         KIT_CASE(test_a_fault_is_told_with_the_message_that_brought_it_about),
         KIT_CASE(test_a_damaged_state_takes_neither_reason_nor_report_with_it),
         KIT_CASE(test_a_handler_whose_format_status_crashes_ends_alone),
         KIT_CASE(test_a_machine_whose_format_status_crashes))
