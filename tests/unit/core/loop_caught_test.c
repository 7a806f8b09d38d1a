/* SPDX-License-Identifier: Apache-2.0 */
/* loop_caught_test.c: what nobody caught comes to loop->caught, on top of whoever raised it. */
#include "loop_kit.h"

/* -- caught -- */

struct raise {
        const char *how;
        const char *caught; /* as text; what follows it is left out */
        const char *ended;
};

static const struct raise raises[] = {
        { "exit", "{caught,0,{over,[1]}}", "{over,[1]}" },
        { "error", "{caught,1,{{over,[1]},[{", "{{over,[1]},[{" },
        { "throw", "{caught,2,{over,[1]}}", "{{nocatch,{over,[1]}},[{" },
        { "raise", "{caught,1,{over,[1]}}", "{over,[1]}" },
        { "badarg", "{caught,1,{{badarg,{<<\"kr_send\">>,<<\"to\">>}},[{",
          "{{badarg,{<<\"kr_send\">>,<<\"to\">>}},[{" },
        { "timeout_value", "{caught,1,{timeout_value,[{", "{timeout_value,[{" },
        { "misuse", "{caught,1,{{badarg,<<", "{{badarg,<<" },
};

static void expect_raise(const struct raise *r)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term reason, seen;
        kr_ref ref;
        kr_pid pid = spawn_as(&subject_loop, &ref);

        kr_send(pid, "block");
        kr_send(pid, "clean_up");
        tell_end(pid, r->how);
        kit_next(&msg, "{caught, _, _}");
        expect_text(msg.term, r->caught);
        for (int i = 3; i >= 1; i--)
                next("{cleaned, =}", i);
        kit_next(&msg, "{ended, ~, false}", &seen);
        expect_text(seen, r->ended);
        seen = kr_keep(seen);
        kit_next(&msg, "{'DOWN', =, process, _, ~}", ref, &reason);
        kit_true(kr_equal(reason, seen));
        kr_release(seen);
        kr_msg_clear(&msg);
        kit_expect_nothing();
}

KIT_EVERYWHERE_TEST(test_what_nobody_caught_is_caught_then_clean_ups_then_the_end)
{
        for (size_t i = 0; i < sizeof(raises) / sizeof(raises[0]); i++)
                expect_raise(&raises[i]);
}

KIT_EVERYWHERE_TEST(test_a_return_is_the_end_with_normal_and_is_not_caught)
{
        kr_ref ref;
        kr_pid pid = spawn_as(&subject_loop, &ref);

        kr_send(pid, "clean_up");
        tell_end(pid, "return");
        for (int i = 3; i >= 1; i--)
                next("{cleaned, =}", i);
        next("{ended, normal, false}");
        kit_expect_down(ref, "normal");
        kit_expect_nothing();
}

KIT_EVERYWHERE_TEST(test_without_caught_there_is_only_the_end)
{
        kr_ref ref;
        kr_pid pid = spawn_as(&deaf_loop, &ref);

        tell_end(pid, "throw");
        next("{ended, {{nocatch, {over, [1]}}, [_ | _]}, false}");
        kit_expect_down(ref, "{{nocatch, {over, [1]}}, [_ | _]}");
        pid = spawn_as(&plain_loop, &ref);
        tell_end(pid, "error");
        kit_expect_down(ref, "{{over, [1]}, [_ | _]}");
        kit_expect_nothing();
}

KIT_EVERYWHERE_TEST(test_caught_may_wait_ask_and_be_answered)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid;
        kr_ref ref, asked;

        for (int i = 0; i < 2; i++) {
                pid = spawn_as(&subject_loop, &ref);
                kr_send(pid, "{caught, ~}", WAIT);
                tell_end(pid, i == 0 ? "error" : "timeout_value");
                kit_next(&msg, "{ask, =, ~}", pid, &asked);
                kr_send(pid, "{~, answer}", asked);
                next("{caught, 1, {_, [_ | _]}}");
                next("{ended, {_, [_ | _]}, false}");
                kit_expect_down(ref, "{_, [_ | _]}");
        }
        kr_msg_clear(&msg);
}

KIT_EVERYWHERE_TEST(test_caught_may_catch)
{
        kr_ref ref;
        kr_pid pid = spawn_as(&subject_loop, &ref);

        kr_send(pid, "{caught, ~}", CATCH);
        tell_end(pid, "throw");
        next("caught_inside");
        next("{caught, 2, {over, [1]}}");
        next("{ended, {{nocatch, _}, _}, false}");
        kit_expect_down(ref, "{{nocatch, _}, _}");
}

