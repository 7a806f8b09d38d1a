/* SPDX-License-Identifier: Apache-2.0 */
/* scenarios_names.c: registered names; see scenarios_names.erl. */
#include "scenario.h"

enum { GOT };

/* undefined, or the pid */
static void say_whereis(const char *what, const char *name)
{
        kr_pid pid = kr_whereis(name);

        if (kr_pid_is_none(pid))
                say(what, "undefined");
        else
                say(what, "~", pid);
}

static void register_and_find(void)
{
        say_whereis("before", "me");
        kr_register("me", kr_self());
        say_whereis("after", "me");
        kr_send("me", "hello");
        say_mailbox("mailbox");
}

/* -- what fails -- */

static void registers_taken(void)
{
        kr_register("taken", kr_self());
}

static void registers_mine(void)
{
        kr_register("mine", kr_self());
}

static void taken(void)
{
        kr_register("taken", new_waiting());
        say_caught("again", registers_taken);
        kr_register("mine", kr_self());
        say_caught("by its owner", registers_mine);
}

static void registers_second(void)
{
        kr_register("second_name", kr_self());
}

static void has_a_name(void)
{
        kr_register("first_name", kr_self());
        say_caught("second", registers_second);
        say_whereis("second name", "second_name");
        say_info("name", kr_self(), "registered_name");
}

static void registers_undefined(void)
{
        kr_register("undefined", kr_self());
}

static void unregisters_undefined(void)
{
        kr_unregister("undefined");
}

static void undefined_is_no_name(void)
{
        say_caught("register", registers_undefined);
        say_caught("unregister", unregisters_undefined);
        say_whereis("whereis", "undefined");
}

static void registers_dead(void)
{
        kr_register("of_the_dead", new_dead());
}

static void of_the_dead(void)
{
        say_caught("register", registers_dead);
        say_whereis("whereis", "of_the_dead");
}

static void unregisters_nobody(void)
{
        kr_unregister("nobody_has_this_name");
}

static void unregister_nobody(void)
{
        say_caught("unregister", unregisters_nobody);
}

/* -- again -- */

static void again_after_unregister(void)
{
        kr_pid pid;

        kr_register("moving", kr_self());
        kr_unregister("moving");
        say_whereis("between", "moving");
        pid = new_waiting();
        known_as(pid, "<child>");
        kr_register("moving", pid);
        say_whereis("after", "moving");
        kr_register("other_name", kr_self());
        say_info("name", kr_self(), "registered_name");
}

static void again_after_exit(void)
{
        for (int i = 0; i < 20; i++) {
                kr_pid pid = new_waiting();

                kr_register("again", pid);
                kr_exit_signal(pid, "kill");
                await_end(pid);
                say_whereis("free", "again");
        }
}

/* -- of others -- */

static void of_another(void)
{
        kr_pid pid = new_waiting();

        known_as(pid, "<child>");
        kr_register("of_another", pid);
        say_whereis("whereis", "of_another");
        kr_send("of_another", "stop");
        await_end(pid);
        say_whereis("after its end", "of_another");
}

static void unregister_another(void)
{
        kr_pid pid = new_waiting();

        kr_register("of_another", pid);
        kr_unregister("of_another");
        say_whereis("whereis", "of_another");
        say("alive", "~", kr_is_process_alive(pid));
        say_info("name", pid, "registered_name");
}

static bool is_in_the_list(const char *name)
{
        kr_msg msg = KR_MSG_INIT;
        bool is = false;
        kr_term list;

        kr_registered(&msg);
        for (list = msg.term; kr_is_cons(list); list = kr_tl(list))
                is = is || kr_is_that_atom(kr_hd(list), kri_atom_of(name));
        kr_msg_clear(&msg);
        return is;
}

static void all_names(void)
{
        kr_register("in_the_list", kr_self());
        say("there", "~", is_in_the_list("in_the_list"));
        kr_unregister("in_the_list");
        say("gone", "~", is_in_the_list("in_the_list"));
}

static void say_info_list(const char *what)
{
        kr_atom item = KR_ATOM("registered_name");
        kr_msg msg = KR_MSG_INIT;

        if (kr_process_info_list(kr_self(), &item, 1, &msg))
                say_term(what, msg.term);
        kr_msg_clear(&msg);
}

