/* SPDX-License-Identifier: Apache-2.0 */
/* term_test.c: size, copy, order and hash. Terms are written as text. */
#include "kit.h"

#include "heap.h"

#include <krarup/text.h>

#include "term/term.h"

#include <stdlib.h>

static kr_term term(const char *text)
{
        kr_text_error error;
        kr_term t;

        if (kr_parse(text, strlen(text), NULL, &t, &error) != KR_OK)
                kit_fail("%s: %s", text, error.message);
        return t;
}

/* A list in a list in a list ..., in new memory. */
static kr_term deep(uint64_t depth, kri_word **ret_heap)
{
        kri_word *heap = malloc(2 * depth * sizeof(*heap));
        kri_word t = KRI_NIL;

        for (uint64_t i = 0; i < depth; i++) {
                kri_store(heap + 2 * i, t);
                kri_store(heap + 2 * i + 1, KRI_NIL);
                t = kri_cons(heap + 2 * i);
        }
        *ret_heap = heap;
        return (kr_term){ t };
}

static void check_copy(kr_term t)
{
        uint64_t words = kri_term_words(t.w);
        kri_word *block = malloc((1 + words) * sizeof(*block));
        kri_word *heap = block + 1;
        uint32_t blobs = 0;
        kri_word copy = kri_term_copy(&heap, t.w, block, &blobs);

        kit_int_eq(heap - block - 1, words);
        kit_true(kri_term_same(copy, t.w));
        kit_true(kri_term_hash(copy) == kri_term_hash(t.w));
        if (words > 0)
                kit_ptr_eq(kri_ptr(copy), block + 1);
        kri_blobs_release(block, blobs);
        free(block);
}

KIT_TEST(test_copy_is_the_same_and_takes_the_words_it_says)
{
        static const char *const texts[] = {
                "a",
                "{}",
                "{a,1,[]}",
                "[1,2,3]",
                "[[1],[2],[3]]",
                "[a|b]",
                "[{a}|{b}]",
                "[{a}]",
                "[{a},b|{c}]",
                "{{1},{2},{3}}",
                "{1,{2,{3,{4}}}}",
                "[[[[]]]]",
                "[a,[b,[c,[d]]]]",
                "#{a => {1}, [b] => 2}",
                "{1.5,\"text\",<<\"bytes\">>,123456789012345678901}",
                "[1,{2},3,{4},5]",
                "[{1},2,{3},4|5]",
                "{fun lists:map/2,<<1:3>>}",
        };

        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
                kr_term t = term(texts[i]);

                check_copy(t);
                kr_release(t);
        }
}

KIT_TEST(test_copy_shares_large_binaries)
{
        static char bytes[5000];
        kr_term large = kr_binary(bytes, sizeof(bytes));
        kr_term copy = kr_keep(large);
        kr_bytes a, b;

        kit_true(kr_get_bytes(large, &a) && kr_get_bytes(copy, &b));
        kit_ptr_eq(a.data, b.data);
        check_copy(large);
        kr_release(large);
        kit_mem_eq(b.data, bytes, sizeof(bytes));
        kr_release(copy);
}

KIT_TEST(test_a_million_levels_are_walked_without_a_stack)
{
        kri_word *heap, *other;
        kr_term t = deep(1000000, &heap), u = deep(1000000, &other);

        check_copy(t);
        kit_true(kr_same(t, u));
        kit_true(kr_hash(t) == kr_hash(u));
        free(heap);
        free(other);
}

static const char *told;

static void hear(const char *reason)
{
        told = reason;
}

/* What cannot be sized cannot be allocated; what cannot be compared is the caller's end. */
KIT_TEST(test_no_memory_to_walk_is_told)
{
        kri_word *heap, *other;
        kr_term t = deep(10000, &heap), u = deep(10000, &other);

        kri_term_host.misuse = hear;
        kit_heap_refuse(1);
        kit_true(kri_term_words(t.w) == KRI_WORDS_FAIL);
        kit_heap_refuse(1);
        kit_true(kr_is_none(kr_keep(t)));
        kit_null(told);
        kit_heap_refuse(1);
        (void)kr_compare(t, u);
        kit_heap_refuse(0);
        kit_not_null(told);
        free(heap);
        free(other);
}

