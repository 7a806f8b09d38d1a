/* SPDX-License-Identifier: Apache-2.0 */
/* scenarios_monitors.c: monitors; see scenarios_monitors.erl. */
#include "scenario.h"

enum { GOT };

static void returns(void)
{
}

static void exits_at_once(void)
{
        kr_exit("at_once");
}

static void of_the_dead(void)
{
        kr_pid dead = new_dead();

        known_as(dead, "<dead>");
        known_as(kr_monitor(dead), "#Monitor");
        say_next("down");
}

static void of_no_name(void)
{
        known_as(kr_monitor("nobody_has_this_name"), "#Monitor");
        say_next("down");
}

static void of_a_name(void)
{
        kr_pid pid = new_waiting();

        kr_register("monitored", pid);
        known_as(kr_monitor("monitored"), "#Monitor");
        kr_exit_signal(pid, "gone");
        say_next("down");
}

static void name_is_resolved_once(void)
{
        kr_pid first = new_waiting(), second = new_waiting();

        kr_register("moving", first);
        known_as(kr_monitor("moving"), "#Monitor");
        kr_unregister("moving");
        kr_register("moving", second);
        kr_exit_signal(second, "second");
        await_end(second);
        kr_exit_signal(first, "first");
        await_end(first);
        say_mailbox("mailbox");
}

static void each_has_its_down(void)
{
        kr_pid pid = new_waiting();
        kr_msg msg = KR_MSG_INIT;
        kr_ref refs[3];

        known_as(pid, "<child>");
        for (int i = 0; i < 3; i++)
                refs[i] = kr_monitor(pid);
        known_as(refs[0], "#First");
        known_as(refs[1], "#Second");
        known_as(refs[2], "#Third");
        kr_exit_signal(pid, "gone");
        await_end(pid);
        for (int i = 0; i < 3; i++)
                (void)kr_receive(&msg, KR_INFINITY,
                                 kr_on(GOT, "{'DOWN', =, process, =, gone}", refs[i],
                                       pid));
        say("downs", "[~, ~, ~]", refs[0], refs[1], refs[2]);
        say_mailbox("rest");
}

static void of_oneself(void)
{
        kr_ref ref = kr_monitor(kr_self());

        say_mailbox("mailbox");
        say("demonitor", "~", kr_demonitor(ref, NULL));
}

static void demonitor_keeps_a_queued_down(void)
{
        kr_ref ref;
        kr_pid pid = kr_spawn_monitor(&ref, returns);

        known_as(pid, "<child>");
        known_as(ref, "#Monitor");
        await_end(pid);
        say("info", "~", kr_demonitor(ref, NULL));
        say_mailbox("mailbox");
}

static void demonitor_flush(void)
{
        kr_ref ref;

        await_end(kr_spawn_monitor(&ref, returns));
        kr_send(kr_self(), "other");
        say("info", "~", kr_demonitor(ref, &(kr_demonitor_opts){ .flush = true }));
        say_mailbox("mailbox");
}

static void say_active(kr_pid pid, const kr_demonitor_opts *opts)
{
        kr_ref ref = kr_monitor(pid);

        say("active", "~", kr_demonitor(ref, opts));
        say("again", "~", kr_demonitor(ref, opts));
}

static void say_queued(const kr_demonitor_opts *opts)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;

        await_end(kr_spawn_monitor(&ref, returns));
        say("down queued", "~", kr_demonitor(ref, opts));
        say("down queued, again", "~", kr_demonitor(ref, opts));
        if (kr_receive(&msg, 0, kr_on(GOT, "{'DOWN', =, _, _, _}", ref)) == GOT)
                say("down", "there");
        else
                say("down", "none");
        say("down taken", "~", kr_demonitor(ref, opts));
}

static void demonitor_states(void)
{
        kr_demonitor_opts flush = { .flush = true };
        kr_pid pid = new_waiting();

        say_active(pid, NULL);
        say_active(pid, &flush);
        say_queued(NULL);
        say_queued(&flush);
}

static void demonitor_of_strangers(void)
{
        say("any reference", "~", kr_demonitor(kr_make_ref(), NULL));
        say("an alias", "~", kr_demonitor(kr_alias(false), NULL));
        say("flushed", "~",
            kr_demonitor(kr_make_ref(), &(kr_demonitor_opts){ .flush = true }));
}

static void demonitored_is_not_heard(void)
{
        kr_pid pid = new_waiting();
        kr_msg msg = KR_MSG_INIT;
        kr_ref refs[10];
        int downs = 0;

        for (int i = 0; i < 10; i++)
                refs[i] = kr_monitor(pid);
        for (int i = 1; i < 10; i += 2)
                kr_demonitor(refs[i], NULL);
        kr_exit_signal(pid, "gone");
        await_end(pid);
        while (kr_receive(&msg, 0, kr_on(GOT, "{'DOWN', _, _, _, _}")) == GOT)
                downs++;
        say("downs", "~", downs);
}

