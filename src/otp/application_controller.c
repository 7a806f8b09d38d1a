/* SPDX-License-Identifier: Apache-2.0 */
/* application_controller.c: the gen_server that knows which applications are loaded, starting
 * and running, and what the end of one means for the others.
 *
 * Model    running      what runs here, the last started first: {Name, Master}, or without a
 *                       master for an application that has no processes
 *          started      what was told to start, and not to stop: it may have ended, or may
 *                       not run (permissions)
 *          starting     a process of its own waits for its master
 *          start_p_false   told to start, but may not run
 *          requests     who waits for a start
 *          It does not wait while an application starts, but while one stops: so starts and
 *          stops of one application never overlap.
 * Law      Its end is the end of the node: all that runs is stopped first, in reverse order.
 */
#include "application.h"

#include <krarup/gen_server.h>
#include <krarup/memory.h>
#include <krarup/message.h>
#include <krarup/text.h>

#include <string.h>

#include "report.h"

struct entry {
        struct entry *next;
        kr_atom name;
        kr_restart restart;
        kr_pid pid; /* running: the master; none: it has none. starting: who starts it */
        kr_from from; /* requests: who waits; its tag is kept */
};

struct controller {
        struct kri_apps *apps;
        struct entry *running, *started, *starting, *start_p_false, *requests;
        struct kri_env conf; /* of config files, and what is set to be persistent */
        kr_term flags;       /* of the command line */
};

/* -- lists of entries -- */

static struct entry **find(struct entry **list, kr_atom name)
{
        while (*list != NULL && !kr_atom_eq((*list)->name, name))
                list = &(*list)->next;
        return list;
}

static bool has(struct entry **list, kr_atom name)
{
        return *find(list, name) != NULL;
}

static void drop(struct entry **at)
{
        struct entry *e = *at;

        *at = e->next;
        kr_release(e->from.tag);
        kr_free(e);
}

static void drop_name(struct entry **list, kr_atom name)
{
        struct entry **at = find(list, name);

        if (*at != NULL)
                drop(at);
}

/* NULL: no memory. */
static struct entry *push(struct entry **list, kr_atom name, kr_restart restart)
{
        struct entry *e = kr_calloc(1, sizeof(*e));

        if (e == NULL)
                return NULL;
        e->name = name;
        e->restart = restart;
        e->from.tag = kr_none();
        e->next = *list;
        *list = e;
        return e;
}

/* lists:keystore, but in front when it is new: the order of starts is kept. */
static struct entry *put(struct entry **list, kr_atom name, kr_restart restart)
{
        struct entry *e = *find(list, name);

        if (e == NULL)
                return push(list, name, restart);
        e->restart = restart;
        return e;
}

static kr_term names_of(struct entry *list)
{
        kr_builder b = KR_BUILDER_INIT;

        for (; list != NULL; list = list->next)
                kr_add_atom(&b, list->name);
        return kr_build_list(&b);
}

static bool is_member(kr_term list, kr_atom name)
{
        for (; kr_is_cons(list); list = kr_tl(list))
                if (kr_is_that_atom(kr_hd(list), name))
                        return true;
        return false;
}

/* -- restart types -- */

static kr_atom type_atom(kr_restart restart)
{
        if (restart == KR_PERMANENT)
                return KR_ATOM("permanent");
        return restart == KR_TRANSIENT ? KR_ATOM("transient") : KR_ATOM("temporary");
}

static bool is_type(kr_term t, kr_restart *ret)
{
        if (kr_match(t, "permanent"))
                *ret = KR_PERMANENT;
        else if (kr_match(t, "transient"))
                *ret = KR_TRANSIENT;
        else if (kr_match(t, "temporary"))
                *ret = KR_TEMPORARY;
        else
                return false;
        return true;
}

/* -- words -- */

static void tell_started(kr_atom name)
{
        kri_report(KR_LOG_INFO,
                   "#{label => {application_controller, progress},"
                   " report => [{application, ~}, {started_at, ~}]}",
                   name, kr_node_name(kr_here()));
}

