/* SPDX-License-Identifier: Apache-2.0 */
/* pattern_types_test.c: the types of C in patterns: what values become, and what results take. */
#include "pattern_kit.h"

#include <float.h>
#include <limits.h>
#include <math.h>

/* -- what values become -- */

KIT_TEST(test_integers_of_all_types_build_integers)
{
        int64_t n;

#define BUILDS(ctype, value)                                                             \
        do {                                                                             \
                ctype x = (value);                                                       \
                kr_term t = kr_build("~", x);                                            \
                                                                                         \
                kit_true(kr_get_int64(t, &n));                                           \
                kit_int_eq(n, (int64_t)(value));                                         \
                kr_release(t);                                                           \
        } while (0)
        BUILDS(char, 'k');
        BUILDS(signed char, -128);
        BUILDS(unsigned char, 255);
        BUILDS(short, -32768);
        BUILDS(unsigned short, 65535);
        BUILDS(int, INT_MIN);
        BUILDS(unsigned int, UINT_MAX);
        BUILDS(long, LONG_MIN);
        BUILDS(unsigned long, LONG_MAX);
        BUILDS(long long, LLONG_MIN);
        BUILDS(long long, LLONG_MAX);
        BUILDS(unsigned long long, 3);
        BUILDS(size_t, 4096);
        BUILDS(enum kri_tag, KRI_SPEC);
#undef BUILDS
}

KIT_TEST(test_integers_keep_their_value_at_the_edges_of_the_immediate)
{
        static const int64_t edges[] = { 0,           -1,
                                         KRI_INT_MAX, KRI_INT_MAX + 1,
                                         KRI_INT_MIN, KRI_INT_MIN - 1,
                                         INT64_MAX,   INT64_MIN };

        for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
                kr_term t = kr_build("{n, ~}", edges[i]);
                int64_t n = 99;

                kit_true(kr_match(t, "{n, ~}", &n));
                kit_int_eq(n, edges[i]);
                kit_true(kr_match(t, "{n, =}", edges[i]));
                kit_false(kr_match(t, "{n, =}", edges[i] ^ 1));
                kit_int_eq(kri_is_place(kr_element(2, t).w), !kri_int_fits(edges[i]));
                kr_release(t);
        }
}

KIT_TEST(test_unsigned_integers_beyond_int64_are_bigs)
{
        static const uint64_t edges[] = { (uint64_t)KRI_INT_MAX,
                                          (uint64_t)KRI_INT_MAX + 1, INT64_MAX,
                                          (uint64_t)INT64_MAX + 1, UINT64_MAX };

        for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
                kr_term t = kr_build("[~]", edges[i]);
                uint64_t u = 99;
                int64_t n = 99;

                kit_true(kr_match(t, "[~]", &u));
                kit_uint_eq(u, edges[i]);
                kit_true(kr_match(t, "[=]", edges[i]));
                kit_int_eq(kr_match(t, "[~]", &n), edges[i] <= INT64_MAX);
                kr_release(t);
        }
        kit_refuses(kr_build("~", -1), "~", &(uint64_t){ 0 });
}

KIT_TEST(test_other_values_build_what_the_table_says)
{
        bool yes = true, no = false;

        kit_same(kr_build("~", yes), kr_build("true"));
        kit_same(kr_build("~", no), kr_build("false"));
        kit_same(kr_build("~", true), kr_build("1")); /* an int, to C */
        kit_same(kr_build("~", 1.5), kr_build("1.5"));
        kit_same(kr_build("~", 0.25f), kr_build("0.25"));
        kit_same(kr_build("~", "abc"), kr_build("<<\"abc\">>"));
        kit_same(kr_build("~", ""), kr_build("<<>>"));
        kit_same(kr_build("~", ((kr_bytes){ "a\0b", 3 })), kr_build("<<97, 0, 98>>"));
        kit_same(kr_build("~", ((kr_bytes){ NULL, 0 })), kr_build("<<>>"));
        kit_same(kr_build("~", KR_ATOM("tick")), kr_build("tick"));
        kit_same(kr_build("{~, b}", kr_nil()), kr_build("{[], b}"));
}

