%% SPDX-License-Identifier: Apache-2.0
%% fanin: eight producers send {add, 1} to one counter; each asks for the sum when done, then the parent.
-module(fanin).
-export([run/2]).

-define(PRODUCERS, 8).

run(Count, _) ->
    0 = Count rem ?PRODUCERS,
    Each = Count div ?PRODUCERS,
    Parent = self(),
    Counter = spawn_opt(fun() -> counter(0) end, [link | mailbox()]),
    Start = bench_kit:now_ns(),
    [spawn_link(fun() -> producer(Parent, Counter, Each) end) || _ <- lists:seq(1, ?PRODUCERS)],
    [receive produced -> ok end || _ <- lists:seq(1, ?PRODUCERS)],
    Sum = get_sum(Counter),
    Time = bench_kit:now_ns() - Start,
    Sum = Count,
    [{{sched, "fanin"}, Count * 1000 / Time, "Mmsg/s"}].

%% Off-heap messages spare senders on other schedulers the receiver's lock; with one, they only cost.
mailbox() ->
    [{message_queue_data, off_heap} || erlang:system_info(schedulers_online) > 1].

%% The answer shows that all its own messages were counted: they came before the question.
producer(Parent, Counter, Each) ->
    produce(Counter, Each),
    get_sum(Counter),
    Parent ! produced.

produce(_, 0) ->
    ok;
produce(Counter, Left) ->
    Counter ! {add, 1},
    produce(Counter, Left - 1).

get_sum(Counter) ->
    Counter ! {get, self()},
    receive {sum, Sum} -> Sum end.

counter(Sum) ->
    receive
        {add, N} -> counter(Sum + N);
        {get, From} -> From ! {sum, Sum}, counter(Sum)
    end.
