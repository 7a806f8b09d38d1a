/* SPDX-License-Identifier: Apache-2.0 */
/* seeds_test.c: the workloads in simulation; and that a seed is a history. */
#include "kit.h"
#include "workload.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHARE 1000
#define REPEATED 25

static struct workload_result run(uint64_t seed)
{
        return workload_run(
                &(struct workload_plan){ .drive = KR_DRIVE_SIM, .seed = seed });
}

KIT_TEST(test_invariants_hold_from_many_seeds)
{
        uint64_t first = kit_random() >> 16;

        for (uint64_t i = 0; i < SHARE / (unsigned)kit_slowness(); i++)
                (void)run(first + i);
}

/* The second time atoms are known, memory is elsewhere, caches are warm. */
KIT_TEST(test_a_seed_takes_the_same_steps_twice_in_a_process)
{
        uint64_t hashes[REPEATED];

        for (uint64_t i = 0; i < REPEATED; i++)
                hashes[i] = run(1 + i).steps_hash;
        for (uint64_t i = 0; i < REPEATED; i++)
                kit_uint_eq(run(1 + i).steps_hash, hashes[i]);
        for (uint64_t i = 1; i < REPEATED; i++)
                kit_uint_ne(hashes[i], hashes[i - 1]);
}

/* In another near slot, beside a node that is alive. */
KIT_TEST(test_a_seed_takes_the_same_steps_beside_another_node)
{
        uint64_t hashes[REPEATED];
        kr_node *other;

        for (uint64_t i = 0; i < REPEATED; i++)
                hashes[i] = run(1 + i).steps_hash;
        kit_ok(kr_node_start(&(kr_node_opts){ .drive = KR_DRIVE_HOST,
                                              .name = "other@nohost" },
                             &other));
        for (uint64_t i = 0; i < REPEATED; i++)
                kit_uint_eq(run(1 + i).steps_hash, hashes[i]);
        kit_ok(kr_node_stop(other, 1000));
}

/* Addresses are others there. */
KIT_TEST(test_a_seed_takes_the_same_steps_in_two_processes)
{
        char here[2048] = "", command[4096], line[64];
        uint64_t seed, hash;
        FILE *other;

        kit_int_gt(readlink("/proc/self/exe", here, sizeof(here) - 1), 0);
        *strrchr(here, '/') = 0;

        kit_int_lt(snprintf(command, sizeof(command), "'%s/sim/seeds' --hash %d 1", here,
                            REPEATED),
                   sizeof(command));
        other = popen(command, "r");
        kit_not_null(other);
        for (uint64_t i = 0; i < REPEATED; i++) {
                kit_not_null(fgets(line, sizeof(line), other));
                kit_int_eq(sscanf(line, "%" SCNu64 " %" SCNx64, &seed, &hash), 2);
                kit_uint_eq(seed, 1 + i);
                kit_uint_eq(run(seed).steps_hash, hash);
        }
        kit_int_eq(pclose(other), 0);
}

KIT_MAIN(KIT_SLOW(test_invariants_hold_from_many_seeds, 60),
         KIT_SLOW(test_a_seed_takes_the_same_steps_twice_in_a_process, 30),
         KIT_SLOW(test_a_seed_takes_the_same_steps_beside_another_node, 30),
         KIT_SLOW(test_a_seed_takes_the_same_steps_in_two_processes, 30))
