/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor.c: the supervisor as a behaviour: how it starts, what it waits for, how it ends. */
#include "supervisor.h"

#include "moving.h"
#include "report.h"

#define ATOM(text) kr_atom_term(KR_ATOM(text))

static struct kri_sup *sup_of(kr_gen *g)
{
        return (struct kri_sup *)kr_gen_own(g);
}

/* -- starting -- */

/* OTP's supname/2; kr_gen_name has a pid, or the name without what it is registered with. */
kr_term kri_gen_sup_name(kr_gen *g)
{
        kr_term name = kr_gen_name(g);
        kr_atom local;

        if (kr_is_none(name))
                return name; /* no memory */
        if (kr_is_pid(name))
                return kr_build("{~, ~}", name, kri_atom_of(kr_gen_module(g)->name));
        if (kr_get_atom(name, &local) && kr_pid_eq(kr_whereis(local), kr_self()))
                return kr_build("{local, ~}", name);
        if (kr_pid_eq(kr_via_global.whereis_name(name), kr_self()))
                return kr_build("{global, ~}", name);
        return kr_build("{via, ~}", name);
}

/* Takes `error`, which is none or the second element of the reason. */
static void stop_if(kr_gen *g, const char *why, kr_term error)
{
        kr_term reason;

        if (kr_is_none(error))
                return;
        reason = kr_build("{~, ~}", kri_atom_of(why), error);
        kr_gen_init_stop(g, KR_CLASS_EXIT, kr_is_none(reason) ? error : reason);
}

static void start_children(struct kri_sup *s)
{
        struct kri_child *failed = NULL;
        kr_term error;

        error = kri_sup_start_from(s, s->oldest, &failed);
        if (!kr_is_none(error))
                kri_sup_stop_all(s);
        stop_if(s->gen, "shutdown", error);
}

static void check_template(struct kri_sup *s, kr_term specs)
{
        if (!kr_is_cons(specs) || !kr_is_nil(kr_tl(specs)))
                stop_if(s->gen, "bad_start_spec", specs);
}

/* Ask the module. Comes back when it wants to go on. */
static void ask_module(struct kri_sup *s, struct kri_wishes *wishes)
{
        kr_term error = kri_sup_ask_module(s, wishes);

        if (kr_is_that_atom(error, KR_ATOM("ignore")))
                kr_gen_init_ignore(s->gen);
        if (!kr_is_none(error))
                kr_gen_init_stop(s->gen, KR_CLASS_EXIT, error);
}

static void init(kr_gen *g, kr_term args)
{
        struct kri_sup *s = sup_of(g);
        struct kri_wishes wishes;

        (void)kr_trap_exit(true);
        s->gen = g;
        s->name = kri_gen_sup_name(g);
        s->args = kr_keep(args);
        if (kr_is_none(s->name) || kr_is_none(s->args))
                kr_gen_init_stop(g, KR_CLASS_EXIT, ATOM("enomem"));
        ask_module(s, &wishes);
        stop_if(g, "supervisor_data", kri_flags_check(&wishes.flags, &s->flags));
        if (kri_sup_is_simple(s))
                check_template(s, wishes.specs);
        stop_if(g, "start_spec",
                kri_spec_check_all(wishes.specs, s->flags.auto_shutdown, s));
        kr_release(wishes.specs);
        if (!kri_sup_is_simple(s))
                start_children(s);
        kr_gen_init_started(g);
}

/* -- ending -- */

/* As a gen_server; the state may be that of a million children, and is not told. */
static void report_end(kr_gen *g, kr_term reason)
{
        const kr_gen_in *in = kr_gen_handled(g);

        kri_report(KR_LOG_ERROR,
                   "#{label => {gen_server, terminate}, name => ~, last_message => ~,"
                   " state => {supervisor, ~}, log => [], reason => ~,"
                   " client_info => undefined}",
                   kr_gen_name(g),
                   in != NULL && !kr_is_none(in->slot.term) ? in->term : kr_nil(),
                   kri_atom_of(kr_gen_module(g)->name), reason);
}

static KR_NORETURN void terminate(kr_gen *g, kr_class kind, kr_term reason)
{
        struct kri_sup *s = sup_of(g);

        if (kri_sup_is_simple(s))
                kri_dyn_stop_all(s);
        else
                kri_sup_stop_all(s);
        if (kind != KR_CLASS_EXIT || !kri_report_is_planned(reason))
                report_end(g, reason);
        kr_gen_exit(g, kind, reason);
}

