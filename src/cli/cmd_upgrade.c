/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_upgrade.c: krarup upgrade and rollback: another version of a module, in a node that runs. */
#include "client.h"
#include "command.h"
#include "plat_socket.h"
#include "project.h"
#include "say.h"

#include <krarup/pattern.h>
#include <krarup/text.h>

#include <stdio.h>
#include <string.h>

#define EXPRESSION_BYTES 16384

static bool at_once, may_lose, no_trial, kill_old, no_build;
static const char *name, *extra, *trial, *to;

/* All modules of a project: those that are what they were are passed over. */
static bool whole, changed;

#define COMMON                                                                                \
        { "name", 'n', "NAME", "of the node [the project's]", NULL, &name },                  \
                { "at-once", 0,   NULL, "nobody serves while the others change",              \
                  &at_once,  NULL },                                                          \
                { "no-trial", 0, NULL, "no trial on a copy of a state", &no_trial, NULL },    \
                { "kill-old", 0, NULL, "end who holds the version before", &kill_old, NULL }, \
                { "trial-time", 0, "MS", "watch the new version so long", NULL, &trial },     \
        {                                                                                     \
                "extra", 0, "TERM", "for code_change", NULL, &extra                           \
        }

static const struct kri_option upgrade_options[] = {
        COMMON,
        { "may-lose", 0, NULL, "fields that the new version does not know go", &may_lose,
          NULL },
        { "no-build", 0, NULL, "take what is built", &no_build, NULL },
        { "to", 0, "DIR", "the whole application, as it lies there", NULL, &to },
        { NULL, 0, NULL, NULL, NULL, NULL },
};

static const struct kri_option rollback_options[] = {
        COMMON,
        { NULL, 0, NULL, NULL, NULL, NULL },
};

/* upgrade:FUNCTION(ARGUMENTS, Options). False: longer than anybody means. */
static bool write_expression(char *buf, size_t size, const char *function,
                             const char *arguments)
{
        int len = snprintf(buf, size,
                           "upgrade:%s(%s, #{mode => %s, may_lose => %s, no_trial => %s, "
                           "kill_old => %s, trial_time => %s, extra => %s}).",
                           function, arguments, at_once ? "at_once" : "rolling",
                           may_lose ? "true" : "false", no_trial ? "true" : "false",
                           kill_old ? "true" : "false", trial != NULL ? trial : "0",
                           extra != NULL ? extra : "[]");

        if (len > 0 && (size_t)len < size)
                return true;
        kri_complain("--extra is too long");
        return false;
}

/* What the answer {error, What} means; NULL: it says more itself. */
static const char *meaning_of(kr_term what)
{
        static const struct {
                const char *what, *meaning;
        } all[] = {
                { "nofile", "it is in no folder of the node's code path" },
                { "noproc", "no module of that name is loaded" },
                { "bad_state", "there is no version before" },
                { "already", "another upgrade is under way" },
        };
        kr_atom atom;

        for (size_t i = 0; kr_get_atom(what, &atom) && i < sizeof(all) / sizeof(all[0]);
             i++) {
                if (strcmp(kr_atom_text(atom, NULL), all[i].what) == 0)
                        return all[i].meaning;
        }
        return NULL;
}

/* The reason of a report, as text, is a term: that of a load is {Reason, Text} (code.h). */
static void complain_of_reason(const char *module, const char *what, const char *reason)
{
        kr_term term = kr_none();
        kr_bytes text;
        kr_atom why;

        if (kr_parse(reason, strlen(reason), &(kr_parse_opts){ .pids = true }, &term,
                     NULL) == KR_OK &&
            kr_match(term, "{~, ~}", &why, &text))
                kri_complain("%s %s: %.*s (%s)", module, what, (int)text.len,
                             (const char *)text.data, kr_atom_text(why, NULL));
        else
                kri_complain("%s %s: %s", module, what, reason);
        kr_release(term);
}

