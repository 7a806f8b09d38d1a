/* SPDX-License-Identifier: Apache-2.0 */
/* counter: one process with a name and a number; counter.erl says it in Erlang. */
#include "counter.h"

enum { STOP, TICK, READ, ANSWER };

static void loop(int64_t value)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid from;
        kr_term n;

        switch (kr_receive_top(&msg, KR_INFINITY, kr_on(STOP, "{stop, _}"),
                               kr_on(TICK, "{tick, ~, _}", &n),
                               kr_on(READ, "{read, ~}", &from))) {
        case TICK:
                kr_become(loop, kr_add(value, kr_to_int64(n)));
        case READ:
                kr_send(from, "~", value);
                kr_become(loop, value);
        }
}

bool counter_start(void)
{
        kr_register("counter", kr_spawn(loop, 0));
        return true;
}

kr_err counter_stop(void)
{
        return kr_send("counter", "{stop, ~}", kr_self());
}

kr_err counter_tick(kr_term n)
{
        return kr_send("counter", "{tick, ~, ~}", n, kr_self());
}

kr_term counter_read(kr_msg *answer)
{
        kr_send("counter", "{read, ~}", kr_self());
        kr_receive(answer, KR_INFINITY, kr_on(ANSWER, "_"));
        return answer->term;
}
