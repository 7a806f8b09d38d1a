/* SPDX-License-Identifier: Apache-2.0 */
/* service_frail_counter.h: how often the counter of service_frail_counter.c faults. */
#ifndef SERVICE_FRAIL_COUNTER_H
#define SERVICE_FRAIL_COUNTER_H

#include <krarup.h>

/* Of so many writes of all counters one faults before it is made, and one after it; 0: none. */
extern _Atomic int64_t frail_period;
/* Writes so far. */
extern _Atomic int64_t frail_writes;

extern const kr_module counter_module;

#endif
