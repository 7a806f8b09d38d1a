%% SPDX-License-Identifier: Apache-2.0
%% spawn_live: memory of processes that wait: hibernated, raw (a plain receive), gen_server, and one
%% that a simple_one_for_one supervisor has started (supervised).
-module(spawn_live).
-behaviour(gen_server).
-export([run/2, woken/0, start_child/0]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2]).

-define(BATCH, 1000).

run(Count, Variant) ->
    0 = Count rem ?BATCH,
    {ok, _} = supervisor:start_link({local, servers}, ?MODULE, supervisor),
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
    Pid;
start_one("supervised", _) ->
    {ok, Pid} = supervisor:start_child(servers, []),
    Pid.

start_child() ->
    gen_server:start_link(?MODULE, [], []).

ready("gen_server", _) -> ok;
ready("supervised", _) -> ok;
ready(_, 0) -> ok;
ready(Variant, Left) -> receive ready -> ready(Variant, Left - 1) end.

ask(_, Pid) ->
    Pid ! {ask, self()},
    receive {alive, Pid} -> ok end.

wait() ->
    receive {ask, From} -> From ! {alive, self()}, wait() end.

woken() ->
    wait().

init(supervisor) ->
    {ok, {#{strategy => simple_one_for_one},
          [#{id => server, start => {?MODULE, start_child, []}}]}};
init([]) ->
    {ok, 0}.

handle_call(_, _, State) -> {reply, ok, State}.

handle_cast(_, State) -> {noreply, State}.

handle_info({ask, From}, State) ->
    From ! {alive, self()},
    {noreply, State}.
