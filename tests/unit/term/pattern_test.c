/* SPDX-License-Identifier: Apache-2.0 */
#include "term/pattern.h"

#include "heap.h"
#include "kit.h"
#include "term/atom.h"
#include "term/ident.h"
#include "term/kept.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* What the misuse hook was told last; empty: nothing. */
static char told[1024];

static void remember(const char *reason)
{
        snprintf(told, sizeof(told), "%s", reason);
}

static void listen(void)
{
        kri_term_host.misuse = remember;
        told[0] = 0;
}

#define kit_same(a, b)                                                                   \
        do {                                                                             \
                kr_term kit_a = (a), kit_b = (b);                                        \
                                                                                         \
                if (!kr_same(kit_a, kit_b))                                              \
                        kit_fail("not the same: %s, %s", #a, #b);                        \
                kr_release(kit_a);                                                       \
                kr_release(kit_b);                                                       \
        } while (0)

/* Match, and release the term. */
#define kit_matches(term, ...)                                                           \
        do {                                                                             \
                kr_term kit_t = (term);                                                  \
                                                                                         \
                kit_false(kr_is_none(kit_t));                                            \
                kit_true(kr_match(kit_t, __VA_ARGS__));                                  \
                kr_release(kit_t);                                                       \
        } while (0)
#define kit_refuses(term, ...)                                                           \
        do {                                                                             \
                kr_term kit_t = (term);                                                  \
                                                                                         \
                kit_false(kr_is_none(kit_t));                                            \
                kit_false(kr_match(kit_t, __VA_ARGS__));                                 \
                kr_release(kit_t);                                                       \
        } while (0)

static kr_pid near_pid(void)
{
        return kri_word_pid(kri_near_pid(1, 1234, 7));
}

static uint32_t peer_node(void)
{
        uint32_t name, node;

        kit_ok(kri_atom_make("there@host", 10, &name));
        kit_ok(kri_node_find(name, 77, &node));
        kit_int_ge(node, KRI_NEAR_SLOTS);
        return node;
}

static kr_pid far_pid(void)
{
        return (kr_pid){ .num = (uint64_t)9 << 32 | 5, .node = peer_node() };
}

static kr_ref near_ref(void)
{
        return (kr_ref){ .id = { 0x123456789abcdef0u, 42 }, .node = 1 };
}

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

/* -- the notation -- */

KIT_TEST(test_literals_mean_what_erlang_means)
{
        kit_same(kr_build("\"abc\""), kr_build("[97, 98, 99]"));
        kit_same(kr_build("\"ab\" \"c\""), kr_build("[$a, $b, $c]"));
        kit_same(kr_build("\"\""), kr_build("[]"));
        kit_same(kr_build("\"\\x{e5}\xc3\xa5\""), kr_build("[229, 229]"));
        kit_same(kr_build("<<\"\xc3\xa5\">>"), kr_build("<<229>>"));
        kit_same(kr_build("<<\"\xc3\xa5\xe2\x82\xac\xf0\x9f\x99\x82\"/utf8>>"),
                 kr_build("~", "\xc3\xa5\xe2\x82\xac\xf0\x9f\x99\x82"));
        kit_same(kr_build("<<-1, 256, 1:1, 5:3, 3:4>>"), kr_build("<<255, 0, 211>>"));
        kit_same(kr_build("<<258:16>>"), kr_build("<<1, 2>>"));
        kit_same(kr_build("[1 | [2 | [3]]]"), kr_build("[1, 2, 3]"));
        kit_same(kr_build(" { 'a' ,% a comment\n b } "), kr_build("{a,b}"));
        kit_same(kr_build("16#ff"), kr_build("255"));
        kit_same(kr_build("- 1"), kr_build("-1"));
        kit_same(kr_build("+1"), kr_build("1"));
        kit_same(kr_build("1_000"), kr_build("1000"));
        kit_same(kr_build("340282366920938463463374607431768211456"),
                 kr_build("16#1_00000000_00000000_00000000_00000000"));
        kit_refuses(kr_build("340282366920938463463374607431768211456"),
                    "-340282366920938463463374607431768211456");
        kit_matches(kr_build("-340282366920938463463374607431768211456"),
                    "-340282366920938463463374607431768211456");
        kit_refuses(kr_build("1"), "1.0");
        kit_matches(kr_build("0.0"), "-0.0");
        kit_matches(kr_build("{}"), "{}");
        kit_refuses(kr_build("{}"), "[]");
}

/* The same terms from the functions of term.h, which share no code with patterns. */
KIT_TEST(test_literals_are_what_the_builders_build)
{
        kr_builder b = KR_BUILDER_INIT;

        kr_add_int64(&b, 1);
        kr_add_double(&b, 2.5);
        kr_add_string(&b, "abc", 3);
        kr_add_binary(&b, "def", 3);
        kit_same(kr_build_tuple(&b), kr_build("{1, 2.5, \"abc\", <<\"def\">>}"));
        kr_add_uint64(&b, UINT64_MAX);
        kr_add_int64(&b, INT64_MIN);
        kit_same(kr_build_improper(&b, kr_nil()),
                 kr_build("[18446744073709551615, -9223372036854775808]"));
        kr_add_atom(&b, KR_ATOM("b"));
        kr_add_int64(&b, 1);
        kr_add_atom(&b, KR_ATOM("a"));
        kr_add_int64(&b, 2);
        kit_same(kr_build_map(&b), kr_build("#{a => 2, b => 1}"));
}

KIT_TEST(test_lists_match_by_heads_and_tail)
{
        kr_term t = kr_build("[1, two, [3] | four]");
        int64_t one, three;
        kr_term tail;

        kit_true(kr_match(t, "[~, two, [~] | four]", &one, &three));
        kit_true(one == 1 && three == 3);
        kit_true(kr_match(t, "[_ | ~]", &tail));
        kit_true(kr_match(tail, "[two, _ | four]"));
        kit_false(kr_match(t, "[_, _, _]"));
        kit_false(kr_match(t, "[_, _, _, _ | _]"));
        kit_false(kr_match(t, "[]"));
        kr_release(t);
        kit_matches(kr_build("[~, ~ | ~]", 1, 2, 3), "[1, 2 | 3]");
        kit_matches(kr_build("\"abc\""), "[$a | \"bc\"]");
        kit_refuses(kr_build("\"abc\""), "\"ab\"");
        kit_refuses(kr_build("\"ab\""), "\"abc\"");
}

KIT_TEST(test_maps_match_by_some_keys)
{
        kr_term t = kr_build("#{b => 2, a => 1, 3 => c, 1.0 => d, \"s\" => e, #{} => f}");
        int64_t a, b;
        kr_atom f;

        kit_uint_eq(kr_map_size(t), 6);
        kit_true(kr_match(t, "#{}"));
        kit_true(kr_match(t, "#{a => ~, b => ~}", &a, &b));
        kit_true(a == 1 && b == 2);
        kit_true(kr_match(t, "#{b := 2, #{} := ~}", &f));
        kit_str_eq(kr_atom_text(f, NULL), "f");
        kit_true(kr_match(t, "#{\"s\" => e, 3 => _, 1.0 => d}"));
        kit_false(kr_match(t, "#{1 => d}"));
        kit_false(kr_match(t, "#{3.0 => c}"));
        kit_false(kr_match(t, "#{c => _}"));
        kit_true(kr_match(t, "#{= => ~}", KR_ATOM("a"), &a));
        kit_true(kr_match(t, "#{= => ~, a => 1}", 3, &f));
        kit_false(kr_match(t, "#{= => ~}", 4, &f));
        kr_release(t);
        kit_refuses(kr_build("{a}"), "#{}");
        kit_refuses(kr_build("a"), "#{}");
}

KIT_TEST(test_keys_are_found_in_large_maps)
{
        kr_builder b = KR_BUILDER_INIT;
        kr_term t;
        int64_t n;

        for (int i = 0; i < 100; i++) {
                kr_add_int64(&b, i);
                kr_add_int64(&b, i * i);
        }
        kr_add_string(&b, "key", 3);
        kr_add_int64(&b, -1);
        t = kr_build_map(&b);
        kit_true(kr_match(t, "#{0 => ~}", &n));
        kit_int_eq(n, 0);
        kit_true(kr_match(t, "#{99 => ~, 50 => 2500}", &n));
        kit_int_eq(n, 9801);
        kit_true(kr_match(t, "#{\"key\" => ~}", &n));
        kit_int_eq(n, -1);
        kit_false(kr_match(t, "#{100 => ~}", &n));
        kit_false(kr_match(t, "#{\"kez\" => ~}", &n));
        kit_true(kr_match(t, "#{= => ~}", 7, &n));
        kit_int_eq(n, 49);
        kr_release(t);
}

/* Keys that come as arguments: sorted, and the later of two stays, when it is built. */
KIT_TEST(test_maps_build_with_keys_from_arguments)
{
        kit_same(kr_build("#{~ => 1, ~ => 2, ~ => 3}", KR_ATOM("z"), 5, KR_ATOM("a")),
                 kr_build("#{5 => 2, a => 3, z => 1}"));
        kit_same(kr_build("#{a => 1, ~ => 2}", KR_ATOM("a")), kr_build("#{a => 2}"));
        kit_same(kr_build("#{~ => 2, a => 1, ~ => 3, ~ => 4}", KR_ATOM("b"), KR_ATOM("b"),
                          7),
                 kr_build("#{7 => 4, a => 1, b => 3}"));
        kit_same(kr_build("#{#{~ => x} => ~, #{b => x} => \"old\"}", KR_ATOM("b"), 2.5),
                 kr_build("#{#{b => x} => \"old\"}"));
        kit_same(kr_build("#{{~, 2} => [~]}", "one", INT64_MAX),
                 kr_build("#{{<<\"one\">>, 2} => [9223372036854775807]}"));
        kit_same(kr_build("#{k => #{k => ~}}", 1), kr_build("#{k => #{k => 1}}"));
}

KIT_TEST(test_equal_compares_with_values_of_all_types)
{
        kr_term t = kr_build("{1, 2.5, true, <<\"abc\">>, name, [1, 2]}");
        bool yes = true, no = false;
        kr_term list = kr_build("[1, 2]");

        kit_true(kr_match(t, "{=, =, =, =, =, =}", 1, 2.5, yes, "abc", KR_ATOM("name"),
                          list));
        kit_true(kr_match(t, "{=, _, _, =, _, _}", 1u, ((kr_bytes){ "abcd", 3 })));
        kit_false(kr_match(t, "{=, _, _, _, _, _}", 1.0));
        kit_false(kr_match(t, "{_, =, _, _, _, _}", 2));
        kit_false(kr_match(t, "{_, =, _, _, _, _}", (double)NAN));
        kit_false(kr_match(t, "{_, _, =, _, _, _}", no));
        kit_false(kr_match(t, "{_, _, =, _, _, _}", 1));
        kit_false(kr_match(t, "{_, _, _, =, _, _}", "ab"));
        kit_false(kr_match(t, "{_, _, _, =, _, _}", "abd"));
        kit_false(kr_match(t, "{_, _, _, _, =, _}", KR_ATOM("nome")));
        kit_false(kr_match(t, "{_, _, _, _, =, _}", (kr_atom){ 0 }));
        kit_false(kr_match(t, "{_, _, _, _, _, =}", t));
        kit_false(kr_match(t, "{_, _, _, _, _, =}", kr_none()));
        kr_release(list);
        kr_release(t);
        kit_matches(kr_build("~", UINT64_MAX), "=", UINT64_MAX);
        kit_refuses(kr_build("~", UINT64_MAX), "=", (int64_t)-1);
        kit_refuses(kr_build("-1"), "=", UINT64_MAX);
}

KIT_TEST(test_none_is_equal_to_no_term)
{
        kit_false(kr_match(kr_none(), "_"));
        kit_false(kr_match(kr_none(), "~", &(kr_term){ 0 }));
        kit_refuses(kr_build("[~]", near_pid()), "[=]", kr_pid_none());
        kit_refuses(kr_build("[~]", near_ref()), "[=]", kr_ref_none());
        kit_refuses(kr_build("[0]"), "[=]", kr_pid_none());
}

KIT_TEST(test_sixteen_arguments_are_possible)
{
        int a[16];
        kr_term t = kr_build("[~,~,~,~,~,~,~,~,~,~,~,~,~,~,~,~]", 0, 1, 2, 3, 4, 5, 6, 7,
                             8, 9, 10, 11, 12, 13, 14, 15);

        kit_true(kr_match(t, "[~,~,~,~,~,~,~,~,~,~,~,~,~,~,~,~]", &a[0], &a[1], &a[2],
                          &a[3], &a[4], &a[5], &a[6], &a[7], &a[8], &a[9], &a[10], &a[11],
                          &a[12], &a[13], &a[14], &a[15]));
        for (int i = 0; i < 16; i++)
                kit_int_eq(a[i], i);
        kr_release(t);
        t = kr_build("{~,~,~,~,~,~,~,~}", 0, 1, 2, 3, 4, 5, 6, near_pid());
        kit_true(kr_match(t, "{~,~,~,~,~,~,~,_}", &a[1], &a[2], &a[3], &a[4], &a[5],
                          &a[6], &a[7]));
        for (int i = 1; i < 8; i++)
                kit_int_eq(a[i], i - 1);
        kr_release(t);
}

/* Arguments are evaluated once, and calls may stand in the arguments of others. */
KIT_TEST(test_calls_nest_and_evaluate_once)
{
        int n = 0;
        kr_term inner = kr_build("{~, 1}", n++);
        bool is_in = kr_match(inner, "{0, =}", kr_match(inner, "{~, _}", &n) ? 1 : 2);

        kit_int_eq(n, 0);
        kit_true(is_in);
        kr_release(inner);
        inner = kr_build("[~]", kr_build("~", kr_build("ok")));
        kit_true(kr_match(inner, "[ok]"));
        kr_release(inner);
}

static int first_fitting(kr_term t, const struct kr_clause *clauses, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                const struct kri_code *code = kri_site_code(clauses[i].site);

                if (kri_code_may_match(code, t.w) &&
                    kri_code_match(code, t.w, clauses[i].args))
                        return clauses[i].id;
        }
        return -1;
}

