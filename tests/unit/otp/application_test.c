/* SPDX-License-Identifier: Apache-2.0 */
/* application_test.c: what the end of an application means for the node, and how a program that
 * is applications starts and stops. What starting and stopping gives back is compared with
 * Erlang's in tests/erlang/scenarios_application.c. */
#include <krarup.h>

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "expect.h"
#include "heap.h"
#include "process.h"

#include "core/node.h"

/* -- an application whose callbacks tell the process `test` -- */

static void tell(const char *what, kr_app *app)
{
        if (!kr_pid_is_none(kr_whereis("test")))
                kr_send("test", "{~, ~}", kri_atom_of(what), app->name);
}

static void top(kr_term args)
{
        enum { END, EXIT };
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;
        kr_pid parent;

        (void)kr_trap_exit(true);
        if (!kr_match(args, "{~, _}", &parent))
                return;
        switch (kr_receive(&msg, KR_INFINITY, kr_on(END, "{end_with, ~}", &reason),
                           kr_on(EXIT, "{'EXIT', =, ~}", parent, &reason))) {
        case EXIT:
                if (kr_match(args, "{_, stubborn}"))
                        kr_sleep(KR_INFINITY);
                kr_exit("~", reason);
        default:
                kr_exit("~", reason);
        }
}

struct faulty {
        int unused;
};

static kr_next faulty_init(struct faulty *f, kr_term args)
{
        (void)f;
        (void)args;
        kr_exit("at_once");
}

KR_GEN_SERVER(faulty, struct faulty, .init = faulty_init);

static const kr_child faulty_children[] = { { .id = "faulty",
                                              .start = KR_START(faulty) } };
KR_SUPERVISOR(faulty_sup, KR_CHILDREN(faulty_children));

/* {mod, {told, What}}: ok, stubborn (will not end), faulty (a supervisor whose child ends in
 * its init), or {fails, Reason}. */
static kr_started start(kr_app *app, kr_msg *more)
{
        kr_term args, reason;
        kr_pid pid;

        if (kr_match(app->args, "{fails, ~}", &reason))
                return kr_start_failed(more, "~", reason);
        if (kr_match(app->args, "exits"))
                kr_exit("normal");
        if (kr_match(app->args, "faulty")) {
                const kr_start_opts opts = { .ret_reason = more };

                (void)kr_trap_exit(true);
                return kr_start_link(&faulty_sup, &opts, "[]");
        }
        args = kr_build("{~, ~}", kr_self(), app->args);
        pid = kr_spawn_link(top, args);
        kr_release(args);
        tell("started", app);
        return kr_started_ok(pid);
}

static void prep_stop(kr_app *app)
{
        tell("prep_stop", app);
}

static void stop(kr_app *app)
{
        tell("stop", app);
}

static kr_err start_phase(kr_app *app, kr_atom phase, kr_term args, kr_msg *more)
{
        (void)more;
        if (!kr_pid_is_none(kr_whereis("test")))
                kr_send("test", "{~, ~, ~}", phase, app->name, args);
        return KR_OK;
}

static kr_err config_change(kr_term changed, kr_term added, kr_term removed, kr_msg *more)
{
        (void)more;
        kr_send("test", "{config_change, ~, ~, ~}", changed, added, removed);
        return KR_OK;
}

KR_APPLICATION(told, .start = start, .start_phase = start_phase, .prep_stop = prep_stop,
               .stop = stop, .config_change = config_change);

/* -- booting -- */

static _Atomic int halts;
static _Atomic int halt_status;
static char halt_why[300];

static void note_halt(void *context, int status, const char *why)
{
        (void)context;
        (void)snprintf(halt_why, sizeof(halt_why), "%s", why);
        atomic_store(&halt_status, status);
        atomic_fetch_add(&halts, 1);
}

static void boot_with(kr_boot_opts opts)
{
        static const kr_application *const apps[] = { &told, NULL };
        kr_buf error = KR_BUF_INIT;

        atomic_store(&halts, 0);
        if (!opts.applications) {
                opts.applications = apps;
                opts.load_only = true;
        }
        opts.halted = note_halt;
        kit_ok(kr_logger_start(kr_here(), &(kr_logger_opts){ .no_default = true }));
        kit_ok(kr_boot(&opts, &error));
        kr_register("test", kr_self());
}

static void boot(void)
{
        boot_with((kr_boot_opts){ .argc = 0 });
}

static void await_halt(void)
{
        while (atomic_load(&halts) == 0)
                kr_sleep(1);
        kit_int_eq(atomic_load(&halts), 1);
        kit_true(kr_pid_is_none(kr_whereis("application_controller")));
}

static void load(const char *spec)
{
        kr_term t;

        kit_ok(kr_parse(spec, strlen(spec), NULL, &t, NULL));
        kit_ok(kr_application_load_spec(t, NULL));
        kr_release(t);
}

#define APP(name, what) "{application, " name ", [{mod, {told, " what "}}]}"

static void started(const char *name, kr_restart type)
{
        kr_msg msg = KR_MSG_INIT;

        kit_ok(kr_application_start(name, type, NULL));
        kit_expect(&msg, "{started, =}", kri_atom_of(name));
        kr_msg_clear(&msg);
}

#define end_top(name, ...)                                                               \
        kr_send(kr_application_supervisor(kri_atom_of(name)),                            \
                "{end_with, " __VA_ARGS__ "}")

/* -- ends -- */

/* covers: N208 application_SUITE:otp_2718 */
KIT_EVERYWHERE_TEST(test_a_permanent_application_that_fails_to_start_halts)
{
        kr_msg slot = KR_MSG_INIT;

        boot();
        load(APP("a", "{fails, because}"));
        kit_err(kr_application_start("a", KR_PERMANENT, &slot), KR_EFAILED);
        kit_match(slot.term,
                  "{error, {because, {told, start, [normal, {fails, because}]}}}");
        await_halt();
        kit_int_eq(atomic_load(&halt_status), 1);
        kit_not_null(strstr(halt_why, "{application_start_failure,a,{because,"));
        kr_msg_clear(&slot);
}

