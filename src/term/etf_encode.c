/* SPDX-License-Identifier: Apache-2.0 */
#include "atom.h"
#include "blob.h"
#include "etf.h"
#include "ident.h"
#include "walk.h"

/* -- leaves -- */

static kr_err put_be16(kr_buf *buf, uint16_t n)
{
        uint8_t bytes[2] = { (uint8_t)(n >> 8), (uint8_t)n };

        return kr_buf_append(buf, bytes, 2);
}

/* A tag, then a 32-bit number: the beginning of many. */
static kr_err put_tag32(kr_buf *buf, enum kri_etf_tag tag, uint64_t n)
{
        kr_err err;

        if (n > UINT32_MAX)
                return KR_ETOOBIG;
        err = kri_buf_byte(buf, (uint8_t)tag);
        return err == KR_OK ? kri_buf_be32(buf, (uint32_t)n) : err;
}

static kr_err put_tag8(kr_buf *buf, enum kri_etf_tag tag, uint8_t n)
{
        uint8_t bytes[2] = { (uint8_t)tag, n };

        return kr_buf_append(buf, bytes, 2);
}

static kr_err put_atom(kr_buf *buf, uint32_t index)
{
        size_t len;
        const char *text = kri_atom_text(index, &len);
        kr_err err;

        if (len <= 255) {
                err = put_tag8(buf, KRI_ETF_SMALL_ATOM_UTF8, (uint8_t)len);
        } else {
                err = kri_buf_byte(buf, KRI_ETF_ATOM_UTF8);
                if (err == KR_OK)
                        err = put_be16(buf, (uint16_t)len);
        }
        return err == KR_OK ? kr_buf_append(buf, text, len) : err;
}

/* The node's name; *ret_creation is to follow where the format wants it. A node of this OS
 * process that has ended has no name any more. */
static kr_err put_node(kr_buf *buf, uint32_t node, uint32_t *ret_creation)
{
        uint32_t name;

        if (!kri_node_name(node, &name, ret_creation)) {
                name = KRI_A_nonode_at_nohost;
                *ret_creation = 0;
        }
        return put_atom(buf, name);
}

static kr_err put_pid(kr_buf *buf, uint32_t node, uint64_t num)
{
        uint32_t creation;
        kr_err err = kri_buf_byte(buf, KRI_ETF_NEW_PID);

        if (err == KR_OK)
                err = put_node(buf, node, &creation);
        if (err == KR_OK)
                err = kri_buf_be32(buf, (uint32_t)num);
        if (err == KR_OK)
                err = kri_buf_be32(buf, (uint32_t)(num >> 32));
        return err == KR_OK ? kri_buf_be32(buf, creation) : err;
}

static kr_err put_port(kr_buf *buf, uint32_t node, uint64_t num)
{
        bool is_wide = num >= 1u << 28;
        uint32_t creation;
        kr_err err = kri_buf_byte(buf, is_wide ? KRI_ETF_V4_PORT : KRI_ETF_NEW_PORT);

        if (err == KR_OK)
                err = put_node(buf, node, &creation);
        if (err == KR_OK && is_wide)
                err = kri_buf_be32(buf, (uint32_t)(num >> 32));
        if (err == KR_OK)
                err = kri_buf_be32(buf, (uint32_t)num);
        return err == KR_OK ? kri_buf_be32(buf, creation) : err;
}

static kr_err put_ref(kr_buf *buf, kr_ref ref)
{
        uint32_t words[5] = { (uint32_t)ref.id[0], (uint32_t)(ref.id[0] >> 32),
                              (uint32_t)ref.id[1], (uint32_t)(ref.id[1] >> 32), ref.id2 };
        uint32_t count = kri_ref_words(ref), creation;
        kr_err err = kri_buf_byte(buf, KRI_ETF_NEWER_REF);

        if (err == KR_OK)
                err = put_be16(buf, (uint16_t)count);
        if (err == KR_OK)
                err = put_node(buf, kri_ref_node(ref), &creation);
        if (err == KR_OK)
                err = kri_buf_be32(buf, creation);
        for (uint32_t i = 0; i < count && err == KR_OK; i++)
                err = kri_buf_be32(buf, words[i]);
        return err;
}