#define first_of(t, ...)                                                                 \
        first_fitting((t), KRI_CLAUSES(__VA_ARGS__), KRI_CLAUSE_COUNT(__VA_ARGS__))

KIT_TEST(test_clauses_say_which_pattern_fits)
{
        kr_pid from;
        int64_t n;

        for (int i = 0; i < 4; i++) {
                kr_term t = i == 0   ? kr_build("{tick, ~, ~}", 5, near_pid())
                            : i == 1 ? kr_build("{read, ~}", far_pid())
                            : i == 2 ? kr_build("stop")
                                     : kr_build("{tick, 5, nobody}");

                kit_int_eq(first_of(t, kr_on(0, "{tick, ~, ~}", &n, &from),
                                    kr_on(1, "{read, ~}", &from), kr_on(2, "stop"),
                                    kr_on(3, "_")),
                           i);
                kr_release(t);
        }
        kit_int_eq(n, 5);
}

KIT_TEST(test_a_reference_to_compare_with_is_reported)
{
        kr_ref ref = near_ref();
        kr_term t;
        int n = 0;

        kit_int_eq(kri_code_ref_arg(kri_site_code(KRI_MATCH_SITE("{=, ~}", ref, &t))), 0);
        kit_int_eq(kri_code_ref_arg(kri_site_code(KRI_MATCH_SITE("{~, =, _}", &t, ref))),
                   1);
        kit_int_eq(kri_code_ref_arg(kri_site_code(KRI_MATCH_SITE("=", ref))), 0);
        kit_int_eq(kri_code_ref_arg(kri_site_code(KRI_MATCH_SITE("{{=}, ~}", ref, &t))),
                   0);
        kit_int_eq(kri_code_ref_arg(
                           kri_site_code(KRI_MATCH_SITE("{~, [alias | =], _}", &t, ref))),
                   1);
        kit_int_eq(kri_code_ref_arg(kri_site_code(KRI_MATCH_SITE("{{{=}}, ~}", ref, &t))),
                   -1);
        kit_int_eq(kri_code_ref_arg(kri_site_code(KRI_MATCH_SITE("{=}", n))), -1);
        kit_int_eq(kri_code_ref_arg(kri_site_code(KRI_MATCH_SITE("{~}", &ref))), -1);
}

