/* SPDX-License-Identifier: Apache-2.0 */
/* application_boot.c: init, which starts what a node needs, waits for the end, and stops it in
 * order; and kr_main, a program around it. */
#include "application.h"

#include <krarup/io.h>
#include <krarup/link.h>
#include <krarup/logger.h>
#include <krarup/message.h>
#include <krarup/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logger.h"
#include "report.h"

#define CONTROLLER "application_controller"
#define DRAIN_MS 2000 /* for the last words of the logger */
#define STOP_MS 5000
#define SECOND_MS 1000

/* -- init -- */

struct init {
        struct kri_apps *apps;
        kr_pid caller;
        kr_ref ref; /* the caller waits for {Ref, ok} or {Ref, Text} */
};

/* The config files of the command line, in their order. */
static kr_err read_configs(kr_term flags, kr_builder *configs, struct kri_words *error)
{
        kr_err err = KR_OK;
        kr_term names, read;
        const char *name;

        for (; kr_is_cons(flags) && err == KR_OK; flags = kr_tl(flags)) {
                if (!kr_match(kr_hd(flags), "{<<\"config\">>, ~}", &names))
                        continue;
                if (kr_is_nil(names)) {
                        kri_say(error, "-config: no file is named; write -config FILE, a "
                                       "path with or without .config");
                        err = KR_EFAILED;
                }
                for (; kr_is_cons(names) && err == KR_OK; names = kr_tl(names)) {
                        if (!kr_match(kr_hd(names), "~", &name))
                                continue;
                        err = kri_config_file(name, &read, error);
                        for (kr_term l = err == KR_OK ? read : kr_nil(); kr_is_cons(l);
                             l = kr_tl(l))
                                kr_add_term(configs, kr_hd(l));
                        if (err == KR_OK)
                                kr_release(read);
                }
        }
        return err;
}

static kr_err start_controller(const kr_boot_opts *boot, struct kri_words *error)
{
        kr_term flags = kri_config_flags(boot->argc, boot->argv), list;
        kr_builder configs = KR_BUILDER_INIT;
        kr_started started = { .err = KR_ENOMEM };
        kr_err err = read_configs(flags, &configs, error);

        list = kr_build_list(&configs);
        if (err == KR_OK)
                started = kr_start_link(&kri_application_controller,
                                        &(kr_start_opts){ .name = CONTROLLER }, "[~, ~]",
                                        list, flags);
        kr_release(list);
        kr_release(flags);
        if (err == KR_OK && started.err != KR_OK) {
                err = started.err;
                kri_say(error, "the application controller cannot be started: %s",
                        kr_strerror(err));
        }
        return err;
}

/* "counter" of counter_app, or what its text says. Gives false if that is wrong. */
static bool name_of(const kr_application *app, kr_atom *ret, struct kri_words *error)
{
        size_t len = strlen(app->name);
        kr_text_error where;
        kr_term spec;
        bool found;

        if (app->spec == NULL) {
                if (len > 4 && strcmp(app->name + len - 4, "_app") == 0)
                        len -= 4;
                return kr_atom_from(app->name, len, ret) == KR_OK;
        }
        if (kr_parse(app->spec, strlen(app->spec), NULL, &spec, &where) != KR_OK) {
                kri_say(error, "%s.spec:%u:%u: %s", app->name, where.line, where.column,
                        where.message);
                return false;
        }
        found = kr_match(spec, "{application, ~, _}", ret);
        kr_release(spec);
        if (!found)
                kri_say(error,
                        "%s.spec:1:1: expected {application, Name, [{Key, Value}]}",
                        app->name);
        return found;
}

static kr_err start_app(kr_atom app, struct kri_words *error)
{
        kr_msg slot = KR_MSG_INIT;
        kr_err err = kr_application_ensure_all_started(app, KR_PERMANENT, &slot);
        kr_term which, reason, text, file;

        if (err == KR_OK) {
                kr_msg_clear(&slot);
                return err;
        }
        kri_say(error, "application %s cannot be started: ", kr_atom_text(app, NULL));
        if (kr_match(slot.term, "{error, {_, {~, ~}}}", &text, &file) &&
            kr_is_cons(text) && kr_is_cons(file)) {
                kri_say_string(error, text);
                kri_say(error, " (");
                kri_say_string(error, file);
                kri_say(error, ")");
        } else if (kr_match(slot.term, "{error, {~, ~}}", &which, &reason)) {
                if (!kr_is_that_atom(which, app)) {
                        kri_say_short(error, which);
                        kri_say(error, ": ");
                }
                kri_say_short(error, reason);
                if (kr_remedy(reason) != NULL)
                        kri_say(error, "; %s", kr_remedy(reason));
        }
        kr_msg_clear(&slot);
        return KR_EFAILED;
}

