/* SPDX-License-Identifier: Apache-2.0 */
/* counter_rpc: counter, its messages in one kind of envelope; counter_rpc.erl in Erlang. */
#include "counter_rpc.h"

enum { STOP, TICK, READ, ANSWER };

static void loop(int64_t value)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid from;
        kr_term n;

        switch (kr_receive_top(&msg, KR_INFINITY, kr_on(STOP, "{stop, _}"),
                               kr_on(TICK, "{{tick, ~}, _}", &n),
                               kr_on(READ, "{read, ~}", &from))) {
        case TICK:
                kr_become(loop, kr_add(value, kr_to_int64(n)));
        case READ:
                kr_send(from, "~", value);
                kr_become(loop, value);
        }
}

/* Macros, for a message is written as a pattern and patterns are literals. */
#define rpc_cast(name, msg, ...) kr_send(name, "{" msg ", ~}", ##__VA_ARGS__, kr_self())
#define rpc_call(name, answer, ...) (rpc_cast(name, __VA_ARGS__), await(answer))

static kr_term await(kr_msg *answer)
{
        kr_receive(answer, KR_INFINITY, kr_on(ANSWER, "_"));
        return answer->term;
}

bool counter_rpc_start(void)
{
        kr_register("counter", kr_spawn(loop, 0));
        return true;
}

kr_err counter_rpc_stop(void)
{
        return rpc_cast("counter", "stop");
}

kr_err counter_rpc_tick(kr_term n)
{
        return rpc_cast("counter", "{tick, ~}", n);
}

kr_term counter_rpc_read(kr_msg *answer)
{
        return rpc_call("counter", answer, "read");
}
