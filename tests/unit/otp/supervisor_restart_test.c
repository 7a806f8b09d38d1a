/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor_restart_test.c: who is started again when a child has ended, and how often. */
#include "supervisor_kit.h"

#define CHILD(id) " #{id => " id ", start => {w, tells, [" id "]}}"
#define THREE "[" CHILD("a") "," CHILD("b") "," CHILD("c") "]"

/* The children's own words at their start. */
static void expect_three(void)
{
        expect_started("a");
        expect_started("b");
        expect_started("c");
}

/* -- strategies -- */

/* covers: supervisor_SUITE:one_for_one */
KIT_EVERYWHERE_TEST(test_one_for_one_restarts_that_one)
{
        kr_pid sup = start_sup("{one_for_one, 2, 5, never, " THREE "}");
        kr_pid a = pid_of(sup, "a"), c = pid_of(sup, "c");

        expect_three();
        end_child(pid_of(sup, "b"), "boom");
        expect_started("b");
        kit_true(kr_pid_eq(pid_of(sup, "a"), a) && kr_pid_eq(pid_of(sup, "c"), c));
        stop_sup(sup);
        expect_stopped("c");
        expect_stopped("b");
        expect_stopped("a");
        kit_expect_nothing();
}

/* covers: supervisor_SUITE:one_for_all M193 M183 */
KIT_EVERYWHERE_TEST(test_one_for_all_stops_in_reverse_and_starts_in_order)
{
        kr_pid sup = start_sup("{one_for_all, 2, 5, never, " THREE "}");

        expect_three();
        end_child(pid_of(sup, "b"), "boom");
        expect_stopped("c");
        expect_stopped("a");
        expect_three();
        stop_sup(sup);
        expect_stopped("c");
        expect_stopped("b");
        expect_stopped("a");
        kit_expect_nothing();
}

/* covers: supervisor_SUITE:rest_for_one M194 */
KIT_EVERYWHERE_TEST(test_rest_for_one_leaves_those_before)
{
        kr_pid sup = start_sup("{rest_for_one, 2, 5, never, " THREE "}");
        kr_pid a = pid_of(sup, "a");

        expect_three();
        end_child(pid_of(sup, "b"), "boom");
        expect_stopped("c");
        expect_started("b");
        expect_started("c");
        kit_true(kr_pid_eq(pid_of(sup, "a"), a));
        stop_sup(sup);
}

/* covers: supervisor_SUITE:temporary_bystander */
KIT_EVERYWHERE_TEST(test_a_temporary_sibling_goes_with_the_group_and_stays_away)
{
        static const char *const sups[] = {
                "{one_for_all, 2, 5, never, [#{id => t, start => {w, waits, []},"
                " restart => temporary}," CHILD(
                        "a") ", #{id => u, start => {w, waits, []},"
                             " restart => temporary}]}",
                "{rest_for_one, 2, 5, never, [" CHILD(
                        "a") ", #{id => t, start => {w, waits,"
                             " []}, restart => temporary}]}",
        };

        for (int i = 0; i < 2; i++) {
                kr_pid sup = start_sup(sups[i]);

                expect_started("a");
                end_child(pid_of(sup, "a"), "boom");
                expect_started("a");
                expect_answer(sup, "which_children", "[{a, _, _, _}]");
                stop_sup(sup);
                expect_stopped("a");
        }
}

/* -- types of restart -- */

/* How the only child ends, and how many children there are then that run. */
static uint64_t alive_after(const char *restart, const char *reason)
{
        kr_term why = parsed(reason);
        kr_child_counts counts;
        char text[200];
        kr_pid sup, old;

        (void)snprintf(text, sizeof(text),
                       "{one_for_one, 2, 5, never,"
                       " [#{id => a, start => {w, waits, []}, restart => %s}]}",
                       restart);
        sup = start_sup(text);
        old = pid_of(sup, "a");
        end_child(old, "~", why);
        counts = kr_supervisor_count_children(sup);
        kit_uint_eq(counts.specs, strcmp(restart, "temporary") == 0 ? 0 : 1);
        if (counts.active == 1)
                kit_false(kr_pid_eq(pid_of(sup, "a"), old));
        stop_sup(sup);
        kr_release(why);
        return counts.active;
}

/* covers: M188 supervisor_SUITE:permanent_normal supervisor_SUITE:permanent_shutdown
 * covers: supervisor_SUITE:permanent_abnormal */
KIT_EVERYWHERE_TEST(test_permanent_children_are_always_restarted)
{
        kit_uint_eq(alive_after("permanent", "normal"), 1);
        kit_uint_eq(alive_after("permanent", "shutdown"), 1);
        kit_uint_eq(alive_after("permanent", "{shutdown, x}"), 1);
        kit_uint_eq(alive_after("permanent", "boom"), 1);
}

