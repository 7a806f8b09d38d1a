/* SPDX-License-Identifier: Apache-2.0 */
#include "tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void tally_sent(struct tally *t, int counter)
{
        t->counters[counter].sent++;
}

static void make_room(struct tally_counter *c, int64_t value)
{
        int64_t max = c->told_max > 0 ? c->told_max : 65536;
        uint8_t *told;

        while (max <= value)
                max *= 2;
        if (max == c->told_max)
                return;
        told = realloc(c->told, (size_t)max / 8);
        if (told == NULL) {
                fprintf(stderr, "check: no memory\n");
                exit(2);
        }
        memset(told + c->told_max / 8, 0, (size_t)(max - c->told_max) / 8);
        c->told = told;
        c->told_max = max;
}

/* False: another tick has been told this value. */
static bool note_told(struct tally_counter *c, int64_t value)
{
        uint8_t bit = (uint8_t)(1u << value % 8);

        make_room(c, value);
        if (c->told[value / 8] & bit)
                return false;
        c->told[value / 8] |= bit;
        return true;
}

void tally_acknowledged(struct tally *t, int counter, int64_t value, bool again,
                        int64_t took_ns)
{
        struct tally_counter *c = &t->counters[counter];

        c->acknowledged++;
        if (took_ns > t->pause_ns)
                t->pause_ns = took_ns;
        if (value < 1 || value > c->sent || (!again && !note_told(c, value)))
                t->wrong++;
}

void tally_asking(struct tally *t)
{
        for (int i = 0; i < t->count; i++)
                t->counters[i].asked_after = t->counters[i].acknowledged;
}

void tally_counted(struct tally *t, int counter, int64_t value)
{
        struct tally_counter *c = &t->counters[counter];

        c->counted = value;
        c->lost = value < c->asked_after ? c->asked_after - value : 0;
        c->twice = value > c->sent ? value - c->sent : 0;
}

struct tally_sums tally_sums(const struct tally *t)
{
        struct tally_sums sums = { 0, 0, 0, 0, 0 };

        for (int i = 0; i < t->count; i++) {
                sums.sent += t->counters[i].sent;
                sums.acknowledged += t->counters[i].acknowledged;
                sums.counted += t->counters[i].counted;
                sums.lost += t->counters[i].lost;
                sums.twice += t->counters[i].twice;
        }
        return sums;
}

bool tally_is_right(const struct tally *t)
{
        struct tally_sums sums = tally_sums(t);

        return sums.sent == sums.acknowledged && sums.sent == sums.counted &&
               sums.lost == 0 && sums.twice == 0 && t->wrong == 0;
}

void tally_free(struct tally *t)
{
        for (int i = 0; i < t->count; i++)
                free(t->counters[i].told);
}
