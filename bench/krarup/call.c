/* SPDX-License-Identifier: Apache-2.0 */
/* call: one client reads the counter of a gen_server COUNT times. */
#include "bench_counter.h"

static void run(const struct bench_args *args)
{
        kr_pid pid = counter_start(1);
        int64_t start = bench_now_ns(), sum = 0, took;

        for (int64_t i = 0; i < args->count; i++)
                sum += counter_read(pid);
        took = bench_now_ns() - start;
        bench_check(sum == args->count);
        bench_report_sched(args, "call", (double)args->count * 1000 / (double)took,
                           "Mcall/s");
}

BENCH_KRARUP_MAIN(run)
