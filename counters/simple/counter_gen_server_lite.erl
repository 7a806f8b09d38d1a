%% SPDX-License-Identifier: Apache-2.0
%% counter_gen_server_lite: what every server does, apart from what this one does. What
%% counter_gen_server_lite.c says in C.
-module(counter_gen_server_lite).

-export([start_link/0, read/0, tick/1, stop/0]).
-export([handle_call/3, handle_cast/2]).

start_link() ->
    register(counter, spawn_link(fun() -> loop(0) end)).

read() ->
    call(counter, read).

tick(N) ->
    cast(counter, {tick, N}).

stop() ->
    cast(counter, stop).

%% this server

handle_call(read, _From, Value) ->
    {reply, Value, Value}.

handle_cast({tick, N}, Value) ->
    {noreply, Value + N};
handle_cast(stop, Value) ->
    {stop, normal, Value}.

%% every server

loop(State) ->
    receive
        {request, Request, From} ->
            {reply, Reply, Next} = handle_call(Request, From, State),
            From ! {reply, Reply},
            loop(Next);
        {request, Request} ->
            case handle_cast(Request, State) of
                {noreply, Next} ->
                    loop(Next);
                {stop, Reason, _State} ->
                    exit(Reason)
            end
    end.

call(Name, Request) ->
    Name ! {request, Request, self()},
    receive
        {reply, Reply} ->
            Reply
    end.

cast(Name, Request) ->
    Name ! {request, Request},
    ok.