/* covers: supervisor_SUITE:transient_normal supervisor_SUITE:transient_shutdown
 * covers: supervisor_SUITE:transient_abnormal */
KIT_EVERYWHERE_TEST(test_transient_children_are_restarted_when_they_fail)
{
        kit_uint_eq(alive_after("transient", "normal"), 0);
        kit_uint_eq(alive_after("transient", "shutdown"), 0);
        kit_uint_eq(alive_after("transient", "{shutdown, x}"), 0);
        kit_uint_eq(alive_after("transient", "boom"), 1);
}

/* covers: supervisor_SUITE:temporary_normal supervisor_SUITE:temporary_shutdown
 * covers: supervisor_SUITE:temporary_abnormal */
KIT_EVERYWHERE_TEST(test_temporary_children_are_never_restarted)
{
        kit_uint_eq(alive_after("temporary", "normal"), 0);
        kit_uint_eq(alive_after("temporary", "shutdown"), 0);
        kit_uint_eq(alive_after("temporary", "{shutdown, x}"), 0);
        kit_uint_eq(alive_after("temporary", "boom"), 0);
}

/* -- intensity -- */

/* covers: supervisor_SUITE:one_for_one_escalation M179 */
KIT_EVERYWHERE_TEST(test_one_more_than_intensity_ends_the_supervisor)
{
        kr_pid sup = start_sup("{one_for_one, 3, 60, never, " THREE "}"), old;

        expect_three();
        for (int i = 0; i < 3; i++) {
                old = pid_of(sup, "b");
                end_child(old, "boom");
                expect_started("b");
        }
        end_child(pid_of(sup, "b"), "boom");
        expect_stopped("c");
        expect_stopped("a");
        expect_sup_gone(sup);
        kit_expect_nothing();
}

/* covers: supervisor_SUITE:one_for_all_escalation supervisor_SUITE:rest_for_one_escalation */
KIT_EVERYWHERE_TEST(test_groups_escalate_too)
{
        static const char *const sups[] = { "{one_for_all, 1, 60, never, " THREE "}",
                                            "{rest_for_one, 1, 60, never, " THREE "}" };

        for (int i = 0; i < 2; i++) {
                kr_pid sup = start_sup(sups[i]);

                expect_three();
                end_child(pid_of(sup, "a"), "boom");
                expect_stopped("c");
                expect_stopped("b");
                expect_three();
                end_child(pid_of(sup, "a"), "boom");
                expect_stopped("c");
                expect_stopped("b");
                expect_sup_gone(sup);
        }
}

/* covers: M180 */
KIT_EVERYWHERE_TEST(test_with_an_intensity_of_0_the_first_restart_is_too_many)
{
        kr_pid sup = start_sup("{one_for_one, 0, 60, never, " THREE "}");

        expect_three();
        end_child(pid_of(sup, "c"), "normal");
        expect_stopped("b");
        expect_stopped("a");
        expect_sup_gone(sup);
}

/* In virtual time: those of more than the period ago do not count. */
static void waits_out_the_period(void)
{
        kr_pid sup = start_sup("{one_for_one, 2, 10, never, " THREE "}");

        expect_three();
        for (int i = 0; i < 20; i++) {
                end_child(pid_of(sup, "b"), "boom");
                expect_started("b");
                kr_sleep(i % 2 == 0 ? 1 : 11000);
        }
        end_child(pid_of(sup, "b"), "boom");
        expect_started("b");
        end_child(pid_of(sup, "b"), "boom");
        expect_started("b");
        kr_sleep(9000); /* whole seconds count, so up to the eleventh */
        end_child(pid_of(sup, "b"), "boom");
        expect_stopped("c");
        expect_stopped("a");
        expect_sup_gone(sup);
}

/* covers: supervisor_SUITE:multiple_restarts */
KIT_TEST(test_restarts_count_for_the_period)
{
        for (uint64_t seed = 1; seed <= 5; seed++)
                kit_run_process(&(kr_node_opts){ .drive = KR_DRIVE_SIM, .seed = seed },
                                waits_out_the_period);
}

/* -- starts that fail -- */

#define FLAKY "#{id => f, start => {w, is_flaky, [f]}}"

