/* SPDX-License-Identifier: Apache-2.0 */
/* text_bits.c: binary literals: <<1, 2:3, "text"/utf8, 16#ffff:16/little, 1.5/float>>.
 *
 * Law      Value:Size/TypeSpecifierList (Erlang reference manual, "Bit Syntax"), for
 *          literal values.
 */
#include "text_parse.h"

#include "etf.h"
#include "number.h"
#include "utf8.h"

#include <string.h>

struct bits {
        size_t start;   /* where the bytes begin in the parser's output */
        uint64_t count; /* bits so far */
        uint64_t max;
};

enum type { TYPE_INTEGER, TYPE_FLOAT, TYPE_UTF8, TYPE_UTF16, TYPE_UTF32 };

struct spec {
        bool has_size;
        uint64_t size;
        uint64_t unit; /* 0: of the type */
        enum type type;
        bool little;
};

/* -- appending bits -- */

/* The low `count` bits of `byte`, 1..8. */
static kr_err put_bits(struct kri_parser *p, struct bits *bits, uint8_t byte,
                       unsigned count)
{
        unsigned used = bits->count % 8;
        uint8_t aligned = (uint8_t)(byte << (8 - count));
        kr_err err = KR_OK;

        if (bits->count + count > bits->max)
                return kri_parse_fail(p, KR_ETOOBIG, "the binary is too large");
        if (used == 0)
                err = kri_buf_byte(&p->out, aligned);
        else
                p->out.data[p->out.len - 1] |= (char)(aligned >> used);
        if (err == KR_OK && used + count > 8 && used != 0)
                err = kri_buf_byte(&p->out, (uint8_t)(aligned << (8 - used)));
        bits->count += count;
        return err;
}

/* Byte `i` of the two's complement of an integer. */
struct integer {
        bool negative; /* and not 0 */
        const uint64_t *limbs;
        uint64_t count;
};

static uint8_t byte_of(const struct integer *n, uint64_t i)
{
        uint64_t limb = i / 8 < n->count ? n->limbs[i / 8] : 0;
        bool borrow = true;

        if (!n->negative)
                return (uint8_t)(limb >> (i % 8 * 8));
        for (uint64_t k = 0; k < i / 8 && k < n->count && borrow; k++)
                borrow = n->limbs[k] == 0;
        if (i / 8 >= n->count)
                borrow = false;
        return (uint8_t)((borrow ? -limb : ~limb) >> (i % 8 * 8));
}

/* The bytes at `from` and on, `count` of them, towards the lowest if `step` is -1. */
static kr_err put_bytes(struct kri_parser *p, struct bits *bits, const struct integer *n,
                        uint64_t from, int step, uint64_t count)
{
        kr_err err = KR_OK;

        for (; count > 0 && err == KR_OK; count--, from += (uint64_t)step)
                err = put_bits(p, bits, byte_of(n, from), 8);
        return err;
}

/* `count` bytes of zeroes or of ones: a size is quickly written, and its bits are many. */
static kr_err put_fill(struct kri_parser *p, struct bits *bits, uint8_t fill,
                       uint64_t count)
{
        unsigned used = bits->count % 8;
        char *room;
        kr_err err;

        if (count == 0)
                return KR_OK;
        err = kri_buf_room(&p->out, count, &room);
        if (err != KR_OK)
                return err;
        memset(room, fill, count);
        if (used != 0) {
                room[-1] |= (char)(fill >> used);
                room[count - 1] = (char)(fill << (8 - used));
        }
        bits->count += 8 * count;
        return KR_OK;
}

/* The highest byte may be a part of one; below it is the sign, down to the limbs. */
static kr_err put_integer(struct kri_parser *p, struct bits *bits,
                          const struct integer *n, uint64_t size, bool little)
{
        uint64_t high = (size + 7) / 8 - 1; /* the number of the highest byte */
        uint64_t low = n->count * 8 < high ? n->count * 8 : high;
        unsigned part = size % 8 ? (unsigned)(size % 8) : 8;
        kr_err err = KR_OK;

        if (size > bits->max - bits->count)
                return kri_parse_fail(p, KR_ETOOBIG, "the binary is too large");
        if (size == 0)
                return KR_OK;
        if (little)
                err = put_bytes(p, bits, n, 0, 1, low);
        else
                err = put_bits(p, bits, byte_of(n, high), part);
        if (err == KR_OK)
                err = put_fill(p, bits, n->negative ? 0xff : 0, high - low);
        if (err != KR_OK)
                return err;
        return little ? put_bits(p, bits, byte_of(n, high), part)
                      : put_bytes(p, bits, n, low - 1, -1, low);
}

static kr_err put_uint(struct kri_parser *p, struct bits *bits, uint64_t value,
                       uint64_t size, bool little)
{
        struct integer n = { .limbs = &value, .count = 1 };

        return put_integer(p, bits, &n, size, little);
}

