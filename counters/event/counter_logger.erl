%% SPDX-License-Identifier: Apache-2.0
%% counter_logger: a line for each tick. What counter_logger.c says in C.
-module(counter_logger).
-behaviour(gen_event).

-export([add/1]).
-export([init/1, handle_event/2, handle_call/2, terminate/2]).

add(Path) ->
    gen_event:add_handler(counter_events, ?MODULE, Path).

init(Path) ->
    case file:open(Path, [append]) of
        {ok, File} -> {ok, File};
        {error, _} -> {error, cannot_open}
    end.

handle_event({tick, Counter, N}, File) ->
    io:format(File, "tick ~ts ~b~n", [Counter, N]),
    {ok, File};
handle_event(_, File) ->
    {ok, File}.

handle_call(_, File) ->
    {ok, {error, no_such_request}, File}.

terminate(_, File) ->
    file:close(File).
