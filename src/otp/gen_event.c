/* SPDX-License-Identifier: Apache-2.0 */
/* gen_event.c: the event manager: what it does for each message. Follows OTP's gen_event.erl,
 * handle_msg.
 */
#include <krarup/fields.h>

#include "debug_text.h"
#include "event.h"
#include "layout.h"
#include "moving.h"
#include "report.h"

/* What a handler has last seen when it is swapped, for reports. */
#define SWAPPED kr_atom_term(KR_ATOM("swapped"))

static struct kri_manager *own(kr_gen *g)
{
        return kr_gen_own(g);
}

/* -- the list -- */

/* Where the newest handler of this name hangs; NULL: there is none. */
static struct kri_handler **find(struct kri_manager *m, kr_term handler)
{
        struct kri_handler **place;
        kr_atom name;
        kr_term id;

        if (!kri_handler_named(handler, &name, &id))
                return NULL;
        for (place = &m->first; *place != NULL; place = &(*place)->next)
                if (kr_atom_eq((*place)->name, name) && kr_same((*place)->id, id))
                        return place;
        return NULL;
}

static void drop(struct kri_handler **place)
{
        struct kri_handler *h = *place;

        kri_handler_release(h);
        *place = h->next;
        kri_saved_drop(&h->saved);
        kr_release(h->id);
        kr_free(h);
}

/* The handler at that place, with the version of its module that it has from now on. */
static inline struct kri_handler *handler_at(struct kri_handler **place)
{
        if (__builtin_expect(kri_is_looked_at((*place)->module->attention), 0))
                kri_handler_look(*place);
        return *place;
}

/* -- when a handler goes -- */

static bool is_silent(kr_term reason)
{
        return kr_match(reason, "normal") || kr_match(reason, "shutdown") ||
               kr_match(reason, "{swapped, _, _}");
}

/* {gen_event, terminate} for the logger */
static void report(kr_gen *g, struct kri_handler *h, kr_term reason, kr_term last)
{
        kr_term name, state;

        if (is_silent(reason) || !kri_report_wanted(KR_LOG_ERROR))
                return;
        name = kri_handler_name(h);
        state = kri_handler_state(h);
        kri_report(KR_LOG_ERROR,
                   "#{label => {gen_event, terminate}, handler => ~, name => ~,"
                   " last_message => ~, state => ~, reason => ~}",
                   name, kr_gen_name(g), last, state, reason);
        kr_release(state);
        kr_release(name);
}

static void tell_owner(struct kri_handler *h, kr_term reason)
{
        kr_term name;

        if (kr_pid_is_none(h->owner))
                return;
        name = kri_handler_name(h);
        kr_send(h->owner, "{gen_event_EXIT, ~, ~}", name, reason);
        kr_release(name);
}

/* terminate(arg), then all hear of it; gives a new term: what terminate gave. */
static kr_term end(kr_gen *g, struct kri_handler *h, kr_term arg, kr_term reason,
                   kr_term last)
{
        kr_term result = kri_handler_terminate(h, arg);

        report(g, h, reason, last);
        tell_owner(h, reason);
        return result;
}

static void end_and_drop(kr_gen *g, struct kri_handler **place, kr_term arg,
                         kr_term reason, kr_term last)
{
        kr_release(end(g, *place, arg, reason, last));
        drop(place);
}

/* It crashed, or returned what it may not: terminate({error, Value}), but after a fault its
 * state is not for use. */
static void end_bad(kr_gen *g, struct kri_handler **place,
                    const struct kri_outcome *outcome, kr_term last)
{
        kr_term arg = kr_build("{error, ~}", outcome->bad);

        kri_moving_crashed((*place)->module, outcome->bad);
        if (outcome->faulted) {
                report(g, *place, outcome->bad, last);
                tell_owner(*place, outcome->bad);
                drop(place);
        } else {
                end_and_drop(g, place, arg, outcome->bad, last);
        }
        kr_release(arg);
}

/* As one that crashes, but it is the upgrade's fault. */
void kri_handler_take_out(kr_gen *g, struct kri_handler **place, kr_term reason)
{
        kr_term arg = kr_build("{error, ~}", reason);

        end_and_drop(g, place, arg, reason, kr_atom_term(KR_ATOM("code_change")));
        kr_release(arg);
}

/* -- adding -- */

static struct kri_handler *new_handler(const kr_handler_module *module, kr_term id,
                                       kr_pid owner)
{
        struct kri_handler *h = kr_calloc(1, sizeof(*h) + module->state_size);

        if (h == NULL)
                return NULL;
        h->module = module;
        h->name = kri_atom_of(module->name);
        h->owner = owner;
        h->id = kr_keep(id);
        if (kr_is_none(h->id) && !kr_is_none(id)) {
                kr_free(h);
                return NULL;
        }
        return h;
}

