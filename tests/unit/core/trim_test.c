/* SPDX-License-Identifier: Apache-2.0 */
/* trim_test.c: memory that nobody uses goes back when the host asks for it. */
#include "expect.h"
#include "kit.h"

#include <krarup.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#define MESSAGES 200000
#define SLACK_BYTES (2 << 20)

static _Atomic int64_t bytes;
static _Atomic bool done;

static void *count_alloc(void *context, size_t size)
{
        void *block = malloc(size);

        (void)context;
        if (block)
                atomic_fetch_add(&bytes, (int64_t)size);
        return block;
}

static void count_free(void *context, void *block, size_t size)
{
        (void)context;
        if (block)
                atomic_fetch_sub(&bytes, (int64_t)size);
        free(block);
}

static void fill_mailbox(void)
{
        for (int64_t i = 0; i < MESSAGES; i++)
                kr_send(kr_self(), "{much, ~, ~}", i,
                        "text that makes it somewhat longer");
}

static void make_much(void)
{
        kr_ref ref;

        (void)kr_spawn_monitor(&ref, fill_mailbox);
        kit_expect_down(ref, "normal");
        atomic_store(&done, true);
}

static void run(kr_node *node)
{
        atomic_store(&done, false);
        (void)kr_node_spawn(node, make_much);
        while (!atomic_load(&done))
                (void)kr_node_run(node);
}

/* And what is left can still be used, again and again. */
KIT_TEST(test_message_blocks_go_back)
{
        const kr_node_opts opts = { .drive = KR_DRIVE_HOST,
                                    .allocator = { count_alloc, count_free, NULL } };
        kr_node *node;

        kit_ok(kr_node_start(&opts, &node));
        for (int round = 0; round < 3; round++) {
                run(node);
                kit_int_gt(atomic_load(&bytes), 10 * SLACK_BYTES);
                kr_node_trim(node);
                kit_int_le(atomic_load(&bytes), SLACK_BYTES);
                kr_node_trim(node);
        }
        kit_ok(kr_node_stop(node, 5000));
        kit_int_eq(atomic_load(&bytes), 0);
}

/* While schedulers take and give blocks. */
KIT_TEST(test_trimming_disturbs_nobody)
{
        const kr_node_opts opts = { .schedulers = 2 };
        kr_node *node;

        kit_ok(kr_node_start(&opts, &node));
        for (int round = 0; round < 10; round++) {
                atomic_store(&done, false);
                (void)kr_node_spawn(node, make_much);
                (void)kr_node_spawn(node, fill_mailbox);
                while (!atomic_load(&done)) {
                        kr_node_trim(node);
                        usleep(2000); /* not the whole time: who needs a block waits */
                }
        }
        kit_ok(kr_node_stop(node, 5000));
}

KIT_MAIN(KIT_SLOW(test_message_blocks_go_back, 30),
         KIT_SLOW(test_trimming_disturbs_nobody, 60))
