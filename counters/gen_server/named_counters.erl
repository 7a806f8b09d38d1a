%% SPDX-License-Identifier: Apache-2.0
%% counters: counter, with a name of one's choice. What counters.c says in C. (OTP has got a
%% module `counters` of its own since.)
-module(named_counters).

-export([start_link/1, read/1, tick/2, stop/1]).

start_link(Name) ->
    gen_server:start_link({local, Name}, counter, 0, []).

read(Name) ->
    gen_server:call(Name, read).

tick(Name, N) ->
    gen_server:cast(Name, {tick, N}).

stop(Name) ->
    gen_server:cast(Name, stop).
