/* SPDX-License-Identifier: Apache-2.0 */
/* memory.c: memory that a process owns: a list of blocks, each with its size in front. */
#include <krarup/memory.h>

#include <stdlib.h>
#include <string.h>

#include "term/atom.h"
#include "term/kept.h"

#include "extra.h"
#include "fiber.h"
#include "node.h"

struct kri_owned {
        struct kri_owned *next, *prev;
        size_t size; /* of what follows */
        size_t kept; /* 1: a kept term, whose blobs are to be given back */
};

_Static_assert(sizeof(struct kri_owned) % 16 == 0,
               "what follows is aligned for any type");

static struct kri_owned *header(void *block)
{
        return (struct kri_owned *)block - 1;
}

/* Room within the process's limit? Beyond it the process ends at its next signal. */
static bool within_limit(struct kri_proc *p, size_t size)
{
        struct kri_extra *extra = p->extra;

        if (extra == NULL || extra->memory_max == 0)
                return true;
        if (size <= extra->memory_max && extra->memory_used <= extra->memory_max - size)
                return true;
        if (!kri_has(p, KRI_P_THREAD))
                kri_doom_atom(p, KRI_A_killed);
        return false;
}

/* What a block counts for the limit. */
static size_t weight(const struct kri_owned *o)
{
        return sizeof(*o) + o->size;
}

static void push(struct kri_proc *p, struct kri_owned *o)
{
        o->prev = NULL;
        o->next = p->owned;
        if (p->owned != NULL)
                p->owned->prev = o;
        p->owned = o;
}

static void unlink_owned(struct kri_proc *p, struct kri_owned *o)
{
        if (o->next != NULL)
                o->next->prev = o->prev;
        if (o->prev != NULL)
                o->prev->next = o->next;
        else
                p->owned = o->next;
}

/* Small ones come from the scheduler's pool, but where AddressSanitizer shall see what a
 * program does to them. */
static bool is_pooled(size_t total)
{
#if defined(KRI_ASAN)
        return false && total != 0;
#else
        return total <= KRI_POOL_MAX;
#endif
}

static struct kri_owned *new_owned(struct kri_proc *p, size_t total)
{
        struct kri_pool *pool = &p->sched->pool;

        if (is_pooled(total))
                return kri_pool_alloc(pool, kri_pool_class(total));
        if (pool->fail_in != 0 && --pool->fail_in == 0)
                return NULL;
        return kri_node_alloc(p->node, total);
}

static void free_owned(struct kri_sched *s, struct kri_owned *o)
{
        size_t total = sizeof(*o) + o->size;

        if (is_pooled(total))
                kri_pool_free(&s->pool, o, kri_pool_class(total));
        else
                kri_node_free(s->node, o, total);
}

void *kri_owned_alloc(struct kri_proc *p, size_t size, bool kept)
{
        struct kri_owned *o;

        if (size > PTRDIFF_MAX - sizeof(*o) || !within_limit(p, sizeof(*o) + size))
                return NULL;
        o = new_owned(p, sizeof(*o) + size);
        if (o == NULL)
                return NULL;
        o->size = size;
        o->kept = kept;
        if (p->extra != NULL)
                p->extra->memory_used += weight(o);
        push(p, o);
        return o + 1;
}

static void give_back(struct kri_sched *s, struct kri_owned *o)
{
        if (o->kept)
                kri_blobs_release((kri_word *)(o + 1), (uint32_t) * (kri_word *)(o + 1));
        free_owned(s, o);
}

void kri_owned_free(struct kri_proc *p, void *block)
{
        struct kri_owned *o;

        if (block == NULL)
                return;
        o = header(block);
        unlink_owned(p, o);
        if (p->extra != NULL)
                p->extra->memory_used -= weight(o);
        give_back(p->sched, o);
}

/* Of a kept block too, whose blobs the caller has given back. */
static void owned_free_only(struct kri_proc *p, void *block)
{
        if (block != NULL)
                header(block)->kept = 0;
        kri_owned_free(p, block);
}

void kri_owned_release(struct kri_sched *s, struct kri_proc *p)
{
        while (p->owned != NULL) {
                struct kri_owned *o = p->owned;

                p->owned = o->next;
                give_back(s, o);
        }
}

size_t kri_owned_bytes(const struct kri_proc *p)
{
        size_t bytes = 0;

        for (const struct kri_owned *o = p->owned; o != NULL; o = o->next)
                bytes += weight(o);
        return bytes;
}