static kr_term undef_module(kr_atom name)
{
        return kr_build("{'EXIT', {undef, [{~, init, 1, []}]}}", name);
}

static kr_term no_memory(void)
{
        return kr_build("{'EXIT', system_limit}");
}

/* Call init of the one at *place. none: it is there; else it is gone, and this is what came
 * instead: a new term. */
static kr_term start(struct kri_manager *m, struct kri_handler **place, kr_term args)
{
        struct kri_handler *h = *place;
        struct kri_outcome outcome =
                kri_handler_call(m, h, h->module->table->init, "init", args, false);

        if (outcome.kind == KRI_OUTCOME_KEEP)
                return kr_none();
        drop(place);
        if (outcome.kind == KRI_OUTCOME_REMOVE)
                return kr_build("remove_handler");
        return outcome.kind == KRI_OUTCOME_SWAP ? kr_build("swap_handler") : outcome.bad;
}

/* A new one at *place, before what is there: as start. */
static kr_term add_at(struct kri_manager *m, struct kri_handler **place, kr_term handler,
                      kr_term args, kr_pid owner)
{
        const kr_handler_module *module;
        struct kri_handler *h;
        kr_atom name;
        kr_term id;

        if (!kri_handler_named(handler, &name, &id))
                return kr_build("{'EXIT', {badarg, []}}");
        if (kr_is_that_atom(id, KR_ATOM("false"))) /* what OTP has for none */
                id = kr_none();
        module = kri_handler_find(name);
        if (module == NULL)
                return undef_module(name);
        h = new_handler(module, id, owner);
        if (h == NULL)
                return no_memory();
        h->next = *place;
        *place = h;
        return start(m, place, args);
}

static kr_term add(struct kri_manager *m, kr_term handler, kr_term args, kr_pid owner)
{
        if (!kr_pid_is_none(owner))
                kr_link(owner);
        return add_at(m, &m->first, handler, args, owner);
}

/* -- swapping -- */

static kr_term swapped(kr_term handler2, kr_pid owner)
{
        return kr_pid_is_none(owner) ? kr_build("{swapped, ~, false}", handler2)
                                     : kr_build("{swapped, ~, ~}", handler2, owner);
}

/* Asked for by a callback of the one at *place: the new one takes its place. False: it is not
 * there. */
static bool swap_in_place(kr_gen *g, struct kri_handler **place)
{
        struct kri_manager *m = own(g);
        struct kri_event_said said = m->said;
        kr_pid owner = (*place)->owner;
        kr_term reason = swapped(said.handler2, owner), result, args, wrong;

        m->said.value = m->said.handler2 = m->said.args2 = kr_none();
        result = end(g, *place, said.value, reason, SWAPPED);
        drop(place);
        args = kr_build("{~, ~}", said.args2, result);
        wrong = add_at(m, place, said.handler2, args, owner);
        if (!kr_is_none(wrong) && !kr_pid_is_none(owner)) /* the reason is OTP's */
                kr_send(owner, "{gen_event_EXIT, ~, crash}", said.handler2);
        if (!kr_is_none(wrong))
                kri_report(KR_LOG_ERROR,
                           "#{label => {gen_event, terminate}, handler => ~, name => ~,"
                           " last_message => swapped, state => undefined, reason => ~}",
                           said.handler2, kr_gen_name(g), wrong);
        kr_release(args);
        kr_release(result);
        kr_release(reason);
        kr_release(said.value);
        kr_release(said.handler2);
        kr_release(said.args2);
        if (kr_is_none(wrong))
                return true;
        kr_release(wrong);
        return false;
}

/* -- events -- */

/* What came of a callback of the one at *place; true: it (or its successor) is there still. */
static bool settle(kr_gen *g, struct kri_handler **place, struct kri_outcome *outcome,
                   kr_term last)
{
        switch (outcome->kind) {
        case KRI_OUTCOME_KEEP:
                return true;
        case KRI_OUTCOME_SWAP:
                return swap_in_place(g, place);
        case KRI_OUTCOME_REMOVE:
                end_and_drop(g, place, kr_atom_term(KR_ATOM("remove_handler")),
                             kr_atom_term(KR_ATOM("normal")), last);
                return false;
        case KRI_OUTCOME_BAD:
                end_bad(g, place, outcome, last);
                return false;
        }
        return false;
}

