/* SPDX-License-Identifier: Apache-2.0 */
/* plat_run.h: other programs: run them and take what they say; programs that stay behind.
 *
 * Threads  any; waits for the program's end. In a process of a node this is a blocking system
 *          call, which the node bears.
 */
#ifndef KR_CLI_PLAT_RUN_H
#define KR_CLI_PLAT_RUN_H

#include <krarup/term.h>

struct kri_run_opts {
        const char *directory; /* NULL: where we are */
        kr_buf *output;        /* NULL, or: what it writes to both outputs is appended */
        size_t output_max;     /* of that; the rest is read and forgotten. 0: 1 MiB */
};

/* Run argv[0] and wait. Its exit status (128 + the signal that killed it), -1: it could not be
 * started, see errno. It gets no input. */
int kri_run(const char *const *argv, const struct kri_run_opts *opts);

/* Start this very program again, in a session of its own, standard input and outputs at
 * /dev/null and `log`, its descriptor 3 the writing end of a pipe. Gives the reading end, and
 * the pid; -1: see errno. */
int kri_run_behind(const char *const *argv, const char *directory, const char *log,
                   int64_t *ret_pid);

/* The path of this program; false: not known. */
bool kri_run_self(char *buf, size_t size);

/* Put something into the environment of what is run from now on: before what is there, with ':'
 * between. */
void kri_run_prepend_env(const char *name, const char *value);

#endif
