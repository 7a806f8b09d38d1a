%% SPDX-License-Identifier: Apache-2.0
%% What counters.c says, in Erlang; OTP has got a module `counters` of its own since.
-module(named_counters).
-behaviour(gen_server).
-export([start/2, tick/2, read/1]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2]).

start(Name, Init) ->
    say("counters:start(~p,~p)", [Name, Init]),
    gen_server:start_link({local, Name}, ?MODULE, [Name, Init], []).

tick(Name, N) when is_integer(N) ->
    say("counters:tick(~p,~p)", [Name, N]),
    gen_server:cast(Name, {tick, N}).

read(Name) ->
    say("counters:read(~p)", [Name]),
    gen_server:call(Name, read).

init([Name, First]) ->
    say("counters:init(~p,~p)", [Name, First]),
    process_flag(trap_exit, true),
    {ok, First}.

handle_call(read, _From, Value) -> {reply, Value, Value};
handle_call(Request, _From, Value) -> {stop, {bad_call, Request}, Value}.

handle_cast({tick, N}, Value) -> {noreply, Value + N};
handle_cast(Message, Value) -> {stop, {bad_cast, Message}, Value}.

handle_info(Info, Value) ->
    say("counters:handle_info(~p,~p)", [Info, Value]),
    {noreply, Value}.

terminate(Reason, Value) ->
    say("counters:terminate(~p,~p)", [Reason, Value]).

say(Format, Args) -> io:format(Format ++ "~n", Args).
