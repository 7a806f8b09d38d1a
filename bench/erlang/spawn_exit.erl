%% SPDX-License-Identifier: Apache-2.0
%% spawn_exit: processes that count themselves and end; each thousandth tells the parent, who waits.
-module(spawn_exit).
-export([run/2]).

-define(BATCH, 1000).

run(Count, _) ->
    0 = Count rem ?BATCH,
    Ended = counters:new(1, [atomics]),
    Start = bench_kit:now_ns(),
    batches(Count div ?BATCH, Ended),
    await(Ended, Count),
    Time = bench_kit:now_ns() - Start,
    [{{sched, "spawn_exit"}, Time / Count, "ns"}].

batches(0, _) ->
    ok;
batches(Left, Ended) ->
    Parent = self(),
    batch(?BATCH - 1, Ended),
    spawn(fun() -> counters:add(Ended, 1, 1), Parent ! batch_done end),
    receive batch_done -> batches(Left - 1, Ended) end.

batch(0, _) ->
    ok;
batch(Left, Ended) ->
    spawn(fun() -> counters:add(Ended, 1, 1) end),
    batch(Left - 1, Ended).

%% The last one to tell need not be the last one to end.
await(Ended, Count) ->
    case counters:get(Ended, 1) of
        Count -> ok;
        Fewer when Fewer < Count -> erlang:yield(), await(Ended, Count)
    end.
