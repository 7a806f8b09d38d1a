/* SPDX-License-Identifier: Apache-2.0 */
/* scenarios_application.c: applications: what starting and stopping gives back, and in which
 * order things happen; see scenarios_application.erl. */
#include "scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GOT };

/* -- what stands for a top supervisor -- */

static void tell_given(kr_term event)
{
        if (!kr_pid_is_none(kr_whereis("listener")))
                kr_send("listener", "~", event);
        kr_release(event);
}

/* tell("{event, ~}", ...) */
#define tell(...) tell_given(kr_build(__VA_ARGS__))

struct top {
        kr_atom tag;
        kr_pid parent;
};

static void top(struct top *t)
{
        enum { END, EXIT };
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;

        kr_trap_exit(true);
        kr_register(t->tag, kr_self());
        kr_send(t->parent, "{~, ready}", kr_self());
        if (kr_receive(&msg, KR_INFINITY, kr_on(END, "{end_with, ~}", &reason),
                       kr_on(EXIT, "{'EXIT', =, ~}", t->parent, &reason)) == EXIT)
                tell("{~, ~}", t->tag, reason);
        kr_exit("~", reason);
}

static kr_started new_top(kr_atom tag)
{
        struct top t = { tag, kr_self() };
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid = kr_spawn_link(top, &t);

        (void)kr_receive(&msg, KR_INFINITY, kr_on(GOT, "{=, ready}", pid));
        kr_msg_clear(&msg);
        return kr_started_ok(pid);
}

static void end_top(const char *tag, const char *reason)
{
        kr_pid pid = kr_whereis(tag);
        kr_term t;

        if (kr_parse(reason, strlen(reason), NULL, &t, NULL) != KR_OK)
                abort();
        kr_send(pid, "{end_with, ~}", t);
        kr_release(t);
        await_end(pid);
}

/* -- the callbacks: {mod, {scenarios_application, What}} -- */

static void leave_one(void)
{
        kr_register("left", kr_self());
        waits();
}

static void tell_own(kr_term key)
{
        kr_atom name, app = kr_application_of(kr_self());
        kr_term value;

        if (!kr_get_atom(key, &name))
                return;
        value = kr_application_get_own_env(name);
        tell("{own, {ok, ~}, {ok, ~}}", value, app);
        kr_release(value);
}

static kr_started start_as(kr_app *app, kr_term what, kr_msg *more)
{
        kr_term t, key;
        kr_atom tag;

        if (kr_match(what, "{tell, ~}", &t)) {
                tell("{start, ~, ~}", app->type, t);
                return start_as(app, t, more);
        }
        if (kr_match(what, "{ok, ~}", &tag))
                return new_top(tag);
        if (kr_match(what, "{with_state, ~}", &tag)) {
                app->state = app;
                return new_top(tag);
        }
        if (kr_match(what, "{error, ~}", &t))
                return kr_start_failed(more, "~", t);
        if (kr_match(what, "ignore"))
                return kr_start_ignored();
        if (kr_match(what, "{exit, ~}", &t))
                kr_exit("~", t);
        if (kr_match(what, "{raise, ~}", &t))
                kr_error("~", t);
        if (kr_match(what, "{throw, ~}", &t))
                kr_throw("~", t);
        if (kr_match(what, "{slow, ~}", &tag)) {
                kr_sleep(100);
                return new_top(tag);
        }
        if (kr_match(what, "{env, ~, ~}", &tag, &key)) {
                tell_own(key);
                return new_top(tag);
        }
        if (kr_match(what, "{leaves, ~}", &tag)) {
                kr_spawn(leave_one);
                return new_top(tag);
        }
        return new_top(KR_ATOM("crashing"));
}

static kr_started start(kr_app *app, kr_msg *more)
{
        return start_as(app, app->args, more);
}

static kr_err start_phase(kr_app *app, kr_atom phase, kr_term args, kr_msg *more)
{
        tell("{phase, ~, ~, ~}", phase, app->type, args);
        if (kr_match(args, "crash"))
                kr_exit("crashed");
        return kr_match(args, "fail") ? kr_start_failed(more, "failed").err : KR_OK;
}

