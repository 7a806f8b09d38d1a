/* SPDX-License-Identifier: Apache-2.0 */
/* sys_test.c: system messages: to a gen_server, and to a loop of one's own. */
#include "expect.h"
#include "process.h"
#include "told.h"

#include <stdio.h>
#include <stdlib.h>

static kr_pid new_told(void)
{
        kr_started started = kr_start(&told, NULL, "{~, ok}", kr_self());

        kit_ok(started.err);
        return started.pid;
}

/* A call, and what it gives. */
#define check_term(call, ...)                                                            \
        do {                                                                             \
                kr_msg slot = KR_MSG_INIT;                                               \
                kr_term kit_t = call;                                                    \
                                                                                         \
                kit_match(kit_t, __VA_ARGS__);                                           \
                kr_msg_clear(&slot);                                                     \
        } while (0)

#define check_state(pid, ...) check_term(kr_sys_get_state(pid, &slot), __VA_ARGS__)

/* -- suspending -- */

/* covers: L168 L169 sys_SUITE:suspend */
KIT_EVERYWHERE_TEST(test_a_suspended_server_leaves_messages_where_they_are)
{
        kr_pid pid = new_told();
        kr_msg msg = KR_MSG_INIT;

        kit_ok(kr_sys_suspend(pid));
        kit_ok(kr_sys_suspend(pid)); /* does not count */
        kr_cast(pid, "one");
        kr_send(pid, "two");
        kr_cast(pid, "three");
        kit_err(kr_try_call(pid, &msg, 10, "four"), KR_ETIMEDOUT);
        check_state(pid, "#{value => 0}");
        check_term(kr_sys_get_status(pid, &slot),
                   "{status, _, {module, gen_server}, [_, suspended, _, [], _]}");
        kit_expect_nothing();
        kit_ok(kr_sys_resume(pid));
        kit_next(&msg, "{told, cast, one}");
        kit_next(&msg, "{told, info, two}");
        kit_next(&msg, "{told, cast, three}");
        kit_next(&msg, "{told, call, four}");
        kit_ok(kr_sys_resume(pid));
        kit_expect_nothing();
}

/* covers: L172 I105 */
KIT_EVERYWHERE_TEST(test_what_timed_out_while_suspended_is_done_afterwards)
{
        kr_pid pid = new_told();
        kr_msg msg = KR_MSG_INIT;

        kit_ok(kr_sys_suspend(pid));
        kit_err(kr_try_call(pid, &msg, 10, "{do, {tell, done, {reply, late}}}"),
                KR_ETIMEDOUT);
        kit_ok(kr_sys_resume(pid));
        kit_next(&msg, "{told, tell, done}");
        check_state(pid, "_");
        kit_expect_nothing(); /* no late reply */
}

/* What waits is looked at once, not whenever something comes: a million looks at a million
 * messages would take minutes, and sys gives up after 5 s. */
KIT_PROCESS_TEST(test_a_suspended_server_that_is_flooded_still_answers)
{
        kr_pid pid = new_told();
        kr_ref ref = kr_monitor(pid);

        kit_ok(kr_sys_suspend(pid));
        for (int i = 0; i < 1000000; i++)
                kr_send(pid, "{flood, ~}", i);
        check_state(pid, "#{value => 0}");
        kr_exit_signal(pid, "kill");
        kit_expect_down(ref, "killed");
}

struct starting {
        kr_pid owner;
};

static void starts_and_waits(struct starting *s)
{
        kr_msg msg = KR_MSG_INIT;
        kr_started started = kr_start_link(&told, NULL, "{~, {trap, ok}}", s->owner);

        kr_send(s->owner, "{started, ~}", started.pid);
        (void)kr_receive(&msg, KR_INFINITY, kr_on(0, "finish"));
        kr_exit("parent_is_gone");
}

/* covers: L174 */
KIT_EVERYWHERE_TEST(test_the_parents_exit_ends_a_suspended_server)
{
        struct starting s = { kr_self() };
        kr_pid parent = kr_spawn(starts_and_waits, &s), pid;
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;

        kit_expect(&msg, "{started, ~}", &pid);
        ref = kr_monitor(pid);
        kit_ok(kr_sys_suspend(pid));
        kr_exit_signal(pid, "from_a_stranger");
        kr_send(parent, "finish");
        kit_next(&msg, "{told, terminate, parent_is_gone}");
        kit_expect_down(ref, "parent_is_gone");
        kit_expect_nothing();
}

