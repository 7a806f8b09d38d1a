%% SPDX-License-Identifier: Apache-2.0
%% sys: to look into a gen_server, to hold it, to change it; scenarios_sys.c does the same.
%% The server is that of scenarios_gen_server.erl.
-module(scenarios_sys).
-import(scenario, [say/2, known_as/2, say_end/2, say_mailbox/1, say_next/1, say_caught/2,
                   new_waiting/0, new_dead/0]).
-export([suspending/0, what_timed_out_is_done_later/0, parents_end_what_is_suspended/0,
         terminating/0, requests_that_fail/0, requests_that_are_none/0, states/0,
         replacements_that_crash/0, changing_code/0, statuses/0, logs/0,
         continues_are_logged/0, statistics/0, functions_of_ones_own/0, files/0]).

new_told() ->
    {ok, Pid} = gen_server:start(scenarios_gen_server, {self(), ok}, []),
    known_as(Pid, "<server>"),
    Pid.

new_told(Name) ->
    {ok, Pid} = gen_server:start({local, Name}, scenarios_gen_server, {self(), ok}, []),
    known_as(Pid, "<server>"),
    Pid.

cast(To, What) -> gen_server:cast(To, What).

log_of(Pid) -> {ok, Events} = sys:log(Pid, get), Events.

%% -- holding --

suspending() ->
    Pid = new_told(),
    say("suspend", sys:suspend(Pid)),
    say("again", sys:suspend(Pid)),
    cast(Pid, one),
    Pid ! two,
    cast(Pid, three),
    say("state", sys:get_state(Pid)),
    say_mailbox("nothing"),
    say("resume", sys:resume(Pid)),
    say_next("told"),
    say_next("told"),
    say_next("told"),
    say("again", sys:resume(Pid)),
    say_mailbox("nothing more").

what_timed_out_is_done_later() ->
    Pid = new_told(),
    sys:suspend(Pid),
    say_caught("call", fun() ->
        gen_server:call(Pid, {do, {tell, done, {reply, late}}}, 20) end),
    sys:resume(Pid),
    say_next("told"),
    say("state", sys:get_state(Pid)),
    say_mailbox("mailbox").

parents_end_what_is_suspended() ->
    Self = self(),
    Parent = spawn(fun() ->
        {ok, Child} = gen_server:start_link(scenarios_gen_server, {Self, {trap, ok}}, []),
        Self ! {child, Child},
        receive finish -> exit(parents_end) end
    end),
    Pid = receive {child, P} -> P end,
    Ref = monitor(process, Pid),
    sys:suspend(Pid),
    cast(Pid, never),
    Parent ! finish,
    say_next("told"),
    say_end("end", Ref),
    say_mailbox("rest").

terminating() ->
    One = new_told(),
    OneRef = monitor(process, One),
    say("terminate", sys:terminate(One, {shutdown, asked})),
    say_next("told"),
    say_end("end", OneRef),
    Two = new_told(),
    TwoRef = monitor(process, Two),
    sys:suspend(Two),
    cast(Two, never),
    say("suspended", sys:terminate(Two, asked)),
    say_next("told"),
    say_end("end", TwoRef),
    say_mailbox("rest").

%% -- requests that fail --

requests_that_fail() ->
    Dead = new_dead(),
    known_as(Dead, "<dead>"),
    say_caught("nobody", fun() -> sys:suspend(nobody) end),
    say_caught("the dead", fun() -> sys:resume(Dead, 100) end),
    say_caught("the dead", fun() -> sys:terminate(Dead, why) end),
    say_caught("oneself", fun() -> sys:get_state(self()) end),
    Deaf = new_waiting(),
    known_as(Deaf, "<deaf>"),
    say_caught("log", fun() -> sys:log(Deaf, {true, 3}, 20) end),
    say_caught("trace", fun() -> sys:trace(Deaf, true, 20) end),
    say_caught("status", fun() -> sys:get_status(Deaf, 20) end),
    say_caught("code", fun() -> sys:change_code(Deaf, m, 1, {some, extra}, 20) end),
    say_caught("no debug", fun() -> sys:no_debug(Deaf, 20) end),
    Ending = spawn(fun() -> receive {system, _, _} -> exit(instead) end end),
    known_as(Ending, "<ending>"),
    say_caught("one that ends", fun() -> sys:terminate(Ending, why) end),
    say_mailbox("mailbox").

requests_that_are_none() ->
    Pid = new_told(),
    Ref = make_ref(),
    known_as(Ref, "#request"),
    Pid ! {system, {self(), Ref}, nonsense},
    say_next("answer"),
    Pid ! {system, {self(), Ref}, {debug, nonsense}},
    say_next("answer"),
    Pid ! {system, {self(), Ref}, {debug, {log, {true, 0}}}},
    say_next("answer"),
    Pid ! {system, {self(), Ref}, get_state},
    say_next("answer").

%% -- state and code --

