/* SPDX-License-Identifier: Apache-2.0 */
/* host.h: the node that this program is: started, its applications run, stopped in order.
 *
 * Model    One node a program. What a project needs is brought in before its application
 *          starts: its folder of modules is put into the code path, its .app file is read,
 *          its modules are loaded, and on_load makes the application known.
 * Threads  the first thread of the program, but for what says otherwise.
 */
#ifndef KR_CLI_HOST_H
#define KR_CLI_HOST_H

#include <krarup/node.h>

#define KRI_HOST_ARGS_MAX 64

struct kri_host_opts {
        const char *name;    /* of the node: an application's; NULL: shell */
        const char *log;     /* a file for the log; NULL: standard error */
        const char *modules; /* folder of the project's modules; NULL: none */
        bool quiet;          /* warnings and worse only */
        int argc; /* what follows --: -App Key Value, -config FILE; the first 64 words */
        char **argv;
};

/* Start it; false: it is told what is wrong. */
bool kri_host_start(const struct kri_host_opts *opts);
kr_node *kri_host_node(void);

/* Between these the calling thread is a process of the node, and may call what is for those: not for
 * long, for it answers nobody who looks at it. False: told. */
bool kri_host_enter(void);
void kri_host_leave(void);

/* Load the modules of an .app file, and start the application, permanent. False: told. */
bool kri_host_start_app(const char *app_file);

/* Load them, and make the application known, without starting it. What is wrong is told. */
void kri_host_know(const char *app_file);

/* Stop in order: kr_init_stop. Any thread. */
void kri_host_stop(int status);

/* Has it halted? A descriptor that is readable then; and what it is to return. */
int kri_host_halted_fd(void);
bool kri_host_has_halted(int *ret_status);

/* Has it been booted, and not halted since? */
bool kri_host_runs(void);

/* Wait until all is gone, at most `timeout_ms`; false: something does not come out of foreign code. */
bool kri_host_finish(int64_t timeout_ms);

/* -- what one asks about it: any thread -- */

int64_t kri_host_uptime_ms(void);

/* Writes the last crash the logger told of, with its time, to `buf`; false: there was none. */
bool kri_host_last_crash(char *buf, size_t size);

#endif
