/* SPDX-License-Identifier: Apache-2.0 */
/* config_test.c: config files: how they are put together, and what is said when one is wrong: the
 * file, the line and column, what was expected, and what to do. */
#include <krarup.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "expect.h"
#include "heap.h"
#include "process.h"

#include "otp/application.h"

#define ERROR_BYTES 600

static char folder[64];

static void new_folder(void)
{
        (void)snprintf(folder, sizeof(folder), "/tmp/kr_config_XXXXXX");
        kit_not_null(mkdtemp(folder));
}

static const char *path_of(const char *name)
{
        static char path[4][300];
        static int at;

        at = (at + 1) % 4;
        (void)snprintf(path[at], sizeof(path[at]), "%s/%s", folder, name);
        return path[at];
}

static void write_file(const char *name, const char *text)
{
        FILE *f = fopen(path_of(name), "w");

        kit_not_null(f);
        kit_true(fputs(text, f) >= 0);
        kit_int_eq(fclose(f), 0);
}

static void remove_files(const char *const *names)
{
        for (; *names; names++)
                (void)remove(path_of(*names));
        (void)rmdir(folder);
}

/* What is said of this text. */
static void check_wrong(const char *text, const char *wanted)
{
        struct kri_words error = KRI_WORDS_INIT;
        kr_term read = kr_none();
        kr_err err = kri_config_text("a.config", text, strlen(text), &read, &error);

        kit_err(err, KR_EFAILED);
        kit_true(kr_is_none(read));
        kit_str_eq(kri_words_text(&error), wanted);
        kri_words_clear(&error);
}

#define SHAPE                                                                             \
        "; a config file is one list, [{Application, [{Key, Value}]}], with a full stop " \
        "at its end"

KIT_PROCESS_TEST(test_a_config_is_a_list)
{
        const char text[] = "%% the counter\n[{counter, [{env, 0}]}, {kernel, []}].\n";
        struct kri_words error = KRI_WORDS_INIT;
        kr_term read;

        kit_ok(kri_config_text("a.config", text, strlen(text), &read, &error));
        kit_match(read, "[[{counter, [{env, 0}]}, {kernel, []}]]");
        kr_release(read);
}

/* mistake: a config file with a syntax error -> a.config:2:1: expected ',', '|' or ']'; a config file is one list, ... */
KIT_PROCESS_TEST(test_syntax_has_a_place_and_a_shape)
{
        check_wrong("[{counter, [{env, 0}]}\n{kernel, []}].\n",
                    "a.config:2:1: expected ',', '|' or ']'" SHAPE);
        check_wrong("[{counter, [{env 0}]}].\n",
                    "a.config:1:18: expected ',' or '}'" SHAPE);
        check_wrong("[{counter, [{env, 0}]}]\n", "a.config:2:1: expected '.'" SHAPE);
        check_wrong("[{counter, [{env, Zero}]}].\n",
                    "a.config:1:19: expected a term" SHAPE);
}

/* mistake: a config file that is not one list -> a.config:1:1: configuration file must contain ONE list ended by <dot>; ... */
KIT_PROCESS_TEST(test_one_list_and_nothing_else)
{
        check_wrong("[]. [].",
                    "a.config:1:1: configuration file must contain ONE list ended "
                    "by <dot>" SHAPE);
        check_wrong("{counter, []}.",
                    "a.config:1:1: configuration file must contain ONE list "
                    "ended by <dot>" SHAPE);
        check_wrong("", "a.config:1:1: configuration file must contain ONE list ended by "
                        "<dot>" SHAPE);
}

/* mistake: an application in a config file that is no pair -> a.config:2:2: invalid application config: counter; write {Application, [{Key, Value}]} */
KIT_PROCESS_TEST(test_an_application_is_a_pair)
{
        check_wrong(
                "[{kernel, []},\n counter].",
                "a.config:2:2: invalid application config: counter; write {Application, "
                "[{Key, Value}]}");
        check_wrong("[{kernel, []},\n {counter, [], []}].",
                    "a.config:2:2: invalid application config: {counter,[],[]}; write "
                    "{Application, [{Key, Value}]}");
}

