/* SPDX-License-Identifier: Apache-2.0 */
/* etf_decode.c: bytes from anybody become a term.
 *
 * Law      No read beyond the end, no count believed before as many bytes are there, no
 *          recursion, no memory that the measured size does not cover.
 */
#include "etf_read.h"

#include "atom.h"
#include "blob.h"
#include "ident.h"
#include "kept.h"
#include "mapsort.h"
#include "number.h"

#include <math.h>
#include <string.h>

/* -- where results go -- */

enum shape {
        ELEMENTS, /* `left` words from `at` on */
        CELLS,    /* heads of `left` - 1 cells from `at` on, then the tail of the last */
        MAP,      /* as ELEMENTS, a map's keys and values in turn; `box` is its header */
};

struct frame {
        kri_word *at;
        kri_word *box;
        uint64_t left;
        enum shape shape;
};

#define FRAMES_FIRST 24

struct builder {
        struct kri_etf_reader reader;
        struct kri_etf_source *source;
        kri_word *heap;
        kri_word *block;
        uint32_t *blobs;
        struct frame *frames;
        uint32_t depth, cap;
        struct frame first[FRAMES_FIRST];
};

static kr_err push(struct builder *b, struct frame frame)
{
        struct frame *frames;

        if (b->depth == b->cap) {
                frames = kri_term_host.alloc(sizeof(*frames) * b->cap * 2);
                if (!frames)
                        return KR_ENOMEM;
                memcpy(frames, b->frames, sizeof(*frames) * b->depth);
                if (b->frames != b->first)
                        kri_term_host.free(b->frames);
                b->frames = frames;
                b->cap *= 2;
        }
        b->frames[b->depth++] = frame;
        return KR_OK;
}

/* -- atoms and nodes -- */

/* Latin-1, as old tags have it, in UTF-8. */
static size_t latin1_to_utf8(const struct kri_etf_atom *atom, uint8_t buf[2 * 255])
{
        size_t len = 0;

        for (size_t i = 0; i < atom->len; i++)
                len += kri_utf8_put(buf + len, atom->text[i]);
        return len;
}

static kr_err make_atom(struct builder *b, const struct kri_etf_atom *atom, uint32_t *ret)
{
        uint8_t buf[2 * 255];
        const char *text = (const char *)atom->text;
        size_t len = atom->len;
        kr_err err;

        if (atom->is_ref) {
                *ret = atom->index;
                return KR_OK;
        }
        if (atom->is_latin1) {
                len = latin1_to_utf8(atom, buf);
                text = (const char *)buf;
        }
        if (kri_atom_find(text, len, ret))
                return KR_OK;
        if (b->source->atoms_max == 0)
                return KR_EATOMS;
        err = kri_atom_make(text, len, ret);
        if (err == KR_OK)
                b->source->atoms_max--;
        return err;
}

static kr_err build_atom(struct builder *b, uint8_t tag, kri_word *ret)
{
        struct kri_etf_atom atom;
        uint32_t index;
        kr_err err = kri_etf_read_atom_after(&b->reader, tag, &atom);

        if (err == KR_OK)
                err = make_atom(b, &atom, &index);
        if (err == KR_OK)
                *ret = kri_atom(index);
        return err;
}

static kr_err make_node(struct builder *b, const struct kri_etf_ident *ident,
                        uint32_t *ret)
{
        uint32_t name;
        kr_err err = make_atom(b, &ident->node, &name);

        return err == KR_OK ? kri_node_find(name, ident->creation, ret) : err;
}

static kr_err build_pid_of(struct builder *b, uint32_t node, uint64_t num, kri_word *ret)
{
        kri_word *box = b->heap;

        if (node < KRI_NEAR_SLOTS) {
                /* no node of this OS process has ever given out such a pid */
                if ((uint32_t)num >> KRI_PID_INDEX_BITS ||
                    num >> 32 >> KRI_PID_SERIAL_BITS)
                        return KR_EMALFORMED;
                *ret = kri_near_pid(node, (uint32_t)num, (uint32_t)(num >> 32));
                return KR_OK;
        }
        box[0] = kri_header(KRI_XPID, 0, 2);
        box[1] = num;
        box[2] = node;
        b->heap += 3;
        *ret = kri_boxed(box);
        return KR_OK;
}

