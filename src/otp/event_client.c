/* SPDX-License-Identifier: Apache-2.0 */
/* event_client.c: how others talk to an event manager: {Self, {Self, Tag}, Request}.
 * Follows OTP's gen_event.erl: rpc, call1, send. */
#include "event.h"

enum { REPLY, DOWN };

/* -- asking -- */

static bool is_elsewhere(kr_server server)
{
        return kr_pid_is_none(server.pid) && server.via == NULL &&
               server.node.index != 0 &&
               !kr_atom_eq(server.node, kr_node_name(kr_here()));
}

/* A term (taken; none: no memory) into the slot, so that it goes with the slot. */
static kr_term put(kr_msg *slot, kr_term term)
{
        kr_ref ref = kr_make_ref();

        if (kr_is_none(term))
                term = kr_atom_term(KR_ATOM("system_limit"));
        (void)kr_send(kr_self(), "{~, ~}", ref, term);
        kr_release(term);
        (void)kr_receive(slot, 0, kr_on(0, "{=, ~}", ref, &term));
        slot->term = term;
        return term;
}

static kr_ref request(kr_pid to, kr_term what)
{
        kr_ref ref = kr_monitor_alias(to, KR_ALIAS_REPLY_DEMONITOR, NULL);

        (void)kr_send(to, "{~, {~, [alias|~]}, ~}", kr_self(), kr_self(), ref, what);
        return ref;
}

static int await(kr_ref ref, int64_t timeout_ms, kr_msg *slot)
{
        kr_term term = kr_none();
        int what = kr_receive(slot, timeout_ms,
                              kr_on(REPLY, "{[alias|=], ~}", ref, &term),
                              kr_on(DOWN, "{'DOWN', =, _, _, ~}", ref, &term));

        if (what != KR_TIMEOUT) {
                slot->term = term;
                return what;
        }
        kr_demonitor(ref, &(kr_demonitor_opts){ .flush = true });
        what = kr_receive(slot, 0, kr_on(REPLY, "{[alias|=], ~}", ref, &term));
        slot->term = what == REPLY ? term : kr_atom_term(KR_ATOM("timeout"));
        return what == REPLY ? REPLY : DOWN;
}

/* gen:call/4: true: the slot's term is the reply; false: it is the Reason why there is none. */
static bool ask(kr_server manager, kr_msg *slot, int64_t timeout_ms, kr_term what)
{
        kr_pid pid;

        kr_msg_clear(slot);
        if (is_elsewhere(manager)) {
                put(slot, kr_build("{nodedown, ~}", manager.node));
                return false;
        }
        pid = kr_server_pid(manager);
        if (kr_pid_is_none(pid))
                slot->term = kr_atom_term(KR_ATOM("noproc"));
        else if (kr_pid_eq(pid, kr_self()))
                slot->term = kr_atom_term(KR_ATOM("calling_self"));
        else
                return await(request(pid, what), timeout_ms, slot) == REPLY;
        return false;
}

static kr_term need(kr_term term)
{
        if (kr_is_none(term) && !kri_gen_is_thread())
                kr_error("system_limit");
        return term;
}

/* rpc/2: `what` is taken. The reply, or the caller ends; none: on a thread. */
static kr_term rpc(kr_server manager, kr_msg *slot, kr_term what)
{
        bool done = ask(manager, slot, KR_INFINITY, need(what));

        kr_release(what);
        if (done)
                return slot->term;
        if (!kri_gen_is_thread())
                kr_raise(KR_CLASS_EXIT, slot->term);
        return kr_none();
}

static bool is_a_process(void)
{
        return kr_here() != NULL && !kr_pid_is_none(kr_self());
}

/* -- events -- */

/* To a name that nobody has: badarg, as `!`; through a registry: nothing. */
static void send(kr_server manager, kr_term message)
{
        kr_pid pid;

        if (!kr_pid_is_none(manager.pid)) {
                kr_send(manager.pid, "~", message);
        } else if (manager.via != NULL && manager.via->send != NULL) {
                manager.via->send(manager.via_name, message);
        } else if (manager.via != NULL) {
                pid = manager.via->whereis_name(manager.via_name);
                if (!kr_pid_is_none(pid))
                        kr_send(pid, "~", message);
        } else if (!is_elsewhere(manager)) {
                kr_send(manager.name, "~", message);
        }
}

void kri_event_notify(kr_server manager, struct kri_site *site, const union kri_arg *args)
{
        kr_term event, message;
        kr_msg slot = KR_MSG_INIT;

        if (!is_a_process())
                return;
        event = kri_build(site, args);
        message = kr_build("{notify, ~}", event);
        kr_release(event);
        need(message);
        /* a slot keeps it: sending may end the caller */
        send(manager, put(&slot, message));
        kr_msg_clear(&slot);
}

kr_err kri_event_sync_notify(kr_server manager, struct kri_site *site,
                             const union kri_arg *args)
{
        kr_term event, what, reply;
        kr_msg slot = KR_MSG_INIT;

        if (!is_a_process())
                return KR_EBADARG;
        event = kri_build(site, args);
        what = kr_build("{sync_notify, ~}", event);
        kr_release(event);
        reply = rpc(manager, &slot, what);
        kr_msg_clear(&slot);
        return kr_is_none(reply) ? KR_ENOPROC : KR_OK;
}

/* -- handlers -- */

