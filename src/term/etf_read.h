/* SPDX-License-Identifier: Apache-2.0 */
/* etf_read.h: pieces of the external term format, taken from bytes with checks.
 *
 * kri_etf_get... read without a check: of bytes that were measured, or after need().
 */
#ifndef KR_TERM_ETF_READ_H
#define KR_TERM_ETF_READ_H

#include "etf.h"
#include "utf8.h"

struct kri_etf_reader {
        const uint8_t *at;
        const uint8_t *end;
        const struct kri_etf_source *source;
        bool no_cache; /* inside a fun: its bytes are echoed to who has not our atom cache */
};

static inline struct kri_etf_reader kri_etf_reader(const struct kri_etf_source *source)
{
        return (struct kri_etf_reader){ .at = source->bytes,
                                        .end = source->bytes + source->len,
                                        .source = source };
}

static inline bool kri_etf_has(const struct kri_etf_reader *r, uint64_t bytes)
{
        return (uint64_t)(r->end - r->at) >= bytes;
}

static inline uint8_t kri_etf_get8(struct kri_etf_reader *r)
{
        return *r->at++;
}

static inline uint16_t kri_etf_get16(struct kri_etf_reader *r)
{
        const uint8_t *p = r->at;

        r->at += 2;
        return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t kri_etf_get32(struct kri_etf_reader *r)
{
        const uint8_t *p = r->at;

        r->at += 4;
        return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t kri_etf_get64(struct kri_etf_reader *r)
{
        uint64_t high = kri_etf_get32(r);

        return high << 32 | kri_etf_get32(r);
}

/* An atom's text as it stands in the bytes, or an atom of the cache. */
struct kri_etf_atom {
        const uint8_t *text;
        size_t len;
        bool is_latin1;
        bool is_ref;
        uint32_t index; /* is_ref */
};

bool kri_etf_is_atom(uint8_t tag);

/* An atom; the same behind its tag. */
kr_err kri_etf_read_atom(struct kri_etf_reader *r, struct kri_etf_atom *ret);
kr_err kri_etf_read_atom_after(struct kri_etf_reader *r, uint8_t tag,
                               struct kri_etf_atom *ret);

/* A pid, port or reference of any age, behind its tag. */
struct kri_etf_ident {
        enum { KRI_ETF_IS_PID, KRI_ETF_IS_PORT, KRI_ETF_IS_REF } what;
        struct kri_etf_atom node;
        uint32_t creation;
        uint64_t num;      /* pid: id | serial << 32; port */
        uint32_t words[5]; /* reference */
        uint32_t word_count;
};
kr_err kri_etf_read_ident(struct kri_etf_reader *r, uint8_t tag,
                          struct kri_etf_ident *ret);

/* A float, behind its tag. */
kr_err kri_etf_read_float(struct kri_etf_reader *r, uint8_t tag, double *ret);

/* fun M:F/A, behind its tag. */
struct kri_etf_export {
        struct kri_etf_atom module, function;
        uint8_t arity;
};
kr_err kri_etf_read_export(struct kri_etf_reader *r, struct kri_etf_export *ret);

#endif
