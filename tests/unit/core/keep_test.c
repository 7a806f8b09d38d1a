/* SPDX-License-Identifier: Apache-2.0 */
/* keep_test.c: pointers that hang off a node, and go with it. */
#include <krarup/loop.h>
#include <krarup/memory.h>
#include <krarup/process.h>

#include "process.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

static const char keys[40];
static int order[40], released; /* by the thread that stops the node */
static _Atomic int running;

static void release(void *value)
{
        kit_int_eq(atomic_load(&running), 0);
        order[released++] = (int)(intptr_t)value;
}

static kr_node *start(void)
{
        return kit_node_start(&(kr_node_opts){ .schedulers = 2 });
}

KIT_TEST(test_what_was_put_is_found_under_its_key_and_no_other)
{
        kr_node *node = start(), *other;
        int a, b;

        kit_ok(kr_node_start(&(kr_node_opts){ .drive = KR_DRIVE_HOST }, &other));
        kit_null(kr_node_get(node, &keys[0]));
        kit_true(kr_node_put(node, &keys[0], &a, NULL));
        kit_true(kr_node_put(node, &keys[1], &b, NULL));
        kit_ptr_eq(kr_node_get(node, &keys[0]), &a);
        kit_ptr_eq(kr_node_get(node, &keys[1]), &b);
        kit_null(kr_node_get(node, &keys[2]));
        kit_null(kr_node_get(other, &keys[0]));
        kit_ok(kr_node_stop(other, 1000));
        kit_node_stop(node);
}

KIT_TEST(test_a_key_has_one_value)
{
        kr_node *node = start();
        int a, b;

        kit_true(kr_node_put(node, &keys[0], &a, NULL));
        kit_false(kr_node_put(node, &keys[0], &b, release));
        kit_false(kr_node_put(node, &keys[0], &a, release));
        kit_ptr_eq(kr_node_get(node, &keys[0]), &a);
        kit_node_stop(node);
        kit_int_eq(released, 0); /* what was not taken is the caller's */
}

KIT_TEST(test_there_is_room_for_thirty_two)
{
        kr_node *node = start();

        for (int i = 0; i < 32; i++)
                kit_true(kr_node_put(node, &keys[i], (void *)(intptr_t)(i + 1), release));
        kit_false(kr_node_put(node, &keys[32], &order, release));
        for (int i = 0; i < 32; i++)
                kit_int_eq((intptr_t)kr_node_get(node, &keys[i]), i + 1);
        kit_null(kr_node_get(node, &keys[32]));
        kit_node_stop(node);
        kit_int_eq(released, 32);
        for (int i = 0; i < 32; i++)
                kit_int_eq(order[i], 32 - i); /* newest first */
}

KIT_TEST(test_without_node_key_or_value_nothing_is_kept)
{
        kr_node *node = start();

        kit_null(kr_node_get(NULL, &keys[0]));
        kit_false(kr_node_put(NULL, &keys[0], &order, release));
        kit_false(kr_node_put(node, NULL, &order, release));
        kit_false(kr_node_put(node, &keys[0], NULL, release));
        kit_null(kr_node_get(node, &keys[0]));
        kit_node_stop(node);
        kit_int_eq(released, 0);
}

static void ends_late(void *unused)
{
        (void)unused;
        (void)usleep(2000);
        atomic_fetch_sub(&running, 1);
}

static void lives(void)
{
        atomic_fetch_add(&running, 1);
        kit_true(kr_defer(ends_late, NULL));
        kr_sleep(KR_INFINITY);
}

KIT_TEST(test_values_are_released_when_every_process_has_ended)
{
        kr_node *node = start();

        kit_true(kr_node_put(node, &keys[0], &order, release));
        for (int i = 0; i < 5; i++)
                kr_node_spawn(node, lives);
        kit_eventually(atomic_load(&running) == 5);
        kit_node_stop(node);
        kit_int_eq(released, 1);
}

/* -- from many threads -- */

static kr_node *shared;
static _Atomic int wins;

static void *put_all(void *value)
{
        for (int i = 0; i < 32; i++) {
                if (kr_node_put(shared, &keys[i], value, NULL))
                        atomic_fetch_add(&wins, 1);
                kit_not_null(kr_node_get(shared, &keys[i]));
        }
        return NULL;
}

KIT_TEST(test_of_several_threads_one_wins_each_key_and_all_see_it)
{
        pthread_t threads[4];

        shared = start();
        for (int i = 0; i < 4; i++)
                kit_int_eq(pthread_create(&threads[i], NULL, put_all, order), 0);
        for (int i = 0; i < 4; i++)
                kit_int_eq(pthread_join(threads[i], NULL), 0);
        kit_int_eq(atomic_load(&wins), 32);
        kit_node_stop(shared);
}

KIT_MAIN(KIT_CASE(test_what_was_put_is_found_under_its_key_and_no_other),
         KIT_CASE(test_a_key_has_one_value), KIT_CASE(test_there_is_room_for_thirty_two),
         KIT_CASE(test_without_node_key_or_value_nothing_is_kept),
         KIT_CASE(test_values_are_released_when_every_process_has_ended),
         KIT_CASE(test_of_several_threads_one_wins_each_key_and_all_see_it))
