/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_MAX 400

static bool is_normal(kr_term reason)
{
        return kr_match(reason, "normal");
}

static void print_reason(FILE *to, const char *before, kr_term reason)
{
        char text[TEXT_MAX];

        kr_format(text, sizeof(text), reason);
        fprintf(to, "%s%s\n", before, text);
}

/* The process of main's thread waits for the one that runs the body. */
static int await(void (*body)(void))
{
        enum { DOWN };
        kr_msg msg = KR_MSG_INIT;
        kr_ref monitor;
        kr_term reason;
        int status;

        if (kr_pid_is_none(kr_spawn_monitor(&monitor, body)))
                return EXIT_FAILURE;
        kr_receive(&msg, KR_INFINITY,
                   kr_on(DOWN, "{'DOWN', =, process, _, ~}", monitor, &reason));
        status = is_normal(reason) ? EXIT_SUCCESS : EXIT_FAILURE;
        if (status != EXIT_SUCCESS)
                print_reason(stderr, "ended with ", reason);
        kr_msg_clear(&msg);
        return status;
}

static int complain(const char *what, kr_err err)
{
        fprintf(stderr, "%s: %s\n", what, kr_strerror(err));
        return EXIT_FAILURE;
}

int stage_run(void (*body)(void))
{
        kr_node *node;
        kr_pid self;
        kr_err err;
        int status;

        err = kr_node_start(&(kr_node_opts){ .faults = KR_FAULTS_EXIT }, &node);
        if (err != KR_OK)
                return complain("no node", err);
        err = kr_thread_attach(node, &self);
        if (err == KR_OK) {
                status = await(body);
                kr_thread_detach();
        } else {
                status = complain("no process for main", err);
        }
        err = kr_node_stop(node, KR_INFINITY);
        return err == KR_OK ? status : complain("the node does not stop", err);
}

void stage_say(const char *format, ...)
{
        va_list args;

        va_start(args, format);
        vprintf(format, args);
        va_end(args);
        fflush(stdout);
}

static void show(const char *erlang, const char *here, const char *result)
{
        stage_say("  %-24s %-36s %s\n", erlang, here, result);
}

void stage_show_bool(const char *erlang, const char *here, bool result)
{
        show(erlang, here, result ? "true" : "false");
}

void stage_show_err(const char *erlang, const char *here, kr_err result)
{
        show(erlang, here, kr_err_name(result));
}

void stage_show_term(const char *erlang, const char *here, kr_term result)
{
        char text[TEXT_MAX];

        kr_format(text, sizeof(text), result);
        show(erlang, here, text);
}

/* An error's reason is {Reason, Trace}; the trace is of no interest here. */
static kr_term without_trace(kr_term reason)
{
        kr_term what;

        return kr_match(reason, "{~, [_ | _]}", &what) ? what : reason;
}

void stage_show_failure(const char *erlang, const char *here, void (*fn)(void *))
{
        kr_msg reason = KR_MSG_INIT;
        char text[TEXT_MAX], line[TEXT_MAX + 16];
        kr_class kind;

        if (kr_catch(fn, NULL, &kind, &reason)) {
                show(erlang, here, "(it did not fail)");
                return;
        }
        kr_format(text, sizeof(text), without_trace(reason.term));
        snprintf(line, sizeof(line), "error: %s", text);
        show(erlang, here, line);
}

void stage_show_end(const char *who, kr_ref monitor)
{
        enum { DOWN };
        kr_msg msg = KR_MSG_INIT;
        char text[TEXT_MAX];
        kr_term reason;

        kr_receive(&msg, KR_INFINITY,
                   kr_on(DOWN, "{'DOWN', =, process, _, ~}", monitor, &reason));
        kr_format(text, sizeof(text), without_trace(reason));
        stage_say("  %s ended: %s\n", who, text);
}
