/* SPDX-License-Identifier: Apache-2.0 */
#include "text_parse.h"

#include "atom.h"
#include "etf.h"
#include "ident.h"
#include "number.h"
#include "utf8.h"

#include <errno.h>
#include <string.h>

#define DEPTH_MAX 1000u
#define ATOMS_MAX 1000000u
#define MEMORY_MAX ((size_t)256 << 20)

/* -- tokens and errors -- */

static void report(struct kri_parser *p, const char *prefix, const char *what)
{
        if (!p->error)
                return;
        p->error->line = p->token.line;
        p->error->column = p->token.column;
        snprintf(p->error->message, sizeof(p->error->message), "%s%s", prefix, what);
}

kr_err kri_parse_fail(struct kri_parser *p, kr_err err, const char *message)
{
        report(p, "", message);
        return err;
}

kr_err kri_parse_expected(struct kri_parser *p, const char *what)
{
        report(p, "expected ", what);
        return KR_ESYNTAX;
}

kr_err kri_parse_next(struct kri_parser *p)
{
        kri_token_next(&p->scan, &p->token);
        return p->token.kind == KRI_TOK_ERROR
                       ? kri_parse_fail(p, KR_ESYNTAX, p->token.error)
                       : KR_OK;
}

kr_err kri_parse_take(struct kri_parser *p, enum kri_token_kind kind)
{
        return p->token.kind == kind ? kri_parse_next(p)
                                     : kri_parse_expected(p, kri_token_name(kind));
}

/* -- what is open -- */

enum open_kind { OPEN_TUPLE, OPEN_LIST, OPEN_TAIL, OPEN_KEY, OPEN_VALUE, OPEN_PAREN };

struct open {
        size_t count_at; /* where the count stands in the output */
        uint32_t count;  /* elements or pairs so far */
        enum open_kind kind;
};

struct opens {
        struct open *base;
        uint32_t len, cap;
        struct open first[16];
};

static kr_err push(struct kri_parser *p, struct opens *opens, enum open_kind kind)
{
        struct open *base;

        if (opens->len >= p->opts.depth_max)
                return kri_parse_fail(p, KR_ETOODEEP, "nested too deeply");
        if (opens->len == opens->cap) {
                base = kri_term_host.alloc(sizeof(*base) * opens->cap * 2);
                if (!base)
                        return KR_ENOMEM;
                memcpy(base, opens->base, sizeof(*base) * opens->len);
                if (opens->base != opens->first)
                        kri_term_host.free(opens->base);
                opens->base = base;
                opens->cap *= 2;
        }
        opens->base[opens->len++] =
                (struct open){ .count_at = p->out.len - 4, .kind = kind };
        return KR_OK;
}

static void set_count(struct kri_parser *p, const struct open *open)
{
        uint8_t *at = (uint8_t *)p->out.data + open->count_at;

        for (int i = 0; i < 4; i++)
                at[i] = (uint8_t)(open->count >> (24 - 8 * i));
}

/* -- leaves: the token is looked at; on return the one behind it is -- */

static kr_err put_tag32(struct kri_parser *p, uint8_t tag, uint32_t n)
{
        kr_err err = kri_buf_byte(&p->out, tag);

        return err == KR_OK ? kri_buf_be32(&p->out, n) : err;
}

static kr_err put_atom(struct kri_parser *p)
{
        size_t at, chars, len = p->token.text_len;
        char *room;
        kr_err err = kr_buf_append(&p->out, "\x76\0\0", 3);

        at = p->out.len;
        if (err == KR_OK)
                err = kri_buf_room(&p->out, len, &room);
        if (err != KR_OK)
                return err;
        len = kri_token_utf8(&p->token, room);
        if (!kri_utf8_count(room, len, &chars) || chars > KRI_ATOM_LEN_MAX)
                return kri_parse_fail(p, KR_ESYNTAX,
                                      "an atom of more than 255 characters");
        p->out.len = at + len;
        p->out.data[at - 2] = (char)(len >> 8);
        p->out.data[at - 1] = (char)len;
        return KR_OK;
}

static kr_err parse_atom(struct kri_parser *p)
{
        kr_err err = put_atom(p);

        return err == KR_OK ? kri_parse_next(p) : err;
}

