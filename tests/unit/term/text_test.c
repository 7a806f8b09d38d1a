/* SPDX-License-Identifier: Apache-2.0 */
/* text_test.c: printing and reading. What OTP prints and reads is compared by
 * tests/erlang/terms_test.escript. */
#include "kit.h"

#include "heap.h"

#include <krarup/text.h>

#include "term/ident.h"
#include "term/term.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static kr_term term(const char *text)
{
        kr_text_error error;
        kr_term t;

        if (kr_parse(text, strlen(text), NULL, &t, &error) != KR_OK)
                kit_fail("%s: %s", text, error.message);
        return t;
}

static void check_printed(const char *text, const kr_print_opts *opts, const char *want)
{
        kr_term t = term(text);
        kr_buf buf = KR_BUF_INIT;

        kit_ok(kr_print_to(&buf, t, opts));
        kit_str_eq(buf.data, want);
        kr_buf_free(&buf);
        kr_release(t);
}

KIT_TEST(test_terms_print_as_they_are_written)
{
        static const char *const texts[] = {
                "{a,-1,1.5,\"text\",<<\"bytes\">>,[x|y],#{k => v},[],{},#{},<<>>,<<5:3>>}",
                "['Upper','with space','','it\\'s','fun',a@b_1]",
                "\"\\t\\n\\\"\\\\\\e\"",
                "<<1,2,3:4>>",
                "<<\"\xc3\xa9\"/utf8>>",
                "123456789012345678901234567890123456789012345678901234567890",
                "-18446744073709551616",
                "fun 'M':f/0",
                "1.0e-7",
                "0.001",
                "1.0e5",
        };

        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
                check_printed(texts[i], NULL, texts[i]);
}

KIT_TEST(test_integers_fill_the_bits_they_are_given)
{
        static const char *const texts[][2] = {
                { "<<1:3,5:85>>", "<<32,0,0,0,0,0,0,0,0,0,5>>" },
                { "<<-2:90/little>>",
                  "<<254,255,255,255,255,255,255,255,255,255,255,3:2>>" },
                { "<<-300:27>>", "<<255,255,218,4:3>>" },
                { "<<5:5,-2:83/little>>",
                  "<<47,247,255,255,255,255,255,255,255,255,255>>" },
                { "<<1:1,-18446744073709551616:95>>",
                  "<<255,255,255,255,0,0,0,0,0,0,0,0>>" },
                { "<<-0:72>>", "<<0,0,0,0,0,0,0,0,0>>" },
                { "<<1:0,2>>", "<<2>>" },
                { "<<-1:3,-1:77,1:5>>",
                  "<<255,255,255,255,255,255,255,255,255,255,1:5>>" },
                { "<<300:24/little>>", "<<44,1,0>>" },
        };

        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
                kr_term made = term(texts[i][0]);
                kr_term want = term(texts[i][1]);

                if (!kr_same(made, want))
                        kit_fail("%s is not %s", texts[i][0], texts[i][1]);
                kr_release(made);
                kr_release(want);
        }
}

/* Decimal digits of the largest would take a minute. */
KIT_TEST(test_enormous_integers_print_in_base_16)
{
        enum { DIGITS = 200000 };
        char *text = malloc(DIGITS + 5);
        kr_buf buf = KR_BUF_INIT;
        kr_term t;

        memcpy(text, "-16#", 4);
        memset(text + 4, 'A', DIGITS);
        text[DIGITS + 4] = '\0';
        kit_ok(kr_parse(text, DIGITS + 4, NULL, &t, NULL));
        kit_ok(kr_print_to(&buf, t, NULL));
        kit_int_eq(buf.len, DIGITS + 4);
        kit_mem_eq(buf.data, text, DIGITS + 4);
        kr_buf_free(&buf);
        kr_release(t);
        free(text);
}

KIT_TEST(test_characters_above_255_are_escaped_for_latin1)
{
        kr_print_opts latin1 = { .latin1 = true };

        check_printed("['\xd0\x96',\"\xd0\x96\",\"\xc3\xa9\"]", &latin1,
                      "['\\x{416}',[1046],\"\xc3\xa9\"]");
}

