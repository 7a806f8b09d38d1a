/* SPDX-License-Identifier: Apache-2.0 */
/* application_file_test.c: .app files, config files and the command line: what they give, and what
 * is said of those that are wrong. */
#include <stdlib.h>
#include <unistd.h>

#include "application_kit.h"

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
        kit_not_null(strstr(
                notes,
                "application a: its module a_app is not known to this "
                "node; give it to kr_main or kr_application_register, load a "
                "module of that name that exports start/2, or correct {mod, {Module, Args}}\n"));
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

static kr_started crashing_start(kr_app *app, kr_msg *more)
{
        (void)app;
        (void)more;
        kr_error("out_of_luck");
}

static void crashing_prep_stop(kr_app *app)
{
        (void)app;
        kr_error("out_of_luck_too");
}

KR_APPLICATION(crashing, .start = crashing_start);
KR_APPLICATION(crashing_late, .start = start, .prep_stop = crashing_prep_stop);

/* Who and why, on the first line. */
KIT_PROCESS_TEST(test_callbacks_that_crash_are_told)
{
        kr_msg slot = KR_MSG_INIT;

        boot();
        note_logs();
        kit_ok(kr_application_register(kr_here(), &crashing));
        kit_ok(kr_application_register(kr_here(), &crashing_late));
        load("{application, a, [{mod, {crashing, []}}]}");
        load("{application, b, [{mod, {crashing_late, []}}]}");
        kit_err(kr_application_start("a", KR_TEMPORARY, &slot), KR_EFAILED);
        kit_not_null(strstr(notes, "application a exited: crashing:start crashed: "
                                   "out_of_luck in crashing_start"));
        kit_ok(kr_application_start("b", KR_TEMPORARY, &slot));
        kit_ok(kr_application_stop("b", &slot));
        kit_not_null(strstr(notes,
                            "application module crashing_late: prep_stop crashed, the "
                            "application stops all the same: out_of_luck_too in "
                            "crashing_prep_stop"));
        kr_msg_clear(&slot);
}

KIT_MAIN(KIT_CASE(test_environment_from_files_and_the_command_line),
         KIT_CASE(test_a_changed_sys_config_may_name_other_files),
         KIT_CASE(test_a_misspelt_key_is_told_with_the_right_one),
         KIT_CASE(test_an_app_file_that_is_wrong_is_told_with_its_place),
         KIT_CASE(test_a_module_that_is_not_known_is_told),
         KIT_CASE(test_what_is_no_term_on_the_command_line_is_told),
         KIT_CASE(test_a_config_that_is_wrong_fails_the_boot),
         KIT_CASE(test_config_without_a_file_fails_the_boot),
         KIT_CASE(test_an_application_that_fails_fails_the_boot),
         KIT_CASE(test_illegal_parameters_fail_the_boot),
         KIT_CASE(test_a_spec_in_the_program_is_told_with_its_place),
         KIT_CASE(test_logging_is_configured_by_kernel),
         KIT_CASE(test_callbacks_that_crash_are_told))