/* The report is a map whose values are what kr_upgrade_report_term says. */
static int show(const char *module, kr_term answer)
{
        const char *reason = "", *meaning;
        kr_term report, why = kr_none();
        int64_t processes = 0, pause_ns = 0;
        kr_bytes from = { "?", 1 }, version = { "?", 1 };
        char text[1200];
        kr_atom what;

        if (kr_match(answer, "{ok, ~}", &report)) {
                changed = true;
                (void)kr_match(report, "#{from => ~, to => ~}", &from, &version);
                (void)kr_match(report, "#{processes => ~, longest_pause_ns => ~}",
                               &processes, &pause_ns);
                kri_say_in(KRI_GREEN, "%s", module);
                kri_say(" is version %.*s now (was %.*s): %lld processes went on; longest pause "
                        "%.0f us\n",
                        (int)version.len, (const char *)version.data, (int)from.len,
                        (const char *)from.data, (long long)processes,
                        (double)pause_ns / 1e3);
                return KRI_DONE;
        }
        if (kr_match(answer, "{error, {~, ~}}", &what, &report) &&
            kr_match(report, "#{reason => ~}", &reason)) {
                if (whole && strncmp(reason, "{same_build,", 12) == 0)
                        return KRI_DONE;
                complain_of_reason(module,
                                   kr_atom_eq(what, KR_ATOM("refused")) ? "stays as it is"
                                                                        : "went back",
                                   reason);
                return KRI_FAILED;
        }
        (void)kr_match(answer, "{error, ~}", &why);
        meaning = meaning_of(why);
        if (meaning == NULL)
                (void)kr_format(text, sizeof(text), kr_is_none(why) ? answer : why);
        kri_complain("%s stays as it is: %s", module, meaning != NULL ? meaning : text);
        return KRI_FAILED;
}

/* Evaluate in the node, and show what the answer says. */
static int ask(const char *module, const char *expression)
{
        kr_buf value = KR_BUF_INIT;
        kr_term answer;
        int fd = kri_place_connect(name, NULL), status;

        if (fd < 0)
                return KRI_FAILED;
        kri_busy_begin("upgrading");
        status = kri_client_eval(fd, expression, false, &value);
        kri_busy_end();
        kri_socket_close(fd);
        if (status == KRI_DONE) {
                if (kr_parse(value.data, value.len, &(kr_parse_opts){ .pids = true },
                             &answer, NULL) == KR_OK) {
                        status = show(module, answer);
                        kr_release(answer);
                } else {
                        kri_say("%.*s\n", (int)value.len, value.data);
                }
        }
        kr_buf_free(&value);
        return status;
}

