/* SPDX-License-Identifier: Apache-2.0 */
/* counter.h: a counter that is a process with the name `counter`. For processes. */
#ifndef COUNTER_H
#define COUNTER_H

#include <krarup.h>

/* true; badarg if there is a counter (and then a process without a name is left over). */
bool counter_start(void);

/* KR_OK; badarg if there is no counter. A tick of what is no int64_t ends the counter. */
kr_err counter_stop(void);
kr_err counter_tick(kr_term n);

/* The first message that comes from anybody; it lives in the slot. */
kr_term counter_read(kr_msg *answer);

#endif
