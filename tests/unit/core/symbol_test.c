/* SPDX-License-Identifier: Apache-2.0 */
/* symbol_test.c: what is known of addresses has a limit, and what is new is learned all the same. */
#include "kit.h"

#include "core/fault_symbol.h"

/* Nothing is there: it is learned that they have no name. */
#define NOWHERE ((uintptr_t)1 << 40)
#define LOT 256

static uintptr_t next = NOWHERE;

static bool is_known(uintptr_t at)
{
        bool is;

        kri_symbols_hold();
        is = kri_symbol_known(at) != NULL;
        kri_symbols_release();
        return is;
}

static void learn_lot(void)
{
        uintptr_t at[LOT];

        for (int i = 0; i < LOT; i++)
                at[i] = next += 16;
        kri_symbols_learn(at, LOT);
        kit_uint_eq(kri_symbols_count() > KRI_SYMBOLS_MAX, false);
}

static void learn_more_than_there_is_room_for(uintptr_t wanted)
{
        for (unsigned n = 0; n < 3 * KRI_SYMBOLS_MAX; n += LOT) {
                learn_lot();
                kit_true(is_known(wanted));
        }
}

KIT_TEST(test_what_is_wanted_stays_and_what_is_new_is_learned)
{
        uintptr_t here = (uintptr_t)is_known;
        const struct kri_symbol *symbol;

        kri_symbols_learn(&here, 1);
        learn_more_than_there_is_room_for(here);
        kit_true(is_known(next));
        kit_false(is_known(NOWHERE + 16));
        kri_symbols_hold();
        symbol = kri_symbol_known(here);
        kit_not_null(symbol);
        kit_str_eq(symbol->function, "is_known");
        kri_symbols_release();
        kri_symbols_forget();
        kit_false(is_known(here));
}

KIT_TEST(test_what_is_held_is_there)
{
        uintptr_t first = next + 16;
        const struct kri_symbol *held;

        learn_lot();
        kri_symbols_hold();
        held = kri_symbol_known(first);
        kit_not_null(held);
        for (unsigned n = 0; n < 4 * KRI_SYMBOLS_MAX; n += LOT)
                learn_lot();
        kit_str_eq(held->function, "");
        kit_uint_eq(held->offset, 0);
        kri_symbols_release();
        learn_lot();
        learn_lot();
        kit_true(is_known(next));
        kri_symbols_forget();
}

/* Of a module that is gone nothing is known, and what was takes no room for ever. */
KIT_TEST(test_what_was_dropped_makes_room)
{
        for (unsigned n = 0; n < 3 * KRI_SYMBOLS_MAX; n += LOT) {
                learn_lot();
                kri_symbols_drop(NOWHERE, UINTPTR_MAX);
                kit_false(is_known(next));
        }
        learn_lot();
        kit_true(is_known(next));
        kri_symbols_forget();
}

KIT_MAIN(KIT_SLOW(test_what_is_wanted_stays_and_what_is_new_is_learned, 30),
         KIT_SLOW(test_what_is_held_is_there, 30),
         KIT_SLOW(test_what_was_dropped_makes_room, 30))
