/* SPDX-License-Identifier: Apache-2.0 */
/* counters.h: counters that are processes with names of one's choice. For processes. */
#ifndef COUNTERS_H
#define COUNTERS_H

#include <krarup.h>

/* true; badarg if the name is taken (and then a process without a name is left over). */
bool counters_start(const char *name);

/* KR_OK; badarg if nobody has the name. A tick of what is no int64_t ends the counter. */
kr_err counters_stop(const char *name);
kr_err counters_tick(const char *name, kr_term n);

/* The first message that comes from anybody; it lives in the slot. */
kr_term counters_read(const char *name, kr_msg *answer);

#endif
