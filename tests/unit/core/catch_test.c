/* SPDX-License-Identifier: Apache-2.0 */
/* catch_test.c: exceptions: raised, caught, raised again. */
#include <krarup.h>

#include "expect.h"
#include "process.h"

static void raise_as(void *arg)
{
        switch (*(kr_class *)arg) {
        case KR_CLASS_EXIT:
                kr_exit("{reason, ~}", 17);
        case KR_CLASS_ERROR:
                kr_error("{reason, ~}", 17);
        case KR_CLASS_THROW:
                kr_throw("{reason, ~}", 17);
        }
}

static void expect_reason(kr_class kind, kr_term reason)
{
        if (kind == KR_CLASS_ERROR)
                kit_match(reason, "{{reason, 17}, [_ | _]}");
        else
                kit_match(reason, "{reason, 17}");
}

// covers: A11
KIT_EVERYWHERE_TEST(test_catch_tells_class_and_reason)
{
        kr_msg reason = KR_MSG_INIT;
        kr_class got;

        for (kr_class kind = KR_CLASS_EXIT; kind <= KR_CLASS_THROW; kind++) {
                kit_false(kr_catch(raise_as, &kind, &got, &reason));
                kit_int_eq(got, kind);
                expect_reason(kind, reason.term);
        }
}

static void count(void *arg)
{
        ++*(int *)arg;
}

KIT_EVERYWHERE_TEST(test_what_returns_is_not_caught_and_leaves_the_slot_alone)
{
        kr_msg reason = KR_MSG_INIT;
        kr_class kind = KR_CLASS_THROW;
        int n = 0;

        kit_true(kr_catch(count, &n, &kind, &reason));
        kit_int_eq(n, 1);
        kit_int_eq(kind, KR_CLASS_THROW);
        kit_null(reason.sig);
}

/* -- raised again -- */

struct again {
        kr_class kind;
        int depth;
};

static void catch_and_raise(void *arg)
{
        const struct again *a = arg;
        struct again inner = { a->kind, a->depth - 1 };
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        if (a->depth == 0)
                raise_as(&inner.kind);
        kit_false(kr_catch(catch_and_raise, &inner, &kind, &reason));
        kit_int_eq(kind, a->kind);
        kr_raise(kind, reason.term);
}

static void catch_and_raise_as(int64_t kind)
{
        struct again a = { (kr_class)kind, 3 };

        catch_and_raise(&a);
}

// covers: exception_SUITE:raise
KIT_EVERYWHERE_TEST(test_raising_again_keeps_class_and_reason)
{
        kr_msg reason = KR_MSG_INIT;

        for (kr_class kind = KR_CLASS_EXIT; kind <= KR_CLASS_THROW; kind++) {
                struct again a = { kind, 4 };
                kr_class got;

                kit_false(kr_catch(catch_and_raise, &a, &got, &reason));
                kit_int_eq(got, kind);
                expect_reason(kind, reason.term);
        }
}

// covers: exception_SUITE:raise
KIT_EVERYWHERE_TEST(test_what_was_raised_again_ends_a_process_as_the_first_would)
{
        kr_ref ref;

        kr_spawn_monitor(&ref, catch_and_raise_as, KR_CLASS_EXIT);
        kit_expect_down(ref, "{reason, 17}");
        kr_spawn_monitor(&ref, catch_and_raise_as, KR_CLASS_ERROR);
        kit_expect_down(ref, "{{reason, 17}, [_ | _]}");
        kr_spawn_monitor(&ref, catch_and_raise_as, KR_CLASS_THROW);
        kit_expect_down(ref, "{{nocatch, {reason, 17}}, [_ | _]}");
}

struct change {
        kr_class from, to;
};

static void change_class(void *arg)
{
        struct change *c = arg;
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        kit_false(kr_catch(raise_as, &c->from, &kind, &reason));
        kit_int_eq(kind, c->from);
        switch (c->to) {
        case KR_CLASS_EXIT:
                kr_exit("{changed, ~}", reason.term);
        case KR_CLASS_ERROR:
                kr_error("{changed, ~}", reason.term);
        case KR_CLASS_THROW:
                kr_throw("{changed, ~}", reason.term);
        }
}

// covers: exception_SUITE:change_exception_class
KIT_EVERYWHERE_TEST(test_what_was_caught_may_be_raised_as_another_class)
{
        for (int i = 0; i < 9; i++) {
                struct change c = { (kr_class)(i % 3), (kr_class)(i / 3) };
                kr_msg reason = KR_MSG_INIT;
                kr_term inner;
                kr_class kind;

                kit_false(kr_catch(change_class, &c, &kind, &reason));
                kit_int_eq(kind, c.to);
                if (kind == KR_CLASS_ERROR)
                        kit_match(reason.term, "{{changed, ~}, [_ | _]}", &inner);
                else
                        kit_match(reason.term, "{changed, ~}", &inner);
                expect_reason(c.from, inner);
        }
}

