%% SPDX-License-Identifier: Apache-2.0
%% counter_rpc: counter, its messages in one kind of envelope. What counter_rpc.c says in C.
-module(counter_rpc).

-export([start/0, stop/0, tick/1, read/0]).

start() ->
    register(counter, spawn(fun() -> loop(0) end)).

stop() ->
    rpc_cast(counter, stop).

tick(N) ->
    rpc_cast(counter, {tick, N}).

read() ->
    rpc_call(counter, read).

rpc_cast(Name, Msg) ->
    Name ! {Msg, self()},
    ok.

rpc_call(Name, Msg) ->
    Name ! {Msg, self()},
    receive
        Answer ->
            Answer
    end.

loop(Value) ->
    receive
        {stop, _From} ->
            ok;
        {{tick, N}, _From} ->
            loop(Value + N);
        {read, From} ->
            From ! Value,
            loop(Value)
    end.