void kri_memory_check(struct kri_proc *p)
{
        size_t bytes = p->extra->memory_used;

        for (const struct kri_sig *sig = p->first; sig != NULL; sig = sig->next)
                bytes += kri_sig_size(sig);
        if (bytes > p->extra->memory_max && !kri_has(p, KRI_P_THREAD))
                kri_doom_atom(p, KRI_A_killed);
}

/* -- for the term layer: kept terms and its scratch memory belong to the process -- */

static void *host_alloc_as(size_t size, bool kept)
{
        struct kri_proc *p = kri_current();
        void *block;
        uint8_t was;

        if (p == NULL)
                return malloc(size);
        was = kri_inside(p);
        (void)kri_enter();
        block = kri_owned_alloc(p, size, kept);
        kri_inside_set(p, was);
        return block;
}

void *kri_host_alloc(size_t size)
{
        return host_alloc_as(size, false);
}

void *kri_host_alloc_kept(size_t size)
{
        return host_alloc_as(size, true);
}

void kri_host_free(void *block)
{
        struct kri_proc *p = kri_current();
        uint8_t was;

        if (p == NULL) {
                free(block);
                return;
        }
        was = kri_inside(p);
        (void)kri_enter();
        owned_free_only(p, block);
        kri_inside_set(p, was);
}

void kri_host_critical(bool enter)
{
        struct kri_proc *p = kri_current();

        if (p != NULL)
                kri_critical_set(p, kri_critical_depth(p) + (enter ? 1u : -1u));
}

/* -- the public face -- */

void *kr_alloc(size_t size)
{
        struct kri_proc *p = kri_enter();
        void *block;

        if (p == NULL)
                return malloc(size != 0 ? size : 1);
        block = kri_owned_alloc(p, size, false);
        kri_leave(p);
        return block;
}

void *kr_calloc(size_t count, size_t size)
{
        void *block;

        if (size != 0 && count > SIZE_MAX / size)
                return NULL;
        block = kr_alloc(count * size);
        if (block != NULL)
                memset(block, 0, count * size);
        return block;
}

void *kr_realloc(void *block, size_t size)
{
        struct kri_proc *p = kri_current();
        size_t old_size;
        void *larger;

        if (p == NULL)
                return realloc(block, size != 0 ? size : 1);
        if (block == NULL)
                return kr_alloc(size);
        old_size = header(block)->size;
        larger = kr_alloc(size);
        if (larger == NULL)
                return NULL;
        memcpy(larger, block, old_size < size ? old_size : size);
        kr_free(block);
        return larger;
}

void kr_free(void *block)
{
        struct kri_proc *p = kri_enter();

        if (p == NULL) {
                free(block);
                return;
        }
        kri_owned_free(p, block);
        kri_leave(p);
}

static bool defer(struct kri_proc *p, void (*fn)(void *arg), void *arg)
{
        struct kri_defer *defer = NULL;

        if (kri_extra(p) != NULL)
                defer = kri_owned_alloc(p, sizeof(*defer), false);
        if (defer != NULL) {
                *defer = (struct kri_defer){ p->extra->defers, fn, arg };
                p->extra->defers = defer;
        }
        kri_leave(p);
        return defer != NULL;
}

bool kr_defer(void (*fn)(void *arg), void *arg)
{
        struct kri_proc *p = kri_enter();

        if (p == NULL)
                return false;
        if (fn == NULL)
                kri_badarg(p, "kr_defer", "fn");
        else if (!kri_has(p, KRI_P_THREAD))
                return defer(p, fn, arg);
        kri_leave(p);
        return false;
}

void kr_defer_cancel(void (*fn)(void *arg), void *arg, bool run)
{
        struct kri_proc *p = kri_enter();
        struct kri_defer **place, *defer;

        if (p == NULL)
                return;
        if (p->extra != NULL) {
                for (place = &p->extra->defers; *place != NULL; place = &(*place)->next) {
                        defer = *place;
                        if (defer->fn != fn || defer->arg != arg)
                                continue;
                        *place = defer->next;
                        kri_owned_free(p, defer);
                        kri_leave(p);
                        if (run)
                                fn(arg);
                        return;
                }
        }
        kri_badarg(p, "kr_defer_cancel", "fn");
}

void kr_critical_begin(void)
{
        struct kri_proc *p = kri_enter(); /* may not return: it was killed before this */

        if (p == NULL)
                return;
        kri_critical_set(p, kri_critical_depth(p) + 1);
        kri_leave(p);
}

void kr_critical_end(void)
{
        struct kri_proc *p = kri_enter();

        if (p == NULL)
                return;
        if (kri_critical_depth(p) == 0) {
                kri_badarg(p, "kr_critical_end", "no kr_critical_begin");
                return;
        }
        kri_critical_set(p, kri_critical_depth(p) - 1);
        kri_leave(p);
}
