/* SPDX-License-Identifier: Apache-2.0 */
/* Supervisors: what they start, stop, answer and end with; scenarios_supervisor.erl does the
 * same. */
#include "scenario.h"

#include <krarup/supervisor.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GOT };

/* The module of all that is started. */
#define M "supervised"

/* -- terms from text -- */

static kr_term parsed(const char *text)
{
        kr_text_error error;
        kr_term t;

        if (kr_parse(text, strlen(text), NULL, &t, &error) == KR_OK)
                return t;
        fprintf(stderr, "%s: column %u: %s\n", text, error.column, error.message);
        abort();
}

#define C(id) "#{id => " id ", start => {" M ", tells, [" id "]}}"
#define C_WITH(id, more) "#{id => " id ", start => {" M ", tells, [" id "]}, " more "}"
#define W(id, restart)                                                                   \
        "#{id => " id ", start => {" M ", waits, []}, restart => " restart "}"
#define S(id, restart)                                                                   \
        "#{id => " id ", start => {" M ", waits, []}, restart => " restart               \
        ", significant => true}"

/* -- children -- */

static kr_term first(kr_term args)
{
        return kr_is_cons(args) ? kr_hd(args) : args;
}

static void tells_init(kr_term args)
{
        enum { END, EXIT };
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;

        kr_trap_exit(true);
        kr_send("heard", "{started, ~}", first(args));
        kr_init_ack("{ok, ~}", kr_self());
        if (kr_receive(&msg, KR_INFINITY, kr_on(END, "{end_with, ~}", &reason),
                       kr_on(EXIT, "{'EXIT', _, ~}", &reason)) == EXIT)
                kr_send("heard", "{stopped, ~, ~}", first(args), reason);
        kr_exit("~", reason);
}

static void waits_init(kr_term args)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;

        (void)args;
        kr_init_ack("{ok, ~}", kr_self());
        kr_receive(&msg, KR_INFINITY, kr_on(GOT, "{end_with, ~}", &reason));
        kr_exit("~", reason);
}

static void deaf_init(kr_term args)
{
        kr_msg msg = KR_MSG_INIT;

        (void)args;
        kr_trap_exit(true);
        kr_init_ack("{ok, ~}", kr_self());
        kr_receive(&msg, KR_INFINITY, kr_on(GOT, "never_sent"));
}

static void bad_end_init(kr_term args)
{
        kr_msg msg = KR_MSG_INIT;

        kr_trap_exit(true);
        kr_init_ack("{ok, ~}", kr_self());
        kr_receive(&msg, KR_INFINITY, kr_on(GOT, "{'EXIT', _, _}"));
        kr_exit("~", first(args));
}

static kr_started with_info(kr_term args, kr_msg *more)
{
        return kr_started_with(kr_proc_lib_start_link(NULL, waits_init, kr_nil()).pid,
                               more, "~", first(args));
}

static kr_started ignores(kr_term args, kr_msg *more)
{
        (void)args;
        (void)more;
        return kr_start_ignored();
}

static kr_started fails(kr_term args, kr_msg *more)
{
        return kr_start_failed(more, "~", first(args));
}

static kr_started exits(kr_term args, kr_msg *more)
{
        (void)more;
        kr_exit("~", first(args));
}

static kr_started throws(kr_term args, kr_msg *more)
{
        (void)more;
        kr_throw("~", first(args));
}

/* Starts if the scenario says so. */
static kr_started flaky(kr_term args, kr_msg *more)
{
        if (kr_pid_is_none(kr_whereis("fail")))
                return kr_proc_lib_start_link(NULL, tells_init, args);
        kr_send("heard", "{tried, ~}", first(args));
        return kr_start_failed(more, "flaky");
}

/* -- the supervisor -- */

static int place(kr_term t, const char *const *names)
{
        kr_atom atom;

        for (int i = 0; kr_get_atom(t, &atom) && names[i] != NULL; i++)
                if (strcmp(kr_atom_text(atom, NULL), names[i]) == 0)
                        return i;
        abort();
}