/* The state is what start gave in Erlang. */
static void tell_state(const char *what, kr_app *app)
{
        kr_atom name;
        kr_term tag;

        if (kr_match(app->args, "crashing_callbacks"))
                kr_exit("crash");
        if (kr_atom_from(what, strlen(what), &name) != KR_OK)
                abort();
        if (app->state != NULL && kr_match(app->args, "{_, ~}", &tag))
                tell("{~, {state, ~}}", name, tag);
        else
                tell("{~, []}", name);
}

static void prep_stop(kr_app *app)
{
        tell_state("prep_stop", app);
}

static void stop(kr_app *app)
{
        tell_state("stop", app);
}

static int compare_terms(const void *a, const void *b)
{
        return kr_compare(*(const kr_term *)a, *(const kr_term *)b);
}

/* lists:sort/1; gives a new term. */
static kr_term sorted(kr_term list)
{
        kr_builder b = KR_BUILDER_INIT;
        kr_term items[32];
        size_t n = 0;

        for (; kr_is_cons(list) && n < 32; list = kr_tl(list))
                items[n++] = kr_hd(list);
        qsort(items, n, sizeof(items[0]), compare_terms);
        for (size_t i = 0; i < n; i++)
                kr_add_term(&b, items[i]);
        return kr_build_list(&b);
}

static kr_err config_change(kr_term changed, kr_term added, kr_term removed, kr_msg *more)
{
        (void)more;
        tell("{config_change, ~, ~, ~}", sorted(changed), sorted(added), sorted(removed));
        return KR_OK;
}

KR_APPLICATION(scenarios_application, .start = start, .start_phase = start_phase,
               .prep_stop = prep_stop, .stop = stop, .config_change = config_change);

/* -- what scenarios use -- */

static void boot(void)
{
        static const kr_application *const apps[] = { &scenarios_application, NULL };
        const kr_boot_opts opts = { .applications = apps, .load_only = true };

        if (kr_boot(&opts, NULL) != KR_OK ||
            kr_logger_set_level(kr_here(), KR_LOG_NONE) != KR_OK)
                abort();
}

static void listen_too(void)
{
        boot();
        kr_register("listener", kr_self());
}

static kr_term parsed(const char *text)
{
        kr_text_error error;
        kr_term t;

        if (kr_parse(text, strlen(text), NULL, &t, &error) != KR_OK) {
                fprintf(stderr, "%s: %s\n", text, error.message);
                abort();
        }
        return t;
}

static void load_term(const char *what, const char *spec)
{
        kr_term t = parsed(spec);
        kr_msg slot = KR_MSG_INIT;

        (void)kr_application_load_spec(t, &slot);
        say_term(what, slot.term);
        kr_msg_clear(&slot);
        kr_release(t);
}

static void load(const char *what, const char *name, const char *keys)
{
        char spec[1000];

        (void)snprintf(spec, sizeof(spec), "{application, %s, %s}", name, keys);
        load_term(what, spec);
}

#define MOD(what) "{mod, {scenarios_application, " what "}}"

static void start_it(const char *name)
{
        kr_msg slot = KR_MSG_INIT;

        (void)kr_application_start(name, KR_TEMPORARY, &slot);
        say_term(name, slot.term);
        kr_msg_clear(&slot);
}

/* say_reply("what", kr_application_stop(name, &slot)) */
#define say_reply(what, call)                                                            \
        do {                                                                             \
                kr_msg slot = KR_MSG_INIT;                                               \
                                                                                         \
                (void)(call);                                                            \
                say_term(what, slot.term);                                               \
                kr_msg_clear(&slot);                                                     \
        } while (0)

static void stop_it(const char *name)
{
        say_reply(name, kr_application_stop(name, &slot));
}

static void ensure_all(const char *what, const char *name)
{
        say_reply(what, kr_application_ensure_all_started(name, KR_TEMPORARY, &slot));
}

/* lists:keyfind(Name, 1, List); false if it is not there. */
static kr_term keyfind(kr_term list, const char *name)
{
        kr_atom found;

        for (; kr_is_cons(list); list = kr_tl(list))
                if (kr_match(kr_hd(list), "{~, _, _}", &found) &&
                    strcmp(kr_atom_text(found, NULL), name) == 0)
                        return kr_hd(list);
        return kr_atom_term(KR_ATOM("false"));
}

