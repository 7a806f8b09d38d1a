/* SPDX-License-Identifier: Apache-2.0 */
/* service_frail_counter.c: version 1 of the service's counter, but that it faults in the middle of
 * writes: before they are made, or between them and the answer. */
#include "service_frail_counter.h"

#include "../../counters/service/kept.h"

#include <stdatomic.h>

_Atomic int64_t frail_period, frail_writes;

static void fault(void)
{
        *(volatile int *)NULL = 1;
}

static kr_err frail_write(struct kept *k, int64_t value, struct kept_request request,
                          int64_t result, const void *id, size_t id_len)
{
        int64_t period = frail_period, n = ++frail_writes;
        kr_err err;

        if (period != 0 && n % period == 0)
                fault();
        err = kept_write(k, value, request, result, id, id_len);
        if (period != 0 && n % period == period / 2)
                fault();
        return err;
}

#define kept_write frail_write
#include "../../counters/service/counter_1.c"
