/* SPDX-License-Identifier: Apache-2.0 */
#include "etf_read.h"

#include "atom.h"
#include "text.h"

#include <math.h>
#include <string.h>

bool kri_etf_is_atom(uint8_t tag)
{
        switch (tag) {
        case KRI_ETF_ATOM:
        case KRI_ETF_SMALL_ATOM:
        case KRI_ETF_ATOM_UTF8:
        case KRI_ETF_SMALL_ATOM_UTF8:
        case KRI_ETF_ATOM_CACHE_REF:
                return true;
        }
        return false;
}

static kr_err read_cache_ref(struct kri_etf_reader *r, struct kri_etf_atom *ret)
{
        uint8_t at = kri_etf_get8(r);

        if (r->no_cache || at >= r->source->atom_ref_count)
                return KR_EMALFORMED;
        ret->index = r->source->atom_refs[at];
        ret->is_ref = true;
        return KR_OK;
}

kr_err kri_etf_read_atom_after(struct kri_etf_reader *r, uint8_t tag,
                               struct kri_etf_atom *ret)
{
        bool is_small = tag == KRI_ETF_SMALL_ATOM || tag == KRI_ETF_SMALL_ATOM_UTF8;
        size_t chars;

        if (!kri_etf_is_atom(tag))
                return KR_EMALFORMED;
        *ret = (struct kri_etf_atom){ .is_latin1 = tag == KRI_ETF_SMALL_ATOM ||
                                                   tag == KRI_ETF_ATOM };
        if (tag == KRI_ETF_ATOM_CACHE_REF)
                return kri_etf_has(r, 1) ? read_cache_ref(r, ret) : KR_EMALFORMED;
        if (!kri_etf_has(r, is_small ? 1 : 2))
                return KR_EMALFORMED;
        ret->len = is_small ? kri_etf_get8(r) : kri_etf_get16(r);
        if (!kri_etf_has(r, ret->len))
                return KR_EMALFORMED;
        ret->text = r->at;
        r->at += ret->len;
        chars = ret->len;
        if (!ret->is_latin1 && !kri_utf8_count(ret->text, ret->len, &chars))
                return KR_EMALFORMED;
        return chars <= KRI_ATOM_LEN_MAX ? KR_OK : KR_EMALFORMED;
}

kr_err kri_etf_read_atom(struct kri_etf_reader *r, struct kri_etf_atom *ret)
{
        if (!kri_etf_has(r, 1))
                return KR_EMALFORMED;
        return kri_etf_read_atom_after(r, kri_etf_get8(r), ret);
}

/* What follows the node's name. `wide`: a creation of 32 bits, not 8. */
static kr_err read_pid(struct kri_etf_reader *r, bool wide, struct kri_etf_ident *ret)
{
        if (!kri_etf_has(r, wide ? 12 : 9))
                return KR_EMALFORMED;
        ret->what = KRI_ETF_IS_PID;
        ret->num = kri_etf_get32(r);
        ret->num |= (uint64_t)kri_etf_get32(r) << 32;
        ret->creation = wide ? kri_etf_get32(r) : kri_etf_get8(r);
        return KR_OK;
}

static kr_err read_port(struct kri_etf_reader *r, uint8_t tag, struct kri_etf_ident *ret)
{
        bool wide = tag != KRI_ETF_PORT;

        if (!kri_etf_has(r, tag == KRI_ETF_V4_PORT ? 12 : wide ? 8 : 5))
                return KR_EMALFORMED;
        ret->what = KRI_ETF_IS_PORT;
        ret->num = tag == KRI_ETF_V4_PORT ? kri_etf_get64(r) : kri_etf_get32(r);
        ret->creation = wide ? kri_etf_get32(r) : kri_etf_get8(r);
        return KR_OK;
}

/* The oldest form has its only word before the creation. */
static kr_err read_old_ref(struct kri_etf_reader *r, struct kri_etf_ident *ret)
{
        if (!kri_etf_has(r, 5))
                return KR_EMALFORMED;
        ret->what = KRI_ETF_IS_REF;
        ret->word_count = 1;
        ret->words[0] = kri_etf_get32(r);
        ret->creation = kri_etf_get8(r);
        return KR_OK;
}

static kr_err read_ref(struct kri_etf_reader *r, uint8_t tag, struct kri_etf_ident *ret)
{
        bool wide = tag == KRI_ETF_NEWER_REF;
        kr_err err;

        ret->what = KRI_ETF_IS_REF;
        if (!kri_etf_has(r, 2))
                return KR_EMALFORMED;
        ret->word_count = kri_etf_get16(r);
        if (ret->word_count < 1 || ret->word_count > 5)
                return KR_EMALFORMED;
        err = kri_etf_read_atom(r, &ret->node);
        if (err != KR_OK)
                return err;
        if (!kri_etf_has(r, (wide ? 4 : 1) + 4 * ret->word_count))
                return KR_EMALFORMED;
        ret->creation = wide ? kri_etf_get32(r) : kri_etf_get8(r);
        for (uint32_t i = 0; i < ret->word_count; i++)
                ret->words[i] = kri_etf_get32(r);
        return KR_OK;
}

kr_err kri_etf_read_ident(struct kri_etf_reader *r, uint8_t tag,
                          struct kri_etf_ident *ret)
{
        kr_err err;

        *ret = (struct kri_etf_ident){ .num = 0 };
        if (tag == KRI_ETF_NEWER_REF || tag == KRI_ETF_NEW_REF)
                return read_ref(r, tag, ret);
        err = kri_etf_read_atom(r, &ret->node);
        if (err != KR_OK)
                return err;
        switch (tag) {
        case KRI_ETF_NEW_PID:
        case KRI_ETF_PID:
                return read_pid(r, tag == KRI_ETF_NEW_PID, ret);
        case KRI_ETF_NEW_PORT:
        case KRI_ETF_V4_PORT:
        case KRI_ETF_PORT:
                return read_port(r, tag, ret);
        case KRI_ETF_REF:
                return read_old_ref(r, ret);
        }
        return KR_EMALFORMED;
}

kr_err kri_etf_read_float(struct kri_etf_reader *r, uint8_t tag, double *ret)
{
        char text[32];
        uint64_t bits;

        if (tag == KRI_ETF_NEW_FLOAT) {
                if (!kri_etf_has(r, 8))
                        return KR_EMALFORMED;
                bits = kri_etf_get64(r);
                memcpy(ret, &bits, sizeof(bits));
        } else {
                if (!kri_etf_has(r, 31))
                        return KR_EMALFORMED;
                memcpy(text, r->at, 31);
                text[31] = '\0';
                r->at += 31;
                if (!kri_text_double(text, ret))
                        return KR_EMALFORMED;
        }
        return isfinite(*ret) ? KR_OK : KR_EMALFORMED;
}

kr_err kri_etf_read_export(struct kri_etf_reader *r, struct kri_etf_export *ret)
{
        kr_err err = kri_etf_read_atom(r, &ret->module);

        if (err == KR_OK)
                err = kri_etf_read_atom(r, &ret->function);
        if (err != KR_OK)
                return err;
        if (!kri_etf_has(r, 2) || kri_etf_get8(r) != KRI_ETF_SMALL_INTEGER)
                return KR_EMALFORMED;
        ret->arity = kri_etf_get8(r);
        return KR_OK;
}