static void say_which(const char *what, const char *name)
{
        kr_msg slot = KR_MSG_INIT;

        say_term(what, keyfind(kr_application_which(&slot, 5000), name));
        kr_msg_clear(&slot);
}

static void say_loaded(const char *what, const char *name)
{
        kr_term list = kr_application_loaded();

        say_term(what, keyfind(list, name));
        kr_release(list);
}

static void say_running(const char *what)
{
        kr_builder b = KR_BUILDER_INIT;
        kr_msg slot = KR_MSG_INIT;
        kr_atom name;

        for (kr_term l = kr_application_which(&slot, 5000); kr_is_cons(l); l = kr_tl(l))
                if (kr_match(kr_hd(l), "{~, _, _}", &name) &&
                    !kr_atom_eq(name, KR_ATOM("kernel")) &&
                    !kr_atom_eq(name, KR_ATOM("stdlib")))
                        kr_add_atom(&b, name);
        say_given(what, kr_build_list(&b));
        kr_msg_clear(&slot);
}

static void await_not_running(const char *name)
{
        kr_msg slot = KR_MSG_INIT;

        while (!kr_match(keyfind(kr_application_which(&slot, 5000), name), "false"))
                kr_yield();
        kr_msg_clear(&slot);
}

/* {ok, Value} or undefined; takes the value. */
static void say_value(const char *what, kr_term value)
{
        if (kr_is_none(value))
                say(what, "undefined");
        else
                say(what, "{ok, ~}", value);
        kr_release(value);
}

static void say_env(const char *what, const char *app, const char *key)
{
        say_value(what, kr_application_get_env(app, key));
}

static void say_all_env(const char *what, const char *app)
{
        kr_term all = kr_application_get_all_env(app);

        say_given(what, sorted(all));
        kr_release(all);
}

static void say_application(const char *what, kr_pid pid)
{
        kr_atom app = kr_application_of(pid);

        if (app.index == 0)
                say(what, "undefined");
        else
                say(what, "{ok, ~}", app);
}

/* -- starting and stopping -- */

static void started_listed_and_stopped(void)
{
        listen_too();
        load("load", "s1",
             "[{description, \"one\"}, {vsn, \"1.2\"}, " MOD("{tell, {ok, t1}}") "]");
        start_it("s1");
        say_next("told");
        say_which("which", "s1");
        say_loaded("loaded", "s1");
        stop_it("s1");
        say_mailbox("stopped");
        say_running("running");
        say_loaded("still loaded", "s1");
}

static void twice(void)
{
        boot();
        load("load", "w1", "[" MOD("{ok, t1}") "]");
        load("load again", "w1", "[]");
        start_it("w1");
        start_it("w1");
        stop_it("w1");
        stop_it("w1");
}

static void unload(const char *what, const char *name)
{
        say_reply(what, kr_application_unload(name, &slot));
}

static void unloading(void)
{
        boot();
        load("load", "u1", "[" MOD("{ok, t1}") "]");
        start_it("u1");
        unload("running", "u1");
        stop_it("u1");
        unload("unload", "u1");
        unload("again", "u1");
        say_reply("stop", kr_application_stop("u1", &slot));
}

static void wrong_specs(void)
{
        boot();
        load_term("name", "{application, \"x\", []}");
        load_term("keys", "{application, x, y}");
        load_term("mod", "{application, x, [{mod, 5}]}");
        load_term("mod 2", "{application, x, [{mod, {5, 6}}]}");
}

static void no_file(void)
{
        boot();
        say_reply("load", kr_application_load("no_such_application", &slot));
        say_reply("start",
                  kr_application_start("no_such_application", KR_TEMPORARY, &slot));
        ensure_all("ensure", "no_such_application");
}

static void start_fails(void)
{
        boot();
        load("load", "f1", "[" MOD("{error, because}") "]");
        start_it("f1");
        say_running("running");
        load("load", "f2", "[" MOD("{exit, gone}") "]");
        start_it("f2");
        load("load", "f3", "[" MOD("{exit, normal}") "]");
        start_it("f3");
        load("load", "f4", "[" MOD("{throw, {error, thrown}}") "]");
        start_it("f4");
        load("load", "f5", "[" MOD("{throw, ball}") "]");
        start_it("f5");
        load("load", "f6", "[" MOD("{raise, wrong}") "]");
        start_it("f6");
}

