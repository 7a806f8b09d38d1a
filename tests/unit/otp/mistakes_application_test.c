/* SPDX-License-Identifier: Apache-2.0 */
/* mistakes_application_test.c: mistakes with applications that are told to whoever starts one.
 * What is wrong with .app and config files is in application_file_test.c and config_test.c.
 */
#include "mistakes.h"

static void waits(void)
{
        kr_sleep(KR_INFINITY);
}

static kr_started start(kr_app *app, kr_msg *more)
{
        kr_term reason;

        if (kr_match(app->args, "{fails, ~}", &reason))
                return kr_start_failed(more, "~", reason);
        if (kr_match(app->args, "waits"))
                return kr_started_ok(kr_spawn_link(waits));
        return kr_started_ok(kr_pid_none());
}

static kr_err start_phase(kr_app *app, kr_atom phase, kr_term args, kr_msg *more)
{
        (void)app;
        (void)phase;
        (void)args;
        (void)more;
        return KR_OK;
}

KR_APPLICATION(idle, .start = start);
KR_APPLICATION(phased, .start = start, .start_phase = start_phase);

static void boot(void)
{
        static const kr_application *const apps[] = { &idle, &phased, NULL };
        const kr_boot_opts opts = { .applications = apps, .load_only = true };

        kit_ok(kr_logger_start(kr_here(), &(kr_logger_opts){ .no_default = true }));
        kit_ok(kr_boot(&opts, NULL));
}

static void load(const char *spec)
{
        kr_term t;

        kit_ok(kr_parse(spec, strlen(spec), NULL, &t, NULL));
        kit_ok(kr_application_load_spec(t, NULL));
        kr_release(t);
}

/* `{error, Reason}` of the slot. */
static kr_term reason_in(const kr_msg *slot)
{
        kr_term reason = kr_none();

        kit_match(slot->term, "{error, ~}", &reason);
        return reason;
}

/* mistake: an application is started before one that it needs */
KIT_SIM_TEST(test_one_that_is_needed_does_not_run)
{
        kr_msg slot = KR_MSG_INIT;

        boot();
        load("{application, a, [{applications, [b]}]}");
        load("{application, b, []}");
        kit_err(kr_application_start("a", KR_TEMPORARY, &slot), KR_EFAILED);
        kit_remedy(reason_in(&slot), "use kr_application_ensure_all_started",
                   "{not_started, b}");
        kr_msg_clear(&slot);
}

/* mistake: applications that need each other */
KIT_SIM_TEST(test_applications_that_need_each_other)
{
        kr_msg slot = KR_MSG_INIT;

        boot();
        load("{application, a, [{applications, [b]}]}");
        load("{application, b, [{applications, [a]}]}");
        kit_err(kr_application_ensure_all_started("a", KR_TEMPORARY, &slot), KR_EFAILED);
        kit_remedy(reason_in(&slot), "take one out of the other's list",
                   "{_, circular_dependency}");
        kr_msg_clear(&slot);
}

/* mistake: an application that is loaded is loaded again */
KIT_SIM_TEST(test_one_that_is_loaded)
{
        kr_msg slot = KR_MSG_INIT;
        kr_term spec;

        boot();
        load("{application, a, []}");
        spec = kr_build("{application, a, []}");
        kit_err(kr_application_load_spec(spec, &slot), KR_EALREADY);
        kit_remedy(reason_in(&slot), "unload it if it has to be loaded anew",
                   "{already_loaded, {application, a, []}}");
        kr_release(spec);
        kr_msg_clear(&slot);
}

/* mistake: an application that is not loaded is unloaded */
KIT_SIM_TEST(test_one_that_is_not_loaded)
{
        kr_msg slot = KR_MSG_INIT;

        boot();
        kit_err(kr_application_unload("a", &slot), KR_EFAILED);
        kit_remedy(reason_in(&slot), "load the application", "{not_loaded, a}");
        kr_msg_clear(&slot);
}

/* mistake: an application that runs is unloaded */
KIT_SIM_TEST(test_one_that_runs_is_unloaded)
{
        kr_msg slot = KR_MSG_INIT;

        boot();
        load("{application, a, []}");
        kit_ok(kr_application_start("a", KR_TEMPORARY, NULL));
        kit_err(kr_application_unload("a", &slot), KR_EFAILED);
        kit_remedy(reason_in(&slot), "stop the application before", "{running, a}");
        kr_msg_clear(&slot);
}

/* mistake: start phases of which an included application knows nothing */
KIT_SIM_TEST(test_phases_that_are_not_known)
{
        kr_msg slot = KR_MSG_INIT;

        boot();
        load("{application, b, [{mod, {phased, []}}]}");
        load("{application, a, [{mod, {application_starter, [phased, waits]}},"
             " {included_applications, [b]}, {start_phases, [{one, 1}]}]}");
        kit_err(kr_application_start("a", KR_TEMPORARY, &slot), KR_EFAILED);
        kit_remedy(reason_in(&slot), "an included application has start_phases",
                   "{start_phases_undefined, b}");
        kr_msg_clear(&slot);
}

