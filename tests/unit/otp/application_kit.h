/* SPDX-License-Identifier: Apache-2.0 */
/* application_kit.h: applications as the cases want them: `told` tells the process `test` what
 * happens to it, and ends as it is told.
 */
#ifndef KR_TESTS_APPLICATION_KIT_H
#define KR_TESTS_APPLICATION_KIT_H

#include <krarup.h>

#include <stdatomic.h>
#include <stdio.h>

#include "expect.h"
#include "process.h"

/* -- an application whose callbacks tell the process `test` -- */

static inline void tell(const char *what, kr_app *app)
{
        if (!kr_pid_is_none(kr_whereis("test")))
                kr_send("test", "{~, ~}", kri_atom_of(what), app->name);
}

static inline void top(kr_term args)
{
        enum { END, EXIT };
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;
        kr_pid parent;

        (void)kr_trap_exit(true);
        if (!kr_match(args, "{~, _}", &parent))
                return;
        switch (kr_receive(&msg, KR_INFINITY, kr_on(END, "{end_with, ~}", &reason),
                           kr_on(EXIT, "{'EXIT', =, ~}", parent, &reason))) {
        case EXIT:
                if (kr_match(args, "{_, stubborn}"))
                        kr_sleep(KR_INFINITY);
                kr_exit("~", reason);
        default:
                kr_exit("~", reason);
        }
}

struct faulty {
        int unused;
};

static inline kr_next faulty_init(struct faulty *f, kr_term args)
{
        (void)f;
        (void)args;
        kr_exit("at_once");
}

KR_GEN_SERVER(faulty, struct faulty, .init = faulty_init);

static const kr_child faulty_children[] = { { .id = "faulty",
                                              .start = KR_START(faulty) } };
KR_SUPERVISOR(faulty_sup, KR_CHILDREN(faulty_children));

/* {mod, {told, What}}: ok, stubborn (will not end), faulty (a supervisor whose child ends in
 * its init), or {fails, Reason}. */
static inline kr_started start(kr_app *app, kr_msg *more)
{
        kr_term args, reason;
        kr_pid pid;

        if (kr_match(app->args, "{fails, ~}", &reason))
                return kr_start_failed(more, "~", reason);
        if (kr_match(app->args, "exits"))
                kr_exit("normal");
        if (kr_match(app->args, "faulty")) {
                const kr_start_opts opts = { .ret_reason = more };

                (void)kr_trap_exit(true);
                return kr_start_link(&faulty_sup, &opts, "[]");
        }
        args = kr_build("{~, ~}", kr_self(), app->args);
        pid = kr_spawn_link(top, args);
        kr_release(args);
        tell("started", app);
        return kr_started_ok(pid);
}

static inline void prep_stop(kr_app *app)
{
        tell("prep_stop", app);
}

static inline void stop(kr_app *app)
{
        tell("stop", app);
}

static inline kr_err start_phase(kr_app *app, kr_atom phase, kr_term args, kr_msg *more)
{
        (void)more;
        if (!kr_pid_is_none(kr_whereis("test")))
                kr_send("test", "{~, ~, ~}", phase, app->name, args);
        return KR_OK;
}

static inline kr_err config_change(kr_term changed, kr_term added, kr_term removed,
                                   kr_msg *more)
{
        (void)more;
        kr_send("test", "{config_change, ~, ~, ~}", changed, added, removed);
        return KR_OK;
}

KR_APPLICATION(told, .start = start, .start_phase = start_phase, .prep_stop = prep_stop,
               .stop = stop, .config_change = config_change);

/* -- booting -- */

static _Atomic int halts __attribute__((unused));
static _Atomic int halt_status __attribute__((unused));
static char halt_why[300] __attribute__((unused));

static inline void note_halt(void *context, int status, const char *why)
{
        (void)context;
        (void)snprintf(halt_why, sizeof(halt_why), "%s", why);
        atomic_store(&halt_status, status);
        atomic_fetch_add(&halts, 1);
}

static inline void boot_with(kr_boot_opts opts)
{
        static const kr_application *const apps[] = { &told, NULL };
        kr_buf error = KR_BUF_INIT;

        atomic_store(&halts, 0);
        if (!opts.applications) {
                opts.applications = apps;
                opts.load_only = true;
        }
        opts.halted = note_halt;
        kit_ok(kr_logger_start(kr_here(), &(kr_logger_opts){ .no_default = true }));
        kit_ok(kr_boot(&opts, &error));
        kr_register("test", kr_self());
}

static inline void boot(void)
{
        boot_with((kr_boot_opts){ .argc = 0 });
}

static inline void await_halt(void)
{
        while (atomic_load(&halts) == 0)
                kr_sleep(1);
        kit_int_eq(atomic_load(&halts), 1);
        kit_true(kr_pid_is_none(kr_whereis("application_controller")));
}

static inline void load(const char *spec)
{
        kr_term t;

        kit_ok(kr_parse(spec, strlen(spec), NULL, &t, NULL));
        kit_ok(kr_application_load_spec(t, NULL));
        kr_release(t);
}

#define APP(name, what) "{application, " name ", [{mod, {told, " what "}}]}"

static inline void started(const char *name, kr_restart type)
{
        kr_msg msg = KR_MSG_INIT;

        kit_ok(kr_application_start(name, type, NULL));
        kit_expect(&msg, "{started, =}", kri_atom_of(name));
        kr_msg_clear(&msg);
}

#define end_top(name, ...)                                                               \
        kr_send(kr_application_supervisor(kri_atom_of(name)),                            \
                "{end_with, " __VA_ARGS__ "}")

#endif