static void notify_event(kr_gen *g, kr_term event)
{
        struct kri_handler **place = &own(g)->first;

        while (*place != NULL) {
                struct kri_handler *h = handler_at(place);
                struct kri_outcome outcome =
                        kri_handler_call(own(g), h, h->module->table->handle_event,
                                         "handle_event", event, false);

                if (settle(g, place, &outcome, event))
                        place = &(*place)->next;
                kr_release(outcome.bad);
        }
}

/* A handler without handle_info: as OTP has it. */
static bool lacks_info(const struct kri_handler *h, const struct kri_outcome *outcome,
                       kr_term info)
{
        if (outcome->kind != KRI_OUTCOME_BAD ||
            !kr_match(outcome->bad, "{'EXIT', {undef, [{=, handle_info, 2, []}]}}",
                      h->name))
                return false;
        kri_report(KR_LOG_WARNING,
                   "#{label => {gen_event, no_handle_info}, module => ~, message => ~}",
                   h->name, info);
        return true;
}

static void notify_info(kr_gen *g, kr_term info)
{
        struct kri_handler **place = &own(g)->first;

        while (*place != NULL) {
                struct kri_handler *h = handler_at(place);
                struct kri_outcome outcome =
                        kri_handler_call(own(g), h, h->module->table->handle_info,
                                         "handle_info", info, false);

                if (lacks_info(h, &outcome, info) || settle(g, place, &outcome, info))
                        place = &(*place)->next;
                kr_release(outcome.bad);
        }
}

/* The owner of some has ended: they go, then the others hear of it. */
static void handle_exit(kr_gen *g, kr_pid from, kr_term reason, kr_term message)
{
        struct kri_handler **place = &own(g)->first;
        kr_term arg = kr_build("{stop, ~}", reason);
        kr_term last = kr_build("{parent_terminated, {~, ~}}", from, reason);

        while (*place != NULL)
                if (kr_pid_eq((*place)->owner, from))
                        end_and_drop(g, place, arg, kr_atom_term(KR_ATOM("shutdown")),
                                     last);
                else
                        place = &(*place)->next;
        kr_release(last);
        kr_release(arg);
        notify_info(g, message);
}

/* -- requests: each gives a new term, the reply -- */

static kr_term do_call(kr_gen *g, kr_term handler, kr_term request)
{
        struct kri_handler **place = find(own(g), handler), *h;
        struct kri_outcome outcome;
        kr_term reply;

        if (place == NULL)
                return kr_build("{error, bad_module}");
        h = handler_at(place);
        outcome = kri_handler_call(own(g), h, h->module->table->handle_call,
                                   "handle_call", request, true);
        (void)settle(g, place, &outcome, request);
        if (outcome.kind != KRI_OUTCOME_BAD)
                return outcome.reply;
        reply = kr_build("{error, ~}", outcome.bad);
        kr_release(outcome.bad);
        return reply;
}

static kr_term do_add(kr_gen *g, kr_term handler, kr_term args, kr_pid owner)
{
        kr_term wrong = add(own(g), handler, args, owner);

        return kr_is_none(wrong) ? kr_build("ok") : wrong;
}

static kr_term do_delete(kr_gen *g, kr_term handler, kr_term args)
{
        struct kri_handler **place = find(own(g), handler);
        kr_term result;

        if (place == NULL)
                return kr_build("{error, module_not_found}");
        result = end(g, *place, args, kr_atom_term(KR_ATOM("normal")),
                     kr_atom_term(KR_ATOM("delete")));
        drop(place);
        return result;
}

/* `owner`: of swap_sup_handler; none: the old one's stays. */
static kr_term do_swap(kr_gen *g, kr_term handler1, kr_term args1, kr_term handler2,
                       kr_term args2, kr_pid owner)
{
        struct kri_handler **place = find(own(g), handler1);
        kr_term result = kr_build("error"), args, wrong, reply;

        if (place != NULL) {
                kr_term reason;

                if (kr_pid_is_none(owner))
                        owner = (*place)->owner;
                reason = swapped(handler2, owner);
                result = end(g, *place, args1, reason, SWAPPED);
                drop(place);
                kr_release(reason);
        }
        args = kr_build("{~, ~}", args2, result);
        wrong = add(own(g), handler2, args, owner);
        kr_release(args);
        kr_release(result);
        if (kr_is_none(wrong))
                return kr_build("ok");
        reply = kr_build("{error, ~}", wrong);
        kr_release(wrong);
        return reply;
}

