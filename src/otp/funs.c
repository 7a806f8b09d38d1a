/* SPDX-License-Identifier: Apache-2.0 */
/* funs.c: C functions that travel in messages.
 *
 * A message from elsewhere may hold any number, so a function's address must not be in it: it
 * is entered in a table that only grows, and its place is sent.
 */
#include "sys.h"

#include <stdatomic.h>

#define FUNS_MAX 1024

/* Zero: free. A place is filled once, from the first on; the entries before one that is filled
 * are filled. Relaxed: an address is all there is to see. */
static _Atomic(kri_fun) funs[FUNS_MAX];

int kri_fun_number(kri_fun fun)
{
        for (int i = 0; i < FUNS_MAX; i++) {
                kri_fun found = atomic_load_explicit(&funs[i], memory_order_relaxed);

                if (found == fun)
                        return i;
                if (found)
                        continue;
                if (atomic_compare_exchange_strong_explicit(&funs[i], &found, fun,
                                                            memory_order_relaxed,
                                                            memory_order_relaxed) ||
                    found == fun)
                        return i;
        }
        return -1;
}

kri_fun kri_fun_of(int64_t number)
{
        if (number < 0 || number >= FUNS_MAX)
                return NULL;
        return atomic_load_explicit(&funs[number], memory_order_relaxed);
}