static kr_err start_apps(const kr_boot_opts *boot, struct kri_words *error)
{
        kr_err err = start_app(KR_ATOM("kernel"), error);
        kr_atom app;

        if (err == KR_OK)
                kri_logger_configure(kr_here());
        if (err == KR_OK)
                err = start_app(KR_ATOM("stdlib"), error);
        if (boot->load_only || boot->applications == NULL)
                return err;
        for (size_t i = 0; boot->applications[i] != NULL && err == KR_OK; i++)
                err = name_of(boot->applications[i], &app, error) ? start_app(app, error)
                                                                  : KR_EFAILED;
        return err;
}

/* Its applications stop in reverse order; a controller that has ended already has done so. */
static void stop_controller(kr_pid controller)
{
        kr_msg msg = KR_MSG_INIT;

        if (kr_pid_is_none(controller))
                return;
        kr_exit_signal(controller, "shutdown");
        (void)kr_receive(&msg, KR_INFINITY, kr_on(0, "{'EXIT', =, _}", controller));
        kr_msg_clear(&msg);
}

static void halt(struct kri_apps *apps, int status, const char *why)
{
        if (apps->boot->halted != NULL)
                apps->boot->halted(apps->boot->context, status, why);
}

/* The controller has ended by itself. */
static void halt_for(struct kri_apps *apps, kr_term reason)
{
        struct kri_words words = KRI_WORDS_INIT;

        kri_say(&words, "the application controller has ended, and with it the node: ");
        kri_say_string(&words, reason);
        kri_report_place(KR_LOG_ERROR, NULL, 0, kri_words_text(&words));
        halt(apps, 1, kri_words_text(&words));
        kri_words_clear(&words);
}

static void await_end(struct kri_apps *apps, kr_pid controller)
{
        enum { STOP, ENDED, OTHER };
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;
        int status = 0;

        for (;;) {
                switch (kr_receive(&msg, KR_INFINITY, kr_on(STOP, "{stop, ~}", &status),
                                   kr_on(ENDED, "{'EXIT', =, ~}", controller, &reason),
                                   kr_on(OTHER, "_"))) {
                case STOP:
                        stop_controller(controller);
                        halt(apps, status, "");
                        return;
                case ENDED:
                        halt_for(apps, reason);
                        return;
                default:
                        break;
                }
        }
}

static void run_init(struct init *init)
{
        struct kri_words error = KRI_WORDS_INIT;
        const kr_boot_opts *boot = init->apps->boot;
        kr_pid controller;
        kr_err err;

        (void)kr_trap_exit(true);
        kr_register("init", kr_self());
        kr_set_group_leader(kr_io_device(), kr_self());
        err = start_controller(boot, &error);
        controller = kr_whereis(CONTROLLER);
        if (err == KR_OK)
                err = start_apps(boot, &error);
        if (err != KR_OK) {
                stop_controller(controller);
                kr_send(init->caller, "{~, ~}", init->ref, kri_words_text(&error));
                return;
        }
        kr_send(init->caller, "{~, ok}", init->ref);
        kri_words_clear(&error);
        await_end(init->apps, controller);
}

/* -- kr_boot -- */

static kr_err prepare(struct kri_apps *apps, const kr_boot_opts *opts)
{
        kr_boot_opts *copy = malloc(sizeof(*copy));
        kr_err err = KR_OK;
        bool first;

        if (copy == NULL)
                return KR_ENOMEM;
        *copy = *opts;
        kri_plat_lock_take(&apps->lock);
        first = apps->boot == NULL;
        if (first)
                apps->boot = copy;
        kri_plat_lock_give(&apps->lock);
        if (!first) {
                free(copy);
                return KR_EALREADY;
        }
        for (size_t i = 0;
             opts->applications != NULL && opts->applications[i] != NULL && err == KR_OK;
             i++)
                err = kr_application_register(apps->node, opts->applications[i]);
        if (err == KR_OK)
                err = kr_io_start(apps->node, NULL);
        if (err == KR_OK || err == KR_EALREADY)
                err = kr_logger_start(apps->node, NULL);
        return err == KR_EALREADY ? KR_OK : err;
}

