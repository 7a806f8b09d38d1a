/* SPDX-License-Identifier: Apache-2.0 */
/* scenarios_info.c: process_info, the process dictionary and flags; see
 * scenarios_info.erl. */
#include "scenario.h"

#define COUNT(array) (sizeof(array) / sizeof(array[0]))

static void say_items(kr_pid pid, const char *const *items, size_t count)
{
        for (size_t i = 0; i < count; i++)
                say_info(items[i], pid, items[i]);
}

static void of_oneself(void)
{
        static const char *const items[] = {
                "links",    "monitors",   "message_queue_len", "messages", "trap_exit",
                "priority", "dictionary", "registered_name",   "status",   "suspending"
        };

        say_items(kr_self(), items, COUNT(items));
}

static void of_another(void)
{
        static const char *const items[] = {
                "links",           "monitors",  "monitored_by", "message_queue_len",
                "messages",        "trap_exit", "priority",     "dictionary",
                "registered_name", "status",    "suspending"
        };

        say_items(new_waiting(), items, COUNT(items));
}

static void say_list(const char *what, kr_pid pid, const kr_atom *items, size_t count)
{
        kr_msg msg = KR_MSG_INIT;

        if (kr_process_info_list(pid, items, count, &msg))
                say_term(what, msg.term);
        else
                say(what, "undefined");
        kr_msg_clear(&msg);
}

static void of_the_dead(void)
{
        kr_atom items[] = { KR_ATOM("links"), KR_ATOM("status") };
        kr_pid dead = new_dead();

        say_info("one", dead, "links");
        say_list("several", dead, items, COUNT(items));
}

static void several_items(void)
{
        kr_atom items[] = { KR_ATOM("trap_exit"), KR_ATOM("links"), KR_ATOM("priority"),
                            KR_ATOM("message_queue_len"), KR_ATOM("status") };
        kr_atom twice[] = { KR_ATOM("trap_exit"), KR_ATOM("links"),
                            KR_ATOM("trap_exit") };
        kr_atom own[] = { KR_ATOM("trap_exit"), KR_ATOM("registered_name") };
        kr_pid pid = new_waiting();

        say_list("items", pid, items, COUNT(items));
        say_list("twice", pid, twice, COUNT(twice));
        say_list("oneself", kr_self(), own, COUNT(own));
}

static void asks_for_none(void)
{
        kr_msg msg = KR_MSG_INIT;

        kr_process_info(kr_self(), KR_ATOM("no_such_item"), &msg);
}

static void asks_for_several(void)
{
        kr_atom items[] = { KR_ATOM("links"), KR_ATOM("no_such_item") };
        kr_msg msg = KR_MSG_INIT;

        kr_process_info_list(kr_self(), items, COUNT(items), &msg);
}

static void no_such_item(void)
{
        say_caught("one", asks_for_none);
        say_caught("several", asks_for_several);
}

/* -- mailboxes -- */

static void mailbox_of_another(void)
{
        kr_pid pid = new_waiting();

        kr_send(pid, "{a, message}");
        kr_send(pid, "\"another\"");
        say_info("length", pid, "message_queue_len");
        say_info("messages", pid, "messages");
}

static void mailbox_of_oneself(void)
{
        kr_send(kr_self(), "first");
        kr_send(kr_self(), "{second, 2}");
        say_info("length", kr_self(), "message_queue_len");
        say_info("messages", kr_self(), "messages");
        say_mailbox("still there");
}

static void messages_sent_before_count(void)
{
        kr_pid pid = new_waiting();

        for (int i = 1; i <= 1000; i++)
                kr_send(pid, "~", i);
        say_info("length", pid, "message_queue_len");
}

/* -- what it does -- */

static void statuses(void)
{
        kr_pid pid;

        say_info("myself", kr_self(), "status");
        pid = new_waiting();
        say_info("waiting", pid, "status");
        kr_send(pid, "unwanted");
        await_waiting(pid);
        say_info("still waiting", pid, "status");
        kr_suspend_process(pid);
        say_info("suspended", pid, "status");
}

static void after_a_kill(void)
{
        kr_pid pid = new_trapping();

        kr_exit_signal(pid, "kill");
        say_info("links", pid, "links");
        say("alive", "~", kr_is_process_alive(pid));
}

static void links_and_watches(struct to *to)
{
        kr_link(to->pid);
        kr_monitor(to->pid);
        waits();
}

static void say_relations(kr_pid pid)
{
        say_info("links", pid, "links");
        say_info("monitors", pid, "monitors");
        say_info("monitored by", pid, "monitored_by");
}

static void links_and_monitors(void)
{
        kr_pid a = new_waiting(), b;

        known_as(a, "<a>");
        b = kr_spawn(links_and_watches, &(struct to){ a });
        known_as(b, "<b>");
        await_waiting(b);
        say_relations(a);
        say_relations(b);
        kr_exit_signal(b, "normal");
        kr_send(b, "stop");
        await_end(b);
        say_info("links, b gone", a, "links");
        say_info("monitored by, b gone", a, "monitored_by");
}