/* mistake: start phases of which the application's module knows nothing */
KIT_SIM_TEST(test_phases_without_a_callback)
{
        kr_msg slot = KR_MSG_INIT;

        boot();
        load("{application, a, [{mod, {idle, waits}}, {start_phases, [{one, 1}]}]}");
        kit_err(kr_application_start("a", KR_TEMPORARY, &slot), KR_EFAILED);
        kit_remedy(reason_in(&slot), "give the application's module a .start_phase",
                   "{bad_return_value, {{idle, start_phase, [one, normal, 1]}, _}}");
        kr_msg_clear(&slot);
}

static kr_started no_luck(kr_app *app, kr_msg *more)
{
        (void)app;
        (void)more;
        kr_error("{invalid_intensity, -1}"); /* whatever it is */
}
KR_APPLICATION(luckless, .start = no_luck);

/* mistake: a start that crashes: what to do is said of what it crashed with */
KIT_SIM_TEST(test_a_start_that_crashes)
{
        kr_msg slot = KR_MSG_INIT;

        boot();
        kit_ok(kr_application_register(kr_here(), &luckless));
        load("{application, a, [{mod, {luckless, []}}]}");
        kit_err(kr_application_start("a", KR_TEMPORARY, &slot), KR_EFAILED);
        kit_remedy(reason_in(&slot), "intensity is 0 or more",
                   "{bad_return, {{luckless, start, _}, {'EXIT', _}}}");
        kr_msg_clear(&slot);
}

/* mistake: a module in {mod, ...} that is not known */
KIT_SIM_TEST(test_a_module_that_is_not_known)
{
        kr_msg slot = KR_MSG_INIT;

        boot();
        load("{application, a, [{mod, {a_app, []}}]}");
        kit_err(kr_application_start("a", KR_TEMPORARY, &slot), KR_EFAILED);
        kit_remedy(reason_in(&slot), "give it to kr_main or kr_application_register",
                   "{bad_return, {{a_app, start, _}, {'EXIT', {undef, _}}}}");
        kr_msg_clear(&slot);
}

/* mistake: start returns no process */
KIT_SIM_TEST(test_a_start_without_a_process)
{
        kr_msg slot = KR_MSG_INIT;

        boot();
        load("{application, a, [{mod, {idle, []}}]}");
        kit_err(kr_application_start("a", KR_TEMPORARY, &slot), KR_EFAILED);
        kit_remedy(reason_in(&slot), "start gives what starting the top supervisor gave",
                   "{bad_return, {{idle, start, _}, _}}");
        kr_msg_clear(&slot);
}

/* mistake: an application whose start fails for a reason that is known */
KIT_SIM_TEST(test_a_start_that_fails)
{
        kr_msg slot = KR_MSG_INIT;

        boot();
        load("{application, a, [{mod, {idle, {fails, {already_started, anna}}}}]}");
        kit_err(kr_application_start("a", KR_TEMPORARY, &slot), KR_EFAILED);
        kit_remedy(reason_in(&slot), "the name is taken by that process",
                   "{{already_started, _}, {idle, start, _}}");
        kr_msg_clear(&slot);
}

/* mistake: the configuration of an application without a module changes */
KIT_SIM_TEST(test_a_change_that_nobody_is_told_of)
{
        kr_msg slot = KR_MSG_INIT;
        kr_term specs, config;

        boot();
        load("{application, a, [{env, [{x, 1}]}]}");
        kit_ok(kr_application_start("a", KR_TEMPORARY, NULL));
        specs = kr_build("[{application, a, [{env, [{x, 2}]}]}]");
        config = kr_build("[]");
        kit_err(kr_application_change(specs, config, &slot), KR_EFAILED);
        kit_remedy(kr_hd(reason_in(&slot)), "its module is told of changes",
                   "{module_not_defined, a}");
        kr_release(specs);
        kr_release(config);
        kr_msg_clear(&slot);
}

/* mistake: a value on the command line that is no term */
KIT_SIM_TEST(test_a_value_that_is_no_term)
{
        static const kr_application *const apps[] = { &idle, NULL };
        char *argv[] = { "program", "-a", "key", "[1,", NULL };
        const kr_boot_opts opts = {
                .argc = 4, .argv = argv, .applications = apps, .load_only = true
        };
        kr_msg slot = KR_MSG_INIT;
        kr_term spec = kr_build("{application, a, []}");

        kit_ok(kr_logger_start(kr_here(), &(kr_logger_opts){ .no_default = true }));
        kit_ok(kr_boot(&opts, NULL));
        kit_err(kr_application_load_spec(spec, &slot), KR_EFAILED);
        kit_remedy(reason_in(&slot), "a value on the command line is an Erlang term",
                   "{bad_environment_value, _}");
        kr_release(spec);
        kr_msg_clear(&slot);
}

KIT_MAIN(KIT_CASE(test_one_that_is_needed_does_not_run),
         KIT_CASE(test_applications_that_need_each_other),
         KIT_CASE(test_one_that_is_loaded), KIT_CASE(test_one_that_is_not_loaded),
         KIT_CASE(test_one_that_runs_is_unloaded),
         KIT_CASE(test_phases_that_are_not_known),
         KIT_CASE(test_phases_without_a_callback),
         KIT_CASE(test_a_module_that_is_not_known), KIT_CASE(test_a_start_that_crashes),
         KIT_CASE(test_a_start_without_a_process), KIT_CASE(test_a_start_that_fails),
         KIT_CASE(test_a_change_that_nobody_is_told_of),
         KIT_CASE(test_a_value_that_is_no_term))