/* Limbs that a token's digits may take at most. */
static uint64_t limbs_room(const struct kri_token *token)
{
        unsigned digit_bits;

        if (token->kind == KRI_TOK_INT)
                return 1;
        digit_bits = 32u - (unsigned)__builtin_clz(token->base - 1u);
        return (uint64_t)token->text_len * digit_bits / 64 + 2;
}

/* Digits are gathered in chunks that fit a word. */
static void read_digits(const struct kri_token *token, uint64_t *limbs, uint64_t *count)
{
        uint64_t factor = 1, chunk = 0;

        for (size_t i = 0; i < token->text_len; i++) {
                unsigned char c = (unsigned char)token->text[i];

                if (c == '_')
                        continue;
                chunk = chunk * token->base +
                        (c <= '9' ? c - (unsigned)'0' : (c | 32u) - 'a' + 10);
                factor *= token->base;
                if (factor > UINT64_MAX / 36 / 36) {
                        kri_limbs_muladd(limbs, count, factor, chunk);
                        factor = 1;
                        chunk = 0;
                }
        }
        kri_limbs_muladd(limbs, count, factor, chunk);
}

kr_err kri_parse_limbs(struct kri_parser *p, uint64_t **ret_limbs, uint64_t *ret_count)
{
        const struct kri_token *token = &p->token;
        uint64_t room = limbs_room(token);
        uint64_t *limbs;

        if (room > KRI_LIMBS_MAX)
                return kri_parse_fail(p, KR_ETOOBIG, "the integer is too large");
        limbs = kri_term_host.alloc(room * sizeof(*limbs));
        if (!limbs)
                return KR_ENOMEM;
        *ret_count = 0;
        if (token->kind == KRI_TOK_BIGINT) {
                read_digits(token, limbs, ret_count);
        } else {
                limbs[0] = (uint64_t)token->i;
                *ret_count = token->i != 0;
        }
        *ret_limbs = limbs;
        return KR_OK;
}

static kr_err put_big(struct kri_parser *p, bool negative)
{
        uint64_t *limbs, count;
        char *room;
        kr_err err = kri_parse_limbs(p, &limbs, &count);

        if (err != KR_OK)
                return err;
        err = put_tag32(p, KRI_ETF_LARGE_BIG, (uint32_t)(count * 8));
        if (err == KR_OK)
                err = kri_buf_byte(&p->out, negative);
        if (err == KR_OK)
                err = kri_buf_room(&p->out, count * 8, &room);
        for (uint64_t i = 0; i < count * 8 && err == KR_OK; i++)
                room[i] = (char)(limbs[i / 8] >> (i % 8 * 8));
        kri_term_host.free(limbs);
        return err;
}

static kr_err put_float(struct kri_parser *p, double d)
{
        uint64_t bits;
        kr_err err;

        memcpy(&bits, &d, sizeof(bits));
        err = put_tag32(p, KRI_ETF_NEW_FLOAT, (uint32_t)(bits >> 32));
        return err == KR_OK ? kri_buf_be32(&p->out, (uint32_t)bits) : err;
}

static kr_err parse_number(struct kri_parser *p)
{
        bool negative = p->token.kind == KRI_TOK_MINUS;
        kr_err err = KR_OK;

        if (negative || p->token.kind == KRI_TOK_PLUS)
                err = kri_parse_next(p);
        if (err != KR_OK)
                return err;
        if (p->token.kind == KRI_TOK_FLOAT)
                err = put_float(p, negative ? -p->token.f : p->token.f);
        else if (p->token.kind == KRI_TOK_INT && p->token.i <= INT32_MAX)
                err = put_tag32(p, KRI_ETF_INTEGER,
                                (uint32_t)(negative ? -p->token.i : p->token.i));
        else if (p->token.kind == KRI_TOK_INT || p->token.kind == KRI_TOK_BIGINT)
                err = put_big(p, negative);
        else
                err = kri_parse_expected(p, "a number");
        return err == KR_OK ? kri_parse_next(p) : err;
}

/* Strings that stand side by side are one: a list of characters. */
static kr_err parse_string(struct kri_parser *p)
{
        struct open list = { .count_at = p->out.len + 1 };
        kr_err err = put_tag32(p, KRI_ETF_LIST, 0);

        while (err == KR_OK && p->token.kind == KRI_TOK_STRING) {
                const char *at = p->token.text;
                uint32_t c;

                while (err == KR_OK && kri_token_char(&p->token, &at, &c)) {
                        err = put_tag32(p, KRI_ETF_INTEGER, c);
                        list.count++;
                }
                if (err == KR_OK)
                        err = kri_parse_next(p);
        }
        if (err != KR_OK)
                return err;
        if (list.count == 0)
                p->out.len = list.count_at - 1;
        else
                set_count(p, &list);
        return kri_buf_byte(&p->out, KRI_ETF_NIL);
}

