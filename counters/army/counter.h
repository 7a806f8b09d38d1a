/* SPDX-License-Identifier: Apache-2.0 */
/* counter.h: a counter without a name, a server in the manner of gen_server. For processes.
 *
 * A start is over when the counter says that it runs; a read monitors the counter, and its
 * answer comes through that monitor's reference, so it is nobody else's; a stop is over when
 * the counter has ended.
 */
#ifndef ARMY_COUNTER_H
#define ARMY_COUNTER_H

#include <krarup.h>

/* A counter of value 0, linked to the caller. */
kr_pid counter_start_link(void);

/* Returns at once; dropped if the counter has ended. */
void counter_tick(kr_pid counter, double n);

/* Ends the caller with the counter's reason (noproc...) if it has ended or does so now. */
double counter_read(kr_pid counter);

/* The same if it ends with any reason but normal. */
void counter_stop(kr_pid counter);

#endif