static void tell_exited(kr_atom name, kr_term reason, kr_restart type)
{
        kri_report(KR_LOG_NOTICE,
                   "#{label => {application_controller, exit},"
                   " report => [{application, ~}, {exited, ~}, {type, ~}]}",
                   name, reason, type_atom(type));
}

/* {stop, to_string(Reason)}: the reason of our end is a string, as in OTP. Takes the term. */
static kr_next stop_with(kr_term reason)
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

/* -- loading -- */

/* What stands on the command line: `-App Key Value ...`. Gives a list of {Key, Value}; none:
 * one of them is no term, and *ret_bad is its text. */
static bool parse_word(kr_term word, kr_builder *pair, kr_term *ret_bad)
{
        kr_bytes text;
        kr_term t;

        if (!kr_get_bytes(word, &text) ||
            kr_parse(text.data, text.len, NULL, &t, NULL) != KR_OK) {
                *ret_bad = word;
                return false;
        }
        kr_add_term(pair, t);
        kr_release(t);
        return true;
}

static bool add_words(kr_builder *list, kr_term words, kr_term *ret_bad)
{
        while (kr_is_cons(words) && kr_is_cons(kr_tl(words))) {
                kr_builder b = KR_BUILDER_INIT;
                kr_term pair;

                if (!parse_word(kr_hd(words), &b, ret_bad) ||
                    !parse_word(kr_hd(kr_tl(words)), &b, ret_bad)) {
                        kr_builder_clear(&b);
                        return false;
                }
                pair = kr_build_tuple(&b);
                kr_add_term(list, pair);
                kr_release(pair);
                words = kr_tl(kr_tl(words));
        }
        return true;
}

static kr_term command_line_env(struct controller *c, kr_atom app, kr_term *ret_bad)
{
        const char *name = kr_atom_text(app, NULL);
        kr_builder list = KR_BUILDER_INIT;
        kr_term words;
        kr_bytes flag;

        for (kr_term l = c->flags; kr_is_cons(l); l = kr_tl(l)) {
                if (!kr_match(kr_hd(l), "{~, ~}", &flag, &words) ||
                    flag.len != strlen(name) || memcmp(flag.data, name, flag.len) != 0)
                        continue;
                if (!add_words(&list, words, ret_bad)) {
                        kr_builder_clear(&list);
                        return kr_none();
                }
        }
        return kr_build_list(&list);
}

/* {bad_environment_value, Text} */
static kr_term bad_value(kr_atom app, kr_term text)
{
        struct kri_words words = KRI_WORDS_INIT;
        kr_term string = kr_none(), reason;
        kr_bytes bytes;

        if (kr_get_bytes(text, &bytes))
                string = kr_string(bytes.data, bytes.len);
        kri_say(&words, "command line: -%s: ", kr_atom_text(app, NULL));
        kri_say_string(&words, text);
        kri_say(&words, ": a term was expected, as in -%s key \"value\"",
                kr_atom_text(app, NULL));
        kri_report_place(KR_LOG_ERROR, NULL, 0, kri_words_text(&words));
        kri_words_clear(&words);
        reason = kr_build("{bad_environment_value, ~}",
                          kr_is_none(string) ? text : string);
        kr_release(string);
        return reason;
}

static kr_err put_env(struct controller *c, kr_atom app, kr_term list)
{
        kr_term key, value;
        kr_err err = KR_OK;

        for (; kr_is_cons(list) && err == KR_OK; list = kr_tl(list))
                if (kr_match(kr_hd(list), "{~, ~}", &key, &value))
                        err = kri_apps_put_env(c->apps, app, key, value);
        return err;
}

/* .app < config < command line */
static kr_err fill_env(struct controller *c, kr_atom app, kr_term keys, kr_term line)
{
        kr_term conf = kri_env_list(&c->conf, app);
        kr_err err = kr_is_none(conf) ? KR_ENOMEM
                                      : put_env(c, app, kri_app_key(keys, "env"));

        if (err == KR_OK)
                err = put_env(c, app, conf);
        if (err == KR_OK)
                err = put_env(c, app, line);
        kr_release(conf);
        return err;
}

