/* SPDX-License-Identifier: Apache-2.0 */
/* spawn_live: memory of processes that wait: at the top of their loop (become), in its middle (stack). */
#include "krarup_kit.h"

#define BATCH 1000

enum { READY, ASK, ALIVE };

/* No stack while it waits: the function is entered anew for each message. */
static void wait_at_top(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid from;

        kr_receive_top(&msg, KR_INFINITY, kr_on(ASK, "{ask, ~}", &from));
        kr_send(from, "{alive, ~}", kr_self());
        kr_become(wait_at_top);
}

static void start_become(const struct bench_parent *parent)
{
        kr_send(parent->pid, "ready");
        kr_become(wait_at_top);
}

static void start_stack(const struct bench_parent *parent)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid from;

        kr_send(parent->pid, "ready");
        for (;;) {
                kr_receive(&msg, KR_INFINITY, kr_on(ASK, "{ask, ~}", &from));
                kr_send(from, "{alive, ~}", kr_self());
        }
}

static kr_pid start_one(bool becomes)
{
        const struct bench_parent self = { kr_self() };

        return becomes ? kr_spawn(start_become, &self) : kr_spawn(start_stack, &self);
}

/* A batch; the last of it is kept, to be asked whether it lives. */
static kr_pid start_batch(bool becomes)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid last = kr_pid_none();

        for (int i = 0; i < BATCH; i++)
                last = start_one(becomes);
        for (int i = 0; i < BATCH; i++)
                kr_receive(&msg, KR_INFINITY, kr_on(READY, "ready"));
        return last;
}

static void ask(kr_pid one)
{
        kr_msg msg = KR_MSG_INIT;

        kr_send(one, "{ask, ~}", kr_self());
        kr_receive(&msg, KR_INFINITY, kr_on(ALIVE, "{alive, =}", one));
}

static void run(const struct bench_args *args)
{
        bool becomes = strcmp(args->variant, "become") == 0;
        int64_t batches = args->count / BATCH;
        kr_pid *sample = kr_calloc((size_t)batches, sizeof(*sample));
        kr_node_stats stats;
        int64_t before, after;
        char name[64];

        bench_check(becomes || strcmp(args->variant, "stack") == 0);
        bench_check(args->count % BATCH == 0 && sample != NULL);
        before = bench_memory_bytes("VmRSS:");
        for (int64_t i = 0; i < batches; i++)
                sample[i] = start_batch(becomes);
        after = bench_memory_bytes("VmRSS:");
        kr_node_stats_read(kr_here(), &stats);
        bench_check(stats.processes >= args->count);
        for (int64_t i = 0; i < batches; i++)
                ask(sample[i]);
        snprintf(name, sizeof(name), "spawn_live.%s", args->variant);
        bench_report(name, (double)(after - before) / (double)args->count, "bytes");
}

BENCH_KRARUP_MAIN(run)
