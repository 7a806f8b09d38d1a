/* SPDX-License-Identifier: Apache-2.0 */
/* cast: one client casts {tick, 1} COUNT times to a gen_server, then reads it. */
#include "bench_counter.h"

static void run(const struct bench_args *args)
{
        kr_pid pid = counter_start(0);
        int64_t start = bench_now_ns(), sum, took;
        kr_msg reply = KR_MSG_INIT;

        for (int64_t i = 0; i < args->count; i++)
                kr_cast(pid, "{tick, 1}");
        bench_check(
                kr_match(kr_call_timeout(pid, &reply, KR_INFINITY, "read"), "~", &sum));
        took = bench_now_ns() - start;
        bench_check(sum == args->count);
        bench_report_sched(args, "cast", (double)args->count * 1000 / (double)took,
                           "Mmsg/s");
}

BENCH_KRARUP_MAIN(run)
