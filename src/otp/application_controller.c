/* SPDX-License-Identifier: Apache-2.0 */
/* application_controller.c: the gen_server that knows which applications are loaded, starting
 * and running, and what the end of one means for the others; see application_controller.h.
 *
 * Law      Its end is the end of the node: all that runs is stopped first, in reverse order.
 */
#include "application_controller.h"

#include <krarup/memory.h>
#include <krarup/message.h>
#include <krarup/text.h>

#include <string.h>

#include "report.h"

/* -- what is known -- */

static kr_next which_applications(struct kri_controller *c)
{
        kr_builder b = KR_BUILDER_INIT;
        kr_term list;
        kr_next next;

        for (struct kri_app_entry *e = c->running; e != NULL; e = e->next) {
                kr_term keys = kri_apps_keys(c->apps, e->name);
                kr_term t = kr_build("{~, ~, ~}", e->name,
                                     kri_app_key(keys, "description"),
                                     kri_app_key(keys, "vsn"));

                kr_add_term(&b, t);
                kr_release(t);
                kr_release(keys);
        }
        list = kr_build_list(&b);
        next = kr_reply("~", list);
        kr_release(list);
        return next;
}

/* [{Name, Type}], or with the master for what runs. */
static kr_term pairs_of(struct kri_app_entry *list, bool with_master)
{
        kr_builder b = KR_BUILDER_INIT;

        for (; list != NULL; list = list->next) {
                kr_term t;

                if (!with_master)
                        t = kr_build("{~, ~}", list->name,
                                     kri_restart_atom(list->restart));
                else if (kr_pid_is_none(list->pid))
                        t = kr_build("{~, undefined}", list->name);
                else
                        t = kr_build("{~, ~}", list->name, list->pid);
                kr_add_term(&b, t);
                kr_release(t);
        }
        return kr_build_list(&b);
}

static kr_next info(struct kri_controller *c)
{
        kr_term parts[5] = { kri_apps_loaded(c->apps), pairs_of(c->started, false),
                             pairs_of(c->start_p_false, false),
                             pairs_of(c->running, true), pairs_of(c->starting, false) };
        kr_next next = kr_reply("[{loaded, ~}, {loading, []}, {started, ~},"
                                " {start_p_false, ~}, {running, ~}, {starting, ~}]",
                                parts[0], parts[1], parts[2], parts[3], parts[4]);

        for (int i = 0; i < 5; i++)
                kr_release(parts[i]);
        return next;
}

/* -- the gen_server -- */

static kr_next init(struct kri_controller *c, kr_term args)
{
        kr_term configs, flags;

        (void)kr_trap_exit(true);
        c->apps = kri_apps_here();
        c->flags = kr_nil();
        if (c->apps == NULL || !kr_match(args, "[~, ~]", &configs, &flags))
                return kr_stop("badarg");
        for (; kr_is_cons(configs); configs = kr_tl(configs))
                if (kri_env_put_config(&c->conf, kr_hd(configs)) != KR_OK)
                        return kr_stop("enomem");
        c->flags = kr_keep(flags);
        return kr_is_none(c->flags) ? kr_stop("enomem") : kr_ok();
}

static kr_next handle_env(struct kri_controller *c, kr_term request)
{
        kr_term name, value, opts;
        kr_atom app;

        if (kr_match(request, "{set_env, ~, ~, ~, ~}", &app, &name, &value, &opts))
                return kri_controller_set_env(c, app, name, value, opts);
        if (kr_match(request, "{set_env, ~, ~}", &value, &opts))
                return kri_controller_set_env_list(c, value, opts);
        if (kr_match(request, "{unset_env, ~, ~, ~}", &app, &name, &opts))
                return kri_controller_unset_env(c, app, name, opts);
        if (kr_match(request, "prep_config_change"))
                return kri_controller_prepare_change(c);
        if (kr_match(request, "{change_application_data, ~, ~}", &value, &opts))
                return kri_controller_change_data(c, value, opts);
        if (kr_match(request, "{config_change, ~}", &value))
                return kri_controller_config_change(c, value);
        return kr_reply("{error, {unknown_request, ~}}", request);
}

