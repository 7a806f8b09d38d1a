/* SPDX-License-Identifier: Apache-2.0 */
/* application_master.c: the two processes of an application that runs.
 *
 * Model    The master is the group leader of all processes of the application, and sends their
 *          input and output on to its own. So that it never waits for anything else, the
 *          callbacks run in a second process, which it starts: the parent of the top
 *          supervisor.
 *
 *          controller -- master (group leader) -- callbacks -- top supervisor
 *
 * Law      When the master ends, no process of the application is left: those that its
 *          supervisor has not stopped are killed.
 */
#include "application.h"

#include <krarup/message.h>
#include <krarup/module.h>
#include <krarup/proc_lib.h>
#include <krarup/timer.h>

#include "application_exports.h"
#include "report.h"

/* -- the process of the callbacks -- */

/* What a callback is called with, and what came of it. */
struct call {
        const kr_application *module;
        kr_app *app;
        kr_started started;
        kr_err err;
        kr_atom phase;
        kr_term phase_args;
        kr_msg more;
};

static void call_start(void *arg)
{
        struct call *c = arg;

        c->started = c->module->start(c->app, &c->more);
}

static void call_phase(void *arg)
{
        struct call *c = arg;

        c->err = c->module->start_phase(c->app, c->phase, c->phase_args, &c->more);
}

static void call_prep_stop(void *arg)
{
        struct call *c = arg;

        c->module->prep_stop(c->app);
}

static void call_stop(void *arg)
{
        struct call *c = arg;

        c->module->stop(c->app);
}

/* {'EXIT', Reason} of an exit or error, or the term that was thrown. Gives a new term. */
static kr_term caught(kr_class kind, kr_term reason)
{
        return kind == KR_CLASS_THROW ? kr_keep(reason) : kr_build("{'EXIT', ~}", reason);
}

/* {Module, Function, Args}; gives a new term, and takes the arguments. */
static kr_term mfa(kr_atom module, const char *function, kr_term args)
{
        kr_term t = kr_build("{~, ~, ~}", module, kri_atom_of(function), args);

        kr_release(args);
        return t;
}

/* {error, {Reason, Call}}; {error, {bad_return, {Call, Value}}}. Both take what they get. */
static kr_term failed(kr_term reason, kr_term call)
{
        kr_term t = kr_build("{error, {~, ~}}", reason, call);

        kr_release(reason);
        kr_release(call);
        return t;
}

static kr_term bad_return(const char *tag, kr_term call, kr_term value)
{
        kr_term t = kr_build("{error, {~, {~, ~}}}", kri_atom_of(tag), call, value);

        kr_release(call);
        kr_release(value);
        return t;
}

/* What a callback that returned an error says about it; gives a new term. */
static kr_term reason_of(kr_err err, const kr_msg *more, kr_pid pid)
{
        if (err == KR_EALREADY)
                return kr_build("{already_started, ~}", pid);
        if (!kr_is_none(more->term))
                return kr_keep(more->term);
        return kr_build("~", kri_atom_of(kr_err_name(err)));
}

/* What start returned or raised, as the catch in OTP's master gives it: {error, Reason} or a
 * value that it may not return; none: it has started. Gives a new term. */
static kr_term start_value(struct call *c, bool returned, kr_class kind, kr_term raised)
{
        kr_term reason, value;

        if (!returned)
                return caught(kind, raised);
        if (c->started.err == KR_OK && kr_pid_is_none(c->started.pid))
                return kr_build("{ok, undefined}");
        if (c->started.err == KR_OK)
                return kr_none();
        if (c->started.err == KR_EIGNORED)
                return kr_build("ignore");
        reason = reason_of(c->started.err, &c->more, c->started.pid);
        value = kr_build("{error, ~}", reason);
        kr_release(reason);
        return value;
}

/* Gives {error, Reason}, as OTP has it, or none. Takes the value. */
static kr_term start_error(kr_term value, kr_atom module, const kr_app *app)
{
        kr_term call, reason;

        if (kr_is_none(value))
                return value;
        call = mfa(module, "start", kr_build("[~, ~]", app->type, app->args));
        if (kr_match(value, "{'EXIT', normal}"))
                return failed(value, call);
        if (kr_match(value, "{error, ~}", &reason)) {
                reason = kr_keep(reason);
                kr_release(value);
                return failed(reason, call);
        }
        return bad_return("bad_return", call, value);
}

