/* SPDX-License-Identifier: Apache-2.0 */
#include "table_set.h"

#include <string.h>

#define LINE 8u /* numbers in a cache line, and places in the smallest set */

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

static bool resize(struct kri_set *set, uint32_t places, struct kri_allocator *memory)
{
        struct kri_set old = *set;
        size_t bytes = (size_t)places * sizeof(*old.keys);
        uint64_t *keys = memory->alloc(memory->context, bytes);

        if (keys == NULL)
                return false;
        memset(keys, 0, bytes);
        *set = (struct kri_set){ .keys = keys, .mask = places - 1, .count = old.count };
        if (old.keys == NULL)
                return true;
        for (uint32_t i = 0; i <= old.mask; i++)
                if (old.keys[i] != 0)
                        keys[find(set, old.keys[i])] = old.keys[i];
        memory->free(memory->context, old.keys,
                     ((size_t)old.mask + 1) * sizeof(*old.keys));
        return true;
}

/* At most five eighths are in use: lines fill and overflow whole. */
static bool has_room(const struct kri_set *set)
{
        return set->keys != NULL && set->count < (set->mask + 1) / 8 * 5;
}

bool kri_set_add(struct kri_set *set, uint64_t key, struct kri_allocator *memory)
{
        uint32_t i;

        if (kri_set_has(set, key))
                return true;
        if (!has_room(set) &&
            !resize(set, set->keys == NULL ? LINE : (set->mask + 1) * 2, memory))
                return false;
        i = find(set, key);
        set->keys[i] = key;
        set->count++;
        return true;
}

/* Close the gap at i: numbers behind it that would rather stand there move up. */
static void close_gap(struct kri_set *set, uint32_t i)
{
        uint32_t j = i;

        for (;;) {
                uint32_t want;

                set->keys[i] = 0;
                do {
                        j = (j + 1) & set->mask;
                        if (set->keys[j] == 0)
                                return;
                        want = home(set, set->keys[j]);
                } while (((j - want) & set->mask) < ((j - i) & set->mask));
                set->keys[i] = set->keys[j];
                i = j;
        }
}

bool kri_set_remove(struct kri_set *set, uint64_t key, struct kri_allocator *memory)
{
        uint32_t i;

        if (set->count == 0 || set->keys[i = find(set, key)] != key)
                return false;
        close_gap(set, i);
        if (--set->count == 0)
                kri_set_fini(set, memory);
        else if (set->mask >= LINE * 4 && set->count < (set->mask + 1) / 8)
                (void)resize(set, (set->mask + 1) / 4, memory); /* else it stays large */
        return true;
}

void kri_set_fini(struct kri_set *set, struct kri_allocator *memory)
{
        if (set->keys != NULL)
                memory->free(memory->context, set->keys,
                             ((size_t)set->mask + 1) * sizeof(*set->keys));
        *set = (struct kri_set){ NULL, 0, 0 };
}

uint64_t kri_set_next(const struct kri_set *set, uint32_t *at)
{
        while (set->keys != NULL && *at <= set->mask) {
                uint64_t key = set->keys[(*at)++];

                if (key != 0)
                        return key;
        }
        return 0;
}
