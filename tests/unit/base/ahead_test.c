/* SPDX-License-Identifier: Apache-2.0 */
/* ahead_test.c: memory that was asked for becomes present, unwritten, by somebody else. */
#include "base/ahead.h"
#include "base/plat_mem.h"
#include "base/pool_arena.h"

#include <string.h>

#include "kit.h"

#define SIZE (1u << 20)
#define REGIONS 12u

static struct kri_ahead ahead;

static bool is_idle(void)
{
        bool idle;

        kri_lock(&ahead.lock);
        idle = ahead.count == 0;
        kri_unlock(&ahead.lock);
        return idle;
}

static void await_idle(void)
{
        while (!is_idle())
                kri_sleep_ns(100000);
}

KIT_TEST(test_what_was_asked_for_is_there_and_zero)
{
        char *place = kri_mem_reserve(SIZE, KRI_PAGE);
        size_t before;

        kit_not_null(place);
        kri_ahead_init(&ahead);
        before = kri_mem_resident();
        kri_ahead_ask(&ahead, place, SIZE);
        await_idle();
        kit_true(kri_mem_resident() >= before + SIZE / 2);
        for (size_t i = 0; i < SIZE; i++)
                kit_int_eq(place[i], 0);
        kri_ahead_cancel(&ahead, place);
        kri_ahead_fini(&ahead);
        kri_mem_release(place, SIZE);
}

KIT_TEST(test_memory_in_use_is_not_changed)
{
        char *place = kri_mem_reserve(SIZE, KRI_PAGE);

        kit_not_null(place);
        kri_ahead_init(&ahead);
        kri_ahead_ask(&ahead, place, SIZE);
        for (size_t i = 0; i < SIZE; i++)
                place[i] = (char)(i % 251);
        await_idle();
        for (size_t i = 0; i < SIZE; i++)
                kit_int_eq(place[i], (char)(i % 251));
        kri_ahead_fini(&ahead);
        kri_mem_release(place, SIZE);
}

/* What it touches is the first byte of each page: nothing that is written there is lost. */
KIT_TEST(test_what_is_written_meanwhile_is_not_lost)
{
        volatile unsigned char *place = kri_mem_reserve(SIZE, KRI_PAGE);
        unsigned char rounds = 0;

        kit_not_null((void *)place);
        kri_ahead_init(&ahead);
        for (; rounds < 200; rounds++) {
                kri_ahead_ask(&ahead, (void *)place, SIZE);
                for (size_t i = 0; i < SIZE; i += KRI_PAGE)
                        place[i]++;
        }
        await_idle();
        for (size_t i = 0; i < SIZE; i += KRI_PAGE)
                kit_uint_eq(place[i], rounds);
        kri_ahead_fini(&ahead);
        kri_mem_release((void *)place, SIZE);
}

/* More than there is room for: some are left out, none is lost to who waits for it to end. */
KIT_TEST(test_what_is_cancelled_may_be_released)
{
        char *places[4 * KRI_AHEAD_MAX];

        kri_ahead_init(&ahead);
        for (unsigned round = 0; round < 50; round++) {
                for (unsigned i = 0; i < 4 * KRI_AHEAD_MAX; i++) {
                        places[i] = kri_mem_reserve(SIZE, KRI_PAGE);
                        kit_not_null(places[i]);
                        kri_ahead_ask(&ahead, places[i], SIZE);
                }
                for (unsigned i = 4 * KRI_AHEAD_MAX; i-- > 0;) {
                        kri_ahead_cancel(&ahead, places[i]);
                        kri_mem_release(places[i], SIZE);
                }
                kit_true(is_idle());
        }
        kri_ahead_fini(&ahead);
}

KIT_TEST(test_it_is_over_when_nobody_asked)
{
        kri_ahead_init(&ahead);
        kri_ahead_fini(&ahead);
        kit_false(ahead.started);
}

KIT_TEST(test_an_arena_has_one_region_ready_and_gives_it_back)
{
        struct kri_arena arena = { .ahead = &ahead };
        struct kri_region *regions[REGIONS * 8];
        void *pieces[REGIONS * 8];

        kri_ahead_init(&ahead);
        for (unsigned i = 0; i < REGIONS * 8; i++) {
                pieces[i] = kri_arena_take(&arena, &regions[i]);
                kit_not_null(pieces[i]);
                memset(pieces[i], 1, KRI_PIECE);
        }
        kit_uint_eq(arena.regions, REGIONS);
        kit_not_null(arena.coming);
        for (unsigned i = 0; i < REGIONS * 8; i++)
                kri_arena_give(&arena, regions[i], pieces[i]);
        kit_uint_eq(arena.regions, 0);
        kri_arena_trim(&arena);
        kit_null(arena.coming);
        kri_ahead_fini(&ahead);
}

KIT_MAIN(KIT_CASE(test_what_was_asked_for_is_there_and_zero),
         KIT_CASE(test_memory_in_use_is_not_changed),
         KIT_CASE(test_what_is_written_meanwhile_is_not_lost),
         KIT_CASE(test_what_is_cancelled_may_be_released),
         KIT_CASE(test_it_is_over_when_nobody_asked),
         KIT_CASE(test_an_arena_has_one_region_ready_and_gives_it_back))
