/* SPDX-License-Identifier: Apache-2.0 */
/* wheel_test.c: nodes come out of the wheel by tick, whole and never early. */
#include "base/wheel.h"

#include "kit.h"

#include <stdlib.h>

#define START 1000003u /* in the middle of its slots */

static struct kri_wheel wheel;

struct item {
        struct kri_wheel_node node;
        uint64_t number;
};

static struct item *expire(uint64_t now)
{
        return (struct item *)kri_wheel_expire(&wheel, now);
}

static uint64_t random_distance(void)
{
        return kit_random() >> (64 - 1 - kit_random_below(40));
}

KIT_TEST(test_an_empty_wheel_has_nothing_due)
{
        kri_wheel_init(&wheel, START);
        kit_uint_eq(kri_wheel_next(&wheel), KRI_WHEEL_NEVER);
        kit_null(expire(START));
        kit_null(expire(UINT64_MAX));
}

KIT_TEST(test_a_node_comes_at_its_tick_and_not_before)
{
        static const uint64_t distances[] = { 0,
                                              1,
                                              2,
                                              63,
                                              64,
                                              65,
                                              4095,
                                              4096,
                                              4097,
                                              262143,
                                              262144,
                                              1u << 30,
                                              (uint64_t)1 << 45 };
        struct item item = { 0 };

        for (size_t i = 0; i < sizeof(distances) / sizeof(distances[0]); i++) {
                uint64_t tick = START + distances[i];

                kri_wheel_init(&wheel, START);
                kri_wheel_insert(&wheel, &item.node, tick);
                kit_true(kri_wheel_holds(&item.node));
                if (distances[i] > 0)
                        kit_null(expire(tick - 1));
                kit_ptr_eq(expire(tick), &item);
                kit_false(kri_wheel_holds(&item.node));
                kit_null(expire(UINT64_MAX));
        }
}

KIT_TEST(test_a_tick_that_has_passed_is_due_at_once)
{
        struct item late = { 0 }, zero = { 0 }, next = { 0 };

        kri_wheel_init(&wheel, START);
        kri_wheel_insert(&wheel, &next.node, START + 1);
        kri_wheel_insert(&wheel, &late.node, START - 500);
        kri_wheel_insert(&wheel, &zero.node, 0);
        kit_uint_eq(kri_wheel_next(&wheel), START);
        kit_ptr_eq(expire(START), &late);
        kit_ptr_eq(expire(START), &zero);
        kit_null(expire(START));
        kit_uint_eq(kri_wheel_next(&wheel), START + 1);
}

/* The last tick there is lies on the topmost level, whose round has no bits above it. */
KIT_TEST(test_the_last_tick_of_all)
{
        struct item item = { 0 };

        kri_wheel_init(&wheel, 0);
        kri_wheel_insert(&wheel, &item.node, UINT64_MAX - 1);
        kit_null(expire((uint64_t)1 << 63));
        kit_null(expire(UINT64_MAX - 2));
        kit_ptr_eq(expire(UINT64_MAX - 1), &item);
}

/* One is put in from far away, then moves down level by level; the other is put in when the
 * tick is near. */
KIT_TEST(test_one_tick_keeps_the_order_of_insertion)
{
        struct item far = { 0 }, near = { 0 }, nearer = { 0 };
        uint64_t tick = START + 300000;

        kri_wheel_init(&wheel, START);
        kri_wheel_insert(&wheel, &far.node, tick);
        kit_null(expire(tick - 3000));
        kri_wheel_insert(&wheel, &near.node, tick);
        kit_null(expire(tick - 1));
        kri_wheel_insert(&wheel, &nearer.node, tick);
        kit_ptr_eq(expire(tick), &far);
        kit_ptr_eq(expire(tick), &near);
        kit_ptr_eq(expire(tick), &nearer);
}

