/* SPDX-License-Identifier: Apache-2.0 */
/* sys: to look into a gen_server, to hold it, to change it; scenarios_sys.erl does the same,
 * with the server of scenarios_gen_server.erl. */
#include "scenario.h"

#include "../lib/told.h"

static kr_pid new_told(const char *name)
{
        kr_start_opts opts = { .name = name };
        kr_started started = kr_start(&told, &opts, "{~, ok}", kr_self());

        known_as(started.pid, "<server>");
        return started.pid;
}

/* What a request gives, in a slot that is cleared. */
#define say_got(what, call)                                                              \
        do {                                                                             \
                kr_msg slot = KR_MSG_INIT;                                               \
                kr_term got = call;                                                      \
                                                                                         \
                say_term(what, got);                                                     \
                kr_msg_clear(&slot);                                                     \
        } while (0)

static void say_ok(const char *what, kr_err err)
{
        if (err == KR_OK)
                say(what, "ok");
        else
                say(what, "{error, ~}",
                    kri_atom_of(err == KR_EOS ? "open_file" : "other"));
}

/* -- holding -- */

static void suspending(void)
{
        kr_pid pid = new_told(NULL);

        say_ok("suspend", kr_sys_suspend(pid));
        say_ok("again", kr_sys_suspend(pid));
        kr_cast(pid, "one");
        kr_send(pid, "two");
        kr_cast(pid, "three");
        say_got("state", kr_sys_get_state(pid, &slot));
        say_mailbox("nothing");
        say_ok("resume", kr_sys_resume(pid));
        say_next("told");
        say_next("told");
        say_next("told");
        say_ok("again", kr_sys_resume(pid));
        say_mailbox("nothing more");
}

static kr_pid call_this;

static void call_soon(void)
{
        kr_msg slot = KR_MSG_INIT;

        kr_call_timeout(call_this, &slot, 20, "{do, {tell, done, {reply, late}}}");
}

static void what_timed_out_is_done_later(void)
{
        call_this = new_told(NULL);
        kr_sys_suspend(call_this);
        say_caught("call", call_soon);
        kr_sys_resume(call_this);
        say_next("told");
        say_got("state", kr_sys_get_state(call_this, &slot));
        say_mailbox("mailbox");
}

static void is_a_parent(struct to *to)
{
        kr_msg msg = KR_MSG_INIT;
        kr_started started = kr_start_link(&told, NULL, "{~, {trap, ok}}", to->pid);

        kr_send(to->pid, "{child, ~}", started.pid);
        (void)kr_receive(&msg, KR_INFINITY, kr_on(0, "finish"));
        kr_exit("parents_end");
}

static void parents_end_what_is_suspended(void)
{
        struct to to = { kr_self() };
        kr_pid parent = kr_spawn(is_a_parent, &to), child;
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;

        (void)kr_receive(&msg, KR_INFINITY, kr_on(0, "{child, ~}", &child));
        ref = kr_monitor(child);
        kr_sys_suspend(child);
        kr_cast(child, "never");
        kr_send(parent, "finish");
        say_next("told");
        say_end("end", ref);
        say_mailbox("rest");
}

static void terminating(void)
{
        kr_pid pid = new_told(NULL);
        kr_ref ref = kr_monitor(pid);

        say_ok("terminate", kr_sys_terminate(pid, "{shutdown, asked}"));
        say_next("told");
        say_end("end", ref);
        pid = new_told(NULL);
        ref = kr_monitor(pid);
        kr_sys_suspend(pid);
        kr_cast(pid, "never");
        say_ok("suspended", kr_sys_terminate(pid, "asked"));
        say_next("told");
        say_end("end", ref);
        say_mailbox("rest");
}

/* -- requests that fail -- */

static kr_pid ask_this;

static void suspends_nobody(void)
{
        kr_sys_suspend("nobody");
}

static void resumes_the_dead(void)
{
        kr_sys_resume_timeout(ask_this, 100);
}

static void terminates_the_dead(void)
{
        kr_sys_terminate(ask_this, "why");
}

static void asks_itself(void)
{
        kr_msg slot = KR_MSG_INIT;

        kr_sys_get_state(kr_self(), &slot);
}

static void logs_the_deaf(void)
{
        kr_sys_log_timeout(ask_this, 3, 20);
}

static void traces_the_deaf(void)
{
        kr_sys_trace_timeout(ask_this, true, 20);
}

static void status_of_the_deaf(void)
{
        kr_msg slot = KR_MSG_INIT;

        kr_sys_get_status_timeout(ask_this, &slot, 20);
}

static void changes_the_deaf(void)
{
        kr_msg slot = KR_MSG_INIT;

        kr_sys_change_code_timeout(ask_this, &slot, 20, "{m, 1, {some, extra}}");
}

static void no_debug_of_the_deaf(void)
{
        kr_sys_no_debug_timeout(ask_this, 20);
}

static void ends_when_asked(void)
{
        kr_msg msg = KR_MSG_INIT;

        (void)kr_receive(&msg, KR_INFINITY, kr_on(0, "{system, _, _}"));
        kr_exit("instead");
}

