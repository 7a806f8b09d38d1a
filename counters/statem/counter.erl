%% SPDX-License-Identifier: Apache-2.0
%% counter: what a counter does depends on its state. What counter.c says in C.
-module(counter).
-behaviour(gen_statem).

-export([start_link/2, read/0, reset/0, tick/1, pause/0, resume/0, stop/0]).
-export([init/1, callback_mode/0, running/3, paused/3, full/3]).

%% what others call

start_link(Limit, PatienceMs) ->
    gen_statem:start_link({local, counter}, ?MODULE, {Limit, PatienceMs}, []).

read() ->
    gen_statem:call(counter, read).

reset() ->
    gen_statem:call(counter, reset).

tick(N) ->
    gen_statem:cast(counter, {tick, N}).

pause() ->
    gen_statem:cast(counter, pause).

resume() ->
    gen_statem:cast(counter, resume).

stop() ->
    gen_statem:stop(counter).

%% callbacks

callback_mode() ->
    [state_functions, state_enter].

init({Limit, PatienceMs}) ->
    {ok, running, {0, Limit, PatienceMs}}.

running(cast, {tick, N}, {Value, Limit, PatienceMs}) ->
    Data = {Value + N, Limit, PatienceMs},
    case Value + N < Limit of
        true -> {keep_state, Data};
        false -> {next_state, full, Data}
    end;
running(cast, pause, Data) ->
    {next_state, paused, Data};
running(Type, Content, Data) ->
    in_any_state(Type, Content, running, Data).

paused(cast, {tick, _}, _) ->
    {keep_state_and_data, [postpone]};
paused(cast, resume, Data) ->
    {next_state, running, Data};
paused(Type, Content, Data) ->
    in_any_state(Type, Content, paused, Data).

full(enter, _, {_, _, PatienceMs}) ->
    {keep_state_and_data, [{state_timeout, PatienceMs, nobody_came}]};
full(state_timeout, nobody_came, _) ->
    {stop, {shutdown, full}};
full({call, From}, reset, {Value, Limit, PatienceMs}) ->
    {next_state, running, {0, Limit, PatienceMs}, [{reply, From, Value}]};
full(Type, Content, Data) ->
    in_any_state(Type, Content, full, Data).

%% what is the same in every state

in_any_state({call, From}, read, State, {Value, _, _}) ->
    {keep_state_and_data, [{reply, From, {State, Value}}]};
in_any_state({call, From}, reset, _, {Value, Limit, PatienceMs}) ->
    {keep_state, {0, Limit, PatienceMs}, [{reply, From, Value}]};
in_any_state(Type, _, _, _) when not is_tuple(Type) ->
    keep_state_and_data.
