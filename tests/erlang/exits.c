/* SPDX-License-Identifier: Apache-2.0 */
/* exits.c: how processes end and who hears of it; see exits.erl. */
#include <krarup.h>

#include <stdlib.h>

enum { GOT };

static void say(const char *what, kr_term t)
{
        printf("%s ", what);
        if (kr_print(stdout, t, NULL) != KR_OK)
                abort();
        putchar('\n');
}

/* -- ways to end -- */

static void returns(void)
{
}

static void exits_with_tuple(void)
{
        kr_exit("{some, [\"reason\", 1.5]}");
}

static void exits_with_kill(void)
{
        kr_exit("kill");
}

static void throws(void)
{
        kr_throw("{thrown, 1}");
}

static void errors(void)
{
        kr_error("{wrong, 2}");
}

static void signals_itself(void)
{
        kr_exit_signal(kr_self(), "{to, myself}");
        kr_exit("unreachable");
}

static void kills_itself_while_trapping(void)
{
        kr_trap_exit(true);
        kr_exit_signal(kr_self(), "kill");
        kr_exit("unreachable");
}

static void waits(void)
{
        kr_msg msg = KR_MSG_INIT;

        (void)kr_receive(&msg, KR_INFINITY, kr_on(GOT, "stop"));
}

static void waits_trapping(void)
{
        kr_msg msg = KR_MSG_INIT;

        kr_trap_exit(true);
        (void)kr_receive(&msg, KR_INFINITY, kr_on(GOT, "{'EXIT', _, normal}"));
        kr_exit("got_normal");
}

static void linked_to_one_that_is_killed(void)
{
        kr_pid pid = kr_spawn_link(waits);

        kr_exit_signal(pid, "kill");
        waits();
}

static void linked_to_one_that_exits_with_kill(void)
{
        kr_spawn_link(exits_with_kill);
        waits();
}

static void links_to_the_dead(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;
        kr_pid pid = kr_spawn_monitor(&ref, returns);

        (void)kr_receive(&msg, KR_INFINITY, kr_on(GOT, "{'DOWN', =, _, _, _}", ref));
        kr_link(pid);
        waits();
}

/* -- who hears of it -- */

/* The reason in the DOWN of a process; of {Reason, Stacktrace} only the reason. */
static void say_down(const char *what, kr_ref ref)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term reason, first, trace;

        (void)kr_receive(&msg, KR_INFINITY,
                         kr_on(GOT, "{'DOWN', =, process, _, ~}", ref, &reason));
        if (kr_match(reason, "{~, ~}", &first, &trace) && kr_is_list(trace) &&
            (kr_is_nil(trace) || kr_is_tuple(kr_hd(trace))))
                reason = first;
        say(what, reason);
        kr_msg_clear(&msg);
}

#define SAY_END(function)                                                                \
        do {                                                                             \
                kr_ref end_ref;                                                          \
                                                                                         \
                kr_spawn_monitor(&end_ref, function);                                    \
                say_down(#function, end_ref);                                            \
        } while (0)

static void say_ends(void)
{
        SAY_END(returns);
        SAY_END(exits_with_tuple);
        SAY_END(exits_with_kill);
        SAY_END(throws);
        SAY_END(errors);
        SAY_END(signals_itself);
        SAY_END(kills_itself_while_trapping);
        SAY_END(linked_to_one_that_is_killed);
        SAY_END(linked_to_one_that_exits_with_kill);
        SAY_END(links_to_the_dead);
}

static void say_signals(void)
{
        kr_ref ref;
        kr_pid pid = kr_spawn_monitor(&ref, waits);

        kr_exit_signal(pid, "normal");
        printf("alive after normal %s\n", kr_is_process_alive(pid) ? "true" : "false");
        kr_exit_signal(pid, "{first, reason}");
        kr_exit_signal(pid, "{second, reason}");
        say_down("the first reason counts", ref);

        pid = kr_spawn_monitor(&ref, waits_trapping);
        kr_yield();
        while (true) { /* it may not have begun to trap */
                kr_msg msg = KR_MSG_INIT;
                bool traps;

                if (!kr_process_info(pid, KR_ATOM("trap_exit"), &msg))
                        break;
                traps = kr_match(msg.term, "{trap_exit, true}");
                kr_msg_clear(&msg);
                if (traps)
                        break;
        }
        kr_exit_signal(pid, "normal");
        say_down("trapped normal", ref);
}

static void say_noproc(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term object, reason;
        kr_ref ref = kr_monitor("nobody_has_this_name");

        (void)kr_receive(&msg, KR_INFINITY,
                         kr_on(GOT, "{'DOWN', =, process, ~, ~}", ref, &object, &reason));
        say("object", object);
        say("reason", reason);
        kr_msg_clear(&msg);
}

static void say_links(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;
        kr_pid pid;

        kr_trap_exit(true);
        pid = kr_spawn_link(exits_with_tuple);
        (void)kr_receive(&msg, KR_INFINITY, kr_on(GOT, "{'EXIT', =, ~}", pid, &reason));
        say("link", reason);
        kr_link(pid);
        (void)kr_receive(&msg, KR_INFINITY, kr_on(GOT, "{'EXIT', =, ~}", pid, &reason));
        say("link to the dead", reason);
        kr_msg_clear(&msg);
}

static void scenario(void)
{
        say_ends();
        say_signals();
        say_noproc();
        say_links();
}

int main(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;
        kr_node *node;
        kr_pid self;
        kr_ref ref;

        if (kr_node_start(NULL, &node) != KR_OK || kr_thread_attach(node, &self) != KR_OK)
                return 1;
        kr_spawn_monitor(&ref, scenario);
        (void)kr_receive(&msg, KR_INFINITY,
                         kr_on(GOT, "{'DOWN', =, process, _, ~}", ref, &reason));
        say("scenario", reason);
        kr_msg_clear(&msg);
        kr_thread_detach();
        return kr_node_stop(node, 5000) == KR_OK ? 0 : 1;
}
