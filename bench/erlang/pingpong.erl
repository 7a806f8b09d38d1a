%% SPDX-License-Identifier: Apache-2.0
%% pingpong: two processes; {ping, From} one way, pong back.
-module(pingpong).
-export([run/2]).

run(Count, _) ->
    Pong = spawn_link(fun() -> pong(0) end),
    Start = bench_kit:now_ns(),
    ping(Pong, Count),
    Time = bench_kit:now_ns() - Start,
    Pong ! {stop, self()},
    receive {answered, Answered} -> Answered = Count end,
    [{{sched, "pingpong"}, Time / Count, "ns"}].

ping(_, 0) ->
    ok;
ping(Pong, Left) ->
    Pong ! {ping, self()},
    receive pong -> ping(Pong, Left - 1) end.

pong(Answered) ->
    receive
        {ping, From} -> From ! pong, pong(Answered + 1);
        {stop, From} -> From ! {answered, Answered}
    end.
