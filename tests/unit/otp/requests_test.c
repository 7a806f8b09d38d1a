/* SPDX-License-Identifier: Apache-2.0 */
/* requests_test.c: requests whose answers are had later, one by one and in collections; calls
 * and casts to many nodes. */
#include <krarup.h>

#include "echo.h"
#include "process.h"

static kr_pid new_echo(void)
{
        kr_started s = kr_start(&echo, NULL, "[]");

        kit_ok(s.err);
        return s.pid;
}

KIT_EVERYWHERE_TEST(test_a_request_is_answered_later)
{
        kr_pid pid = new_echo();
        kr_msg slot = KR_MSG_INIT;
        kr_ref a = kr_send_request(pid, "{echo, ~}", 1),
               b = kr_send_request(pid, "calls");

        kr_send(kr_self(), "between");
        kit_int_eq(kr_wait_response(b, 1000, &slot), KR_RESPONSE_REPLY);
        kit_match(slot.term, "2");
        kit_int_eq(kr_receive_response(a, 1000, &slot), KR_RESPONSE_REPLY);
        kit_match(slot.term, "1");
        kit_expect(&slot, "between");
        kit_expect_nothing();
}

KIT_EVERYWHERE_TEST(test_a_wait_that_ends_leaves_the_request_a_receive_does_not)
{
        kr_pid pid = new_echo();
        kr_msg slot = KR_MSG_INIT;
        kr_ref a = kr_send_request(pid, "{sleep, 40}");

        kit_int_eq(kr_wait_response(a, 5, &slot), KR_RESPONSE_TIMEOUT);
        kit_int_eq(kr_wait_response(a, 0, &slot), KR_RESPONSE_TIMEOUT);
        kit_int_eq(kr_wait_response(a, KR_INFINITY, &slot), KR_RESPONSE_REPLY);
        kit_match(slot.term, "slept");
        a = kr_send_request(pid, "{sleep, 40}");
        kit_int_eq(kr_receive_response(a, kr_until_ms(kr_monotonic_ms(NULL) + 5), &slot),
                   KR_RESPONSE_TIMEOUT);
        kit_says(kr_call(pid, &slot, "calls"), "3"); /* it has answered by now */
        kit_expect_nothing();
        kit_int_eq(kr_until_ms(0), 0);
}

KIT_EVERYWHERE_TEST(test_that_nobody_answers_is_an_answer)
{
        kr_pid pid = new_echo();
        kr_msg slot = KR_MSG_INIT;
        kr_term name = kr_build("{my, name}");

        kit_int_eq(kr_wait_response(kr_send_request("nobody", "x"), 0, &slot),
                   KR_RESPONSE_ERROR);
        kit_match(slot.term, "noproc");
        kit_int_eq(kr_wait_response(kr_send_request(kr_global(name), "x"), 0, &slot),
                   KR_RESPONSE_ERROR);
        kit_match(slot.term, "noproc");
        kit_int_eq(kr_wait_response(kr_send_request(kr_at(KR_ATOM("a"), KR_ATOM("b@c")),
                                                    "x"),
                                    0, &slot),
                   KR_RESPONSE_ERROR);
        kit_match(slot.term, "{nodedown, 'b@c'}");
        kit_int_eq(kr_wait_response(kr_send_request(pid, "{stop, bang}"), 1000, &slot),
                   KR_RESPONSE_ERROR);
        kit_match(slot.term, "bang");
        kr_release(name);
        kit_expect_nothing();
}

