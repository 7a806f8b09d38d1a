/* SPDX-License-Identifier: Apache-2.0 */
/* funs_test.c: functions by number: as many as there is room for, and those that are gone. */
#include "kit.h"

#include "otp/sys.h"

#define ROOM 1024
#define LOW ((uintptr_t)1 << 40)

/* Nobody calls it. */
static kri_fun fun_at(int place)
{
        return (kri_fun)(LOW + (uintptr_t)place * 16);
}

KIT_TEST(test_a_function_has_one_number)
{
        int number = kri_fun_number(fun_at(0));

        kit_int_ge(number, 0);
        kit_int_eq(kri_fun_number(fun_at(0)), number);
        kit_true(kri_fun_of(number) == fun_at(0));
        kit_true(kri_fun_of(number + 1) == NULL);
        kit_true(kri_fun_of(-1) == NULL);
        kit_true(kri_fun_of(INT64_MAX) == NULL);
        kit_true(kri_fun_of(number + ((int64_t)1 << 32)) == NULL);
}

KIT_TEST(test_those_of_a_module_that_is_gone_make_room)
{
        int numbers[ROOM];

        for (int i = 0; i < ROOM; i++)
                kit_int_ge(numbers[i] = kri_fun_number(fun_at(i)), 0);
        kit_int_eq(kri_fun_number(fun_at(ROOM)), -1);
        kri_funs_drop((uintptr_t)fun_at(10), (uintptr_t)fun_at(20));
        for (int i = 0; i < ROOM; i++)
                kit_true(kri_fun_of(numbers[i]) ==
                         (i >= 10 && i < 20 ? NULL : fun_at(i)));
        kit_int_eq(kri_fun_number(fun_at(20)), numbers[20]);
        for (int i = 10; i < 20; i++) {
                int number = kri_fun_number(fun_at(ROOM + i));

                kit_int_ge(number, 0);
                kit_true(kri_fun_of(number) == fun_at(ROOM + i));
        }
        /* a message that is under way still calls nobody */
        for (int i = 10; i < 20; i++)
                kit_true(kri_fun_of(numbers[i]) == NULL);
        kit_int_eq(kri_fun_number(fun_at(10)), -1);
}

KIT_MAIN(KIT_CASE(test_a_function_has_one_number),
         KIT_CASE(test_those_of_a_module_that_is_gone_make_room))
