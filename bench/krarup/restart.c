/* SPDX-License-Identifier: Apache-2.0 */
/* restart: a supervised counter takes the time and fails; the client takes it when the next one
 * has answered. COUNT times. */
#include "krarup_kit.h"

enum { UP, CRASHING };

struct counter {
        int64_t value;
};

static kr_next init(struct counter *c, kr_term args)
{
        kr_pid client;

        c->value = 0;
        if (!kr_match(args, "[~]", &client))
                return kr_stop("{bad_args, ~}", args);
        kr_send(client, "{up, ~}", kr_self());
        return kr_ok();
}

static kr_next handle_call(struct counter *c, kr_term request, kr_from from)
{
        (void)from;
        if (kr_match(request, "read"))
                return kr_reply("~", c->value);
        return kr_stop("{bad_call, ~}", request);
}

static kr_next handle_cast(struct counter *c, kr_term message)
{
        kr_pid client;

        (void)c;
        bench_check(kr_match(message, "{crash, ~}", &client));
        kr_send(client, "{crashing, ~}", bench_now_ns());
        kr_error("boom");
}

KR_GEN_SERVER(counter, struct counter, .init = init, .handle_call = handle_call,
              .handle_cast = handle_cast);

static kr_err init_supervisor(kr_supervisor_init *s, kr_term args)
{
        const kr_child child = { .id = "counter", .start = KR_START(counter) };
        kr_pid client;

        if (!kr_match(args, "[~]", &client))
                return KR_EBADARG;
        return kr_supervisor_add_with(s, &child, "[~]", client);
}

KR_SUPERVISOR(counter_sup, .intensity = 1000000000, .period_s = 1,
              .init = init_supervisor);

static int64_t crash_once(kr_pid *pid)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t crashed, value, now;

        kr_cast(*pid, "{crash, ~}", kr_self());
        kr_receive(&msg, KR_INFINITY, kr_on(CRASHING, "{crashing, ~}", &crashed));
        kr_receive(&msg, KR_INFINITY, kr_on(UP, "{up, ~}", pid));
        bench_check(kr_match(kr_call(*pid, &msg, "read"), "~", &value));
        now = bench_now_ns();
        bench_check(value == 0);
        return now - crashed;
}

static void run(const struct bench_args *args)
{
        int64_t *took = kr_calloc((size_t)args->count, sizeof(*took));
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid;

        bench_check(took != NULL);
        bench_check(kr_start_link(&counter_sup, NULL, "[~]", kr_self()).err == KR_OK);
        kr_receive(&msg, KR_INFINITY, kr_on(UP, "{up, ~}", &pid));
        for (int64_t i = 0; i < args->count; i++)
                took[i] = crash_once(&pid);
        bench_report("restart.median",
                     (double)bench_percentile(took, args->count, 0.5) / 1000, "us");
        bench_report("restart.p99",
                     (double)bench_percentile(took, args->count, 0.99) / 1000, "us");
}

BENCH_KRARUP_MAIN(run)
