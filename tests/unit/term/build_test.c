/* SPDX-License-Identifier: Apache-2.0 */
/* build_test.c: builders, kept terms, and looking inside. */
#include "kit.h"

#include "heap.h"

#include <krarup/text.h>

#include "term/term.h"

static kr_term term(const char *text)
{
        kr_text_error error;
        kr_term t;

        if (kr_parse(text, strlen(text), NULL, &t, &error) != KR_OK)
                kit_fail("%s: %s", text, error.message);
        return t;
}

/* Checks the text of `t` and releases it. */
static void check_text(kr_term t, const char *want)
{
        char text[400];

        kr_format(text, sizeof(text), t);
        kit_str_eq(text, want);
        kr_release(t);
}

KIT_TEST(test_list_of_unknown_length)
{
        kr_builder b = KR_BUILDER_INIT;
        kr_term list, l;
        int64_t n, expected = 0;
        size_t len;

        for (int64_t i = 0; i < 1000; i++)
                kr_add_int64(&b, i * 3);
        list = kr_build_list(&b);
        kit_true(kr_length(list, &len));
        kit_int_eq(len, 1000);
        for (l = list; kr_is_cons(l); l = kr_tl(l), expected += 3) {
                kit_true(kr_get_int64(kr_hd(l), &n));
                kit_int_eq(n, expected);
        }
        kr_release(list);
}

KIT_TEST(test_every_kind_of_element)
{
        kr_builder b = KR_BUILDER_INIT;
        kr_term inner = term("{in,[1]}");

        kr_add_term(&b, inner);
        kr_add_int64(&b, INT64_MIN);
        kr_add_uint64(&b, UINT64_MAX);
        kr_add_double(&b, 0.25);
        kr_add_atom(&b, KR_ATOM("an atom"));
        kr_add_binary(&b, "by\0tes", 6);
        kr_add_string(&b, "h\xc3\xa9", 3);
        kr_add_string(&b, "", 0);
        kr_release(inner);
        check_text(kr_build_tuple(&b),
                   "{{in,[1]},-9223372036854775808,18446744073709551615,0.25,'an atom',"
                   "<<98,121,0,116,101,115>>,\"h\xc3\xa9\",[]}");
        check_text(kr_build_tuple(&b), "{}");
        check_text(kr_build_list(&b), "[]");
        check_text(kr_build_map(&b), "#{}");
}

KIT_TEST(test_identifiers_can_be_added)
{
        kr_builder b = KR_BUILDER_INIT;
        kr_ref ref = { { 7, 8 }, 9, 1 }, ref_back;
        kr_pid pid = kri_word_pid(kri_near_pid(1, 5, 0)), far = { 6, 64, 0 }, pid_back;
        kr_term t;

        kr_add_pid(&b, pid);
        kr_add_pid(&b, far);
        kr_add_ref(&b, ref);
        t = kr_build_tuple(&b);
        kit_true(kr_get_pid(kr_element(1, t), &pid_back) && kr_pid_eq(pid, pid_back));
        kit_true(kr_get_pid(kr_element(2, t), &pid_back) && kr_pid_eq(far, pid_back));
        kit_true(kr_get_ref(kr_element(3, t), &ref_back) && kr_ref_eq(ref, ref_back));
        kr_release(t);
}

KIT_TEST(test_improper_list)
{
        kr_builder b = KR_BUILDER_INIT;
        kr_term tail = term("{t}");

        kr_add_int64(&b, 1);
        check_text(kr_build_improper(&b, tail), "[1|{t}]");
        check_text(kr_build_improper(&b, tail), "{t}");
        kr_release(tail);
}

KIT_TEST(test_map_is_sorted_and_the_last_value_stays)
{
        static const int64_t keys[] = { 5, 3, 9, 3, 1, 5 };
        kr_builder b = KR_BUILDER_INIT;

        for (int64_t i = 0; i < 6; i++) {
                kr_add_int64(&b, keys[i]);
                kr_add_int64(&b, i);
        }
        check_text(kr_build_map(&b), "#{1 => 4,3 => 3,5 => 5,9 => 2}");
}

KIT_TEST(test_map_of_many_keys_finds_each)
{
        kr_builder b = KR_BUILDER_INIT;
        kr_term map, value;
        int64_t n;

        for (int64_t i = 0; i < 5000; i++) {
                kr_add_int64(&b, i * 7919 % 5000);
                kr_add_int64(&b, i);
        }
        map = kr_build_map(&b);
        kit_int_eq(kr_map_size(map), 5000);
        for (int32_t i = 0; i < 5000; i++) {
                kit_true(kr_map_get(map, kr_int((int32_t)((int64_t)i * 7919 % 5000)),
                                    &value));
                kit_true(kr_get_int64(value, &n));
                kit_int_eq(n, i);
        }
        kit_false(kr_map_get(map, kr_int(5000), &value));
        kr_release(map);
}