KIT_EVERYWHERE_TEST(test_a_message_that_came_otherwise_is_checked)
{
        kr_pid pid = new_echo();
        kr_msg msg = KR_MSG_INIT;
        kr_ref a = kr_send_request(pid, "{echo, 1}"),
               b = kr_send_request(pid, "{stop, x}");

        kr_send(kr_self(), "other");
        kit_expect(&msg, "other");
        kit_int_eq(kr_check_response(a, &msg), KR_RESPONSE_NONE);
        kit_match(msg.term, "other");
        kit_expect(&msg, "{[alias|_], _}");
        kit_int_eq(kr_check_response(b, &msg), KR_RESPONSE_NONE);
        kit_int_eq(kr_check_response(a, &msg), KR_RESPONSE_REPLY);
        kit_match(msg.term, "1");
        kit_expect(&msg, "{'DOWN', _, _, _, _}");
        kit_int_eq(kr_check_response(b, &msg), KR_RESPONSE_ERROR);
        kit_match(msg.term, "x");
        kr_msg_clear(&msg);
        kit_expect_nothing();
}

/* -- collections -- */

enum { MANY = 100 };

static void add_many(kr_reqids *ids, kr_pid pid)
{
        for (int i = 0; i < MANY; i++)
                kr_reqids_add(ids, kr_send_request(pid, "{echo, ~}", i), kr_int(i));
}

KIT_EVERYWHERE_TEST(test_a_collection_gives_its_answers_with_their_labels)
{
        kr_reqids ids = KR_REQIDS_INIT;
        kr_pid pid = new_echo();
        kr_msg slot = KR_MSG_INIT;
        kr_ref request = kr_ref_none();
        kr_term label;

        kit_int_eq(kr_wait_any(&ids, 1000, true, &slot, NULL, NULL), KR_RESPONSE_NONE);
        add_many(&ids, pid);
        kit_uint_eq(kr_reqids_size(&ids), MANY);
        kr_send(kr_self(), "{[alias|~], other}", kr_make_ref());
        for (int i = 0; i < MANY; i++) {
                kit_int_eq(kr_wait_any(&ids, 1000, true, &slot, &request, &label),
                           KR_RESPONSE_REPLY);
                kit_true(kr_same(slot.term, label));
                kit_false(kr_ref_is_none(request));
                kr_release(label);
        }
        kit_int_eq(kr_wait_any(&ids, 1000, true, &slot, NULL, NULL), KR_RESPONSE_NONE);
        kit_expect(&slot, "{[alias|_], other}"); /* was none of ours */
        kit_expect_nothing();
        kr_reqids_clear(&ids);
}

KIT_EVERYWHERE_TEST(test_answers_of_a_collection_without_removing)
{
        kr_reqids ids = KR_REQIDS_INIT;
        kr_pid pid = new_echo();
        kr_msg slot = KR_MSG_INIT;
        kr_term label, list;

        kr_reqids_add(&ids, kr_send_request(pid, "{stop, bang}"), kr_int(7));
        list = kr_reqids_to_list(&ids);
        kit_match(list, "[{_, 7}]");
        kr_release(list);
        kit_int_eq(kr_receive_any(&ids, 1000, false, &slot, NULL, &label),
                   KR_RESPONSE_ERROR);
        kit_match(slot.term, "bang");
        kit_match(label, "7");
        kit_uint_eq(kr_reqids_size(&ids), 1);
        kr_reqids_clear(&ids);
        kit_uint_eq(kr_reqids_size(&ids), 0);
}

KIT_EVERYWHERE_TEST(test_a_collection_that_is_given_up_gets_no_late_answers)
{
        kr_reqids ids = KR_REQIDS_INIT;
        kr_pid pid = new_echo();
        kr_msg slot = KR_MSG_INIT;

        kr_reqids_add(&ids, kr_send_request(pid, "{sleep, 30}"), kr_int(1));
        kr_reqids_add(&ids, kr_send_request(pid, "{echo, 2}"), kr_int(2));
        kit_int_eq(kr_wait_any(&ids, 2, true, &slot, NULL, NULL), KR_RESPONSE_TIMEOUT);
        kit_int_eq(kr_receive_any(&ids, 2, true, &slot, NULL, NULL), KR_RESPONSE_TIMEOUT);
        kit_uint_eq(kr_reqids_size(&ids), 2);
        kit_says(kr_call(pid, &slot, "calls"), "3");
        kit_expect_nothing();
        kr_reqids_clear(&ids);
}

