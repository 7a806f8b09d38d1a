/* SPDX-License-Identifier: Apache-2.0 */
/* counters_army.h: many counters, each started, ticked, read and stopped. For processes. */
#ifndef COUNTERS_ARMY_H
#define COUNTERS_ARMY_H

#include "counter.h"

enum army_phase {
        ARMY_SPAWN,
        ARMY_TICK,
        ARMY_SUM,
        ARMY_SQRT,
        ARMY_SUM2,
        ARMY_STOP,
        ARMY_PHASES
};

/* `phase` is over, or has come to the n-th of `count` counters (now and then). On the
 * calling process; may print. */
typedef void army_watch_fn(enum army_phase phase, int64_t n, int64_t count);

struct army_result {
        double took_ms[ARMY_PHASES];
        double integers; /* the sum of 1 to count, as read */
        double roots;    /* and of their square roots */
};

/* Start `count` counters linked to the caller, tick the i-th by i, sum, replace each value by
 * its square root, sum again, stop each. `watch` may be NULL. */
void army_run(int64_t count, army_watch_fn *watch, struct army_result *ret_result);

/* Are both sums what they must be? */
bool army_is_right(int64_t count, const struct army_result *result);

#endif