/* -- with other things -- */

static void misuse(void *arg)
{
        (void)arg;
        kr_link(kr_pid_none());
}

KIT_EVERYWHERE_TEST(test_misuse_is_an_error_that_can_be_caught)
{
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        for (int i = 0; i < 100; i++) {
                kit_false(kr_catch(misuse, NULL, &kind, &reason));
                kit_int_eq(kind, KR_CLASS_ERROR);
                kit_match(reason.term,
                          "{{badarg, {<<\"kr_link\">>, <<\"pid\">>}}, [_ | _]}");
        }
}

static void receive_and_throw(void *arg)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term term;

        (void)arg;
        kit_expect(&msg, "{throw, ~}", &term);
        kr_throw("~", term);
}

KIT_EVERYWHERE_TEST(test_a_catch_may_wait_inside_and_reasons_outlive_its_slots)
{
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        for (int i = 0; i < 20; i++) {
                (void)kr_send_after(1, kr_self(), "{throw, {ball, ~, ~}}", i, "data");
                kit_false(kr_catch(receive_and_throw, NULL, &kind, &reason));
                kit_match(reason.term, "{ball, =, <<\"data\">>}", i);
        }
        kit_expect_nothing();
}

static void note(void *arg)
{
        kr_send(kr_self(), "{cleaned, ~}", *(int *)arg);
}

static void defer_and_throw(void *arg)
{
        static int three = 3, two = 2;

        (void)arg;
        kit_true(kr_defer(note, &two));
        kit_true(kr_defer(note, &three));
        kr_throw("ball");
}

KIT_EVERYWHERE_TEST(test_clean_ups_of_what_is_left_run_newest_first_and_others_stay)
{
        static int one = 1;
        kr_msg msg = KR_MSG_INIT;
        kr_class kind;

        kit_true(kr_defer(note, &one));
        kit_false(kr_catch(defer_and_throw, NULL, &kind, &msg));
        kit_next(&msg, "{cleaned, 3}");
        kit_next(&msg, "{cleaned, 2}");
        kit_expect_nothing();
        kr_defer_cancel(note, &one, true);
        kit_next(&msg, "{cleaned, 1}");
}

static void wait_inside(void *arg)
{
        (void)arg;
        kr_sleep(KR_INFINITY);
}

static void catch_everything(void)
{
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        for (;;)
                (void)kr_catch(wait_inside, NULL, &kind, &reason);
}

// covers: A5
KIT_EVERYWHERE_TEST(test_an_exit_signal_is_not_caught)
{
        for (int i = 0; i < 10; i++) {
                kr_ref ref;
                kr_pid pid = kr_spawn_monitor(&ref, catch_everything);

                if (i % 2)
                        kr_yield();
                kr_exit_signal(pid, "die");
                kit_expect_down(ref, "die");
        }
}

/* -- out of a wait -- */

static void wait_badly(void *arg)
{
        kr_msg msg = KR_MSG_INIT;

        (void)arg;
        (void)kr_receive(&msg, -7, kr_on(1, "never"));
}

KIT_EVERYWHERE_TEST(test_after_a_wait_that_was_left_by_an_error_all_messages_are_seen)
{
        kr_msg msg = KR_MSG_INIT;
        kr_class kind;

        kr_send(kr_self(), "one");
        kr_send(kr_self(), "two");
        kr_send(kr_self(), "three");
        kit_false(kr_catch(wait_badly, NULL, &kind, &msg));
        kit_match(msg.term, "{timeout_value, _}");
        kit_int_eq(kr_receive(&msg, 0, kr_on(1, "two")), 1);
        kit_int_eq(kr_receive(&msg, 0, kr_on(1, "one")), 1);
        kit_int_eq(kr_receive(&msg, 0, kr_on(1, "three")), 1);
}

KIT_MAIN(KIT_CASE(test_after_a_wait_that_was_left_by_an_error_all_messages_are_seen),
         KIT_CASE(test_catch_tells_class_and_reason),
         KIT_CASE(test_what_returns_is_not_caught_and_leaves_the_slot_alone),
         KIT_CASE(test_raising_again_keeps_class_and_reason),
         KIT_CASE(test_what_was_raised_again_ends_a_process_as_the_first_would),
         KIT_CASE(test_what_was_caught_may_be_raised_as_another_class),
         KIT_CASE(test_misuse_is_an_error_that_can_be_caught),
         KIT_CASE(test_a_catch_may_wait_inside_and_reasons_outlive_its_slots),
         KIT_CASE(test_clean_ups_of_what_is_left_run_newest_first_and_others_stay),
         KIT_CASE(test_an_exit_signal_is_not_caught))
