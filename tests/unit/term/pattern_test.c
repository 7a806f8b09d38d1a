/* SPDX-License-Identifier: Apache-2.0 */
/* pattern_test.c: the notation of patterns: literals, lists, maps, clauses, large binaries. */
#include "pattern_kit.h"

#include <math.h>

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

KIT_MAIN(KIT_CASE(test_literals_mean_what_erlang_means),
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
         KIT_CASE(test_words_are_exact_and_the_own_box_comes_first))
