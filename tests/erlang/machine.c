/* SPDX-License-Identifier: Apache-2.0 */
/* machine.c: see machine.h; machine.erl says it in Erlang. */
#include "machine.h"

#include <string.h>

struct machine {
        kr_pid owner;
        kr_term rules;
        kr_from from; /* of the last call */
};

/* -- rules -- */

static bool fits(kr_term pattern, kr_term term)
{
        return kr_match(pattern, "'_'") || kr_same(pattern, term);
}

/* What the first rule that fits says. */
static kr_term result_of(const struct machine *m, kr_term type, kr_term content,
                         kr_term state)
{
        kr_term t, c, s, result;

        for (kr_term l = m->rules; kr_is_cons(l); l = kr_tl(l))
                if (kr_match(kr_hd(l), "{{~, ~, ~}, ~}", &t, &c, &s, &result) &&
                    fits(t, type) && fits(c, content) && fits(s, state))
                        return result;
        return kr_atom_term(KR_ATOM("keep_state_and_data"));
}

static void raise_as(kr_term kind, kr_term reason)
{
        if (kr_match(kind, "error"))
                kr_error("~", reason);
        if (kr_match(kind, "exit"))
                kr_exit("~", reason);
        kr_throw("~", reason);
}

/* -- actions -- */

static kr_event_type type_of(kr_term type, kr_term *ret_name)
{
        *ret_name = kr_none();
        if (kr_match(type, "{timeout, ~}", ret_name))
                return KR_EVENT_NAMED_TIMEOUT;
        if (kr_match(type, "cast"))
                return KR_EVENT_CAST;
        if (kr_match(type, "info"))
                return KR_EVENT_INFO;
        if (kr_match(type, "internal"))
                return KR_EVENT_INTERNAL;
        if (kr_match(type, "timeout"))
                return KR_EVENT_TIMEOUT;
        if (kr_match(type, "state_timeout"))
                return KR_EVENT_STATE_TIMEOUT;
        return KR_EVENT_ENTER;
}

static bool cancel(kr_term type)
{
        kr_term name;

        switch (type_of(type, &name)) {
        case KR_EVENT_TIMEOUT:
                (void)kr_event_timeout_cancel();
                return true;
        case KR_EVENT_STATE_TIMEOUT:
                (void)kr_state_timeout_cancel();
                return true;
        case KR_EVENT_NAMED_TIMEOUT:
                (void)kr_named_timeout_cancel(name);
                return true;
        default:
                return false;
        }
}

static bool update(kr_term type, kr_term content)
{
        kr_term name;

        switch (type_of(type, &name)) {
        case KR_EVENT_TIMEOUT:
                (void)kr_event_timeout_update("~", content);
                return true;
        case KR_EVENT_STATE_TIMEOUT:
                (void)kr_state_timeout_update("~", content);
                return true;
        case KR_EVENT_NAMED_TIMEOUT:
                (void)kr_named_timeout_update(name, "~", content);
                return true;
        default:
                return false;
        }
}

static bool start_after(kr_term type, int64_t ms, kr_term content)
{
        kr_term name;

        switch (type_of(type, &name)) {
        case KR_EVENT_TIMEOUT:
                (void)kr_event_timeout(ms, "~", content);
                return true;
        case KR_EVENT_STATE_TIMEOUT:
                (void)kr_state_timeout(ms, "~", content);
                return true;
        case KR_EVENT_NAMED_TIMEOUT:
                (void)kr_named_timeout(name, ms, "~", content);
                return true;
        default:
                return false;
        }
}

static bool start_at(kr_term type, int64_t ms, kr_term content)
{
        int64_t at_ms = kr_monotonic_ms(NULL) + ms;
        kr_term name;

        switch (type_of(type, &name)) {
        case KR_EVENT_TIMEOUT:
                (void)kr_event_timeout_at(at_ms, "~", content);
                return true;
        case KR_EVENT_STATE_TIMEOUT:
                (void)kr_state_timeout_at(at_ms, "~", content);
                return true;
        case KR_EVENT_NAMED_TIMEOUT:
                (void)kr_named_timeout_at(name, at_ms, "~", content);
                return true;
        default:
                return false;
        }
}

