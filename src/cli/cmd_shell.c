/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_shell.c: krarup shell and eval: Erlang's expressions, in a node that runs or in a fresh one. */
#include "client.h"
#include "command.h"
#include "control.h"
#include "host.h"
#include "plat_socket.h"
#include "plat_tty.h"
#include "plat_wait.h"
#include "project.h"
#include "say.h"
#include "shell_lex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX ((size_t)16 << 20)
#define FINISH_MS 5000

static bool fresh;
static const char *name;

static const struct kri_option shell_options[] = {
        { "fresh", 0, NULL, "in a node of its own, whatever runs", &fresh, NULL },
        { NULL, 0, NULL, NULL, NULL, NULL },
};

static const struct kri_option eval_options[] = {
        { "name", 'n', "NAME", "of the node [the project's, if it runs]", NULL, &name },
        { "fresh", 0, NULL, "in a node of its own, whatever runs", &fresh, NULL },
        { NULL, 0, NULL, NULL, NULL, NULL },
};

/* A way into a node: one that runs, or one that was started here. */
struct way {
        int fd;
        bool own;
        char name[256]; /* for the prompt; "": a node of our own */
};

static bool start_own(struct way *way, const struct kri_args *args)
{
        struct kri_project project;
        bool has_project = kri_project_find(NULL, &project);
        const struct kri_host_opts host = {
                .modules = has_project ? project.modules_folder : NULL,
                .quiet = true,
                .argc = args->rest_count,
                .argv = args->rest,
        };

        way->own = true;
        if (!kri_host_start(&host) || !kri_control_open(NULL))
                return false;
        if (has_project)
                kri_host_know(project.app_file);
        way->fd = kri_control_inner();
        return way->fd >= 0;
}

/* `wanted` NULL: the project's, if it runs. False: told. */
static bool find_way(const char *wanted, struct way *way, const struct kri_args *args)
{
        struct kri_place place = { .name = "" };

        way->fd = -1;
        if (wanted != NULL)
                way->fd = kri_place_connect(wanted, &place);
        else if (!fresh)
                way->fd = kri_place_try(NULL, &place);
        if (way->fd >= 0)
                (void)snprintf(way->name, sizeof(way->name), "%s", place.name);
        return way->fd >= 0 || (wanted == NULL && start_own(way, args));
}

static int leave(struct way *way, int status)
{
        if (way->fd >= 0)
                kri_socket_close(way->fd);
        if (!way->own)
                return status;
        if (kri_host_runs()) {
                kri_host_stop(0);
                (void)kri_wait_any((const int[]){ kri_host_halted_fd() }, 1, FINISH_MS);
        }
        kri_control_close();
        (void)kri_host_finish(FINISH_MS); /* the program ends either way */
        return status;
}

static int run_input(const struct way *way)
{
        kr_buf text = KR_BUF_INIT;
        int status = KRI_FAILED;

        if (kri_file_read("/dev/stdin", &text, INPUT_MAX))
                status = kri_client_run(way->fd, text.data != NULL ? text.data : "",
                                        text.len);
        else
                kri_complain("standard input cannot be read");
        kr_buf_free(&text);
        return status;
}

static int run_shell(const struct kri_args *args)
{
        int signals = kri_tty_is(0) ? kri_signals_open() : -1, status;
        struct way way = { .name = "" };

        if (!find_way(args->count > 0 ? args->words[0] : NULL, &way, args))
                return leave(&way, KRI_FAILED);
        if (!kri_tty_is(0))
                return leave(&way, run_input(&way));
        if (way.own)
                kri_say("Krarup %s, a node of its own; help(). tells more, Ctrl-D ends it\n",
                        kr_version());
        else
                kri_say("Krarup %s, in %s; help(). tells more, Ctrl-D leaves it running\n",
                        kr_version(), way.name);
        status = kri_client_talk(way.fd, &(struct kri_client_opts){
                                                 .name = way.own ? NULL : way.name,
                                                 .signals = signals });
        return leave(&way, status);
}

static int run_eval(const struct kri_args *args)
{
        struct way way = { .name = "" };

        if (args->count == 0 ||
            kri_lex_is_blank(args->words[0], strlen(args->words[0]))) {
                kri_complain("eval: what? krarup eval 'counter:read().'");
                return KRI_USAGE;
        }
        if (!find_way(name, &way, args))
                return leave(&way, KRI_FAILED);
        return leave(&way, kri_client_eval(way.fd, args->words[0], true, NULL));
}

const struct kri_command kri_command_shell = {
        .name = "shell",
        .arguments = "[NAME]",
        .summary = "look into a node: Erlang's expressions, call what you like",
        .help = "In the project's node if it runs, in NAME, or else in a fresh one that knows the\n"
                "project's modules. Tab completes modules, functions and names; Ctrl-C\n"
                "interrupts what is being evaluated; Ctrl-D leaves. From a file or pipe it runs\n"
                "what it reads, and returns 1 if an expression failed.\n"
                "\n"
                "Examples:\n"
                "\n"
                "    krarup shell\n"
                "    1> counter:tick(3).\n"
                "    ok\n"
                "    2> sys:get_state(counter).\n"
                "    #{value => 3}\n"
                "\n"
                "    echo 'regs().' | krarup shell counter\n",
        .options = shell_options,
        .args_max = 1,
        .takes_rest = true,
        .run = run_shell,
};

const struct kri_command kri_command_eval = {
        .name = "eval",
        .arguments = "'EXPRESSION.'",
        .summary = "evaluate an expression and print its value",
        .help = "As in the shell; returns 1 if it fails.\n"
                "\n"
                "Examples:\n"
                "\n"
                "    krarup eval 'counter:read().'\n"
                "    krarup eval --name counter 'application:which_applications()'\n"
                "    krarup eval --fresh 'lists:sum(lists:seq(1, 100)).'\n",
        .options = eval_options,
        .args_max = 1,
        .takes_rest = true,
        .run = run_eval,
};
