%% SPDX-License-Identifier: Apache-2.0
%% ring: a token with its number of hops left goes round a thousand processes.
-module(ring).
-export([run/2]).

-define(SIZE, 1000).

run(Count, _) ->
    0 = Count rem ?SIZE,
    Parent = self(),
    Last = spawn_link(fun() -> receive {next, Next} -> node(Parent, Next, 0) end end),
    First = lists:foldl(fun(_, Next) -> spawn_link(fun() -> node(Parent, Next, 0) end) end,
                        Last, lists:seq(2, ?SIZE)),
    Last ! {next, First},
    Start = bench_kit:now_ns(),
    First ! {token, Count},
    receive {arrived, Where} -> Where = First end,
    Time = bench_kit:now_ns() - Start,
    First ! {collect, ?SIZE, 0},
    receive {passed, Passed} -> Passed = Count end,
    [{{sched, "ring"}, Time / Count, "ns"}].

%% Collecting, each adds the number of tokens it passed on, and ends; the last tells the parent.
node(Parent, Next, Passed) ->
    receive
        {token, 0} -> Parent ! {arrived, self()}, node(Parent, Next, Passed);
        {token, Left} -> Next ! {token, Left - 1}, node(Parent, Next, Passed + 1);
        {collect, 1, Sum} -> Parent ! {passed, Sum + Passed};
        {collect, Left, Sum} -> Next ! {collect, Left - 1, Sum + Passed}
    end.
