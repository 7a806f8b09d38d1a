%% SPDX-License-Identifier: Apache-2.0
%% Links, from both of their ends; scenarios_links.c does the same.
-module(scenarios_links).
-import(scenario, [say/2, known_as/2, say_end/2, say_mailbox/1, say_next/1, say_caught/2,
                   say_info/3, await_end/1, await_waiting/1, waits/0,
                   new_waiting/0, new_trapping/0, new_listener/0, new_dead/0]).
-export([thrice_is_once/0, one_unlink_is_enough/0, unlink_from_the_other_side/0,
         with_oneself/0, with_the_dead/0, with_the_dead_trapping/0, spawned_and_dead/0,
         unlinked_exit_is_not_heard/0, unlink_keeps_what_is_queued/0, unlink_of_strangers/0,
         unlink_is_not_for_signals/0, linked_again/0, linked_from_both_sides/0,
         links_are_seen/0, many_links/0, two_ends_one_exit/0, a_ring/0,
         trapping_stops_the_spread/0, link_after_unlink_races/0]).

gone(Pid) ->
    exit(Pid, gone),
    await_end(Pid).

thrice_is_once() ->
    process_flag(trap_exit, true),
    Pid = new_waiting(),
    known_as(Pid, "<child>"),
    link(Pid), link(Pid), link(Pid),
    say_info("links", self(), "links"),
    gone(Pid),
    say_mailbox("mailbox").

one_unlink_is_enough() ->
    process_flag(trap_exit, true),
    Pid = new_waiting(),
    link(Pid), link(Pid),
    unlink(Pid),
    say_info("links", self(), "links"),
    gone(Pid),
    say_mailbox("mailbox").

unlink_from_the_other_side() ->
    process_flag(trap_exit, true),
    Self = self(),
    Pid = spawn_link(fun() -> unlink(Self), waits() end),
    await_waiting(Pid),
    gone(Pid),
    say_info("links", self(), "links"),
    say_mailbox("mailbox").

with_oneself() ->
    link(self()),
    say_info("links", self(), "links"),
    unlink(self()),
    process_flag(trap_exit, true),
    link(self()),
    say_mailbox("mailbox").

with_the_dead() ->
    {_, Ref} = spawn_monitor(fun() -> link(new_dead()), waits() end),
    say_end("reason", Ref),
    say_caught("caught", fun() -> link(new_dead()) end).

with_the_dead_trapping() ->
    process_flag(trap_exit, true),
    Dead = new_dead(),
    known_as(Dead, "<dead>"),
    link(Dead),
    say_next("next"),
    say_info("links", self(), "links").

spawned_and_dead() ->
    process_flag(trap_exit, true),
    Pid = spawn_link(fun() -> exit(at_once) end),
    known_as(Pid, "<child>"),
    say_next("next"),
    link(Pid),
    say_next("linked again").

unlinked_exit_is_not_heard() ->
    Pid = spawn_link(fun scenario:waits/0),
    unlink(Pid),
    gone(Pid),
    say("here", still),
    Trapping = new_listener(),
    Other = spawn(fun() -> link(Trapping), unlink(Trapping), exit(unheard) end),
    await_end(Other),
    Trapping ! the_only_one,
    say_next("heard").

unlink_keeps_what_is_queued() ->
    process_flag(trap_exit, true),
    Pid = spawn_link(fun() -> exit(early) end),
    known_as(Pid, "<child>"),
    await_end(Pid),
    unlink(Pid),
    say_mailbox("mailbox").

unlink_of_strangers() ->
    unlink(new_waiting()),
    unlink(new_dead()),
    unlink(self()),
    say_mailbox("mailbox").

unlink_is_not_for_signals() ->
    process_flag(trap_exit, true),
    Self = self(),
    Pid = spawn_link(fun() -> exit(Self, by_hand), waits() end),
    known_as(Pid, "<child>"),
    await_waiting(Pid),
    unlink(Pid),
    say_mailbox("mailbox").

linked_again() ->
    process_flag(trap_exit, true),
    Pid = new_waiting(),
    known_as(Pid, "<child>"),
    link(Pid),
    unlink(Pid),
    link(Pid),
    say_info("links", self(), "links"),
    gone(Pid),
    say_mailbox("mailbox").

linked_from_both_sides() ->
    process_flag(trap_exit, true),
    Self = self(),
    Pid = spawn(fun() -> link(Self), waits() end),
    known_as(Pid, "<child>"),
    link(Pid),
    await_waiting(Pid),
    say_info("links", self(), "links"),
    say_info("its links", Pid, "links"),
    gone(Pid),
    say_mailbox("mailbox").

links_are_seen() ->
    say_info("none", self(), "links"),
    Pid = spawn_link(fun scenario:waits/0),
    known_as(Pid, "<child>"),
    say_info("mine", self(), "links"),
    say_info("its", Pid, "links"),
    unlink(Pid),
    say_info("mine, unlinked", self(), "links"),
    say_info("its, unlinked", Pid, "links").

many_links() ->
    process_flag(trap_exit, true),
    Pids = [spawn_link(fun scenario:waits/0) || _ <- lists:seq(1, 500)],
    {links, Links} = process_info(self(), links),
    say("links", length(Links)),
    [unlink(P) || {P, N} <- lists:zip(Pids, lists:seq(1, 500)), N rem 2 =:= 0],
    [exit(P, gone) || P <- Pids],
    [await_end(P) || P <- Pids],
    say("exits", count(0)).

count(N) ->
    receive {'EXIT', _, gone} -> count(N + 1) after 0 -> N end.

two_ends_one_exit() ->
    A = new_listener(),
    known_as(A, "<a>"),
    B = spawn(fun() -> link(A), waits() end),
    known_as(B, "<b>"),
    await_waiting(B),
    gone(B),
    say_next("heard of b"),
    A ! stop,
    await_end(A),
    say_mailbox("mailbox").

a_ring() ->
    Self = self(),
    First = spawn(fun() -> ring(20, self(), Self) end),
    Members = [receive {member, P} -> {P, monitor(process, P)} end || _ <- lists:seq(1, 21)],
    {Last, _} = lists:last(Members),
    await_waiting(Last), % it has linked to the first
    exit(First, broken),
    [say_end("member", Ref) || {_, Ref} <- Members].

ring(Left, First, Parent) ->
    Parent ! {member, self()},
    case Left of
        0 -> link(First);
        _ -> spawn_link(fun() -> ring(Left - 1, First, Parent) end)
    end,
    waits().

trapping_stops_the_spread() ->
    Middle = new_listener(),
    known_as(Middle, "<middle>"),
    Outer = spawn(fun() -> link(Middle), waits() end),
    await_waiting(Outer),
    Inner = spawn(fun() -> link(Middle), exit(bang) end),
    known_as(Inner, "<inner>"),
    say_next("heard"),
    say("middle alive", is_process_alive(Middle)),
    say("outer alive", is_process_alive(Outer)).

link_after_unlink_races() ->
    process_flag(trap_exit, true),
    Pid = new_waiting(),
    known_as(Pid, "<child>"),
    [begin link(Pid), unlink(Pid) end || _ <- lists:seq(1, 1000)],
    link(Pid),
    gone(Pid),
    say_mailbox("mailbox").
