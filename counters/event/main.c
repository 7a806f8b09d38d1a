/* SPDX-License-Identifier: Apache-2.0 */
/* event: handlers on an event manager, told: what is typed in Erlang, what is called here, what
 * comes back. */
#include "counter_events.h"

#include "stage.h"

/* A handler by a programmer who makes mistakes: its third event goes through NULL. */
struct buggy {
        int events;
};

static kr_handled start_buggy(struct buggy *b, kr_term args)
{
        (void)b, (void)args;
        return kr_handled_ok();
}

static kr_handled follow_null(struct buggy *b, kr_term event)
{
        volatile int *volatile wild = NULL;

        (void)event;
        if (++b->events == 3)
                *wild = b->events;
        return kr_handled_ok();
}

KR_EVENT_HANDLER(buggy, struct buggy, .init = start_buggy, .handle_event = follow_null);

static kr_err add_buggy(void)
{
        return kr_event_add_sup_handler("counter_events", &buggy, NULL, "[]");
}

/* What a handler sends to its owner. */
static kr_term next_message(kr_msg *slot)
{
        kr_receive(slot, KR_INFINITY, kr_on(0, "_"));
        return slot->term;
}

static bool start(void)
{
        return counter_events_start_link().err == KR_OK;
}

static void tell_handlers(void)
{
        kr_msg msg = KR_MSG_INIT;

        stage_say("\nhandlers: each takes of the events what it wants\n");
        STAGE_SHOW("...events:start_link()", start());
        STAGE_SHOW("counter_logger:add(...)", counter_logger_add("/dev/stdout"));
        STAGE_SHOW("counter_stats:add()", counter_stats_add());
        STAGE_SHOW("counter_alarm:add(10)", counter_alarm_add(10));
        STAGE_SHOW("...events:handlers()", counter_events_handlers(&msg));
        STAGE_SHOW("...events:tick(a, 4)", counter_events_tick("a", 4));
        STAGE_SHOW("...events:tick(b, 5)", counter_events_tick("b", 5));
        STAGE_SHOW("...events:tick(a, 7)", counter_events_tick("a", 7));
        STAGE_SHOW("receive M -> M end", next_message(&msg));
        STAGE_SHOW("counter_stats:read()", counter_stats_read(&msg));
        kr_msg_clear(&msg);
}

/* The manager is one process for all of them, and goes on. */
static void tell_crash(void)
{
        kr_msg msg = KR_MSG_INIT;

        stage_say("\none comes to grief: it goes alone, and who owns it is told\n");
        STAGE_SHOW("(a bug in C, no Erlang)", add_buggy());
        for (int i = 0; i < 3; i++)
                STAGE_SHOW("...events:tick(c, 1)", counter_events_tick("c", 1));
        kr_receive(&msg, KR_INFINITY,
                   kr_on(0, "{gen_event_EXIT, buggy, {'EXIT', {_, _}}}"));
        stage_say("  its owner has got {gen_event_EXIT, buggy, {'EXIT', {{sigsegv, 0}, "
                  "...}}}\n");
        STAGE_SHOW("...events:handlers()", counter_events_handlers(&msg));
        STAGE_SHOW("counter_stats:read()", counter_stats_read(&msg));
        STAGE_SHOW("...events:stop()", counter_events_stop());
        STAGE_SHOW("receive M -> M end", next_message(&msg));
        kr_msg_clear(&msg);
}

static void tell(void)
{
        stage_say("  %-24s %-36s %s\n", "in Erlang", "here", "comes back");
        tell_handlers();
        tell_crash();
}

int main(void)
{
        return stage_run(tell);
}
