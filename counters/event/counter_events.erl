%% SPDX-License-Identifier: Apache-2.0
%% counter_events: one place to tell what happens. What counter_events.c says in C.
-module(counter_events).

-export([start_link/0, tick/2, handlers/0, stop/0]).

start_link() ->
    gen_event:start_link({local, counter_events}).

tick(Counter, N) ->
    gen_event:notify(counter_events, {tick, Counter, N}).

handlers() ->
    gen_event:which_handlers(counter_events).

stop() ->
    gen_event:stop(counter_events).