/* The order of the reference manual, "Term Comparisons" */
KIT_TEST(test_order_of_types)
{
        static const char *const texts[] = { "-1",   "1.5",     "16#ffffffffffffffffffff",
                                             "a",    "b",       "fun a:b/1",
                                             "{}",   "{a}",     "{a,b}",
                                             "#{}",  "#{a=>1}", "[]",
                                             "[a]",  "[a|b]",   "[b]",
                                             "<<>>", "<<1:1>>", "<<255>>" };
        enum { COUNT = sizeof(texts) / sizeof(texts[0]) };
        kr_term terms[COUNT];

        for (int i = 0; i < COUNT; i++)
                terms[i] = term(texts[i]);
        /* [a|b] < [a] since b < [] */
        for (int i = 0; i < COUNT; i++) {
                for (int k = 0; k < COUNT; k++) {
                        int x = i == 12 ? 13 : i == 13 ? 12 : i;
                        int y = k == 12 ? 13 : k == 13 ? 12 : k;
                        int order = kr_compare(terms[x], terms[y]);

                        kit_int_eq((order > 0) - (order < 0), (i > k) - (i < k));
                }
        }
        for (int i = 0; i < COUNT; i++)
                kr_release(terms[i]);
}

static void check_order(const char *a, const char *b, int order, bool same)
{
        kr_term x = term(a), y = term(b);
        int got = kr_compare(x, y), back = kr_compare(y, x);

        if ((got > 0) - (got < 0) != order || (back > 0) - (back < 0) != -order)
                kit_fail("%s and %s: %d", a, b, got);
        if (kr_same(x, y) != same || kr_equal(x, y) != (order == 0))
                kit_fail("%s and %s: same %d", a, b, kr_same(x, y));
        kr_release(x);
        kr_release(y);
}

KIT_TEST(test_integers_and_floats_compare_by_their_exact_values)
{
        check_order("1", "1.0", 0, false);
        check_order("9007199254740993", "9007199254740992.0", 1, false);
        check_order("9007199254740992", "9007199254740992.0", 0, false);
        check_order("-9007199254740993", "-9007199254740992.0", -1, false);
        check_order("1", "1.5", -1, false);
        check_order("-1", "-1.5", 1, false);
        check_order("0", "0.5", -1, false);
        check_order("0", "-0.5", 1, false);
        check_order("0", "0.0", 0, false);
        check_order("0.0", "-0.0", 0, true);
        check_order("16#80000000000000000000000000000000", "1.7014118346046923e38", 0,
                    false);
        check_order("16#80000000000000000000000000000001", "1.7014118346046923e38", 1,
                    false);
        check_order("-16#ffffffffffffffffffffffffffffffff", "1.0e308", -1, false);
        check_order("36#zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", "1.7976931348623157e308", -1,
                    false);
}

/* Keys: 1 before 1.0, and any integer before any float. */
KIT_TEST(test_map_keys_order_exactly_and_values_by_value)
{
        check_order("#{a=>1}", "#{a=>1.0}", 0, false);
        check_order("#{1=>a}", "#{1.0=>a}", -1, false);
        check_order("#{2=>a}", "#{1.0=>a}", -1, false);
        check_order("#{a=>#{1=>1}}", "#{a=>#{1=>1.0}}", 0, false);
        check_order("#{{1}=>a}", "#{{1.0}=>a}", -1, false);
        check_order("#{a=>9}", "#{b=>1}", -1, false);
}

KIT_MAIN(KIT_CASE(test_copy_is_the_same_and_takes_the_words_it_says),
         KIT_CASE(test_copy_shares_large_binaries),
         KIT_CASE(test_a_million_levels_are_walked_without_a_stack),
         KIT_CASE(test_no_memory_to_walk_is_told), KIT_CASE(test_order_of_types),
         KIT_CASE(test_integers_and_floats_compare_by_their_exact_values),
         KIT_CASE(test_map_keys_order_exactly_and_values_by_value))
