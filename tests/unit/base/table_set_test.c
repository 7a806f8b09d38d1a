/* SPDX-License-Identifier: Apache-2.0 */
/* table_set_test.c: a set holds what was added and not removed, whatever order that came in. */
#include "base/pool_arena.h"
#include "base/rand.h"
#include "base/table_set.h"

#include "kit.h"

#define NUMBERS 20000u

static struct kri_allocator memory = { kri_heap_alloc, kri_heap_free, NULL };
static struct kri_set set;
static bool is_there[NUMBERS];

/* As pids look that were given out one after another. */
static uint64_t key(uint64_t i)
{
        return (i / 3) << 36 | i << KRI_SET_SHIFT | 4;
}

static void expect_just_those_that_are_there(void)
{
        uint32_t count = 0, walked = 0;

        for (uint64_t i = 0; i < NUMBERS; i++) {
                kit_int_eq(kri_set_has(&set, key(i)), is_there[i]);
                count += is_there[i];
        }
        kit_uint_eq(set.count, count);
        for (uint32_t at = 0; kri_set_next(&set, &at) != 0;)
                walked++;
        kit_uint_eq(walked, count);
}

KIT_TEST(test_numbers_in_sequence_are_found_while_the_set_grows_and_shrinks)
{
        for (uint64_t i = 0; i < NUMBERS; i++) {
                kit_true(kri_set_add(&set, key(i), &memory));
                is_there[i] = true;
        }
        expect_just_those_that_are_there();
        for (uint64_t i = 0; i < NUMBERS; i++) {
                kit_true(kri_set_remove(&set, key(i), &memory));
                is_there[i] = false;
                if (i % 4096 == 0)
                        expect_just_those_that_are_there();
        }
        kit_null(set.keys);
}

KIT_TEST(test_it_agrees_with_a_list_of_flags_whatever_is_done)
{
        uint64_t chance = 1;

        for (int step = 0; step < 400000; step++) {
                uint32_t i = kri_rand_below(&chance, NUMBERS);

                if (kri_rand_below(&chance, 100) < (step / 50000 % 2 ? 30u : 70u)) {
                        kit_true(kri_set_add(&set, key(i), &memory));
                        is_there[i] = true;
                } else {
                        kit_int_eq(kri_set_remove(&set, key(i), &memory), is_there[i]);
                        is_there[i] = false;
                }
                if (step % 50000 == 0)
                        expect_just_those_that_are_there();
        }
        expect_just_those_that_are_there();
        kri_set_fini(&set, &memory);
}

/* Two that differ only in what does not decide where they stand are two. */
KIT_TEST(test_tenants_of_one_slot_are_told_apart)
{
        uint64_t first = key(1), second = first | (uint64_t)1 << 60;

        kit_true(kri_set_add(&set, first, &memory));
        kit_false(kri_set_has(&set, second));
        kit_true(kri_set_add(&set, second, &memory));
        kit_true(kri_set_remove(&set, first, &memory));
        kit_true(kri_set_has(&set, second));
        kri_set_fini(&set, &memory);
}

KIT_MAIN(KIT_CASE(test_numbers_in_sequence_are_found_while_the_set_grows_and_shrinks),
         KIT_CASE(test_it_agrees_with_a_list_of_flags_whatever_is_done),
         KIT_CASE(test_tenants_of_one_slot_are_told_apart))
