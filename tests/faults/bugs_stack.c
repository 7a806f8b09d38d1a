/* SPDX-License-Identifier: Apache-2.0 */
/* bugs_stack.c: bugs of the stack. */
#include "bugs.h"

#include <fcntl.h>
#include <unistd.h>

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
