/* SPDX-License-Identifier: Apache-2.0 */
/* upgrade_application.c: a whole application goes to another version, instruction by instruction. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <krarup/application.h>

#include "appup.h"

#define PATH_BYTES 4096

struct change {
        const char *app, *folder;
        const kr_upgrade_opts *opts;
        kr_application_report report;
        kr_term spec;    /* kept: {application, App, Keys} of the new version */
        kr_term script;  /* kept */
        kr_builder done; /* those that can be taken back, in their order */
        bool failed;
};

static void fail(struct change *c, const char *what, const char *text)
{
        if (!c->failed)
                (void)snprintf(c->report.reason, sizeof(c->report.reason),
                               "%.300s: %.700s", what, text);
        c->failed = true;
}

/* -- files -- */

static bool find_file(const struct change *c, kr_atom module, char *file)
{
        const char *name = kr_atom_text(module, NULL);

        if (snprintf(file, PATH_BYTES, "%s/%s.so", c->folder, name) < PATH_BYTES &&
            access(file, R_OK) == 0)
                return true;
        return snprintf(file, PATH_BYTES, "%s/lib%s.so", c->folder, name) < PATH_BYTES &&
               access(file, R_OK) == 0;
}

static kr_term key_of(kr_term spec, const char *key)
{
        kr_term keys, value;

        if (!kr_match(spec, "{application, _, ~}", &keys))
                return kr_none();
        for (; kr_is_cons(keys); keys = kr_tl(keys))
                if (kr_match(kr_hd(keys), "{=, ~}", kri_atom_of(key), &value))
                        return value;
        return kr_none();
}

static bool read_spec(struct change *c)
{
        char file[PATH_BYTES], text[300];
        kr_text_error at = { 0, 0, "" };
        kr_term terms, spec, current;

        (void)snprintf(file, sizeof(file), "%s/%s.app", c->folder, c->app);
        if (kr_consult_file(file, NULL, &terms, &at) != KR_OK) {
                (void)snprintf(text, sizeof(text), "%u:%u: %s", at.line, at.column,
                               at.line != 0 ? at.message : "cannot be read");
                fail(c, file, text);
                return false;
        }
        c->spec = kr_match(terms, "[~]", &spec) ? kr_keep(spec) : kr_none();
        kr_release(terms);
        if (!kr_get_string(key_of(c->spec, "vsn"), c->report.to, sizeof(c->report.to),
                           NULL)) {
                fail(c, file, "has no vsn");
                return false;
        }
        current = kr_application_get_key(c->app, "vsn");
        (void)kr_get_string(current, c->report.from, sizeof(c->report.from), NULL);
        kr_release(current);
        return true;
}

/* -- what is to be done, where no file says it -- */

static bool is_listed(kr_term list, kr_atom module)
{
        for (; kr_is_cons(list); list = kr_tl(list))
                if (kr_is_that_atom(kr_hd(list), module))
                        return true;
        return false;
}

/* Is what the file holds another build than what is loaded? */
static bool differs(const char *file, kr_atom module)
{
        kr_msg checked = KR_MSG_INIT, info = KR_MSG_INIT;
        kr_term a = kr_none(), b = kr_none();
        bool other = true;

        if (kr_code_check_file(file, &checked) == KR_OK &&
            kr_module_info(module, false, &info) &&
            kr_map_get(checked.term, kr_atom_term(KR_ATOM("build_id")), &a) &&
            kr_map_get(info.term, kr_atom_term(KR_ATOM("build_id")), &b))
                other = !kr_same(a, b);
        kr_msg_clear(&checked);
        kr_msg_clear(&info);
        return other;
}

static void add_instruction(kr_builder *list, kr_term instruction)
{
        kr_add_term(list, instruction);
        kr_release(instruction);
}

static kr_term derive(struct change *c)
{
        kr_term now = key_of(c->spec, "modules"), before;
        kr_builder list = KR_BUILDER_INIT;
        char file[PATH_BYTES];
        kr_atom module;

        for (kr_term l = now; kr_is_cons(l); l = kr_tl(l))
                if (kr_get_atom(kr_hd(l), &module) && kr_module_find(module) == NULL &&
                    find_file(c, module, file))
                        add_instruction(&list, kr_build("{add_module, ~}", module));
        for (kr_term l = now; kr_is_cons(l); l = kr_tl(l))
                if (kr_get_atom(kr_hd(l), &module) && kr_module_find(module) != NULL &&
                    find_file(c, module, file) && differs(file, module))
                        add_instruction(&list,
                                        kr_build("{update, ~, {advanced, []}}", module));
        before = kr_application_get_key(c->app, "modules");
        for (kr_term l = before; kr_is_cons(l); l = kr_tl(l))
                if (kr_get_atom(kr_hd(l), &module) && !is_listed(now, module) &&
                    kr_module_find(module) != NULL)
                        add_instruction(&list, kr_build("{delete_module, ~}", module));
        kr_release(before);
        return kr_build_list(&list);
}