static kr_err init(kr_supervisor_init *s, kr_term args)
{
        static const char *const strategies[] = { "one_for_one", "one_for_all",
                                                  "rest_for_one", "simple_one_for_one",
                                                  NULL };
        static const char *const limits[] = { "never", "any_significant",
                                              "all_significant", NULL };
        kr_supervisor_flags flags = { .strategy = KR_ONE_FOR_ONE };
        kr_term strategy, limit, specs;

        if (kr_match(args, "ignore"))
                return KR_EIGNORED;
        if (!kr_match(args, "{~, ~, ~, ~, ~}", &strategy, &flags.intensity,
                      &flags.period_s, &limit, &specs))
                kr_exit("crashed");
        flags.strategy = (kr_strategy)place(strategy, strategies);
        flags.auto_shutdown = (kr_auto_shutdown)place(limit, limits);
        if (flags.intensity == 0)
                flags.intensity = KR_INTENSITY_NONE;
        kr_supervisor_set_flags(s, &flags);
        for (; kr_is_cons(specs); specs = kr_tl(specs))
                (void)kr_supervisor_add_term(s, kr_hd(specs));
        return KR_OK;
}

KR_SUPERVISOR(scenarios_supervisor, .init = init);

/* supervisor:start_link(Module, Args) */
static kr_started sub_start(kr_term args, kr_msg *more)
{
        const kr_start_opts opts = { .ret_reason = more };

        return kr_start_link(&scenarios_supervisor, &opts, "~", kr_hd(kr_tl(args)));
}

static void offer(void)
{
        static const kr_child_start offers[] = {
                { .module = M, .function = "tells", .proc = tells_init },
                { .module = M, .function = "waits", .proc = waits_init },
                { .module = M, .function = "deaf", .proc = deaf_init },
                { .module = M, .function = "bad_end", .proc = bad_end_init },
                { .module = M, .function = "with_info", .start = with_info },
                { .module = M, .function = "ignores", .start = ignores },
                { .module = M, .function = "fails", .start = fails },
                { .module = M, .function = "exits", .start = exits },
                { .module = M, .function = "throws", .start = throws },
                { .module = M, .function = "flaky", .start = flaky },
                { .module = "supervisor", .function = "start_link", .start = sub_start },
        };

        for (size_t i = 0; i < sizeof(offers) / sizeof(offers[0]); i++)
                if (kr_supervisor_offer(kr_here(), &offers[i]) != KR_OK)
                        abort();
}

static kr_started start_named(const char *name, const char *text, kr_msg *reason)
{
        const kr_start_opts opts = { .name = name, .ret_reason = reason };
        kr_term args = parsed(text);
        kr_started started;

        offer();
        if (kr_pid_is_none(kr_whereis("heard")))
                kr_register("heard", kr_self());
        kr_trap_exit(true);
        started = kr_start_link(&scenarios_supervisor, &opts, "~", args);
        kr_release(args);
        return started;
}

/* supervisor:start_link/2, and what it gives. */
static void say_start(const char *what, const char *text)
{
        kr_msg reason = KR_MSG_INIT;
        kr_started started = start_named(NULL, text, &reason);

        if (started.err == KR_OK)
                say(what, "{ok, ~}", started.pid);
        else if (started.err == KR_EIGNORED)
                say(what, "ignore");
        else
                say(what, "{error, ~}", reason.term);
        kr_msg_clear(&reason);
}

static kr_pid sup(const char *text)
{
        kr_started started = start_named(NULL, text, NULL);

        if (started.err != KR_OK)
                abort();
        known_as(started.pid, "<sup>");
        return started.pid;
}

static void ask_term(const char *what, kr_pid to, kr_term request)
{
        kr_msg answer = KR_MSG_INIT;

        say_term(what, kr_call_timeout(to, &answer, KR_INFINITY, "~", request));
        kr_msg_clear(&answer);
        kr_release(request);
}

#define ask(what, to, ...) ask_term(what, to, kr_build(__VA_ARGS__))

static void ask_spec(const char *what, kr_pid to, const char *spec)
{
        kr_term term = parsed(spec);

        ask(what, to, "{start_child, ~}", term);
        kr_release(term);
}

static kr_pid child(kr_pid of, const char *id)
{
        kr_msg slot = KR_MSG_INIT;
        kr_pid pid = kr_pid_none();
        kr_term list = kr_supervisor_which_children(of, &slot);

        for (; kr_is_cons(list); list = kr_tl(list))
                if (kr_match(kr_hd(list), "{=, ~, _, _}", kri_atom_of(id), &pid))
                        break;
        kr_msg_clear(&slot);
        return pid;
}

