/* SPDX-License-Identifier: Apache-2.0 */
/* simple: the first stage, told: what is typed in Erlang, what is called here, what comes back. */
#include "counter.h"
#include "counter_gen_server_lite.h"
#include "counter_rpc.h"
#include "counters.h"

#include "stage.h"

#define FOO kr_atom_term(KR_ATOM("foo"))

/* Stopping and faulting take a moment: wait until the name is free. */
static void await_end(const char *name)
{
        enum { DOWN };
        kr_msg msg = KR_MSG_INIT;
        kr_ref monitor = kr_monitor(name);

        kr_receive(&msg, KR_INFINITY, kr_on(DOWN, "{'DOWN', =, _, _, _}", monitor));
}

/* -- counter -- */

static void start_again(void *unused)
{
        (void)unused;
        counter_start();
}

static void tick_nobody(void *unused)
{
        (void)unused;
        counter_tick(kr_int(1));
}

static void tell_counter(void)
{
        kr_msg msg = KR_MSG_INIT;

        stage_say("\ncounter: a process with a name and a number\n");
        STAGE_SHOW("counter:start()", counter_start());
        STAGE_SHOW("counter:tick(3)", counter_tick(kr_int(3)));
        STAGE_SHOW("counter:tick(39)", counter_tick(kr_int(39)));
        STAGE_SHOW("counter:read()", counter_read(&msg));
        stage_show_failure("counter:start()", "counter_start()", start_again);
        STAGE_SHOW("counter:stop()", counter_stop());
        await_end("counter");
        stage_show_failure("counter:tick(1)", "counter_tick(kr_int(1))", tick_nobody);
}

/* What comes first is the answer, whoever sent it. */
static void tell_any_message(void)
{
        kr_msg msg = KR_MSG_INIT;

        stage_say(
                "\ncounter: it takes any message as the answer (a weakness that is kept)\n");
        STAGE_SHOW("counter:start()", counter_start());
        STAGE_SHOW("self() ! hello", kr_send(kr_self(), "hello"));
        STAGE_SHOW("counter:read()", counter_read(&msg));
        STAGE_SHOW("counter:read()", counter_read(&msg));
        STAGE_SHOW("counter:stop()", counter_stop());
        kr_receive(&msg, KR_INFINITY, kr_on(0, "0")); /* what the second read asked for */
        await_end("counter");
}

/* -- counters -- */

/* A counter by a programmer who makes mistakes: its third tick goes through NULL. */
static void loop_with_a_bug(int64_t ticks)
{
        kr_msg msg = KR_MSG_INIT;
        volatile int64_t *volatile wild = NULL;

        kr_receive_top(&msg, KR_INFINITY, kr_on(0, "{tick, _, _}"));
        if (ticks == 2)
                *wild = ticks;
        kr_become(loop_with_a_bug, ticks + 1);
}

static bool start_buggy(const char *name)
{
        kr_register(name, kr_spawn(loop_with_a_bug, 0));
        return true;
}

static void tell_counters(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref a, b;

        stage_say(
                "\ncounters: more of them; two come to grief and the others do not notice\n");
        STAGE_SHOW("counters:start(a)", counters_start("a"));
        STAGE_SHOW("(a bug in C, no Erlang)", start_buggy("b"));
        STAGE_SHOW("counters:start(c)", counters_start("c"));
        STAGE_SHOW("counters:tick(c, 5)", counters_tick("c", kr_int(5)));
        a = kr_monitor("a");
        b = kr_monitor("b");
        STAGE_SHOW("counters:tick(a, foo)", counters_tick("a", FOO));
        stage_show_end("a", a);
        for (int i = 0; i < 3; i++)
                STAGE_SHOW("", counters_tick("b", kr_int(1)));
        stage_show_end("b", b);
        STAGE_SHOW("counters:tick(c, 2)", counters_tick("c", kr_int(2)));
        STAGE_SHOW("counters:read(c)", counters_read("c", &msg));
        STAGE_SHOW("counters:stop(c)", counters_stop("c"));
}

/* -- counter_rpc, counter_gen_server_lite -- */

static void tell_rpc(void)
{
        kr_msg msg = KR_MSG_INIT;

        stage_say("\ncounter_rpc: sending and waiting have functions of their own\n");
        STAGE_SHOW("counter_rpc:start()", counter_rpc_start());
        STAGE_SHOW("counter_rpc:tick(7)", counter_rpc_tick(kr_int(7)));
        STAGE_SHOW("counter_rpc:read()", counter_rpc_read(&msg));
        STAGE_SHOW("counter_rpc:stop()", counter_rpc_stop());
        await_end("counter");
}

static void tell_lite(void)
{
        kr_msg msg = KR_MSG_INIT;

        stage_say(
                "\ncounter_gen_server_lite: what every server does, apart from this one\n");
        STAGE_SHOW("...lite:start_link()", counter_gen_server_lite_start_link());
        STAGE_SHOW("...lite:tick(7)", counter_gen_server_lite_tick(kr_int(7)));
        STAGE_SHOW("self() ! hello", kr_send(kr_self(), "hello"));
        STAGE_SHOW("...lite:read()", counter_gen_server_lite_read(&msg));
        STAGE_SHOW("...lite:stop()", counter_gen_server_lite_stop());
        await_end("counter");
}

static void tell(void)
{
        stage_say("  %-24s %-36s %s\n", "in Erlang", "here", "comes back");
        tell_counter();
        tell_any_message();
        tell_counters();
        tell_rpc();
        tell_lite();
}

int main(void)
{
        return stage_run(tell);
}
