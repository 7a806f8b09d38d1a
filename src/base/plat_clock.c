/* SPDX-License-Identifier: Apache-2.0 */
#include "plat_clock.h"

#include <sys/random.h>
#include <time.h>

/* Two of the slowest ticks that Linux is built with (100 a second). */
#define TICKS_NS 20000000

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

/* The coarse clock stands still between two ticks of the kernel, of which one may be late. */
int64_t kri_clock_soon_ns(void)
{
        return read_clock(CLOCK_MONOTONIC_COARSE) + TICKS_NS;
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
