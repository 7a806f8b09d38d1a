/* SPDX-License-Identifier: Apache-2.0 */
/* crash_storm: ten supervisors of a hundred workers each under one; whoever comes up is told to
 * fail, for COUNT milliseconds. Then all are asked once. */
#include "krarup_kit.h"

#define SUPERVISORS 10
#define WORKERS 100

enum { UP };

struct worker {
        int64_t unused;
};

static kr_next init(struct worker *w, kr_term args)
{
        kr_pid client;

        (void)w;
        if (!kr_match(args, "[~]", &client))
                return kr_stop("{bad_args, ~}", args);
        kr_send(client, "{up, ~}", kr_self());
        return kr_ok();
}

static kr_next handle_call(struct worker *w, kr_term request, kr_from from)
{
        (void)w;
        (void)from;
        if (kr_match(request, "ask"))
                return kr_reply("alive");
        return kr_stop("{bad_call, ~}", request);
}

static kr_next handle_cast(struct worker *w, kr_term message)
{
        (void)w;
        bench_check(kr_match(message, "crash"));
        kr_error("boom");
}

KR_GEN_SERVER(worker, struct worker, .init = init, .handle_call = handle_call,
              .handle_cast = handle_cast);

/* As many children of one kind as `count`, each told who the client is. */
static kr_err add_many(kr_supervisor_init *s, kr_child child, int count, kr_term args)
{
        kr_pid client;

        if (!kr_match(args, "[~]", &client))
                return KR_EBADARG;
        for (int i = 1; i <= count; i++) {
                kr_term id = kr_int(i);
                kr_err err;

                child.id_term = &id;
                err = kr_supervisor_add_with(s, &child, "[~]", client);
                if (err != KR_OK)
                        return err;
        }
        return KR_OK;
}

static kr_err init_middle(kr_supervisor_init *s, kr_term args)
{
        return add_many(s, (kr_child){ .start = KR_START(worker) }, WORKERS, args);
}

KR_SUPERVISOR(middle, .intensity = 1000000000, .period_s = 1, .init = init_middle);

static kr_err init_top(kr_supervisor_init *s, kr_term args)
{
        return add_many(s, (kr_child){ .start = KR_START(middle) }, SUPERVISORS, args);
}

KR_SUPERVISOR(top, .intensity = 1000000000, .period_s = 1, .init = init_top);

static kr_pid next_up(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid;

        kr_receive(&msg, KR_INFINITY, kr_on(UP, "{up, ~}", &pid));
        return pid;
}

static int64_t storm(int64_t until_ns)
{
        int64_t crashes = 0;

        for (; bench_now_ns() < until_ns; crashes++)
                kr_cast(next_up(), "crash");
        return crashes;
}

/* As many are up, and wait to be told, as there are. */
static void calm(void)
{
        kr_msg reply = KR_MSG_INIT;

        for (int i = 0; i < SUPERVISORS * WORKERS; i++)
                bench_check(kr_match(kr_call(next_up(), &reply, "ask"), "alive"));
}

static void run(const struct bench_args *args)
{
        int64_t start, took, crashes;

        bench_check(kr_start_link(&top, NULL, "[~]", kr_self()).err == KR_OK);
        start = bench_now_ns();
        crashes = storm(start + args->count * 1000000);
        took = bench_now_ns() - start;
        calm();
        bench_report("crash_storm.rate", (double)crashes * 1e9 / (double)took, "1/s");
        bench_report("crash_storm.rss", (double)bench_memory_bytes("VmRSS:"), "bytes");
}

BENCH_KRARUP_MAIN(run)
