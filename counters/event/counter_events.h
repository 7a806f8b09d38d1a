/* SPDX-License-Identifier: Apache-2.0 */
/* counter_events.h: what happens to counters, for all who want to know: an event manager with
 * the name `counter_events`, and three handlers for it. For processes.
 */
#ifndef COUNTER_EVENTS_H
#define COUNTER_EVENTS_H

#include <krarup.h>

/* Linked to its starter. KR_EALREADY: there is one, `pid`. */
kr_started counter_events_start_link(void);

/* Tell all handlers that the counter of this name (an atom, as text) was ticked. Ends the
 * caller with badarg if there is no manager. */
kr_err counter_events_tick(const char *counter, int64_t n);

/* The handlers, the newest first; the list lives in the slot. */
kr_term counter_events_handlers(kr_msg *answer);

kr_err counter_events_stop(void);

/* -- the handlers: KR_OK, or KR_EFAILED -- */

/* Write a line for each tick to this file, which is appended to. */
kr_err counter_logger_add(const char *path);

/* Send {alarm, Counter, Sum} to the caller when the ticks of a counter first sum up to the
 * threshold. It is the caller's: it goes with it, and the caller is told when it goes. */
kr_err counter_alarm_add(int64_t threshold);

/* Count. read: {Ticks, Sum, Largest}, which lives in the slot; {error, bad_module} without
 * it. */
kr_err counter_stats_add(void);
kr_term counter_stats_read(kr_msg *answer);

#endif
