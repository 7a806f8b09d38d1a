/* SPDX-License-Identifier: Apache-2.0 */
/* etf_measure.c: the first look at bytes from outside: are they a term, and how large? */
#include "etf_read.h"

#include "blob.h"
#include "number.h"

#include <string.h>

#define DEPTH_MAX 1000u
#define ATOMS_MAX 1000u
#define MEMORY_MAX ((size_t)256 << 20)

/* What is left to come at one level. */
struct level {
        uint64_t left;      /* terms */
        const uint8_t *end; /* of a fun: where its last term must end */
        uint64_t words;     /* of a fun: what was measured before it */
        bool is_list;
};

#define LEVELS_FIRST 24

struct measure {
        struct kri_etf_reader reader;
        uint64_t words;
        uint32_t depth, cap;
        uint32_t funs;       /* that we are in */
        uint64_t blob_words; /* beside `words`, outside the block */
        struct level *levels;
        struct level first[LEVELS_FIRST];
};

void kri_etf_source_init(struct kri_etf_source *source, const void *bytes, size_t len,
                         const kr_decode_opts *opts)
{
        static const kr_decode_opts none;

        if (!opts)
                opts = &none;
        *source = (struct kri_etf_source){
                .bytes = bytes,
                .len = len,
                .depth_max = opts->depth_max ? opts->depth_max : DEPTH_MAX,
                .atoms_max = opts->atoms_max ? opts->atoms_max : ATOMS_MAX,
                .words_max = (opts->memory_max ? opts->memory_max : MEMORY_MAX) / 8,
        };
        if (opts->existing_atoms)
                source->atoms_max = 0;
}

static kr_err push(struct measure *m, struct level level)
{
        struct level *levels;

        if (m->depth >= m->reader.source->depth_max)
                return KR_ETOODEEP;
        if (m->depth == m->cap) {
                levels = kri_term_host.alloc(sizeof(*levels) * m->cap * 2);
                if (!levels)
                        return KR_ENOMEM;
                memcpy(levels, m->levels, sizeof(*levels) * m->depth);
                if (m->levels != m->first)
                        kri_term_host.free(m->levels);
                m->levels = levels;
                m->cap *= 2;
        }
        m->levels[m->depth++] = level;
        return KR_OK;
}

/* `count` children follow, which take `bytes_each` at least; the term itself `words`. */
static kr_err enter(struct measure *m, uint64_t count, uint64_t words, bool is_list)
{
        if (!kri_etf_has(&m->reader, count))
                return KR_EMALFORMED;
        m->words += words;
        if (count == 0)
                return KR_OK;
        return push(m, (struct level){ .left = count, .is_list = is_list });
}

static kr_err measure_list(struct measure *m, uint64_t count)
{
        /* no heads: the term is what stands for the tail, and build_one looks at it there;
         * the tail of such a list may not be one again */
        if (count == 0) {
                if (!kri_etf_has(&m->reader, 1) || *m->reader.at == KRI_ETF_LIST)
                        return KR_EMALFORMED;
                return push(m, (struct level){ .left = 1, .is_list = true });
        }
        return enter(m, count + 1, 2 * count, true);
}

/* `len` bytes of data that take `words`. */
static kr_err take(struct measure *m, uint64_t len, uint64_t words)
{
        if (!kri_etf_has(&m->reader, len))
                return KR_EMALFORMED;
        m->reader.at += len;
        m->words += words;
        return KR_OK;
}

static kr_err measure_bits(struct measure *m, uint64_t len, bool has_bits)
{
        uint8_t bits;

        if (has_bits) {
                if (!kri_etf_has(&m->reader, 1))
                        return KR_EMALFORMED;
                bits = kri_etf_get8(&m->reader);
                if (len == 0 ? bits != 0 : bits < 1 || bits > 8)
                        return KR_EMALFORMED;
        }
        if (len >= KRI_BLOB_MIN)
                m->blob_words += len / 8;
        return take(m, len, kri_bits_words(len * 8));
}

static kr_err measure_big(struct measure *m, uint64_t len)
{
        if (!kri_etf_has(&m->reader, 1 + len) || *m->reader.at > 1)
                return KR_EMALFORMED;
        if (len > KRI_LIMBS_MAX * 8)
                return KR_ETOOBIG;
        return take(m, 1 + len, 1 + (len + 7) / 8);
}

static kr_err measure_ident(struct measure *m, uint8_t tag)
{
        struct kri_etf_ident ident;
        kr_err err = kri_etf_read_ident(&m->reader, tag, &ident);

        m->words += KRI_REF_BOX_WORDS; /* a near pid takes none, the others 3 or 4 */
        return err;
}

/* size, arity, uniq, index, number of free variables; then module, old index, old uniq,
 * creator and the free variables, all of them terms. */
