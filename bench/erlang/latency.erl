%% SPDX-License-Identifier: Apache-2.0
%% latency: round trips of a pair, one each millisecond, while 10,000 processes work 20 us at a time.
-module(latency).
-export([run/2]).

-define(BUSY, 10000).
-define(PIECE_NS, 20000).
-define(PAUSE_MS, 1).

run(Count, _) ->
    Pong = spawn_link(fun pong/0),
    Busy = [spawn_link(fun() -> busy(0) end) || _ <- lists:seq(1, ?BUSY)],
    Trips = ping(Pong, bench_kit:now_ns() + Count * 1000000, []),
    {Times, Lates} = lists:unzip(Trips),
    [Pid ! {stop, self()} || Pid <- Busy],
    [receive {pieces, Pid, Pieces} when Pieces > 0 -> ok end || Pid <- Busy],
    io:format(standard_error, "~b round trips~n", [length(Times)]),
    [{"latency.p999", bench_kit:percentile(Times, 0.999) / 1.0e6, "ms"},
     {"latency.worst", lists:max(Times) / 1.0e6, "ms"},
     {"latency.wake", bench_kit:percentile(Lates, 0.999) / 1.0e6, "ms"}].

%% Round trips, and how late the pause before each ended.
ping(Pong, Until, Trips) ->
    Due = bench_kit:now_ns() + ?PAUSE_MS * 1000000,
    receive after ?PAUSE_MS -> ok end,
    Start = bench_kit:now_ns(),
    Pong ! {ping, self(), Start},
    receive {pong, Start} -> ok end,
    End = bench_kit:now_ns(),
    Trip = {End - Start, Start - Due},
    case End < Until of
        true -> ping(Pong, Until, [Trip | Trips]);
        false -> [Trip | Trips]
    end.

pong() ->
    receive {ping, From, Id} -> From ! {pong, Id}, pong() end.

busy(Pieces) ->
    bench_kit:spin(?PIECE_NS),
    receive
        {stop, From} -> From ! {pieces, self(), Pieces + 1}
    after 0 ->
        erlang:yield(),
        busy(Pieces + 1)
    end.
