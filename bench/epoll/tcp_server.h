/* SPDX-License-Identifier: Apache-2.0 */
/* tcp_server.h: what the servers of tcp_echo in C have in common: start the load, and report. */
#ifndef BENCH_TCP_SERVER_H
#define BENCH_TCP_SERVER_H

#define TCP_CONNECTIONS 50

/* The program that $TCP_LOAD names, or `tcp_load` beside this one. */
static inline void tcp_load_and_report(const struct bench_args *args, unsigned port)
{
        const char *load = getenv("TCP_LOAD");
        char command[1024], line[64] = "";
        FILE *out;
        double ns;

        snprintf(command, sizeof(command), "exec '%s' %u %d %" PRId64,
                 load != NULL ? load : "./tcp_load", port, TCP_CONNECTIONS, args->count);
        out = popen(command, "r");
        bench_check(out != NULL);
        bench_check(fgets(line, sizeof(line), out) != NULL);
        bench_check(pclose(out) == 0);
        ns = strtod(line, NULL);
        bench_check(ns > 0);
        bench_report_sched(args, "tcp_echo", (double)args->count * 1e6 / ns, "kreq/s");
}

#endif