static kr_err measure_fun(struct measure *m)
{
        const uint8_t *tag = m->reader.at - 1;
        uint64_t size, free_variables;
        struct level level = { .left = 4 };
        kr_err err;

        if (!kri_etf_has(&m->reader, 29))
                return KR_EMALFORMED;
        size = kri_etf_get32(&m->reader);
        m->reader.at += 21;
        free_variables = kri_etf_get32(&m->reader);
        if (size < 29 || !kri_etf_has(&m->reader, size - 29) ||
            free_variables > size - 29)
                return KR_EMALFORMED;
        if (!kri_etf_has(&m->reader, 1) || !kri_etf_is_atom(*m->reader.at))
                return KR_EMALFORMED;
        level.left += free_variables;
        level.end = tag + 1 + size;
        level.words = m->words + 2 + (1 + size + 7) / 8;
        err = push(m, level);
        if (err == KR_OK)
                m->reader.no_cache = ++m->funs > 0;
        return err;
}

/* Sizes in front of the data; the reader stands behind the tag. */
static kr_err measure_counted(struct measure *m, uint8_t tag)
{
        struct kri_etf_reader *r = &m->reader;
        bool is_short = tag == KRI_ETF_SMALL_TUPLE || tag == KRI_ETF_SMALL_BIG;
        uint64_t count;

        if (!kri_etf_has(r, is_short ? 1 : tag == KRI_ETF_STRING ? 2 : 4))
                return KR_EMALFORMED;
        count = is_short                ? kri_etf_get8(r)
                : tag == KRI_ETF_STRING ? kri_etf_get16(r)
                                        : kri_etf_get32(r);
        switch (tag) {
        case KRI_ETF_SMALL_TUPLE:
        case KRI_ETF_LARGE_TUPLE:
                return enter(m, count, 1 + count, false);
        case KRI_ETF_MAP:
                return enter(m, 2 * count, 1 + 2 * count, false);
        case KRI_ETF_LIST:
                return measure_list(m, count);
        case KRI_ETF_STRING:
                return take(m, count, 2 * count);
        case KRI_ETF_SMALL_BIG:
        case KRI_ETF_LARGE_BIG:
                return measure_big(m, count);
        }
        return measure_bits(m, count, tag == KRI_ETF_BIT_BINARY);
}

static kr_err measure_one(struct measure *m)
{
        struct kri_etf_reader *r = &m->reader;
        struct kri_etf_export export;
        struct kri_etf_atom atom;
        double d;
        uint8_t tag;

        if (!kri_etf_has(r, 1))
                return KR_EMALFORMED;
        tag = kri_etf_get8(r);
        switch (tag) {
        case KRI_ETF_NIL:
                return KR_OK;
        case KRI_ETF_SMALL_INTEGER:
                return take(m, 1, 0);
        case KRI_ETF_INTEGER:
                return take(m, 4, 0);
        case KRI_ETF_SMALL_TUPLE:
        case KRI_ETF_LARGE_TUPLE:
        case KRI_ETF_LIST:
        case KRI_ETF_MAP:
        case KRI_ETF_STRING:
        case KRI_ETF_BINARY:
        case KRI_ETF_BIT_BINARY:
        case KRI_ETF_SMALL_BIG:
        case KRI_ETF_LARGE_BIG:
                return measure_counted(m, tag);
        case KRI_ETF_NEW_FLOAT:
        case KRI_ETF_FLOAT:
                m->words += 2;
                return kri_etf_read_float(r, tag, &d);
        case KRI_ETF_NEW_FUN:
                return measure_fun(m);
        case KRI_ETF_EXPORT:
                m->words += 4;
                return kri_etf_read_export(r, &export);
        case KRI_ETF_NODE_PID:
                return r->source->inside ? take(m, 12, 3) : KR_EMALFORMED;
        }
        return kri_etf_is_atom(tag) ? kri_etf_read_atom_after(r, tag, &atom)
                                    : measure_ident(m, tag);
}

/* The level is through. */
static kr_err leave(struct measure *m)
{
        struct level *level = &m->levels[--m->depth];

        if (!level->end)
                return KR_OK;
        m->reader.no_cache = --m->funs > 0;
        m->words = level->words;
        return m->reader.at == level->end ? KR_OK : KR_EMALFORMED;
}

static bool is_too_big(const struct measure *m)
{
        return m->words + m->blob_words > m->reader.source->words_max;
}

static kr_err measure_all(struct measure *m)
{
        kr_err err = measure_one(m);

        while (m->depth > 0 && err == KR_OK) {
                struct level *level = &m->levels[m->depth - 1];

                if (level->left == 0) {
                        err = leave(m);
                        continue;
                }
                level->left--;
                if (level->left == 0 && level->is_list)
                        m->depth--; /* a tail may go on for ever */
                err = measure_one(m);
                if (err == KR_OK && is_too_big(m))
                        err = KR_ETOOBIG;
        }
        return err;
}

kr_err kri_etf_measure(const struct kri_etf_source *source, size_t *ret_used,
                       uint64_t *ret_words)
{
        struct measure m; /* large, and most of it not wanted: no initialiser */
        kr_err err;

        m.reader = kri_etf_reader(source);
        m.words = 0;
        m.blob_words = 0;
        m.depth = 0;
        m.cap = LEVELS_FIRST;
        m.funs = 0;
        m.levels = m.first;
        err = measure_all(&m);
        if (m.levels != m.first)
                kri_term_host.free(m.levels);
        if (err == KR_OK && is_too_big(&m))
                err = KR_ETOOBIG;
        if (err != KR_OK)
                return err;
        *ret_used = (size_t)(m.reader.at - source->bytes);
        *ret_words = m.words;
        return KR_OK;
}
