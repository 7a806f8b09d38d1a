/* SPDX-License-Identifier: Apache-2.0 */
#include "stack.h"

#include <stdlib.h>

#include "base/plat_mem.h"

#include "fiber.h"

#define BLOCK_STACKS 64u
#define COLOURS 24u /* of 64 bytes: the first page still holds an ordinary process */

struct kri_stack_block {
        struct kri_stack_block *next;
        char *memory;
        uint32_t used; /* stacks handed out so far */
        struct kri_stack stacks[BLOCK_STACKS];
};

void kri_stack_store_init(struct kri_stack_store *store, size_t stack_bytes)
{
        *store = (struct kri_stack_store){ .lock = KRI_MUTEX_INIT,
                                           .stack_bytes = stack_bytes + KRI_STACK_SPARE };
}

void kri_stack_store_fini(struct kri_stack_store *store)
{
        while (store->blocks != NULL) {
                struct kri_stack_block *block = store->blocks;

                for (uint32_t i = 0; i < block->used; i++)
                        kri_fiber_fini(&block->stacks[i]);
                store->blocks = block->next;
                kri_mem_release(block->memory, BLOCK_STACKS * store->stack_bytes);
                free(block);
        }
}

/* locked */
static bool new_block(struct kri_stack_store *store)
{
        struct kri_stack_block *block = calloc(1, sizeof(*block));

        if (block == NULL)
                return false;
        block->memory = kri_mem_reserve(BLOCK_STACKS * store->stack_bytes, KRI_PAGE);
        if (block->memory == NULL) {
                free(block);
                return false;
        }
        kri_mem_huge(block->memory, BLOCK_STACKS * store->stack_bytes, false);
        block->next = store->blocks;
        store->blocks = block;
        return true;
}

/* locked */
static struct kri_stack *cut_stack(struct kri_stack_store *store)
{
        struct kri_stack_block *block = store->blocks;
        uint64_t number = atomic_load_explicit(&store->count, memory_order_relaxed);
        struct kri_stack *stack;

        if (block == NULL || block->used == BLOCK_STACKS) {
                if (!new_block(store))
                        return NULL;
                block = store->blocks;
        }
        stack = &block->stacks[block->used];
        stack->low = block->memory + block->used * store->stack_bytes;
        stack->size = store->stack_bytes;
        stack->top = stack->low + stack->size - number % COLOURS * 64;
        if (!kri_mem_guard(stack->low, KRI_STACK_GUARD + KRI_STACK_SPARE))
                return NULL;
        block->used++;
        /* relaxed: a figure for people; the lock orders the rest */
        atomic_store_explicit(&store->count, number + 1, memory_order_relaxed);
        kri_fiber_init(stack);
        return stack;
}

struct kri_stack *kri_stack_get(struct kri_stack_store *store,
                                struct kri_stack_cache *cache)
{
        struct kri_stack *stack = cache->free;

        if (stack != NULL) {
                cache->free = stack->next;
                cache->count--;
                return stack;
        }
        kri_lock(&store->lock);
        stack = store->free;
        if (stack != NULL)
                store->free = stack->next;
        else
                stack = cut_stack(store);
        kri_unlock(&store->lock);
        return stack;
}

bool kri_stack_store_prepare(struct kri_stack_store *store)
{
        kri_lock(&store->lock);
        store->last = cut_stack(store);
        kri_unlock(&store->lock);
        if (store->last != NULL)
                store->last->last = true;
        return store->last != NULL;
}

struct kri_stack *kri_stack_get_last(struct kri_stack_store *store)
{
        struct kri_stack *stack;

        kri_lock(&store->lock);
        stack = store->last;
        store->last = NULL;
        kri_unlock(&store->lock);
        return stack;
}

static void put_last(struct kri_stack_store *store, struct kri_stack *stack)
{
        kri_lock(&store->lock);
        store->last = stack;
        kri_unlock(&store->lock);
}

static void put_in_store(struct kri_stack_store *store, struct kri_stack *stack)
{
        kri_lock(&store->lock);
        stack->next = store->free;
        store->free = stack;
        kri_unlock(&store->lock);
}

void kri_stack_put(struct kri_stack_store *store, struct kri_stack_cache *cache,
                   struct kri_stack *stack)
{
        kri_fiber_retire(stack);
        if (__builtin_expect(stack->deep, 0)) {
                stack->deep = false;
                kri_stack_close(stack);
                kri_stack_shrink(stack);
        }
        if (__builtin_expect(stack->last, 0)) {
                put_last(store, stack);
                return;
        }
        if (cache->count >= KRI_STACK_CACHE) {
                put_in_store(store, stack);
                return;
        }
        stack->next = cache->free;
        cache->free = stack;
        cache->count++;
}

bool kri_stack_open(struct kri_stack *stack)
{
        if (!kri_mem_unguard(stack->low + KRI_STACK_GUARD, KRI_STACK_SPARE))
                return false;
        stack->open = true;
        return true;
}

void kri_stack_close(struct kri_stack *stack)
{
        stack->spent = false;
        stack->came_back = 0;
        if (!stack->open)
                return;
        /* refused (no memory for it): then the next overflow finds the guard page only */
        stack->open = !kri_mem_guard(stack->low + KRI_STACK_GUARD, KRI_STACK_SPARE);
}

void kri_stack_cache_empty(struct kri_stack_store *store, struct kri_stack_cache *cache)
{
        while (cache->free != NULL) {
                struct kri_stack *stack = cache->free;

                cache->free = stack->next;
                put_in_store(store, stack);
        }
        cache->count = 0;
}

void kri_stack_shrink(struct kri_stack *stack)
{
        kri_mem_forget(stack->low + KRI_PAGE, stack->size - 2 * KRI_PAGE);
}

void kri_stack_store_trim(struct kri_stack_store *store)
{
        kri_lock(&store->lock);
        for (struct kri_stack *stack = store->free; stack != NULL; stack = stack->next)
                kri_mem_forget(stack->low + KRI_PAGE, stack->size - KRI_PAGE);
        kri_unlock(&store->lock);
}