/* covers: N208 application_SUITE:otp_2718 */
KIT_EVERYWHERE_TEST(test_a_transient_one_halts_unless_it_exits_with_normal)
{
        boot();
        load(APP("a", "exits"));
        load(APP("b", "{fails, because}"));
        load(APP("c", "{fails, because}"));
        kit_err(kr_application_start("a", KR_TRANSIENT, NULL), KR_EFAILED);
        kit_err(kr_application_start("b", KR_TEMPORARY, NULL), KR_EFAILED);
        kr_sleep(20);
        kit_int_eq(atomic_load(&halts), 0);
        kit_err(kr_application_start("c", KR_TRANSIENT, NULL), KR_EFAILED);
        await_halt();
}

/* covers: supervisor_SUITE:faulty_application_shutdown */
KIT_EVERYWHERE_TEST(test_a_supervisor_that_cannot_start_is_why_an_application_does_not)
{
        kr_msg slot = KR_MSG_INIT;

        boot();
        load(APP("a", "faulty"));
        kit_err(kr_application_start("a", KR_TEMPORARY, &slot), KR_EFAILED);
        kit_match(slot.term,
                  "{error, {{shutdown, {failed_to_start_child, faulty, at_once}},"
                  " {told, start, [normal, faulty]}}}");
        kr_sleep(20);
        kit_int_eq(atomic_load(&halts), 0);
        kr_msg_clear(&slot);
}

/* covers: N209 */
KIT_EVERYWHERE_TEST(test_a_permanent_application_that_ends_halts)
{
        boot();
        load(APP("a", "ok"));
        started("a", KR_PERMANENT);
        end_top("a", "normal");
        await_halt();
        kit_not_null(strstr(halt_why, "{application_terminated,a,normal}"));
}

/* covers: N209 */
KIT_EVERYWHERE_TEST(test_a_transient_one_halts_unless_it_ends_with_normal)
{
        boot();
        load(APP("a", "ok"));
        load(APP("b", "ok"));
        started("a", KR_TRANSIENT);
        started("b", KR_TRANSIENT);
        end_top("a", "normal");
        kr_sleep(20);
        kit_int_eq(atomic_load(&halts), 0);
        end_top("b", "shutdown");
        await_halt();
        kit_not_null(strstr(halt_why, "{application_terminated,b,shutdown}"));
}

KIT_EVERYWHERE_TEST(test_a_temporary_one_may_end_as_it_likes)
{
        boot();
        load(APP("a", "ok"));
        started("a", KR_TEMPORARY);
        end_top("a", "terrible");
        kr_sleep(20);
        kit_int_eq(atomic_load(&halts), 0);
        kit_ok(kr_application_stop("a", NULL));
}

/* covers: N217 */
KIT_EVERYWHERE_TEST(test_a_master_of_a_permanent_one_that_is_killed_halts)
{
        kr_msg info = KR_MSG_INIT;
        kr_pid master;

        boot();
        load(APP("a", "ok"));
        started("a", KR_PERMANENT);
        kit_true(kr_process_info(kr_application_supervisor(KR_ATOM("a")),
                                 KR_ATOM("group_leader"), &info));
        kit_match(info.term, "{group_leader, ~}", &master);
        kr_exit_signal(master, "kill");
        await_halt();
        kr_msg_clear(&info);
}

/* covers: N217 */
KIT_EVERYWHERE_TEST(test_a_controller_that_is_killed_halts)
{
        boot();
        kr_exit_signal(kr_whereis("application_controller"), "kill");
        await_halt();
        kit_not_null(strstr(halt_why, "killed"));
        kit_true(kr_is_nil(kr_application_loaded())); /* nothing is known any more */
        kit_true(kr_is_none(kr_application_get_env("kernel", "x")));
}

/* covers: N210 R257 */
KIT_EVERYWHERE_TEST(test_the_node_stops_its_applications_in_reverse)
{
        kr_msg msg = KR_MSG_INIT;

        boot();
        load(APP("a", "ok"));
        load(APP("b", "ok"));
        load(APP("c", "ok"));
        started("a", KR_PERMANENT);
        started("b", KR_TEMPORARY);
        started("c", KR_TRANSIENT);
        kr_init_stop(3);
        kit_expect(&msg, "{prep_stop, ~}", &(kr_term){ 0 });
        kit_match(msg.term, "{prep_stop, c}");
        kit_next(&msg, "{stop, c}");
        kit_next(&msg, "{prep_stop, b}");
        kit_next(&msg, "{stop, b}");
        kit_next(&msg, "{prep_stop, a}");
        kit_next(&msg, "{stop, a}");
        await_halt();
        kit_int_eq(atomic_load(&halt_status), 3);
        kit_str_eq(halt_why, "");
        kr_msg_clear(&msg);
}

/* covers: N210 application_SUITE:shutdown_timeout */
KIT_EVERYWHERE_TEST(test_one_that_does_not_stop_has_so_much_time)
{
        int64_t began_ms;

        boot();
        load(APP("a", "stubborn"));
        started("a", KR_PERMANENT);
        kr_application_set_env("kernel", "shutdown_timeout", NULL, "~", 200);
        began_ms = kr_monotonic_ms(NULL);
        kr_init_stop(0);
        await_halt();
        kit_int_ge(kr_monotonic_ms(NULL) - began_ms, 200);
}

static _Atomic int shutdowns;

static void note_shutdown(void *context)
{
        (void)context;
        atomic_fetch_add(&shutdowns, 1);
}

/* covers: application_SUITE:shutdown_func */
KIT_EVERYWHERE_TEST(test_a_function_is_called_before_all_stops)
{
        atomic_store(&shutdowns, 0);
        boot_with((kr_boot_opts){ .shutdown = note_shutdown });
        kit_int_eq(atomic_load(&shutdowns), 0);
        kr_init_stop(0);
        await_halt();
        kit_int_eq(atomic_load(&shutdowns), 1);
}

