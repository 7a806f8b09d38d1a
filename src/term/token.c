/* SPDX-License-Identifier: Apache-2.0 */
#include "token.h"

#include "char.h"
#include "text.h"
#include "utf8.h"

#include <string.h>

#define FLOAT_LEN_MAX 512u /* characters of a float's text */

/* -- characters -- */

static bool is_space(uint32_t c)
{
        return c <= ' ' || (c >= 0x80 && c <= 0xa0);
}

/* The value of a digit in the bases up to 36; 36 and more: not one. */
static unsigned digit_value(uint32_t c)
{
        if (kri_char_is_digit(c))
                return c - '0';
        if (c >= 'a' && c <= 'z')
                return c - 'a' + 10;
        if (c >= 'A' && c <= 'Z')
                return c - 'A' + 10;
        return 99;
}

static unsigned digit_of(const char *p)
{
        return digit_value((uint8_t)p[0]);
}

/* -- the scanner's place -- */

#define NO_CHAR UINT32_MAX        /* the end */
#define BAD_CHAR (UINT32_MAX - 1) /* not UTF-8 */

void kri_scan_init(struct kri_scan *scan, const char *text, size_t len)
{
        *scan = (struct kri_scan){
                .at = text, .end = text + len, .line = 1, .column = 1
        };
}

static uint32_t char_at(const char *at, const char *end, size_t *ret_len)
{
        uint32_t c;

        *ret_len = 0;
        if (at >= end)
                return NO_CHAR;
        *ret_len = kri_utf8_get((const uint8_t *)at, (const uint8_t *)end, &c);
        return *ret_len ? c : BAD_CHAR;
}

static uint32_t look(const struct kri_scan *scan)
{
        size_t len;

        return char_at(scan->at, scan->end, &len);
}

/* The next byte but `n`, as a character; NO_CHAR behind the end. */
static uint32_t look_ahead(const struct kri_scan *scan, size_t n)
{
        return (size_t)(scan->end - scan->at) > n ? (uint8_t)scan->at[n] : NO_CHAR;
}

static uint32_t take(struct kri_scan *scan)
{
        size_t len;
        uint32_t c = char_at(scan->at, scan->end, &len);

        scan->at += len;
        if (c == '\n') {
                scan->line++;
                scan->column = 1;
        } else if (len > 0) {
                scan->column++;
        }
        return c;
}

static void skip_space(struct kri_scan *scan)
{
        for (;;) {
                uint32_t c = look(scan);

                if (c == '%') {
                        while (c != '\n' && c != NO_CHAR && c != BAD_CHAR) {
                                take(scan);
                                c = look(scan);
                        }
                } else if (c == NO_CHAR || c == BAD_CHAR || !is_space(c)) {
                        return;
                } else {
                        take(scan);
                }
        }
}

static void fail(struct kri_scan *scan, struct kri_token *token, const char *error)
{
        token->kind = KRI_TOK_ERROR;
        token->error = error;
        token->line = scan->line;
        token->column = scan->column;
}

/* -- escapes -- */

static uint32_t take_octal(const char **p, const char *end)
{
        uint32_t c = 0;

        for (int i = 0; i < 3 && *p < end && **p >= '0' && **p <= '7'; i++)
                c = c * 8 + (uint32_t)(*(*p)++ - '0');
        return c;
}

/* Behind `\x`: two hexadecimal digits, or any number of them in braces. */
static bool take_hex(const char **p, const char *end, uint32_t *ret)
{
        bool braces = *p < end && **p == '{';
        uint32_t c = 0;
        int digits = 0;

        *p += braces;
        while (*p < end && digit_of(*p) < 16 && (braces || digits < 2)) {
                c = c * 16 + digit_of((*p)++);
                digits++;
                if (c > 0x10ffff)
                        return false;
        }
        if (digits == 0 || (!braces && digits != 2) || !kri_is_code_point(c))
                return false;
        if (braces && (*p >= end || *(*p)++ != '}'))
                return false;
        *ret = c;
        return true;
}

static uint32_t named_escape(uint32_t c)
{
        static const char names[] = "bdefnrstv";
        static const char values[] = { 8, 127, 27, 12, 10, 13, 32, 9, 11 };
        const char *found = c > 0 && c < 128 ? strchr(names, (int)c) : NULL;

        return found ? (uint32_t)values[found - names] : c;
}