static void requests_that_fail(void)
{
        ask_this = new_dead();
        known_as(ask_this, "<dead>");
        say_caught("nobody", suspends_nobody);
        say_caught("the dead", resumes_the_dead);
        say_caught("the dead", terminates_the_dead);
        say_caught("oneself", asks_itself);
        ask_this = new_waiting();
        known_as(ask_this, "<deaf>");
        say_caught("log", logs_the_deaf);
        say_caught("trace", traces_the_deaf);
        say_caught("status", status_of_the_deaf);
        say_caught("code", changes_the_deaf);
        say_caught("no debug", no_debug_of_the_deaf);
        ask_this = kr_spawn(ends_when_asked);
        known_as(ask_this, "<ending>");
        say_caught("one that ends", terminates_the_dead);
        say_mailbox("mailbox");
}

static void requests_that_are_none(void)
{
        kr_pid pid = new_told(NULL);
        kr_ref ref = kr_make_ref();

        known_as(ref, "#request");
        kr_send(pid, "{system, {~, ~}, nonsense}", kr_self(), ref);
        say_next("answer");
        kr_send(pid, "{system, {~, ~}, {debug, nonsense}}", kr_self(), ref);
        say_next("answer");
        kr_send(pid, "{system, {~, ~}, {debug, {log, {true, 0}}}}", kr_self(), ref);
        say_next("answer");
        kr_send(pid, "{system, {~, ~}, get_state}", kr_self(), ref);
        say_next("answer");
}

/* -- state and code -- */

static void states(void)
{
        kr_pid pid = new_told("stated");

        kr_cast(pid, "{do, {add, 5}}");
        say_got("state", kr_sys_get_state(pid, &slot));
        say_got("by name", kr_sys_get_state("stated", &slot));
        say_got("replaced", kr_sys_replace_state(pid, &slot, "#{value => 12}"));
        say_got("state", kr_sys_get_state(pid, &slot));
        kr_sys_suspend(pid);
        say_got("replaced", kr_sys_replace_state(pid, &slot, "#{value => 13}"));
        kr_sys_resume(pid);
        say_got("state", kr_sys_get_state(pid, &slot));
}

static void crashes(void *state, kr_term how)
{
        ((struct told *)state)->value = 99;
        if (kr_match(how, "error"))
                kr_error("on_purpose");
        if (kr_match(how, "exit"))
                kr_exit("on_purpose");
        kr_throw("on_purpose");
}

static void replaces_by_error(void)
{
        kr_msg slot = KR_MSG_INIT;

        kr_sys_replace_state_fn(ask_this, &slot, crashes, "error");
}

static void replaces_by_exit(void)
{
        kr_msg slot = KR_MSG_INIT;

        kr_sys_replace_state_fn(ask_this, &slot, crashes, "exit");
}

static void replaces_by_throw(void)
{
        kr_msg slot = KR_MSG_INIT;

        kr_sys_replace_state_fn(ask_this, &slot, crashes, "throw");
}

static void replacements_that_crash(void)
{
        ask_this = new_told(NULL);
        say_caught("error", replaces_by_error);
        say_caught("exit", replaces_by_exit);
        say_caught("throw", replaces_by_throw);
        say_got("state", kr_sys_get_state(ask_this, &slot));
}

static void changing_code(void)
{
        kr_pid pid = new_told(NULL);

        say_got("running", kr_sys_change_code(pid, &slot, "{told, 1, {add, 3}}"));
        kr_sys_suspend(pid);
        say_got("suspended", kr_sys_change_code(pid, &slot, "{told, 1, {add, 3}}"));
        say_got("state", kr_sys_get_state(pid, &slot));
        say_got("refused", kr_sys_change_code(pid, &slot, "{told, 1, {stop, not_now}}"));
        say_got("thrown", kr_sys_change_code(pid, &slot, "{told, 1, {throw, not_now}}"));
        say_got("exit", kr_sys_change_code(pid, &slot, "{told, 1, {exit, crash}}"));
        say_got("error", kr_sys_change_code(pid, &slot, "{told, 1, {error, crash}}"));
        say_got("state", kr_sys_get_state(pid, &slot));
        kr_cast(pid, "still_here");
        say_mailbox("still suspended");
        kr_sys_resume(pid);
        say_next("told");
}

static void statuses(void)
{
        kr_pid pid = new_told("seen");
        kr_msg msg = KR_MSG_INIT;
        kr_term module, state, debug, misc;

        for (int i = 0; i < 2; i++) {
                kr_sys_get_status(pid, &msg);
                if (!kr_match(msg.term, "{status, _, ~, [_, ~, _, ~, ~]}", &module,
                              &state, &debug, &misc))
                        break;
                say_term("module", module);
                say_term("state", state);
                say_term("debug", debug);
                say_term("misc", misc);
                kr_sys_suspend(pid);
        }
        kr_msg_clear(&msg);
}

/* -- watching -- */

