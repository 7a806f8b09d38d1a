/* SPDX-License-Identifier: Apache-2.0 */
/* shell_lex.h: the words of a line of Erlang: where each begins and ends, and of what kind it is.
 *
 * Knows no terms and takes no memory: what a word means is the parser's affair. Both ends of
 * the shell use it, the one that reads lines (is this all?) and the one that runs them.
 * Any bytes may come in; what is no word is a KRI_WORD_BAD of one byte.
 */
#ifndef KR_CLI_SHELL_LEX_H
#define KR_CLI_SHELL_LEX_H

#include <krarup/base.h>

enum kri_word_kind {
        KRI_WORD_END,     /* no more */
        KRI_WORD_PARTIAL, /* begins but does not end: a string, a quoted atom, a binary */
        KRI_WORD_BAD,
        KRI_WORD_DOT,    /* a full stop */
        KRI_WORD_NUMBER, /* integers, floats and $c */
        KRI_WORD_STRING,
        KRI_WORD_BINARY, /* all of <<...>> */
        KRI_WORD_PID,    /* <0.12.0> */
        KRI_WORD_ATOM,   /* quoted or not; reserved words too */
        KRI_WORD_VAR,
        KRI_WORD_MARK, /* operators and brackets */
};

/* A word of a text: bytes start to end. Lines and columns count from 1, columns in bytes. */
struct kri_word {
        enum kri_word_kind kind;
        size_t start, end;
        uint32_t line, column;
};

/* Where one reads. Start with { text, len, 0, 1, 0 }. */
struct kri_lex {
        const char *text;
        size_t len, at;
        uint32_t line;
        size_t line_start; /* the offset of the line's first byte */
};

/* The next word; the reader stands behind it then. */
struct kri_word kri_lex_next(struct kri_lex *lex);

/* Is it this mark, or this reserved word? */
bool kri_word_is(const struct kri_lex *lex, const struct kri_word *word,
                 const char *text);

/* Is it one of Erlang's reserved words? */
bool kri_word_is_reserved(const struct kri_lex *lex, const struct kri_word *word);

/* The bytes up to the end of the first expression, its full stop included; 0: the text ends
 * before it does. */
size_t kri_lex_form_end(const char *text, size_t len);

/* Is there nothing but white space and comments? */
bool kri_lex_is_blank(const char *text, size_t len);

#endif
