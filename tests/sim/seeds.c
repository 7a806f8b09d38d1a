/* SPDX-License-Identifier: Apache-2.0 */
/* seeds.c: run the workloads from seed after seed.
 *
 *      seeds [--threads=N | --host] [--only=WORKLOAD] [--hash] [COUNT [FIRST]]
 *
 * In simulation unless told otherwise. COUNT seeds (1,000) from FIRST (1) on; one that breaks
 * an invariant is printed with the command that repeats it, and ends the run with status 1.
 * --hash prints a line `SEED HASH` for each; runs that do the same steps print the same.
 */
#include "workload.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool prints_hash;

static void usage(void)
{
        fprintf(stderr, "usage: seeds [--threads=N | --host] [--only=WORKLOAD] [--hash] "
                        "[COUNT [FIRST]]\nworkloads:");
        for (const struct workload *w = workloads; w->name; w++)
                fprintf(stderr, " %s", w->name);
        fprintf(stderr, "\n");
        exit(2);
}

static uint64_t number(const char *text)
{
        char *end;
        uint64_t n = strtoull(text, &end, 10);

        if (end == text || *end)
                usage();
        return n;
}

static bool take_option(struct workload_plan *plan, const char *arg)
{
        if (strncmp(arg, "--threads=", 10) == 0) {
                plan->drive = KR_DRIVE_THREADS;
                plan->schedulers = (unsigned)number(arg + 10);
        } else if (strcmp(arg, "--host") == 0) {
                plan->drive = KR_DRIVE_HOST;
        } else if (strncmp(arg, "--only=", 7) == 0 && workload_exists(arg + 7)) {
                plan->only = arg + 7;
        } else if (strcmp(arg, "--hash") == 0) {
                prints_hash = true;
        } else {
                return false;
        }
        return true;
}

static void progress(uint64_t done, uint64_t count, uint64_t seed)
{
        if (isatty(STDERR_FILENO))
                fprintf(stderr, "\r\033[K%" PRIu64 "/%" PRIu64 ": seed %" PRIu64, done,
                        count, seed);
}

int main(int argc, char **argv)
{
        struct workload_plan plan = { .drive = KR_DRIVE_SIM };
        uint64_t count = 1000, first = 1, spawned = 0, turns = 0;
        int at = 1;

        while (at < argc && argv[at][0] == '-')
                if (!take_option(&plan, argv[at++]))
                        usage();
        if (at < argc)
                count = number(argv[at++]);
        if (at < argc)
                first = number(argv[at++]);
        if (at < argc)
                usage();
        for (uint64_t i = 0; i < count; i++) {
                struct workload_result result;

                plan.seed = first + i;
                progress(i, count, plan.seed);
                result = workload_run(&plan);
                spawned += result.spawned;
                turns += result.turns;
                if (prints_hash)
                        printf("%" PRIu64 " %016" PRIx64 "\n", plan.seed,
                               result.steps_hash);
        }
        if (isatty(STDERR_FILENO))
                fprintf(stderr, "\r\033[K");
        if (!prints_hash)
                printf("%" PRIu64 " seeds from %" PRIu64 ": all held (%" PRIu64
                       " processes, %" PRIu64 " turns)\n",
                       count, first, spawned, turns);
        return 0;
}