static kr_err put_utf16(struct kri_parser *p, struct bits *bits, uint32_t c, bool little)
{
        kr_err err;

        if (c < 0x10000)
                return put_uint(p, bits, c, 16, little);
        err = put_uint(p, bits, 0xd800 + ((c - 0x10000) >> 10), 16, little);
        return err == KR_OK
                       ? put_uint(p, bits, 0xdc00 + ((c - 0x10000) & 0x3ff), 16, little)
                       : err;
}

/* A code point in one of the UTF types. */
static kr_err put_code_point(struct kri_parser *p, struct bits *bits, uint64_t c,
                             const struct spec *spec)
{
        uint8_t bytes[4];
        size_t len;
        kr_err err = KR_OK;

        if (!kri_is_code_point(c))
                return kri_parse_expected(p, "a code point");
        if (spec->type == TYPE_UTF16)
                return put_utf16(p, bits, (uint32_t)c, spec->little);
        if (spec->type == TYPE_UTF32)
                return put_uint(p, bits, c, 32, spec->little);
        len = kri_utf8_put(bytes, (uint32_t)c);
        for (size_t i = 0; i < len && err == KR_OK; i++)
                err = put_bits(p, bits, bytes[i], 8);
        return err;
}

/* -- specifiers -- */

static bool text_is(const struct kri_token *token, const char *text)
{
        return token->kind == KRI_TOK_ATOM && token->text_len == strlen(text) &&
               memcmp(token->text, text, token->text_len) == 0;
}

static kr_err parse_unit(struct kri_parser *p, struct spec *spec)
{
        kr_err err = kri_parse_next(p);

        if (err == KR_OK)
                err = kri_parse_take(p, KRI_TOK_COLON);
        if (err != KR_OK)
                return err;
        if (p->token.kind != KRI_TOK_INT || p->token.i < 1 || p->token.i > 256)
                return kri_parse_expected(p, "a unit of 1 to 256");
        spec->unit = (uint64_t)p->token.i;
        return kri_parse_next(p);
}

static kr_err parse_type(struct kri_parser *p, struct spec *spec)
{
        static const struct {
                char name[10];
                int8_t type;   /* -1: none */
                int8_t little; /* -1: not said */
        } words[] = {
                { "integer", TYPE_INTEGER, -1 },
                { "float", TYPE_FLOAT, -1 },
                { "utf8", TYPE_UTF8, -1 },
                { "utf16", TYPE_UTF16, -1 },
                { "utf32", TYPE_UTF32, -1 },
                { "signed", -1, -1 },
                { "unsigned", -1, -1 },
                { "big", -1, 0 },
                { "little", -1, 1 },
                { "native", -1, __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ },
        };

        if (text_is(&p->token, "unit"))
                return parse_unit(p, spec);
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
                if (!text_is(&p->token, words[i].name))
                        continue;
                if (words[i].type >= 0)
                        spec->type = (enum type)words[i].type;
                if (words[i].little >= 0)
                        spec->little = words[i].little;
                return kri_parse_next(p);
        }
        return kri_parse_expected(p, "the type of a literal: integer, float, utf8 ...");
}

/* Behind a value: [:Size] [/Type-Type...] */
static kr_err parse_spec(struct kri_parser *p, struct spec *spec)
{
        kr_err err = KR_OK;

        if (p->token.kind == KRI_TOK_COLON) {
                err = kri_parse_next(p);
                if (err != KR_OK)
                        return err;
                if (p->token.kind != KRI_TOK_INT || p->token.i > INT32_MAX)
                        return kri_parse_expected(p, "a size");
                spec->has_size = true;
                spec->size = (uint64_t)p->token.i;
                err = kri_parse_next(p);
        }
        if (err != KR_OK || p->token.kind != KRI_TOK_SLASH)
                return err;
        do {
                err = kri_parse_next(p);
                if (err == KR_OK)
                        err = parse_type(p, spec);
        } while (err == KR_OK && p->token.kind == KRI_TOK_MINUS);
        if (err == KR_OK && spec->unit && !spec->has_size)
                err = kri_parse_expected(p, "a size beside the unit");
        return err;
}

/* -- elements: the value's token is kept while its specifiers are read -- */

static kr_err put_float(struct kri_parser *p, struct bits *bits, double d,
                        const struct spec *spec)
{
        uint64_t size = spec->has_size ? spec->size * (spec->unit ? spec->unit : 1) : 64;
        uint64_t wide;
        uint32_t narrow;
        float f = (float)d;

        if (size == 64) {
                memcpy(&wide, &d, sizeof(wide));
                return put_uint(p, bits, wide, 64, spec->little);
        }
        if (size != 32 || !__builtin_isfinite(f))
                return kri_parse_expected(p, "a float of 64 bits, or one that fits 32");
        memcpy(&narrow, &f, sizeof(narrow));
        return put_uint(p, bits, narrow, 32, spec->little);
}

static kr_err put_number(struct kri_parser *p, struct bits *bits, const struct integer *n,
                         const struct spec *spec)
{
        uint64_t unit = spec->unit ? spec->unit : 1;
        double d;

        if (spec->type == TYPE_INTEGER)
                return put_integer(p, bits, n, spec->has_size ? spec->size * unit : 8,
                                   spec->little);
        if (spec->type == TYPE_FLOAT) {
                if (n->count > 1)
                        return kri_parse_expected(p, "a float");
                d = n->count ? (double)n->limbs[0] : 0.0;
                return put_float(p, bits, n->negative ? -d : d, spec);
        }
        if (spec->has_size || n->negative || n->count > 1)
                return kri_parse_expected(p, "a code point without a size");
        return put_code_point(p, bits, n->count ? n->limbs[0] : 0, spec);
}

