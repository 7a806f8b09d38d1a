/* SPDX-License-Identifier: Apache-2.0 */
#include "pool.h"

#include <stdlib.h>

#define CHUNK_BYTES KRI_PIECE

const uint16_t kri_pool_sizes[KRI_POOL_CLASSES] = { 64,  96,   128,  192, 256,
                                                    512, 1024, 2048, 80 };

struct kri_chunk {
        struct kri_chunk *next;
        struct kri_region *region; /* of the arena; NULL: from the depot's allocator */
        uint32_t cut;              /* blocks cut from it */
        uint32_t free;             /* of these in the depot, when last trimmed */
        char pad[64 - 2 * sizeof(void *) - 8];
};

_Static_assert(sizeof(struct kri_chunk) == 64, "blocks start on a cache line");

void kri_depot_init(struct kri_depot *depot, struct kri_allocator memory)
{
        *depot = (struct kri_depot){ .lock = KRI_MUTEX_INIT, .memory = memory };
        depot->has_arena = memory.alloc == NULL;
        if (depot->has_arena)
                depot->memory =
                        (struct kri_allocator){ kri_heap_alloc, kri_heap_free, NULL };
}

/* depot locked; cut and free are 0 */
static struct kri_chunk *take_chunk(struct kri_depot *depot)
{
        struct kri_region *region = NULL;
        struct kri_chunk *chunk =
                depot->has_arena
                        ? kri_arena_take(&depot->arena, &region)
                        : depot->memory.alloc(depot->memory.context, CHUNK_BYTES);

        if (chunk != NULL)
                *chunk = (struct kri_chunk){ .region = region };
        return chunk;
}

static void give_chunk(struct kri_depot *depot, struct kri_chunk *chunk)
{
        if (chunk->region != NULL)
                kri_arena_give(&depot->arena, chunk->region, chunk);
        else
                depot->memory.free(depot->memory.context, chunk, CHUNK_BYTES);
}

void kri_depot_fini(struct kri_depot *depot)
{
        struct kri_chunk *chunk = depot->chunks;

        while (chunk != NULL) {
                struct kri_chunk *next = chunk->next;

                give_chunk(depot, chunk);
                chunk = next;
        }
        depot->chunks = NULL;
        kri_arena_trim(&depot->arena);
}

static struct kri_pool_list no_blocks(unsigned size_class)
{
        return (struct kri_pool_list){ NULL, kri_pool_list_len[size_class] };
}

void kri_pool_init(struct kri_pool *pool, struct kri_depot *depot)
{
        *pool = (struct kri_pool){ .depot = depot };
        for (unsigned size_class = 0; size_class < KRI_POOL_CLASSES; size_class++)
                pool->hot[size_class] = pool->spare[size_class] = no_blocks(size_class);
}

/* depot locked */
static bool new_chunk(struct kri_depot *depot, struct kri_depot_class *c)
{
        struct kri_chunk *chunk = take_chunk(depot);

        if (chunk == NULL)
                return false;
        chunk->next = depot->chunks;
        depot->chunks = chunk;
        c->chunk = chunk;
        c->carve = (char *)(chunk + 1);
        c->carve_end = (char *)chunk + CHUNK_BYTES;
        return true;
}

/* depot locked: a list cut from fresh memory */
static struct kri_pool_list carve(struct kri_depot *depot, unsigned size_class)
{
        struct kri_depot_class *c = &depot->classes[size_class];
        struct kri_pool_list list = no_blocks(size_class);
        size_t size = kri_pool_sizes[size_class];

        if ((size_t)(c->carve_end - c->carve) < size && !new_chunk(depot, c))
                return list;
        while (list.room > 1 && (size_t)(c->carve_end - c->carve) >= size) {
                struct kri_block *block = (struct kri_block *)c->carve;

                block->next = list.first;
                list.first = block;
                list.room--;
                c->carve += size;
        }
        c->chunk->cut += kri_pool_list_count(&list, size_class);
        c->carved += kri_pool_list_count(&list, size_class);
        return list;
}

static struct kri_pool_list take_list(struct kri_depot *depot, unsigned size_class)
{
        struct kri_depot_class *c = &depot->classes[size_class];
        struct kri_pool_list list;

        kri_lock(&depot->lock);
        list.first = c->lists;
        if (list.first != NULL) {
                c->lists = list.first->next_list;
                list.room = (uint32_t)list.first->list_room;
        } else {
                list = carve(depot, size_class);
        }
        kri_unlock(&depot->lock);
        return list;
}

/* Empties *list. */
static void give_list(struct kri_depot *depot, unsigned size_class,
                      struct kri_pool_list *list)
{
        struct kri_depot_class *c = &depot->classes[size_class];

        if (list->first == NULL)
                return;
        kri_lock(&depot->lock);
        list->first->list_room = list->room;
        list->first->next_list = c->lists;
        c->lists = list->first;
        kri_unlock(&depot->lock);
        *list = no_blocks(size_class);
}

/* -- trimming; the depot is locked -- */

/* All chunks in order of address. */
struct chunks {
        struct kri_chunk **at;
        size_t count;
};

static int by_address(const void *a, const void *b)
{
        uintptr_t x = (uintptr_t) * (struct kri_chunk *const *)a;
        uintptr_t y = (uintptr_t) * (struct kri_chunk *const *)b;

        return (x > y) - (x < y);
}