/* Behind the backslash. False: not an escape. */
static bool take_escape(const char **p, const char *end, uint32_t *ret)
{
        size_t len;
        uint32_t c = char_at(*p, end, &len);

        if (len == 0)
                return false;
        if (c >= '0' && c <= '7') {
                *ret = take_octal(p, end);
                return true;
        }
        *p += len;
        if (c == 'x')
                return take_hex(p, end, ret);
        if (c == '^') {
                c = char_at(*p, end, &len);
                *p += len;
                *ret = c & 31;
                return len != 0;
        }
        *ret = named_escape(c);
        return true;
}

/* One character of quoted text, folded or not. */
static bool unfold(const char **p, const char *end, uint32_t *ret)
{
        size_t len;

        if (*p < end && **p == '\\') {
                (*p)++;
                return take_escape(p, end, ret);
        }
        *ret = char_at(*p, end, &len);
        *p += len;
        return len != 0;
}

bool kri_token_char(const struct kri_token *token, const char **p, uint32_t *ret_char)
{
        const char *end = token->text + token->text_len;

        return *p < end && unfold(p, end, ret_char);
}

size_t kri_token_utf8(const struct kri_token *token, char *buf)
{
        const char *p = token->text;
        size_t len = 0;
        uint32_t c;

        if (!token->quoted) {
                memcpy(buf, token->text, token->text_len);
                return token->text_len;
        }
        while (kri_token_char(token, &p, &c))
                len += kri_utf8_put((uint8_t *)buf + len, c);
        return len;
}

/* Let the scanner, which looks at a character or an escape, take it. */
static bool take_unfolded(struct kri_scan *scan, uint32_t *ret)
{
        const char *p = scan->at;

        if (!unfold(&p, scan->end, ret))
                return false;
        while (scan->at < p)
                take(scan);
        return true;
}

/* -- tokens -- */

static void scan_quoted(struct kri_scan *scan, struct kri_token *token, uint32_t quote)
{
        struct kri_scan start = *scan;
        uint32_t c;

        take(scan);
        token->kind = quote == '"' ? KRI_TOK_STRING : KRI_TOK_ATOM;
        token->text = scan->at;
        while ((c = look(scan)) != quote) {
                if (c == NO_CHAR) {
                        fail(&start, token,
                             quote == '"' ? "unterminated string"
                                          : "unterminated quoted atom");
                        return;
                }
                token->quoted |= c == '\\';
                if (!take_unfolded(scan, &c)) {
                        fail(scan, token,
                             look(scan) == '\\' ? "illegal escape"
                                                : "the text is not UTF-8");
                        return;
                }
        }
        token->text_len = (size_t)(scan->at - token->text);
        take(scan);
}

bool kri_is_reserved(const char *text, size_t len)
{
        static const char *const words[] = {
                "after",  "and",     "andalso", "band", "begin", "bnot", "bor",
                "bsl",    "bsr",     "bxor",    "case", "catch", "cond", "div",
                "end",    "fun",     "if",      "let",  "not",   "of",   "or",
                "orelse", "receive", "rem",     "try",  "when",  "xor",
        };

        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
                if (strlen(words[i]) == len && memcmp(words[i], text, len) == 0)
                        return true;
        }
        return false;
}

static void scan_name(struct kri_scan *scan, struct kri_token *token)
{
        bool is_var = kri_char_is_upper(look(scan));

        token->text = scan->at;
        while (kri_char_is_name(look(scan)))
                take(scan);
        token->text_len = (size_t)(scan->at - token->text);
        if (!is_var)
                token->kind = kri_is_reserved(token->text, token->text_len)
                                      ? KRI_TOK_RESERVED
                                      : KRI_TOK_ATOM;
        else if (token->text_len == 1 && token->text[0] == '_')
                token->kind = KRI_TOK_UNDERSCORE;
        else
                token->kind = KRI_TOK_VAR;
}

/* Digits, with single underscores between them. Returns how many digits. */
static size_t take_digits(struct kri_scan *scan, unsigned base)
{
        size_t digits = 0;

        for (;;) {
                if (digit_value(look(scan)) < base)
                        digits++;
                else if (digits == 0 || look(scan) != '_' ||
                         digit_value(look_ahead(scan, 1)) >= base)
                        return digits;
                take(scan);
        }
}