/* covers: I129 */
KIT_EVERYWHERE_TEST(test_a_suspended_server_can_be_stopped)
{
        kr_pid pid = new_told();
        kr_ref ref = kr_monitor(pid);
        kr_msg msg = KR_MSG_INIT;

        kit_ok(kr_sys_suspend(pid));
        kr_cast(pid, "never");
        kit_ok(kr_stop_server(pid, 1000, "stopped"));
        kit_next(&msg, "{told, terminate, stopped}");
        kit_expect_down(ref, "stopped");
        pid = new_told();
        kit_ok(kr_sys_terminate(pid, "{shutdown, ~}", 7));
        kit_next(&msg, "{told, terminate, {shutdown, 7}}");
        kit_expect_nothing();
}

/* -- failing requests -- */

static struct {
        void (*ask)(kr_pid pid);
        kr_pid pid;
} failing;

static void ask_failing(void)
{
        failing.ask(failing.pid);
}

#define check_exit(fn, to, ...)                                                          \
        do {                                                                             \
                kr_ref kit_ref;                                                          \
                                                                                         \
                failing.ask = fn;                                                        \
                failing.pid = to;                                                        \
                kr_spawn_monitor(&kit_ref, ask_failing);                                 \
                kit_expect_down(kit_ref, __VA_ARGS__);                                   \
        } while (0)

static void suspends_nobody(kr_pid pid)
{
        (void)pid;
        kr_sys_suspend("nobody");
}

static void suspends_a_dead_one(kr_pid pid)
{
        kr_sys_suspend_timeout(pid, 10);
}

static void asks_itself(kr_pid pid)
{
        kr_msg slot = KR_MSG_INIT;

        (void)pid;
        kr_sys_get_state(kr_self(), &slot);
}

static void asks_elsewhere(kr_pid pid)
{
        (void)pid;
        kr_sys_resume(kr_at(KR_ATOM("x"), KR_ATOM("far@away")));
}

static void logs_for_a_while(kr_pid pid)
{
        kr_sys_log_timeout(pid, 3, 10);
}

static void asks_for_status(kr_pid pid)
{
        kr_msg slot = KR_MSG_INIT;

        kr_sys_get_status_timeout(pid, &slot, 10);
}

static void changes_code(kr_pid pid)
{
        kr_msg slot = KR_MSG_INIT;

        kr_sys_change_code_timeout(pid, &slot, 10, "{m, [], extra}");
}

static void terminates_for_ever(kr_pid pid)
{
        kr_sys_terminate_timeout(pid, KR_INFINITY, "why");
}

KIT_EVERYWHERE_TEST(test_a_request_that_fails_says_which_it_was)
{
        kr_pid deaf = kr_spawn(kit_sleeper), dead = kr_spawn(kr_yield);

        kit_await_end(dead);
        check_exit(suspends_nobody, dead, "{noproc, {sys, suspend, [nobody]}}");
        check_exit(suspends_a_dead_one, dead, "{noproc, {sys, suspend, [=, 10]}}", dead);
        check_exit(terminates_for_ever, dead,
                   "{noproc, {sys, terminate, [=, why, infinity]}}", dead);
        check_exit(asks_itself, dead, "{calling_self, {sys, get_state, [_]}}");
        check_exit(asks_elsewhere, dead,
                   "{{nodedown, far@away}, {sys, resume, [{x, far@away}]}}");
        check_exit(logs_for_a_while, deaf, "{timeout, {sys, log, [=, {true, 3}, 10]}}",
                   deaf);
        check_exit(asks_for_status, deaf, "{timeout, {sys, get_status, [=, 10]}}", deaf);
        check_exit(changes_code, deaf,
                   "{timeout, {sys, change_code, [=, m, [], extra, 10]}}", deaf);
}

static void changes_code_wrongly(kr_pid pid)
{
        kr_msg slot = KR_MSG_INIT;

        kr_sys_change_code(pid, &slot, "module_only");
}

KIT_PROCESS_TEST(test_change_code_wants_three_things)
{
        check_exit(
                changes_code_wrongly, kr_self(),
                "{{badarg, {<<\"kr_sys_change_code\">>, <<\"wants {Module, OldVersion, "
                "Extra}\">>}}, _}");
}

