/* SPDX-License-Identifier: Apache-2.0 */
#include "shell_evaluator.h"

#include "shell_eval.h"

#include <krarup/link.h>
#include <krarup/registry.h>

#include <stdio.h>
#include <string.h>

/* Of one evaluator, on its stack. */
struct evaluator {
        kr_pid session;
        struct kri_shell shell;
        kr_bytes text; /* of the command that runs */
        struct kri_expr *form;
        kr_term value;
};

static void run_form(void *arg)
{
        struct evaluator *e = arg;

        e->value = kri_shell_eval(&e->shell, e->form);
}

/* What is wrong with it as it was typed; it has not run. */
static void complain(struct evaluator *e, const kr_text_error *error)
{
        char text[200];

        (void)snprintf(text, sizeof(text), "* %u:%u: %s", error->line, error->column,
                       error->message);
        kr_send(e->session, "{complaint, ~, ~, false}", kr_self(), (const char *)text);
}

/* An exception ends the evaluator, and whatever is linked to it, as in Erlang; a word of the
 * shell's own does not. */
static void tell_exception(struct evaluator *e, kr_class kind, kr_term reason)
{
        static const char *const classes[] = { "exit", "error", "throw" };
        char line[460];
        const char *text;
        int64_t row, column;

        if (kind == KR_CLASS_THROW &&
            kr_match(reason, "{'$shell', ~, ~, ~}", &row, &column, &text)) {
                if (row == 0)
                        (void)snprintf(line, sizeof(line), "* %s", text);
                else
                        (void)snprintf(line, sizeof(line), "* %lld:%lld: %s",
                                       (long long)row, (long long)column, text);
                kr_send(e->session, "{complaint, ~, ~, ~}", kr_self(), (const char *)line,
                        (bool)(row != 0));
                return;
        }
        kr_send(e->session, "{exception, ~, ~, ~}", kr_self(), kri_atom_of(classes[kind]),
                reason);
        kr_raise(KR_CLASS_EXIT, reason);
}

static void run(struct evaluator *e, int64_t number)
{
        kr_msg reason = KR_MSG_INIT;
        kr_text_error error = { .line = 1, .column = 1 };
        kr_class kind;
        kr_err err = kri_form_parse(e->text.data, e->text.len, &e->form, &error);

        if (err != KR_OK) {
                if (error.message[0] == 0)
                        (void)snprintf(error.message, sizeof(error.message), "%s",
                                       kr_strerror(err));
                complain(e, &error);
                return;
        }
        e->shell.number = number;
        if (kr_catch(run_form, e, &kind, &reason)) {
                kr_send(e->session, "{value, ~, ~, ~, ~, ~}", kr_self(), number, e->text,
                        e->value, e->shell.bindings);
                kri_shell_remember(&e->shell, number, e->text, e->value);
        } else {
                tell_exception(e, kind, reason.term);
        }
        kri_form_free(e->form);
        kr_msg_clear(&reason);
}

static void evaluate(kr_term args)
{
        struct evaluator e = { .form = NULL };
        kr_msg command = KR_MSG_INIT;
        kr_term bindings, results;
        int64_t number;

        if (!kr_match(args, "{~, ~, ~}", &e.session, &bindings, &results))
                return;
        kr_set_group_leader(e.session, kr_self());
        kri_shell_init(&e.shell, kr_keep(bindings), kr_keep(results), 0);
        for (;;) {
                (void)kr_receive(&command, KR_INFINITY,
                                 kr_on(0, "{'$shell_eval', ~, ~}", &number, &e.text));
                run(&e, number);
        }
}

kr_pid kri_evaluator_start(kr_term bindings, kr_term results, kr_ref *ret_monitor)
{
        kr_term args = kr_build("{~, ~, ~}", kr_self(), bindings, results);
        kr_pid pid = kr_spawn_monitor(ret_monitor, evaluate, args);

        kr_release(args);
        return pid;
}
