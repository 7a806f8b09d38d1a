%% SPDX-License-Identifier: Apache-2.0
%% counting: one producer sends {add, 1} Count times to a counter, then asks for the sum.
-module(counting).
-export([run/2]).

run(Count, _) ->
    Counter = spawn_link(fun() -> counter(0) end),
    Start = bench_kit:now_ns(),
    produce(Counter, Count),
    Counter ! {get, self()},
    Sum = receive {sum, S} -> S end,
    Time = bench_kit:now_ns() - Start,
    Sum = Count,
    [{{sched, "counting"}, Count * 1000 / Time, "Mmsg/s"}].

produce(_, 0) ->
    ok;
produce(Counter, Left) ->
    Counter ! {add, 1},
    produce(Counter, Left - 1).

counter(Sum) ->
    receive
        {add, N} -> counter(Sum + N);
        {get, From} -> From ! {sum, Sum}, counter(Sum)
    end.
