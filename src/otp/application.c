/* SPDX-License-Identifier: Apache-2.0 */
#include "application.h"

#include <krarup/message.h>
#include <krarup/process.h>

#include <string.h>

#define CONTROLLER "application_controller"
#define DEPTH_MAX 32 /* of dependencies */

/* -- asking -- */

/* Put a term into a slot, as if it had been received. */
static void give(kr_msg *slot, kr_term t)
{
        kr_ref ref = kr_make_ref();

        kr_send(kr_self(), "{~, ~}", ref, t);
        if (kr_receive(slot, KR_INFINITY, kr_on(0, "{=, ~}", ref, &t)) == 0)
                slot->term = t;
}

static kr_err err_of(kr_term reply)
{
        if (kr_match(reply, "ok"))
                return KR_OK;
        if (kr_match(reply, "{error, {already_started, _}}") ||
            kr_match(reply, "{error, {already_loaded, _}}"))
                return KR_EALREADY;
        return KR_EFAILED;
}

kr_err kri_application_ask(kr_msg *slot, struct kri_site *site, const union kri_arg *args)
{
        kr_msg own = KR_MSG_INIT;
        kr_msg *in = slot != NULL ? slot : &own;
        kr_term reply = kri_call_text(CONTROLLER, in, KR_INFINITY, site, args);
        kr_err err = err_of(reply);

        if (!kr_is_none(reply))
                in->term = reply;
        kr_msg_clear(&own);
        return err;
}

