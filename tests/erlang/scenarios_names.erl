%% SPDX-License-Identifier: Apache-2.0
%% Registered names; scenarios_names.c does the same.
-module(scenarios_names).
-import(scenario, [say/2, known_as/2, say_end/2, say_mailbox/1, say_next/1, say_caught/2,
                   say_info/3, await_end/1, await_waiting/1, waits/0,
                   new_waiting/0, new_dead/0]).
-export([register_and_find/0, taken/0, has_a_name/0, undefined_is_no_name/0, of_the_dead/0,
         unregister_nobody/0, again_after_unregister/0, again_after_exit/0, of_another/0,
         unregister_another/0, all_names/0, as_information/0, dies_with_its_process/0,
         race_with_the_end/0, one_of_many/0, names_are_any_atom/0, handed_over/0,
         exiting_has_no_name/0]).

register_and_find() ->
    say("before", whereis(me)),
    register(me, self()),
    say("after", whereis(me)),
    me ! hello,
    say_mailbox("mailbox").

taken() ->
    register(taken, new_waiting()),
    say_caught("again", fun() -> register(taken, self()) end),
    register(mine, self()),
    say_caught("by its owner", fun() -> register(mine, self()) end).

has_a_name() ->
    register(first_name, self()),
    say_caught("second", fun() -> register(second_name, self()) end),
    say("second name", whereis(second_name)),
    say_info("name", self(), "registered_name").

undefined_is_no_name() ->
    Undefined = hd([undefined | registered()]),
    say_caught("register", fun() -> register(Undefined, self()) end),
    say_caught("unregister", fun() -> unregister(Undefined) end),
    say("whereis", whereis(undefined)).

of_the_dead() ->
    Dead = new_dead(),
    say_caught("register", fun() -> register(of_the_dead, Dead) end),
    say("whereis", whereis(of_the_dead)).

unregister_nobody() ->
    say_caught("unregister", fun() -> unregister(nobody_has_this_name) end).

again_after_unregister() ->
    register(moving, self()),
    unregister(moving),
    say("between", whereis(moving)),
    Pid = new_waiting(),
    known_as(Pid, "<child>"),
    register(moving, Pid),
    say("after", whereis(moving)),
    register(other_name, self()),
    say_info("name", self(), "registered_name").

again_after_exit() ->
    [begin
         Pid = new_waiting(),
         register(again, Pid),
         exit(Pid, kill),
         await_end(Pid),
         say("free", whereis(again))
     end || _ <- lists:seq(1, 20)].

of_another() ->
    Pid = new_waiting(),
    known_as(Pid, "<child>"),
    register(of_another, Pid),
    say("whereis", whereis(of_another)),
    of_another ! stop,
    await_end(Pid),
    say("after its end", whereis(of_another)).

unregister_another() ->
    Pid = new_waiting(),
    register(of_another, Pid),
    unregister(of_another),
    say("whereis", whereis(of_another)),
    say("alive", is_process_alive(Pid)),
    say_info("name", Pid, "registered_name").

all_names() ->
    register(in_the_list, self()),
    say("there", lists:member(in_the_list, registered())),
    unregister(in_the_list),
    say("gone", lists:member(in_the_list, registered())).

as_information() ->
    say_info("none", self(), "registered_name"),
    say("none, in a list", process_info(self(), [registered_name])),
    register(named, self()),
    say_info("named", self(), "registered_name"),
    say("named, in a list", process_info(self(), [registered_name])).

dies_with_its_process() ->
    Self = self(),
    {_, Ref} = spawn_monitor(fun() -> register(short, self()), Self ! {is, whereis(short) =:= self()} end),
    say_end("reason", Ref),
    say_mailbox("mailbox"),
    say("whereis", whereis(short)),
    say_caught("send", fun() -> short ! hello end).

race_with_the_end() ->
    say("dangling", length([raced || _ <- lists:seq(1, 300), race() =/= undefined])).

race() ->
    Pid = spawn(fun() -> ok end),
    catch register(racing, Pid),
    await_end(Pid),
    whereis(racing).

one_of_many() ->
    Self = self(),
    Pids = [spawn(fun() ->
                          Won = try register(wanted_by_all, self()) catch error:badarg -> false end,
                          Self ! {won, Won},
                          waits()
                  end) || _ <- lists:seq(1, 20)],
    Won = [receive {won, W} -> W end || _ <- Pids],
    say("winners", length([W || W <- Won, W])).

names_are_any_atom() ->
    register('', self()),
    say("empty", whereis('')),
    unregister(''),
    register('Ein Name mit Umlaut ü', self()),
    say("long", whereis('Ein Name mit Umlaut ü')),
    'Ein Name mit Umlaut ü' ! hello,
    say_mailbox("mailbox").

handed_over() ->
    Self = self(),
    register(baton, Self),
    Pid = spawn(fun() -> unregister(baton), register(baton, self()), Self ! done, waits() end),
    known_as(Pid, "<child>"),
    say_next("next"),
    say("whereis", whereis(baton)),
    say_info("mine", Self, "registered_name").

exiting_has_no_name() ->
    process_flag(trap_exit, true),
    Pid = spawn_link(fun() -> register(seen_at_exit, self()), exit(gone) end),
    receive {'EXIT', Pid, gone} -> say("whereis", whereis(seen_at_exit)) end.