static void start_is_no_start(void)
{
        boot();
        load("load", "n1", "[" MOD("ignore") "]");
        start_it("n1");
        say_running("running");
        stop_it("n1");
}

static void dependency_not_started(void)
{
        boot();
        load("load", "d1", "[{applications, [kernel, stdlib, d2]}, " MOD("{ok, t1}") "]");
        start_it("d1");
        load("load", "d2", "[" MOD("{ok, t2}") "]");
        start_it("d1");
        start_it("d2");
        start_it("d1");
        stop_it("d1");
        stop_it("d2");
}

static void dependency_has_died(void)
{
        boot();
        load("load", "e2", "[" MOD("{ok, t2}") "]");
        load("load", "e1", "[{applications, [e2]}, " MOD("{ok, t1}") "]");
        start_it("e2");
        end_top("t2", "shutdown");
        await_not_running("e2");
        start_it("e1");
        stop_it("e2");
        start_it("e1");
}

static void ensure(const char *what, const char *name)
{
        say_reply(what, kr_application_ensure_started(name, KR_TEMPORARY, &slot));
}

static void ensuring(void)
{
        boot();
        load("load", "g1", "[" MOD("{ok, t1}") "]");
        ensure("once", "g1");
        ensure("twice", "g1");
        stop_it("g1");
        ensure("missing", "no_such_application");
}

static void all_of_a_chain(void)
{
        boot();
        load("c1", "c1", "[{applications, [kernel, c2, c3]}, " MOD("{ok, t1}") "]");
        load("c2", "c2", "[{applications, [c4]}, " MOD("{ok, t2}") "]");
        load("c3", "c3", "[{applications, [c4, c2]}, " MOD("{ok, t3}") "]");
        load("c4", "c4", "[" MOD("{ok, t4}") "]");
        start_it("c4");
        ensure_all("all", "c1");
        say_running("running");
        ensure_all("again", "c1");
        stop_it("c1");
        stop_it("c3");
        stop_it("c2");
        stop_it("c4");
}

static void all_rolls_back(void)
{
        boot();
        load("r1", "r1", "[{applications, [r2, r3]}, " MOD("{ok, t1}") "]");
        load("r2", "r2", "[{applications, [r4]}, " MOD("{ok, t2}") "]");
        load("r3", "r3", "[" MOD("{error, no}") "]");
        load("r4", "r4", "[" MOD("{ok, t4}") "]");
        load("r5", "r5", "[{applications, [r6]}]");
        start_it("r4");
        ensure_all("all", "r1");
        say_running("running");
        ensure_all("no file", "r5");
        stop_it("r4");
}

static void optional_may_be_missing(void)
{
        boot();
        load("o1", "o1",
             "[{applications, [o2, no_such_application]},"
             " {optional_applications, [no_such_application]}, " MOD("{ok, t1}") "]");
        load("o2", "o2", "[" MOD("{ok, t2}") "]");
        ensure_all("all", "o1");
        stop_it("o1");
        stop_it("o2");
}

/* -- environment -- */

static void environment(void)
{
        listen_too();
        load("load", "v1",
             "[{env, [{a, 1}, {b, \"two\"}, {c, [{d, e}]}]}, " MOD("{env, t1, b}") "]");
        say_env("a", "v1", "a");
        say_env("none", "v1", "none");
        say_env("nobody", "nobody", "a");
        say_all_env("all", "v1");
        kr_application_set_env("v1", "a", NULL, "{new, 1}");
        kr_application_set_env("v1", "z", NULL, "~", 26);
        kr_application_unset_env("v1", "c", NULL);
        say_all_env("all", "v1");
        start_it("v1");
        say_next("own");
        say_value("not ours", kr_application_get_own_env(KR_ATOM("a")));
        stop_it("v1");
        unload("unload", "v1");
        say_all_env("all", "v1");
}

static void set_before_load(void)
{
        boot();
        kr_application_set_env("b1", "a", NULL, "early");
        kr_application_set_env("b1", "k", NULL, "kept");
        load("load", "b1", "[{env, [{a, 1}]}]");
        say_all_env("all", "b1");
        unload("unload", "b1");
        say_all_env("all", "b1");
}