KIT_TEST(test_identifiers_come_back_as_they_went_in)
{
        kr_pid pids[2] = { near_pid(), far_pid() };
        kr_port port = { .num = 17, .node = 1 };
        kr_ref ref = near_ref();
        kr_ref long_ref = { .id = { 1, 2 },
                            .id2 = 3,
                            .node = kri_ref_pack_node(peer_node(), 5) };

        for (int i = 0; i < 2; i++) {
                kr_pid pid = kr_pid_none();
                kr_term t = kr_build("{from, ~}", pids[i]);

                kit_true(kr_match(t, "{from, ~}", &pid));
                kit_true(kr_pid_eq(pid, pids[i]));
                kit_true(kr_match(t, "{from, =}", pid));
                kit_false(kr_match(t, "{from, =}", pids[1 - i]));
                kr_release(t);
        }
        {
                kr_term t = kr_build("[~, ~, ~]", port, ref, long_ref);
                kr_port p;
                kr_ref r, l;

                kit_true(kr_match(t, "[~, ~, ~]", &p, &r, &l));
                kit_true(kr_port_eq(p, port) && kr_ref_eq(r, ref) &&
                         kr_ref_eq(l, long_ref));
                kit_true(kr_match(t, "[=, =, =]", port, ref, long_ref));
                kit_false(kr_match(t, "[=, =, =]", port, long_ref, ref));
                kr_release(t);
        }
}

KIT_TEST(test_terms_in_arguments_are_copied_deeply)
{
        kr_term inner = kr_build("#{k => [1, \"text\", {2.5}]}");
        kr_term outer = kr_build("{~, ~, x}", inner, inner);

        kr_release(inner);
        kit_same(
                outer,
                kr_build(
                        "{#{k => [1, \"text\", {2.5}]}, #{k => [1, \"text\", {2.5}]}, x}"));
}

/* -- what results take -- */

/* One type of result and the literals that it takes, or not. */
#define TAKES(ctype, literal, wanted)                                                    \
        do {                                                                             \
                ctype x = 0, y = 0, z = 0;                                               \
                kr_term t = kr_build("{" literal ", [" literal "]}");                    \
                                                                                         \
                kit_true(kr_match(kr_element(1, t), "~", &x)); /* bare */                \
                kit_true(x == (wanted));                                                 \
                kit_true(kr_match(t, "{~, _}", &y)); /* flat tuple */                    \
                kit_true(y == (wanted));                                                 \
                kit_true(kr_match(t, "{_, [~]}", &z)); /* nested */                      \
                kit_true(z == (wanted));                                                 \
                kr_release(t);                                                           \
        } while (0)
#define REFUSES(ctype, literal)                                                          \
        do {                                                                             \
                ctype x;                                                                 \
                kr_term t = kr_build("{" literal ", [" literal "]}");                    \
                                                                                         \
                memset(&x, 0x5a, sizeof(x));                                             \
                kit_false(kr_match(kr_element(1, t), "~", &x));                          \
                kit_false(kr_match(t, "{~, _}", &x));                                    \
                kit_false(kr_match(t, "{_, [~]}", &x));                                  \
                for (size_t i = 0; i < sizeof(x); i++)                                   \
                        kit_int_eq(((unsigned char *)&x)[i], 0x5a);                      \
                kr_release(t);                                                           \
        } while (0)

KIT_TEST(test_small_integer_results_take_what_fits)
{
        TAKES(int8_t, "-128", -128);
        TAKES(int8_t, "127", 127);
        REFUSES(int8_t, "128");
        REFUSES(int8_t, "-129");
        TAKES(uint8_t, "255", 255);
        REFUSES(uint8_t, "256");
        REFUSES(uint8_t, "-1");
        TAKES(int16_t, "-32768", -32768);
        TAKES(int16_t, "32767", 32767);
        REFUSES(int16_t, "32768");
        REFUSES(int16_t, "-32769");
        TAKES(uint16_t, "65535", 65535);
        REFUSES(uint16_t, "65536");
        TAKES(int32_t, "-2147483648", INT32_MIN);
        TAKES(int32_t, "2147483647", INT32_MAX);
        REFUSES(int32_t, "2147483648");
        REFUSES(int32_t, "-2147483649");
        REFUSES(int32_t, "-1152921504606846976");
        REFUSES(int32_t, "1152921504606846975");
        TAKES(uint32_t, "4294967295", UINT32_MAX);
        REFUSES(uint32_t, "4294967296");
        REFUSES(uint32_t, "-1");
        REFUSES(int, "a");
        REFUSES(int, "1.0");
        REFUSES(int, "<<1>>");
        REFUSES(int, "[]");
        REFUSES(int8_t, "{}");
}