static void add_twice(void *arg)
{
        kr_reqids *ids = arg;

        kr_reqids_add(ids, ids == NULL ? kr_make_ref() : kr_ref_none(), kr_int(1));
}

KIT_PROCESS_TEST(test_misuse_of_a_collection_is_told)
{
        kr_reqids ids = KR_REQIDS_INIT;
        kr_msg why = KR_MSG_INIT;
        kr_class kind;

        kit_false(kr_catch(add_twice, &ids, &kind, &why));
        kit_match(why.term, "{{badarg, {<<\"kr_reqids_add\">>, <<\"request\">>}}, _}");
        kit_false(kr_catch(add_twice, NULL, &kind, &why));
        kit_match(why.term, "{{badarg, {<<\"kr_reqids_add\">>, <<\"ids\">>}}, _}");
        kr_msg_clear(&why);
}

KIT_EVERYWHERE_TEST(test_the_answer_in_a_slot_is_checked_for_a_collection)
{
        kr_reqids ids = KR_REQIDS_INIT;
        kr_pid pid = new_echo();
        kr_msg msg = KR_MSG_INIT;
        kr_term label = kr_none();

        kr_reqids_add(&ids, kr_send_request(pid, "{echo, 5}"), kr_int(1));
        kit_expect(&msg, "{[alias|_], _}");
        kit_int_eq(kr_check_any(&ids, true, &msg, NULL, &label), KR_RESPONSE_REPLY);
        kit_match(msg.term, "5");
        kit_match(label, "1");
        kit_int_eq(kr_check_any(&ids, true, &msg, NULL, &label), KR_RESPONSE_NONE);
        kr_msg_clear(&msg);
        kr_reqids_clear(&ids);
}

/* -- many nodes -- */

/* covers: I113 I127 */
KIT_EVERYWHERE_TEST(test_calls_and_casts_to_all_nodes)
{
        kr_atom here = kr_node_name(kr_here()), far = KR_ATOM("far@away");
        kr_atom nodes[] = { far, here };
        kr_started s = kr_start(&echo, &(kr_start_opts){ .name = "anna" },
                                "{watched_by, ~}", kr_self());
        kr_msg msg = KR_MSG_INIT;
        kr_term t;

        kit_ok(s.err);
        kr_abcast(nodes, 2, KR_ATOM("anna"), "hello");
        kit_next(&msg, "{cast, hello}");
        kr_abcast(NULL, 0, "anna", "{hello, ~}", 2);
        kit_next(&msg, "{cast, {hello, 2}}");
        t = kr_multi_call(nodes, 2, KR_ATOM("anna"), 1000, "{echo, 1}");
        kit_match(t, "{[{=, 1}], ['far@away']}", kr_atom_term(here));
        kr_release(t);
        t = kr_multi_call(NULL, 0, KR_ATOM("anna"), 5, "{sleep, 30}");
        kit_match(t, "{[], [=]}", kr_atom_term(here));
        kr_release(t);
        t = kr_multi_call(NULL, 0, "nobody", KR_INFINITY, "x");
        kit_match(t, "{[], [=]}", kr_atom_term(here));
        kr_release(t);
        kit_says(kr_call(s.pid, &msg, "calls"), "3");
        kit_expect_nothing();
        kr_msg_clear(&msg);
}

KIT_MAIN(KIT_CASE(test_a_request_is_answered_later),
         KIT_CASE(test_a_wait_that_ends_leaves_the_request_a_receive_does_not),
         KIT_CASE(test_that_nobody_answers_is_an_answer),
         KIT_CASE(test_a_message_that_came_otherwise_is_checked),
         KIT_CASE(test_a_collection_gives_its_answers_with_their_labels),
         KIT_CASE(test_answers_of_a_collection_without_removing),
         KIT_CASE(test_a_collection_that_is_given_up_gets_no_late_answers),
         KIT_CASE(test_misuse_of_a_collection_is_told),
         KIT_CASE(test_the_answer_in_a_slot_is_checked_for_a_collection),
         KIT_CASE(test_calls_and_casts_to_all_nodes))
