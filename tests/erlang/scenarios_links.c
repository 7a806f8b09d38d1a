/* SPDX-License-Identifier: Apache-2.0 */
/* scenarios_links.c: links, from both of their ends; see scenarios_links.erl. */
#include "scenario.h"

enum { GOT };

static void gone(kr_pid pid)
{
        kr_exit_signal(pid, "gone");
        await_end(pid);
}

static void links(struct to *to)
{
        kr_link(to->pid);
        waits();
}

static kr_pid new_linked_to(kr_pid to)
{
        kr_pid pid = kr_spawn(links, &(struct to){ to });

        await_waiting(pid);
        return pid;
}

static void thrice_is_once(void)
{
        kr_pid pid;

        kr_trap_exit(true);
        pid = new_waiting();
        known_as(pid, "<child>");
        kr_link(pid);
        kr_link(pid);
        kr_link(pid);
        say_info("links", kr_self(), "links");
        gone(pid);
        say_mailbox("mailbox");
}

static void one_unlink_is_enough(void)
{
        kr_pid pid;

        kr_trap_exit(true);
        pid = new_waiting();
        kr_link(pid);
        kr_link(pid);
        kr_unlink(pid);
        say_info("links", kr_self(), "links");
        gone(pid);
        say_mailbox("mailbox");
}

static void unlinks(struct to *to)
{
        kr_unlink(to->pid);
        waits();
}

static void unlink_from_the_other_side(void)
{
        kr_pid pid;

        kr_trap_exit(true);
        pid = kr_spawn_link(unlinks, &(struct to){ kr_self() });
        await_waiting(pid);
        gone(pid);
        say_info("links", kr_self(), "links");
        say_mailbox("mailbox");
}

static void with_oneself(void)
{
        kr_link(kr_self());
        say_info("links", kr_self(), "links");
        kr_unlink(kr_self());
        kr_trap_exit(true);
        kr_link(kr_self());
        say_mailbox("mailbox");
}

static void links_to_the_dead(void)
{
        kr_link(new_dead());
}

static void with_the_dead(void)
{
        kr_ref ref;

        kr_spawn_monitor(&ref, links_to_the_dead);
        say_end("reason", ref);
        say_caught("caught", links_to_the_dead);
}

static void with_the_dead_trapping(void)
{
        kr_pid dead;

        kr_trap_exit(true);
        dead = new_dead();
        known_as(dead, "<dead>");
        kr_link(dead);
        say_next("next");
        say_info("links", kr_self(), "links");
}

static void exits_at_once(void)
{
        kr_exit("at_once");
}

static void spawned_and_dead(void)
{
        kr_pid pid;

        kr_trap_exit(true);
        pid = kr_spawn_link(exits_at_once);
        known_as(pid, "<child>");
        say_next("next");
        kr_link(pid);
        say_next("linked again");
}

static void links_and_unlinks(struct to *to)
{
        kr_link(to->pid);
        kr_unlink(to->pid);
        kr_exit("unheard");
}

static void unlinked_exit_is_not_heard(void)
{
        kr_pid trapping, pid = kr_spawn_link(waits);

        kr_unlink(pid);
        gone(pid);
        say("here", "still");
        trapping = new_listener();
        await_end(kr_spawn(links_and_unlinks, &(struct to){ trapping }));
        kr_send(trapping, "the_only_one");
        say_next("heard");
}

static void exits_early(void)
{
        kr_exit("early");
}

static void unlink_keeps_what_is_queued(void)
{
        kr_pid pid;

        kr_trap_exit(true);
        pid = kr_spawn_link(exits_early);
        known_as(pid, "<child>");
        await_end(pid);
        kr_unlink(pid);
        say_mailbox("mailbox");
}

static void unlink_of_strangers(void)
{
        kr_unlink(new_waiting());
        kr_unlink(new_dead());
        kr_unlink(kr_self());
        say_mailbox("mailbox");
}

static void signals_and_waits(struct to *to)
{
        kr_exit_signal(to->pid, "by_hand");
        waits();
}

static void unlink_is_not_for_signals(void)
{
        kr_pid pid;

        kr_trap_exit(true);
        pid = kr_spawn_link(signals_and_waits, &(struct to){ kr_self() });
        known_as(pid, "<child>");
        await_waiting(pid);
        kr_unlink(pid);
        say_mailbox("mailbox");
}

static void linked_again(void)
{
        kr_pid pid;

        kr_trap_exit(true);
        pid = new_waiting();
        known_as(pid, "<child>");
        kr_link(pid);
        kr_unlink(pid);
        kr_link(pid);
        say_info("links", kr_self(), "links");
        gone(pid);
        say_mailbox("mailbox");
}

static void linked_from_both_sides(void)
{
        kr_pid pid;

        kr_trap_exit(true);
        pid = kr_spawn(links, &(struct to){ kr_self() });
        known_as(pid, "<child>");
        kr_link(pid);
        await_waiting(pid);
        say_info("links", kr_self(), "links");
        say_info("its links", pid, "links");
        gone(pid);
        say_mailbox("mailbox");
}

