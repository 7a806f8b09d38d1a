/* SPDX-License-Identifier: Apache-2.0 */
/* gen_statem_life_test.c: state machines begin, are called, looked into, changed and end. */
#include "../../erlang/machine.h"

#include "expect.h"
#include "process.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SYNC "[{{call, sync, '_'}, {keep_state, [{reply, from, synced}]}}]"

static kr_started start_as(const kr_start_opts *opts)
{
        return machine_start_opts(&machine_functions, opts, "{ok, a}", SYNC);
}

static kr_pid new_machine(void)
{
        kr_started s = start_as(NULL);

        kit_ok(s.err);
        return s.pid;
}

static void check_serves(kr_server machine)
{
        kr_msg reply = KR_MSG_INIT;

        (void)kr_statem_call_timeout(machine, &reply, KIT_EXPECT_MS, "sync");
        kit_match(reply.term, "synced");
        kit_next(&reply, "{call, sync, a}");
        kr_msg_clear(&reply);
}

static kr_server pid_of(kr_pid pid)
{
        return KR_SERVER(pid);
}

/* -- starting -- */

/* covers: gen_statem_SUITE:start1 gen_statem_SUITE:start6 gen_statem_SUITE:start8
 *         gen_statem_SUITE:start9 */
KIT_EVERYWHERE_TEST(test_machines_start_with_a_name_and_without)
{
        kr_start_opts opts = { .name = "my_machine" };
        kr_started s = start_as(&opts), second = start_as(&opts);

        kit_ok(s.err);
        kit_err(second.err, KR_EALREADY);
        kit_true(kr_pid_eq(second.pid, s.pid));
        check_serves(KR_SERVER("my_machine"));
        check_serves(pid_of(new_machine()));
        s = kr_start_link(&machine_events, NULL, "{~, {ok, a}, []}", kr_self());
        kit_ok(s.err);
        kr_unlink(s.pid);
}

/* covers: gen_statem_SUITE:start7 gen_statem_SUITE:start10 gen_statem_SUITE:start11
 *         gen_statem_SUITE:stop6 */
KIT_EVERYWHERE_TEST(test_machines_have_global_names_and_are_started_again)
{
        kr_start_opts opts = { .via = &kr_via_global, .via_name = kr_int(5) };
        kr_server machine = kr_global(kr_int(5));

        for (int i = 0; i < 5; i++) {
                kit_ok(start_as(&opts).err);
                kit_err(start_as(&opts).err, KR_EALREADY);
                check_serves(machine);
                kit_ok(kr_stop_normal(machine));
                kit_expect(&(kr_msg)KR_MSG_INIT, "{terminate, normal, a}");
        }
}

/* A registry of one name. */
static kr_pid the_one;

static bool one_register(kr_term name, kr_pid pid)
{
        (void)name;
        if (!kr_pid_is_none(the_one))
                return false;
        the_one = pid;
        return true;
}

static void one_unregister(kr_term name)
{
        (void)name;
        the_one = kr_pid_none();
}

static kr_pid one_whereis(kr_term name)
{
        (void)name;
        return the_one;
}

static const kr_via via_one = { "one", one_register, one_unregister, one_whereis, NULL };

/* covers: gen_statem_SUITE:start12 gen_statem_SUITE:stop7 */
KIT_PROCESS_TEST(test_machines_have_names_of_a_registry_of_ones_own)
{
        kr_start_opts opts = { .via = &via_one, .via_name = kr_int(1) };

        kit_ok(start_as(&opts).err);
        kit_err(start_as(&opts).err, KR_EALREADY);
        check_serves(kr_by(&via_one, kr_int(1)));
        kit_ok(kr_stop_normal(kr_by(&via_one, kr_int(1))));
        the_one = kr_pid_none();
}

static void expect_failure(const char *init, kr_err err, const char *reason_text)
{
        kr_msg reason = KR_MSG_INIT;
        kr_start_opts opts = { .name = "not_there", .ret_reason = &reason };
        char text[200];

        kit_err(machine_start_opts(&machine_functions, &opts, init, "[]").err, err);
        if (reason_text != NULL) {
                (void)kr_format(text, sizeof(text), reason.term);
                kit_str_eq(text, reason_text);
        }
        kit_true(kr_pid_is_none(kr_whereis("not_there")));
        kit_expect_nothing();
        kr_msg_clear(&reason);
}

