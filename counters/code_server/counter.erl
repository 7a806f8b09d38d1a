%% SPDX-License-Identifier: Apache-2.0
%% counter: a counter whose loop is exported, and called with the name of its module. What
%% counter.c says in C; version 2 is the one without the comment signs.
-module(counter).

-export([start/0, stop/0, tick/1, read/0, loop/1]).
%% -export([reset/0]).

start() ->
    register(counter, spawn(?MODULE, loop, [0])).

stop() ->
    counter ! {stop, self()},
    ok.

tick(N) ->
    counter ! {tick, N, self()},
    ok.

read() ->
    counter ! {read, self()},
    receive
        Answer ->
            Answer
    end.

%% reset() ->
%%     counter ! {reset, self()},
%%     ok.

loop(Value) ->
    receive
        {stop, _From} ->
            ok;
        {tick, N, _From} ->
            ?MODULE:loop(Value + N);
        %% {reset, _From} ->
        %%     ?MODULE:loop(0);
        {read, From} ->
            From ! Value,
            ?MODULE:loop(Value)
    end.