/* -- large binaries -- */

KIT_TEST(test_large_bytes_are_shared_from_the_limit_on)
{
        static char data[KRI_BLOB_MIN + 2];
        kr_term small, large;
        kr_bytes bytes;
        int64_t before;

        memset(data, 'x', sizeof(data) - 1);
        before = kit_heap_blocks();
        small = kr_build("{~}", ((kr_bytes){ data, KRI_BLOB_MIN - 1 }));
        large = kr_build("{~, ~, ~}", ((kr_bytes){ data, KRI_BLOB_MIN }), 1, data);
        kit_true(kri_is_box(kr_element(1, small).w, KRI_BIN));
        kit_true(kri_is_box(kr_element(1, large).w, KRI_BLOB));
        kit_true(kri_is_box(kr_element(3, large).w, KRI_BLOB));
        kit_true(kr_match(large, "{~, 1, =}", &bytes, data));
        kit_uint_eq(bytes.len, KRI_BLOB_MIN);
        kit_int_eq(((const char *)bytes.data)[KRI_BLOB_MIN], 0);
        kit_true(kr_match(large, "{=, _, _}", bytes));
        kr_release(small);
        kr_release(large);
        kit_int_eq(kit_heap_blocks(), before + 4); /* the code of four call sites */
}

KIT_TEST(test_a_blob_of_an_argument_is_shared_by_the_copy)
{
        static char data[1000];
        kr_term one = kr_build("~", ((kr_bytes){ data, sizeof(data) }));
        kr_term two = kr_build("{~, ~}", one, one);
        kr_bytes a, b;

        kit_true(kr_match(two, "{~, ~}", &a, &b));
        kit_ptr_eq(a.data, b.data);
        kr_release(one);
        kit_true(kr_match(two, "{=, _}", ((kr_bytes){ data, sizeof(data) })));
        kr_release(two);
}