KIT_TEST(test_what_is_removed_does_not_come)
{
        struct item items[3] = { 0 };

        kri_wheel_init(&wheel, START);
        for (int i = 0; i < 3; i++)
                kri_wheel_insert(&wheel, &items[i].node, START + 5000);
        kri_wheel_remove(&wheel, &items[1].node);
        kri_wheel_remove(&wheel, &items[1].node);
        kit_ptr_eq(expire(START + 5000), &items[0]);
        kit_ptr_eq(expire(START + 5000), &items[2]);
        kit_null(expire(START + 5000));

        kri_wheel_insert(&wheel, &items[1].node, START + 9000);
        kri_wheel_remove(&wheel, &items[1].node);
        kit_uint_eq(kri_wheel_next(&wheel), KRI_WHEEL_NEVER);
}

/* Whoever sleeps until kri_wheel_next, again and again, sees every node at its very tick,
 * and does not have to get up more often than the node has levels to go down. */
KIT_TEST(test_next_leads_to_each_tick_in_a_few_steps)
{
        struct item item = { 0 };

        for (int round = 0; round < 1000; round++) {
                uint64_t now = kit_random() >> 2, tick = now + random_distance();
                uint32_t steps = 0;

                kri_wheel_init(&wheel, now);
                kri_wheel_insert(&wheel, &item.node, tick);
                for (;;) {
                        uint64_t next = kri_wheel_next(&wheel);

                        kit_true(next >= now && next <= tick);
                        now = next;
                        if (expire(now) != NULL)
                                break;
                        kit_true(++steps < KRI_WHEEL_LEVELS);
                }
                kit_uint_eq(now, tick);
        }
}

/* The same as a list that is searched from end to end: random insertions, removals and
 * steps of the clock. */
#define ITEMS 400

static struct item all[ITEMS];
static uint64_t numbers;

static struct item *first_of_list(uint64_t now)
{
        struct item *first = NULL;

        for (int i = 0; i < ITEMS; i++) {
                struct item *it = &all[i];

                if (!kri_wheel_holds(&it->node) || it->node.tick > now)
                        continue;
                if (first == NULL || it->node.tick < first->node.tick ||
                    (it->node.tick == first->node.tick && it->number < first->number))
                        first = it;
        }
        return first;
}

static void expire_all_by_the_list(uint64_t now)
{
        for (;;) {
                struct item *want = first_of_list(now);

                kit_ptr_eq(expire(now), want);
                if (want == NULL)
                        return;
        }
}

KIT_TEST(test_a_wheel_does_what_a_searched_list_does)
{
        uint64_t now = START;

        kri_wheel_init(&wheel, now);
        for (int step = 0; step < 30000; step++) {
                struct item *it = &all[kit_random_below(ITEMS)];

                if (kri_wheel_holds(&it->node)) {
                        if (kit_random_below(3) == 0)
                                kri_wheel_remove(&wheel, &it->node);
                } else {
                        it->number = numbers++;
                        kri_wheel_insert(&wheel, &it->node,
                                         now + random_distance() % 100000);
                }
                if (kit_random_below(10) == 0) {
                        now += random_distance() % 20000;
                        expire_all_by_the_list(now);
                }
        }
        expire_all_by_the_list(UINT64_MAX);
        kit_uint_eq(kri_wheel_next(&wheel), KRI_WHEEL_NEVER);
}

KIT_MAIN(KIT_CASE(test_an_empty_wheel_has_nothing_due),
         KIT_CASE(test_a_node_comes_at_its_tick_and_not_before),
         KIT_CASE(test_a_tick_that_has_passed_is_due_at_once),
         KIT_CASE(test_the_last_tick_of_all),
         KIT_CASE(test_one_tick_keeps_the_order_of_insertion),
         KIT_CASE(test_what_is_removed_does_not_come),
         KIT_CASE(test_next_leads_to_each_tick_in_a_few_steps),
         KIT_CASE(test_a_wheel_does_what_a_searched_list_does))