/* -- tags -- */

static void a_tag(void)
{
        kr_term tag = kr_build("{'my DOWN', 1, \"x\"}");
        kr_pid pid = new_waiting();

        known_as(pid, "<child>");
        known_as(kr_monitor_alias(pid, KR_ALIAS_NONE, &tag), "#Monitor");
        kr_exit_signal(pid, "gone");
        say_next("down");
}

static void tags_of_the_dead(void)
{
        kr_term atom = kr_build("tagged"), list = kr_build("[tagged]");
        kr_pid dead = new_dead();

        known_as(dead, "<dead>");
        kr_monitor_alias(dead, KR_ALIAS_NONE, &atom);
        say_next("pid");
        kr_monitor_alias("nobody_has_this_name", KR_ALIAS_NONE, &list);
        say_next("name");
}

/* -- order -- */

static void counts_and_exits(struct to *to)
{
        for (int i = 1; i <= 3; i++)
                kr_send(to->pid, "~", i);
        kr_exit("done");
}

static void down_after_messages(void)
{
        kr_ref ref;
        kr_pid pid = kr_spawn_monitor(&ref, counts_and_exits, &(struct to){ kr_self() });

        known_as(pid, "<child>");
        known_as(ref, "#Monitor");
        say_next("1");
        say_next("2");
        say_next("3");
        say_next("4");
}

static void talks_when_told(struct to *to)
{
        kr_msg msg = KR_MSG_INIT;

        (void)kr_receive(&msg, KR_INFINITY, kr_on(GOT, "go"));
        kr_send(to->pid, "1");
        kr_exit("done");
}

static void down_after_messages_by_name(void)
{
        kr_register("talker", kr_spawn(talks_when_told, &(struct to){ kr_self() }));
        known_as(kr_monitor("talker"), "#Monitor");
        kr_send("talker", "go");
        say_next("message");
        say_next("down");
}

static void monitor_and_link_order(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;
        kr_pid pid;
        kr_ref ref;

        kr_trap_exit(true);
        pid = new_waiting();
        kr_link(pid);
        ref = kr_monitor(pid);
        kr_exit_signal(pid, "gone");
        say_end("down", ref);
        (void)kr_receive(&msg, KR_INFINITY, kr_on(GOT, "{'EXIT', =, ~}", pid, &reason));
        say_term("exit", reason);
        say_mailbox("rest");
}

/* -- reasons -- */

static void exits_with(kr_term reason)
{
        kr_exit("~", reason);
}

#define SAY_REASON(...)                                                                  \
        do {                                                                             \
                kr_ref reason_ref;                                                       \
                                                                                         \
                kr_spawn_monitor(&reason_ref, exits_with, kr_build(__VA_ARGS__));        \
                say_end("reason", reason_ref);                                           \
        } while (0)

static void reasons(void)
{
        kr_ref ref;
        kr_pid pid;

        SAY_REASON("normal");
        SAY_REASON("shutdown");
        SAY_REASON("{shutdown, x}");
        SAY_REASON("kill");
        SAY_REASON("killed");
        SAY_REASON("noproc");
        SAY_REASON("[]");
        SAY_REASON("\"text\"");
        SAY_REASON("#{a => b}");
        pid = kr_spawn_monitor(&ref, waits);
        kr_exit_signal(pid, "kill");
        say_end("killed", ref);
}

static void down_of_killed(void)
{
        kr_ref ref;
        kr_pid pid = kr_spawn_monitor(&ref, waits_trapping);

        await_waiting(pid);
        known_as(pid, "<child>");
        known_as(ref, "#Monitor");
        kr_exit_signal(pid, "kill");
        say_next("down");
}

/* -- spawned so -- */

static void spawned_with_monitor(void)
{
        kr_ref ref;

        known_as(kr_spawn_monitor(&ref, exits_at_once), "<child>");
        known_as(ref, "#Monitor");
        say_next("down");
}

static void spawned_with_both(void)
{
        kr_msg down = KR_MSG_INIT, exit = KR_MSG_INIT;
        kr_spawn_opts opts = { .link = true, .monitor = true };
        kr_ref ref;
        kr_pid pid;

        kr_trap_exit(true);
        opts.ret_monitor = &ref;
        pid = kr_spawn_opt(&opts, exits_at_once);
        known_as(pid, "<child>");
        known_as(ref, "#Monitor");
        await_end(pid);
        (void)kr_receive(&exit, KR_INFINITY, kr_on(GOT, "{'EXIT', _, _}"));
        (void)kr_receive(&down, KR_INFINITY, kr_on(GOT, "{'DOWN', _, _, _, _}"));
        say("both", "[~, ~]", exit.term, down.term);
}