static kr_err build_ident(struct builder *b, uint8_t tag, kri_word *ret)
{
        struct kri_etf_ident ident;
        kri_word *box = b->heap;
        uint32_t node;
        kr_err err = kri_etf_read_ident(&b->reader, tag, &ident);

        if (err == KR_OK)
                err = make_node(b, &ident, &node);
        if (err != KR_OK)
                return err;
        switch (ident.what) {
        case KRI_ETF_IS_PID:
                return build_pid_of(b, node, ident.num, ret);
        case KRI_ETF_IS_PORT:
                box[0] = kri_header(KRI_PORT, 0, 2);
                box[1] = ident.num;
                box[2] = node;
                b->heap += 3;
                break;
        case KRI_ETF_IS_REF:
                kri_ref_box(
                        box,
                        (kr_ref){
                                .id = { ident.words[0] | (uint64_t)ident.words[1] << 32,
                                        ident.words[2] | (uint64_t)ident.words[3] << 32 },
                                .id2 = ident.words[4],
                                .node = kri_ref_pack_node(node, ident.word_count) });
                b->heap += KRI_REF_BOX_WORDS;
                break;
        }
        *ret = kri_boxed(box);
        return KR_OK;
}

/* -- leaves -- */

static kr_err build_float(struct builder *b, double d, kri_word *ret)
{
        kri_word *box = b->heap;

        box[0] = kri_header(KRI_FLOAT, 0, 1);
        memcpy(box + 1, &d, sizeof(d));
        b->heap += 2;
        *ret = kri_boxed(box);
        return KR_OK;
}

static kr_err build_big(struct builder *b, uint64_t len, kri_word *ret)
{
        bool negative = kri_etf_get8(&b->reader);
        const uint8_t *bytes = b->reader.at;
        uint64_t *limbs = b->heap + 1; /* where they will stay */
        uint64_t count = (len + 7) / 8;

        b->reader.at += len;
        memset(limbs, 0, count * 8);
        for (uint64_t i = 0; i < len; i++)
                limbs[i / 8] |= (uint64_t)bytes[i] << (i % 8 * 8);
        *ret = kri_limbs_term(&b->heap, negative, limbs, count);
        return KR_OK;
}

static kr_err build_bits(struct builder *b, uint64_t len, unsigned last_bits,
                         kri_word *ret)
{
        const uint8_t *from = b->reader.at;
        uint8_t *bytes;
        kr_err err = kri_bits_begin(&b->heap, len * 8 - (len ? 8 - last_bits : 0),
                                    b->block, b->blobs, ret, &bytes);

        if (err != KR_OK)
                return err;
        b->reader.at += len;
        if (len) {
                memcpy(bytes, from, len);
                bytes[len - 1] &= (uint8_t)(0xff00u >> last_bits);
        }
        return KR_OK;
}

static kr_err build_string(struct builder *b, kri_word *ret)
{
        uint64_t len = kri_etf_get16(&b->reader);
        kri_word *cell = b->heap;

        *ret = len ? kri_cons(cell) : KRI_NIL;
        for (uint64_t i = 0; i < len; i++, cell += 2) {
                cell[0] = kri_int(*b->reader.at++);
                kri_store(cell + 1, i + 1 < len ? kri_cons(cell + 2) : KRI_NIL);
        }
        b->heap = cell;
        return KR_OK;
}

static kr_err build_export(struct builder *b, kri_word *ret)
{
        struct kri_etf_export export;
        kri_word *box = b->heap;
        uint32_t module, function;
        kr_err err = kri_etf_read_export(&b->reader, &export);

        if (err == KR_OK)
                err = make_atom(b, &export.module, &module);
        if (err == KR_OK)
                err = make_atom(b, &export.function, &function);
        if (err != KR_OK)
                return err;
        box[0] = kri_header(KRI_EXPORT, 0, 3);
        box[1] = kri_atom(module);
        box[2] = kri_atom(function);
        box[3] = kri_int(export.arity);
        b->heap += 4;
        *ret = kri_boxed(box);
        return KR_OK;
}