static void asks_for_child(int64_t times)
{
        while (times-- > 0)
                (void)kr_application_supervisor(KR_ATOM("a"));
}

/* covers: application_SUITE:shutdown_deadlock */
KIT_EVERYWHERE_TEST(test_to_ask_for_the_supervisor_while_it_stops_harms_nobody)
{
        boot();
        load(APP("a", "ok"));
        for (int i = 0; i < 20; i++) {
                kr_ref ref;

                started("a", KR_TEMPORARY);
                kr_spawn_monitor(&ref, asks_for_child, 50);
                kit_ok(kr_application_stop("a", NULL));
                kit_expect_down(ref, "normal");
        }
}

/* -- starting; more of it in the scenarios -- */

/* covers: N206 application_SUITE:otp_4227 */
KIT_EVERYWHERE_TEST(test_what_is_needed_must_be_started_and_run)
{
        kr_msg slot = KR_MSG_INIT;
        kr_pid child;

        boot();
        load("{application, a, [{applications, [kernel, stdlib, b]}, {mod, {told, ok}}]}");
        load(APP("b", "ok"));
        kit_err(kr_application_start("a", KR_TEMPORARY, &slot), KR_EFAILED);
        kit_match(slot.term, "{error, {not_started, b}}");
        started("b", KR_TEMPORARY);
        child = kr_application_supervisor(KR_ATOM("b"));
        kr_send(child, "{end_with, over}");
        kit_await_end(child);
        while (kr_match(kr_application_which(&slot, 5000), "[{b, _, _} | _]"))
                kr_sleep(1); /* until the controller knows */
        kit_err(kr_application_start("a", KR_TEMPORARY, &slot), KR_EFAILED);
        kit_match(slot.term, "{error, {not_running, b}}");
        kr_msg_clear(&slot);
}

struct starts {
        kr_pid to;
};

static void starts_a(struct starts *s)
{
        kr_msg slot = KR_MSG_INIT;

        (void)kr_application_start("a", KR_TEMPORARY, &slot);
        kr_send(s->to, "{answer, ~}", slot.term);
        kr_msg_clear(&slot);
}

/* covers: N207 N218 application_SUITE:otp_2973 */
KIT_EVERYWHERE_TEST(test_those_that_start_it_at_once_get_one_answer)
{
        kr_msg msg = KR_MSG_INIT;

        boot();
        load(APP("a", "ok"));
        for (int round = 0; round < 5; round++) {
                for (int i = 0; i < 3; i++)
                        kr_spawn(starts_a, &(struct starts){ kr_self() });
                kit_expect(&msg, "{started, a}");
                for (int i = 0; i < 3; i++) {
                        kit_expect(&msg, "{answer, ~}", &(kr_term){ 0 });
                        if (!kr_match(msg.term, "{answer, ok}")) /* it came too late */
                                kit_match(msg.term,
                                          "{answer, {error, {already_started, a}}}");
                }
                kit_ok(kr_application_stop("a", NULL)); /* waits for a start under way */
                kit_expect(&msg, "{stop, a}");
        }
        kr_msg_clear(&msg);
}

static void lingers(void)
{
        kr_register("left", kr_self());
        kr_sleep(KR_INFINITY);
}

static kr_started start_leaving(kr_app *app, kr_msg *more)
{
        kr_spawn(lingers);
        return start(app, more);
}

KR_APPLICATION(leaving, .start = start_leaving, .prep_stop = prep_stop, .stop = stop);

/* covers: N211 application_SUITE:otp_5363 */
KIT_EVERYWHERE_TEST(test_stop_has_its_order_and_leaves_nobody)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref top_ref, left_ref;

        boot();
        kit_ok(kr_application_register(kr_here(), &leaving));
        load("{application, a, [{mod, {leaving, ok}}]}");
        started("a", KR_TEMPORARY);
        while (kr_pid_is_none(kr_whereis("left")))
                kr_yield();
        left_ref = kr_monitor("left");
        top_ref = kr_monitor(kr_application_supervisor(KR_ATOM("a")));
        kit_ok(kr_application_stop("a", NULL));
        kit_next(&msg, "{prep_stop, a}");
        kit_next(&msg, "{'DOWN', =, process, _, shutdown}", top_ref);
        kit_next(&msg, "{stop, a}");
        kit_next(&msg, "{'DOWN', =, process, _, killed}", left_ref);
        kr_msg_clear(&msg);
}

/* covers: application_SUITE:ensure_started */
KIT_EVERYWHERE_TEST(test_ensure_started_is_content)
{
        kr_msg slot = KR_MSG_INIT;

        boot();
        load(APP("a", "ok"));
        kit_ok(kr_application_ensure_started("a", KR_TEMPORARY, &slot));
        kit_ok(kr_application_ensure_started("a", KR_TEMPORARY, &slot));
        kit_match(slot.term, "ok");
        kit_err(kr_application_ensure_started("nowhere", KR_TEMPORARY, &slot),
                KR_EFAILED);
        kit_match(slot.term, "{error, {\"no such file or directory\", \"nowhere.app\"}}");
        kr_msg_clear(&slot);
}

/* covers: N216 application_SUITE:ensure_all_started */
KIT_EVERYWHERE_TEST(test_all_that_is_needed_or_nothing)
{
        kr_msg slot = KR_MSG_INIT;

        boot();
        load("{application, a, [{applications, [b, c]}, {mod, {told, ok}}]}");
        load("{application, b, [{applications, [d]}, {mod, {told, ok}}]}");
        load(APP("c", "{fails, no}"));
        load(APP("d", "ok"));
        load("{application, e, [{applications, [b, d, f]}, {optional_applications, [f]}]}");
        started("d", KR_TEMPORARY);
        kit_err(kr_application_ensure_all_started("a", KR_TEMPORARY, &slot), KR_EFAILED);
        kit_match(slot.term, "{error, {c, {no, _}}}");
        (void)kr_application_which(&slot, 5000);
        kit_match(slot.term, "[{d, _, _}, {stdlib, _, _}, {kernel, _, _}]");
        kit_ok(kr_application_ensure_all_started("e", KR_TEMPORARY, &slot));
        kit_match(slot.term, "{ok, [b, e]}");
        kr_msg_clear(&slot);
}