static bool time_out(kr_term action)
{
        kr_term type, content;
        int64_t ms;

        if (kr_match(action, "{~, {in, ~}, ~}", &type, &ms, &content))
                return start_at(type, ms, content);
        if (kr_match(action, "{~, update, ~}", &type, &content))
                return update(type, content);
        if (kr_match(action, "{~, infinity, ~}", &type, &content))
                return start_after(type, KR_INFINITY, content);
        if (kr_match(action, "{~, ~, ~}", &type, &ms, &content))
                return start_after(type, ms, content);
        if (kr_match(action, "{~, cancel}", &type))
                return cancel(type);
        if (!kr_match(action, "~", &ms))
                return false;
        (void)kr_event_timeout(ms, "~", ms);
        return true;
}

static const kr_behaviour *module_of(kr_term name)
{
        return kr_match(name, "machine_functions") ? &machine_functions : &machine_events;
}

static bool change_module(kr_term action)
{
        kr_term name;

        if (kr_match(action, "{change_callback_module, ~}", &name))
                (void)kr_change_callback_module(module_of(name));
        else if (kr_match(action, "{push_callback_module, ~}", &name))
                (void)kr_push_callback_module(module_of(name));
        else if (kr_match(action, "pop_callback_module"))
                (void)kr_pop_callback_module();
        else
                return false;
        return true;
}

static void act(struct machine *m, kr_term action)
{
        kr_term type, content, name;

        if (kr_match(action, "postpone"))
                (void)kr_postpone();
        else if (kr_match(action, "hibernate"))
                (void)kr_statem_hibernate();
        else if (kr_match(action, "{reply, from, ~}", &content))
                (void)kr_statem_reply(m->from, "~", content);
        else if (kr_match(action, "{next_event, {call, from}, ~}", &content))
                (void)kr_next_event_call(m->from, "~", content);
        else if (kr_match(action, "{next_event, {timeout, ~}, ~}", &name, &content))
                (void)kr_next_event_named(name, "~", content);
        else if (kr_match(action, "{next_event, ~, ~}", &type, &content))
                (void)kr_next_event(type_of(type, &name), "~", content);
        else if (!change_module(action) && !time_out(action))
                kr_error("{no_such_action, ~}", action);
}

static void act_all(struct machine *m, kr_term actions)
{
        for (; kr_is_cons(actions); actions = kr_tl(actions))
                act(m, kr_hd(actions));
}

/* -- steps -- */

static kr_step step_of(struct machine *m, kr_term result)
{
        kr_term state, actions = kr_nil(), reason, rest;
        int64_t ms;

        if (kr_match(result, "{after_ms, ~, ~}", &ms, &rest)) {
                kr_sleep(ms);
                return step_of(m, rest);
        }
        if (kr_match(result, "{next_state, ~}", &state) ||
            kr_match(result, "{next_state, ~, ~}", &state, &actions)) {
                act_all(m, actions);
                return kr_next_state("~", state);
        }
        if (kr_match(result, "keep_state_and_data"))
                return kr_keep_state();
        if (kr_match(result, "{keep_state, ~}", &actions)) {
                act_all(m, actions);
                return kr_keep_state();
        }
        if (kr_match(result, "repeat_state") ||
            kr_match(result, "{repeat_state, ~}", &actions)) {
                act_all(m, actions);
                return kr_repeat_state();
        }
        if (kr_match(result, "stop"))
                return kr_stop_machine("normal");
        if (kr_match(result, "{stop, ~}", &reason) ||
            kr_match(result, "{stop_and_reply, ~, ~}", &reason, &actions)) {
                act_all(m, actions);
                return kr_stop_machine("~", reason);
        }
        return (kr_step){ 0 }; /* no step: `undefined` on the other side */
}

static kr_term tag_of(struct machine *m, const kr_event *e)
{
        static const char *const tags[] = { "",          "call",     "cast",
                                            "info",      "timeout",  "state_timeout",
                                            "{timeout}", "internal", "enter" };

        if (e->type == KR_EVENT_CALL)
                m->from = e->from;
        if (e->type == KR_EVENT_NAMED_TIMEOUT)
                return kr_build("{timeout, ~}", e->name);
        return kr_atom_term(kri_atom_of(tags[e->type]));
}