/* Load what this describes, over what is there. Gives an error's Reason, or none. */
static kr_term take_spec(struct controller *c, kr_term spec, kr_atom *ret_app)
{
        kr_term keys, reason = kr_none(), line, bad = kr_none();
        kr_err err = kri_app_check(spec, ret_app, &keys, &reason);

        if (err != KR_OK)
                return reason;
        line = command_line_env(c, *ret_app, &bad);
        if (kr_is_none(line))
                return kr_is_none(bad) ? kr_atom_term(KR_ATOM("enomem"))
                                       : bad_value(*ret_app, bad);
        err = kri_apps_load(c->apps, *ret_app, keys);
        if (err == KR_OK)
                err = fill_env(c, *ret_app, keys, line);
        kr_release(line);
        return err == KR_OK ? kr_none() : kr_atom_term(KR_ATOM("enomem"));
}

static bool is_loaded(struct controller *c, kr_atom app)
{
        kr_term keys = kri_apps_keys(c->apps, app);
        bool is = !kr_is_none(keys);

        kr_release(keys);
        return is;
}

#define INCLUDED_DEPTH_MAX 32

static kr_term load_named(struct controller *c, kr_atom app, int depth);

static kr_term load_included(struct controller *c, kr_atom app, int depth)
{
        kr_term keys = kri_apps_keys(c->apps, app), reason = kr_none();
        kr_atom name;

        for (kr_term l = kri_app_key(keys, "included_applications");
             kr_is_cons(l) && kr_is_none(reason); l = kr_tl(l))
                if (kr_get_atom(kr_hd(l), &name) && !is_loaded(c, name))
                        reason = load_named(c, name, depth + 1);
        kr_release(keys);
        return reason;
}

/* Gives an error's Reason, or none. */
static kr_term load_spec(struct controller *c, kr_term spec, int depth)
{
        kr_atom app;
        kr_term reason = take_spec(c, spec, &app);

        if (!kr_is_none(reason) || depth == INCLUDED_DEPTH_MAX)
                return reason;
        return load_included(c, app, depth);
}

static kr_term load_named(struct controller *c, kr_atom app, int depth)
{
        kr_term spec = kr_none(), reason = kr_none();
        kr_err err = kri_app_describe(c->apps, app, &spec, &reason);

        if (err != KR_OK)
                return kr_is_none(reason) ? kr_atom_term(KR_ATOM("enomem")) : reason;
        reason = load_spec(c, spec, depth);
        kr_release(spec);
        return reason;
}

/* {error, Reason} or ok. Takes the reason. */
static kr_next reply_reason(kr_term reason)
{
        kr_next next = kr_is_none(reason) ? kr_reply("ok")
                                          : kr_reply("{error, ~}", reason);

        kr_release(reason);
        return next;
}

static kr_next load_application(struct controller *c, kr_term what)
{
        kr_atom app;

        if (kr_get_atom(what, &app) || kr_match(what, "{application, ~, _}", &app)) {
                if (is_loaded(c, app))
                        return kr_reply("{error, {already_loaded, ~}}", what);
                return reply_reason(kr_is_atom(what) ? load_named(c, app, 0)
                                                     : load_spec(c, what, 0));
        }
        return kr_reply("{error, {bad_application, ~}}", what);
}

static void unload(struct controller *c, kr_atom app)
{
        kr_term keys = kri_apps_keys(c->apps, app);
        kr_atom name;

        kri_apps_unload(c->apps, app);
        for (kr_term l = kri_app_key(keys, "included_applications"); kr_is_cons(l);
             l = kr_tl(l))
                if (kr_get_atom(kr_hd(l), &name) && is_loaded(c, name))
                        unload(c, name);
        kr_release(keys);
}

