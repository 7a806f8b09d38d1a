/* SPDX-License-Identifier: Apache-2.0 */
/* gen_server: what its callbacks may say, how it ends, who learns of it;
 * scenarios_gen_server.erl does the same. */
#include "scenario.h"

#include <string.h>

#include "../lib/told.h"

/* -- what the scenarios are made of -- */

/* {ok, Pid} is told as ok. */
static void say_started(const char *what, kr_started started, kr_msg *reason)
{
        switch (started.err) {
        case KR_OK:
                say(what, "ok");
                break;
        case KR_EIGNORED:
                say(what, "ignore");
                break;
        case KR_EALREADY:
                say(what, "{error, {already_started, ~}}", started.pid);
                break;
        case KR_ETIMEDOUT:
                say(what, "{error, timeout}");
                break;
        case KR_EFAILED:
                say(what, "{error, ~}", reason->term);
                break;
        default:
                say(what, "~", kr_err_name(started.err));
                break;
        }
        kr_msg_clear(reason);
}

#define say_start(what, ...)                                                             \
        do {                                                                             \
                kr_msg start_reason = KR_MSG_INIT;                                       \
                kr_start_opts start_opts = { .ret_reason = &start_reason };              \
                kr_term start_how = kr_build(__VA_ARGS__);                               \
                kr_started started =                                                     \
                        kr_start(&told, &start_opts, "{~, ~}", kr_self(), start_how);    \
                                                                                         \
                say_started(what, started, &start_reason);                               \
                kr_release(start_how);                                                   \
        } while (0)

/* A server that has done this in its init, and what tells of its end. */
static kr_pid new_doing(kr_term what, kr_ref *ret_monitor)
{
        kr_started started = kr_start_monitor(&told, NULL, "{~, ~}", kr_self(), what);

        kr_release(what);
        *ret_monitor = started.monitor;
        return started.pid;
}

static kr_pid new_told(kr_ref *ret_monitor)
{
        return new_doing(kr_build("ok"), ret_monitor);
}

struct asking {
        kr_server to;
        kr_term request;
        int64_t timeout_ms; /* 0: five seconds */
        kr_msg slot;
};

static void ask(void *arg)
{
        struct asking *a = arg;

        if (a->timeout_ms)
                kr_call_timeout(a->to, &a->slot, a->timeout_ms, "~", a->request);
        else
                kr_call(a->to, &a->slot, "~", a->request);
}

static void say_raised(const char *what, kr_class kind, kr_term reason)
{
        kr_term why, trace;

        if (kind == KR_CLASS_ERROR && kr_match(reason, "{~, ~}", &why, &trace))
                say(what, "{error, ~}", why);
        else
                say(what, "{exit, ~}", reason);
}

/* The reply, or {Class, Reason} of the call. Takes the request. */
static void say_asked(const char *what, kr_server to, int64_t timeout_ms, kr_term request)
{
        struct asking a = { to, request, timeout_ms, KR_MSG_INIT };
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        if (kr_catch(ask, &a, &kind, &reason))
                say(what, "~", a.slot.term);
        else
                say_raised(what, kind, reason.term);
        kr_msg_clear(&a.slot);
        kr_msg_clear(&reason);
        kr_release(request);
}

#define say_call(what, to, ...) say_asked(what, KR_SERVER(to), 0, kr_build(__VA_ARGS__))
#define say_call_timeout(what, to, timeout_ms, ...)                                      \
        say_asked(what, KR_SERVER(to), timeout_ms, kr_build(__VA_ARGS__))

/* What it tells in terminate, and its end. */
static void say_ending(const char *what, kr_ref monitor)
{
        say(what, "is");
        say_next("told");
        say_end("end", monitor);
        say_mailbox("rest");
}

/* -- starting -- */

static void init_results(void)
{
        say_start("ok", "ok");
        say_start("timeout", "{ok, {timeout, 100000}}");
        say_start("hibernate", "{ok, hibernate}");
        say_start("ignore", "ignore");
        say_start("stop", "{stop, not_today}");
        say_start("stop normal", "{stop, normal}");
        say_start("exit", "{exit, gone}");
        say_start("error", "{error, broken}");
        say_start("throw", "{throw, ball}");
        say_start("thrown result", "{throw_next, {stop, thrown}}");
        say_start("thrown ok", "{throw_next, ok}");
        say_mailbox("mailbox");
}

