%% SPDX-License-Identifier: Apache-2.0
%% fault: from erlang:error in a process to the monitor's DOWN; the median of Count times.
-module(fault).
-export([run/2]).

run(Count, _) ->
    Times = [one() || _ <- lists:seq(1, Count)],
    [{"fault", bench_kit:percentile(Times, 0.5) / 1000, "us"}].

one() ->
    {Pid, Monitor} = spawn_monitor(fun fail/0),
    receive
        {'DOWN', Monitor, process, Pid, {{failed_at, Start}, _Trace}} ->
            bench_kit:now_ns() - Start
    end.

fail() ->
    erlang:error({failed_at, bench_kit:now_ns()}).
