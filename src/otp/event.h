/* SPDX-License-Identifier: Apache-2.0 */
/* event.h: what an event manager keeps in its process: shared by the files of gen_event.
 *
 * Model    The handlers, the newest first. A callback runs under kr_catch and leaves an
 *          outcome; a handler that is to go is terminated, released and then unlinked, in
 *          this order, so that its release is never forgotten, whatever ends the manager in
 *          between.
 * Owns     terms in here are kept copies of the process.
 */
#ifndef KR_OTP_EVENT_H
#define KR_OTP_EVENT_H

#include <krarup/gen_event.h>

#include <stddef.h>

struct kri_handler {
        struct kri_handler *next;
        const kr_handler_module *module;
        kr_atom name;            /* of the module */
        kr_term id;              /* none: it is just the module */
        kr_pid owner;            /* who supervises it; none: nobody */
        bool released;           /* its release has been called */
        struct kri_saved *saved; /* its state before an upgrade (moving.h); NULL: none */
        _Alignas(max_align_t) char state[];
};

/* What the latest kr_handled with something to it was made with. */
struct kri_event_said {
        uint32_t serial;  /* which one */
        kr_term value;    /* of kr_handled_other, or Args1 */
        kr_term handler2; /* as it is named in messages */
        kr_term args2;
        kr_term reply; /* none: there is none */
};

struct kri_manager {
        struct kri_handler *first;
        struct kri_event_said said;
};

/* What came of a callback. */
struct kri_outcome {
        enum {
                KRI_OUTCOME_KEEP,
                KRI_OUTCOME_REMOVE,
                KRI_OUTCOME_SWAP,
                KRI_OUTCOME_BAD, /* `bad` says what came instead */
        } kind;
        bool faulted;  /* it was a fault: the state is not to be used any more */
        kr_term bad;   /* taken over by whoever handles it */
        kr_term reply; /* none: there is none; the same */
};

typedef kr_handled (*kri_handler_fn)(void *state, kr_term term);

/* -- event_modules.c -- */

/* Have the module found by its atom from now on. Any thread. */
void kri_handler_enter(const kr_handler_module *module);
/* NULL: nobody has named it. */
const kr_handler_module *kri_handler_find(kr_atom name);

/* Module, or {Module, Id}: gives a new term. */
kr_term kri_handler_name(const struct kri_handler *h);
kr_term kri_handler_term(kr_handler handler);

/* Take such a term apart: false: it is none. The id borrows. */
bool kri_handler_named(kr_term term, kr_atom *ret_name, kr_term *ret_id);

/* -- event_callback.c -- */

/* Call `fn` with the handler's state; `what` is its name, for undef; needs_reply: it is
 * handle_call. */
struct kri_outcome kri_handler_call(struct kri_manager *m, struct kri_handler *h,
                                    kri_handler_fn fn, const char *what, kr_term term,
                                    bool needs_reply);

/* Call terminate(arg): gives a new term, what it gave, or {'EXIT', Reason}. */
kr_term kri_handler_terminate(struct kri_handler *h, kr_term arg);

/* Call release, once. */
void kri_handler_release(struct kri_handler *h);

/* Gives a new term: what can be shown of the state. */
kr_term kri_handler_state(const struct kri_handler *h);

/* -- gen_event.c -- */

/* The one at *place goes for this reason: terminate({error, Reason}), a report, a word to who
 * supervises it, release. */
void kri_handler_take_out(kr_gen *g, struct kri_handler **place, kr_term reason);

/* -- event_moves.c -- */

/* There may be another version of its module: go over to it, if that is all there is to do. */
void kri_handler_look(struct kri_handler *h) __attribute__((cold, noinline));

extern const struct kri_kind_moves kri_event_moves;

#endif