static void init_results_linked(void)
{
        static const char *const ways[] = { "{stop, not_today}", "ignore", "{exit, gone}",
                                            "{exit, normal}", "{throw, ball}" };

        kr_trap_exit(true);
        for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
                kr_msg reason = KR_MSG_INIT;
                kr_start_opts opts = { .name = "linked", .ret_reason = &reason };
                kr_started started;
                kr_term way;

                if (kr_parse(ways[i], strlen(ways[i]), NULL, &way, NULL) != KR_OK)
                        continue;
                started = kr_start_link(&told, &opts, "{~, ~}", kr_self(), way);
                say_started("start", started, &reason);
                say("name is free", "~", kr_pid_is_none(kr_whereis("linked")));
                kr_release(way);
        }
}

static void starts_badly(void)
{
        kr_start_link(&told, NULL, "{~, {stop, badly}}", kr_self());
        kr_exit("not_reached");
}

static void starts_ignored(void)
{
        kr_start_link(&told, NULL, "{~, ignore}", kr_self());
        kr_exit("reached");
}

static void a_failing_start_ends_its_starter(void)
{
        kr_ref ref;

        kr_spawn_monitor(&ref, starts_badly);
        say_end("stop", ref);
        kr_spawn_monitor(&ref, starts_ignored);
        say_end("ignore", ref);
}

static void names_are_taken_once(void)
{
        kr_start_opts opts = { .name = "one" };
        kr_msg reason = KR_MSG_INIT;
        kr_started first = kr_start(&told, &opts, "{~, ok}", kr_self());

        opts.ret_reason = &reason;
        known_as(first.pid, "<first>");
        say_started("first", first, &reason);
        say_started("second", kr_start(&told, &opts, "{~, ok}", kr_self()), &reason);
        say_call("call", "one", "{do, get}");
        kr_stop_normal("one");
        say_next("told");
        say("free", "~", kr_pid_is_none(kr_whereis("one")));
        say_started("third", kr_start(&told, &opts, "{~, ok}", kr_self()), &reason);
}

static kr_next sleepy_init(struct told *s, kr_term args)
{
        (void)s;
        (void)args;
        kr_sleep(KR_INFINITY);
        return kr_ok();
}

KR_GEN_SERVER(sleepy, struct told, .init = sleepy_init);

static void init_may_take_too_long(void)
{
        kr_msg reason = KR_MSG_INIT;
        kr_start_opts opts = { .name = "slow", .timeout_ms = 20, .ret_reason = &reason };

        kr_trap_exit(true);
        say_started("start", kr_start_link(&sleepy, &opts, "[]"), &reason);
        say("name is free", "~", kr_pid_is_none(kr_whereis("slow")));
        say_mailbox("mailbox");
}

/* -- results of callbacks -- */

static void results_of_calls(void)
{
        kr_ref ref;
        kr_pid pid = new_told(&ref);

        say_call("reply", pid, "{do, {reply, {a, [term], #{'of' => 1.5}}}}");
        say_call("state", pid, "{do, get}");
        kr_cast(pid, "{do, {add, 3}}");
        kr_send(pid, "{do, {add, 4}}");
        say_call("state", pid, "{do, get}");
        say_call("hibernate", pid, "{do, {reply, r, hibernate}}");
        say_call("timeout", pid, "{do, {reply, r, {timeout, 1}}}");
        say_next("told");
        say_call("continue", pid, "{do, {reply, r, {continue, c}}}");
        say_next("told");
        kr_cast(pid, "a_cast");
        say_next("told");
        kr_send(pid, "an_info");
        say_next("told");
        kr_send(pid, "{'$gen_cast', by_hand}");
        say_next("told");
}

static void replies_come_later(void)
{
        kr_ref ref, mine = kr_make_ref();
        kr_pid pid = new_told(&ref);

        known_as(mine, "#mine");
        kr_send(pid, "{'$gen_call', {~, ~}, {do, later}}", kr_self(), mine);
        say_call("meanwhile", pid, "{do, {reply, r}}");
        kr_cast(pid, "{do, {answer, at_last}}");
        say_next("reply");
        kr_cast(pid, "{do, {answer, and_again}}");
        say_call("sync", pid, "{do, {reply, r}}");
        say_mailbox("a plain reference has it twice");
}

static void a_late_reply_is_dropped(void)
{
        kr_ref ref;
        kr_pid pid = new_told(&ref);

        known_as(pid, "<server>");
        say_call_timeout("call", pid, 20, "{do, later}");
        kr_cast(pid, "{do, {answer, too_late}}");
        say_call("sync", pid, "{do, {reply, r}}");
        say_mailbox("mailbox");
}

