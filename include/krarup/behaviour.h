/* SPDX-License-Identifier: Apache-2.0 */
/* behaviour.h: for those who write behaviours of their own. gen_server, gen_statem, gen_event
 * and supervisor are made of just this.
 *
 * Model    A kr_kind is the generic part (what OTP calls the behaviour module); a kr_behaviour
 *          is a user's callback module for it: constant, made by the kind's macro
 *          (KR_GEN_SERVER, ...). A kr_gen is a running one: the record of its loop, with the
 *          user's state at its end.
 * Flow     kr_start spawns; the new process registers its name and calls kind->init, which
 *          runs the user's init, says kr_init_ack or kr_init_fail, and goes on with
 *          kr_gen_loop. From then on kind->loop is entered at its top again and again; it waits
 *          with kr_gen_receive, which answers system messages and the parent's exit by itself.
 * Law      What kind->loop has not put into the record does not survive kr_gen_receive.
 */
#ifndef KRARUP_BEHAVIOUR_H
#define KRARUP_BEHAVIOUR_H

#include <krarup/change.h>
#include <krarup/gen.h>
#include <krarup/loop.h>
#include <krarup/memory.h>
#include <krarup/proc_lib.h>
#include <krarup/sys.h>

typedef struct kr_gen kr_gen;
typedef struct kr_kind kr_kind;

/* One field of a state that is declared: see KR_FIELDS in fields.h. */
struct kr_field;

/* A user's module. */
struct kr_behaviour {
        const char *name; /* of the module, such as "counter" */
        const kr_kind *kind;
        const void *callbacks; /* the kind's own table */
        size_t state_size;     /* bytes; zeroed before init */
        /* Where the declared fields of the state (fields.h) stand; NULL, or holding NULL: none
         * are. A pointer to the pointer, for the member of a user's table is a constant only
         * by its address. */
        const struct kr_field *const *fields;
        void (*release)(
                void *state);       /* NULL, or: what hangs off the state goes; runs once,
                                          however the process ends, after a fault too; may
                                          not wait */
        const char *const *version; /* of the state (change.h); the same; none: "0" */
        /* Krarup's, where the macros put them. NULL: one that is never replaced. */
        uint32_t *attention; /* atomic; not 0: look closer before the next callback */
        const struct kri_versioning *versioning;
};

/* The generic part. Functions run in the process of `g` unless they say otherwise. */
struct kr_kind {
        const char *name; /* "gen_server" */

        /* Initialise; ends in one of the kr_gen_init_... An exit or error that comes out of it
         * is a kr_gen_init_stop, a throw is a {bad_return_value, Thrown}. */
        void (*init)(kr_gen *g, kr_term args);
        /* NULL, or: it has thrown this. Returns if that is none of the kind's results; otherwise
         * goes on with it, as init does. */
        void (*init_threw)(kr_gen *g, kr_term thrown);

        /* One round: wait with kr_gen_receive and handle what came. Called again when it
         * returns. */
        void (*loop)(kr_gen *g);

        /* Run the user's terminate, report if the reason asks for it, end with that reason.
         * Called for sys terminate, the parent's exit, and an exit, error or throw that came
         * out of loop (`kind`, `reason` with its trace as kr_catch gives it; otherwise
         * KR_CLASS_EXIT). */
        KR_NORETURN void (*terminate)(kr_gen *g, kr_class kind, kr_term reason);

        /* sys: gives a new term, none: it has none. NULL: the declared fields of the state. */
        kr_term (*get_state)(kr_gen *g);
        /* sys: take this state over; gives what it is now. none: it does not fit. NULL: into
         * the declared fields. */
        kr_term (*replace_state)(kr_gen *g, kr_term state);
        /* sys, and upgrades: convert the state of a new version; KR_OK; KR_EIGNORED: the module has
         * no such function; or the Reason in the slot. NULL: as KR_EIGNORED. */
        kr_err (*code_change)(kr_gen *g, kr_term old_version, kr_term extra,
                              kr_msg *ret_reason);
        /* The same for a kind that runs several modules and asks which. NULL: by the former. */
        kr_err (*module_change)(kr_gen *g, kr_term module, kr_term old_version,
                                kr_term extra, kr_msg *ret_reason);
        /* sys: what get_status shows last (Misc); gives a new term. NULL: by get_state. */
        kr_term (*status)(kr_gen *g);
        /* Release what the kind has hanging off its own bytes, however the process ends, as
         * kr_loop.ended. NULL: nothing. */
        void (*ended)(kr_gen *g);
        size_t own_size; /* bytes of the kind's own, zeroed, reached by kr_gen_own */