KIT_TEST(test_depth_and_length_are_bounded_on_request)
{
        kr_print_opts deep = { .depth_max = 2 }, large = { .length_max = 3 };

        check_printed("{a,{b,{c}},[[1]],{}}", &deep, "{a,{b,...},[...],{}}");
        check_printed("{1,2,3,4}", &large, "{1,2,3,...}");
        check_printed("[1,2,3,4]", &large, "[1,2,3|...]");
        check_printed("[1,2,3]", &large, "[1,2,3]");
        check_printed("#{1=>a,2=>b,3=>c,4=>d}", &large, "#{1 => a,2 => b,3 => c,...}");
        check_printed("\"abcd\"", &large, "\"abc\"...");
        check_printed("<<\"abcd\">>", &large, "<<\"abc\"...>>");
        check_printed("<<1,2,3,4>>", &large, "<<1,2,3,...>>");
}

KIT_TEST(test_format_cuts_like_snprintf)
{
        kr_term t = term("{abc,\"\xc3\xa9\"}");
        char text[20];

        kit_int_eq(kr_format(text, sizeof(text), t), 10);
        kit_str_eq(text, "{abc,\"\xc3\xa9\"}");
        kit_int_eq(kr_format(text, 8, t), 10);
        kit_str_eq(text, "{abc,\""); /* half a character is none */
        kit_int_eq(kr_format(text, 1, t), 10);
        kit_str_eq(text, "");
        kit_int_eq(kr_format(NULL, 0, t), 10);
        kr_release(t);
}

KIT_TEST(test_printing_needs_no_c_stack_for_depth)
{
        enum { DEPTH = 200000 };
        kri_word *heap = malloc(2 * DEPTH * sizeof(*heap));
        kri_word list = KRI_NIL;

        for (int i = 0; i < DEPTH; i++) {
                kri_store(heap + 2 * i, list);
                kri_store(heap + 2 * i + 1, kri_int(-1));
                list = kri_cons(heap + 2 * i);
        }
        kit_int_eq(kr_format(NULL, 0, (kr_term){ list }), 2 + DEPTH * 5);
        free(heap);
}

static void check_error(const char *text, kr_err want, uint32_t line, uint32_t column,
                        const char *message)
{
        kr_text_error error = { .line = 0 };
        kr_term t = { 99 };

        kit_err(kr_consult(text, strlen(text), NULL, &t, &error), want);
        kit_int_eq(t.w, 99);
        kit_str_eq(error.message, message);
        kit_int_eq(error.line, line);
        kit_int_eq(error.column, column);
}

KIT_TEST(test_errors_say_where_and_what_was_expected)
{
        check_error("{a,\n  b", KR_ESYNTAX, 2, 4, "expected ',' or '}'");
        check_error("{a, B}.", KR_ESYNTAX, 1, 5, "expected a term");
        check_error("\xc3\xa9 \"\xc3\xa9\" x.", KR_ESYNTAX, 1, 3, "expected '.'");
        check_error("a", KR_ESYNTAX, 1, 2, "expected '.'");
        check_error("[a|b c].", KR_ESYNTAX, 1, 6, "expected ']'");
        check_error("#{a 1}.", KR_ESYNTAX, 1, 5, "expected '=>'");
        check_error("ok.\n\"abc", KR_ESYNTAX, 2, 1, "unterminated string");
        check_error("\"\\x{110000}\".", KR_ESYNTAX, 1, 2, "illegal escape");
        check_error("a\xff.", KR_ESYNTAX, 1, 2, "the text is not UTF-8");
        check_error("<<1:>>.", KR_ESYNTAX, 1, 5, "expected a size");
        check_error("37#1.", KR_ESYNTAX, 1, 3, "illegal base");
}

KIT_TEST(test_nesting_is_bounded)
{
        static char text[4000];
        kr_parse_opts opts = { .depth_max = 100 };
        kr_text_error error;
        kr_term t;

        memset(text, '[', 101);
        kit_err(kr_parse(text, 101, &opts, &t, &error), KR_ETOODEEP);
        kit_str_eq(error.message, "nested too deeply");
        kit_int_eq(error.column, 102);
        memset(text + 100, ']', 100);
        kit_ok(kr_parse(text, 200, &opts, &t, &error));
        kr_release(t);
}

