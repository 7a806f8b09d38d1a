/* SPDX-License-Identifier: Apache-2.0 */
/* build.c: kept terms, and builders of lists, tuples and maps. */
#include "blob.h"
#include "ident.h"
#include "kept.h"
#include "mapsort.h"
#include "number.h"
#include "utf8.h"

#include <math.h>
#include <string.h>

/* -- kept terms -- */

KR_API kr_term kr_keep(kr_term t)
{
        kri_word *block, *heap;
        uint32_t blobs = 0;

        if (!kri_is_place(t.w))
                return t;
        block = kri_kept_alloc(kri_term_words(t.w));
        if (!block)
                return kr_none();
        heap = block + KRI_KEPT_HEADER;
        t.w = kri_term_copy(&heap, t.w, block, &blobs);
        block[0] = blobs;
        return t;
}

KR_API void kr_release(kr_term t)
{
        if (kri_is_place(t.w))
                kri_kept_free(kri_kept_block(t.w));
}

KR_API kr_err kr_replace(kr_term *place, kr_term t)
{
        kr_term kept = kr_keep(t);

        if (kr_is_none(kept) && !kr_is_none(t))
                return KR_ENOMEM;
        kr_release(*place);
        *place = kept;
        return KR_OK;
}

/* -- builders --
 *
 * The block of a builder is a kept block (kept.h) that holds a list without its end: each
 * cell, then the words of its head. Offsets are relative, so the block moves when it
 * grows; cap and len count its words, last is the last cell (0: none yet). */

static bool reserve(kr_builder *b, uint64_t words)
{
        uint64_t cap = b->cap ? b->cap : 32;
        kri_word *block;

        if (b->failed)
                return false;
        if (!b->len)
                b->len = KRI_KEPT_HEADER;
        if (b->block && b->cap - b->len >= words)
                return true;
        while (cap - b->len < words && cap < KRI_KEPT_WORDS_MAX)
                cap *= 2;
        block = kri_kept_alloc(cap - KRI_KEPT_HEADER);
        if (!block || cap - b->len < words) {
                if (block)
                        kri_term_host.free(block);
                b->failed = true;
                return false;
        }
        if (b->block) {
                memcpy(block, b->block, b->len * sizeof(*block));
                kri_term_host.free(b->block);
        }
        b->block = block;
        b->cap = cap;
        return true;
}

/* Append a cell whose head will take `words` words. Its head is to be stored; *ret_heap is
 * where these words go, and b->len counts them already. NULL: no memory. */
static kri_word *add_cell(kr_builder *b, uint64_t words, kri_word **ret_heap)
{
        kri_word *cell;

        if (words > KRI_KEPT_WORDS_MAX || !reserve(b, words + 2)) {
                b->failed = true;
                return NULL;
        }
        cell = b->block + b->len;
        *ret_heap = cell + 2;
        cell[1] = KRI_NIL;
        if (b->last)
                kri_store(b->block + b->last + 1, kri_cons(cell));
        b->last = b->len;
        b->len += words + 2;
        b->count++;
        return cell;
}

KR_API void kr_add_term(kr_builder *b, kr_term t)
{
        kri_word *heap;
        kri_word *cell;
        uint32_t blobs;

        if (kr_is_none(t)) {
                kri_misuse("badarg: kr_add_term: no term");
                b->failed = true;
                return;
        }
        cell = add_cell(b, kri_term_words(t.w), &heap);
        if (!cell)
                return;
        blobs = (uint32_t)b->block[0];
        kri_store(cell, kri_term_copy(&heap, t.w, b->block, &blobs));
        b->block[0] = blobs;
}

static void add_integer(kr_builder *b, bool negative, uint64_t magnitude)
{
        kri_word *heap;
        kri_word *cell = add_cell(b, kri_uint64_words(negative, magnitude), &heap);

        if (cell)
                kri_store(cell, kri_uint64_term(&heap, negative, magnitude));
}

KR_API void kr_add_int64(kr_builder *b, int64_t n)
{
        add_integer(b, n < 0, n < 0 ? -(uint64_t)n : (uint64_t)n);
}

KR_API void kr_add_uint64(kr_builder *b, uint64_t n)
{
        add_integer(b, false, n);
}

KR_API void kr_add_double(kr_builder *b, double d)
{
        kri_word *box;
        kri_word *cell;

        if (!isfinite(d)) {
                kri_misuse("badarg: kr_add_double: the number is not finite");
                b->failed = true;
                return;
        }
        cell = add_cell(b, 2, &box);
        if (!cell)
                return;
        box[0] = kri_header(KRI_FLOAT, 0, 1);
        memcpy(box + 1, &d, sizeof(d));
        kri_store(cell, kri_boxed(box));
}

