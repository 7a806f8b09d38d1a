/* SPDX-License-Identifier: Apache-2.0 */
#include "pool_arena.h"

#include <stdlib.h>

#include "ahead.h"
#include "plat_mem.h"

#define PIECES (KRI_HUGE_PAGE / KRI_PIECE)
#define ALL_FREE ((1u << PIECES) - 1)
#define SMALL_REGIONS 2u /* with ordinary pages */

struct kri_region {
        char *memory;                   /* 2 MiB, aligned to that */
        struct kri_region *next, *prev; /* in the list of those that have free pieces */
        uint32_t free;                  /* a bit for each free piece */
};

static void push(struct kri_arena *arena, struct kri_region *region)
{
        region->prev = NULL;
        region->next = arena->free;
        if (arena->free != NULL)
                arena->free->prev = region;
        arena->free = region;
}

static void unlink_region(struct kri_arena *arena, struct kri_region *region)
{
        if (region->next != NULL)
                region->next->prev = region->prev;
        if (region->prev != NULL)
                region->prev->next = region->next;
        else
                arena->free = region->next;
}

static struct kri_region *new_region(bool huge)
{
        struct kri_region *region = malloc(sizeof(*region));

        if (region == NULL)
                return NULL;
        region->memory = kri_mem_reserve(KRI_HUGE_PAGE, KRI_HUGE_PAGE);
        if (region->memory == NULL) {
                free(region);
                return NULL;
        }
        if (huge)
                kri_mem_huge(region->memory, KRI_HUGE_PAGE, true);
        region->free = ALL_FREE;
        return region;
}

static void release_region(struct kri_arena *arena, struct kri_region *region)
{
        if (arena->ahead != NULL)
                kri_ahead_cancel(arena->ahead, region->memory);
        kri_mem_release(region->memory, KRI_HUGE_PAGE);
        free(region);
}

/* The one that was made ready, or a new one; and another is made ready. */
static struct kri_region *next_region(struct kri_arena *arena)
{
        bool huge = arena->regions >= SMALL_REGIONS;
        struct kri_region *region = arena->coming;

        arena->coming = NULL;
        if (region == NULL && (region = new_region(huge)) == NULL)
                return NULL;
        arena->regions++;
        push(arena, region);
        if (huge && arena->ahead != NULL)
                arena->coming = new_region(true);
        if (arena->coming != NULL)
                kri_ahead_ask(arena->ahead, arena->coming->memory, KRI_HUGE_PAGE);
        return region;
}

void kri_arena_trim(struct kri_arena *arena)
{
        if (arena->coming != NULL)
                release_region(arena, arena->coming);
        arena->coming = NULL;
}

void *kri_arena_take(struct kri_arena *arena, struct kri_region **ret_region)
{
        struct kri_region *region = arena->free;
        unsigned i;

        if (region == NULL && (region = next_region(arena)) == NULL)
                return NULL;
        i = (unsigned)__builtin_ctz(region->free);
        region->free &= ~(1u << i);
        if (region->free == 0)
                unlink_region(arena, region);
        *ret_region = region;
        return region->memory + i * KRI_PIECE;
}

void kri_arena_give(struct kri_arena *arena, struct kri_region *region, void *piece)
{
        size_t i = (size_t)((char *)piece - region->memory) / KRI_PIECE;

        if (region->free == 0)
                push(arena, region);
        region->free |= 1u << i;
        if (region->free != ALL_FREE) {
                kri_mem_forget(piece, KRI_PIECE);
                return;
        }
        unlink_region(arena, region);
        arena->regions--;
        release_region(arena, region);
}

/* -- any size -- */

/* AddressSanitizer sees what happens to malloc's memory only. */
#if defined(__SANITIZE_ADDRESS__)
#define LARGE SIZE_MAX
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LARGE SIZE_MAX
#endif
#endif
#ifndef LARGE
#define LARGE ((size_t)KRI_HUGE_PAGE)
#endif

static bool is_large(size_t size)
{
        return size >= LARGE && size <= PTRDIFF_MAX;
}

static size_t rounded(size_t size)
{
        return (size + KRI_PAGE - 1) & ~(size_t)(KRI_PAGE - 1);
}

void *kri_heap_alloc(void *context, size_t size)
{
        void *place;

        (void)context;
        if (!is_large(size))
                return malloc(size);
        place = kri_mem_reserve(rounded(size), KRI_HUGE_PAGE);
        if (place != NULL)
                kri_mem_huge(place, rounded(size), true);
        return place;
}

void kri_heap_free(void *context, void *block, size_t size)
{
        (void)context;
        if (is_large(size))
                kri_mem_release(block, rounded(size));
        else
                free(block);
}
