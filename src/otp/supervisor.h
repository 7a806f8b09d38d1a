/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor.h: what the files of the supervisor share: its state and its parts.
 *
 * Model    All is memory of the supervisor's process and goes with it: nothing is released
 *          at the end. A child's record is made, and found room for, before the child is
 *          started: what runs is always known.
 * Errors   A function that "gives an error" gives kr_none() when all is well, else a term to
 *          release (an atom such as enomem needs none).
 */
#ifndef KR_OTP_SUPERVISOR_H
#define KR_OTP_SUPERVISOR_H

#include <krarup/supervisor.h>
#include <krarup/timer.h>

#include "supervisor_ids.h"
#include "supervisor_pids.h"

/* -- children -- */

/* STOPPED <-> RUNNING -> RESTARTING -> RUNNING, STOPPED. OTP's `undefined`, a pid, and
 * {restarting, Pid | undefined}. A record is freed only when it is STOPPED. */
struct kri_restarts;

enum kri_child_state { KRI_CHILD_STOPPED, KRI_CHILD_RUNNING, KRI_CHILD_RESTARTING };

/* Only children with a budget of their own have one. */
struct kri_child_budget {
        kr_budget limits;
        struct kri_restarts *restarts; /* NULL: counts for the supervisor */
        int64_t delay_ms;              /* before the next restart */
        int64_t started_ms;            /* when it was started last */
        kr_ref timer;                  /* the restart that waits; none */
};

struct kri_child {
        kr_pid pid; /* RUNNING; RESTARTING: the one that has ended, or none */
        uint8_t state;
        uint8_t restart; /* kr_restart */
        uint8_t type;    /* KR_CHILD_WORKER or KR_CHILD_SUPERVISOR */
        bool significant;
        bool is_forgetful; /* temporary, and kept: its arguments are not (`undefined`) */
        kr_atom module, function;
        const struct kri_start *how;     /* NULL: nobody has told of {module, function} */
        int64_t how_id;                  /* start_id of the spec; 0: any of this name */
        struct kri_child_budget *budget; /* NULL: none */
        kr_term id;                      /* these five are kept */
        kr_term args;
        kr_term shutdown; /* milliseconds, infinity or brutal_kill */
        kr_term modules;
        kr_term name;                    /* none: not registered */
        struct kri_child *older, *newer; /* in the order of their start */
        struct kri_child *next_id;       /* of the same place in the table of ids */
        uint64_t id_hash;
};

/* -- restarts -- */

/* So many of them in one second of the node's clock. */
struct kri_restart_second {
        int64_t second;
        uint64_t count;
};

/* The restarts of the last period, oldest first: those of one second are one entry. */
struct kri_restarts {
        struct kri_restart_second *entries; /* of kr_alloc, NULL while empty */
        uint32_t len, cap;
        uint64_t total;
};

/* -- the supervisor -- */

struct kri_flags {
        kr_strategy strategy;
        kr_auto_shutdown auto_shutdown;
        int64_t intensity, period_s;
};

struct kri_sup {
        kr_gen *gen;
        struct kri_flags flags;
        kr_term name; /* for reports: {local, _}, {global, _}, {via, _, _}, {Pid, Module} */
        kr_term args;    /* for init, kept */
        kr_term refusal; /* why a change of code was refused last; kept */
        struct kri_restarts restarts;

        /* children in the order of their start; simple_one_for_one: only the template */
        struct kri_child *oldest, *newest;
        struct kri_ids ids;
        /* those that run. Value: the record; simple_one_for_one: the arguments given to
         * start_child (kept; nil for temporary ones), and those that are restarting too */
        struct kri_pids pids;
        uint64_t restarting; /* simple_one_for_one: how many are */
};

static inline bool kri_sup_is_simple(const struct kri_sup *s)
{
        return s->flags.strategy == KR_SIMPLE_ONE_FOR_ONE;
}

static inline struct kri_child *kri_pids_child(const struct kri_pid_slot *slot)
{
        return (struct kri_child *)(uintptr_t)slot->value;
}

/* -- supervisor_start.c: what can be started, and starting it -- */

/* A start that is known by name, for as long as the node. */
struct kri_start {
        struct kri_start *next;
        kr_atom module, function;
        int64_t id;           /* from 1; tells apart what has the same names */
        kr_child_start start; /* its texts are atoms' */
        const kr_start_opts *opts;

        /* What lies in a loaded module is not kept a pointer to: a behaviour is found again by
         * its names, options are copied. A function cannot be: once its version is gone, the
         * latest of the same names takes its place. */
        kr_atom owner;     /* the module; none: it is part of the program */
        kr_atom behaviour; /* with an owner, in the place of start.behaviour; or none */
        kr_start_opts copy;
};

