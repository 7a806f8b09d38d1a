/* SPDX-License-Identifier: Apache-2.0 */
/* holds.c: a module that leaves its addresses in all places. */
#include <krarup.h>

#include <stdlib.h>

#ifndef VERSION
#define VERSION 1
#endif

struct held {
        void (*fn)(void);
        const char *text;
};

static _Atomic int writable = VERSION;

static void nothing(void)
{
        writable++;
}

static void clean_up(void *arg)
{
        (void)arg;
        writable++;
}

/* Wait in a frame of this module. */
KR_FUNCTION(wait_inside)
{
        kr_msg msg = KR_MSG_INIT;

        kr_receive(&msg, KR_INFINITY, kr_on(0, "go"));
        kr_msg_clear(&msg);
        return kr_build("~", writable);
}

/* The others leave something with the caller, who waits elsewhere. */
KR_FUNCTION(keep_function)
{
        struct held *held = kr_calloc(1, sizeof(*held));

        held->fn = nothing;
        return kr_build("~", (uint64_t)(uintptr_t)held);
}

KR_FUNCTION(keep_literal)
{
        struct held *held = kr_calloc(1, sizeof(*held));

        held->text = "a literal";
        return kr_build("~", (uint64_t)(uintptr_t)held);
}

KR_FUNCTION(keep_far)
{
        char *much = kr_calloc(1, 4000000);
        struct held *held = (struct held *)(much + 3999000);

        held->text = "a literal";
        return kr_build("~", (uint64_t)(uintptr_t)held);
}

KR_FUNCTION(keep_clean_up)
{
        return kr_build("~", kr_defer(clean_up, NULL));
}

KR_FUNCTION(keep_hidden)
{
        struct held *held = malloc(sizeof(*held));

        held->fn = nothing;
        held->text = "a literal";
        return kr_build("~", (uint64_t)(uintptr_t)held);
}

KR_FUNCTION(keep_in_node, uint64_t, key)
{
        return kr_build("~",
                        kr_node_put(kr_here(), (void *)(uintptr_t)key, &writable, NULL));
}

KR_FUNCTION(function)
{
        return kr_build("~", (uint64_t)(uintptr_t)nothing);
}

/* Run a function of the caller's with an address of ours in its frame. */
KR_FUNCTION(lend, uint64_t, to)
{
        void (*fn)(const char *) = (void (*)(const char *))(uintptr_t)to;

        fn("lent");
        return kr_build("ok");
}

/* Compute, and take in no signals. */
KR_FUNCTION(spin, uint64_t, until)
{
        volatile int *stop = (volatile int *)(uintptr_t)until;

        while (*stop == 0)
                ;
        return kr_build("ok");
}

static const kr_export exports[] = {
        KR_EXPORT(wait_inside),  KR_EXPORT(keep_function), KR_EXPORT(keep_literal),
        KR_EXPORT(keep_far),     KR_EXPORT(keep_clean_up), KR_EXPORT(keep_hidden),
        KR_EXPORT(keep_in_node), KR_EXPORT(function),      KR_EXPORT(lend),
        KR_EXPORT(spin),
};

KR_MODULE(holds, .version = "1", KR_EXPORTS(exports));
