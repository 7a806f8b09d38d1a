%% SPDX-License-Identifier: Apache-2.0
%% Timers; scenarios_timers.c does the same.
-module(scenarios_timers).
-import(scenario, [say/2, known_as/2, say_end/2, say_mailbox/1, say_next/1, say_caught/2,
                   await_end/1, await_waiting/1, new_waiting/0, new_dead/0]).
-export([in_order/0, zero_is_later/0, with_its_reference/0, cancel_states/0, read_states/0,
         cancelled_is_silent/0, fired_and_unread/0, absolute/0, absolute_in_the_past/0,
         bad_times/0, bad_destinations/0, to_the_dead/0, dies_with_its_receiver/0,
         outlives_its_maker/0, to_a_name/0, name_is_resolved_at_the_end/0, to_no_name/0,
         cancelled_by_another/0, read_by_another/0, cancel_later/0, read_later/0, never_early/0,
         thousands/0, to_another/0, with_a_message_of_any_size/0]).

in_order() ->
    [erlang:send_after(T, self(), {after_ms, T}) || T <- [60, 20, 40, 1]],
    [say_next("next") || _ <- [1, 2, 3, 4]].

zero_is_later() ->
    erlang:send_after(0, self(), timer),
    self() ! message,
    say_next("first"),
    say_next("second").

with_its_reference() ->
    Ref = erlang:start_timer(1, self(), {some, message}),
    known_as(Ref, "#Timer"),
    say_next("next").

%% Milliseconds, but not which.
some(N) when is_integer(N), N > 0, N =< 100000 -> some;
some(N) -> N.

cancel_states() ->
    Ref = erlang:start_timer(100000, self(), never),
    say("runs", some(erlang:cancel_timer(Ref))),
    say("cancelled", some(erlang:cancel_timer(Ref))),
    Fired = erlang:start_timer(0, self(), fired),
    receive {timeout, Fired, fired} -> ok end,
    say("fired", some(erlang:cancel_timer(Fired))),
    say("no timer", some(erlang:cancel_timer(make_ref()))),
    say_mailbox("mailbox").

read_states() ->
    Ref = erlang:send_after(100000, self(), never),
    say("runs", some(erlang:read_timer(Ref))),
    say("still", some(erlang:read_timer(Ref))),
    erlang:cancel_timer(Ref),
    say("cancelled", some(erlang:read_timer(Ref))),
    say("no timer", some(erlang:read_timer(make_ref()))).

cancelled_is_silent() ->
    Refs = [erlang:send_after(20, self(), N) || N <- lists:seq(1, 10)],
    [erlang:cancel_timer(R) || {R, N} <- lists:zip(Refs, lists:seq(1, 10)), N =/= 5],
    say_next("the one left"),
    receive after 50 -> ok end,
    say_mailbox("mailbox").

fired_and_unread() ->
    Ref = erlang:start_timer(0, self(), fired),
    known_as(Ref, "#Timer"),
    receive after 20 -> ok end,
    say("cancel", erlang:cancel_timer(Ref)),
    say_mailbox("mailbox").

absolute() ->
    Now = erlang:monotonic_time(millisecond),
    erlang:send_after(Now + 40, self(), late, [{abs, true}]),
    erlang:send_after(Now + 10, self(), soon, [{abs, true}]),
    Ref = erlang:start_timer(Now + 25, self(), between, [{abs, true}]),
    known_as(Ref, "#Timer"),
    [say_next("next") || _ <- [1, 2, 3]],
    say("not early", erlang:monotonic_time(millisecond) >= Now + 40).

absolute_in_the_past() ->
    Now = erlang:monotonic_time(millisecond),
    erlang:send_after(Now - 10, self(), past, [{abs, true}]),
    say_next("next").

bad_times() ->
    Zero = length(registered()) * 0,
    say_caught("negative", fun() -> erlang:send_after(-1 + Zero, self(), x) end),
    say_caught("start_timer", fun() -> erlang:start_timer(-1 + Zero, self(), x) end),
    say_mailbox("mailbox").