/* covers: gen_statem_SUITE:start4 gen_statem_SUITE:start5a gen_statem_SUITE:loop_start_fail */
KIT_EVERYWHERE_TEST(test_starts_that_fail_leave_nothing)
{
        kr_trap_exit(true);
        for (int i = 0; i < 3; i++) {
                expect_failure("ignore", KR_EIGNORED, NULL);
                expect_failure("{throw, ignore}", KR_EIGNORED, NULL);
                expect_failure("{stop, {no, 1}}", KR_EFAILED, "{no,1}");
                expect_failure("{raise, exit, no}", KR_EFAILED, "no");
                expect_failure("{raise, error, no}", KR_EFAILED, "no");
                expect_failure("{raise, throw, no}", KR_EFAILED,
                               "{bad_return_from_init,no}");
                expect_failure("nothing", KR_EFAILED, "{bad_return_from_init,undefined}");
        }
}

struct slow {
        int64_t unused;
};

static kr_step sleeps_or_fails(struct slow *s, kr_term args)
{
        (void)s;
        if (kr_match(args, "fail"))
                return kr_fail_machine("{not_today, ~}", 1);
        kr_sleep(10000);
        return kr_next_state("late");
}

KR_GEN_STATEM(slow, struct slow, .mode = KR_HANDLE_EVENT, .init = sleeps_or_fails);

/* covers: gen_statem_SUITE:start3 gen_statem_SUITE:start5b */
KIT_EVERYWHERE_TEST(test_a_slow_start_times_out_and_an_error_is_told)
{
        kr_msg reason = KR_MSG_INIT;
        kr_start_opts opts = { .timeout_ms = 50, .ret_reason = &reason };

        kr_trap_exit(true);
        kit_err(kr_start_link(&slow, &opts, "sleep").err, KR_ETIMEDOUT);
        kit_err(kr_start_link(&slow, &opts, "fail").err, KR_EFAILED);
        kit_match(reason.term, "{not_today, 1}");
        kit_expect_nothing();
        kr_msg_clear(&reason);
}

/* -- becoming one -- */

struct data {
        int64_t value;
        kr_pid watcher;
};

KR_FIELDS(data_fields, struct data, value);

static kr_step start_data(struct data *d, kr_term args)
{
        return kr_match(args, "{~, ~}", &d->value, &d->watcher)
                       ? kr_next_state("on")
                       : kr_stop_machine("bad_args");
}

static kr_step on(struct data *d, const kr_event *e)
{
        int64_t n;

        if (kr_got_call(e, "read"))
                return kr_statem_reply(e->from, "{~, ~}", e->state, d->value);
        if (kr_got_cast(e, "{add, ~}", &n)) {
                d->value += n;
                return kr_keep_state();
        }
        if (kr_got_cast(e, "bad"))
                kr_error("oops");
        if (kr_got_cast(e, "hold")) {
                kr_state_timeout(60000, "later");
                kr_named_timeout("name", 60000, "much_later");
                return kr_postpone();
        }
        return kr_keep_state();
}

static kr_step change_data(struct data *d, kr_term old_version, kr_term state,
                           kr_term extra)
{
        (void)old_version, (void)state;
        if (kr_match(extra, "no"))
                return kr_stop_machine("not_now");
        d->value *= 2;
        return kr_next_state("on");
}

KR_GEN_STATEM(with_fields, struct data, .mode = KR_STATE_FUNCTIONS, .init = start_data,
              .states = { { "on", on } }, .code_change = change_data,
              .fields = data_fields);
KR_GEN_STATEM(with_little, struct data, .mode = KR_HANDLE_EVENT, .init = start_data,
              .handle_event = on);

static kr_term hide(const struct data *d)
{
        (void)d;
        return kr_build("hidden");
}

static void fail_to_end(struct data *d, kr_term reason, kr_term state)
{
        (void)d, (void)reason, (void)state;
        kr_error("no_end");
}

KR_GEN_STATEM(with_secrets, struct data, .mode = KR_STATE_FUNCTIONS, .init = start_data,
              .states = { { "on", on } }, .format_status = hide,
              .terminate = fail_to_end);

