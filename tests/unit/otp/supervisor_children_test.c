/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor_children_test.c: adding, stopping, starting, deleting and listing children. */
#include "supervisor_kit.h"

static const kr_child waiting = { .id = "c", .start = KR_START_RUN(waits) };

/* covers: supervisor_SUITE:child_adm M190 M191 */
KIT_EVERYWHERE_TEST(test_children_come_and_go)
{
        kr_pid sup = start_sup("{one_for_one, 1, 5, never, []}"), pid;
        kr_msg slot = KR_MSG_INIT;
        kr_started started;

        started = kr_supervisor_start_child(sup, &slot, &waiting);
        kit_int_eq(started.err, KR_OK);
        kit_match(slot.term, "{ok, =}", started.pid);
        pid = started.pid;

        started = kr_supervisor_start_child(sup, &slot, &waiting);
        kit_int_eq(started.err, KR_EALREADY);
        kit_true(kr_pid_eq(started.pid, pid));
        kit_int_eq(kr_supervisor_restart_child(sup, &slot, "c").err, KR_EALREADY);
        kit_match(slot.term, "{error, running}");
        kit_int_eq(kr_supervisor_delete_child(sup, "c"), KR_EALREADY);

        kit_int_eq(kr_supervisor_terminate_child(sup, "c"), KR_OK);
        kit_false(kr_is_process_alive(pid));
        kit_int_eq(kr_supervisor_terminate_child(sup, "c"), KR_OK);
        kit_match(kr_supervisor_which_children(sup, &slot),
                  "[{c, undefined, worker, [krarup]}]");
        started = kr_supervisor_start_child(sup, &slot, &waiting);
        kit_int_eq(started.err, KR_EALREADY);
        kit_true(kr_pid_is_none(started.pid));
        kit_match(slot.term, "{error, already_present}");

        started = kr_supervisor_restart_child(sup, &slot, "c");
        kit_int_eq(started.err, KR_OK);
        kit_true(kr_is_process_alive(started.pid));
        kit_int_eq(kr_supervisor_terminate_child(sup, "c"), KR_OK);
        kit_int_eq(kr_supervisor_delete_child(sup, "c"), KR_OK);
        kit_match(kr_supervisor_which_children(sup, &slot), "[]");

        kit_int_eq(kr_supervisor_terminate_child(sup, "c"), KR_ENOPROC);
        kit_int_eq(kr_supervisor_delete_child(sup, "c"), KR_ENOPROC);
        kit_int_eq(kr_supervisor_restart_child(sup, &slot, "c").err, KR_ENOPROC);
        kit_int_eq(kr_supervisor_get_childspec(sup, &slot, "c"), KR_ENOPROC);
        stop_sup(sup);
}

KIT_EVERYWHERE_TEST(test_an_id_may_be_any_term)
{
        kr_pid sup = start_sup("{one_for_one, 1, 5, never, []}");
        kr_term id = parsed("{counter, 7, \"text\"}"), arg = parsed("[x]");
        kr_child child = { .id_term = &id,
                           .start = KR_START_FN(with_info),
                           .args_term = &arg };
        kr_msg slot = KR_MSG_INIT;

        kit_int_eq(kr_supervisor_start_child(sup, &slot, &child).err, KR_OK);
        kit_match(slot.term, "{ok, _, {info, x}}");
        child.args_term = NULL;
        child.id_term = NULL;
        child.id = "with";
        kit_int_eq(kr_supervisor_start_child_with(sup, &slot, &child, "[{~}]", 5).err,
                   KR_OK);
        kit_match(slot.term, "{ok, _, {info, {5}}}");
        kit_match(kr_supervisor_which_children(sup, &slot),
                  "[{with, _, _, _}, {{counter, 7, \"text\"}, _, _, _}]");
        kit_int_eq(kr_supervisor_terminate_child(sup, id), KR_OK);
        kit_int_eq(kr_supervisor_restart_child(sup, &slot, id).err, KR_OK);
        kit_match(slot.term, "{ok, _, {info, x}}");
        kit_int_eq(kr_supervisor_terminate_child(sup, KR_ATOM("with")), KR_OK);
        kit_int_eq(kr_supervisor_terminate_child(sup, kr_self()), KR_ENOPROC);
        stop_sup(sup);
}