/* The module of an application is not known: what a missing module is to Erlang. */
static kr_term undefined(kr_atom module, const kr_app *app)
{
        struct kri_words words = KRI_WORDS_INIT;

        kri_say(&words,
                "application %s: its module %s is not known to this node; give it to "
                "kr_main or kr_application_register, load a module of that name that exports "
                "start/2, or correct {mod, {Module, Args}}",
                kr_atom_text(app->name, NULL), kr_atom_text(module, NULL));
        kri_report_place(KR_LOG_ERROR, NULL, 0, kri_words_text(&words));
        kri_words_clear(&words);
        return start_error(kr_build("{'EXIT', {undef, [{~, start, [~, ~], []}]}}", module,
                                    app->type, app->args),
                           module, app);
}

/* The same where start is an export. *ret_state: a new term, what is said to prep_stop. */
static kr_term run_exported_start(kr_atom module, kr_app *app, kr_pid *ret_pid,
                                  kr_term *ret_state)
{
        kr_term value = kri_export_catch(module, "start",
                                         kr_build("{~, ~}", app->type, app->args));
        kr_term state = kr_nil();

        if (kri_export_is_undef(value, module, "start")) {
                kr_release(value);
                return undefined(module, app);
        }
        if (!kr_match(value, "{ok, ~}", ret_pid) &&
            !kr_match(value, "{ok, ~, ~}", ret_pid, &state))
                return start_error(value, module, app);
        *ret_state = kr_keep(state);
        kr_release(value);
        return kr_none();
}

/* Gives {error, Reason}, or none: it has started, and *ret_pid is its supervisor. */
static kr_term run_start(const kr_application *known, kr_atom module, kr_app *app,
                         kr_pid *ret_pid)
{
        struct call c = { .module = known, .app = app, .more = kri_more() };
        kr_msg raised = KR_MSG_INIT;
        kr_class kind = KR_CLASS_EXIT;
        kr_term error;
        bool returned;

        if (known->start == NULL)
                return undefined(module, app);
        returned = kr_catch(call_start, &c, &kind, &raised);
        error = start_error(start_value(&c, returned, kind, raised.term), module, app);
        *ret_pid = c.started.pid;
        kr_msg_clear(&raised);
        kri_more_clear(&c.more);
        return error;
}

/* -- start phases -- */

/* The arguments of a phase in start_phases; false: it has no such phase. */
static bool phase_args(kr_term phases, kr_atom phase, kr_term *ret_args)
{
        kr_atom found;

        for (; kr_is_cons(phases); phases = kr_tl(phases))
                if (kr_match(kr_hd(phases), "{~, ~}", &found, ret_args) &&
                    kr_atom_eq(found, phase))
                        return true;
        return false;
}

/* The same where it is an export; `call` says what is called. */
static kr_term run_exported_phase(kr_atom module, const kr_app *app, kr_atom phase,
                                  kr_term args, kr_term call)
{
        kr_term value = kri_export_catch(module, "start_phase",
                                         kr_build("{~, ~, ~}", phase, app->type, args));
        kr_term error = kr_none(), reason;

        if (kr_match(value, "{error, ~}", &reason))
                error = failed(kr_keep(reason), kr_keep(call));
        else if (!kr_match(value, "ok"))
                error = bad_return("bad_return_value", kr_keep(call), kr_keep(value));
        kr_release(value);
        return error;
}

/* Module:start_phase(Phase, Type, Args). Gives {error, Reason}, or none. */
static kr_term run_phase(struct kri_apps *apps, kr_atom module, kr_app *app,
                         kr_atom phase, kr_term args)
{
        struct call c = { .module = kri_apps_module(apps, module),
                          .app = app,
                          .phase = phase,
                          .phase_args = args,
                          .more = kri_more() };
        kr_term call =
                mfa(module, "start_phase", kr_build("[~, ~, ~]", phase, app->type, args));
        kr_msg raised = KR_MSG_INIT;
        kr_class kind = KR_CLASS_EXIT;
        kr_term error = kr_none();

        if (c.module == NULL)
                error = run_exported_phase(module, app, phase, args, call);
        else if (c.module->start_phase == NULL)
                error = bad_return("bad_return_value", kr_keep(call),
                                   kr_build("{'EXIT', {undef, []}}"));
        else if (!kr_catch(call_phase, &c, &kind, &raised))
                error = bad_return("bad_return_value", kr_keep(call),
                                   caught(kind, raised.term));
        else if (c.err != KR_OK)
                error = failed(reason_of(c.err, &c.more, kr_pid_none()), kr_keep(call));
        kr_release(call);
        kr_msg_clear(&raised);
        kri_more_clear(&c.more);
        return error;
}

