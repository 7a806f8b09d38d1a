/* SPDX-License-Identifier: Apache-2.0 */
/* sys.c: asking a process by system messages. */
#include "sys.h"

#include <krarup/behaviour.h>

#include <string.h>

/* What a failed request is named by in the exit reason. */
struct asked {
        kr_server server;
        kr_term request;
        int64_t timeout_ms; /* KRI_CALL_DEFAULT: the caller gave none */
};

/* -- the exit reason: {Reason, {sys, Function, [Server | Arguments]}} -- */

/* Function and its arguments after the server, as OTP makes them of the request. */
static void add_function(const struct asked *asked, kr_builder *args,
                         kr_term *ret_function)
{
        kr_term arg, module, version, extra;

        *ret_function = asked->request;
        if (kr_match(asked->request, "{debug, {~, ~}}", ret_function, &arg)) {
                kr_add_term(args, arg);
        } else if (kr_match(asked->request, "{change_code, ~, ~, ~}", &module, &version,
                            &extra)) {
                *ret_function = kr_atom_term(KR_ATOM("change_code"));
                kr_add_term(args, module);
                kr_add_term(args, version);
                kr_add_term(args, extra);
        } else if (kr_match(asked->request, "{terminate, ~}", &arg)) {
                *ret_function = kr_atom_term(KR_ATOM("terminate"));
                kr_add_term(args, arg);
        }
}

/* Ends the caller, or, if it is an attached thread, leaves the Reason in the slot. */
static void fail(const struct asked *asked, kr_msg *slot, kr_term reason)
{
        kr_builder b = KR_BUILDER_INIT;
        kr_term function, args, server;

        if (kri_gen_is_thread()) {
                slot->term = reason;
                return;
        }
        server = kr_server_term(asked->server);
        kr_add_term(&b, server);
        add_function(asked, &b, &function);
        if (asked->timeout_ms == KR_INFINITY)
                kr_add_atom(&b, KR_ATOM("infinity"));
        else if (asked->timeout_ms != KRI_CALL_DEFAULT)
                kr_add_int64(&b, asked->timeout_ms);
        args = kr_build_list(&b);
        kr_exit("{~, {sys, ~, ~}}", reason, function, args);
}

/* -- asking -- */

/* True: the answer is in the slot. False, where it returns: it failed (an attached thread), and
 * the slot holds why. */
static bool ask(kr_server server, kr_msg *slot, int64_t timeout_ms, kr_term request)
{
        struct asked asked = { server, request, timeout_ms };

        if (timeout_ms == KRI_CALL_DEFAULT)
                timeout_ms = KR_CALL_TIMEOUT_MS;
        switch (kr_gen_ask(server, KR_ATOM("system"), slot, timeout_ms, "~", request)) {
        case KRI_CALL_REPLY:
                return true;
        case KRI_CALL_TIMEOUT:
                fail(&asked, slot, kr_atom_term(KR_ATOM("timeout")));
                return false;
        default:
                fail(&asked, slot, slot->term);
                return false;
        }
}

/* A kr_err for requests whose answer is `ok`. Takes `request`. */
static kr_err ask_ok(kr_server server, int64_t timeout_ms, kr_term request)
{
        kr_msg slot = KR_MSG_INIT;
        kr_err err = KR_EFAILED;

        if (!kr_here())
                return KR_EBADARG;
        if (kr_is_none(request))
                return KR_ENOMEM;
        if (ask(server, &slot, timeout_ms, request)) {
                if (kr_match(slot.term, "ok"))
                        err = KR_OK;
                else if (kr_match(slot.term, "{error, open_file}"))
                        err = KR_EOS;
                else if (kr_match(slot.term, "{error, enomem}"))
                        err = KR_ENOMEM;
        }
        kr_msg_clear(&slot);
        kr_release(request);
        return err;
}

/* Takes `request`. */
static kr_term ask_term(kr_server server, kr_msg *slot, int64_t timeout_ms,
                        kr_term request)
{
        bool done;

        if (!kr_here() || kr_is_none(request))
                return kr_none();
        done = ask(server, slot, timeout_ms, request);
        kr_release(request);
        return done ? slot->term : kr_none();
}

/* {error, Reason} raises Reason in the caller. */
static kr_term ask_state(kr_server server, kr_msg *slot, int64_t timeout_ms,
                         kr_term request)
{
        kr_term answer = ask_term(server, slot, timeout_ms, request), reason;

        if (kr_is_none(answer) || !kr_match(answer, "{error, ~}", &reason))
                return answer;
        if (!kri_gen_is_thread())
                kr_error("~", reason);
        slot->term = reason;
        return kr_none();
}

/* {ok, Result} gives Result. */
static kr_term ask_result(kr_server server, kr_msg *slot, int64_t timeout_ms,
                          kr_term request)
{
        kr_term answer = ask_term(server, slot, timeout_ms, request);

        if (!kr_is_none(answer))
                (void)kr_match(answer, "{ok, ~}", &slot->term);
        return kr_is_none(answer) ? answer : slot->term;
}

/* -- the functions -- */

kr_err kri_sys_suspend(kr_server server, int64_t timeout_ms)
{
        return ask_ok(server, timeout_ms, kr_atom_term(KR_ATOM("suspend")));
}

kr_err kri_sys_resume(kr_server server, int64_t timeout_ms)
{
        return ask_ok(server, timeout_ms, kr_atom_term(KR_ATOM("resume")));
}

