%% SPDX-License-Identifier: Apache-2.0
%% What scenario.h says, for Erlang; and main/0, which runs `Module Scenario...` from the
%% command line.
-module(scenario).
-export([main/0]).
-export([say/2, known_as/2, say_caught/2, say_end/2, say_mailbox/1, say_next/1, say_info/3,
         await_end/1, await_waiting/1]).
-export([waits/0, waits_trapping/0, listens/1, ends_as_told/0,
         new_waiting/0, new_trapping/0, new_listener/0, new_dead/0]).

%% names

known_as(What, Text) ->
    ets:insert(?MODULE, {What, list_to_atom(Text)}).

name_of(What) ->
    case ets:lookup(?MODULE, What) of
        [{_, Name}] -> Name;
        [] when is_pid(What) -> '<pid>';
        [] -> '#Ref'
    end.

%% terms without what differs from run to run

plain(T) when is_pid(T); is_reference(T) -> name_of(T);
plain([{M, F, A, L} | _])
  when is_atom(M), is_atom(F), is_list(L), is_integer(A) orelse is_list(A) -> trace;
plain([H | T]) -> [plain(H) | plain(T)];
plain(T) when is_tuple(T) -> list_to_tuple([plain(E) || E <- tuple_to_list(T)]);
plain(T) when is_map(T) -> maps:from_list([{plain(K), plain(V)} || {K, V} <- maps:to_list(T)]);
plain(T) -> T.

%% saying

say(What, Term) ->
    io:format(user, "~ts: ~0tp~n", [What, plain(Term)]).

say_caught(What, Fun) ->
    try Fun() of
        _ -> say(What, returned)
    catch
        Class:Reason -> say(What, {Class, Reason})
    end.

say_end(What, Monitor) ->
    receive {'DOWN', Monitor, process, _, Reason} -> say(What, Reason) end.

say_mailbox(What) ->
    say(What, mailbox()).

mailbox() ->
    receive Message -> [Message | mailbox()] after 0 -> [] end.

say_next(What) ->
    receive Message -> say(What, Message) after 2000 -> say(What, timeout) end.

say_info(What, Pid, Item) ->
    case process_info(Pid, list_to_atom(Item)) of
        {_, Value} -> say(What, Value);
        Other -> say(What, Other)
    end.

%% waiting for others

await_end(Pid) ->
    Ref = monitor(process, Pid),
    receive {'DOWN', Ref, _, _, _} -> ok end.

await_waiting(Pid) ->
    case process_info(Pid, status) of
        {status, waiting} -> ok;
        undefined -> ok;
        _ -> erlang:yield(), await_waiting(Pid)
    end.

%% processes to try things with

waits() ->
    receive stop -> ok end.

waits_trapping() ->
    process_flag(trap_exit, true),
    waits().

listens(To) ->
    process_flag(trap_exit, true),
    listen(To).

listen(To) ->
    receive
        stop -> ok;
        Message -> To ! {heard, Message}, listen(To)
    end.

ends_as_told() ->
    receive {end_with, Reason} -> exit(Reason) end.

new(Fun) ->
    Pid = spawn(Fun),
    await_waiting(Pid),
    Pid.

new_waiting() -> new(fun waits/0).

new_trapping() -> new(fun waits_trapping/0).

new_listener() -> Self = self(), new(fun() -> listens(Self) end).

new_dead() ->
    Pid = spawn(fun() -> ok end),
    await_end(Pid),
    Pid.

%% running

main() ->
    [Module | Names] = [list_to_atom(A) || A <- init:get_plain_arguments()],
    logger:set_primary_config(level, none),
    io:setopts(user, [{encoding, unicode}]),
    ets:new(?MODULE, [named_table, public]),
    [run(Module, Name) || Name <- Names],
    [io:format(user, "== ~ts~nonly on Erlang~n", [F])
     || {F, 0} <- Module:module_info(exports), F =/= module_info, not lists:member(F, Names)].

run(Module, Name) ->
    Before = processes(),
    ets:delete_all_objects(?MODULE),
    io:format(user, "== ~ts~n", [Name]),
    {Pid, Ref} = spawn_monitor(fun() -> known_as(self(), "<scenario>"), Module:Name() end),
    receive
        {'DOWN', Ref, process, Pid, normal} -> ok;
        {'DOWN', Ref, process, Pid, Reason} -> say("ended", Reason)
    after 20000 -> io:format(user, "hangs~n", [])
    end,
    [begin exit(P, kill), await_end(P) end || P <- processes() -- Before].