/* ask(slot, "pattern", ...) */
#define ask(slot, ...)                                                                   \
        kri_application_ask(slot, KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

kr_err kri_application_load(kr_atom app, kr_msg *slot)
{
        return ask(slot, "{load_application, ~}", app);
}

kr_err kr_application_load_spec(kr_term spec, kr_msg *slot)
{
        return ask(slot, "{load_application, ~}", spec);
}

static kr_atom type_atom(kr_restart type)
{
        if (type == KR_PERMANENT)
                return KR_ATOM("permanent");
        return type == KR_TRANSIENT ? KR_ATOM("transient") : KR_ATOM("temporary");
}

kr_err kri_application_start(kr_atom app, kr_restart type, kr_msg *slot)
{
        kr_err err = ask(slot, "{load_application, ~}", app);

        if (err != KR_OK && err != KR_EALREADY)
                return err;
        return ask(slot, "{start_application, ~, ~}", app, type_atom(type));
}

kr_err kri_application_ensure_started(kr_atom app, kr_restart type, kr_msg *slot)
{
        kr_err err = kri_application_start(app, type, slot);

        if (err != KR_EALREADY)
                return err;
        if (slot != NULL)
                give(slot, kr_atom_term(KR_ATOM("ok")));
        return KR_OK;
}

kr_err kri_application_permit(kr_atom app, bool flag, kr_msg *slot)
{
        return ask(slot, "{permit_application, ~, ~}", app, flag);
}

/* -- with all that is needed -- */

struct all {
        kr_restart type;
        kr_builder started;      /* in order */
        kr_term reason;          /* {App, Reason}; kept */
        kr_atom path[DEPTH_MAX]; /* each needs the next one */
};

static bool is_running(kr_atom app)
{
        kr_msg slot = KR_MSG_INIT;
        bool running = false;

        (void)ask(&slot, "{is_running, ~}", app);
        (void)kr_get_bool(slot.term, &running);
        kr_msg_clear(&slot);
        return running;
}

static kr_err fail(struct all *all, kr_atom app, kr_term reply)
{
        kr_term reason = reply;

        (void)kr_match(reply, "{error, ~}", &reason);
        all->reason = kr_build("{~, ~}", app, reason);
        return KR_EFAILED;
}

static kr_err start_all(struct all *all, kr_term apps, kr_term optional, int depth);

static kr_err start_loaded(struct all *all, kr_atom app, int depth)
{
        kr_term keys = kri_apps_keys(kri_apps_here(), app);
        kr_msg slot = KR_MSG_INIT;
        kr_err err = start_all(all, kri_app_key(keys, "applications"),
                               kri_app_key(keys, "optional_applications"), depth + 1);

        kr_release(keys);
        if (err != KR_OK)
                return err;
        err = ask(&slot, "{start_application, ~, ~}", app, type_atom(all->type));
        if (err == KR_OK)
                kr_add_atom(&all->started, app);
        else if (err == KR_EALREADY)
                err = KR_OK;
        else
                (void)fail(all, app, slot.term);
        kr_msg_clear(&slot);
        return err;
}

static bool is_in(kr_term list, kr_atom app)
{
        for (; kr_is_cons(list); list = kr_tl(list))
                if (kr_is_that_atom(kr_hd(list), app))
                        return true;
        return false;
}

static kr_err start_one(struct all *all, kr_atom app, bool is_optional, int depth)
{
        kr_msg slot = KR_MSG_INIT;
        kr_err err;

        if (is_running(app))
                return KR_OK;
        err = kri_application_load(app, &slot);
        if (err == KR_OK || err == KR_EALREADY)
                err = start_loaded(all, app, depth);
        else if (is_optional &&
                 kr_match(slot.term, "{error, {\"no such file or directory\", _}}"))
                err = KR_OK;
        else
                err = fail(all, app, slot.term);
        kr_msg_clear(&slot);
        return err;
}

/* Would it have to be started before itself? */
static bool is_on_path(const struct all *all, kr_atom app, int depth)
{
        for (int i = 0; i < depth; i++)
                if (kr_atom_eq(all->path[i], app))
                        return true;
        return false;
}

static kr_err start_all(struct all *all, kr_term apps, kr_term optional, int depth)
{
        kr_err err = KR_OK;
        kr_atom app;

        for (; kr_is_cons(apps) && err == KR_OK; apps = kr_tl(apps)) {
                if (!kr_get_atom(kr_hd(apps), &app))
                        continue;
                if (depth == DEPTH_MAX || is_on_path(all, app, depth)) {
                        all->reason = kr_build("{~, ~}", app,
                                               depth == DEPTH_MAX
                                                       ? KR_ATOM("system_limit")
                                                       : KR_ATOM("circular_dependency"));
                        return KR_EFAILED;
                }
                all->path[depth] = app;
                err = start_one(all, app, is_in(optional, app), depth);
        }
        return err;
}

/* Those that were started, the last one first. */
static void stop_all(kr_term started)
{
        size_t count;
        kr_atom app;

        if (!kr_length(started, &count))
                return;
        while (count-- > 0) {
                kr_term at = started;

                for (size_t i = 0; i < count; i++)
                        at = kr_tl(at);
                if (kr_get_atom(kr_hd(at), &app))
                        (void)ask(NULL, "{stop_application, ~}", app);
        }
}

kr_err kri_application_ensure_all_started(kr_atom app, kr_restart type, kr_msg *slot)
{
        struct all all = { .type = type, .reason = kr_none() };
        kr_term apps = kr_build("[~]", app), started, reply;
        kr_err err = start_all(&all, apps, kr_nil(), 0);

        kr_release(apps);
        started = kr_build_list(&all.started);
        if (err == KR_OK) {
                reply = kr_build("{ok, ~}", started);
        } else {
                stop_all(started);
                reply = kr_build("{error, ~}",
                                 kr_is_none(all.reason) ? kr_nil() : all.reason);
        }
        if (slot != NULL)
                give(slot, reply);
        kr_release(reply);
        kr_release(started);
        kr_release(all.reason);
        return err;
}

/* -- environment -- */

kr_term kri_application_get_env(kr_atom app, kr_atom key)
{
        struct kri_apps *apps = kri_apps_here();

        return apps != NULL ? kri_apps_get_env(apps, app, kr_atom_term(key)) : kr_none();
}

bool kri_application_env_match(kr_atom app, kr_atom key, struct kri_site *site,
                               const union kri_arg *args)
{
        kr_term value = kri_application_get_env(app, key);
        bool fits = !kr_is_none(value) && kri_match(value, site, args);

        kr_release(value);
        return fits;
}

kr_term kri_application_get_all_env(kr_atom app)
{
        struct kri_apps *apps = kri_apps_here();

        return apps != NULL ? kri_apps_get_all_env(apps, app) : kr_nil();
}

kr_term kr_application_get_own_env(kr_atom key)
{
        kr_atom app = kr_application_of(kr_self());

        return app.index != 0 ? kri_application_get_env(app, key) : kr_none();
}

static int64_t timeout_of(const kr_env_opts *opts)
{
        return opts != NULL && opts->timeout_ms != 0 ? opts->timeout_ms : 5000;
}

/* As OTP's option list. */
static kr_term opts_of(const kr_env_opts *opts)
{
        return opts != NULL && opts->persistent ? kr_build("[{persistent, true}]")
                                                : kr_nil();
}

void kri_application_set_env(kr_atom app, kr_atom key, const kr_env_opts *opts,
                             struct kri_site *site, const union kri_arg *args)
{
        kr_term value = kri_build(site, args), list = opts_of(opts);
        kr_msg slot = KR_MSG_INIT;

        (void)kr_call_timeout(CONTROLLER, &slot, timeout_of(opts),
                              "{set_env, ~, ~, ~, ~}", app, key, value, list);
        kr_release(value);
        kr_release(list);
        kr_msg_clear(&slot);
}

void kri_application_unset_env(kr_atom app, kr_atom key, const kr_env_opts *opts)
{
        kr_term list = opts_of(opts);
        kr_msg slot = KR_MSG_INIT;

        (void)kr_call_timeout(CONTROLLER, &slot, timeout_of(opts), "{unset_env, ~, ~, ~}",
                              app, key, list);
        kr_release(list);
        kr_msg_clear(&slot);
}

void kr_application_set_env_list(kr_term config, const kr_env_opts *opts)
{
        struct kri_words error = KRI_WORDS_INIT;
        kr_msg slot = KR_MSG_INIT;
        kr_term list, text;

        if (!kri_config_check(config, &error)) {
                text = kr_string(kri_words_text(&error), strlen(kri_words_text(&error)));
                kr_error("{badarg, ~}", text);
        }
        list = opts_of(opts);
        (void)kr_call_timeout(CONTROLLER, &slot, timeout_of(opts), "{set_env, ~, ~}",
                              config, list);
        kr_release(list);
        kr_msg_clear(&slot);
}

/* -- what is known -- */

kr_term kri_application_get_key(kr_atom app, kr_atom key)
{
        struct kri_apps *apps = kri_apps_here();
        kr_term keys, value;

        if (apps == NULL)
                return kr_none();
        keys = kri_apps_keys(apps, app);
        if (kr_is_none(keys))
                return keys;
        if (kr_atom_eq(key, KR_ATOM("env")))
                value = kri_apps_get_all_env(apps, app);
        else
                value = kr_keep(kri_app_key_atom(keys, key));
        kr_release(keys);
        return value;
}

kr_term kri_application_get_all_key(kr_atom app)
{
        kr_builder list = KR_BUILDER_INIT;
        kr_term all, result;

        for (const char *const *at = kri_app_key_names; *at != NULL; at++) {
                kr_term value = kri_application_get_key(app, kri_atom_of(*at)), pair;

                if (kr_is_none(value)) {
                        kr_builder_clear(&list);
                        return kr_atom_term(KR_ATOM("undefined"));
                }
                pair = kr_build("{~, ~}", kri_atom_of(*at), value);
                kr_add_term(&list, pair);
                kr_release(pair);
                kr_release(value);
        }
        all = kr_build_list(&list);
        result = kr_build("{ok, ~}", all);
        kr_release(all);
        return result;
}

kr_term kr_application_which(kr_msg *slot, int64_t timeout_ms)
{
        return kr_call_timeout(CONTROLLER, slot, timeout_ms, "which_applications");
}

kr_term kr_application_loaded(void)
{
        struct kri_apps *apps = kri_apps_here();

        return apps != NULL ? kri_apps_loaded(apps) : kr_nil();
}

static kr_pid leader_of(kr_pid pid)
{
        kr_pid leader = kr_pid_none();
        kr_msg info = KR_MSG_INIT;

        if (kr_pid_eq(pid, kr_self()))
                return kr_group_leader();
        if (kr_process_info(pid, KR_ATOM("group_leader"), &info))
                (void)kr_match(info.term, "{group_leader, ~}", &leader);
        kr_msg_clear(&info);
        return leader;
}

kr_atom kr_application_of(kr_pid pid)
{
        struct kri_apps *apps = kri_apps_here();
        kr_pid leader;

        if (apps == NULL || kr_pid_is_none(pid))
                return (kr_atom){ 0 };
        leader = leader_of(pid);
        return kr_pid_is_none(leader) ? (kr_atom){ 0 } : kri_apps_of_master(apps, leader);
}

kr_pid kr_application_supervisor(kr_atom app)
{
        struct kri_apps *apps = kri_apps_here();
        kr_pid master = apps != NULL ? kri_apps_master(apps, app) : kr_pid_none();

        return kr_pid_is_none(master) ? master : kri_app_master_child(master);
}

kr_err kr_application_change(kr_term specs, kr_term config, kr_msg *slot)
{
        kr_msg before = KR_MSG_INIT;
        kr_err err;

        (void)ask(&before, "prep_config_change");
        err = ask(slot, "{change_application_data, ~, ~}", specs, config);
        if (err == KR_OK)
                err = ask(slot, "{config_change, ~}", before.term);
        kr_msg_clear(&before);
        return err;
}
