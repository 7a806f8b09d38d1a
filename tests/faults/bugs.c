/* SPDX-License-Identifier: Apache-2.0 */
/* bugs.c: bugs that C programs have. */
#include "catalogue.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

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

static volatile int sink;
static volatile size_t sink_size;

/* == pointers and mappings == */

struct record {
        int64_t id;
        char name[56];
        struct record *next;
};

BUG(null_read, POINTERS, CONTAINED, "read through NULL")
{
        PEEK(0);
}

BUG(null_write, POINTERS, CONTAINED, "write through NULL")
{
        POKE(0);
}

BUG(null_member, POINTERS, CONTAINED, "read a member of a struct at NULL")
{
        sink = ((struct record *)hidden(NULL))->name[3];
}

BUG(null_array, POINTERS, CONTAINED, "write an element far behind NULL")
{
        ((int *)hidden(NULL))[number(100000)] = 1;
}

BUG(null_chain, POINTERS, CONTAINED, "follow a list past its end")
{
        struct record last = { .next = NULL }, *r = hidden(&last);

        for (int i = 0; i < 3; i++)
                r = r->next;
        sink = (int)r->id;
}

BUG(wild_read, POINTERS, CONTAINED, "read through a wild pointer")
{
        PEEK(0xdeadbeef0);
}

BUG(wild_write, POINTERS, CONTAINED, "write through a wild pointer")
{
        POKE(0xdeadbeef0);
}

BUG(text_as_pointer, POINTERS, CONTAINED, "use eight characters as a pointer")
{
        PEEK(0x4141414141414141);
}

BUG(kernel_address, POINTERS, CONTAINED, "read the kernel's half of the address space")
{
        PEEK(0xffff800000001000);
}

BUG(cut_pointer, POINTERS, CONTAINED, "keep a pointer in 32 bits")
{
        int local = 1;

        POKE((uint32_t)(uintptr_t)&local & 0xfffff);
}

BUG(index_negative_far, POINTERS, CONTAINED, "index an array far below its beginning")
{
        static int table[16];

        ((int *)hidden(table))[-(ptrdiff_t)number(1u << 30)] = 1;
}

BUG(index_far, POINTERS, CONTAINED, "index an array far beyond its end")
{
        static int table[16];

        ((int *)hidden(table))[number((size_t)1 << 38)] = 1;
}

BUG(write_literal, POINTERS, CONTAINED, "write to a string literal")
{
        char *text = hidden("literal");

        text[0] = 'L';
}

BUG(write_const, POINTERS, CONTAINED, "write to a const table")
{
        static const int table[4] = { 1, 2, 3, 4 };

        *(volatile int *)hidden(table) = 5;
}

BUG(write_code, POINTERS, CONTAINED, "write to machine code")
{
        POKE((uintptr_t)hidden((void *)(uintptr_t)write_code));
}

