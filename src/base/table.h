/* SPDX-License-Identifier: Apache-2.0 */
/* table.h: a small hash table from a number to two words; for one owner.
 *
 * Open addressing with linear probing, entries moved back on removal, so there are no
 * tombstones. Keys are not 0. Iteration order depends on keys and history alone, never on
 * addresses.
 */
#ifndef KR_BASE_TABLE_H
#define KR_BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pool.h"

struct kri_entry3 {
        uint64_t key; /* 0: free */
        uint64_t a, b;
};

struct kri_table {
        struct kri_entry3 *entries; /* NULL: empty */
        uint32_t mask;              /* number of entries - 1 */
        uint32_t count;
};

/* NULL: not there. Valid until the next insert or remove. */
struct kri_entry3 *kri_table_find(const struct kri_table *table, uint64_t key);

/* Find, or add with a = b = 0. NULL: no memory. */
struct kri_entry3 *kri_table_insert(struct kri_table *table, uint64_t key,
                                    struct kri_allocator *memory);

/* Find and take out; false: not there. ret_entry may be NULL. */
bool kri_table_remove(struct kri_table *table, uint64_t key, struct kri_entry3 *ret_entry,
                      struct kri_allocator *memory);

void kri_table_fini(struct kri_table *table, struct kri_allocator *memory);

/* for (uint32_t at = 0; (entry = kri_table_next(table, &at)) != NULL; ) */
struct kri_entry3 *kri_table_next(const struct kri_table *table, uint32_t *at);

#endif