KIT_TEST(test_atoms_are_bounded)
{
        kr_parse_opts opts = { .atoms_max = 1 };
        kr_term t;

        kit_err(kr_parse("[never1,never2]", 15, &opts, &t, NULL), KR_EATOMS);
}

/* The file of the counters' study, an application's configuration */
KIT_TEST(test_file_of_terms)
{
        char path[] = "/tmp/krarup-text-XXXXXX";
        int fd = mkstemp(path);
        FILE *file = fdopen(fd, "w");
        char text[100];
        kr_term t;

        fputs("%% coding: utf-8\n[{counter, [{start, 0}]},\n {sasl, []}].\n{vsn, \"1.0\"}.\n",
              file);
        fclose(file);
        kit_ok(kr_consult_file(path, NULL, &t, NULL));
        unlink(path);
        kr_format(text, sizeof(text), t);
        kit_str_eq(text, "[[{counter,[{start,0}]},{sasl,[]}],{vsn,\"1.0\"}]");
        kr_release(t);
        kit_err(kr_consult_file(path, NULL, &t, NULL), KR_EOS);
}

KIT_TEST(test_pids_are_read_on_request)
{
        kr_parse_opts opts = { .pids = true };
        uint32_t slot;
        char text[40];
        kr_term t;

        kit_err(kr_parse("<0.5.6>", 7, &opts, &t, NULL), KR_ESYNTAX); /* no node yet */
        kit_ok(kri_near_claim(&slot));
        kit_ok(kr_parse("{<0.5.6>,a}", 11, &opts, &t, NULL));
        kr_format(text, sizeof(text), t);
        kit_str_eq(text, "{<0.5.6>,a}");
        kr_release(t);
        kit_err(kr_parse("<0.5.6>", 7, NULL, &t, NULL), KR_ESYNTAX);
        kit_err(kr_parse("<1.5.6>", 7, &opts, &t, NULL), KR_ESYNTAX);
        kit_err(kr_parse("<0.5.", 5, &opts, &t, NULL), KR_ESYNTAX);
        kit_err(kr_parse("<0.999999999999.0>", 18, &opts, &t, NULL), KR_ESYNTAX);
}

KIT_TEST(test_locale_does_not_change_numbers)
{
        /* where this locale is not installed the case shows nothing more than the others */
        (void)setlocale(LC_ALL, "de_DE.UTF-8");
        check_printed("[1.5,2.5e-10]", NULL, "[1.5,2.5e-10]");
}

KIT_TEST(test_no_memory_keeps_nothing)
{
        static const char text[] =
                "{[\"a\",[[[[[[[[[[[[[[[[[[[[[[b]]]]]]]]]]]]]]]]]]]]]],"
                "<<1,\"x\":16,16#fffffffffffffffffffffffff:100>>],"
                "99999999999999999999999999999999999,#{a=>1,b=>2}}";

        /* what stays for ever is made first */
        kr_release(term(text));
        KIT_EACH_ALLOC_FAILS (n) {
                kr_buf buf = KR_BUF_INIT;
                kr_term t = kr_nil();
                kr_err err = kr_parse(text, sizeof(text) - 1, NULL, &t, NULL);

                if (err == KR_OK)
                        err = kr_print_to(&buf, t, NULL);
                kit_err(err, kit_heap_has_refused() ? KR_ENOMEM : KR_OK);
                kr_buf_free(&buf);
                kr_release(t);
        }
}

KIT_MAIN(KIT_CASE(test_terms_print_as_they_are_written),
         KIT_CASE(test_integers_fill_the_bits_they_are_given),
         KIT_CASE(test_enormous_integers_print_in_base_16),
         KIT_CASE(test_characters_above_255_are_escaped_for_latin1),
         KIT_CASE(test_depth_and_length_are_bounded_on_request),
         KIT_CASE(test_format_cuts_like_snprintf),
         KIT_CASE(test_printing_needs_no_c_stack_for_depth),
         KIT_CASE(test_errors_say_where_and_what_was_expected),
         KIT_CASE(test_nesting_is_bounded), KIT_CASE(test_atoms_are_bounded),
         KIT_CASE(test_file_of_terms), KIT_CASE(test_pids_are_read_on_request),
         KIT_CASE(test_locale_does_not_change_numbers),
         KIT_CASE(test_no_memory_keeps_nothing))