/* -- state -- */

/* covers: gen_server_SUITE:get_state */
KIT_EVERYWHERE_TEST(test_the_state_is_its_fields)
{
        kr_started started;
        kr_pid pid = new_told();

        kr_cast(pid, "{do, {add, 5}}");
        check_state(pid, "#{value => 5}");
        kit_ok(kr_sys_suspend(pid));
        check_state(pid, "#{value => 5}");
        started = kr_start(&told, &(kr_start_opts){ .name = "named" }, "{~, ok}",
                           kr_self());
        kit_ok(started.err);
        check_state("named", "#{value => 0}");
        check_state(KR_ATOM("named"), "#{value => 0}");
        check_state(kr_at(KR_ATOM("named"), kr_node_name(kr_here())), "#{value => 0}");
}

static void replaces_with_nonsense(kr_pid pid)
{
        kr_msg slot = KR_MSG_INIT;

        kr_sys_replace_state(pid, &slot, "#{value => a_lot}");
}

static void sets(void *state, kr_term value)
{
        struct told *s = state;

        s->value = 99;
        if (kr_match(value, "crash"))
                kr_error("on_purpose");
        if (kr_match(value, "exit"))
                kr_exit("on_purpose");
        if (!kr_get_int64(value, &s->value))
                kr_throw("on_purpose");
}

static void replaces_with_a_crash(kr_pid pid)
{
        kr_msg slot = KR_MSG_INIT;

        kr_sys_replace_state_fn(pid, &slot, sets, "crash");
}

static void replaces_with_an_exit(kr_pid pid)
{
        kr_msg slot = KR_MSG_INIT;

        kr_sys_replace_state_fn(pid, &slot, sets, "exit");
}

/* covers: L171 gen_server_SUITE:replace_state */
KIT_EVERYWHERE_TEST(test_replacing_a_state_is_all_or_nothing)
{
        kr_pid pid = new_told();

        check_term(kr_sys_replace_state(pid, &slot, "#{value => ~}", 12),
                   "#{value => 12}");
        check_exit(replaces_with_nonsense, pid,
                   "{{callback_failed, {gen_server, system_replace_state}, {error, "
                   "{bad_state, value}}}, _}");
        check_exit(replaces_with_a_crash, pid,
                   "{{callback_failed, {gen_server, system_replace_state}, {error, "
                   "on_purpose}}, _}");
        check_exit(replaces_with_an_exit, pid,
                   "{{callback_failed, {gen_server, system_replace_state}, {exit, "
                   "on_purpose}}, _}");
        check_state(pid, "#{value => 12}");
        check_term(kr_sys_replace_state_fn(pid, &slot, sets, "~", 13), "#{value => 13}");
        kit_ok(kr_sys_suspend(pid));
        check_term(kr_sys_replace_state(pid, &slot, "#{value => 14}"), "#{value => 14}");
        kit_ok(kr_sys_resume(pid));
        check_state(pid, "#{value => 14}");
}

/* Bytes from outside: numbers that are no functions, requests that are none. */
KIT_EVERYWHERE_TEST(test_requests_that_are_none_are_answered_so)
{
        kr_pid pid = new_told();
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref = kr_make_ref();

        kr_send(pid, "{system, {~, ~}, {replace_state, {function, 77, x}}}", kr_self(),
                ref);
        kit_next(&msg, "{=, {error, {callback_failed, _, {error, {badfun, _}}}}}", ref);
        kr_send(pid, "{system, {~, ~}, {replace_state, {function, -1, x}}}", kr_self(),
                ref);
        kit_next(&msg, "{=, {error, _}}", ref);
        kr_send(pid, "{system, {~, ~}, {debug, {install, {i, {function, 1023}, []}}}}",
                kr_self(), ref);
        kit_next(&msg, "{=, unknown_debug}", ref);
        kr_send(pid, "{system, {~, ~}, {debug, nonsense}}", kr_self(), ref);
        kit_next(&msg, "{=, unknown_debug}", ref);
        kr_send(pid, "{system, {~, ~}, nonsense}", kr_self(), ref);
        kit_next(&msg, "{=, {error, {unknown_system_msg, nonsense}}}", ref);
        kr_send(pid, "{system, nobody, get_state}");
        kr_send(pid, "{system, {a, b}, get_state}");
        check_state(pid, "_");
        kit_expect_nothing();
}