static kr_err await_boot(kr_ref ref, kr_ref monitor, kr_buf *error)
{
        enum { BOOTED, FAILED, DOWN };
        struct kri_words why = KRI_WORDS_INIT;
        kr_msg msg = KR_MSG_INIT;
        kr_err err = KR_EFAILED;
        const char *text = "";
        kr_term reason;

        switch (kr_receive(&msg, KR_INFINITY, kr_on(BOOTED, "{=, ok}", ref),
                           kr_on(FAILED, "{=, ~}", ref, &text),
                           kr_on(DOWN, "{'DOWN', =, _, _, ~}", monitor, &reason))) {
        case BOOTED:
                err = KR_OK;
                break;
        case FAILED:
                break;
        default:
                kri_say(&why, "init has ended: ");
                kri_say_short(&why, reason);
                text = kri_words_text(&why);
                break;
        }
        (void)kr_demonitor(monitor, &(kr_demonitor_opts){ .flush = true });
        if (err != KR_OK && error != NULL) {
                error->len = 0;
                (void)!kr_buf_append(error, text, strlen(text));
        }
        kri_words_clear(&why);
        kr_msg_clear(&msg);
        return err;
}

kr_err kr_boot(const kr_boot_opts *opts, kr_buf *error)
{
        struct kri_apps *apps = kri_apps_here();
        struct init init = { .apps = apps, .caller = kr_self() };
        kr_ref monitor;
        kr_err err;

        if (opts == NULL)
                return KR_EBADARG;
        if (apps == NULL)
                return kr_pid_is_none(kr_self()) ? KR_EBADARG : KR_ENOMEM;
        err = prepare(apps, opts);
        if (err != KR_OK)
                return err;
        init.ref = kr_make_ref();
        kr_spawn_monitor(&monitor, run_init, &init);
        return await_boot(init.ref, monitor, error);
}

void kr_init_stop(int status)
{
        if (!kr_pid_is_none(kr_whereis("init")))
                kr_send("init", "{stop, ~}", status);
}

/* -- kr_main -- */

/* How the node's end reaches the main thread. */
struct program {
        int signals; /* descriptor */
        _Atomic int status;
        _Atomic bool halted;
};

static void halted(void *context, int status, const char *why)
{
        struct program *p = context;

        (void)why; /* the logger has it */
        atomic_store(&p->status, status);
        atomic_store(&p->halted, true);
        kri_plat_signals_wake();
}

static void stop_for_signal(int64_t number)
{
        struct kri_words words = KRI_WORDS_INIT;

        kri_say(&words, "%s received: shutting down", number == 2 ? "SIGINT" : "SIGTERM");
        kri_report_place(KR_LOG_NOTICE, NULL, 0, kri_words_text(&words));
        kri_words_clear(&words);
        kr_init_stop(0);
}

/* The first signal stops in order; another one, SECOND_MS later, at once: its number. (One that
 * comes sooner is the same: some send it to a process and to its group.) */
static int await_halt(kr_node *node, struct program *p)
{
        int64_t since_ms = 0;

        while (!atomic_load(&p->halted)) {
                int number = kri_plat_signals_wait(p->signals, -1);
                int64_t now_ms = kr_monotonic_ms(node);

                if (number == 0)
                        continue;
                if (since_ms != 0 && now_ms - since_ms >= SECOND_MS)
                        return number;
                if (since_ms == 0)
                        (void)kr_node_spawn(node, stop_for_signal, (int64_t)number);
                since_ms = since_ms != 0 ? since_ms : now_ms;
        }
        return 0;
}

/* False: it is told what is wrong. */
static bool boot(kr_node *node, const kr_boot_opts *opts)
{
        kr_buf error = KR_BUF_INIT;
        kr_pid self;
        kr_err err = kr_thread_attach(node, &self);

        if (err == KR_OK) {
                err = kr_boot(opts, &error);
                if (err != KR_OK)
                        (void)fprintf(stderr, "krarup: %s\n",
                                      error.data != NULL ? error.data : kr_strerror(err));
                kr_buf_free(&error);
                kr_thread_detach();
        }
        return err == KR_OK;
}

int kri_main(int argc, char **argv, const kr_application *const *applications)
{
        struct program program = { .signals = kri_plat_signals_open() };
        const kr_boot_opts opts = { .argc = argc,
                                    .argv = argv,
                                    .applications = applications,
                                    .halted = halted,
                                    .context = &program };
        kr_node *node;
        kr_err err = kr_node_start(&(kr_node_opts){ .faults = KR_FAULTS_EXIT }, &node);
        int status = 1, second = 0;

        if (err != KR_OK) {
                (void)fprintf(stderr, "krarup: no node: %s\n", kr_strerror(err));
        } else {
                if (boot(node, &opts)) {
                        second = await_halt(node, &program);
                        status = atomic_load(&program.status);
                }
                if (second != 0)
                        exit(128 + second); /* its processes go with the program */
                (void)kr_logger_drain(node, DRAIN_MS);
                (void)kr_node_stop(node, STOP_MS);
        }
        kri_plat_signals_close(program.signals);
        return status;
}
