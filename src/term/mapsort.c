/* SPDX-License-Identifier: Apache-2.0 */
#include "mapsort.h"

#include "term.h"

#include <string.h>

/* Pairs are sorted in hand, outside the box, by merging runs: stable, so that of several
 * pairs with one key the last stays last. */
struct pair {
        kri_word key, value;
};

#define PAIRS_ON_STACK 16

static void merge(struct pair *to, const struct pair *a, uint64_t a_count,
                  const struct pair *b, uint64_t b_count)
{
        while (a_count > 0 && b_count > 0) {
                if (kri_term_compare(a->key, b->key, true) <= 0)
                        *to++ = *a++, a_count--;
                else
                        *to++ = *b++, b_count--;
        }
        memcpy(to, a, a_count * sizeof(*a));
        memcpy(to + a_count, b, b_count * sizeof(*b));
}

/* Returns where the sorted pairs are: `pairs` or `other`. */
static struct pair *sort(struct pair *pairs, struct pair *other, uint64_t count)
{
        for (uint64_t run = 1; run < count; run *= 2) {
                struct pair *swap = pairs;

                for (uint64_t i = 0; i < count; i += 2 * run) {
                        uint64_t a = count - i < run ? count - i : run;
                        uint64_t b = count - i - a < run ? count - i - a : run;

                        merge(other + i, pairs + i, a, pairs + i + a, b);
                }
                pairs = other;
                other = swap;
        }
        return pairs;
}

/* Of equal keys the last pair stays. Returns the number of pairs left. */
static uint64_t drop_duplicates(struct pair *pairs, uint64_t count)
{
        uint64_t kept = 0;

        for (uint64_t i = 0; i < count; i++) {
                if (kept > 0 && kri_term_same(pairs[kept - 1].key, pairs[i].key))
                        kept--;
                pairs[kept++] = pairs[i];
        }
        return kept;
}

static bool is_sorted(const kri_word *box, uint64_t count)
{
        for (uint64_t i = 1; i < count; i++) {
                if (kri_term_compare(kri_load(box + 2 * i - 1), kri_load(box + 2 * i + 1),
                                     true) >= 0)
                        return false;
        }
        return true;
}

kr_err kri_map_sort(kri_word *box, bool unique)
{
        struct pair few[2 * PAIRS_ON_STACK];
        struct pair *pairs = few, *sorted;
        uint64_t count = kri_box_words(*box) / 2, kept = count;
        kr_err err = KR_OK;

        if (count > PAIRS_ON_STACK) {
                pairs = kri_term_host.alloc(2 * count * sizeof(*pairs));
                if (!pairs)
                        return KR_ENOMEM;
        }
        for (uint64_t i = 0; i < count; i++)
                pairs[i] = (struct pair){ kri_load(box + 2 * i + 1),
                                          kri_load(box + 2 * i + 2) };
        sorted = pairs;
        if (!is_sorted(box, count)) {
                sorted = sort(pairs, pairs + count, count);
                kept = drop_duplicates(sorted, count);
        }
        if (unique && kept != count) {
                err = KR_EMALFORMED;
        } else {
                box[0] = kri_header(KRI_MAP, 0, 2 * kept);
                for (uint64_t i = 0; i < kept; i++) {
                        kri_store(box + 1 + i, sorted[i].key);
                        kri_store(box + 1 + kept + i, sorted[i].value);
                }
        }
        if (pairs != few)
                kri_term_host.free(pairs);
        return err;
}
