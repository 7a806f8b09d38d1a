%% SPDX-License-Identifier: Apache-2.0
%% process_info, the process dictionary and flags; scenarios_info.c does the same.
-module(scenarios_info).
-import(scenario, [say/2, known_as/2, say_mailbox/1, say_next/1, say_caught/2,
                   say_info/3, await_end/1, await_waiting/1, waits/0, new_waiting/0,
                   new_trapping/0, new_dead/0]).
-export([of_oneself/0, of_another/0, of_the_dead/0, several_items/0, no_such_item/0,
         mailbox_of_another/0, mailbox_of_oneself/0, messages_sent_before_count/0, statuses/0,
         after_a_kill/0, dictionary/0, dictionary_of_another/0, dictionary_keys/0,
         priorities/0, priority_of_another/0, links_and_monitors/0, suspending/0,
         figures_are_there/0, trap_exit_of_another/0]).

of_oneself() ->
    [say_info(I, self(), I) || I <- ["links", "monitors", "message_queue_len",
                                     "messages", "trap_exit", "priority", "dictionary",
                                     "registered_name", "status", "suspending"]].

of_another() ->
    Pid = new_waiting(),
    [say_info(I, Pid, I) || I <- ["links", "monitors", "monitored_by", "message_queue_len",
                                  "messages", "trap_exit", "priority", "dictionary",
                                  "registered_name", "status", "suspending"]].

of_the_dead() ->
    Dead = new_dead(),
    say_info("one", Dead, "links"),
    say("several", process_info(Dead, [links, status])).

several_items() ->
    Pid = new_waiting(),
    say("items", process_info(Pid, [trap_exit, links, priority, message_queue_len, status])),
    say("twice", process_info(Pid, [trap_exit, links, trap_exit])),
    say("oneself", process_info(self(), [trap_exit, registered_name])).

no_such_item() ->
    Undefined = hd([no_such_item | registered()]),
    say_caught("one", fun() -> process_info(self(), Undefined) end),
    say_caught("several", fun() -> process_info(self(), [links, Undefined]) end).

mailbox_of_another() ->
    Pid = new_waiting(),
    Pid ! {a, message},
    Pid ! "another",
    say_info("length", Pid, "message_queue_len"),
    say_info("messages", Pid, "messages").

mailbox_of_oneself() ->
    self() ! first,
    self() ! {second, 2},
    say_info("length", self(), "message_queue_len"),
    say_info("messages", self(), "messages"),
    say_mailbox("still there").

messages_sent_before_count() ->
    Pid = new_waiting(),
    [Pid ! N || N <- lists:seq(1, 1000)],
    say_info("length", Pid, "message_queue_len").

statuses() ->
    say_info("myself", self(), "status"),
    Pid = new_waiting(),
    say_info("waiting", Pid, "status"),
    Pid ! unwanted,
    await_waiting(Pid),
    say_info("still waiting", Pid, "status"),
    erlang:suspend_process(Pid),
    say_info("suspended", Pid, "status").

after_a_kill() ->
    Pid = new_trapping(),
    exit(Pid, kill),
    say_info("links", Pid, "links"),
    say("alive", is_process_alive(Pid)).

dictionary() ->
    say("none", get(key)),
    put(key, {some, value}),
    say("there", get(key)),
    put(key, another),
    say("replaced", get(key)),
    put({any, "term"}, 1),
    say("by a term", get({any, "term"})),
    erase(key),
    say("erased", get(key)),
    erase(key),
    say_info("dictionary", self(), "dictionary").

dictionary_of_another() ->
    Pid = spawn(fun() -> put(key, [value]), waits() end),
    await_waiting(Pid),
    say_info("its", Pid, "dictionary"),
    say("mine", get(key)).

dictionary_keys() ->
    put(1, integer),
    put(1.0, float),
    say("1", get(1)),
    say("1.0", get(1.0)),
    [put(N, N * N) || N <- lists:seq(2, 300)],
    say("sum", lists:sum([get(N) || N <- lists:seq(2, 300)])).

priorities() ->
    say("first", process_flag(priority, high)),
    say("second", process_flag(priority, low)),
    say("third", process_flag(priority, max)),
    say_info("now", self(), "priority"),
    say("fourth", process_flag(priority, normal)).

priority_of_another() ->
    [begin
         Pid = spawn_opt(fun scenario:waits/0, [{priority, P}]),
         say_info("priority", Pid, "priority")
     end || P <- [low, normal, high, max]].

links_and_monitors() ->
    A = new_waiting(),
    known_as(A, "<a>"),
    B = spawn(fun() -> link(A), monitor(process, A), waits() end),
    known_as(B, "<b>"),
    await_waiting(B),
    [begin say_info("links", P, "links"), say_info("monitors", P, "monitors"),
           say_info("monitored by", P, "monitored_by") end || P <- [A, B]],
    exit(B, normal),
    B ! stop,
    await_end(B),
    say_info("links, b gone", A, "links"),
    say_info("monitored by, b gone", A, "monitored_by").

suspending() ->
    Pid = new_waiting(),
    known_as(Pid, "<child>"),
    erlang:suspend_process(Pid),
    erlang:suspend_process(Pid),
    say_info("twice", self(), "suspending"),
    erlang:resume_process(Pid),
    erlang:resume_process(Pid),
    say_info("none", self(), "suspending").

figures_are_there() ->
    Pid = new_waiting(),
    [begin {Item, N} = process_info(Pid, Item), say(atom_to_list(Item), is_integer(N) andalso N >= 0) end
     || Item <- [reductions, memory, stack_size, heap_size, total_heap_size]].

trap_exit_of_another() ->
    say_info("trapping", new_trapping(), "trap_exit"),
    say_info("not", new_waiting(), "trap_exit").
