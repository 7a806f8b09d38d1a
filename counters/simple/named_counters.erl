%% SPDX-License-Identifier: Apache-2.0
%% named_counters: counter, with a name of one's choice. What counters.c says in C. (OTP has a
%% module `counters` of its own, so that this one needs another name.)
-module(named_counters).

-export([start/1, stop/1, tick/2, read/1]).

start(Name) ->
    register(Name, spawn(fun() -> loop(0) end)).

stop(Name) ->
    Name ! {stop, self()},
    ok.

tick(Name, N) ->
    Name ! {tick, N, self()},
    ok.

read(Name) ->
    Name ! {read, self()},
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