static bool list_chunks(struct kri_depot *depot, struct chunks *chunks)
{
        struct kri_chunk *chunk;
        size_t i = 0;

        chunks->count = 0;
        for (chunk = depot->chunks; chunk != NULL; chunk = chunk->next)
                chunks->count++;
        if (chunks->count == 0)
                return false;
        chunks->at = depot->memory.alloc(depot->memory.context,
                                         chunks->count * sizeof(struct kri_chunk *));
        if (chunks->at == NULL)
                return false;
        for (chunk = depot->chunks; chunk != NULL; chunk = chunk->next) {
                chunk->free = 0;
                chunks->at[i++] = chunk;
        }
        qsort(chunks->at, chunks->count, sizeof(struct kri_chunk *), by_address);
        return true;
}

/* The one that a block was cut from: the last that begins before it. */
static struct kri_chunk *chunk_of(const struct chunks *chunks,
                                  const struct kri_block *block)
{
        size_t low = 0, high = chunks->count;

        while (high - low > 1) {
                size_t middle = low + (high - low) / 2;

                if ((uintptr_t)chunks->at[middle] < (uintptr_t)block)
                        low = middle;
                else
                        high = middle;
        }
        return chunks->at[low];
}

static void count_free(const struct kri_depot_class *c, const struct chunks *chunks)
{
        for (struct kri_block *list = c->lists; list != NULL; list = list->next_list)
                for (struct kri_block *block = list; block != NULL; block = block->next)
                        chunk_of(chunks, block)->free++;
}

static bool is_unused(const struct kri_chunk *chunk)
{
        return chunk->free == chunk->cut;
}

static void add_list(struct kri_depot_class *c, unsigned size_class,
                     struct kri_pool_list *list)
{
        if (list->first == NULL)
                return;
        list->first->list_room = list->room;
        list->first->next_list = c->lists;
        c->lists = list->first;
        *list = no_blocks(size_class);
}

/* Take the blocks of unused chunks out of the lists. */
static void drop_blocks(struct kri_depot *depot, unsigned size_class,
                        const struct chunks *chunks)
{
        struct kri_depot_class *c = &depot->classes[size_class];
        struct kri_block *list = c->lists, *next_list, *block, *next;
        struct kri_pool_list kept = no_blocks(size_class);

        c->lists = NULL;
        for (; list != NULL; list = next_list) {
                next_list = list->next_list;
                for (block = list; block != NULL; block = next) {
                        next = block->next;
                        if (is_unused(chunk_of(chunks, block))) {
                                c->carved--;
                                continue;
                        }
                        block->next = kept.first;
                        kept.first = block;
                        if (--kept.room <= 1)
                                add_list(c, size_class, &kept);
                }
        }
        add_list(c, size_class, &kept);
        if (c->chunk != NULL && is_unused(c->chunk)) {
                c->chunk = NULL;
                c->carve = c->carve_end = NULL;
        }
}

static void free_unused(struct kri_depot *depot)
{
        struct kri_chunk **place = &depot->chunks;

        while (*place != NULL) {
                struct kri_chunk *chunk = *place;

                if (is_unused(chunk)) {
                        *place = chunk->next;
                        give_chunk(depot, chunk);
                } else {
                        place = &chunk->next;
                }
        }
}

void kri_depot_trim(struct kri_depot *depot)
{
        struct chunks chunks;

        kri_lock(&depot->lock);
        kri_arena_trim(&depot->arena);
        if (list_chunks(depot, &chunks)) {
                for (unsigned i = 0; i < KRI_POOL_CLASSES; i++)
                        count_free(&depot->classes[i], &chunks);
                for (unsigned i = 0; i < KRI_POOL_CLASSES; i++)
                        drop_blocks(depot, i, &chunks);
                free_unused(depot);
                depot->memory.free(depot->memory.context, chunks.at,
                                   chunks.count * sizeof(struct kri_chunk *));
        }
        kri_unlock(&depot->lock);
}

void *kri_pool_refill(struct kri_pool *pool, unsigned size_class)
{
        struct kri_pool_list *hot = &pool->hot[size_class];
        struct kri_block *block;

        if (pool->fail_in != 0 && --pool->fail_in == 0)
                return NULL;
        if (hot->first == NULL) {
                if (pool->spare[size_class].first != NULL) {
                        *hot = pool->spare[size_class];
                        pool->spare[size_class] = no_blocks(size_class);
                } else {
                        *hot = take_list(pool->depot, size_class);
                }
        }
        block = hot->first;
        if (block != NULL) {
                hot->first = block->next;
                hot->room++;
        }
        return block;
}

void kri_pool_spill(struct kri_pool *pool, unsigned size_class)
{
        give_list(pool->depot, size_class, &pool->spare[size_class]);
        pool->spare[size_class] = pool->hot[size_class];
        pool->hot[size_class] = no_blocks(size_class);
}

void kri_pool_fini(struct kri_pool *pool)
{
        for (unsigned size_class = 0; size_class < KRI_POOL_CLASSES; size_class++) {
                give_list(pool->depot, size_class, &pool->spare[size_class]);
                give_list(pool->depot, size_class, &pool->hot[size_class]);
        }
}