/* INT if the digits fit int64_t, else BIGINT. */
static void set_integer(struct kri_token *token, const char *text, size_t len,
                        uint8_t base)
{
        uint64_t value = 0;

        token->text = text;
        token->text_len = len;
        token->base = base;
        token->kind = KRI_TOK_BIGINT;
        for (size_t i = 0; i < len; i++) {
                if (text[i] == '_')
                        continue;
                if (__builtin_mul_overflow(value, base, &value) ||
                    __builtin_add_overflow(value, digit_value((uint8_t)text[i]),
                                           &value) ||
                    value > INT64_MAX)
                        return;
        }
        token->kind = KRI_TOK_INT;
        token->i = (int64_t)value;
}

static void set_float(struct kri_scan *scan, struct kri_token *token)
{
        char text[FLOAT_LEN_MAX + 1];
        size_t len = 0;

        token->kind = KRI_TOK_FLOAT;
        for (const char *p = token->start; p < scan->at; p++) {
                if (*p == '_')
                        continue;
                if (len == FLOAT_LEN_MAX) {
                        fail(scan, token, "a float too long");
                        return;
                }
                text[len++] = *p;
        }
        text[len] = '\0';
        if (!kri_text_double(text, &token->f))
                fail(scan, token, "a float out of range");
}

/* Behind `digits.`, at a digit. */
static void scan_fraction(struct kri_scan *scan, struct kri_token *token)
{
        uint32_t sign;

        take_digits(scan, 10);
        if (look(scan) == 'e' || look(scan) == 'E') {
                sign = look_ahead(scan, 1);
                if (!kri_char_is_digit(sign)) {
                        if ((sign != '+' && sign != '-') ||
                            !kri_char_is_digit(look_ahead(scan, 2))) {
                                fail(scan, token, "illegal float");
                                return;
                        }
                        take(scan);
                }
                take(scan);
                take_digits(scan, 10);
        }
        set_float(scan, token);
}

static void scan_based(struct kri_scan *scan, struct kri_token *token)
{
        int64_t base = token->kind == KRI_TOK_INT ? token->i : 0;
        const char *digits;

        if (base < 2 || base > 36) {
                fail(scan, token, "illegal base");
                return;
        }
        take(scan); /* # */
        digits = scan->at;
        if (take_digits(scan, (unsigned)base) == 0) {
                fail(scan, token, "illegal integer");
                return;
        }
        set_integer(token, digits, (size_t)(scan->at - digits), (uint8_t)base);
}

static void scan_number(struct kri_scan *scan, struct kri_token *token)
{
        take_digits(scan, 10);
        if (look(scan) == '.' && kri_char_is_digit(look_ahead(scan, 1))) {
                take(scan);
                scan_fraction(scan, token);
                return;
        }
        set_integer(token, token->start, (size_t)(scan->at - token->start), 10);
        /* `1#{` never occurs in data: a # behind digits is a base */
        if (look(scan) == '#')
                scan_based(scan, token);
}

static void scan_char(struct kri_scan *scan, struct kri_token *token)
{
        uint32_t c;

        take(scan); /* $ */
        if (look(scan) == NO_CHAR || !take_unfolded(scan, &c)) {
                fail(scan, token, "illegal character");
                return;
        }
        token->kind = KRI_TOK_INT;
        token->i = c;
}

static const struct {
        char text[3];
        uint8_t kind;
} signs[] = {
        { "<<", KRI_TOK_LBIN },    { ">>", KRI_TOK_RBIN },    { "=>", KRI_TOK_ARROW },
        { ":=", KRI_TOK_ASSIGN },  { "{", KRI_TOK_LBRACE },   { "}", KRI_TOK_RBRACE },
        { "[", KRI_TOK_LBRACKET }, { "]", KRI_TOK_RBRACKET }, { "(", KRI_TOK_LPAREN },
        { ")", KRI_TOK_RPAREN },   { ",", KRI_TOK_COMMA },    { "|", KRI_TOK_BAR },
        { "#", KRI_TOK_HASH },     { ":", KRI_TOK_COLON },    { "/", KRI_TOK_SLASH },
        { "+", KRI_TOK_PLUS },     { "-", KRI_TOK_MINUS },    { "*", KRI_TOK_STAR },
        { "~", KRI_TOK_TILDE },    { "=", KRI_TOK_EQUAL },    { "<", KRI_TOK_LESS },
        { ">", KRI_TOK_GREATER },
};