static kr_err put_string(struct kri_parser *p, struct bits *bits,
                         const struct kri_token *string, const struct spec *spec)
{
        const char *at = string->text;
        kr_err err = KR_OK;
        uint32_t c;

        while (err == KR_OK && kri_token_char(string, &at, &c)) {
                uint64_t limb = c;
                struct integer n = { .limbs = &limb, .count = 1 };

                err = put_number(p, bits, &n, spec);
        }
        return err;
}

/* Strings side by side are one, and what is said behind the last is said of all: look ahead
 * for it, then cut the strings once more for their characters. */
static kr_err parse_strings(struct kri_parser *p, struct bits *bits)
{
        struct kri_scan scan = p->scan;
        struct kri_token string = p->token;
        struct spec spec = { .unit = 0 };
        kr_err err = KR_OK;

        while (err == KR_OK && p->token.kind == KRI_TOK_STRING)
                err = kri_parse_next(p);
        if (err == KR_OK)
                err = parse_spec(p, &spec);
        while (err == KR_OK && string.kind == KRI_TOK_STRING) {
                err = put_string(p, bits, &string, &spec);
                kri_token_next(&scan, &string);
        }
        return err;
}

static kr_err parse_number(struct kri_parser *p, struct bits *bits, bool negative)
{
        struct integer n = { .negative = negative };
        struct spec spec = { .unit = 0 };
        uint64_t *limbs;
        kr_err err = kri_parse_limbs(p, &limbs, &n.count);

        if (err != KR_OK)
                return err;
        n.limbs = limbs;
        n.negative &= n.count > 0;
        err = kri_parse_next(p);
        if (err == KR_OK)
                err = parse_spec(p, &spec);
        if (err == KR_OK)
                err = put_number(p, bits, &n, &spec);
        kri_term_host.free(limbs);
        return err;
}

static kr_err parse_element(struct kri_parser *p, struct bits *bits)
{
        bool negative = p->token.kind == KRI_TOK_MINUS;
        bool is_signed = negative || p->token.kind == KRI_TOK_PLUS;
        struct spec spec = { .unit = 0 };
        struct kri_token value;
        kr_err err = KR_OK;

        if (is_signed)
                err = kri_parse_next(p);
        if (err != KR_OK)
                return err;
        value = p->token;
        if (value.kind == KRI_TOK_INT || value.kind == KRI_TOK_BIGINT)
                return parse_number(p, bits, negative);
        if (value.kind == KRI_TOK_STRING && !is_signed)
                return parse_strings(p, bits);
        if (value.kind != KRI_TOK_FLOAT)
                return kri_parse_expected(p, "a number, a string or '>>'");
        err = kri_parse_next(p);
        if (err == KR_OK)
                err = parse_spec(p, &spec);
        if (err != KR_OK)
                return err;
        if (spec.type != TYPE_FLOAT)
                return kri_parse_expected(p, "/float behind a float");
        return put_float(p, bits, negative ? -value.f : value.f, &spec);
}

static kr_err parse_elements(struct kri_parser *p, struct bits *bits)
{
        kr_err err = KR_OK;

        while (p->token.kind != KRI_TOK_RBIN) {
                err = parse_element(p, bits);
                if (err != KR_OK)
                        return err;
                if (p->token.kind == KRI_TOK_RBIN)
                        break;
                if (p->token.kind != KRI_TOK_COMMA)
                        return kri_parse_expected(p, "',' or '>>'");
                err = kri_parse_next(p);
                if (err == KR_OK && p->token.kind == KRI_TOK_RBIN)
                        err = kri_parse_expected(p, "a number or a string");
                if (err != KR_OK)
                        return err;
        }
        return kri_parse_next(p);
}

/* BIT_BINARY serves for whole bytes as well: tag, length, bits of the last byte. */
kr_err kri_parse_bits(struct kri_parser *p)
{
        struct bits bits = { .max = (uint64_t)p->opts.memory_max * 8 };
        uint8_t *head;
        uint64_t len;
        kr_err err = kr_buf_append(&p->out, "\x4d\0\0\0\0\0", 6);

        if (err != KR_OK)
                return err;
        bits.start = p->out.len;
        err = parse_elements(p, &bits);
        if (err != KR_OK)
                return err;
        len = p->out.len - bits.start;
        if (len > UINT32_MAX)
                return kri_parse_fail(p, KR_ETOOBIG, "the binary is too large");
        head = (uint8_t *)p->out.data + bits.start - 5;
        for (int i = 0; i < 4; i++)
                head[i] = (uint8_t)(len >> (24 - 8 * i));
        head[4] = len == 0 ? 0 : bits.count % 8 ? (uint8_t)(bits.count % 8) : 8;
        return KR_OK;
}