static char *map_pages(size_t count, int protection)
{
        return mmap(NULL, count * 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

BUG(unmapped, POINTERS, CONTAINED, "use memory after munmap")
{
        char *page = map_pages(1, PROT_READ | PROT_WRITE);

        munmap(page, 4096);
        POKE(page);
}

BUG(read_only_page, POINTERS, CONTAINED, "write to a page that mprotect made read-only")
{
        char *page = map_pages(1, PROT_READ | PROT_WRITE);

        mprotect(page, 4096, PROT_READ);
        POKE(page + 100);
}

BUG(no_access_page, POINTERS, CONTAINED, "read a page without access")
{
        PEEK(map_pages(1, PROT_NONE));
}

BUG(past_mapping, POINTERS, CONTAINED, "run past the end of a mapping")
{
        char *pages = map_pages(2, PROT_READ | PROT_WRITE);

        mprotect(pages + 4096, 4096, PROT_NONE);
        memset(hidden(pages), 1, number(5000));
}

static char *map_file(size_t size)
{
        char name[] = "/tmp/krarup-bug-XXXXXX";
        int fd = mkstemp(name);
        char *bytes;

        unlink(name);
        if (ftruncate(fd, (off_t)size) != 0)
                return NULL;
        bytes = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (ftruncate(fd, 0) != 0)
                return NULL;
        return bytes;
}

BUG(truncated_file, POINTERS, CONTAINED, "touch a mapped file that was truncated")
{
        POKE(map_file(8192));
}

BUG(copy_from_truncated_file, POINTERS, CONTAINED,
    "memcpy from a mapped file that was truncated")
{
        char copy[64];

        memcpy(copy, hidden(map_file(8192)), number(sizeof(copy)));
        sink = copy[3];
}

/* == calls and jumps == */

typedef void (*function)(void);

static function as_function(uintptr_t at)
{
        return (function)(uintptr_t)hidden((void *)at);
}

BUG(call_null, CALLS, CONTAINED, "call a NULL function pointer")
{
        as_function(0)();
        sink = 1;
}

BUG(call_wild, CALLS, CONTAINED, "call a wild address")
{
        as_function(0x123456)();
        sink = 1;
}

BUG(call_text, CALLS, CONTAINED, "call eight characters as a function")
{
        as_function(0x4242424242424242)();
        sink = 1;
}

BUG(call_heap, CALLS, CONTAINED, "call an address in the heap")
{
        as_function((uintptr_t)malloc(64))();
        sink = 1;
}

BUG(call_stack, CALLS, CONTAINED, "call an address on the stack")
{
        char code[64] = { 0 };

        as_function((uintptr_t)code)();
        sink = code[0];
}

BUG(call_data, CALLS, CONTAINED, "call a string literal")
{
        as_function((uintptr_t) "data")();
        sink = 1;
}

struct operations {
        function open, close;
};

BUG(call_overwritten_table, CALLS, CONTAINED, "call through a table that was overwritten")
{
        struct operations *ops = malloc(sizeof(*ops));

        memset(ops, 'x', sizeof(*ops));
        ((struct operations *)hidden(ops))->close();
        sink = 1;
}

BUG(call_zeroed_table, CALLS, CONTAINED, "call through a table that was never filled")
{
        struct operations *ops = calloc(1, sizeof(*ops));

        ((struct operations *)hidden(ops))->open();
        sink = 1;
}

BUG(call_wrong_type, CALLS, CONTAINED, "call a data structure instead of its member")
{
        static struct operations ops = { NULL, NULL };

        as_function((uintptr_t)&ops)();
        sink = 1;
}

static jmp_buf dead_buffer;

__attribute__((noinline)) static void leave_dead_frame(void)
{
        volatile char room[200];

        room[0] = 1;
        if (setjmp(dead_buffer) != 0)
                sink = room[0];
}

BUG(longjmp_dead_frame, CALLS, ANY_END, "longjmp into a function that has returned")
{
        volatile char other[600];

        leave_dead_frame();
        memset((char *)other, 0x11, sizeof(other));
        longjmp(dead_buffer, 1);
}

BUG(longjmp_garbage, CALLS, CONTAINED | DUMPED,
    "longjmp with a buffer that was never set")
{
        jmp_buf buffer;

        memset(&buffer, 0x5a, sizeof(buffer));
        longjmp(buffer, 1);
}

BUG(illegal_instruction, CALLS, CONTAINED, "reach an illegal instruction")
{
        __builtin_trap();
}

#if defined(__x86_64__)
BUG(privileged_instruction, CALLS, CONTAINED, "execute a privileged instruction")
{
        __asm__ volatile("hlt");
}

BUG(breakpoint, CALLS, CONTAINED, "leave a breakpoint in the code")
{
        __asm__ volatile("int3");
}

BUG(misaligned_vector, CALLS, CONTAINED, "load a vector from a misaligned address")
{
        static char bytes[64] __attribute__((aligned(16)));

        __asm__ volatile("movaps (%0), %%xmm0" : : "r"(bytes + number(1)) : "xmm0");
}
#endif

/* == arithmetic == */

BUG(divide_by_zero, ARITHMETIC, CONTAINED, "divide by zero")
{
        sink = 100 / (int)number(0);
}

BUG(modulo_zero, ARITHMETIC, CONTAINED, "take the rest of a division by zero")
{
        sink = 100 % (int)number(0);
}

BUG(divide_int_min, ARITHMETIC, CONTAINED, "divide INT_MIN by -1")
{
        sink = INT_MIN / (int)number((size_t)-1);
}

BUG(divide_int64_min, ARITHMETIC, CONTAINED, "divide INT64_MIN by -1")
{
        sink_size = (size_t)(INT64_MIN / (int64_t)number((size_t)-1));
}

BUG(unmasked_float, ARITHMETIC, CONTAINED,
    "divide a double by zero with exceptions unmasked")
{
        volatile double zero = 0, result;

        feenableexcept(FE_DIVBYZERO);
        result = 1 / zero;
        sink = result > 0;
}

BUG(size_wraps, ARITHMETIC, ANY_END | CORRUPTED | HUNG,
    "allocate for a product that wraps around")
{
        size_t count = number(((size_t)1 << 62) + 1);
        int *numbers = malloc(count * sizeof(*numbers));

        for (size_t i = 0; i < number(1u << 28); i++)
                ((volatile int *)numbers)[i] = 1;
}

BUG(float_as_index, ARITHMETIC, CONTAINED, "use a NaN as an index")
{
        volatile double nan = 0;
        static char table[16];

        nan = 0 / nan;
        ((char *)hidden(table))[(int64_t)nan] = 1;
}

BUG(negative_length, ARITHMETIC, CONTAINED, "copy a negative number of bytes")
{
        char from[8] = "abcdefg", to[8];

        memcpy(hidden(to), from, number((size_t)-8));
        sink = to[0];
}

/* == the stack == */

__attribute__((noinline)) static int recurse(int depth)
{
        volatile char frame[48];

        frame[0] = (char)depth;
        if (number(1) == 0)
                return 0;
        return recurse(depth + 1) + frame[0];
}

BUG(endless_recursion, STACK, CONTAINED, "recurse without end")
{
        sink = recurse(0);
}

__attribute__((noinline)) static int recurse_large(int depth)
{
        volatile char frame[3000];

        memset((char *)frame, depth, sizeof(frame));
        return number(1) == 0 ? 0 : recurse_large(depth + 1) + frame[7];
}

BUG(endless_recursion_large, STACK, CONTAINED, "recurse without end with frames of 3 kB")
{
        sink = recurse_large(0);
}

static int ping(int depth);

__attribute__((noinline)) static int pong(int depth)
{
        return number(1) == 0 ? 0 : ping(depth + 1) + 1;
}

__attribute__((noinline)) static int ping(int depth)
{
        return number(1) == 0 ? 0 : pong(depth + 1) + 2;
}

BUG(mutual_recursion, STACK, CONTAINED, "two functions call each other without end")
{
        sink = ping(0);
}

static int compare_recursing(const void *a, const void *b)
{
        int numbers[3] = { 3, 2, 1 };

        (void)a;
        (void)b;
        qsort(numbers, 3, sizeof(numbers[0]), compare_recursing);
        return numbers[0];
}

BUG(recursion_through_qsort, STACK, CONTAINED, "a comparison that sorts by itself")
{
        sink = compare_recursing(NULL, NULL);
}

__attribute__((noinline)) static int recurse_printing(int depth)
{
        char text[32];

        snprintf(text, sizeof(text), "%d", depth);
        return recurse_printing(depth + (int)number(1)) + text[0];
}

BUG(recursion_with_snprintf, STACK, CONTAINED, "recurse without end, formatting text")
{
        sink = recurse_printing(0);
}

__attribute__((noinline)) static int recurse_allocating(int depth)
{
        char *text = malloc(100);

        text[0] = (char)depth;
        return recurse_allocating(depth + (int)number(1)) + text[0];
}

BUG(recursion_with_malloc, STACK, CONTAINED, "recurse without end, allocating")
{
        sink = recurse_allocating(0);
}

__attribute__((noinline)) static int recurse_sending(int depth)
{
        kr_send(kr_self(), "{depth, ~}", depth);
        return recurse_sending(depth + (int)number(1)) + 1;
}

BUG(recursion_with_send, STACK, CONTAINED, "recurse without end, sending messages")
{
        sink = recurse_sending(0);
}

__attribute__((noinline)) static int recurse_receiving(int depth)
{
        kr_msg msg = KR_MSG_INIT;

        (void)kr_receive(&msg, 0, kr_on(1, "never"));
        return recurse_receiving(depth + (int)number(1)) + 1;
}

BUG(recursion_with_receive, STACK, CONTAINED, "recurse without end, receiving")
{
        sink = recurse_receiving(0);
}

BUG(large_array, STACK, CONTAINED, "fill a local array larger than the stack")
{
        char *array = __builtin_alloca(number(200000));

        memset(array, 1, number(200000));
        sink = array[5];
}

BUG(huge_alloca, STACK, CONTAINED, "touch the far end of an alloca of 8 MB")
{
        char *array = __builtin_alloca(number(8u << 20));

        POKE(array);
        POKE(array + 100);
}

BUG(vla_from_input, STACK, CONTAINED, "a variable array whose size is negative")
{
        char *array = __builtin_alloca(number((size_t)-100000) & 0x7ffffff0);

        POKE(array);
}

UNPROTECTED static void overrun(size_t bytes)
{
        char buffer[16];

        memset(hidden(buffer), 0x41, number(bytes));
        sink = buffer[3];
}

BUG(overrun_return_address, STACK, CONTAINED, "overwrite the return address")
{
        overrun(64);
}

BUG(overrun_all, STACK, CONTAINED,
    "write from a local array to the end of the stack and on")
{
        overrun(1u << 20);
}

BUG(overrun_one, STACK, ALLOWED, "write one byte past a local array")
{
        overrun(17);
}

#if defined(__x86_64__)
__attribute__((noinline)) static void overrun_protected(size_t bytes)
{
        char buffer[16];

        memset(hidden(buffer), 0x41, number(bytes));
        sink = buffer[3];
}

BUG(overrun_protected_frame, STACK, CONTAINED, "overwrite the stack protector's canary")
{
        overrun_protected(64);
}
#endif

UNPROTECTED static void underrun(void)
{
        char buffer[64];

        memset((char *)hidden(buffer) - number(4096), 0x41, 4096);
        sink = buffer[3];
}

BUG(underrun_local, STACK, ALLOWED, "write 4 kB below a local array")
{
        underrun();
}

BUG(underrun_far, STACK, CONTAINED, "write 100 kB below a local array")
{
        char buffer[64];

        for (size_t i = 1; i < number(100000); i++)
                ((volatile char *)hidden(buffer))[-(ptrdiff_t)i] = 1;
        sink = buffer[3];
}

UNPROTECTED static void copy_text(const char *text)
{
        char name[8];

        strcpy(hidden(name), text);
        sink = name[1];
}

BUG(strcpy_too_long, STACK, CONTAINED, "strcpy a long text into a short local array")
{
        char text[400];

        memset(text, 'a', sizeof(text) - 1);
        text[399] = '\0';
        copy_text(hidden(text));
}

UNPROTECTED static void print_text(void)
{
        char name[8];

        sprintf(hidden(name), "%0500d", (int)number(1));
        sink = name[1];
}

BUG(sprintf_too_long, STACK, CONTAINED, "sprintf a long text into a short local array")
{
        print_text();
}

UNPROTECTED static void read_into(int fd)
{
        char line[16];

        sink = (int)read(fd, hidden(line), number(4000));
}

BUG(read_too_much, STACK, CONTAINED, "read from a descriptor more than the array holds")
{
        read_into(open("/dev/urandom", O_RDONLY));
}

__attribute__((noinline)) static int *address_of_local(void)
{
        volatile int local = 7;

        return hidden((void *)(uintptr_t)&local);
}

BUG(dangling_local, STACK, ALLOWED,
    "write to a local variable of a function that has returned")
{
        *address_of_local() = 12345;
}

BUG(fortified_strcpy, STACK, CONTAINED,
    "what _FORTIFY_SOURCE makes of a strcpy that is too long")
{
        char name[8];

        __builtin___strcpy_chk(name, hidden("much longer than that"), sizeof(name));
        sink = name[1];
}

/* == malloc's heap == */

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

/* == Krarup's own interface == */

BUG(kr_alloc_over, KRARUP, HEAPISH, "write past a kr_alloc block")
{
        char *block = kr_alloc(100);

        memset(hidden(block), 0x66, number(160));
}

BUG(kr_alloc_under, KRARUP, HEAPISH, "overwrite the header of a kr_alloc block")
{
        char *block = kr_alloc(100);

        memset((char *)hidden(block) - 16, 0x66, number(16));
}

BUG(kr_free_twice, KRARUP, HEAPISH, "kr_free a block twice")
{
        char *block = kr_alloc(100);

        kr_free(block);
        kr_free(hidden(block));
}

BUG(kr_free_malloced, KRARUP, HEAPISH, "kr_free what malloc gave")
{
        kr_free(malloc(1000));
}

BUG(free_kr_alloced, KRARUP, HEAPISH, "free what kr_alloc gave")
{
        free(hidden(kr_alloc(100)));
}

BUG(kr_free_wild, KRARUP, CONTAINED | DUMPED, "kr_free a wild pointer")
{
        kr_free(hidden((void *)(uintptr_t)0x123450));
}

BUG(kr_use_after_free, KRARUP, HEAPISH, "write to a block after kr_free")
{
        char *block = kr_alloc(100);

        kr_free(block);
        memset(hidden(block), 0x55, 100);
}

static kr_term garbage(uint64_t word)
{
        kr_term t = { number(word) };

        return t;
}

BUG(term_garbage_match, KRARUP, CONTAINED | DUMPED, "kr_match a term that was never set")
{
        sink = kr_match(garbage(0x4141414141414141), "{tick, _}");
}

BUG(term_garbage_print, KRARUP, CONTAINED | DUMPED, "print a term that was never set")
{
        char text[100];

        kr_format(text, sizeof(text), garbage(0x12345671));
}

BUG(term_garbage_send, KRARUP, CONTAINED | DUMPED, "send a term that was never set")
{
        kr_send(kr_self(), "{data, ~}", garbage(0x12345671));
}

BUG(term_after_clear, KRARUP, ALLOWED | DUMPED, "use a term after its slot was cleared")
{
        kr_msg msg = KR_MSG_INIT;
        char text[100];
        kr_term t = kr_nil();

        kr_send(kr_self(), "{data, [1, 2, 3], \"text\"}");
        (void)kr_receive(&msg, 1000, kr_on(1, "~", &t));
        kr_msg_clear(&msg);
        kr_send(kr_self(), "{other, #{a => b}}");
        kr_format(text, sizeof(text), t);
        sink = text[0];
}

BUG(receive_null_slot, KRARUP, CONTAINED | DUMPED, "kr_receive into no slot")
{
        kr_send(kr_self(), "hello");
        (void)kr_receive((kr_msg *)hidden(NULL), 1000, kr_on(1, "hello"));
}

BUG(receive_bad_result, KRARUP, CONTAINED | DUMPED,
    "kr_receive with a wild pointer for a result")
{
        kr_msg msg = KR_MSG_INIT;
        int64_t *n = hidden((void *)(uintptr_t)0x1230);

        kr_send(kr_self(), "{n, 5}");
        (void)kr_receive(&msg, 1000, kr_on(1, "{n, ~}", n));
}

BUG(match_bad_result, KRARUP, CONTAINED | DUMPED,
    "kr_match with a wild pointer for a result")
{
        int64_t *n = hidden((void *)(uintptr_t)0x1230);
        kr_term t = kr_build("{n, 5}");

        sink = kr_match(t, "{n, ~}", n);
}

BUG(send_bad_string, KRARUP, CONTAINED | DUMPED, "send a string through a wild pointer")
{
        const char *text = hidden((void *)(uintptr_t)0x1230);

        kr_send(kr_self(), "{text, ~}", text);
}

BUG(slot_overwritten, KRARUP, ANY_END, "overwrite a message slot, then receive into it")
{
        kr_msg msg = KR_MSG_INIT;

        kr_send(kr_self(), "{n, 5}");
        kr_send(kr_self(), "{n, 6}");
        (void)kr_receive(&msg, 1000, kr_on(1, "{n, _}"));
        memset(hidden(&msg), 0x33, sizeof(msg));
        (void)kr_receive(&msg, 1000, kr_on(1, "{n, _}"));
}

static void defer_fault(void *arg)
{
        (void)arg;
        POKE(0);
}

BUG(defer_faults, KRARUP, CONTAINED, "fault, and again in every clean-up")
{
        for (int i = 0; i < 5; i++)
                sink = kr_defer(defer_fault, NULL);
        POKE(0);
}

BUG(defer_null, KRARUP, CONTAINED, "register NULL as a clean-up")
{
        sink = kr_defer((void (*)(void *))(uintptr_t)hidden(NULL), NULL);
        kr_exit("done");
}

static void catch_fault(void *arg)
{
        (void)arg;
        POKE(0x10);
}

BUG(catch_and_go_on, KRARUP, CONTAINED, "catch a thousand faults, then exit")
{
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        for (int i = 0; i < 1000; i++)
                sink = kr_catch(catch_fault, NULL, &kind, &reason);
        kr_exit("done");
}

BUG(spawn_null, KRARUP, CONTAINED, "spawn a NULL function")
{
        void (*fn)(void) = (void (*)(void))(uintptr_t)hidden(NULL);

        kr_spawn(fn);
}

BUG(critical_fault, KRARUP, DUMPED, "fault in a region marked critical")
{
        kr_critical_begin();
        POKE(0);
}

/* == libc == */

BUG(strlen_null, LIBC, CONTAINED, "strlen(NULL)")
{
        sink_size = strlen(hidden(NULL));
}

BUG(strcpy_null, LIBC, CONTAINED, "strcpy to NULL")
{
        strcpy(hidden(NULL), "text");
}

BUG(strcmp_wild, LIBC, CONTAINED, "strcmp with a wild pointer")
{
        sink = strcmp("text", hidden((void *)(uintptr_t)0x9990));
}

BUG(strdup_null, LIBC, CONTAINED, "strdup(NULL)")
{
        const char *copy = strdup(hidden(NULL));

        sink = copy == NULL ? 0 : copy[0]; /* looked at, or clang leaves the call out */
}

BUG(memcpy_wild, LIBC, CONTAINED, "memcpy from a wild pointer")
{
        char to[4000];

        memcpy(to, hidden((void *)(uintptr_t)0x77770), number(sizeof(to)));
        sink = to[9];
}

BUG(memset_huge, LIBC, ANY_END | CORRUPTED | HUNG,
    "memset with a length that wrapped around, in all the memory behind")
{
        static char bytes[100];

        memset(hidden(bytes), 0, number((size_t)-4096) >> 1);
}

BUG(unterminated, LIBC, CONTAINED,
    "strlen of a text without end, up to the end of its page")
{
        char *pages = map_pages(2, PROT_READ | PROT_WRITE);

        mprotect(pages + 4096, 4096, PROT_NONE);
        memset(pages, 'x', 4096);
        sink_size = strlen(hidden(pages));
}

BUG(wcslen_wild, LIBC, CONTAINED, "wcslen of a wild pointer")
{
        sink_size = wcslen(hidden((void *)(uintptr_t)0x8888));
}

BUG(atoi_null, LIBC, CONTAINED, "atoi(NULL)")
{
        sink = atoi(hidden(NULL));
}

BUG(strtod_wild, LIBC, CONTAINED, "strtod of a wild pointer")
{
        sink = strtod(hidden((void *)(uintptr_t)0x8888), NULL) > 0;
}

BUG(sscanf_wild_result, LIBC, CONTAINED, "sscanf into a wild pointer")
{
        sink = sscanf("17", "%d", (int *)hidden((void *)(uintptr_t)0x8888));
}

BUG(snprintf_bad_string, LIBC, CONTAINED, "snprintf of %s with a wild pointer")
{
        char text[40];

        sink = snprintf(text, sizeof(text), "%s",
                        (char *)hidden((void *)(uintptr_t)0x8888));
}

BUG(sprintf_null_buffer, LIBC, CONTAINED, "sprintf into NULL")
{
        sprintf(hidden(NULL), "%d", (int)number(17));
}

BUG(printf_bad_string, LIBC, DUMPED, "printf of %s with a wild pointer: stdout is locked")
{
        printf("%s", (char *)hidden((void *)(uintptr_t)0x8888));
}

BUG(fprintf_null, LIBC, CONTAINED | DUMPED, "fprintf(NULL)")
{
        fprintf(hidden(NULL), "%d", (int)number(17));
}

BUG(fclose_twice, LIBC, DUMPED | UNNOTICED | CONTAINED, "fclose a file twice")
{
        FILE *file = fopen("/dev/null", "r");

        fclose(file);
        fclose(hidden(file));
}

BUG(fputs_freed_file, LIBC, ANY_END | HUNG, "write to a file after fclose")
{
        FILE *file = fopen("/dev/null", "w");

        fclose(file);
        for (int i = 0; i < 10000; i++)
                fputs("some text", hidden(file));
}

static int fault_in_compare(const void *a, const void *b)
{
        (void)a;
        (void)b;
        POKE(0);
        return 0;
}

BUG(qsort_callback, LIBC, CONTAINED, "fault in qsort's comparison")
{
        int numbers[] = { 5, 4, 3, 2, 1 };

        qsort(numbers, 5, sizeof(numbers[0]), fault_in_compare);
        sink = numbers[0];
}

BUG(qsort_callback_large, LIBC, CONTAINED,
    "fault in qsort's comparison, with memory borrowed")
{
        int *numbers = calloc(5000, sizeof(*numbers));

        qsort(numbers, 5000, sizeof(numbers[0]), fault_in_compare);
}

BUG(qsort_null_compare, LIBC, CONTAINED, "qsort without a comparison")
{
        int numbers[] = { 5, 4, 3, 2, 1 };

        qsort(numbers, 5, sizeof(numbers[0]),
              (int (*)(const void *, const void *))hidden(NULL));
        sink = numbers[0];
}

BUG(bsearch_wild, LIBC, CONTAINED, "bsearch in a wild array")
{
        int key = 5;

        sink = bsearch(&key, hidden((void *)(uintptr_t)0x10000), 100, 4,
                       fault_in_compare) != NULL;
}

BUG(localtime_wild, LIBC, DUMPED | CONTAINED,
    "localtime of a wild pointer: the time zone is locked")
{
        sink = localtime(hidden((void *)(uintptr_t)0x8888)) != NULL;
}

BUG(mutex_null, LIBC, CONTAINED, "lock a mutex at NULL")
{
        sink = pthread_mutex_lock(hidden(NULL));
}

BUG(abort_called, LIBC, CONTAINED, "abort")
{
        abort();
}

BUG(assert_fails, LIBC, CONTAINED, "an assertion that does not hold")
{
        assert(number(0) != 0);
}

BUG(raise_segv, LIBC, CONTAINED, "raise(SIGSEGV)")
{
        raise(SIGSEGV);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fault_once(void)
{
        POKE(0);
}

BUG(once_faults, LIBC, DUMPED,
    "fault in a function of pthread_once: others would wait for ever")
{
        pthread_once(&once, fault_once);
}

/* == loops and waits == */

BUG(endless_loop, WAITING, CONTAINED, "loop without end")
{
        while (number(1) != 0)
                ;
}

BUG(endless_loop_signals_blocked, WAITING, CONTAINED | HUNG,
    "loop without end, with all signals blocked")
{
        sigset_t all;

        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, NULL);
        while (number(1) != 0)
                ;
}

BUG(endless_list, WAITING, CONTAINED, "walk a list that bites its tail")
{
        struct record one = { .id = 1 };
        struct record *r = hidden(&one);

        one.next = &one;
        while (r != NULL)
                r = ((struct record *)hidden(r))->next;
}

BUG(endless_malloc, WAITING, CONTAINED, "allocate and free without end")
{
        while (number(1) != 0)
                free(hidden(malloc(100)));
}

BUG(endless_system_calls, WAITING, CONTAINED, "call the kernel without end")
{
        while (number(1) != 0)
                sink = getppid();
}

BUG(endless_strlen, WAITING, CONTAINED, "measure texts without end")
{
        char text[2000];

        memset(text, 'x', sizeof(text));
        text[1999] = '\0';
        while (number(1) != 0)
                sink_size = strlen(hidden(text));
}

BUG(sleep_for_ever, WAITING, CONTAINED, "sleep for an hour")
{
        sleep(3600);
}

BUG(read_for_ever, WAITING, CONTAINED, "read from a pipe that nobody writes to")
{
        int ends[2];
        char byte;

        if (pipe(ends) == 0)
                sink = (int)read(ends[0], &byte, 1);
}

BUG(poll_for_ever, WAITING, CONTAINED, "poll without a timeout")
{
        sink = poll(NULL, 0, -1);
}

BUG(select_for_ever, WAITING, CONTAINED, "select without a timeout")
{
        sink = select(0, NULL, NULL, NULL, NULL);
}

BUG(accept_for_ever, WAITING, CONTAINED, "accept when nobody connects")
{
        int fd = socket(AF_INET, SOCK_STREAM, 0);

        if (listen(fd, 1) == 0)
                sink = accept(fd, NULL, NULL);
}

BUG(pause_for_ever, WAITING, CONTAINED, "pause")
{
        pause();
}

BUG(futex_for_ever, WAITING, CONTAINED, "wait on a futex that nobody wakes")
{
        int word = 0;

        syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL, NULL, 0);
}

BUG(deadlock, WAITING, CONTAINED, "lock a mutex twice")
{
        pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

        pthread_mutex_lock(&mutex);
        pthread_mutex_lock(&mutex);
}

BUG(semaphore_for_ever, WAITING, CONTAINED, "wait for a semaphore that nobody posts")
{
        sem_t semaphore;

        sem_init(&semaphore, 0, 0);
        sem_wait(&semaphore);
}

BUG(condition_for_ever, WAITING, CONTAINED, "wait for a condition that nobody signals")
{
        pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
        pthread_cond_t condition = PTHREAD_COND_INITIALIZER;

        pthread_mutex_lock(&mutex);
        pthread_cond_wait(&condition, &mutex);
}

static pthread_mutex_t shared = PTHREAD_MUTEX_INITIALIZER;

BUG(fault_with_mutex, WAITING, CONTAINED, "fault while holding a mutex: it stays locked")
{
        pthread_mutex_lock(&shared);
        POKE(0);
}

/* == the OS process == */

BUG(exit_called, SYSTEM, DIED, "exit: it ends the OS process, as it says")
{
        exit(0);
}

BUG(kill_self, SYSTEM, DIED, "kill(getpid(), SIGKILL)")
{
        kill(getpid(), SIGKILL);
}

BUG(segv_from_kill, SYSTEM, DIED, "kill(getpid(), SIGSEGV): no thread is to blame")
{
        kill(getpid(), SIGSEGV);
}

BUG(handler_removed, SYSTEM, DIED, "signal(SIGSEGV, SIG_DFL), then a fault")
{
        signal(SIGSEGV, SIG_DFL);
        POKE(0);
}

BUG(signal_stack_removed, SYSTEM, DIED | DUMPED,
    "take the signal stack away, then overflow the stack")
{
        stack_t none = { .ss_flags = SS_DISABLE };

        sigaltstack(&none, NULL);
        sink = recurse(0);
}

BUG(close_all, SYSTEM, CONTAINED, "close descriptors 0 to 255, then fault")
{
        for (int fd = 0; fd < 256; fd++)
                close(fd);
        POKE(0);
}

BUG(close_twice, SYSTEM, UNNOTICED, "close a descriptor twice")
{
        int fd = dup(0);

        close(fd);
        sink = close(fd);
}

BUG(signals_blocked, SYSTEM, CONTAINED | DIED, "block all signals, then fault")
{
        sigset_t all;

        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, NULL);
        POKE(0);
}