/* covers: supervisor_SUITE:count_children supervisor_SUITE:count_children_supervisor */
KIT_EVERYWHERE_TEST(test_counts_are_by_type_and_by_life)
{
        kr_pid sup =
                start_sup("{one_for_one, 5, 5, never, ["
                          " #{id => a, start => {w, waits, []}},"
                          " #{id => b, start => {w, waits, []}, restart => temporary},"
                          " #{id => c, start => {w, waits, []}, type => supervisor},"
                          " #{id => d, start => {w, ignores, []}}]}");
        kr_child_counts counts = kr_supervisor_count_children(sup);

        kit_uint_eq(counts.specs, 4);
        kit_uint_eq(counts.active, 3);
        kit_uint_eq(counts.supervisors, 1);
        kit_uint_eq(counts.workers, 3);
        end_child(pid_of(sup, "b"), "normal");
        (void)kr_supervisor_terminate_child(sup, "c");
        counts = kr_supervisor_count_children(sup);
        kit_uint_eq(counts.specs, 3);
        kit_uint_eq(counts.active, 1);
        kit_uint_eq(counts.supervisors, 1);
        kit_uint_eq(counts.workers, 2);
        stop_sup(sup);
}

/* covers: supervisor_SUITE:order_of_children */
KIT_EVERYWHERE_TEST(test_those_started_last_are_listed_first)
{
        kr_pid sup = start_sup("{one_for_one, 5, 5, never, ["
                               " #{id => a, start => {w, waits, []}},"
                               " #{id => b, start => {w, waits, []}},"
                               " #{id => c, start => {w, waits, []}}]}"),
               old = pid_of(sup, "b");
        kr_msg slot = KR_MSG_INIT;

#define IN_ORDER "[{d, _, _, _}, {c, _, _, _}, {b, _, _, _}, {a, _, _, _}]"
        expect_answer(sup, "{start_child, #{id => d, start => {w, waits, []}}}",
                      "{ok, _}");
        kit_match(kr_supervisor_which_children(sup, &slot), IN_ORDER);
        end_child(old, "boom");
        (void)next_pid_of(sup, "b", old);
        (void)kr_supervisor_terminate_child(sup, "a");
        (void)kr_supervisor_restart_child(sup, &slot, "a");
        kit_match(kr_supervisor_which_children(sup, &slot), IN_ORDER);
        stop_sup(sup);
}

/* covers: M189 supervisor_SUITE:do_not_save_start_parameters_for_temporary_children
 * covers: supervisor_SUITE:do_not_save_child_specs_for_temporary_children */
KIT_EVERYWHERE_TEST(test_a_temporary_child_leaves_nothing)
{
        kr_pid sup = start_sup("{one_for_one, 5, 5, never, []}");

        expect_answer(sup,
                      "{start_child, #{id => a, start => {w, waits, [large]},"
                      " restart => temporary}}",
                      "{ok, _}");
        expect_answer(sup, "{get_childspec, a}",
                      "{ok, #{start => {w, waits, undefined}, restart => temporary}}");
        end_child(pid_of(sup, "a"), "boom");
        expect_answer(sup, "which_children", "[]");
        expect_answer(sup,
                      "{start_child, #{id => a, start => {w, waits, []},"
                      " restart => temporary}}",
                      "{ok, _}");
        expect_answer(sup, "{terminate_child, a}", "ok");
        expect_answer(sup, "{delete_child, a}", "{error, not_found}");
        stop_sup(sup);
}

