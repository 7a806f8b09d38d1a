%% SPDX-License-Identifier: Apache-2.0
%% What counter_sup.c says, in Erlang.
-module(counter_sup).
-behaviour(supervisor).
-export([start_link/1, init/1]).

start_link(Init) ->
    io:format("counter_sup:start_link(~p)~n", [Init]),
    supervisor:start_link({global, counter_sup}, ?MODULE, Init).

init(First) ->
    io:format("counter_sup:init(~p)~n", [First]),
    {ok, {#{strategy => one_for_one, intensity => 10, period => 3600},
          [#{id => counter,
             start => {counter, start, [First]},
             restart => permanent,
             shutdown => 2000}]}}.
