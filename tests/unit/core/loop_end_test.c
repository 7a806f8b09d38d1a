/* SPDX-License-Identifier: Apache-2.0 */
/* loop_end_test.c: every process of a loop has its end, loop->ended, however it comes. */
#include "loop_kit.h"

/* -- the end -- */

static void expect_fault(const char *how, const char *reason)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term seen, down;
        kr_ref ref;
        kr_pid pid = spawn_as(&subject_loop, &ref);

        kr_send(pid, "block");
        kr_send(pid, "clean_up");
        tell_end(pid, how);
        for (int i = 3; i >= 1; i--)
                next("{cleaned, =}", i);
        kit_next(&msg, "{ended, ~, true}", &seen);
        expect_text(seen, reason);
        seen = kr_keep(seen);
        kit_next(&msg, "{'DOWN', =, process, _, ~}", ref, &down);
        kit_true(kr_equal(down, seen));
        kr_release(seen);
        kr_msg_clear(&msg);
        kit_expect_nothing(); /* not caught */
}

FAULTS_TEST(test_a_fault_is_not_caught_and_is_the_end)
{
        expect_fault("segv", "{{sigsegv,0},[{");
        expect_fault("overflow", "{{stack_overflow,");
        if (!KIT_SIGNALS_WAIT)
                expect_fault("overflow_inside", "{{stack_overflow,");
}

KIT_EVERYWHERE_TEST(test_an_exit_signal_is_not_caught_and_is_the_end)
{
        expect_fault("self", "{over,[1]}");
        expect_fault("kill", "killed");
}

KIT_EVERYWHERE_TEST(test_killed_at_its_top_it_has_its_end)
{
        kr_ref ref;
        kr_pid pid = spawn_as(&subject_loop, &ref);

        hello(pid);
        settle(pid);
        kr_exit_signal(pid, "kill");
        next("{ended, killed, true}");
        kit_expect_down(ref, "killed");
}

KIT_EVERYWHERE_TEST(test_killed_before_it_has_run_it_has_its_end)
{
        kr_ref ref;
        kr_pid pid = spawn_as(&subject_loop, &ref);

        kr_exit_signal(pid, "{over, ~}", 1);
        next("{ended, {over, 1}, true}");
        kit_expect_down(ref, "{over, 1}");
}

/* The links are told at once, the end comes when it has been brought out. */
static void expect_late_end(const char *how)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;
        kr_pid pid = spawn_as(&subject_loop, &ref);

        kr_send(pid, "block");
        kr_send(pid, "clean_up");
        tell_end(pid, how);
        kr_sleep(30);
        kr_exit_signal(pid, "{enough, ~}", 1);
        kit_expect(&msg, "{'DOWN', =, process, _, {enough, 1}}", ref);
        for (int i = 3; i >= 1; i--)
                kit_expect(&msg, "{cleaned, =}", i);
        kit_expect(&msg, "{ended, {enough, 1}, true}");
        kr_msg_clear(&msg);
        kit_expect_nothing();
}

/* Under ThreadSanitizer who was taken out of foreign code ends where it is, with nothing run. */
#define HAS_LATE_ENDS (!KIT_SIGNALS_WAIT)

FAULTS_TEST(test_killed_in_foreign_code_it_has_its_clean_ups_and_its_end)
{
        if (!HAS_LATE_ENDS)
                return;
        for (int i = 0; i < 5; i++) {
                expect_late_end("hog");
                expect_late_end("nap");
        }
}

/* What a clean-up begins when everybody has been told of the end, is over at once. */
static void begin_late(void *arg)
{
        kr_pid parent = *(kr_pid *)arg;
        kr_ref ref = kr_monitor(parent);

        kr_link(parent);
        kr_send(parent, "{begun, ~}", ref);
}

static void hogs(void *record)
{
        struct subject *s = record;

        kit_true(kr_defer(begin_late, &s->parent));
        end_as("hog");
}

static const kr_loop hog_loop = { "hog", hogs, NULL, ended, false, NULL, NULL };

FAULTS_TEST(test_what_late_clean_ups_begin_ends_with_the_process)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;
        kr_pid pid;

        if (!HAS_LATE_ENDS)
                return;
        kr_trap_exit(true);
        pid = spawn_as(&hog_loop, &ref);
        kr_sleep(30);
        kr_exit_signal(pid, "enough");
        kit_expect(&msg, "{'DOWN', =, process, _, enough}", ref);
        kit_expect(&msg, "{begun, _}");
        kit_expect(&msg, "{ended, enough, true}");
        kit_expect(&msg, "{'EXIT', =, enough}", pid);
        kr_msg_clear(&msg);
        kr_sleep(10);
        kit_expect_nothing();
}

