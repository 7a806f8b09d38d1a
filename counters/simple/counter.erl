%% SPDX-License-Identifier: Apache-2.0
%% counter: one process with a name and a number. What counter.c says in C.
-module(counter).

-export([start/0, stop/0, tick/1, read/0]).

start() ->
    register(counter, spawn(fun() -> loop(0) end)).

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

loop(Value) ->
    receive
        {stop, _From} ->
            ok;
        {tick, N, _From} ->
            loop(Value + N);
        {read, From} ->
            From ! Value,
            loop(Value)
    end.
