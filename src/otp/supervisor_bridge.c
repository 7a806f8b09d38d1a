/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor_bridge.c: a process between a supervisor and something that is none of its kind.
 * Follows OTP's supervisor_bridge. */
#include <krarup/supervisor_bridge.h>

#include "report.h"
#include "supervisor.h"

#define ATOM(text) kr_atom_term(KR_ATOM(text))

struct bridge {
        kr_pid pid; /* none: it has ended */
};

static struct bridge *bridge_of(kr_gen *g)
{
        return (struct bridge *)kr_gen_own(g);
}

static const struct kri_bridge *callbacks_of(kr_gen *g)
{
        return (const struct kri_bridge *)kr_gen_module(g)->callbacks;
}

static kr_atom module_of(kr_gen *g)
{
        return kri_atom_of(kr_gen_module(g)->name);
}

/* -- reports -- */

static void report_started(kr_gen *g, kr_term args)
{
        kr_term name = kri_gen_sup_name(g);

        kri_report(KR_LOG_INFO,
                   "#{label => {supervisor, progress}, report => [{supervisor, ~},"
                   " {started, [{pid, ~}, {mfa, {~, init, [~]}}]}]}",
                   name, bridge_of(g)->pid, module_of(g), args);
        kr_release(name);
}

static void report_ended(kr_gen *g, kr_term reason)
{
        kr_term name = kri_gen_sup_name(g);

        kri_report(KR_LOG_ERROR,
                   "#{label => {supervisor, error}, report => [{supervisor, ~},"
                   " {errorContext, child_terminated}, {reason, ~},"
                   " {offender, [{pid, ~}, {mod, ~}]}]}",
                   name, reason, bridge_of(g)->pid, module_of(g));
        kr_release(name);
}

/* -- the loop -- */

/* Does not return unless something was started. */
static void take_started(kr_gen *g, const kr_started *started, kr_term reason)
{
        switch (started->err) {
        case KR_OK:
                if (kr_pid_is_none(started->pid))
                        kr_gen_init_stop(
                                g, KR_CLASS_EXIT,
                                kr_build("{bad_return, {~, init, {ok, undefined}}}",
                                         module_of(g)));
                bridge_of(g)->pid = started->pid;
                return;
        case KR_EIGNORED:
                kr_gen_init_ignore(g);
        case KR_EFAILED:
                kr_gen_init_stop(g, KR_CLASS_EXIT, reason);
        default:
                kr_gen_init_stop(g, KR_CLASS_EXIT,
                                 kr_atom_term(kri_atom_of(kr_err_name(started->err))));
        }
}

static void init(kr_gen *g, kr_term args)
{
        kr_msg reason = KR_MSG_INIT;
        kr_started started;

        (void)kr_trap_exit(true);
        started = callbacks_of(g)->init(kr_gen_state(g), args, &reason);
        take_started(g, &started, reason.term);
        kr_link(bridge_of(g)->pid);
        report_started(g, args);
        kr_gen_init_started(g);
}

static KR_NORETURN void terminate(kr_gen *g, kr_class kind, kr_term reason)
{
        if (!kr_pid_is_none(bridge_of(g)->pid))
                callbacks_of(g)->terminate(kr_gen_state(g), reason);
        kr_gen_exit(g, kind, reason);
}

static void hear_info(kr_gen *g, kr_term info)
{
        struct bridge *b = bridge_of(g);
        kr_term reason;

        if (!kr_match(info, "{'EXIT', =, ~}", b->pid, &reason))
                return;
        if (!kri_is_planned_end(reason))
                report_ended(g, reason);
        b->pid = kr_pid_none();
        terminate(g, KR_CLASS_EXIT, reason);
}

static void loop(kr_gen *g)
{
        kr_gen_in in = KR_GEN_IN_INIT;

        switch (kr_gen_receive(g, &in, KR_INFINITY)) {
        case KR_GEN_CALL:
                /* a supervisor must answer this one */
                if (kr_match(in.term, "which_children"))
                        kr_reply_to(in.from, "[]");
                else
                        kr_reply_to(in.from, "{error, badcall}");
                break;
        case KR_GEN_INFO:
                hear_info(g, in.term);
                break;
        default:
                break;
        }
        kr_msg_clear(&in.slot);
}

/* Its state does not change with its code. */
static kr_err code_change(kr_gen *g, kr_term old_version, kr_term extra,
                          kr_msg *ret_reason)
{
        (void)g;
        (void)old_version;
        (void)extra;
        (void)ret_reason;
        return KR_OK;
}

static kr_term initial_call(const kr_gen *g)
{
        return kr_build("{supervisor_bridge, ~, 1}", kri_atom_of(kr_gen_module(g)->name));
}

const kr_kind kr_supervisor_bridge_kind = {
        .name = "supervisor_bridge",
        .init = init,
        .loop = loop,
        .terminate = terminate,
        .code_change = code_change,
        .initial_call = initial_call,
        .own_size = sizeof(struct bridge),
};