static bool make_script(struct change *c)
{
        kr_buf error = KR_BUF_INIT;
        char file[PATH_BYTES];
        size_t steps = 0;

        (void)snprintf(file, sizeof(file), "%s/%s.appup", c->folder, c->app);
        if (access(file, F_OK) == 0)
                c->script = kr_appup_script(file, c->report.from, c->report.to, &error);
        else
                c->script = derive(c);
        if (kr_is_none(c->script))
                fail(c, c->app, error.data != NULL ? error.data : "no memory");
        kr_buf_free(&error);
        (void)kr_length(c->script, &steps);
        c->report.steps = (uint32_t)steps;
        return !c->failed;
}

/* -- doing it -- */

static void upgrade_module(struct change *c, kr_atom module, const char *file,
                           kr_term change)
{
        kr_upgrade_opts opts = *c->opts;
        kr_upgrade_report report;
        kr_buf text = KR_BUF_INIT;
        kr_term extra;
        kr_err err;

        if (kr_match(change, "{advanced, ~}", &extra) &&
            kr_print_to(&text, extra, NULL) == KR_OK)
                opts.extra = text.data;
        err = kr_upgrade(kr_atom_text(module, NULL), file, &opts, &report);
        kr_buf_free(&text);
        c->report.processes += report.moved + report.converted;
        if (report.longest_pause_ns > c->report.longest_pause_ns)
                c->report.longest_pause_ns = report.longest_pause_ns;
        if (err != KR_OK)
                fail(c, kr_atom_text(module, NULL),
                     report.reason[0] != '\0' ? report.reason : kr_strerror(err));
}

static void load_module(struct change *c, kr_atom module, const char *file)
{
        kr_msg why = KR_MSG_INIT;
        char text[600];

        if (!kr_code_soft_purge(kr_atom_text(module, NULL), NULL))
                (void)(c->opts->kill_old &&
                       kr_code_purge(kr_atom_text(module, NULL), NULL));
        if (kr_code_load(file, &why) != KR_OK) {
                (void)kr_format(text, sizeof(text), why.term);
                fail(c, kr_atom_text(module, NULL), text);
        }
        kr_msg_clear(&why);
}

static void delete_module(struct change *c, kr_atom module)
{
        const char *name = kr_atom_text(module, NULL);

        (void)kr_code_soft_purge(name, NULL);
        if (kr_module_find(module) != NULL && !kr_code_delete(name)) {
                fail(c, name, "its old version is in use");
                return;
        }
        if (c->opts->kill_old)
                (void)kr_code_purge(name, NULL);
        else
                (void)kr_code_soft_purge(name, NULL); /* goes when nobody holds it */
}

static void do_module(struct change *c, kr_term i, kr_atom module, kr_term change)
{
        char file[PATH_BYTES];

        if (kr_match(i, "{delete_module, _}")) {
                delete_module(c, module);
        } else if (!find_file(c, module, file)) {
                fail(c, kr_atom_text(module, NULL), "its file is not in the folder");
        } else if (kr_match(i, "{load_module, _}") ||
                   kr_match(i, "{load_module, _, _}") || kr_match(i, "{add_module, _}")) {
                load_module(c, module, file);
        } else {
                upgrade_module(c, module, file, change);
        }
}

struct applied {
        kr_atom module, function;
        kr_term args;
};

static void do_apply(void *arg)
{
        struct applied *a = arg;

        kr_release(kr_apply_term(a->module, a->function, a->args));
}

static void apply(struct change *c, struct applied *a)
{
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;
        char text[600];

        if (!kr_catch(do_apply, a, &kind, &reason)) {
                (void)kr_format(text, sizeof(text), reason.term);
                fail(c, "apply", text);
        }
        kr_msg_clear(&reason);
}

/* {ok, ...} or what is wrong. */
static void need(struct change *c, kr_atom app, kr_err err, kr_msg *slot)
{
        char text[600];

        if (err != KR_OK && err != KR_EALREADY) {
                (void)kr_format(text, sizeof(text), slot->term);
                fail(c, kr_atom_text(app, NULL), text);
        }
        kr_msg_clear(slot);
}

