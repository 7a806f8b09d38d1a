/* SPDX-License-Identifier: Apache-2.0 */
/* dictionary_test.c: what a process puts away under a key. */
#include <krarup.h>

#include "process.h"

enum { ANY };

KIT_EVERYWHERE_TEST(test_get_gives_what_was_put_until_it_is_erased)
{
        kr_term key = kr_build("{key, [1, 2]}"), other = kr_build("{key, [1, 3]}");
        int n;

        kit_true(kr_is_none(kr_get(key)));
        kr_put(key, kr_build("{value, ~}", 1));
        kr_put(other, kr_nil());
        kit_true(kr_match(kr_get(key), "{value, ~}", &n));
        kit_int_eq(n, 1);
        kr_put(key, kr_build("{value, ~}", 2));
        kit_true(kr_match(kr_get(key), "{value, ~}", &n));
        kit_int_eq(n, 2);
        kr_erase(key);
        kit_true(kr_is_none(kr_get(key)));
        kit_true(kr_is_nil(kr_get(other)));
        kr_erase(key);
        kr_erase(other);
        kit_true(kr_is_none(kr_get(other)));
}

KIT_EVERYWHERE_TEST(test_a_value_may_be_put_under_its_own_key)
{
        kr_put(kr_int(1), kr_build("[a, b, c, {d}]"));
        kr_put(kr_int(1), kr_get(kr_int(1)));
        kit_true(kr_match(kr_get(kr_int(1)), "[a, b, c, {d}]"));
        kr_put(kr_int(1), kr_hd(kr_get(kr_int(1))));
        kit_true(kr_match(kr_get(kr_int(1)), "a"));
}

KIT_EVERYWHERE_TEST(test_keys_are_the_same_only_if_they_are_of_one_type)
{
        kr_put(kr_int(1), kr_build("integer"));
        kr_put(kr_build("1.0"), kr_build("float"));
        kit_true(kr_match(kr_get(kr_int(1)), "integer"));
        kit_true(kr_match(kr_get(kr_build("1.0")), "float"));
}

static void look(kr_term key)
{
        kit_true(kr_is_none(kr_get(key)));
        kr_put(key, kr_int(3));
        kr_send("parent", "looked");
}

KIT_EVERYWHERE_TEST(test_each_process_has_its_own_and_a_child_inherits_nothing)
{
        kr_msg msg = KR_MSG_INIT;

        kr_register("parent", kr_self());
        kr_put(kr_int(7), kr_int(1));
        kr_spawn(look, kr_int(7));
        kit_int_eq(kr_receive(&msg, KR_INFINITY, kr_on(ANY, "looked")), ANY);
        kit_true(kr_same(kr_get(kr_int(7)), kr_int(1)));
}

KIT_EVERYWHERE_TEST(test_many_keys_come_and_go)
{
        for (int i = 0; i < 300; i++)
                kr_put(kr_build("{~}", i), kr_build("[~]", i));
        for (int i = 0; i < 300; i += 2)
                kr_erase(kr_build("{~}", i));
        for (int i = 0; i < 300; i++) {
                kr_term value = kr_get(kr_build("{~}", i));

                kit_int_eq(kr_is_none(value), i % 2 == 0);
                if (i % 2 != 0)
                        kit_true(kr_match(value, "[=]", i));
        }
}

KIT_MAIN(KIT_CASE(test_get_gives_what_was_put_until_it_is_erased),
         KIT_CASE(test_a_value_may_be_put_under_its_own_key),
         KIT_CASE(test_keys_are_the_same_only_if_they_are_of_one_type),
         KIT_CASE(test_each_process_has_its_own_and_a_child_inherits_nothing),
         KIT_CASE(test_many_keys_come_and_go))