static void becomes(kr_pid *watcher)
{
        struct data d = { .value = 7, .watcher = *watcher };

        kr_register("became", kr_self());
        kr_init_ack("{ok, ~}", kr_self());
        kr_statem_enter_loop(&with_fields, &(kr_start_opts){ .name = "became" }, &d,
                             "on");
}

static void becomes_nothing(void)
{
        kr_init_ack("{ok, ~}", kr_self());
        kr_enter_loop(&with_fields, NULL, NULL);
}

/* covers: gen_statem_SUITE:enter_loop */
KIT_EVERYWHERE_TEST(test_a_process_becomes_a_machine)
{
        kr_pid me = kr_self();
        kr_started s = kr_proc_lib_start(NULL, becomes, &me);
        kr_msg slot = KR_MSG_INIT;
        kr_ref ref;

        kit_ok(s.err);
        kr_cast("became", "{add, 3}");
        (void)kr_statem_call("became", &slot, "read");
        kit_match(slot.term, "{on, 10}");
        kit_ok(kr_stop_normal(s.pid));
        s = kr_proc_lib_start(NULL, becomes_nothing);
        ref = kr_monitor(s.pid);
        kit_expect(&slot, "{'DOWN', =, _, _, _}", ref);
        kr_msg_clear(&slot);
}

/* -- calls -- */

static kr_pid callee;

static void call_20_ms(void *unused)
{
        kr_msg reply = KR_MSG_INIT;

        (void)unused;
        (void)kr_statem_call_timeout(callee, &reply, 20, "{q, 1}");
}

static void call_for_ever(void *unused)
{
        kr_msg reply = KR_MSG_INIT;

        (void)unused;
        (void)kr_statem_call(callee, &reply, "{q, 1}");
}

/* covers: J147 gen_statem_SUITE:abnormal1 gen_statem_SUITE:abnormal1clean
 *         gen_statem_SUITE:abnormal1dirty */
KIT_EVERYWHERE_TEST(test_a_call_that_times_out_ends_the_caller_alone)
{
        kr_msg slot = KR_MSG_INIT;
        kr_class kind;

        callee =
                machine_start(
                        &machine_functions, "{ok, a}",
                        "[{{call, {q, 1}, a}, {after_ms, 60, {keep_state, [{reply, from, late}]}}},"
                        " {{call, sync, '_'}, {keep_state, [{reply, from, synced}]}}]")
                        .pid;
        kit_false(kr_catch(call_20_ms, NULL, &kind, &slot));
        kit_int_eq(kind, KR_CLASS_EXIT);
        kit_match(slot.term, "{timeout, {gen_statem, call, [=, {q, 1}, 20]}}", callee);
        kit_next(&slot, "{call, {q, 1}, a}");
        check_serves(pid_of(callee)); /* and the late reply has not come */
        kit_expect_nothing();
        kr_msg_clear(&slot);
}

/* covers: J148 gen_statem_SUITE:stop_and_reply gen_statem_SUITE:shutdown
 *         gen_statem_SUITE:start2 */
KIT_EVERYWHERE_TEST(test_replies_come_before_the_end_and_noproc_after_it)
{
        kr_msg slot = KR_MSG_INIT;
        kr_class kind;
        kr_ref ref;

        callee =
                machine_start(
                        &machine_functions, "{ok, a}",
                        "[{{call, '_', a}, {stop_and_reply, shutdown, [{reply, from, bye}]}}]")
                        .pid;
        ref = kr_monitor(callee);
        (void)kr_statem_call(callee, &slot, "{q, 1}");
        kit_match(slot.term, "bye");
        kit_expect_down(ref, "shutdown");
        kit_false(kr_catch(call_for_ever, NULL, &kind, &slot));
        kit_match(slot.term, "{noproc, {gen_statem, call, [=, {q, 1}, infinity]}}",
                  callee);
        kr_msg_clear(&slot);
}

/* covers: gen_statem_SUITE:reply_by_alias_with_payload */
KIT_EVERYWHERE_TEST(test_a_reply_goes_through_the_alias_in_the_tag)
{
        kr_pid pid =
                machine_start(&machine_functions, "{ok, a}",
                              "[{{call, q, a}, {keep_state, [{reply, from, answer}]}}]")
                        .pid;
        kr_ref alias = kr_alias(false);
        kr_msg msg = KR_MSG_INIT;

        kr_send(pid, "{'$gen_call', {~, [alias|~]}, q}", kr_self(), alias);
        kit_expect(&msg, "{[alias|=], answer}", alias);
        kr_msg_clear(&msg);
}