/* -- building in two steps, as a message is built -- */

static void build_in_place(struct kri_site *site, const union kri_arg *args,
                           const char *what)
{
        const struct kri_code *code = kri_site_code(site);
        uint64_t words = kri_code_words(code, args);
        kri_word *block = malloc((words + 3) * sizeof(*block));
        uint32_t blobs = 0;
        kri_word t;

        block[0] = 0;
        block[words + 1] = 0x5afe5afe;
        t = kri_code_build(code, args, block + 1, block, &blobs);
        kit_uint_eq(block[words + 1], 0x5afe5afe);
        if (words)
                kit_true(kri_ptr(t) == block + 1); /* its own box first */
        kit_uint_eq(kri_term_words(t), words);
        if (strcmp(what, "") != 0)
                kit_str_eq(site->pattern, what);
        kri_blobs_release(block, blobs);
        free(block);
}

#define builds_in_place(...)                                                             \
        build_in_place(KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__), "")

KIT_TEST(test_words_are_exact_and_the_own_box_comes_first)
{
        static char data[2000];
        kr_term t = kr_build("{a, [\"deep\" | #{b => 1.5}]}");

        builds_in_place("ok");
        builds_in_place("~", 5);
        builds_in_place("~", INT64_MIN);
        builds_in_place("~", near_pid());
        builds_in_place("~", far_pid());
        builds_in_place("~", near_ref());
        builds_in_place("~", ((kr_port){ 1, 1, 0 }));
        builds_in_place("~", 1.5);
        builds_in_place("~", "some text");
        builds_in_place("~", ((kr_bytes){ data, sizeof(data) }));
        builds_in_place("~", t);
        builds_in_place("{tick, ~, ~}", 5, near_pid());
        builds_in_place("{tick, ~, ~}", UINT64_MAX, far_pid());
        builds_in_place("{~, ~, ~, ~, ~}", 1, 2, KR_ATOM("a"), 3, 4);
        builds_in_place("{1, 2.0, \"three\", <<\"four\">>, #{5 => #{6 => ~}}, [~ | ~]}",
                        1, t, "x");
        builds_in_place("[[[[~]]], {{{~}}}, #{~ => ~}]", "a", t, "b",
                        ((kr_bytes){ data, sizeof(data) }));
        kr_release(t);
}

