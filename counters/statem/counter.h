/* SPDX-License-Identifier: Apache-2.0 */
/* counter.h: a counter that is a state machine with the name `counter`: running, paused or
 * full. For processes. */
#ifndef COUNTER_H
#define COUNTER_H

#include <krarup.h>

extern const kr_behaviour counter;

/* It is full at `limit`, and ends with {shutdown, full} when nobody resets it within
 * `patience_ms` then. Linked to its starter. KR_EALREADY: there is one, `pid`. */
kr_started counter_start_link(int64_t limit, int64_t patience_ms);

/* {State, Value}, which lives in the slot. Ends the caller if there is no counter. */
kr_term counter_read(kr_msg *answer);

/* The number it had; it is 0 and, if it was full, running again. As counter_read. */
kr_term counter_reset(kr_msg *answer);

/* KR_OK, counter or not. Ticks are counted while it runs, wait while it is paused, and are
 * dropped when it is full. A tick of what is no int64_t ends a running counter. */
kr_err counter_tick(kr_term n);
kr_err counter_pause(void);
kr_err counter_resume(void);
kr_err counter_stop(void);

#endif