static void end_pid(kr_pid pid, const char *reason_text)
{
        kr_term reason = parsed(reason_text);
        kr_ref ref = kr_monitor(pid);
        kr_msg msg = KR_MSG_INIT;

        kr_send(pid, "{end_with, ~}", reason);
        kr_receive(&msg, KR_INFINITY, kr_on(GOT, "{'DOWN', =, _, _, _}", ref));
        kr_msg_clear(&msg);
        kr_release(reason);
}

static void end_child(kr_pid of, const char *id, const char *reason)
{
        end_pid(child(of, id), reason);
}

static void say_nexts(int count)
{
        while (count-- > 0)
                say_next("next");
}

static void say_until_gone(kr_pid of)
{
        enum { GONE, OTHER };
        kr_msg msg = KR_MSG_INIT;
        int got;

        do {
                got = kr_receive(&msg, 2000, kr_on(GONE, "{'EXIT', =, _}", of),
                                 kr_on(OTHER, "_"));
                if (got == KR_TIMEOUT)
                        say("then", "timeout");
                else
                        say_term(got == GONE ? "at last" : "then", msg.term);
        } while (got == OTHER);
        kr_msg_clear(&msg);
}

static void stop(kr_pid of, const char *reason_text)
{
        kr_term reason = parsed(reason_text);

        kr_exit_signal(of, "~", reason);
        kr_release(reason);
        say_until_gone(of);
}

/* -- scenarios -- */

#define ONE_FOR_ONE(children) "{one_for_one, 1, 5, never, [" children "]}"

static void starts_and_stops(void)
{
        kr_pid s = sup(ONE_FOR_ONE(C("a") "," C("b") "," C("c")));

        say_nexts(3);
        ask("children", s, "which_children");
        ask("count", s, "count_children");
        stop(s, "shutdown");
}

#define F(function, arg) "#{id => f, start => {" M ", " function ", [" arg "]}}"

static void a_start_that_fails(void)
{
        say_start("start",
                  ONE_FOR_ONE(C("a") "," C("b") "," F("fails", "no") "," C("d")));
        say_nexts(4);
        say_start("start", ONE_FOR_ONE(F("exits", "gone")));
        say_start("start", ONE_FOR_ONE(F("throws", "odd")));
}

static void init_that_does_not(void)
{
        say_start("ignore", "ignore");
        say_start("crash", "crash");
}

static void wrong_specs(void)
{
        static const char *const wrong[] = {
                ONE_FOR_ONE("#{id => a}"),
                ONE_FOR_ONE("#{start => {m, f, []}}"),
                ONE_FOR_ONE(C("a") "," C("b") "," C("a")),
                ONE_FOR_ONE("a"),
                ONE_FOR_ONE(C_WITH("a", "significant => true, restart => temporary")),
                "{one_for_one, 1, 5, any_significant, [" C_WITH(
                        "a", "significant => true") "]}",
                "{simple_one_for_one, 1, 5, never, []}",
                "{simple_one_for_one, 1, 5, never, [" C("a") "," C("b") "]}",
                "{one_for_one, -2, 5, never, []}",
                "{one_for_one, 1, -5, never, []}",
        };

        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
                say_start("start", wrong[i]);
}

static const char *const bad_specs[] = {
        "a",
        "#{}",
        "{a, b, c}",
        "#{id => a, start => {m, f}}",
        "#{id => a, start => {m, f, x}}",
        "#{id => a, start => {1, f, []}}",
        "#{id => b, start => {m, f, [x | y]}}",
        C_WITH("a", "restart => often"),
        C_WITH("a", "type => boss"),
        C_WITH("a", "shutdown => soon"),
        C_WITH("a", "shutdown => -1"),
        C_WITH("a", "modules => m"),
        C_WITH("a", "modules => [{m}]"),
        C_WITH("a", "significant => maybe"),
        C_WITH("a", "significant => true"),
        C_WITH("a", "significant => true, restart => transient"),
        "{a, {m, f, []}, permanent, 1, worker, {}}",
        "{a, {m, f, []}, always, 1, worker, []}",
};
#define BAD_SPECS (sizeof(bad_specs) / sizeof(bad_specs[0]))