/* -- misuse -- */

static const char *report_of(const char *pattern, bool matches, uint8_t count,
                             uint8_t type)
{
        struct kri_site site = { .pattern = pattern,
                                 .file = "loop.c",
                                 .line = 31,
                                 .matches = matches,
                                 .count = count };

        memset(site.types, type, count);
        listen();
        kit_null(kri_site_code(&site));
        return told;
}

#define MATCH_SAYS(pattern, reason)                                                      \
        kit_str_eq(report_of(pattern, true, 0, 0),                                       \
                   "loop.c:31: pattern \"" pattern "\": " reason)
#define BUILD_SAYS(pattern, reason)                                                      \
        kit_str_eq(report_of(pattern, false, 0, 0),                                      \
                   "loop.c:31: pattern \"" pattern "\": " reason)

KIT_TEST(test_a_wrong_pattern_is_reported_with_its_place)
{
        MATCH_SAYS("{tick, ~", "column 9: expected , or }");
        MATCH_SAYS("{tick ~}", "column 7: expected , or }");
        MATCH_SAYS("[1, 2", "column 6: expected , | or ]");
        MATCH_SAYS("[1 | 2, 3]", "column 7: expected ]");
        MATCH_SAYS("", "column 1: expected a term");
        MATCH_SAYS("{a,}", "column 4: expected a term");
        MATCH_SAYS("a b", "column 3: expected the end of the pattern");
        MATCH_SAYS("a.", "column 2: expected the end of the pattern");
        MATCH_SAYS(
                "{Tick, N}",
                "column 2: Tick is a variable: write ~ for an argument, _ for anything");
        MATCH_SAYS("{after, 1}", "column 2: after is a reserved word: write 'after'");
        MATCH_SAYS("#{a 1}", "column 5: expected =>");
        MATCH_SAYS("#[a]", "column 2: expected {");
        MATCH_SAYS("#{~ => 1}",
                   "column 3: the key of a map must be known: write it, or =");
        MATCH_SAYS("#{{=} => 1}", "column 3: = is the whole key of a map, or not in it");
        MATCH_SAYS("<<1", "column 4: expected , or >>");
        MATCH_SAYS("<<a>>", "column 3: expected a string or a number in a binary");
        MATCH_SAYS("<<1:65>>", "column 5: expected a size of 0 to 64 bits");
        MATCH_SAYS("-a", "column 2: expected a number");
        MATCH_SAYS("{\n a,\n b", "line 3, column 3: expected , or }");
        BUILD_SAYS("{a, _}", "column 5: _ is for matching only");
        BUILD_SAYS("{a, =}", "column 5: = is for matching only");
        BUILD_SAYS("#{a := 1}", "column 5: expected =>");
        BUILD_SAYS("#{b => 1, a => 2, b => 3}", "column 19: this key is there twice");
        BUILD_SAYS("#{1 => 1, 1.0 => 2, 1 => 3}", "column 21: this key is there twice");
}

