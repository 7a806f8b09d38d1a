/* SPDX-License-Identifier: Apache-2.0 */
/* alloc_test.c: loading and purging with each allocation refused: it is done, or it is said that
 * it was not; what was there stays, and the next try does it. */
#include "heap.h"
#include "kit_code.h"

static uint64_t round_number;
static bool refused;

/* What comes of it is an answer, or the end of the caller: nobody waits for ever. */
static void try_load(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_err err;

        kit_heap_refuse(round_number);
        err = kr_code_load(module_file("counter_2"), &msg);
        refused = kit_heap_has_refused();
        kit_heap_refuse(0);
        if (err == KR_OK)
                kr_exit("loaded");
        kr_exit("refused");
}

static void try_purge(void)
{
        bool done;

        kit_heap_refuse(round_number);
        done = kr_code_soft_purge("counter", NULL);
        refused = kit_heap_has_refused();
        kit_heap_refuse(0);
        if (done)
                kr_exit("purged");
        kr_exit("refused");
}

/* Is that how it ended? What it raises for want of memory counts as refused. */
static bool attempt(void (*fn)(void), const char *done)
{
        const char *end;
        kr_ref ref;

        refused = false;
        kr_spawn_monitor(&ref, fn);
        end = end_of(ref);
        refused = refused || kit_heap_has_refused();
        kit_heap_refuse(0);
        return strcmp(end, done) == 0;
}

static void purge_what_is_old(void)
{
        if (kr_code_check_old("counter"))
                kit_true(kr_code_soft_purge("counter", NULL));
}

static void each_allocation_of_a_load(void)
{
        load("counter_1");
        do {
                round_number++;
                if (attempt(try_load, "loaded"))
                        kit_int_eq(call_int("counter", "version"), 2);
                else
                        kit_true(kr_function_exported("counter", "version", 0));
                purge_what_is_old();
                if (call_int("counter", "version") != 1)
                        load("counter_1");
                purge_what_is_old();
                kit_int_lt((int64_t)round_number, 2000);
        } while (refused);
        kit_int_gt((int64_t)round_number, 3);
}

static void each_allocation_of_a_purge(void)
{
        do {
                round_number++;
                load("counter_1");
                kit_true(kr_code_delete("counter"));
                if (attempt(try_purge, "purged"))
                        kit_false(kr_code_check_old("counter"));
                purge_what_is_old();
                kit_int_lt((int64_t)round_number, 2000);
        } while (refused);
        kit_false(is_mapped("/counter-"));
        kit_int_gt((int64_t)round_number, 2);
}

KIT_TEST(test_each_allocation_of_a_load_is_refused)
{
        kit_run_process(&(kr_node_opts){ .drive = KR_DRIVE_SIM },
                        each_allocation_of_a_load);
}

KIT_TEST(test_each_allocation_of_a_purge_is_refused)
{
        kit_run_process(&(kr_node_opts){ .drive = KR_DRIVE_SIM },
                        each_allocation_of_a_purge);
}

KIT_MAIN(KIT_SLOW(test_each_allocation_of_a_load_is_refused, 60),
         KIT_SLOW(test_each_allocation_of_a_purge_is_refused, 60))
