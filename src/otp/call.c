/* SPDX-License-Identifier: Apache-2.0 */
/* call.c: whom a server's name means, calls with OTP's exit reasons, stopping. */
#include <krarup/behaviour.h>
#include <krarup/registry.h>

#include <string.h>

#include "gen.h"

enum { SAID, FILLED };

void kri_otp_badarg(const char *function, const char *argument)
{
        if (!kri_gen_is_thread())
                kr_error("{badarg, {~, ~}}", function, argument);
}

/* -- whom -- */

static bool is_elsewhere(kr_server server)
{
        if (!kr_pid_is_none(server.pid))
                return server.pid.node != kr_self().node &&
                       !kr_atom_eq(kr_pid_node(server.pid), kr_node_name(kr_here()));
        return server.via == NULL && server.node.index != 0 &&
               !kr_atom_eq(server.node, kr_node_name(kr_here()));
}

kr_pid kr_server_pid(kr_server server)
{
        if (!kr_pid_is_none(server.pid))
                return server.pid;
        if (server.via != NULL)
                return server.via->whereis_name(server.via_name);
        if (server.name.index == 0 || is_elsewhere(server))
                return kr_pid_none();
        return kr_whereis(server.name);
}

kr_term kr_server_term(kr_server server)
{
        if (!kr_pid_is_none(server.pid))
                return kr_build("~", server.pid);
        if (server.via == &kr_via_global)
                return kr_build("{global, ~}", server.via_name);
        if (server.via != NULL)
                return kr_build("{via, ~, ~}", kri_atom_of(server.via->name),
                                server.via_name);
        if (server.node.index != 0)
                return kr_build("{~, ~}", server.name, server.node);
        return kr_atom_term(server.name);
}

/* -- get_from and from_term -- */

kr_term kr_from_term(kr_from from)
{
        if (kr_is_none(from.tag))
                return kr_build("{~, ~}", from.pid, from.ref);
        if (kr_is_that_atom(from.tag, KR_ATOM("alias")))
                return kr_build("{~, [alias|~]}", from.pid, from.ref);
        return kr_build("{~, ~}", from.pid, from.tag);
}

bool kr_get_from(kr_term term, kr_from *ret_from)
{
        kr_from from = { kr_pid_none(), kr_ref_none(), kr_none() };
        kr_term tag;

        if (!kr_match(term, "{~, ~}", &from.pid, &tag))
                return false;
        if (kr_match(tag, "[alias|~]", &from.ref))
                from.tag = kr_atom_term(KR_ATOM("alias"));
        else if (!kr_get_ref(tag, &from.ref))
                from.tag = tag;
        *ret_from = from;
        return true;
}

/* -- asking -- */

static int fail_with(kr_msg *slot, kr_atom reason)
{
        kr_msg_clear(slot);
        slot->term = kr_atom_term(reason);
        return KRI_CALL_DOWN;
}

/* {nodedown, Node}, in the slot: a message to oneself is the way to fill one. */
static int fail_nodedown(kr_msg *slot, kr_atom node)
{
        kr_ref ref = kr_make_ref();

        (void)kr_send(kr_self(), "{~, {nodedown, ~}}", ref, node);
        (void)kr_receive(slot, 0, kr_on(FILLED, "{=, _}", ref));
        slot->term = kr_element(2, slot->term);
        return KRI_CALL_DOWN;
}

static kr_atom node_of(kr_server server)
{
        return kr_pid_is_none(server.pid) ? server.node : kr_pid_node(server.pid);
}

/* gen:call/4, but for its exits */
int kri_gen_ask(kr_server to, kr_atom label, kr_msg *slot, int64_t timeout_ms,
                struct kri_site *site, const union kri_arg *args)
{
        kr_pid pid = to.pid;
        int end = KRI_CALL_ELSEWHERE;

