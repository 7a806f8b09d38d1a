/* SPDX-License-Identifier: Apache-2.0 */
/* watch_test.c: the watch while the schedulers are given their pollers, one after the other. */
#include <krarup.h>

#include <stdatomic.h>
#include <unistd.h>

#include "base/plat_thread.h"
#include "core/node.h"
#include "core/poll.h"
#include "core/sched.h"
#include "process.h"

#define ROUNDS 5

/* A poller of a world in which nothing happens. */
struct nowhere {
        struct kri_poll base;
        _Atomic uint32_t woken;
        int ends[2]; /* of a pipe that nobody writes to */
};

static bool wait_nowhere(struct kri_poll *poll, int64_t timeout_ns)
{
        struct nowhere *n = (struct nowhere *)poll;

        if (atomic_exchange(&n->woken, 0) == 0 && timeout_ns != 0) {
                kri_futex_wait(&n->woken, 0, timeout_ns);
                atomic_store(&n->woken, 0);
        }
        return false;
}

static uint32_t serve_nowhere(struct kri_poll *poll, struct kri_sched *s)
{
        (void)poll;
        (void)s;
        return 0;
}

static void wake_nowhere(struct kri_poll *poll)
{
        struct nowhere *n = (struct nowhere *)poll;

        atomic_store(&n->woken, 1);
        kri_futex_wake(&n->woken, 1);
}

static int fd_of_nowhere(const struct kri_poll *poll)
{
        return ((const struct nowhere *)poll)->ends[0];
}

static const struct kri_poll_fns nowhere_fns = { wait_nowhere, serve_nowhere,
                                                 wake_nowhere, fd_of_nowhere };
static struct nowhere nowhere = { .base = { &nowhere_fns } };
static _Atomic int hogs;
static _Atomic bool done;

static void hog(void)
{
        atomic_fetch_add(&hogs, 1);
        while (!atomic_load(&done))
                ;
        atomic_fetch_sub(&hogs, 1);
}

static uint64_t handovers(kr_node *node)
{
        kr_node_stats stats;

        kr_node_stats_read(node, &stats);
        return stats.handovers;
}

/* Between the first scheduler's poller and the second one's the watch may look at both. Here that
 * moment is long: two hogs are found in it, one of them where there is no poller. */
KIT_TEST(test_a_hog_is_found_where_there_is_no_poller_yet)
{
        kr_node *node = kit_node_start(
                &(kr_node_opts){ .schedulers = 2, .faults = KR_FAULTS_EXIT });

        kit_int_eq(pipe(nowhere.ends), 0);
        atomic_store(&node->scheds[0].poll, &nowhere.base);
        kri_sched_kick(&node->scheds[0]);
        for (int i = 0; i < ROUNDS; i++) {
                uint64_t before = handovers(node);

                atomic_store(&done, false);
                for (int n = 0; n < 2; n++)
                        kit_false(kr_pid_is_none(kr_node_spawn(node, hog)));
                kit_eventually(handovers(node) >= before + 2);
                kit_eventually(atomic_load(&hogs) == 2);
                atomic_store(&done, true);
                kit_eventually(atomic_load(&hogs) == 0);
        }
        kit_node_stop(node);
        (void)close(nowhere.ends[0]);
        (void)close(nowhere.ends[1]);
}

KIT_MAIN(KIT_SLOW(test_a_hog_is_found_where_there_is_no_poller_yet, 60))
