/* SPDX-License-Identifier: Apache-2.0 */
/* heap.h: make the n-th allocation of the code under test fail, and count what is kept.
 *
 *      KIT_EACH_ALLOC_FAILS(n) {
 *              err = kr_something(&result);
 *              if (kit_heap_has_refused())
 *                      kit_err(err, KR_ENOMEM);
 *              else
 *                      kit_ok(err);
 *              ... release ...
 *      }
 *
 * runs its body with the first allocation refused, then the second, and so on, until a
 * run in which none was; and fails the case if a run kept a block more than it found.
 *
 * Model    malloc, calloc, realloc, aligned_alloc, posix_memalign and mmap are wrapped by
 *          the linker, where the library and the test call them; what libc allocates by
 *          itself (pthread_create, stdio) is not seen.
 * Threads  any; a refusal is counted over all threads together.
 */
#ifndef KR_TESTS_HEAP_H
#define KR_TESTS_HEAP_H

#include <stdbool.h>
#include <stdint.h>

/* Refuse the n-th allocation from now on (1: the next); 0: refuse none. */
void kit_heap_refuse(uint64_t n);

/* Refuse every mmap from now on, or none: no more stacks. */
void kit_heap_refuse_maps(bool all);

/* Has one been refused since kit_heap_refuse? */
bool kit_heap_has_refused(void);

/* Allocations asked for since the program began, mmap included. */
uint64_t kit_heap_asked(void);

/* Blocks from malloc and its kin that have not been freed (mappings are not counted). */
int64_t kit_heap_blocks(void);

/* n counts the rounds from 1. A block may not be left by break, return or goto. */
#define KIT_EACH_ALLOC_FAILS(n)                                                          \
        for (uint64_t n = kit_heap_first_round(); n != 0;                                \
             n = kit_heap_next_round(n, __FILE__, __LINE__))

uint64_t kit_heap_first_round(void);
uint64_t kit_heap_next_round(uint64_t n, const char *file, int line);

#endif