static void wrong_specs_of_start_child(void)
{
        kr_pid s = sup(ONE_FOR_ONE(""));

        for (size_t i = 0; i < BAD_SPECS; i++)
                ask_spec("start_child", s, bad_specs[i]);
        ask("children", s, "which_children");
}

static void check(const char *specs, const char *limit)
{
        kr_term list = parsed(specs);

        say_given("check",
                  kr_supervisor_check_childspecs(list, kr_atom_term(kri_atom_of(limit))));
        kr_release(list);
}

static void checks(void)
{
        char list[200];

        for (size_t i = 0; i < 2 * BAD_SPECS; i++) {
                (void)snprintf(list, sizeof(list), "[%s]", bad_specs[i % BAD_SPECS]);
                check(list, i < BAD_SPECS ? "undefined" : "never");
        }
        check("[]", "undefined");
        check("a", "undefined");
        check("[" C("a") "," C("b") "]", "undefined");
        check("[" C("a") "," C("a") "]", "undefined");
        check("[" C("a") "]", "sometimes");
}

static void defaults(void)
{
        static const char *const ids[] = { "a", "b", "c", "d", "e" };
        kr_pid s = sup(ONE_FOR_ONE(C("a") "," C_WITH(
                "b",
                "type => supervisor, other => x") ","
                                                  "{c, {" M
                                                  ", tells, [c]}, transient, brutal_kill, worker,"
                                                  " dynamic}," C_WITH(
                                                          "d", "restart => temporary,"
                                                               " shutdown => infinity")));

        say_nexts(4);
        for (int i = 0; i < 5; i++)
                ask("spec", s, "{get_childspec, ~}", kri_atom_of(ids[i]));
        ask_spec("start_child", s, C_WITH("t", "restart => temporary"));
        ask("spec", s, "{get_childspec, t}");
        ask("children", s, "which_children");
}

static void answers(void)
{
        static const char *const requests[] = { "terminate_child", "restart_child",
                                                "delete_child", "get_childspec" };
        kr_pid s = sup(ONE_FOR_ONE(""));

        for (int i = 0; i < 2; i++)
                ask_spec("start", s, C("a"));
        ask("restart", s, "{restart_child, a}");
        ask("delete", s, "{delete_child, a}");
        for (int i = 0; i < 2; i++)
                ask("terminate", s, "{terminate_child, a}");
        ask_spec("start", s, C("a"));
        ask("restart", s, "{restart_child, a}");
        ask("terminate", s, "{terminate_child, a}");
        ask("delete", s, "{delete_child, a}");
        for (int i = 0; i < 4; i++)
                ask("none", s, "{~, a}", kri_atom_of(requests[i]));
        ask("by pid", s, "{terminate_child, ~}", kr_self());
        say_mailbox("told");
}

static void failures_of_start_child(void)
{
        static const char *const specs[] = {
                F("fails", "no"),   F("fails", "{a, \"reason\"}"),  F("exits", "gone"),
                F("throws", "odd"), F("throws", "{error, thrown}"), F("throws", "ignore"),
        };
        kr_pid s = sup(ONE_FOR_ONE(""));

        for (int i = 0; i < 6; i++)
                ask_spec("start", s, specs[i]);
        ask_spec("tuple", s,
                 "{g, {" M ", fails, [no]}, transient, 7, supervisor, dynamic}");
        ask("children", s, "which_children");
}

static void extra_and_ignore(void)
{
        kr_pid s = sup(ONE_FOR_ONE("#{id => a, start => {" M ", with_info, [one]}},"
                                   "#{id => b, start => {" M ", ignores, []}},"
                                   "#{id => t, start => {" M
                                   ", ignores, []}, restart => temporary}"));

        ask("children", s, "which_children");
        ask("count", s, "count_children");
        ask_spec("start", s, "#{id => c, start => {" M ", with_info, [two]}}");
        ask_spec("start", s, "#{id => d, start => {" M ", ignores, []}}");
        ask_spec("start", s,
                 "#{id => u, start => {" M ", ignores, []}, restart => temporary}");
        ask("terminate", s, "{terminate_child, c}");
        ask("restart", s, "{restart_child, c}");
        ask("restart", s, "{restart_child, b}");
        ask("delete", s, "{delete_child, b}");
        ask("children", s, "which_children");
}