/* mistake: an application in a config file without a list of parameters, or whose name is no atom -> a.config:1:16: application: "counter"; application name must be an atom; begin it with a small letter, ... */
KIT_PROCESS_TEST(test_an_application_has_an_atom_and_a_list)
{
        check_wrong(
                "[{kernel, []}, {\"counter\", []}].",
                "a.config:1:16: application: \"counter\"; application name must be an "
                "atom; begin it with a small letter, or put it in '...'");
        check_wrong(
                "[{kernel, []},\n {counter, {env, 0}}].",
                "a.config:2:12: application: counter; parameters must be a list; write "
                "[{Key, Value}]");
}

/* mistake: an application that stands in a config file twice -> duplicate application config: ...; put all its parameters in one list */
KIT_PROCESS_TEST(test_an_application_stands_there_once)
{
        check_wrong("[{counter, []},\n {kernel, []},\n {counter, [{a, 1}]}].",
                    "a.config:1:2: duplicate application config: counter; put all its "
                    "parameters in one list");
}

/* mistake: a parameter in a config file that is no pair, has no atom, or stands there twice -> invalid parameter: ...; write {Key, Value} */
KIT_PROCESS_TEST(test_a_parameter_is_a_pair_with_an_atom)
{
        check_wrong(
                "[{counter, [{a, 1},\n            {b, 2, 3}]}].",
                "a.config:2:13: application: counter; invalid parameter: {b,2,3}; write "
                "{Key, Value}");
        check_wrong(
                "[{counter, [{a, 1}, {\"b\", 2}]}].",
                "a.config:1:21: application: counter; invalid parameter name: \"b\"; a "
                "key is an atom");
        check_wrong(
                "[{counter, [{a, 1}, {b, 2}, {a, 3}]}].",
                "a.config:1:13: application: counter; duplicate parameter: a; keep one "
                "of them");
}

/* mistake: kernel's distributed is misshapen -> erroneous parameter: distributed; write [{Application, [Node]}] or [{Application, TimeoutMs, [Node]}] */
KIT_PROCESS_TEST(test_the_distribution_has_its_shape)
{
        check_wrong(
                "[{kernel, [{distributed, [{counter, 5000, a@here}]}]}].",
                "a.config:1:12: application: kernel; erroneous parameter: distributed; "
                "write [{Application, [Node]}] or [{Application, TimeoutMs, [Node]}]");
}

/* Strings, comments, quoted atoms and characters do not lead astray. */
KIT_PROCESS_TEST(test_places_count_past_all_that_has_brackets_in_it)
{
        check_wrong(
                "[{a, [{'{[', \"]}\"},  % ]}\n      {c, $}}, {b, $\\]}, {d, <<\"]\">>},\n"
                "      {e, #{x => [1]}}, f]}].",
                "a.config:3:25: application: a; invalid parameter: f; write {Key, "
                "Value}");
}

/* mistake: a config file that is not there -> configuration file cannot be read: No such file or directory; -config takes a path, ... */
KIT_PROCESS_TEST(test_a_file_that_is_not_there_is_told)
{
        struct kri_words error = KRI_WORDS_INIT;
        kr_term read;

        kit_err(kri_config_file("/no/such/a", &read, &error), KR_EFAILED);
        kit_str_eq(
                kri_words_text(&error),
                "/no/such/a.config: configuration file cannot be read: No such file or "
                "directory; -config takes a path, with or without .config");
        kri_words_clear(&error);
}

/* covers: N213 */
KIT_PROCESS_TEST(test_sys_config_names_others)
{
        static const char *const names[] = { "sys.config", "more.config", NULL };
        struct kri_words error = KRI_WORDS_INIT;
        kr_term read;

        new_folder();
        write_file("more.config", "[{counter, [{env, 1}, {a, 1}]}].");
        write_file("sys.config", "[{kernel, []}, \"more\", {counter, [{env, 2}]}].");
        kit_ok(kri_config_file(path_of("sys"), &read, &error));
        kit_match(read, "[[{kernel, []}], [{counter, [{env, 1}, {a, 1}]}],"
                        " [{counter, [{env, 2}]}]]");
        remove_files(names);
}

