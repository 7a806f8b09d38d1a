/* SPDX-License-Identifier: Apache-2.0 */
/* scenarios_terms.c: what is less, equal and the same, and how terms are printed; see
 * scenarios_terms.erl. Terms are given as text where a pattern has no notation for them. */
#include "scenario.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array[0]))

static kr_term parse(const char *text)
{
        kr_term t = kr_none();

        if (kr_parse(text, strlen(text), NULL, &t, NULL) != KR_OK)
                kr_exit("{cannot_read, ~}", text);
        return t;
}

/* -- order -- */

static int compare(const void *a, const void *b)
{
        return kr_compare(*(const kr_term *)a, *(const kr_term *)b);
}

static void say_sorted(const char *what, kr_term *terms, size_t count)
{
        kr_builder b = KR_BUILDER_INIT;

        qsort(terms, count, sizeof(*terms), compare);
        for (size_t i = 0; i < count; i++)
                kr_add_term(&b, terms[i]);
        say_given(what, kr_build_list(&b));
}

static void sorted(const char *what, const char *list_text)
{
        kr_term terms[16], list = parse(list_text);
        size_t count = 0;

        for (; kr_is_cons(list); list = kr_tl(list))
                terms[count++] = kr_hd(list);
        say_sorted(what, terms, count);
}

static void order_of_types(void)
{
        kr_term terms[] = { kr_build("[]"),
                            kr_build("[1]"),
                            kr_build("<<\"b\">>"),
                            kr_build("#{}"),
                            kr_build("{}"),
                            kr_build("~", kr_self()),
                            kr_build("~", kr_make_ref()),
                            kr_build("atom"),
                            kr_build("1.5"),
                            kr_build("1"),
                            kr_build("<<1:1>>") };

        say_sorted("all", terms, COUNT(terms));
}

static void order_within_types(void)
{
        sorted("numbers", "[3, 2.5, -1, 1208925819614629174706176,"
                          " -1208925819614629174706176, 0, 1.0e300]");
        sorted("atoms", "[b, a, 'B', '', aa, 'ä']");
        sorted("tuples", "[{1, 2, 3}, {9}, {}, {1, 1}, {1, a}]");
        sorted("lists", "[[2], [1, 2], [1], [1 | 2], [a], []]");
        sorted("binaries", "[<<\"b\">>, <<\"ab\">>, <<>>, <<\"a\">>, <<1:3>>, <<255>>]");
        sorted("maps", "[#{a => 2}, #{}, #{b => 1}, #{a => 1}, #{a => 1, b => 1}]");
}

static const char *const pairs[] = {
        "{1, 1.0}",
        "{1, 1}",
        "{0.0, -0.0}",
        "{a, a}",
        "{[1, 2.0], [1.0, 2]}",
        "{{1}, {1.0}}",
        "{#{a => 1}, #{a => 1.0}}",
        "{#{1 => a}, #{1.0 => a}}",
        "{\"ab\", [97, 98]}",
        "{<<\"a\">>, \"a\"}",
        "{[], {}}",
        "{<<>>, <<>>}",
        "{1180591620717411303424, 1180591620717411303424}",
        "{9007199254740993, 9007199254740992.0}",
};

static void say_pairs(const char *what, bool (*relation)(kr_term, kr_term))
{
        for (size_t i = 0; i < COUNT(pairs); i++) {
                kr_term pair = parse(pairs[i]);
                kr_term a = kr_element(1, pair), b = kr_element(2, pair);

                say(what, "{~, ~, ~}", a, b, relation(a, b));
        }
}

static void equality(void)
{
        say_pairs("equal", kr_equal);
}

static void sameness(void)
{
        say_pairs("same", kr_same);
}

/* -- text -- */

static void say_parsed(const char *what, const char *const *texts, size_t count)
{
        for (size_t i = 0; i < count; i++)
                say_given(what, parse(texts[i]));
}

static void printing(void)
{
        static const char *const texts[] = {
                "'an atom'",     "'Atom'",       "'a\\nb'",  "[a, b | c]",
                "\"a string\"",  "[1, 2]",       "[0]",      "\"tab\\t\"",
                "[$a, 200]",     "<<\"text\">>", "<<1, 2>>", "<<1:3>>",
                "<<>>",          "{a, {b, []}}", "#{}",      "fun lists:map/2",
                "-0.0",          "1.0e10",       "1.0e-7",   "123456789.123",
                "'if'",          "'fun'",        "'@'",      "a@b",
                "\"quote\\\"\"", "'it\\'s'",
        };

        say_parsed("term", texts, COUNT(texts));
}

