%% SPDX-License-Identifier: Apache-2.0
%% start_link: a simple_one_for_one supervisor starts a gen_server and stops it again, Count times.
-module(start_link).
-behaviour(gen_server).
-export([run/2, start_child/1]).
-export([init/1, handle_call/3, handle_cast/2, terminate/2]).

run(Count, _) ->
    Ended = atomics:new(1, []),
    {ok, Supervisor} = supervisor:start_link(?MODULE, supervisor),
    Start = bench_kit:now_ns(),
    start_and_stop(Supervisor, Ended, Count),
    Time = bench_kit:now_ns() - Start,
    Count = atomics:get(Ended, 1),
    [{{sched, "start_link"}, Time / Count, "ns"}].

start_and_stop(_, _, 0) ->
    ok;
start_and_stop(Supervisor, Ended, Left) ->
    {ok, Child} = supervisor:start_child(Supervisor, [Ended]),
    ok = supervisor:terminate_child(Supervisor, Child),
    start_and_stop(Supervisor, Ended, Left - 1).

start_child(Ended) ->
    gen_server:start_link(?MODULE, {counter, Ended}, []).

init(supervisor) ->
    {ok, {#{strategy => simple_one_for_one},
          [#{id => counter, start => {?MODULE, start_child, []}, restart => temporary}]}};
init({counter, Ended}) ->
    process_flag(trap_exit, true),
    {ok, Ended}.

handle_call(_, _, State) -> {reply, ok, State}.

handle_cast(_, State) -> {noreply, State}.

terminate(shutdown, Ended) ->
    atomics:add(Ended, 1, 1).