/* mistake: a mistake in a file that sys.config names -> the place in that file */
KIT_PROCESS_TEST(test_what_is_wrong_in_another_file_is_told_of_that)
{
        static const char *const names[] = { "sys.config", "more.config", NULL };
        struct kri_words error = KRI_WORDS_INIT;
        char wanted[ERROR_BYTES];
        kr_term read;

        new_folder();
        write_file("more.config", "[{counter, [{env, 1}]},\n 7].");
        write_file("sys.config", "[\"more\"].");
        kit_err(kri_config_file(path_of("sys.config"), &read, &error), KR_EFAILED);
        (void)snprintf(wanted, sizeof(wanted),
                       "%s/more.config:2:2: invalid application config: 7; write "
                       "{Application, [{Key, Value}]}",
                       folder);
        kit_str_eq(kri_words_text(&error), wanted);
        remove_files(names);
}

KIT_PROCESS_TEST(test_the_command_line_has_flags_with_values)
{
        char *argv[] = { "program", "plain", "-config", "a",   "b",   "-counter",
                         "env",     "5",     "-flag",   "-pa", "lib", "ebin",
                         "--",      "-not",  "one",     NULL };
        kr_term flags = kri_config_flags(15, argv);
        int at = 0;

        kit_match(flags,
                  "[{<<\"config\">>, [<<\"a\">>, <<\"b\">>]},"
                  " {<<\"counter\">>, [<<\"env\">>, <<\"5\">>]},"
                  " {<<\"flag\">>, []}, {<<\"pa\">>, [<<\"lib\">>, <<\"ebin\">>]}]");
        kit_str_eq(kri_config_folder(15, argv, &at), "lib");
        kit_str_eq(kri_config_folder(15, argv, &at), "ebin");
        kit_null(kri_config_folder(15, argv, &at));
        kr_release(flags);
}

static void parse_both(const char *good, const char *wrong)
{
        struct kri_words error = KRI_WORDS_INIT;
        kr_term read;

        kit_ok(kri_config_text("a", good, strlen(good), &read, &error));
        kit_match(read, "[[{counter, [{env, 0}, {name, _}]}, {kernel, _}]]");
        kr_release(read);
        kit_err(kri_config_text("a", wrong, strlen(wrong), &read, &error), KR_EFAILED);
        kri_words_clear(&error);
}

/* On a thread that is no process, so that what is kept is counted. */
KIT_TEST(test_a_config_without_memory)
{
        const char good[] = "[{counter, [{env, 0}, {name, \"a name\"}]}, {kernel, []}].";
        const char wrong[] = "[{counter, [{env, 0}]}, {counter, []}].";

        parse_both(good, wrong); /* what is kept for ever is kept by now */
        KIT_EACH_ALLOC_FAILS (n) {
                struct kri_words error = KRI_WORDS_INIT;
                kr_term read;
                kr_err err = kri_config_text("a", good, strlen(good), &read, &error);

                if (!kit_heap_has_refused())
                        kit_ok(err);
                if (err == KR_OK)
                        kr_release(read);
                kri_words_clear(&error);
        }
        KIT_EACH_ALLOC_FAILS (n) {
                struct kri_words error = KRI_WORDS_INIT;
                kr_term read;

                kit_true(kri_config_text("a", wrong, strlen(wrong), &read, &error) !=
                         KR_OK);
                kri_words_clear(&error);
        }
}

KIT_MAIN(KIT_CASE(test_a_config_without_memory), KIT_CASE(test_a_config_is_a_list),
         KIT_CASE(test_syntax_has_a_place_and_a_shape),
         KIT_CASE(test_one_list_and_nothing_else),
         KIT_CASE(test_an_application_is_a_pair),
         KIT_CASE(test_an_application_has_an_atom_and_a_list),
         KIT_CASE(test_an_application_stands_there_once),
         KIT_CASE(test_a_parameter_is_a_pair_with_an_atom),
         KIT_CASE(test_the_distribution_has_its_shape),
         KIT_CASE(test_places_count_past_all_that_has_brackets_in_it),
         KIT_CASE(test_a_file_that_is_not_there_is_told),
         KIT_CASE(test_sys_config_names_others),
         KIT_CASE(test_what_is_wrong_in_another_file_is_told_of_that),
         KIT_CASE(test_the_command_line_has_flags_with_values))
