/* SPDX-License-Identifier: Apache-2.0 */
/* memory.c: memory that a process owns: a list of blocks, each with a header in front.
 *
 * Blocks   Small ones are of one of the pool's sizes and come from the scheduler's pool; they
 *          count with all they take. Larger ones come from the node's allocator, with their
 *          size in front of the header. Sixteen bytes are all that a small one costs: most
 *          processes own one, the argument that they were started with.
 */
#include <krarup/memory.h>

#include <stdlib.h>
#include <string.h>

#include "term/atom.h"
#include "term/kept.h"

#include "extra.h"
#include "fiber.h"
#include "node.h"

/* Blocks are 16-aligned: the lowest bits of what points to them are free. */
struct kri_owned {
        uintptr_t next; /* and the block's size class */
        uintptr_t prev; /* and KEPT */
};

/* In front of the header of a large one. */
struct large {
        size_t size; /* of what follows the header */
        size_t pad;
};

#define LARGE 15u /* in the place of a size class */
#define KEPT 1u   /* a kept term, whose blobs are to be given back */
#define LOW_BITS ((uintptr_t)15)

_Static_assert(sizeof(struct kri_owned) % 16 == 0 && sizeof(struct large) % 16 == 0,
               "what follows is aligned for any type");
_Static_assert(KRI_POOL_CLASSES < LARGE, "a class fits beside a pointer");

static struct kri_owned *header(const void *block)
{
        return (struct kri_owned *)(uintptr_t)block - 1;
}

static struct large *large_of(const struct kri_owned *o)
{
        return (struct large *)(uintptr_t)o - 1;
}

static struct kri_owned *next_of(const struct kri_owned *o)
{
        return (struct kri_owned *)(o->next & ~LOW_BITS);
}

static struct kri_owned *prev_of(const struct kri_owned *o)
{
        return (struct kri_owned *)(o->prev & ~LOW_BITS);
}

static unsigned class_of(const struct kri_owned *o)
{
        return (unsigned)(o->next & LOW_BITS);
}

static void point(uintptr_t *place, const struct kri_owned *to)
{
        *place = (uintptr_t)to | (*place & LOW_BITS);
}

/* What a block of that many bytes takes, and counts for the limit. */
static size_t weight_of(unsigned size_class, size_t size)
{
        return size_class != LARGE
                       ? kri_pool_sizes[size_class]
                       : sizeof(struct large) + sizeof(struct kri_owned) + size;
}

static size_t weight(const struct kri_owned *o)
{
        return weight_of(class_of(o), class_of(o) == LARGE ? large_of(o)->size : 0);
}

/* At least the bytes that it was asked for. */
static size_t usable(const struct kri_owned *o)
{
        return class_of(o) == LARGE ? large_of(o)->size : weight(o) - sizeof(*o);
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

static void push(struct kri_proc *p, struct kri_owned *o)
{
        point(&o->next, p->owned);
        if (p->owned != NULL)
                point(&p->owned->prev, o);
        p->owned = o;
}

static void unlink_owned(struct kri_proc *p, struct kri_owned *o)
{
        if (next_of(o) != NULL)
                point(&next_of(o)->prev, prev_of(o));
        if (prev_of(o) != NULL)
                point(&prev_of(o)->next, next_of(o));
        else
                p->owned = next_of(o);
}

/* AddressSanitizer shall see what a program does to its memory: then none is pooled. */
static unsigned choose_class(size_t size)
{
#if defined(KRI_ASAN)
        (void)size;
        return LARGE;
#else
        if (size > KRI_POOL_MAX - sizeof(struct kri_owned))
                return LARGE;
        if (size > 64 - sizeof(struct kri_owned) && size <= 80 - sizeof(struct kri_owned))
                return KRI_POOL_80;
        return kri_pool_class(sizeof(struct kri_owned) + size);
#endif
}

static struct kri_owned *new_large(struct kri_proc *p, size_t size)
{
        struct kri_pool *pool = &p->sched->pool;
        struct large *large;

        if (pool->fail_in != 0 && --pool->fail_in == 0)
                return NULL;
        large = kri_node_alloc(p->node, weight_of(LARGE, size));
        if (large == NULL)
                return NULL;
        large->size = size;
        return (struct kri_owned *)(large + 1);
}

static void free_owned(struct kri_sched *s, struct kri_owned *o)
{
        if (class_of(o) == LARGE)
                kri_node_free(s->node, large_of(o), weight(o));
        else
                kri_pool_free(&s->pool, o, class_of(o));
}

void *kri_owned_alloc(struct kri_proc *p, size_t size, bool kept)
{
        unsigned size_class = choose_class(size);
        struct kri_owned *o;

        if (size > PTRDIFF_MAX - sizeof(*o) - sizeof(struct large) ||
            !within_limit(p, weight_of(size_class, size)))
                return NULL;
        o = size_class == LARGE ? new_large(p, size)
                                : kri_pool_alloc(&p->sched->pool, size_class);
        if (o == NULL)
                return NULL;
        o->next = size_class;
        o->prev = kept ? KEPT : 0;
        if (p->extra != NULL)
                p->extra->memory_used += weight(o);
        push(p, o);
        return o + 1;
}

static void give_back(struct kri_sched *s, struct kri_owned *o)
{
        if (o->prev & KEPT)
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
                header(block)->prev &= ~(uintptr_t)KEPT;
        kri_owned_free(p, block);
}

void kri_owned_release(struct kri_sched *s, struct kri_proc *p)
{
        while (p->owned != NULL) {
                struct kri_owned *o = p->owned;

                p->owned = next_of(o);
                give_back(s, o);
        }
}

size_t kri_owned_bytes(const struct kri_proc *p)
{
        size_t bytes = 0;

        for (const struct kri_owned *o = p->owned; o != NULL; o = next_of(o))
                bytes += weight(o);
        return bytes;
}

const void *kri_owned_next(const struct kri_proc *p, const void *block)
{
        const struct kri_owned *o = block != NULL ? next_of(header(block)) : p->owned;

        return o != NULL ? o + 1 : NULL;
}

size_t kri_owned_size(const void *block, bool *ret_kept)
{
        *ret_kept = (header(block)->prev & KEPT) != 0;
        return usable(header(block));
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
        void *other;

        if (p == NULL)
                return realloc(block, size != 0 ? size : 1);
        if (block == NULL)
                return kr_alloc(size);
        old_size = usable(header(block));
        if (choose_class(size) != LARGE && choose_class(size) == class_of(header(block)))
                return block;
        other = kr_alloc(size);
        if (other == NULL)
                return NULL;
        memcpy(other, block, old_size < size ? old_size : size);
        kr_free(block);
        return other;
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
