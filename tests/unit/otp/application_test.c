/* SPDX-License-Identifier: Apache-2.0 */
/* application_test.c: what the end of an application means for the node, and in which order they
 * start and stop. What starting and stopping gives back is compared with Erlang's in
 * tests/erlang/scenarios_application.c. */
#include "application_kit.h"

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
         KIT_CASE(test_a_process_belongs_by_its_group_leader))