static void ends_of(const char *how)
{
        static const char *const reasons[] = {
                "{stop, normal}",        "{stop, shutdown}",
                "{stop, {shutdown, x}}", "{stop, {a, b}}",
                "{exit, normal}",        "{exit, bad}",
                "{error, worse}",        "{error, undef}",
                "{throw, ball}",         "{throw_next, {stop, thrown}}"
        };

        for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
                kr_ref ref;
                kr_pid pid = new_told(&ref);
                kr_term what;

                if (kr_parse(reasons[i], strlen(reasons[i]), NULL, &what, NULL) != KR_OK)
                        continue;
                known_as(pid, "<server>");
                if (strcmp(how, "call") == 0)
                        say_call("call", pid, "{do, ~}", what);
                else if (strcmp(how, "cast") == 0)
                        kr_cast(pid, "{do, ~}", what);
                else if (strcmp(how, "info") == 0)
                        kr_send(pid, "{do, ~}", what);
                else
                        kr_cast(pid, "{do, {noreply, {continue, {do, ~}}}}", what);
                say_ending(reasons[i], ref);
                kr_release(what);
        }
}

static void ends_in_calls(void)
{
        ends_of("call");
}

static void ends_in_casts(void)
{
        ends_of("cast");
}

static void ends_in_infos(void)
{
        ends_of("info");
}

static void ends_in_continues(void)
{
        ends_of("continue");
}

static void a_stop_with_reply(void)
{
        kr_ref ref;
        kr_pid pid = new_told(&ref);

        say_call("call", pid, "{do, {stop, shutdown, bye}}");
        say_ending("with reply", ref);
        pid = new_told(&ref);
        kr_cast(pid, "{do, {at_end, {error, in_terminate}}}");
        say_call("call", pid, "{do, {stop, normal, bye}}");
        say_ending("with a crash", ref);
}

static void thrown_results(void)
{
        kr_ref ref;
        kr_pid pid = new_told(&ref);

        say_call("reply", pid, "{do, {throw_next, {reply, thrown}}}");
        kr_cast(pid, "{do, {throw_next, {add, 2}}}");
        kr_send(pid, "{do, {throw_next, {add, 3}}}");
        say_call("state", pid, "{do, {throw_next, get}}");
        kr_cast(pid, "{do, {throw_next, {noreply, {continue, thrown}}}}");
        say_next("told");
        say_call("stop", pid, "{do, {throw_next, {stop, normal, bye}}}");
        say_ending("stopped", ref);
}

static void terminate_may_crash(void)
{
        static const char *const ways[] = { "{exit, second}", "{error, second}",
                                            "{throw, second}", "ok" };

        for (int i = 0; i < 4; i++) {
                kr_ref ref;
                kr_pid pid = new_told(&ref);
                kr_term way;

                if (kr_parse(ways[i], strlen(ways[i]), NULL, &way, NULL) != KR_OK)
                        continue;
                kr_cast(pid, "{do, {at_end, ~}}", way);
                kr_cast(pid, "{do, {exit, first}}");
                say_ending(ways[i], ref);
                kr_release(way);
        }
}

/* -- exits from outside -- */

struct aim {
        kr_pid pid;
        kr_atom reason;
};

static void is_a_stranger(struct aim *aim)
{
        kr_exit_signal(aim->pid, "~", aim->reason);
}

/* Who started a server is its parent, linked or not, and obeyed. */
static void exit_by_a_stranger(kr_pid pid, kr_atom reason)
{
        struct aim aim = { pid, reason };

        kr_spawn(is_a_stranger, &aim);
}

static void exits_of_strangers(void)
{
        kr_ref ref;
        kr_pid pid = new_told(&ref);

        kr_exit_signal(pid, "normal");
        say_call("alive", pid, "{do, get}");
        kr_exit_signal(pid, "bang");
        say_end("end", ref);
        say_mailbox("no terminate");
        pid = new_doing(kr_build("{trap, ok}"), &ref);
        exit_by_a_stranger(pid, KR_ATOM("bang"));
        say_next("told");
        exit_by_a_stranger(pid, KR_ATOM("normal"));
        say_next("told");
        exit_by_a_stranger(pid, KR_ATOM("kill"));
        say_end("end", ref);
        say_mailbox("no terminate");
}

static void exits_of_the_starter(void)
{
        kr_ref ref;
        kr_pid pid = new_doing(kr_build("{trap, ok}"), &ref);

        kr_exit_signal(pid, "bang");
        say_next("terminate");
        say_end("end", ref);
}

