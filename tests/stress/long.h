/* SPDX-License-Identifier: Apache-2.0 */
/* long.h: what the programs for long runs share: time, memory, and how they fail. */
#ifndef KR_TESTS_LONG_H
#define KR_TESTS_LONG_H

#include <krarup.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define long_must(x)                                                                     \
        do {                                                                             \
                if (!(x)) {                                                              \
                        fprintf(stderr, "%s:%d: not: %s\n", __FILE__, __LINE__, #x);     \
                        _exit(1);                                                        \
                }                                                                        \
        } while (0)

/* Sanitizers keep what is freed for a while: memory is no figure there. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LONG_COUNTS_MEMORY false
#elif defined(__has_feature)
#define LONG_COUNTS_MEMORY                                                               \
        !(__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define LONG_COUNTS_MEMORY true
#endif

static inline int64_t long_now_ns(void)
{
        struct timespec ts;

        clock_gettime(CLOCK_MONOTONIC, &ts);
        return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static inline int64_t long_resident_kib(void)
{
        FILE *file = fopen("/proc/self/statm", "r");
        long pages = 0;

        long_must(file != NULL && fscanf(file, "%*d %ld", &pages) == 1);
        fclose(file);
        return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static inline int64_t long_number(int argc, char **argv, int64_t otherwise)
{
        int64_t n = argc > 1 ? strtoll(argv[1], NULL, 10) : otherwise;

        long_must(n > 0);
        return n;
}

/* One line that changes, on a terminal. */
static inline void long_progress(const char *what, int64_t done, int64_t of)
{
        if (isatty(STDERR_FILENO))
                fprintf(stderr, "\r\033[K%s %lld of %lld, %lld KiB%s", what,
                        (long long)done, (long long)of, (long long)long_resident_kib(),
                        done == of ? "\n" : "");
}

/* -- a flow: numbered messages in bursts, each burst acknowledged -- */

#define LONG_BURST 64

struct long_flow {
        int64_t sent,
                received; /* by the sender, by the receiver; whole when both have ended */
        _Atomic bool *stop;    /* the sender ends at the next burst */
        int64_t most;          /* or when it has sent so many; 0: no limit */
        _Atomic int64_t shown; /* sent so far, for others */
};

struct long_end {
        struct long_flow *flow;
        kr_pid other;
};

static inline void long_receive(const struct long_end *end)
{
        enum { N, ASK, STOP };
        kr_msg msg = KR_MSG_INIT;
        kr_pid from;
        int64_t n;

        for (;;) {
                switch (kr_receive(&msg, KR_INFINITY, kr_on(N, "{n, ~}", &n),
                                   kr_on(ASK, "{ask, ~}", &from), kr_on(STOP, "stop"))) {
                case N:
                        long_must(n == end->flow->received);
                        end->flow->received++;
                        break;
                case ASK:
                        kr_send(from, "{got, ~}", end->flow->received);
                        break;
                case STOP:
                        return;
                }
        }
}

static inline void long_send(const struct long_end *end)
{
        struct long_flow *flow = end->flow;
        kr_msg msg = KR_MSG_INIT;
        int64_t got;

        while (!*flow->stop && (flow->most == 0 || flow->sent < flow->most)) {
                for (int i = 0; i < LONG_BURST; i++)
                        kr_send(end->other, "{n, ~}", flow->sent++);
                kr_send(end->other, "{ask, ~}", kr_self());
                kr_receive(&msg, KR_INFINITY, kr_on(0, "{got, ~}", &got));
                long_must(got == flow->sent);
                flow->shown = flow->sent;
        }
        kr_send(end->other, "stop");
}

/* By a process: start both ends; two DOWNs will come. */
static inline void long_start(struct long_flow *flow)
{
        struct long_end end = { flow, { 0 } };
        kr_ref ref;

        end.other = kr_spawn_monitor(&ref, long_receive, &end);
        (void)kr_spawn_monitor(&ref, long_send, &end);
}

static inline void long_await_flows(int count)
{
        kr_msg msg = KR_MSG_INIT;

        for (int i = 0; i < 2 * count; i++)
                kr_receive(&msg, KR_INFINITY,
                           kr_on(0, "{'DOWN', _, process, _, normal}"));
        kr_msg_clear(&msg);
}

#endif