/* `ok`, or what came instead, in the caller's slot. */
static kr_err result(kr_server manager, kr_term what, bool in_error, kr_msg *slot)
{
        kr_msg own = KR_MSG_INIT;
        kr_msg *to = slot != NULL ? slot : &own;
        kr_term reply = rpc(manager, to, what);
        kr_err err = KR_ENOPROC;

        if (!kr_is_none(reply)) {
                err = kr_match(reply, "ok") ? KR_OK : KR_EFAILED;
                if (err == KR_EFAILED && in_error)
                        (void)kr_match(reply, "{error, ~}", &to->term);
        }
        kr_msg_clear(&own);
        return err;
}

kr_err kri_event_add(kr_server manager, kr_handler handler, bool sup, kr_msg *slot,
                     struct kri_site *site, const union kri_arg *args)
{
        kr_term name, given, what;

        if (!is_a_process())
                return KR_EBADARG;
        name = kri_handler_term(handler);
        given = kri_build(site, args);
        what = sup ? kr_build("{add_sup_handler, ~, ~, ~}", name, given, kr_self())
                   : kr_build("{add_handler, ~, ~}", name, given);
        kr_release(given);
        kr_release(name);
        return result(manager, what, false, slot);
}

kr_term kri_event_delete(kr_server manager, kr_handler handler, kr_msg *slot,
                         struct kri_site *site, const union kri_arg *args)
{
        kr_term name, given, what;

        if (!is_a_process())
                return kr_none();
        name = kri_handler_term(handler);
        given = kri_build(site, args);
        what = kr_build("{delete_handler, ~, ~}", name, given);
        kr_release(given);
        kr_release(name);
        return rpc(manager, slot, what);
}

kr_err kri_event_swap(kr_server manager, kr_handler handler1, kr_term args1,
                      kr_handler handler2, bool sup, kr_msg *slot, struct kri_site *site,
                      const union kri_arg *args)
{
        kr_term name1, name2, given, what;

        if (!is_a_process())
                return KR_EBADARG;
        name1 = kri_handler_term(handler1);
        name2 = kri_handler_term(handler2);
        given = kri_build(site, args);
        what = sup ? kr_build("{swap_sup_handler, ~, ~, ~, ~, ~}", name1, args1, name2,
                              given, kr_self())
                   : kr_build("{swap_handler, ~, ~, ~, ~}", name1, args1, name2, given);
        kr_release(given);
        kr_release(name2);
        kr_release(name1);
        return result(manager, what, true, slot);
}

kr_term kri_event_which_handlers(kr_server manager, kr_msg *slot)
{
        return is_a_process() ? rpc(manager, slot, kr_build("which_handlers"))
                              : kr_none();
}

/* -- calls -- */

/* {Reason, {gen_event, call, [Manager, Handler, Request | Timeout]}}: gives a new term. */
static kr_term call_reason(kr_server manager, kr_term reason, kr_term handler,
                           kr_term request_term, int64_t timeout_ms)
{
        kr_term server = kr_server_term(manager), term;

        if (timeout_ms == KRI_CALL_DEFAULT)
                term = kr_build("{~, {gen_event, call, [~, ~, ~]}}", reason, server,
                                handler, request_term);
        else if (timeout_ms == KR_INFINITY)
                term = kr_build("{~, {gen_event, call, [~, ~, ~, infinity]}}", reason,
                                server, handler, request_term);
        else
                term = kr_build("{~, {gen_event, call, [~, ~, ~, ~]}}", reason, server,
                                handler, request_term, timeout_ms);
        kr_release(server);
        return term;
}

kr_term kri_event_call(kr_server manager, kr_handler handler, kr_msg *slot,
                       int64_t timeout_ms, struct kri_site *site,
                       const union kri_arg *args)
{
        int64_t limit_ms = timeout_ms == KRI_CALL_DEFAULT ? KR_CALL_TIMEOUT_MS
                                                          : timeout_ms;
        kr_term name, given, what, reason = kr_none();
        bool done;

        if (!is_a_process())
                return kr_none();
        name = kri_handler_term(handler);
        given = kri_build(site, args);
        what = need(kr_build("{call, ~, ~}", name, given));
        done = ask(manager, slot, limit_ms, what);
        if (!done)
                reason = call_reason(manager, slot->term, name, given, timeout_ms);
        kr_release(what);
        kr_release(given);
        kr_release(name);
        if (done)
                return slot->term;
        put(slot, reason);
        if (!kri_gen_is_thread())
                kr_raise(KR_CLASS_EXIT, slot->term);
        return kr_none();
}

kr_ref kri_event_send_request(kr_server manager, kr_handler handler,
                              struct kri_site *site, const union kri_arg *args)
{
        kr_term name, given, what;
        kr_pid pid;
        kr_ref ref;

        if (!is_a_process())
                return kr_ref_none();
        pid = kr_server_pid(manager);
        if (kr_pid_is_none(pid)) /* nobody can have this name: a DOWN with noproc comes */
                return kr_monitor_alias(KR_ATOM("undefined"), KR_ALIAS_REPLY_DEMONITOR,
                                        NULL);
        name = kri_handler_term(handler);
        given = kri_build(site, args);
        what = need(kr_build("{call, ~, ~}", name, given));
        ref = request(pid, what);
        kr_release(what);
        kr_release(given);
        kr_release(name);
        return ref;
}
