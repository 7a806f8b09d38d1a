/* SPDX-License-Identifier: Apache-2.0 */
/* table_set.h: a set of numbers, eight bytes each; for one owner.
 *
 * Model    As table.h, without values, and made for pids: only the KRI_SET_BITS bits from
 *          KRI_SET_SHIFT on decide where a number stands (all of it decides whether it is
 *          the same). Eight numbers that differ in the lowest three of these share a cache
 *          line, and eights that follow each other are spread evenly: who adds a million
 *          children one after another touches a line for eight of them. The place of a
 *          number that was removed is free at once if nobody looks for one beyond it, else it
 *          is spent until the set is laid out anew.
 */
#ifndef KR_BASE_TABLE_SET_H
#define KR_BASE_TABLE_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "pool.h"

#define KRI_SET_SHIFT 9u
#define KRI_SET_BITS 27u

struct kri_set {
        uint64_t *keys; /* 0: free; 1: spent; NULL: there are no places */
        uint32_t mask;  /* number of places - 1 */
        uint32_t count;
        uint32_t used; /* count, and spent places */
};

bool kri_set_has(const struct kri_set *set, uint64_t key);

/* Keys are above 1. False: no memory. */
bool kri_set_add(struct kri_set *set, uint64_t key, struct kri_allocator *memory);

/* False: it is not there. */
bool kri_set_remove(struct kri_set *set, uint64_t key, struct kri_allocator *memory);

void kri_set_fini(struct kri_set *set, struct kri_allocator *memory);

/* for (uint32_t at = 0; (key = kri_set_next(set, &at)) != 0; ) */
uint64_t kri_set_next(const struct kri_set *set, uint32_t *at);

#endif
