/* SPDX-License-Identifier: Apache-2.0 */
/* scenarios_spawn.c: ways to start a process, and what it has from its start; see
 * scenarios_spawn.erl. */
#include "scenario.h"

enum { GOT, OTHER };

static void says_who(struct to *to)
{
        kr_send(to->pid, "{i_am, ~}", kr_self());
}

static void plain(void)
{
        kr_pid pid = kr_spawn(says_who, &(struct to){ kr_self() });

        known_as(pid, "<child>");
        say_next("next");
        await_end(pid);
        say_mailbox("rest");
}

static void exits_when_told(void)
{
        kr_msg msg = KR_MSG_INIT;

        (void)kr_receive(&msg, KR_INFINITY, kr_on(GOT, "go"));
        kr_exit("done");
}

static void exits_done(void)
{
        kr_exit("done");
}

static void with_options(void)
{
        kr_ref ref;
        kr_spawn_opts opts = { .link = true,
                               .monitor = true,
                               .priority = KR_PRIORITY_HIGH,
                               .ret_monitor = &ref };
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;
        kr_pid pid;

        kr_trap_exit(true);
        pid = kr_spawn_opt(&opts, exits_when_told);
        known_as(pid, "<child>");
        known_as(ref, "#Monitor");
        say_info("links", kr_self(), "links");
        say_info("monitors", kr_self(), "monitors");
        say_info("priority", pid, "priority");
        kr_send(pid, "go");
        (void)kr_receive(&msg, KR_INFINITY, kr_on(GOT, "{'EXIT', =, ~}", pid, &reason));
        say_term("exit", reason);
        say_end("down", ref);
}

static void monitor_with_a_tag(void)
{
        kr_term tag = kr_build("my_tag");
        kr_ref ref;
        kr_spawn_opts opts = { .monitor = true, .tag = &tag, .ret_monitor = &ref };

        known_as(kr_spawn_opt(&opts, exits_done), "<child>");
        known_as(ref, "#Monitor");
        say_next("next");
}

static void replies_twice(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref to;

        (void)kr_receive(&msg, KR_INFINITY, kr_on(GOT, "{reply_to, ~}", &to));
        kr_send(to, "reply");
        kr_send(to, "again");
}

static void monitor_with_an_alias(void)
{
        kr_ref ref;
        kr_spawn_opts opts = { .monitor = true,
                               .alias = KR_ALIAS_REPLY_DEMONITOR,
                               .ret_monitor = &ref };
        kr_pid pid = kr_spawn_opt(&opts, replies_twice);

        kr_send(pid, "{reply_to, ~}", ref);
        await_end(pid);
        say_mailbox("mailbox");
}

/* -- requests -- */

static kr_ref request(kr_spawn_request_opts opts)
{
        kr_ref ref = kr_spawn_request(&opts, waits);

        known_as(ref, "#Request");
        return ref;
}

/* A reply, with the pid named. */
static kr_pid say_reply(const char *what)
{
        kr_pid pid = kr_pid_none();
        kr_msg msg = KR_MSG_INIT;
        kr_term other;

        switch (kr_receive(&msg, 500, kr_on(GOT, "{_, _, ok, ~}", &pid),
                           kr_on(OTHER, "~", &other))) {
        case GOT:
                known_as(pid, "<child>");
                say_term(what, msg.term);
                break;
        case OTHER:
                say_term(what, other);
                break;
        default:
                say(what, "timeout");
        }
        kr_msg_clear(&msg);
        return pid;
}

