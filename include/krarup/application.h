/* SPDX-License-Identifier: Apache-2.0 */
/* application.h: what belongs together is started and stopped together. Follows OTP's module
 * application.
 *
 *      static kr_started start(kr_app *app, kr_msg *more)
 *      {
 *              (void)app;
 *              return kr_start_link(&counter_sup, &(kr_start_opts){ .ret_reason = more },
 *                                   "[]");
 *      }
 *      KR_APPLICATION(counter_app, .start = start);
 *
 *      int main(int argc, char **argv)
 *      {
 *              return kr_main(argc, argv, &counter_app);
 *      }
 *
 * Files     An application is described by a resource file, counter.app, in Erlang's syntax:
 *           {application, counter, [{vsn, "1.0"}, {applications, [kernel, stdlib]},
 *           {env, [{env, 0}]}, {mod, {counter_app, []}}]}. It is looked for in the folders
 *           given by -pa, then in "." and "ebin"; or it stands in the program (`spec`).
 * Modules   `mod` names a kr_application that the node knows (kr_main, kr_boot,
 *           kr_application_register), or else a module (module.h) whose exports are called by
 *           name, as in OTP: start(Type, Args), which gives {ok, Pid}, {ok, Pid, State} or {error,
 *           Reason}, stop(State), and if they are wanted start_phase(Phase, Type, Args),
 *           prep_stop(State) and config_change(Changed, New, Removed).
 * Processes The controller (`application_controller`) is a gen_server with OTP's requests. Each
 *           running application has a master, which is the group leader of all its processes:
 *           by it a process belongs to its application, and what is left of them when it
 *           stops is killed.
 * Ends      A permanent application that ends, or a transient one that ends abnormally, stops
 *           the node: all others stop in reverse order of their start, and kr_main returns.
 * Values    When an application is loaded its environment is put together; from the weakest:
 *           env of the .app file, config files in their order, what was set to be persistent,
 *           the command line. kr_application_set_env changes it at any time.
 *
 * Callable by processes (attached threads too); what asks the controller blocks, and ends the
 * caller with {noproc, ...} if there is none. `app` and `key` are a C string or kr_atom.
 */
#ifndef KRARUP_APPLICATION_H
#define KRARUP_APPLICATION_H

#include <krarup/gen.h>
#include <krarup/registry.h>
#include <krarup/supervisor.h>

/* An application that runs, as its callbacks see it. Terms live as long as it runs. */
typedef struct kr_app {
        kr_atom name;
        kr_term type; /* normal, {takeover, Node} or {failover, Node} */
        kr_term args; /* of {mod, {Module, Args}} */
        void *state;  /* the application's own; memory of the process that calls it */
} kr_app;

/* A callback module. All but start may be missing. The callbacks run in a process of the
 * application that traps exits, and may wait and call. */
typedef struct kr_application {
        const char *name; /* of the module */

        /* Start the top supervisor, linked, and give what its start gave. {error, Reason}:
         * KR_EFAILED and the Reason in *more, as kr_start_opts.ret_reason and kr_start_failed
         * put it there. */
        kr_started (*start)(kr_app *app, kr_msg *more);
        /* After start, for each of start_phases: KR_OK, or {error, Reason} as above. */
        kr_err (*start_phase)(kr_app *app, kr_atom phase, kr_term args, kr_msg *more);
        void (*prep_stop)(kr_app *app); /* before its processes are stopped */
        void (*stop)(kr_app *app);      /* afterwards */
        /* The environment is another: [{Key, Value}], [{Key, Value}], [Key]. Runs in the
         * controller, which must not be called. KR_OK, or {error, Reason} as above. */
        kr_err (*config_change)(kr_term changed, kr_term added, kr_term removed,
                                kr_msg *more);

        const char *spec; /* NULL, or what would stand in the .app file */
} kr_application;

