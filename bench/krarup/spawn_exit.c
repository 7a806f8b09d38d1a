/* SPDX-License-Identifier: Apache-2.0 */
/* spawn_exit: processes that count themselves and end; each thousandth tells the parent, who waits. */
#include "krarup_kit.h"

#include <stdatomic.h>

#define BATCH 1000

enum { BATCH_DONE };

static atomic_int_fast64_t ended;

static void count_self(void)
{
        atomic_fetch_add(&ended, 1);
}

static void count_self_and_tell(const struct bench_parent *parent)
{
        count_self();
        kr_send(parent->pid, "batch_done");
}

static void run(const struct bench_args *args)
{
        const struct bench_parent self = { kr_self() };
        kr_msg msg = KR_MSG_INIT;
        int64_t start, took;

        bench_check(args->count % BATCH == 0);
        start = bench_now_ns();
        for (int64_t batch = 0; batch < args->count / BATCH; batch++) {
                for (int i = 1; i < BATCH; i++)
                        kr_spawn(count_self);
                kr_spawn(count_self_and_tell, &self);
                kr_receive(&msg, KR_INFINITY, kr_on(BATCH_DONE, "batch_done"));
        }
        /* the last one to tell need not be the last one to end */
        while (atomic_load(&ended) < args->count)
                kr_yield();
        took = bench_now_ns() - start;
        bench_check(atomic_load(&ended) == args->count);
        bench_report_sched(args, "spawn_exit", (double)took / (double)args->count, "ns");
}

BENCH_KRARUP_MAIN(run)