/* fun Module:Function/Arity */
static kr_err parse_fun(struct kri_parser *p)
{
        kr_err err;

        if (p->token.text_len != 3 || memcmp(p->token.text, "fun", 3) != 0)
                return kri_parse_expected(p, "a term");
        err = kri_buf_byte(&p->out, KRI_ETF_EXPORT);
        if (err == KR_OK)
                err = kri_parse_next(p);
        for (int i = 0; i < 2 && err == KR_OK; i++) {
                if (p->token.kind != KRI_TOK_ATOM)
                        return kri_parse_expected(p,
                                                  "an atom: fun Module:Function/Arity");
                err = parse_atom(p);
                if (err == KR_OK)
                        err = kri_parse_take(p, i == 0 ? KRI_TOK_COLON : KRI_TOK_SLASH);
        }
        if (err != KR_OK)
                return err;
        if (p->token.kind != KRI_TOK_INT || p->token.i > 255)
                return kri_parse_expected(p, "an arity");
        err = kri_buf_byte(&p->out, KRI_ETF_SMALL_INTEGER);
        if (err == KR_OK)
                err = kri_buf_byte(&p->out, (uint8_t)p->token.i);
        return err == KR_OK ? kri_parse_next(p) : err;
}

/* <0.1.2>, cut into tokens as < 0.1 . 2 >: read from the characters instead. */
static kr_err parse_pid(struct kri_parser *p)
{
        const char *at = p->token.start + 1;
        uint64_t part[3] = { 0 };
        kr_err err;

        for (int i = 0; i < 3; i++) {
                const char *digits = at;

                while (at < p->scan.end && *at >= '0' && *at <= '9' &&
                       part[i] <= UINT32_MAX)
                        part[i] = part[i] * 10 + (uint64_t)(*at++ - '0');
                if (at == digits || at >= p->scan.end || *at++ != (i < 2 ? '.' : '>'))
                        return kri_parse_expected(p, "a pid: <0.1.2>");
        }
        if (part[0] + 1 >= KRI_NEAR_SLOTS || !kri_near_in_use((uint32_t)part[0] + 1) ||
            part[1] >> KRI_PID_INDEX_BITS || part[2] >> KRI_PID_SERIAL_BITS)
                return kri_parse_expected(p, "a pid of a node in this OS process");
        p->scan.column += (uint32_t)(at - p->scan.at);
        p->scan.at = at;
        err = put_tag32(p, KRI_ETF_NODE_PID, (uint32_t)part[0] + 1);
        if (err == KR_OK)
                err = kri_buf_be32(&p->out, (uint32_t)part[2]);
        if (err == KR_OK)
                err = kri_buf_be32(&p->out, (uint32_t)part[1]);
        return err == KR_OK ? kri_parse_next(p) : err;
}

/* -- terms -- */

/* Behind an opening bracket: `empty` if it closes at once, or open it. */
static kr_err open_bracket(struct kri_parser *p, struct opens *opens, enum open_kind kind,
                           enum kri_token_kind closing, uint8_t tag, bool *ret_is_open)
{
        kr_err err = kri_parse_next(p);

        if (err != KR_OK)
                return err;
        *ret_is_open = p->token.kind != closing;
        if (*ret_is_open) {
                err = put_tag32(p, tag, 0);
                return err == KR_OK ? push(p, opens, kind) : err;
        }
        err = tag == KRI_ETF_LIST ? kri_buf_byte(&p->out, KRI_ETF_NIL)
                                  : put_tag32(p, tag, 0);
        return err == KR_OK ? kri_parse_next(p) : err;
}

