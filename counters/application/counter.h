/* SPDX-License-Identifier: Apache-2.0 */
/* counter.h: a counter with a global name. For processes. */
#ifndef COUNTER_H
#define COUNTER_H

#include <krarup.h>

extern const kr_behaviour counter;

/* For its supervisor: args are [Init]. */
kr_started counter_start(kr_term args, kr_msg *more);

/* KR_OK, also if there is no counter. KR_EBADARG: `n` is no number that it can add. */
kr_err counter_tick(kr_term n);

/* The value, in the slot. Ends the caller with {noproc, {gen_server, call, [{global, counter},
 * read]}} if there is no counter. */
kr_term counter_read(kr_msg *answer);

#endif
