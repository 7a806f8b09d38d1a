%% SPDX-License-Identifier: Apache-2.0
%% army: Count linked gen_server counters: start, tick i-th by i, sum, square root, sum, stop.
-module(army).
-behaviour(gen_server).
-export([run/2]).
-export([init/1, handle_call/3, handle_cast/2]).

run(Count, _) ->
    {Spawn, Army} = timed(fun() -> [start() || _ <- lists:seq(1, Count)] end),
    {Tick, _} = timed(fun() -> tick(Army, 1) end),
    {Sum, Integers} = timed(fun() -> sum(Army, 0) end),
    {Sqrt, _} = timed(fun() -> sqrt(Army) end),
    {Sum2, Roots} = timed(fun() -> sum(Army, 0) end),
    {Stop, _} = timed(fun() -> stop(Army) end),
    Integers = Count * (Count + 1) div 2,
    true = abs(Roots - roots(Count, 0)) < 1.0e-9 * Roots,
    [{"army.spawn", Spawn, "ms"},
     {"army.tick", Tick, "ms"},
     {"army.sum", Sum, "ms"},
     {"army.sqrt", Sqrt, "ms"},
     {"army.sum2", Sum2, "ms"},
     {"army.stop", Stop, "ms"},
     {"army.total", Spawn + Tick + Sum + Sqrt + Sum2 + Stop, "ms"},
     {"army.rss", bench_kit:memory_bytes("VmHWM:"), "bytes"}].

timed(Fun) ->
    Start = bench_kit:now_ns(),
    Result = Fun(),
    {(bench_kit:now_ns() - Start) / 1.0e6, Result}.

start() ->
    {ok, Counter} = gen_server:start_link(?MODULE, [], []),
    Counter.

tick([], _) ->
    ok;
tick([Counter | Army], I) ->
    gen_server:cast(Counter, {tick, I}),
    tick(Army, I + 1).

sum([], Sum) ->
    Sum;
sum([Counter | Army], Sum) ->
    sum(Army, Sum + gen_server:call(Counter, read)).

sqrt([]) ->
    ok;
sqrt([Counter | Army]) ->
    Value = gen_server:call(Counter, read),
    gen_server:cast(Counter, {tick, math:sqrt(Value) - Value}),
    sqrt(Army).

stop([]) ->
    ok;
stop([Counter | Army]) ->
    gen_server:stop(Counter),
    stop(Army).

roots(0, Sum) -> Sum;
roots(I, Sum) -> roots(I - 1, Sum + math:sqrt(I)).

init([]) -> {ok, 0}.

handle_call(read, _, Value) -> {reply, Value, Value}.

handle_cast({tick, N}, Value) -> {noreply, Value + N}.
