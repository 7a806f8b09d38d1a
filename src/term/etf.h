/* SPDX-License-Identifier: Apache-2.0 */
/* etf.h: the external term format without the version byte, into memory of any owner.
 *
 * Decoding takes two looks at the bytes: kri_etf_measure checks them and says how many words
 * the term will take at most, kri_etf_build writes it into that much room. Between them
 * stands one allocation, of whatever kind the caller likes.
 */
#ifndef KR_TERM_ETF_H
#define KR_TERM_ETF_H

#include "buf.h"

#include <krarup/etf.h>

#define KRI_ETF_VERSION 131

enum kri_etf_tag {
        KRI_ETF_NODE_PID = 1, /* ours, in memory only: see kri_etf_source.inside */
        KRI_ETF_NEW_FLOAT = 70,
        KRI_ETF_BIT_BINARY = 77,
        KRI_ETF_ATOM_CACHE_REF = 82,
        KRI_ETF_NEW_PID = 88,
        KRI_ETF_NEW_PORT = 89,
        KRI_ETF_NEWER_REF = 90,
        KRI_ETF_SMALL_INTEGER = 97,
        KRI_ETF_INTEGER = 98,
        KRI_ETF_FLOAT = 99,
        KRI_ETF_ATOM = 100,
        KRI_ETF_REF = 101,
        KRI_ETF_PORT = 102,
        KRI_ETF_PID = 103,
        KRI_ETF_SMALL_TUPLE = 104,
        KRI_ETF_LARGE_TUPLE = 105,
        KRI_ETF_NIL = 106,
        KRI_ETF_STRING = 107,
        KRI_ETF_LIST = 108,
        KRI_ETF_BINARY = 109,
        KRI_ETF_SMALL_BIG = 110,
        KRI_ETF_LARGE_BIG = 111,
        KRI_ETF_NEW_FUN = 112,
        KRI_ETF_EXPORT = 113,
        KRI_ETF_NEW_REF = 114,
        KRI_ETF_SMALL_ATOM = 115,
        KRI_ETF_MAP = 116,
        KRI_ETF_ATOM_UTF8 = 118,
        KRI_ETF_SMALL_ATOM_UTF8 = 119,
        KRI_ETF_V4_PORT = 120,
};

/* Append `t`. On error `buf` is as it was. */
kr_err kri_etf_encode(kr_buf *buf, kri_word t);

/* Where a term is decoded from. The limits are those of kr_decode_opts, none 0. */
struct kri_etf_source {
        const uint8_t *bytes;
        size_t len;
        const uint32_t
                *atom_refs; /* atom indices that ATOM_CACHE_REF means; NULL: none */
        uint32_t atom_ref_count;
        uint32_t depth_max;
        uint32_t atoms_max; /* build counts it down */
        uint64_t words_max;
        bool inside; /* written by ourselves: KRI_ETF_NODE_PID, duplicate keys */
};

void kri_etf_source_init(struct kri_etf_source *source, const void *bytes, size_t len,
                         const kr_decode_opts *opts);

/* Check one term at the beginning of the source: its bytes, and words it takes at most. */
kr_err kri_etf_measure(const struct kri_etf_source *source, size_t *ret_used,
                       uint64_t *ret_words);

/* Write the term that was measured at *heap, which advances; its own box comes first. On
 * error the blobs made so far are in the chain, to be released by the caller.
 * KR_EMALFORMED: a duplicate key; KR_EATOMS, KR_ESYSTEMLIMIT, KR_ENOMEM. */
kr_err kri_etf_build(struct kri_etf_source *source, kri_word **heap, kri_word *block,
                     uint32_t *blobs, kri_word *ret);

/* measure, allocate a kept block, build. */
kr_err kri_etf_keep(struct kri_etf_source *source, kr_term *ret, size_t *ret_used);

#endif