        if (!kr_pid_is_none(pid)) /* the usual one, of this node */
                end = kri_gen_call(pid, label, timeout_ms, slot, site, args);
        if (end == KRI_CALL_ELSEWHERE) {
                if (is_elsewhere(to))
                        return fail_nodedown(slot, node_of(to));
                pid = kr_server_pid(to);
                if (kr_pid_is_none(pid))
                        return fail_with(slot, KR_ATOM("noproc"));
                if (kr_pid_eq(pid, kr_self()))
                        return fail_with(slot, KR_ATOM("calling_self"));
                end = kri_gen_call(pid, label, timeout_ms, slot, site, args);
        }
        if (end == KRI_CALL_TIMEOUT)
                slot->term = kr_atom_term(KR_ATOM("timeout"));
        return end;
}

/* {Reason, {Module, Function, [Server, Request | Timeout]}}: gives a new term. */
static kr_term call_reason(const kr_call_as *as, kr_term server, kr_term request,
                           kr_term reason, int64_t timeout_ms)
{
        kr_atom module = kri_atom_of(as->module), function = kri_atom_of(as->function);

        if (kr_is_none(server) || kr_is_none(request))
                return kr_none();
        if (timeout_ms == KRI_CALL_DEFAULT)
                return kr_build("{~, {~, ~, [~, ~]}}", reason, module, function, server,
                                request);
        if (timeout_ms == KR_INFINITY)
                return kr_build("{~, {~, ~, [~, ~, infinity]}}", reason, module, function,
                                server, request);
        return kr_build("{~, {~, ~, [~, ~, ~]}}", reason, module, function, server,
                        request, timeout_ms);
}

/* Whoever catches it finds nothing left over. */
static void call_exits(const kr_call_as *as, kr_server to, kr_term reason,
                       int64_t timeout_ms, struct kri_site *site,
                       const union kri_arg *args)
{
        kr_term server = kr_server_term(to), request = kri_build(site, args);
        kr_term why = call_reason(as, server, request, reason, timeout_ms);

        kr_release(server);
        kr_release(request);
        if (kr_is_none(why))
                kr_error("system_limit");
        kr_raise_given(KR_CLASS_EXIT, why);
}

/* The slot has the reason. */
static kr_term call_failed(const kr_call_as *as, kr_server to, kr_msg *slot,
                           int64_t timeout_ms, struct kri_site *site,
                           const union kri_arg *args)
{
        if (!kri_gen_is_thread())
                call_exits(as, to, slot->term, timeout_ms, site, args);
        return kr_none();
}

kr_term kri_call_as(const kr_call_as *as, kr_server to, kr_msg *slot, int64_t timeout_ms,
                    struct kri_site *site, const union kri_arg *args)
{
        int64_t wait_ms = timeout_ms == KRI_CALL_DEFAULT ? KR_CALL_TIMEOUT_MS
                                                         : timeout_ms;

        if (kr_here() == NULL)
                return kr_none();
        if (slot == NULL || wait_ms < KR_INFINITY) {
                kri_otp_badarg("kr_call", slot == NULL ? "slot" : "timeout_ms");
                return kr_none();
        }
        if (kri_gen_ask(to, KR_ATOM("$gen_call"), slot, wait_ms, site, args) ==
            KRI_CALL_REPLY)
                return slot->term;
        return call_failed(as, to, slot, timeout_ms, site, args);
}
static const kr_call_as gen_server_call = { "gen_server", "call" };

/* The usual call goes straight to the core. */
kr_term kri_call_pid(kr_pid to, kr_msg *slot, int64_t timeout_ms, struct kri_site *site,
                     const union kri_arg *args)
{
        int64_t wait_ms = timeout_ms == KRI_CALL_DEFAULT ? KR_CALL_TIMEOUT_MS
                                                         : timeout_ms;
        int end = wait_ms >= KR_INFINITY ? kri_gen_call(to, KR_ATOM("$gen_call"), wait_ms,
                                                        slot, site, args)
                                         : KRI_CALL_ELSEWHERE;

        if (__builtin_expect(end == KRI_CALL_REPLY, 1))
                return slot->term;
        if (end == KRI_CALL_ELSEWHERE)
                return kri_call_as(&gen_server_call, kri_server_pid(to), slot, timeout_ms,
                                   site, args);
        if (end == KRI_CALL_TIMEOUT)
                slot->term = kr_atom_term(KR_ATOM("timeout"));
        return call_failed(&gen_server_call, kri_server_pid(to), slot, timeout_ms, site,
                           args);
}