/* KR_APPLICATION(counter_app, .start = start, ...): define the module. */
#define KR_APPLICATION(module_, ...)                                                     \
        extern const kr_application module_;                                             \
        const kr_application module_ = { .name = #module_, __VA_ARGS__ }

/* -- a whole program -- */

typedef struct kr_boot_opts {
        int argc; /* command line: see kr_boot */
        char **argv;
        const kr_application *const
                *applications; /* to be known, and started; ends with NULL */
        bool load_only;        /* known, but not started */
        /* NULL, or: the node has to be stopped: somebody called kr_init_stop, or an
         * application that may not end has. Its applications have stopped. `why` is "" for
         * kr_init_stop. Called by a process, which must not wait. */
        void (*halted)(void *context, int status, const char *why);
        /* NULL, or: called by the controller when the node is about to stop, before the first
         * application does: kernel's shutdown_func. Must not call the controller. */
        void (*shutdown)(void *context);
        void *context;
} kr_boot_opts;

/* int kr_main(argc, argv, &app...): run a program that is these applications. Starts a node on
 * all cores, with faults as exits; its input and output, logger and controller; then the
 * applications, permanent, with what they depend on. Returns what main returns: 0 after
 * SIGTERM or SIGINT (another one a second later ends the program at once), the status of
 * kr_init_stop, or 1 when an application failed or may not have ended; what is wrong is told.
 * Called by a thread that is no process. */
#define kr_main(argc, argv, ...)                                                         \
        kri_main(argc, argv, (const kr_application *const[]){ __VA_ARGS__, NULL })

/* -- asking the controller: `slot` (may be NULL) holds OTP's answer, ok or {error, Reason} --
 *
 * KR_OK; KR_EALREADY for {already_started, App} and {already_loaded, App}; else KR_EFAILED. */

#define kr_application_load(app, slot) kri_application_load(KRI_NAME(app), slot)
#define kr_application_unload(app, slot)                                                 \
        kri_application_ask(slot, KRI_SITE("{unload_application, ~}", KRI_NAME(app)),    \
                            KRI_ARGS("{unload_application, ~}", KRI_NAME(app)))
/* start/2: KR_PERMANENT, KR_TRANSIENT or KR_TEMPORARY (OTP's default). */
#define kr_application_start(app, type, slot)                                            \
        kri_application_start(KRI_NAME(app), type, slot)
/* KR_OK also if it is started already. */
#define kr_application_ensure_started(app, type, slot)                                   \
        kri_application_ensure_started(KRI_NAME(app), type, slot)
/* With all that it depends on; if one fails, those it started are stopped again. The slot:
 * {ok, [those it started, in order]} or {error, {App, Reason}}. */
#define kr_application_ensure_all_started(app, type, slot)                               \
        kri_application_ensure_all_started(KRI_NAME(app), type, slot)
#define kr_application_stop(app, slot)                                                   \
        kri_application_ask(slot, KRI_SITE("{stop_application, ~}", KRI_NAME(app)),      \
                            KRI_ARGS("{stop_application, ~}", KRI_NAME(app)))
/* May it run on this node? One that was started and may not waits for it; one that runs and
 * may no longer stops. */
#define kr_application_permit(app, flag, slot)                                           \
        kri_application_permit(KRI_NAME(app), flag, slot)

/* -- environment -- */

/* Gives a new term, or none: undefined. get_env/2. */
#define kr_application_get_env(app, key)                                                 \
        kri_application_get_env(KRI_NAME(app), KRI_NAME(key))
/* bool kr_application_env_match(app, key, "pattern", ...): is there a value that fits? The
 * results must be plain values: the term is gone afterwards. */
#define kr_application_env_match(app, key, ...)                                          \
        kri_application_env_match(KRI_NAME(app), KRI_NAME(key),                          \
                                  KRI_MATCH_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))
/* Gives a new term, the list of {Key, Value}. */
#define kr_application_get_all_env(app) kri_application_get_all_env(KRI_NAME(app))

typedef struct kr_env_opts {
        int64_t timeout_ms; /* 0: 5000 */
        bool persistent;    /* it stays when the application is loaded anew */
} kr_env_opts;

/* kr_application_set_env(app, key, opts, "value pattern", ...); opts may be NULL. */
#define kr_application_set_env(app, key, opts, ...)                                      \
        kri_application_set_env(KRI_NAME(app), KRI_NAME(key), opts,                      \
                                KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))
#define kr_application_unset_env(app, key, opts)                                         \
        kri_application_unset_env(KRI_NAME(app), KRI_NAME(key), opts)

/* -- what is known -- */

/* get_key/2: gives a new term, or none: no such application or key. Keys: description id vsn
 * modules maxP maxT registered included_applications optional_applications applications env mod
 * start_phases. */
