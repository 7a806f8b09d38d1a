/* SPDX-License-Identifier: Apache-2.0 */
/* kit_test.c: what the other tests lean on. */
#include "heap.h"
#include "kit.h"

#include <stdlib.h>

/* volatile, here and below: or the compiler drops the allocations */
static void *volatile kept;

KIT_TEST(test_the_nth_allocation_is_refused)
{
        kit_heap_refuse(2);
        kept = malloc(8);
        kit_not_null(kept);
        kit_false(kit_heap_has_refused());
        kit_null(realloc(kept, 100));
        kit_true(kit_heap_has_refused());
        free(kept);
        kept = malloc(8);
        kit_not_null(kept);
        free(kept);
}

KIT_TEST(test_each_allocation_is_refused_once_and_the_last_round_is_whole)
{
        int rounds = 0;
        int whole = 0;

        KIT_EACH_ALLOC_FAILS (n) {
                void *volatile first = malloc(8);
                void *volatile second = first ? calloc(1, 8) : NULL;
                void *volatile third = second ? aligned_alloc(64, 64) : NULL;

                kit_int_eq(kit_heap_has_refused(), n <= 3);
                rounds++;
                whole += third != NULL;
                free(third);
                free(second);
                free(first);
        }
        kit_int_eq(rounds, 4);
        kit_int_eq(whole, 1);
}

KIT_TEST(test_random_stays_below_its_limit_and_reaches_all)
{
        bool seen[10] = { false };

        for (int i = 0; i < 10000; i++) {
                uint64_t n = kit_random_below(10);

                kit_true(n < 10);
                seen[n] = true;
        }
        for (int i = 0; i < 10; i++)
                kit_true(seen[i]);
}

KIT_MAIN(KIT_CASE(test_the_nth_allocation_is_refused),
         KIT_CASE(test_each_allocation_is_refused_once_and_the_last_round_is_whole),
         KIT_CASE(test_random_stays_below_its_limit_and_reaches_all))