static bool is_module(const char *text)
{
        return text[0] >= 'a' && text[0] <= 'z' &&
               strspn(text,
                      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@") ==
                       strlen(text);
}

/* They go into an expression. */
static bool check_options(void)
{
        kr_text_error wrong;
        kr_term term;
        int64_t ms;

        if (trial != NULL && !kri_option_number("trial-time", trial, 0, &ms))
                return false;
        if (extra == NULL)
                return true;
        if (kr_parse(extra, strlen(extra), &(kr_parse_opts){ .pids = true }, &term,
                     &wrong) == KR_OK) {
                kr_release(term);
                return true;
        }
        kri_complain("--extra wants a term; %s: %s", extra, wrong.message);
        return false;
}

static bool check_module(const char *module)
{
        if (is_module(module))
                return true;
        kri_complain("%s is no name of a module", module);
        return false;
}

/* A path goes into the expression as a string; the node stands elsewhere. */
static bool quote(const char *path, char *buf, size_t size)
{
        char real[KRI_PATH_MAX];
        int len;

        if (!kri_file_is(path) || !kri_path_real(path, real, sizeof(real)) ||
            strpbrk(real, "\"\\\n") != NULL) {
                kri_complain("%s is no file to load", path);
                return false;
        }
        len = snprintf(buf, size, "\"%s\"", real);
        return len > 0 && (size_t)len < size;
}

static int upgrade_one(const char *module, const char *file)
{
        char arguments[KRI_PATH_MAX + 300], expression[EXPRESSION_BYTES];

        int len = snprintf(arguments, sizeof(arguments), "%s, %s", module, file);

        return len > 0 && (size_t)len < sizeof(arguments) &&
                               write_expression(expression, sizeof(expression), "run",
                                                arguments)
                       ? ask(module, expression)
                       : KRI_USAGE;
}

/* The node's application, to what lies in a folder: NAME.app, NAME.appup, modules. */
static int upgrade_application(void)
{
        char real[KRI_PATH_MAX], arguments[2 * KRI_PATH_MAX],
                expression[EXPRESSION_BYTES];
        struct kri_project there;

        if (!kri_path_real(to, real, sizeof(real)) || strpbrk(real, "\"\\\n") != NULL ||
            !kri_project_find(real, &there) || !is_module(there.name)) {
                kri_complain("there is no NAME.app in %s", to);
                return KRI_FAILED;
        }
        (void)snprintf(arguments, sizeof(arguments), "%s, \"%s\"", there.name, real);
        return write_expression(expression, sizeof(expression), "application", arguments)
                       ? ask(there.name, expression)
                       : KRI_USAGE;
}

static int upgrade_all(const struct kri_project *project)
{
        int status = KRI_DONE;

        whole = true;
        for (size_t i = 0; i < project->module_count && status == KRI_DONE; i++)
                status = upgrade_one(project->modules[i], "path");
        if (status == KRI_DONE && !changed)
                kri_say("nothing has changed: what is built is what runs\n");
        return status;
}

static int run_upgrade(const struct kri_args *args)
{
        struct kri_project project;
        char file[KRI_PATH_MAX + 2];

        if (!check_options())
                return KRI_USAGE;
        if (to != NULL && args->count > 0) {
                kri_complain("upgrade: either a module, or an application with --to");
                return KRI_USAGE;
        }
        if (to != NULL)
                return upgrade_application();
        if (args->count > 0 && !check_module(args->words[0]))
                return KRI_USAGE;
        if (args->count == 2)
                return quote(args->words[1], file, sizeof(file))
                               ? upgrade_one(args->words[0], file)
                               : KRI_FAILED;
        if (kri_project_find(NULL, &project)) {
                if (!no_build && !kri_project_build(&project))
                        return KRI_FAILED;
        } else if (args->count == 0) {
                return kri_project_need(NULL, &project) ? KRI_DONE : KRI_FAILED;
        }
        if (args->count == 1)
                return upgrade_one(args->words[0], "path");
        return upgrade_all(&project);
}

static int run_rollback(const struct kri_args *args)
{
        char expression[EXPRESSION_BYTES];
        struct kri_project project;
        const char *module;

        if (!check_options())
                return KRI_USAGE;
        if (args->count == 0 && !kri_project_need(NULL, &project))
                return KRI_FAILED;
        if (args->count == 0 && project.module_count != 1) {
                kri_complain("rollback: one module at a time, the last one first: "
                             "krarup rollback %s",
                             project.module_count != 0
                                     ? project.modules[project.module_count - 1]
                                     : "MODULE");
                return KRI_USAGE;
        }
        module = args->count > 0 ? args->words[0] : project.modules[0];
        if (!check_module(module) ||
            !write_expression(expression, sizeof(expression), "rollback", module))
                return KRI_USAGE;
        return ask(module, expression);
}

const struct kri_command kri_command_upgrade = {
        .name = "upgrade",
        .arguments = "[MODULE [FILE]]",
        .summary = "bring another version of a module into a node; states are kept",
        .help = "Without FILE builds the project and takes what the node's code path has then;\n"
                "without MODULE all modules of the project that have changed. Process after\n"
                "process stands still, converts its state and goes on. If one cannot, all go\n"
                "back; what was acknowledged stays.\n"
                "\n"
                "Examples:\n"
                "\n"
                "    krarup upgrade\n"
                "    krarup upgrade counter build/counter.so --trial-time 5000\n"
                "    krarup upgrade --to /srv/counter-0.2.0      by its .appup, or without\n"
                "    krarup upgrade counter --at-once --extra '{limit, 10}'\n",
        .options = upgrade_options,
        .args_max = 2,
        .run = run_upgrade,
};

const struct kri_command kri_command_rollback = {
        .name = "rollback",
        .arguments = "[MODULE]",
        .summary = "go back to the version before; states are kept",
        .help = "One module: without MODULE the only one of the project. States are converted as\n"
                "they are now: nothing that was acknowledged is undone. Once more is forth again.\n"
                "\n"
                "An upgrade of several modules is taken back one by one, the last one first. An\n"
                "application that was upgraded with --to goes back as a whole: krarup upgrade\n"
                "--to the folder of the version before.\n"
                "\n"
                "Examples:\n"
                "\n"
                "    krarup rollback counter\n"
                "    krarup upgrade --to /srv/counter-0.1.0   the whole application, as it was\n",
        .options = rollback_options,
        .args_max = 1,
        .run = run_rollback,
};
