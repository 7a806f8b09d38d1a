/* SPDX-License-Identifier: Apache-2.0 */
/* kit.h: what every benchmark program in C and C++ needs: arguments, clock, memory, result lines.
 *
 * Contract  a program is called as `program SCHEDULERS COUNT [VARIANT]` (bench/README.md says
 *           what COUNT means to each) and prints `name peer value unit` per result on standard
 *           output, all else on standard error. A wrong sum ends it with exit status 1.
 * Use       define BENCH_PEER as the peer's name before the include.
 * Knows     libc only, so that peers that have nothing to do with Krarup can use it.
 */
#ifndef BENCH_KIT_H
#define BENCH_KIT_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifndef BENCH_PEER
#error "define BENCH_PEER before including kit.h"
#endif

struct bench_args {
        int schedulers;      /* threads that run processes, 1 or more */
        int64_t count;       /* size of the work, 1 or more */
        const char *variant; /* which of several ways to do it; "" when not given */
};

/* A sum that is wrong, a message that is not expected: say so and end the program. */
#define bench_check(cond)                                                                \
        do {                                                                             \
                if (!(cond)) {                                                           \
                        fprintf(stderr, "%s:%d: check failed: %s\n", __FILE__, __LINE__, \
                                #cond);                                                  \
                        exit(1);                                                         \
                }                                                                        \
        } while (0)

static inline int64_t bench_number(const char *text)
{
        char *end;
        long long n = strtoll(text, &end, 10);

        if (*end != '\0' || n < 1) {
                fprintf(stderr, "not a positive number: %s\n", text);
                exit(2);
        }
        return n;
}

static inline struct bench_args bench_parse(int argc, char **argv)
{
        struct bench_args args;

        if (argc < 3 || argc > 4) {
                fprintf(stderr, "usage: %s SCHEDULERS COUNT [VARIANT]\n", argv[0]);
                exit(2);
        }
        args.schedulers = (int)bench_number(argv[1]);
        args.count = bench_number(argv[2]);
        args.variant = argc > 3 ? argv[3] : "";
        return args;
}

static inline int64_t bench_now_ns(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Keep the core busy until `ns` nanoseconds of real time have passed. */
static inline void bench_spin(int64_t ns)
{
        int64_t until = bench_now_ns() + ns;

        while (bench_now_ns() < until)
                continue;
}

/* A line of /proc/self/status in bytes: "VmRSS:" is resident now, "VmHWM:" its peak. */
static inline int64_t bench_memory_bytes(const char *line_name)
{
        char line[256];
        int64_t kib = -1;
        FILE *status = fopen("/proc/self/status", "r");

        bench_check(status != NULL);
        while (kib < 0 && fgets(line, sizeof(line), status))
                if (strncmp(line, line_name, strlen(line_name)) == 0)
                        kib = strtoll(line + strlen(line_name), NULL, 10);
        fclose(status);
        bench_check(kib >= 0);
        return kib * 1024;
}

static inline void bench_report(const char *name, double value, const char *unit)
{
        printf("%s %s %.4f %s\n", name, BENCH_PEER, value, unit);
        fflush(stdout);
}

/* For operations that are measured with one and with two schedulers: `name.1`, `name.2`. */
static inline void bench_report_sched(const struct bench_args *args, const char *name,
                                      double value, const char *unit)
{
        char full[128];

        snprintf(full, sizeof(full), "%s.%d", name, args->schedulers);
        bench_report(full, value, unit);
}

static inline int bench_compare(const void *a, const void *b)
{
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

        return (x > y) - (x < y);
}

/* Sort the samples in place and return the nearest-rank one: at least `share` of them (0 to 1)
 * are not larger than it. */
static inline int64_t bench_percentile(int64_t *samples, int64_t count, double share)
{
        int64_t rank = (int64_t)(share * (double)count);

        bench_check(count > 0);
        if ((double)rank < share * (double)count)
                rank++;
        qsort(samples, (size_t)count, sizeof(*samples), bench_compare);
        return samples[rank > 0 ? rank - 1 : 0];
}

#endif
