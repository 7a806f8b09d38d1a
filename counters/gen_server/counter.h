/* SPDX-License-Identifier: Apache-2.0 */
/* counter.h: a counter that is a gen_server with the name `counter`. For processes. */
#ifndef COUNTER_H
#define COUNTER_H

#include <krarup.h>

extern const kr_behaviour counter;

/* It is linked to its starter. KR_EALREADY: there is one, `pid`. */
kr_started counter_start_link(void);

/* The number, which lives in the slot. Ends the caller with {Reason, {gen_server, call,
 * [counter, read]}} if there is no counter, or no answer within five seconds. */
kr_term counter_read(kr_msg *answer);

/* KR_OK, counter or not. A tick of what is no int64_t ends the counter. */
kr_err counter_tick(kr_term n);
kr_err counter_stop(void);

#endif