/* -- waiting -- */

static enum kri_verdict hear_cast(struct kri_sup *s, kr_term message)
{
        kr_term id;
        kr_pid old;

        if (!kr_match(message, "{try_again_restart, ~}", &id))
                kr_error("function_clause");
        if (!kri_sup_is_simple(s))
                return kri_sup_try_again(s, id);
        return kr_match(id, "{restarting, ~}", &old) ? kri_dyn_try_again(s, old)
                                                     : KRI_GO_ON;
}

static enum kri_verdict hear_info(struct kri_sup *s, kr_term info)
{
        kr_term reason;
        kr_pid pid;

        if (kr_match(info, "{'EXIT', ~, ~}", &pid, &reason))
                return kri_sup_is_simple(s) ? kri_dyn_ended(s, pid, reason)
                                            : kri_sup_ended(s, pid, reason);
        kri_report(KR_LOG_ERROR,
                   "#{label => {supervisor, unexpected_msg},"
                   " report => [{supervisor, ~}, {message, ~}]}",
                   s->name, info);
        return KRI_GO_ON;
}

static void loop(kr_gen *g)
{
        struct kri_sup *s = sup_of(g);
        kr_gen_in in = KR_GEN_IN_INIT;
        enum kri_verdict verdict = KRI_GO_ON;
        int kind = kr_gen_receive(g, &in, KR_INFINITY);

        kr_gen_handling(g, &in);
        switch (kind) {
        case KR_GEN_CALL:
                kri_sup_answer(s, &in);
                break;
        case KR_GEN_CAST:
                verdict = hear_cast(s, in.term);
                break;
        default:
                verdict = hear_info(s, in.term);
                break;
        }
        kr_gen_handling(g, NULL);
        kr_msg_clear(&in.slot);
        if (verdict == KRI_SHUT_DOWN)
                terminate(g, KR_CLASS_EXIT, ATOM("shutdown"));
}

/* -- for sys -- */

static kr_term get_state(kr_gen *g)
{
        return kri_sup_state_term(sup_of(g));
}

/* A supervisor's state is not for others to write. */
static kr_term replace_state(kr_gen *g, kr_term state)
{
        (void)g;
        (void)state;
        return kr_none();
}

static kr_err code_change(kr_gen *g, kr_term old_version, kr_term extra,
                          kr_msg *ret_reason)
{
        struct kri_sup *s = sup_of(g);
        kr_term error = kri_sup_change(s);

        (void)old_version;
        (void)extra;
        if (kr_is_none(error))
                return KR_OK;
        kr_release(s->refusal);
        s->refusal = kr_build("{error, ~}", error);
        kr_release(error);
        kr_msg_clear(ret_reason);
        ret_reason->term = s->refusal;
        return KR_EFAILED;
}

/* What get_callback_module looks for. */
static kr_term status(kr_gen *g)
{
        kr_term state = get_state(g), misc;

        if (kr_is_none(state))
                return state;
        misc = kr_build("[{data, [{\"State\", ~}]}, {supervisor, [{\"Callback\", ~}]}]",
                        state, kri_atom_of(kr_gen_module(g)->name));
        kr_release(state);
        return misc;
}

static kr_term initial_call(const kr_gen *g)
{
        return kr_build("{supervisor, ~, 1}", kri_atom_of(kr_gen_module(g)->name));
}

static void moved(kr_gen *g, const kr_behaviour *from)
{
        (void)from;
        sup_of(g)->gen = g;
}

/* Of a supervisor without children. */
static bool replica(kr_gen *g, const kr_gen *of)
{
        const struct kri_sup *s = sup_of((kr_gen *)(uintptr_t)of);

        sup_of(g)->gen = g;
        sup_of(g)->flags = s->flags;
        sup_of(g)->name = kr_keep(s->name);
        sup_of(g)->args = kr_keep(s->args);
        return !kr_is_none(sup_of(g)->name) && !kr_is_none(sup_of(g)->args);
}

/* What its new version wants of it is in the module, not in its state. */
static const struct kri_kind_moves moves = { .moved = moved,
                                             .replica = replica,
                                             .always = true };

const kr_kind kr_supervisor_kind = {
        .name = "supervisor",
        .init = init,
        .loop = loop,
        .terminate = terminate,
        .get_state = get_state,
        .replace_state = replace_state,
        .code_change = code_change,
        .status = status,
        .initial_call = initial_call,
        .own_size = sizeof(struct kri_sup),
        .moves = &moves,
};
