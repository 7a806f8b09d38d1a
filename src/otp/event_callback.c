/* SPDX-License-Identifier: Apache-2.0 */
/* event_callback.c: a callback of a handler, and what comes of it: nothing that it does ends
 * the manager.
 */
#include <krarup/fields.h>

#include <stdio.h>
#include <string.h>

#include "event.h"
#include "layout.h"
#include "report.h"

/* -- what a callback says -- */

static struct kri_manager *self_or_badarg(const char *function)
{
        kr_gen *g = kr_gen_self();

        if (g == NULL || kr_gen_module(g)->kind != &kr_gen_event_kind)
                kr_error("{badarg, {~, <<\"only in a callback of a handler\">>}}",
                         function);
        return kr_gen_own(g);
}

static kr_term built(struct kri_site *site, const union kri_arg *args)
{
        kr_term term = kri_build(site, args);

        if (kr_is_none(term))
                kr_error("system_limit");
        return term;
}

static void forget(struct kri_event_said *said)
{
        kr_release(said->value);
        kr_release(said->handler2);
        kr_release(said->args2);
        kr_release(said->reply);
        said->value = said->handler2 = said->args2 = said->reply = kr_none();
}

static kr_handled say(struct kri_event_said *said, enum kri_handled kind)
{
        kr_handled handled = kri_handled_of(kind);

        handled.serial = ++said->serial;
        return handled;
}

kr_handled kri_handled_with_reply(kr_handled handled, struct kri_site *site,
                                  const union kri_arg *args)
{
        struct kri_event_said *said = &self_or_badarg("kr_handled_with_reply")->said;
        kr_term reply = built(site, args);

        if (handled.serial != said->serial) { /* nothing to it so far */
                forget(said);
                handled.serial = ++said->serial;
        }
        kr_release(said->reply);
        said->reply = reply;
        return handled;
}

kr_handled kri_handled_swap(kr_term args1, kr_handler handler2, struct kri_site *site,
                            const union kri_arg *args)
{
        struct kri_event_said *said = &self_or_badarg("kr_handled_swap")->said;
        kr_term args2 = built(site, args);

        forget(said);
        said->value = kr_keep(args1);
        said->handler2 = kri_handler_term(handler2);
        said->args2 = args2;
        if (kr_is_none(said->value) || kr_is_none(said->handler2))
                kr_error("system_limit");
        return say(said, KRI_HANDLED_SWAP);
}

kr_handled kri_handled_other(struct kri_site *site, const union kri_arg *args)
{
        struct kri_event_said *said = &self_or_badarg("kr_handled_other")->said;
        kr_term value = built(site, args);

        forget(said);
        said->value = value;
        return say(said, KRI_HANDLED_OTHER);
}

/* -- what is caught -- */

struct call {
        kri_handler_fn fn;
        void *state;
        kr_term term;
        kr_handled handled;
};

static void do_call(void *arg)
{
        struct call *call = arg;

        call->handled = call->fn(call->state, call->term);
}

/* What `catch` gives: gives a new term. */
static kr_term caught(kr_class kind, kr_term reason)
{
        return kind == KR_CLASS_THROW ? kr_keep(reason) : kr_build("{'EXIT', ~}", reason);
}

/* The reasons of faults that a process survives in a kr_catch: node.h, kr_fault_mode. */
static bool is_fault(kr_class kind, kr_term reason)
{
        static const char *const names[] = { "sigsegv",       "sigbus",  "sigfpe",
                                             "sigill",        "sigabrt", "sigtrap",
                                             "stack_overflow" };
        kr_atom name;

        if (kind != KR_CLASS_ERROR || !kr_match(reason, "{{~, _}, _}", &name))
                return false;
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                if (kr_atom_eq(name, kri_atom_of(names[i])))
                        return true;
        return false;
}

static struct kri_outcome outcome_of(unsigned kind)
{
        struct kri_outcome outcome = { .bad = kr_none(), .reply = kr_none() };

        outcome.kind = kind;
        return outcome;
}

static struct kri_outcome bad(kr_term value)
{
        struct kri_outcome outcome = outcome_of(KRI_OUTCOME_BAD);

        outcome.bad = value;
        return outcome;
}

static struct kri_outcome raised(kr_class kind, kr_term reason)
{
        struct kri_outcome outcome;

        if (kind == KR_CLASS_THROW && kr_match(reason, "remove_handler"))
                return outcome_of(KRI_OUTCOME_REMOVE);
        outcome = bad(caught(kind, reason));
        outcome.faulted = is_fault(kind, reason);
        return outcome;
}

/* -- what it has returned -- */

