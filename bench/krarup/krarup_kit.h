/* SPDX-License-Identifier: Apache-2.0 */
/* krarup_kit.h: kit.h for Krarup programs: a node, and the process that does the work.
 *
 * Use  BENCH_KRARUP_MAIN(run) with `void run(const struct bench_args *)`, which is run as a
 *      process of a node that has as many schedulers as the program was told to use. When it
 *      returns the program is over; processes that are still alive end with the node.
 */
#ifndef BENCH_KRARUP_KIT_H
#define BENCH_KRARUP_KIT_H

#define BENCH_PEER "krarup"
#include "../kit.h"

#include <krarup.h>

/* What a process is started with that needs to know no more than who started it. */
struct bench_parent {
        kr_pid pid;
};

/* Like struct bench_args a struct of its own, so that it can be a process's argument. */
typedef void (*bench_run_fn)(const struct bench_args *args);

static inline void bench_krarup_await(bench_run_fn run, const struct bench_args *args)
{
        enum { DOWN };
        kr_msg msg = KR_MSG_INIT;
        kr_ref monitor;
        kr_term reason;
        char text[400];

        kr_spawn_monitor(&monitor, run, args);
        kr_receive(&msg, KR_INFINITY,
                   kr_on(DOWN, "{'DOWN', =, process, _, ~}", monitor, &reason));
        if (!kr_match(reason, "normal")) {
                kr_format(text, sizeof(text), reason);
                fprintf(stderr, "%s\n", text);
                exit(1);
        }
        kr_msg_clear(&msg);
}

/* Crashes are timed, not told about, as on the Erlang side. */
static inline int bench_krarup_run(int argc, char **argv, bench_run_fn run)
{
        struct bench_args args = bench_parse(argc, argv);
        kr_node_opts opts = {
                .schedulers = (unsigned)args.schedulers,
                .faults = KR_FAULTS_EXIT,
                .dump_path = "",
        };
        const kr_logger_opts quiet = { .level = KR_LOG_NONE, .no_default = true };
        kr_node *node;
        kr_pid self;

        bench_check(kr_node_start(&opts, &node) == KR_OK);
        bench_check(kr_logger_start(node, &quiet) == KR_OK);
        bench_check(kr_thread_attach(node, &self) == KR_OK);
        bench_krarup_await(run, &args);
        kr_thread_detach();
        bench_check(kr_node_stop(node, KR_INFINITY) == KR_OK);
        return 0;
}

#define BENCH_KRARUP_MAIN(run)                                                           \
        int main(int argc, char **argv)                                                  \
        {                                                                                \
                return bench_krarup_run(argc, argv, run);                                \
        }

#endif
