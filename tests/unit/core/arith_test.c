/* SPDX-License-Identifier: Apache-2.0 */
/* arith_test.c: sums that fit are sums; all else is badarith. */
#include <krarup.h>

#include "process.h"

#define MIN INT64_MIN
#define MAX INT64_MAX

struct sum {
        int64_t (*op)(int64_t, int64_t);
        int64_t a, b, result;
};

static void compute(void *arg)
{
        struct sum *sum = arg;

        sum->result = sum->op(sum->a, sum->b);
}

static void check_is_badarith(void (*fn)(void *), void *arg)
{
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        kit_false(kr_catch(fn, arg, &kind, &reason));
        kit_int_eq(kind, KR_CLASS_ERROR);
        kit_true(kr_match(reason.term, "{badarith, _}"));
}

static void check_overflows(int64_t (*op)(int64_t, int64_t), int64_t a, int64_t b)
{
        struct sum sum = { op, a, b, 0 };

        check_is_badarith(compute, &sum);
}

KIT_PROCESS_TEST(test_what_fits_is_computed)
{
        kit_int_eq(kr_add(MAX - 1, 1), MAX);
        kit_int_eq(kr_add(MIN, MAX), -1);
        kit_int_eq(kr_sub(MIN + 1, 1), MIN);
        kit_int_eq(kr_sub(-1, MIN), MAX);
        kit_int_eq(kr_mul(INT64_C(1) << 31, INT64_C(1) << 31), INT64_C(1) << 62);
        kit_int_eq(kr_mul(MIN, 1), MIN);
        kit_int_eq(kr_div(-7, 2), -3);
        kit_int_eq(kr_rem(-7, 2), -1);
        kit_int_eq(kr_div(MIN, 1), MIN);
        kit_int_eq(kr_rem(MIN, -1), 0);
}

KIT_PROCESS_TEST(test_what_does_not_fit_is_badarith)
{
        check_overflows(kr_add, MAX, 1);
        check_overflows(kr_add, MIN, -1);
        check_overflows(kr_sub, MIN, 1);
        check_overflows(kr_sub, 0, MIN);
        check_overflows(kr_mul, MIN, -1);
        check_overflows(kr_mul, MAX, 2);
        check_overflows(kr_div, MIN, -1);
}

KIT_PROCESS_TEST(test_division_by_zero_is_badarith)
{
        check_overflows(kr_div, 1, 0);
        check_overflows(kr_rem, 1, 0);
}

static void take_integer(void *arg)
{
        (void)kr_to_int64(*(kr_term *)arg);
}

static void take_double(void *arg)
{
        (void)kr_to_double(*(kr_term *)arg);
}

KIT_PROCESS_TEST(test_numbers_come_out_of_terms)
{
        kr_term big = kr_build("~", MAX), real = kr_build("2.5");

        kit_int_eq(kr_to_int64(kr_int(-3)), -3);
        kit_int_eq(kr_to_int64(big), MAX);
        kit_double_eq(kr_to_double(kr_int(-3)), -3.0);
        kit_double_eq(kr_to_double(real), 2.5);
}

KIT_PROCESS_TEST(test_what_is_no_number_is_badarith)
{
        kr_term foo = kr_atom_term(KR_ATOM("foo")), list = kr_build("[1]"),
                none = kr_none();

        check_is_badarith(take_integer, &foo);
        check_is_badarith(take_integer, &list);
        check_is_badarith(take_integer, &none);
        check_is_badarith(take_double, &foo);
        check_is_badarith(take_double, &none);
}

KIT_PROCESS_TEST(test_a_float_or_a_larger_integer_is_no_int64)
{
        kr_term real = kr_build("2.5"), large = kr_build("9223372036854775808");

        check_is_badarith(take_integer, &real);
        check_is_badarith(take_integer, &large);
        kit_double_eq(kr_to_double(large), 9223372036854775808.0);
}

static void add_too_much(void)
{
        volatile int64_t max = MAX;

        (void)kr_add(max, 1);
}

/* The trace names who added, and nothing of ours. */
KIT_PROCESS_TEST(test_the_reason_names_the_function_that_added)
{
        enum { DOWN };
        kr_msg msg = KR_MSG_INIT;
        kr_ref monitor;
        kr_term trace;

        kr_spawn_monitor(&monitor, add_too_much);
        kit_int_eq(kr_receive(&msg, 5000,
                              kr_on(DOWN, "{'DOWN', =, process, _, {badarith, ~}}",
                                    monitor, &trace)),
                   DOWN);
        kit_true(kr_match(trace, "[{<<\"add_too_much\">>, _, _} | _]"));
}

KIT_MAIN(KIT_CASE(test_what_fits_is_computed),
         KIT_CASE(test_what_does_not_fit_is_badarith),
         KIT_CASE(test_division_by_zero_is_badarith),
         KIT_CASE(test_numbers_come_out_of_terms),
         KIT_CASE(test_what_is_no_number_is_badarith),
         KIT_CASE(test_a_float_or_a_larger_integer_is_no_int64),
         KIT_CASE(test_the_reason_names_the_function_that_added))
