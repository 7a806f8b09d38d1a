/* SPDX-License-Identifier: Apache-2.0 */
/* pool_arena_test.c: pieces are memory of one's own, and go back to the system. */
#include "base/plat_mem.h"
#include "base/pool_arena.h"

#include <string.h>

#include "kit.h"

#define PIECES 200u /* 50 MiB */
#define MIB (1024u * 1024u)

static struct kri_arena arena;
static struct {
        char *piece;
        struct kri_region *region;
} taken[PIECES];

static void take_all(void)
{
        for (unsigned i = 0; i < PIECES; i++) {
                taken[i].piece = kri_arena_take(&arena, &taken[i].region);
                kit_not_null(taken[i].piece);
                kit_uint_eq((uintptr_t)taken[i].piece % KRI_PIECE, 0);
                memset(taken[i].piece, (int)i, KRI_PIECE);
        }
}

static void give_every(unsigned nth)
{
        for (unsigned i = 0; i < PIECES; i += nth) {
                if (taken[i].piece == NULL)
                        continue;
                kri_arena_give(&arena, taken[i].region, taken[i].piece);
                taken[i].piece = NULL;
        }
}

KIT_TEST(test_pieces_are_apart_from_each_other)
{
        take_all();
        for (unsigned i = 0; i < PIECES; i++)
                for (size_t at = 0; at < KRI_PIECE; at += 4096)
                        kit_int_eq(taken[i].piece[at], (char)i);
        give_every(1);
        kit_null(arena.free);
        kit_uint_eq(arena.regions, 0);
}

/* Also where others of the same huge page are still in use. */
KIT_TEST(test_what_is_given_back_is_not_resident_any_more)
{
        size_t before = kri_mem_resident(), all, half;

        take_all();
        all = kri_mem_resident();
        give_every(2);
        half = kri_mem_resident();
        give_every(1);
        kit_true(all > before + 45 * MIB);
        if (kit_slowness() == 1) {
                kit_true(half < all - 20 * MIB);
                kit_true(kri_mem_resident() < before + 5 * MIB);
        }
}

KIT_TEST(test_a_piece_that_was_given_back_is_taken_again)
{
        take_all();
        give_every(2);
        for (unsigned i = 0; i < PIECES; i += 2)
                kit_not_null(taken[i].piece = kri_arena_take(&arena, &taken[i].region));
        kit_uint_eq(arena.regions, PIECES / 8);
        give_every(1);
}

KIT_MAIN(KIT_CASE(test_pieces_are_apart_from_each_other),
         KIT_CASE(test_what_is_given_back_is_not_resident_any_more),
         KIT_CASE(test_a_piece_that_was_given_back_is_taken_again))