static void order_of_children(void)
{
        kr_pid s = sup("{one_for_one, 5, 5, never, [" C("a") "," C("b") "]}");

        say_nexts(2);
        ask_spec("start", s, C("c"));
        say_nexts(1);
        end_child(s, "b", "boom");
        say_nexts(1);
        ask("terminate", s, "{terminate_child, a}");
        ask("restart", s, "{restart_child, a}");
        ask("children", s, "which_children");
        say_mailbox("told");
        stop(s, "shutdown");
}

#define FOUR(strategy)                                                                   \
        "{" strategy ", 2, 60, never, [" C("a") "," C("b") "," C("c") "," C("d") "]}"

static kr_pid crash_of_b(const char *text)
{
        kr_pid s = sup(text);

        say_nexts(4);
        end_child(s, "b", "boom");
        return s;
}

static void one_for_one(void)
{
        kr_pid s = crash_of_b(FOUR("one_for_one"));

        say_nexts(1);
        stop(s, "shutdown");
}

static void one_for_all(void)
{
        kr_pid s = crash_of_b(FOUR("one_for_all"));

        say_nexts(7);
        stop(s, "shutdown");
}

static void rest_for_one(void)
{
        kr_pid s = crash_of_b(FOUR("rest_for_one"));

        say_nexts(5);
        stop(s, "shutdown");
}

static void temporary_sibling(void)
{
        kr_pid s = sup(
                "{one_for_all, 2, 60, never, [" C_WITH("t", "restart => temporary") "," C(
                        "a") "," C_WITH("u", "restart => temporary") "]}");

        say_nexts(3);
        end_child(s, "a", "boom");
        say_nexts(3);
        ask("children", s, "which_children");
        stop(s, "shutdown");
}

static void say_next_in(const char *what, int64_t ms)
{
        kr_msg msg = KR_MSG_INIT;

        if (kr_receive(&msg, ms, kr_on(GOT, "_")) == GOT)
                say_term(what, msg.term);
        else
                say(what, "nothing");
        kr_msg_clear(&msg);
}

static void restart_type(const char *restart, const char *reason)
{
        char text[300];
        kr_pid s;
        kr_term why = parsed(reason);

        (void)snprintf(text, sizeof(text),
                       "{one_for_one, 2, 60, never, [#{id => a, start => {" M
                       ", tells, [a]},"
                       " restart => %s}, " C("b") "]}",
                       restart);
        s = sup(text);
        say_nexts(2);
        say("ends", "{~, ~}", kri_atom_of(restart), why);
        end_child(s, "a", reason);
        say_next_in("then", 20);
        ask("children", s, "which_children");
        stop(s, "shutdown");
        kr_release(why);
}

static void restart_types(void)
{
        static const char *const restarts[] = { "permanent", "transient", "temporary" };
        static const char *const reasons[] = { "normal", "shutdown", "{shutdown, x}",
                                               "boom" };

        for (int i = 0; i < 3; i++)
                for (int j = 0; j < 4; j++)
                        restart_type(restarts[i], reasons[j]);
}

static void intensity_of_two(void)
{
        kr_pid s = sup("{one_for_one, 2, 3600, never, [" C("a") "," C("b") "]}");

        say_nexts(2);
        for (int i = 0; i < 2; i++) {
                end_child(s, "b", "boom");
                say_nexts(1);
        }
        end_child(s, "b", "boom");
        say_nexts(2);
}

static void intensity_of_none(void)
{
        kr_pid s = sup("{one_for_all, 0, 3600, never, [" C("a") "," C("b") "]}");

        say_nexts(2);
        end_child(s, "a", "normal");
        say_nexts(2);
}

static void fail(void)
{
        kr_register("fail", kr_spawn(waits));
}

static void do_not_fail(void)
{
        kr_exit_signal(kr_whereis("fail"), "kill");
        while (!kr_pid_is_none(kr_whereis("fail")))
                kr_yield();
}

#define FLAKY "#{id => f, start => {" M ", flaky, [f, fail]}}"

static void restart_that_fails(void)
{
        kr_pid s = sup("{one_for_one, 3, 3600, never, [" FLAKY "," C("a") "]}");

        say_nexts(2);
        fail();
        end_child(s, "f", "boom");
        say_nexts(5);
        do_not_fail();
}