/* Magnitude bytes, least first, without leading zeros. */
static kr_err put_big(kr_buf *buf, bool negative, const uint64_t *limbs, uint64_t count)
{
        uint64_t len = count * 8 - (uint64_t)__builtin_clzll(limbs[count - 1]) / 8;
        kr_err err = len <= 255 ? put_tag8(buf, KRI_ETF_SMALL_BIG, (uint8_t)len)
                                : put_tag32(buf, KRI_ETF_LARGE_BIG, len);
        char *room;

        if (err == KR_OK)
                err = kri_buf_byte(buf, negative);
        if (err == KR_OK)
                err = kri_buf_room(buf, len, &room);
        if (err != KR_OK)
                return err;
        for (uint64_t i = 0; i < len; i++)
                room[i] = (char)(limbs[i / 8] >> (i % 8 * 8));
        return KR_OK;
}

static kr_err put_int(kr_buf *buf, int64_t n)
{
        uint64_t magnitude = n < 0 ? -(uint64_t)n : (uint64_t)n;

        if (n >= 0 && n <= 255)
                return put_tag8(buf, KRI_ETF_SMALL_INTEGER, (uint8_t)n);
        if (n >= INT32_MIN && n <= INT32_MAX)
                return put_tag32(buf, KRI_ETF_INTEGER, (uint32_t)n);
        return put_big(buf, n < 0, &magnitude, 1);
}

static kr_err put_float(kr_buf *buf, uint64_t bits)
{
        kr_err err = put_tag32(buf, KRI_ETF_NEW_FLOAT, bits >> 32);

        return err == KR_OK ? kri_buf_be32(buf, (uint32_t)bits) : err;
}

static kr_err put_bits(kr_buf *buf, kri_word t)
{
        uint64_t bits;
        const uint8_t *bytes = kri_bits(t, &bits);
        uint64_t len = (bits + 7) / 8;
        kr_err err = put_tag32(buf, bits % 8 ? KRI_ETF_BIT_BINARY : KRI_ETF_BINARY, len);

        if (err == KR_OK && bits % 8)
                err = kri_buf_byte(buf, bits % 8);
        return err == KR_OK ? kr_buf_append(buf, bytes, len) : err;
}

static kr_err put_export(kr_buf *buf, const kri_word *box)
{
        kr_err err = kri_buf_byte(buf, KRI_ETF_EXPORT);

        if (err == KR_OK)
                err = put_atom(buf, kri_atom_index(box[1]));
        if (err == KR_OK)
                err = put_atom(buf, kri_atom_index(box[2]));
        return err == KR_OK ? put_int(buf, kri_int_value(box[3])) : err;
}

/* -- what has children: the head is written, the children are returned as a range --
 *
 * range.exact tells what the range is: */
enum shape {
        ELEMENTS, /* a: the next of `count` words */
        PAIRS,    /* a: the next key, b: the next value; count of both together */
        CELLS,    /* a: a list cell, whose tail follows its head */
};

static kr_err put_list(kr_buf *buf, kri_word t, struct kri_range *ret)
{
        uint64_t count = 0;
        bool are_bytes = true;
        kri_word rest;
        char *room;
        kr_err err;

        for (rest = t; kri_tag(rest) == KRI_CONS; rest = kri_tail(rest), count++) {
                kri_word head = *kri_ptr(rest);

                are_bytes &= kri_tag(head) == KRI_INT && head <= kri_int(255);
        }
        if (!are_bytes || rest != KRI_NIL || count > UINT16_MAX) {
                *ret = (struct kri_range){ .a = kri_ptr(t), .count = 1, .exact = CELLS };
                return put_tag32(buf, KRI_ETF_LIST, count);
        }
        err = kri_buf_byte(buf, KRI_ETF_STRING);
        if (err == KR_OK)
                err = put_be16(buf, (uint16_t)count);
        if (err == KR_OK)
                err = kri_buf_room(buf, count, &room);
        if (err != KR_OK)
                return err;
        for (rest = t; rest != KRI_NIL; rest = kri_tail(rest))
                *room++ = (char)kri_int_value(kri_head(rest));
        return KR_OK;
}