/* Whatever comes unasked is nothing but a report; an unknown request is the asker's bug, and
 * ends the supervisor with function_clause. */
KIT_EVERYWHERE_TEST(test_strange_messages_and_requests)
{
        kr_pid sup = start_sup("{one_for_one, 5, 5, never, ["
                               " #{id => a, start => {w, tells, [a]}}]}");
        kr_msg msg = KR_MSG_INIT;

        expect_started("a");
        kr_send(sup, "hello");
        kr_send(sup, "{'EXIT', <<>>, boom}");
        expect_answer(sup, "which_children", "[{a, _, _, _}]");
        kit_int_eq(kr_try_call(sup, &msg, 5000, "what"), KR_EFAILED);
        kit_match(msg.term, "{function_clause, _}");
        expect_stopped("a");
        kit_expect(&msg, "{'EXIT', =, {function_clause, _}}", sup);
}

static void many_children(void)
{
        const int many = kit_slowness() > 1 ? 2000 : 10000;
        kr_pid sup = start_sup("{one_for_one, 5, 5, never, []}");
        kr_msg slot = KR_MSG_INIT;
        kr_term id;

        for (int i = 0; i < many; i++) {
                const kr_child child = { .id_term = &id, .start = KR_START_RUN(waits) };

                id = kr_int(i);
                kit_int_eq(kr_supervisor_start_child(sup, &slot, &child).err, KR_OK);
        }
        kit_uint_eq(kr_supervisor_count_children(sup).active, (uint64_t)many);
        for (int i = 0; i < many; i += 2)
                kit_int_eq(kr_supervisor_terminate_child(sup, kr_int(i)), KR_OK);
        for (int i = 0; i < many; i += 2)
                kit_int_eq(kr_supervisor_delete_child(sup, kr_int(i)), KR_OK);
        kit_uint_eq(kr_supervisor_count_children(sup).specs, (uint64_t)many / 2);
        stop_sup(sup);
}

/* In seconds, not minutes.
 * covers: supervisor_SUITE:scale_start_stop_many_children */
KIT_TEST(test_ten_thousand_children)
{
        kit_run_process(NULL, many_children);
}

struct asker {
        kr_pid sup, test;
        int64_t n;
};

static void asks(struct asker *asker)
{
        kr_msg slot = KR_MSG_INIT;
        kr_term id = kr_int((int32_t)asker->n);
        const kr_child child = { .id_term = &id, .start = KR_START_RUN(waits) };

        for (int i = 0; i < 20; i++) {
                kit_int_eq(kr_supervisor_start_child(asker->sup, &slot, &child).err,
                           KR_OK);
                (void)kr_supervisor_which_children(asker->sup, &slot);
                kit_int_eq(kr_supervisor_terminate_child(asker->sup, id), KR_OK);
                kit_int_eq(kr_supervisor_delete_child(asker->sup, id), KR_OK);
        }
        kr_send(asker->test, "done");
}

KIT_EVERYWHERE_TEST(test_many_ask_at_once)
{
        struct asker asker = { start_sup("{one_for_one, 5, 5, never, []}"), kr_self(),
                               0 };
        kr_msg msg = KR_MSG_INIT;

        for (asker.n = 0; asker.n < 5; asker.n++)
                (void)kr_spawn(asks, &asker);
        for (int i = 0; i < 5; i++)
                kit_expect(&msg, "done");
        expect_answer(asker.sup, "which_children", "[]");
        stop_sup(asker.sup);
}

KIT_MAIN(KIT_CASE(test_children_come_and_go), KIT_CASE(test_an_id_may_be_any_term),
         KIT_CASE(test_counts_are_by_type_and_by_life),
         KIT_CASE(test_those_started_last_are_listed_first),
         KIT_CASE(test_a_temporary_child_leaves_nothing),
         KIT_CASE(test_strange_messages_and_requests),
         KIT_SLOW(test_ten_thousand_children, 60), KIT_CASE(test_many_ask_at_once))
