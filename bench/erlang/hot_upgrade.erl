%% SPDX-License-Identifier: Apache-2.0
%% hot_upgrade: Count gen_servers under calls from four clients change to another version of their
%% module, whose state has one field more: process by process, then all at once to a third.
-module(hot_upgrade).
-export([run/2]).

-define(CLIENTS, 4).
-define(QUIET_MS, 1000).

run(Count, _) ->
    load(1),
    Servers = list_to_tuple([begin {ok, Pid} = gen_server:start(hot_counter, 1, []), Pid end
                             || _ <- lists:seq(1, Count)]),
    Phase = atomics:new(1, []),
    Parent = self(),
    Clients = [spawn_link(fun() -> client(Parent, Servers, Phase, rand:seed_s(exsss, N), []) end)
               || N <- lists:seq(1, ?CLIENTS)],
    timer:sleep(?QUIET_MS),
    Rolling = phase(Phase, 1, fun() -> rolling(2, tuple_to_list(Servers)) end),
    atomics:put(Phase, 1, 0),
    timer:sleep(100),
    AtOnce = phase(Phase, 2, fun() -> at_once(3, tuple_to_list(Servers)) end),
    atomics:put(Phase, 1, 9),
    Samples = lists:append([receive {done, Client, S} -> S end || Client <- Clients]),
    results("quiet", 0, Samples, none, Count) ++ results("rolling", 1, Samples, Rolling, Count) ++
        results("at_once", 2, Samples, AtOnce, Count).

phase(Phase, Number, Fun) ->
    atomics:put(Phase, 1, Number),
    Began = bench_kit:now_ns(),
    Fun(),
    bench_kit:now_ns() - Began.

rolling(Version, Servers) ->
    load(Version),
    [begin
         ok = sys:suspend(Pid),
         ok = sys:change_code(Pid, hot_counter, Version - 1, []),
         ok = sys:resume(Pid)
     end || Pid <- Servers].

at_once(Version, Servers) ->
    [ok = sys:suspend(Pid) || Pid <- Servers],
    load(Version),
    [ok = sys:change_code(Pid, hot_counter, Version - 1, []) || Pid <- Servers],
    [ok = sys:resume(Pid) || Pid <- Servers].

%% A call belongs to the phase in which it ends.
client(Parent, Servers, Phase, Random, Samples) ->
    {N, Next} = rand:uniform_s(tuple_size(Servers), Random),
    Began = bench_kit:now_ns(),
    Failed = try gen_server:call(element(N, Servers), read) of 1 -> 0 catch _:_ -> 1 end,
    Took = bench_kit:now_ns() - Began,
    case atomics:get(Phase, 1) of
        9 -> Parent ! {done, self(), Samples};
        Now -> client(Parent, Servers, Phase, Next, [{Now, Took, Failed} | Samples])
    end.

results(Name, Phase, Samples, Took, Count) ->
    Calls = [T || {P, T, _} <- Samples, P =:= Phase],
    [{"hot_upgrade." ++ Name ++ ".max_call", lists:max(Calls) / 1.0e6, "ms"},
     {"hot_upgrade." ++ Name ++ ".p9999", bench_kit:percentile(Calls, 0.9999) / 1.0e6, "ms"}] ++
        [R || Took =/= none,
              R <- [{"hot_upgrade." ++ Name ++ ".per_process", Took / 1000 / Count, "us"},
                    {"hot_upgrade." ++ Name ++ ".failed",
                     lists:sum([F || {P, _, F} <- Samples, P =:= Phase]), "calls"}]].

%% A version has so many fields; those that are new are 0.
load(Version) ->
    Source = [
        "-module(hot_counter).",
        "-behaviour(gen_server).",
        "-export([init/1, handle_call/3, handle_cast/2, code_change/3, version/0]).",
        "init(Value) -> {ok, {Value}}.",
        "handle_call(read, _, State) -> {reply, element(1, State), State}.",
        "handle_cast(_, State) -> {noreply, State}.",
        "code_change(_, State, _) -> {ok, erlang:append_element(State, 0)}.",
        "version() -> " ++ integer_to_list(Version) ++ "."],
    Forms = [begin {ok, Tokens, _} = erl_scan:string(Line), {ok, Form} = erl_parse:parse_form(Tokens), Form end
             || Line <- Source],
    {ok, hot_counter, Binary} = compile:forms(Forms),
    code:purge(hot_counter),
    {module, hot_counter} = code:load_binary(hot_counter, "hot_counter", Binary).
