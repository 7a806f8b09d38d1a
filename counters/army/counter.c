/* SPDX-License-Identifier: Apache-2.0 */
/* counter: what a counter does, and no more; army.erl in bench says it in Erlang. */
#include "counter.h"

struct counter {
        double value;
};

KR_FIELDS(counter_fields, struct counter, value);

/* -- callbacks -- */

static kr_next init(struct counter *self, kr_term args)
{
        (void)self; /* zero as it is */
        return kr_match(args, "[]") ? kr_ok() : kr_stop("{bad_args, ~}", args);
}

static kr_next handle_call(struct counter *self, kr_term request, kr_from from)
{
        (void)from;
        if (kr_match(request, "read"))
                return kr_reply("~", self->value);
        return kr_stop("{bad_call, ~}", request);
}

static kr_next handle_cast(struct counter *self, kr_term message)
{
        double n;

        if (!kr_match(message, "{tick, ~}", &n))
                return kr_stop("{bad_cast, ~}", message);
        self->value += n;
        return kr_noreply();
}

KR_GEN_SERVER(counter, struct counter, .init = init, .handle_call = handle_call,
              .handle_cast = handle_cast, .fields = counter_fields);

/* -- what others call -- */

kr_pid counter_start_link(void)
{
        kr_started started = kr_start_link(&counter, NULL, "[]");

        if (started.err != KR_OK)
                kr_error("system_limit");
        return started.pid;
}

void counter_tick(kr_pid pid, double n)
{
        kr_cast(pid, "{tick, ~}", n);
}

double counter_read(kr_pid pid)
{
        kr_msg reply = KR_MSG_INIT;
        double value = 0;

        (void)kr_match(kr_call(pid, &reply, "read"), "~", &value);
        return value;
}

void counter_stop(kr_pid pid)
{
        kr_stop_normal(pid);
}
