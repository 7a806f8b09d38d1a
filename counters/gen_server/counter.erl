%% SPDX-License-Identifier: Apache-2.0
%% counter: what a counter does, and no more. What counter.c says in C.
-module(counter).
-behaviour(gen_server).

-export([start_link/0, read/0, tick/1, stop/0]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2]).

%% what others call

start_link() ->
    gen_server:start_link({local, counter}, ?MODULE, 0, []).

read() ->
    gen_server:call(counter, read).

tick(N) ->
    gen_server:cast(counter, {tick, N}).

stop() ->
    gen_server:cast(counter, stop).

%% callbacks

init(Value) ->
    {ok, Value}.

handle_call(read, _From, Value) ->
    {reply, Value, Value}.

handle_cast({tick, N}, Value) ->
    {noreply, Value + N};
handle_cast(stop, Value) ->
    {stop, normal, Value}.

handle_info(_Info, Value) ->
    {noreply, Value}.
