/* SPDX-License-Identifier: Apache-2.0 */
/* etf.h: terms as bytes, in Erlang's external term format: term_to_binary and back.
 *
 * What is written (a version byte 131, then the term) is byte for byte what
 * term_to_binary(T, [{minor_version, 2}]) gives on OTP 25, the default from OTP 26 on: atoms
 * in UTF-8. But maps of more than 32 keys, which OTP orders by a hash, are in key order.
 * What other nodes may send is read in full: old tags too, and big integers, improper lists,
 * bitstrings, funs and identifiers of any node go out again as they came in. Compressed
 * terms are refused (KR_EMALFORMED).
 */
#ifndef KRARUP_ETF_H
#define KRARUP_ETF_H

#include <krarup/term.h>

KR_BEGIN_DECLS

/* What a decoder will not exceed; 0 stands for the default in brackets. */
typedef struct kr_decode_opts {
        uint32_t depth_max;  /* nested tuples, maps and lists in heads [1000] */
        uint32_t atoms_max;  /* atoms that did not exist before [1000] */
        size_t memory_max;   /* bytes of the decoded term; up to 24 for one [256 MiB] */
        bool existing_atoms; /* no new atoms at all, as binary_to_term's `safe` */
} kr_decode_opts;

/* Append `t` to `buf`. KR_ENOMEM: `buf` is as it was. KR_ETOOBIG: a part is longer than the
 * format's 32-bit counts. */
KR_API KR_MUST_CHECK kr_err kr_encode(kr_term t, kr_buf *buf);

/* Gives a new term (kr_release) from the bytes at `data`, which may come from anybody.
 * `opts` may be NULL. If `ret_used` is not NULL more bytes may follow, and it says how
 * many the term took; otherwise the term must take all.
 * KR_EMALFORMED, KR_ETOODEEP, KR_ETOOBIG, KR_EATOMS, KR_ESYSTEMLIMIT (no room for an atom or
 * a node name), KR_ENOMEM: nothing is kept but atoms made on the way. */
KR_API KR_MUST_CHECK kr_err kr_decode(const void *data, size_t len,
                                      const kr_decode_opts *opts, kr_term *ret,
                                      size_t *ret_used);

KR_END_DECLS
#endif
