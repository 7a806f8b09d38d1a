/* SPDX-License-Identifier: Apache-2.0 */
/* plat_thread_test.c: what a thread asks of the kernel for itself is not for what it starts. */
#include "base/plat_thread.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "kit.h"

/* struct sched_attr, as it was at first */
struct attribute {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t slice_ns, deadline_ns, period_ns;
};

static struct attribute attribute_here(void)
{
        struct attribute attribute = { .size = sizeof(attribute) };

        kit_int_eq(syscall(SYS_sched_getattr, 0, &attribute, sizeof(attribute), 0), 0);
        return attribute;
}

static void *look(void *ret_attribute)
{
        *(struct attribute *)ret_attribute = attribute_here();
        return NULL;
}

static struct attribute attribute_of_a_child(void)
{
        struct attribute attribute = { 0 };
        pthread_t child;

        kit_int_eq(kri_thread_start(&child, look, &attribute, 64 * 1024), 0);
        kit_int_eq(pthread_join(child, NULL), 0);
        return attribute;
}

static void *hurry(void *ret_child)
{
        kri_thread_hurry();
        *(struct attribute *)ret_child = attribute_of_a_child();
        return NULL;
}

KIT_TEST(test_what_a_thread_in_a_hurry_starts_is_in_none)
{
        struct attribute usual = attribute_of_a_child(), child = { 0 };
        pthread_t thread;

        if (usual.nice < 0)
                return; /* it would lose that, too */
        kit_int_eq(kri_thread_start(&thread, hurry, &child, 64 * 1024), 0);
        kit_int_eq(pthread_join(thread, NULL), 0);
        kit_int_eq(child.slice_ns, usual.slice_ns);
        kit_int_eq(child.nice, usual.nice);
        kit_int_eq(child.policy, usual.policy);
}

KIT_MAIN(KIT_CASE(test_what_a_thread_in_a_hurry_starts_is_in_none))
