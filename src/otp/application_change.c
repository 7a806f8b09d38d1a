/* SPDX-License-Identifier: Apache-2.0 */
/* application_change.c: another configuration: what changes for whom. */
#include "application_controller.h"

#include <krarup/memory.h>
#include <krarup/message.h>
#include <krarup/module.h>
#include <krarup/text.h>

#include <string.h>

#include "application_exports.h"
#include "report.h"

/* -- another configuration -- */

/* [{App, Env}] of those that run, the last started first. */
kr_next kri_controller_prepare_change(struct kri_controller *c)
{
        kr_builder b = KR_BUILDER_INIT;
        kr_next next;
        kr_term all;

        for (struct kri_app_entry *e = c->running; e != NULL; e = e->next) {
                kr_term env = kri_apps_get_all_env(c->apps, e->name);
                kr_term pair = kr_build("{~, ~}", e->name, env);

                kr_add_term(&b, pair);
                kr_release(pair);
                kr_release(env);
        }
        all = kr_build_list(&b);
        next = kr_reply("~", all);
        kr_release(all);
        return next;
}

/* sys.config may name other files: all of it, put together, in `ret`. */
static void gather_config(kr_term config, struct kri_env *ret)
{
        char name[1024];
        size_t len;

        for (; kr_is_cons(config); config = kr_tl(config)) {
                struct kri_words error = KRI_WORDS_INIT;
                kr_term one = kr_hd(config), read = kr_nil();

                if (kr_is_cons(one) && kr_get_string(one, name, sizeof(name), &len)) {
                        if (kri_config_file(name, &read, &error) != KR_OK)
                                kri_report_place(KR_LOG_ERROR, NULL, 0,
                                                 kri_words_text(&error));
                        for (kr_term l = read; kr_is_cons(l); l = kr_tl(l))
                                (void)kri_env_put_config(ret, kr_hd(l));
                        kr_release(read);
                } else {
                        kr_term list = kr_build("[~]", one);

                        (void)kri_env_put_config(ret, list);
                        kr_release(list);
                }
                kri_words_clear(&error);
        }
}

static void clear_env(struct kri_env *env)
{
        while (env->first != NULL)
                kri_env_remove(env, env->first->app, env->first->key);
}

kr_next kri_controller_change_data(struct kri_controller *c, kr_term specs,
                                   kr_term config)
{
        struct kri_env conf = { .first = NULL }, old = c->conf;
        kr_term reason = kr_none();
        kr_atom app;

        gather_config(config, &conf);
        c->conf = conf;
        for (; kr_is_cons(specs) && kr_is_none(reason); specs = kr_tl(specs)) {
                if (!kr_match(kr_hd(specs), "{application, ~, _}", &app) ||
                    !kri_controller_is_loaded(c, app))
                        continue;
                kri_apps_unload(c->apps, app);
                reason = kri_controller_take_spec(c, kr_hd(specs), &app);
        }
        if (!kr_is_none(reason)) {
                clear_env(&c->conf);
                c->conf = old;
        } else {
                clear_env(&old);
        }
        return kri_controller_reply(reason);
}

/* Of a list of {Key, Value}; none: it is not there. */
static kr_term value_in(kr_term list, kr_term name)
{
        kr_term found, value;

        for (; kr_is_cons(list); list = kr_tl(list))
                if (kr_match(kr_hd(list), "{~, ~}", &found, &value) &&
                    kr_same(found, name))
                        return value;
        return kr_none();
}

/* Of two lists of {Key, Value}: what differs, what is only in the new one, and the keys that
 * are only in the old one. */
struct diff {
        kr_term changed, added, removed;
};

static struct diff diff_of(kr_term now, kr_term before)
{
        kr_builder changed = KR_BUILDER_INIT, added = KR_BUILDER_INIT,
                   removed = KR_BUILDER_INIT;
        kr_term name, value;