static void persistent_environment(void)
{
        const kr_env_opts persistent = { .persistent = true };

        boot();
        kr_application_set_env("p1", "a", &persistent, "mine");
        kr_application_set_env("p1", "b", NULL, "passing");
        load("load", "p1", "[{env, [{a, 1}, {b, 2}, {c, 3}]}]");
        say_all_env("all", "p1");
        kr_application_set_env("p1", "c", &persistent, "lasting");
        unload("unload", "p1");
        load("load", "p1", "[{env, [{a, 1}, {b, 2}, {c, 3}]}]");
        say_all_env("all", "p1");
        kr_application_unset_env("p1", "a", NULL);
        say_env("a", "p1", "a");
        unload("unload", "p1");
        load("load", "p1", "[{env, [{a, 1}]}]");
        say_all_env("all", "p1");
        kr_application_unset_env("p1", "a", &persistent);
        unload("unload", "p1");
        load("load", "p1", "[{env, [{a, 1}]}]");
        say_env("a", "p1", "a");
}

static const char *config; /* of the next set_wrong */

static void set_wrong(void)
{
        kr_application_set_env_list(parsed(config), NULL);
}

static void say_wrong(const char *what, const char *text)
{
        config = text;
        say_caught(what, set_wrong);
}

static void set_a_whole_config(void)
{
        kr_term good;

        boot();
        good = parsed("[{q1, [{a, 1}, {b, 2}]}, {q2, [{c, 3}]}]");
        kr_application_set_env_list(good, NULL);
        say("set", "ok");
        kr_release(good);
        say_all_env("q1", "q1");
        say_all_env("q2", "q2");
        say_wrong("twice", "[{q1, []}, {q1, []}]");
        say_wrong("key", "[{q1, [{\"a\", 1}]}]");
        say_wrong("pair", "[{q1, [a]}]");
        say_wrong("list", "[{q1, a}]");
        say_wrong("name", "[{\"q1\", []}]");
        say_wrong("app", "[q1]");
        say_wrong("two", "[{q1, [{a, 1}, {a, 2}]}]");
}

/* -- keys -- */

static void keys(void)
{
        static const char *const names[] = { "description",
                                             "id",
                                             "vsn",
                                             "modules",
                                             "maxP",
                                             "maxT",
                                             "registered",
                                             "included_applications",
                                             "optional_applications",
                                             "applications",
                                             "env",
                                             "mod",
                                             "start_phases",
                                             "unknown" };

        boot();
        load("load", "k1",
             "[{vsn, \"3\"}, {maxT, 1000}, {registered, [a, b]}, {unknown, 1},"
             " {modules, [m]}]");
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                say_value(names[i], kr_application_get_key("k1", names[i]));
        say_value("nobody", kr_application_get_key("nobody", "vsn"));
}

static void all_keys(void)
{
        boot();
        load("load", "k2", "[{description, \"two\"}, {vsn, \"2\"}, {env, [{a, 1}]}]");
        say_given("all", kr_application_get_all_key("k2"));
        say_given("nobody", kr_application_get_all_key("nobody"));
}

/* -- phases -- */

static void phases(void)
{
        listen_too();
        load("load", "h1",
             "[" MOD("{tell, {ok, t1}}") ", {start_phases, [{one, 1}, {two, [2]}]}]");
        start_it("h1");
        say_mailbox("phases");
        stop_it("h1");
        say_mailbox("stopped");
}

#define STARTER(what) "{mod, {application_starter, [scenarios_application, " what "]}}"

static void phases_of_included(void)
{
        listen_too();
        load("i2", "i2",
             "[" MOD("{tell, {ok, t2}}") ", {start_phases, [{two, i2}, {three, i2}]}]");
        load("i3", "i3",
             "[" STARTER("{ok, t3}") ", {start_phases, [{one, i3}, {three, i3}]},"
                                     " {included_applications, [i4]}]");
        load("i4", "i4", "[" MOD("{ok, t4}") ", {start_phases, [{three, i4}]}]");
        load("i1", "i1",
             "[" STARTER(
                     "{ok, t1}") ", {included_applications, [i2, i3]},"
                                 " {start_phases, [{one, i1}, {two, i1}, {three, i1}]}]");
        start_it("i1");
        say_mailbox("phases");
        say_running("running");
        stop_it("i1");
}

