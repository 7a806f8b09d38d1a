/* SPDX-License-Identifier: Apache-2.0 */
/* failing.c: one case for each way in which a case can fail; failing_test wants them all to. */
#include "heap.h"
#include "kit.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

/* volatile, here and below: or the compiler drops the allocations */
static void *volatile kept;

KIT_TEST(err)
{
        kit_err(KR_ENOMEM, KR_OK);
}

KIT_TEST(ok)
{
        kit_ok(KR_ENOPROC);
}

KIT_TEST(less)
{
        kit_int_lt(3, -1);
}

KIT_TEST(greater)
{
        kit_int_gt(-4, 5);
}

KIT_TEST(unsigned_equal)
{
        kit_uint_eq(1u, UINT64_MAX);
}

KIT_TEST(text)
{
        kit_str_eq("one", NULL);
}

KIT_TEST(bytes)
{
        kit_mem_eq("abc", "abd", 3);
}

KIT_TEST(crash)
{
        raise(SIGKILL);
}

KIT_TEST(leaves)
{
        exit(0); /* a case that does not come back has shown nothing */
}

KIT_TEST(too_slow)
{
        for (;;)
                ;
}

static void *fail_here(void *unused)
{
        (void)unused;
        kit_true(1 == 2);
        return NULL;
}

KIT_TEST(other_thread)
{
        pthread_t thread;

        kit_int_eq(pthread_create(&thread, NULL, fail_here, NULL), 0);
        (void)pthread_join(thread, NULL); /* the case ends meanwhile */
}

KIT_TEST(keeps_a_block)
{
        KIT_EACH_ALLOC_FAILS (n) {
                void *volatile first = malloc(8);

                kept = malloc(8);
                if (first)
                        free(kept);
                free(first);
        }
}

KIT_MAIN(KIT_CASE(err), KIT_CASE(ok), KIT_CASE(less), KIT_CASE(greater),
         KIT_CASE(unsigned_equal), KIT_CASE(text), KIT_CASE(bytes), KIT_CASE(crash),
         KIT_CASE(leaves), KIT_SLOW(too_slow, 1), KIT_CASE(other_thread),
         KIT_CASE(keeps_a_block))
