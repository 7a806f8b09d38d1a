/* SPDX-License-Identifier: Apache-2.0 */
/* counter.h: a counter without a name, a gen_server. For processes. */
#ifndef ARMY_COUNTER_H
#define ARMY_COUNTER_H

#include <krarup.h>

/* A counter of value 0, linked to the caller, that runs. */
kr_pid counter_start_link(void);

/* Returns at once; dropped if the counter has ended. */
void counter_tick(kr_pid counter, double n);

/* Ends the caller with {Reason, {gen_server, call, [Counter, read]}} if the counter has ended
 * (noproc) or does so now. */
double counter_read(kr_pid counter);

/* Returns when it has ended; ends the caller if it does so with any reason but normal. */
void counter_stop(kr_pid counter);

#endif
