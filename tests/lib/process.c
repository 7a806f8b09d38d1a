/* SPDX-License-Identifier: Apache-2.0 */
/* process.c: a node for one case, with an allocator that counts. */
#include "process.h"

#include <krarup/message.h>
#include <krarup/process.h>
#include <krarup/text.h>

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#define STOP_MS 5000
#define SEEDS 8

/* In front of every block, to see that it is given back with the size it was asked for. */
struct head {
        _Alignas(max_align_t) size_t size;
};

static _Atomic int64_t blocks;
static _Atomic int64_t wrong_sizes;

static void *node_alloc(void *context, size_t size)
{
        struct head *head = malloc(sizeof(*head) + size);

        (void)context;
        if (!head)
                return NULL;
        head->size = size;
        atomic_fetch_add(&blocks, 1);
        return head + 1;
}

static void node_free(void *context, void *block, size_t size)
{
        struct head *head = (struct head *)block - 1;

        (void)context;
        if (!block)
                return;
        if (head->size != size)
                atomic_fetch_add(&wrong_sizes, 1);
        atomic_fetch_sub(&blocks, 1);
        free(head);
}

static void say_nothing(void *context, const char *text)
{
        (void)context;
        (void)text;
}

kr_node *kit_node_start(const kr_node_opts *opts)
{
        kr_node_opts own = opts ? *opts : (kr_node_opts){ .schedulers = 2 };
        kr_node *node;

        own.allocator = (kr_allocator){ .alloc = node_alloc, .free = node_free };
        if (!own.report)
                own.report = say_nothing; /* processes of tests fail on purpose */
        if (!own.dump_path)
                own.dump_path = ""; /* a test's death is Check's to report */
        kit_ok(kr_node_start(&own, &node));
        return node;
}

void kit_node_stop(kr_node *node)
{
        kit_ok(kr_node_stop(node, STOP_MS * kit_slowness()));
        kit_int_eq(atomic_load(&blocks), 0);
        kit_int_eq(atomic_load(&wrong_sizes), 0);
}

/* -- one body -- */

static struct {
        void (*body)(void);     /* constant while it runs */
        _Atomic bool has_ended; /* set last; then `reason` is valid */
        char reason[1024];      /* as text */
} the;

static void watch_body(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;
        kr_term reason;

        kr_spawn_monitor(&ref, the.body);
        (void)kr_receive(&msg, KR_INFINITY,
                         kr_on(0, "{'DOWN', =, process, _, ~}", ref, &reason));
        (void)kr_format(the.reason, sizeof(the.reason), reason); /* cut if it is long */
        kr_msg_clear(&msg);
        /* release: pairs with the look at it below; the reason is then whole */
        atomic_store_explicit(&the.has_ended, true, memory_order_release);
}

static bool has_ended(void)
{
        return atomic_load_explicit(&the.has_ended, memory_order_acquire);
}

static void nap(void)
{
        const struct timespec time = { .tv_nsec = 200000 };

        (void)nanosleep(&time, NULL); /* waking early is no harm */
}

/* The case's own time limit ends this if nothing else does. */
static void wait_for_end(kr_node *node, kr_drive drive)
{
        while (!has_ended()) {
                bool more = drive != KR_DRIVE_THREADS && kr_node_run(node);

                if (!more && drive == KR_DRIVE_SIM && !has_ended())
                        kit_fail(
                                "nothing can happen any more, and the body has not ended");
                if (!more)
                        nap();
        }
}

void kit_run_process(const kr_node_opts *opts, void (*body)(void))
{
        kr_node *node = kit_node_start(opts);

        the.body = body;
        /* relaxed: nobody else is there yet */
        atomic_store_explicit(&the.has_ended, false, memory_order_relaxed);
        memset(the.reason, 0, sizeof(the.reason));
        kit_false(kr_pid_is_none(kr_node_spawn(node, watch_body)));
        wait_for_end(node, opts ? opts->drive : KR_DRIVE_THREADS);
        kit_str_eq(the.reason, "normal");
        kit_node_stop(node);
}

void kit_run_everywhere(void (*body)(void))
{
        kit_run_process(NULL, body);
        for (int i = 0; i < SEEDS; i++)
                kit_run_process(&(kr_node_opts){ .drive = KR_DRIVE_SIM,
                                                 .seed = kit_random() },
                                body);
}
