/* SPDX-License-Identifier: Apache-2.0 */
/* scenarios_aliases.c: aliases, of their own and with monitors; see scenarios_aliases.erl. */
#include "scenario.h"

enum { GOT };

static void until_unaliased(void)
{
        kr_ref alias = kr_alias(false);

        kr_send(alias, "1");
        kr_send(alias, "2");
        say("unalias", "~", kr_unalias(alias));
        kr_send(alias, "3");
        say_mailbox("mailbox");
}

static void for_one_reply(void)
{
        kr_ref alias = kr_alias(true);

        kr_send(alias, "1");
        kr_send(alias, "2");
        kr_send(kr_self(), "by_pid");
        say_mailbox("mailbox");
        say("unalias", "~", kr_unalias(alias));
}

static void unaliased_twice(void)
{
        kr_ref alias = kr_alias(false);

        say("first", "~", kr_unalias(alias));
        say("second", "~", kr_unalias(alias));
        say("unused reply alias", "~", kr_unalias(kr_alias(true)));
}

static void no_alias_at_all(void)
{
        kr_ref ref = kr_make_ref(), monitor;

        kr_send(ref, "lost");
        monitor = kr_monitor(kr_self());
        kr_send(monitor, "lost");
        say("unalias", "~", kr_unalias(ref));
        say("unalias of a monitor", "~", kr_unalias(monitor));
        say_mailbox("mailbox");
}

struct other {
        kr_pid parent;
        kr_ref alias;
        int64_t n;
};

static void unaliases(struct other *other)
{
        bool active = kr_unalias(other->alias);

        kr_send(other->parent, "{other, ~}", active);
}

static void unaliased_by_another(void)
{
        struct other other = { kr_self(), kr_alias(false), 0 };
        kr_ref ref;

        kr_spawn_monitor(&ref, unaliases, &other);
        say_end("other", ref);
        kr_send(other.alias, "still_there");
        say_mailbox("mailbox");
}

static void has_an_alias(struct to *to)
{
        kr_send(to->pid, "{alias, ~}", kr_alias(false));
}

static void of_the_dead(void)
{
        kr_pid pid = kr_spawn(has_an_alias, &(struct to){ kr_self() });
        kr_msg msg = KR_MSG_INIT;
        kr_ref alias;

        (void)kr_receive(&msg, KR_INFINITY, kr_on(GOT, "{alias, ~}", &alias));
        await_end(pid);
        kr_send(alias, "lost");
        say("here", "still");
}

static void uses(struct other *other)
{
        kr_send(other->alias, "{from, ~}", other->n);
}

static void used_by_others(void)
{
        struct other other = { kr_self(), kr_alias(false), 1 };

        for (; other.n <= 3; other.n++)
                await_end(kr_spawn(uses, &other));
        kr_unalias(other.alias);
        await_end(kr_spawn(uses, &other));
        say_mailbox("mailbox");
}

/* -- with monitors -- */

static kr_ref monitored(kr_alias_mode mode, kr_pid *ret_pid)
{
        kr_pid pid = new_waiting();
        kr_ref ref = kr_monitor_alias(pid, mode, NULL);

        known_as(pid, "<child>");
        known_as(ref, "#Monitor");
        *ret_pid = pid;
        return ref;
}

static void use(kr_alias_mode mode)
{
        kr_pid pid;
        kr_ref ref = monitored(mode, &pid);

        kr_send(ref, "1");
        kr_send(ref, "2");
        say_mailbox("messages");
        say("demonitor", "~", kr_demonitor(ref, NULL));
        kr_send(ref, "3");
        say_mailbox("after demonitor");
        say("unalias", "~", kr_unalias(ref));
        kr_send(ref, "4");
        say_mailbox("after unalias");
}

static void monitor_explicit(void)
{
        use(KR_ALIAS_EXPLICIT_UNALIAS);
}

static void monitor_demonitor(void)
{
        use(KR_ALIAS_DEMONITOR);
}

static void monitor_reply_demonitor(void)
{
        use(KR_ALIAS_REPLY_DEMONITOR);
}