static void plain_request(void)
{
        kr_pid pid;

        request((kr_spawn_request_opts){ 0 });
        pid = say_reply("reply");
        say("alive", "~", kr_is_process_alive(pid));
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

static void silently(kr_reply reply)
{
        int64_t before = count_processes();

        request((kr_spawn_request_opts){ .reply = reply });
        kr_sleep(50);
        say("more", "~", count_processes() - before);
        say_reply("reply");
}

static void request_without_reply(void)
{
        silently(KR_REPLY_NO);
}

static void request_success_only(void)
{
        request((kr_spawn_request_opts){ .reply = KR_REPLY_SUCCESS_ONLY });
        say_reply("reply");
}

static void request_error_only(void)
{
        silently(KR_REPLY_ERROR_ONLY);
}

static void request_with_a_tag(void)
{
        kr_term tag = kr_build("{started, \"it\"}");

        request((kr_spawn_request_opts){ .reply_tag = &tag });
        say_reply("reply");
}

static void request_with_monitor(void)
{
        kr_ref ref = request((kr_spawn_request_opts){ .spawn.monitor = true });

        kr_exit_signal(say_reply("reply"), "gone");
        say_next("down");
        say("demonitor", "~", kr_demonitor(ref, NULL));
}

static void request_with_link(void)
{
        kr_pid pid;

        kr_trap_exit(true);
        request((kr_spawn_request_opts){ .spawn.link = true });
        pid = say_reply("reply");
        say_info("links", kr_self(), "links");
        kr_exit_signal(pid, "gone");
        say_next("exit");
}

static void exits_at_once(void)
{
        kr_exit("at_once");
}

static void request_order(void)
{
        kr_spawn_request_opts opts = { .spawn.monitor = true };

        known_as(kr_spawn_request(&opts, exits_at_once), "#Request");
        say_reply("first");
        say_next("second");
}

static void request_given_up(void)
{
        say("unknown", "~", kr_spawn_request_abandon(kr_make_ref()));
}

static void request_given_up_late(void)
{
        kr_ref ref = request((kr_spawn_request_opts){ 0 });

        say_reply("reply");
        say("late", "~", kr_spawn_request_abandon(ref));
}

/* -- what is inherited -- */

static void inherited(void)
{
        static const char *const items[] = { "group_leader", "trap_exit", "priority",
                                             "dictionary", "links" };
        kr_pid leader = new_waiting(), pid;

        known_as(leader, "<leader>");
        kr_trap_exit(true);
        kr_set_priority(KR_PRIORITY_HIGH);
        kr_put(kr_build("key"), kr_build("value"));
        kr_set_group_leader(leader, kr_self());
        pid = new_waiting();
        for (int i = 0; i < 5; i++)
                say_info(items[i], pid, items[i]);
}

static void leads_the_dead(void)
{
        kr_set_group_leader(kr_self(), new_dead());
}

static void leader_of_another(void)
{
        kr_pid leader = new_waiting(), pid;

        known_as(leader, "<leader>");
        pid = new_waiting();
        kr_set_group_leader(leader, pid);
        say_info("its leader", pid, "group_leader");
        kr_set_group_leader(leader, kr_self());
        say("mine", "~", kr_group_leader());
        say_caught("of the dead", leads_the_dead);
}

struct number {
        kr_pid to;
        int64_t n;
};

static void sends_number(struct number *number)
{
        kr_send(number->to, "~", number->n);
}

static void sends_second(kr_term pair)
{
        kr_term second;
        kr_pid to;

        if (kr_match(pair, "{~, ~}", &to, &second))
                kr_send(to, "~", second);
}

static void arguments_are_copies(void)
{
        kr_term pair =
                kr_build("{~, {some, [term, #{with => <<\"parts\">>}]}}", kr_self());
        struct number number = { kr_self(), 42 };
        kr_pid pid = kr_spawn(sends_second, pair);

        kr_release(pair);
        await_end(pid);
        say_next("term");
        pid = kr_spawn(sends_number, &number);
        number.n = 0;
        await_end(pid);
        say_next("number");
}

static void parents(void)
{
        say_info("of mine", new_waiting(), "parent");
}

static void alive_or_not(void)
{
        kr_pid pid;

        say("myself", "~", kr_is_process_alive(kr_self()));
        pid = new_waiting();
        say("waiting", "~", kr_is_process_alive(pid));
        kr_send(pid, "stop");
        await_end(pid);
        say("ended", "~", kr_is_process_alive(pid));
}

static bool is_listed(kr_pid wanted)
{
        kr_msg msg = KR_MSG_INIT;
        bool is = false;
        kr_term list;
        kr_pid pid;

        kr_processes(&msg);
        for (list = msg.term; kr_is_cons(list); list = kr_tl(list))
                is = is || (kr_get_pid(kr_hd(list), &pid) && kr_pid_eq(pid, wanted));
        kr_msg_clear(&msg);
        return is;
}

static void all_processes(void)
{
        kr_pid pid = new_waiting();

        say("there", "~", is_listed(pid));
        say("myself", "~", is_listed(kr_self()));
        kr_exit_signal(pid, "kill");
        await_end(pid);
        say("gone", "~", is_listed(pid));
}

/* -- suspended -- */

static void echoes(struct to *to)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term t;

        for (;;) {
                (void)kr_receive(&msg, KR_INFINITY, kr_on(GOT, "~", &t));
                kr_send(to->pid, "{echo, ~}", t);
        }
}

