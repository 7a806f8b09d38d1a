/* SPDX-License-Identifier: Apache-2.0 */
/* token.h: Erlang's text, cut into tokens. Patterns and the text parser share it.
 *
 * Model    A token borrows from the text. Nothing is allocated: a quoted token is checked
 *          when it is cut and unfolded, code point by code point, by who wants it.
 * Threads  any; a scanner is a plain value of its user.
 */
#ifndef KR_TERM_TOKEN_H
#define KR_TERM_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kri_token_kind {
        KRI_TOK_END,        /* the text is over */
        KRI_TOK_ERROR,      /* see error; the scanner stays at the offending place */
        KRI_TOK_ATOM,       /* bare or quoted: text */
        KRI_TOK_RESERVED,   /* a reserved word (after, fun, when ...): text */
        KRI_TOK_VAR,        /* a variable's name, `_` apart: text */
        KRI_TOK_UNDERSCORE, /* _ */
        KRI_TOK_INT,        /* fits int64_t: i. also characters: $a */
        KRI_TOK_BIGINT, /* does not: text is the digits (and underscores), base says how */
        KRI_TOK_FLOAT,  /* f, finite */
        KRI_TOK_STRING, /* text is what stands between the quotes */
        KRI_TOK_DOT, /* a full stop that ends a term: followed by white space, % or the end */
        KRI_TOK_LBRACE,   /* { */
        KRI_TOK_RBRACE,   /* } */
        KRI_TOK_LBRACKET, /* [ */
        KRI_TOK_RBRACKET, /* ] */
        KRI_TOK_LPAREN,   /* ( */
        KRI_TOK_RPAREN,   /* ) */
        KRI_TOK_LBIN,     /* << */
        KRI_TOK_RBIN,     /* >> */
        KRI_TOK_COMMA,    /* , */
        KRI_TOK_BAR,      /* | */
        KRI_TOK_HASH,     /* # */
        KRI_TOK_ARROW,    /* => */
        KRI_TOK_ASSIGN,   /* := */
        KRI_TOK_COLON,    /* : */
        KRI_TOK_SLASH,    /* / */
        KRI_TOK_PLUS,     /* + */
        KRI_TOK_MINUS,    /* - */
        KRI_TOK_STAR,     /* * */
        KRI_TOK_TILDE,    /* ~   (patterns only) */
        KRI_TOK_EQUAL,    /* =   (patterns only) */
        KRI_TOK_LESS,     /* <   (pids) */
        KRI_TOK_GREATER,  /* >   (pids) */
        KRI_TOK_PERIOD,   /* . that ends nothing (pids) */
};

/* Where the scanner is. */
struct kri_scan {
        const char *at; /* the next byte */
        const char *end;
        uint32_t line;   /* of `at`, from 1 */
        uint32_t column; /* of `at`, in characters, from 1 */
};

struct kri_token {
        enum kri_token_kind kind;
        uint32_t line, column; /* where it begins (ERROR: where the fault is) */
        const char *start;     /* all of it, as written */
        size_t start_len;
        const char *text; /* ATOM, RESERVED, VAR, STRING, BIGINT: the content */
        size_t text_len;
        bool quoted;  /* ATOM, STRING: text has escapes to unfold (kri_token_char) */
        uint8_t base; /* BIGINT: 2..36 */
        union {
                int64_t i; /* INT */
                double f;  /* FLOAT */
        };
        const char *error; /* ERROR: what is wrong, a sentence without a full stop */
};

/* Begin at `text` (UTF-8, need not end in a zero byte). */
void kri_scan_init(struct kri_scan *scan, const char *text, size_t len);

/* Cut the next token. White space and comments are skipped. */
void kri_token_next(struct kri_scan *scan, struct kri_token *ret_token);

/* Look at the next token without taking it. */
void kri_token_peek(const struct kri_scan *scan, struct kri_token *ret_token);

/* Unfold a quoted token: the next code point of *p, which begins at token->text and
 * advances; false at the end. A token was checked when it was cut, so nothing fails. */
bool kri_token_char(const struct kri_token *token, const char **p, uint32_t *ret_char);

/* The content in UTF-8, escapes unfolded, into `buf` of at least token->text_len bytes
 * (unfolding never grows). Returns its length. */
size_t kri_token_utf8(const struct kri_token *token, char *buf);

/* How a token is called in a message: "'{'", "an atom". */
const char *kri_token_name(enum kri_token_kind kind);

/* Is `text` one of Erlang's reserved words? */
bool kri_is_reserved(const char *text, size_t len);

#endif