static void scan_sign(struct kri_scan *scan, struct kri_token *token)
{
        for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
                const char *text = signs[i].text;

                if (look_ahead(scan, 0) != (uint8_t)text[0] ||
                    (text[1] && look_ahead(scan, 1) != (uint8_t)text[1]))
                        continue;
                take(scan);
                if (text[1])
                        take(scan);
                token->kind = (enum kri_token_kind)signs[i].kind;
                return;
        }
        fail(scan, token,
             look(scan) == BAD_CHAR ? "the text is not UTF-8" : "illegal character");
}

static void scan_dot(struct kri_scan *scan, struct kri_token *token)
{
        uint32_t c;

        take(scan);
        c = look(scan);
        token->kind = c == NO_CHAR || c == '%' || (c != BAD_CHAR && is_space(c))
                              ? KRI_TOK_DOT
                              : KRI_TOK_PERIOD;
}

void kri_token_next(struct kri_scan *scan, struct kri_token *token)
{
        uint32_t c;

        skip_space(scan);
        *token = (struct kri_token){ .start = scan->at,
                                     .line = scan->line,
                                     .column = scan->column };
        c = look(scan);
        if (c == NO_CHAR)
                token->kind = KRI_TOK_END;
        else if (c == '\'' || c == '"')
                scan_quoted(scan, token, c);
        else if (kri_char_is_digit(c))
                scan_number(scan, token);
        else if (kri_char_is_lower(c) || kri_char_is_upper(c))
                scan_name(scan, token);
        else if (c == '$')
                scan_char(scan, token);
        else if (c == '.')
                scan_dot(scan, token);
        else
                scan_sign(scan, token);
        token->start_len = (size_t)(scan->at - token->start);
}

void kri_token_peek(const struct kri_scan *scan, struct kri_token *token)
{
        struct kri_scan ahead = *scan;

        kri_token_next(&ahead, token);
}

const char *kri_token_name(enum kri_token_kind kind)
{
        static const char *const names[] = {
                [KRI_TOK_END] = "the end",    [KRI_TOK_ERROR] = "an error",
                [KRI_TOK_ATOM] = "an atom",   [KRI_TOK_RESERVED] = "a reserved word",
                [KRI_TOK_VAR] = "a variable", [KRI_TOK_UNDERSCORE] = "'_'",
                [KRI_TOK_INT] = "an integer", [KRI_TOK_BIGINT] = "an integer",
                [KRI_TOK_FLOAT] = "a float",  [KRI_TOK_STRING] = "a string",
                [KRI_TOK_DOT] = "'.'",        [KRI_TOK_LBRACE] = "'{'",
                [KRI_TOK_RBRACE] = "'}'",     [KRI_TOK_LBRACKET] = "'['",
                [KRI_TOK_RBRACKET] = "']'",   [KRI_TOK_LPAREN] = "'('",
                [KRI_TOK_RPAREN] = "')'",     [KRI_TOK_LBIN] = "'<<'",
                [KRI_TOK_RBIN] = "'>>'",      [KRI_TOK_COMMA] = "','",
                [KRI_TOK_BAR] = "'|'",        [KRI_TOK_HASH] = "'#'",
                [KRI_TOK_ARROW] = "'=>'",     [KRI_TOK_ASSIGN] = "':='",
                [KRI_TOK_COLON] = "':'",      [KRI_TOK_SLASH] = "'/'",
                [KRI_TOK_PLUS] = "'+'",       [KRI_TOK_MINUS] = "'-'",
                [KRI_TOK_STAR] = "'*'",       [KRI_TOK_TILDE] = "'~'",
                [KRI_TOK_EQUAL] = "'='",      [KRI_TOK_LESS] = "'<'",
                [KRI_TOK_GREATER] = "'>'",    [KRI_TOK_PERIOD] = "'.'",
        };

        return names[kind];
}