static kr_next unload_application(struct controller *c, kr_atom app)
{
        if (has(&c->running, app))
                return kr_reply("{error, {running, ~}}", app);
        if (!is_loaded(c, app))
                return kr_reply("{error, {not_loaded, ~}}", app);
        unload(c, app);
        return kr_reply("ok");
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

static kr_pid spawn_starter(struct controller *c, kr_atom app, kr_term type)
{
        kr_term keys = kri_apps_keys(c->apps, app), running = names_of(c->running);
        kr_term what = kr_build("{~, ~, ~, ~, ~}", app, running, keys, type, kr_self());

        kr_pid pid = kr_spawn_link(run_starter, what);

        kr_release(what);
        kr_release(running);
        kr_release(keys);
        return pid;
}

static bool add_request(struct controller *c, kr_atom app, kr_from from)
{
        struct entry *e = push(&c->requests, app, KR_TEMPORARY);

        if (e == NULL)
                return false;
        e->from = from;
        e->from.tag = kr_keep(from.tag);
        return true;
}

/* Gives an error's Reason, or none: it may start. */
static kr_term check_start(struct controller *c, kr_atom app, kr_term type)
{
        kr_term keys, optional, reason = kr_none();
        kr_restart restart;
        kr_atom needed;

        if (!is_type(type, &restart))
                return kr_build("{invalid_restart_type, ~}", type);
        keys = kri_apps_keys(c->apps, app);
        if (kr_is_none(keys))
                return kr_build("{not_loaded, ~}", app);
        optional = kri_app_key(keys, "optional_applications");
        /* running, not started: what has ended may be started again */
        if (has(&c->running, app))
                reason = kr_build("{already_started, ~}", app);
        for (kr_term l = kri_app_key(keys, "applications");
             kr_is_cons(l) && kr_is_none(reason); l = kr_tl(l))
                if (kr_get_atom(kr_hd(l), &needed) && !has(&c->started, needed) &&
                    !is_member(optional, needed))
                        reason = kr_build("{not_started, ~}", needed);
        kr_release(keys);
        return reason;
}

/* kernel's parameter `permissions` says that it may not run. */
static bool is_forbidden(struct controller *c, kr_atom app)
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

static kr_next begin_start(struct controller *c, kr_atom app, kr_restart restart,
                           kr_from from)
{
        struct entry *e;

        if (!add_request(c, app, from))
                return kr_reply("{error, enomem}");
        e = push(&c->starting, app, restart);
        if (e == NULL) {
                drop(&c->requests);
                return kr_reply("{error, enomem}");
        }
        e->pid = spawn_starter(c, app, kr_atom_term(KR_ATOM("normal")));
        return kr_noreply();
}

static kr_next start_application(struct controller *c, kr_atom app, kr_term type,
                                 kr_from from)
{
        kr_restart restart = KR_TEMPORARY;
        kr_term reason;

        if (has(&c->requests, app)) /* it is on its way: the same answer for all */
                return add_request(c, app, from) ? kr_noreply()
                                                 : kr_reply("{error, enomem}");
        reason = check_start(c, app, type);
        if (!kr_is_none(reason))
                return reply_reason(reason);
        (void)is_type(type, &restart);
        if (!is_forbidden(c, app))
                return begin_start(c, app, restart, from);
        if (push(&c->start_p_false, app, restart) == NULL)
                return kr_reply("{error, enomem}");
        return kr_reply("ok");
}

static void reply_to_requesters(struct controller *c, kr_atom app, kr_term result)
{
        struct entry **at = &c->requests;
        kr_term reason;

        while (*at != NULL) {
                struct entry *e = *at;

                if (!kr_atom_eq(e->name, app)) {
                        at = &e->next;
                        continue;
                }
                if (kr_match(result, "{ok, _}"))
                        kr_reply_to(e->from, "ok");
                else if (kr_match(result, "{_, ~}", &reason))
                        kr_reply_to(e->from, "{error, ~}", reason);
                drop(at);
        }
}

/* It did not start: what that means depends on what it was to be. */
static kr_next start_failed(kr_atom app, kr_restart restart, kr_term result)
{
        bool is_info = kr_match(result, "{info, _}");
        kr_term reason = kr_none();

        (void)kr_match(result, "{_, ~}", &reason);
        if (!is_info)
                tell_exited(app, reason, restart);
        if (restart == KR_TEMPORARY ||
            (restart == KR_TRANSIENT && kr_match(reason, "{{'EXIT', normal}, _}")))
                return kr_noreply();
        return stop_with(kr_build("{application_start_failure, ~, ~}", app, reason));
}

static kr_next application_started(struct controller *c, kr_atom app, kr_term result)
{
        struct entry **at = find(&c->starting, app), *e;
        kr_pid master = kr_pid_none();
        kr_restart restart;

        if (*at == NULL)
                return kr_noreply();
        restart = (*at)->restart;
        drop(at);
        reply_to_requesters(c, app, result);
        if (!kr_match(result, "{ok, ~}", &master) && !kr_match(result, "{ok, undefined}"))
                return start_failed(app, restart, result);
        tell_started(app);
        e = put(&c->running, app, restart);
        if (e == NULL || put(&c->started, app, restart) == NULL)
                return kr_stop("enomem");
        e->pid = master;
        return kr_noreply();
}

/* -- stopping -- */

static void stop_one(struct controller *c, kr_atom app, kr_pid master, kr_restart type)
{
        if (!kr_pid_is_none(master)) {
                kr_unlink(master);
                kri_app_master_stop(master);
                kri_apps_remove_master(c->apps, master);
        }
        tell_exited(app, kr_atom_term(KR_ATOM("stopped")), type);
}

static kr_restart started_as(struct controller *c, kr_atom app)
{
        struct entry *e = *find(&c->started, app);

        return e != NULL ? e->restart : KR_TEMPORARY;
}

static void stop_running(struct controller *c, kr_atom app)
{
        struct entry *e = *find(&c->running, app);

        stop_one(c, app, e->pid, started_as(c, app));
        drop_name(&c->running, app);
}

static kr_next stop_application(struct controller *c, kr_atom app)
{
        if (has(&c->running, app))
                stop_running(c, app);
        else if (!has(&c->started, app))
                return kr_reply("{error, {not_started, ~}}", app);
        drop_name(&c->started, app);
        return kr_reply("ok");
}

/* -- permissions -- */

static void update_permissions(struct controller *c, kr_atom app, bool flag)
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

static kr_next permit(struct controller *c, kr_atom app, kr_from from)
{
        struct entry **at;
        kr_restart restart;

        if (has(&c->running, app))
                return kr_reply("ok");
        if (!is_loaded(c, app))
                return kr_reply("{error, {not_loaded, ~}}", app);
        update_permissions(c, app, true);
        if (has(&c->starting, app))
                return kr_reply("ok"); /* looked at when it has started */
        at = find(&c->start_p_false, app);
        if (*at == NULL)
                at = find(&c->started, app);
        if (*at == NULL)
                return kr_reply("ok");
        restart = (*at)->restart;
        drop(at);
        return begin_start(c, app, restart, from);
}

static kr_next forbid(struct controller *c, kr_atom app)
{
        if (has(&c->running, app)) {
                stop_running(c, app);
                return kr_reply("ok");
        }
        if (!is_loaded(c, app))
                return kr_reply("{error, {not_loaded, ~}}", app);
        update_permissions(c, app, false);
        drop_name(&c->start_p_false, app);
        return kr_reply("ok");
}

/* -- environment -- */

static bool is_persistent(kr_term opts)
{
        bool flag = false;

        for (; kr_is_cons(opts); opts = kr_tl(opts))
                if (kr_match(kr_hd(opts), "persistent") ||
                    kr_match(kr_hd(opts), "{persistent, true}"))
                        flag = true;
        return flag;
}

static kr_next set_env(struct controller *c, kr_atom app, kr_term name, kr_term value,
                       kr_term opts)
{
        if (kri_apps_put_env(c->apps, app, name, value) != KR_OK ||
            (is_persistent(opts) && kri_env_put(&c->conf, app, name, value) != KR_OK))
                return kr_reply("{error, enomem}");
        return kr_reply("ok");
}

static kr_next set_env_list(struct controller *c, kr_term config, kr_term opts)
{
        kr_err err = KR_OK;
        kr_term list;
        kr_atom app;

        for (kr_term l = config; kr_is_cons(l) && err == KR_OK; l = kr_tl(l))
                if (kr_match(kr_hd(l), "{~, ~}", &app, &list))
                        err = put_env(c, app, list);
        if (err == KR_OK && is_persistent(opts))
                err = kri_env_put_config(&c->conf, config);
        return err == KR_OK ? kr_reply("ok") : kr_reply("{error, enomem}");
}

static kr_next unset_env(struct controller *c, kr_atom app, kr_term name, kr_term opts)
{
        kri_apps_remove_env(c->apps, app, name);
        if (is_persistent(opts))
                kri_env_remove(&c->conf, app, name);
        return kr_reply("ok");
}

/* -- another configuration -- */

/* [{App, Env}] of those that run, the last started first. */
static kr_next prep_config_change(struct controller *c)
{
        kr_builder b = KR_BUILDER_INIT;
        kr_next next;
        kr_term all;

        for (struct entry *e = c->running; e != NULL; e = e->next) {
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

static kr_next change_data(struct controller *c, kr_term specs, kr_term config)
{
        struct kri_env conf = { .first = NULL }, old = c->conf;
        kr_term reason = kr_none();
        kr_atom app;

        gather_config(config, &conf);
        c->conf = conf;
        for (; kr_is_cons(specs) && kr_is_none(reason); specs = kr_tl(specs)) {
                if (!kr_match(kr_hd(specs), "{application, ~, _}", &app) ||
                    !is_loaded(c, app))
                        continue;
                kri_apps_unload(c->apps, app);
                reason = take_spec(c, kr_hd(specs), &app);
        }
        if (!kr_is_none(reason)) {
                clear_env(&c->conf);
                c->conf = old;
        } else {
                clear_env(&old);
        }
        return reply_reason(reason);
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

/* Mod:config_change; gives an error, or none. */
static kr_term tell_module(struct controller *c, kr_atom name, struct diff diff)
{
        struct change_call call = { .module = kri_apps_module(c->apps, name),
                                    .diff = diff,
                                    .more = kri_more() };
        kr_msg raised = KR_MSG_INIT;
        kr_class kind = KR_CLASS_EXIT;
        kr_term error = kr_none();

        if (call.module == NULL || call.module->config_change == NULL)
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

static kr_term tell_changes(struct controller *c, kr_atom app, kr_term before)
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

static kr_next config_change(struct controller *c, kr_term before)
{
        kr_builder errors = KR_BUILDER_INIT;
        kr_term list;
        kr_next next;

        for (struct entry *e = c->running; e != NULL; e = e->next) {
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

/* -- what is known -- */

static kr_next which_applications(struct controller *c)
{
        kr_builder b = KR_BUILDER_INIT;
        kr_term list;
        kr_next next;

        for (struct entry *e = c->running; e != NULL; e = e->next) {
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
static kr_term pairs_of(struct entry *list, bool with_master)
{
        kr_builder b = KR_BUILDER_INIT;

        for (; list != NULL; list = list->next) {
                kr_term t;

                if (!with_master)
                        t = kr_build("{~, ~}", list->name, type_atom(list->restart));
                else if (kr_pid_is_none(list->pid))
                        t = kr_build("{~, undefined}", list->name);
                else
                        t = kr_build("{~, ~}", list->name, list->pid);
                kr_add_term(&b, t);
                kr_release(t);
        }
        return kr_build_list(&b);
}

static kr_next info(struct controller *c)
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

static kr_next init(struct controller *c, kr_term args)
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

static kr_next handle_env(struct controller *c, kr_term request)
{
        kr_term name, value, opts;
        kr_atom app;

        if (kr_match(request, "{set_env, ~, ~, ~, ~}", &app, &name, &value, &opts))
                return set_env(c, app, name, value, opts);
        if (kr_match(request, "{set_env, ~, ~}", &value, &opts))
                return set_env_list(c, value, opts);
        if (kr_match(request, "{unset_env, ~, ~, ~}", &app, &name, &opts))
                return unset_env(c, app, name, opts);
        if (kr_match(request, "prep_config_change"))
                return prep_config_change(c);
        if (kr_match(request, "{change_application_data, ~, ~}", &value, &opts))
                return change_data(c, value, opts);
        if (kr_match(request, "{config_change, ~}", &value))
                return config_change(c, value);
        return kr_reply("{error, {unknown_request, ~}}", request);
}

static kr_next handle_call(struct controller *c, kr_term request, kr_from from)
{
        kr_term what;
        kr_atom app;
        bool flag;

        if (kr_match(request, "{load_application, ~}", &what))
                return load_application(c, what);
        if (kr_match(request, "{unload_application, ~}", &app))
                return unload_application(c, app);
        if (kr_match(request, "{start_application, ~, ~}", &app, &what))
                return start_application(c, app, what, from);
        if (kr_match(request, "{stop_application, ~}", &app))
                return stop_application(c, app);
        if (kr_match(request, "{is_running, ~}", &app)) {
                flag = has(&c->running, app);
                return kr_reply("~", flag);
        }
        if (kr_match(request, "{permit_application, ~, ~}", &app, &flag))
                return flag ? permit(c, app, from) : forbid(c, app);
        if (kr_match(request, "which_applications"))
                return which_applications(c);
        if (kr_match(request, "{start_type, ~}", &app))
                return has(&c->starting, app) ? kr_reply("normal") : kr_reply("local");
        if (kr_match(request, "info"))
                return info(c);
        return handle_env(c, request);
}

static kr_next handle_cast(struct controller *c, kr_term message)
{
        kr_term result;
        kr_atom app;

        if (kr_match(message, "{application_started, ~, ~}", &app, &result))
                return application_started(c, app, result);
        return kr_noreply();
}

/* The end of an application that runs. */
static kr_next application_ended(struct controller *c, kr_atom app, kr_term reason)
{
        kr_restart type = started_as(c, app);

        tell_exited(app, reason, type);
        if (type == KR_TEMPORARY || (type == KR_TRANSIENT && kr_match(reason, "normal")))
                return kr_noreply();
        return stop_with(kr_build("{application_terminated, ~, ~}", app, reason));
}

/* Who was to start it has ended without a word (killed, or no memory): it has failed. */
static kr_next starter_ended(struct controller *c, kr_atom app, kr_term reason)
{
        kr_term result = kr_build("{error, ~}", reason);
        kr_next next = application_started(c, app, result);

        kr_release(result);
        return next;
}

static kr_next handle_info(struct controller *c, kr_term message)
{
        kr_term reason;
        kr_atom app;
        kr_pid pid;

        if (!kr_match(message, "{'EXIT', ~, ~}", &pid, &reason))
                return kr_noreply();
        kri_apps_remove_master(c->apps, pid);
        for (struct entry **at = &c->running; *at != NULL; at = &(*at)->next)
                if (kr_pid_eq((*at)->pid, pid)) {
                        app = (*at)->name;
                        drop(at);
                        return application_ended(c, app, reason);
                }
        for (struct entry *e = c->starting; e != NULL; e = e->next)
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

static int64_t shutdown_timeout(struct controller *c)
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
        struct controller *c = arg;

        c->apps->boot->shutdown(c->apps->boot->context);
}

static void terminate(struct controller *c, kr_term reason)
{
        kr_msg raised = KR_MSG_INIT;
        int64_t timeout_ms = shutdown_timeout(c);
        kr_class kind;

        (void)reason;
        if (c->apps->boot != NULL && c->apps->boot->shutdown != NULL)
                (void)kr_catch(call_shutdown, c, &kind, &raised);
        kr_msg_clear(&raised);
        for (struct entry *e = c->running; e != NULL; e = e->next)
                if (!kr_pid_is_none(e->pid))
                        shut_down(e->pid, timeout_ms);
}

static void release(struct controller *c)
{
        if (c->apps != NULL)
                kri_apps_clear(c->apps);
}

KR_GEN_SERVER(kri_application_controller, struct controller, .init = init,
              .handle_call = handle_call, .handle_cast = handle_cast,
              .handle_info = handle_info, .terminate = terminate, .release = release);