static void links_are_seen(void)
{
        kr_pid pid;

        say_info("none", kr_self(), "links");
        pid = kr_spawn_link(waits);
        known_as(pid, "<child>");
        say_info("mine", kr_self(), "links");
        say_info("its", pid, "links");
        kr_unlink(pid);
        say_info("mine, unlinked", kr_self(), "links");
        say_info("its, unlinked", pid, "links");
}

#define MANY 500

static size_t count_links(void)
{
        kr_msg msg = KR_MSG_INIT;
        size_t len = 0;
        kr_term list;

        if (kr_process_info(kr_self(), KR_ATOM("links"), &msg) &&
            kr_match(msg.term, "{links, ~}", &list))
                (void)kr_length(list, &len);
        kr_msg_clear(&msg);
        return len;
}

static void many_links(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid pids[MANY];
        int exits = 0;

        kr_trap_exit(true);
        for (int i = 0; i < MANY; i++)
                pids[i] = kr_spawn_link(waits);
        say("links", "~", count_links());
        for (int i = 1; i < MANY; i += 2)
                kr_unlink(pids[i]);
        for (int i = 0; i < MANY; i++)
                kr_exit_signal(pids[i], "gone");
        for (int i = 0; i < MANY; i++)
                await_end(pids[i]);
        while (kr_receive(&msg, 0, kr_on(GOT, "{'EXIT', _, gone}")) == GOT)
                exits++;
        say("exits", "~", exits);
}

static void two_ends_one_exit(void)
{
        kr_pid a = new_listener(), b = new_linked_to(a);

        known_as(a, "<a>");
        known_as(b, "<b>");
        gone(b);
        say_next("heard of b");
        kr_send(a, "stop");
        await_end(a);
        say_mailbox("mailbox");
}

struct ring {
        int64_t left;
        kr_pid first, parent;
};

static void join_ring(struct ring *ring)
{
        struct ring rest = { ring->left - 1, ring->first, ring->parent };

        if (kr_pid_is_none(rest.first))
                rest.first = kr_self();
        kr_send(ring->parent, "{member, ~}", kr_self());
        if (ring->left == 0)
                kr_link(ring->first);
        else
                kr_spawn_link(join_ring, &rest);
        waits();
}

static void a_ring(void)
{
        enum { MEMBERS = 21 };
        struct ring start = { MEMBERS - 1, kr_pid_none(), kr_self() };
        kr_pid member, first;
        kr_msg msg = KR_MSG_INIT;
        kr_ref refs[MEMBERS];

        first = kr_spawn(join_ring, &start);
        for (int i = 0; i < MEMBERS; i++) {
                (void)kr_receive(&msg, KR_INFINITY, kr_on(GOT, "{member, ~}", &member));
                refs[i] = kr_monitor(member);
        }
        await_waiting(member); /* the last one has linked to the first */
        kr_exit_signal(first, "broken");
        for (int i = 0; i < MEMBERS; i++)
                say_end("member", refs[i]);
}

static void links_and_exits(struct to *to)
{
        kr_link(to->pid);
        kr_exit("bang");
}

static void trapping_stops_the_spread(void)
{
        kr_pid middle = new_listener(), outer = new_linked_to(middle);

        known_as(middle, "<middle>");
        known_as(kr_spawn(links_and_exits, &(struct to){ middle }), "<inner>");
        say_next("heard");
        say("middle alive", "~", kr_is_process_alive(middle));
        say("outer alive", "~", kr_is_process_alive(outer));
}

static void link_after_unlink_races(void)
{
        kr_pid pid;

        kr_trap_exit(true);
        pid = new_waiting();
        known_as(pid, "<child>");
        for (int i = 0; i < 1000; i++) {
                kr_link(pid);
                kr_unlink(pid);
        }
        kr_link(pid);
        gone(pid);
        say_mailbox("mailbox");
}

SCENARIOS(SCENARIO(thrice_is_once), SCENARIO(one_unlink_is_enough),
          SCENARIO(unlink_from_the_other_side), SCENARIO(with_oneself),
          SCENARIO(with_the_dead), SCENARIO(with_the_dead_trapping),
          SCENARIO(spawned_and_dead), SCENARIO(unlinked_exit_is_not_heard),
          SCENARIO(unlink_keeps_what_is_queued), SCENARIO(unlink_of_strangers),
          SCENARIO(unlink_is_not_for_signals), SCENARIO(linked_again),
          SCENARIO(linked_from_both_sides), SCENARIO(links_are_seen),
          SCENARIO(many_links), SCENARIO(two_ends_one_exit), SCENARIO(a_ring),
          SCENARIO(trapping_stops_the_spread), SCENARIO(link_after_unlink_races))
