%% SPDX-License-Identifier: Apache-2.0
%% How processes end and who hears of it; scenarios_exits.c does the same.
-module(scenarios_exits).
-import(scenario, [say/2, known_as/2, say_end/2, say_mailbox/1, say_next/1, say_caught/2,
                   await_end/1, await_waiting/1, waits/0,
                   new_waiting/0, new_trapping/0, new_listener/0, new_dead/0]).
-export([ways_to_end/0, normal_is_no_signal/0, normal_is_trapped/0, normal_to_oneself/0,
         normal_to_oneself_trapping/0, own_signal_is_not_caught/0, kill_is_not_trapped/0,
         kill_reaches_links_as_killed/0, killed_goes_along_links/0, exit_kill_is_ordinary/0,
         exit_kill_goes_along_links/0, first_signal_counts/0, signal_before_message/0,
         message_before_signal/0, signal_ends_any_wait/0, exit_tuple_is_a_message/0,
         trapping_off_keeps_messages/0, trapping_returns_old_value/0, name_is_free_at_down/0,
         signal_to_the_dead/0, signal_to_no_pid/0, normal_end_and_links/0,
         reasons_through_links/0, large_reason/0, exit_of_the_parent/0, dead_for_the_killer/0,
         any_reason_is_trapped/0, signal_to_oneself_trapping/0]).

ways_to_end() ->
    [begin
         {_, Ref} = spawn_monitor(Fun),
         say_end(Name, Ref)
     end || {Name, Fun} <- ends()].

ends() ->
    [{"returns", fun() -> ok end},
     {"exits_with_tuple", fun() -> exit({some, ["reason", 1.5]}) end},
     {"exits_with_normal", fun() -> exit(normal) end},
     {"exits_with_kill", fun() -> exit(kill) end},
     {"throws", fun() -> throw({thrown, 1}) end},
     {"errors", fun() -> error({wrong, 2}) end},
     {"errors_as_by_zero", fun() -> zero() + 1 div zero() end},
     {"signals_itself", fun() -> exit(self(), {to, myself}), exit(unreachable) end},
     {"kills_itself_while_trapping",
      fun() -> process_flag(trap_exit, true), exit(self(), kill), exit(unreachable) end},
     {"links_to_the_dead", fun() -> link(new_dead()), waits() end}].

zero() -> length([X || X <- [self()], is_atom(X)]).

normal_is_no_signal() ->
    Pid = new_waiting(),
    exit(Pid, normal),
    say("alive", is_process_alive(Pid)).

normal_is_trapped() ->
    Pid = new_listener(),
    exit(Pid, normal),
    say_next("heard").

normal_to_oneself() ->
    {_, Ref} = spawn_monitor(fun() -> exit(self(), normal), exit(unreachable) end),
    say_end("reason", Ref).

normal_to_oneself_trapping() ->
    process_flag(trap_exit, true),
    exit(self(), normal),
    say_mailbox("mailbox").

own_signal_is_not_caught() ->
    {_, Ref} = spawn_monitor(fun() -> catch exit(self(), mine), exit(unreachable) end),
    say_end("reason", Ref).

kill_is_not_trapped() ->
    {Pid, Ref} = spawn_monitor(fun scenario:waits_trapping/0),
    await_waiting(Pid),
    exit(Pid, kill),
    say_end("reason", Ref).

kill_reaches_links_as_killed() ->
    process_flag(trap_exit, true),
    Pid = spawn_link(fun scenario:waits/0),
    {_, Ref} = spawn_monitor(fun() -> link(Pid), waits() end),
    await_linked(Pid, 2),
    {_, Linked} = spawn_monitor(fun() -> link(Pid), exit(Pid, kill), waits() end),
    say_end("linked, not trapping", Ref),
    say_end("linked, the killer", Linked),
    known_as(Pid, "<killed>"),
    say_next("linked, trapping").

await_linked(Pid, Count) ->
    case process_info(Pid, links) of
        {links, Links} when length(Links) < Count -> await_linked(Pid, Count);
        _ -> ok
    end.

killed_goes_along_links() ->
    process_flag(trap_exit, true),
    Self = self(),
    Outer = spawn_link(fun() ->
                               Inner = spawn_link(fun scenario:waits/0),
                               Self ! {inner, Inner},
                               waits()
                       end),
    known_as(Outer, "<outer>"),
    receive {inner, Inner} -> exit(Inner, kill) end,
    say_next("exit").

exit_kill_is_ordinary() ->
    process_flag(trap_exit, true),
    known_as(spawn_link(fun() -> exit(kill) end), "<child>"),
    say_next("trapped").

exit_kill_goes_along_links() ->
    process_flag(trap_exit, true),
    Outer = spawn_link(fun() -> spawn_link(fun() -> spawn_link(fun() -> exit(kill) end), waits() end), waits() end),
    known_as(Outer, "<outer>"),
    say_next("exit").

first_signal_counts() ->
    {Pid, Ref} = spawn_monitor(fun scenario:waits/0),
    exit(Pid, {first, reason}),
    exit(Pid, {second, reason}),
    exit(Pid, kill),
    say_end("reason", Ref).

