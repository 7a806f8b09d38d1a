/* SPDX-License-Identifier: Apache-2.0 */
/* gen_server: the counter as a behaviour, told: what is typed in Erlang, what is called here,
 * what comes back. */
#include "counter.h"
#include "counters.h"

#include "stage.h"

#define FOO kr_atom_term(KR_ATOM("foo"))

/* {ok, Pid} or {error, {already_started, Pid}}, as Erlang shows it. */
static void show_started(const char *erlang, const char *here, kr_started started)
{
        kr_term t = started.err == KR_OK
                            ? kr_build("{ok, ~}", started.pid)
                            : kr_build("{error, {already_started, ~}}", started.pid);

        stage_show_term(erlang, here, t);
        kr_release(t);
}

static void read_nobody(void *unused)
{
        kr_msg msg = KR_MSG_INIT;

        (void)unused;
        counter_read(&msg);
}

static void tell_counter(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref monitor;

        stage_say(
                "\ncounter: what a server does is OTP's, what a counter does is ours\n");
        show_started("counter:start_link()", "counter_start_link()",
                     counter_start_link());
        show_started("counter:start_link()", "counter_start_link()",
                     counter_start_link());
        STAGE_SHOW("counter:tick(3)", counter_tick(kr_int(3)));
        STAGE_SHOW("counter:tick(39)", counter_tick(kr_int(39)));
        STAGE_SHOW("self() ! hello", kr_send(kr_self(), "hello"));
        STAGE_SHOW("counter:read()", counter_read(&msg));
        STAGE_SHOW("counter ! nonsense", kr_send("counter", "nonsense"));
        STAGE_SHOW("counter:read()", counter_read(&msg));
        monitor = kr_monitor("counter");
        STAGE_SHOW("counter:stop()", counter_stop());
        stage_show_end("counter", monitor);
        STAGE_SHOW("counter:tick(1)", counter_tick(kr_int(1)));
        stage_show_failure("counter:read()", "counter_read(&msg)", read_nobody);
}

/* What comes with the behaviour: no line of the counter is about it. */
static void tell_sys(void)
{
        kr_msg msg = KR_MSG_INIT;

        stage_say("\nsys: look into it, hold it, change it, without a line of its own\n");
        show_started("counter:start_link()", "counter_start_link()",
                     counter_start_link());
        STAGE_SHOW("counter:tick(5)", counter_tick(kr_int(5)));
        STAGE_SHOW("sys:get_state(counter)", kr_sys_get_state("counter", &msg));
        STAGE_SHOW("sys:suspend(counter)", kr_sys_suspend("counter"));
        STAGE_SHOW("counter:tick(37)", counter_tick(kr_int(37)));
        STAGE_SHOW("sys:get_state(counter)", kr_sys_get_state("counter", &msg));
        STAGE_SHOW("sys:resume(counter)", kr_sys_resume("counter"));
        STAGE_SHOW("counter:read()", counter_read(&msg));
        STAGE_SHOW("sys:replace_state(...)",
                   kr_sys_replace_state("counter", &msg, "#{value => 7}"));
        STAGE_SHOW("counter:read()", counter_read(&msg));
        STAGE_SHOW("gen_server:stop(counter)", kr_stop_normal("counter"));
}

/* The culprit of a wrong tick is told nothing; who is linked to the counter is. */
static void tell_crash(void)
{
        enum { EXIT };
        kr_msg msg = KR_MSG_INIT;
        kr_ref monitor;

        stage_say("\ncounters: one comes to grief, and its starter hears of it\n");
        kr_trap_exit(true);
        show_started("counters:start_link(a)", "counters_start_link(\"a\")",
                     counters_start_link("a"));
        show_started("counters:start_link(b)", "counters_start_link(\"b\")",
                     counters_start_link("b"));
        monitor = kr_monitor("a");
        STAGE_SHOW("counters:tick(a, foo)", counters_tick("a", FOO));
        stage_show_end("a", monitor);
        kr_receive(&msg, KR_INFINITY, kr_on(EXIT, "{'EXIT', _, {badarith, _}}"));
        stage_say(
                "  its starter, which traps exits, has got {'EXIT', Pid, {badarith, ...}}\n");
        STAGE_SHOW("counters:tick(b, 1)", counters_tick("b", kr_int(1)));
        STAGE_SHOW("counters:read(b)", counters_read("b", &msg));
        STAGE_SHOW("counters:stop(b)", counters_stop("b"));
}

static void tell(void)
{
        stage_say("  %-24s %-36s %s\n", "in Erlang", "here", "comes back");
        tell_counter();
        tell_sys();
        tell_crash();
}

int main(void)
{
        return stage_run(tell);
}
