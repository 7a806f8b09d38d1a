/* SPDX-License-Identifier: Apache-2.0 */
/* spawn_live: memory of processes that wait: at the top of their loop (become), in its middle
 * (stack), as a gen_server, and as one that a simple_one_for_one supervisor has started
 * (supervised). */
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

struct server {
        int64_t value;
};

static kr_next init(struct server *s, kr_term args)
{
        (void)s;
        return kr_match(args, "[]") ? kr_ok() : kr_stop("{bad_args, ~}", args);
}

static kr_next handle_info(struct server *s, kr_term info)
{
        kr_pid from;

        (void)s;
        bench_check(kr_match(info, "{ask, ~}", &from));
        kr_send(from, "{alive, ~}", kr_self());
        return kr_noreply();
}

KR_GEN_SERVER(server, struct server, .init = init, .handle_info = handle_info);

static const kr_child template[] = { { .id = "server", .start = KR_START(server) } };
KR_SUPERVISOR(servers, .strategy = KR_SIMPLE_ONE_FOR_ONE, KR_CHILDREN(template));

/* Starts one; false: it tells when it is ready, true: it is. */
typedef bool start_fn(kr_pid supervisor, kr_pid *ret_pid);

static bool start_one_become(kr_pid supervisor, kr_pid *ret_pid)
{
        const struct bench_parent self = { kr_self() };

        (void)supervisor;
        *ret_pid = kr_spawn(start_become, &self);
        return false;
}

static bool start_one_stack(kr_pid supervisor, kr_pid *ret_pid)
{
        const struct bench_parent self = { kr_self() };

        (void)supervisor;
        *ret_pid = kr_spawn(start_stack, &self);
        return false;
}

static bool start_one_server(kr_pid supervisor, kr_pid *ret_pid)
{
        kr_started started = kr_start(&server, NULL, "[]");

        (void)supervisor;
        bench_check(started.err == KR_OK);
        *ret_pid = started.pid;
        return true;
}

static bool start_one_supervised(kr_pid supervisor, kr_pid *ret_pid)
{
        kr_msg slot = KR_MSG_INIT;
        kr_started started = kr_supervisor_start_another(supervisor, &slot, "[]");

        bench_check(started.err == KR_OK);
        kr_msg_clear(&slot);
        *ret_pid = started.pid;
        return true;
}

static start_fn *start_of(const char *variant)
{
        static const struct {
                const char *variant;
                start_fn *start;
        } all[] = {
                { "become", start_one_become },
                { "stack", start_one_stack },
                { "gen_server", start_one_server },
                { "supervised", start_one_supervised },
        };

        for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
                if (strcmp(all[i].variant, variant) == 0)
                        return all[i].start;
        bench_check(!"a variant that is known");
        return NULL;
}

/* A batch; the last of it is kept, to be asked whether it lives. */
static kr_pid start_batch(start_fn *start, kr_pid supervisor)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid last = kr_pid_none();
        int ready = 0;

        for (int i = 0; i < BATCH; i++)
                ready += start(supervisor, &last);
        for (; ready < BATCH; ready++)
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
        start_fn *start = start_of(args->variant);
        int64_t batches = args->count / BATCH;
        kr_pid *sample = kr_calloc((size_t)batches, sizeof(*sample));
        kr_started supervisor = kr_start_link(&servers, NULL, "[]");
        kr_node_stats stats;
        int64_t before, after;
        char name[64];

        bench_check(args->count % BATCH == 0 && sample != NULL);
        bench_check(supervisor.err == KR_OK);
        before = bench_memory_bytes("VmRSS:");
        for (int64_t i = 0; i < batches; i++)
                sample[i] = start_batch(start, supervisor.pid);
        after = bench_memory_bytes("VmRSS:");
        kr_node_stats_read(kr_here(), &stats);
        bench_check(stats.processes >= args->count);
        for (int64_t i = 0; i < batches; i++)
                ask(sample[i]);
        snprintf(name, sizeof(name), "spawn_live.%s", args->variant);
        bench_report(name, (double)(after - before) / (double)args->count, "bytes");
}

BENCH_KRARUP_MAIN(run)