static void suspending(void)
{
        kr_pid pid = new_waiting();

        known_as(pid, "<child>");
        kr_suspend_process(pid);
        kr_suspend_process(pid);
        say_info("twice", kr_self(), "suspending");
        kr_resume_process(pid);
        kr_resume_process(pid);
        say_info("none", kr_self(), "suspending");
}

static void figures_are_there(void)
{
        static const char *const items[] = { "reductions", "memory", "stack_size",
                                             "heap_size", "total_heap_size" };
        kr_pid pid = new_waiting();

        for (size_t i = 0; i < COUNT(items); i++) {
                kr_msg msg = KR_MSG_INIT;
                int64_t n = -1;

                (void)(kr_process_info(pid, kri_atom_of(items[i]), &msg) &&
                       kr_match(msg.term, "{_, ~}", &n));
                say(items[i], "~", (bool)(n >= 0));
                kr_msg_clear(&msg);
        }
}

static void trap_exit_of_another(void)
{
        say_info("trapping", new_trapping(), "trap_exit");
        say_info("not", new_waiting(), "trap_exit");
}

/* -- the dictionary -- */

static void put_atom(const char *key, const char *value)
{
        kr_put(kr_atom_term(kri_atom_of(key)), kr_atom_term(kri_atom_of(value)));
}

static void say_get(const char *what, kr_term key)
{
        kr_term value = kr_get(key);

        if (kr_is_none(value))
                say(what, "undefined");
        else
                say_term(what, value);
}

static void dictionary(void)
{
        kr_term key = kr_build("key"), tuple = kr_build("{any, \"term\"}");
        kr_term value = kr_build("{some, value}");

        say_get("none", key);
        kr_put(key, value);
        kr_release(value);
        say_get("there", key);
        put_atom("key", "another");
        say_get("replaced", key);
        kr_put(tuple, kr_int(1));
        say_get("by a term", tuple);
        kr_erase(key);
        say_get("erased", key);
        kr_erase(key);
        say_info("dictionary", kr_self(), "dictionary");
}

static void has_a_dictionary(void)
{
        kr_put(kr_build("key"), kr_build("[value]"));
        waits();
}

static void dictionary_of_another(void)
{
        kr_pid pid = kr_spawn(has_a_dictionary);

        await_waiting(pid);
        say_info("its", pid, "dictionary");
        say_get("mine", kr_build("key"));
}

static void dictionary_keys(void)
{
        kr_term one = kr_build("1"), one_point_zero = kr_build("1.0");
        int64_t sum = 0, n;

        kr_put(one, kr_build("integer"));
        kr_put(one_point_zero, kr_build("float"));
        say_get("1", one);
        say_get("1.0", one_point_zero);
        for (int i = 2; i <= 300; i++)
                kr_put(kr_int(i), kr_int(i * i));
        for (int i = 2; i <= 300; i++)
                sum += kr_get_int64(kr_get(kr_int(i)), &n) ? n : 0;
        say("sum", "~", sum);
}

/* -- priorities -- */

static kr_atom name_of(kr_priority priority)
{
        static const char *const names[] = { [KR_PRIORITY_NORMAL] = "normal",
                                             [KR_PRIORITY_LOW] = "low",
                                             [KR_PRIORITY_HIGH] = "high",
                                             [KR_PRIORITY_MAX] = "max" };

        return kri_atom_of(names[priority]);
}

static void priorities(void)
{
        say("first", "~", name_of(kr_set_priority(KR_PRIORITY_HIGH)));
        say("second", "~", name_of(kr_set_priority(KR_PRIORITY_LOW)));
        say("third", "~", name_of(kr_set_priority(KR_PRIORITY_MAX)));
        say_info("now", kr_self(), "priority");
        say("fourth", "~", name_of(kr_set_priority(KR_PRIORITY_NORMAL)));
}

static void priority_of_another(void)
{
        static const kr_priority all[] = { KR_PRIORITY_LOW, KR_PRIORITY_NORMAL,
                                           KR_PRIORITY_HIGH, KR_PRIORITY_MAX };

        for (size_t i = 0; i < COUNT(all); i++) {
                kr_spawn_opts opts = { .priority = all[i] };

                say_info("priority", kr_spawn_opt(&opts, waits), "priority");
        }
}

SCENARIOS(SCENARIO(of_oneself), SCENARIO(of_another), SCENARIO(of_the_dead),
          SCENARIO(several_items), SCENARIO(no_such_item), SCENARIO(mailbox_of_another),
          SCENARIO(mailbox_of_oneself), SCENARIO(messages_sent_before_count),
          SCENARIO(statuses), SCENARIO(after_a_kill), SCENARIO(links_and_monitors),
          SCENARIO(suspending), SCENARIO(figures_are_there),
          SCENARIO(trap_exit_of_another), SCENARIO(dictionary),
          SCENARIO(dictionary_of_another), SCENARIO(dictionary_keys),
          SCENARIO(priorities), SCENARIO(priority_of_another))
