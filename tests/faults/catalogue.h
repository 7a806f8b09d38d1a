/* SPDX-License-Identifier: Apache-2.0 */
/* catalogue.h: how a seeded bug is written down.
 *
 *      BUG(null_write, POINTERS, CONTAINED, "write through NULL")
 *      {
 *              *(int *)hidden(NULL) = 1;
 *      }
 *
 * Each runs as a process in a node of its own, in an OS process of its own, beside a
 * neighbour that counts and looks after its memory; catalogue.c classifies what comes of it.
 * The third word says which outcomes are accepted: the test fails on others.
 */
#ifndef KR_TESTS_CATALOGUE_H
#define KR_TESTS_CATALOGUE_H

#include <krarup.h>

/* Outcomes, from the best to the worst. */
enum outcome {
        CONTAINED = 1,  /* the process ended with a reason; everybody else goes on */
        DUMPED = 2,     /* the node ended, with a dump that says why */
        UNNOTICED = 4,  /* nothing that we look at was harmed, and nobody was told */
        DIED = 8,       /* the node ended without a dump */
        CORRUPTED = 16, /* the neighbour's memory changed, and nobody was told */
        HUNG = 32,      /* killed from outside */
};

enum group {
        POINTERS,
        CALLS,
        ARITHMETIC,
        STACK,
        HEAP,
        KRARUP,
        LIBC,
        WAITING,
        SYSTEM,
        SCRIBBLING,
        GROUPS
};

struct bug {
        const char *name;
        const char *what;
        void (*run)(void);
        enum group group;
        unsigned accepted;
        struct bug *next;
};

void add_bug(struct bug *bug);

#define BUG(id, group, accepted, text)                                                   \
        static void id(void);                                                            \
        __attribute__((constructor)) static void add_##id(void)                          \
        {                                                                                \
                static struct bug bug = { #id, text, id, group, accepted, NULL };        \
                                                                                         \
                add_bug(&bug);                                                           \
        }                                                                                \
        static void id(void)

/* What the compiler is not to see through. */
static inline void *hidden(const void *p)
{
        __asm__ volatile("" : "+r"(p) : : "memory");
        return (void *)(uintptr_t)p;
}

static inline size_t number(size_t n)
{
        __asm__ volatile("" : "+r"(n) : : "memory");
        return n;
}

#define POKE(address) (*(volatile char *)hidden((void *)(uintptr_t)(address)) = 1)
#define PEEK(address) ((void)*(volatile char *)hidden((void *)(uintptr_t)(address)))

/* The neighbour's memory and pid, for those who write where they should not. */
extern unsigned char *neighbour_block;
extern volatile char *neighbour_stack;
extern kr_pid neighbour_pid;
#define NEIGHBOUR_BYTES 4096u

#endif
