/* SPDX-License-Identifier: Apache-2.0 */
/* counters: counter, with a name of one's choice; named_counters.erl in Erlang. */
#include "counters.h"

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

bool counters_start(const char *name)
{
        kr_register(name, kr_spawn(loop, 0));
        return true;
}

kr_err counters_stop(const char *name)
{
        return kr_send(name, "{stop, ~}", kr_self());
}

kr_err counters_tick(const char *name, kr_term n)
{
        return kr_send(name, "{tick, ~, ~}", n, kr_self());
}

kr_term counters_read(const char *name, kr_msg *answer)
{
        kr_send(name, "{read, ~}", kr_self());
        kr_receive(answer, KR_INFINITY, kr_on(ANSWER, "_"));
        return answer->term;
}
