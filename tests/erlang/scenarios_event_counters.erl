%% SPDX-License-Identifier: Apache-2.0
%% Handlers of the counters' events; see scenarios_event_counters.c.
-module(scenarios_event_counters).
-export([statistics/0, alarms/0, one_crashes/0, not_opened/0, nobody_there/0]).
-import(scenario, [say/2, say_caught/2, say_next/1, say_mailbox/1]).

start() ->
    {Ok, _} = counter_events:start_link(),
    say("started", Ok =:= ok).

say_handlers() -> say("handlers", counter_events:handlers()).

say_stats() -> say("stats", counter_stats:read()).

statistics() ->
    start(),
    say_stats(),
    say("add", counter_stats:add() =:= ok),
    [counter_events:tick(a, N) || N <- lists:seq(1, 10)],
    say_stats(),
    counter_events:stop().

alarms() ->
    start(),
    say("add", counter_alarm:add(10) =:= ok),
    counter_events:tick(a, 9),
    counter_events:tick(b, 12),
    counter_events:tick(a, 2),
    counter_events:tick(a, 2),
    say_handlers(),
    say_mailbox("alarms"),
    counter_events:stop(),
    say_mailbox("afterwards").

one_crashes() ->
    start(),
    counter_alarm:add(10),
    counter_stats:add(),
    counter_events:tick(a, 1),
    gen_event:notify(counter_events, {tick, a, foo}),
    say_handlers(),
    say_next("told").

not_opened() ->
    start(),
    say("add", counter_logger:add("/no/such/folder/log") =:= {error, cannot_open}),
    say_handlers().

nobody_there() ->
    say_caught("tick", fun() -> counter_events:tick(a, 1) end).
