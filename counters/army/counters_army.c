/* SPDX-License-Identifier: Apache-2.0 */
#include "counters_army.h"

#include <math.h>

#define WATCH_EVERY 10000

struct army {
        kr_pid *counters;
        int64_t count;
        army_watch_fn *watch;
        struct army_result *result;
};

/* What is done to the i-th counter (from 0) in a phase. */
typedef void each_fn(struct army *army, int64_t i);

static void spawn_one(struct army *army, int64_t i)
{
        army->counters[i] = counter_start_link();
}

static void tick_one(struct army *army, int64_t i)
{
        counter_tick(army->counters[i], (double)(i + 1));
}

static void sum_one(struct army *army, int64_t i)
{
        army->result->integers += counter_read(army->counters[i]);
}

static void sqrt_one(struct army *army, int64_t i)
{
        double value = counter_read(army->counters[i]);

        counter_tick(army->counters[i], sqrt(value) - value);
}

static void sum2_one(struct army *army, int64_t i)
{
        army->result->roots += counter_read(army->counters[i]);
}

static void stop_one(struct army *army, int64_t i)
{
        counter_stop(army->counters[i]);
}

static void run_phase(struct army *army, enum army_phase phase, each_fn *each)
{
        int64_t begun_ns = kr_monotonic_ns(NULL);

        for (int64_t i = 0; i < army->count; i++) {
                each(army, i);
                if (army->watch != NULL && (i + 1) % WATCH_EVERY == 0 &&
                    i + 1 < army->count)
                        army->watch(phase, i + 1, army->count);
        }
        army->result->took_ms[phase] = (double)(kr_monotonic_ns(NULL) - begun_ns) / 1e6;
        if (army->watch != NULL)
                army->watch(phase, army->count, army->count);
}

void army_run(int64_t count, army_watch_fn *watch, struct army_result *ret_result)
{
        struct army army = { kr_calloc((size_t)count, sizeof(kr_pid)), count, watch,
                             ret_result };

        if (army.counters == NULL)
                kr_error("system_limit");
        *ret_result = (struct army_result){ .integers = 0 };
        run_phase(&army, ARMY_SPAWN, spawn_one);
        run_phase(&army, ARMY_TICK, tick_one);
        run_phase(&army, ARMY_SUM, sum_one);
        run_phase(&army, ARMY_SQRT, sqrt_one);
        run_phase(&army, ARMY_SUM2, sum2_one);
        run_phase(&army, ARMY_STOP, stop_one);
        kr_free(army.counters);
}

bool army_is_right(int64_t count, const struct army_result *result)
{
        double n = (double)count, roots = 0;

        for (int64_t i = 1; i <= count; i++)
                roots += sqrt((double)i);
        return result->integers == n * (n + 1) / 2 &&
               fabs(result->roots - roots) <= 1e-9 * roots;
}
