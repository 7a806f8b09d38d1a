%% SPDX-License-Identifier: Apache-2.0
%% The counters of the second stage, used and misused; scenarios_gen_server_counters.c does the
%% same.
-module(scenarios_gen_server_counters).
-import(scenario, [say/2, known_as/2, say_end/2, say_mailbox/1, say_next/1, say_caught/2,
                   say_info/3, await_end/1]).
-export([counts/0, starts_twice/0, nobody_is_there/0, wrong_ticks/0, starters_go_too/0,
         counters_go_with_their_starters/0, unknown_messages/0, exit_signals/0,
         names_of_ones_choice/0]).

say_started(What, {ok, Pid} = Started) -> known_as(Pid, "<counter>"), say(What, Started);
say_started(What, Started) -> say(What, Started).

reads() -> say("count", counter:read()).

counts() ->
    say_started("start", counter:start_link()),
    say("tick", counter:tick(3)),
    say("tick", counter:tick(39)),
    reads(),
    reads(),
    Pid = whereis(counter),
    say("stop", counter:stop()),
    await_end(Pid),
    say("name is free", whereis(counter) =:= undefined),
    say_mailbox("mailbox").

starts_twice() ->
    say_started("start", counter:start_link()),
    counter:tick(5),
    say_started("again", counter:start_link()),
    reads(),
    say_mailbox("mailbox").

nobody_is_there() ->
    say("tick", counter:tick(1)),
    say("stop", counter:stop()),
    say_caught("read", fun reads/0),
    say_mailbox("mailbox").

wrong_ticks() ->
    process_flag(trap_exit, true),
    say_started("start", counter:start_link()),
    Ref = monitor(process, counter),
    say("tick", counter:tick(foo)),
    say_end("end", Ref),
    say_next("exit"),
    say_caught("read", fun reads/0),
    say_started("start", counter:start_link()),
    reads().

starters_go_too() ->
    {_, Ref} = spawn_monitor(fun() ->
        counter:start_link(), counter:tick(foo), timer:sleep(infinity) end),
    say_end("starter", Ref).

counters_go_with_their_starters() ->
    Self = self(),
    spawn(fun() -> {ok, P} = counter:start_link(), Self ! {counter, P}, exit(enough) end),
    Pid = receive {counter, C} -> C end,
    await_end(Pid),
    say("name is free", whereis(counter) =:= undefined).

unknown_messages() ->
    {ok, Pid} = counter:start_link(),
    counter ! nonsense,
    counter ! {tick, 1},
    reads(),
    say_info("mailbox", Pid, "message_queue_len"),
    self() ! hello,
    reads(),
    say_mailbox("mine").

exit_signals() ->
    process_flag(trap_exit, true),
    {ok, Pid} = counter:start_link(),
    counter:tick(7),
    exit(Pid, normal),
    reads(),
    unlink(Pid),
    exit(Pid, boom),
    await_end(Pid),
    say_caught("read", fun reads/0),
    {ok, Other} = counter:start_link(),
    known_as(Other, "<counter>"),
    exit(Other, kill),
    say_next("exit"),
    say_end("end", monitor(process, Other)).

names_of_ones_choice() ->
    say_started("a", named_counters:start_link(a)),
    say_started("b", named_counters:start_link(b)),
    named_counters:tick(a, 1),
    named_counters:tick(b, 20),
    say("a", named_counters:read(a)),
    say("b", named_counters:read(b)),
    say("stop", named_counters:stop(a)),
    say("b", named_counters:read(b)).
