/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor_code_test.c: a change of code: new flags, new specs, the same children. */
#include "supervisor_kit.h"

/* What the module says now; as any_sup's argument. */
static const char *now;

static kr_err changing_init(kr_supervisor_init *s, kr_term args)
{
        kr_term wanted = parsed(now);
        kr_err err = any_init(s, wanted);

        (void)args;
        kr_release(wanted);
        return err;
}

KR_SUPERVISOR(changing_sup, .init = changing_init);

static kr_pid start_changing(const char *first)
{
        kr_started started;

        ready();
        now = first;
        started = kr_start_link(&changing_sup, NULL, "[]");
        kit_int_eq(started.err, KR_OK);
        return started.pid;
}

/* The answer of change_code looks so. */
#define expect_change(sup, next, ...)                                                    \
        do {                                                                             \
                kr_msg slot_ = KR_MSG_INIT;                                              \
                                                                                         \
                now = next;                                                              \
                kr_sys_suspend(sup);                                                     \
                kit_match(change(sup, &slot_), __VA_ARGS__);                             \
                kr_sys_resume(sup);                                                      \
                kr_msg_clear(&slot_);                                                    \
        } while (0)

static kr_term change(kr_pid sup, kr_msg *slot)
{
        enum { REPLY };
        kr_ref tag = kr_make_ref();
        kr_term reply = kr_none();

        kr_send(sup, "{system, {~, ~}, {change_code, changing_sup, [], []}}", kr_self(),
                tag);
        kit_int_eq(kr_receive(slot, 5000, kr_on(REPLY, "{=, ~}", tag, &reply)), REPLY);
        return reply;
}

#define CHILD(id, args, more) " #{id => " id ", start => {w, waits, " args "}" more "}"

/* covers: supervisor_SUITE:code_change supervisor_SUITE:code_change_map M205 */
KIT_EVERYWHERE_TEST(test_specs_change_and_children_stay)
{
        kr_pid sup = start_changing("{one_for_one, 1, 5, never, [" CHILD(
                "a", "[1]", "") "," CHILD("b", "[1]", "") "," CHILD("c", "[1]", "") "]}");
        kr_pid a = pid_of(sup, "a"), b = pid_of(sup, "b"), c = pid_of(sup, "c");
        kr_msg slot = KR_MSG_INIT;

        expect_change(sup,
                      "{rest_for_one, 7, 70, never, [" CHILD("d", "[]", "") "," CHILD(
                              "b", "[2]", ", shutdown => 77") "," CHILD("a", "[1]",
                                                                        "") "]}",
                      "ok");
        expect_answer(sup, "which_children",
                      "[{c, =, _, _}, {a, =, _, _}, {b, =, _, _}, {d, undefined, _, _}]",
                      c, a, b);
        expect_answer(sup, "{get_childspec, b}",
                      "{ok, #{shutdown => 77, start => {w, waits, [2]}}}");
        kit_match(kr_sys_get_state(sup, &slot),
                  "{state, _, rest_for_one, _, _, 7, 70, _, _, never, changing_sup, []}");
        end_child(b, "boom"); /* takes those behind it along, in the new order */
        (void)next_pid_of(sup, "c", c);
        kit_false(kr_pid_eq(pid_of(sup, "a"), a));
        kit_int_eq(kr_supervisor_restart_child(sup, &slot, "d").err, KR_OK);
        stop_sup(sup);
}

/* covers: supervisor_SUITE:significant_upgrade_child */
KIT_EVERYWHERE_TEST(test_a_change_that_is_wrong_changes_nothing)
{
        kr_pid sup =
                start_changing("{one_for_one, 1, 5, never, [" CHILD("a", "[1]", "") "]}");
        kr_pid a = pid_of(sup, "a");

        expect_change(sup, "{one_for_one, -3, 5, never, []}",
                      "{error, {error, {invalid_intensity, -3}}}");
        expect_change(sup, "{one_for_one, 1, 5, never, [#{id => a}]}",
                      "{error, {error, missing_start}}");
        expect_change(sup,
                      "{one_for_one, 1, 5, any_significant, [" CHILD(
                              "a", "[]", ", significant => true") "]}",
                      "{error, {error, {bad_combination, _}}}");
        expect_change(sup,
                      "{simple_one_for_one, 1, 5, never, [" CHILD("a", "[]", "") "]}",
                      "{error, {error, {invalid_strategy, simple_one_for_one}}}");
        expect_change(sup, "bad", "{error, _}");
        expect_change(sup, "ignore", "ok");
        expect_answer(sup, "which_children", "[{a, =, worker, [w]}]", a);
        expect_answer(sup, "{get_childspec, a}", "{ok, #{start => {w, waits, [1]}}}");
        stop_sup(sup);
}