KIT_EVERYWHERE_TEST(test_what_caught_raises_counts_and_is_not_caught_again)
{
        kr_ref ref;
        kr_pid pid = spawn_as(&subject_loop, &ref);

        kr_send(pid, "clean_up");
        kr_send(pid, "{caught, ~}", RAISE);
        tell_end(pid, "error");
        for (int i = 3; i >= 1; i--)
                next("{cleaned, =}", i);
        next("{ended, again, false}");
        kit_expect_down(ref, "again");
        pid = spawn_as(&subject_loop, &ref);
        kr_send(pid, "{caught, ~}", RAISE_DEEP);
        tell_end(pid, "exit");
        next("{ended, {again, [_ | _]}, false}");
        kit_expect_down(ref, "{again, [_ | _]}");
        kit_expect_nothing();
}

KIT_EVERYWHERE_TEST(test_an_exit_signal_ends_it_in_caught_too)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref, asked;
        kr_pid pid = spawn_as(&subject_loop, &ref);

        kr_send(pid, "{caught, ~}", WAIT);
        tell_end(pid, "error");
        kit_next(&msg, "{ask, =, ~}", pid, &asked);
        kr_exit_signal(pid, "enough");
        next("{ended, enough, true}");
        kit_expect_down(ref, "enough");
        kr_msg_clear(&msg);
        kit_expect_nothing();
}

static void catches_outside(void *record)
{
        struct subject *s = record;

        catch_inside(s);
}

static const kr_loop catching_loop = { "catching", catches_outside, caught,
                                       ended,      false,           NULL,
                                       NULL };

KIT_EVERYWHERE_TEST(test_what_is_caught_by_kr_catch_does_not_come)
{
        kr_ref ref;

        spawn_as(&catching_loop, &ref);
        next("caught_inside");
        next("{ended, normal, false}");
        kit_expect_down(ref, "normal");
        kit_expect_nothing();
}

/* A wait in the middle, with a time that counts, that raises. */
static void raises_in_a_wait(void *record)
{
        struct subject *s = record;
        kr_msg msg = KR_MSG_INIT;

        kr_send(kr_self(), "one");
        kr_send(kr_self(), "two");
        s->in_caught = s->rounds;
        kit_int_eq(kr_receive(&msg, 5, kr_on(1, "never")), KR_TIMEOUT);
        (void)kr_receive(&msg, -7, kr_on(1, "never"));
}

static void sees_all(void *record, kr_class kind, kr_term reason)
{
        kr_msg msg = KR_MSG_INIT;

        (void)record;
        kit_int_eq(kind, KR_CLASS_ERROR);
        kit_match(reason, "{timeout_value, _}");
        kit_int_eq(kr_receive(&msg, 0, kr_on(1, "two")), 1);
        kit_int_eq(kr_receive(&msg, 0, kr_on(1, "one")), 1);
        kit_int_eq(kr_receive(&msg, 1, kr_on(1, "one")), KR_TIMEOUT);
        kr_msg_clear(&msg);
}

static const kr_loop waiting_loop = {
        "waiting", raises_in_a_wait, sees_all, NULL, false, NULL, NULL
};

KIT_EVERYWHERE_TEST(test_a_wait_that_raises_is_over_in_caught)
{
        kr_ref ref;

        spawn_as(&waiting_loop, &ref);
        kit_expect_down(ref, "{timeout_value, _}");
}

static void in_a_region(void *record)
{
        (void)record;
        kr_critical_begin();
        kr_exit("left");
}

static void waits_to_be_killed(void *record, kr_class kind, kr_term reason)
{
        struct subject *s = record;

        (void)kind;
        (void)reason;
        kr_send(s->parent, "waits");
        wait_for_ever();
}

static const kr_loop region_loop = { "region", in_a_region, waits_to_be_killed,
                                     ended,    false,       NULL,
                                     NULL };

KIT_EVERYWHERE_TEST(test_a_critical_region_is_over_in_caught)
{
        kr_ref ref;
        kr_pid pid = spawn_as(&region_loop, &ref);

        next("waits");
        kr_exit_signal(pid, "kill");
        next("{ended, killed, true}");
        kit_expect_down(ref, "killed");
}

KIT_MAIN(KIT_CASE(test_what_nobody_caught_is_caught_then_clean_ups_then_the_end),
         KIT_CASE(test_a_return_is_the_end_with_normal_and_is_not_caught),
         KIT_CASE(test_without_caught_there_is_only_the_end),
         KIT_CASE(test_caught_may_wait_ask_and_be_answered),
         KIT_CASE(test_caught_may_catch),
         KIT_CASE(test_what_caught_raises_counts_and_is_not_caught_again),
         KIT_CASE(test_an_exit_signal_ends_it_in_caught_too),
         KIT_CASE(test_what_is_caught_by_kr_catch_does_not_come),
         KIT_CASE(test_a_wait_that_raises_is_over_in_caught),
         KIT_CASE(test_a_critical_region_is_over_in_caught))
