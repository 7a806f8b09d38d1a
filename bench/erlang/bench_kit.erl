%% SPDX-License-Identifier: Apache-2.0
%% bench_kit: what every Erlang benchmark program needs: arguments, clock, memory, result lines.
%%
%% A program is a module with run(Count, Variant), which returns a list of {Name, Value, Unit};
%% Name is a string, or {sched, Name} for what is measured with one and with two schedulers.
%% Started as: erl ... -s bench_kit main -extra MODULE SCHEDULERS COUNT [VARIANT]
-module(bench_kit).
-export([main/0, now_ns/0, spin/1, memory_bytes/1, percentile/2]).

main() ->
    logger:set_primary_config(level, none),
    [Module, Schedulers, Count | Variant] = init:get_plain_arguments(),
    case erlang:system_info(schedulers_online) =:= list_to_integer(Schedulers) of
        true -> ok;
        false -> fail("started with the wrong number of schedulers", [])
    end,
    {_, Monitor} = spawn_monitor(fun() ->
        exit({results, (list_to_atom(Module)):run(list_to_integer(Count), variant(Variant))})
    end),
    receive
        {'DOWN', Monitor, process, _, {results, Results}} ->
            [report(Name, Value, Unit, Schedulers) || {Name, Value, Unit} <- Results],
            erlang:halt(0);
        {'DOWN', Monitor, process, _, Reason} ->
            fail("~p", [Reason])
    end.

variant([]) -> "";
variant([Variant]) -> Variant.

report({sched, Name}, Value, Unit, Schedulers) ->
    report(Name ++ "." ++ Schedulers, Value, Unit, Schedulers);
report(Name, Value, Unit, _) ->
    io:format("~s erlang ~.4f ~s~n", [Name, float(Value), Unit]).

fail(Format, Args) ->
    io:format(standard_error, Format ++ "~n", Args),
    erlang:halt(1).

now_ns() ->
    erlang:monotonic_time(nanosecond).

%% Keep the scheduler busy for Ns nanoseconds of real time.
spin(Ns) ->
    spin_until(now_ns() + Ns).

spin_until(Until) ->
    case now_ns() < Until of
        true -> spin_until(Until);
        false -> ok
    end.

%% A line of /proc/self/status: "VmRSS:" is resident now, "VmHWM:" its peak.
memory_bytes(LineName) ->
    {ok, Status} = file:read_file("/proc/self/status"),
    {match, [KiB]} = re:run(Status, LineName ++ "\\s+([0-9]+)", [{capture, all_but_first, list}]),
    list_to_integer(KiB) * 1024.

%% The nearest-rank sample: at least Share of all are not larger.
percentile(Samples, Share) ->
    Rank = max(1, ceil(Share * length(Samples))),
    lists:nth(Rank, lists:sort(Samples)).