static kr_err put_box(kr_buf *buf, kri_word t, struct kri_range *ret)
{
        const kri_word *box = kri_ptr(t);
        uint64_t words = kri_box_words(*box);

        switch (kri_box_type(*box)) {
        case KRI_TUPLE:
                *ret = (struct kri_range){ .a = box + 1,
                                           .count = words,
                                           .exact = ELEMENTS };
                return words <= 255 ? put_tag8(buf, KRI_ETF_SMALL_TUPLE, (uint8_t)words)
                                    : put_tag32(buf, KRI_ETF_LARGE_TUPLE, words);
        case KRI_MAP:
                *ret = (struct kri_range){ box + 1, box + 1 + words / 2, words, PAIRS };
                return put_tag32(buf, KRI_ETF_MAP, words / 2);
        case KRI_FLOAT:
                return put_float(buf, box[1]);
        case KRI_BIGPOS:
        case KRI_BIGNEG:
                return put_big(buf, kri_box_type(*box) == KRI_BIGNEG, box + 1, words);
        case KRI_BIN:
        case KRI_BLOB:
                return put_bits(buf, t);
        case KRI_XPID:
                return put_pid(buf, (uint32_t)box[2], box[1]);
        case KRI_PORT:
                return put_port(buf, (uint32_t)box[2], box[1]);
        case KRI_REF:
                return put_ref(buf, kri_word_ref(t));
        case KRI_EXPORT:
                return put_export(buf, box);
        case KRI_FUN:
                return kr_buf_append(buf, box + 2, box[1]);
        case KRI_BOX_TYPES:
                break;
        }
        return KR_EBADARG;
}

static kr_err put_head(kr_buf *buf, kri_word t, struct kri_range *ret)
{
        kr_pid pid;

        switch (kri_tag(t)) {
        case KRI_INT:
                return put_int(buf, kri_int_value(t));
        case KRI_ATOM:
                return put_atom(buf, kri_atom_index(t));
        case KRI_PID:
                pid = kri_word_pid(t);
                return put_pid(buf, pid.node, kri_pid_num(pid));
        case KRI_CONS:
                return put_list(buf, t, ret);
        case KRI_BOX:
                return put_box(buf, t, ret);
        case KRI_SPEC:
                break;
        }
        return t == KRI_NIL ? kri_buf_byte(buf, KRI_ETF_NIL) : KR_EBADARG;
}

/* The next child of a range, which moves on. */
static kri_word next_child(struct kri_range *range)
{
        kri_word t, tail;

        if (range->exact == PAIRS)
                return kri_load(range->count-- % 2 == 0 ? range->a++ : range->b++);
        t = kri_load(range->a);
        if (range->exact == ELEMENTS) {
                range->a++;
                range->count--;
                return t;
        }
        tail = kri_load(range->a + 1);
        if (kri_tag(tail) == KRI_CONS)
                range->a = kri_ptr(tail);
        else /* the last cell: its tail is all that is left */
                *range = (struct kri_range){ .a = range->a + 1,
                                             .count = 1,
                                             .exact = ELEMENTS };
        return t;
}

static kr_err put_all(kr_buf *buf, kri_word t, struct kri_walk *walk)
{
        struct kri_range at = { .count = 0 }, inner = { .count = 0 };
        kr_err err = put_head(buf, t, &at);

        if (at.count == 0)
                return err;
        do {
                while (at.count > 0 && err == KR_OK) {
                        inner.count = 0;
                        err = put_head(buf, next_child(&at), &inner);
                        if (inner.count == 0)
                                continue;
                        if (at.count > 0 && !kri_walk_push(walk, at))
                                return KR_ENOMEM;
                        at = inner;
                }
        } while (err == KR_OK && kri_walk_pop(walk, &at));
        return err;
}

kr_err kri_etf_encode(kr_buf *buf, kri_word t)
{
        size_t len = buf->len;
        struct kri_walk walk;
        kr_err err;

        kri_walk_init(&walk);
        err = put_all(buf, t, &walk);
        kri_walk_fini(&walk);
        if (err != KR_OK && buf->data) {
                buf->len = len;
                buf->data[len] = '\0';
        }
        return err;
}

KR_API kr_err kr_encode(kr_term t, kr_buf *buf)
{
        kr_err err = kri_buf_byte(buf, KRI_ETF_VERSION);

        if (err != KR_OK)
                return err;
        err = kri_etf_encode(buf, t.w);
        if (err != KR_OK)
                buf->data[--buf->len] = '\0';
        return err;
}
