/* SPDX-License-Identifier: Apache-2.0 */
/* stack.h: stacks for processes: guarded, reused hot, given back when trimmed.
 *
 * Model    Stacks are cut from large reservations, 64 at a time; each has a guard page at
 *          its low end. A scheduler keeps a few free ones; the rest wait in the node's store.
 * Owns     The store owns all memory until its end.
 * Law      The descriptor lies outside the stack, so a free stack can lose all its pages.
 *          The tops of different stacks differ in their low bits (colour), or the caches
 *          would hold only a handful of them.
 */
#ifndef KR_CORE_STACK_H
#define KR_CORE_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/plat_thread.h"

#include "forward.h"

struct kri_stack {
        struct kri_stack *next; /* free list, or a process's further stacks */
        char *low;              /* lowest address, the guard page */
        char *top;              /* where execution starts; 16-aligned */
        size_t size;            /* whole, guard included */
        void *fiber;            /* ThreadSanitizer's view of it */
        unsigned valgrind_id;
        bool deep;              /* overflowed: all its pages were touched */
};

#define KRI_STACK_CACHE 32u

struct kri_stack_cache { /* of one scheduler; no lock */
        struct kri_stack *free;
        uint32_t count;
};

struct kri_stack_block;

struct kri_stack_store {
        kri_mutex lock;
        size_t stack_bytes;
        struct kri_stack_block *blocks;
        struct kri_stack *free;
        _Atomic uint64_t count; /* in existence */
};

void kri_stack_store_init(struct kri_stack_store *store, size_t stack_bytes);
void kri_stack_store_fini(struct kri_stack_store *store);
void kri_stack_store_trim(struct kri_stack_store *store);

/* NULL: no memory, or no more guard pages (vm.max_map_count, see plat_mem.h). */
struct kri_stack *kri_stack_get(struct kri_stack_store *store, struct kri_stack_cache *cache);
void kri_stack_put(struct kri_stack_store *store, struct kri_stack_cache *cache,
                   struct kri_stack *stack);
void kri_stack_cache_empty(struct kri_stack_store *store, struct kri_stack_cache *cache);

/* Give back what an overflow touched: all but the topmost page. */
void kri_stack_shrink(struct kri_stack *stack);

static inline int kri_stack_holds(const struct kri_stack *stack, const void *place)
{
        return stack != NULL && (const char *)place >= stack->low &&
               (const char *)place < stack->low + stack->size;
}

static inline int kri_stack_guards(const struct kri_stack *stack, const void *place)
{
        return stack != NULL && (const char *)place >= stack->low &&
               (const char *)place < stack->low + 4096;
}

#endif
