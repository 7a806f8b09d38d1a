/* SPDX-License-Identifier: Apache-2.0 */
/* bugs_pointers.c: bugs of pointers and mappings. */
#include "bugs.h"

#include <unistd.h>

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
