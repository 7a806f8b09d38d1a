/* SPDX-License-Identifier: Apache-2.0 */
/* pingpong: two processes; {ping, From} one way, pong back. */
#include "krarup_kit.h"

enum { PING, PONG, STOP, ANSWERED };

static void pong(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid from;

        for (int64_t answered = 0;; answered++) {
                switch (kr_receive(&msg, KR_INFINITY, kr_on(PING, "{ping, ~}", &from),
                                   kr_on(STOP, "{stop, ~}", &from))) {
                case PING:
                        kr_send(from, "pong");
                        break;
                case STOP:
                        kr_send(from, "{answered, ~}", answered);
                        return;
                }
        }
}

static void ping(kr_pid other, int64_t count)
{
        kr_msg msg = KR_MSG_INIT;

        for (int64_t i = 0; i < count; i++) {
                kr_send(other, "{ping, ~}", kr_self());
                kr_receive(&msg, KR_INFINITY, kr_on(PONG, "pong"));
        }
}

static void run(const struct bench_args *args)
{
        kr_pid other = kr_spawn_link(pong);
        kr_msg msg = KR_MSG_INIT;
        int64_t start, took, answered;

        start = bench_now_ns();
        ping(other, args->count);
        took = bench_now_ns() - start;
        kr_send(other, "{stop, ~}", kr_self());
        kr_receive(&msg, KR_INFINITY, kr_on(ANSWERED, "{answered, ~}", &answered));
        bench_check(answered == args->count);
        bench_report_sched(args, "pingpong", (double)took / (double)args->count, "ns");
}

BENCH_KRARUP_MAIN(run)
