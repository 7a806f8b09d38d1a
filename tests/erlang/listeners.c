/* SPDX-License-Identifier: Apache-2.0 */
/* listeners.c: see listeners.h; listener_a.erl says it in Erlang. */
#include "listeners.h"

#include <string.h>

struct listener {
        kr_pid owner;
        kr_term tag, rules;
};

/* -- rules -- */

static bool fits(kr_term pattern, kr_term term)
{
        return kr_match(pattern, "'_'") || kr_same(pattern, term);
}

/* What the first rule that fits says; `ok` if none does. */
static kr_term result_of(const struct listener *l, const char *callback, kr_term argument)
{
        kr_term name = kr_atom_term(kri_atom_of(callback)), c, a, result;

        for (kr_term list = l->rules; kr_is_cons(list); list = kr_tl(list))
                if (kr_match(kr_hd(list), "{{~, ~}, ~}", &c, &a, &result) &&
                    fits(c, name) && fits(a, argument))
                        return result;
        return kr_atom_term(KR_ATOM("ok"));
}

static void tell(const struct listener *l, const char *callback, kr_term argument)
{
        kr_send(l->owner, "{~, ~, ~}", l->tag, kri_atom_of(callback), argument);
}

static void raise_if(kr_term result)
{
        kr_term reason;

        if (kr_match(result, "{raise, error, ~}", &reason))
                kr_error("~", reason);
        if (kr_match(result, "{raise, exit, ~}", &reason))
                kr_exit("~", reason);
        if (kr_match(result, "{raise, throw, ~}", &reason))
                kr_throw("~", reason);
}

static const kr_handler_module *module_named(kr_term name)
{
        return kr_match(name, "listener_b") ? &listener_b : &listener_a;
}

static kr_handler handler_named(kr_term name)
{
        kr_term module, id;

        if (kr_match(name, "{~, ~}", &module, &id))
                return kr_handler_id(module_named(module), id);
        return kr_handler_id(module_named(name), kr_none());
}

/* What all callbacks that handle something may say. */
static kr_handled handled(const struct listener *l, kr_term result)
{
        kr_term args1, handler2, tag, rules;

        raise_if(result);
        if (kr_match(result, "ok"))
                return kr_handled_ok();
        if (kr_match(result, "hibernate"))
                return kr_handled_hibernate(kr_handled_ok());
        if (kr_match(result, "remove_handler"))
                return kr_handled_remove();
        if (kr_match(result, "{swap, ~, ~, {args, ~, ~}}", &args1, &handler2, &tag,
                     &rules))
                return kr_handled_swap(args1, handler_named(handler2), "{~, ~, ~}",
                                       l->owner, tag, rules);
        return kr_handled_other("~", result);
}

/* -- the callbacks -- */

static kr_handled init(struct listener *l, kr_term args)
{
        kr_term old = kr_atom_term(KR_ATOM("none")), tag, rules;

        (void)kr_match(args, "{{_, _, _}, ~}", &old);
        (void)kr_match(args, "{~, _}", &args);
        if (!kr_match(args, "{~, ~, ~}", &l->owner, &tag, &rules))
                kr_error("function_clause");
        l->tag = kr_keep(tag);
        l->rules = kr_keep(rules);
        tell(l, "init", old);
        return handled(l, result_of(l, "init", old));
}

static kr_handled handle_event(struct listener *l, kr_term event)
{
        tell(l, "event", event);
        return handled(l, result_of(l, "event", event));
}

static kr_handled handle_info(struct listener *l, kr_term info)
{
        tell(l, "info", info);
        return handled(l, result_of(l, "info", info));
}

static kr_handled handle_call(struct listener *l, kr_term request)
{
        kr_term result;
        int64_t ms;

        tell(l, "call", request);
        result = result_of(l, "call", request);
        if (kr_match(result, "ok") || kr_match(result, "hibernate"))
                return kr_handled_with_reply(handled(l, result), "{~, got, ~}", l->tag,
                                             request);
        if (kr_match(result, "{swap, _, _, _}"))
                return kr_handled_with_reply(handled(l, result), "swapped");
        if (kr_match(result, "remove_handler"))
                return kr_handled_with_reply(handled(l, result), "removed");
        if (kr_match(result, "{after_ms, ~}", &ms)) {
                kr_sleep(ms);
                return kr_handled_reply("late");
        }
        return handled(l, result);
}

static kr_term terminate(struct listener *l, kr_term arg)
{
        kr_term result;

        tell(l, "terminate", arg);
        result = result_of(l, "terminate", arg);
        raise_if(result);
        return kr_keep(result);
}

static kr_handled code_change(struct listener *l, kr_term old_version, kr_term extra)
{
        kr_term tag;

        (void)old_version;
        if (!kr_match(extra, "{tag, ~}", &tag) || kr_replace(&l->tag, tag) != KR_OK)
                kr_error("function_clause");
        return kr_handled_ok();
}

/* What Erlang has for a state. */
static kr_term format_status(const struct listener *l)
{
        return kr_build("{~, ~, ~}", l->owner, l->tag, l->rules);
}

static void release(struct listener *l)
{
        kr_release(l->tag);
        kr_release(l->rules);
}

KR_EVENT_HANDLER(listener_a, struct listener, .init = init, .handle_event = handle_event,
                 .handle_call = handle_call, .handle_info = handle_info,
                 .terminate = terminate, .code_change = code_change,
                 .format_status = format_status, .release = release);
KR_EVENT_HANDLER(listener_b, struct listener, .init = init, .handle_event = handle_event,
                 .handle_call = handle_call, .terminate = terminate,
                 .format_status = format_status, .release = release);

static kr_term parsed(const char *text)
{
        kr_text_error error;
        kr_term term;

        if (kr_parse(text, strlen(text), NULL, &term, &error) != KR_OK)
                kr_error("{~, ~, ~}", text, error.line, error.message);
        return term;
}

kr_term listener_args(const char *tag, const char *rules)
{
        return kr_build("{~, ~, ~}", kr_self(), parsed(tag), parsed(rules));
}
