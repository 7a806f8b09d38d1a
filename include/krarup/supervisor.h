/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor.h: processes that start others, watch them and start them again. Follows OTP's
 * module supervisor (26).
 *
 *      static const kr_child children[] = {
 *              { .id = "counter", .start = KR_START(counter), .args = "[0]",
 *                .name = "counter", .restart = KR_PERMANENT, .shutdown_ms = 2000 },
 *      };
 *      KR_SUPERVISOR(counter_sup, .strategy = KR_ONE_FOR_ONE, .intensity = 10,
 *                    .period_s = 3600, KR_CHILDREN(children));
 *
 *      kr_start_link(&counter_sup, &(kr_start_opts){ .name = "counter_sup" }, "[]");
 *
 * Model     A supervisor is a kr_behaviour like any other and is started by kr_start_link. It
 *           starts its children in order, one after the other, and stops them in reverse. It
 *           traps exits; only its parent's exit ends it.
 * Zero      A field that is not named has OTP's default. What OTP writes as 0 has a name here
 *           (KR_INTENSITY_NONE, KR_SHUTDOWN_NOW).
 * Arguments of a child are a list of terms, as in OTP's {M, F, A}. A behaviour's init, a start
 *           function and a plain function get that list, for a simple_one_for_one supervisor
 *           with those of start_child appended.
 * Failing   start_link gives OTP's reasons: {shutdown, {failed_to_start_child, Id, Reason}},
 *           {supervisor_data, Error}, {start_spec, Error}, {bad_start_spec, Specs} and
 *           {bad_return, {Module, init, Value}}. Error names what is wrong: missing_id,
 *           missing_start, {duplicate_child_name, Id}, {invalid_shutdown, _}, {bad_combination,
 *           [{_, _}, {_, _}]}, ...
 * Protocol  All requests and answers are OTP's terms: an Erlang node may call. A child spec from
 *           there names what is started as {Module, Function, Args}: what some supervisor of
 *           this node has started before, or kr_supervisor_offer has told of.
 * Time      A child that loops for ever or hangs in a system call is replaced within its
 *           shutdown time; a kill is enough for its supervisor to go on.
 * Memory    A child of a simple_one_for_one supervisor costs it at most 48 bytes, and its own
 *           arguments unless it is temporary.
 */
#ifndef KRARUP_SUPERVISOR_H
#define KRARUP_SUPERVISOR_H

#include <krarup/behaviour.h>
#include <krarup/registry.h>

/* -- what a supervisor does when a child has ended -- */

typedef enum kr_strategy {
        KR_ONE_FOR_ONE,        /* start that one again */
        KR_ONE_FOR_ALL,        /* stop the others too, and start all */
        KR_REST_FOR_ONE,       /* ... those that were started after it */
        KR_SIMPLE_ONE_FOR_ONE, /* any number of children of one kind, known by their pids */
} kr_strategy;

/* End with `shutdown` when significant children have ended by themselves. */
typedef enum kr_auto_shutdown {
        KR_AUTO_SHUTDOWN_NEVER,
        KR_AUTO_SHUTDOWN_ANY_SIGNIFICANT,
        KR_AUTO_SHUTDOWN_ALL_SIGNIFICANT, /* ... the last of them */
} kr_auto_shutdown;

#define KR_INTENSITY_NONE (-1) /* 0: the first restart is one too many */

/* More than `intensity` restarts within `period_s` seconds end the supervisor. */
typedef struct kr_supervisor_flags {
        kr_strategy strategy;
        int32_t intensity; /* 0: 1 */
        int32_t period_s;  /* 0: 5 */
        kr_auto_shutdown auto_shutdown;
} kr_supervisor_flags;

/* -- children -- */

typedef enum kr_restart {
        KR_PERMANENT, /* always started again */
        KR_TRANSIENT, /* unless it ends with normal, shutdown or {shutdown, _} */
        KR_TEMPORARY, /* never; its spec goes with it */
} kr_restart;

typedef enum kr_child_type {
        KR_CHILD_DEFAULT, /* supervisor if KR_START of a supervisor, else worker */
        KR_CHILD_WORKER,
        KR_CHILD_SUPERVISOR,
} kr_child_type;

/* shutdown_ms: how long a child may take to end after an exit signal `shutdown` before it is
 * killed; KR_INFINITY: as long as it takes; 0: 5000 for workers, KR_INFINITY for supervisors. */