/* -- code -- */

/* covers: L170 gen_server_SUITE:undef_code_change */
KIT_EVERYWHERE_TEST(test_code_is_changed_while_suspended_all_or_nothing)
{
        kr_pid pid = new_told();

        check_term(kr_sys_change_code(pid, &slot, "{told, [], {add, 3}}"),
                   "{error, {unknown_system_msg, {change_code, told, [], {add, 3}}}}");
        kit_ok(kr_sys_suspend(pid));
        check_term(kr_sys_change_code(pid, &slot, "{told, [], {add, 3}}"), "ok");
        check_state(pid, "#{value => 3}");
        check_term(kr_sys_change_code(pid, &slot, "{told, [], {stop, not_now}}"),
                   "{error, not_now}");
        check_term(kr_sys_change_code(pid, &slot, "{told, [], {error, crash}}"),
                   "{error, {'EXIT', {crash, _}}}");
        check_term(kr_sys_change_code(pid, &slot, "{told, [], {exit, crash}}"),
                   "{error, {'EXIT', crash}}");
        check_term(kr_sys_change_code(pid, &slot, "{told, [], {throw, ball}}"),
                   "{error, ball}");
        check_term(kr_sys_change_code(pid, &slot, "{told, [], {reply, x}}"),
                   "{error, {bad_return_value, _}}");
        check_term(kr_sys_get_status(pid, &slot), "{status, _, _, [_, suspended | _]}");
        check_state(pid, "#{value => 3}");
        kit_ok(kr_sys_resume(pid));
        check_state(pid, "#{value => 3}");
}

/* -- watching -- */

/* covers: L173 sys_SUITE:log */
KIT_EVERYWHERE_TEST(test_a_log_keeps_the_last_events)
{
        kr_pid pid = new_told();

        check_term(kr_sys_log_get(pid, &slot), "[]");
        kit_ok(kr_sys_log(pid, 3));
        for (int i = 1; i <= 2; i++)
                kr_cast(pid, "{do, {add, ~}}", i);
        check_term(kr_sys_log_get(pid, &slot),
                   "[_, {in, {'$gen_cast', {do, {add, 2}}}}, {noreply, #{value => 3}}]");
        check_term(kr_call(pid, &slot, "{do, get}"), "3");
        check_term(
                kr_sys_log_get(pid, &slot),
                "[_, {in, {'$gen_call', _, {do, get}}}, {out, 3, {_, _}, #{value => 3}}]");
        kit_ok(kr_sys_log(pid, 50)); /* is on already: keeps its size */
        kr_send(pid, "{do, {add, 1}}");
        check_term(kr_sys_log_get(pid, &slot),
                   "[{out, _, _, _}, {in, {do, _}}, {noreply, _}]");
        kit_ok(kr_sys_log(pid, 0));
        check_term(kr_sys_log_get(pid, &slot), "[]");
        kit_ok(kr_sys_log(pid, 2));
        kit_ok(kr_sys_trace(pid, false));
        kit_ok(kr_sys_no_debug(pid));
        check_term(kr_sys_log_get(pid, &slot), "[]");
}

/* covers: sys_SUITE:stats */
KIT_EVERYWHERE_TEST(test_statistics_count_messages)
{
        kr_pid pid = new_told();
        kr_msg msg = KR_MSG_INIT;
        int64_t reductions, in, out;

        check_term(kr_sys_statistics_get(pid, &slot), "no_statistics");
        kit_ok(kr_sys_statistics(pid, true));
        kr_cast(pid, "{do, {add, 1}}");
        check_term(kr_call(pid, &slot, "{do, get}"), "1");
        kit_match(
                kr_sys_statistics_get(pid, &msg),
                "[{start_time, {{_, _, _}, {_, _, _}}}, {current_time, {{_, _, _}, _}}, "
                "{reductions, ~}, {messages_in, ~}, {messages_out, ~}]",
                &reductions, &in, &out);
        kit_int_eq(in, 2);
        kit_int_eq(out, 1);
        kit_int_ge(reductions, 0);
        kit_ok(kr_sys_statistics(pid, false));
        check_term(kr_sys_statistics_get(pid, &slot), "no_statistics");
}

