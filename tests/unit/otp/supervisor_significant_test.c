/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor_significant_test.c: supervisors that end when their significant children have. */
#include "supervisor_kit.h"

#define SIGNIFICANT(id, restart)                                                         \
        " #{id => " id ", start => {w, waits, []}, restart => " restart                  \
        ", significant => true}"
#define PLAIN(id, restart)                                                               \
        " #{id => " id ", start => {w, waits, []}, restart => " restart "}"

#define SUP(strategy, auto_shutdown, children)                                           \
        "{" strategy ", 5, 60, " auto_shutdown ", [" children "]}"

/* It has taken in all that came before, and is still there. */
static bool is_there(kr_pid sup)
{
        (void)kr_supervisor_count_children(sup);
        return kr_is_process_alive(sup);
}

/* covers: supervisor_SUITE:nonsignificant_temporary supervisor_SUITE:nonsignificant_transient */
KIT_EVERYWHERE_TEST(test_others_may_end)
{
        static const char *const limits[] = { "any_significant", "all_significant" };
        static const char *const restarts[] = { "temporary", "transient" };
        char text[300];

        for (int i = 0; i < 4; i++) {
                kr_pid sup;

                (void)snprintf(text, sizeof(text),
                               "{one_for_one, 5, 60, %s,"
                               " [#{id => a, start => {w, waits, []}, restart => %s}]}",
                               limits[i % 2], restarts[i / 2]);
                sup = start_sup(text);
                end_child(pid_of(sup, "a"), "normal");
                kit_true(is_there(sup));
                stop_sup(sup);
        }
}

/* covers: supervisor_SUITE:significant_temporary M200 M201 */
KIT_EVERYWHERE_TEST(test_a_temporary_one_counts_however_it_ends)
{
        static const char *const reasons[] = { "normal", "shutdown", "{shutdown, x}",
                                               "boom" };

        for (int i = 0; i < 4; i++) {
                kr_term reason = parsed(reasons[i]);
                kr_pid sup = start_sup(
                        SUP("one_for_one", "any_significant",
                            SIGNIFICANT("a", "temporary") "," SIGNIFICANT(
                                    "b", "temporary") "," PLAIN("c", "permanent")));

                end_child(pid_of(sup, "b"), "~", reason);
                expect_sup_gone(sup);
                sup = start_sup(
                        SUP("one_for_one", "all_significant",
                            SIGNIFICANT("a", "temporary") "," SIGNIFICANT(
                                    "b", "temporary") "," PLAIN("c", "permanent")));
                end_child(pid_of(sup, "b"), "~", reason);
                kit_true(is_there(sup));
                end_child(pid_of(sup, "a"), "~", reason);
                expect_sup_gone(sup);
                kr_release(reason);
        }
}

/* covers: supervisor_SUITE:significant_transient */
KIT_EVERYWHERE_TEST(test_a_transient_one_counts_when_it_ends_well)
{
        kr_pid sup = start_sup(SUP("one_for_one", "any_significant",
                                   SIGNIFICANT("a", "transient"))),
               old;

        old = pid_of(sup, "a");
        end_child(old, "boom");
        end_child(next_pid_of(sup, "a", old), "{shutdown, x}");
        expect_sup_gone(sup);
        sup = start_sup(
                SUP("one_for_one", "all_significant",
                    SIGNIFICANT("a", "transient") "," SIGNIFICANT("b", "transient")));
        end_child(pid_of(sup, "a"), "normal");
        old = pid_of(sup, "b");
        end_child(old, "boom");
        end_child(next_pid_of(sup, "b", old), "shutdown");
        expect_sup_gone(sup);
}

/* covers: supervisor_SUITE:significant_simple */
KIT_EVERYWHERE_TEST(test_dynamic_ones)
{
        static const char *const limits[] = { "any_significant", "all_significant" };
        kr_msg slot = KR_MSG_INIT;
        char text[300];

        for (int i = 0; i < 2; i++) {
                kr_pid sup, a, b;

                (void)snprintf(text, sizeof(text),
                               "{simple_one_for_one, 5, 60, %s, [" SIGNIFICANT(
                                       "a", "temporary") "]}",
                               limits[i]);
                sup = start_sup(text);
                a = kr_supervisor_start_another(sup, &slot, "[]").pid;
                b = kr_supervisor_start_another(sup, &slot, "[]").pid;
                kit_int_eq(kr_supervisor_terminate_child(sup, a),
                           KR_OK); /* not by itself */
                a = kr_supervisor_start_another(sup, &slot, "[]").pid;
                end_child(a, "normal");
                if (i == 1) {
                        kit_true(is_there(sup));
                        end_child(b, "normal");
                }
                expect_sup_gone(sup);
        }
}

/* Those that go with a sibling, and those that are told to, do not count.
 * covers: supervisor_SUITE:significant_bystander */
KIT_EVERYWHERE_TEST(test_ends_that_are_not_their_own)
{
        static const char *const sups[] = {
                SUP("one_for_all", "any_significant",
                    SIGNIFICANT("a", "temporary") "," PLAIN("b", "permanent")),
                SUP("one_for_all", "any_significant",
                    SIGNIFICANT("a", "transient") "," PLAIN("b", "permanent")),
                SUP("rest_for_one", "all_significant",
                    PLAIN("b", "permanent") "," SIGNIFICANT("a", "temporary")),
        };

        for (int i = 0; i < 3; i++) {
                kr_pid sup = start_sup(sups[i]), old = pid_of(sup, "b");

                end_child(old, "boom");
                (void)next_pid_of(sup, "b", old);
                kit_true(is_there(sup));
                (void)kr_supervisor_terminate_child(sup, "a");
                kit_true(is_there(sup));
                stop_sup(sup);
        }
}

/* covers: supervisor_SUITE:significant_escalation */
KIT_EVERYWHERE_TEST(test_the_end_of_a_supervisor_is_that_of_a_child)
{
        kr_pid top = start_sup(
                "{one_for_one, 5, 60, any_significant, [#{id => sub, type => supervisor,"
                " restart => transient, significant => true, start => {any_sup, start_link,"
                " [" SUP("one_for_one", "any_significant",
                         SIGNIFICANT("a", "temporary")) "]}}]}");

        end_child(pid_of(pid_of(top, "sub"), "a"), "normal");
        expect_sup_gone(top);
}

KIT_MAIN(KIT_CASE(test_others_may_end),
         KIT_CASE(test_a_temporary_one_counts_however_it_ends),
         KIT_CASE(test_a_transient_one_counts_when_it_ends_well),
         KIT_CASE(test_dynamic_ones), KIT_CASE(test_ends_that_are_not_their_own),
         KIT_CASE(test_the_end_of_a_supervisor_is_that_of_a_child))