KIT_EVERYWHERE_TEST(test_dependencies_in_a_circle_are_told)
{
        kr_msg slot = KR_MSG_INIT;

        boot();
        load("{application, a, [{applications, [b]}]}");
        load("{application, b, [{applications, [a]}]}");
        kit_err(kr_application_ensure_all_started("a", KR_TEMPORARY, &slot), KR_EFAILED);
        kit_match(slot.term, "{error, {_, circular_dependency}}");
        kr_msg_clear(&slot);
}

/* covers: N215 application_SUITE:start_phases */
KIT_EVERYWHERE_TEST(test_phases_go_through_included_applications)
{
        kr_msg msg = KR_MSG_INIT;

        boot();
        load("{application, b, [{mod, {told, ok}}, {start_phases, [{two, b}]}]}");
        load("{application, c, [{mod, {told, ok}}, {start_phases, [{one, c}, {two, c}]}]}");
        load("{application, a, [{mod, {application_starter, [told, ok]}},"
             " {included_applications, [b, c]}, {start_phases, [{one, 1}, {two, 2}]}]}");
        started("a", KR_TEMPORARY);
        kit_next(&msg, "{one, a, 1}");
        kit_next(&msg, "{one, c, c}");
        kit_next(&msg, "{two, a, 2}");
        kit_next(&msg, "{two, b, b}");
        kit_next(&msg, "{two, c, c}");
        kr_msg_clear(&msg);
}

/* covers: application_SUITE:otp_1586 */
KIT_EVERYWHERE_TEST(test_included_applications_are_loaded_and_unloaded_with_it)
{
        kr_term t;

        boot();
        load("{application, c, [{env, [{a, 1}]}]}");
        load("{application, b, [{included_applications, [c]}]}");
        load("{application, a, [{included_applications, [b]}]}");
        kit_true(kr_application_env_match("c", "a", "1"));
        kit_ok(kr_application_unload("a", NULL));
        t = kr_application_loaded();
        kit_match(t, "[{stdlib, _, _}, {kernel, _, _}]");
        kr_release(t);
}

/* covers: application_SUITE:permit_false_start_local */
KIT_EVERYWHERE_TEST(test_what_may_not_run_waits)
{
        kr_msg slot = KR_MSG_INIT;

        boot();
        kit_err(kr_application_permit("a", false, &slot), KR_EFAILED);
        kit_match(slot.term, "{error, {not_loaded, a}}");
        load(APP("a", "ok"));
        kit_ok(kr_application_permit("a", false, NULL));
        kit_ok(kr_application_start("a", KR_TEMPORARY, NULL));
        kr_sleep(10);
        kit_expect_nothing();
        kit_ok(kr_application_permit("a", true, NULL));
        kit_expect(&slot, "{started, a}");
        kit_ok(kr_application_permit("a", true, NULL));
        kit_ok(kr_application_permit("a", false, NULL));
        kit_expect(&slot, "{prep_stop, a}");
        kit_expect(&slot, "{stop, a}");
        kit_ok(kr_application_permit("a", false, NULL));
        kit_ok(kr_application_stop("a", NULL));
        kr_msg_clear(&slot);
}

/* covers: application_SUITE:get_env */
KIT_EVERYWHERE_TEST(test_values_of_the_environment)
{
        int64_t n = 0;
        kr_term t;

        boot();
        load("{application, a, [{env, [{n, 7}, {list, [1, 2]}]}]}");
        kit_true(kr_application_env_match("a", "n", "~", &n));
        kit_int_eq(n, 7);
        kit_false(kr_application_env_match("a", "list", "~", &n));
        kit_int_eq(n, 7); /* the default stays */
        kit_true(kr_is_none(kr_application_get_env("a", "none")));
        kit_true(kr_is_none(kr_application_get_env("b", "n")));
        t = kr_application_get_env("a", "list");
        kit_match(t, "[1, 2]");
        kr_release(t);
}

/* covers: N213 application_SUITE:persistent_env */
KIT_EVERYWHERE_TEST(test_persistent_values_outlast_the_application)
{
        const kr_env_opts persistent = { .persistent = true };

        boot();
        kr_application_set_env("a", "x", &persistent, "kept");
        load("{application, a, [{env, [{x, 1}, {y, 2}]}]}");
        kr_application_set_env("a", "y", NULL, "passing");
        kit_true(kr_application_env_match("a", "x", "kept"));
        kit_true(kr_application_env_match("a", "y", "passing"));
        kit_ok(kr_application_unload("a", NULL));
        kit_true(kr_is_none(kr_application_get_env("a", "x")));
        load("{application, a, [{env, [{x, 1}, {y, 2}]}]}");
        kit_true(kr_application_env_match("a", "x", "kept"));
        kit_true(kr_application_env_match("a", "y", "2"));
        kr_application_unset_env("a", "x", &persistent);
        kit_ok(kr_application_unload("a", NULL));
        load("{application, a, [{env, [{x, 1}]}]}");
        kit_true(kr_application_env_match("a", "x", "1"));
}

/* covers: N214 application_SUITE:otp_2012 */
KIT_EVERYWHERE_TEST(test_a_changed_configuration_is_told)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term specs, config;

        boot();
        load("{application, a, [{vsn, \"1\"}, {env, [{x, 1}, {y, 2}, {z, 3}]},"
             " {mod, {told, ok}}]}");
        load(APP("b", "ok"));
        started("a", KR_TEMPORARY);
        started("b", KR_TEMPORARY);
        specs = kr_build("[{application, a, [{vsn, \"2\"}, {env, [{x, 1}, {y, 5}]},"
                         " {mod, {told, ok}}]}]");
        config = kr_build("[{a, [{w, 9}]}]");
        kit_ok(kr_application_change(specs, config, NULL));
        kit_next(&msg, "{config_change, [{y, 5}], [{w, 9}], [z]}");
        kit_expect_nothing(); /* b is as it was */
        kr_release(specs);
        kr_release(config);
        kr_msg_clear(&msg);
}

