%% SPDX-License-Identifier: Apache-2.0
%% machine: a state machine that does what its rules say and tells its owner each callback.
%% What machine.c does with gen_statem.h.
%%
%% A rule is {{Type, Content, State}, Result}; `_` in it fits anything, and the first rule that
%% fits counts. A Result is what gen_statem wants, without the data; `from` in an action is
%% who called last.
-module(machine).
-behaviour(gen_statem).

-export([init/1, callback_mode/0, a/3, b/3, c/3, handle_event/4, terminate/3, code_change/4]).
-export([start/3, start/4]).

start(Mode, Init, Rules) ->
    start(Mode, Init, Rules, []).

start(Mode, Init, Rules, Opts) ->
    gen_statem:start(?MODULE, {self(), Mode, Init, Rules}, Opts).

callback_mode() ->
    get(mode).

init({Owner, Mode, Init, Rules}) ->
    put(mode, Mode),
    Data = {Owner, Rules},
    case Init of
        {ok, State} -> {ok, State, Data};
        {ok, State, Actions} -> {ok, State, Data, Actions};
        {raise, Class, Reason} -> raise(Class, Reason);
        {throw, ignore} -> throw(ignore);
        {throw, {ok, State}} -> throw({ok, State, Data});
        Other -> Other
    end.

a(Type, Content, Data) -> event(Type, Content, a, Data).
b(Type, Content, Data) -> event(Type, Content, b, Data).
c(Type, Content, Data) -> event(Type, Content, c, Data).

handle_event(Type, Content, State, Data) -> event(Type, Content, State, Data).

terminate(Reason, State, {Owner, Rules}) ->
    Owner ! {terminate, Reason, State},
    case result(terminate, Reason, State, Rules) of
        {raise, Class, Other} -> raise(Class, Other);
        _ -> ok
    end.

code_change(_, _, _, {error, Reason}) -> Reason;
code_change(_, _, Data, {ok, State}) -> {ok, State, Data};
code_change(_, _, Data, {ok, State, Mode}) -> put(mode, Mode), {ok, State, Data}.

event(Type, Content, State, {Owner, Rules}) ->
    Tag = tag(Type),
    Owner ! {Tag, Content, State},
    case result(Tag, Content, State, Rules) of
        {raise, Class, Reason} -> raise(Class, Reason);
        {throw, Result} -> throw(with_data(Result, {Owner, Rules}));
        Result -> with_data(Result, {Owner, Rules})
    end.

raise(error, Reason) -> error(Reason);
raise(exit, Reason) -> exit(Reason);
raise(throw, Reason) -> throw(Reason).

tag({call, From}) -> put(from, From), call;
tag(Type) -> Type.

result(Type, Content, State, [{{T, C, S}, Result} | Rules]) ->
    case fits(T, Type) andalso fits(C, Content) andalso fits(S, State) of
        true -> Result;
        false -> result(Type, Content, State, Rules)
    end;
result(_, _, _, []) ->
    keep_state_and_data.

fits('_', _) -> true;
fits(T, T) -> true;
fits(_, _) -> false.

with_data({after_ms, Ms, Result}, Data) -> timer:sleep(Ms), with_data(Result, Data);
with_data({next_state, State}, Data) -> {next_state, State, Data};
with_data({next_state, State, Actions}, Data) -> {next_state, State, Data, actions(Actions)};
with_data({keep_state, Actions}, _) -> {keep_state_and_data, actions(Actions)};
with_data(repeat_state, _) -> repeat_state_and_data;
with_data({repeat_state, Actions}, _) -> {repeat_state_and_data, actions(Actions)};
with_data({stop_and_reply, Reason, Replies}, _) -> {stop_and_reply, Reason, actions(Replies)};
with_data(Other, _) -> Other.

actions(Actions) ->
    [action(A) || A <- Actions].

action({reply, from, Reply}) -> {reply, get(from), Reply};
action({next_event, {call, from}, Content}) -> {next_event, {call, get(from)}, Content};
action({{timeout, Name}, {in, Ms}, Content}) -> {{timeout, Name}, at(Ms), Content, [{abs, true}]};
action({Type, {in, Ms}, Content}) -> {Type, at(Ms), Content, [{abs, true}]};
action(Other) -> Other.

at(Ms) ->
    erlang:monotonic_time(millisecond) + Ms.
