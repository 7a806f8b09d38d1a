/* SPDX-License-Identifier: Apache-2.0 */
#include "term.h"

#include "walk.h"

#include <stdio.h>
#include <stdlib.h>

/* -- what the layer above hands down -- */

static void misuse_abort(const char *reason)
{
        fprintf(stderr, "krarup: %s\n", reason);
        abort();
}

static void critical_ignored(bool enter)
{
        (void)enter; /* without processes nobody is ended from outside */
}

struct kri_term_host kri_term_host = {
        .alloc = malloc,
        .alloc_kept = malloc,
        .free = free,
        .misuse = misuse_abort,
        .shared_alloc = malloc,
        .shared_free = free,
        .critical = critical_ignored,
};

void *kri_shared_alloc(size_t size)
{
        return kri_term_host.shared_alloc(size);
}

void kri_shared_free(void *block)
{
        kri_term_host.shared_free(block);
}

void kri_critical(bool enter)
{
        kri_term_host.critical(enter);
}

void kri_misuse(const char *reason)
{
        kri_term_host.misuse(reason);
}

/* -- walking -- */

bool kri_walk_grow(struct kri_walk *walk)
{
        size_t size = sizeof(*walk->base) * walk->cap;
        struct kri_range *base;

        if (walk->cap > UINT32_MAX / 4)
                return false;
        base = kri_term_host.alloc(size * 2);
        if (!base)
                return false;
        memcpy(base, walk->base, size);
        kri_walk_fini(walk);
        walk->base = base;
        walk->cap *= 2;
        return true;
}

static uint64_t walk_words(kri_word t)
{
        struct kri_walk walk;
        struct kri_range rest = { .exact = 0 };
        const kri_word *p;
        uint64_t count, total = kri_own_words(t);

        kri_walk_init(&walk);
        p = kri_children(t, &count);
        for (;;) {
                while (count > 0 && !kri_is_place(*p))
                        p++, count--;
                if (count == 0) {
                        if (!kri_walk_pop(&walk, &rest))
                                break;
                        p = rest.a, count = rest.count;
                        continue;
                }
                t = kri_load(p);
                rest.a = p + 1, rest.count = count - 1;
                if (rest.count > 0 && !kri_walk_push(&walk, rest)) {
                        total = KRI_WORDS_FAIL;
                        break;
                }
                total += kri_own_words(t);
                p = kri_children(t, &count);
        }
        kri_walk_fini(&walk);
        return total;
}

uint64_t kri_term_words(kri_word t)
{
        const kri_word *p;
        uint64_t count;

        if (!kri_is_place(t))
                return 0;
        /* most messages are flat */
        for (p = kri_children(t, &count); count > 0; p++, count--) {
                if (kri_is_place(*p))
                        return walk_words(t);
        }
        return kri_own_words(t);
}

/* -- copying --
 *
 * Depth first, and without a stack: while a child is copied, the word of its parent that
 * will refer to it holds the way back instead (the address of the grandparent's word, and
 * what kind of word the parent's is). The children of a tuple or map are copied from the
 * last to the first; its header, marked (KRI_MARK), says where to stop. A list's cells are
 * laid one after the other, then the last tail and the heads are copied, again backwards;
 * the tail of the first cell is the mark.
 */
enum { KRI_MARK = 7 }; /* a tag that no term has */

/* The tail of a cell whose next cell follows it. */
#define NEXT_CELL ((kri_word)(sizeof(kri_word) | KRI_CONS))

enum link {
        LINK_ELEMENT,   /* of a tuple or map */
        LINK_HEAD,      /* of a cell of a longer list */
        LINK_LAST,      /* tail of the last cell of a longer list */
        LINK_ONLY_HEAD, /* of a list of one cell */
        LINK_ONLY_TAIL,
};

struct copy {
        kri_word *next; /* free words of the heap */
        kri_word *block;
        uint32_t *blobs;
        kri_word
                link; /* the word that waits for what is copied now, and its kind; 0: none */
};

static kri_word *copy_leaf(struct copy *copy, const kri_word *box)
{
        kri_word *to = copy->next;
        uint64_t words = 1 + kri_box_words(*box);

        copy->next += words;
        for (uint64_t i = 0; i < words; i++)
                to[i] = box[i];
        if (kri_box_type(*box) == KRI_BLOB) {
                struct kri_blob *blob = (struct kri_blob *)(uintptr_t)box[2];

                /* relaxed: who copies holds a reference already */
                atomic_fetch_add_explicit(&blob->refs, 1, memory_order_relaxed);
                to[3] = *copy->blobs;
                *copy->blobs = (uint32_t)(to - copy->block);
        }
        return to;
}

/* Lay the words of a tuple or map, children still in the source. True: there are some
 * that are places; the header is marked. */
static bool lay_tuple(struct copy *copy, const kri_word *box)
{
        kri_word *to = copy->next;
        uint64_t words = kri_box_words(*box);
        kri_word places = 0;

        copy->next += 1 + words;
        to[0] = *box;
        for (uint64_t i = 1; i <= words; i++) {
                to[i] = kri_load(&box[i]);
                places |= (kri_word)kri_is_place(to[i]);
        }
        if (places)
                to[0] = *box << 3 | KRI_MARK;
        return places;
}

