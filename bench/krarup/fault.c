/* SPDX-License-Identifier: Apache-2.0 */
/* fault: from a write to address 0 in a process to the monitor's DOWN; the median of COUNT times. */
#include "krarup_kit.h"

enum { DOWN };

/* One process at a time takes it, and its parent reads it when that one has ended. */
static int64_t began_ns;

static void fail(void)
{
        volatile int *volatile nowhere = NULL; /* or the compiler sees through it */

        began_ns = bench_now_ns();
        *nowhere = 1;
}

static int64_t time_one(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;
        kr_ref monitor;
        int64_t took;

        kr_spawn_monitor(&monitor, fail);
        kr_receive(&msg, KR_INFINITY,
                   kr_on(DOWN, "{'DOWN', =, process, _, ~}", monitor, &reason));
        took = bench_now_ns() - began_ns;
        bench_check(!kr_match(reason, "normal"));
        return took;
}

static void run(const struct bench_args *args)
{
        int64_t *times = kr_calloc((size_t)args->count, sizeof(*times));

        bench_check(times != NULL);
        for (int64_t i = 0; i < args->count; i++)
                times[i] = time_one();
        bench_report("fault", (double)bench_percentile(times, args->count, 0.5) / 1000,
                     "us");
}

BENCH_KRARUP_MAIN(run)