static void say_after_down(const char *what, kr_alias_mode mode)
{
        kr_pid pid;
        kr_ref ref = monitored(mode, &pid);

        kr_exit_signal(pid, "gone");
        await_end(pid);
        kr_send(ref, "late");
        say_mailbox(what);
        say("unalias", "~", kr_unalias(ref));
}

static void after_the_down(void)
{
        say_after_down("explicit_unalias", KR_ALIAS_EXPLICIT_UNALIAS);
        say_after_down("demonitor", KR_ALIAS_DEMONITOR);
        say_after_down("reply_demonitor", KR_ALIAS_REPLY_DEMONITOR);
}

static void reply_ends_the_monitor(void)
{
        kr_pid pid;
        kr_ref ref = monitored(KR_ALIAS_REPLY_DEMONITOR, &pid);

        kr_send(ref, "reply");
        say_next("reply");
        kr_exit_signal(pid, "gone");
        await_end(pid);
        say_mailbox("mailbox");
}

static void with_a_tag(void)
{
        kr_term tag = kr_build("tagged");
        kr_pid pid = new_waiting();
        kr_ref ref = kr_monitor_alias(pid, KR_ALIAS_EXPLICIT_UNALIAS, &tag);

        known_as(pid, "<child>");
        known_as(ref, "#Monitor");
        kr_send(ref, "message");
        kr_exit_signal(pid, "gone");
        await_end(pid);
        say_mailbox("mailbox");
}

static void say_on_dead(const char *what, kr_pid dead, kr_alias_mode mode)
{
        kr_ref ref = kr_monitor_alias(dead, mode, NULL);

        known_as(ref, "#Monitor");
        say_next(what);
        kr_send(ref, "after_down");
        say_mailbox("mailbox");
}

static void on_the_dead(void)
{
        kr_pid dead = new_dead();

        known_as(dead, "<dead>");
        say_on_dead("explicit_unalias", dead, KR_ALIAS_EXPLICIT_UNALIAS);
        say_on_dead("demonitor", dead, KR_ALIAS_DEMONITOR);
        say_on_dead("reply_demonitor", dead, KR_ALIAS_REPLY_DEMONITOR);
}

static void explicit_outlives_demonitor(void)
{
        kr_pid pid;
        kr_ref ref = monitored(KR_ALIAS_EXPLICIT_UNALIAS, &pid);

        kr_demonitor(ref, NULL);
        kr_exit_signal(pid, "gone");
        await_end(pid);
        kr_send(ref, "message");
        say_mailbox("mailbox");
}

/* -- order -- */

static void uses_all_ways(struct other *other)
{
        for (int64_t n = 1; n <= 3; n++) {
                kr_send(other->alias, "{alias, ~}", n);
                kr_send(other->parent, "{pid, ~}", n);
                kr_send("by_name", "{name, ~}", n);
        }
}

static void order_with_pid(void)
{
        struct other other = { kr_self(), kr_alias(false), 0 };

        kr_register("by_name", kr_self());
        await_end(kr_spawn(uses_all_ways, &other));
        say_mailbox("mailbox");
}

static void replies(struct other *other)
{
        kr_send(other->alias, "reply");
}

static void one_reply_of_many(void)
{
        enum { MANY = 50 };
        struct other other = { kr_self(), kr_alias(true), 0 };
        kr_pid pids[MANY];

        for (int i = 0; i < MANY; i++)
                pids[i] = kr_spawn(replies, &other);
        for (int i = 0; i < MANY; i++)
                await_end(pids[i]);
        say_mailbox("mailbox");
}

SCENARIOS(SCENARIO(until_unaliased), SCENARIO(for_one_reply), SCENARIO(unaliased_twice),
          SCENARIO(no_alias_at_all), SCENARIO(unaliased_by_another),
          SCENARIO(of_the_dead), SCENARIO(used_by_others), SCENARIO(monitor_explicit),
          SCENARIO(monitor_demonitor), SCENARIO(monitor_reply_demonitor),
          SCENARIO(after_the_down), SCENARIO(reply_ends_the_monitor),
          SCENARIO(with_a_tag), SCENARIO(on_the_dead),
          SCENARIO(explicit_outlives_demonitor), SCENARIO(order_with_pid),
          SCENARIO(one_reply_of_many))