KR_API void kr_add_atom(kr_builder *b, kr_atom atom)
{
        kr_add_term(b, kr_atom_term(atom));
}

KR_API void kr_add_pid(kr_builder *b, kr_pid pid)
{
        kri_word *box;
        kri_word *cell;

        if (kri_pid_is_near(pid)) {
                kr_add_term(b, (kr_term){ kri_pid_word(pid) });
                return;
        }
        cell = add_cell(b, 3, &box);
        if (!cell)
                return;
        box[0] = kri_header(KRI_XPID, 0, 2);
        box[1] = pid.num;
        box[2] = pid.node;
        kri_store(cell, kri_boxed(box));
}

KR_API void kr_add_ref(kr_builder *b, kr_ref ref)
{
        kri_word *box;
        kri_word *cell = add_cell(b, KRI_REF_BOX_WORDS, &box);

        if (!cell)
                return;
        kri_ref_box(box, ref);
        kri_store(cell, kri_boxed(box));
}

KR_API void kr_add_binary(kr_builder *b, const void *data, size_t len)
{
        uint8_t *bytes;
        uint32_t blobs;
        kri_word *heap;
        kri_word t;
        kri_word *cell = add_cell(b, kri_bits_words((uint64_t)len * 8), &heap);

        if (!cell)
                return;
        cell[0] = KRI_NIL;
        blobs = (uint32_t)b->block[0];
        if (kri_bits_begin(&heap, (uint64_t)len * 8, b->block, &blobs, &t, &bytes) !=
            KR_OK) {
                b->failed = true;
                return;
        }
        if (len)
                memcpy(bytes, data, len);
        b->block[0] = blobs;
        kri_store(cell, t);
}

/* The cells of a string at `heap`; the list. */
static kri_word write_string(kri_word *heap, const char *text, size_t len)
{
        const uint8_t *p = (const uint8_t *)text, *end = p + len;
        kri_word list = len ? kri_cons(heap) : KRI_NIL;
        uint32_t c = 0;

        for (; p < end; heap += 2) {
                p += kri_utf8_get(p, end, &c);
                heap[0] = kri_int(c);
                kri_store(heap + 1, p < end ? kri_cons(heap + 2) : KRI_NIL);
        }
        return list;
}

KR_API void kr_add_string(kr_builder *b, const char *text, size_t len)
{
        kri_word *heap;
        kri_word *cell;
        size_t count;

        if (!kri_utf8_count(text, len, &count)) {
                kri_misuse("badarg: kr_add_string: the text is not UTF-8");
                b->failed = true;
                return;
        }
        cell = add_cell(b, 2 * (uint64_t)count, &heap);
        if (cell)
                kri_store(cell, write_string(heap, text, len));
}

KR_API void kr_builder_clear(kr_builder *b)
{
        if (b->block)
                kri_kept_free(b->block);
        *b = (kr_builder){ .block = NULL };
}

KR_API kr_term kr_build_improper(kr_builder *b, kr_term tail)
{
        uint32_t blobs;
        kri_word *heap;
        kr_term list;
        uint64_t words = kri_term_words(tail.w);

        if (kr_is_none(tail)) {
                kri_misuse("badarg: kr_build_improper: no term");
                b->failed = true;
        }
        if (b->count == 0 && !b->failed) {
                kr_builder_clear(b);
                return kr_keep(tail);
        }
        if (words > KRI_KEPT_WORDS_MAX || !reserve(b, words)) {
                kr_builder_clear(b);
                return kr_none();
        }
        heap = b->block + b->len;
        blobs = (uint32_t)b->block[0];
        kri_store(b->block + b->last + 1, kri_term_copy(&heap, tail.w, b->block, &blobs));
        b->block[0] = blobs;
        list.w = kri_cons(b->block + KRI_KEPT_HEADER);
        *b = (kr_builder){ .block = NULL };
        return list;
}

KR_API kr_term kr_build_list(kr_builder *b)
{
        return kr_build_improper(b, kr_nil());
}

/* Move the elements, which are a list, into a box of `type` in a block of their own. */
static kr_term build_box(kr_builder *b, enum kri_box type)
{
        uint64_t elements = b->count ? b->len - KRI_KEPT_HEADER - 2 * b->count : 0;
        uint64_t words = 1 + b->count + elements;
        kri_word *block = b->failed ? NULL : kri_kept_alloc(words);
        uint32_t blobs = 0;
        kri_word *box, *heap;

        if (block) {
                kri_word list = b->count ? kri_cons(b->block + KRI_KEPT_HEADER) : KRI_NIL;

                box = block + KRI_KEPT_HEADER;
                heap = box + 1 + b->count;
                box[0] = kri_header(type, 0, b->count);
                for (uint64_t i = 1; i <= b->count; i++, list = kri_tail(list))
                        kri_store(box + i,
                                  kri_term_copy(&heap, kri_head(list), block, &blobs));
                block[0] = blobs;
        }
        kr_builder_clear(b);
        return block ? (kr_term){ kri_boxed(block + KRI_KEPT_HEADER) } : kr_none();
}