static kr_term start_in_phase(struct kri_apps *apps, const kr_app *primary, kr_atom name,
                              kr_atom phase);

/* Of one application, if it has this phase. Gives {error, Reason}, or none. */
static kr_term run_if_defined(struct kri_apps *apps, const kr_app *primary, kr_atom name,
                              kr_atom phase, kr_term keys, kr_atom module)
{
        kr_term phases = kri_app_key(keys, "start_phases"), args;
        kr_app app = *primary;

        if (kr_match(phases, "undefined"))
                return kr_build("{error, {start_phases_undefined, ~}}", name);
        if (!phase_args(phases, phase, &args))
                return kr_none();
        app.name = name;
        return run_phase(apps, module,
                         kr_atom_eq(name, primary->name) ? (kr_app *)(uintptr_t)primary
                                                         : &app,
                         phase, args);
}

static kr_term start_included(struct kri_apps *apps, const kr_app *primary, kr_term keys,
                              kr_atom phase)
{
        kr_term list = kri_app_key(keys, "included_applications"), error = kr_none();
        kr_atom name;

        for (; kr_is_cons(list) && kr_is_none(error); list = kr_tl(list))
                if (kr_get_atom(kr_hd(list), &name))
                        error = start_in_phase(apps, primary, name, phase);
        return error;
}

/* application_starter: the application, then those it includes, from the top down. */
static kr_term start_in_phase(struct kri_apps *apps, const kr_app *primary, kr_atom name,
                              kr_atom phase)
{
        kr_term keys = kri_apps_keys(apps, name), error = kr_none();
        kr_term mod = kri_app_key(keys, "mod");
        kr_atom module;

        if (kr_match(mod, "{application_starter, [~ | _]}", &module)) {
                error = run_if_defined(apps, primary, name, phase, keys, module);
                if (kr_is_none(error))
                        error = start_included(apps, primary, keys, phase);
        } else if (kr_match(mod, "{~, _}", &module)) {
                error = run_if_defined(apps, primary, name, phase, keys, module);
        }
        kr_release(keys);
        return error;
}

static kr_term run_phases(struct kri_apps *apps, const kr_app *app, kr_term phases)
{
        kr_term error = kr_none();
        kr_atom phase;

        for (; kr_is_cons(phases) && kr_is_none(error); phases = kr_tl(phases))
                if (kr_match(kr_hd(phases), "{~, _}", &phase))
                        error = start_in_phase(apps, app, app->name, phase);
        return error;
}

/* -- running -- */

/* The state of the process of the callbacks. */
struct callbacks {
        const kr_application *module; /* NULL: its callbacks are exports */
        kr_term state;                /* what they say to each other; else none */
        kr_app app;
        kr_pid master, child;
        kr_atom module_name;
};

static void report_prep_stop(const struct callbacks *x, kr_term raised)
{
        kri_report(KR_LOG_ERROR,
                   "#{label => {application_master, shutdown_error},"
                   " report => [{~, {prep_stop, []}}, {error_info, ~}]}",
                   x->module_name, raised);
}

/* What it gives is the state that stop gets. */
static void prep_exported_stop(struct callbacks *x)
{
        kr_term value, reason;

        if (!kr_function_exported(x->module_name, "prep_stop", 1))
                return;
        value = kri_export_catch(x->module_name, "prep_stop", kr_build("{~}", x->state));
        if (kr_match(value, "{'EXIT', ~}", &reason)) {
                report_prep_stop(x, reason);
                kr_release(value);
                return;
        }
        kr_release(x->state);
        x->state = value;
}

static void prep_stop(struct callbacks *x)
{
        struct call c = { .module = x->module, .app = &x->app };
        kr_msg raised = KR_MSG_INIT;
        kr_class kind = KR_CLASS_EXIT;

        if (x->module == NULL)
                prep_exported_stop(x);
        else if (x->module->prep_stop != NULL &&
                 !kr_catch(call_prep_stop, &c, &kind, &raised))
                report_prep_stop(x, raised.term);
        kr_msg_clear(&raised);
}