#define kr_application_get_key(app, key)                                                 \
        kri_application_get_key(KRI_NAME(app), KRI_NAME(key))
/* get_all_key/1: gives {ok, [{Key, Value}]}, or undefined. */
#define kr_application_get_all_key(app) kri_application_get_all_key(KRI_NAME(app))

KR_BEGIN_DECLS

/* Boot the node of the calling process: `user`, the logger and the controller if they are not
 * there, then the applications. Of the command line are taken
 *      -config FILE...             config files, [{App, [{Key, Value}]}, ...].
 *      -pa DIR...                  where .app files are looked for
 *      -App Key Value...           environment of App; Key and Value are terms
 * and all after -extra or -- is left. KR_OK; KR_EALREADY: it has been; KR_EFAILED: `error` (may
 * be NULL, else emptied and filled) says in words what is wrong; KR_ENOMEM; KR_ESYSTEMLIMIT.
 * Strings of `opts` are borrowed as long as the node lives. Blocks. */
KR_API kr_err kr_boot(const kr_boot_opts *opts, kr_buf *error);

KR_API int kri_main(int argc, char **argv, const kr_application *const *applications);

/* init:stop/1: stop all applications in reverse order, then the node; kr_main returns `status`.
 * Returns at once. */
KR_API void kr_init_stop(int status);

/* Make a module known to the node; again with the same name: takes its place. Any thread.
 * `app` must stay. KR_ENOMEM. */
KR_API kr_err kr_application_register(kr_node *node, const kr_application *app);

/* load/1 of {application, Name, Keys}. */
KR_API kr_err kr_application_load_spec(kr_term spec, kr_msg *slot);

/* set_env/1, /2: a whole config, [{App, [{Key, Value}]}]. What is wrong with it ends the caller
 * with {badarg, Text}. */
KR_API void kr_application_set_env_list(kr_term config, const kr_env_opts *opts);

/* get_env/1: of the application that the caller belongs to. Gives a new term, or none. */
KR_API kr_term kr_application_get_own_env(kr_atom key);

/* [{App, Description, Vsn}]: those that run, the last started first (in the slot); those that
 * are loaded (a new term). */
KR_API kr_term kr_application_which(kr_msg *slot, int64_t timeout_ms);
KR_API kr_term kr_application_loaded(void);

/* The application that a process belongs to; an atom with index 0: to none. */
KR_API kr_atom kr_application_of(kr_pid pid);
/* get_supervisor/1 (26): its top supervisor, or none. */
KR_API kr_pid kr_application_supervisor(kr_atom app);

/* Take over other .app files' contents and another config (as a release does), and tell the
 * running applications: prep_config_change, change_application_data and config_change. Either
 * may be []. The slot: ok or {error, Reasons}. */
KR_API kr_err kr_application_change(kr_term specs, kr_term config, kr_msg *slot);

/* -- behind the macros -- */
KR_API kr_err kri_application_ask(kr_msg *slot, struct kri_site *site,
                                  const union kri_arg *args);
KR_API kr_err kri_application_load(kr_atom app, kr_msg *slot);
KR_API kr_err kri_application_start(kr_atom app, kr_restart type, kr_msg *slot);
KR_API kr_err kri_application_ensure_started(kr_atom app, kr_restart type, kr_msg *slot);
KR_API kr_err kri_application_ensure_all_started(kr_atom app, kr_restart type,
                                                 kr_msg *slot);
KR_API kr_err kri_application_permit(kr_atom app, bool flag, kr_msg *slot);
KR_API kr_term kri_application_get_env(kr_atom app, kr_atom key);
KR_API bool kri_application_env_match(kr_atom app, kr_atom key, struct kri_site *site,
                                      const union kri_arg *args);
KR_API kr_term kri_application_get_all_env(kr_atom app);
KR_API void kri_application_set_env(kr_atom app, kr_atom key, const kr_env_opts *opts,
                                    struct kri_site *site, const union kri_arg *args);
KR_API void kri_application_unset_env(kr_atom app, kr_atom key, const kr_env_opts *opts);
KR_API kr_term kri_application_get_key(kr_atom app, kr_atom key);
KR_API kr_term kri_application_get_all_key(kr_atom app);

KR_END_DECLS
#endif
