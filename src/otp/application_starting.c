/* SPDX-License-Identifier: Apache-2.0 */
/* application_starting.c: applications start, stop, and may or may not run. */
#include "application_controller.h"

#include <krarup/memory.h>
#include <krarup/message.h>
#include <krarup/text.h>

#include <string.h>

#include "report.h"

/* -- words -- */

static void tell_started(kr_atom name)
{
        kri_report(KR_LOG_INFO,
                   "#{label => {application_controller, progress},"
                   " report => [{application, ~}, {started_at, ~}]}",
                   name, kr_node_name(kr_here()));
}

void kri_controller_tell_exited(kr_atom name, kr_term reason, kr_restart type)
{
        kri_report(KR_LOG_NOTICE,
                   "#{label => {application_controller, exit},"
                   " report => [{application, ~}, {exited, ~}, {type, ~}]}",
                   name, reason, kri_restart_atom(type));
}

/* {stop, to_string(Reason)}: the reason of our end is a string, as in OTP. Takes the term. */
kr_next kri_controller_end(kr_term reason)
{
        kr_buf text = KR_BUF_INIT;
        kr_term string = kr_none();
        kr_next next;

        if (kr_print_to(&text, reason, NULL) == KR_OK)
                string = kr_string(text.data, text.len);
        next = kr_is_none(string) ? kr_stop("~", reason) : kr_stop("~", string);
        kr_buf_free(&text);
        kr_release(string);
        kr_release(reason);
        return next;
}

static bool is_member(kr_term list, kr_atom name)
{
        for (; kr_is_cons(list); list = kr_tl(list))
                if (kr_is_that_atom(kr_hd(list), name))
                        return true;
        return false;
}

/* -- starting -- */

/* What its starter finds: {Name, Running, Keys, Type, Controller}. Runs as a process. */
static kr_term not_running(kr_term keys, kr_term running)
{
        kr_term optional = kri_app_key(keys, "optional_applications");
        kr_atom app;

        for (kr_term l = kri_app_key(keys, "applications"); kr_is_cons(l); l = kr_tl(l))
                if (kr_get_atom(kr_hd(l), &app) && !is_member(running, app) &&
                    !is_member(optional, app))
                        return kr_build("{info, {not_running, ~}}", app);
        return kr_none();
}

static kr_term start_master(kr_atom app, kr_term keys, kr_term type, kr_pid controller)
{
        kr_msg more = KR_MSG_INIT;
        kr_term what = kr_build("{~, ~, ~, ~, ~, ~, ~}", app, kri_app_key(keys, "mod"),
                                kri_app_key(keys, "start_phases"), type,
                                kri_app_key(keys, "maxT"), controller, kr_self());
        kr_started started = kri_app_master_start(what, &more);
        kr_term result;

        if (started.err == KR_OK)
                result = kr_build("{ok, ~}", started.pid);
        else if (more.sig != NULL)
                result = kr_build("{error, ~}", more.term);
        else
                result = kr_build("{error, ~}", kri_atom_of(kr_err_name(started.err)));
        kr_release(what);
        kr_msg_clear(&more);
        return result;
}

static void run_starter(kr_term what)
{
        kr_term running, keys, type, result;
        kr_pid controller;
        kr_atom app;

        (void)kr_trap_exit(true);
        if (!kr_match(what, "{~, ~, ~, ~, ~}", &app, &running, &keys, &type, &controller))
                return;
        if (kr_is_nil(kri_app_key(keys, "mod"))) {
                result = kr_build("{ok, undefined}");
        } else {
                result = not_running(keys, running);
                if (kr_is_none(result))
                        result = start_master(app, keys, type, controller);
        }
        kr_cast(controller, "{application_started, ~, ~}", app, result);
        kr_release(result);
}

static kr_pid spawn_starter(struct kri_controller *c, kr_atom app, kr_term type)
{
        kr_term keys = kri_apps_keys(c->apps, app), running = kri_entry_names(c->running);
        kr_term what = kr_build("{~, ~, ~, ~, ~}", app, running, keys, type, kr_self());

        kr_pid pid = kr_spawn_link(run_starter, what);

        kr_release(what);
        kr_release(running);
        kr_release(keys);
        return pid;
}