static void stop(struct callbacks *x)
{
        struct call c = { .module = x->module, .app = &x->app };
        kr_msg raised = KR_MSG_INIT;
        kr_class kind;

        /* what it raises is nobody's, as in OTP */
        if (x->module == NULL)
                kr_release(kri_export_catch(x->module_name, "stop",
                                            kr_build("{~}", x->state)));
        else if (x->module->stop != NULL)
                (void)kr_catch(call_stop, &c, &kind, &raised);
        kr_msg_clear(&raised);
}

/* Stop what we have started, and end with this reason. */
static KR_NORETURN void finish(struct callbacks *x, bool child_lives,
                               kr_term child_reason, kr_term reason)
{
        kr_msg msg = KR_MSG_INIT;

        prep_stop(x);
        if (child_lives) {
                kr_exit_signal(x->child, "~", child_reason);
                (void)kr_receive(&msg, KR_INFINITY, kr_on(0, "{'EXIT', =, _}", x->child));
        }
        stop(x);
        kr_exit("~", reason);
}

/* OTP's loop_it. */
static KR_NORETURN void loop(struct callbacks *x)
{
        enum { GET_CHILD, TERMINATE, PARENT, CHILD, OTHER };
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;
        kr_ref ref;

        for (;;) {
                switch (kr_receive(&msg, KR_INFINITY,
                                   kr_on(GET_CHILD, "{=, get_child, ~}", x->master, &ref),
                                   kr_on(TERMINATE, "{=, terminate}", x->master),
                                   kr_on(PARENT, "{'EXIT', =, ~}", x->master, &reason),
                                   kr_on(CHILD, "{'EXIT', =, ~}", x->child, &reason),
                                   kr_on(OTHER, "_"))) {
                case GET_CHILD:
                        kr_send(x->master, "{child, ~, ~, ~}", ref, x->child,
                                x->module_name);
                        break;
                case TERMINATE:
                        finish(x, true, kr_atom_term(KR_ATOM("shutdown")),
                               kr_atom_term(KR_ATOM("normal")));
                case PARENT:
                        finish(x, true, reason, reason);
                case CHILD:
                        finish(x, false, kr_none(), reason);
                default:
                        break;
                }
        }
}

/* The module of {mod, _}, and its arguments. */
static void split_mod(kr_term mod, bool has_phases, kr_atom *ret_module,
                      kr_term *ret_args)
{
        if (has_phases &&
            kr_match(mod, "{application_starter, [~, ~]}", ret_module, ret_args))
                return;
        (void)kr_match(mod, "{~, ~}", ret_module, ret_args);
}

/* `what` is {Tag, Master, Name, Mod, Phases, Type}. */
static void run_callbacks(kr_term what)
{
        struct kri_apps *apps = kri_apps_here();
        struct callbacks x = { .child = kr_pid_none(), .state = kr_none() };
        kr_term mod, phases, error;
        kr_ref tag;

        (void)kr_trap_exit(true);
        if (apps == NULL || !kr_match(what, "{~, ~, ~, ~, ~, ~}", &tag, &x.master,
                                      &x.app.name, &mod, &phases, &x.app.type))
                return;
        split_mod(mod, !kr_match(phases, "undefined"), &x.module_name, &x.app.args);
        x.module = kri_apps_module(apps, x.module_name);
        error = x.module != NULL
                        ? run_start(x.module, x.module_name, &x.app, &x.child)
                        : run_exported_start(x.module_name, &x.app, &x.child, &x.state);
        if (kr_is_none(error)) {
                kr_link(x.child);
                if (!kr_match(phases, "undefined"))
                        error = run_phases(apps, &x.app, phases);
        }
        if (!kr_is_none(error)) {
                kr_send(x.master, "{~, ~}", tag, error);
                kr_exit("normal");
        }
        kr_send(x.master, "{~, {ok, ~}}", tag, kr_self());
        loop(&x);
}

/* -- the master -- */

#define REQUESTS_MAX 16 /* for the child, that wait; others are told `error` */

struct request {
        kr_ref ref, tag;
        kr_pid from;
};

struct master {
        struct kri_apps *apps;
        kr_atom name;
        kr_pid controller, child; /* child none: it has ended */
        kr_pid leader;            /* where input and output go */
        kr_term type;
        struct request requests[REQUESTS_MAX];
        unsigned count;
};

static void relay(struct master *m, kr_term request)
{
        kr_pid to = m->leader;

        if (kr_pid_is_none(to))
                to = kr_whereis("user");
        if (!kr_pid_is_none(to))
                kr_send(to, "~", request);
}

