/* SPDX-License-Identifier: Apache-2.0 */
/* statem.h: what a state machine keeps in its process: shared by the files of gen_statem.
 *
 * Model    One event at a time. Its callbacks say actions, which are collected in `said`;
 *          when the last callback has returned a step they take effect together, in
 *          transit(): the order is that of gen_statem.erl.
 * Owns     terms in here are kept copies of the process; what a kr_event that is handled
 *          points to belongs to the message, or to `current`.
 * Law      All that must last is in the record: a wait, and a step that is thrown, leave no
 *          stack.
 */
#ifndef KR_OTP_STATEM_H
#define KR_OTP_STATEM_H

#include <krarup/gen_statem.h>

/* An event that waits to be handled; its terms are its own. */
struct kri_queued {
        struct kri_queued *next;
        kr_event event;
};

struct kri_queue {
        struct kri_queued *first;
        struct kri_queued *last; /* when there is a first */
};

/* A time-out that runs, or is due and waits for its turn. */
struct kri_timeout {
        kr_event_type type;
        kr_ref timer;   /* none: of time 0 */
        uint64_t order; /* of time 0: lower ones come first */
        kr_term name;   /* KR_EVENT_NAMED_TIMEOUT */
        kr_term content;
};

struct kri_timeouts {
        struct kri_timeout *list; /* no order */
        uint32_t count, cap;
        uint32_t zeros;      /* how many are of time 0 */
        uint64_t order_next; /* of the next one of time 0 */
};

/* A time-out action. */
struct kri_timing {
        kr_event_type type;
        enum kri_timeout_how how;
        int64_t time_ms;
        kr_term name, content;
};

/* What the callbacks of the present event have said. */
struct kri_said {
        bool open;     /* a callback runs: actions may be said */
        bool in_enter; /* ... for a state enter call */
        bool postpone;
        bool hibernate;
        bool bad_enter; /* `bad` is an action that is wrong only in a state enter call */
        kr_term bad;    /* none, or the first action that is none */
        struct kri_queue events;
        struct kri_timing *timings;
        uint32_t timing_count, timing_cap;
};

enum kri_statem_phase {
        KRI_STATEM_INIT,  /* the user's init runs */
        KRI_STATEM_ENTER, /* it has returned; its actions and the enter call are due */
        KRI_STATEM_EVENTS,
        KRI_STATEM_ENDING, /* terminate has been called */
};

struct kri_statem {
        enum kri_statem_phase phase;

        /* whose callbacks are called, and those that it was pushed upon */
        const kr_behaviour *module;
        const struct kri_gen_statem *callbacks; /* its table */
        kr_callback_mode mode;
        bool state_enter;
        const kr_behaviour **below;
        uint32_t below_count, below_cap;

        kr_term state;
        uint32_t function; /* KR_STATE_FUNCTIONS: of `state`, or KR_STATES_MAX */
        bool hibernate;    /* wanted by the last event */

        struct kri_queue queued;    /* to be handled before anything else */
        struct kri_queue postponed; /* until the state changes; oldest first */
        uint32_t postponed_count;   /* how many these are */
        struct kri_timeouts timeouts;

        /* -- the event that is handled -- */
        const kr_event *event;      /* NULL: none */
        struct kri_queued *current; /* it is from a queue; NULL: in a message */
        const kr_event *enter;      /* the enter call that runs now; NULL: none */
        bool entering;              /* there has been an enter call for this event */
        kr_term next;               /* the state it leads to; none: no other */
        struct kri_said said;
        kr_step thrown; /* by kr_throw_step; KRI_STEP_NONE: none */

        kr_term refused; /* the latest reason for which code_change refused */
};

/* The machine of the calling process; NULL: it is none. */
struct kri_statem *kri_statem_self(kr_gen **ret_gen);

/* -- gen_statem.c -- */

/* One event. */
void kri_statem_loop(kr_gen *g);

/* -- statem_life.c -- */

/* Forget a step that was thrown. */
void kri_statem_forget_throw(struct kri_statem *s);
/* It was entered by kr_enter_loop, without a state: ends with badarg. */
KR_NORETURN void kri_statem_stateless(kr_gen *g);
/* End with undef: this function of the module is missing. */
KR_NORETURN void kri_statem_undef(const kr_behaviour *module, const char *function,
                                  int arity);
KR_NORETURN void kri_statem_terminate(kr_gen *g, kr_class kind, kr_term reason);

/* -- statem_status.c -- */

/* Gives a new term: what can be shown of the data. */
kr_term kri_statem_data_term(kr_gen *g);
/* It ends, not as planned: tell the logger. `reason` as kr_catch gives it. */
void kri_statem_report(kr_gen *g, kr_class kind, kr_term reason);
kr_term kri_statem_get_state(kr_gen *g);
kr_term kri_statem_replace_state(kr_gen *g, kr_term state);
kr_err kri_statem_code_change(kr_gen *g, kr_term old_version, kr_term extra,
                              kr_msg *ret_reason);
kr_term kri_statem_status(kr_gen *g);

/* -- statem_queue.c -- */

/* NULL: no memory. */
struct kri_queued *kri_queued_new(const kr_event *event);
void kri_queued_free(struct kri_queued *queued);
void kri_queue_push(struct kri_queue *queue, struct kri_queued *queued);
struct kri_queued *kri_queue_pop(struct kri_queue *queue);
/* What is in `front` comes before what is in `queue`; `front` is empty then. */
void kri_queue_prepend(struct kri_queue *queue, struct kri_queue *front);

/* Give a new term: {{call, {Pid, Tag}}, Request}, {cast, Message}, {{timeout, Name}, Content},
 * ..., and the list of such; the type alone. */
kr_term kri_event_term(const kr_event *event);
kr_term kri_queue_term(const struct kri_queue *queue);
kr_term kri_event_type_term(kr_event_type type, kr_from from, kr_term name);

/* -- statem_timeouts.c -- */

/* Carry out what was said about time-outs; `state` is for the debug options. */
void kri_timeouts_apply(kr_gen *g, struct kri_statem *s);
void kri_timeouts_cancel(struct kri_timeouts *timeouts, kr_event_type type, kr_term name);

/* {timeout, Timer, Type} has come: true if that timer runs here; then it is over, and its
 * name and content are the caller's, in `event`. */
bool kri_timeouts_fired(struct kri_timeouts *timeouts, kr_term message, kr_event *event);

/* The oldest one of time 0, if there is any: as above. */
bool kri_timeouts_zero(struct kri_timeouts *timeouts, kr_event *event);

/* Gives a new term: {Count, [{Type, Content}]}. */
kr_term kri_timeouts_term(const struct kri_timeouts *timeouts);

/* -- statem_actions.c -- */

/* Forget what was said; it has been carried out. */
void kri_said_clear(struct kri_said *said);
/* `action` (taken) is none that can be carried out; the first such counts. */
void kri_said_bad(struct kri_said *said, kr_term action, bool only_in_enter);

/* Call the callbacks of this module from now on; false: it has no mode. */
bool kri_statem_use(struct kri_statem *s, const kr_behaviour *module);

#endif