KIT_TEST(test_wide_integer_results_take_what_fits)
{
        TAKES(int64_t, "-9223372036854775808", INT64_MIN);
        TAKES(int64_t, "9223372036854775807", INT64_MAX);
        TAKES(int64_t, "1152921504606846976", (int64_t)1 << 60);
        TAKES(int64_t, "-1152921504606846977", -((int64_t)1 << 60) - 1);
        REFUSES(int64_t, "9223372036854775808");
        REFUSES(int64_t, "-9223372036854775809");
        REFUSES(int64_t, "16#10000000000000000");
        REFUSES(int64_t, "0.0");
        TAKES(uint64_t, "18446744073709551615", UINT64_MAX);
        TAKES(uint64_t, "0", 0);
        REFUSES(uint64_t, "18446744073709551616");
        REFUSES(uint64_t, "-1");
        REFUSES(uint64_t, "-9223372036854775808");
        TAKES(long, "-5", -5);
        TAKES(long long, "-5", -5);
        TAKES(unsigned long, "5", 5);
        TAKES(unsigned long long, "5", 5);
        TAKES(size_t, "2305843009213693951", ((size_t)1 << 61) - 1);
}

KIT_TEST(test_other_results_take_their_own_type_only)
{
        TAKES(bool, "true", true);
        TAKES(bool, "false", false);
        REFUSES(bool, "undefined");
        REFUSES(bool, "1");
        REFUSES(bool, "''");
        TAKES(double, "1.5", 1.5);
        TAKES(double, "-0.0", 0.0);
        REFUSES(double, "1");
        TAKES(float, "1.5", 1.5f);
        TAKES(float, "0.1", 0.1f);
        REFUSES(float, "1.0e300");
        REFUSES(float, "-1.0e300");
        REFUSES(kr_atom, "1");
        REFUSES(kr_atom, "\"atom\"");
        REFUSES(kr_pid, "pid");
        REFUSES(kr_pid, "{}");
        REFUSES(kr_port, "port");
        REFUSES(kr_ref, "ref");
        REFUSES(kr_ref, "1.0");
        REFUSES(kr_bytes, "abc");
        REFUSES(kr_bytes, "\"abc\"");
        REFUSES(kr_bytes, "<<1:1>>");
        REFUSES(const char *, "<<0>>");
        REFUSES(const char *, "<<\"a\", 0, \"b\">>");
        REFUSES(const char *, "<<\"a\", 1:4>>");
        REFUSES(const char *, "abc");
        REFUSES(const char *, "\"abc\"");
}

KIT_TEST(test_atoms_bytes_and_strings_come_out)
{
        kr_term t = kr_build("{go, <<\"abc\">>, <<\"d\", 0>>, [x]}");
        kr_atom atom;
        const char *text;
        kr_bytes bytes;
        kr_term rest;

        kit_true(kr_match(t, "{~, ~, ~, ~}", &atom, &text, &bytes, &rest));
        kit_str_eq(kr_atom_text(atom, NULL), "go");
        kit_str_eq(text, "abc");
        kit_uint_eq(bytes.len, 2);
        kit_mem_eq(bytes.data, "d\0", 3); /* terminated as well */
        kit_true(kr_match(rest, "[x]"));
        kr_release(t);
        kit_matches(kr_build("<<>>"), "~", &text);
        kit_matches(kr_build("{a, {b}}"), "{a, ~}", &(kr_term){ 0 });
}

KIT_TEST(test_results_stay_untouched_unless_all_fits)
{
        kr_term t = kr_build("{a, 1, {2, 3.0}, #{k => 4}}");
        int64_t a = 10, b = 20, c = 30;
        double d = 40;

        kit_false(kr_match(t, "{a, ~, {~, ~}, #{k => ~}}", &a, &b, &d, &d));
        kit_false(kr_match(t, "{a, ~, {~, ~}, #{j => ~}}", &a, &b, &d, &c));
        kit_false(kr_match(t, "{a, ~, ~, _}", &a, &b));
        kit_false(kr_match(t, "{a, ~, {~, _}, =}", &a, &b, 5));
        kit_true(a == 10 && b == 20 && c == 30 && d == 40);
        kit_true(kr_match(t, "{a, ~, {~, ~}, #{k => ~}}", &a, &b, &d, &c));
        kit_true(a == 1 && b == 2 && c == 4 && d == 3.0);
        kr_release(t);
}

KIT_MAIN(KIT_CASE(test_integers_of_all_types_build_integers),
         KIT_CASE(test_integers_keep_their_value_at_the_edges_of_the_immediate),
         KIT_CASE(test_unsigned_integers_beyond_int64_are_bigs),
         KIT_CASE(test_other_values_build_what_the_table_says),
         KIT_CASE(test_identifiers_come_back_as_they_went_in),
         KIT_CASE(test_terms_in_arguments_are_copied_deeply),
         KIT_CASE(test_small_integer_results_take_what_fits),
         KIT_CASE(test_wide_integer_results_take_what_fits),
         KIT_CASE(test_other_results_take_their_own_type_only),
         KIT_CASE(test_atoms_bytes_and_strings_come_out),
         KIT_CASE(test_results_stay_untouched_unless_all_fits))
