/* SPDX-License-Identifier: Apache-2.0 */
/* counter_gen_server_lite.h: a server in two halves. For processes. */
#ifndef COUNTER_GEN_SERVER_LITE_H
#define COUNTER_GEN_SERVER_LITE_H

#include <krarup.h>

/* true; badarg if there is a counter (and then a process without a name is left over). The
 * counter and its starter are linked. */
bool counter_gen_server_lite_start_link(void);

/* KR_OK; badarg if there is no counter. A tick of what is no int64_t ends the counter. */
kr_err counter_gen_server_lite_stop(void);
kr_err counter_gen_server_lite_tick(kr_term n);

/* What comes as {reply, Answer}; it lives in the slot. */
kr_term counter_gen_server_lite_read(kr_msg *answer);

#endif