        /* What proc_lib shows as '$initial_call'; gives a new term. NULL: {Module, init, 1}. */
        kr_term (*initial_call)(const kr_gen *g);
        /* After a fault, in which terminate does not run: the behaviour's own error report
         * (kr_gen_handled is what it was about). May not wait. NULL: none. */
        void (*report)(kr_gen *g, kr_class kind, kr_term reason);
        /* It tells the debug options itself what has come in, in its own words. */
        bool says_in;
        /* sys: append the text of a debug event, with its end of line. NULL: as gen_server. */
        kr_err (*print)(kr_gen *g, kr_buf *buf, kr_term event, kr_term name);

        /* Krarup's. NULL: in an upgrade the kind's own bytes are copied to another place, as
         * they are. */
        const struct kri_kind_moves *moves;
};

/* What kr_gen_receive found. */
enum { KR_GEN_CALL, KR_GEN_CAST, KR_GEN_INFO };

typedef struct kr_gen_in {
        kr_msg slot;  /* what came, whole */
        kr_from from; /* KR_GEN_CALL */
        kr_term term; /* the request, the message of a cast, or all of an info */
} kr_gen_in;
/* clang-format off */
#define KR_GEN_IN_INIT { .slot = KR_MSG_INIT }
/* clang-format on */

KR_BEGIN_DECLS

/* Wait at the top for what is for the user: KR_GEN_CALL, KR_GEN_CAST, KR_GEN_INFO or
 * KR_TIMEOUT. System messages and the parent's exit are handled in here, the debug options
 * see what comes in. `timeout_ms` counts from the call and begins anew after a system message,
 * as OTP's loops have it. Blocks without a stack: the loop is entered anew. */
KR_API int kr_gen_receive(kr_gen *g, kr_gen_in *in, int64_t timeout_ms);

/* The user's state; the kind's own bytes; the module; the parent (itself if it was started
 * without link); the name it was started with, as a term for reports (a pid if none). */
KR_API void *kr_gen_state(kr_gen *g);
KR_API void *kr_gen_own(kr_gen *g);
KR_API const kr_behaviour *kr_gen_module(const kr_gen *g);
KR_API kr_pid kr_gen_parent(const kr_gen *g);
KR_API kr_term kr_gen_name(kr_gen *g);

/* The kr_gen of the calling process; NULL if it is none. */
KR_API kr_gen *kr_gen_self(void);

/* How kind->init ends. started: {ok, Pid} to the starter, and on with kind->loop. The others
 * free the name and end the process: ignore: `ignore` and normal. stop: {error, Reason}, and end
 * with it (a crash report if it asks for one); `kind` and `reason` as kr_catch gives them.
 * error: {error, Reason} and normal. */
KR_API KR_NORETURN void kr_gen_init_started(kr_gen *g);
KR_API KR_NORETURN void kr_gen_init_ignore(kr_gen *g);
KR_API KR_NORETURN void kr_gen_init_stop(kr_gen *g, kr_class kind, kr_term reason);
KR_API KR_NORETURN void kr_gen_init_error(kr_gen *g, kr_term reason);

/* For an init that does something between the two of started: say {ok, Pid}; go on with
 * kind->loop (also from anywhere later, with an empty stack). */
KR_API void kr_gen_init_ack(kr_gen *g);
KR_API KR_NORETURN void kr_gen_loop(kr_gen *g);

/* From within a callback's callees: what is being handled now, for reports and kr_reply. The
 * loop sets it before it calls the user and clears it afterwards. */
KR_API void kr_gen_handling(kr_gen *g, kr_gen_in *in);
KR_API kr_gen_in *kr_gen_handled(kr_gen *g);

