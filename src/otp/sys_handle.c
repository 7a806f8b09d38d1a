/* SPDX-License-Identifier: Apache-2.0 */
/* sys_handle.c: system messages, in the process that gets them. */
#include "sys.h"

#include <krarup/memory.h>

#include <string.h>

/* -- calling the process's own functions, which may raise -- */

struct call {
        kr_sys *sys;
        kr_term arg, result;
        kri_fun fn; /* of kr_sys_replace_state_fn */
        struct {
                kr_term module, old_version, extra;
                kr_msg reason;
                kr_err err;
        } change;
};

static void call_get_state(void *arg)
{
        struct call *c = arg;

        if (c->sys->callbacks->get_state)
                c->result = c->sys->callbacks->get_state(c->sys->record);
        else
                c->result = kr_nil();
        if (kr_is_none(c->result))
                kr_error("enomem");
}

static void call_replace_state(void *arg)
{
        struct call *c = arg;

        if (c->sys->callbacks->replace_state)
                c->result = c->sys->callbacks->replace_state(c->sys->record, c->arg);
        if (kr_is_none(c->result))
                kr_error("bad_state");
}

static void call_fn(void *arg)
{
        struct call *c = arg;
        size_t size;

        ((void (*)(void *, kr_term))c->fn)(c->sys->callbacks->state(c->sys->record,
                                                                    &size),
                                           c->arg);
}

static void call_code_change(void *arg)
{
        struct call *c = arg;

        c->change.err = c->sys->callbacks->code_change(c->sys->record, c->change.module,
                                                       c->change.old_version,
                                                       c->change.extra,
                                                       &c->change.reason);
}

/* Of errors without the trace. */
static kr_term raised(kr_class kind, kr_term reason)
{
        return kind == KR_CLASS_ERROR && kr_is_tuple(reason) ? kr_element(1, reason)
                                                             : reason;
}

static kr_term class_term(kr_class kind)
{
        switch (kind) {
        case KR_CLASS_ERROR:
                return kr_atom_term(KR_ATOM("error"));
        case KR_CLASS_EXIT:
                return kr_atom_term(KR_ATOM("exit"));
        default:
                return kr_atom_term(KR_ATOM("throw"));
        }
}

/* {error, {callback_failed, {Module, Function}, {Class, Reason}}} */
static kr_term callback_failed(const kr_sys *sys, const char *function, kr_class kind,
                               kr_term reason)
{
        return kr_build("{error, {callback_failed, {~, ~}, {~, ~}}}",
                        kri_atom_of(sys->module), kri_atom_of(function), class_term(kind),
                        raised(kind, reason));
}

/* Gives the result, or the error. */
static kr_term guarded(struct call *c, void (*fn)(void *), const char *function)
{
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        if (!kr_catch(fn, c, &kind, &reason))
                c->result = callback_failed(c->sys, function, kind, reason.term);
        kr_msg_clear(&reason);
        return c->result;
}

/* -- requests; each gives a new term, the answer -- */

static kr_term get_state(kr_sys *sys)
{
        struct call c = { .sys = sys, .result = kr_none() };

        return guarded(&c, call_get_state, "system_get_state");
}

static kr_term replace_by_term(kr_sys *sys, kr_term state)
{
        struct call c = { .sys = sys, .arg = state, .result = kr_none() };

        return guarded(&c, call_replace_state, "system_replace_state");
}

/* The bytes of the user's struct as they are, to go back to when something fails. */
struct snapshot {
        void *state, *copy; /* NULL: there is none to save */
        size_t size;
};

/* False: no memory. */
static bool snapshot_take(struct snapshot *s, const kr_sys *sys)
{
        *s = (struct snapshot){ .state = NULL };
        if (!sys->callbacks->state)
                return true;
        s->state = sys->callbacks->state(sys->record, &s->size);
        s->copy = kr_alloc(s->size + 1);
        if (!s->copy)
                return false;
        memcpy(s->copy, s->state, s->size);
        return true;
}

static void snapshot_end(struct snapshot *s, bool go_back)
{
        if (go_back && s->copy)
                memcpy(s->state, s->copy, s->size);
        kr_free(s->copy);
}

static kr_term replace_by_fn(kr_sys *sys, kri_fun fn, kr_term arg)
{
        struct call c = { .sys = sys, .arg = arg, .result = kr_none(), .fn = fn };
        struct snapshot before;
        kr_term failure;

        if (!snapshot_take(&before, sys))
                return kr_build("{error, enomem}");
        failure = guarded(&c, call_fn, "system_replace_state");
        snapshot_end(&before, !kr_is_none(failure));
        return kr_is_none(failure) ? get_state(sys) : failure;
}

static kr_term replace_state(kr_sys *sys, kr_term what)
{
        kri_fun fn;
        kr_term arg;
        int64_t n;

        if (kr_match(what, "{state, ~}", &arg))
                return replace_by_term(sys, arg);
        if (kr_match(what, "{function, ~, ~}", &n, &arg) && sys->callbacks->state &&
            (fn = kri_fun_of(n)))
                return replace_by_fn(sys, fn, arg);
        return kr_build("{error, {callback_failed, {~, system_replace_state}, "
                        "{error, {badfun, ~}}}}",
                        kri_atom_of(sys->module), what);
}