static kr_step event(struct machine *m, const kr_event *e)
{
        kr_term tag = tag_of(m, e), result, kind, reason;

        kr_send(m->owner, "{~, ~, ~}", tag, e->content, e->state);
        result = result_of(m, tag, e->content, e->state);
        if (kr_match(result, "{raise, ~, ~}", &kind, &reason))
                raise_as(kind, reason);
        if (kr_match(result, "{throw, ~}", &result))
                kr_throw_step(step_of(m, result));
        return step_of(m, result);
}

/* -- the callbacks -- */

static kr_step init_step(struct machine *m, kr_term init)
{
        kr_term state, actions = kr_nil(), kind, reason;

        if (kr_match(init, "{ok, ~}", &state) ||
            kr_match(init, "{ok, ~, ~}", &state, &actions)) {
                act_all(m, actions);
                return kr_next_state("~", state);
        }
        if (kr_match(init, "{raise, ~, ~}", &kind, &reason))
                raise_as(kind, reason);
        if (kr_match(init, "{stop, ~}", &reason))
                return kr_stop_machine("~", reason);
        if (kr_match(init, "ignore"))
                return kr_ignore_machine();
        return (kr_step){ 0 };
}

static kr_step init(struct machine *m, kr_term args)
{
        kr_term init, rules;

        if (!kr_match(args, "{~, ~, ~}", &m->owner, &init, &rules))
                kr_error("function_clause");
        m->rules = kr_keep(rules);
        if (kr_match(init, "{throw, ~}", &init))
                kr_throw_step(init_step(m, init));
        return init_step(m, init);
}

static void terminate(struct machine *m, kr_term reason, kr_term state)
{
        kr_term result, kind, other;

        kr_send(m->owner, "{terminate, ~, ~}", reason, state);
        result = result_of(m, kr_atom_term(KR_ATOM("terminate")), reason, state);
        if (kr_match(result, "{raise, ~, ~}", &kind, &other))
                raise_as(kind, other);
}

static kr_step code_change(struct machine *m, kr_term old_version, kr_term state,
                           kr_term extra)
{
        kr_term reason, next, mode;

        (void)m, (void)old_version, (void)state;
        if (kr_match(extra, "{error, ~}", &reason))
                return kr_stop_machine("~", reason);
        if (kr_match(extra, "{ok, ~, ~}", &next, &mode))
                (void)kr_change_callback_module(kr_match(mode, "state_functions")
                                                        ? &machine_functions
                                                        : &machine_events);
        else if (!kr_match(extra, "{ok, ~}", &next))
                kr_error("function_clause");
        return kr_next_state("~", next);
}

/* What Erlang has for data. */
static kr_term format_status(const struct machine *m)
{
        return kr_build("{~, ~}", m->owner, m->rules);
}

#define MACHINE(module, how, enters)                                                     \
        KR_GEN_STATEM(module, struct machine, .mode = how, .state_enter = enters,        \
                      .init = init, .handle_event = event, .terminate = terminate,       \
                      .code_change = code_change, .format_status = format_status,        \
                      .states = { { "a", event }, { "b", event }, { "c", event } })

MACHINE(machine_functions, KR_STATE_FUNCTIONS, false);
MACHINE(machine_functions_enter, KR_STATE_FUNCTIONS, true);
MACHINE(machine_events, KR_HANDLE_EVENT, false);
MACHINE(machine_events_enter, KR_HANDLE_EVENT, true);

/* -- starting -- */

static kr_term parsed(const char *text)
{
        kr_text_error error;
        kr_term term;

        if (kr_parse(text, strlen(text), NULL, &term, &error) != KR_OK)
                kr_error("{~, ~, ~}", text, error.line, error.message);
        return term;
}

kr_started machine_start_opts(const kr_behaviour *machine, const kr_start_opts *opts,
                              const char *init_text, const char *rules_text)
{
        return kr_start(machine, opts, "{~, ~, ~}", kr_self(), parsed(init_text),
                        parsed(rules_text));
}

kr_started machine_start(const kr_behaviour *machine, const char *init_text,
                         const char *rules_text)
{
        return machine_start_opts(machine, NULL, init_text, rules_text);
}