static void phase_fails(void)
{
        boot();
        load("load", "j1",
             "[" MOD("{ok, t1}") ", {start_phases, [{one, 1}, {two, fail}, {three, 1}]}]");
        start_it("j1");
        load("load", "j2", "[" MOD("{ok, t2}") ", {start_phases, [{one, crash}]}]");
        start_it("j2");
        say_running("running");
}

static void included_without_phases(void)
{
        boot();
        load("l2", "l2", "[" MOD("{ok, t2}") "]");
        load("l1", "l1",
             "[" STARTER("{ok, t1}") ", {included_applications, [l2]},"
                                     " {start_phases, [{one, 1}]}]");
        start_it("l1");
}

static void included_are_loaded(void)
{
        boot();
        load("m3", "m3", "[{env, [{a, 3}]}]");
        unload("unload", "m3");
        load("m2", "m2", "[{included_applications, [m3]}]");
        load("m4", "m4", "[]");
        load("m1", "m1", "[{included_applications, [m4]}]");
        unload("unload", "m1");
        say_value("m4", kr_application_get_key("m4", "env"));
}

/* -- ends -- */

static void leftovers_are_killed(void)
{
        kr_pid left;
        kr_ref ref;

        boot();
        load("load", "x1", "[" MOD("{leaves, t1}") "]");
        start_it("x1");
        left = kr_whereis("left");
        say_application("belongs", left);
        ref = kr_monitor(left);
        stop_it("x1");
        say_end("left", ref);
}

static void supervisor_ends(void)
{
        listen_too();
        load("load", "y1", "[" MOD("{with_state, t1}") "]");
        start_it("y1");
        end_top("t1", "normal");
        await_not_running("y1");
        say_mailbox("ended");
        stop_it("y1");
        stop_it("y1");
}

static void supervisor_ends_badly(void)
{
        listen_too();
        load("load", "y2", "[" MOD("{with_state, t2}") "]");
        start_it("y2");
        end_top("t2", "{bad, end_of_it}");
        await_not_running("y2");
        say_mailbox("ended");
        start_it("y2");
        stop_it("y2");
}

static void started_again(void)
{
        boot();
        load("load", "y3", "[" MOD("{ok, t3}") "]");
        start_it("y3");
        stop_it("y3");
        start_it("y3");
        end_top("t3", "shutdown");
        await_not_running("y3");
        start_it("y3");
        say_running("running");
        stop_it("y3");
}

static kr_pid leader_of(kr_pid pid)
{
        kr_pid leader = kr_pid_none();
        kr_msg info = KR_MSG_INIT;

        if (kr_process_info(pid, KR_ATOM("group_leader"), &info))
                (void)kr_match(info.term, "{group_leader, ~}", &leader);
        kr_msg_clear(&info);
        return leader;
}

static void belonging(void)
{
        kr_pid pid;

        boot();
        load("load", "z1", "[" MOD("{ok, t1}") "]");
        start_it("z1");
        pid = kr_whereis("t1");
        say_application("top", pid);
        say_application("leader", leader_of(pid));
        say_application("we", kr_self());
        stop_it("z1");
        say_application("dead", pid);
}

struct starts {
        kr_pid to;
        const char *name;
        bool announces;
};

static void starts(struct starts *s)
{
        kr_msg slot = KR_MSG_INIT;

        if (s->announces)
                kr_send(s->to, "started_by_another");
        (void)kr_application_start(s->name, KR_TEMPORARY, &slot);
        kr_send(s->to, "{start, ~}", slot.term);
        kr_msg_clear(&slot);
}

static void started_at_once(void)
{
        struct starts s = { kr_self(), "a1", false };

        boot();
        load("load", "a1", "[" MOD("{slow, t1}") "]");
        for (int i = 0; i < 3; i++)
                kr_spawn(starts, &s);
        for (int i = 0; i < 3; i++)
                say_next("answer");
        start_it("a1");
        stop_it("a1");
}

static void master_killed(void)
{
        kr_pid pid;
        kr_ref ref;

        boot();
        load("load", "a2", "[" MOD("{ok, t1}") "]");
        start_it("a2");
        pid = kr_whereis("t1");
        ref = kr_monitor(pid);
        kr_exit_signal(leader_of(pid), "kill");
        await_not_running("a2");
        say_end("top", ref);
        say_running("running");
        start_it("a2");
        stop_it("a2");
}

