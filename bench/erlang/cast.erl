%% SPDX-License-Identifier: Apache-2.0
%% cast: one client casts {tick, 1} Count times to a gen_server, then reads it.
-module(cast).
-behaviour(gen_server).
-export([run/2]).
-export([init/1, handle_call/3, handle_cast/2]).

run(Count, _) ->
    {ok, Counter} = gen_server:start_link(?MODULE, 0, []),
    Start = bench_kit:now_ns(),
    produce(Counter, Count),
    Sum = gen_server:call(Counter, read, infinity),
    Time = bench_kit:now_ns() - Start,
    Sum = Count,
    [{{sched, "cast"}, Count * 1000 / Time, "Mmsg/s"}].

produce(_, 0) ->
    ok;
produce(Counter, Left) ->
    gen_server:cast(Counter, {tick, 1}),
    produce(Counter, Left - 1).

init(Value) -> {ok, Value}.

handle_call(read, _, Value) -> {reply, Value, Value}.

handle_cast({tick, N}, Value) -> {noreply, Value + N}.
