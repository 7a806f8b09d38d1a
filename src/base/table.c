/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include <string.h>

#include "rand.h"

#define SMALLEST 4u

static uint32_t home(const struct kri_table *table, uint64_t key)
{
        return (uint32_t)kri_mix64(key) & table->mask;
}

struct kri_entry3 *kri_table_find(const struct kri_table *table, uint64_t key)
{
        uint32_t i;

        if (table->count == 0)
                return NULL;
        for (i = home(table, key); table->entries[i].key != 0; i = (i + 1) & table->mask)
                if (table->entries[i].key == key)
                        return &table->entries[i];
        return NULL;
}

static struct kri_entry3 *place(struct kri_table *table, uint64_t key)
{
        uint32_t i = home(table, key);

        while (table->entries[i].key != 0)
                i = (i + 1) & table->mask;
        table->entries[i] = (struct kri_entry3){ .key = key };
        table->count++;
        return &table->entries[i];
}

static bool resize(struct kri_table *table, uint32_t size, struct kri_allocator *memory)
{
        struct kri_table old = *table;
        size_t bytes = (size_t)size * sizeof(*old.entries);
        struct kri_entry3 *entries = memory->alloc(memory->context, bytes);

        if (entries == NULL)
                return false;
        memset(entries, 0, bytes);
        *table = (struct kri_table){ .entries = entries, .mask = size - 1 };
        if (old.entries == NULL)
                return true;
        for (uint32_t i = 0; i <= old.mask; i++)
                if (old.entries[i].key != 0)
                        *place(table, old.entries[i].key) = old.entries[i];
        memory->free(memory->context, old.entries,
                     ((size_t)old.mask + 1) * sizeof(*old.entries));
        return true;
}

struct kri_entry3 *kri_table_insert(struct kri_table *table, uint64_t key,
                                    struct kri_allocator *memory)
{
        struct kri_entry3 *entry = kri_table_find(table, key);

        if (entry != NULL)
                return entry;
        if (table->entries == NULL) {
                if (!resize(table, SMALLEST, memory))
                        return NULL;
        } else if (table->count * 4 >= (table->mask + 1) * 3) {
                if (!resize(table, (table->mask + 1) * 2, memory))
                        return NULL;
        }
        return place(table, key);
}

/* Close the gap at i: entries behind it that would rather stand there move up. */
static void close_gap(struct kri_table *table, uint32_t i)
{
        uint32_t j = i;

        for (;;) {
                uint32_t want;

                table->entries[i].key = 0;
                do {
                        j = (j + 1) & table->mask;
                        if (table->entries[j].key == 0)
                                return;
                        want = home(table, table->entries[j].key);
                } while (((j - want) & table->mask) < ((j - i) & table->mask));
                table->entries[i] = table->entries[j];
                i = j;
        }
}

bool kri_table_remove(struct kri_table *table, uint64_t key, struct kri_entry3 *ret_entry,
                      struct kri_allocator *memory)
{
        struct kri_entry3 *entry = kri_table_find(table, key);

        if (entry == NULL)
                return false;
        if (ret_entry != NULL)
                *ret_entry = *entry;
        close_gap(table, (uint32_t)(entry - table->entries));
        if (--table->count == 0)
                kri_table_fini(table, memory);
        else if (table->mask + 1 > SMALLEST * 4 && table->count < (table->mask + 1) / 8)
                (void)resize(table, (table->mask + 1) / 4,
                             memory); /* else it stays large */
        return true;
}

void kri_table_fini(struct kri_table *table, struct kri_allocator *memory)
{
        if (table->entries != NULL)
                memory->free(memory->context, table->entries,
                             ((size_t)table->mask + 1) * sizeof(*table->entries));
        *table = (struct kri_table){ NULL, 0, 0 };
}

struct kri_entry3 *kri_table_next(const struct kri_table *table, uint32_t *at)
{
        while (table->entries != NULL && *at <= table->mask) {
                struct kri_entry3 *entry = &table->entries[(*at)++];

                if (entry->key != 0)
                        return entry;
        }
        return NULL;
}