/* covers: M181 */
KIT_EVERYWHERE_TEST(test_a_restart_that_fails_is_tried_again_and_each_counts)
{
        kr_pid sup = start_sup("{one_for_one, 4, 60, never, [" FLAKY "]}");
        kr_pid old = pid_of(sup, "f");

        expect_started("f");
        attempts = 0;
        failures_left = 3;
        end_child(old, "boom");
        expect_started("f");
        kit_int_eq(attempts, 4);
        kit_int_eq(failures_left, 0);
        failures_left = 100;
        end_child(pid_of(sup, "f"), "boom");
        expect_sup_gone(sup);
        kit_int_eq(attempts, 4); /* the fifth was one too many */
}

/* While it keeps failing, requests are served; and it can be stopped.
 * covers: M196 supervisor_SUITE:hanging_restart_loop
 * covers: supervisor_SUITE:count_restarting_children */
KIT_EVERYWHERE_TEST(test_requests_are_served_while_a_child_is_restarting)
{
        kr_pid sup = start_sup("{one_for_one, 2000000, 60, never, [" FLAKY "]}");
        kr_msg slot = KR_MSG_INIT;

        expect_started("f");
        failures_left = INT64_MAX;
        end_child(pid_of(sup, "f"), "boom");
        while (attempts < 5)
                kr_yield();
        expect_answer(sup, "which_children", "[{f, restarting, worker, [w]}]");
        expect_answer(sup, "count_children",
                      "[{specs, 1}, {active, 0}, {supervisors, 0}, {workers, 1}]");
        kit_int_eq(kr_supervisor_restart_child(sup, &slot, "f").err, KR_ESTATE);
        kit_int_eq(kr_supervisor_delete_child(sup, "f"), KR_ESTATE);
        expect_answer(sup, "{start_child, " FLAKY "}", "{error, already_present}");
        kit_int_eq(kr_supervisor_terminate_child(sup, "f"), KR_OK);
        expect_answer(sup, "which_children", "[{f, undefined, worker, [w]}]");
        failures_left = 0;
        kit_int_eq(kr_supervisor_restart_child(sup, &slot, "f").err, KR_OK);
        stop_sup(sup);
}

/* covers: M195 supervisor_SUITE:rest_for_one_other_child_fails_restart
 * covers: supervisor_SUITE:one_for_all_other_child_fails_restart
 * covers: supervisor_SUITE:hanging_restart_loop_rest_for_one */
KIT_EVERYWHERE_TEST(test_another_child_that_fails_in_a_group_restart_is_tried_again)
{
        static const char *const sups[] = {
                "{one_for_all, 5, 60, never, [" CHILD("a") ", " FLAKY
                                                           ", " CHILD("c") "]}",
                "{rest_for_one, 5, 60, never, [" CHILD("a") ", " FLAKY
                                                            ", " CHILD("c") "]}"
        };

        for (int i = 0; i < 2; i++) {
                kr_pid sup = start_sup(sups[i]);

                expect_started("a");
                expect_started("f");
                expect_started("c");
                failures_left = 1;
                end_child(pid_of(sup, "a"), "boom");
                expect_stopped("c");
                expect_stopped("f");
                expect_started("a");
                if (i == 0) { /* all again: the failed one takes the others with it */
                        expect_stopped("a");
                        expect_started("a");
                }
                expect_started("f");
                expect_started("c");
                stop_sup(sup);
                expect_stopped("c");
                expect_stopped("f");
                expect_stopped("a");
                kit_expect_nothing();
        }
}

KIT_EVERYWHERE_TEST(test_a_group_whose_start_keeps_failing_ends_the_supervisor)
{
        kr_pid sup =
                start_sup("{rest_for_one, 3, 60, never, [" CHILD("a") ", " FLAKY "]}");

        expect_started("a");
        expect_started("f");
        failures_left = 100;
        attempts = 0;
        end_child(pid_of(sup, "f"), "boom");
        expect_stopped("a");
        expect_sup_gone(sup);
        kit_int_eq(attempts, 3);
}

/* A child that has gone, and whose name is a stranger's when it is to be started again. */
static _Atomic bool steals;

static kr_started takes_name(kr_term args, kr_msg *more)
{
        const kr_start_opts opts = { .name = "taken", .ret_reason = more };
        kr_term none = parsed("{one_for_one, 1, 5, never, []}");
        kr_started started;

        (void)args;
        attempts++;
        if (steals && kr_pid_is_none(kr_whereis("taken")))
                kr_register("taken", kr_spawn(kit_sleeper));
        started = kr_start_link(&any_sup, &opts, "~", none);
        kr_release(none);
        return started;
}