/* The bytes as they are, tag included; they were walked when the term was measured. */
static kr_err build_fun(struct builder *b, kri_word *ret)
{
        const uint8_t *tag = b->reader.at - 1;
        uint64_t len = 1 + (uint64_t)kri_etf_get32(&b->reader);
        kri_word *box = b->heap;
        uint64_t words = 1 + (len + 7) / 8;

        box[0] = kri_header(KRI_FUN, 0, words);
        box[words] = 0;
        box[1] = len;
        memcpy(box + 2, tag, len);
        b->reader.at = tag + len;
        b->heap += 1 + words;
        *ret = kri_boxed(box);
        return KR_OK;
}

/* -- what has children -- */

static kr_err build_tuple(struct builder *b, uint64_t arity, kri_word *ret)
{
        kri_word *box = b->heap;

        box[0] = kri_header(KRI_TUPLE, 0, arity);
        b->heap += 1 + arity;
        *ret = kri_boxed(box);
        if (arity == 0)
                return KR_OK;
        return push(b, (struct frame){ .at = box + 1, .left = arity, .shape = ELEMENTS });
}

static kr_err build_map(struct builder *b, uint64_t count, kri_word *ret)
{
        kri_word *box = b->heap;

        box[0] = kri_header(KRI_MAP, 0, 2 * count);
        b->heap += 1 + 2 * count;
        *ret = kri_boxed(box);
        if (count == 0)
                return KR_OK;
        return push(b,
                    (struct frame){
                            .at = box + 1, .box = box, .left = 2 * count, .shape = MAP });
}

static kr_err build_list(struct builder *b, uint64_t count, kri_word *ret)
{
        kri_word *cell = b->heap;

        for (uint64_t i = 0; i + 1 < count; i++)
                kri_store(cell + 2 * i + 1, kri_cons(cell + 2 * i + 2));
        b->heap += 2 * count;
        *ret = kri_cons(cell);
        return push(b, (struct frame){ .at = cell, .left = count + 1, .shape = CELLS });
}

/* One term's head. A term that has children is complete as far as *ret goes. */
static kr_err build_one(struct builder *b, kri_word *ret)
{
        struct kri_etf_reader *r = &b->reader;
        uint8_t tag = kri_etf_get8(r);
        uint64_t len;
        double d;
        kr_err err;

        switch (tag) {
        case KRI_ETF_SMALL_INTEGER:
                *ret = kri_int(kri_etf_get8(r));
                return KR_OK;
        case KRI_ETF_INTEGER:
                *ret = kri_int((int32_t)kri_etf_get32(r));
                return KR_OK;
        case KRI_ETF_NIL:
                *ret = KRI_NIL;
                return KR_OK;
        case KRI_ETF_SMALL_TUPLE:
                return build_tuple(b, kri_etf_get8(r), ret);
        case KRI_ETF_LARGE_TUPLE:
                return build_tuple(b, kri_etf_get32(r), ret);
        case KRI_ETF_LIST:
                len = kri_etf_get32(r);
                return len == 0 ? build_one(b, ret) : build_list(b, len, ret);
        case KRI_ETF_MAP:
                return build_map(b, kri_etf_get32(r), ret);
        case KRI_ETF_STRING:
                return build_string(b, ret);
        case KRI_ETF_BINARY:
                return build_bits(b, kri_etf_get32(r), 8, ret);
        case KRI_ETF_BIT_BINARY:
                len = kri_etf_get32(r);
                return build_bits(b, len, kri_etf_get8(r), ret);
        case KRI_ETF_SMALL_BIG:
                return build_big(b, kri_etf_get8(r), ret);
        case KRI_ETF_LARGE_BIG:
                return build_big(b, kri_etf_get32(r), ret);
        case KRI_ETF_NEW_FLOAT:
        case KRI_ETF_FLOAT:
                err = kri_etf_read_float(r, tag, &d);
                return err == KR_OK ? build_float(b, d, ret) : err;
        case KRI_ETF_NEW_FUN:
                return build_fun(b, ret);
        case KRI_ETF_EXPORT:
                return build_export(b, ret);
        case KRI_ETF_NODE_PID:
                len = kri_etf_get32(r);
                return build_pid_of(b, (uint32_t)len, kri_etf_get64(r), ret);
        default:
                return kri_etf_is_atom(tag) ? build_atom(b, tag, ret)
                                            : build_ident(b, tag, ret);
        }
}

