/* SPDX-License-Identifier: Apache-2.0 */
#include "shell_lex.h"

#include <string.h>

static int peek(const struct kri_lex *lex, size_t ahead)
{
        return lex->at + ahead < lex->len ? (unsigned char)lex->text[lex->at + ahead]
                                          : -1;
}

static bool is_space(int c)
{
        return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(int c)
{
        return c >= '0' && c <= '9';
}

static bool is_upper(int c)
{
        return (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_lower(int c)
{
        return (c >= 'a' && c <= 'z') || c >= 0x80;
}

static bool is_name(int c)
{
        return is_digit(c) || is_upper(c) || is_lower(c) || c == '@';
}

static void step(struct kri_lex *lex)
{
        if (lex->text[lex->at++] == '\n') {
                lex->line++;
                lex->line_start = lex->at;
        }
}

static void skip_blanks(struct kri_lex *lex)
{
        for (;;) {
                if (is_space(peek(lex, 0))) {
                        step(lex);
                } else if (peek(lex, 0) == '%') {
                        while (peek(lex, 0) >= 0 && peek(lex, 0) != '\n')
                                lex->at++;
                } else {
                        return;
                }
        }
}

static void skip_names(struct kri_lex *lex)
{
        while (is_name(peek(lex, 0)))
                lex->at++;
}

static void skip_digits(struct kri_lex *lex)
{
        while (is_digit(peek(lex, 0)) || (peek(lex, 0) == '_' && is_digit(peek(lex, 1))))
                lex->at++;
}

/* 12, 1_000, 16#ff, 1.5, 1.5e-3 */
static void skip_number(struct kri_lex *lex)
{
        skip_digits(lex);
        if (peek(lex, 0) == '#' && is_name(peek(lex, 1))) {
                lex->at++;
                skip_names(lex);
                return;
        }
        if (peek(lex, 0) != '.' || !is_digit(peek(lex, 1)))
                return;
        lex->at++;
        skip_digits(lex);
        if (peek(lex, 0) == 'e' || peek(lex, 0) == 'E') {
                size_t sign = peek(lex, 1) == '-' || peek(lex, 1) == '+';

                if (is_digit(peek(lex, 1 + sign))) {
                        lex->at += 1 + sign;
                        skip_digits(lex);
                }
        }
}

/* Behind a backslash: x{1f}, x1f, ^A, 101, n. */
static void skip_escape(struct kri_lex *lex)
{
        int c = peek(lex, 0);

        if (c < 0)
                return;
        step(lex);
        if (c == 'x' && peek(lex, 0) == '{') {
                lex->at++;
                skip_names(lex);
                lex->at += peek(lex, 0) == '}';
        } else if (c == 'x') {
                for (int i = 0; i < 2 && is_name(peek(lex, 0)); i++)
                        lex->at++;
        } else if (c == '^') {
                lex->at += peek(lex, 0) >= 0;
        } else if (is_digit(c)) {
                for (int i = 0; i < 2 && is_digit(peek(lex, 0)); i++)
                        lex->at++;
        }
}

/* $a, $\n; several bytes of UTF-8 are one character. */
static enum kri_word_kind skip_character(struct kri_lex *lex)
{
        int c = peek(lex, 1);

        if (c < 0)
                return KRI_WORD_PARTIAL;
        lex->at++;
        step(lex);
        if (c == '\\')
                skip_escape(lex);
        while (c >= 0xc0 && peek(lex, 0) >= 0x80 && peek(lex, 0) < 0xc0)
                lex->at++;
        return KRI_WORD_NUMBER;
}

static enum kri_word_kind skip_quoted(struct kri_lex *lex, int quote,
                                      enum kri_word_kind kind)
{
        lex->at++;
        while (peek(lex, 0) >= 0) {
                int c = peek(lex, 0);

                step(lex);
                if (c == quote)
                        return kind;
                if (c == '\\' && peek(lex, 0) >= 0)
                        step(lex);
        }
        return KRI_WORD_PARTIAL;
}

/* <0.12.0>: true if that is what stands here. */
static bool skip_pid(struct kri_lex *lex)
{
        size_t i = 1;

        for (int part = 0; part < 3; part++) {
                if (!is_digit(peek(lex, i)))
                        return false;
                while (is_digit(peek(lex, i)))
                        i++;
                if (peek(lex, i) != (part < 2 ? '.' : '>'))
                        return false;
                i++;
        }
        lex->at += i;
        return true;
}

/* All of <<...>>: strings in it may hold what looks like its end. */
static enum kri_word_kind skip_binary(struct kri_lex *lex)
{
        lex->at += 2;
        for (;;) {
                skip_blanks(lex);
                switch (peek(lex, 0)) {
                case -1:
                        return KRI_WORD_PARTIAL;
                case '"':
                        if (skip_quoted(lex, '"', KRI_WORD_STRING) == KRI_WORD_PARTIAL)
                                return KRI_WORD_PARTIAL;
                        break;
                case '$':
                        if (skip_character(lex) == KRI_WORD_PARTIAL)
                                return KRI_WORD_PARTIAL;
                        break;
                case '>':
                        lex->at++;
                        if (peek(lex, 0) == '>') {
                                lex->at++;
                                return KRI_WORD_BINARY;
                        }
                        break;
                default:
                        lex->at++;
                        break;
                }
        }
}

static enum kri_word_kind skip_mark(struct kri_lex *lex)
{
        static const char *const marks[] = { "=:=", "=/=", "=<", "==", "/=", ">=",
                                             ":=",  "=>",  "->", "<-", "||", "++",
                                             "--",  ">>",  "::", NULL };
        int c = peek(lex, 0), after = peek(lex, 1);

        for (size_t i = 0; marks[i] != NULL; i++) {
                size_t len = strlen(marks[i]);

                if (lex->len - lex->at >= len &&
                    memcmp(lex->text + lex->at, marks[i], len) == 0) {
                        lex->at += len;
                        return KRI_WORD_MARK;
                }
        }
        lex->at++;
        if (c == '.' && (after < 0 || is_space(after) || after == '%'))
                return KRI_WORD_DOT;
        return c != 0 && strchr("(){}[],;|:=#!+-*/<>.?", c) != NULL ? KRI_WORD_MARK
                                                                    : KRI_WORD_BAD;
}

static enum kri_word_kind skip_word(struct kri_lex *lex)
{
        int c = peek(lex, 0);

        if (c < 0)
                return KRI_WORD_END;
        if (is_digit(c)) {
                skip_number(lex);
                return KRI_WORD_NUMBER;
        }
        if (is_upper(c) || is_lower(c)) {
                skip_names(lex);
                return is_upper(c) ? KRI_WORD_VAR : KRI_WORD_ATOM;
        }
        switch (c) {
        case '$':
                return skip_character(lex);
        case '"':
                return skip_quoted(lex, c, KRI_WORD_STRING);
        case '\'':
                return skip_quoted(lex, c, KRI_WORD_ATOM);
        case '<':
                if (peek(lex, 1) == '<')
                        return skip_binary(lex);
                if (skip_pid(lex))
                        return KRI_WORD_PID;
                return skip_mark(lex);
        default:
                return skip_mark(lex);
        }
}

struct kri_word kri_lex_next(struct kri_lex *lex)
{
        struct kri_word word;

        skip_blanks(lex);
        word.start = lex->at;
        word.line = lex->line;
        word.column = (uint32_t)(lex->at - lex->line_start) + 1;
        word.kind = skip_word(lex);
        if (word.kind == KRI_WORD_PARTIAL)
                lex->at = lex->len;
        word.end = lex->at;
        return word;
}

bool kri_word_is(const struct kri_lex *lex, const struct kri_word *word, const char *text)
{
        size_t len = strlen(text);

        return (word->kind == KRI_WORD_MARK || word->kind == KRI_WORD_ATOM) &&
               word->end - word->start == len &&
               memcmp(lex->text + word->start, text, len) == 0;
}

bool kri_word_is_reserved(const struct kri_lex *lex, const struct kri_word *word)
{
        static const char *const reserved[] = {
                "after", "and",  "andalso", "band",  "begin", "bnot", "bor",    "bsl",
                "bsr",   "bxor", "case",    "catch", "cond",  "div",  "end",    "fun",
                "if",    "let",  "maybe",   "not",   "of",    "or",   "orelse", "receive",
                "rem",   "try",  "when",    "xor",   NULL
        };

        for (size_t i = 0; reserved[i] != NULL; i++) {
                if (kri_word_is(lex, word, reserved[i]))
                        return true;
        }
        return false;
}

size_t kri_lex_form_end(const char *text, size_t len)
{
        struct kri_lex lex = { text, len, 0, 1, 0 };

        for (;;) {
                struct kri_word word = kri_lex_next(&lex);

                if (word.kind == KRI_WORD_DOT)
                        return word.end;
                if (word.kind == KRI_WORD_END || word.kind == KRI_WORD_PARTIAL)
                        return 0;
        }
}

bool kri_lex_is_blank(const char *text, size_t len)
{
        struct kri_lex lex = { text, len, 0, 1, 0 };

        return kri_lex_next(&lex).kind == KRI_WORD_END;
}