static bool add_request(struct kri_controller *c, kr_atom app, kr_from from)
{
        struct kri_app_entry *e = kri_entry_push(&c->requests, app, KR_TEMPORARY);

        if (e == NULL)
                return false;
        e->from = from;
        e->from.tag = kr_keep(from.tag);
        return true;
}

/* Gives an error's Reason, or none: it may start. */
static kr_term check_start(struct kri_controller *c, kr_atom app, kr_term type)
{
        kr_term keys, optional, reason = kr_none();
        kr_restart restart;
        kr_atom needed;

        if (!kri_restart_of(type, &restart))
                return kr_build("{invalid_restart_type, ~}", type);
        keys = kri_apps_keys(c->apps, app);
        if (kr_is_none(keys))
                return kr_build("{not_loaded, ~}", app);
        optional = kri_app_key(keys, "optional_applications");
        /* running, not started: what has ended may be started again */
        if (kri_entry_has(&c->running, app))
                reason = kr_build("{already_started, ~}", app);
        for (kr_term l = kri_app_key(keys, "applications");
             kr_is_cons(l) && kr_is_none(reason); l = kr_tl(l))
                if (kr_get_atom(kr_hd(l), &needed) &&
                    !kri_entry_has(&c->started, needed) && !is_member(optional, needed))
                        reason = kr_build("{not_started, ~}", needed);
        kr_release(keys);
        return reason;
}

/* kernel's parameter `permissions` says that it may not run. */
static bool is_forbidden(struct kri_controller *c, kr_atom app)
{
        kr_term list = kri_apps_get_env(c->apps, KR_ATOM("kernel"),
                                        kr_atom_term(KR_ATOM("permissions")));
        bool forbidden = false;

        for (kr_term l = list; kr_is_cons(l); l = kr_tl(l))
                if (kr_match(kr_hd(l), "{=, false}", app))
                        forbidden = true;
        kr_release(list);
        return forbidden;
}

static kr_next begin_start(struct kri_controller *c, kr_atom app, kr_restart restart,
                           kr_from from)
{
        struct kri_app_entry *e;

        if (!add_request(c, app, from))
                return kr_reply("{error, enomem}");
        e = kri_entry_push(&c->starting, app, restart);
        if (e == NULL) {
                kri_entry_drop(&c->requests);
                return kr_reply("{error, enomem}");
        }
        e->pid = spawn_starter(c, app, kr_atom_term(KR_ATOM("normal")));
        return kr_noreply();
}

kr_next kri_controller_start(struct kri_controller *c, kr_atom app, kr_term type,
                             kr_from from)
{
        kr_restart restart = KR_TEMPORARY;
        kr_term reason;

        if (kri_entry_has(&c->requests,
                          app)) /* it is on its way: the same answer for all */
                return add_request(c, app, from) ? kr_noreply()
                                                 : kr_reply("{error, enomem}");
        reason = check_start(c, app, type);
        if (!kr_is_none(reason))
                return kri_controller_reply(reason);
        (void)kri_restart_of(type, &restart);
        if (!is_forbidden(c, app))
                return begin_start(c, app, restart, from);
        if (kri_entry_push(&c->start_p_false, app, restart) == NULL)
                return kr_reply("{error, enomem}");
        return kr_reply("ok");
}

static void reply_to_requesters(struct kri_controller *c, kr_atom app, kr_term result)
{
        struct kri_app_entry **at = &c->requests;
        kr_term reason;

        while (*at != NULL) {
                struct kri_app_entry *e = *at;

                if (!kr_atom_eq(e->name, app)) {
                        at = &e->next;
                        continue;
                }
                if (kr_match(result, "{ok, _}"))
                        kr_reply_to(e->from, "ok");
                else if (kr_match(result, "{_, ~}", &reason))
                        kr_reply_to(e->from, "{error, ~}", reason);
                kri_entry_drop(at);
        }
}

/* It did not start: what that means depends on what it was to be. */
static kr_next start_failed(kr_atom app, kr_restart restart, kr_term result)
{
        bool is_info = kr_match(result, "{info, _}");
        kr_term reason = kr_none();

        (void)kr_match(result, "{_, ~}", &reason);
        if (!is_info)
                kri_controller_tell_exited(app, reason, restart);
        if (restart == KR_TEMPORARY ||
            (restart == KR_TRANSIENT && kr_match(reason, "{{'EXIT', normal}, _}")))
                return kr_noreply();
        return kri_controller_end(
                kr_build("{application_start_failure, ~, ~}", app, reason));
}