/* Whoever traces prints to its group leader: this process. */
static kr_pid new_told_who_prints_here(void)
{
        kr_pid pid;

        kr_set_group_leader(kr_self(), kr_self());
        pid = new_told();
        return pid;
}

static void expect_print(const char *text)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term as, request, chars;
        kr_bytes bytes = { "", 0 };
        kr_pid from;

        kit_expect(&msg, "{io_request, ~, ~, ~}", &from, &as, &request);
        kit_true(kr_match(request, "{put_chars, unicode, ~}", &chars));
        kit_true(kr_get_bytes(chars, &bytes));
        kr_send(from, "{io_reply, ~, ok}", as);
        if (bytes.len != strlen(text) || memcmp(bytes.data, text, bytes.len) != 0)
                kit_fail("printed: %.*s", (int)bytes.len, (const char *)bytes.data);
}

/* covers: sys_SUITE:trace */
KIT_PROCESS_TEST(test_traced_events_are_printed)
{
        kr_pid pid = new_told_who_prints_here();
        char who[40], text[200];
        kr_term t = kr_build("~", pid);

        (void)kr_format(who, sizeof(who), t);
        kr_release(t);
        kit_ok(kr_sys_trace(pid, true));
        kr_cast(pid, "{do, {add, 4}}");
        (void)snprintf(text, sizeof(text), "*DBG* %s got cast {do,{add,4}}\n", who);
        expect_print(text);
        (void)snprintf(text, sizeof(text), "*DBG* %s new state #{value => 4}\n", who);
        expect_print(text);
        kr_send(pid, "hello");
        (void)snprintf(text, sizeof(text), "*DBG* %s got hello\n", who);
        expect_print(text);
        (void)snprintf(text, sizeof(text), "*DBG* %s new state #{value => 4}\n", who);
        expect_print(text);
        kit_ok(kr_sys_log(pid, 10));
        kit_ok(kr_sys_trace(pid, false));
}

/* covers: sys_SUITE:log */
KIT_PROCESS_TEST(test_a_log_is_printed)
{
        kr_pid pid = new_told_who_prints_here();
        kr_ref ref = kr_make_ref();
        kr_msg msg = KR_MSG_INIT;

        kit_ok(kr_sys_log(pid, 1));
        kr_cast(pid, "{do, {add, 4}}");
        kr_send(pid, "{system, {~, ~}, {debug, {log, print}}}", kr_self(), ref);
        kit_expect(&msg, "{io_request, _, _, {put_chars, unicode, _}}");
}

static void read_file(const char *path, char *text, size_t size)
{
        FILE *file = fopen(path, "r");
        size_t len;

        kit_not_null(file);
        len = fread(text, 1, size - 1, file);
        text[len] = 0;
        fclose(file);
}

/* covers: sys_SUITE:log_to_file */
KIT_PROCESS_TEST(test_events_go_to_a_file)
{
        kr_start_opts opts = { .name = "filed" };
        char path[] = "/tmp/sys_test_XXXXXX", text[300];

        kit_ok(kr_start(&told, &opts, "{~, ok}", kr_self()).err);
        kit_true(mkstemp(path) >= 0);
        kit_err(kr_sys_log_to_file("filed", "/no/such/folder/log"), KR_EOS);
        kit_ok(kr_sys_log_to_file("filed", path));
        check_term(kr_call("filed", &slot, "{do, {reply, yes}}"), "yes");
        kit_ok(kr_sys_log_to_file("filed", NULL));
        kr_cast("filed", "unseen");
        check_state("filed", "_");
        read_file(path, text, sizeof(text));
        kit_not_null(strstr(text, "*DBG* filed got call {do,{reply,yes}} from <"));
        kit_not_null(strstr(text, "*DBG* filed sent yes to <"));
        kit_not_null(strstr(text, ", new state #{value => 0}\n"));
        kit_null(strstr(text, "unseen"));
        remove(path);
}

static kr_term counts(kr_term state, kr_term event, kr_term extra)
{
        int64_t n = 0;
        kr_term to, what;

        (void)extra;
        kit_match(state, "{~, ~}", &n, &to);
        if (kr_match(event, "{in, {'$gen_cast', ~}}", &what)) {
                kr_pid pid;

                kit_true(kr_get_pid(to, &pid));
                kr_send(pid, "{seen, ~, ~}", n, what);
                if (kr_match(what, "done"))
                        return kr_none();
                if (kr_match(what, "crash"))
                        kr_error("crash");
                if (kr_match(what, "thrown"))
                        kr_throw("{100, ~}", to);
        }
        return kr_build("{~, ~}", n + 1, to);
}

