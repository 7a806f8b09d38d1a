/* SPDX-License-Identifier: Apache-2.0 */
/* client.h: this end of the control socket: a person, a file or one expression.
 * The first thread of the program. */
#ifndef KR_CLI_CLIENT_H
#define KR_CLI_CLIENT_H

#include <krarup/term.h>

struct kri_client_opts {
        const char *name; /* for the prompt; NULL: none */
        int signals;      /* of kri_signals_open; -1: none */
};

/* Talk to a person at a terminal until the end of input. */
int kri_client_talk(int fd, const struct kri_client_opts *opts);

/* Run all of a text; values and errors go to standard output in their order. What to return:
 * KRI_FAILED if an expression failed. */
int kri_client_run(int fd, const char *text, size_t len);

/* The same for what stands in a command line: the last full stop may be missing; values are
 * shown if `show`, and appended to *ret_value if it is there; what is wrong goes to standard error. */
int kri_client_eval(int fd, const char *text, bool show, kr_buf *ret_value);

/* The status of a node: a new term, a map; none: told what is wrong. */
kr_term kri_client_status(int fd);

/* Ask it to stop; false: it does not answer. */
bool kri_client_stop(int fd);

#endif