static kr_term do_which_handlers(kr_gen *g)
{
        kr_builder b = KR_BUILDER_INIT;

        for (struct kri_handler *h = own(g)->first; h != NULL; h = h->next) {
                kr_term name = kri_handler_name(h);

                kr_add_term(&b, name);
                kr_release(name);
        }
        return kr_build_list(&b);
}

static bool is_before(const struct kri_manager *m, const struct kri_handler *h)
{
        for (const struct kri_handler *other = m->first; other != h; other = other->next)
                if (kr_atom_eq(other->name, h->name))
                        return true;
        return false;
}

/* The modules that there are handlers of, each once. */
static kr_term do_get_modules(kr_gen *g)
{
        kr_builder b = KR_BUILDER_INIT;

        for (struct kri_handler *h = own(g)->first; h != NULL; h = h->next)
                if (!is_before(own(g), h))
                        kr_add_atom(&b, h->name);
        return kr_build_list(&b);
}

/* -- the end of the manager -- */

static void stop_handlers(kr_gen *g)
{
        kr_term stop = kr_atom_term(KR_ATOM("stop"));
        struct kri_manager *m = own(g);

        while (m->first != NULL) {
                kr_pid owner = m->first->owner;

                end_and_drop(g, &m->first, stop, kr_atom_term(KR_ATOM("shutdown")), stop);
                if (!kr_pid_is_none(owner) && !kr_pid_eq(owner, kr_gen_parent(g)))
                        kr_unlink(owner);
        }
}

static KR_NORETURN void terminate(kr_gen *g, kr_class kind, kr_term reason)
{
        stop_handlers(g);
        kr_gen_exit(g, kind, reason);
}

/* gen_event:stop/1 of old. */
static KR_NORETURN void stop_and_answer(kr_gen *g, kr_from from)
{
        stop_handlers(g);
        kr_reply_to(from, "ok");
        kr_gen_exit(g, KR_CLASS_EXIT, kr_atom_term(KR_ATOM("normal")));
}

/* -- messages -- */

/* *ret_reply is a new term (none: no memory for it); false: it is no request. */
static bool answer(kr_gen *g, kr_term what, kr_term *ret_reply)
{
        kr_term a, b, c, d;
        kr_pid owner;

        if (kr_match(what, "{sync_notify, ~}", &a)) {
                notify_event(g, a);
                *ret_reply = kr_build("ok");
        } else if (kr_match(what, "{call, ~, ~}", &a, &b)) {
                *ret_reply = do_call(g, a, b);
        } else if (kr_match(what, "{add_handler, ~, ~}", &a, &b)) {
                *ret_reply = do_add(g, a, b, kr_pid_none());
        } else if (kr_match(what, "{add_sup_handler, ~, ~, ~}", &a, &b, &owner)) {
                *ret_reply = do_add(g, a, b, owner);
        } else if (kr_match(what, "{delete_handler, ~, ~}", &a, &b)) {
                *ret_reply = do_delete(g, a, b);
        } else if (kr_match(what, "{swap_handler, ~, ~, ~, ~}", &a, &b, &c, &d)) {
                *ret_reply = do_swap(g, a, b, c, d, kr_pid_none());
        } else if (kr_match(what, "{swap_sup_handler, ~, ~, ~, ~, ~}", &a, &b, &c, &d,
                            &owner)) {
                *ret_reply = do_swap(g, a, b, c, d, owner);
        } else if (kr_match(what, "which_handlers")) {
                *ret_reply = do_which_handlers(g);
        } else if (kr_match(what, "get_modules")) {
                *ret_reply = do_get_modules(g);
        } else {
                return false;
        }
        return true;
}

/* {_, From, Request}; false: it is something else. Who asks waits for ever: without memory for
 * a reply the manager's end is the answer. */
static bool handle_request(kr_gen *g, kr_term message)
{
        kr_term from_term, what, reply;
        kr_from from;

        if (!kr_match(message, "{_, ~, ~}", &from_term, &what) ||
            !kr_get_from(from_term, &from))
                return false;
        if (kr_match(what, "stop"))
                stop_and_answer(g, from);
        if (!answer(g, what, &reply))
                return false;
        if (kr_is_none(reply))
                kr_error("system_limit");
        kr_reply_to(from, "~", reply);
        kr_release(reply);
        return true;
}

static void loop(kr_gen *g)
{
        kr_gen_in in = KR_GEN_IN_INIT;
        kr_term message, part;
        kr_pid from;

        (void)kr_gen_receive(g, &in, KR_INFINITY);
        message = in.slot.term;
        if (kr_match(message, "{notify, ~}", &part))
                notify_event(g, part);
        else if (kr_match(message, "{'EXIT', ~, ~}", &from, &part))
                handle_exit(g, from, part, message);
        else if (!handle_request(g, message))
                notify_info(g, message);
        kr_msg_clear(&in.slot);
}

