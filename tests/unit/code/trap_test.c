/* SPDX-License-Identifier: Apache-2.0 */
/* trap_test.c: what dlopen does behind one's back: refused, with the reason. */
#include "kit_code.h"

KIT_PROCESS_TEST(test_thread_local_storage_is_refused)
{
        expect_refused("trap_1", "thread_local", "per_thread");
        kit_false(is_mapped("/trap-"));
}

KIT_PROCESS_TEST(test_what_nobody_defines_is_refused)
{
        expect_refused("trap_2", "unresolved", "nobody_defines_this");
        kit_false(is_mapped("/trap-"));
}

KIT_PROCESS_TEST(test_another_kind_of_module_is_refused)
{
        expect_refused("trap_3", "wrong_abi", "99");
        kit_false(is_mapped("/trap-"));
}

KIT_PROCESS_TEST(test_an_object_without_descriptor_is_refused)
{
        expect_refused("trap_5", "no_descriptor", "KR_MODULE");
}

KIT_PROCESS_TEST(test_nodelete_is_refused)
{
        expect_refused("trap_nodelete", "nodelete", "nodelete");
        kit_false(is_mapped("/trap-"));
}

#if defined(HAS_UNIQUE)
KIT_PROCESS_TEST(test_unique_symbols_are_refused)
{
        expect_refused("unique", "unique_symbols", "-fno-gnu-unique");
        kit_false(is_mapped("/unique-"));
}
#endif

#if defined(HAS_CXX)
KIT_PROCESS_TEST(test_a_module_in_cxx)
{
        load("not_unique");
        kit_int_eq(call_int("unique", "run"), 1);
        kit_int_eq(call_int("unique", "run"), 2);
        kit_true(kr_code_delete("unique"));
        kit_true(kr_code_soft_purge("unique", NULL));
        kit_false(is_mapped("/unique-"));
}
#endif

/* This program has the library in itself. */
KIT_PROCESS_TEST(test_a_second_krarup_is_refused)
{
        expect_refused("trap_second", "unresolved", "without it");
        kit_false(is_mapped("libkrarup.so"));
}

KIT_PROCESS_TEST(test_the_same_build_is_refused)
{
        load("trap_0");
        expect_refused("trap_0", "same_build", "already");
        kit_false(kr_code_check_old("trap"));
}

/* Each version begins with its own, and they are told of. */
KIT_PROCESS_TEST(test_writable_data_is_reported)
{
        kr_msg msg = KR_MSG_INIT;

        kit_ok(kr_code_check_file(module_file("trap_4"), &msg));
        kit_true(kr_match(msg.term,
                          "#{module => <<\"trap\">>, static_bytes => 104, statics => "
                          "[{<<\"table\">>, 100}, {<<\"counted\">>, 4}]}"));
        kit_false(kr_code_is_loaded("trap", NULL)); /* it was a look */
        load("trap_4");
        kit_int_eq(call_int("trap", "run"), 6);
        kit_int_eq(call_int("trap", "run"), 7);
        kit_true(kr_module_info("trap", false, &msg));
        kit_true(kr_match(msg.term, "#{static_bytes => 104}"));
        kr_msg_clear(&msg);
}

KIT_TEST(test_a_strict_server_refuses_writable_data)
{
        kr_node *node = kit_node_start(NULL);
        kr_pid self;

        kit_ok(kr_code_start(node, &(kr_code_opts){ .strict = true }));
        kit_ok(kr_thread_attach(node, &self));
        expect_refused("trap_4", "statics", "table");
        load("counter_1"); /* call sites and atoms of ours do not count */
        kr_thread_detach();
        kit_node_stop(node);
}

/* As often as the surplus of static thread-local storage would not bear. */
KIT_PROCESS_TEST(test_refusals_cost_nothing)
{
        for (int i = 0; i < 100; i++)
                expect_refused("trap_1", "thread_local", "");
        for (int i = 0; i < 50; i++)
                expect_refused("trap_2", "unresolved", "");
        kit_false(is_mapped("/trap-"));
        load("trap_0");
}

KIT_MAIN(KIT_CASE(test_thread_local_storage_is_refused),
         KIT_CASE(test_what_nobody_defines_is_refused),
         KIT_CASE(test_another_kind_of_module_is_refused),
         KIT_CASE(test_an_object_without_descriptor_is_refused),
         KIT_CASE(test_nodelete_is_refused),
#if defined(HAS_UNIQUE)
         KIT_CASE(test_unique_symbols_are_refused),
#endif
#if defined(HAS_CXX)
         KIT_CASE(test_a_module_in_cxx),
#endif
         KIT_CASE(test_a_second_krarup_is_refused),
         KIT_CASE(test_the_same_build_is_refused),
         KIT_CASE(test_writable_data_is_reported),
         KIT_CASE(test_a_strict_server_refuses_writable_data),
         KIT_CASE(test_refusals_cost_nothing))