static void as_information(void)
{
        say_info("none", kr_self(), "registered_name");
        say_info_list("none, in a list");
        kr_register("named", kr_self());
        say_info("named", kr_self(), "registered_name");
        say_info_list("named, in a list");
}

static void takes_the_baton(struct to *to)
{
        kr_unregister("baton");
        kr_register("baton", kr_self());
        kr_send(to->pid, "done");
        waits();
}

static void handed_over(void)
{
        kr_register("baton", kr_self());
        known_as(kr_spawn(takes_the_baton, &(struct to){ kr_self() }), "<child>");
        say_next("next");
        say_whereis("whereis", "baton");
        say_info("mine", kr_self(), "registered_name");
}

/* -- names and ends -- */

static void registers_and_ends(struct to *to)
{
        kr_register("short", kr_self());
        kr_send(to->pid, "{is, ~}", (bool)kr_pid_eq(kr_whereis("short"), kr_self()));
}

static void sends_to_short(void)
{
        kr_send("short", "hello");
}

static void dies_with_its_process(void)
{
        kr_ref ref;

        kr_spawn_monitor(&ref, registers_and_ends, &(struct to){ kr_self() });
        say_end("reason", ref);
        say_mailbox("mailbox");
        say_whereis("whereis", "short");
        say_caught("send", sends_to_short);
}

static void returns(void)
{
}

static void register_it(void *pid)
{
        kr_register("racing", *(kr_pid *)pid);
}

static void race_with_the_end(void)
{
        int dangling = 0;

        for (int i = 0; i < 300; i++) {
                kr_pid pid = kr_spawn(returns);
                kr_msg reason = KR_MSG_INIT;
                kr_class kind;

                kr_catch(register_it, &pid, &kind, &reason);
                kr_msg_clear(&reason);
                await_end(pid);
                dangling += !kr_pid_is_none(kr_whereis("racing"));
        }
        say("dangling", "~", dangling);
}

static void register_me(void *unused)
{
        (void)unused;
        kr_register("wanted_by_all", kr_self());
}

static void wants_the_name(struct to *to)
{
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;
        bool won = kr_catch(register_me, NULL, &kind, &reason);

        kr_send(to->pid, "{won, ~}", won);
        waits();
}

static void one_of_many(void)
{
        kr_msg msg = KR_MSG_INIT;
        int winners = 0;
        bool won;

        for (int i = 0; i < 20; i++)
                kr_spawn(wants_the_name, &(struct to){ kr_self() });
        for (int i = 0; i < 20; i++) {
                (void)kr_receive(&msg, KR_INFINITY, kr_on(GOT, "{won, ~}", &won));
                winners += won;
        }
        say("winners", "~", winners);
}

static void names_are_any_atom(void)
{
        kr_register("", kr_self());
        say_whereis("empty", "");
        kr_unregister("");
        kr_register("Ein Name mit Umlaut ü", kr_self());
        say_whereis("long", "Ein Name mit Umlaut ü");
        kr_send("Ein Name mit Umlaut ü", "hello");
        say_mailbox("mailbox");
}

static void exits_with_a_name(void)
{
        kr_register("seen_at_exit", kr_self());
        kr_exit("gone");
}

static void exiting_has_no_name(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid;

        kr_trap_exit(true);
        pid = kr_spawn_link(exits_with_a_name);
        (void)kr_receive(&msg, KR_INFINITY, kr_on(GOT, "{'EXIT', =, gone}", pid));
        say_whereis("whereis", "seen_at_exit");
}

SCENARIOS(SCENARIO(register_and_find), SCENARIO(taken), SCENARIO(has_a_name),
          SCENARIO(undefined_is_no_name), SCENARIO(of_the_dead),
          SCENARIO(unregister_nobody), SCENARIO(again_after_unregister),
          SCENARIO(again_after_exit), SCENARIO(of_another), SCENARIO(unregister_another),
          SCENARIO(all_names), SCENARIO(as_information), SCENARIO(handed_over),
          SCENARIO(dies_with_its_process), SCENARIO(race_with_the_end),
          SCENARIO(one_of_many), SCENARIO(names_are_any_atom),
          SCENARIO(exiting_has_no_name))
