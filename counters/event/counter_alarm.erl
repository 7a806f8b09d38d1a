%% SPDX-License-Identifier: Apache-2.0
%% counter_alarm: somebody is told when a counter passes a threshold. What counter_alarm.c says
%% in C.
-module(counter_alarm).
-behaviour(gen_event).

-export([add/1]).
-export([init/1, handle_event/2, handle_call/2]).

add(Threshold) ->
    gen_event:add_sup_handler(counter_events, ?MODULE, {self(), Threshold}).

init({To, Threshold}) ->
    {ok, {To, Threshold, #{}}}.

handle_event({tick, Counter, N}, {To, Threshold, Sums}) ->
    Before = maps:get(Counter, Sums, 0),
    Sum = Before + N,
    case Before < Threshold andalso Sum >= Threshold of
        true -> To ! {alarm, Counter, Sum};
        false -> ok
    end,
    {ok, {To, Threshold, Sums#{Counter => Sum}}};
handle_event(_, State) ->
    {ok, State}.

handle_call(_, State) ->
    {ok, {error, no_such_request}, State}.
