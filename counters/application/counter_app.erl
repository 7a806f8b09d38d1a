%% SPDX-License-Identifier: Apache-2.0
%% What counter_app.c says, in Erlang.
-module(counter_app).
-behaviour(application).
-export([start/2, stop/1]).

start(_Type, _Args) ->
    {ok, Init} = application:get_env(counter, env),
    counter_sup:start_link(Init).

stop(_State) ->
    ok.