static kr_next handle_call(struct kri_controller *c, kr_term request, kr_from from)
{
        kr_term what;
        kr_atom app;
        bool flag;

        if (kr_match(request, "{load_application, ~}", &what))
                return kri_controller_load(c, what);
        if (kr_match(request, "{unload_application, ~}", &app))
                return kri_controller_unload(c, app);
        if (kr_match(request, "{start_application, ~, ~}", &app, &what))
                return kri_controller_start(c, app, what, from);
        if (kr_match(request, "{stop_application, ~}", &app))
                return kri_controller_stop(c, app);
        if (kr_match(request, "{is_running, ~}", &app)) {
                flag = kri_entry_has(&c->running, app);
                return kr_reply("~", flag);
        }
        if (kr_match(request, "{permit_application, ~, ~}", &app, &flag))
                return flag ? kri_controller_permit(c, app, from)
                            : kri_controller_forbid(c, app);
        if (kr_match(request, "which_applications"))
                return which_applications(c);
        if (kr_match(request, "{start_type, ~}", &app))
                return kri_entry_has(&c->starting, app) ? kr_reply("normal")
                                                        : kr_reply("local");
        if (kr_match(request, "info"))
                return info(c);
        return handle_env(c, request);
}

static kr_next handle_cast(struct kri_controller *c, kr_term message)
{
        kr_term result;
        kr_atom app;

        if (kr_match(message, "{application_started, ~, ~}", &app, &result))
                return kri_controller_started(c, app, result);
        return kr_noreply();
}

/* The end of an application that runs. */
static kr_next application_ended(struct kri_controller *c, kr_atom app, kr_term reason)
{
        kr_restart type = kri_controller_started_as(c, app);

        kri_controller_tell_exited(app, reason, type);
        if (type == KR_TEMPORARY || (type == KR_TRANSIENT && kr_match(reason, "normal")))
                return kr_noreply();
        return kri_controller_end(
                kr_build("{application_terminated, ~, ~}", app, reason));
}

/* Who was to start it has ended without a word (killed, or no memory): it has failed. */
static kr_next starter_ended(struct kri_controller *c, kr_atom app, kr_term reason)
{
        kr_term result = kr_build("{error, ~}", reason);
        kr_next next = kri_controller_started(c, app, result);

        kr_release(result);
        return next;
}

static kr_next handle_info(struct kri_controller *c, kr_term message)
{
        kr_term reason;
        kr_atom app;
        kr_pid pid;

        if (!kr_match(message, "{'EXIT', ~, ~}", &pid, &reason))
                return kr_noreply();
        kri_apps_remove_master(c->apps, pid);
        for (struct kri_app_entry **at = &c->running; *at != NULL; at = &(*at)->next)
                if (kr_pid_eq((*at)->pid, pid)) {
                        app = (*at)->name;
                        kri_entry_drop(at);
                        return application_ended(c, app, reason);
                }
        for (struct kri_app_entry *e = c->starting; e != NULL; e = e->next)
                if (kr_pid_eq(e->pid, pid))
                        return starter_ended(c, e->name, reason);
        return kr_noreply();
}

/* -- the end -- */

/* Shut a master down and wait for it, at most so long. */
static void shut_down(kr_pid master, int64_t timeout_ms)
{
        kr_ref monitor = kr_monitor(master);
        kr_msg msg = KR_MSG_INIT;

        kr_unlink(master);
        kr_exit_signal(master, "shutdown");
        if (kr_receive(&msg, timeout_ms, kr_on(0, "{'DOWN', =, _, _, _}", monitor)) ==
            KR_TIMEOUT) {
                kr_exit_signal(master, "kill");
                (void)kr_receive(&msg, KR_INFINITY,
                                 kr_on(0, "{'DOWN', =, _, _, _}", monitor));
        }
        kr_msg_clear(&msg);
}

static int64_t shutdown_timeout(struct kri_controller *c)
{
        kr_term t = kri_apps_get_env(c->apps, KR_ATOM("kernel"),
                                     kr_atom_term(KR_ATOM("shutdown_timeout")));
        int64_t ms = KR_INFINITY;

        if (!kr_get_int64(t, &ms) || ms < 0)
                ms = KR_INFINITY;
        kr_release(t);
        return ms;
}

static void call_shutdown(void *arg)
{
        struct kri_controller *c = arg;

        c->apps->boot->shutdown(c->apps->boot->context);
}

static void terminate(struct kri_controller *c, kr_term reason)
{
        kr_msg raised = KR_MSG_INIT;
        int64_t timeout_ms = shutdown_timeout(c);
        kr_class kind;

        (void)reason;
        if (c->apps->boot != NULL && c->apps->boot->shutdown != NULL)
                (void)kr_catch(call_shutdown, c, &kind, &raised);
        kr_msg_clear(&raised);
        for (struct kri_app_entry *e = c->running; e != NULL; e = e->next)
                if (!kr_pid_is_none(e->pid))
                        shut_down(e->pid, timeout_ms);
}

static void release(struct kri_controller *c)
{
        if (c->apps != NULL)
                kri_apps_clear(c->apps);
}

KR_GEN_SERVER(kri_application_controller, struct kri_controller, .init = init,
              .handle_call = handle_call, .handle_cast = handle_cast,
              .handle_info = handle_info, .terminate = terminate, .release = release);