static void stop_while_starting(void)
{
        struct starts s = { kr_self(), "a3", true };

        boot();
        load("load", "a3", "[" MOD("{slow, t1}") "]");
        kr_spawn(starts, &s);
        say_next("first");
        kr_sleep(20);
        stop_it("a3");
        say_next("start");
        stop_it("a3");
}

static void permit(const char *what, const char *name, bool flag)
{
        say_reply(what, kr_application_permit(name, flag, &slot));
}

static void permissions(void)
{
        boot();
        load("load", "b2", "[" MOD("{ok, t1}") "]");
        permit("forbid", "b2", false);
        start_it("b2");
        say_running("running");
        permit("permit", "b2", true);
        say_running("running");
        permit("again", "b2", true);
        permit("forbid", "b2", false);
        say_running("running");
        permit("again", "b2", false);
        permit("permit", "b2", true);
        say_running("running");
        stop_it("b2");
}

static void permit_what_is_not_there(void)
{
        boot();
        permit("permit", "no_such_application", true);
        permit("forbid", "no_such_application", false);
        load("load", "b3", "[" MOD("{ok, t1}") "]");
        permit("permit", "b3", true);
        say_running("running");
        start_it("b3");
        stop_it("b3");
}

static void changed_configuration(void)
{
        kr_msg before = KR_MSG_INIT, slot = KR_MSG_INIT;
        kr_term specs, others, all;

        listen_too();
        load("load", "g2",
             "[{vsn, \"1\"}, {env, [{a, 1}, {b, 2}, {c, 3}]}, " MOD("{ok, t1}") "]");
        start_it("g2");
        all = kr_call("application_controller", &before, "prep_config_change");
        specs = parsed(
                "[{application, g2, [{vsn, \"2\"}, {env, [{a, 1}, {b, 5}, {d, 4}]}, " MOD(
                        "{ok, t1}") "]}]");
        others = parsed("[{g2, [{e, 9}]}]");
        say_term("change", kr_call("application_controller", &slot,
                                   "{change_application_data, ~, ~}", specs, others));
        say_term("changed",
                 kr_call("application_controller", &slot, "{config_change, ~}", all));
        say_mailbox("told");
        say_value("vsn", kr_application_get_key("g2", "vsn"));
        say_all_env("env", "g2");
        stop_it("g2");
        kr_msg_clear(&before);
        kr_msg_clear(&slot);
}

static void callbacks_that_crash(void)
{
        kr_ref ref;

        boot();
        load("load", "g3", "[" MOD("crashing_callbacks") "]");
        start_it("g3");
        ref = kr_monitor("crashing");
        stop_it("g3");
        say_end("top", ref);
        say_running("running");
}

static void code_only(void)
{
        boot();
        load("load", "g4", "[{vsn, \"4\"}]");
        start_it("g4");
        start_it("g4");
        say_which("which", "g4");
        stop_it("g4");
        stop_it("g4");
}

SCENARIOS(SCENARIO(started_listed_and_stopped), SCENARIO(twice), SCENARIO(unloading),
          SCENARIO(wrong_specs), SCENARIO(no_file), SCENARIO(start_fails),
          SCENARIO(start_is_no_start), SCENARIO(dependency_not_started),
          SCENARIO(dependency_has_died), SCENARIO(ensuring), SCENARIO(all_of_a_chain),
          SCENARIO(all_rolls_back), SCENARIO(optional_may_be_missing),
          SCENARIO(environment), SCENARIO(set_before_load),
          SCENARIO(persistent_environment), SCENARIO(set_a_whole_config), SCENARIO(keys),
          SCENARIO(all_keys), SCENARIO(phases), SCENARIO(phases_of_included),
          SCENARIO(phase_fails), SCENARIO(included_without_phases),
          SCENARIO(included_are_loaded), SCENARIO(leftovers_are_killed),
          SCENARIO(supervisor_ends), SCENARIO(supervisor_ends_badly),
          SCENARIO(started_again), SCENARIO(belonging), SCENARIO(started_at_once),
          SCENARIO(master_killed), SCENARIO(stop_while_starting), SCENARIO(permissions),
          SCENARIO(permit_what_is_not_there), SCENARIO(changed_configuration),
          SCENARIO(callbacks_that_crash), SCENARIO(code_only))
