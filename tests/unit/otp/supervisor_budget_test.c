/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor_budget_test.c: restarts of one's own, and waits between them. */
#include "supervisor_kit.h"

#define SUP(children) "{one_for_one, 1, 60, never, [" children "]}"
#define CHILD(id, more) " #{id => " id ", start => {w, tells, [" id "]}" more "}"

static void crash(kr_pid sup, const char *id)
{
        end_child(pid_of(sup, id), "boom");
}

KIT_EVERYWHERE_TEST(test_a_budget_is_ones_own)
{
        kr_pid sup = start_sup(
                SUP(CHILD("a", ", budget => {3, 60, false}") "," CHILD("b", "")));

        expect_started("a");
        expect_started("b");
        for (int i = 0; i < 3; i++) {
                crash(sup, "a");
                expect_started("a");
        }
        crash(sup, "b"); /* the supervisor's one restart is still there */
        expect_started("b");
        expect_answer(sup, "{get_childspec, a}", "{ok, #{budget => {3, 60, false}}}");
        crash(sup, "a");
        expect_stopped("b");
        expect_sup_gone(sup);
}

KIT_EVERYWHERE_TEST(test_one_that_gives_up_leaves_the_others_alone)
{
        kr_pid sup = start_sup(
                       SUP(CHILD("a", ", budget => {1, 60, true}") "," CHILD("b", ""))),
               b;
        kr_msg slot = KR_MSG_INIT;

        expect_started("a");
        expect_started("b");
        b = pid_of(sup, "b");
        crash(sup, "a");
        expect_started("a");
        crash(sup, "a");
        expect_answer(sup, "which_children", "[{b, =, _, _}, {a, undefined, _, _}]", b);
        kit_int_eq(kr_supervisor_restart_child(sup, &slot, "a").err, KR_OK);
        stop_sup(sup);
}

KIT_EVERYWHERE_TEST(test_a_budget_of_none)
{
        kr_pid sup = start_sup(SUP(CHILD("a", ", budget => {-1, 0, false}")));

        expect_started("a");
        crash(sup, "a");
        expect_sup_gone(sup);
}

/* How long the next restart of `a` takes. */
static int64_t restart_takes(kr_pid sup)
{
        int64_t began_ms;

        crash(sup, "a");
        began_ms = kr_monotonic_ms(NULL);
        expect_started("a");
        return kr_monotonic_ms(NULL) - began_ms;
}

static void waits_longer_each_time(void)
{
        kr_pid sup = start_sup(
                "{one_for_one, 100, 60, never, [" CHILD("a",
                                                        ", backoff => {10, 100}") "]}");
        static const int64_t delays[] = { 10, 20, 40, 80, 100, 100 };

        expect_started("a");
        for (int i = 0; i < 6; i++) {
                int64_t took_ms = restart_takes(sup);

                kit_int_ge(took_ms, delays[i]);
                kit_int_le(took_ms, delays[i] + 2);
        }
        kr_sleep(100); /* it runs well */
        kit_int_le(restart_takes(sup), 12);
        stop_sup(sup);
}

KIT_TEST(test_delays_grow_and_begin_anew)
{
        for (uint64_t seed = 1; seed <= 5; seed++)
                kit_run_process(&(kr_node_opts){ .drive = KR_DRIVE_SIM, .seed = seed },
                                waits_longer_each_time);
}

KIT_EVERYWHERE_TEST(test_one_that_waits_is_restarting_and_can_be_stopped)
{
        kr_pid sup =
                start_sup(SUP(CHILD("a", ", backoff => {100000, 0}") "," CHILD("b", "")));
        kr_msg slot = KR_MSG_INIT;

        expect_started("a");
        expect_started("b");
        crash(sup, "a");
        expect_answer(sup, "which_children", "[{b, _, _, _}, {a, restarting, _, _}]");
        kit_int_eq(kr_supervisor_restart_child(sup, &slot, "a").err, KR_ESTATE);
        kit_int_eq(kr_supervisor_terminate_child(sup, "a"), KR_OK);
        kit_int_eq(kr_supervisor_restart_child(sup, &slot, "a").err, KR_OK);
        expect_started("a");
        crash(sup, "a"); /* the second within the minute, one too many */
        expect_stopped("b");
        expect_sup_gone(sup);
}

/* Failing starts wait too: a dependency that is away costs a few attempts, not a supervisor. */
static void waits_for_starts(void)
{
        kr_pid sup = start_sup(
                "{one_for_one, 8, 2, never,"
                " [#{id => f, start => {w, is_flaky, [f]}, backoff => {50, 1000}}]}");
        int64_t began_ms;

        expect_started("f");
        failures_left = 8;
        end_child(pid_of(sup, "f"), "boom");
        began_ms = kr_monotonic_ms(NULL);
        kr_sleep(10000);
        expect_started("f");
        kit_int_eq(attempts, 10);
        kit_int_gt(kr_monotonic_ms(NULL), began_ms);
        stop_sup(sup);
}

KIT_TEST(test_failing_starts_wait_too)
{
        kit_run_process(&(kr_node_opts){ .drive = KR_DRIVE_SIM, .seed = 1 },
                        waits_for_starts);
}

static kr_term failure(const char *text)
{
        kr_term args = parsed(text);
        kr_msg why = KR_MSG_INIT;
        kr_start_opts opts = { .ret_reason = &why };
        kr_term reason;

        kit_err(kr_start(&any_sup, &opts, "~", args).err, KR_EFAILED);
        reason = kr_keep(why.term);
        kr_release(args);
        kr_msg_clear(&why);
        return reason;
}

KIT_EVERYWHERE_TEST(test_children_that_are_alike_have_none)
{
        kr_term why = failure("{simple_one_for_one, 1, 60, never, [" CHILD(
                "a", ", budget => {3, 60, false}") "]}");

        kit_match(why, "{start_spec, {bad_combination,"
                       " [{strategy, simple_one_for_one}, {budget, 3}]}}");
        kr_release(why);
        why = failure("{simple_one_for_one, 1, 60, never, [" CHILD(
                "a", ", backoff => {10, 100}") "]}");
        kit_match(why, "{start_spec, {bad_combination,"
                       " [{strategy, simple_one_for_one}, {backoff, 10}]}}");
        kr_release(why);
}

KIT_MAIN(KIT_CASE(test_children_that_are_alike_have_none),
         KIT_CASE(test_a_budget_is_ones_own),
         KIT_CASE(test_one_that_gives_up_leaves_the_others_alone),
         KIT_CASE(test_a_budget_of_none), KIT_CASE(test_delays_grow_and_begin_anew),
         KIT_CASE(test_one_that_waits_is_restarting_and_can_be_stopped),
         KIT_CASE(test_failing_starts_wait_too))