kr_err kri_start_know(kr_node *node, const kr_child_start *start,
                      const kr_start_opts *opts, const struct kri_start **ret);
/* id 0: any. NULL: nobody has told of it. */
const struct kri_start *kri_start_find(kr_node *node, kr_atom module, kr_atom function,
                                       int64_t id);

/* What apply(M, F, A) came to. */
struct kri_begun {
        bool failed;
        bool has_info;
        kr_pid pid;   /* none: ignore, or failed */
        kr_term more; /* the Info or the Reason: to be released */
};

/* Start what `child` says with these arguments. Blocks. */
struct kri_begun kri_child_begin(struct kri_child *child, kr_term args);

/* -- supervisor_child.c, supervisor_spec.c: child specs and flags -- */

/* By kr_restart, by kr_child_type (the first is none). */
extern const char *const kri_restart_names[3];
extern const char *const kri_child_type_names[3];

#define KRI_AUTO_SHUTDOWN_ANY ((kr_auto_shutdown)0xff) /* check_childspecs/1 */

/* A key and its value for a map; own: takes the value. */
static inline void kri_add_pair(kr_builder *b, const char *key, kr_term value)
{
        kr_add_atom(b, kri_atom_of(key));
        kr_add_term(b, value);
}

static inline void kri_add_own(kr_builder *b, const char *key, kr_term value)
{
        kri_add_pair(b, key, value);
        kr_release(value);
}

/* Gives a new term: the spec of a child as a map; none: *ret_err says why. */
kr_term kri_spec_of(kr_node *node, const kr_child *child, kr_term args, kr_err *ret_err);
/* Gives the error of a spec for which kri_spec_of had one. */
kr_term kri_spec_bad(const kr_child *child, kr_err err);
/* Gives an error; otherwise the record of a child. */
kr_term kri_spec_check(kr_term spec, kr_auto_shutdown auto_shutdown,
                       struct kri_child **ret_child);
/* The same for a list of them, which are added to `s` in order; on an error it has none. */
kr_term kri_spec_check_all(kr_term specs, kr_auto_shutdown auto_shutdown,
                           struct kri_sup *s);
/* Gives an error; nothing is kept. */
kr_term kri_specs_error(kr_term specs, kr_auto_shutdown auto_shutdown);
/* Gives an error; otherwise *ret_flags with the defaults filled in. */
kr_term kri_flags_check(const kr_supervisor_flags *flags, struct kri_flags *ret_flags);
/* false: it is no such atom. */
bool kri_auto_shutdown_of(kr_term atom, kr_auto_shutdown *ret);
void kri_child_free(struct kri_child *child); /* NULL is ignored */

/* Each gives a new term. */
kr_term kri_child_spec(const struct kri_child *child);   /* get_childspec's map */
kr_term kri_child_record(const struct kri_child *child); /* OTP's #child{} */
/* [First, {id, _}, {mfargs, _}, ...]: First is {pid, _} or {nb_children, _}; `args` none: the
 * child's own */
kr_term kri_child_offender(const struct kri_child *child, kr_term first, kr_term args);
kr_term kri_child_pid_term(const struct kri_child *child);
kr_atom kri_child_type_atom(const struct kri_child *child);
kr_atom kri_strategy_atom(kr_strategy strategy);
kr_atom kri_auto_shutdown_atom(kr_auto_shutdown auto_shutdown);

/* -- supervisor_children.c: the children of a supervisor, in order -- */

/* By id. NULL: there is none. */
struct kri_child *kri_sup_find(const struct kri_sup *s, kr_term id);
/* Make room for one more child. */
bool kri_sup_reserve(struct kri_sup *s);
/* As the newest; takes it. There must be room, and none with its id. */
void kri_sup_add(struct kri_sup *s, struct kri_child *child);
/* Forget and free a child that is STOPPED. */
void kri_sup_remove(struct kri_sup *s, struct kri_child *child);
void kri_sup_remove_all(struct kri_sup *s);

/* The moves of a child's state; pid none: it was `ignore`, and is STOPPED. */
void kri_child_is_running(struct kri_sup *s, struct kri_child *child, kr_pid pid);
void kri_child_is_restarting(struct kri_sup *s, struct kri_child *child, kr_pid old);
void kri_child_is_stopped(struct kri_sup *s, struct kri_child *child);
/* STOPPED, and forgotten if temporary. */
void kri_sup_drop(struct kri_sup *s, struct kri_child *child);

/* -- supervisor_intensity.c -- */

/* One more restart now. False: that is more than `intensity` in the period. */
bool kri_restarts_add(struct kri_restarts *r, int64_t now_s, int64_t intensity,
                      int64_t period_s);
/* Of the supervisor. */
bool kri_sup_may_restart(struct kri_sup *s);