static void init(kr_gen *g, kr_term args)
{
        struct kri_event_said *said = &own(g)->said;

        (void)args;
        said->value = said->handler2 = said->args2 = said->reply = kr_none();
        said->serial = 1;
        kr_trap_exit(true);
        kr_gen_init_started(g);
}

/* -- whatever ended it -- */

static void release(void *h)
{
        kri_handler_release(h);
}

/* A clean-up each, for one that faults must not keep the others from running. */
static void ended(kr_gen *g)
{
        for (struct kri_handler *h = own(g)->first; h != NULL; h = h->next)
                if (!kr_defer(release, h))
                        kri_handler_release(h);
}

/* -- sys -- */

static kr_term entry_term(const struct kri_handler *h, kr_term state)
{
        return kr_is_none(h->id) ? kr_build("{~, false, ~}", h->name, state)
                                 : kr_build("{~, ~, ~}", h->name, h->id, state);
}

static kr_term get_state(kr_gen *g)
{
        kr_builder b = KR_BUILDER_INIT;

        for (struct kri_handler *h = own(g)->first; h != NULL; h = h->next) {
                kr_term state = kri_handler_state(h), entry = entry_term(h, state);

                kr_add_term(&b, entry);
                kr_release(entry);
                kr_release(state);
        }
        return kr_build_list(&b);
}

static bool is_entry_of(const struct kri_handler *h, kr_term entry, kr_term *ret_state)
{
        kr_term name, id;

        return kr_match(entry, "{~, ~, ~}", &name, &id, ret_state) &&
               kr_is_that_atom(name, h->name) &&
               (kr_is_none(h->id) ? kr_match(id, "false") : kr_same(id, h->id));
}

/* As OTP: what is not {Module, Id, _} of the one that stands there leaves that one alone, and
 * so does a state that does not fit. */
static kr_term replace_state(kr_gen *g, kr_term states)
{
        struct kri_handler *h = own(g)->first;
        kr_err err = KR_OK;
        kr_term state;

        for (; h != NULL && kr_is_cons(states); h = h->next, states = kr_tl(states))
                if (*h->module->fields != NULL && is_entry_of(h, kr_hd(states), &state))
                        err = kr_fields_set(*h->module->fields, h->state, state, NULL);
        (void)err;
        return get_state(g);
}

static kr_err change_code(kr_gen *g, kr_term module, kr_term old_version, kr_term extra,
                          kr_msg *ret_reason)
{
        (void)ret_reason; /* what a handler does not like, it raises */
        for (struct kri_handler *h = own(g)->first; h != NULL; h = h->next) {
                kr_handled handled;

                if (!kr_is_that_atom(module, h->name))
                        continue;
                handled = h->module->table->code_change(h->state, old_version, extra);
                if (handled.kind == KRI_HANDLED_UNDEF)
                        kr_error("undef");
                if (handled.kind != KRI_HANDLED_OK)
                        kr_error("{badmatch, code_change}");
        }
        return KR_OK;
}

static kr_term status_entry(const struct kri_handler *h)
{
        kr_term state = kri_handler_state(h);
        kr_term id = kr_is_none(h->id) ? kr_atom_term(KR_ATOM("false")) : h->id;
        kr_term entry =
                kr_pid_is_none(h->owner)
                        ? kr_build("{handler, ~, ~, ~, false}", h->name, id, state)
                        : kr_build("{handler, ~, ~, ~, ~}", h->name, id, state, h->owner);

        kr_release(state);
        return entry;
}

static kr_term status(kr_gen *g)
{
        kr_builder b = KR_BUILDER_INIT;
        kr_term list, term;

        for (struct kri_handler *h = own(g)->first; h != NULL; h = h->next) {
                kr_term entry = status_entry(h);

                kr_add_term(&b, entry);
                kr_release(entry);
        }
        list = kr_build_list(&b);
        term = kr_build("[{items, {\"Installed handlers\", ~}}]", list);
        kr_release(list);
        return term;
}

const kr_kind kr_gen_event_kind = {
        .name = "gen_event",
        .init = init,
        .loop = loop,
        .terminate = terminate,
        .get_state = get_state,
        .replace_state = replace_state,
        .module_change = change_code,
        .status = status,
        .ended = ended,
        .own_size = sizeof(struct kri_manager),
        .print = kri_event_print,
        .moves = &kri_event_moves,
};

const kr_behaviour kr_event_manager = {
        .name = "gen_event",
        .kind = &kr_gen_event_kind,
};
