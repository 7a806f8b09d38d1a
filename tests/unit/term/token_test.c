/* SPDX-License-Identifier: Apache-2.0 */
#include "kit.h"

#include "term/token.h"

static struct kri_token first(const char *text)
{
        struct kri_token token;
        struct kri_scan scan;

        kri_scan_init(&scan, text, strlen(text));
        kri_token_next(&scan, &token);
        return token;
}

static void check_kinds(const char *text, const uint8_t *kinds, size_t count)
{
        struct kri_token token;
        struct kri_scan scan;

        kri_scan_init(&scan, text, strlen(text));
        for (size_t i = 0; i < count; i++) {
                kri_token_next(&scan, &token);
                if (token.kind != kinds[i])
                        kit_fail("%s: token %zu is %s", text, i,
                                 kri_token_name(token.kind));
        }
        kri_token_next(&scan, &token);
        kit_int_eq(token.kind, KRI_TOK_END);
}

#define KINDS(text, ...)                                                                 \
        check_kinds(text, (const uint8_t[]){ __VA_ARGS__ },                              \
                    sizeof((const uint8_t[]){ __VA_ARGS__ }))

KIT_TEST(test_text_is_cut_where_erlang_cuts_it)
{
        KINDS("{tick,~}", KRI_TOK_LBRACE, KRI_TOK_ATOM, KRI_TOK_COMMA, KRI_TOK_TILDE,
              KRI_TOK_RBRACE);
        KINDS("{=,_|=>:=", KRI_TOK_LBRACE, KRI_TOK_EQUAL, KRI_TOK_COMMA,
              KRI_TOK_UNDERSCORE, KRI_TOK_BAR, KRI_TOK_ARROW, KRI_TOK_ASSIGN);
        KINDS("<<1:2/x>>", KRI_TOK_LBIN, KRI_TOK_INT, KRI_TOK_COLON, KRI_TOK_INT,
              KRI_TOK_SLASH, KRI_TOK_ATOM, KRI_TOK_RBIN);
        KINDS("a.b. c.%x\n d.", KRI_TOK_ATOM, KRI_TOK_PERIOD, KRI_TOK_ATOM, KRI_TOK_DOT,
              KRI_TOK_ATOM, KRI_TOK_DOT, KRI_TOK_ATOM, KRI_TOK_DOT);
        KINDS("1.5 1. 1e5", KRI_TOK_FLOAT, KRI_TOK_INT, KRI_TOK_DOT, KRI_TOK_INT,
              KRI_TOK_ATOM);
        KINDS("_x X fun after", KRI_TOK_VAR, KRI_TOK_VAR, KRI_TOK_RESERVED,
              KRI_TOK_RESERVED);
}

KIT_TEST(test_integers_of_any_base_and_size)
{
        kit_int_eq(first("16#fF").i, 255);
        kit_int_eq(first("36#Zz").i, 35 * 36 + 35);
        kit_int_eq(first("1_000").i, 1000);
        kit_int_eq(first("$a").i, 'a');
        kit_int_eq(first("$\\x{1F600}").i, 0x1f600);
        kit_int_eq(first("9223372036854775807").i, INT64_MAX);
        kit_int_eq(first("9223372036854775808").kind, KRI_TOK_BIGINT);
        kit_int_eq(first("16#1_0000_0000_0000_0000").base, 16);
}

KIT_TEST(test_quoted_text_unfolds)
{
        struct kri_token token = first("'a\\n\\x41\\101\\^A\\s\\\\\\'\xc3\xa9'");
        char text[64];
        size_t len = kri_token_utf8(&token, text);

        kit_int_eq(token.kind, KRI_TOK_ATOM);
        kit_int_eq(len, 10);
        kit_mem_eq(text, "a\nAA\x01 \\'\xc3\xa9", 10);
}

KIT_TEST(test_places_count_characters)
{
        struct kri_token token;
        struct kri_scan scan;

        kri_scan_init(&scan, "\"\xc3\xa9\xc3\xa9\" x\n  'a\nb' y", 19);
        kri_token_next(&scan, &token);
        kri_token_peek(&scan, &token);
        kit_int_eq(token.column, 6);
        kri_token_next(&scan, &token);
        kri_token_next(&scan, &token);
        kit_int_eq(token.line, 2);
        kit_int_eq(token.column, 3);
        kri_token_next(&scan, &token);
        kit_int_eq(token.line, 3);
        kit_int_eq(token.column, 4);
}

KIT_TEST(test_what_is_no_token_says_why)
{
        kit_str_eq(first("\"abc").error, "unterminated string");
        kit_str_eq(first("'abc").error, "unterminated quoted atom");
        kit_str_eq(first("1#0").error, "illegal base");
        kit_str_eq(first("16#g").error, "illegal integer");
        kit_str_eq(first("1.0e").error, "illegal float");
        kit_str_eq(first("1.0e999").error, "a float out of range");
        kit_str_eq(first("$").error, "illegal character");
        kit_str_eq(first("\"\\x{d800}\"").error, "illegal escape");
        kit_str_eq(first("\xff").error, "the text is not UTF-8");
        kit_str_eq(first("^").error, "illegal character");
}

/* A failed token must not move the scanner on for ever, nor past the end. */
KIT_TEST(test_error_is_found_again)
{
        struct kri_token token;
        struct kri_scan scan;

        kri_scan_init(&scan, "^", 1);
        for (int i = 0; i < 3; i++) {
                kri_token_next(&scan, &token);
                kit_int_eq(token.kind, KRI_TOK_ERROR);
        }
}

KIT_MAIN(KIT_CASE(test_text_is_cut_where_erlang_cuts_it),
         KIT_CASE(test_integers_of_any_base_and_size), KIT_CASE(test_quoted_text_unfolds),
         KIT_CASE(test_places_count_characters), KIT_CASE(test_what_is_no_token_says_why),
         KIT_CASE(test_error_is_found_again))
