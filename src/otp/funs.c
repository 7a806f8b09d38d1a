/* SPDX-License-Identifier: Apache-2.0 */
/* funs.c: C functions that travel in messages.
 *
 * A message from elsewhere may hold any number, so a function's address must not be in it: it
 * is entered in a table, and its place is sent, with how often that place has been given up before:
 * who is asked for a function whose module is gone finds none, and never another's.
 */
#include "sys.h"

#include <limits.h>
#include <stdatomic.h>

#define FUNS_BITS 10
#define FUNS_MAX (1 << FUNS_BITS)
#define TIMES_MAX ((uint32_t)INT_MAX >> FUNS_BITS)

/* fun: zero: free. times: counted up before the place becomes free, and then it may be seen
 * (release and acquire of fun). A place that has been given up TIMES_MAX times stays unused. */
static struct {
        _Atomic(kri_fun) fun;
        _Atomic uint32_t times;
} funs[FUNS_MAX];

static int number_of(int place)
{
        return (int)(atomic_load_explicit(&funs[place].times, memory_order_relaxed)
                     << FUNS_BITS) |
               place;
}

static bool is_free(int place)
{
        return atomic_load_explicit(&funs[place].fun, memory_order_acquire) == NULL &&
               atomic_load_explicit(&funs[place].times, memory_order_relaxed) < TIMES_MAX;
}

/* The place of a function, or the first one that is free; -1: neither. */
static int find(kri_fun fun)
{
        int free_place = -1;

        for (int i = 0; i < FUNS_MAX; i++) {
                if (atomic_load_explicit(&funs[i].fun, memory_order_acquire) == fun)
                        return i;
                if (free_place < 0 && is_free(i))
                        free_place = i;
        }
        return free_place;
}

int kri_fun_number(kri_fun fun)
{
        for (;;) {
                int place = find(fun);
                kri_fun there = NULL;

                if (place < 0)
                        return -1;
                if (atomic_compare_exchange_strong_explicit(&funs[place].fun, &there, fun,
                                                            memory_order_acq_rel,
                                                            memory_order_acquire) ||
                    there == fun)
                        return number_of(place);
        }
}

kri_fun kri_fun_of(int64_t number)
{
        kri_fun fun;
        int place;

        if (number < 0 || number > INT_MAX)
                return NULL;
        place = (int)(number & (FUNS_MAX - 1));
        fun = atomic_load_explicit(&funs[place].fun, memory_order_acquire);
        return fun != NULL && number_of(place) == number ? fun : NULL;
}

void kri_funs_drop(uintptr_t low, uintptr_t high)
{
        for (int i = 0; i < FUNS_MAX; i++) {
                kri_fun fun = atomic_load_explicit(&funs[i].fun, memory_order_acquire);

                if (fun == NULL || (uintptr_t)fun < low || (uintptr_t)fun >= high)
                        continue;
                atomic_fetch_add_explicit(&funs[i].times, 1, memory_order_relaxed);
                atomic_store_explicit(&funs[i].fun, NULL, memory_order_release);
        }
}