/* End with this reason, the trace cut off as OTP does: normal, shutdown and {shutdown, _} end
 * silently; anything else with a crash report. */
KR_API KR_NORETURN void kr_gen_exit(kr_gen *g, kr_class kind, kr_term reason);

/* Something happened that debug options want to see: {in, _}, {out, _, _}, ... Cheap when
 * none are on. */
#define kr_gen_debug(g, ...)                                                             \
        do {                                                                             \
                if (kri_gen_debugs(g))                                                   \
                        kri_gen_debug(g, KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__));  \
        } while (0)

/* -- calls of a behaviour's own -- */

/* What an exit reason says was called: {Reason, {Module, Function, Arguments}}. */
typedef struct kr_call_as {
        const char *module, *function;
} kr_call_as;

/* kr_term kr_call_for(as, server, &slot, timeout_ms, "request", ...): as kr_call_timeout, said to
 * be a call of that function; KRI_CALL_DEFAULT: five seconds, two arguments in the reason. */
#define kr_call_for(as, server, slot, timeout_ms, ...)                                   \
        kri_call_as(as, KR_SERVER(server), slot, timeout_ms, KRI_SITE(__VA_ARGS__),      \
                    KRI_ARGS(__VA_ARGS__))

/* int kr_gen_ask(server, label, &slot, timeout_ms, "request", ...): send {Label, From, Request}
 * and wait for the reply: enum kri_call_end. Nothing is raised; DOWN: the slot's term is the
 * Reason (noproc, calling_self, {nodedown, Node}, or what it ended with). Blocks. */
#define kr_gen_ask(server, label, slot, timeout_ms, ...)                                 \
        kri_gen_ask(KR_SERVER(server), label, slot, timeout_ms, KRI_SITE(__VA_ARGS__),   \
                    KRI_ARGS(__VA_ARGS__))

/* The pid of a server, if it is of this node and there; and what stands for it in reasons:
 * gives a new term (Pid, Name, {Name, Node}, {global, Name}, {via, Via, Name}). */
KR_API kr_pid kr_server_pid(kr_server server);
KR_API kr_term kr_server_term(kr_server server);

KR_API kr_term kri_call_as(const kr_call_as *as, kr_server to, kr_msg *slot,
                           int64_t timeout_ms, struct kri_site *site,
                           const union kri_arg *args);
KR_API int kri_gen_ask(kr_server to, kr_atom label, kr_msg *slot, int64_t timeout_ms,
                       struct kri_site *site, const union kri_arg *args);

KR_API bool kri_gen_debugs(const kr_gen *g);
KR_API void kri_gen_debug(kr_gen *g, struct kri_site *site, const union kri_arg *args);

KR_END_DECLS

/* -- for the macros that define a user's module -- */

/* A user's state in its own type. Around the user's table: members that are not named are
 * missing on purpose, and names before the value are C's, which C++ compilers know too. */
#ifdef __cplusplus
/* clang-format off */
#define KRI_STATE(state, s) static_cast<state *>(s)
#ifdef __clang__
#define KRI_CALLBACKS_BEGIN                                                              \
        _Pragma("clang diagnostic push")                                                 \
        _Pragma("clang diagnostic ignored \"-Wc99-designator\"")                         \
        _Pragma("clang diagnostic ignored \"-Wc++20-designator\"")                       \
        _Pragma("clang diagnostic ignored \"-Wmissing-field-initializers\"")
#define KRI_CALLBACKS_END _Pragma("clang diagnostic pop")
#else
#define KRI_CALLBACKS_BEGIN                                                              \
        _Pragma("GCC diagnostic push")                                                   \
        _Pragma("GCC diagnostic ignored \"-Wmissing-field-initializers\"")
#define KRI_CALLBACKS_END _Pragma("GCC diagnostic pop")
#endif
/* clang-format on */
#else
#define KRI_STATE(state, s) (s)
/* A callback of another type is an error, not a warning. */
#define KRI_CALLBACKS_BEGIN                                                              \
        _Pragma("GCC diagnostic push")                                                   \
                _Pragma("GCC diagnostic error \"-Wincompatible-pointer-types\"")
#define KRI_CALLBACKS_END _Pragma("GCC diagnostic pop")
#endif

#endif