static kr_pid new_echo(void)
{
        kr_pid pid = kr_spawn(echoes, &(struct to){ kr_self() });

        await_waiting(pid);
        return pid;
}

static void say_silence(const char *what)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term t;

        if (kr_receive(&msg, 30, kr_on(GOT, "~", &t)) == GOT)
                say_term(what, t);
        else
                say(what, "silence");
        kr_msg_clear(&msg);
}

static void suspended(void)
{
        kr_pid pid = new_echo();

        kr_suspend_process(pid);
        say_info("status", pid, "status");
        kr_send(pid, "hello");
        say_silence("suspended");
        kr_resume_process(pid);
        say_next("resumed");
}

static void suspended_twice(void)
{
        kr_pid pid = new_echo();

        kr_suspend_process(pid);
        kr_suspend_process(pid);
        kr_send(pid, "hello");
        kr_resume_process(pid);
        say_silence("resumed once");
        kr_resume_process(pid);
        say_next("resumed twice");
}

static kr_pid not_suspended;

static void resumes(void)
{
        kr_resume_process(not_suspended);
}

static void resume_of_the_running(void)
{
        not_suspended = new_waiting();
        say_caught("resume", resumes);
        say("alive", "~", kr_is_process_alive(not_suspended));
}

/* -- numbers -- */

enum { NUMBERS = 1000 };

static void unique_references(void)
{
        kr_ref refs[NUMBERS];
        int unique = NUMBERS;

        for (int i = 0; i < NUMBERS; i++)
                refs[i] = kr_make_ref();
        for (int i = 0; i < NUMBERS; i++)
                for (int j = 0; j < i; j++)
                        unique -= kr_ref_eq(refs[i], refs[j]);
        say("unique", "~", unique);
        say("same", "~", (bool)kr_ref_eq(refs[0], refs[0]));
}

static void unique_integers_grow(void)
{
        int64_t last = 0, next;
        bool sorted = true;

        for (int i = 0; i < NUMBERS; i++, last = next) {
                next = kr_unique_integer();
                sorted = sorted && next > last;
        }
        say("sorted", "~", sorted);
}

static void many_at_once(void)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t sum = 0, n;

        for (int i = 1; i <= 5000; i++) {
                struct number number = { kr_self(), i };

                kr_spawn(sends_number, &number);
        }
        for (int i = 1; i <= 5000; i++) {
                (void)kr_receive(&msg, KR_INFINITY, kr_on(GOT, "~", &n));
                sum += n;
        }
        say("sum", "~", sum);
}

SCENARIOS(SCENARIO(plain), SCENARIO(with_options), SCENARIO(monitor_with_a_tag),
          SCENARIO(monitor_with_an_alias), SCENARIO(plain_request),
          SCENARIO(request_without_reply), SCENARIO(request_success_only),
          SCENARIO(request_error_only), SCENARIO(request_with_a_tag),
          SCENARIO(request_with_monitor), SCENARIO(request_with_link),
          SCENARIO(request_order), SCENARIO(request_given_up),
          SCENARIO(request_given_up_late), SCENARIO(inherited),
          SCENARIO(leader_of_another), SCENARIO(arguments_are_copies), SCENARIO(parents),
          SCENARIO(alive_or_not), SCENARIO(all_processes), SCENARIO(suspended),
          SCENARIO(suspended_twice), SCENARIO(resume_of_the_running),
          SCENARIO(unique_references), SCENARIO(unique_integers_grow),
          SCENARIO(many_at_once))