static void flush_tried(void)
{
        kr_msg msg = KR_MSG_INIT;

        while (kr_receive(&msg, 0, kr_on(GOT, "{tried, _}")) == GOT)
                continue;
}

static void restarting_child(void)
{
        kr_pid s = sup("{one_for_one, 100000000, 3600, never, [" FLAKY "," C("a") "]}");

        say_nexts(2);
        fail();
        end_child(s, "f", "boom");
        say_nexts(2);
        ask("children", s, "which_children");
        ask("count", s, "count_children");
        ask("restart", s, "{restart_child, f}");
        ask("delete", s, "{delete_child, f}");
        ask_spec("start", s, C("f"));
        ask("terminate", s, "{terminate_child, f}");
        ask("children", s, "which_children");
        ask("restart", s, "{restart_child, f}");
        do_not_fail();
        flush_tried();
        ask("restart", s, "{restart_child, f}");
        flush_tried();
        stop(s, "shutdown");
}

static void group_restart_that_fails(void)
{
        static const char *const sups[] = {
                "{one_for_all, 1, 3600, never, [" C("a") "," FLAKY "," C("b") "]}",
                "{rest_for_one, 1, 3600, never, [" C("a") "," FLAKY "," C("b") "]}"
        };

        for (int i = 0; i < 2; i++) {
                kr_pid s = sup(sups[i]);

                say_nexts(3);
                fail();
                end_child(s, "a", "boom");
                say_until_gone(s);
                do_not_fail();
        }
}

#define SIMPLE(intensity, function, args)                                                \
        "{simple_one_for_one, " intensity ", 3600, never, [#{id => a, start => {" M      \
        ", " function ", " args "}}]}"

static kr_pid start_another(kr_pid s)
{
        kr_msg slot = KR_MSG_INIT;
        kr_pid pid = kr_supervisor_start_another(s, &slot, "[]").pid;

        kr_msg_clear(&slot);
        return pid;
}

static void dynamic_answers(void)
{
        static const char *const requests[] = { "terminate_child", "restart_child",
                                                "delete_child", "get_childspec" };
        kr_pid s = sup(SIMPLE("1", "waits", "[]")), a;

        ask("children", s, "which_children");
        a = start_another(s);
        known_as(a, "<a>");
        ask("children", s, "which_children");
        ask("count", s, "count_children");
        for (int i = 0; i < 4; i++)
                ask("by id", s, "{~, a}", kri_atom_of(requests[i]));
        ask("spec", s, "{get_childspec, ~}", a);
        ask("spec", s, "{get_childspec, ~}", kr_self());
        ask("terminate", s, "{terminate_child, ~}", a);
        ask("terminate", s, "{terminate_child, ~}", a);
        ask("terminate", s, "{terminate_child, ~}", kr_self());
        ask("count", s, "count_children");
        stop(s, "shutdown");
}

static void dynamic_restart(void)
{
        kr_pid s = sup(SIMPLE("1", "tells", "[first]"));
        kr_msg slot = KR_MSG_INIT;
        kr_pid pid = kr_supervisor_start_another(s, &slot, "[second]").pid;

        kr_msg_clear(&slot);
        say_nexts(1);
        end_pid(pid, "boom");
        say_nexts(1);
        ask("count", s, "count_children");
        stop(s, "shutdown");
}

static void dynamic_failures(void)
{
        static const struct {
                const char *sup, *args;
        } all[] = {
                { SIMPLE("1", "fails", "[]"), "[no]" },
                { SIMPLE("1", "exits", "[]"), "[gone]" },
                { SIMPLE("1", "throws", "[]"), "[odd]" },
                { SIMPLE("1", "ignores", "[]"), "[]" },
                { SIMPLE("1", "with_info", "[]"), "[x]" },
        };

        for (int i = 0; i < 5; i++) {
                kr_pid s = sup(all[i].sup);

                ask_spec("start", s, all[i].args);
                ask("count", s, "count_children");
        }
}

static void dynamic_escalation(void)
{
        kr_pid s = sup(SIMPLE("0", "waits", "[]")), a = start_another(s);
        kr_ref ref = kr_monitor(start_another(s));

        end_pid(a, "normal");
        say_end("the other", ref);
        say_nexts(1);
}

