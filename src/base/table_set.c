/* SPDX-License-Identifier: Apache-2.0 */
#include "table_set.h"

#include <string.h>

#define LINE 8u /* numbers in a cache line, and places in the smallest set */
#define SPENT 1u

/* The golden ratio spreads numbers that follow each other as far apart as can be (Knuth,
 * volume 3, 6.4): the upper bits of the product say which line. */
static uint32_t home(const struct kri_set *set, uint64_t key)
{
        uint64_t number = key >> KRI_SET_SHIFT & ((1u << KRI_SET_BITS) - 1);
        uint64_t spread = (number / LINE) * 0x9e3779b97f4a7c15u >> 32;

        return (uint32_t)(spread * ((uint64_t)set->mask + 1) >> 32 &
                          ~(uint64_t)(LINE - 1)) +
               (uint32_t)(number % LINE);
}

/* Where it is, or a free place that ends the search for it. */
static uint32_t find(const struct kri_set *set, uint64_t key)
{
        uint32_t i = home(set, key);

        while (set->keys[i] != key && set->keys[i] != 0)
                i = (i + 1) & set->mask;
        return i;
}

bool kri_set_has(const struct kri_set *set, uint64_t key)
{
        return set->count != 0 && set->keys[find(set, key)] == key;
}

/* The same numbers in so many places, without spent ones. */
static bool lay_out(struct kri_set *set, uint32_t places, struct kri_allocator *memory)
{
        struct kri_set old = *set;
        size_t bytes = (size_t)places * sizeof(*old.keys);
        uint64_t *keys = memory->alloc(memory->context, bytes);

        if (keys == NULL)
                return false;
        memset(keys, 0, bytes);
        *set = (struct kri_set){ keys, places - 1, old.count, old.count };
        if (old.keys == NULL)
                return true;
        for (uint32_t i = 0; i <= old.mask; i++)
                if (old.keys[i] > SPENT)
                        keys[find(set, old.keys[i])] = old.keys[i];
        memory->free(memory->context, old.keys,
                     ((size_t)old.mask + 1) * sizeof(*old.keys));
        return true;
}

/* At most five eighths of the places are in use or spent, for lines fill and overflow whole. */
static uint32_t most_of(const struct kri_set *set)
{
        return set->keys != NULL ? (set->mask + 1) / 8 * 5 : 0;
}

/* If half of these is spent, as many places will do. */
static bool make_room(struct kri_set *set, struct kri_allocator *memory)
{
        if (set->keys == NULL)
                return lay_out(set, LINE, memory);
        return lay_out(set, (set->mask + 1) * (set->count > most_of(set) / 2 ? 2 : 1),
                       memory);
}

bool kri_set_add(struct kri_set *set, uint64_t key, struct kri_allocator *memory)
{
        uint32_t i = set->keys != NULL ? find(set, key) : 0;

        if (set->keys != NULL && set->keys[i] == key)
                return true;
        if (set->used >= most_of(set)) {
                if (!make_room(set, memory))
                        return false;
                i = find(set, key);
        }
        set->keys[i] = key;
        set->count++;
        set->used++;
        return true;
}

/* Is nobody beyond i? Then it is free, and so are the spent places before it. */
static void vacate(struct kri_set *set, uint32_t i)
{
        set->keys[i] = SPENT;
        if (set->keys[(i + 1) & set->mask] != 0)
                return;
        for (; set->keys[i] == SPENT; i = (i - 1) & set->mask) {
                set->keys[i] = 0;
                set->used--;
        }
}

bool kri_set_remove(struct kri_set *set, uint64_t key, struct kri_allocator *memory)
{
        uint32_t i;

        if (set->count == 0 || set->keys[i = find(set, key)] != key)
                return false;
        vacate(set, i);
        if (--set->count == 0)
                kri_set_fini(set, memory);
        else if (set->mask >= LINE * 4 && set->count < (set->mask + 1) / 8)
                (void)lay_out(set, (set->mask + 1) / 4, memory); /* else it stays large */
        return true;
}

void kri_set_fini(struct kri_set *set, struct kri_allocator *memory)
{
        if (set->keys != NULL)
                memory->free(memory->context, set->keys,
                             ((size_t)set->mask + 1) * sizeof(*set->keys));
        *set = (struct kri_set){ NULL, 0, 0, 0 };
}

uint64_t kri_set_next(const struct kri_set *set, uint32_t *at)
{
        while (set->keys != NULL && *at <= set->mask) {
                uint64_t key = set->keys[(*at)++];

                if (key > SPENT)
                        return key;
        }
        return 0;
}