static void logs(void)
{
        kr_pid pid = new_told(NULL);

        say_got("off", kr_sys_log_get(pid, &slot));
        say_ok("on", kr_sys_log(pid, 4));
        kr_cast(pid, "{do, {add, 1}}");
        kr_cast(pid, "{do, {add, 2}}");
        kr_send(pid, "{do, {add, 3}}");
        say_got("last four", kr_sys_log_get(pid, &slot));
        say_got("call", kr_call(pid, &slot, "{do, get}"));
        say_got("last four", kr_sys_log_get(pid, &slot));
        kr_cast(pid, "{do, {noreply, {timeout, 1}}}");
        say_next("told");
        say_got("timeout", kr_sys_log_get(pid, &slot));
        say_ok("off", kr_sys_log(pid, 0));
        say_got("off", kr_sys_log_get(pid, &slot));
}

static void continues_are_logged(void)
{
        kr_pid pid = new_told(NULL);

        kr_sys_log(pid, 10);
        kr_cast(pid, "{do, {noreply, {continue, on}}}");
        say_next("told");
        kr_cast(pid, "{do, {throw_next, {add, 1}}}");
        say_got("log", kr_sys_log_get(pid, &slot));
}

static void statistics(void)
{
        kr_pid pid = new_told(NULL);
        kr_msg msg = KR_MSG_INIT;
        kr_term in, out;

        say_got("off", kr_sys_statistics_get(pid, &slot));
        say_ok("on", kr_sys_statistics(pid, true));
        kr_cast(pid, "{do, {add, 1}}");
        kr_send(pid, "{do, {add, 1}}");
        say_got("call", kr_call(pid, &slot, "{do, get}"));
        kr_sys_statistics_get(pid, &msg);
        if (kr_match(msg.term,
                     "[{start_time, _}, {current_time, _}, {reductions, _}, ~, ~]", &in,
                     &out)) {
                say_term("in", in);
                say_term("out", out);
        }
        kr_msg_clear(&msg);
        say_ok("off", kr_sys_statistics(pid, false));
        say_got("off", kr_sys_statistics_get(pid, &slot));
}

static kr_term tells(kr_term state, kr_term event, kr_term extra)
{
        kr_pid to;
        int64_t n;

        (void)extra;
        if (!kr_match(state, "{~, ~}", &to, &n))
                return kr_none();
        kr_send(to, "{event, ~, ~}", n, event);
        if (kr_match(event, "{in, {'$gen_cast', done}}"))
                return kr_none();
        if (kr_match(event, "{in, {'$gen_cast', crash}}"))
                kr_error("crash");
        if (kr_match(event, "{in, {'$gen_cast', jump}}"))
                kr_throw("{~, 100}", to);
        return kr_build("{~, ~}", to, n + 1);
}

static void functions_of_ones_own(void)
{
        static const char *const lasts[] = { "done", "crash" };
        kr_pid pid = new_told(NULL);

        for (int i = 0; i < 2; i++) {
                say_ok("install",
                       kr_sys_install(pid, "mine", tells, "{~, 0}", kr_self()));
                kr_cast(pid, "{do, {add, 1}}");
                kr_cast(pid, "jump");
                kr_cast(pid, "~", kri_atom_of(lasts[i]));
                kr_cast(pid, "unseen");
                kr_sleep(50);
                say_mailbox(lasts[i]);
        }
        say_ok("install", kr_sys_install(pid, "mine", tells, "{~, 0}", kr_self()));
        say_ok("again", kr_sys_install(pid, "mine", tells, "{~, 50}", kr_self()));
        kr_send(pid, "{do, {add, 1}}");
        say_ok("remove", kr_sys_remove(pid, "mine"));
        kr_send(pid, "{do, {add, 1}}");
        say_ok("remove", kr_sys_remove(pid, "mine"));
        say_mailbox("removed");
        say_ok("install", kr_sys_install(pid, "mine", tells, "{~, 0}", kr_self()));
        say_ok("no debug", kr_sys_no_debug(pid));
        kr_send(pid, "{do, {add, 1}}");
        say_got("state", kr_sys_get_state(pid, &slot));
        say_mailbox("off");
}

static void files(void)
{
        kr_pid pid = new_told(NULL);

        say_ok("no such folder", kr_sys_log_to_file(pid, "/no/such/folder/file"));
        say_ok("off", kr_sys_log_to_file(pid, NULL));
        say_got("state", kr_sys_get_state(pid, &slot));
}

SCENARIOS(SCENARIO(suspending), SCENARIO(what_timed_out_is_done_later),
          SCENARIO(parents_end_what_is_suspended), SCENARIO(terminating),
          SCENARIO(requests_that_fail), SCENARIO(requests_that_are_none),
          SCENARIO(states), SCENARIO(replacements_that_crash), SCENARIO(changing_code),
          SCENARIO(statuses), SCENARIO(logs), SCENARIO(continues_are_logged),
          SCENARIO(statistics), SCENARIO(functions_of_ones_own), SCENARIO(files))
