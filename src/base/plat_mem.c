/* SPDX-License-Identifier: Apache-2.0 */
#include "plat_mem.h"

#include <errno.h>
#include <fcntl.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#define MADV_GUARD_REMOVE 103
#endif

/* The kernel has MADV_GUARD_INSTALL, and allows it: only a hint which call to try first. */
static atomic_bool has_light_guards = true;
static atomic_bool has_seen_one; /* that stopped somebody */

void *kri_mem_reserve(size_t size, size_t align)
{
        size_t room = size + (align > KRI_PAGE ? align : 0);
        char *place = mmap(NULL, room, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        char *aligned;

        if (place == MAP_FAILED)
                return NULL;
        if (align <= KRI_PAGE)
                return place;
        aligned = (char *)(((uintptr_t)place + align - 1) & ~(uintptr_t)(align - 1));
        if (aligned > place)
                munmap(place, (size_t)(aligned - place));
        if (aligned + size < place + room)
                munmap(aligned + size, (size_t)(place + room - aligned) - size);
        return aligned;
}

void kri_mem_release(void *place, size_t size)
{
        if (place != NULL)
                munmap(place, size);
}

void kri_mem_huge(void *place, size_t size, bool want)
{
        /* advice only: a kernel without huge pages refuses, and all works as well */
        (void)madvise(place, size, want ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

/* Sanitizers take what is here for the owner's writing, which it may meet; no_sanitize leaves
 * clang's atomic operations watched. */
#if __has_attribute(disable_sanitizer_instrumentation)
#define UNSEEN __attribute__((disable_sanitizer_instrumentation))
#else
#define UNSEEN __attribute__((no_sanitize("address", "thread")))
#endif

/* Zero in place of zero, at once: the page is there then, and of what somebody writes meanwhile
 * nothing is lost. MADV_POPULATE_WRITE would do it in one call, which keeps the whole address space
 * locked (mmap_lock) until the kernel has found and cleared all of it: milliseconds, in which whoever
 * maps, unmaps or protects anything stands still, as malloc does for a few pages more. A fault locks
 * the mapping that it is in, no more (Linux 6.4). */
UNSEEN void kri_mem_populate(void *place, size_t size)
{
#if defined(__aarch64__)
        /* There an exchange faults to read first, and gets pieces of a huge page of zeroes. */
        if (madvise(place, size, MADV_POPULATE_WRITE) == 0)
                return;
#endif
        for (size_t i = 0; i < size; i += KRI_PAGE) {
                unsigned char zero = 0;

                /* relaxed: nobody is told anything by it */
                (void)__atomic_compare_exchange_n((volatile unsigned char *)place + i,
                                                  &zero, 0, false, __ATOMIC_RELAXED,
                                                  __ATOMIC_RELAXED);
        }
}

void kri_mem_forget(void *place, size_t size)
{
        (void)madvise(place, size, MADV_DONTNEED);
}

/* Emulators say yes to all advice, also to what they do not know. relaxed: it is found out again
 * by whoever does not know yet. */
static bool stops_somebody(const void *place)
{
        if (!atomic_load_explicit(&has_seen_one, memory_order_relaxed)) {
                /* the kernel is to read a name there */
                if (access(place, F_OK) == 0 || errno != EFAULT)
                        return false;
                atomic_store_explicit(&has_seen_one, true, memory_order_relaxed);
        }
        return true;
}

bool kri_mem_guard(void *place, size_t size)
{
        /* relaxed: a hint, see above */
        if (atomic_load_explicit(&has_light_guards, memory_order_relaxed)) {
                if (madvise(place, size, MADV_GUARD_INSTALL) == 0 &&
                    stops_somebody(place))
                        return true;
                atomic_store_explicit(&has_light_guards, false, memory_order_relaxed);
        }
        return mprotect(place, size, PROT_NONE) == 0;
}

bool kri_mem_unguard(void *place, size_t size)
{
        /* the pages may be of a time when the other kind was in use */
        bool removed = madvise(place, size, MADV_GUARD_REMOVE) == 0;

        if (removed && atomic_load_explicit(&has_light_guards, memory_order_relaxed))
                return true;
        return mprotect(place, size, PROT_READ | PROT_WRITE) == 0;
}

void kri_mem_trim_malloc(void)
{
#if defined(__GLIBC__)
        (void)malloc_trim(0); /* nothing to give is no error */
#endif
}

size_t kri_mem_resident(void)
{
        unsigned long pages = 0;
        char text[128];
        int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
        ssize_t n;

        if (fd < 0)
                return 0;
        n = read(fd, text, sizeof(text) - 1);
        close(fd);
        if (n <= 0)
                return 0;
        text[n] = 0;
        if (sscanf(text, "%*u %lu", &pages) != 1)
                return 0;
        return pages * KRI_PAGE;
}