/* -- belonging -- */

struct to_tell {
        kr_pid pid;
};

static void tell_leader(struct to_tell *to)
{
        kr_send(to->pid, "{leader, ~}", kr_group_leader());
}

/* covers: N212 R256 */
KIT_EVERYWHERE_TEST(test_a_process_belongs_by_its_group_leader)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid leader, top_pid;

        boot();
        load(APP("a", "ok"));
        started("a", KR_TEMPORARY);
        top_pid = kr_application_supervisor(KR_ATOM("a"));
        kit_true(kr_atom_eq(kr_application_of(top_pid), KR_ATOM("a")));
        kit_int_eq(kr_application_of(kr_self()).index, 0);
        kit_true(kr_process_info(top_pid, KR_ATOM("group_leader"), &msg));
        kit_match(msg.term, "{group_leader, ~}", &leader);
        kr_set_group_leader(leader, kr_self());
        kit_true(kr_atom_eq(kr_application_of(kr_self()), KR_ATOM("a")));
        kr_spawn(tell_leader, &(struct to_tell){ kr_self() });
        kit_expect(&msg, "{leader, =}", leader);
        kr_set_group_leader(kr_self(), kr_self());
        kr_msg_clear(&msg);
}

/* -- files and the command line -- */

static char folder[64];
static char notes[2000];

static void write_file(const char *name, const char *text)
{
        char path[300];
        FILE *f;

        if (!folder[0]) {
                (void)snprintf(folder, sizeof(folder), "/tmp/kr_app_XXXXXX");
                kit_not_null(mkdtemp(folder));
        }
        (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
        f = fopen(path, "w");
        kit_not_null(f);
        kit_true(fputs(text, f) >= 0);
        kit_int_eq(fclose(f), 0);
}

static void remove_files(void)
{
        static const char *const names[] = { "a.config", "b.config", "counter.app",
                                             "wrong.app" };
        char path[300];

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                (void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
                (void)remove(path);
        }
        (void)rmdir(folder);
}

static void note_text(const kr_log_event *event, void *context)
{
        size_t len = strlen(notes);

        (void)context;
        (void)snprintf(notes + len, sizeof(notes) - len, "%s\n", event->text);
}

static void note_logs(void)
{
        const kr_log_handler handler = { .name = "note", .log = note_text };

        notes[0] = 0;
        kit_ok(kr_logger_add_handler(kr_here(), &handler));
}

static const char counter_app[] = "%% as it was in the study\n"
                                  "{application, counter,\n"
                                  " [{descripton, \"Counter\"},\n"
                                  "  {vsn, \"1.0\"},\n"
                                  "  {registered, [counter_sup, counter]},\n"
                                  "  {applications, [kernel, stdlib]},\n"
                                  "  {env, [{env, 0}, {a, app}, {b, app}, {c, app}]},\n"
                                  "  {mod, {told, ok}}]}.\n";

/* covers: N213 application_SUITE:get_key */
KIT_PROCESS_TEST(test_environment_from_files_and_the_command_line)
{
        char config_a[100], config_b[100];
        char *argv[] = { "program",  "-config", config_a, config_b, "-pa",   folder,
                         "-counter", "b",       "line",   "\"d\"",  "[1,2]", NULL };
        kr_term t;

        write_file("counter.app", counter_app);
        write_file("a.config", "[{counter, [{a, first}, {b, first}, {c, first}]}].");
        write_file("b.config", "[{counter, [{c, second}]}].");
        (void)snprintf(config_a, sizeof(config_a), "%s/a", folder);
        (void)snprintf(config_b, sizeof(config_b), "%s/b.config", folder);
        boot_with((kr_boot_opts){ .argc = 11, .argv = argv });
        kit_ok(kr_application_load("counter", NULL));
        t = kr_application_get_all_env("counter");
        kit_match(t, "[{env, 0}, {a, first}, {b, line}, {c, second}, {\"d\", [1, 2]}]");
        kr_release(t);
        kit_true(kr_application_env_match("counter", "b", "line"));
        kit_false(kr_application_env_match("counter", "x", "_"));
        remove_files();
}

/* covers: N214 application_SUITE:config_change */
KIT_PROCESS_TEST(test_a_changed_sys_config_may_name_other_files)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term specs, config, name;
        char path[100];

        write_file("a.config", "[{a, [{x, file}, {y, file}]}].");
        boot();
        load("{application, a, [{env, [{x, 1}]}, {mod, {told, ok}}]}");
        started("a", KR_TEMPORARY);
        (void)snprintf(path, sizeof(path), "%s/a", folder);
        name = kr_string(path, strlen(path));
        specs = kr_build("[{application, a, [{env, [{x, 1}]}, {mod, {told, ok}}]}]");
        config = kr_build("[~, {a, [{y, itself}]}]", name);
        kit_ok(kr_application_change(specs, config, NULL));
        kit_next(&msg, "{config_change, [{x, file}], [{y, itself}], []}");
        kr_release(specs);
        kr_release(config);
        kr_release(name);
        kr_msg_clear(&msg);
        remove_files();
}

/* mistake: a misspelt key in an .app file -> counter.app:3:3: unknown key descripton; did you mean description? It has its default until then */
KIT_PROCESS_TEST(test_a_misspelt_key_is_told_with_the_right_one)
{
        char *argv[] = { "program", "-pa", folder, NULL };
        char wanted[300];
        kr_term t;

        write_file("counter.app", counter_app);
        boot_with((kr_boot_opts){ .argc = 3, .argv = argv });
        note_logs();
        kit_ok(kr_application_load("counter", NULL));
        (void)snprintf(wanted, sizeof(wanted),
                       "%s/counter.app:3:3: unknown key descripton; did you mean "
                       "description? It has its default until then\n",
                       folder);
        kit_str_eq(notes, wanted);
        t = kr_application_get_key("counter", "description");
        kit_true(kr_is_nil(t));
        t = kr_application_get_key("counter", "vsn");
        kit_match(t, "\"1.0\"");
        kr_release(t);
        remove_files();
}