static struct kri_outcome undef(const struct kri_handler *h, const char *what)
{
        return bad(kr_build("{'EXIT', {undef, [{~, ~, ~, []}]}}", h->name,
                            kri_atom_of(what), strcmp(what, "init") == 0 ? 1 : 2));
}

static struct kri_outcome take_reply(struct kri_event_said *said, unsigned kind)
{
        struct kri_outcome outcome = outcome_of(kind);

        outcome.reply = said->reply;
        said->reply = kr_none();
        return outcome;
}

static kr_term value_of(kr_handled handled)
{
        switch (handled.kind) {
        case KRI_HANDLED_OK:
                return kr_build("{ok, state}");
        case KRI_HANDLED_REMOVE:
                return kr_build("remove_handler");
        case KRI_HANDLED_SWAP:
                return kr_build("swap_handler");
        default:
                return kr_build("undefined");
        }
}

/* A reply where none belongs, or none where one does: {ok, Reply, State} or {ok, State} that
 * is not among what may be returned. */
static bool is_allowed(kr_handled handled, bool has_reply, bool needs_reply)
{
        return handled.kind >= KRI_HANDLED_OK && handled.kind <= KRI_HANDLED_SWAP &&
               has_reply == needs_reply;
}

static struct kri_outcome returned(struct kri_manager *m, struct kri_handler *h,
                                   kr_handled handled, const char *what, bool needs_reply)
{
        struct kri_event_said *said = &m->said;
        bool current = handled.serial == said->serial;
        kr_term value;

        if (handled.kind == KRI_HANDLED_UNDEF)
                return undef(h, what);
        if (handled.kind == KRI_HANDLED_OTHER && current) {
                value = said->value;
                said->value = kr_none();
                return bad(value);
        }
        if (handled.kind == KRI_HANDLED_SWAP && !current)
                return bad(kr_build("<<\"a kr_handled that was stored\">>"));
        if (!is_allowed(handled, current && !kr_is_none(said->reply), needs_reply))
                return bad(value_of(handled));
        if (handled.kind == KRI_HANDLED_OK)
                return take_reply(said, KRI_OUTCOME_KEEP);
        return take_reply(said, handled.kind == KRI_HANDLED_REMOVE ? KRI_OUTCOME_REMOVE
                                                                   : KRI_OUTCOME_SWAP);
}

struct kri_outcome kri_handler_call(struct kri_manager *m, struct kri_handler *h,
                                    kri_handler_fn fn, const char *what, kr_term term,
                                    bool needs_reply)
{
        struct call call = { .fn = fn, .state = h->state, .term = term };
        struct kri_outcome outcome;
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        kri_saved_drop(&h->saved); /* from now on it has handled something */
        if (kr_catch(do_call, &call, &kind, &reason))
                return returned(m, h, call.handled, what, needs_reply);
        outcome = raised(kind, reason.term);
        kr_msg_clear(&reason);
        return outcome;
}

/* -- the end of a handler -- */

struct terminate_call {
        struct kri_handler *h;
        kr_term arg;
        kr_term result;
};

static void do_terminate(void *arg)
{
        struct terminate_call *call = arg;

        call->result = call->h->module->table->terminate(call->h->state, call->arg);
}

kr_term kri_handler_terminate(struct kri_handler *h, kr_term arg)
{
        struct terminate_call call = { h, arg, kr_none() };
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        if (!kr_catch(do_terminate, &call, &kind, &reason)) {
                call.result = caught(kind, reason.term);
                kr_msg_clear(&reason);
        }
        return kr_is_none(call.result) ? kr_atom_term(KR_ATOM("ok")) : call.result;
}

static void do_release(void *h)
{
        ((struct kri_handler *)h)
                ->module->table->release(((struct kri_handler *)h)->state);
}

void kri_handler_release(struct kri_handler *h)
{
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        if (h->released)
                return;
        h->released = true;
        (void)kr_catch(do_release, h, &kind, &reason);
        kr_msg_clear(&reason);
}

static kr_term call_format_status(void *arg)
{
        const struct kri_handler *h = arg;

        return h->module->table->format_status(h->state);
}

kr_term kri_handler_state(const struct kri_handler *h)
{
        char name[256];
        kr_term term;

        (void)snprintf(name, sizeof(name), "%s:format_status/1", h->module->name);
        term = kri_report_shown(call_format_status, (void *)(uintptr_t)h, name);
        if (kr_is_none(term) && *h->module->fields != NULL)
                term = kri_report_fields(*h->module->fields, h->state);
        return kr_is_none(term) ? kr_build("undefined") : term;
}
