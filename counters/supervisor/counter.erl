%% SPDX-License-Identifier: Apache-2.0
%% What counter.c says, in Erlang.
-module(counter).
-behaviour(gen_server).
-export([start/1, tick/1, tick_and_wait/1, read/0]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2]).

start(Init) ->
    say("counter:start(~p)", [Init]),
    gen_server:start_link({local, counter}, ?MODULE, Init, []).

tick(N) ->
    say("counter:tick(~p)", [N]),
    case is_integer(N) of
        true -> gen_server:cast(counter, {tick, N});
        false -> {error, badarg}
    end.

tick_and_wait(N) ->
    say("counter:tick_and_wait(~p)", [N]),
    gen_server:call(counter, {tick, N}).

read() ->
    say("counter:read()", []),
    gen_server:call(counter, read).

init(First) ->
    say("counter:init(~p)", [First]),
    process_flag(trap_exit, true),
    {ok, First}.

handle_call(read, _From, Value) -> {reply, Value, Value};
handle_call({tick, N}, _From, Value) -> {reply, Value + N, Value + N};
handle_call(Request, _From, Value) -> {stop, {bad_call, Request}, Value}.

handle_cast({tick, N}, Value) -> {noreply, Value + N};
handle_cast(Message, Value) -> {stop, {bad_cast, Message}, Value}.

handle_info(Info, Value) ->
    say("counter:handle_info(~p,~p)", [Info, Value]),
    {noreply, Value}.

terminate(Reason, Value) ->
    say("counter:terminate(~p,~p)", [Reason, Value]).

say(Format, Args) -> io:format(Format ++ "~n", Args).
