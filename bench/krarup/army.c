/* SPDX-License-Identifier: Apache-2.0 */
/* army: COUNT linked counters: start, tick i-th by i, sum, square root, sum, stop.
 *
 * The counters answer as a gen_server does: a start is over when the server says so, a call is
 * a monitor whose reference is the alias for the answer, a stop is over at DOWN.
 */
#include "krarup_kit.h"

#include <math.h>

enum { CALL, CAST, STOP, REPLY, DOWN, READY };

struct counter {
        kr_pid parent;
        double value;
};

struct army {
        kr_pid *counters;
        int64_t count;
        double integers, roots; /* the two sums */
};

static void counter(struct counter *self)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref from;
        double n;

        switch (kr_receive_top(&msg, KR_INFINITY, kr_on(CAST, "{cast, {tick, ~}}", &n),
                               kr_on(CALL, "{call, ~, read}", &from),
                               kr_on(STOP, "stop"))) {
        case CAST:
                self->value += n;
                break;
        case CALL:
                kr_send(from, "{~, ~}", from, self->value);
                break;
        case STOP:
                return;
        }
        kr_become(counter, self);
}

static void init(struct counter *self)
{
        kr_send(self->parent, "{ready, ~}", kr_self());
        kr_become(counter, self);
}

static kr_pid start(void)
{
        struct counter initial = { kr_self(), 0 };
        kr_pid pid = kr_spawn_link(init, &initial);
        kr_msg msg = KR_MSG_INIT;

        kr_receive(&msg, KR_INFINITY, kr_on(READY, "{ready, =}", pid));
        return pid;
}

static void tick(kr_pid pid, double n)
{
        kr_send(pid, "{cast, {tick, ~}}", n);
}

static double value_of(kr_pid pid)
{
        kr_ref call = kr_monitor_alias(pid, KR_ALIAS_REPLY_DEMONITOR, NULL);
        kr_msg msg = KR_MSG_INIT;
        double value = NAN;
        kr_term reason;

        kr_send(pid, "{call, ~, read}", call);
        if (kr_receive(&msg, KR_INFINITY, kr_on(REPLY, "{=, ~}", call, &value),
                       kr_on(DOWN, "{'DOWN', =, process, _, ~}", call, &reason)) == DOWN)
                kr_exit("~", reason);
        return value;
}

static void stop(kr_pid pid)
{
        kr_ref monitor = kr_monitor(pid);
        kr_msg msg = KR_MSG_INIT;

        kr_send(pid, "stop");
        kr_receive(&msg, KR_INFINITY,
                   kr_on(DOWN, "{'DOWN', =, process, _, normal}", monitor));
}

static void start_all(struct army *army)
{
        for (int64_t i = 0; i < army->count; i++)
                army->counters[i] = start();
}

static void tick_all(struct army *army)
{
        for (int64_t i = 0; i < army->count; i++)
                tick(army->counters[i], (double)(i + 1));
}

static double sum(const struct army *army)
{
        double all = 0;

        for (int64_t i = 0; i < army->count; i++)
                all += value_of(army->counters[i]);
        return all;
}

static void sum_integers(struct army *army)
{
        army->integers = sum(army);
}

static void sqrt_all(struct army *army)
{
        for (int64_t i = 0; i < army->count; i++) {
                double value = value_of(army->counters[i]);

                tick(army->counters[i], sqrt(value) - value);
        }
}

static void sum_roots(struct army *army)
{
        army->roots = sum(army);
}

static void stop_all(struct army *army)
{
        for (int64_t i = 0; i < army->count; i++)
                stop(army->counters[i]);
}

static double timed(const char *name, void (*phase)(struct army *), struct army *army)
{
        int64_t start_ns = bench_now_ns();
        double took_ms;

        phase(army);
        took_ms = (double)(bench_now_ns() - start_ns) / 1e6;
        bench_report(name, took_ms, "ms");
        return took_ms;
}

static void check_sums(const struct army *army)
{
        double expected = 0;

        for (int64_t i = 1; i <= army->count; i++)
                expected += sqrt((double)i);
        bench_check((int64_t)army->integers == army->count * (army->count + 1) / 2);
        bench_check(fabs(army->roots - expected) < 1e-9 * army->roots);
}

static void run(const struct bench_args *args)
{
        struct army army = { kr_calloc((size_t)args->count, sizeof(kr_pid)), args->count,
                             0, 0 };
        double total_ms = 0;

        bench_check(army.counters != NULL);
        total_ms += timed("army.spawn", start_all, &army);
        total_ms += timed("army.tick", tick_all, &army);
        total_ms += timed("army.sum", sum_integers, &army);
        total_ms += timed("army.sqrt", sqrt_all, &army);
        total_ms += timed("army.sum2", sum_roots, &army);
        total_ms += timed("army.stop", stop_all, &army);
        check_sums(&army);
        bench_report("army.total", total_ms, "ms");
        bench_report("army.rss", (double)bench_memory_bytes("VmHWM:"), "bytes");
}

BENCH_KRARUP_MAIN(run)
