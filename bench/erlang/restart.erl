%% SPDX-License-Identifier: Apache-2.0
%% restart: a supervised counter takes the time and fails; the client takes it when the next one
%% has answered. Count times.
-module(restart).
-behaviour(gen_server).
-export([run/2, start_child/1]).
-export([init/1, handle_call/3, handle_cast/2]).

run(Count, _) ->
    {ok, _} = supervisor:start_link(?MODULE, {supervisor, self()}),
    Counter = receive {up, First} -> First end,
    Samples = crash(Counter, Count, []),
    [{"restart.median", bench_kit:percentile(Samples, 0.5) / 1000, "us"},
     {"restart.p99", bench_kit:percentile(Samples, 0.99) / 1000, "us"}].

crash(_, 0, Samples) ->
    Samples;
crash(Counter, Left, Samples) ->
    gen_server:cast(Counter, {crash, self()}),
    Start = receive {crashing, Time} -> Time end,
    Next = receive {up, Pid} -> Pid end,
    0 = gen_server:call(Next, read),
    crash(Next, Left - 1, [bench_kit:now_ns() - Start | Samples]).

start_child(Client) ->
    gen_server:start_link(?MODULE, {counter, Client}, []).

init({supervisor, Client}) ->
    {ok, {#{intensity => 1000000000, period => 1},
          [#{id => counter, start => {?MODULE, start_child, [Client]}}]}};
init({counter, Client}) ->
    Client ! {up, self()},
    {ok, 0}.

handle_call(read, _, Value) -> {reply, Value, Value}.

handle_cast({crash, Client}, _) ->
    Client ! {crashing, bench_kit:now_ns()},
    erlang:error(boom).