KIT_TEST(test_limits_of_a_pattern_are_reported)
{
        char deep[300] = { 0 };
        char *long_text = malloc(KRI_ATOM_LEN_MAX * 200);

        memset(deep, '{', 65);
        kit_not_null(strstr(report_of(deep, true, 0, 0),
                            "column 65: nested more than 64 deep"));
        memset(deep, '{', 64);
        memset(deep + 64, '}', 64);
        kit_not_null(strstr(report_of(deep, true, 1, KRI_ARG_INT),
                            "0 arguments wanted, 1 given"));
        memset(long_text, 'a', 20000);
        long_text[20000] = 0;
        kit_not_null(strstr(report_of(long_text, true, 0, 0), "longer than 16384 bytes"));
        kit_not_null(strstr(told, "aaa...\": "));
        long_text[256] = 0;
        kit_not_null(strstr(report_of(long_text, true, 0, 0), "column 1: "));
        free(long_text);
}

KIT_TEST(test_arguments_that_do_not_go_with_the_pattern_are_reported)
{
        int n = 7;
        kr_term t = kr_build("{tick, 1}");

        listen();
        kit_false(kr_match(t, "{tick, ~}"));
        kit_not_null(strstr(told, "pattern_test.c:"));
        kit_not_null(strstr(told, ": pattern \"{tick, ~}\": 1 argument wanted, 0 given"));
        kit_false(kr_match(t, "{tick, _}", &n));
        kit_not_null(strstr(told, ": 0 arguments wanted, 1 given"));
        kit_false(kr_match(t, "{tick, ~}", n));
        kit_not_null(strstr(told, ": argument 1 (~): a pointer for the result is wanted, "
                                  "a value given"));
        kit_false(kr_match(t, "{_, =}", &n));
        kit_not_null(
                strstr(told, ": argument 1 (=): a value is wanted, a pointer given"));
        kit_true(kr_is_none(kr_build("{~}", &n)));
        kit_not_null(
                strstr(told, ": argument 1 (~): a value is wanted, a pointer given"));
        kit_true(kr_is_none(kr_build("{~, ~}", 1)));
        kit_not_null(strstr(told, ": 2 arguments wanted, 1 given"));
        kit_true(kr_is_none(kr_build("{~,~,~,~,~,~,~,~,~,~,~,~,~,~,~,~,~,~}", 1)));
        kit_not_null(strstr(told, ": 18 arguments wanted, 1 given"));
        kit_int_eq(n, 7);
        for (int i = 0; i < 2; i++) { /* at each use */
                told[0] = 0;
                kit_true(kr_is_none(kr_build("{")));
                kit_not_null(strstr(told, "column 2"));
        }
        kr_release(t);
}

