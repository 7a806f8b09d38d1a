%% SPDX-License-Identifier: Apache-2.0
%% How processes end and who hears of it; exits.c does the same.
-module(exits).
-export([main/0]).

main() ->
    logger:set_primary_config(level, none),
    {_, Ref} = spawn_monitor(fun scenario/0),
    receive {'DOWN', Ref, process, _, Reason} -> say("scenario", Reason) end.

scenario() ->
    say_ends(),
    say_signals(),
    say_noproc(),
    say_links().

say(What, Term) ->
    io:format("~ts ~0tp~n", [What, Term]).

waits() ->
    receive stop -> ok end.

ends() ->
    [{"returns", fun() -> ok end},
     {"exits_with_tuple", fun() -> exit({some, ["reason", 1.5]}) end},
     {"exits_with_kill", fun() -> exit(kill) end},
     {"throws", fun() -> throw({thrown, 1}) end},
     {"errors", fun() -> error({wrong, 2}) end},
     {"signals_itself",
      fun() -> exit(self(), {to, myself}), exit(unreachable) end},
     {"kills_itself_while_trapping",
      fun() ->
              process_flag(trap_exit, true),
              exit(self(), kill),
              exit(unreachable)
      end},
     {"linked_to_one_that_is_killed",
      fun() -> exit(spawn_link(fun waits/0), kill), waits() end},
     {"linked_to_one_that_exits_with_kill",
      fun() -> spawn_link(fun() -> exit(kill) end), waits() end},
     {"links_to_the_dead",
      fun() ->
              {Pid, Ref} = spawn_monitor(fun() -> ok end),
              receive {'DOWN', Ref, _, _, _} -> ok end,
              link(Pid),
              waits()
      end}].

say_ends() ->
    [begin
         {_, Ref} = spawn_monitor(Fun),
         say_down(Name, Ref)
     end || {Name, Fun} <- ends()].

%% Of {Reason, Stacktrace} only the reason.
say_down(What, Ref) ->
    receive
        {'DOWN', Ref, process, _, {Reason, [T | _]}} when is_tuple(T) -> say(What, Reason);
        {'DOWN', Ref, process, _, {Reason, []}} -> say(What, Reason);
        {'DOWN', Ref, process, _, Reason} -> say(What, Reason)
    end.

say_signals() ->
    {Pid, Ref} = spawn_monitor(fun waits/0),
    exit(Pid, normal),
    say("alive after normal", is_process_alive(Pid)),
    exit(Pid, {first, reason}),
    exit(Pid, {second, reason}),
    say_down("the first reason counts", Ref),
    {Trapping, TrappingRef} =
        spawn_monitor(fun() ->
                              process_flag(trap_exit, true),
                              receive {'EXIT', _, normal} -> exit(got_normal) end
                      end),
    wait_for_trap(Trapping),
    exit(Trapping, normal),
    say_down("trapped normal", TrappingRef).

wait_for_trap(Pid) ->
    case process_info(Pid, trap_exit) of
        {trap_exit, false} -> wait_for_trap(Pid);
        _ -> ok
    end.

say_noproc() ->
    Ref = monitor(process, nobody_has_this_name),
    receive
        {'DOWN', Ref, process, Object, Reason} ->
            say("object", Object),
            say("reason", Reason)
    end.

say_links() ->
    process_flag(trap_exit, true),
    Pid = spawn_link(fun() -> exit({some, ["reason", 1.5]}) end),
    receive {'EXIT', Pid, Reason} -> say("link", Reason) end,
    link(Pid),
    receive {'EXIT', Pid, Dead} -> say("link to the dead", Dead) end.