/* covers: sys_SUITE:install L173 */
KIT_EVERYWHERE_TEST(test_functions_of_ones_own_see_events_until_they_are_done)
{
        kr_pid pid = new_told();
        kr_msg msg = KR_MSG_INIT;
        const char *last[] = { "done", "crash" };

        for (int i = 0; i < 2; i++) {
                kit_ok(kr_sys_install(pid, "mine", counts, "{0, ~}", kr_self()));
                kit_ok(kr_sys_install(pid, "mine", counts, "{50, ~}", kr_self()));
                kr_cast(pid, "one");
                kit_expect(&msg, "{seen, 0, one}");
                kr_cast(pid, "two");
                kit_expect(&msg, "{seen, 2, two}");
                kr_cast(pid, "thrown");
                kit_expect(&msg, "{seen, 4, thrown}");
                kr_cast(pid, "three");
                kit_expect(&msg, "{seen, 101, three}");
                kr_cast(pid, "~", KR_ATOM("done"));
                kit_expect(&msg, "{seen, 103, done}");
                kr_cast(pid, "unseen");
                kit_expect(&msg, "{told, cast, unseen}");
                (void)last;
        }
        kit_ok(kr_sys_install(pid, "mine", counts, "{0, ~}", kr_self()));
        kr_cast(pid, "crash");
        kit_expect(&msg, "{seen, 0, crash}");
        kr_cast(pid, "unseen");
        kit_expect(&msg, "{told, cast, unseen}");
        kit_ok(kr_sys_install(pid, "mine", counts, "{0, ~}", kr_self()));
        kit_ok(kr_sys_remove(pid, "mine"));
        kr_cast(pid, "unseen");
        kit_expect(&msg, "{told, cast, unseen}");
        kit_ok(kr_sys_install(pid, "mine", counts, "{0, ~}", kr_self()));
        kit_ok(kr_sys_no_debug(pid));
        kr_cast(pid, "unseen");
        kit_expect(&msg, "{told, cast, unseen}");
        while (kr_receive(&msg, 0, kr_on(0, "{told, _, _}")) == 0)
                ;
        kit_expect_nothing();
}

KIT_PROCESS_TEST(test_debug_options_at_the_start)
{
        kr_start_opts opts = { .debug = "[{log, 2}, statistics, {unknown, option}]" };
        kr_start_opts wrong = { .debug = "[{log" };
        kr_started started = kr_start(&told, &opts, "{~, ok}", kr_self());

        kit_ok(started.err);
        kr_cast(started.pid, "{do, {add, 1}}");
        check_term(kr_sys_log_get(started.pid, &slot),
                   "[{in, {'$gen_cast', {do, {add, 1}}}}, {noreply, #{value => 1}}]");
        check_term(
                kr_sys_get_status(started.pid, &slot),
                "{status, _, _, [_, _, _, [{statistics, {_, _, 1, 0}}, {log, {2, [_, _]}}], "
                "_]}");
        kit_ok(kr_start(&told, &wrong, "{~, ok}", kr_self())
                       .err); /* passed over, as in OTP */
}

/* -- get_status -- */

static kr_term shows(const struct told *s)
{
        if (s->value == 1)
                kr_error("cannot");
        if (s->value == 2)
                kr_throw("will_not");
        return kr_build("{shown, ~}", s->value);
}

KR_GEN_SERVER(showing, struct told, .init = told_init, .handle_cast = told_cast,
              .format_status = shows, .fields = told_fields);

/* covers: gen_server_SUITE:call_format_status gen_server_SUITE:crash_in_format_status
 * gen_server_SUITE:throw_in_format_status */
