/* SPDX-License-Identifier: Apache-2.0 */
#include "plat_clock.h"

#include <sys/random.h>
#include <time.h>

static int64_t read_clock(clockid_t id)
{
        struct timespec ts;

        clock_gettime(id, &ts);
        return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t kri_clock_monotonic_ns(void)
{
        return read_clock(CLOCK_MONOTONIC);
}

int64_t kri_clock_wall_ns(void)
{
        return read_clock(CLOCK_REALTIME);
}

uint64_t kri_clock_entropy(void)
{
        uint64_t bits;

        if (getrandom(&bits, sizeof(bits), GRND_NONBLOCK) != (ssize_t)sizeof(bits))
                bits = (uint64_t)kri_clock_wall_ns() ^ (uint64_t)kri_clock_monotonic_ns()
                                                               << 20;
        return bits;
}