/* covers: gen_statem_SUITE:send_request_receive_reqid_collection
 *         gen_statem_SUITE:send_request_wait_reqid_collection
 *         gen_statem_SUITE:send_request_check_reqid_collection */
KIT_EVERYWHERE_TEST(test_requests_under_way_are_answered_in_any_order)
{
        kr_pid pid = kr_start(&with_fields, NULL, "{1, ~}", kr_self()).pid;
        kr_reqids ids = KR_REQIDS_INIT;
        kr_msg slot = KR_MSG_INIT;

        for (int i = 0; i < 3; i++)
                kr_reqids_add(&ids, kr_send_request(pid, "read"), kr_int(i));
        kit_int_eq(kr_receive_any(&ids, 5000, true, &slot, NULL, NULL),
                   KR_RESPONSE_REPLY);
        kit_match(slot.term, "{on, 1}");
        kit_int_eq(kr_wait_any(&ids, 5000, true, &slot, NULL, NULL), KR_RESPONSE_REPLY);
        kit_int_eq(kr_receive(&slot, KIT_EXPECT_MS, kr_on(0, "_")), 0);
        kit_int_eq(kr_check_any(&ids, true, &slot, NULL, NULL), KR_RESPONSE_REPLY);
        kit_uint_eq(kr_reqids_size(&ids), 0);
        kr_reqids_clear(&ids);
        kr_msg_clear(&slot);
}

/* -- stopping -- */

static void stop_at_a_time_that_cannot_be(void *unused)
{
        (void)unused;
        kr_stop_server(callee, -7, "normal");
}

/* covers: gen_statem_SUITE:stop1 gen_statem_SUITE:stop2 gen_statem_SUITE:stop3
 *         gen_statem_SUITE:stop4 gen_statem_SUITE:stop5 */
KIT_EVERYWHERE_TEST(test_machines_are_stopped_by_pid_and_name)
{
        kr_start_opts opts = { .name = "to_stop" };
        kr_msg msg = KR_MSG_INIT;
        kr_class kind;

        callee = new_machine();
        kit_false(kr_catch(stop_at_a_time_that_cannot_be, NULL, &kind, &msg));
        check_serves(pid_of(callee));
        kit_ok(kr_stop_normal(callee));
        kit_next(&msg, "{terminate, normal, a}");
        kit_ok(kr_stop_server(new_machine(), 1000, "{other, 1}"));
        kit_next(&msg, "{terminate, {other, 1}, a}");
        kit_ok(start_as(&opts).err);
        kit_ok(kr_stop_normal("to_stop"));
        kit_ok(start_as(&opts).err);
        kit_ok(kr_stop_normal(kr_at(KR_ATOM("to_stop"), kr_node_name(kr_here()))));
        kit_expect(&msg, "{terminate, normal, a}");
        kr_msg_clear(&msg);
}

static kr_step trap(struct data *d, kr_term args)
{
        kr_trap_exit(true);
        return start_data(d, args);
}

static void tell_end(struct data *d, kr_term reason, kr_term state)
{
        kr_send(d->watcher, "{ended, ~, ~}", reason, state);
}

KR_GEN_STATEM(trapping, struct data, .mode = KR_STATE_FUNCTIONS, .init = trap,
              .states = { { "on", on } }, .terminate = tell_end);

struct parent {
        kr_pid to;
};

static void parent(struct parent *p)
{
        kr_started s = kr_start_link(&trapping, NULL, "{1, ~}", p->to);

        kr_send(p->to, "{started, ~}", s.pid);
        kr_sleep(KR_INFINITY);
}

/* covers: J153 */
KIT_EVERYWHERE_TEST(test_the_exit_of_the_parent_ends_it_by_terminate)
{
        struct parent p = { kr_self() };
        kr_pid pid = kr_spawn(parent, &p), machine;
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;

        kit_expect(&msg, "{started, ~}", &machine);
        ref = kr_monitor(machine);
        kr_exit_signal(machine, "from_a_stranger"); /* info */
        kr_exit_signal(pid, "left");
        kit_expect(&msg, "{ended, left, on}");
        kit_expect_down(ref, "left");
        kr_msg_clear(&msg);
}