/* Where the next child of the top frame goes; the frame moves on. */
static kri_word *next_place(struct frame *frame)
{
        kri_word *at = frame->at;

        frame->left--;
        if (frame->shape != CELLS)
                frame->at++;
        else if (frame->left > 1)
                frame->at += 2;
        else
                frame->at++; /* the tail of the last cell */
        return at;
}

static kr_err build_children(struct builder *b)
{
        while (b->depth > 0) {
                struct frame *frame = &b->frames[b->depth - 1];
                kri_word *place, t;
                kr_err err;

                if (frame->left == 0) {
                        b->depth--;
                        err = frame->shape == MAP
                                      ? kri_map_sort(frame->box, !b->source->inside)
                                      : KR_OK;
                        if (err != KR_OK)
                                return err;
                        continue;
                }
                place = next_place(frame);
                if (frame->left == 0 && frame->shape == CELLS)
                        b->depth--; /* a tail may go on for ever */
                err = build_one(b, &t);
                if (err != KR_OK)
                        return err;
                kri_store(place, t);
        }
        return KR_OK;
}

kr_err kri_etf_build(struct kri_etf_source *source, kri_word **heap, kri_word *block,
                     uint32_t *blobs, kri_word *ret)
{
        struct builder b; /* large, and most of it not wanted: no initialiser */
        kri_word t;
        kr_err err;

        b.reader = kri_etf_reader(source);
        b.source = source;
        b.heap = *heap;
        b.block = block;
        b.blobs = blobs;
        b.frames = b.first;
        b.depth = 0;
        b.cap = FRAMES_FIRST;
        err = build_one(&b, &t);
        if (err == KR_OK)
                err = build_children(&b);
        if (b.frames != b.first)
                kri_term_host.free(b.frames);
        if (err != KR_OK)
                return err;
        *heap = b.heap;
        *ret = t;
        return KR_OK;
}

kr_err kri_etf_keep(struct kri_etf_source *source, kr_term *ret, size_t *ret_used)
{
        kri_word *block, *heap, t;
        uint32_t blobs = 0;
        uint64_t words;
        size_t used;
        kr_err err = kri_etf_measure(source, &used, &words);

        if (err != KR_OK)
                return err;
        block = kri_kept_alloc(words);
        if (!block)
                return KR_ENOMEM;
        heap = block + KRI_KEPT_HEADER;
        err = kri_etf_build(source, &heap, block, &blobs, &t);
        block[0] = blobs;
        if (err != KR_OK || !kri_is_place(t))
                kri_kept_free(block);
        if (err != KR_OK)
                return err;
        ret->w = t;
        *ret_used = used;
        return KR_OK;
}

KR_API kr_err kr_decode(const void *data, size_t len, const kr_decode_opts *opts,
                        kr_term *ret, size_t *ret_used)
{
        struct kri_etf_source source;
        kr_term t;
        size_t used;
        kr_err err;

        if (len < 2 || *(const uint8_t *)data != KRI_ETF_VERSION)
                return KR_EMALFORMED;
        kri_etf_source_init(&source, (const uint8_t *)data + 1, len - 1, opts);
        err = kri_etf_keep(&source, &t, &used);
        if (err != KR_OK)
                return err;
        if (!ret_used && used + 1 != len) {
                kr_release(t);
                return KR_EMALFORMED;
        }
        *ret = t;
        if (ret_used)
                *ret_used = used + 1;
        return KR_OK;
}