/* mistake: an .app file with a syntax error -> wrong.app:3:2: expected ',', '|' or ']'; an .app file is one tuple, ... */
KIT_PROCESS_TEST(test_an_app_file_that_is_wrong_is_told_with_its_place)
{
        char *argv[] = { "program", "-pa", folder, NULL };
        kr_msg slot = KR_MSG_INIT;
        char text[600], wanted[600];
        kr_term reason;
        size_t len;

        write_file("wrong.app", "{application, wrong,\n [{vsn, \"1\"}\n {env, []}]}.\n");
        boot_with((kr_boot_opts){ .argc = 3, .argv = argv });
        kit_err(kr_application_start("wrong", KR_TEMPORARY, &slot), KR_EFAILED);
        kit_match(slot.term, "{error, {~, \"wrong.app\"}}", &reason);
        kit_true(kr_get_string(reason, text, sizeof(text), &len));
        (void)snprintf(
                wanted, sizeof(wanted),
                "%s/wrong.app:3:2: expected ',', '|' or ']'; an .app file is one tuple, "
                "{application, Name, [{Key, Value}]}, with a full stop at its end",
                folder);
        kit_str_eq(text, wanted);
        kr_msg_clear(&slot);
        remove_files();
}

/* mistake: an application whose module the program does not give -> its module a_app is not known to this node; give it to kr_main or kr_application_register, ... */
KIT_PROCESS_TEST(test_a_module_that_is_not_known_is_told)
{
        kr_msg slot = KR_MSG_INIT;

        boot();
        note_logs();
        load("{application, a, [{mod, {a_app, []}}]}");
        kit_err(kr_application_start("a", KR_TEMPORARY, &slot), KR_EFAILED);
        kit_match(slot.term, "{error, {bad_return, {{a_app, start, [normal, []]},"
                             " {'EXIT', {undef, _}}}}}");
        kit_not_null(strstr(notes,
                            "application a: its module a_app is not known to this "
                            "node; give it to kr_main or kr_application_register, or "
                            "correct {mod, {Module, Args}}\n"));
        kr_msg_clear(&slot);
}

/* mistake: a value on the command line that is no term -> command line: -a: [1,: a term was expected, as in -a key "value" */
KIT_PROCESS_TEST(test_what_is_no_term_on_the_command_line_is_told)
{
        char *argv[] = { "program", "-a", "key", "[1,", NULL };
        kr_msg slot = KR_MSG_INIT;
        kr_term spec;

        boot_with((kr_boot_opts){ .argc = 4, .argv = argv });
        note_logs();
        spec = kr_build("{application, a, []}");
        kit_err(kr_application_load_spec(spec, &slot), KR_EFAILED);
        kit_match(slot.term, "{error, {bad_environment_value, \"[1,\"}}");
        kit_str_eq(notes, "command line: -a: [1,: a term was expected, as in -a key "
                          "\"value\"\n");
        kr_release(spec);
        kr_msg_clear(&slot);
}

/* mistake: -config with a file that is not there -> /no/such/file.config: configuration file cannot be read: ... */
KIT_PROCESS_TEST(test_a_config_that_is_wrong_fails_the_boot)
{
        char *argv[] = { "program", "-config", "/no/such/file", NULL };
        const kr_boot_opts opts = { .argc = 3, .argv = argv, .halted = note_halt };
        kr_buf error = KR_BUF_INIT;

        kit_err(kr_boot(&opts, &error), KR_EFAILED);
        kit_str_eq(error.data,
                   "/no/such/file.config: configuration file cannot be read: No "
                   "such file or directory; -config takes a path, with or "
                   "without .config");
        kr_buf_free(&error);
        kit_err(kr_boot(&opts, NULL), KR_EALREADY);
}

/* mistake: -config without a file -> -config: no file is named; write -config FILE, a path with or without .config */
KIT_PROCESS_TEST(test_config_without_a_file_fails_the_boot)
{
        char *argv[] = { "program", "-config", "-a", "key", "1", NULL };
        const kr_boot_opts opts = { .argc = 5, .argv = argv };
        kr_buf error = KR_BUF_INIT;

        kit_err(kr_boot(&opts, &error), KR_EFAILED);
        kit_str_eq(error.data,
                   "-config: no file is named; write -config FILE, a path with "
                   "or without .config");
        kr_buf_free(&error);
}

KR_APPLICATION(
        failing_app, .start = start,
        .spec = "{application, failing, [{mod, {failing_app, {fails, no_luck}}}]}.");
KR_APPLICATION(wrong_app, .start = start, .spec = "{application, wrong [}");

/* mistake: an application that kr_main is to start fails -> application failing cannot be started: ... */
KIT_PROCESS_TEST(test_an_application_that_fails_fails_the_boot)
{
        static const kr_application *const apps[] = { &failing_app, NULL };
        const kr_boot_opts opts = { .applications = apps };
        kr_buf error = KR_BUF_INIT;

        kit_ok(kr_logger_start(kr_here(), &(kr_logger_opts){ .no_default = true }));
        kit_err(kr_boot(&opts, &error), KR_EFAILED);
        kit_str_eq(error.data, "application failing cannot be started: "
                               "{no_luck,{failing_app,start,[normal,{fails,no_luck}]}}");
        kr_buf_free(&error);
}

