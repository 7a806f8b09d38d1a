/* SPDX-License-Identifier: Apache-2.0 */
/* bugs_calls.c: calls and jumps to where no code is. */
#include "bugs.h"

#include <setjmp.h>

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