signal_before_message() ->
    Self = self(),
    {Pid, Ref} = spawn_monitor(fun() -> receive go -> Self ! received end end),
    await_waiting(Pid),
    exit(Pid, gone),
    Pid ! go,
    say_end("reason", Ref),
    say_mailbox("left").

message_before_signal() ->
    Pid = new_listener(),
    Pid ! first,
    exit(Pid, second),
    Pid ! third,
    [say_next(N) || N <- ["1", "2", "3"]],
    Pid ! stop,
    await_end(Pid),
    say_mailbox("left").

signal_ends_any_wait() ->
    {Waiting, R1} = spawn_monitor(fun scenario:waits/0),
    await_waiting(Waiting),
    exit(Waiting, in_receive),
    say_end("in a receive", R1),
    {Timed, R2} = spawn_monitor(fun() -> receive stop -> ok after 100000 -> ok end end),
    await_waiting(Timed),
    exit(Timed, in_timed_receive),
    say_end("in a receive with a time", R2),
    {Sleeping, R3} = spawn_monitor(fun() -> timer:sleep(100000) end),
    await_waiting(Sleeping),
    exit(Sleeping, asleep),
    say_end("asleep", R3),
    {Suspended, R4} = spawn_monitor(fun scenario:waits/0),
    erlang:suspend_process(Suspended),
    exit(Suspended, while_suspended),
    say_end("suspended", R4).

exit_tuple_is_a_message() ->
    Pid = new_waiting(),
    Pid ! {'EXIT', self(), boom},
    say("alive", is_process_alive(Pid)),
    self() ! {'EXIT', self(), boom},
    say_mailbox("own").

trapping_off_keeps_messages() ->
    process_flag(trap_exit, true),
    exit(self(), kept),
    self() ! mark, % once this is received, the signal has been too
    receive mark -> ok end,
    process_flag(trap_exit, false),
    say_mailbox("mailbox").

trapping_returns_old_value() ->
    say("first", process_flag(trap_exit, true)),
    say("again", process_flag(trap_exit, true)),
    say("off", process_flag(trap_exit, false)),
    say("off again", process_flag(trap_exit, false)).

name_is_free_at_down() ->
    {Pid, Ref} = spawn_monitor(fun scenario:waits/0),
    register(of_the_dead, Pid),
    exit(Pid, gone),
    say_end("reason", Ref),
    say("name", whereis(of_the_dead)),
    register(of_the_dead, self()),
    say("mine", whereis(of_the_dead)).

signal_to_the_dead() ->
    exit(new_dead(), late),
    exit(new_dead(), kill),
    say_mailbox("mailbox").

signal_to_no_pid() ->
    say_caught("exit", fun() -> exit(element(1, {nobody}), reason) end).

normal_end_and_links() ->
    Linked = spawn(fun() -> spawn_link(fun() -> ok end), waits() end),
    await_waiting(Linked),
    say("not trapping, alive", is_process_alive(Linked)),
    process_flag(trap_exit, true),
    known_as(spawn_link(fun() -> ok end), "<child>"),
    say_next("trapping").

reasons_through_links() ->
    process_flag(trap_exit, true),
    [begin
         spawn_link(Fun),
         say_next(Name)
     end || {Name, Fun} <- [{"exit", fun() -> exit({some, reason}) end},
                            {"error", fun() -> error(wrong) end},
                            {"error tuple", fun() -> error({wrong, 1, [2]}) end},
                            {"throw", fun() -> throw(ball) end},
                            {"arithmetic", fun() -> 1 div zero() end},
                            {"an atom + 1", fun() -> hd(registered()) + 1 end},
                            {"badarg", fun() -> register(element(1, {undefined}), self()) end},
                            {"timeout_value", fun() -> receive after -2 + zero() -> ok end end},
                            {"shutdown", fun() -> exit({shutdown, now}) end}]].

large_reason() ->
    process_flag(trap_exit, true),
    spawn_link(fun() -> exit({lists:seq(1, 20000), #{bytes => binary:copy(<<7>>, 70000)}}) end),
    receive
        {'EXIT', _, {List, #{bytes := Bytes}}} ->
            say("sum", lists:sum(List)),
            say("bytes", size(Bytes))
    end.

exit_of_the_parent() ->
    Self = self(),
    {Parent, Ref} = spawn_monitor(fun() ->
                                          Self ! {children, new_waiting(), spawn_link(fun scenario:waits/0)},
                                          waits()
                                  end),
    receive {children, Spawned, Linked} -> ok end,
    LinkedRef = monitor(process, Linked),
    exit(Parent, gone),
    say_end("parent", Ref),
    say_end("linked child", LinkedRef),
    say("other child alive", is_process_alive(Spawned)).

dead_for_the_killer() ->
    Pid = new_trapping(),
    exit(Pid, kill),
    say("alive", is_process_alive(Pid)).

any_reason_is_trapped() ->
    Pid = new_listener(),
    [begin exit(Pid, R), say_next("heard") end
     || R <- [boom, killed, shutdown, {shutdown, 1}, "text", 42, #{a => 1}, {}, []]].

signal_to_oneself_trapping() ->
    process_flag(trap_exit, true),
    exit(self(), boom),
    self() ! after_boom,
    say_mailbox("mailbox").