static void reading(void)
{
        static const char *const texts[] = {
                "16#ff",
                "$a",
                "\"a\" \"b\"",
                "[1,2|3]",
                "#{a=>1, 2=>b}",
                "<<1,2:16,\"x\">>",
                "- 5",
                "'a b'",
                "1.5e3",
                "{}",
                "[{a,1},{b,[]}]",
                "2#1010",
                "1_000_000",
                "\"\\x41\\n\"",
        };

        say_parsed("read", texts, COUNT(texts));
}

static void big_integers(void)
{
        static const char *const texts[] = {
                "1267650600228229401496703205376",
                "-1267650600228229401496703205376",
                "1267650600228229401496703205375",
                "9223372036854775808",
                "-9223372036854775808",
                "18446744073709551615",
        };

        say_parsed("integer", texts, COUNT(texts));
        say("order", "~", (bool)(kr_compare(parse(texts[0]), parse("1.0e29")) > 0));
}

static void floats(void)
{
        static const double all[] = { 0.1,        1.0e22,   1.0e21,
                                      123456.789, 5.0e-324, 1.7976931348623157e308,
                                      3.0,        100000.0, 1.0e15,
                                      0.001 };

        for (size_t i = 0; i < COUNT(all); i++)
                say("float", "~", all[i]);
}

static void strings(void)
{
        static const char *const texts[] = { "\"\"",     "\"a\"", "[]",
                                             "[$a, $b]", "[a]",   "\"back\\\\slash\"",
                                             "[8]",      "[31]",  "[32]",
                                             "[126]",    "[127]", "[160]",
                                             "[255]" };

        say_parsed("string", texts, COUNT(texts));
}

/* -- maps -- */

static void maps(void)
{
        kr_term m = kr_build("#{a => 1, b => 2}");

        say("one", "#{a => 1}");
        say("sorted",
            "#{z => 1, a => 2, 5 => 3, \"s\" => 4, {t} => 5, 1.5 => 6, <<\"b\">> => 7}");
        say_given("put", kr_map_put(m, kr_build("c"), kr_int(3)));
        say_given("replaced", kr_map_put(m, kr_build("a"), kr_int(3)));
        say_given("removed", kr_map_remove(m, kr_build("a")));
        say_given("removed what is not there", kr_map_remove(m, kr_build("z")));
        say("nested", "#{a => #{b => #{c => []}}}");
}

static void map_keys(void)
{
        kr_term m = kr_build("#{1 => integer, 1.0 => float}"), value = kr_none();

        say("size", "~", kr_map_size(m));
        if (kr_map_get(m, kr_int(1), &value))
                say_term("1", value);
        if (kr_map_get(m, kr_build("1.0"), &value))
                say_term("1.0", value);
        say_given("last wins", parse("#{a => 1, b => 2, a => 3}"));
}

static void matching(void)
{
        kr_term t = kr_build("{point, #{x => 1, y => 2.0}, [first, second | rest]}");
        kr_term x, first, seven;
        bool twice;

        if (kr_match(t, "{point, #{x => ~}, [~ | _]}", &x, &first))
                say("parts", "{~, ~}", x, first);
        say("1 is 1.0", "~", kr_match(kr_int(1), "1.0"));
        say("a map in a map", "~", kr_match(kr_build("#{a => 1, b => 2}"), "#{b => 2}"));
        say("a map is not", "~", kr_match(kr_build("#{a => 1}"), "#{b => _}"));
        t = kr_build("{7, 7}");
        twice = kr_match(t, "{~, _}", &seven) && kr_match(t, "{_, =}", seven);
        say("twice", "~", twice);
}

SCENARIOS(SCENARIO(order_of_types), SCENARIO(order_within_types), SCENARIO(equality),
          SCENARIO(sameness), SCENARIO(printing), SCENARIO(reading),
          SCENARIO(big_integers), SCENARIO(floats), SCENARIO(strings), SCENARIO(maps),
          SCENARIO(map_keys), SCENARIO(matching))
