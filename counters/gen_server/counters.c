/* SPDX-License-Identifier: Apache-2.0 */
/* counters: counter, with a name of one's choice; named_counters.erl in Erlang. What the
 * server does is counter's: a module's callbacks serve any number of processes. */
#include "counters.h"

#include "counter.h"

kr_started counters_start_link(const char *name)
{
        return kr_start_link(&counter, KR_START_OPTS(.name = name), "0");
}

kr_term counters_read(const char *name, kr_msg *answer)
{
        return kr_call(name, answer, "read");
}

kr_err counters_tick(const char *name, kr_term n)
{
        kr_cast(name, "{tick, ~}", n);
        return KR_OK;
}

kr_err counters_stop(const char *name)
{
        kr_cast(name, "stop");
        return KR_OK;
}
