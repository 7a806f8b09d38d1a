%% SPDX-License-Identifier: Apache-2.0
%% counter_gen_server: the counter of gen_server/. What counter_gen_server.c says in C; version 2
%% is the one without the comment signs.
-module(counter_gen_server).
-behaviour(gen_server).

-export([start/0, stop/0, tick/1, read/0]).
%% -export([reset/0]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2]).

start() ->
    gen_server:start({local, ?MODULE}, ?MODULE, 0, []).

stop() ->
    gen_server:cast(?MODULE, stop).

tick(N) ->
    gen_server:cast(?MODULE, {tick, N}).

read() ->
    gen_server:call(?MODULE, read).

%% reset() ->
%%     gen_server:cast(?MODULE, reset).

init(Value) ->
    {ok, Value}.

handle_call(read, _From, Value) ->
    {reply, Value, Value}.

handle_cast({tick, N}, Value) ->
    {noreply, Value + N};
%% handle_cast(reset, _Value) ->
%%     {noreply, 0};
handle_cast(stop, Value) ->
    {stop, normal, Value}.

handle_info(_Info, Value) ->
    {noreply, Value}.