#define KR_SHUTDOWN_BRUTAL_KILL ((int64_t)-2) /* kill it at once */
#define KR_SHUTDOWN_NOW ((int64_t)-3)         /* `shutdown`, and kill it in 0 ms */

/* Starts a linked process and waits until it is ready; called by the supervisor. `more` goes
 * into kr_start_opts.ret_reason, or kr_started_with and kr_start_failed fill it. */
typedef kr_started (*kr_start_fn)(kr_term args, kr_msg *more);

/* What is started, {Module, Function, Args} to OTP. Made by the macros below. */
typedef struct kr_child_start {
        const char *module, *function;
        const kr_behaviour *behaviour; /* one of these four */
        kr_start_fn start;
        void (*run)(kr_term args);  /* kr_proc_lib_spawn_link */
        void (*proc)(kr_term args); /* kr_proc_lib_start_link */
} kr_child_start;

/* clang-format off */
/* A behaviour, by kr_start_link: {counter, start_link, Args}. */
#define KR_START(module_) \
        { .module = #module_, .function = "start_link", .behaviour = &module_ }
/* A start function of one's own: {krarup, function, Args}. */
#define KR_START_FN(function_) \
        { .module = "krarup", .function = #function_, .start = function_ }
/* A function that a process runs; it counts as started at once, or with kr_init_ack. */
#define KR_START_RUN(function_) \
        { .module = "krarup", .function = #function_, .run = function_ }
#define KR_START_PROC(function_) \
        { .module = "krarup", .function = #function_, .proc = function_ }
/* clang-format on */

/* Beyond OTP: a child may have restarts of its own, which do not count for the supervisor,
 * and wait before each. Not for simple_one_for_one. All zero: off. */
typedef struct kr_budget {
        int32_t intensity; /* 0: it has none of its own; else as the supervisor's */
        int32_t period_s;  /* 0: the supervisor's */
        bool gives_up; /* when spent the child stays down (undefined) and the others go on,
                              instead of ending the supervisor */
        int32_t backoff_ms;     /* wait so long before a restart, and twice as long */
        int32_t backoff_max_ms; /* before each next one, up to this [60,000]; a child that has
                                   run that long begins anew. Calls find it `restarting`. */
} kr_budget;

/* A child spec. Borrowed by what takes it, but for what `start` and `opts` point to, which
 * stays as long as the node. */
typedef struct kr_child {
        const char *id;         /* an atom with this text ... */
        const kr_term *id_term; /* ... or any term */
        kr_child_start start;
        const char *args;          /* the list of arguments as text, "[0]"; NULL: [] */
        const kr_term *args_term;  /* or as a term */
        const char *name;          /* a behaviour is registered under this name */
        const kr_start_opts *opts; /* a behaviour's other options */
        kr_restart restart;
        bool significant;    /* see kr_auto_shutdown; not for permanent ones */
        int64_t shutdown_ms; /* see above */
        kr_child_type type;
        const char *modules; /* text, "[counter]" or "dynamic"; NULL: [Module] */
        kr_budget budget;
} kr_child;

/* -- what comes back from a start function -- */

/* kr_started kr_started_with(pid, more, "info pattern", ...): {ok, Pid, Info} */
#define kr_started_with(pid, more, ...)                                                  \
        kri_started_with(pid, more, KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))
/* kr_started kr_start_failed(more, "reason pattern", ...): {error, Reason} */
#define kr_start_failed(more, ...)                                                       \
        kri_start_failed(more, KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

static inline kr_started kr_started_ok(kr_pid pid)
{
        kr_started started = { KR_OK, pid, { { 0, 0 }, 0, 0 } };

        return started;
}

static inline kr_started kr_start_ignored(void)
{
        kr_started started = { KR_EIGNORED, { 0, 0, 0 }, { { 0, 0 }, 0, 0 } };

        return started;
}

/* -- a supervisor's module -- */

typedef struct kr_supervisor_init kr_supervisor_init;

/* The callbacks and tables of a KR_SUPERVISOR. */
struct kri_supervisor {
        kr_strategy strategy;
        int32_t intensity;
        int32_t period_s;
        kr_auto_shutdown auto_shutdown;
        const kr_child *children;
        size_t child_count;

        /* NULL, or: called when it starts, and again for a change of code, with the arguments
         * it was started with: sets flags and adds children to those of the table. KR_OK;
         * KR_EIGNORED: ignore; anything else: {bad_return, {Module, init, Error}}. */
        kr_err (*init)(kr_supervisor_init *s, kr_term args);
        const char *version;
};

#define KR_CHILDREN(array)                                                               \
        .children = (array), .child_count = sizeof(array) / sizeof((array)[0])

/* KR_SUPERVISOR(name, .strategy = ..., ...): define the module `name`, a const kr_behaviour;
 * for other files: extern const kr_behaviour name; */
#define KR_SUPERVISOR(module_, ...)                                                      \
        static const struct kri_supervisor module_##_supervisor = { __VA_ARGS__ };       \
        static uint32_t kri_attention_##module_;                                         \
        extern const kr_behaviour module_;                                               \
        const kr_behaviour module_ = { .name = #module_,                                 \
                                       .kind = &kr_supervisor_kind,                      \
                                       .callbacks = &module_##_supervisor,               \
                                       .version = &module_##_supervisor.version,         \
                                       .attention = &kri_attention_##module_ }

KR_BEGIN_DECLS

extern KR_API const kr_kind kr_supervisor_kind;

/* For init callbacks. What is wrong with flags or children is found out after init has
 * returned, and fails the start. KR_ENOMEM and KR_ESYNTAX (text that is no term) are returned
 * as well, and need not be looked at. */
KR_API void kr_supervisor_set_flags(kr_supervisor_init *s,
                                    const kr_supervisor_flags *flags);
KR_API kr_err kr_supervisor_add(kr_supervisor_init *s, const kr_child *child);
/* kr_supervisor_add_with(s, &child, "[~, ~]", ...): with these arguments. */
#define kr_supervisor_add_with(s, child, ...)                                            \
        kri_supervisor_add_with(s, child, KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))
/* A child spec as OTP has it, a map or a tuple. */
KR_API kr_err kr_supervisor_add_term(kr_supervisor_init *s, kr_term spec);

/* Let specs that come as terms name this start. KR_ENOMEM; KR_ESYSTEMLIMIT: the node knows
 * 65,536 of them; KR_EBADARG: no module or function, or nothing to start. */
KR_API kr_err kr_supervisor_offer(kr_node *node, const kr_child_start *start);

/* -- asking a supervisor: each blocks, without limit, and may not return (see kr_call). `id` is
 * a C string (an atom), kr_atom, kr_pid or kr_term -- */

#define KRI_CHILD_ID(id)                                                                 \
        _Generic((id), const char *: kri_atom_of, char *: kri_atom_of,                   \
                 kr_atom: kri_name_atom, kr_pid: kri_id_pid, kr_term: kri_id_term)(id)

/* Add a child and start it. The slot holds the answer: {ok, Child}, {ok, Child, Info},
 * {error, Reason}.
 * KR_OK (pid none: it was `ignore`), KR_EALREADY (pid: it runs; none: it is there but stopped),
 * KR_EFAILED; before asking: KR_ENOMEM, KR_ESYNTAX, KR_EBADARG, KR_ESYSTEMLIMIT. */
#define kr_supervisor_start_child(server, slot, child)                                   \
        kri_supervisor_start_child(KR_SERVER(server), slot, child)
/* kr_supervisor_start_child_with(server, &slot, &child, "[~]", ...): with these arguments. */
#define kr_supervisor_start_child_with(server, slot, child, ...)                         \
        kri_supervisor_start_child_with(KR_SERVER(server), slot, child,                  \
                                        KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))
/* kr_supervisor_start_another(server, &slot, "[~, ~]", ...): of a simple_one_for_one
 * supervisor; the arguments are appended to those of the spec. Follows start_child/2. */
#define kr_supervisor_start_another(server, slot, ...)                                   \
        kri_supervisor_start_another(KR_SERVER(server), slot, KRI_SITE(__VA_ARGS__),     \
                                     KRI_ARGS(__VA_ARGS__))

/* Stop a child; its spec stays, unless it is temporary. Of a simple_one_for_one supervisor by
 * pid only. KR_OK; KR_ENOPROC: not_found; KR_EBADARG: simple_one_for_one. */
#define kr_supervisor_terminate_child(server, id)                                        \
        kri_supervisor_do(KR_SERVER(server),                                             \
                          KRI_SITE("{terminate_child, ~}", KRI_CHILD_ID(id)),            \
                          KRI_ARGS("{terminate_child, ~}", KRI_CHILD_ID(id)))
/* Forget a child that is stopped. Also KR_EALREADY: running; KR_ESTATE: restarting. */
#define kr_supervisor_delete_child(server, id)                                           \
        kri_supervisor_do(KR_SERVER(server),                                             \
                          KRI_SITE("{delete_child, ~}", KRI_CHILD_ID(id)),               \
                          KRI_ARGS("{delete_child, ~}", KRI_CHILD_ID(id)))
/* Start a child that is stopped. KR_OK; KR_EALREADY: running; KR_ESTATE: restarting;
 * KR_ENOPROC: not_found; KR_EBADARG: simple_one_for_one; KR_EFAILED. */
#define kr_supervisor_restart_child(server, slot, id)                                    \
        kri_supervisor_restart_child(KR_SERVER(server), slot,                            \
                                     KRI_SITE("{restart_child, ~}", KRI_CHILD_ID(id)),   \
                                     KRI_ARGS("{restart_child, ~}", KRI_CHILD_ID(id)))

/* [{Id | undefined, Pid | undefined | restarting, worker | supervisor, Modules}], those that
 * were started last first. The list lives in the slot. */
#define kr_supervisor_which_children(server, slot)                                       \
        kri_supervisor_which_children(KR_SERVER(server), slot)

typedef struct kr_child_counts {
        uint64_t specs;  /* children, running or not; 1 for simple_one_for_one */
        uint64_t active; /* alive */
        uint64_t supervisors, workers; /* by type, alive or not */
} kr_child_counts;
#define kr_supervisor_count_children(server)                                             \
        kri_supervisor_count_children(KR_SERVER(server))

/* KR_OK: the spec, a map, in the slot; KR_ENOPROC: not_found. */
#define kr_supervisor_get_childspec(server, slot, id)                                    \
        kri_supervisor_get_childspec(KR_SERVER(server), slot,                            \
                                     KRI_SITE("{get_childspec, ~}", KRI_CHILD_ID(id)),   \
                                     KRI_ARGS("{get_childspec, ~}", KRI_CHILD_ID(id)))

/* The name of its module. */
#define kr_supervisor_get_callback_module(server)                                        \
        kri_supervisor_get_callback_module(KR_SERVER(server))

/* -- checking -- */

/* Would these be accepted? KR_OK; KR_EFAILED: *ret_error (may be NULL) is given what is wrong, a
 * new term; KR_ENOMEM. Called by a process. */
KR_API kr_err kr_supervisor_check(const kr_child *children, size_t count,
                                  kr_auto_shutdown auto_shutdown, kr_term *ret_error);
/* check_childspecs/2: gives a new term, `ok` or {error, Error}; `auto_shutdown` is an atom,
 * `undefined` for any. */
KR_API kr_term kr_supervisor_check_childspecs(kr_term specs, kr_term auto_shutdown);

/* -- behind the macros -- */

KR_API kr_started kri_started_with(kr_pid pid, kr_msg *more, struct kri_site *site,
                                   const union kri_arg *args);
KR_API kr_started kri_start_failed(kr_msg *more, struct kri_site *site,
                                   const union kri_arg *args);
KR_API kr_err kri_supervisor_add_with(kr_supervisor_init *s, const kr_child *child,
                                      struct kri_site *site, const union kri_arg *args);
KR_API kr_started kri_supervisor_start_child(kr_server server, kr_msg *slot,
                                             const kr_child *child);
KR_API kr_started kri_supervisor_start_child_with(kr_server server, kr_msg *slot,
                                                  const kr_child *child,
                                                  struct kri_site *site,
                                                  const union kri_arg *args);
KR_API kr_started kri_supervisor_start_another(kr_server server, kr_msg *slot,
                                               struct kri_site *site,
                                               const union kri_arg *args);
KR_API kr_err kri_supervisor_do(kr_server server, struct kri_site *site,
                                const union kri_arg *args);
KR_API kr_started kri_supervisor_restart_child(kr_server server, kr_msg *slot,
                                               struct kri_site *site,
                                               const union kri_arg *args);
KR_API kr_term kri_supervisor_which_children(kr_server server, kr_msg *slot);
KR_API kr_child_counts kri_supervisor_count_children(kr_server server);
KR_API kr_err kri_supervisor_get_childspec(kr_server server, kr_msg *slot,
                                           struct kri_site *site,
                                           const union kri_arg *args);
KR_API kr_atom kri_supervisor_get_callback_module(kr_server server);

static inline kr_pid kri_id_pid(kr_pid pid)
{
        return pid;
}

static inline kr_term kri_id_term(kr_term term)
{
        return term;
}

KR_END_DECLS
#endif