/* covers: application_SUITE:otp_3002 */
/* mistake: a value of the command line that is no term, at boot -> {bad_environment_value,"{"}; a value on the command line is an Erlang term: ... */
KIT_PROCESS_TEST(test_illegal_parameters_fail_the_boot)
{
        static const kr_application *const apps[] = { &told, NULL };
        char *argv[] = { "program", "-told", "key", "{", NULL };
        const kr_boot_opts opts = { .argc = 4, .argv = argv, .applications = apps };
        kr_buf error = KR_BUF_INIT;

        kit_ok(kr_logger_start(kr_here(), &(kr_logger_opts){ .no_default = true }));
        kit_err(kr_boot(&opts, &error), KR_EFAILED);
        kit_str_eq(error.data, "application told cannot be started: "
                               "{bad_environment_value,\"{\"}; a value on the command "
                               "line is an Erlang term: -counter limit 10, or -counter "
                               "name '\"text\"'");
        kr_buf_free(&error);
        kit_true(kr_pid_is_none(kr_whereis("application_controller")));
}

/* mistake: a .spec in the program with a syntax error -> wrong_app.spec:1:...: expected ... */
KIT_PROCESS_TEST(test_a_spec_in_the_program_is_told_with_its_place)
{
        static const kr_application *const apps[] = { &wrong_app, NULL };
        const kr_boot_opts opts = { .applications = apps };
        kr_buf error = KR_BUF_INIT;

        kit_err(kr_boot(&opts, &error), KR_EFAILED);
        kit_str_eq(error.data, "wrong_app.spec:1:21: expected ',' or '}'");
        kr_buf_free(&error);
}

KIT_PROCESS_TEST(test_logging_is_configured_by_kernel)
{
        char config[200], text[300];
        char *argv[] = { "program", "-config", config, NULL };
        FILE *f;

        write_file("a.config", "");
        (void)snprintf(text, sizeof(text),
                       "[{kernel, [{logger_level, info}, {logger, [{handler, default, "
                       "undefined}, {handler, file, logger_std_h, #{config => #{file => "
                       "\"%s/b.config\"}}}, {handler, odd}]}]}].",
                       folder);
        write_file("a.config", text);
        (void)snprintf(config, sizeof(config), "%s/a", folder);
        boot_with((kr_boot_opts){ .argc = 3, .argv = argv });
        kit_int_eq(kr_logger_level(kr_here()), KR_LOG_INFO);
        kr_log(KR_LOG_INFO, "into_the_file");
        kit_true(kr_logger_sync(5000));
        (void)snprintf(config, sizeof(config), "%s/b.config", folder);
        f = fopen(config, "r");
        kit_not_null(f);
        memset(text, 0, sizeof(text));
        for (notes[0] = 0; fgets(text, sizeof(text), f);)
                (void)strcat(notes, text);
        (void)fclose(f);
        remove_files();
        kit_not_null(strstr(notes, "into_the_file"));
        kit_not_null(
                strstr(notes, "config: kernel: logger: not understood: {handler,odd}"));
}

/* -- no memory -- */

static _Atomic bool has_ended;
static _Atomic bool may_begin;

/* Boots, starts, asks, and stops: each may fail, and then says so. */
static void live(void)
{
        static const kr_application *const apps[] = { &told, NULL };
        const kr_boot_opts opts = { .applications = apps, .load_only = true };
        kr_msg slot = KR_MSG_INIT;
        kr_term spec;

        if (kr_logger_start(kr_here(), &(kr_logger_opts){ .no_default = true }) !=
                    KR_OK ||
            kr_boot(&opts, NULL) != KR_OK)
                return;
        spec = kr_build("{application, a, [{env, [{x, 1}]}, {mod, {told, ok}}]}");
        if (!kr_is_none(spec) && kr_application_load_spec(spec, NULL) == KR_OK &&
            kr_application_start("a", KR_TEMPORARY, NULL) == KR_OK) {
                (void)kr_application_which(&slot, 5000);
                kr_application_set_env("a", "x", NULL, "2");
                (void)kr_application_stop("a", NULL);
        }
        kr_msg_clear(&slot);
}

static void watch(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;

        while (!atomic_load(&may_begin))
                kr_sleep(1);
        kr_spawn_monitor(&ref, live);
        (void)kr_receive(&msg, KR_INFINITY, kr_on(0, "{'DOWN', =, _, _, _}", ref));
        kr_msg_clear(&msg);
        atomic_store(&has_ended, true);
}

/* The n-th allocation fails (of the heap, or of the node's own); whatever ends for it, nobody
 * waits for ever. */
static bool live_without(uint64_t n, bool of_heap)
{
        kr_node *node = kit_node_start(&(kr_node_opts){ .drive = KR_DRIVE_SIM });
        struct kri_pool *pool = &node->scheds[0].pool;
        bool refused;

        atomic_store(&has_ended, false);
        atomic_store(&may_begin, false);
        kit_false(kr_pid_is_none(kr_node_spawn(node, watch)));
        for (int i = 0; i < 10; i++)
                (void)kr_node_run(node);
        atomic_store(&may_begin, true);
        if (of_heap)
                kit_heap_refuse(n);
        else
                pool->fail_in = (uint32_t)n;
        while (!atomic_load(&has_ended) && kr_node_run(node))
                ;
        refused = of_heap ? kit_heap_has_refused() : pool->fail_in == 0;
        kit_heap_refuse(0);
        pool->fail_in = 0;
        /* the watcher may be the one that had no memory */
        if (!atomic_load(&has_ended) && n > 5)
                kit_fail("without allocation %d of %s somebody waits for ever", (int)n,
                         of_heap ? "the heap" : "the node");
        kit_node_stop(node);
        return refused;
}

KIT_TEST(test_without_memory_nobody_waits_for_ever)
{
        uint64_t n = 1;

        while (live_without(n, true))
                n++;
        kit_int_gt((int64_t)n, 10);
        for (n = 1; live_without(n, false);)
                n++;
        kit_int_gt((int64_t)n, 100);
}

/* -- whole programs -- */

