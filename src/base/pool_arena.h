/* SPDX-License-Identifier: Apache-2.0 */
/* pool_arena.h: large pieces of memory from the operating system, in huge pages.
 *
 * Model    Pieces of KRI_PIECE bytes are cut from regions of 2 MiB, eight from each. The
 *          first regions have ordinary pages, so that a small program stays small; from then
 *          on the kernel is asked for huge ones: one fault instead of 512, and one entry
 *          in the processor's table of translations. Of these, one is made ready before it is
 *          needed, if there is a thread for that (ahead.h).
 * Owns     its regions; one goes back when all its pieces have been given back.
 * Threads  One at a time.
 */
#ifndef KR_BASE_POOL_ARENA_H
#define KR_BASE_POOL_ARENA_H

#include <stddef.h>
#include <stdint.h>

#define KRI_PIECE (256u * 1024)

struct kri_ahead;
struct kri_region;

struct kri_arena {
        struct kri_region *free;   /* those that have free pieces, any number of them */
        struct kri_region *coming; /* the next one; NULL: none yet */
        uint32_t regions;          /* in all, but for that */
        struct kri_ahead *ahead;   /* makes it ready; NULL: nobody does */
};

/* A piece, aligned to its size, and its region, which is needed to give it back. NULL: no
 * memory. */
void *kri_arena_take(struct kri_arena *arena, struct kri_region **ret_region);
/* Give back what is only kept ready. */
void kri_arena_trim(struct kri_arena *arena);
void kri_arena_give(struct kri_arena *arena, struct kri_region *region, void *piece);

/* Any size, for the allocator of who has none of his own: small from malloc, large from the
 * system in huge pages. */
void *kri_heap_alloc(void *context, size_t size);
void kri_heap_free(void *context, void *block, size_t size);

#endif
