/* SPDX-License-Identifier: Apache-2.0 */
/* builtin_upgrade.c: module upgrade: what kr_upgrade does, typed. */
#include "builtin.h"

#include <krarup/upgrade.h>

#include <string.h>

/* A string or binary as text that ends with a zero byte; false: none, or too long. */
static bool get_text(kr_term t, char *buf, size_t size)
{
        kr_bytes bytes;

        if (!kr_get_bytes(t, &bytes))
                return kr_is_list(t) && kr_get_string(t, buf, size, NULL);
        if (bytes.len >= size || memchr(bytes.data, 0, bytes.len) != NULL)
                return false;
        memcpy(buf, bytes.data, bytes.len);
        buf[bytes.len] = 0;
        return true;
}

/* What a map of options sets; false: something that is no option. */
static bool get_option(kr_term key, kr_term value, kr_upgrade_opts *opts, kr_buf *extra)
{
        kr_atom name, mode;

        if (!kr_get_atom(key, &name))
                return false;
        if (kr_atom_eq(name, KR_ATOM("mode"))) {
                opts->mode = kr_is_that_atom(value, KR_ATOM("at_once"))
                                     ? KR_UPGRADE_AT_ONCE
                                     : KR_UPGRADE_ROLLING;
                return kr_get_atom(value, &mode) &&
                       (opts->mode == KR_UPGRADE_AT_ONCE ||
                        kr_atom_eq(mode, KR_ATOM("rolling")));
        }
        if (kr_atom_eq(name, KR_ATOM("extra"))) {
                extra->len = 0;
                if (kr_print_to(extra, value, NULL) != KR_OK)
                        return false;
                opts->extra = extra->data;
                return true;
        }
        if (kr_atom_eq(name, KR_ATOM("may_lose")))
                return kr_get_bool(value, &opts->may_lose);
        if (kr_atom_eq(name, KR_ATOM("no_trial")))
                return kr_get_bool(value, &opts->no_trial);
        if (kr_atom_eq(name, KR_ATOM("kill_old")))
                return kr_get_bool(value, &opts->kill_old);
        if (kr_atom_eq(name, KR_ATOM("change_timeout")))
                return kri_builtin_timeout(value, &opts->change_timeout_ms);
        if (kr_atom_eq(name, KR_ATOM("trial_time")))
                return kri_builtin_timeout(value, &opts->trial_ms);
        return false;
}

static bool get_options(kr_term map, kr_upgrade_opts *opts, kr_buf *extra)
{
        kr_term key, value;

        if (!kr_is_map(map))
                return false;
        for (size_t i = 0; kr_map_at(map, i, &key, &value); i++) {
                if (!get_option(key, value, opts, extra))
                        return false;
        }
        return true;
}

/* {ok, Report}, or {error, {What, Report}}; before there is a report {error, What}. */
static kr_term answer(kr_err err, const kr_upgrade_report *report)
{
        kr_term map, both;

        if (err != KR_OK && err != KR_EFAILED)
                return kri_builtin_result(err);
        map = kr_upgrade_report_term(report);
        both = err == KR_OK ? kr_build("{ok, ~}", map)
                            : kr_build("{error, {~, ~}}",
                                       report->outcome == KR_UPGRADE_REFUSED
                                               ? KR_ATOM("refused")
                                               : KR_ATOM("rolled_back"),
                                       map);
        kr_release(map);
        return both;
}

/* The file that the code path has for a module now. */
static bool file_of(const char *module, char *buf, size_t size)
{
        kr_msg slot = KR_MSG_INIT;
        bool found;

        kr_code_which(module, &slot);
        found = get_text(slot.term, buf, size);
        kr_msg_clear(&slot);
        return found;
}