static void is_a_parent(struct to *to)
{
        kr_msg msg = KR_MSG_INIT;
        kr_started started = kr_start_link(&told, NULL, "{~, {trap, ok}}", to->pid);
        kr_term reason;

        kr_send(to->pid, "{child, ~}", started.pid);
        (void)kr_receive(&msg, KR_INFINITY, kr_on(0, "{finish, ~}", &reason));
        kr_exit("~", reason);
}

static void parents_take_their_servers_along(void)
{
        static const char *const reasons[] = { "normal", "shutdown", "boom" };

        for (int i = 0; i < 3; i++) {
                struct to to = { kr_self() };
                kr_pid parent = kr_spawn(is_a_parent, &to), child;
                kr_msg msg = KR_MSG_INIT;
                kr_ref ref;

                (void)kr_receive(&msg, KR_INFINITY, kr_on(0, "{child, ~}", &child));
                ref = kr_monitor(child);
                kr_send(parent, "{finish, ~}", kri_atom_of(reasons[i]));
                say_ending(reasons[i], ref);
        }
}

static void a_linked_parent_hears(void)
{
        kr_started started;

        kr_trap_exit(true);
        started = kr_start_link(&told, NULL, "{~, ok}", kr_self());
        known_as(started.pid, "<server>");
        kr_cast(started.pid, "{do, {stop, {shutdown, planned}}}");
        say_next("told");
        say_next("exit");
}

/* -- timeouts -- */

static void timeouts(void)
{
        kr_ref ref;
        kr_pid pid = new_doing(kr_build("{ok, {timeout, 1}}"), &ref);

        say_next("of init");
        kr_cast(pid, "{do, {noreply, {timeout, 1}}}");
        say_next("of a cast");
        kr_send(pid, "{do, {noreply, {timeout, 1}}}");
        say_next("of an info");
        kr_cast(pid, "{do, {noreply, {continue, {do, {noreply, {timeout, 1}}}}}}");
        say_next("of a continue");
        kr_cast(pid, "{do, {noreply, {timeout, 60}}}");
        kr_cast(pid, "in_between");
        say_next("cancels");
        kr_sleep(120);
        say_mailbox("cancelled");
}

static void a_timeout_of_0(void)
{
        kr_ref ref;
        kr_pid pid = new_told(&ref);

        kr_sys_suspend(pid);
        kr_cast(pid, "{do, {noreply, {timeout, 0}}}");
        kr_cast(pid, "one");
        kr_cast(pid, "{do, {noreply, {timeout, 0}}}");
        kr_sys_resume(pid);
        say_next("first");
        say_next("second");
        say_mailbox("mailbox");
}

static void a_system_message_begins_it_anew(void)
{
        kr_ref ref;
        kr_pid pid = new_doing(kr_build("{ok, {timeout, 400}}"), &ref);
        kr_msg msg = KR_MSG_INIT;

        for (int i = 0; i < 4; i++) {
                kr_sleep(200);
                kr_sys_get_state(pid, &msg);
        }
        say_mailbox("not yet");
        say_next("now");
        kr_msg_clear(&msg);
}

/* -- continues -- */

static void continues_before_messages(void)
{
        kr_ref ref;
        kr_pid pid = new_told(&ref);

        kr_sys_suspend(pid);
        kr_cast(pid, "{do, {noreply, {continue, {do, {noreply, {continue, last}}}}}}");
        kr_cast(pid, "queued");
        kr_send(pid, "queued_too");
        kr_sys_resume(pid);
        say_next("told");
        say_next("told");
        say_next("told");
        pid = new_doing(kr_build("{ok, {continue, of_init}}"), &ref);
        say_next("told");
        kr_cast(pid, "{do, {noreply, {continue, {do, {stop, there}}}}}");
        say_ending("stopped", ref);
}

/* -- calls that fail -- */

static void calls_of_nobody(void)
{
        kr_pid dead = new_dead();

        known_as(dead, "<dead>");
        say_call("a name", "nobody", "hello");
        say_call("a pid", dead, "hello");
        say_call_timeout("with a time", dead, 100, "hello");
        say_call("oneself", kr_self(), "hello");
        kr_cast("nobody", "hello");
        kr_cast(dead, "hello");
        say("casts", "ok");
        say_call("global", kr_global(kr_atom_term(KR_ATOM("nobody"))), "hello");
        say_mailbox("mailbox");
}

