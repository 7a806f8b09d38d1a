%% SPDX-License-Identifier: Apache-2.0
%% listener_a: an event handler that does what its rules say and tells its owner each callback;
%% listener_b is another one. What listeners.c does with gen_event.h.
%%
%% It is added with {Owner, Tag, Rules}. A rule is {{Callback, Argument}, Result}; `_` fits
%% anything, and the first rule that fits counts.
-module(listener_a).
-behaviour(gen_event).

-export([init/1, handle_event/2, handle_call/2, handle_info/2, terminate/2, code_change/3]).

init({{_, _, _} = Args, Old}) ->
    begins(Args, Old);
init(Args) ->
    begins(Args, none).

begins({_, Tag, Rules} = State, Old) ->
    tell(State, {Tag, init, Old}),
    case result(init, Old, Rules) of
        ok -> {ok, State};
        hibernate -> {ok, State, hibernate};
        Other -> done(Other)
    end.

handle_event(Event, State) -> handles(event, Event, State).

handle_info(Info, State) -> handles(info, Info, State).

handles(Callback, Argument, {_, Tag, Rules} = State) ->
    tell(State, {Tag, Callback, Argument}),
    case result(Callback, Argument, Rules) of
        ok -> {ok, State};
        hibernate -> {ok, State, hibernate};
        {swap, Args1, Handler2, Args2} ->
            {swap_handler, Args1, State, Handler2, args(Args2, State)};
        Other -> done(Other)
    end.

handle_call(Request, {_, Tag, Rules} = State) ->
    tell(State, {Tag, call, Request}),
    case result(call, Request, Rules) of
        ok -> {ok, {Tag, got, Request}, State};
        hibernate -> {ok, {Tag, got, Request}, State, hibernate};
        {swap, Args1, Handler2, Args2} ->
            {swap_handler, swapped, Args1, State, Handler2, args(Args2, State)};
        remove_handler -> {remove_handler, removed};
        {after_ms, Ms} -> timer:sleep(Ms), {ok, late, State};
        Other -> done(Other)
    end.

terminate(Argument, {_, Tag, Rules} = State) ->
    tell(State, {Tag, terminate, Argument}),
    done(result(terminate, Argument, Rules)).

code_change(_, {Owner, _, Rules}, {tag, Tag}) -> {ok, {Owner, Tag, Rules}}.

args({args, Tag, Rules}, {Owner, _, _}) -> {Owner, Tag, Rules}.

tell({Owner, _, _}, Message) -> Owner ! Message.

done({raise, error, Reason}) -> error(Reason);
done({raise, exit, Reason}) -> exit(Reason);
done({raise, throw, Reason}) -> throw(Reason);
done(Other) -> Other.

result(Callback, Argument, [{{C, A}, Result} | Rules]) ->
    case fits(C, Callback) andalso fits(A, Argument) of
        true -> Result;
        false -> result(Callback, Argument, Rules)
    end;
result(_, _, []) ->
    ok.

fits('_', _) -> true;
fits(T, T) -> true;
fits(_, _) -> false.
