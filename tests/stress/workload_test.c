/* SPDX-License-Identifier: Apache-2.0 */
/* workload_test.c: the workloads of the simulation on real threads. */
#include "kit.h"
#include "workload.h"

#define SHARE 200

static void run_many(kr_drive drive, unsigned schedulers)
{
        uint64_t first = kit_random() >> 16;

        for (uint64_t i = 0; i < SHARE / (unsigned)kit_slowness(); i++)
                (void)workload_run(&(struct workload_plan){
                        .drive = drive, .schedulers = schedulers, .seed = first + i });
}

KIT_TEST(test_invariants_hold_on_one_scheduler)
{
        run_many(KR_DRIVE_THREADS, 1);
}

KIT_TEST(test_invariants_hold_on_two_schedulers)
{
        run_many(KR_DRIVE_THREADS, 2);
}

/* More of them than cores: they are stopped anywhere. */
KIT_TEST(test_invariants_hold_on_four_schedulers)
{
        run_many(KR_DRIVE_THREADS, 4);
}

KIT_TEST(test_invariants_hold_under_a_host)
{
        run_many(KR_DRIVE_HOST, 1);
}

KIT_MAIN(KIT_SLOW(test_invariants_hold_on_one_scheduler, 120),
         KIT_SLOW(test_invariants_hold_on_two_schedulers, 120),
         KIT_SLOW(test_invariants_hold_on_four_schedulers, 120),
         KIT_SLOW(test_invariants_hold_under_a_host, 120))
