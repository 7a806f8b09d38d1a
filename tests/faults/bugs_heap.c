/* SPDX-License-Identifier: Apache-2.0 */
/* bugs_heap.c: bugs of malloc's heap. */
#include "bugs.h"

#include <sys/resource.h>

BUG(heap_over_one, HEAP, HEAPISH, "write one byte past a block")
{
        char *block = malloc(24);

        ((char *)hidden(block))[number(24)] = 1;
        free(block);
}

BUG(heap_over_size, HEAP, HEAPISH, "overwrite the size of the next block, then free both")
{
        char *block = malloc(1400), *next = malloc(1400), *wall = malloc(1400);

        memset(hidden(block), 0xff, number(1416));
        free(next);
        free(block);
        sink = wall != NULL;
}

BUG(heap_over_64, HEAP, HEAPISH, "write 64 bytes past a block and go on")
{
        char *block = malloc(40);

        memset(hidden(block), 0x42, number(104));
        for (int i = 0; i < 100; i++)
                free(malloc((size_t)i * 8));
        free(block);
}

BUG(heap_over_far, HEAP, ANY_END | CORRUPTED | HUNG, "write 1 GB past a block")
{
        memset(hidden(malloc(100)), 1, number(1u << 30));
}

BUG(heap_under_one, HEAP, HEAPISH, "write 8 bytes below a block, then free it")
{
        char *block = malloc(1400);

        memset((char *)hidden(block) - 8, 0x11, number(8));
        free(block);
}

BUG(heap_under_far, HEAP, ANY_END | CORRUPTED, "write 1 GB below a block")
{
        char *block = malloc(100);

        for (size_t i = 4096; i < number(1u << 30); i += 4096)
                POKE(block - i);
}

BUG(heap_use_after_free_read, HEAP, ALLOWED, "read a block after free")
{
        int *block = malloc(100);

        free(block);
        sink = *(volatile int *)hidden(block);
}

BUG(heap_use_after_free_large, HEAP, CONTAINED, "read a large block after free")
{
        int *block = malloc(4u << 20);

        free(block);
        sink = *(volatile int *)hidden(block);
}

BUG(heap_use_after_free_write, HEAP, HEAPISH,
    "write to a block after free, then allocate again")
{
        void **block = malloc(100), *other;

        free(block);
        *(void *volatile *)hidden(block) = (void *)(uintptr_t)0x4141414141414141;
        other = malloc(100);
        sink = other == block;
        other = malloc(100);
        POKE(other);
}

BUG(heap_double_free, HEAP, DUMPED, "free a block twice")
{
        void *block = malloc(100);

        free(block);
        free(hidden(block));
}

BUG(heap_double_free_later, HEAP, HEAPISH, "free a block twice, with others in between")
{
        void *blocks[12];

        for (int i = 0; i < 12; i++)
                blocks[i] = malloc(2000);
        for (int i = 0; i < 12; i++)
                free(blocks[i]);
        free(hidden(blocks[3]));
}

BUG(heap_double_free_large, HEAP, DUMPED | CONTAINED, "free a large block twice")
{
        void *block = malloc(4u << 20);

        free(block);
        free(hidden(block));
}

BUG(free_stack, HEAP, DUMPED, "free a local array")
{
        long array[32] = { 0 };

        free(hidden(array + 2));
        sink = (int)array[1];
}

BUG(free_static, HEAP, DUMPED, "free a static array")
{
        static long array[32];

        free(hidden(array + 2));
}

BUG(free_middle, HEAP, DUMPED | UNNOTICED, "free the middle of a block")
{
        char *block = malloc(1000);

        memset(block, 0, 1000);
        free(hidden(block + 496));
}

BUG(free_wild, HEAP, DUMPED, "free a wild pointer")
{
        free(hidden((void *)(uintptr_t)0x123450));
}

BUG(free_code, HEAP, DUMPED, "free a function")
{
        free(hidden((void *)(uintptr_t)free_code));
}

BUG(realloc_freed, HEAP, HEAPISH, "realloc a block after free")
{
        char *block = malloc(2000);

        free(block);
        block = realloc(hidden(block), 4000);
        sink = block != NULL;
}

BUG(realloc_old_pointer, HEAP, HEAPISH, "use the old pointer after realloc")
{
        char *block = malloc(2000), *bigger = realloc(block, 4u << 20);

        memset(hidden(block), 7, 2000);
        free(bigger);
}

BUG(malloc_unchecked, HEAP, CONTAINED, "use what malloc returned when there is no memory")
{
        volatile char *block = malloc(number((size_t)1 << 60));

        block[0] = 1;
}

BUG(memory_exhausted, HEAP, CONTAINED,
    "allocate until there is nothing left, and use the last")
{
        struct rlimit limit;

        getrlimit(RLIMIT_AS, &limit);
        limit.rlim_cur = 1u << 20; /* nothing more is mapped */
        setrlimit(RLIMIT_AS, &limit);
        for (;;) {
                volatile char *block = malloc(1u << 20);

                block[0] = 1;
        }
}

BUG(leak, HEAP, UNNOTICED, "lose 64 MB")
{
        for (int i = 0; i < 64; i++)
                sink = malloc(1u << 20) != NULL;
}

BUG(heap_break_list, HEAP, HEAPISH, "break a list of free blocks that the neighbour uses")
{
        void *blocks[7];

        for (int i = 0; i < 7; i++)
                blocks[i] = malloc(100);
        for (int i = 0; i < 7; i++)
                free(blocks[i]);
        for (int i = 0; i < 7; i++)
                memset(hidden(blocks[i]), 0x77, 16);
        for (int i = 0; i < 8; i++)
                sink = malloc(100) != NULL;
}
