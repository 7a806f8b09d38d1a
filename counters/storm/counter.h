/* SPDX-License-Identifier: Apache-2.0 */
/* counter.h: a counter with weak spots: the casts `segv`, `loop` and `deep` are its end.
 *
 * Its argument is [Who], an index from 0. Ticks are counted outside of all processes too: what a
 * counter had counted goes with it, and somebody has to know.
 */
#ifndef COUNTER_H
#define COUNTER_H

#include <krarup.h>

#include <stdatomic.h>

#define COUNTERS 4

extern const kr_behaviour counter;

/* Ticks that were counted, by whichever process was counter `who`. */
extern _Atomic int64_t counter_counted[COUNTERS];

#endif