/* covers: supervisor_SUITE:code_change_simple supervisor_SUITE:code_change_simple_map */
KIT_EVERYWHERE_TEST(test_the_spec_of_dynamic_children_changes)
{
        kr_pid sup = start_changing("{simple_one_for_one, 9, 5, never, ["
                                    " #{id => a, start => {w, tells, [old]}}]}"),
               a, b;
        kr_msg slot = KR_MSG_INIT;

        a = kr_supervisor_start_another(sup, &slot, "[x]").pid;
        expect_started("old");
        expect_change(sup,
                      "{simple_one_for_one, 9, 5, never, ["
                      " #{id => a, start => {w, tells, [new]}, shutdown => 55}]}",
                      "ok");
        b = kr_supervisor_start_another(sup, &slot, "[x]").pid;
        expect_started("new");
        end_child(a, "boom"); /* its arguments are those it was started with */
        expect_started("old");
        end_child(b, "boom");
        expect_started("new");
        kit_int_eq(kr_supervisor_get_childspec(sup, &slot, "a"), KR_OK);
        kit_match(slot.term, "{ok, #{start => {w, tells, [new]}, shutdown => 55}}");
        expect_change(sup, "{simple_one_for_one, 9, 5, never, []}",
                      "{error, {error, _}}");
        expect_change(sup,
                      "{simple_one_for_one, 9, 5, never, ["
                      " #{id => a, start => {w, tells, [newer]}}]}",
                      "ok");
        kit_expect_nothing();
        stop_sup(sup);
}

/* Its own arguments were not kept: what is left are those of the spec. */
KIT_EVERYWHERE_TEST(test_temporary_children_become_permanent)
{
        kr_pid sup = start_changing("{simple_one_for_one, 9, 5, never, [#{id => a,"
                                    " start => {w, tells, [x]}, restart => temporary}]}"),
               a;
        kr_msg slot = KR_MSG_INIT;

        a = kr_supervisor_start_another(sup, &slot, "[own]").pid;
        expect_started("x");
        expect_change(sup,
                      "{simple_one_for_one, 9, 5, never, [#{id => a,"
                      " start => {w, tells, [x]}}]}",
                      "ok");
        end_child(a, "boom");
        expect_started("x");
        stop_sup(sup);
}

/* -- auto_shutdown -- */

#define TWO(limit, significant)                                                          \
        "{one_for_one, 5, 5, " limit ", ["                                               \
        " #{id => a, start => {w, waits, []}, restart => temporary" significant "},"     \
        " #{id => b, start => {w, waits, []}, restart => temporary" significant "}]}"
#define NEVER TWO("never", "")
#define ANY TWO("any_significant", ", significant => true")
#define ALL TWO("all_significant", ", significant => true")

/* After the change: how many of two children must end before the supervisor does; 0: it stays. */
static void changes(const char *from, const char *to, int ends)
{
        kr_pid sup = start_changing(from);

        expect_change(sup, to, "ok");
        end_child(pid_of(sup, "a"), "normal");
        if (ends == 1) {
                expect_sup_gone(sup);
                return;
        }
        end_child(pid_of(sup, "b"), "normal");
        if (ends == 2)
                expect_sup_gone(sup);
        else
                stop_sup(sup);
}

/* covers: supervisor_SUITE:significant_upgrade_never_any
 * covers: supervisor_SUITE:significant_upgrade_any_never
 * covers: supervisor_SUITE:significant_upgrade_never_all
 * covers: supervisor_SUITE:significant_upgrade_all_never
 * covers: supervisor_SUITE:significant_upgrade_any_all
 * covers: supervisor_SUITE:significant_upgrade_all_any */
KIT_EVERYWHERE_TEST(test_auto_shutdown_changes)
{
        changes(NEVER, ANY, 1);
        changes(ANY, NEVER, 0);
        changes(NEVER, ALL, 2);
        changes(ALL, NEVER, 0);
        changes(ANY, ALL, 2);
        changes(ALL, ANY, 1);
}

KIT_MAIN(KIT_CASE(test_specs_change_and_children_stay),
         KIT_CASE(test_a_change_that_is_wrong_changes_nothing),
         KIT_CASE(test_the_spec_of_dynamic_children_changes),
         KIT_CASE(test_temporary_children_become_permanent),
         KIT_CASE(test_auto_shutdown_changes))
