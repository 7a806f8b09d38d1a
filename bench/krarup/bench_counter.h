/* SPDX-License-Identifier: Apache-2.0 */
/* bench_counter.h: the gen_server that call, cast and cast_fanin talk to. */
#ifndef BENCH_COUNTER_H
#define BENCH_COUNTER_H

#include "krarup_kit.h"

struct counter {
        int64_t value;
};

static kr_next counter_init(struct counter *c, kr_term args)
{
        return kr_match(args, "~", &c->value) ? kr_ok() : kr_stop("{bad_args, ~}", args);
}

static kr_next counter_handle_call(struct counter *c, kr_term request, kr_from from)
{
        (void)from;
        if (kr_match(request, "read"))
                return kr_reply("~", c->value);
        return kr_stop("{bad_call, ~}", request);
}

static kr_next counter_handle_cast(struct counter *c, kr_term message)
{
        int64_t n;

        if (!kr_match(message, "{tick, ~}", &n))
                return kr_stop("{bad_cast, ~}", message);
        c->value += n;
        return kr_noreply();
}

KR_GEN_SERVER(counter, struct counter, .init = counter_init,
              .handle_call = counter_handle_call, .handle_cast = counter_handle_cast);

static inline kr_pid counter_start(int64_t value)
{
        kr_started started = kr_start_link(&counter, NULL, "~", value);

        bench_check(started.err == KR_OK);
        return started.pid;
}

static inline int64_t counter_read(kr_pid pid)
{
        kr_msg reply = KR_MSG_INIT;
        int64_t value;

        bench_check(kr_match(kr_call(pid, &reply, "read"), "~", &value));
        return value;
}

#endif