/* covers: gen_statem_SUITE:undef_terminate1 gen_statem_SUITE:undef_terminate2 */
KIT_EVERYWHERE_TEST(test_terminate_may_be_missing)
{
        kr_started s = kr_start_monitor(&with_little, NULL, "{1, ~}", kr_self());

        kit_ok(kr_stop_server(s.pid, 1000, "{any, reason}"));
        kit_expect_down(s.monitor, "{any, reason}");
        s = kr_start_monitor(&with_little, NULL, "{1, ~}", kr_self());
        kr_cast(s.pid, "bad");
        kit_expect_down(s.monitor, "{oops, [_ | _]}");
}

/* -- sys -- */

#define kit_gives(call, ...)                                                             \
        do {                                                                             \
                kr_msg slot = KR_MSG_INIT;                                               \
                kr_term kit_given = call;                                                \
                                                                                         \
                kit_match(kit_given, __VA_ARGS__);                                       \
                kr_msg_clear(&slot);                                                     \
        } while (0)

/* covers: J151 gen_statem_SUITE:get_state gen_statem_SUITE:replace_state */
KIT_EVERYWHERE_TEST(test_state_and_data_are_seen_and_set)
{
        kr_pid pid = kr_start(&with_little, NULL, "{4, ~}", kr_self()).pid;

        kit_gives(kr_sys_get_state(pid, &slot), "{on, undefined}");
        kit_gives(kr_sys_replace_state(pid, &slot, "{{off, 1}, undefined}"),
                  "{{off, 1}, undefined}");
        kit_gives(kr_statem_call(pid, &slot, "read"), "{{off, 1}, 4}");
        pid = kr_start(&with_fields, NULL, "{4, ~}", kr_self()).pid;
        kit_gives(kr_sys_get_state(pid, &slot), "{on, #{value => 4}}");
        kit_gives(kr_sys_replace_state(pid, &slot, "{on, #{value => 9}}"),
                  "{on, #{value => 9}}");
        kit_gives(kr_statem_call(pid, &slot, "read"), "{on, 9}");
}

static void replace_by_rubbish(void *unused)
{
        kr_msg slot = KR_MSG_INIT;

        (void)unused;
        (void)kr_sys_replace_state(callee, &slot, "{on, #{value => no_number}}");
}

/* covers: gen_statem_SUITE:replace_state */
KIT_EVERYWHERE_TEST(test_a_state_that_does_not_fit_changes_nothing)
{
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        callee = kr_start(&with_fields, NULL, "{4, ~}", kr_self()).pid;
        kit_false(kr_catch(replace_by_rubbish, NULL, &kind, &reason));
        kit_int_eq(kind, KR_CLASS_ERROR);
        kit_match(reason.term, "{{callback_failed, {_, system_replace_state}, _}, _}");
        kit_gives(kr_statem_call(callee, &slot, "read"), "{on, 4}");
        kr_msg_clear(&reason);
}

/* covers: J151 gen_statem_SUITE:code_change gen_statem_SUITE:undef_code_change */
KIT_EVERYWHERE_TEST(test_code_changes_while_it_is_suspended)
{
        kr_pid pid = kr_start(&with_fields, NULL, "{4, ~}", kr_self()).pid;

        kr_sys_suspend(pid);
        kit_gives(kr_sys_change_code(pid, &slot, "{with_fields, 1, no}"),
                  "{error, not_now}");
        kit_gives(kr_sys_change_code(pid, &slot, "{with_fields, 1, []}"), "ok");
        kr_sys_resume(pid);
        kit_gives(kr_statem_call(pid, &slot, "read"), "{on, 8}");
        pid = kr_start(&with_little, NULL, "{4, ~}", kr_self()).pid;
        kr_sys_suspend(pid);
        kit_gives(kr_sys_change_code(pid, &slot, "{with_little, 1, []}"),
                  "{error, {'EXIT', {undef, _}}}");
        kr_sys_resume(pid);
        kit_gives(kr_statem_call(pid, &slot, "read"), "{on, 4}");
}

/* The mode changes with the module that takes over.
 * covers: J151 gen_statem_SUITE:code_change */
