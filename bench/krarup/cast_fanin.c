/* SPDX-License-Identifier: Apache-2.0 */
/* cast_fanin: eight clients cast {tick, 1} to one gen_server, COUNT / 8 each; all then read it. */
#include "bench_counter.h"

#define CASTERS 8

enum { DONE };

struct caster {
        kr_pid parent;
        kr_pid to;
        int64_t count;
};

static int64_t read_patiently(kr_pid pid)
{
        kr_msg reply = KR_MSG_INIT;
        int64_t value;

        bench_check(
                kr_match(kr_call_timeout(pid, &reply, KR_INFINITY, "read"), "~", &value));
        return value;
}

/* Its own casts came before its question. */
static void cast_all(const struct caster *self)
{
        for (int64_t i = 0; i < self->count; i++)
                kr_cast(self->to, "{tick, 1}");
        bench_check(read_patiently(self->to) >= self->count);
        kr_send(self->parent, "done");
}

static void run(const struct bench_args *args)
{
        struct caster caster = { kr_self(), counter_start(0), args->count / CASTERS };
        int64_t start = bench_now_ns(), sum, took;
        kr_msg msg = KR_MSG_INIT;

        bench_check(args->count % CASTERS == 0);
        for (int i = 0; i < CASTERS; i++)
                kr_spawn_link(cast_all, &caster);
        for (int i = 0; i < CASTERS; i++)
                kr_receive(&msg, KR_INFINITY, kr_on(DONE, "done"));
        sum = read_patiently(caster.to);
        took = bench_now_ns() - start;
        bench_check(sum == args->count);
        bench_report_sched(args, "cast_fanin", (double)args->count * 1000 / (double)took,
                           "Mmsg/s");
}

BENCH_KRARUP_MAIN(run)
