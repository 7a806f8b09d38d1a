%% SPDX-License-Identifier: Apache-2.0
%% Monitors; scenarios_monitors.c does the same.
-module(scenarios_monitors).
-import(scenario, [say/2, known_as/2, say_end/2, say_mailbox/1, say_next/1, say_caught/2,
                   say_info/3, await_end/1, await_waiting/1, waits/0,
                   new_waiting/0, new_trapping/0, new_listener/0, new_dead/0]).
-export([of_the_dead/0, of_no_name/0, of_a_name/0, name_is_resolved_once/0, each_has_its_down/0,
         of_oneself/0, demonitor_keeps_a_queued_down/0, demonitor_flush/0, demonitor_states/0,
         demonitor_of_strangers/0, demonitored_is_not_heard/0, a_tag/0, tags_of_the_dead/0,
         down_after_messages/0, down_after_messages_by_name/0, reasons/0, spawned_with_monitor/0,
         spawned_with_both/0, monitors_are_seen/0, monitor_and_link_order/0,
         watcher_ends_first/0, by_another_process/0, many_watchers/0, down_of_killed/0,
         by_pid_and_by_name/0, own_name/0]).

of_the_dead() ->
    Dead = new_dead(),
    known_as(Dead, "<dead>"),
    known_as(monitor(process, Dead), "#Monitor"),
    say_next("down").

of_no_name() ->
    known_as(monitor(process, nobody_has_this_name), "#Monitor"),
    say_next("down").

of_a_name() ->
    Pid = new_waiting(),
    register(monitored, Pid),
    known_as(monitor(process, monitored), "#Monitor"),
    exit(Pid, gone),
    say_next("down").

name_is_resolved_once() ->
    First = new_waiting(),
    Second = new_waiting(),
    register(moving, First),
    known_as(monitor(process, moving), "#Monitor"),
    unregister(moving),
    register(moving, Second),
    exit(Second, second),
    await_end(Second),
    exit(First, first),
    await_end(First),
    say_mailbox("mailbox").

each_has_its_down() ->
    Pid = new_waiting(),
    known_as(Pid, "<child>"),
    [known_as(monitor(process, Pid), Name) || Name <- ["#First", "#Second", "#Third"]],
    exit(Pid, gone),
    await_end(Pid),
    say("downs", lists:sort([receive {'DOWN', R, process, Pid, gone} -> R end || _ <- [1, 2, 3]])),
    say_mailbox("rest").

of_oneself() ->
    Ref = monitor(process, self()),
    say_mailbox("mailbox"),
    say("demonitor", demonitor(Ref, [info])).

demonitor_keeps_a_queued_down() ->
    {Pid, Ref} = spawn_monitor(fun() -> ok end),
    known_as(Pid, "<child>"),
    known_as(Ref, "#Monitor"),
    await_end(Pid),
    say("info", demonitor(Ref, [info])),
    say_mailbox("mailbox").

demonitor_flush() ->
    {Pid, Ref} = spawn_monitor(fun() -> ok end),
    await_end(Pid),
    self() ! other,
    say("info", demonitor(Ref, [flush, info])),
    say_mailbox("mailbox").

demonitor_states() ->
    Pid = new_waiting(),
    [begin
         Ref = monitor(process, Pid),
         say("active", demonitor(Ref, [info | Flush])),
         say("again", demonitor(Ref, [info | Flush]))
     end || Flush <- [[], [flush]]],
    [begin
         {Child, Ref} = spawn_monitor(fun() -> ok end),
         await_end(Child),
         say("down queued", demonitor(Ref, [info | Flush])),
         say("down queued, again", demonitor(Ref, [info | Flush])),
         receive {'DOWN', Ref, _, _, _} -> say("down", there) after 0 -> say("down", none) end,
         say("down taken", demonitor(Ref, [info | Flush]))
     end || Flush <- [[], [flush]]].

demonitor_of_strangers() ->
    say("any reference", demonitor(make_ref(), [info])),
    say("an alias", demonitor(alias(), [info])),
    say("flushed", demonitor(make_ref(), [info, flush])).

demonitored_is_not_heard() ->
    Pid = new_waiting(),
    Refs = [monitor(process, Pid) || _ <- lists:seq(1, 10)],
    [demonitor(R) || {R, N} <- lists:zip(Refs, lists:seq(1, 10)), N rem 2 =:= 0],
    exit(Pid, gone),
    await_end(Pid),
    say("downs", downs(0)).

downs(N) ->
    receive {'DOWN', _, _, _, _} -> downs(N + 1) after 0 -> N end.

a_tag() ->
    Pid = new_waiting(),
    known_as(Pid, "<child>"),
    known_as(monitor(process, Pid, [{tag, {'my DOWN', 1, "x"}}]), "#Monitor"),
    exit(Pid, gone),
    say_next("down").