KIT_EVERYWHERE_TEST(test_a_change_of_code_may_change_the_mode)
{
        kr_pid pid = new_machine();
        kr_msg msg = KR_MSG_INIT;

        kr_sys_suspend(pid);
        kit_gives(kr_sys_change_code(pid, &slot,
                                     "{machine, 1, {ok, {c, 3}, handle_event_function}}"),
                  "ok");
        kr_sys_resume(pid);
        kr_cast(pid, "hello");
        kit_next(&msg, "{cast, hello, {c, 3}}");
        kr_msg_clear(&msg);
}

/* covers: gen_statem_SUITE:sys1 gen_statem_SUITE:call_format_status
 *         gen_statem_SUITE:format_all_status gen_statem_SUITE:timeout_cancel_and_update */
KIT_EVERYWHERE_TEST(test_the_status_shows_all_and_what_the_module_wants)
{
        kr_pid pid = kr_start(&with_secrets, NULL, "{4, ~}", kr_self()).pid;
        kr_term misc, modules, timeouts, postponed, state;
        kr_msg msg = KR_MSG_INIT;

        kr_cast(pid, "hold");
        kr_sys_suspend(pid);
        kit_err(kr_try_call(pid, &msg, 10, "read"), KR_ETIMEDOUT);
        (void)kr_sys_get_status(pid, &msg);
        kit_match(msg.term, "{status, =, {module, gen_statem}, [_, suspended, _, [], ~]}",
                  pid, &misc);
        kit_true(kr_match(misc,
                          "[{header, _}, {data, _}, {data, [{\"Modules\", ~},"
                          " {\"Time-outs\", ~}, {\"Postponed\", ~}]},"
                          " {data, [{\"State\", ~}]}]",
                          &modules, &timeouts, &postponed, &state));
        kit_match(modules, "[with_secrets]");
        kit_match(timeouts,
                  "{2, [{{timeout, name}, much_later}, {state_timeout, later}]}");
        kit_match(postponed, "[{cast, hold}]");
        kit_match(state, "{on, hidden}");
        kr_sys_resume(pid);
        kit_gives(kr_statem_call(pid, &slot, "read"), "{on, 4}");
        kr_msg_clear(&msg);
}

static char trace[2000];

/* What a trace prints, by a file of log_to_file. */
static const char *traced(kr_pid pid, const char *path)
{
        FILE *file;
        size_t len;

        kit_ok(kr_sys_log_to_file(pid, NULL));
        file = fopen(path, "r");
        kit_not_null(file);
        len = fread(trace, 1, sizeof(trace) - 1, file);
        trace[len] = 0;
        (void)fclose(file);
        (void)remove(path);
        return trace;
}

KIT_PROCESS_TEST(test_a_trace_reads_as_in_otp)
{
        kr_started s = machine_start_opts(
                &machine_functions, &(kr_start_opts){ .name = "traced" }, "{ok, a}",
                "[{{cast, x, a}, {next_state, b, [postpone, {state_timeout, 0, s}]}},"
                " {{call, sync, '_'}, {keep_state, [{reply, from, synced}]}}]");
        char path[] = "/tmp/statem_trace_XXXXXX", wanted[600], me[40];
        kr_msg slot = KR_MSG_INIT;

        (void)close(mkstemp(path));
        kit_ok(kr_sys_log_to_file(s.pid, path));
        kr_cast(s.pid, "x");
        (void)kr_statem_call(s.pid, &slot, "sync");
        (void)kr_format(me, sizeof(me), kr_build("~", kr_self()));
        (void)snprintf(wanted, sizeof(wanted),
                       "*DBG* traced receive cast x in state a\n"
                       "*DBG* traced postpone cast x in state a => b\n"
                       "*DBG* traced start_timer {state_timeout,0,s,[]} in state b\n"
                       "*DBG* traced consume cast x in state b\n"
                       "*DBG* traced receive state_timeout s in state b\n"
                       "*DBG* traced consume state_timeout s in state b\n"
                       "*DBG* traced receive call sync from %s in state b\n"
                       "*DBG* traced send synced to %s\n"
                       "*DBG* traced consume call sync from %s in state b\n",
                       me, me, me);
        kit_str_eq(traced(s.pid, path), wanted);
        kr_msg_clear(&slot);
}

/* -- reports -- */

static char reports[8][4000];
static _Atomic int report_count;