KIT_TEST(test_map_update_gives_a_new_map)
{
        kr_term map = term("#{b=>{1},d=>2}");
        kr_term a = kr_atom_term(KR_ATOM("a")), c = kr_atom_term(KR_ATOM("c"));
        kr_term d = kr_atom_term(KR_ATOM("d")), e = kr_atom_term(KR_ATOM("e"));

        check_text(kr_map_put(map, a, map), "#{a => #{b => {1},d => 2},b => {1},d => 2}");
        check_text(kr_map_put(map, c, c), "#{b => {1},c => c,d => 2}");
        check_text(kr_map_put(map, d, kr_int(3)), "#{b => {1},d => 3}");
        check_text(kr_map_put(map, e, kr_int(3)), "#{b => {1},d => 2,e => 3}");
        check_text(kr_map_remove(map, d), "#{b => {1}}");
        check_text(kr_map_remove(map, kr_atom_term(KR_ATOM("b"))), "#{d => 2}");
        check_text(kr_map_remove(map, a), "#{b => {1},d => 2}");
        check_text(map, "#{b => {1},d => 2}");
}

KIT_TEST(test_replace_may_take_from_what_it_replaces)
{
        kr_term state = term("{state,{inner,[1,2]}}");

        kit_ok(kr_replace(&state, kr_element(2, state)));
        check_text(state, "{inner,[1,2]}");
}

KIT_TEST(test_values_come_out_only_of_their_type)
{
        kr_term big = term("18446744073709551615"), f = term("1.5"),
                s = term("\"h\xc3\xa9\"");
        int64_t i = 7;
        uint64_t u = 7;
        double d = 7;
        bool flag;
        char text[8];
        size_t len;

        kit_false(kr_get_int64(big, &i));
        kit_false(kr_get_int64(f, &i));
        kit_int_eq(i, 7);
        kit_true(kr_get_uint64(big, &u) && u == UINT64_MAX);
        kit_false(kr_get_uint64(kr_int(-1), &u));
        kit_false(kr_get_double(big, &d));
        kit_true(kr_get_double(f, &d) && d == 1.5);
        kit_true(kr_get_number(big, &d) && d == 18446744073709551616.0);
        kit_true(kr_get_bool(kr_atom_term(KR_ATOM("true")), &flag) && flag);
        kit_false(kr_get_bool(kr_int(1), &flag));
        kit_true(kr_get_string(s, text, sizeof(text), &len));
        kit_str_eq(text, "h\xc3\xa9");
        kit_false(kr_get_string(s, text, 3, &len));
        kr_release(big);
        kr_release(f);
        kr_release(s);
}

KIT_TEST(test_binaries_end_in_a_zero_byte)
{
        char bytes[700];
        kr_bytes got;

        memset(bytes, 'x', sizeof(bytes));
        for (size_t len = 0; len < sizeof(bytes); len += 7) {
                kr_term t = kr_binary(bytes, len);

                kit_true(kr_get_bytes(t, &got));
                kit_int_eq(got.len, len);
                kit_int_eq(strlen(got.data), len);
                kr_release(t);
        }
}

static kr_term build_all(void)
{
        static char bytes[600];
        kr_builder b = KR_BUILDER_INIT;
        kr_term map, list;

        for (int64_t i = 20; i > 0; i--) {
                kr_add_int64(&b, i);
                kr_add_binary(&b, bytes, sizeof(bytes) - (size_t)i);
        }
        map = kr_build_map(&b);
        if (kr_is_none(map))
                return map;
        for (int i = 0; i < 20; i++)
                kr_add_term(&b, map);
        kr_release(map);
        list = kr_build_list(&b);
        return list;
}

KIT_TEST(test_no_memory_gives_none_and_keeps_nothing)
{
        KIT_EACH_ALLOC_FAILS (n) {
                kr_term t = build_all();

                kit_int_eq(kr_is_none(t), kit_heap_has_refused());
                kr_release(t);
        }
}

static const char *told;

static void hear(const char *reason)
{
        told = reason;
}

KIT_TEST(test_misuse_is_told_and_gives_none)
{
        kri_term_host.misuse = hear;
        kit_true(kr_is_none(kr_element(1, kr_int(1))));
        kit_str_eq(told, "badarg: kr_element: not a tuple with that element");
        kit_true(kr_is_none(kr_hd(kr_nil())));
        kit_str_eq(told, "badarg: kr_hd: not a list with an element");
        kit_true(kr_is_none(kr_map_put(kr_nil(), kr_nil(), kr_nil())));
        kit_str_eq(told, "badmap: kr_map_put: not a map, or no term");
}

KIT_MAIN(KIT_CASE(test_list_of_unknown_length), KIT_CASE(test_every_kind_of_element),
         KIT_CASE(test_identifiers_can_be_added), KIT_CASE(test_improper_list),
         KIT_CASE(test_map_is_sorted_and_the_last_value_stays),
         KIT_CASE(test_map_of_many_keys_finds_each),
         KIT_CASE(test_map_update_gives_a_new_map),
         KIT_CASE(test_replace_may_take_from_what_it_replaces),
         KIT_CASE(test_values_come_out_only_of_their_type),
         KIT_CASE(test_binaries_end_in_a_zero_byte),
         KIT_CASE(test_no_memory_gives_none_and_keeps_nothing),
         KIT_CASE(test_misuse_is_told_and_gives_none))