/* Gives a new term: a pattern of what the user wrote, with words around it. Takes `inner`. */
static kr_term wrapped(const char *word, kr_term inner)
{
        kr_term t;

        if (kr_is_none(inner))
                return inner;
        t = kr_build("{~, ~}", kri_atom_of(word), inner);
        kr_release(inner);
        return t;
}

kr_err kri_sys_terminate(kr_server server, int64_t timeout_ms, struct kri_site *site,
                         const union kri_arg *args)
{
        if (!kr_here())
                return KR_EBADARG;
        return ask_ok(server, timeout_ms, wrapped("terminate", kri_build(site, args)));
}

kr_term kri_sys_get_state(kr_server server, kr_msg *slot, int64_t timeout_ms)
{
        return ask_state(server, slot, timeout_ms, kr_atom_term(KR_ATOM("get_state")));
}

kr_term kri_sys_replace_state(kr_server server, kr_msg *slot, int64_t timeout_ms,
                              struct kri_site *site, const union kri_arg *args)
{
        if (!kr_here())
                return kr_none();
        return ask_state(server, slot, timeout_ms,
                         wrapped("replace_state",
                                 wrapped("state", kri_build(site, args))));
}

kr_term kri_sys_replace_state_fn(kr_server server, kr_msg *slot, int64_t timeout_ms,
                                 void (*fn)(void *state, kr_term argument),
                                 struct kri_site *site, const union kri_arg *args)
{
        int number = kri_fun_number((kri_fun)fn);
        kr_term arg, what;

        if (!kr_here())
                return kr_none();
        if (number < 0)
                kr_error("system_limit");
        arg = kri_build(site, args);
        what = kr_build("{function, ~, ~}", number, arg);
        kr_release(arg);
        return ask_state(server, slot, timeout_ms, wrapped("replace_state", what));
}

kr_term kri_sys_get_status(kr_server server, kr_msg *slot, int64_t timeout_ms)
{
        return ask_term(server, slot, timeout_ms, kr_atom_term(KR_ATOM("get_status")));
}

kr_term kri_sys_change_code(kr_server server, kr_msg *slot, int64_t timeout_ms,
                            struct kri_site *site, const union kri_arg *args)
{
        kr_term what, module, old_version, extra, request;

        if (!kr_here())
                return kr_none();
        what = kri_build(site, args);
        if (!kr_match(what, "{~, ~, ~}", &module, &old_version, &extra))
                kr_error("{badarg, {<<\"kr_sys_change_code\">>, "
                         "<<\"wants {Module, OldVersion, Extra}\">>}}");
        request = kr_build("{change_code, ~, ~, ~}", module, old_version, extra);
        kr_release(what);
        return ask_term(server, slot, timeout_ms, request);
}

/* -- debug options -- */

/* {debug, {What, Flag}}; takes `flag`. */
static kr_term debug(const char *what, kr_term flag)
{
        return wrapped("debug", wrapped(what, flag));
}

static kr_term word(const char *text)
{
        return kr_atom_term(kri_atom_of(text));
}

static kr_term on_or_off(bool on)
{
        return word(on ? "true" : "false");
}

kr_err kri_sys_trace(kr_server server, bool on, int64_t timeout_ms)
{
        return ask_ok(server, timeout_ms, debug("trace", on_or_off(on)));
}

kr_err kri_sys_log(kr_server server, uint32_t count, int64_t timeout_ms)
{
        kr_term flag = count > 0 ? kr_build("{true, ~}", count) : word("false");

        return ask_ok(server, timeout_ms, debug("log", flag));
}

kr_term kri_sys_log_get(kr_server server, kr_msg *slot, int64_t timeout_ms)
{
        return ask_result(server, slot, timeout_ms, debug("log", word("get")));
}

kr_err kri_sys_log_print(kr_server server, int64_t timeout_ms)
{
        return ask_ok(server, timeout_ms, debug("log", word("print")));
}

kr_err kri_sys_log_to_file(kr_server server, const char *path, int64_t timeout_ms)
{
        kr_term name = path ? kr_string(path, strlen(path)) : word("false");

        return ask_ok(server, timeout_ms, debug("log_to_file", name));
}

kr_err kri_sys_statistics(kr_server server, bool on, int64_t timeout_ms)
{
        return ask_ok(server, timeout_ms, debug("statistics", on_or_off(on)));
}

kr_term kri_sys_statistics_get(kr_server server, kr_msg *slot, int64_t timeout_ms)
{
        return ask_result(server, slot, timeout_ms, debug("statistics", word("get")));
}

kr_err kri_sys_install(kr_server server, int64_t timeout_ms, const char *id,
                       kr_debug_fn fn, struct kri_site *site, const union kri_arg *args)
{
        int number = kri_fun_number((kri_fun)fn);
        kr_term state, spec;

        if (!kr_here())
                return KR_EBADARG;
        if (number < 0)
                return KR_ESYSTEMLIMIT;
        state = kri_build(site, args);
        spec = kr_build("{~, {function, ~}, ~}", kri_atom_of(id), number, state);
        kr_release(state);
        return ask_ok(server, timeout_ms, debug("install", spec));
}

kr_err kri_sys_remove(kr_server server, const char *id, int64_t timeout_ms)
{
        return ask_ok(server, timeout_ms, debug("remove", word(id)));
}

kr_err kri_sys_no_debug(kr_server server, int64_t timeout_ms)
{
        return ask_ok(server, timeout_ms, wrapped("debug", word("no_debug")));
}