/* covers: supervisor_SUITE:already_started_outside_supervisor */
KIT_EVERYWHERE_TEST(test_a_name_taken_by_a_stranger_ends_the_restarts)
{
        const kr_child child = { .id = "a", .start = KR_START_FN(takes_name) };
        kr_pid sup = start_sup("{one_for_one, 4, 60, never, []}");
        kr_msg msg = KR_MSG_INIT;
        kr_started started;

        steals = false;
        started = kr_supervisor_start_child(sup, &msg, &child);
        kit_int_eq(started.err, KR_OK);
        steals = true;
        kr_exit_signal(started.pid, "kill");
        expect_sup_gone(sup);
        kit_int_eq(attempts, 5);
        kit_true(kr_is_process_alive(kr_whereis("taken")));
}

struct asker {
        kr_pid sup;
};

static void signals(struct asker *asker)
{
        kr_exit_signal(asker->sup, "boom");
        kr_exit_signal(asker->sup, "shutdown");
        kr_exit_signal(asker->sup, "normal");
}

/* covers: M199 */
KIT_EVERYWHERE_TEST(test_signals_of_strangers_change_nothing)
{
        struct asker asker = { start_sup("{one_for_one, 1, 60, never, " THREE "}") };

        expect_three();
        kit_await_end(kr_spawn(signals, &asker));
        expect_answer(asker.sup, "count_children",
                      "[{specs, 3}, {active, 3}, {supervisors, 0}, {workers, 3}]");
        kit_expect_nothing();
        kr_exit_signal(asker.sup, "normal"); /* the parent's ends it, even this one */
        expect_stopped("c");
        expect_stopped("b");
        expect_stopped("a");
        kit_await_end(asker.sup);
}

/* covers: R254 */
KIT_EVERYWHERE_TEST(test_children_do_not_survive_their_supervisor)
{
        kr_pid sup = start_sup("{one_for_one, 1, 60, never,"
                               " [#{id => a, start => {w, waits, []}}]}");
        kr_ref gone = kr_monitor(pid_of(sup, "a"));

        kr_exit_signal(sup, "kill");
        kit_expect_down(gone, "killed");
}

/* covers: supervisor_SUITE:tree M203 M204 */
KIT_EVERYWHERE_TEST(test_a_tree)
{
        kr_pid top = start_sup(
                "{one_for_all, 2, 60, never, [#{id => sub, type => supervisor,"
                " start => {any_sup, start_link, [{one_for_one, 1, 60, never, []}]}}," CHILD(
                        "a") "]}");

        kr_pid sub = pid_of(top, "sub"), x;

        expect_started("a");
        expect_answer(sub, "{start_child, " CHILD("x") "}", "{ok, _}");
        expect_started("x");
        expect_answer(top, "{get_childspec, sub}", "{ok, #{shutdown => infinity}}");

        x = pid_of(sub, "x"); /* one restart below, unnoticed above */
        end_child(x, "boom");
        expect_started("x");
        kit_true(kr_pid_eq(pid_of(top, "sub"), sub));

        end_child(pid_of(sub, "x"), "boom"); /* too many below: a restart above */
        expect_stopped("a");
        expect_started("a");
        sub = next_pid_of(top, "sub", sub);
        expect_answer(sub, "which_children", "[]"); /* x was not in its table */
        expect_answer(sub, "{start_child, " CHILD("x") "}", "{ok, _}");
        expect_started("x");
        stop_sup(top);
        expect_stopped("a");
        expect_stopped("x");
        kit_expect_nothing();
}

KIT_MAIN(KIT_CASE(test_one_for_one_restarts_that_one),
         KIT_CASE(test_one_for_all_stops_in_reverse_and_starts_in_order),
         KIT_CASE(test_rest_for_one_leaves_those_before),
         KIT_CASE(test_a_temporary_sibling_goes_with_the_group_and_stays_away),
         KIT_CASE(test_permanent_children_are_always_restarted),
         KIT_CASE(test_transient_children_are_restarted_when_they_fail),
         KIT_CASE(test_temporary_children_are_never_restarted),
         KIT_CASE(test_one_more_than_intensity_ends_the_supervisor),
         KIT_CASE(test_groups_escalate_too),
         KIT_CASE(test_with_an_intensity_of_0_the_first_restart_is_too_many),
         KIT_CASE(test_restarts_count_for_the_period),
         KIT_CASE(test_a_restart_that_fails_is_tried_again_and_each_counts),
         KIT_CASE(test_requests_are_served_while_a_child_is_restarting),
         KIT_CASE(test_another_child_that_fails_in_a_group_restart_is_tried_again),
         KIT_CASE(test_a_group_whose_start_keeps_failing_ends_the_supervisor),
         KIT_CASE(test_a_name_taken_by_a_stranger_ends_the_restarts),
         KIT_CASE(test_signals_of_strangers_change_nothing),
         KIT_CASE(test_children_do_not_survive_their_supervisor), KIT_CASE(test_a_tree))
