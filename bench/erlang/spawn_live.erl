%% SPDX-License-Identifier: Apache-2.0
%% spawn_live: memory of processes that wait: hibernated, raw (a plain receive), gen_server.
-module(spawn_live).
-behaviour(gen_server).
-export([run/2, woken/0]).
-export([init/1, handle_call/3, handle_cast/2]).

-define(BATCH, 1000).

run(Count, Variant) ->
    0 = Count rem ?BATCH,
    erlang:garbage_collect(),
    Before = bench_kit:memory_bytes("VmRSS:"),
    Sample = start(Variant, Count div ?BATCH, []),
    erlang:garbage_collect(),
    After = bench_kit:memory_bytes("VmRSS:"),
    true = erlang:system_info(process_count) >= Count,
    [ask(Variant, Pid) || Pid <- Sample],
    [{"spawn_live." ++ Variant, (After - Before) / Count, "bytes"}].

%% One process of each batch is kept, to be asked whether it lives.
start(_, 0, Sample) ->
    Sample;
start(Variant, Left, Sample) ->
    [Pid | _] = [start_one(Variant, self()) || _ <- lists:seq(1, ?BATCH)],
    ready(Variant, ?BATCH),
    start(Variant, Left - 1, [Pid | Sample]).

start_one("raw", Parent) ->
    spawn(fun() -> Parent ! ready, wait() end);
start_one("hibernated", Parent) ->
    spawn(fun() -> Parent ! ready, erlang:hibernate(?MODULE, woken, []) end);
start_one("gen_server", _) ->
    {ok, Pid} = gen_server:start(?MODULE, [], []),
    Pid.

ready("gen_server", _) -> ok;
ready(_, 0) -> ok;
ready(Variant, Left) -> receive ready -> ready(Variant, Left - 1) end.

ask("gen_server", Pid) ->
    alive = gen_server:call(Pid, ask);
ask(_, Pid) ->
    Pid ! {ask, self()},
    receive {alive, Pid} -> ok end.

wait() ->
    receive {ask, From} -> From ! {alive, self()}, wait() end.

woken() ->
    wait().

init([]) -> {ok, 0}.

handle_call(ask, _, State) -> {reply, alive, State}.

handle_cast(_, State) -> {noreply, State}.
