/* SPDX-License-Identifier: Apache-2.0 */
/* appup files, and whole applications. */
#include "upgrade_kit.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static const char *in_folder(const char *name)
{
        static char path[200];

        (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
        return path;
}

static void make_folder(void)
{
        (void)snprintf(folder, sizeof(folder), "/tmp/krarup_appup_XXXXXX");
        kit_not_null(mkdtemp(folder));
}

static void write_file(const char *name, const char *text)
{
        FILE *f = fopen(in_folder(name), "w");

        kit_not_null(f);
        kit_true(fputs(text, f) >= 0);
        (void)fclose(f);
}

static void remove_folder(void)
{
        static const char *const names[] = { "clock.app", "clock.appup", "ticker.so" };

        for (size_t i = 0; i < 3; i++)
                (void)unlink(in_folder(names[i]));
        kit_int_eq(rmdir(folder), 0);
}

/* -- the file -- */

static void expect_script(const char *from, const char *to, const char *want)
{
        kr_buf error = KR_BUF_INIT, text = KR_BUF_INIT;
        kr_term script = kr_appup_script(in_folder("clock.appup"), from, to, &error);

        if (kr_is_none(script))
                kit_fail("%s", error.data);
        kit_ok(kr_print_to(&text, script, NULL));
        kit_str_eq(text.data, want);
        kr_buf_free(&text);
        kr_buf_free(&error);
        kr_release(script);
}

static void expect_error(const char *text, const char *want)
{
        kr_buf error = KR_BUF_INIT;

        write_file("clock.appup", text);
        kit_true(kr_is_none(kr_appup_script(in_folder("clock.appup"), "1", "2", &error)));
        if (strstr(error.data, want) == NULL)
                kit_fail("\"%s\" does not say \"%s\"", error.data, want);
        kr_buf_free(&error);
}

UPGRADE_TEST(test_instructions_come_in_the_order_of_what_they_depend_on)
{
        make_folder();
        write_file("clock.appup", "{\"2\",\n"
                                  " [{\"1\", [{update, a, {advanced, x}, [c]},\n"
                                  "           {delete_module, d},\n"
                                  "           {load_module, b},\n"
                                  "           {update, c}]}],\n"
                                  " [{\"1\", [{update, a, soft}]}]}.\n");
        expect_script("1", "2",
                      "[{update,c},{update,a,{advanced,x},[c]},{load_module,b},"
                      "{delete_module,d}]");
        expect_script("2", "1", "[{update,a,soft}]");
        remove_folder();
}

/* covers: release_handler_SUITE:otp_10463_upgrade_script_regexp */
UPGRADE_TEST(test_a_version_may_be_a_pattern)
{
        make_folder();
        write_file("clock.appup", "{\"2\", [{<<\"1\\\\.[0-9]+\">>, [{load_module, b}]},\n"
                                  "         {<<\".*\">>, []}], []}.");
        expect_script("1.17", "2", "[{load_module,b}]");
        expect_script("1.17.1", "2", "[]");
        remove_folder();
}

/* covers: release_handler_SUITE:install_release_syntax_check */
UPGRADE_TEST(test_what_is_wrong_with_a_file_is_said)
{
        make_folder();
        expect_error("{\"2\", [{\"1\", [}],\n []}.", "clock.appup:1:");
        expect_error("{\"2\",\n [,], []}.", "clock.appup:2:3");
        expect_error("{2, [], []}.", "wants {\"Version\"");
        expect_error("{\"2\", [], []}.", "says nothing of the way from 1 to 2");
        expect_error("{\"2\", [{\"1\", [{update, a}, {fly, a}]}], []}.",
                     "instruction 2 is none: {fly,a}");
        (void)unlink(in_folder("clock.appup"));
        kit_true(kr_is_none(kr_appup_script(in_folder("clock.appup"), "1", "2", NULL)));
        remove_folder();
}

/* -- applications -- */

static kr_pid begin(void)
{
        kr_msg slot = KR_MSG_INIT;
        kr_term spec = kr_build("{application, clock, [{vsn, \"1\"}, {modules, [ticker]},"
                                " {env, [{pace, 1}]}, {applications, []}]}");

        make_folder();
        kit_ok(kr_boot(&(kr_boot_opts){ .argc = 0 }, NULL));
        kit_ok(kr_application_load_spec(spec, &slot));
        kr_msg_clear(&slot);
        kr_release(spec);
        load(1);
        return start("ticker", "5");
}

static void put_version(const char *vsn, int version, const char *modules)
{
        char text[400];

        (void)snprintf(text, sizeof(text),
                       "{application, clock, [{vsn, \"%s\"}, {modules, %s},"
                       " {env, [{pace, 2}]}, {applications, []}]}.",
                       vsn, modules);
        write_file("clock.app", text);
        (void)unlink(in_folder("ticker.so"));
        kit_int_eq(symlink(file_of(version), in_folder("ticker.so")), 0);
}

static void expect_application(const char *vsn, int64_t pace)
{
        kr_term value = kr_application_get_key("clock", "vsn");
        char text[64];
        int64_t n = 0;

        kit_true(kr_get_string(value, text, sizeof(text), NULL));
        kit_str_eq(text, vsn);
        kr_release(value);
        kit_true(kr_application_env_match("clock", "pace", "~", &n));
        kit_int_eq(n, pace);
}

/* covers: release_handler_SUITE:eval_appup release_handler_SUITE:upgrade
 * release_handler_SUITE:otp_5761 */
UPGRADE_TEST(test_an_application_goes_to_another_version_and_back)
{
        kr_application_report report;
        kr_pid pid = begin();

        put_version("2", 13, "[ticker]");
        write_file("clock.appup",
                   "{\"2\", [{\"1\", [{update, ticker, {advanced, {more, 100}}},\n"
                   "                 {apply, {ticker, healthy, []}}]}],\n"
                   "        [{\"1\", [{update, ticker, {advanced, []}}]}]}.");
        kit_ok(kr_upgrade_application("clock", folder, NULL, &report));
        kit_str_eq(report.from, "1");
        kit_str_eq(report.to, "2");
        kit_uint_eq(report.done, 2);
        kit_uint_eq(report.processes, 1);
        kit_int_eq(call_int(pid, "version"), 13);
        kit_int_eq(call_int(pid, "read"), 105);
        expect_application("2", 2);
        put_version("1", 11, "[ticker]");
        kit_ok(kr_upgrade_application("clock", folder,
                                      &(kr_upgrade_opts){ .may_lose = true }, &report));
        kit_int_eq(call_int(pid, "version"), 11);
        expect_application("1", 2);
        remove_folder();
}

/* covers: release_handler_SUITE:otp_9402 */
UPGRADE_TEST(test_without_a_file_what_is_to_be_done_is_found_out)
{
        kr_application_report report;
        kr_pid pid = begin();

        put_version("2", 2, "[ticker]");
        kit_ok(kr_upgrade_application("clock", folder, NULL, &report));
        kit_uint_eq(report.steps, 1);
        kit_int_eq(call_int(pid, "version"), 2);
        put_version("3", 2, "[ticker]");
        kit_ok(kr_upgrade_application("clock", folder, NULL, &report));
        kit_uint_eq(report.steps, 0);
        expect_application("3", 2);
        remove_folder();
}

UPGRADE_TEST(test_a_step_that_fails_takes_back_those_before)
{
        kr_application_report report;
        kr_pid pid = begin();

        put_version("2", 2, "[ticker]");
        write_file("clock.appup",
                   "{\"2\", [{\"1\", [{update, ticker},\n"
                   "                 {apply, {ticker, no_such, []}}]}], []}.");
        kit_err(kr_upgrade_application("clock", folder, NULL, &report), KR_EFAILED);
        kit_int_eq(report.outcome, KR_UPGRADE_ROLLED_BACK);
        kit_not_null(strstr(report.reason, "undef"));
        kit_int_eq(call_int(pid, "version"), 1);
        kit_int_eq(call_int(pid, "read"), 5);
        expect_application("1", 1);
        remove_folder();
}

/* covers: release_handler_SUITE:otp_9417 */
UPGRADE_TEST(test_a_module_that_is_not_loaded_may_be_deleted)
{
        kr_application_report report;

        (void)begin();
        put_version("2", 2, "[]");
        write_file("clock.appup", "{\"2\", [{\"1\", [{delete_module, nobody}]}], []}.");
        kit_ok(kr_upgrade_application("clock", folder, NULL, &report));
        kit_uint_eq(report.done, 1);
        remove_folder();
}

static void load_and_start(const char *text)
{
        kr_msg slot = KR_MSG_INIT;
        kr_term spec = kr_none();

        kit_ok(kr_parse(text, strlen(text), NULL, &spec, NULL));
        kit_ok(kr_application_load_spec(spec, &slot));
        kr_release(spec);
        kr_msg_clear(&slot);
}

static bool runs(const char *app)
{
        kr_msg slot = KR_MSG_INIT;
        kr_term l = kr_application_which(&slot, KR_INFINITY);
        bool found = false;

        for (; kr_is_cons(l); l = kr_tl(l))
                found |= kr_match(kr_hd(l), "{=, _, _}", kri_atom_of(app));
        kr_msg_clear(&slot);
        return found;
}

/* covers: release_handler_SUITE:otp_2760 release_handler_SUITE:eval_appup_with_restart */
UPGRADE_TEST(test_applications_are_started_anew_added_and_removed)
{
        kr_application_report report;

        (void)begin();
        load_and_start("{application, added, [{vsn, \"1\"}, {applications, []}]}");
        load_and_start("{application, removed, [{vsn, \"1\"}, {applications, []}]}");
        kit_ok(kr_application_start("clock", KR_TEMPORARY, NULL));
        kit_ok(kr_application_start("removed", KR_TEMPORARY, NULL));
        put_version("2", 2, "[ticker]");
        write_file("clock.appup",
                   "{\"2\", [{\"1\", [{update, ticker},\n"
                   "                 {add_application, added},\n"
                   "                 {remove_application, removed},\n"
                   "                 {restart_application, clock}]}], []}.");
        if (kr_upgrade_application("clock", folder, NULL, &report) != KR_OK)
                kit_fail("%s", report.reason);
        kit_true(runs("clock"));
        kit_true(runs("added"));
        kit_false(runs("removed"));
        kit_true(kr_is_none(kr_application_get_key("removed", "vsn")));
        remove_folder();
}

UPGRADE_TEST(test_what_is_not_there_is_refused)
{
        kr_application_report report;

        kit_ok(kr_boot(&(kr_boot_opts){ .argc = 0 }, NULL));
        kit_err(kr_upgrade_application("clock", "/", NULL, &report), KR_ENOPROC);
        kit_err(kr_upgrade_application("clock", NULL, NULL, NULL), KR_EBADARG);
        kit_err(kr_upgrade_application("kernel", "/tmp", NULL, &report), KR_EFAILED);
        kit_not_null(strstr(report.reason, "kernel.app"));
}

KIT_MAIN(KIT_CASE(test_instructions_come_in_the_order_of_what_they_depend_on),
         KIT_CASE(test_a_version_may_be_a_pattern),
         KIT_CASE(test_what_is_wrong_with_a_file_is_said),
         KIT_CASE(test_an_application_goes_to_another_version_and_back),
         KIT_CASE(test_without_a_file_what_is_to_be_done_is_found_out),
         KIT_CASE(test_a_step_that_fails_takes_back_those_before),
         KIT_CASE(test_a_module_that_is_not_loaded_may_be_deleted),
         KIT_CASE(test_applications_are_started_anew_added_and_removed),
         KIT_CASE(test_what_is_not_there_is_refused))