KIT_TEST(test_values_that_are_no_terms_are_reported)
{
        const char *no_text = NULL;
        int64_t *nowhere = NULL;
        kr_term t = kr_build("{1, [2]}");

        listen();
#define SAYS(reason, ...)                                                                \
        do {                                                                             \
                told[0] = 0;                                                             \
                kit_true(kr_is_none(kr_build(__VA_ARGS__)));                             \
                kit_not_null(strstr(told, ": argument " reason));                        \
        } while (0)
        SAYS("1 is no finite number", "~", (double)NAN);
        SAYS("2 is no finite number", "{~, ~}", 1, (double)INFINITY);
        SAYS("1 is no finite number", "~", -INFINITY);
        SAYS("1 is NULL", "[~]", no_text);
        SAYS("1 is no pid", "[~]", kr_pid_none());
        SAYS("1 is no port", "[~]", ((kr_port){ 0, 0, 0 }));
        SAYS("1 is no reference", "[~]", kr_ref_none());
        SAYS("1 is no atom", "[~]", (kr_atom){ 0 });
        SAYS("2 is no term", "[~, ~]", 1, kr_none());
        SAYS("1 has a length, and NULL data", "[~]", ((kr_bytes){ NULL, 1 }));
        SAYS("1 is too long", "[~]", ((kr_bytes){ "", SIZE_MAX }));
#undef SAYS
        kit_false(kr_match(t, "{~, _}", nowhere));
        kit_not_null(strstr(told, ": argument 1 is NULL"));
        told[0] = 0;
        kit_false(kr_match(t, "{_, [~]}", nowhere));
        kit_not_null(strstr(told, ": argument 1 is NULL"));
        kr_release(t);
}

/* -- no memory -- */

/* All that a build takes but atoms; the code of the site goes, for this test alone. */
KIT_TEST(test_a_build_without_memory_gives_no_term_and_keeps_nothing)
{
        static char data[1000];
        struct kri_site *site = KRI_SITE("{a, ~, #{~ => b}, ~, ~}", data, 1, 2.5, data);
        const union kri_arg *args = KRI_ARGS("", (const char *)data, 1, 2.5, data);

        memset(data, 'x', sizeof(data) - 1);
        kr_release(kr_build("[a, b]"));
        listen();
        KIT_EACH_ALLOC_FAILS (n) {
                kr_term t = kri_build(site, args);

                kit_int_eq(kr_is_none(t), kit_heap_has_refused());
                kr_release(t);
                kri_shared_free(site->code);
                site->code = NULL;
        }
        kit_not_null(strstr(told, "no memory to compile it"));
}