static void note(const kr_log_event *event, void *context)
{
        kr_term label = kr_none();
        int n;

        (void)context;
        if (kr_is_none(event->report) ||
            !kr_match(event->report, "#{label => {~, terminate}}", &label) ||
            !kr_match(label, "gen_statem"))
                return;
        n = atomic_fetch_add(&report_count, 1);
        if (n < 8)
                (void)kr_format(reports[n], sizeof(reports[n]), event->report);
}

static void start_noting(void)
{
        const kr_log_handler handler = { .name = "note", .log = note };

        kit_ok(kr_logger_start(kr_here(), &(kr_logger_opts){ .no_default = true }));
        kit_ok(kr_logger_add_handler(kr_here(), &handler));
        atomic_store(&report_count, 0);
}

static bool reported(int n, const char *part)
{
        return atomic_load(&report_count) > n && strstr(reports[n], part) != NULL;
}

/* covers: gen_statem_SUITE:error_format_status gen_statem_SUITE:terminate_crash_format
 *         gen_statem_SUITE:undef_in_terminate */
KIT_PROCESS_TEST(test_reports_show_what_the_module_wants)
{
        kr_started s;

        start_noting();
        s = kr_start_monitor(&with_secrets, NULL, "{4, ~}", kr_self());
        kr_cast(s.pid, "bad");
        kit_expect_down(s.monitor, "{no_end, [_ | _]}"); /* terminate fails as well */
        kit_eventually(atomic_load(&report_count) >= 1);
        kit_true(reported(0, "{on,hidden}"));
        kit_true(reported(0, "no_end"));
        s = kr_start_monitor(&with_fields, NULL, "{4, ~}", kr_self());
        kr_cast(s.pid, "bad");
        kit_expect_down(s.monitor, "{oops, [_ | _]}");
        kit_eventually(atomic_load(&report_count) >= 2);
        kit_true(reported(1, "queue => [{cast,bad}]"));
        kit_true(reported(1, "{on,#{value => 4}}"));
        kit_true(reported(1, "{error,oops,"));
}

/* covers: gen_statem_SUITE:shutdown */
KIT_PROCESS_TEST(test_planned_ends_are_not_reported)
{
        static const char *const reasons[] = { "normal", "shutdown", "{shutdown, 1}" };

        start_noting();
        for (int i = 0; i < 3; i++) {
                char rules[100];
                kr_ref ref;
                kr_pid pid;

                (void)snprintf(rules, sizeof(rules), "[{{cast, go, a}, {stop, %s}}]",
                               reasons[i]);
                pid = machine_start(&machine_functions, "{ok, a}", rules).pid;
                ref = kr_monitor(pid);
                kr_cast(pid, "go");
                kit_expect(&(kr_msg)KR_MSG_INIT, "{'DOWN', =, _, _, _}", ref);
        }
        kit_int_eq(atomic_load(&report_count), 0);
}

KIT_MAIN(KIT_CASE(test_machines_start_with_a_name_and_without),
         KIT_CASE(test_machines_have_global_names_and_are_started_again),
         KIT_CASE(test_machines_have_names_of_a_registry_of_ones_own),
         KIT_CASE(test_starts_that_fail_leave_nothing),
         KIT_CASE(test_a_slow_start_times_out_and_an_error_is_told),
         KIT_CASE(test_a_process_becomes_a_machine),
         KIT_CASE(test_a_call_that_times_out_ends_the_caller_alone),
         KIT_CASE(test_replies_come_before_the_end_and_noproc_after_it),
         KIT_CASE(test_a_reply_goes_through_the_alias_in_the_tag),
         KIT_CASE(test_requests_under_way_are_answered_in_any_order),
         KIT_CASE(test_machines_are_stopped_by_pid_and_name),
         KIT_CASE(test_the_exit_of_the_parent_ends_it_by_terminate),
         KIT_CASE(test_terminate_may_be_missing),
         KIT_CASE(test_state_and_data_are_seen_and_set),
         KIT_CASE(test_a_state_that_does_not_fit_changes_nothing),
         KIT_CASE(test_code_changes_while_it_is_suspended),
         KIT_CASE(test_a_change_of_code_may_change_the_mode),
         KIT_CASE(test_the_status_shows_all_and_what_the_module_wants),
         KIT_CASE(test_a_trace_reads_as_in_otp),
         KIT_CASE(test_reports_show_what_the_module_wants),
         KIT_CASE(test_planned_ends_are_not_reported))
