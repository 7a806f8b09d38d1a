/* SPDX-License-Identifier: Apache-2.0 */
#include "refusal.h"

#include <krarup/memory.h>

#include "core/proc.h"
#include "core/sched.h"

#include "heap.h"
#include "kit.h"

struct kit_refusal kit_refusal;

static struct kri_pool *pool(void)
{
        return &kri_current()->sched->pool;
}

void kit_refusal_arm(void)
{
        if (kit_refusal.source == KIT_POOL)
                pool()->fail_in = (uint32_t)kit_refusal.n;
        else
                kit_heap_refuse(kit_refusal.n);
}

bool kit_refusal_has_come(void)
{
        return kit_refusal.source == KIT_POOL ? pool()->fail_in == 0
                                              : kit_heap_has_refused();
}

static void disarm(void *unused)
{
        (void)unused;
        kit_refusal.refused = kit_refusal_has_come();
        pool()->fail_in = 0;
        kit_heap_refuse(0);
}

static void runs(void)
{
        kit_true(kr_defer(disarm, NULL));
        kit_refusal.run();
        kr_defer_cancel(disarm, NULL, true);
}

kr_ref kit_refusal_spawn(void)
{
        kr_ref ref;

        kr_spawn_monitor(&ref, runs);
        return ref;
}
