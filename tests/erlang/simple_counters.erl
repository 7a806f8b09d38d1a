%% SPDX-License-Identifier: Apache-2.0
%% simple_counters: the first stage's four counters, in Erlang: what each call gives, what ends them.
-module(simple_counters).
-export([main/0]).

main() ->
    logger:set_primary_config(level, none),
    process_flag(trap_exit, true),
    [tell(Kind) || Kind <- kinds()].

%% {Name, Start, Stop, Tick, Read}
kinds() ->
    [{"counter", fun counter:start/0, fun counter:stop/0, fun counter:tick/1, fun counter:read/0},
     {"counters", fun() -> named_counters:start(counter) end,
      fun() -> named_counters:stop(counter) end, fun(N) -> named_counters:tick(counter, N) end,
      fun() -> named_counters:read(counter) end},
     {"counter_rpc", fun counter_rpc:start/0, fun counter_rpc:stop/0, fun counter_rpc:tick/1,
      fun counter_rpc:read/0},
     {"counter_gen_server_lite", fun counter_gen_server_lite:start_link/0,
      fun counter_gen_server_lite:stop/0, fun counter_gen_server_lite:tick/1,
      fun counter_gen_server_lite:read/0}].

tell({Name, Start, Stop, Tick, Read}) ->
    io:format("~s~n", [Name]),
    show("tick nobody", fun() -> Tick(1) end),
    show("read nobody", Read),
    show("start", Start),
    show("read", Read),
    show("tick 3", fun() -> Tick(3) end),
    show("tick 39", fun() -> Tick(39) end),
    show("read", Read),
    Before = length(processes()),
    show("start again", Start),
    io:format("  more processes: ~p~n", [length(processes()) - Before]),
    counter ! nonsense,
    show("read", Read),
    {message_queue_len, Len} = process_info(whereis(counter), message_queue_len),
    io:format("  left in its mailbox: ~p~n", [Len]),
    self() ! hello,
    show("read with a message there", Read),
    show("read", Read),
    ending("stop", Stop),
    show("start", Start),
    ending("tick foo", fun() -> Tick(foo) end),
    show("start", Start),
    ending("kill", fun() -> exit(whereis(counter), kill), ok end),
    show("stop nobody", Stop),
    io:format("  left here: ~p~n", [left(0)]).

show(What, Call) ->
    Result = try Call() catch error:Reason -> {error, Reason} end,
    io:format("  ~s: ~p~n", [What, Result]).

ending(What, Call) ->
    Monitor = monitor(process, counter),
    show(What, Call),
    receive
        {'DOWN', Monitor, process, _, {Reason, Trace}} when is_list(Trace) ->
            io:format("  it ended: ~p~n", [Reason]);
        {'DOWN', Monitor, process, _, Reason} ->
            io:format("  it ended: ~p~n", [Reason])
    end.

%% Exits of those that were linked are not counted: one would have to wait for them.
left(N) ->
    receive
        {'EXIT', _, _} -> left(N);
        _ -> left(N + 1)
    after 0 -> N
    end.