/* run(Module), run(Module, File), run(Module, File, Options); File may be `path`. */
static kr_term do_run(kr_term args)
{
        kr_upgrade_opts opts = { .trial_ms = 0 };
        kr_upgrade_report report = { .outcome = KR_UPGRADE_REFUSED };
        size_t count = kr_tuple_size(args);
        kr_buf extra = KR_BUF_INIT;
        const char *module;
        char file[4096];
        kr_atom name;
        kr_term result;

        if (!kr_get_atom(kr_element(1, args), &name))
                return kr_no_clause();
        module = kr_atom_text(name, NULL);
        if (count == 1 || kr_is_that_atom(kr_element(2, args), KR_ATOM("path"))) {
                if (!file_of(module, file, sizeof(file)))
                        return kr_build("{error, nofile}");
        } else if (!get_text(kr_element(2, args), file, sizeof(file))) {
                return kr_no_clause();
        }
        if (count == 3 && !get_options(kr_element(3, args), &opts, &extra)) {
                kr_buf_free(&extra);
                return kr_no_clause();
        }
        result = answer(kr_upgrade(module, file, &opts, &report), &report);
        kr_buf_free(&extra);
        return result;
}

/* The report as a map, as that of a module. */
static kr_term application_report(const kr_application_report *r)
{
        return kr_build("#{from => ~, to => ~, steps => ~, done => ~, processes => ~, "
                        "longest_pause_ns => ~, reason => ~}",
                        (const char *)r->from, (const char *)r->to, r->steps, r->done,
                        r->processes, r->longest_pause_ns, (const char *)r->reason);
}

/* application(App, Folder), application(App, Folder, Options) */
static kr_term do_application(kr_term args)
{
        kr_upgrade_opts opts = { .trial_ms = 0 };
        kr_application_report report = { .outcome = KR_UPGRADE_REFUSED };
        kr_buf extra = KR_BUF_INIT;
        char folder[4096];
        kr_term map, both;
        kr_atom name;
        kr_err err;

        if (!kr_get_atom(kr_element(1, args), &name) ||
            !get_text(kr_element(2, args), folder, sizeof(folder)) ||
            (kr_tuple_size(args) == 3 &&
             !get_options(kr_element(3, args), &opts, &extra))) {
                kr_buf_free(&extra);
                return kr_no_clause();
        }
        err = kr_upgrade_application(kr_atom_text(name, NULL), folder, &opts, &report);
        kr_buf_free(&extra);
        if (err != KR_OK && err != KR_EFAILED)
                return kri_builtin_result(err);
        map = application_report(&report);
        both = err == KR_OK ? kr_build("{ok, ~}", map)
                            : kr_build("{error, {~, ~}}",
                                       report.outcome == KR_UPGRADE_REFUSED
                                               ? KR_ATOM("refused")
                                               : KR_ATOM("rolled_back"),
                                       map);
        kr_release(map);
        return both;
}

static kr_term do_rollback(kr_term args)
{
        kr_upgrade_opts opts = { .trial_ms = 0 };
        kr_upgrade_report report = { .outcome = KR_UPGRADE_REFUSED };
        kr_buf extra = KR_BUF_INIT;
        kr_term result;
        kr_atom name;

        if (!kr_get_atom(kr_element(1, args), &name) ||
            (kr_tuple_size(args) == 2 &&
             !get_options(kr_element(2, args), &opts, &extra))) {
                kr_buf_free(&extra);
                return kr_no_clause();
        }
        result = answer(kr_rollback(kr_atom_text(name, NULL), &opts, &report), &report);
        kr_buf_free(&extra);
        return result;
}

static const kr_export exports[] = {
        { "run", 1, do_run, "(Module) to what the code path has now" },
        { "run", 2, do_run, "(Module, File | path)" },
        { "run", 3, do_run,
          "(Module, File | path, #{mode => rolling | at_once, extra, may_lose, no_trial, "
          "kill_old, change_timeout, trial_time})" },
        { "application", 2, do_application,
          "(App, Folder) to the version that lies there" },
        { "application", 3, do_application, "(App, Folder, Options)" },
        { "rollback", 1, do_rollback, "(Module) to the version before" },
        { "rollback", 2, do_rollback, "(Module, Options)" },
};

KR_MODULE(upgrade, .version = KR_VERSION, KR_EXPORTS(exports));