static kr_term dictionary(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term t = kr_nil();

        if (kr_process_info(kr_self(), KR_ATOM("dictionary"), &msg) &&
            kr_match(msg.term, "{dictionary, ~}", &t))
                t = kr_keep(t);
        kr_msg_clear(&msg);
        return t;
}

static kr_term misc_of(kr_sys *sys)
{
        if (sys->callbacks->status)
                return sys->callbacks->status(sys->record, sys);
        return get_state(sys);
}

static kr_pid parent_of(const kr_sys *sys)
{
        return kr_pid_is_none(sys->parent) ? kr_self() : sys->parent;
}

static kr_term get_status(kr_sys *sys)
{
        kr_term dict = dictionary(), debug = kri_sys_debug_term(sys), misc = misc_of(sys),
                t;
        kr_atom state = sys->suspended ? KR_ATOM("suspended") : KR_ATOM("running");

        t = kr_build("{status, ~, {module, ~}, [~, ~, ~, ~, ~]}", kr_self(),
                     kri_atom_of(sys->module), dict, state, parent_of(sys), debug, misc);
        kr_release(misc);
        kr_release(debug);
        kr_release(dict);
        return t;
}

/* {error, Reason} of what a callback that is caught in Erlang would give. */
static kr_term change_raised(kr_class kind, kr_term reason)
{
        if (kind == KR_CLASS_THROW)
                return kr_build("{error, ~}", reason);
        return kr_build("{error, {'EXIT', ~}}", reason);
}

static kr_term change_code(kr_sys *sys, kr_term module, kr_term old_version,
                           kr_term extra)
{
        struct call c = {
                .sys = sys,
                .change = { .module = module, .old_version = old_version, .extra = extra }
        };
        kr_msg reason = KR_MSG_INIT;
        struct snapshot before;
        kr_class kind;
        kr_term t;

        if (!sys->callbacks->code_change)
                return kr_build("{error, {'EXIT', {undef, []}}}");
        if (!snapshot_take(&before, sys))
                return kr_build("{error, enomem}");
        if (!kr_catch(call_code_change, &c, &kind, &reason)) {
                t = change_raised(kind, reason.term);
                c.change.err = KR_EFAILED;
        } else if (c.change.err != KR_OK) {
                t = kr_build("{error, ~}", c.change.reason.term);
        } else {
                t = kr_build("ok");
        }
        snapshot_end(&before, c.change.err != KR_OK);
        kr_msg_clear(&reason);
        kr_msg_clear(&c.change.reason);
        return t;
}

static kr_term answer_to(kr_sys *sys, kr_term request)
{
        kr_term arg, module, old_version, extra;

        if (kr_match(request, "get_state"))
                return get_state(sys);
        if (kr_match(request, "{replace_state, ~}", &arg))
                return replace_state(sys, arg);
        if (kr_match(request, "get_status"))
                return get_status(sys);
        if (kr_match(request, "{debug, ~}", &arg))
                return kri_sys_debug_command(sys, arg);
        if (sys->suspended &&
            kr_match(request, "{change_code, ~, ~, ~}", &module, &old_version, &extra))
                return change_code(sys, module, old_version, extra);
        return kr_build("{error, {unknown_system_msg, ~}}", request);
}

bool kr_sys_handle_request(kr_sys *sys, kr_from from, kr_term request)
{
        kr_term reason, answer;

        if (kr_match(request, "suspend")) {
                sys->suspended = true;
                kr_reply_to(from, "ok");
        } else if (kr_match(request, "resume")) {
                sys->suspended = false;
                kr_reply_to(from, "ok");
        } else if (kr_match(request, "{terminate, ~}", &reason)) {
                kr_reply_to(from, "ok");
                sys->callbacks->terminate(sys->record, reason);
        } else {
                answer = answer_to(sys, request);
                if (kr_is_none(answer))
                        kr_reply_to(from, "{error, enomem}");
                else
                        kr_reply_to(from, "~", answer);
                kr_release(answer);
        }
        return sys->suspended;
}

/* -- a loop of one's own -- */

/* While suspended: the next system message; the parent's exit ends it. */
static void wait_suspended(kr_sys *sys)
{
        enum { SYSTEM, EXIT };
        kr_msg msg = KR_MSG_INIT;
        kr_term from_term, request, reason;
        kr_from from;

        switch (kr_receive(&msg, KR_INFINITY,
                           kr_on(SYSTEM, "{system, ~, ~}", &from_term, &request),
                           kr_on(EXIT, "{'EXIT', =, ~}", parent_of(sys), &reason))) {
        case SYSTEM:
                if (kr_get_from(from_term, &from))
                        (void)kr_sys_handle_request(sys, from, request);
                break;
        case EXIT:
                sys->callbacks->terminate(sys->record, reason);
                break;
        }
        kr_msg_clear(&msg);
}

bool kr_sys_handle_message(kr_sys *sys, kr_msg *slot)
{
        kr_term from_term, request;
        kr_from from;

        if (!kr_match(slot->term, "{system, ~, ~}", &from_term, &request) ||
            !kr_get_from(from_term, &from))
                return false;
        if (kr_sys_handle_request(sys, from, request))
                while (sys->suspended)
                        wait_suspended(sys);
        return true;
}
