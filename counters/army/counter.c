/* SPDX-License-Identifier: Apache-2.0 */
#include "counter.h"

enum { CALL, CAST, STOP, REPLY, DOWN, READY };

struct counter {
        kr_pid starter;
        double value;
};

/* It waits at the top of its loop: an idle counter has no stack. */
static void loop(struct counter *self)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref from;
        double n;

        switch (kr_receive_top(&msg, KR_INFINITY, kr_on(CAST, "{cast, {tick, ~}}", &n),
                               kr_on(CALL, "{call, ~, read}", &from),
                               kr_on(STOP, "stop"))) {
        case CAST:
                self->value += n;
                kr_become(loop, self);
        case CALL:
                kr_send(from, "{~, ~}", from, self->value);
                kr_become(loop, self);
        }
}

static void init(struct counter *self)
{
        kr_send(self->starter, "{ready, ~}", kr_self());
        kr_become(loop, self);
}

kr_pid counter_start_link(void)
{
        struct counter initial = { kr_self(), 0 };
        kr_pid counter = kr_spawn_link(init, &initial);
        kr_msg msg = KR_MSG_INIT;

        kr_receive(&msg, KR_INFINITY, kr_on(READY, "{ready, =}", counter));
        return counter;
}

void counter_tick(kr_pid counter, double n)
{
        kr_send(counter, "{cast, {tick, ~}}", n);
}

double counter_read(kr_pid counter)
{
        kr_ref call = kr_monitor_alias(counter, KR_ALIAS_REPLY_DEMONITOR, NULL);
        kr_msg msg = KR_MSG_INIT;
        double value = 0;
        kr_term reason;

        kr_send(counter, "{call, ~, read}", call);
        if (kr_receive(&msg, KR_INFINITY, kr_on(REPLY, "{=, ~}", call, &value),
                       kr_on(DOWN, "{'DOWN', =, process, _, ~}", call, &reason)) == DOWN)
                kr_exit("~", reason);
        return value;
}

void counter_stop(kr_pid counter)
{
        kr_ref monitor = kr_monitor(counter);
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;

        kr_send(counter, "stop");
        kr_receive(&msg, KR_INFINITY,
                   kr_on(DOWN, "{'DOWN', =, process, _, ~}", monitor, &reason));
        if (!kr_match(reason, "normal"))
                kr_exit("~", reason);
}
