/* SPDX-License-Identifier: Apache-2.0 */
/* start_link: a simple_one_for_one supervisor starts a gen_server and stops it again, COUNT times. */
#include "krarup_kit.h"

#include <stdatomic.h>

static _Atomic int64_t ended;

struct counter {
        int64_t value;
};

static kr_next init(struct counter *c, kr_term args)
{
        (void)c;
        if (!kr_match(args, "[]"))
                return kr_stop("{bad_args, ~}", args);
        kr_trap_exit(true);
        return kr_ok();
}

static void terminate(struct counter *c, kr_term reason)
{
        (void)c;
        bench_check(kr_match(reason, "shutdown"));
        atomic_fetch_add(&ended, 1);
}

KR_GEN_SERVER(counter, struct counter, .init = init, .terminate = terminate);

static const kr_child template[] = {
        { .id = "counter", .start = KR_START(counter), .restart = KR_TEMPORARY },
};
KR_SUPERVISOR(counter_sup, .strategy = KR_SIMPLE_ONE_FOR_ONE, KR_CHILDREN(template));

static void run(const struct bench_args *args)
{
        kr_started sup = kr_start_link(&counter_sup, NULL, "[]");
        kr_msg slot = KR_MSG_INIT;
        int64_t start, took;

        bench_check(sup.err == KR_OK);
        start = bench_now_ns();
        for (int64_t i = 0; i < args->count; i++) {
                kr_started child = kr_supervisor_start_another(sup.pid, &slot, "[]");

                bench_check(child.err == KR_OK);
                bench_check(kr_supervisor_terminate_child(sup.pid, child.pid) == KR_OK);
        }
        took = bench_now_ns() - start;
        bench_check(atomic_load(&ended) == args->count);
        bench_report_sched(args, "start_link", (double)took / (double)args->count, "ns");
}

BENCH_KRARUP_MAIN(run)
