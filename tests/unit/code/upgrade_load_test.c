/* SPDX-License-Identifier: Apache-2.0 */
/* A hundred upgrades and roll-backs in a row, under calls and casts: nothing is lost, memory stays
 * what it is, and what is old is unmapped. */
#include "upgrade_kit.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#define SERVERS 200
#define ROUNDS 100

static kr_pid servers[SERVERS];
static _Atomic bool stop;
static _Atomic uint64_t failed;
static uint64_t
        sent[2][SERVERS]; /* acknowledged calls, of each client; casts, of the other */

static void call_all(void)
{
        kr_msg reply = KR_MSG_INIT;

        for (uint32_t i = 0; !atomic_load(&stop); i = (i + 7) % SERVERS) {
                if (kr_try_call(servers[i], &reply, KR_INFINITY, "{tick, 1}") == KR_OK)
                        sent[0][i]++;
                else
                        atomic_fetch_add(&failed, 1);
        }
        kr_msg_clear(&reply);
}

/* Queued throughout: a lot of casts, then a look at whether all have arrived. */
static void cast_all(void)
{
        for (uint32_t i = 0; !atomic_load(&stop); i = (i + 3) % SERVERS) {
                for (int n = 0; n < 20; n++)
                        kr_cast(servers[i], "{tick, 1}");
                sent[1][i] += 20;
                kr_sleep(1);
        }
}

/* How many versions of the module are mapped: by different files' names. */
static int count_mapped(void)
{
        char line[2048], last[2048] = "";
        FILE *maps = fopen("/proc/self/maps", "r");
        int count = 0;

        kit_not_null(maps);
        while (fgets(line, sizeof(line), maps) != NULL) {
                const char *path = strchr(line, '/');

                if (path == NULL || strstr(path, "ticker") == NULL ||
                    strcmp(path, last) == 0)
                        continue;
                (void)snprintf(last, sizeof(last), "%s", path);
                count++;
        }
        (void)fclose(maps);
        return count;
}

static long resident_kib(void)
{
        long pages = 0, all;
        FILE *statm = fopen("/proc/self/statm", "r");

        kit_not_null(statm);
        kit_int_eq(fscanf(statm, "%ld %ld", &all, &pages), 2);
        (void)fclose(statm);
        return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void upgrade_to(int version, kr_upgrade_mode mode)
{
        const kr_upgrade_opts opts = { .mode = mode,
                                       .may_lose = true,
                                       .kill_old = false };
        kr_upgrade_report report;
        kr_err err = kr_upgrade("ticker", file_of(version), &opts, &report);

        if (err != KR_OK)
                kit_fail("to %d: %s: %s", version, kr_err_name(err), report.reason);
        kit_uint_eq(report.converted, SERVERS);
}

/* Up, back, forth again, then to the first version by way of an upgrade. */
static void round_trip(int round)
{
        kr_upgrade_report report;

        upgrade_to(2, round % 2 == 0 ? KR_UPGRADE_ROLLING : KR_UPGRADE_AT_ONCE);
        kit_ok(kr_rollback("ticker", NULL, &report));
        kit_uint_eq(report.converted, SERVERS);
        kit_ok(kr_rollback("ticker", NULL, &report));
        upgrade_to(11, KR_UPGRADE_ROLLING);
}

static void expect_all_ticks(void)
{
        for (int i = 0; i < SERVERS; i++)
                kit_int_eq(call_int(servers[i], "read"),
                           (int64_t)(sent[0][i] + sent[1][i]));
}

static void wait_for_end(kr_ref ref)
{
        kr_msg msg = KR_MSG_INIT;

        (void)kr_receive(&msg, KR_INFINITY, kr_on(0, "{'DOWN', =, _, _, _}", ref));
        kr_msg_clear(&msg);
}

UPGRADE_TEST(test_a_hundred_upgrades_and_rollbacks_under_load)
{
        kr_ref calling, casting;
        long before_kib = 0;

        load(1);
        for (int i = 0; i < SERVERS; i++)
                servers[i] = start("ticker", "0");
        (void)kr_spawn_monitor(&calling, call_all);
        (void)kr_spawn_monitor(&casting, cast_all);
        for (int round = 0; round < ROUNDS; round++) {
                round_trip(round);
                kit_int_le(count_mapped(), 2);
                if (round == ROUNDS / 10)
                        before_kib = resident_kib();
        }
        atomic_store(&stop, true);
        wait_for_end(calling);
        wait_for_end(casting);
        kit_uint_eq(atomic_load(&failed), 0);
        expect_all_ticks();
        kit_true(kr_code_soft_purge("ticker", NULL));
        kit_int_eq(count_mapped(), 1);
        if (kit_slowness() == 1)
                kit_int_le(resident_kib(), before_kib + before_kib / 4 + 4096);
}

KIT_MAIN(KIT_SLOW(test_a_hundred_upgrades_and_rollbacks_under_load, 110))