static void do_application(struct change *c, kr_term i)
{
        kr_msg slot = KR_MSG_INIT;
        kr_atom app;

        if (kr_match(i, "{remove_application, ~}", &app) ||
            kr_match(i, "{restart_application, ~}", &app))
                need(c, app, kr_application_stop(app, &slot), &slot);
        if (kr_match(i, "{remove_application, ~}", &app)) {
                need(c, app, kr_application_unload(app, &slot), &slot);
                return;
        }
        if (kr_match(i, "{add_application, ~}", &app) ||
            kr_match(i, "{restart_application, ~}", &app))
                need(c, app, kr_application_start(app, KR_PERMANENT, &slot), &slot);
}

static void do_step(struct change *c, kr_term i)
{
        struct applied a;
        kr_term change, deps;
        kr_atom module;

        if (kri_appup_module(i, &module, &change, &deps))
                do_module(c, i, module, change);
        else if (kr_match(i, "{apply, {~, ~, ~}}", &a.module, &a.function, &a.args))
                apply(c, &a);
        else
                do_application(c, i);
        if (c->failed)
                return;
        c->report.done++;
        kr_add_term(&c->done, i);
}

/* -- back -- */

static void undo(struct change *c, kr_term i)
{
        kr_term deps, change;
        kr_atom module;

        if (!kri_appup_module(i, &module, &change, &deps) ||
            kr_match(i, "{delete_module, _}"))
                return;
        if (kr_match(i, "{add_module, _}"))
                delete_module(c, module);
        else
                (void)kr_rollback(kr_atom_text(module, NULL), NULL, NULL);
}

static void undo_all(struct change *c)
{
        kr_term list = kr_build_list(&c->done);
        size_t count = 0;

        (void)kr_length(list, &count);
        while (count-- > 0) {
                kr_term l = list;

                for (size_t i = 0; i < count; i++)
                        l = kr_tl(l);
                undo(c, kr_hd(l));
        }
        kr_release(list);
        c->report.outcome = c->report.done != 0 ? KR_UPGRADE_ROLLED_BACK
                                                : KR_UPGRADE_REFUSED;
}

/* -- all of it -- */

static void tell_application(struct change *c)
{
        kr_msg slot = KR_MSG_INIT;
        kr_term specs = kr_build("[~]", c->spec);
        char text[600];

        /* without a module there is nobody to hear of another environment */
        if (kr_application_change(specs, kr_nil(), &slot) != KR_OK &&
            !kr_match(slot.term, "{error, [{module_not_defined, _}]}")) {
                (void)kr_format(text, sizeof(text), slot.term);
                fail(c, c->app, text);
        }
        kr_release(specs);
        kr_msg_clear(&slot);
}

static void change_all(struct change *c)
{
        if (!read_spec(c) || !make_script(c))
                return;
        for (kr_term l = c->script; kr_is_cons(l) && !c->failed; l = kr_tl(l))
                do_step(c, kr_hd(l));
        if (!c->failed)
                tell_application(c);
        if (c->failed) {
                undo_all(c);
                return;
        }
        kr_builder_clear(&c->done);
        c->report.outcome = KR_UPGRADE_DONE;
}

static bool is_loaded(const char *app)
{
        kr_term vsn = kr_application_get_key(app, "vsn");
        bool there = !kr_is_none(vsn);

        kr_release(vsn);
        return there;
}

kr_err kr_upgrade_application(const char *app, const char *folder,
                              const kr_upgrade_opts *opts, kr_application_report *ret)
{
        static const kr_upgrade_opts none;
        struct change c = { .app = app,
                            .folder = folder,
                            .opts = opts != NULL ? opts : &none,
                            .spec = kr_none(),
                            .script = kr_none(),
                            .done = KR_BUILDER_INIT };

        if (ret != NULL)
                memset(ret, 0, sizeof(*ret));
        if (app == NULL || folder == NULL || kri_atom_of(app).index == 0 ||
            strlen(folder) > PATH_BYTES - 600 || kr_here() == NULL)
                return KR_EBADARG;
        if (!is_loaded(app))
                return KR_ENOPROC;
        change_all(&c);
        kr_release(c.spec);
        kr_release(c.script);
        if (ret != NULL)
                *ret = c.report;
        return c.report.outcome == KR_UPGRADE_DONE ? KR_OK : KR_EFAILED;
}
