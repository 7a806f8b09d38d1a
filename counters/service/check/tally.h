/* SPDX-License-Identifier: Apache-2.0 */
/* tally.h: what was sent, what was acknowledged, what the counters say, and whether it fits.
 *
 * Law      Each tick adds one. So a counter never says less than was acknowledged before it was
 *          asked, never more than was sent, and no two ticks that were sent once are told the
 *          same value: if one was lost, the next would be told its value again.
 */
#ifndef CHECK_TALLY_H
#define CHECK_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#define TALLY_COUNTERS_MAX 64

struct tally_counter {
        int64_t sent; /* ticks, each counted once however often it was sent */
        int64_t acknowledged;
        int64_t counted;     /* as it said when it was asked last */
        int64_t lost;        /* acknowledged before it was asked then, and not counted */
        int64_t twice;       /* counted then, and never sent */
        int64_t asked_after; /* acknowledged when it was asked */
        uint8_t *told;       /* a bit for each value that a tick was told */
        int64_t told_max;
};

struct tally {
        int count;
        struct tally_counter counters[TALLY_COUNTERS_MAX];
        int64_t wrong;    /* replies that cannot be */
        int64_t errors;   /* error replies, after which the tick was sent again */
        int64_t broken;   /* connections that broke */
        int64_t again;    /* ticks that were sent again */
        int64_t pause_ns; /* the longest time from sending a tick to its acknowledgement */
};

struct tally_sums {
        int64_t sent, acknowledged, counted, lost, twice;
};

void tally_sent(struct tally *t, int counter);

/* A tick was acknowledged with this value; `again`: it had been sent more than once. */
void tally_acknowledged(struct tally *t, int counter, int64_t value, bool again,
                        int64_t took_ns);

/* All counters are about to be asked; and what one says. */
void tally_asking(struct tally *t);
void tally_counted(struct tally *t, int counter, int64_t value);

struct tally_sums tally_sums(const struct tally *t);

/* At the end: all that was sent is acknowledged and counted once, and nothing was wrong. */
bool tally_is_right(const struct tally *t);

void tally_free(struct tally *t);

#endif