/* -- seen from outside -- */

static void monitors_are_seen(void)
{
        kr_pid pid = new_waiting();
        kr_ref ref;

        known_as(pid, "<child>");
        kr_register("seen", pid);
        ref = kr_monitor(pid);
        say_info("one", kr_self(), "monitors");
        say_info("watchers", pid, "monitored_by");
        kr_demonitor(ref, NULL);
        say_info("none", kr_self(), "monitors");
        say_info("no watchers", pid, "monitored_by");
        kr_monitor("seen");
        say_info("by name", kr_self(), "monitors");
}

static void watches(struct to *to)
{
        kr_monitor(to->pid);
        waits();
}

static void watcher_ends_first(void)
{
        kr_pid pid = new_waiting(), watcher = kr_spawn(watches, &(struct to){ pid });

        await_waiting(watcher);
        kr_exit_signal(watcher, "gone");
        await_end(watcher);
        say_info("watchers", pid, "monitored_by");
        say("alive", "~", kr_is_process_alive(pid));
}

struct other {
        kr_pid parent;
        kr_ref ref;
};

static void demonitors(struct other *other)
{
        bool active = kr_demonitor(other->ref, NULL);

        kr_send(other->parent, "{by_the_other, ~}", active);
}

static void by_another_process(void)
{
        struct other other = { kr_self(), kr_monitor(new_waiting()) };
        kr_ref ref;

        kr_spawn_monitor(&ref, demonitors, &other);
        say_end("other", ref);
        say_mailbox("mailbox");
        say("mine", "~", kr_demonitor(other.ref, NULL));
}

struct pair {
        kr_pid parent, watched;
};

static void tells_the_reason(struct pair *pair)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref = kr_monitor(pair->watched);
        kr_term reason;

        (void)kr_receive(&msg, KR_INFINITY,
                         kr_on(GOT, "{'DOWN', =, process, =, ~}", ref, pair->watched,
                               &reason));
        kr_send(pair->parent, "~", reason);
}

static void many_watchers(void)
{
        enum { MANY = 200 };
        struct pair pair = { kr_self(), new_waiting() };
        kr_msg msg = KR_MSG_INIT;
        int64_t n, sum = 0;
        kr_pid watchers[MANY];

        for (int i = 0; i < MANY; i++)
                watchers[i] = kr_spawn(tells_the_reason, &pair);
        for (int i = 0; i < MANY; i++)
                await_waiting(watchers[i]);
        kr_exit_signal(pair.watched, "1");
        for (int i = 0; i < MANY; i++) {
                (void)kr_receive(&msg, KR_INFINITY, kr_on(GOT, "~", &n));
                sum += n;
        }
        say("sum", "~", sum);
}

static void by_pid_and_by_name(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid = new_waiting();
        kr_term object;
        kr_ref a, b;

        known_as(pid, "<child>");
        kr_register("both_ways", pid);
        a = kr_monitor(pid);
        b = kr_monitor("both_ways");
        kr_exit_signal(pid, "gone");
        (void)kr_receive(&msg, KR_INFINITY,
                         kr_on(GOT, "{'DOWN', =, _, ~, _}", a, &object));
        say_term("by pid", object);
        (void)kr_receive(&msg, KR_INFINITY,
                         kr_on(GOT, "{'DOWN', =, _, ~, _}", b, &object));
        say_term("by name", object);
}

static void own_name(void)
{
        kr_ref ref;

        kr_register("myself", kr_self());
        ref = kr_monitor("myself");
        say_mailbox("mailbox");
        say_info("monitors", kr_self(), "monitors");
        say("demonitor", "~", kr_demonitor(ref, NULL));
}

SCENARIOS(SCENARIO(of_the_dead), SCENARIO(of_no_name), SCENARIO(of_a_name),
          SCENARIO(name_is_resolved_once), SCENARIO(each_has_its_down),
          SCENARIO(of_oneself), SCENARIO(demonitor_keeps_a_queued_down),
          SCENARIO(demonitor_flush), SCENARIO(demonitor_states),
          SCENARIO(demonitor_of_strangers), SCENARIO(demonitored_is_not_heard),
          SCENARIO(a_tag), SCENARIO(tags_of_the_dead), SCENARIO(down_after_messages),
          SCENARIO(down_after_messages_by_name), SCENARIO(monitor_and_link_order),
          SCENARIO(reasons), SCENARIO(down_of_killed), SCENARIO(spawned_with_monitor),
          SCENARIO(spawned_with_both), SCENARIO(monitors_are_seen),
          SCENARIO(watcher_ends_first), SCENARIO(by_another_process),
          SCENARIO(many_watchers), SCENARIO(by_pid_and_by_name), SCENARIO(own_name))
