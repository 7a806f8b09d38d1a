/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor_intensity.c: how many restarts there were in the last period.
 *
 * Law      OTP's add_restart: those at `now - period` or later count, in whole seconds; with
 *          an intensity of I the (I + 1)th is one too many.
 */
#include "supervisor.h"

#include <string.h>

static void drop_before(struct kri_restarts *r, int64_t second)
{
        uint32_t gone = 0;

        while (gone < r->len && r->entries[gone].second < second)
                r->total -= r->entries[gone++].count;
        r->len -= gone;
        if (gone > 0 && r->len > 0)
                memmove(r->entries, r->entries + gone, r->len * sizeof(*r->entries));
}

static bool grow(struct kri_restarts *r)
{
        uint32_t cap = r->cap == 0 ? 4 : r->cap * 2;
        void *entries = kr_realloc(r->entries, cap * sizeof(*r->entries));

        if (entries == NULL)
                return false;
        r->entries = (struct kri_restart_second *)entries;
        r->cap = cap;
        return true;
}

bool kri_restarts_add(struct kri_restarts *r, int64_t now_s, int64_t intensity,
                      int64_t period_s)
{
        static struct kri_restart_second none;
        struct kri_restart_second *newest;

        drop_before(r, now_s - period_s);
        r->total++;
        newest = r->len > 0 ? &r->entries[r->len - 1] : &none;
        if (newest != &none && newest->second == now_s) {
                newest->count++;
        } else if (r->len < r->cap || grow(r)) {
                r->entries[r->len++] =
                        (struct kri_restart_second){ .second = now_s, .count = 1 };
        } else if (newest != &none) {
                newest->second = now_s; /* no memory: earlier ones count for longer */
                newest->count++;
        } else {
                r->total--; /* nor was there ever any: it cannot be remembered */
                return intensity > 0;
        }
        return r->total <= (uint64_t)intensity;
}

static int64_t now_s(void)
{
        return kr_monotonic_ns(NULL) / 1000000000;
}

bool kri_sup_may_restart(struct kri_sup *s)
{
        return kri_restarts_add(&s->restarts, now_s(), s->flags.intensity,
                                s->flags.period_s);
}
