/* SPDX-License-Identifier: Apache-2.0 */
/* heap.c: allocation functions that can be told to refuse. */
#include "heap.h"

#include "kit.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>

/* The linker's --wrap gives these names to the real functions. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_aligned_alloc(size_t align, size_t size);
int __real_posix_memalign(void **ret_block, size_t align, size_t size);
void __real_free(void *block);
void *__real_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset);

static _Atomic uint64_t asked;
static _Atomic uint64_t refuse_at; /* the value of `asked` to refuse, 0: none */
static _Atomic bool has_refused;
static _Atomic bool refuses_maps;
static _Atomic int64_t blocks;
static int64_t blocks_before; /* of the running round; the case's thread only */

void kit_heap_refuse(uint64_t n)
{
        atomic_store(&has_refused, false);
        atomic_store(&refuse_at, n ? atomic_load(&asked) + n : 0);
}

void kit_heap_refuse_maps(bool all)
{
        atomic_store(&refuses_maps, all);
}

bool kit_heap_has_refused(void)
{
        return atomic_load(&has_refused);
}

uint64_t kit_heap_asked(void)
{
        return atomic_load(&asked);
}

int64_t kit_heap_blocks(void)
{
        return atomic_load(&blocks);
}

uint64_t kit_heap_first_round(void)
{
        blocks_before = kit_heap_blocks();
        kit_heap_refuse(1);
        return 1;
}

uint64_t kit_heap_next_round(uint64_t n, const char *file, int line)
{
        bool last = !kit_heap_has_refused();

        kit_heap_refuse(0);
        if (kit_heap_blocks() != blocks_before)
                kit_fail_at(file, line,
                            "%lld blocks are kept after allocation %llu was refused",
                            (long long)(kit_heap_blocks() - blocks_before),
                            (unsigned long long)n);
        if (last)
                return 0;
        kit_heap_refuse(n + 1);
        return n + 1;
}

static bool is_refused(void)
{
        bool refused = atomic_fetch_add(&asked, 1) + 1 == atomic_load(&refuse_at);

        if (refused) {
                atomic_store(&has_refused, true);
                errno = ENOMEM;
        }
        return refused;
}

static void *counted(void *block)
{
        if (block)
                atomic_fetch_add(&blocks, 1);
        return block;
}

void *__wrap_malloc(size_t size)
{
        return is_refused() ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
        return is_refused() ? NULL : counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *block, size_t size)
{
        void *moved;

        if (is_refused())
                return NULL;
        moved = __real_realloc(block, size);
        if (moved && !block)
                atomic_fetch_add(&blocks, 1);
        return moved;
}

void *__wrap_aligned_alloc(size_t align, size_t size)
{
        return is_refused() ? NULL : counted(__real_aligned_alloc(align, size));
}

int __wrap_posix_memalign(void **ret_block, size_t align, size_t size)
{
        int err;

        if (is_refused())
                return ENOMEM;
        err = __real_posix_memalign(ret_block, align, size);
        if (err == 0)
                atomic_fetch_add(&blocks, 1);
        return err;
}

void __wrap_free(void *block)
{
        if (block)
                atomic_fetch_sub(&blocks, 1);
        __real_free(block);
}

void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
        if (is_refused() || atomic_load(&refuses_maps))
                return MAP_FAILED;
        return __real_mmap(addr, len, prot, flags, fd, offset);
}

/* What the library calls where it is built with large offsets, as off_t is here. */
void *__wrap_mmap64(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
        return __wrap_mmap(addr, len, prot, flags, fd, offset);
}
