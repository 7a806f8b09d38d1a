/* SPDX-License-Identifier: Apache-2.0 */
/* scenarios_counters.c: the counters of the first stage, used and misused; see
 * scenarios_counters.erl. */
#include "counter.h"
#include "counter_gen_server_lite.h"
#include "counter_rpc.h"
#include "counters.h"

#include "scenario.h"

#define FOO kr_atom_term(KR_ATOM("foo"))

static void say_done(const char *what, kr_err err)
{
        say(what, "~", kri_atom_of(kr_err_name(err)));
}

static void say_read(const char *what)
{
        kr_msg answer = KR_MSG_INIT;

        say_term(what, counter_read(&answer));
        kr_msg_clear(&answer);
}

static void starts(void)
{
        counter_start();
}

static void stops(void)
{
        counter_stop();
}

static void ticks(void)
{
        counter_tick(kr_int(1));
}

static void reads(void)
{
        kr_msg answer = KR_MSG_INIT;

        counter_read(&answer);
}

/* -- counter -- */

static void counts(void)
{
        kr_ref ref;

        say("start", "~", counter_start());
        say_done("tick", counter_tick(kr_int(3)));
        counter_tick(kr_int(39));
        say_read("read");
        say_read("read again");
        ref = kr_monitor("counter");
        say_done("stop", counter_stop());
        say_end("end", ref);
        counter_start();
        say_read("started anew");
}

static int64_t count_processes(void)
{
        kr_msg msg = KR_MSG_INIT;
        size_t len = 0;

        kr_processes(&msg);
        (void)kr_length(msg.term, &len);
        kr_msg_clear(&msg);
        return (int64_t)len;
}

static void started_twice(void)
{
        int64_t before;

        counter_start();
        counter_tick(kr_int(1));
        before = count_processes();
        say_caught("again", starts);
        say("left over", "~", count_processes() - before);
        say_read("the first goes on");
}

static void not_running(void)
{
        say_caught("tick", ticks);
        say_caught("stop", stops);
        say_caught("read", reads);
}

static void tick_of_foo(void)
{
        kr_ref ref;

        counter_start();
        counter_tick(kr_int(1));
        ref = kr_monitor("counter");
        say_done("tick", counter_tick(FOO));
        say_end("end", ref);
        say("name", "~",
            kri_atom_of(kr_pid_is_none(kr_whereis("counter")) ? "undefined" : "taken"));
        say_caught("read", reads);
}

static void unknown_message(void)
{
        kr_pid pid;

        counter_start();
        pid = kr_whereis("counter");
        kr_send("counter", "{reset, to, 0}");
        kr_send("counter", "hello");
        counter_tick(kr_int(1));
        say_read("read");
        say_info("left in its mailbox", pid, "messages");
}

static void stray_message_is_the_answer(void)
{
        counter_start();
        counter_tick(kr_int(5));
        kr_send(kr_self(), "stray");
        say_read("read");
        say_read("read again");
        await_waiting(kr_whereis("counter"));
        say_mailbox("left");
}

static void exit_signals(void)
{
        kr_ref ref;

        counter_start();
        counter_tick(kr_int(7));
        kr_exit_signal(kr_whereis("counter"), "normal");
        say_read("after normal");
        ref = kr_monitor("counter");
        kr_exit_signal(kr_whereis("counter"), "boom");
        say_end("end", ref);
        counter_start();
        ref = kr_monitor("counter");
        kr_exit_signal(kr_whereis("counter"), "kill");
        say_end("end", ref);
}

static void ticks_a_hundred_times(void)
{
        for (int i = 0; i < 100; i++)
                counter_tick(kr_int(1));
}

static void ticks_of_many(void)
{
        kr_pid pids[50];

        counter_start();
        for (int i = 0; i < 50; i++)
                pids[i] = kr_spawn(ticks_a_hundred_times);
        for (int i = 0; i < 50; i++)
                await_end(pids[i]);
        say_read("read");
}

static void in_order(void)
{
        kr_builder b = KR_BUILDER_INIT;
        kr_msg answer = KR_MSG_INIT;

        counter_start();
        for (int i = 1; i <= 10; i++) {
                counter_tick(kr_int(i));
                kr_add_term(&b, counter_read(&answer));
        }
        say_given("reads", kr_build_list(&b));
}

static void negative_and_large(void)
{
        counter_start();
        counter_tick(kr_int(-100));
        say_read("negative");
        counter_tick(kr_build("1000000000000"));
        say_read("large");
        counter_tick(kr_build("9000000000000000000"));
        say_read("larger");
}

/* -- counter_rpc -- */

static void rpc_starts(void)
{
        counter_rpc_start();
}

