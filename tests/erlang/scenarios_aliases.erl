%% SPDX-License-Identifier: Apache-2.0
%% Aliases, of their own and with monitors; scenarios_aliases.c does the same.
-module(scenarios_aliases).
-import(scenario, [say/2, known_as/2, say_end/2, say_mailbox/1, say_next/1,
                   await_end/1, await_waiting/1, waits/0, new_waiting/0, new_dead/0]).
-export([until_unaliased/0, for_one_reply/0, unaliased_twice/0, no_alias_at_all/0,
         unaliased_by_another/0, of_the_dead/0, used_by_others/0, monitor_explicit/0,
         monitor_demonitor/0, monitor_reply_demonitor/0, after_the_down/0,
         reply_ends_the_monitor/0, with_a_tag/0, on_the_dead/0, explicit_outlives_demonitor/0,
         order_with_pid/0, one_reply_of_many/0]).

until_unaliased() ->
    Alias = alias(),
    Alias ! 1,
    Alias ! 2,
    say("unalias", unalias(Alias)),
    Alias ! 3,
    say_mailbox("mailbox").

for_one_reply() ->
    Alias = alias([reply]),
    Alias ! 1,
    Alias ! 2,
    self() ! by_pid,
    say_mailbox("mailbox"),
    say("unalias", unalias(Alias)).

unaliased_twice() ->
    Alias = alias(),
    say("first", unalias(Alias)),
    say("second", unalias(Alias)),
    Unused = alias([reply]),
    say("unused reply alias", unalias(Unused)).

no_alias_at_all() ->
    Ref = make_ref(),
    Ref ! lost,
    Monitor = monitor(process, self()),
    Monitor ! lost,
    say("unalias", unalias(Ref)),
    say("unalias of a monitor", unalias(Monitor)),
    say_mailbox("mailbox").

unaliased_by_another() ->
    Self = self(),
    Alias = alias(),
    {_, Ref} = spawn_monitor(fun() -> Self ! {other, unalias(Alias)} end),
    say_end("other", Ref),
    Alias ! still_there,
    say_mailbox("mailbox").

of_the_dead() ->
    Self = self(),
    Pid = spawn(fun() -> Self ! {alias, alias()} end),
    receive {alias, Alias} -> ok end,
    await_end(Pid),
    Alias ! lost,
    say("here", still).

used_by_others() ->
    Alias = alias(),
    [await_end(spawn(fun() -> Alias ! {from, N} end)) || N <- [1, 2, 3]],
    unalias(Alias),
    await_end(spawn(fun() -> Alias ! {from, 4} end)),
    say_mailbox("mailbox").

modes(Mode) ->
    Pid = new_waiting(),
    known_as(Pid, "<child>"),
    Ref = monitor(process, Pid, [{alias, Mode}]),
    known_as(Ref, "#Monitor"),
    {Pid, Ref}.

use(Mode) ->
    {_, Ref} = modes(Mode),
    Ref ! 1,
    Ref ! 2,
    say_mailbox("messages"),
    say("demonitor", demonitor(Ref, [info])),
    Ref ! 3,
    say_mailbox("after demonitor"),
    say("unalias", unalias(Ref)),
    Ref ! 4,
    say_mailbox("after unalias").

monitor_explicit() -> use(explicit_unalias).

monitor_demonitor() -> use(demonitor).

monitor_reply_demonitor() -> use(reply_demonitor).

after_the_down() ->
    [begin
         {Pid, Ref} = modes(Mode),
         exit(Pid, gone),
         await_end(Pid),
         Ref ! late,
         say_mailbox(atom_to_list(Mode)),
         say("unalias", unalias(Ref))
     end || Mode <- [explicit_unalias, demonitor, reply_demonitor]].

reply_ends_the_monitor() ->
    {Pid, Ref} = modes(reply_demonitor),
    Ref ! reply,
    say_next("reply"),
    exit(Pid, gone),
    await_end(Pid),
    say_mailbox("mailbox").

with_a_tag() ->
    Pid = new_waiting(),
    known_as(Pid, "<child>"),
    Ref = monitor(process, Pid, [{alias, explicit_unalias}, {tag, tagged}]),
    known_as(Ref, "#Monitor"),
    Ref ! message,
    exit(Pid, gone),
    await_end(Pid),
    say_mailbox("mailbox").

on_the_dead() ->
    Dead = new_dead(),
    known_as(Dead, "<dead>"),
    [begin
         Ref = monitor(process, Dead, [{alias, Mode}]),
         known_as(Ref, "#Monitor"),
         say_next(atom_to_list(Mode)),
         Ref ! after_down,
         say_mailbox("mailbox")
     end || Mode <- [explicit_unalias, demonitor, reply_demonitor]].

explicit_outlives_demonitor() ->
    {Pid, Ref} = modes(explicit_unalias),
    demonitor(Ref),
    exit(Pid, gone),
    await_end(Pid),
    Ref ! message,
    say_mailbox("mailbox").

order_with_pid() ->
    Self = self(),
    register(by_name, Self),
    Alias = alias(),
    await_end(spawn(fun() ->
                            [begin Alias ! {alias, N}, Self ! {pid, N}, by_name ! {name, N} end || N <- [1, 2, 3]]
                    end)),
    say_mailbox("mailbox").

one_reply_of_many() ->
    Alias = alias([reply]),
    Pids = [spawn(fun() -> Alias ! reply end) || _ <- lists:seq(1, 50)],
    [await_end(P) || P <- Pids],
    say_mailbox("mailbox").
