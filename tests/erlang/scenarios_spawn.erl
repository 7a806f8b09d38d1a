%% SPDX-License-Identifier: Apache-2.0
%% Ways to start a process, and what it has from its start; scenarios_spawn.c does the same.
-module(scenarios_spawn).
-import(scenario, [say/2, known_as/2, say_end/2, say_mailbox/1, say_next/1, say_caught/2,
                   say_info/3, await_end/1, await_waiting/1, waits/0, new_waiting/0, new_dead/0]).
-export([plain/0, with_options/0, monitor_with_a_tag/0, monitor_with_an_alias/0,
         plain_request/0, request_without_reply/0, request_success_only/0, request_error_only/0,
         request_with_a_tag/0, request_with_monitor/0, request_with_link/0, request_order/0,
         request_given_up/0, request_given_up_late/0, inherited/0, leader_of_another/0,
         arguments_are_copies/0, parents/0, alive_or_not/0, all_processes/0, suspended/0,
         suspended_twice/0, resume_of_the_running/0, unique_references/0,
         unique_integers_grow/0, many_at_once/0]).

plain() ->
    Self = self(),
    Pid = spawn(fun() -> Self ! {i_am, self()} end),
    known_as(Pid, "<child>"),
    say_next("next"),
    await_end(Pid),
    say_mailbox("rest").

with_options() ->
    process_flag(trap_exit, true),
    {Pid, Ref} = spawn_opt(fun() -> receive go -> exit(done) end end,
                           [link, monitor, {priority, high}]),
    known_as(Pid, "<child>"),
    known_as(Ref, "#Monitor"),
    say_info("links", self(), "links"),
    say_info("monitors", self(), "monitors"),
    say_info("priority", Pid, "priority"),
    Pid ! go,
    receive {'EXIT', Pid, R1} -> say("exit", R1) end,
    say_end("down", Ref).

monitor_with_a_tag() ->
    {Pid, Ref} = spawn_opt(fun() -> exit(done) end, [{monitor, [{tag, my_tag}]}]),
    known_as(Pid, "<child>"),
    known_as(Ref, "#Monitor"),
    say_next("next").

monitor_with_an_alias() ->
    {Pid, Ref} = spawn_opt(fun() -> receive {reply_to, To} -> To ! reply, To ! again end end,
                           [{monitor, [{alias, reply_demonitor}]}]),
    Pid ! {reply_to, Ref},
    await_end(Pid),
    say_mailbox("mailbox").

%% requests

request(Options) ->
    Ref = spawn_request(fun scenario:waits/0, Options),
    known_as(Ref, "#Request"),
    Ref.

%% A reply, with the pid named.
say_reply(What) ->
    receive
        {Tag, Ref, ok, Pid} ->
            known_as(Pid, "<child>"),
            say(What, {Tag, Ref, ok, Pid}),
            Pid;
        Other -> say(What, Other)
    after 500 -> say(What, timeout)
    end.

plain_request() ->
    request([]),
    Pid = say_reply("reply"),
    say("alive", is_process_alive(Pid)).

silently(Reply) ->
    Before = length(processes()),
    request([{reply, Reply}]),
    receive after 50 -> ok end,
    say("more", length(processes()) - Before),
    say_reply("reply").

request_without_reply() -> silently(no).

request_success_only() ->
    request([{reply, success_only}]),
    say_reply("reply").

request_error_only() -> silently(error_only).

request_with_a_tag() ->
    request([{reply_tag, {started, "it"}}]),
    say_reply("reply").

request_with_monitor() ->
    Ref = request([monitor]),
    Pid = say_reply("reply"),
    exit(Pid, gone),
    say_next("down"),
    say("demonitor", demonitor(Ref, [info])).

request_with_link() ->
    process_flag(trap_exit, true),
    request([link]),
    Pid = say_reply("reply"),
    say_info("links", self(), "links"),
    exit(Pid, gone),
    say_next("exit").

request_order() ->
    Ref = spawn_request(fun() -> exit(at_once) end, [monitor]),
    known_as(Ref, "#Request"),
    say_reply("first"),
    say_next("second").

request_given_up() ->
    say("unknown", spawn_request_abandon(make_ref())).

request_given_up_late() ->
    Ref = request([]),
    say_reply("reply"),
    say("late", spawn_request_abandon(Ref)).

%% what is inherited

inherited() ->
    Leader = new_waiting(),
    known_as(Leader, "<leader>"),
    process_flag(trap_exit, true),
    process_flag(priority, high),
    put(key, value),
    group_leader(Leader, self()),
    Pid = new_waiting(),
    [say_info(Item, Pid, Item) || Item <- ["group_leader", "trap_exit", "priority", "dictionary", "links"]].

leader_of_another() ->
    Leader = new_waiting(),
    known_as(Leader, "<leader>"),
    Pid = new_waiting(),
    group_leader(Leader, Pid),
    say_info("its leader", Pid, "group_leader"),
    group_leader(Leader, self()),
    say("mine", group_leader()),
    Dead = new_dead(),
    say_caught("of the dead", fun() -> group_leader(Leader, Dead) end).

arguments_are_copies() ->
    Self = self(),
    Term = {some, [term, #{with => <<"parts">>}]},
    await_end(spawn(fun() -> Self ! Term end)),
    say_next("term"),
    await_end(spawn(fun() -> Self ! 42 end)),
    say_next("number").

parents() ->
    say_info("of mine", new_waiting(), "parent").

alive_or_not() ->
    say("myself", is_process_alive(self())),
    Pid = new_waiting(),
    say("waiting", is_process_alive(Pid)),
    Pid ! stop,
    await_end(Pid),
    say("ended", is_process_alive(Pid)).

all_processes() ->
    Pid = new_waiting(),
    say("there", lists:member(Pid, processes())),
    say("myself", lists:member(self(), processes())),
    exit(Pid, kill),
    await_end(Pid),
    say("gone", lists:member(Pid, processes())).

%% suspended

echoes(To) ->
    receive M -> To ! {echo, M}, echoes(To) end.

new_echo() ->
    Self = self(),
    Pid = spawn(fun() -> echoes(Self) end),
    await_waiting(Pid),
    Pid.

say_silence(What) ->
    receive M -> say(What, M) after 30 -> say(What, silence) end.

suspended() ->
    Pid = new_echo(),
    erlang:suspend_process(Pid),
    say_info("status", Pid, "status"),
    Pid ! hello,
    say_silence("suspended"),
    erlang:resume_process(Pid),
    say_next("resumed").

suspended_twice() ->
    Pid = new_echo(),
    erlang:suspend_process(Pid),
    erlang:suspend_process(Pid),
    Pid ! hello,
    erlang:resume_process(Pid),
    say_silence("resumed once"),
    erlang:resume_process(Pid),
    say_next("resumed twice").

resume_of_the_running() ->
    Pid = new_waiting(),
    say_caught("resume", fun() -> erlang:resume_process(Pid) end),
    say("alive", is_process_alive(Pid)).

%% numbers

unique_references() ->
    Refs = [make_ref() || _ <- lists:seq(1, 1000)],
    say("unique", length(lists:usort(Refs))),
    say("same", hd(Refs) =:= hd(Refs)).

unique_integers_grow() ->
    Numbers = [erlang:unique_integer([positive, monotonic]) || _ <- lists:seq(1, 1000)],
    say("sorted", Numbers =:= lists:usort(Numbers)).

many_at_once() ->
    Self = self(),
    [spawn(fun() -> Self ! N end) || N <- lists:seq(1, 5000)],
    say("sum", lists:sum([receive N -> N end || _ <- lists:seq(1, 5000)])).