bad_destinations() ->
    say_caught("undefined name", fun() -> erlang:send_after(0, nobody_has_this_name, x), ok end),
    say_caught("no pid", fun() -> erlang:send_after(0, element(1, {{}}), x) end).

to_the_dead() ->
    Ref = erlang:send_after(1, new_dead(), hello),
    receive after 20 -> ok end,
    say("cancel", erlang:cancel_timer(Ref)).

dies_with_its_receiver() ->
    Pid = new_waiting(),
    Ref = erlang:send_after(100000, Pid, hello),
    say("runs", some(erlang:read_timer(Ref))),
    exit(Pid, gone),
    await_end(Pid),
    say("receiver is gone", some(erlang:read_timer(Ref))),
    say("cancel", some(erlang:cancel_timer(Ref))).

outlives_its_maker() ->
    Self = self(),
    await_end(spawn(fun() -> erlang:send_after(30, Self, from_the_dead) end)),
    say_next("next").

to_a_name() ->
    register(timed, self()),
    erlang:send_after(1, timed, by_name),
    Ref = erlang:start_timer(30, timed, by_name),
    known_as(Ref, "#Timer"),
    say_next("sent"),
    say_next("started").

name_is_resolved_at_the_end() ->
    Pid = new_waiting(),
    register(timed_later, Pid),
    erlang:send_after(60, timed_later, message),
    unregister(timed_later),
    register(timed_later, self()),
    say_next("next").

to_no_name() ->
    erlang:send_after(1, nobody_has_this_name, lost),
    receive after 20 -> ok end,
    erlang:send_after(40, registered_in_time, found),
    register(registered_in_time, self()),
    say_next("next").

by_another(Fun) ->
    Self = self(),
    Ref = erlang:send_after(100000, self(), never),
    await_end(spawn(fun() -> Self ! {other, some(Fun(Ref))} end)),
    say_next("next"),
    say("read", some(erlang:read_timer(Ref))).

cancelled_by_another() -> by_another(fun erlang:cancel_timer/1).

read_by_another() -> by_another(fun erlang:read_timer/1).

later(Name) ->
    receive {Name, Ref, Time} -> {Name, Ref, some(Time)} after 2000 -> timeout end.

cancel_later() ->
    Ref = erlang:send_after(100000, self(), never),
    known_as(Ref, "#Timer"),
    erlang:cancel_timer(Ref, [{async, true}]),
    say("runs", later(cancel_timer)),
    erlang:cancel_timer(Ref, [{async, true}]),
    say("cancelled", later(cancel_timer)),
    say_mailbox("mailbox").

read_later() ->
    Ref = erlang:send_after(100000, self(), never),
    known_as(Ref, "#Timer"),
    erlang:read_timer(Ref, [{async, true}]),
    say("runs", later(read_timer)),
    erlang:cancel_timer(Ref),
    erlang:read_timer(Ref, [{async, true}]),
    say("cancelled", later(read_timer)),
    say_mailbox("mailbox").

never_early() ->
    [begin
         Began = erlang:monotonic_time(millisecond),
         erlang:send_after(T, self(), fired),
         receive fired -> ok end,
         say("not early", erlang:monotonic_time(millisecond) - Began >= T)
     end || T <- [0, 1, 2, 7, 33]].

thousands() ->
    [erlang:send_after(N rem 50, self(), N) || N <- lists:seq(1, 5000)],
    say("sum", lists:sum([receive N -> N end || _ <- lists:seq(1, 5000)])),
    say_mailbox("mailbox").

to_another() ->
    Self = self(),
    Pid = spawn(fun() -> receive M -> Self ! {got, M} end end),
    erlang:send_after(5, Pid, hello),
    say_next("next").

with_a_message_of_any_size() ->
    erlang:send_after(1, self(), {lists:seq(1, 1000), binary:copy(<<1>>, 5000)}),
    receive {L, B} -> say("sizes", {length(L), size(B)}) end.
