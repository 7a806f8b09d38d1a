%% SPDX-License-Identifier: Apache-2.0
%% What counter.c says, in Erlang.
-module(counter).
-behaviour(gen_server).
-export([start/1, tick/1, read/0]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2]).

start(Init) ->
    io:format("counter:start(~p)~n", [Init]),
    gen_server:start_link({global, counter}, ?MODULE, Init, []).

tick(N) ->
    io:format("counter:tick(~p)~n", [N]),
    gen_server:cast({global, counter}, {tick, N}).

read() ->
    io:format("counter:read()~n"),
    gen_server:call({global, counter}, read).

init(First) ->
    io:format("counter:init(~p)~n", [First]),
    process_flag(trap_exit, true),
    case is_integer(First) of
        true -> {ok, First};
        false -> {stop, {bad_value, First}}
    end.

handle_call(read, _From, Value) ->
    {reply, Value, Value}.

handle_cast({tick, N}, Value) ->
    {noreply, Value + N}.

handle_info(Info, Value) ->
    io:format("counter:handle_info(~p,~p)~n", [Info, Value]),
    {noreply, Value}.

terminate(Reason, Value) ->
    io:format("counter:terminate(~p,~p)~n", [Reason, Value]).
