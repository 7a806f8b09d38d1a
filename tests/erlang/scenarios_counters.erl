%% SPDX-License-Identifier: Apache-2.0
%% The counters of the first stage, used and misused; scenarios_counters.c does the same.
-module(scenarios_counters).
-import(scenario, [say/2, known_as/2, say_end/2, say_mailbox/1, say_next/1, say_caught/2,
                   say_info/3, await_end/1, await_waiting/1]).
-export([counts/0, started_twice/0, not_running/0, tick_of_foo/0, unknown_message/0,
         stray_message_is_the_answer/0, exit_signals/0, ticks_of_many/0, rpc_counts/0,
         rpc_misused/0, named_counts/0, one_dies_alone/0, lite_counts/0, lite_is_linked/0,
         lite_misused/0, lite_waits_for_its_answer/0, in_order/0, negative_and_large/0]).

counts() ->
    say("start", counter:start()),
    say("tick", counter:tick(3)),
    counter:tick(39),
    say("read", counter:read()),
    say("read again", counter:read()),
    Ref = monitor(process, counter),
    say("stop", counter:stop()),
    say_end("end", Ref),
    counter:start(),
    say("started anew", counter:read()).

started_twice() ->
    counter:start(),
    counter:tick(1),
    Before = length(processes()),
    say_caught("again", fun counter:start/0),
    say("left over", length(processes()) - Before),
    say("the first goes on", counter:read()).

not_running() ->
    say_caught("tick", fun() -> counter:tick(1) end),
    say_caught("stop", fun counter:stop/0),
    say_caught("read", fun counter:read/0).

tick_of_foo() ->
    counter:start(),
    counter:tick(1),
    Ref = monitor(process, counter),
    say("tick", counter:tick(foo)),
    say_end("end", Ref),
    say("name", whereis(counter)),
    say_caught("read", fun counter:read/0).

unknown_message() ->
    counter:start(),
    Pid = whereis(counter),
    counter ! {reset, to, 0},
    counter ! hello,
    counter:tick(1),
    say("read", counter:read()),
    say_info("left in its mailbox", Pid, "messages").

stray_message_is_the_answer() ->
    counter:start(),
    counter:tick(5),
    self() ! stray,
    say("read", counter:read()),
    say("read again", counter:read()),
    await_waiting(whereis(counter)),
    say_mailbox("left").

exit_signals() ->
    counter:start(),
    counter:tick(7),
    exit(whereis(counter), normal),
    say("after normal", counter:read()),
    Ref = monitor(process, counter),
    exit(whereis(counter), boom),
    say_end("end", Ref),
    counter:start(),
    Killed = monitor(process, counter),
    exit(whereis(counter), kill),
    say_end("end", Killed).

ticks_of_many() ->
    counter:start(),
    Pids = [spawn(fun() -> [counter:tick(1) || _ <- lists:seq(1, 100)] end) || _ <- lists:seq(1, 50)],
    [await_end(P) || P <- Pids],
    say("read", counter:read()).

in_order() ->
    counter:start(),
    say("reads", [begin counter:tick(N), counter:read() end || N <- lists:seq(1, 10)]).

negative_and_large() ->
    counter:start(),
    counter:tick(-100),
    say("negative", counter:read()),
    counter:tick(1000000000000),
    say("large", counter:read()),
    counter:tick(9000000000000000000),
    say("larger", counter:read()).

rpc_counts() ->
    say("start", counter_rpc:start()),
    say("tick", counter_rpc:tick(7)),
    say("read", counter_rpc:read()),
    Ref = monitor(process, counter),
    say("stop", counter_rpc:stop()),
    say_end("end", Ref).

rpc_misused() ->
    say_caught("tick", fun() -> counter_rpc:tick(1) end),
    counter_rpc:start(),
    say_caught("again", fun counter_rpc:start/0),
    self() ! stray,
    say("read", counter_rpc:read()),
    say_next("the answer"),
    Ref = monitor(process, counter),
    counter_rpc:tick("foo"),
    say_end("end", Ref).

named_counts() ->
    [say("start", named_counters:start(Name)) || Name <- [a, b]],
    named_counters:tick(a, 1),
    named_counters:tick(b, 2),
    named_counters:tick(a, 10),
    [say("read", named_counters:read(Name)) || Name <- [a, b]],
    say_caught("again", fun() -> named_counters:start(a) end),
    say("stop", named_counters:stop(a)).

one_dies_alone() ->
    named_counters:start(a),
    named_counters:start(b),
    named_counters:tick(b, 5),
    Ref = monitor(process, a),
    named_counters:tick(a, foo),
    say_end("a", Ref),
    say("b", named_counters:read(b)).

lite_counts() ->
    say("start", counter_gen_server_lite:start_link()),
    say("tick", counter_gen_server_lite:tick(7)),
    say("read", counter_gen_server_lite:read()),
    Ref = monitor(process, counter),
    say("stop", counter_gen_server_lite:stop()),
    say_end("end", Ref).

lite_is_linked() ->
    process_flag(trap_exit, true),
    counter_gen_server_lite:start_link(),
    known_as(whereis(counter), "<counter>"),
    counter_gen_server_lite:tick(foo),
    say_next("exit"),
    counter_gen_server_lite:start_link(),
    known_as(whereis(counter), "<counter>"),
    counter_gen_server_lite:stop(),
    say_next("exit").

lite_misused() ->
    say_caught("read", fun counter_gen_server_lite:read/0),
    process_flag(trap_exit, true),
    counter_gen_server_lite:start_link(),
    Pid = whereis(counter),
    known_as(Pid, "<counter>"),
    say_caught("again", fun counter_gen_server_lite:start_link/0),
    counter ! {unknown, message},
    say("read", counter_gen_server_lite:read()),
    say_info("left in its mailbox", Pid, "messages"),
    counter ! {request, unknown},
    say_next("exit").

lite_waits_for_its_answer() ->
    counter_gen_server_lite:start_link(),
    counter_gen_server_lite:tick(5),
    self() ! stray,
    say("read", counter_gen_server_lite:read()),
    say_mailbox("left").
