%% SPDX-License-Identifier: Apache-2.0
%% What counters_sup.c says, in Erlang.
-module(counters_sup).
-behaviour(supervisor).
-export([start_link/2, start_child/2, stop_child/1, stop/0, init/1]).

start_link(Name, Init) ->
    io:format("counters_sup:start_link(~p,~p)~n", [Name, Init]),
    supervisor:start_link({local, counters_sup}, ?MODULE, [Name, Init]).

start_child(Name, Init) ->
    io:format("counters_sup:start_child(~p,~p)~n", [Name, Init]),
    supervisor:start_child(counters_sup, child(Name, Init)).

stop_child(Name) ->
    io:format("counters_sup:stop_child(~p)~n", [Name]),
    case supervisor:terminate_child(counters_sup, Name) of
        ok -> supervisor:delete_child(counters_sup, Name);
        Error -> Error
    end.

stop() ->
    io:format("counters_sup:stop()~n"),
    gen_server:stop(counters_sup).

init([Name, Init]) ->
    io:format("counters_sup:init(~p,~p)~n", [Name, Init]),
    {ok, {#{strategy => one_for_one, intensity => 10, period => 3600}, [child(Name, Init)]}}.

child(Name, Init) ->
    #{id => Name,
      start => {named_counters, start, [Name, Init]},
      restart => permanent,
      shutdown => 2000}.