static void stops_in_time(void)
{
#define K(id, function, shutdown)                                                        \
        "#{id => " id ", start => {" M ", " function ", []}, shutdown => " shutdown "}"
        static const char *const ids[] = { "a", "b", "c", "d", "e", "f" };
        kr_pid s = sup(ONE_FOR_ONE(
                K("a", "waits", "1000") "," K("b", "waits", "brutal_kill") "," K(
                        "c", "deaf",
                        "10") "," K("d", "deaf",
                                    "0") "," K("e", "deaf",
                                               "brutal_kill") "," K("f", "waits",
                                                                    "infinity")));
        kr_ref refs[6];

        for (int i = 0; i < 6; i++)
                refs[i] = kr_monitor(child(s, ids[i]));
        kr_exit_signal(s, "shutdown");
        for (int i = 0; i < 6; i++) {
                say("of", "~", kri_atom_of(ids[i]));
                say_end("end", refs[i]);
        }
}

static void bad_end_of_children(void)
{
        static const char *const sups[] = {
                ONE_FOR_ONE("#{id => a, start => {" M ", bad_end, [{bad, end_}]}}"),
                SIMPLE("1", "bad_end", "[{bad, end_}]"),
        };

        for (int i = 0; i < 2; i++) {
                kr_pid s = sup(sups[i]);

                if (i == 1)
                        (void)start_another(s);
                stop(s, "shutdown");
        }
}

static void flush(void)
{
        kr_msg msg = KR_MSG_INIT;

        while (kr_receive(&msg, 0, kr_on(GOT, "_")) == GOT)
                continue;
}

static void any_significant(void)
{
        static const char *const sups[] = {
                "{one_for_one, 5, 60, any_significant, [" S("a", "transient") "," W(
                        "b", "permanent") "]}",
                "{one_for_one, 5, 60, any_significant, [" S("a", "temporary") "," W(
                        "b", "permanent") "]}",
        };
        static const char *const reasons[] = { "normal", "{shutdown, x}", "boom" };

        for (int i = 0; i < 6; i++) {
                kr_term reason = parsed(reasons[i % 3]);
                kr_pid s = sup(sups[i / 3]);

                end_child(s, "a", reasons[i % 3]);
                say("sup ends", "{~, ~}", kri_atom_of(i < 3 ? "transient" : "temporary"),
                    reason);
                say_next_in("next", 50);
                kr_exit_signal(s, "kill");
                await_end(s);
                flush();
                kr_release(reason);
        }
}

static void all_significant(void)
{
        kr_pid s = sup("{one_for_one, 5, 60, all_significant, [" S(
                "a", "temporary") "," S("b", "transient") "," W("c", "permanent") "]}");

        end_child(s, "a", "boom");
        ask("children", s, "which_children");
        end_child(s, "b", "shutdown");
        say_nexts(1);
}

static void significant_by_the_way(void)
{
        kr_pid s =
                sup("{one_for_all, 5, 60, any_significant, [" S("a", "temporary") "," C(
                        "b") "]}");

        say_nexts(1);
        end_child(s, "b", "boom");
        say_nexts(1);
        ask("children", s, "which_children");
        ask_spec("start", s, S("d", "transient"));
        ask("terminate", s, "{terminate_child, d}");
        ask("children", s, "which_children");
        stop(s, "shutdown");
}

static void parents_reason(void)
{
        static const char *const reasons[] = { "normal", "{shutdown, moving}", "boom" };

        for (int i = 0; i < 3; i++) {
                kr_pid s = sup(ONE_FOR_ONE(C("a")));

                say_nexts(1);
                stop(s, reasons[i]);
        }
}

static void signals(struct to *to)
{
        kr_exit_signal(to->pid, "boom");
        kr_exit_signal(to->pid, "shutdown");
        kr_exit_signal(to->pid, "normal");
}

static void strange_messages(void)
{
        struct to to = { sup(ONE_FOR_ONE(C("a"))) };

        say_nexts(1);
        kr_send(to.pid, "hello");
        kr_send(to.pid, "{'EXIT', no_pid, boom}");
        await_end(kr_spawn(signals, &to));
        ask("children", to.pid, "which_children");
        stop(to.pid, "shutdown");
}

static void unknown_call(void)
{
        kr_pid s = sup(ONE_FOR_ONE(C("a")));
        kr_msg slot = KR_MSG_INIT;

        say_nexts(1);
        (void)kr_try_call(s, &slot, 5000, "what");
        kr_msg_clear(&slot);
        say_nexts(2);
}