FAULTS_TEST(test_a_fault_in_caught_is_the_end)
{
        kr_ref ref;
        kr_pid pid = spawn_as(&subject_loop, &ref);

        kr_send(pid, "{caught, ~}", FAULT);
        tell_end(pid, "error");
        next("{ended, {{sigsegv, 0}, [_ | _]}, true}");
        kit_expect_down(ref, "{{sigsegv, 0}, [_ | _]}");
        pid = spawn_as(&subject_loop, &ref);
        kr_send(pid, "{caught, ~}", OVERFLOW);
        tell_end(pid, "throw");
        next("{ended, {{stack_overflow, _}, [_ | _]}, true}");
        kit_expect_down(ref, "{{stack_overflow, _}, [_ | _]}");
}

static void expect_given_up(int in_ended, bool late)
{
        kr_ref ref;
        kr_pid pid = spawn_as(&subject_loop, &ref);

        kr_send(pid, "{ended, ~}", in_ended);
        tell_end(pid, "exit");
        next("{caught, 0, {over, [1]}}");
        next("{ended, {over, [1]}, false}");
        if (late)
                next("late");
        kit_expect_down(ref, "{over, [1]}");
        kit_expect_nothing();
}

KIT_EVERYWHERE_TEST(test_an_end_that_waits_raises_or_goes_on_is_given_up)
{
        expect_given_up(WAIT, false);
        expect_given_up(RAISE, true);
        expect_given_up(BECOME, false);
}

FAULTS_TEST(test_an_end_that_faults_is_given_up)
{
        expect_given_up(FAULT, true);
        expect_given_up(OVERFLOW, false);
}

/* A fault that was caught was none. */
static void faults_caught(void *unused)
{
        (void)unused;
        end_as("segv");
}

static void survives(void *record)
{
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        (void)record;
        kit_false(kr_catch(faults_caught, NULL, &kind, &reason));
        kr_exit("later");
}

static const kr_loop survivor_loop = { "survivor", survives, caught, ended,
                                       false,      NULL,     NULL };

FAULTS_TEST(test_after_a_fault_that_was_caught_all_is_as_before)
{
        kr_ref ref;

        spawn_as(&survivor_loop, &ref);
        next("{caught, 0, later}");
        next("{ended, later, false}");
        kit_expect_down(ref, "later");
}

static _Atomic int ends;

static void count_end(void *record, kr_term reason, bool fault)
{
        struct subject *s = record;

        kit_match(reason, "killed");
        kit_true(fault);
        kit_int_eq(s->ended++, 0);
        atomic_fetch_add(&ends, 1);
}

static const kr_loop counted_loop = {
        "counted", run, NULL, count_end, false, NULL, NULL
};

static void many_in_all_states(void)
{
        kr_ref ref;

        atomic_store(&ends, 0);
        for (int i = 0; i < 100; i++) {
                kr_pid pid = spawn_as(&counted_loop, &ref);

                if (i % 4 == 1)
                        tell_end(pid, "wait");
                if (i % 4 == 2)
                        kr_send(pid, "clean_up_not");
                if (i == 99 && HAS_LATE_ENDS)
                        tell_end(pid, "hog");
        }
        kr_sleep(20);
}

KIT_TEST(test_a_node_that_stops_lets_all_have_their_ends)
{
        kit_run_process(&(kr_node_opts){ .faults = KR_FAULTS_EXIT, .schedulers = 2 },
                        many_in_all_states);
        kit_int_eq(atomic_load(&ends), 100);
}

KIT_MAIN(KIT_CASE(test_a_fault_is_not_caught_and_is_the_end),
         KIT_CASE(test_an_exit_signal_is_not_caught_and_is_the_end),
         KIT_CASE(test_killed_at_its_top_it_has_its_end),
         KIT_CASE(test_killed_before_it_has_run_it_has_its_end),
         KIT_CASE(test_killed_in_foreign_code_it_has_its_clean_ups_and_its_end),
         KIT_CASE(test_what_late_clean_ups_begin_ends_with_the_process),
         KIT_CASE(test_a_fault_in_caught_is_the_end),
         KIT_CASE(test_an_end_that_waits_raises_or_goes_on_is_given_up),
         KIT_CASE(test_an_end_that_faults_is_given_up),
         KIT_CASE(test_after_a_fault_that_was_caught_all_is_as_before),
         KIT_CASE(test_a_node_that_stops_lets_all_have_their_ends))