/* One term's beginning. *ret_is_open: a bracket was opened and its first term follows. */
static kr_err begin_term(struct kri_parser *p, struct opens *opens, bool *ret_is_open)
{
        kr_err err;

        *ret_is_open = false;
        switch (p->token.kind) {
        case KRI_TOK_ATOM:
                return parse_atom(p);
        case KRI_TOK_INT:
        case KRI_TOK_BIGINT:
        case KRI_TOK_FLOAT:
        case KRI_TOK_PLUS:
        case KRI_TOK_MINUS:
                return parse_number(p);
        case KRI_TOK_STRING:
                return parse_string(p);
        case KRI_TOK_LBRACE:
                return open_bracket(p, opens, OPEN_TUPLE, KRI_TOK_RBRACE,
                                    KRI_ETF_LARGE_TUPLE, ret_is_open);
        case KRI_TOK_LBRACKET:
                return open_bracket(p, opens, OPEN_LIST, KRI_TOK_RBRACKET, KRI_ETF_LIST,
                                    ret_is_open);
        case KRI_TOK_HASH:
                err = kri_parse_next(p);
                if (err == KR_OK && p->token.kind != KRI_TOK_LBRACE)
                        err = kri_parse_expected(p, "'{' of a map");
                if (err != KR_OK)
                        return err;
                return open_bracket(p, opens, OPEN_KEY, KRI_TOK_RBRACE, KRI_ETF_MAP,
                                    ret_is_open);
        case KRI_TOK_LPAREN:
                *ret_is_open = true;
                err = push(p, opens, OPEN_PAREN);
                return err == KR_OK ? kri_parse_next(p) : err;
        case KRI_TOK_LBIN:
                err = kri_parse_next(p);
                return err == KR_OK ? kri_parse_bits(p) : err;
        case KRI_TOK_RESERVED:
                return parse_fun(p);
        case KRI_TOK_LESS:
                if (p->opts.pids)
                        return parse_pid(p);
                break;
        default:
                break;
        }
        return kri_parse_expected(p, "a term");
}

static kr_err close_bracket(struct kri_parser *p, struct opens *opens)
{
        struct open *open = &opens->base[--opens->len];
        kr_err err = KR_OK;

        if (open->kind != OPEN_PAREN && open->kind != OPEN_TAIL)
                set_count(p, open);
        if (open->kind == OPEN_LIST)
                err = kri_buf_byte(&p->out, KRI_ETF_NIL);
        return err == KR_OK ? kri_parse_next(p) : err;
}

/* Behind a term within brackets: a comma, or the like, before the next term (*ret_more), or
 * the closing bracket, behind which the same question is asked again. */
static kr_err end_term(struct kri_parser *p, struct opens *opens, bool *ret_more)
{
        static const struct {
                enum kri_token_kind closing;
                const char *expected;
        } rules[] = {
                [OPEN_TUPLE] = { KRI_TOK_RBRACE, "',' or '}'" },
                [OPEN_LIST] = { KRI_TOK_RBRACKET, "',', '|' or ']'" },
                [OPEN_TAIL] = { KRI_TOK_RBRACKET, "']'" },
                [OPEN_KEY] = { KRI_TOK_ERROR, "'=>'" },
                [OPEN_VALUE] = { KRI_TOK_RBRACE, "',' or '}'" },
                [OPEN_PAREN] = { KRI_TOK_RPAREN, "')'" },
        };
        struct open *open = &opens->base[opens->len - 1];
        enum kri_token_kind kind = p->token.kind;
        enum open_kind was = open->kind;

        open->count += was == OPEN_TUPLE || was == OPEN_LIST || was == OPEN_VALUE;
        *ret_more = false;
        if (kind == rules[was].closing)
                return close_bracket(p, opens);
        *ret_more = true;
        if (was == OPEN_KEY && kind == KRI_TOK_ARROW) {
                open->kind = OPEN_VALUE;
        } else if (was == OPEN_VALUE && kind == KRI_TOK_COMMA) {
                open->kind = OPEN_KEY;
        } else if (was == OPEN_LIST && kind == KRI_TOK_BAR) {
                set_count(p, open);
                open->kind = OPEN_TAIL;
        } else if ((was != OPEN_TUPLE && was != OPEN_LIST) || kind != KRI_TOK_COMMA) {
                return kri_parse_expected(p, rules[was].expected);
        }
        return kri_parse_next(p);
}