kr_next kri_controller_started(struct kri_controller *c, kr_atom app, kr_term result)
{
        struct kri_app_entry **at = kri_entry_find(&c->starting, app), *e;
        kr_pid master = kr_pid_none();
        kr_restart restart;

        if (*at == NULL)
                return kr_noreply();
        restart = (*at)->restart;
        kri_entry_drop(at);
        reply_to_requesters(c, app, result);
        if (!kr_match(result, "{ok, ~}", &master) && !kr_match(result, "{ok, undefined}"))
                return start_failed(app, restart, result);
        tell_started(app);
        e = kri_entry_put(&c->running, app, restart);
        if (e == NULL || kri_entry_put(&c->started, app, restart) == NULL)
                return kr_stop("enomem");
        e->pid = master;
        return kr_noreply();
}

/* -- stopping -- */

static void stop_one(struct kri_controller *c, kr_atom app, kr_pid master,
                     kr_restart type)
{
        if (!kr_pid_is_none(master)) {
                kr_unlink(master);
                kri_app_master_stop(master);
                kri_apps_remove_master(c->apps, master);
        }
        kri_controller_tell_exited(app, kr_atom_term(KR_ATOM("stopped")), type);
}

kr_restart kri_controller_started_as(struct kri_controller *c, kr_atom app)
{
        struct kri_app_entry *e = *kri_entry_find(&c->started, app);

        return e != NULL ? e->restart : KR_TEMPORARY;
}

static void stop_running(struct kri_controller *c, kr_atom app)
{
        struct kri_app_entry *e = *kri_entry_find(&c->running, app);

        stop_one(c, app, e->pid, kri_controller_started_as(c, app));
        kri_entry_drop_name(&c->running, app);
}

kr_next kri_controller_stop(struct kri_controller *c, kr_atom app)
{
        if (kri_entry_has(&c->running, app))
                stop_running(c, app);
        else if (!kri_entry_has(&c->started, app))
                return kr_reply("{error, {not_started, ~}}", app);
        kri_entry_drop_name(&c->started, app);
        return kr_reply("ok");
}

/* -- permissions -- */

static void update_permissions(struct kri_controller *c, kr_atom app, bool flag)
{
        kr_atom kernel = KR_ATOM("kernel");
        kr_term name = kr_atom_term(KR_ATOM("permissions"));
        kr_term old = kri_apps_get_env(c->apps, kernel, name), list, pair;
        kr_builder b = KR_BUILDER_INIT;

        pair = kr_build("{~, ~}", app, flag);
        kr_add_term(&b, pair);
        kr_release(pair);
        for (kr_term l = old; kr_is_cons(l); l = kr_tl(l))
                if (!kr_match(kr_hd(l), "{=, _}", app))
                        kr_add_term(&b, kr_hd(l));
        list = kr_build_list(&b);
        if (!kr_is_none(list))
                (void)kri_apps_put_env(c->apps, kernel, name, list); /* else as it was */
        kr_release(list);
        kr_release(old);
}

kr_next kri_controller_permit(struct kri_controller *c, kr_atom app, kr_from from)
{
        struct kri_app_entry **at;
        kr_restart restart;

        if (kri_entry_has(&c->running, app))
                return kr_reply("ok");
        if (!kri_controller_is_loaded(c, app))
                return kr_reply("{error, {not_loaded, ~}}", app);
        update_permissions(c, app, true);
        if (kri_entry_has(&c->starting, app))
                return kr_reply("ok"); /* looked at when it has started */
        at = kri_entry_find(&c->start_p_false, app);
        if (*at == NULL)
                at = kri_entry_find(&c->started, app);
        if (*at == NULL)
                return kr_reply("ok");
        restart = (*at)->restart;
        kri_entry_drop(at);
        return begin_start(c, app, restart, from);
}

kr_next kri_controller_forbid(struct kri_controller *c, kr_atom app)
{
        if (kri_entry_has(&c->running, app)) {
                stop_running(c, app);
                return kr_reply("ok");
        }
        if (!kri_controller_is_loaded(c, app))
                return kr_reply("{error, {not_loaded, ~}}", app);
        update_permissions(c, app, false);
        kri_entry_drop_name(&c->start_p_false, app);
        return kr_reply("ok");
}