states() ->
    Pid = new_told(stated),
    cast(Pid, {do, {add, 5}}),
    say("state", sys:get_state(Pid)),
    say("by name", sys:get_state(stated)),
    say("replaced", sys:replace_state(Pid, fun(_) -> #{value => 12} end)),
    say("state", sys:get_state(Pid)),
    sys:suspend(Pid),
    say("replaced", sys:replace_state(Pid, fun(_) -> #{value => 13} end)),
    sys:resume(Pid),
    say("state", sys:get_state(Pid)).

replacements_that_crash() ->
    Pid = new_told(),
    say_caught("error", fun() -> sys:replace_state(Pid, fun(_) -> error(on_purpose) end) end),
    say_caught("exit", fun() -> sys:replace_state(Pid, fun(_) -> exit(on_purpose) end) end),
    say_caught("throw", fun() -> sys:replace_state(Pid, fun(_) -> throw(on_purpose) end) end),
    say("state", sys:get_state(Pid)).

changing_code() ->
    Pid = new_told(),
    say("running", sys:change_code(Pid, told, 1, {add, 3})),
    sys:suspend(Pid),
    say("suspended", sys:change_code(Pid, told, 1, {add, 3})),
    say("state", sys:get_state(Pid)),
    say("refused", sys:change_code(Pid, told, 1, {stop, not_now})),
    say("thrown", sys:change_code(Pid, told, 1, {throw, not_now})),
    say("exit", sys:change_code(Pid, told, 1, {exit, crash})),
    say("error", sys:change_code(Pid, told, 1, {error, crash})),
    say("state", sys:get_state(Pid)),
    cast(Pid, still_here),
    say_mailbox("still suspended"),
    sys:resume(Pid),
    say_next("told").

statuses() ->
    Pid = new_told(seen),
    [begin
         {status, _, Module, [_, State, _, Debug, Misc]} = sys:get_status(Pid),
         say("module", Module),
         say("state", State),
         say("debug", Debug),
         say("misc", Misc),
         sys:suspend(Pid)
     end || _ <- [1, 2]].

%% -- watching --

logs() ->
    Pid = new_told(),
    say("off", log_of(Pid)),
    say("on", sys:log(Pid, {true, 4})),
    cast(Pid, {do, {add, 1}}),
    cast(Pid, {do, {add, 2}}),
    Pid ! {do, {add, 3}},
    say("last four", log_of(Pid)),
    say("call", gen_server:call(Pid, {do, get})),
    say("last four", log_of(Pid)),
    cast(Pid, {do, {noreply, {timeout, 1}}}),
    say_next("told"),
    say("timeout", log_of(Pid)),
    say("off", sys:log(Pid, false)),
    say("off", log_of(Pid)).

continues_are_logged() ->
    Pid = new_told(),
    sys:log(Pid, {true, 10}),
    cast(Pid, {do, {noreply, {continue, on}}}),
    say_next("told"),
    cast(Pid, {do, {throw_next, {add, 1}}}),
    say("log", log_of(Pid)).

statistics() ->
    Pid = new_told(),
    Get = fun() -> {ok, Result} = sys:statistics(Pid, get), Result end,
    say("off", Get()),
    say("on", sys:statistics(Pid, true)),
    cast(Pid, {do, {add, 1}}),
    Pid ! {do, {add, 1}},
    say("call", gen_server:call(Pid, {do, get})),
    [_, _, _, In, Out] = Get(),
    say("in", In),
    say("out", Out),
    say("off", sys:statistics(Pid, false)),
    say("off", Get()).

tells({To, N}, Event, _) ->
    To ! {event, N, Event},
    case Event of
        {in, {'$gen_cast', done}} -> done;
        {in, {'$gen_cast', crash}} -> error(crash);
        {in, {'$gen_cast', jump}} -> throw({To, 100});
        _ -> {To, N + 1}
    end.

functions_of_ones_own() ->
    Pid = new_told(),
    Mine = fun(N) -> {mine, fun tells/3, {self(), N}} end,
    [begin
         say("install", sys:install(Pid, Mine(0))),
         cast(Pid, {do, {add, 1}}),
         cast(Pid, jump),
         cast(Pid, Last),
         cast(Pid, unseen),
         timer:sleep(50),
         say_mailbox(atom_to_list(Last))
     end || Last <- [done, crash]],
    say("install", sys:install(Pid, Mine(0))),
    say("again", sys:install(Pid, Mine(50))),
    Pid ! {do, {add, 1}},
    say("remove", sys:remove(Pid, mine)),
    Pid ! {do, {add, 1}},
    say("remove", sys:remove(Pid, mine)),
    say_mailbox("removed"),
    say("install", sys:install(Pid, Mine(0))),
    say("no debug", sys:no_debug(Pid)),
    Pid ! {do, {add, 1}},
    say("state", sys:get_state(Pid)),
    say_mailbox("off").

files() ->
    Pid = new_told(),
    say("no such folder", sys:log_to_file(Pid, "/no/such/folder/file")),
    say("off", sys:log_to_file(Pid, false)),
    say("state", sys:get_state(Pid)).