/* A term, from the token that is looked at. */
static kr_err parse_term(struct kri_parser *p)
{
        struct opens opens = { .cap = sizeof(opens.first) / sizeof(opens.first[0]) };
        kr_err err = KR_OK;
        bool more = true;

        opens.base = opens.first;
        do {
                while (more && err == KR_OK)
                        err = begin_term(p, &opens, &more);
                if (err == KR_OK && opens.len > 0)
                        err = end_term(p, &opens, &more);
        } while (err == KR_OK && (more || opens.len > 0));
        if (opens.base != opens.first)
                kri_term_host.free(opens.base);
        return err;
}

/* -- from the buffer to the term -- */

static kr_err parser_init(struct kri_parser *p, const char *text, size_t len,
                          const kr_parse_opts *opts, kr_text_error *error)
{
        *p = (struct kri_parser){ .error = error };
        if (opts)
                p->opts = *opts;
        if (!p->opts.depth_max)
                p->opts.depth_max = DEPTH_MAX;
        if (!p->opts.atoms_max)
                p->opts.atoms_max = ATOMS_MAX;
        if (!p->opts.memory_max)
                p->opts.memory_max = MEMORY_MAX;
        kri_scan_init(&p->scan, text, len);
        return kri_parse_next(p);
}

static kr_err finish(struct kri_parser *p, kr_err err, kr_term *ret)
{
        kr_decode_opts opts = { .depth_max = p->opts.depth_max + 2,
                                .atoms_max = p->opts.atoms_max,
                                .memory_max = p->opts.memory_max };
        struct kri_etf_source source;
        size_t used;

        if (err == KR_OK) {
                kri_etf_source_init(&source, p->out.data, p->out.len, &opts);
                source.inside = true;
                err = kri_etf_keep(&source, ret, &used);
                if (err != KR_OK && err != KR_ENOMEM)
                        kri_parse_fail(p, err, kr_strerror(err));
        }
        kr_buf_free(&p->out);
        return err;
}

KR_API kr_err kr_parse(const char *text, size_t len, const kr_parse_opts *opts,
                       kr_term *ret, kr_text_error *ret_error)
{
        struct kri_parser p;
        kr_err err = parser_init(&p, text, len, opts, ret_error);

        if (err == KR_OK)
                err = parse_term(&p);
        if (err == KR_OK && p.token.kind == KRI_TOK_DOT)
                err = kri_parse_next(&p);
        if (err == KR_OK && p.token.kind != KRI_TOK_END)
                err = kri_parse_expected(&p, "the end");
        return finish(&p, err, ret);
}

KR_API kr_err kr_consult(const char *text, size_t len, const kr_parse_opts *opts,
                         kr_term *ret, kr_text_error *ret_error)
{
        struct open list = { .count_at = 1 };
        struct kri_parser p;
        kr_err err = parser_init(&p, text, len, opts, ret_error);

        if (err == KR_OK)
                err = put_tag32(&p, KRI_ETF_LIST, 0);
        while (err == KR_OK && p.token.kind != KRI_TOK_END) {
                err = parse_term(&p);
                if (err == KR_OK)
                        err = kri_parse_take(&p, KRI_TOK_DOT);
                list.count++;
        }
        if (err == KR_OK && list.count > 0)
                set_count(&p, &list);
        else
                p.out.len = 0;
        if (err == KR_OK)
                err = kri_buf_byte(&p.out, KRI_ETF_NIL);
        return finish(&p, err, ret);
}

static kr_err read_all(FILE *file, kr_buf *buf)
{
        char chunk[4096];
        size_t len;
        kr_err err = KR_OK;

        while (err == KR_OK && (len = fread(chunk, 1, sizeof(chunk), file)) > 0)
                err = kr_buf_append(buf, chunk, len);
        return err == KR_OK && ferror(file) ? KR_EOS : err;
}

KR_API kr_err kr_consult_file(const char *path, const kr_parse_opts *opts, kr_term *ret,
                              kr_text_error *ret_error)
{
        kr_buf buf = KR_BUF_INIT;
        FILE *file = fopen(path, "rbe");
        kr_err err;

        if (!file) {
                if (ret_error)
                        *ret_error =
                                (kr_text_error){ .message = "the file cannot be opened" };
                return KR_EOS;
        }
        err = read_all(file, &buf);
        fclose(file);
        if (err == KR_OK)
                err = kr_consult(buf.data ? buf.data : "", buf.len, opts, ret, ret_error);
        else if (ret_error)
                *ret_error = (kr_text_error){ .message = "the file cannot be read" };
        kr_buf_free(&buf);
        return err;
}