static void rpc_ticks(void)
{
        counter_rpc_tick(kr_int(1));
}

static void say_rpc_read(const char *what)
{
        kr_msg answer = KR_MSG_INIT;

        say_term(what, counter_rpc_read(&answer));
        kr_msg_clear(&answer);
}

static void rpc_counts(void)
{
        kr_ref ref;

        say("start", "~", counter_rpc_start());
        say_done("tick", counter_rpc_tick(kr_int(7)));
        say_rpc_read("read");
        ref = kr_monitor("counter");
        say_done("stop", counter_rpc_stop());
        say_end("end", ref);
}

static void rpc_misused(void)
{
        kr_ref ref;

        say_caught("tick", rpc_ticks);
        counter_rpc_start();
        say_caught("again", rpc_starts);
        kr_send(kr_self(), "stray");
        say_rpc_read("read");
        say_next("the answer");
        ref = kr_monitor("counter");
        counter_rpc_tick(kr_build("\"foo\""));
        say_end("end", ref);
}

/* -- counters -- */

static void say_named(const char *what, const char *name)
{
        kr_msg answer = KR_MSG_INIT;

        say_term(what, counters_read(name, &answer));
        kr_msg_clear(&answer);
}

static void starts_a(void)
{
        counters_start("a");
}

static void named_counts(void)
{
        say("start", "~", counters_start("a"));
        say("start", "~", counters_start("b"));
        counters_tick("a", kr_int(1));
        counters_tick("b", kr_int(2));
        counters_tick("a", kr_int(10));
        say_named("read", "a");
        say_named("read", "b");
        say_caught("again", starts_a);
        say_done("stop", counters_stop("a"));
}

static void one_dies_alone(void)
{
        kr_ref ref;

        counters_start("a");
        counters_start("b");
        counters_tick("b", kr_int(5));
        ref = kr_monitor("a");
        counters_tick("a", FOO);
        say_end("a", ref);
        say_named("b", "b");
}

/* -- counter_gen_server_lite -- */

static void lite_starts(void)
{
        counter_gen_server_lite_start_link();
}

static void lite_reads(void)
{
        kr_msg answer = KR_MSG_INIT;

        counter_gen_server_lite_read(&answer);
}

static void say_lite_read(const char *what)
{
        kr_msg answer = KR_MSG_INIT;

        say_term(what, counter_gen_server_lite_read(&answer));
        kr_msg_clear(&answer);
}

static void lite_counts(void)
{
        kr_ref ref;

        say("start", "~", counter_gen_server_lite_start_link());
        say_done("tick", counter_gen_server_lite_tick(kr_int(7)));
        say_lite_read("read");
        ref = kr_monitor("counter");
        say_done("stop", counter_gen_server_lite_stop());
        say_end("end", ref);
}

static void lite_is_linked(void)
{
        kr_trap_exit(true);
        counter_gen_server_lite_start_link();
        known_as(kr_whereis("counter"), "<counter>");
        counter_gen_server_lite_tick(FOO);
        say_next("exit");
        counter_gen_server_lite_start_link();
        known_as(kr_whereis("counter"), "<counter>");
        counter_gen_server_lite_stop();
        say_next("exit");
}

static void lite_misused(void)
{
        kr_pid pid;

        say_caught("read", lite_reads);
        kr_trap_exit(true);
        counter_gen_server_lite_start_link();
        pid = kr_whereis("counter");
        known_as(pid, "<counter>");
        say_caught("again", lite_starts);
        kr_send("counter", "{unknown, message}");
        say_lite_read("read");
        say_info("left in its mailbox", pid, "messages");
        kr_send("counter", "{request, unknown}");
        say_next("exit");
}

static void lite_waits_for_its_answer(void)
{
        counter_gen_server_lite_start_link();
        counter_gen_server_lite_tick(kr_int(5));
        kr_send(kr_self(), "stray");
        say_lite_read("read");
        say_mailbox("left");
}

SCENARIOS(SCENARIO(counts), SCENARIO(started_twice), SCENARIO(not_running),
          SCENARIO(tick_of_foo), SCENARIO(unknown_message),
          SCENARIO(stray_message_is_the_answer), SCENARIO(exit_signals),
          SCENARIO(ticks_of_many), SCENARIO(in_order), SCENARIO(negative_and_large),
          SCENARIO(rpc_counts), SCENARIO(rpc_misused), SCENARIO(named_counts),
          SCENARIO(one_dies_alone), SCENARIO(lite_counts), SCENARIO(lite_is_linked),
          SCENARIO(lite_misused), SCENARIO(lite_waits_for_its_answer))