static void servers_that_end_in_a_call(void)
{
        kr_ref ref;
        kr_pid pid = new_told(&ref);

        known_as(pid, "<server>");
        say_call("normal", pid, "{do, {stop, normal}}");
        pid = new_told(&ref);
        known_as(pid, "<server>");
        say_call_timeout("with a time", pid, 1000, "{do, {exit, {a, reason}}}");
        pid = new_told(&ref);
        known_as(pid, "<server>");
        say_call("error", pid, "{do, {error, crash}}");
        pid = new_doing(kr_build("{ok, hibernate}"), &ref);
        known_as(pid, "<server>");
        say_call_timeout("timeout", pid, 5, "{do, noreply}");
}

static void what_was_queued_is_lost(void)
{
        kr_ref ref;
        kr_pid pid = new_told(&ref);

        kr_sys_suspend(pid);
        kr_cast(pid, "{do, {exit, early}}");
        kr_cast(pid, "never");
        kr_sys_resume(pid);
        say_ending("crashed", ref);
}

/* -- stopping -- */

static kr_pid stop_this;

static void stop_with_reason(void)
{
        kr_stop_server(stop_this, KR_INFINITY, "{a, reason}");
}

static void stop_normally(void)
{
        kr_stop_normal(stop_this);
}

static void stop_soon(void)
{
        kr_stop_server(stop_this, 20, "soon");
}

static void stopping(void)
{
        kr_ref ref;

        stop_this = new_told(&ref);
        known_as(stop_this, "<one>");
        say_caught("stop/1", stop_normally);
        say_ending("normal", ref);
        say_caught("again", stop_normally);
        stop_this = new_told(&ref);
        say_caught("stop/3", stop_with_reason);
        say_ending("reason", ref);
        stop_this = new_told(&ref);
        kr_cast(stop_this, "{do, {at_end, {exit, another}}}");
        say_caught("another reason", stop_with_reason);
        say_ending("another", ref);
        stop_this = new_told(&ref);
        kr_sys_suspend(stop_this);
        say_caught("suspended", stop_with_reason);
        say_ending("suspended", ref);
        stop_this = new_waiting();
        known_as(stop_this, "<deaf>");
        say_caught("deaf", stop_soon);
        say("alive", "~", kr_is_process_alive(stop_this));
        say_mailbox("mailbox");
}

/* -- processes that become servers -- */

static void enters(struct to *to)
{
        struct told state = { .owner = to->pid, .value = 40, .at_end = kr_none() };

        kr_register("entered", kr_self());
        kr_init_ack("{ok, ~}", kr_self());
        kr_gen_server_enter_loop(&told, &(kr_start_opts){ .name = "entered" }, &state,
                                 kr_then_continue(kr_ok(), "{do, {add, 2}}"));
}

static void enters_wrongly(struct to *to)
{
        struct told state = { .owner = to->pid, .at_end = kr_none() };

        kr_init_ack("{ok, ~}", kr_self());
        kr_gen_server_enter_loop(&told, &(kr_start_opts){ .name = "not_mine" }, &state,
                                 kr_ok());
}

static void becoming_a_server(void)
{
        struct to to = { kr_self() };
        kr_started started;

        kr_trap_exit(true);
        started = kr_proc_lib_start_link(NULL, enters, &to);
        known_as(started.pid, "<entered>");
        say_call("call", "entered", "{do, get}");
        kr_cast("entered", "{do, {stop, shutdown}}");
        say_next("told");
        say_next("exit");
        started = kr_proc_lib_start_link(NULL, enters_wrongly, &to);
        known_as(started.pid, "<wrong>");
        say_next("exit");
}

SCENARIOS(SCENARIO(init_results), SCENARIO(init_results_linked),
          SCENARIO(a_failing_start_ends_its_starter), SCENARIO(names_are_taken_once),
          SCENARIO(init_may_take_too_long), SCENARIO(results_of_calls),
          SCENARIO(replies_come_later), SCENARIO(a_late_reply_is_dropped),
          SCENARIO(ends_in_calls), SCENARIO(ends_in_casts), SCENARIO(ends_in_infos),
          SCENARIO(ends_in_continues), SCENARIO(a_stop_with_reply),
          SCENARIO(thrown_results), SCENARIO(terminate_may_crash),
          SCENARIO(exits_of_strangers), SCENARIO(exits_of_the_starter),
          SCENARIO(parents_take_their_servers_along), SCENARIO(a_linked_parent_hears),
          SCENARIO(timeouts), SCENARIO(a_timeout_of_0),
          SCENARIO(a_system_message_begins_it_anew), SCENARIO(continues_before_messages),
          SCENARIO(calls_of_nobody), SCENARIO(servers_that_end_in_a_call),
          SCENARIO(what_was_queued_is_lost), SCENARIO(stopping),
          SCENARIO(becoming_a_server))
