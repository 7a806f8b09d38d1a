%% SPDX-License-Identifier: Apache-2.0
%% cast_fanin: eight clients cast {tick, 1} Count / 8 times each to one gen_server; all then read it.
-module(cast_fanin).
-behaviour(gen_server).
-export([run/2]).
-export([init/1, handle_call/3, handle_cast/2]).

-define(CASTERS, 8).

run(Count, _) ->
    0 = Count rem ?CASTERS,
    {ok, Counter} = gen_server:start_link(?MODULE, 0, []),
    Parent = self(),
    Start = bench_kit:now_ns(),
    [spawn_link(fun() -> caster(Counter, Count div ?CASTERS, Parent) end)
     || _ <- lists:seq(1, ?CASTERS)],
    [receive done -> ok end || _ <- lists:seq(1, ?CASTERS)],
    Sum = gen_server:call(Counter, read, infinity),
    Time = bench_kit:now_ns() - Start,
    Sum = Count,
    [{{sched, "cast_fanin"}, Count * 1000 / Time, "Mmsg/s"}].

%% Its own casts came before its question.
caster(Counter, Count, Parent) ->
    produce(Counter, Count),
    true = gen_server:call(Counter, read, infinity) >= Count,
    Parent ! done.

produce(_, 0) ->
    ok;
produce(Counter, Left) ->
    gen_server:cast(Counter, {tick, 1}),
    produce(Counter, Left - 1).

init(Value) -> {ok, Value}.

handle_call(read, _, Value) -> {reply, Value, Value}.

handle_cast({tick, N}, Value) -> {noreply, Value + N}.
