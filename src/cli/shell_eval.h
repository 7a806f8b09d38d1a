/* SPDX-License-Identifier: Apache-2.0 */
/* shell_eval.h: the value of an expression, with the shell's variables and results.
 *
 * Model    A shell is the memory of a process that evaluates: what its variables are, and what
 *          the last results were. Expressions raise as Erlang's do (kr_catch them).
 * Memory   A value lives until the next evaluation or kri_shell_fini.
 */
#ifndef KR_CLI_SHELL_EVAL_H
#define KR_CLI_SHELL_EVAL_H

#include "shell_parse.h"

#include <krarup/process.h>

#define KRI_SHELL_RESULTS 20 /* that v(N) finds */

struct kri_shell {
        kr_term bindings;  /* #{'X' => Value}; owned */
        kr_term results;   /* #{N => {Text, Value}}; owned */
        int64_t number;    /* of the command that runs */
        const void *frame; /* while it runs: from here on the stack is counted */
        kr_term *given;    /* terms made on the way, to be released */
        size_t given_count, given_cap;
};

/* Takes the two maps. */
void kri_shell_init(struct kri_shell *shell, kr_term bindings, kr_term results,
                    int64_t number);
void kri_shell_fini(struct kri_shell *shell);

/* Evaluate; may wait, may raise. */
kr_term kri_shell_eval(struct kri_shell *shell, const struct kri_expr *form);

/* The command `number` was `text` and gave `value`: remember it, and forget the oldest. */
void kri_shell_remember(struct kri_shell *shell, int64_t number, kr_bytes text,
                        kr_term value);

/* Raised for what is wrong with the expression itself: the throw {'$shell', Line, Column, Text};
 * no line if 0. */
KR_NORETURN void kri_shell_complain(const struct kri_expr *at, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

#endif
