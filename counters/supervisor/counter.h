/* SPDX-License-Identifier: Apache-2.0 */
/* counter.h: a counter that a supervisor looks after. For processes. */
#ifndef COUNTER_H
#define COUNTER_H

#include <krarup.h>

extern const kr_behaviour counter;

/* {ok, Pid}; KR_EALREADY if there is one. For a supervisor: args are [Init]. */
kr_started counter_start(kr_term args, kr_msg *more);

/* KR_OK, also if there is no counter. KR_EBADARG: `n` is no number that it can add; nothing was
 * sent. */
kr_err counter_tick(kr_term n);

/* The same, answered: KR_OK, and the counter has it, its value being *ret_value; KR_ENOPROC,
 * KR_EFAILED or KR_ETIMEDOUT: it may have been lost. */
kr_err counter_tick_and_wait(int64_t n, int64_t *ret_value);

/* The value, in the slot. Ends the caller with {noproc, {gen_server, call, [counter, read]}} if
 * there is no counter. */
kr_term counter_read(kr_msg *answer);

#endif