        for (kr_term l = now; kr_is_cons(l); l = kr_tl(l)) {
                kr_term was;

                if (!kr_match(kr_hd(l), "{~, ~}", &name, &value))
                        continue;
                was = value_in(before, name);
                if (kr_is_none(was))
                        kr_add_term(&added, kr_hd(l));
                else if (!kr_same(was, value))
                        kr_add_term(&changed, kr_hd(l));
        }
        for (kr_term l = before; kr_is_cons(l); l = kr_tl(l))
                if (kr_match(kr_hd(l), "{~, _}", &name) &&
                    kr_is_none(value_in(now, name)))
                        kr_add_term(&removed, name);
        return (struct diff){ kr_build_list(&changed), kr_build_list(&added),
                              kr_build_list(&removed) };
}

struct change_call {
        const kr_application *module;
        struct diff diff;
        kr_err err;
        kr_msg more;
};

static void call_config_change(void *arg)
{
        struct change_call *call = arg;

        call->err = call->module->config_change(call->diff.changed, call->diff.added,
                                                call->diff.removed, &call->more);
}

/* The same where it is an export: it need not be there. */
static kr_term tell_exported(kr_atom module, struct diff diff)
{
        kr_term value, reason, error = kr_none();

        if (!kr_function_exported(module, "config_change", 3))
                return error;
        value = kri_export_catch(module, "config_change",
                                 kr_build("{~, ~, ~}", diff.changed, diff.added,
                                          diff.removed));
        if (kr_match(value, "{error, ~}", &reason))
                error = kr_keep(reason);
        else if (!kr_match(value, "ok"))
                error = kr_keep(value);
        kr_release(value);
        return error;
}

/* Mod:config_change; gives an error, or none. */
static kr_term tell_module(struct kri_controller *c, kr_atom name, struct diff diff)
{
        struct change_call call = { .module = kri_apps_module(c->apps, name),
                                    .diff = diff,
                                    .more = kri_more() };
        kr_msg raised = KR_MSG_INIT;
        kr_class kind = KR_CLASS_EXIT;
        kr_term error = kr_none();

        if (call.module == NULL)
                return tell_exported(name, diff);
        if (call.module->config_change == NULL)
                return error; /* it need not be there */
        if (!kr_catch(call_config_change, &call, &kind, &raised))
                error = kr_build("{'EXIT', ~}", raised.term);
        else if (call.err != KR_OK)
                error = call.more.sig != NULL
                                ? kr_keep(call.more.term)
                                : kr_build("~", kri_atom_of(kr_err_name(call.err)));
        kr_msg_clear(&raised);
        kri_more_clear(&call.more);
        return error;
}

static kr_term tell_changes(struct kri_controller *c, kr_atom app, kr_term before)
{
        kr_term now = kri_apps_get_all_env(c->apps, app), error = kr_none();
        kr_term keys = kri_apps_keys(c->apps, app), mod = kri_app_key(keys, "mod");
        struct diff diff = diff_of(now, before);
        kr_atom module;

        if (kr_is_nil(diff.changed) && kr_is_nil(diff.added) && kr_is_nil(diff.removed))
                ;
        else if (kr_is_nil(mod))
                error = kr_build("{module_not_defined, ~}", app);
        else if (kr_match(mod, "{~, _}", &module))
                error = tell_module(c, module, diff);
        kr_release(diff.changed);
        kr_release(diff.added);
        kr_release(diff.removed);
        kr_release(now);
        kr_release(keys);
        return error;
}

kr_next kri_controller_config_change(struct kri_controller *c, kr_term before)
{
        kr_builder errors = KR_BUILDER_INIT;
        kr_term list;
        kr_next next;

        for (struct kri_app_entry *e = c->running; e != NULL; e = e->next) {
                kr_term was = value_in(before, kr_atom_term(e->name));
                kr_term error =
                        tell_changes(c, e->name, kr_is_none(was) ? kr_nil() : was);

                if (!kr_is_none(error))
                        kr_add_term(&errors, error);
                kr_release(error);
        }
        list = kr_build_list(&errors);
        next = kr_is_nil(list) ? kr_reply("ok") : kr_reply("{error, ~}", list);
        kr_release(list);
        return next;
}