kr_term kri_call_server(kr_server to, kr_msg *slot, int64_t timeout_ms,
                        struct kri_site *site, const union kri_arg *args)
{
        if (!kr_pid_is_none(to.pid))
                return kri_call_pid(to.pid, slot, timeout_ms, site, args);
        return kri_call_as(&gen_server_call, to, slot, timeout_ms, site, args);
}

kr_term kri_call_atom(kr_atom to, kr_msg *slot, int64_t timeout_ms, struct kri_site *site,
                      const union kri_arg *args)
{
        return kri_call_server(kri_server_atom(to), slot, timeout_ms, site, args);
}

kr_term kri_call_text(const char *to, kr_msg *slot, int64_t timeout_ms,
                      struct kri_site *site, const union kri_arg *args)
{
        return kri_call_server(kri_server_text(to), slot, timeout_ms, site, args);
}

kr_err kri_gen_try_call(kr_server to, kr_msg *slot, int64_t timeout_ms,
                        struct kri_site *site, const union kri_arg *args)
{
        int64_t wait_ms = timeout_ms == KRI_CALL_DEFAULT ? KR_CALL_TIMEOUT_MS
                                                         : timeout_ms;

        if (kr_here() == NULL || slot == NULL || wait_ms < KR_INFINITY) {
                if (kr_here() != NULL)
                        kri_otp_badarg("kr_try_call",
                                       slot == NULL ? "slot" : "timeout_ms");
                return KR_EBADARG;
        }
        switch (kri_gen_ask(to, KR_ATOM("$gen_call"), slot, wait_ms, site, args)) {
        case KRI_CALL_REPLY:
                return KR_OK;
        case KRI_CALL_TIMEOUT:
                kr_msg_clear(slot);
                return KR_ETIMEDOUT;
        default:
                return kr_is_that_atom(slot->term, KR_ATOM("noproc")) ? KR_ENOPROC
                                                                      : KR_EFAILED;
        }
}

/* -- casts: nothing to wait for, nothing to fail -- */

void kri_cast_server(kr_server to, struct kri_site *site, const union kri_arg *args)
{
        if (kr_here() == NULL)
                return;
        if (to.via != NULL && to.via->send != NULL) {
                kr_term message = kri_build(site, args);
                kr_term cast = kr_build("{'$gen_cast', ~}", message);

                to.via->send(to.via_name, cast);
                kr_release(cast);
                kr_release(message);
                return;
        }
        if (!is_elsewhere(to))
                kri_cast_pid(kr_server_pid(to), site, args);
}

void kri_cast_atom(kr_atom to, struct kri_site *site, const union kri_arg *args)
{
        kri_cast_server(kri_server_atom(to), site, args);
}

void kri_cast_text(const char *to, struct kri_site *site, const union kri_arg *args)
{
        kri_cast_server(kri_server_text(to), site, args);
}

/* -- stopping: proc_lib:stop/3 -- */

/* The functions below give in *ret_why, for an error, what the caller ends with. */

/* It has died before it answered, of something else. */
static kr_err stop_overtaken(kr_pid pid, kr_term reason, kr_term died_of,
                             kr_term *ret_why)
{
        if (kr_is_that_atom(died_of, KR_ATOM("noproc"))) {
                *ret_why = died_of;
                return KR_ENOPROC;
        }
        *ret_why =
                kr_build("{~, {sys, terminate, [~, ~, infinity]}}", died_of, pid, reason);
        return KR_EFAILED;
}