KIT_PROCESS_TEST(test_status_shows_what_format_status_gives)
{
        kr_start_opts opts = { .name = "shown" };
        kr_msg msg = KR_MSG_INIT;
        kr_term header, rest;
        char text[100];
        size_t len;

        kit_ok(kr_start(&showing, &opts, "{~, ok}", kr_self()).err);
        kr_sys_get_status("shown", &msg);
        kit_match(
                msg.term,
                "{status, _, {module, gen_server}, [_, running, _, [], [{header, ~}, {data, "
                "[{\"Status\", running}, {\"Parent\", _}, {\"Logged events\", []}]} | ~]]}",
                &header, &rest);
        kit_true(kr_get_string(header, text, sizeof(text), &len));
        kit_str_eq(text, "Status for generic server shown");
        kit_match(rest, "[{data, [{\"State\", {shown, 0}}]}]");
        check_state("shown", "#{value => 0}"); /* as it is */
        kr_cast("shown", "{do, {add, 1}}");
        check_term(kr_sys_get_status("shown", &slot),
                   "{status, _, _, [_, _, _, _, [_, _, {data, [{\"State\", "
                   "\"showing:format_status/1 crashed\"}]}]]}");
        kr_cast("shown", "{do, {add, 1}}");
        check_term(kr_sys_get_status("shown", &slot),
                   "{status, _, _, [_, _, _, _, [_, _, {data, [{\"State\", "
                   "\"showing:format_status/1 crashed\"}]}]]}");
}

/* -- a loop of one's own: channels, to be had and given back -- */

enum { ALLOC, FREE, SYSTEM, EXIT };

struct channels {
        kr_sys sys;
        int64_t free;
};

static kr_term channels_state(void *record)
{
        return kr_build("{free, ~}", ((struct channels *)record)->free);
}

static kr_term channels_replace(void *record, kr_term state)
{
        struct channels *c = record;

        return kr_match(state, "{free, ~}", &c->free) ? channels_state(c) : kr_none();
}

static void channels_end(void *record, kr_term reason)
{
        (void)record;
        kr_exit("{channels, ~}", reason);
}

static kr_err channels_change(void *record, kr_term module, kr_term old_version,
                              kr_term extra, kr_msg *ret_reason)
{
        kit_match(module, "channels");
        kit_match(old_version, "1");
        if (kr_match(extra, "{free, ~}", &((struct channels *)record)->free))
                return KR_OK;
        ret_reason->term = kr_atom_term(KR_ATOM("what_is_that"));
        return KR_EFAILED;
}

static const kr_sys_callbacks channels_sys = { .terminate = channels_end,
                                               .get_state = channels_state,
                                               .replace_state = channels_replace,
                                               .code_change = channels_change };

static void channels(struct channels *c)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid from;

        c->sys.record = c;
        switch (kr_receive_top(&msg, KR_INFINITY, kr_on(ALLOC, "{alloc, ~}", &from),
                               kr_on(FREE, "free"), kr_on(SYSTEM, "{system, _, _}"))) {
        case ALLOC:
                kr_sys_debug(&c->sys, "{in, alloc, ~}", from);
                kr_send(from, "{channel, ~}", c->free--);
                kr_sys_debug(&c->sys, "{out, {channel, ~}, ~}", c->free + 1, from);
                break;
        case FREE:
                c->free++;
                break;
        case SYSTEM:
                kit_true(kr_sys_handle_message(&c->sys, &msg));
                break;
        }
        kr_become(channels, c);
}

static kr_pid new_channels(void)
{
        struct channels c = { .sys = { .callbacks = &channels_sys,
                                       .module = "channels",
                                       .parent = kr_self() },
                              .free = 5 };

        return kr_spawn_link(channels, &c);
}

/* covers: sys_SUITE:special_process */
KIT_EVERYWHERE_TEST(test_a_loop_of_ones_own_understands_system_messages)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid;

        kr_trap_exit(true);
        pid = new_channels();
        kr_send(pid, "{alloc, ~}", kr_self());
        kit_expect(&msg, "{channel, 5}");
        check_state(pid, "{free, 4}");
        kit_ok(kr_sys_suspend(pid));
        kr_send(pid, "free");
        check_state(pid, "{free, 4}");
        check_term(kr_sys_replace_state(pid, &slot, "{free, 20}"), "{free, 20}");
        check_exit(replaces_with_nonsense, pid,
                   "{{callback_failed, {channels, system_replace_state}, {error, "
                   "bad_state}}, _}");
        check_term(kr_sys_change_code(pid, &slot, "{channels, 1, {free, 7}}"), "ok");
        check_term(kr_sys_change_code(pid, &slot, "{channels, 1, nonsense}"),
                   "{error, what_is_that}");
        kit_ok(kr_sys_resume(pid));
        check_state(pid, "{free, 8}");
        kit_ok(kr_sys_statistics(pid, true));
        kit_ok(kr_sys_log(pid, 5));
        kr_send(pid, "{alloc, ~}", kr_self());
        kit_expect(&msg, "{channel, 8}");
        check_term(kr_sys_log_get(pid, &slot),
                   "[{in, alloc, _}, {out, {channel, 8}, _}]");
        check_term(kr_sys_statistics_get(pid, &slot),
                   "[_, _, _, {messages_in, 1}, {messages_out, 1}]");
        check_term(kr_sys_get_status(pid, &slot),
                   "{status, =, {module, channels}, [_, running, =, _, {free, 7}]}", pid,
                   kr_self());
        kit_ok(kr_sys_suspend(pid));
        kit_ok(kr_sys_terminate(pid, "enough"));
        kit_next(&msg, "{'EXIT', =, {channels, enough}}", pid);
}

