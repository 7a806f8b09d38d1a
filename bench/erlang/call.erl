%% SPDX-License-Identifier: Apache-2.0
%% call: one client reads the counter of a gen_server Count times.
-module(call).
-behaviour(gen_server).
-export([run/2]).
-export([init/1, handle_call/3, handle_cast/2]).

run(Count, _) ->
    {ok, Counter} = gen_server:start_link(?MODULE, 1, []),
    Start = bench_kit:now_ns(),
    Sum = client(Counter, Count, 0),
    Time = bench_kit:now_ns() - Start,
    Sum = Count,
    [{{sched, "call"}, Count * 1000 / Time, "Mcall/s"}].

client(_, 0, Sum) ->
    Sum;
client(Counter, Left, Sum) ->
    client(Counter, Left - 1, Sum + gen_server:call(Counter, read)).

init(Value) -> {ok, Value}.

handle_call(read, _, Value) -> {reply, Value, Value}.

handle_cast(_, Value) -> {noreply, Value}.