static void get_child(struct master *m, kr_ref tag, kr_pid from)
{
        struct request *r = &m->requests[m->count];

        if (kr_pid_is_none(m->child) || m->count == REQUESTS_MAX ||
            !kr_is_process_alive(m->child)) {
                kr_send(from, "{~, error}", tag);
                return;
        }
        *r = (struct request){ kr_make_ref(), tag, from };
        m->count++;
        kr_send(m->child, "{~, get_child, ~}", kr_self(), r->ref);
}

static void have_child(struct master *m, kr_ref ref, kr_pid child, kr_term module)
{
        for (unsigned i = 0; i < m->count; i++) {
                struct request *r = &m->requests[i];

                if (!kr_ref_eq(r->ref, ref))
                        continue;
                kr_send(r->from, "{~, {~, ~}}", r->tag, child, module);
                *r = m->requests[--m->count];
                return;
        }
}

/* Everybody who has us as group leader, as long as there is somebody. */
static void kill_all(void)
{
        kr_msg all = KR_MSG_INIT, info = KR_MSG_INIT;
        kr_pid self = kr_self(), pid;
        unsigned count;

        do {
                count = 0;
                kr_processes(&all);
                for (kr_term l = all.term; kr_is_cons(l); l = kr_tl(l)) {
                        if (!kr_get_pid(kr_hd(l), &pid) || kr_pid_eq(pid, self) ||
                            !kr_process_info(pid, KR_ATOM("group_leader"), &info) ||
                            !kr_match(info.term, "{group_leader, =}", self))
                                continue;
                        kr_exit_signal(pid, "kill");
                        count++;
                }
        } while (count > 0);
        kr_msg_clear(&all);
        kr_msg_clear(&info);
}

/* What comes in any state but for the ends that matter there. */
static void handle(struct master *m, kr_term msg)
{
        kr_ref ref, tag;
        kr_term module;
        kr_pid from;

        if (kr_match(msg, "{io_request, _, _, _}")) {
                relay(m, msg);
        } else if (kr_match(msg, "{get_child, ~, ~}", &tag, &from)) {
                get_child(m, tag, from);
        } else if (kr_match(msg, "{child, ~, ~, ~}", &ref, &from, &module)) {
                have_child(m, ref, from, module);
        } else if (kr_match(msg, "{start_type, ~}", &from)) {
                kr_send(from, "{start_type, ~}", m->type);
        }
}

static void terminate_child(struct master *m)
{
        enum { ENDED, OTHER };
        kr_msg msg = KR_MSG_INIT;
        kr_pid child = m->child;

        if (kr_pid_is_none(child))
                return;
        kr_send(child, "{~, terminate}", kr_self());
        while (kr_receive(&msg, KR_INFINITY, kr_on(ENDED, "{'EXIT', =, _}", child),
                          kr_on(OTHER, "_")) != ENDED)
                handle(m, msg.term);
        kr_msg_clear(&msg);
}

/* Stop the application; afterwards nobody of it is left. */
static void stop_all(struct master *m)
{
        for (unsigned i = 0; i < m->count; i++)
                kr_send(m->requests[i].from, "{~, error}", m->requests[i].tag);
        m->count = 0;
        terminate_child(m);
        kill_all();
}

static KR_NORETURN void terminate(struct master *m, kr_term reason)
{
        stop_all(m);
        kr_exit("~", reason);
}

static KR_NORETURN void stop_for(struct master *m, kr_ref tag, kr_pid from)
{
        stop_all(m);
        kr_send(from, "{~, ok}", tag);
        kr_exit("normal");
}

static KR_NORETURN void main_loop(struct master *m)
{
        enum { CONTROLLER, CHILD, TIMEOUT, STOP, OTHER };
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;
        kr_ref tag;
        kr_pid from;

        m->type = kr_atom_term(KR_ATOM("local"));
        for (;;) {
                switch (kr_receive(&msg, KR_INFINITY,
                                   kr_on(CONTROLLER, "{'EXIT', =, ~}", m->controller,
                                         &reason),
                                   kr_on(CHILD, "{'EXIT', =, ~}", m->child, &reason),
                                   kr_on(TIMEOUT, "{'EXIT', _, timeout}"),
                                   kr_on(STOP, "{stop, ~, ~}", &tag, &from),
                                   kr_on(OTHER, "_"))) {
                case CONTROLLER:
                        terminate(m, reason);
                case CHILD:
                        m->child = kr_pid_none();
                        terminate(m, reason);
                case TIMEOUT:
                        terminate(m, kr_atom_term(KR_ATOM("normal")));
                case STOP:
                        stop_for(m, tag, from);
                default:
                        handle(m, msg.term);
                }
        }
}

