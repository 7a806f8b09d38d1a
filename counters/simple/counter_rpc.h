/* SPDX-License-Identifier: Apache-2.0 */
/* counter_rpc.h: counter.h, with all messages in envelopes {Message, From}. For processes. */
#ifndef COUNTER_RPC_H
#define COUNTER_RPC_H

#include <krarup.h>

/* true; badarg if there is a counter (and then a process without a name is left over). */
bool counter_rpc_start(void);

/* KR_OK; badarg if there is no counter. A tick of what is no int64_t ends the counter. */
kr_err counter_rpc_stop(void);
kr_err counter_rpc_tick(kr_term n);

/* The first message that comes from anybody; it lives in the slot. */
kr_term counter_rpc_read(kr_msg *answer);

#endif