/* Nothing of it is left. */
static kr_err stop_timeout(kr_ref ref, kr_msg *slot, kr_term *ret_why)
{
        kr_demonitor(ref, &(kr_demonitor_opts){ .flush = true });
        (void)kr_receive(slot, 0, kr_on(SAID, "{[alias|=], _}", ref));
        kr_msg_clear(slot);
        *ret_why = kr_atom_term(KR_ATOM("timeout"));
        return KR_ETIMEDOUT;
}

/* One reference asks, and hears of the end: OTP watches for itself and calls by another one. In
 * line: see `Why` in core/call.h. */
static inline __attribute__((always_inline)) kr_err stop(kr_pid pid, int64_t timeout_ms,
                                                         kr_term reason, kr_term *ret_why)
{
        kr_msg slot = KR_MSG_INIT;
        kr_ref ref;
        kr_err err = kri_gen_order(pid, KR_ATOM("system"), &ref,
                                   KRI_SITE("{terminate, ~}", reason),
                                   KRI_ARGS("{terminate, ~}", reason));
        bool replied;

        if (err != KR_OK) {
                *ret_why = kr_build("{full, {sys, terminate, [~, ~, infinity]}}", pid,
                                    reason);
                return err;
        }
        if (!kri_gen_hear_end(ref, timeout_ms, &slot, &replied))
                return stop_timeout(ref, &slot, ret_why);
        if (!replied) {
                err = stop_overtaken(pid, reason, slot.term, ret_why);
        } else if (!kr_same(slot.term, reason)) {
                err = KR_EFAILED;
                *ret_why = kr_keep(slot.term);
        }
        kr_msg_clear(&slot);
        return err;
}

static kr_err stop_elsewhere(kr_server server, kr_term reason, kr_term *ret_why)
{
        kr_term whom = kr_server_term(server);

        *ret_why = kr_build("{{nodedown, ~}, {sys, terminate, [~, ~, infinity]}}",
                            node_of(server), whom, reason);
        kr_release(whom);
        return KR_EFAILED;
}

static inline __attribute__((always_inline)) kr_err stop_somebody(kr_server server,
                                                                  int64_t timeout_ms,
                                                                  kr_term reason,
                                                                  kr_term *ret_why)
{
        kr_pid pid;

        if (is_elsewhere(server))
                return stop_elsewhere(server, reason, ret_why);
        pid = kr_server_pid(server);
        if (kr_pid_is_none(pid)) {
                *ret_why = kr_atom_term(KR_ATOM("noproc"));
                return KR_ENOPROC;
        }
        if (kr_pid_eq(pid, kr_self())) {
                *ret_why = kr_build("{calling_self, {sys, terminate, [~, ~, infinity]}}",
                                    pid, reason);
                return KR_EFAILED;
        }
        return stop(pid, timeout_ms, reason, ret_why);
}

kr_err kri_gen_stop(kr_server server, int64_t timeout_ms, struct kri_site *site,
                    const union kri_arg *args)
{
        kr_term reason;
        kr_term why = kr_none();
        kr_err err;

        if (kr_here() == NULL || timeout_ms < KR_INFINITY) {
                if (kr_here() != NULL)
                        kri_otp_badarg("kr_stop_server", "timeout_ms");
                return KR_EBADARG;
        }
        reason = kri_build(site, args);
        if (kr_is_none(reason))
                return kri_gen_is_thread() ? KR_ENOMEM
                                           : (kr_error("system_limit"), KR_ENOMEM);
        err = stop_somebody(server, timeout_ms, reason, &why);
        kr_release(reason);
        if (err == KR_OK)
                return KR_OK;
        if (!kri_gen_is_thread()) { /* on a thread nothing can be raised */
                if (kr_is_none(why))
                        kr_error("system_limit");
                kr_raise_given(KR_CLASS_EXIT, why);
        }
        kr_release(why);
        return err;
}