/* Lay the cells of a list; the last one is returned. */
static kri_word *lay_list(struct copy *copy, kri_word t)
{
        kri_word *cell;

        for (;;) {
                cell = copy->next;
                copy->next += 2;
                cell[0] = kri_head(t);
                t = kri_tail(t);
                if (kri_tag(t) != KRI_CONS)
                        break;
                cell[1] = NEXT_CELL;
        }
        cell[1] = t;
        return cell;
}

/* Leave *p to wait for its copy; returns what is to be copied. */
static kri_word wait_for(struct copy *copy, kri_word *p, enum link kind)
{
        kri_word source = *p;

        *p = copy->link;
        copy->link = (kri_word)(uintptr_t)p | kind;
        return source;
}

/* From the cell `cell` of a longer list back to the first one, a head that is a place.
 * True: *ret is what to copy; false: the list is done and *ret is it. */
static bool next_head(struct copy *copy, kri_word *cell, kri_word *ret)
{
        for (;; cell -= 2) {
                if (kri_is_place(cell[0])) {
                        *ret = wait_for(copy, cell, LINK_HEAD);
                        return true;
                }
                if (cell[1] == KRI_MARK) {
                        cell[1] = NEXT_CELL;
                        *ret = kri_cons(cell);
                        return false;
                }
        }
}

static bool next_element(struct copy *copy, kri_word *p, kri_word *ret)
{
        while (kri_tag(*p) != (enum kri_tag)KRI_MARK && !kri_is_place(*p))
                p--;
        if (kri_is_place(*p)) {
                *ret = wait_for(copy, p, LINK_ELEMENT);
                return true;
        }
        *p >>= 3;
        *ret = kri_boxed(p);
        return false;
}

static bool only_head(struct copy *copy, kri_word *cell, kri_word *ret)
{
        if (kri_is_place(cell[0])) {
                *ret = wait_for(copy, cell, LINK_ONLY_HEAD);
                return true;
        }
        *ret = kri_cons(cell);
        return false;
}

/* Begin with `t`, a place. Results as in next_head. */
static bool enter(struct copy *copy, kri_word t, kri_word *ret)
{
        kri_word *first = copy->next;

        if (kri_tag(t) == KRI_CONS) {
                kri_word *last = lay_list(copy, t);

                if (last != first)
                        first[1] = KRI_MARK;
                if (kri_is_place(last[1])) {
                        *ret = wait_for(copy, last + 1,
                                        last == first ? LINK_ONLY_TAIL : LINK_LAST);
                        return true;
                }
                return last == first ? only_head(copy, last, ret)
                                     : next_head(copy, last, ret);
        }

        enum kri_box type = kri_box_type(*kri_ptr(t));

        if (type != KRI_TUPLE && type != KRI_MAP) {
                *ret = kri_boxed(copy_leaf(copy, kri_ptr(t)));
                return false;
        }
        if (lay_tuple(copy, kri_ptr(t)))
                return next_element(copy, copy->next - 1, ret);
        *ret = kri_boxed(first);
        return false;
}

/* `done` is copied: give it to the word that waits, and go on there. As next_head. */
static bool resume(struct copy *copy, kri_word done, kri_word *ret)
{
        kri_word *p = kri_ptr(copy->link);
        enum link kind = (enum link)(copy->link & 7);

        copy->link = *p;
        *p = done - (kri_word)(uintptr_t)p;
        switch (kind) {
        case LINK_ELEMENT:
                return next_element(copy, p - 1, ret);
        case LINK_LAST:
                return next_head(copy, p - 1, ret);
        case LINK_ONLY_TAIL:
                return only_head(copy, p - 1, ret);
        case LINK_ONLY_HEAD:
                *ret = kri_cons(p);
                return false;
        case LINK_HEAD:
                break;
        }
        if (p[1] == KRI_MARK) {
                p[1] = NEXT_CELL;
                *ret = kri_cons(p);
                return false;
        }
        return next_head(copy, p - 2, ret);
}

static kri_word copy_nested(kri_word **heap, kri_word t, kri_word *block, uint32_t *blobs)
{
        struct copy copy = { .next = *heap, .block = block, .blobs = blobs };
        bool more = enter(&copy, t, &t);

        for (;;) {
                if (more)
                        more = enter(&copy, t, &t);
                else if (copy.link)
                        more = resume(&copy, t, &t);
                else
                        break;
        }
        *heap = copy.next;
        return t;
}

kri_word kri_term_copy(kri_word **heap, kri_word t, kri_word *block, uint32_t *blobs)
{
        kri_word *to = *heap;
        const kri_word *box = kri_ptr(t);
        uint64_t words;

        if (!kri_is_place(t))
                return t;
        if (kri_tag(t) != KRI_BOX || kri_box_type(*box) != KRI_TUPLE)
                return copy_nested(heap, t, block, blobs);
        /* a flat tuple, the usual message, is copied as it is */
        words = kri_box_words(*box);
        to[0] = *box;
        for (uint64_t i = 1; i <= words; i++) {
                if (kri_is_place(box[i]))
                        return copy_nested(heap, t, block, blobs);
                to[i] = box[i];
        }
        *heap = to + 1 + words;
        return kri_boxed(to);
}
