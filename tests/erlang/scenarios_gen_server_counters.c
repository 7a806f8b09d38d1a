/* SPDX-License-Identifier: Apache-2.0 */
/* The counters of the second stage, used and misused; see scenarios_gen_server_counters.erl. */
#include "counter.h"
#include "counters.h"

#include "scenario.h"

#define FOO kr_atom_term(KR_ATOM("foo"))

static void say_started(const char *what, kr_started started)
{
        if (started.err == KR_OK)
                known_as(started.pid, "<counter>");
        if (started.err == KR_OK)
                say(what, "{ok, ~}", started.pid);
        else
                say(what, "{error, {already_started, ~}}", started.pid);
}

static void say_done(const char *what, kr_err err)
{
        say(what, "~", kri_atom_of(kr_err_name(err)));
}

static void reads(void)
{
        kr_msg answer = KR_MSG_INIT;

        say_term("count", counter_read(&answer));
        kr_msg_clear(&answer);
}

static void say_end_of(const char *what, kr_pid pid)
{
        kr_ref ref = kr_monitor(pid);

        say_end(what, ref);
}

static void counts(void)
{
        kr_pid pid;

        say_started("start", counter_start_link());
        say_done("tick", counter_tick(kr_int(3)));
        say_done("tick", counter_tick(kr_int(39)));
        reads();
        reads();
        pid = kr_whereis("counter");
        say_done("stop", counter_stop());
        await_end(pid);
        say("name is free", "~", kr_pid_is_none(kr_whereis("counter")));
        say_mailbox("mailbox");
}

static void starts_twice(void)
{
        say_started("start", counter_start_link());
        counter_tick(kr_int(5));
        say_started("again", counter_start_link());
        reads();
        say_mailbox("mailbox");
}

static void nobody_is_there(void)
{
        say_done("tick", counter_tick(kr_int(1)));
        say_done("stop", counter_stop());
        say_caught("read", reads);
        say_mailbox("mailbox");
}

static void wrong_ticks(void)
{
        kr_ref ref;

        kr_trap_exit(true);
        say_started("start", counter_start_link());
        ref = kr_monitor("counter");
        say_done("tick", counter_tick(FOO));
        say_end("end", ref);
        say_next("exit");
        say_caught("read", reads);
        say_started("start", counter_start_link());
        reads();
}

static void starts_and_ticks_wrongly(void)
{
        counter_start_link();
        counter_tick(FOO);
        kr_sleep(KR_INFINITY);
}

static void starters_go_too(void)
{
        kr_ref ref;

        kr_spawn_monitor(&ref, starts_and_ticks_wrongly);
        say_end("starter", ref);
}

static void starts_and_ends(struct to *to)
{
        kr_send(to->pid, "{counter, ~}", counter_start_link().pid);
        kr_exit("enough");
}

static void counters_go_with_their_starters(void)
{
        struct to to = { kr_self() };
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid;

        kr_spawn(starts_and_ends, &to);
        (void)kr_receive(&msg, KR_INFINITY, kr_on(0, "{counter, ~}", &pid));
        await_end(pid);
        say("name is free", "~", kr_pid_is_none(kr_whereis("counter")));
}

static void unknown_messages(void)
{
        kr_pid pid;

        counter_start_link();
        pid = kr_whereis("counter");
        kr_send("counter", "nonsense");
        kr_send("counter", "{tick, 1}");
        reads();
        say_info("mailbox", pid, "message_queue_len");
        kr_send(kr_self(), "hello");
        reads();
        say_mailbox("mine");
}

static void exit_signals(void)
{
        kr_pid pid;

        kr_trap_exit(true);
        pid = counter_start_link().pid;
        counter_tick(kr_int(7));
        kr_exit_signal(pid, "normal");
        reads();
        kr_unlink(pid);
        kr_exit_signal(pid, "boom");
        await_end(pid);
        say_caught("read", reads);
        pid = counter_start_link().pid;
        known_as(pid, "<counter>");
        kr_exit_signal(pid, "kill");
        say_next("exit");
        say_end_of("end", pid);
}

static void names_of_ones_choice(void)
{
        kr_msg answer = KR_MSG_INIT;

        say_started("a", counters_start_link("a"));
        say_started("b", counters_start_link("b"));
        counters_tick("a", kr_int(1));
        counters_tick("b", kr_int(20));
        say_term("a", counters_read("a", &answer));
        say_term("b", counters_read("b", &answer));
        say_done("stop", counters_stop("a"));
        say_term("b", counters_read("b", &answer));
        kr_msg_clear(&answer);
}

SCENARIOS(SCENARIO(counts), SCENARIO(starts_twice), SCENARIO(nobody_is_there),
          SCENARIO(wrong_ticks), SCENARIO(starters_go_too),
          SCENARIO(counters_go_with_their_starters), SCENARIO(unknown_messages),
          SCENARIO(exit_signals), SCENARIO(names_of_ones_choice))
