/* SPDX-License-Identifier: Apache-2.0 */
/* army: the counters army of counters/army, with its times as results. */
#include "krarup_kit.h"

#include "../../counters/army/counters_army.h"

static const char *const names[ARMY_PHASES] = {
        "army.spawn", "army.tick", "army.sum", "army.sqrt", "army.sum2", "army.stop",
};

static void run(const struct bench_args *args)
{
        struct army_result result;
        double total_ms = 0;

        army_run(args->count, NULL, &result);
        bench_check(army_is_right(args->count, &result));
        for (int phase = 0; phase < ARMY_PHASES; phase++) {
                bench_report(names[phase], result.took_ms[phase], "ms");
                total_ms += result.took_ms[phase];
        }
        bench_report("army.total", total_ms, "ms");
        bench_report("army.rss", (double)bench_memory_bytes("VmHWM:"), "bytes");
}

BENCH_KRARUP_MAIN(run)
