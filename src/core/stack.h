/* SPDX-License-Identifier: Apache-2.0 */
/* stack.h: stacks for processes: guarded, reused hot, given back when trimmed.
 *
 * Model    Stacks are cut from large reservations, 64 at a time; each has a guard page at
 *          its low end and, above that, a spare part that is guarded, too. When what must not
 *          be left in the middle overflows the stack, the spare is opened for it to come to
 *          an end (fault.h). A scheduler keeps a few free ones; the rest wait in the node's store.
 *          One more is kept for clean-ups: they run even if no other can be had.
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

#define KRI_STACK_GUARD ((size_t)4096)
#define KRI_STACK_SPARE ((size_t)16384)

struct kri_stack {
        struct kri_stack *next;  /* free list, or a process's further stacks */
        char *low;               /* lowest address, the guard page */
        char *top;               /* where execution starts; 16-aligned */
        size_t size;             /* whole, guard and spare included */
        uintptr_t came_back;     /* spare: where the call that was let go on returns to */
        struct kri_catch *catch; /* innermost of who runs on it (KRI_P_CATCHES; exit.c) */
        void *fiber;             /* ThreadSanitizer's view of it */
        unsigned valgrind_id;
        bool deep;  /* overflowed: all its pages were touched */
        bool last;  /* it is the one that is kept for clean-ups */
        bool open;  /* its spare is in use ... */
        bool spent; /* ... and the process is to leave it as soon as it can */
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
        struct kri_stack *last; /* for clean-ups; NULL: in use */
        _Atomic uint64_t count; /* in existence */
};

void kri_stack_store_init(struct kri_stack_store *store, size_t stack_bytes);
/* Get the one that is kept for clean-ups. False: no memory. */
bool kri_stack_store_prepare(struct kri_stack_store *store);
void kri_stack_store_fini(struct kri_stack_store *store);
void kri_stack_store_trim(struct kri_stack_store *store);

/* NULL: no memory, or no more guard pages (vm.max_map_count, see plat_mem.h). */
struct kri_stack *kri_stack_get(struct kri_stack_store *store,
                                struct kri_stack_cache *cache);
/* The one that is kept, for a process that is to end: it waits for nothing, and gives it back
 * soon (kri_stack_put). NULL: it is in use. */
struct kri_stack *kri_stack_get_last(struct kri_stack_store *store);
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

/* The lowest address that may be touched. */
static inline char *kri_stack_floor(const struct kri_stack *stack)
{
        return stack->low + KRI_STACK_GUARD + (stack->open ? 0 : KRI_STACK_SPARE);
}

static inline int kri_stack_guards(const struct kri_stack *stack, const void *place)
{
        return stack != NULL && (const char *)place >= stack->low &&
               (const char *)place < kri_stack_floor(stack);
}

/* Open the spare (also in a signal handler), and close it: nothing may stand on it. */
bool kri_stack_open(struct kri_stack *stack);
void kri_stack_close(struct kri_stack *stack);

#endif