tags_of_the_dead() ->
    Dead = new_dead(),
    known_as(Dead, "<dead>"),
    monitor(process, Dead, [{tag, tagged}]),
    say_next("pid"),
    monitor(process, nobody_has_this_name, [{tag, [tagged]}]),
    say_next("name").

down_after_messages() ->
    Self = self(),
    {Pid, Ref} = spawn_monitor(fun() -> [Self ! N || N <- [1, 2, 3]], exit(done) end),
    known_as(Pid, "<child>"),
    known_as(Ref, "#Monitor"),
    [say_next(integer_to_list(N)) || N <- [1, 2, 3, 4]].

down_after_messages_by_name() ->
    Self = self(),
    Pid = spawn(fun() ->
                        receive go -> ok end,
                        Self ! 1,
                        exit(done)
                end),
    register(talker, Pid),
    known_as(monitor(process, talker), "#Monitor"),
    talker ! go,
    say_next("message"),
    say_next("down").

reasons() ->
    [begin
         {_, Ref} = spawn_monitor(fun() -> exit(Reason) end),
         say_end("reason", Ref)
     end || Reason <- [normal, shutdown, {shutdown, x}, kill, killed, noproc, [], "text", #{a => b}]],
    {Pid, Ref} = spawn_monitor(fun scenario:waits/0),
    exit(Pid, kill),
    say_end("killed", Ref).

spawned_with_monitor() ->
    {Pid, Ref} = spawn_monitor(fun() -> exit(at_once) end),
    known_as(Pid, "<child>"),
    known_as(Ref, "#Monitor"),
    say_next("down").

spawned_with_both() ->
    process_flag(trap_exit, true),
    {Pid, Ref} = spawn_opt(fun() -> exit(at_once) end, [link, monitor]),
    known_as(Pid, "<child>"),
    known_as(Ref, "#Monitor"),
    await_end(Pid),
    say("both", lists:sort([receive M -> M end || _ <- [1, 2]])).

monitors_are_seen() ->
    Pid = new_waiting(),
    known_as(Pid, "<child>"),
    register(seen, Pid),
    A = monitor(process, Pid),
    say_info("one", self(), "monitors"),
    say_info("watchers", Pid, "monitored_by"),
    demonitor(A),
    say_info("none", self(), "monitors"),
    say_info("no watchers", Pid, "monitored_by"),
    monitor(process, seen),
    say_info("by name", self(), "monitors").

monitor_and_link_order() ->
    process_flag(trap_exit, true),
    Pid = new_waiting(),
    link(Pid),
    Ref = monitor(process, Pid),
    exit(Pid, gone),
    receive {'DOWN', Ref, _, _, R1} -> say("down", R1) end,
    receive {'EXIT', Pid, R2} -> say("exit", R2) end,
    say_mailbox("rest").

watcher_ends_first() ->
    Pid = new_waiting(),
    Watcher = spawn(fun() -> monitor(process, Pid), waits() end),
    await_waiting(Watcher),
    exit(Watcher, gone),
    await_end(Watcher),
    say_info("watchers", Pid, "monitored_by"),
    say("alive", is_process_alive(Pid)).

by_another_process() ->
    Self = self(),
    Pid = new_waiting(),
    Ref = monitor(process, Pid),
    {_, Other} = spawn_monitor(fun() ->
                                       Self ! {by_the_other, demonitor(Ref, [info])}
                               end),
    say_end("other", Other),
    say_mailbox("mailbox"),
    say("mine", demonitor(Ref, [info])).

many_watchers() ->
    Self = self(),
    Pid = new_waiting(),
    Watchers = [spawn(fun() ->
                              Ref = monitor(process, Pid),
                              receive {'DOWN', Ref, process, Pid, R} -> Self ! R end
                      end) || _ <- lists:seq(1, 200)],
    [await_waiting(W) || W <- Watchers],
    exit(Pid, 1),
    say("sum", lists:sum([receive N when is_integer(N) -> N end || _ <- Watchers])).

down_of_killed() ->
    {Pid, Ref} = spawn_monitor(fun scenario:waits_trapping/0),
    await_waiting(Pid),
    known_as(Pid, "<child>"),
    known_as(Ref, "#Monitor"),
    exit(Pid, kill),
    say_next("down").

by_pid_and_by_name() ->
    Pid = new_waiting(),
    known_as(Pid, "<child>"),
    register(both_ways, Pid),
    A = monitor(process, Pid),
    B = monitor(process, both_ways),
    exit(Pid, gone),
    receive {'DOWN', A, _, O1, _} -> say("by pid", O1) end,
    receive {'DOWN', B, _, O2, _} -> say("by name", O2) end.

own_name() ->
    register(myself, self()),
    Ref = monitor(process, myself),
    say_mailbox("mailbox"),
    say_info("monitors", self(), "monitors"),
    say("demonitor", demonitor(Ref, [info])).
