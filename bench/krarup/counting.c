/* SPDX-License-Identifier: Apache-2.0 */
/* counting: one producer sends {add, 1} COUNT times to a counter, then asks for the sum. */
#include "krarup_kit.h"

enum { ADD, GET, SUM };

static void counter(void)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t sum = 0, n;
        kr_pid from;

        for (;;) {
                switch (kr_receive(&msg, KR_INFINITY, kr_on(ADD, "{add, ~}", &n),
                                   kr_on(GET, "{get, ~}", &from))) {
                case ADD:
                        sum += n;
                        break;
                case GET:
                        kr_send(from, "{sum, ~}", sum);
                        break;
                }
        }
}

static void run(const struct bench_args *args)
{
        kr_pid to = kr_spawn_link(counter);
        kr_msg msg = KR_MSG_INIT;
        int64_t start, took, sum;

        start = bench_now_ns();
        for (int64_t i = 0; i < args->count; i++)
                kr_send(to, "{add, 1}");
        kr_send(to, "{get, ~}", kr_self());
        kr_receive(&msg, KR_INFINITY, kr_on(SUM, "{sum, ~}", &sum));
        took = bench_now_ns() - start;
        bench_check(sum == args->count);
        bench_report_sched(args, "counting", (double)args->count * 1000 / (double)took,
                           "Mmsg/s");
}

BENCH_KRARUP_MAIN(run)