KR_API kr_term kr_build_tuple(kr_builder *b)
{
        return build_box(b, KRI_TUPLE);
}

KR_API kr_term kr_build_map(kr_builder *b)
{
        kr_term pairs, map;

        if (b->count % 2 != 0 && !b->failed) {
                kri_misuse("badarg: kr_build_map: a key without a value");
                kr_builder_clear(b);
                return kr_none();
        }
        pairs = build_box(b, KRI_TUPLE);
        if (kr_is_none(pairs))
                return pairs;
        if (kri_map_sort(kri_ptr(pairs.w), false) != KR_OK) {
                kr_release(pairs);
                return kr_none();
        }
        /* with duplicates gone the map may be shorter than what it was built from */
        map = kr_keep(pairs);
        kr_release(pairs);
        return map;
}

/* -- one binary, one string -- */

KR_API kr_term kr_binary(const void *data, size_t len)
{
        uint64_t bits = (uint64_t)len * 8;
        kri_word *block = kri_kept_alloc(kri_bits_words(bits));
        kri_word *heap;
        uint32_t blobs = 0;
        uint8_t *bytes;
        kr_term t;

        if (!block)
                return kr_none();
        heap = block + KRI_KEPT_HEADER;
        if (kri_bits_begin(&heap, bits, block, &blobs, &t.w, &bytes) != KR_OK) {
                kri_term_host.free(block);
                return kr_none();
        }
        if (len)
                memcpy(bytes, data, len);
        block[0] = blobs;
        return t;
}

KR_API kr_term kr_string(const char *text, size_t len)
{
        kri_word *block;
        size_t count;

        if (!kri_utf8_count(text, len, &count))
                return kr_none();
        if (count == 0)
                return kr_nil();
        block = kri_kept_alloc(2 * (uint64_t)count);
        if (!block)
                return kr_none();
        return (kr_term){ write_string(block + KRI_KEPT_HEADER, text, len) };
}

/* -- maps that differ in one key -- */

struct map_change {
        kri_word map;
        uint64_t at; /* position of the key */
        bool was_there;
        bool removes;
        kri_word key, value;
};

/* The i-th word (keys, then values) of the new map of `count` pairs. */
static kri_word changed_word(const struct map_change *change, uint64_t i, uint64_t count)
{
        bool is_value = i >= count;

        if (is_value)
                i -= count;
        if (!change->removes && i == change->at)
                return is_value ? change->value : change->key;
        if (i >= change->at && change->removes)
                i++;
        else if (i > change->at && !change->was_there)
                i--;
        return is_value ? kri_map_value(change->map, i) : kri_map_key(change->map, i);
}

static kr_term change_map(const struct map_change *change)
{
        uint64_t count = kri_map_len(change->map) - change->removes +
                         (!change->removes && !change->was_there);
        uint64_t words = 1 + 2 * count;
        uint32_t blobs = 0;
        kri_word *block, *box, *heap;

        for (uint64_t i = 0; i < 2 * count; i++) {
                words += kri_term_words(changed_word(change, i, count));
                if (words > KRI_KEPT_WORDS_MAX)
                        return kr_none();
        }
        block = kri_kept_alloc(words);
        if (!block)
                return kr_none();
        box = block + KRI_KEPT_HEADER;
        heap = box + 1 + 2 * count;
        box[0] = kri_header(KRI_MAP, 0, 2 * count);
        for (uint64_t i = 0; i < 2 * count; i++) {
                kri_word t = changed_word(change, i, count);

                kri_store(box + 1 + i, kri_term_copy(&heap, t, block, &blobs));
        }
        block[0] = blobs;
        return (kr_term){ kri_boxed(box) };
}

KR_API kr_term kr_map_put(kr_term map, kr_term key, kr_term value)
{
        struct map_change change = { .map = map.w, .key = key.w, .value = value.w };

        if (!kr_is_map(map) || kr_is_none(key) || kr_is_none(value)) {
                kri_misuse("badmap: kr_map_put: not a map, or no term");
                return kr_none();
        }
        change.was_there = kri_map_find(map.w, key.w, &change.at);
        return change_map(&change);
}

KR_API kr_term kr_map_remove(kr_term map, kr_term key)
{
        struct map_change change = { .map = map.w, .removes = true };

        if (!kr_is_map(map)) {
                kri_misuse("badmap: kr_map_remove: not a map");
                return kr_none();
        }
        if (!kri_map_find(map.w, key.w, &change.at))
                return kr_keep(map);
        return change_map(&change);
}
