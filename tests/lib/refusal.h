/* SPDX-License-Identifier: Apache-2.0 */
/* refusal.h: a process to which the n-th allocation is refused.
 *
 * Use      set `run`, `source` and `n`, kit_refusal_spawn(), wait for its DOWN; `run` calls
 *          kit_refusal_arm when it has warmed up. Count n from 1 until `refused` is false: then
 *          nothing was refused any more.
 * Threads  one such process at a time, on a node with one scheduler (simulation).
 */
#ifndef KR_TESTS_REFUSAL_H
#define KR_TESTS_REFUSAL_H

#include <stdbool.h>
#include <stdint.h>

#include <krarup/process.h>

/* Where: in the scheduler's pools, or in malloc. */
enum kit_source { KIT_POOL, KIT_HEAP, KIT_SOURCES };

struct kit_refusal {
        enum kit_source source;
        uint64_t n;
        bool refused;      /* by the process that ended last */
        void (*run)(void); /* what the process does */
};

extern struct kit_refusal kit_refusal;

/* A process that does kit_refusal.run(), and its monitor; what it is refused ends with it. */
kr_ref kit_refusal_spawn(void);

void kit_refusal_arm(void);

/* Has it been refused by now? To be asked by that process. */
bool kit_refusal_has_come(void);

#endif
