/* SPDX-License-Identifier: Apache-2.0 */
/* bugs.h: what the bugs of several groups use. */
#ifndef KR_TESTS_BUGS_H
#define KR_TESTS_BUGS_H

#include "catalogue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ALLOWED (CONTAINED | UNNOTICED)
#define HEAPISH (CONTAINED | DUMPED | UNNOTICED | CORRUPTED)
#define ANY_END (CONTAINED | DUMPED | UNNOTICED | DIED)

#if defined(__has_attribute)
#if __has_attribute(no_stack_protector)
#define UNPROTECTED __attribute__((no_stack_protector, noinline))
#endif
#endif
#ifndef UNPROTECTED
#define UNPROTECTED __attribute__((noinline))
#endif

/* Where results go that nobody looks at. */
static volatile int sink __attribute__((unused));
static volatile size_t sink_size __attribute__((unused));

struct record {
        int64_t id;
        char name[56];
        struct record *next;
};

__attribute__((unused)) static char *map_pages(size_t count, int protection)
{
        return mmap(NULL, count * 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

__attribute__((noinline, unused)) static int recurse(int depth)
{
        volatile char frame[48];

        frame[0] = (char)depth;
        if (number(1) == 0)
                return 0;
        return recurse(depth + 1) + frame[0];
}

#endif
