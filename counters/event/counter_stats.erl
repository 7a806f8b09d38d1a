%% SPDX-License-Identifier: Apache-2.0
%% counter_stats: how many ticks, how much, the largest. What counter_stats.c says in C.
-module(counter_stats).
-behaviour(gen_event).

-export([add/0, read/0]).
-export([init/1, handle_event/2, handle_call/2]).

add() ->
    gen_event:add_handler(counter_events, ?MODULE, []).

read() ->
    gen_event:call(counter_events, ?MODULE, read).

init([]) ->
    {ok, {0, 0, 0}}.

handle_event({tick, _, N}, {Ticks, Sum, Largest}) ->
    {ok, {Ticks + 1, Sum + N, max(N, Largest)}};
handle_event(_, State) ->
    {ok, State}.

handle_call(read, State) ->
    {ok, State, State};
handle_call(_, State) ->
    {ok, {error, no_such_request}, State}.