KIT_TEST(test_a_match_without_memory_is_false)
{
        kr_term t = kr_build("{a, {b, 1}}");
        int64_t x = 0;
        struct kri_site *site = KRI_MATCH_SITE("{a, {b, ~}}", &x);

        listen();
        KIT_EACH_ALLOC_FAILS (n) {
                bool fits = kri_match(t, site, KRI_ARGS("", &x));

                kit_int_eq(fits, !kit_heap_has_refused());
                kri_shared_free(site->code);
                site->code = NULL;
        }
        kit_int_eq(x, 1);
        kr_release(t);
}

/* -- threads -- */

enum { THREADS = 4, ROUNDS = 300 };

static struct kri_site shared_sites[ROUNDS];
static pthread_barrier_t barrier;

static void *hit_sites(void *arg)
{
        kr_term t = *(kr_term *)arg;

        for (int i = 0; i < ROUNDS; i++) {
                int64_t n = 0;

                pthread_barrier_wait(&barrier);
                if (!kri_match(t, &shared_sites[i], KRI_ARGS("", &n)) || n != 5)
                        return "did not match";
        }
        return NULL;
}

/* Several threads are the first at a site: all match, and one code stays. */
KIT_TEST(test_threads_may_meet_at_the_first_use_of_a_site)
{
        kr_term t = kr_build("{tick, [5 | x], \"str\"}");
        pthread_t threads[THREADS];
        int64_t before;

        for (int i = 0; i < ROUNDS; i++)
                shared_sites[i] =
                        (struct kri_site){ .pattern = "{tick, [~ | x], \"str\"}",
                                           .file = "x.c",
                                           .matches = 1,
                                           .count = 1,
                                           .types = { KRI_ARG_OUT_I64 } };
        before = kit_heap_blocks();
        kit_int_eq(pthread_barrier_init(&barrier, NULL, THREADS), 0);
        for (int i = 0; i < THREADS; i++)
                kit_int_eq(pthread_create(&threads[i], NULL, hit_sites, &t), 0);
        for (int i = 0; i < THREADS; i++) {
                void *complaint;

                kit_int_eq(pthread_join(threads[i], &complaint), 0);
                kit_null(complaint);
        }
        kit_int_eq(kit_heap_blocks(), before + ROUNDS);
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
         KIT_CASE(test_results_stay_untouched_unless_all_fits),
         KIT_CASE(test_literals_mean_what_erlang_means),
         KIT_CASE(test_literals_are_what_the_builders_build),
         KIT_CASE(test_lists_match_by_heads_and_tail),
         KIT_CASE(test_maps_match_by_some_keys),
         KIT_CASE(test_keys_are_found_in_large_maps),
         KIT_CASE(test_maps_build_with_keys_from_arguments),
         KIT_CASE(test_equal_compares_with_values_of_all_types),
         KIT_CASE(test_none_is_equal_to_no_term),
         KIT_CASE(test_sixteen_arguments_are_possible),
         KIT_CASE(test_calls_nest_and_evaluate_once),
         KIT_CASE(test_clauses_say_which_pattern_fits),
         KIT_CASE(test_a_reference_to_compare_with_is_reported),
         KIT_CASE(test_large_bytes_are_shared_from_the_limit_on),
         KIT_CASE(test_a_blob_of_an_argument_is_shared_by_the_copy),
         KIT_CASE(test_words_are_exact_and_the_own_box_comes_first),
         KIT_CASE(test_a_wrong_pattern_is_reported_with_its_place),
         KIT_CASE(test_limits_of_a_pattern_are_reported),
         KIT_CASE(test_arguments_that_do_not_go_with_the_pattern_are_reported),
         KIT_CASE(test_values_that_are_no_terms_are_reported),
         KIT_CASE(test_a_build_without_memory_gives_no_term_and_keeps_nothing),
         KIT_CASE(test_a_match_without_memory_is_false),
         KIT_CASE(test_threads_may_meet_at_the_first_use_of_a_site))
