/* SPDX-License-Identifier: Apache-2.0 */
/* application_test.c: applications whose callback module is a shared object: {mod, {Module, Args}}
 * calls its exports by name. */
#include "kit_code.h"

#include "expect.h"

static void boot(void)
{
        kit_ok(kr_logger_start(kr_here(), &(kr_logger_opts){ .no_default = true }));
        kit_ok(kr_boot(&(kr_boot_opts){ .argc = 0 }, NULL));
        kr_register("test", kr_self());
}

/* The application `clock`, with these further keys. */
static void describe(const char *keys)
{
        char text[400];
        kr_text_error wrong;
        kr_term spec;

        (void)snprintf(text, sizeof(text),
                       "{application, clock, [{vsn, \"1\"}, {applications, []}, %s]}",
                       keys);
        kit_ok(kr_parse(text, strlen(text), NULL, &spec, &wrong));
        kit_ok(kr_application_load_spec(spec, NULL));
        kr_release(spec);
}

static void expect_start_error(const char *mod, const char *pattern)
{
        char key[200], text[600];
        kr_msg slot = KR_MSG_INIT;

        (void)snprintf(key, sizeof(key), "{mod, {%s}}", mod);
        describe(key);
        kit_err(kr_application_start("clock", KR_TEMPORARY, &slot), KR_EFAILED);
        (void)kr_format(text, sizeof(text), slot.term);
        if (strstr(text, pattern) == NULL)
                kit_fail("%s is not in %s", pattern, text);
        kit_ok(kr_application_unload("clock", &slot));
        kr_msg_clear(&slot);
}

/* What start says of the state, prep_stop gets, and stop gets what that gives. */
KIT_EVERYWHERE_TEST(test_callbacks_are_exports_of_a_loaded_module)
{
        kr_msg msg = KR_MSG_INIT;

        boot();
        load("exported_app");
        describe("{mod, {exported_app, {run, 1, mine}}}");
        kit_ok(kr_application_start("clock", KR_TEMPORARY, &msg));
        kit_expect(&msg, "{start, {run, 1, mine}}");
        kit_ok(kr_application_stop("clock", &msg));
        kit_expect(&msg, "{prep_stop, mine}");
        kit_expect(&msg, "{stop, {prepared, mine}}");
        kr_msg_clear(&msg);
}

KIT_EVERYWHERE_TEST(test_a_state_that_is_not_given_is_the_empty_list)
{
        kr_msg msg = KR_MSG_INIT;

        boot();
        load("exported_app");
        describe("{mod, {exported_app, {run, 1}}}, {start_phases, [{go, ok}]}");
        kit_ok(kr_application_start("clock", KR_TEMPORARY, &msg));
        kit_expect(&msg, "{start, {run, 1}}");
        kit_expect(&msg, "{start_phase, go}");
        kit_ok(kr_application_stop("clock", &msg));
        kit_expect(&msg, "{prep_stop, []}");
        kit_expect(&msg, "{stop, {prepared, []}}");
        kr_msg_clear(&msg);
}

/* Then stop gets the state as it was. */
KIT_EVERYWHERE_TEST(test_a_prep_stop_that_crashes_does_not_keep_stop_from_running)
{
        kr_msg msg = KR_MSG_INIT;

        boot();
        load("exported_app");
        describe("{mod, {exported_app, {run, 1, crash}}}");
        kit_ok(kr_application_start("clock", KR_TEMPORARY, &msg));
        kit_expect(&msg, "{start, _}");
        kit_ok(kr_application_stop("clock", &msg));
        kit_expect(&msg, "{stop, crash}");
        kr_msg_clear(&msg);
}

/* As OTP's application master has them. */
KIT_EVERYWHERE_TEST(test_what_an_exported_start_may_not_give)
{
        boot();
        expect_start_error("exported_app, 1",
                           "{'EXIT',{undef,[{exported_app,start,[normal,1],[]}");
        load("exported_app");
        expect_start_error("exported_app, {error, no}",
                           "{no,{exported_app,start,[normal,{error,no}]}}");
        expect_start_error(
                "exported_app, nonsense",
                "{bad_return,{{exported_app,start,[normal,nonsense]},nonsense}}");
        expect_start_error("exported_app, crash", "{'EXIT',{{start,normal},");
        load("counter_1"); /* has start/1 */
        expect_start_error("counter, 1", "{undef,[{counter,start,[normal,1],[]}");
}

KIT_EVERYWHERE_TEST(test_a_phase_that_fails)
{
        kr_msg slot = KR_MSG_INIT;

        boot();
        load("exported_app");
        describe("{mod, {exported_app, {run, 1}}}, {start_phases, [{go, {error, no}}]}");
        kit_err(kr_application_start("clock", KR_TEMPORARY, &slot), KR_EFAILED);
        kit_true(kr_match(slot.term, "{error, {no, {exported_app, start_phase,"
                                     " [go, normal, {error, no}]}}}"));
        kr_msg_clear(&slot);
}

KIT_EVERYWHERE_TEST(test_an_export_hears_of_another_configuration)
{
        kr_term config = kr_build("[{clock, [{rate, 2}]}]"), specs;
        kr_msg msg = KR_MSG_INIT;

        boot();
        load("exported_app");
        describe("{mod, {exported_app, {run, 1}}}, {env, [{rate, 1}]}");
        kit_ok(kr_application_start("clock", KR_TEMPORARY, &msg));
        kit_expect(&msg, "{start, _}");
        specs = kr_build("[{application, clock, [{vsn, \"2\"}, {applications, []},"
                         " {mod, {exported_app, {run, 1}}}, {env, [{rate, 1}]}]}]");
        kit_ok(kr_application_change(specs, config, &msg));
        kit_expect(&msg, "{config_change, [{rate, 2}]}");
        kr_release(specs);
        kr_release(config);
        kr_msg_clear(&msg);
}

KIT_MAIN(KIT_CASE(test_callbacks_are_exports_of_a_loaded_module),
         KIT_CASE(test_a_state_that_is_not_given_is_the_empty_list),
         KIT_CASE(test_a_prep_stop_that_crashes_does_not_keep_stop_from_running),
         KIT_CASE(test_what_an_exported_start_may_not_give),
         KIT_CASE(test_a_phase_that_fails),
         KIT_CASE(test_an_export_hears_of_another_configuration))