static void killed_supervisor(void)
{
        kr_pid s = sup(ONE_FOR_ONE(W("a", "permanent") "," C("b")));
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;
        kr_ref ref;

        say_nexts(1);
        ref = kr_monitor(child(s, "a"));
        kr_exit_signal(s, "kill");
        say_end("a child", ref);
        kr_receive(&msg, KR_INFINITY, kr_on(GOT, "{stopped, b, ~}", &reason));
        say_term("another", reason);
        kr_msg_clear(&msg);
        say_nexts(1);
}

static void tree(void)
{
        kr_pid top = sup("{rest_for_one, 2, 3600, never, [" C(
                "a") ", #{id => sub, type =>"
                     " supervisor, start => {supervisor, start_link, [scenarios_supervisor"
                     ", {one_for_one, 1, 3600, never, [" C("x") "]}]}}, " C("b") "]}");

        say_nexts(3);
        ask("children", top, "which_children");
        ask_spec("added", child(top, "sub"), C("y"));
        say_nexts(1);
        end_child(child(top, "sub"), "x", "boom");
        say_nexts(1);
        end_child(child(top, "sub"), "x", "boom");
        say_nexts(4);
        ask("below", child(top, "sub"), "which_children");
        stop(top, "shutdown");
}

static void already_started_by_name(void)
{
        kr_started s = start_named("a_sup", ONE_FOR_ONE(""), NULL), again;

        known_as(s.pid, "<sup>");
        again = start_named("a_sup", ONE_FOR_ONE(""), NULL);
        if (again.err == KR_EALREADY)
                say("again", "{error, {already_started, ~}}", again.pid);
        say("whereis", "~", kr_whereis("a_sup"));
        say("module", "~", kr_supervisor_get_callback_module("a_sup"));
        stop(s.pid, "shutdown");
        if (kr_pid_is_none(kr_whereis("a_sup")))
                say("whereis", "undefined");
}

static void state_after_terminate(void)
{
        kr_pid s =
                sup("{one_for_all, 1, 3600, never, [" C("a") "," C("b") "," C("c") "]}");

        say_nexts(3);
        ask("terminate", s, "{terminate_child, b}");
        say_nexts(1);
        end_child(s, "a", "boom"); /* b was stopped by hand, and starts with the group */
        say_nexts(4);
        ask("children", s, "which_children");
}

static kr_pid dead;

static void ask_dead(void)
{
        kr_msg slot = KR_MSG_INIT;

        (void)kr_supervisor_which_children(dead, &slot);
}

static void count_nobody(void)
{
        (void)kr_supervisor_count_children("nobody");
}

static void not_there(void)
{
        dead = new_dead();
        known_as(dead, "<dead>");
        say_caught("dead", ask_dead);
        say_caught("no name", count_nobody);
}

SCENARIOS(SCENARIO(starts_and_stops), SCENARIO(a_start_that_fails),
          SCENARIO(init_that_does_not), SCENARIO(wrong_specs),
          SCENARIO(wrong_specs_of_start_child), SCENARIO(checks), SCENARIO(defaults),
          SCENARIO(answers), SCENARIO(failures_of_start_child),
          SCENARIO(extra_and_ignore), SCENARIO(order_of_children), SCENARIO(one_for_one),
          SCENARIO(one_for_all), SCENARIO(rest_for_one), SCENARIO(temporary_sibling),
          SCENARIO(restart_types), SCENARIO(intensity_of_two),
          SCENARIO(intensity_of_none), SCENARIO(restart_that_fails),
          SCENARIO(restarting_child), SCENARIO(group_restart_that_fails),
          SCENARIO(dynamic_answers), SCENARIO(dynamic_restart),
          SCENARIO(dynamic_failures), SCENARIO(dynamic_escalation),
          SCENARIO(stops_in_time), SCENARIO(bad_end_of_children),
          SCENARIO(any_significant), SCENARIO(all_significant),
          SCENARIO(significant_by_the_way), SCENARIO(parents_reason),
          SCENARIO(strange_messages), SCENARIO(unknown_call), SCENARIO(killed_supervisor),
          SCENARIO(tree), SCENARIO(already_started_by_name),
          SCENARIO(state_after_terminate), SCENARIO(not_there))
