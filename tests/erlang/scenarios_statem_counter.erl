%% SPDX-License-Identifier: Apache-2.0
%% The counter that is a state machine; see scenarios_statem_counter.c.
-module(scenarios_statem_counter).
-export([ticks_wait_in_a_pause/0, a_full_one_drops_ticks/0, a_pause_may_end_full/0,
         one_that_stays_full_ends/0, a_wrong_tick/0, unknown_requests/0, nobody_there/0]).
-import(scenario, [say/2, known_as/2, say_caught/2, say_next/1]).

start(Limit, PatienceMs) ->
    {Ok, Pid} = counter:start_link(Limit, PatienceMs),
    known_as(Pid, "<counter>"),
    say("started", Ok =:= ok).

say_value() -> say("value", counter:read()).

say_reset() -> say("reset", counter:reset()).

ticks_wait_in_a_pause() ->
    start(100, 1000),
    counter:tick(1),
    counter:pause(),
    [counter:tick(2) || _ <- lists:seq(1, 20)],
    say_value(),
    counter:resume(),
    say_value(),
    counter:stop(),
    say("gone", whereis(counter) =:= undefined).

a_full_one_drops_ticks() ->
    start(5, 1000),
    counter:tick(3),
    say_reset(),
    counter:tick(7),
    counter:tick(1),
    counter:pause(),
    say_value(),
    say_reset(),
    say_value().

a_pause_may_end_full() ->
    start(5, 1000),
    counter:pause(),
    [counter:tick(1) || _ <- lists:seq(1, 9)],
    say_reset(),
    counter:resume(),
    say_value().

one_that_stays_full_ends() ->
    process_flag(trap_exit, true),
    start(5, 40),
    counter:tick(5),
    say_value(),
    say_next("exit").

a_wrong_tick() ->
    process_flag(trap_exit, true),
    start(5, 1000),
    counter:pause(),
    counter:tick(foo),
    say_value(),
    counter:resume(),
    say_next("exit").

unknown_requests() ->
    process_flag(trap_exit, true),
    start(5, 1000),
    counter ! nonsense,
    gen_statem:cast(counter, nonsense),
    say_value(),
    say_caught("call", fun() -> gen_statem:call(counter, who) end),
    say_next("exit").

nobody_there() ->
    say_caught("read", fun() -> counter:read() end),
    say("tick", counter:tick(1) =:= ok).
