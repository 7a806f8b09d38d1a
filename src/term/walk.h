/* SPDX-License-Identifier: Apache-2.0 */
/* walk.h: what is still to be visited while a term, or two side by side, is walked.
 *
 * Model    A stack of ranges of words in memory. It starts inside the walker's C frame and
 *          moves to allocated memory when the term is nested deeply; a list or a tuple's
 *          last element never deepens it.
 */
#ifndef KR_TERM_WALK_H
#define KR_TERM_WALK_H

#include "term.h"

#include <string.h>

#define KRI_WALK_FIRST 32

struct kri_range {
        const kri_word *a;
        const kri_word *b; /* the other term's words, when two are walked */
        uint64_t count;    /* words left at both */
        uint64_t exact;    /* the comparison these words are under */
};

struct kri_walk {
        struct kri_range *base;
        uint32_t len;
        uint32_t cap;
        struct kri_range first[KRI_WALK_FIRST];
};

static inline void kri_walk_init(struct kri_walk *walk)
{
        walk->base = walk->first;
        walk->len = 0;
        walk->cap = KRI_WALK_FIRST;
}

static inline void kri_walk_fini(struct kri_walk *walk)
{
        if (__builtin_expect(walk->base != walk->first, 0))
                kri_term_host.free(walk->base);
}

/* Out of line: twice the room. */
bool kri_walk_grow(struct kri_walk *walk);

/* False: no memory. */
static inline bool kri_walk_push(struct kri_walk *walk, struct kri_range range)
{
        if (__builtin_expect(walk->len == walk->cap, 0) && !kri_walk_grow(walk))
                return false;
        walk->base[walk->len++] = range;
        return true;
}

static inline bool kri_walk_pop(struct kri_walk *walk, struct kri_range *ret)
{
        if (walk->len == 0)
                return false;
        *ret = walk->base[--walk->len];
        return true;
}

/* The words of `t`, a place, that are terms. */
static inline const kri_word *kri_children(kri_word t, uint64_t *ret_count)
{
        const kri_word *p = kri_ptr(t);
        enum kri_box type;

        if (kri_tag(t) == KRI_CONS) {
                *ret_count = 2;
                return p;
        }
        type = kri_box_type(*p);
        *ret_count = type == KRI_TUPLE || type == KRI_MAP ? kri_box_words(*p) : 0;
        return p + 1;
}

/* Words that the box or cell itself takes. */
static inline uint64_t kri_own_words(kri_word t)
{
        return kri_tag(t) == KRI_CONS ? 2 : 1 + kri_box_words(*kri_ptr(t));
}

#endif
