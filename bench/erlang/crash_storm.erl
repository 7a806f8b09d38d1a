%% SPDX-License-Identifier: Apache-2.0
%% crash_storm: ten supervisors of a hundred workers each under one; whoever comes up is told to
%% fail, for Count milliseconds. Then all are asked once.
-module(crash_storm).
-behaviour(gen_server).
-export([run/2, start_supervisor/1, start_worker/2]).
-export([init/1, handle_call/3, handle_cast/2]).

-define(SUPERVISORS, 10).
-define(WORKERS, 100).

run(Count, _) ->
    {ok, _} = supervisor:start_link(?MODULE, {top, self()}),
    Start = bench_kit:now_ns(),
    Crashes = storm(Start + Count * 1000000, 0),
    Time = bench_kit:now_ns() - Start,
    calm(?SUPERVISORS * ?WORKERS),
    [{"crash_storm.rate", Crashes * 1.0e9 / Time, "1/s"},
     {"crash_storm.rss", bench_kit:memory_bytes("VmRSS:"), "bytes"}].

storm(Until, Crashes) ->
    case bench_kit:now_ns() < Until of
        true ->
            receive {up, Worker} -> gen_server:cast(Worker, crash) end,
            storm(Until, Crashes + 1);
        false ->
            Crashes
    end.

%% As many are up, and wait to be told, as there are.
calm(0) ->
    ok;
calm(Left) ->
    receive {up, Worker} -> alive = gen_server:call(Worker, ask) end,
    calm(Left - 1).

start_supervisor(Client) ->
    supervisor:start_link(?MODULE, {middle, Client}).

start_worker(Client, _) ->
    gen_server:start_link(?MODULE, {worker, Client}, []).

init({top, Client}) ->
    {ok, {#{intensity => 1000000000, period => 1},
          [#{id => I, type => supervisor, start => {?MODULE, start_supervisor, [Client]}}
           || I <- lists:seq(1, ?SUPERVISORS)]}};
init({middle, Client}) ->
    {ok, {#{intensity => 1000000000, period => 1},
          [#{id => I, start => {?MODULE, start_worker, [Client, I]}}
           || I <- lists:seq(1, ?WORKERS)]}};
init({worker, Client}) ->
    Client ! {up, self()},
    {ok, 0}.

handle_call(ask, _, State) -> {reply, alive, State}.

handle_cast(crash, _) -> erlang:error(boom).