BUG(rounding_changed, SYSTEM, UNNOTICED,
    "change the rounding of floating point and return")
{
        fesetround(FE_UPWARD);
}

/* == other people's memory == */

BUG(scribble_neighbour, SCRIBBLING, CORRUPTED, "write to the neighbour's memory")
{
        memset(hidden(neighbour_block), 0x99, number(64));
}

BUG(scribble_neighbours_stack, SCRIBBLING, CORRUPTED, "write to the neighbour's stack")
{
        memset(hidden((void *)(uintptr_t)neighbour_stack), 0x99, number(64));
}

BUG(scribble_neighbours_frames, SCRIBBLING, ANY_END | CORRUPTED,
    "overwrite all of the neighbour's frames")
{
        memset((char *)hidden((void *)(uintptr_t)neighbour_stack) - 400, 0x99,
               number(390));
}

BUG(scribble_stdout, SCRIBBLING, ANY_END | HUNG, "overwrite libc's stdout, then print")
{
        memset(hidden(stdout), 0x99, number(216));
        puts("text");
}

BUG(scribble_after_stack, SCRIBBLING, CONTAINED, "write on past the top of the stack")
{
        char local[16];

        for (size_t i = 0; i < number(1u << 20); i++)
                ((volatile char *)hidden(local))[i] = 0x99;
}

BUG(scribble_globals, SCRIBBLING, ANY_END | CORRUPTED | HUNG,
    "overwrite the program's variables")
{
        memset(hidden((void *)(uintptr_t)&neighbour_block), 0x99,
               sizeof(neighbour_block));
        memset(hidden((void *)(uintptr_t)&sink), 0x99, number(sizeof(sink)));
}

BUG(race, SCRIBBLING, UNNOTICED, "two threads add to one variable without a lock")
{
        for (int i = 0; i < 100000; i++)
                sink_size++;
}