static void starts_channels(struct starting *s)
{
        kr_msg msg = KR_MSG_INIT;

        kr_send(s->owner, "{started, ~}", new_channels());
        (void)kr_receive(&msg, KR_INFINITY, kr_on(0, "finish"));
        kr_exit("parent_is_gone");
}

/* covers: L174 */
KIT_EVERYWHERE_TEST(test_a_suspended_loop_of_ones_own_ends_with_its_parent)
{
        struct starting s = { kr_self() };
        kr_pid parent = kr_spawn(starts_channels, &s), pid;
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;

        kit_expect(&msg, "{started, ~}", &pid);
        ref = kr_monitor(pid);
        kit_ok(kr_sys_suspend(pid));
        kr_send(pid, "{'EXIT', ~, by_hand}", parent);
        kit_expect_down(ref, "{channels, by_hand}");
}

/* -- threads that are processes -- */

KIT_TEST(test_an_attached_thread_asks_and_hears_of_failures)
{
        kr_node *node = kit_node_start(NULL);
        kr_msg slot = KR_MSG_INIT;
        kr_pid self;
        kr_started started;

        kit_err(kr_sys_suspend("nobody"), KR_EBADARG);
        kit_true(kr_is_none(kr_sys_get_state("nobody", &slot)));
        kit_ok(kr_thread_attach(node, &self));
        started = kr_start(&told, NULL, "{~, ok}", self);
        kit_ok(started.err);
        kr_sys_get_state(started.pid, &slot);
        kit_match(slot.term, "#{value => 0}");
        kit_err(kr_sys_suspend("nobody"), KR_EFAILED);
        kit_true(kr_is_none(kr_sys_get_state("nobody", &slot)));
        kit_match(slot.term, "noproc");
        kr_msg_clear(&slot);
        kr_thread_detach();
        kit_node_stop(node);
}

KIT_MAIN(KIT_CASE(test_a_suspended_server_leaves_messages_where_they_are),
         KIT_CASE(test_what_timed_out_while_suspended_is_done_afterwards),
         KIT_CASE(test_a_suspended_server_that_is_flooded_still_answers),
         KIT_CASE(test_the_parents_exit_ends_a_suspended_server),
         KIT_CASE(test_a_suspended_server_can_be_stopped),
         KIT_CASE(test_a_request_that_fails_says_which_it_was),
         KIT_CASE(test_change_code_wants_three_things),
         KIT_CASE(test_the_state_is_its_fields),
         KIT_CASE(test_replacing_a_state_is_all_or_nothing),
         KIT_CASE(test_requests_that_are_none_are_answered_so),
         KIT_CASE(test_code_is_changed_while_suspended_all_or_nothing),
         KIT_CASE(test_a_log_keeps_the_last_events),
         KIT_CASE(test_statistics_count_messages),
         KIT_CASE(test_traced_events_are_printed), KIT_CASE(test_a_log_is_printed),
         KIT_CASE(test_events_go_to_a_file),
         KIT_CASE(test_functions_of_ones_own_see_events_until_they_are_done),
         KIT_CASE(test_debug_options_at_the_start),
         KIT_CASE(test_status_shows_what_format_status_gives),
         KIT_CASE(test_a_loop_of_ones_own_understands_system_messages),
         KIT_CASE(test_a_suspended_loop_of_ones_own_ends_with_its_parent),
         KIT_CASE(test_an_attached_thread_asks_and_hears_of_failures))
