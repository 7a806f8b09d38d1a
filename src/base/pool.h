/* SPDX-License-Identifier: Apache-2.0 */
/* pool.h: blocks of a few fixed sizes, born on one thread and freed on another.
 *
 * Model    A pool belongs to one thread at a time and takes no lock: per size class a hot
 *          list and a spare one, full or empty. Between pools, full lists change hands
 *          through the depot (a lock per list, not per block), so that a producer and a
 *          consumer on two threads feed each other.
 * Owns     The depot owns all memory, in chunks of 256 KiB (each for blocks of one size) that
 *          it gives back at its end, or when trimmed. They come from the allocator that
 *          it was given, or else from huge pages (pool_arena.h).
 */
#ifndef KR_BASE_POOL_H
#define KR_BASE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "plat_thread.h"
#include "pool_arena.h"

#define KRI_POOL_CLASSES 9  /* 64 96 128 192 256 512 1024 2048 bytes, and: */
#define KRI_POOL_80 8       /* 80 bytes, for who asks for it: 64 behind a small header */
#define KRI_POOL_LARGE 0xff /* larger than every class: from the allocator itself */
#define KRI_POOL_MAX 2048u

struct kri_block {
        struct kri_block *next;
        struct kri_block *next_list; /* in the depot, on the first block of a list ... */
        uint64_t list_room;          /* ... with that list's room */
};

struct kri_pool_list {
        struct kri_block *first;
        uint32_t room; /* for so many more; at least 1 between calls */
};

struct kri_chunk;

struct kri_depot_class {
        struct kri_block *lists; /* free blocks, list by list */
        struct kri_chunk *chunk; /* that is being cut up */
        char *carve, *carve_end; /* the rest of it */
        uint64_t carved;         /* blocks in existence, wherever they are */
};

struct kri_allocator {
        void *(*alloc)(void *context, size_t size);
        void (*free)(void *context, void *block, size_t size);
        void *context;
};

struct kri_depot {
        kri_mutex lock;
        struct kri_allocator memory;
        bool has_arena; /* chunks come from there, as nobody gave us an allocator */
        struct kri_arena arena;
        struct kri_chunk *chunks;
        struct kri_depot_class classes[KRI_POOL_CLASSES];
};

struct kri_pool {
        struct kri_depot *depot;
        struct kri_pool_list hot[KRI_POOL_CLASSES];
        struct kri_pool_list spare[KRI_POOL_CLASSES];
        uint32_t
                fail_in; /* tests: > 0 counts down, the allocation that reaches 0 fails */
};

void kri_depot_init(struct kri_depot *depot, struct kri_allocator memory);
void kri_depot_fini(struct kri_depot *depot);

/* Give back the chunks whose blocks are all free and in the depot. Other threads that need a
 * list meanwhile wait, for as long as it takes to look at each free block twice. */
void kri_depot_trim(struct kri_depot *depot);

void kri_pool_init(struct kri_pool *pool, struct kri_depot *depot);
void kri_pool_fini(struct kri_pool *pool); /* its free blocks go to the depot */

extern const uint16_t kri_pool_sizes[KRI_POOL_CLASSES];

static inline unsigned kri_pool_class(size_t size)
{
        static const uint8_t by_32[17] = { 0, 0, 0, 1, 2, 3, 3, 4, 4,
                                           5, 5, 5, 5, 5, 5, 5, 5 };

        if (size <= 512)
                return by_32[(size + 31) / 32];
        return size <= 1024 ? 6 : size <= 2048 ? 7 : KRI_POOL_LARGE;
}

void *kri_pool_refill(struct kri_pool *pool, unsigned size_class);
void kri_pool_spill(struct kri_pool *pool, unsigned size_class);
static const uint8_t kri_pool_list_len[KRI_POOL_CLASSES] = { 128, 128, 64, 64, 32,
                                                             16,  8,   4,  128 };

static inline uint32_t kri_pool_list_count(const struct kri_pool_list *list,
                                           unsigned size_class)
{
        return kri_pool_list_len[size_class] - list->room;
}

/* NULL: no memory. */
static inline void *kri_pool_alloc(struct kri_pool *pool, unsigned size_class)
{
        struct kri_pool_list *hot = &pool->hot[size_class];
        struct kri_block *block = hot->first;

        if (__builtin_expect(block == NULL || pool->fail_in != 0, 0))
                return kri_pool_refill(pool, size_class);
        hot->first = block->next;
        hot->room++;
        return block;
}

/* Builds with checks: whoever looks at a block that is free sees nothing that makes sense. */
static inline void kri_pool_poison(void *place, unsigned size_class)
{
#ifdef KRI_DEBUG
        memset(place, 0xdb, kri_pool_sizes[size_class]);
#endif
        (void)place;
        (void)size_class;
}

static inline void kri_pool_free(struct kri_pool *pool, void *place, unsigned size_class)
{
        struct kri_pool_list *hot = &pool->hot[size_class];
        struct kri_block *block = (struct kri_block *)place;

        kri_pool_poison(place, size_class);
        block->next = hot->first;
        hot->first = block;
        if (__builtin_expect(--hot->room == 0, 0))
                kri_pool_spill(pool, size_class);
}

#endif
