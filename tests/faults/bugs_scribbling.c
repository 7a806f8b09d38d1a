/* SPDX-License-Identifier: Apache-2.0 */
/* bugs_scribbling.c: writes to other people's memory. */
#include "bugs.h"

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
