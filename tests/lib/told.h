/* SPDX-License-Identifier: Apache-2.0 */
/* told.h: a gen_server that does as it is told; scenarios_gen_server.erl has the same one in
 * Erlang.
 *
 * Model    It is started with {Owner, What}. init does What; calls, casts, infos and continues
 *          of the form {do, What} do What, others are told to the owner as {told, Callback,
 *          Argument} and come to nothing. `terminate` tells {told, terminate, Reason} and does
 *          what {at_end, What} said.
 * Does     {reply, R}, {reply, R, Then}, noreply, {noreply, Then}, {stop, R}, {stop, R, Reply},
 *          ok, {ok, Then}, ignore, {fail, R}, {exit, R}, {error, R}, {throw, T}, {throw_next, What},
 *          {trap, What}, {add, N}, get, later, {answer, R}, {at_end, What}, {tell, Text, What};
 *          Then is {timeout, Ms}, {continue, C} or hibernate. In C only: fault, null, old, store.
 */
#ifndef KR_TESTS_TOLD_H
#define KR_TESTS_TOLD_H

#include <krarup.h>

struct told {
        kr_pid owner;
        int64_t value;
        kr_from from;   /* of `later` */
        kr_next stored; /* of `store` */
        kr_term at_end; /* kept: what terminate does */
};

KR_FIELDS(told_fields, struct told, value);

static kr_next told_act(struct told *s, kr_term what, kr_from from);

static kr_next told_then(kr_next next, kr_term then)
{
        int64_t timeout_ms;
        kr_term what;

        if (kr_match(then, "{timeout, ~}", &timeout_ms))
                return kr_then_timeout(next, timeout_ms);
        if (kr_match(then, "{continue, ~}", &what))
                return kr_then_continue(next, "~", what);
        return kr_then_hibernate(next);
}

/* What does not return. */
static void told_raise(kr_term what)
{
        volatile int *volatile wild = NULL;
        kr_term arg;

        if (kr_match(what, "{exit, ~}", &arg))
                kr_exit("~", arg);
        if (kr_match(what, "{error, ~}", &arg))
                kr_error("~", arg);
        if (kr_match(what, "{throw, ~}", &arg))
                kr_throw("~", arg);
        if (kr_match(what, "fault"))
                *wild = 1;
}

/* What does something and goes on with something else. */
static bool told_first(struct told *s, kr_term what, kr_from from, kr_next *ret_next)
{
        kr_term arg, rest;

        if (kr_match(what, "{trap, ~}", &rest))
                kr_trap_exit(true);
        else if (kr_match(what, "{tell, ~, ~}", &arg, &rest))
                kr_send(s->owner, "{told, tell, ~}", arg);
        else if (kr_match(what, "{throw_next, ~}", &rest))
                kr_throw_next(told_act(s, rest, from));
        else
                return false;
        *ret_next = told_act(s, rest, from);
        return true;
}

/* What has to do with the state. */
static bool told_state(struct told *s, kr_term what, kr_from from, kr_next *ret_next)
{
        kr_term arg;
        int64_t n;

        *ret_next = kr_noreply();
        if (kr_match(what, "{add, ~}", &n))
                s->value += n;
        else if (kr_match(what, "get"))
                *ret_next = kr_reply("~", s->value);
        else if (kr_match(what, "later"))
                s->from = from;
        else if (kr_match(what, "{answer, ~}", &arg))
                kr_reply_to(s->from, "~", arg);
        else if (kr_match(what, "{at_end, ~}", &arg))
                s->at_end = kr_keep(arg);
        else if (kr_match(what, "store"))
                s->stored = kr_stop("stored");
        else if (kr_match(what, "old"))
                *ret_next = s->stored;
        else
                return false;
        return true;
}

static bool told_stop(kr_term what, kr_next *ret_next)
{
        kr_term arg, then;

        if (kr_match(what, "{stop, ~}", &arg))
                *ret_next = kr_stop("~", arg);
        else if (kr_match(what, "{stop, ~, ~}", &arg, &then))
                *ret_next = kr_then_reply(kr_stop("~", arg), "~", then);
        else if (kr_match(what, "{stop_then, ~, ~}", &arg, &then))
                *ret_next = told_then(kr_stop("~", arg), then);
        else if (kr_match(what, "{fail, ~}", &arg))
                *ret_next = kr_fail("~", arg);
        else if (kr_match(what, "ignore"))
                *ret_next = kr_ignore();
        else
                return false;
        return true;
}

static kr_next told_act(struct told *s, kr_term what, kr_from from)
{
        kr_next next = { 0, 0, 0, 0 };
        kr_term arg, then;

        told_raise(what);
        if (told_first(s, what, from, &next) || told_state(s, what, from, &next) ||
            told_stop(what, &next))
                return next;
        if (kr_match(what, "{reply, ~}", &arg))
                return kr_reply("~", arg);
        if (kr_match(what, "{reply, ~, ~}", &arg, &then))
                return told_then(kr_reply("~", arg), then);
        if (kr_match(what, "{noreply, ~}", &then))
                return told_then(kr_noreply(), then);
        if (kr_match(what, "{ok, ~}", &then))
                return told_then(kr_ok(), then);
        if (kr_match(what, "null"))
                return (kr_next){ 0, 0, 0, 0 };
        return kr_match(what, "ok") ? kr_ok() : kr_noreply();
}

static kr_next told_init(struct told *s, kr_term args)
{
        kr_from nobody = { kr_pid_none(), kr_ref_none(), kr_none() };
        kr_term what;

        s->at_end = kr_none();
        if (!kr_match(args, "{~, ~}", &s->owner, &what))
                return kr_stop("badarg");
        return told_act(s, what, nobody);
}

static kr_next told_something(struct told *s, const char *callback, kr_term arg,
                              kr_from from)
{
        kr_term what;

        if (kr_match(arg, "{do, ~}", &what))
                return told_act(s, what, from);
        kr_send(s->owner, "{told, ~, ~}", kri_atom_of(callback), arg);
        return kr_noreply();
}

static kr_next told_call(struct told *s, kr_term request, kr_from from)
{
        return told_something(s, "call", request, from);
}

static kr_next told_cast(struct told *s, kr_term message)
{
        return told_something(s, "cast", message, s->from);
}

static kr_next told_info(struct told *s, kr_term info)
{
        return told_something(s, "info", info, s->from);
}

static kr_next told_continue(struct told *s, kr_term what)
{
        return told_something(s, "continue", what, s->from);
}

static void told_terminate(struct told *s, kr_term reason)
{
        kr_send(s->owner, "{told, terminate, ~}", reason);
        if (!kr_is_none(s->at_end))
                (void)told_act(s, s->at_end, s->from);
}

static kr_next told_code_change(struct told *s, kr_term old_version, kr_term extra)
{
        int64_t n;

        (void)old_version;
        s->value += 1000; /* gone again if it fails */
        if (kr_match(extra, "{add, ~}", &n)) {
                s->value += n - 1000;
                return kr_ok();
        }
        return told_act(s, extra, s->from);
}

KR_GEN_SERVER(told, struct told, .init = told_init, .handle_call = told_call,
              .handle_cast = told_cast, .handle_info = told_info,
              .handle_continue = told_continue, .terminate = told_terminate,
              .code_change = told_code_change, .fields = told_fields);

#endif
