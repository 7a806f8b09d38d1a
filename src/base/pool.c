/* SPDX-License-Identifier: Apache-2.0 */
#include "pool.h"

#include <stdlib.h>

#define CHUNK_BYTES (256u * 1024)

const uint16_t kri_pool_sizes[KRI_POOL_CLASSES] = {
        64, 96, 128, 192, 256, 512, 1024, 2048
};

struct kri_chunk {
        struct kri_chunk *next;
        char pad[64 - sizeof(void *)]; /* blocks start on a cache line */
};

static void *malloc_alloc(void *context, size_t size)
{
        (void)context;
        return malloc(size);
}

static void malloc_free(void *context, void *block, size_t size)
{
        (void)context;
        (void)size;
        free(block);
}

void kri_depot_init(struct kri_depot *depot, struct kri_allocator memory)
{
        *depot = (struct kri_depot){ .lock = KRI_MUTEX_INIT, .memory = memory };
        if (memory.alloc == NULL)
                depot->memory = (struct kri_allocator){ malloc_alloc, malloc_free, NULL };
}

void kri_depot_fini(struct kri_depot *depot)
{
        struct kri_chunk *chunk = depot->chunks;

        while (chunk != NULL) {
                struct kri_chunk *next = chunk->next;

                depot->memory.free(depot->memory.context, chunk, CHUNK_BYTES);
                chunk = next;
        }
        depot->chunks = NULL;
}

void kri_pool_init(struct kri_pool *pool, struct kri_depot *depot)
{
        *pool = (struct kri_pool){ .depot = depot };
}

/* depot locked */
static bool new_chunk(struct kri_depot *depot, struct kri_depot_class *c)
{
        struct kri_chunk *chunk = depot->memory.alloc(depot->memory.context, CHUNK_BYTES);

        if (chunk == NULL)
                return false;
        chunk->next = depot->chunks;
        depot->chunks = chunk;
        c->carve = (char *)(chunk + 1);
        c->carve_end = (char *)chunk + CHUNK_BYTES;
        return true;
}

/* depot locked: a list cut from fresh memory */
static struct kri_pool_list carve(struct kri_depot *depot, unsigned size_class)
{
        struct kri_depot_class *c = &depot->classes[size_class];
        struct kri_pool_list list = { NULL, 0 };
        size_t size = kri_pool_sizes[size_class];

        if ((size_t)(c->carve_end - c->carve) < size && !new_chunk(depot, c))
                return list;
        while (list.count + 1u < kri_pool_list_len[size_class] &&
               (size_t)(c->carve_end - c->carve) >= size) {
                struct kri_block *block = (struct kri_block *)c->carve;

                block->next = list.first;
                list.first = block;
                list.count++;
                c->carve += size;
        }
        c->carved += list.count;
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
                list.count = (uint32_t)list.first->list_len;
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
        list->first->list_len = list->count;
        list->first->next_list = c->lists;
        c->lists = list->first;
        kri_unlock(&depot->lock);
        *list = (struct kri_pool_list){ NULL, 0 };
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
                        pool->spare[size_class] = (struct kri_pool_list){ NULL, 0 };
                } else {
                        *hot = take_list(pool->depot, size_class);
                }
        }
        block = hot->first;
        if (block != NULL) {
                hot->first = block->next;
                hot->count--;
        }
        return block;
}

void kri_pool_spill(struct kri_pool *pool, unsigned size_class)
{
        give_list(pool->depot, size_class, &pool->spare[size_class]);
        pool->spare[size_class] = pool->hot[size_class];
        pool->hot[size_class] = (struct kri_pool_list){ NULL, 0 };
}

void kri_pool_fini(struct kri_pool *pool)
{
        for (unsigned size_class = 0; size_class < KRI_POOL_CLASSES; size_class++) {
                give_list(pool->depot, size_class, &pool->spare[size_class]);
                give_list(pool->depot, size_class, &pool->hot[size_class]);
        }
}