/* Runs kr_main in a process of its own, and sends it a signal when it says that it is up. */
static int run_main(const kr_application *app, int number)
{
        int ends[2], status;
        char line[100];
        FILE *out;
        pid_t pid;

        kit_int_eq(pipe(ends), 0);
        pid = fork();
        if (pid == 0) {
                char *argv[] = { "program", "-kernel", "logger_level", "none", NULL };

                (void)dup2(ends[1], 1);
                (void)close(ends[0]);
                exit(kr_main(4, argv, app));
        }
        (void)close(ends[1]);
        out = fdopen(ends[0], "r");
        kit_not_null(out);
        kit_not_null(fgets(line, sizeof(line), out));
        kit_str_eq(line, "up\n");
        if (number != 0)
                kit_int_eq(kill(pid, number), 0);
        notes[0] = 0;
        while (fgets(line, sizeof(line), out))
                (void)strcat(notes, line);
        (void)fclose(out);
        kit_int_eq(waitpid(pid, &status, 0), pid);
        kit_true(WIFEXITED(status));
        return WEXITSTATUS(status);
}

static void waits(void)
{
        (void)kr_trap_exit(true);
        (void)kr_receive(&(kr_msg)KR_MSG_INIT, KR_INFINITY, kr_on(0, "_"));
}

static kr_started start_up(kr_app *app, kr_msg *more)
{
        (void)app;
        (void)more;
        kit_ok(kr_io_put("up\n"));
        return kr_started_ok(kr_spawn_link(waits));
}

static void stop_down(kr_app *app)
{
        (void)app;
        kit_ok(kr_io_put("down\n"));
}

static void ends_soon(void)
{
        kr_sleep(50);
        kr_exit("tired");
}

static kr_started start_and_end(kr_app *app, kr_msg *more)
{
        (void)app;
        (void)more;
        kit_ok(kr_io_put("up\n"));
        return kr_started_ok(kr_spawn_link(ends_soon));
}

static kr_started start_and_stop(kr_app *app, kr_msg *more)
{
        kr_started up = start_up(app, more);

        kr_init_stop(7);
        return up;
}

KR_APPLICATION(up_app, .start = start_up, .stop = stop_down);
KR_APPLICATION(ending_app, .start = start_and_end, .stop = stop_down);
KR_APPLICATION(stopping_app, .start = start_and_stop, .stop = stop_down);

/* covers: R258 R257 */
KIT_TEST(test_sigterm_stops_a_program_in_order)
{
        kit_int_eq(run_main(&up_app, SIGTERM), 0);
        kit_str_eq(notes, "down\n");
        kit_int_eq(run_main(&up_app, SIGINT), 0);
        kit_str_eq(notes, "down\n");
}

/* covers: N209 */
KIT_TEST(test_a_program_whose_application_ends_fails)
{
        kit_int_eq(run_main(&ending_app, 0), 1);
        kit_str_eq(notes, "down\n");
}

/* covers: R257 */
KIT_TEST(test_a_program_may_stop_itself)
{
        kit_int_eq(run_main(&stopping_app, 0), 7);
        kit_str_eq(notes, "down\n");
}

KIT_MAIN(KIT_CASE(test_a_permanent_application_that_fails_to_start_halts),
         KIT_CASE(test_a_transient_one_halts_unless_it_exits_with_normal),
         KIT_CASE(test_a_supervisor_that_cannot_start_is_why_an_application_does_not),
         KIT_CASE(test_a_permanent_application_that_ends_halts),
         KIT_CASE(test_a_transient_one_halts_unless_it_ends_with_normal),
         KIT_CASE(test_a_temporary_one_may_end_as_it_likes),
         KIT_CASE(test_a_master_of_a_permanent_one_that_is_killed_halts),
         KIT_CASE(test_a_controller_that_is_killed_halts),
         KIT_CASE(test_the_node_stops_its_applications_in_reverse),
         KIT_CASE(test_one_that_does_not_stop_has_so_much_time),
         KIT_CASE(test_a_function_is_called_before_all_stops),
         KIT_CASE(test_to_ask_for_the_supervisor_while_it_stops_harms_nobody),
         KIT_CASE(test_what_is_needed_must_be_started_and_run),
         KIT_CASE(test_those_that_start_it_at_once_get_one_answer),
         KIT_CASE(test_stop_has_its_order_and_leaves_nobody),
         KIT_CASE(test_ensure_started_is_content),
         KIT_CASE(test_all_that_is_needed_or_nothing),
         KIT_CASE(test_dependencies_in_a_circle_are_told),
         KIT_CASE(test_phases_go_through_included_applications),
         KIT_CASE(test_included_applications_are_loaded_and_unloaded_with_it),
         KIT_CASE(test_what_may_not_run_waits), KIT_CASE(test_values_of_the_environment),
         KIT_CASE(test_persistent_values_outlast_the_application),
         KIT_CASE(test_a_changed_configuration_is_told),
         KIT_CASE(test_a_process_belongs_by_its_group_leader),
         KIT_CASE(test_environment_from_files_and_the_command_line),
         KIT_CASE(test_a_changed_sys_config_may_name_other_files),
         KIT_CASE(test_illegal_parameters_fail_the_boot),
         KIT_CASE(test_a_misspelt_key_is_told_with_the_right_one),
         KIT_CASE(test_an_app_file_that_is_wrong_is_told_with_its_place),
         KIT_CASE(test_a_module_that_is_not_known_is_told),
         KIT_CASE(test_what_is_no_term_on_the_command_line_is_told),
         KIT_CASE(test_a_config_that_is_wrong_fails_the_boot),
         KIT_CASE(test_config_without_a_file_fails_the_boot),
         KIT_CASE(test_an_application_that_fails_fails_the_boot),
         KIT_CASE(test_a_spec_in_the_program_is_told_with_its_place),
         KIT_CASE(test_logging_is_configured_by_kernel),
         KIT_SLOW(test_without_memory_nobody_waits_for_ever, 60),
         KIT_CASE(test_sigterm_stops_a_program_in_order),
         KIT_CASE(test_a_program_whose_application_ends_fails),
         KIT_CASE(test_a_program_may_stop_itself))
