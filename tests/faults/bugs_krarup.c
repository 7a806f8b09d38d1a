/* SPDX-License-Identifier: Apache-2.0 */
/* bugs_krarup.c: wrong uses of Krarup's own interface. */
#include "bugs.h"

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