/* -- supervisor_restart.c: what happens when a child has ended -- */

/* The result: go on; or end with `shutdown`. */
enum kri_verdict { KRI_GO_ON, KRI_SHUT_DOWN };

enum kri_verdict kri_sup_ended(struct kri_sup *s, kr_pid pid, kr_term reason);
/* {try_again_restart, Id} */
enum kri_verdict kri_sup_try_again(struct kri_sup *s, kr_term id);

/* Start a child that is STOPPED and note it; reports success, not failure. */
struct kri_begun kri_sup_start(struct kri_sup *s, struct kri_child *child);
/* All that are STOPPED, from `first` on. Gives an error, {failed_to_start_child, Id, Reason};
 * then *ret_failed is that child. */
kr_term kri_sup_start_from(struct kri_sup *s, struct kri_child *first,
                           struct kri_child **ret_failed);

/* normal, shutdown, {shutdown, _} */
bool kri_is_planned_end(kr_term reason);

/* simple_one_for_one (supervisor_dynamic.c) */
enum kri_verdict kri_dyn_ended(struct kri_sup *s, kr_pid pid, kr_term reason);
enum kri_verdict kri_dyn_try_again(struct kri_sup *s, kr_pid old);
/* Each gives the reply (a pid: it is {ok, Pid}). */
kr_term kri_dyn_start(struct kri_sup *s, kr_term args);
kr_term kri_dyn_terminate(struct kri_sup *s, kr_term pid);
kr_term kri_dyn_which(struct kri_sup *s);
kr_term kri_dyn_count(struct kri_sup *s);
/* The spec is about to change: those that are there keep the arguments they have. False: no
 * memory. */
bool kri_dyn_keep_args(struct kri_sup *s);
/* All at once, with one timer; only at the supervisor's end: messages are lost. */
void kri_dyn_stop_all(struct kri_sup *s);
/* At once, whatever it is doing: is it alive? */
bool kri_pid_is_alive(kr_pid pid);

/* -- supervisor_stop.c: stopping children -- */

/* Stop it and wait until it has ended; STOPPED then. Reports an end that was not asked for. */
void kri_sup_stop(struct kri_sup *s, struct kri_child *child);
/* The newest first, back to `first`; temporary ones are forgotten. The oldest of those that are
 * left from there on; NULL: none. */
struct kri_child *kri_sup_stop_back_to(struct kri_sup *s, struct kri_child *first);
void kri_sup_stop_all(struct kri_sup *s);
/* How a process has ended; the reason lives in one of the slots. */
struct kri_end {
        kr_msg down, exit;
        kr_term reason;
};
/* clang-format off */
#define KRI_END_INIT { .down = KR_MSG_INIT, .exit = KR_MSG_INIT }
/* clang-format on */
/* Stop the process `pid` of a child and wait until it has ended. */
void kri_pid_stop(const struct kri_child *child, kr_pid pid, struct kri_end *ret_end);
void kri_end_clear(struct kri_end *end);
/* Is this how a child should end when told to? */
bool kri_is_good_end(const struct kri_child *child, kr_term reason);
bool kri_is_brutal(const struct kri_child *child);
/* Milliseconds; KR_INFINITY. */
int64_t kri_shutdown_ms(const struct kri_child *child);

/* -- supervisor_call.c: requests -- */

void kri_sup_answer(struct kri_sup *s, kr_gen_in *in);
/* Gives a new term: #state{} of OTP. */
kr_term kri_sup_state_term(struct kri_sup *s);

/* -- supervisor_report.c -- */

void kri_sup_report(struct kri_sup *s, const char *context, kr_term reason,
                    const struct kri_child *child);
/* With this in place of {pid, _}, which it takes; args none: of the child. */
void kri_sup_report_of(struct kri_sup *s, const char *context, kr_term reason,
                       const struct kri_child *child, kr_term first, kr_term args);
void kri_sup_report_started(struct kri_sup *s, const struct kri_child *child);

/* -- supervisor.c -- */

/* Gives a new term: the name that reports show; none: no memory. */
kr_term kri_gen_sup_name(kr_gen *g);

/* -- supervisor_code.c: flags and specs from the module -- */

/* Run the module's init. Gives an error (a reason of start_link; bad_return and the like), the
 * atom `ignore`, or none: *ret_flags and *ret_specs (a list to release) are what it wants. */
struct kri_wishes {
        kr_supervisor_flags flags;
        kr_term specs;
};
kr_term kri_sup_ask_module(struct kri_sup *s, struct kri_wishes *ret_wishes);
/* Gives an error; otherwise the flags and specs have taken the place of those there were. */
kr_term kri_sup_change(struct kri_sup *s);

#endif