/* Until start has returned; gives its result in the slot: {ok, Pid}, {error, Reason} or
 * something else. */
static void await_start(struct master *m, kr_pid callbacks, kr_ref tag, kr_msg *slot)
{
        enum { RESULT, ENDED, STOP, OTHER };
        kr_pid from;
        kr_ref stop_tag;

        for (;;) {
                switch (kr_receive(slot, KR_INFINITY, kr_on(RESULT, "{=, _}", tag),
                                   kr_on(ENDED, "{'EXIT', =, _}", callbacks),
                                   kr_on(STOP, "{stop, ~, ~}", &stop_tag, &from),
                                   kr_on(OTHER, "_"))) {
                case RESULT:
                case ENDED:
                        return;
                case STOP:
                        stop_for(m, stop_tag, from);
                default:
                        handle(m, slot->term);
                }
        }
}

static void set_max_time(kr_term max)
{
        int64_t ms;

        if (kr_get_int64(max, &ms) && ms >= 0)
                kr_send_after(ms, kr_self(), "{'EXIT', ~, timeout}", kr_self());
}

/* The reason why it did not start, from what await_start gave. */
static kr_term start_failure(kr_term msg)
{
        kr_term reason;

        if (kr_match(msg, "{'EXIT', _, ~}", &reason) ||
            kr_match(msg, "{_, {error, ~}}", &reason) || kr_match(msg, "{_, ~}", &reason))
                return reason;
        return msg;
}

/* `what` is {Name, Mod, Phases, Type, MaxT, Controller, Starter}. */
static void run_master(kr_term what)
{
        struct master m = { .apps = kri_apps_here() };
        kr_msg msg = KR_MSG_INIT;
        kr_term mod, phases, max, to;
        kr_ref tag = kr_make_ref();
        kr_pid starter, callbacks;

        if (m.apps == NULL || !kr_match(what, "{~, ~, ~, ~, ~, ~, ~}", &m.name, &mod,
                                        &phases, &m.type, &max, &m.controller, &starter))
                kr_exit("badarg");
        kr_link(m.controller);
        (void)kr_trap_exit(true);
        m.leader = kr_group_leader();
        kr_set_group_leader(kr_self(), kr_self());
        if (!kri_apps_put_master(m.apps, m.name, kr_self()))
                kr_exit("enomem");
        to = kr_build("{~, ~, ~, ~, ~, ~}", tag, kr_self(), m.name, mod, phases, m.type);
        callbacks = kr_spawn_link(run_callbacks, to);
        kr_release(to);
        await_start(&m, callbacks, tag, &msg);
        if (!kr_match(msg.term, "{_, {ok, _}}"))
                kr_exit("~", start_failure(msg.term));
        m.child = callbacks;
        kr_msg_clear(&msg);
        set_max_time(max);
        kr_unlink(starter);
        kr_init_ack("{ok, ~}", kr_self());
        main_loop(&m);
}

kr_started kri_app_master_start(kr_term what, kr_msg *more)
{
        return kr_proc_lib_start_link(&(kr_start_opts){ .ret_reason = more }, run_master,
                                      what);
}

/* -- asking a master -- */

/* application_master:call: its answer, in the slot; false: it has ended. */
static bool ask(kr_pid master, const char *what, kr_msg *slot)
{
        enum { REPLY, DOWN };
        kr_ref tag = kr_make_ref(), monitor = kr_monitor(master);
        bool answered;

        kr_send(master, "{~, ~, ~}", kri_atom_of(what), tag, kr_self());
        answered = kr_receive(slot, KR_INFINITY, kr_on(REPLY, "{=, _}", tag),
                              kr_on(DOWN, "{'DOWN', =, _, _, _}", monitor)) == REPLY;
        (void)kr_demonitor(monitor, &(kr_demonitor_opts){ .flush = true });
        return answered;
}

void kri_app_master_stop(kr_pid master)
{
        kr_msg slot = KR_MSG_INIT;

        (void)ask(master, "stop", &slot);
        kr_msg_clear(&slot);
}

kr_pid kri_app_master_child(kr_pid master)
{
        kr_msg slot = KR_MSG_INIT;
        kr_pid child = kr_pid_none();

        if (ask(master, "get_child", &slot))
                (void)kr_match(slot.term, "{_, {~, _}}", &child);
        kr_msg_clear(&slot);
        return child;
}
