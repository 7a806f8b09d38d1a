%% SPDX-License-Identifier: Apache-2.0
%% Applications: what starting and stopping gives back, and in which order things happen; see
%% scenarios_application.c. This module is also the callback module of the applications.
-module(scenarios_application).
-behaviour(application).
-export([start/2, start_phase/3, prep_stop/1, stop/1, config_change/3]).
-export([started_listed_and_stopped/0, twice/0, unloading/0, wrong_specs/0, no_file/0,
         start_fails/0, start_is_no_start/0, dependency_not_started/0, dependency_has_died/0,
         ensuring/0, all_of_a_chain/0, all_rolls_back/0, optional_may_be_missing/0,
         environment/0, set_before_load/0, persistent_environment/0, keys/0, all_keys/0,
         phases/0, phases_of_included/0, phase_fails/0, included_without_phases/0,
         leftovers_are_killed/0, supervisor_ends/0, supervisor_ends_badly/0, belonging/0,
         started_at_once/0, master_killed/0, stop_while_starting/0, permissions/0,
         permit_what_is_not_there/0, changed_configuration/0, callbacks_that_crash/0,
         included_are_loaded/0, code_only/0, started_again/0, set_a_whole_config/0]).
-import(scenario, [say/2, known_as/2, say_next/1, say_mailbox/1, await_end/1, say_caught/2]).

%% the callbacks: {mod, {scenarios_application, What}}

tell(Event) ->
    case whereis(listener) of
        undefined -> ok;
        Pid -> Pid ! Event
    end.

start(Type, {tell, What}) ->
    tell({start, Type, What}),
    start(Type, What);
start(_, {ok, Tag}) ->
    {ok, new_top(Tag)};
start(_, {with_state, Tag}) ->
    {ok, new_top(Tag), {state, Tag}};
start(_, {error, Reason}) -> {error, Reason};
start(_, ignore) -> ignore;
start(_, {exit, Reason}) -> exit(Reason);
start(_, {raise, Reason}) -> error(Reason);
start(_, {throw, Term}) -> throw(Term);
start(_, {slow, Tag}) ->
    receive after 100 -> ok end,
    {ok, new_top(Tag)};
start(_, {env, Tag, Key}) ->
    tell({own, application:get_env(Key), application:get_application()}),
    {ok, new_top(Tag)};
start(_, {leaves, Tag}) ->
    spawn(fun() -> register(left, self()), scenario:waits() end),
    {ok, new_top(Tag)};
start(_, crashing_callbacks) ->
    {ok, new_top(crashing), crash}.

start_phase(Phase, Type, Args) ->
    tell({phase, Phase, Type, Args}),
    case Args of
        fail -> {error, failed};
        crash -> exit(crashed);
        _ -> ok
    end.

prep_stop(crash) -> exit(prep_stop);
prep_stop(State) -> tell({prep_stop, State}), State.

stop(crash) -> exit(stop);
stop(State) -> tell({stop, State}).

config_change(Changed, New, Removed) ->
    tell({config_change, lists:sort(Changed), lists:sort(New), lists:sort(Removed)}),
    ok.

%% what stands for a top supervisor

new_top(Tag) ->
    Self = self(),
    Pid = spawn_link(fun() -> top(Tag, Self) end),
    receive {Pid, ready} -> Pid end.

top(Tag, Parent) ->
    process_flag(trap_exit, true),
    register(Tag, self()),
    Parent ! {self(), ready},
    receive
        {end_with, Reason} -> exit(Reason);
        {'EXIT', Parent, Reason} -> tell({Tag, Reason}), exit(Reason)
    end.

end_top(Tag, Reason) ->
    Pid = whereis(Tag),
    Pid ! {end_with, Reason},
    await_end(Pid).

%% what scenarios use

listen() ->
    register(listener, self()).

load(What, Name, Keys) ->
    say(What, application:load({application, Name, Keys})).

mod(What) ->
    {mod, {?MODULE, What}}.

start_it(Name) ->
    say(Name, application:start(Name)).

stop_it(Name) ->
    say(Name, application:stop(Name)).

say_running(What) ->
    say(What, [A || {A, _, _} = _T <- application:which_applications(),
                    A =/= kernel, A =/= stdlib, A =/= sasl]).

await_not_running(Name) ->
    case lists:keymember(Name, 1, application:which_applications()) of
        true -> erlang:yield(), await_not_running(Name);
        false -> ok
    end.

%% starting and stopping

started_listed_and_stopped() ->
    listen(),
    load("load", s1, [{description, "one"}, {vsn, "1.2"}, mod({tell, {ok, t1}})]),
    start_it(s1),
    say_next("told"),
    say("which", lists:keyfind(s1, 1, application:which_applications())),
    say("loaded", lists:keyfind(s1, 1, application:loaded_applications())),
    stop_it(s1),
    say_mailbox("stopped"),
    say_running("running"),
    say("still loaded", lists:keyfind(s1, 1, application:loaded_applications())).

twice() ->
    load("load", w1, [mod({ok, t1})]),
    load("load again", w1, []),
    start_it(w1),
    start_it(w1),
    stop_it(w1),
    stop_it(w1).

unloading() ->
    load("load", u1, [mod({ok, t1})]),
    start_it(u1),
    say("running", application:unload(u1)),
    stop_it(u1),
    say("unload", application:unload(u1)),
    say("again", application:unload(u1)),
    say("stop", application:stop(u1)).

wrong_specs() ->
    say("name", application:load({application, "x", []})),
    say("keys", application:load({application, x, y})),
    say("mod", application:load({application, x, [{mod, 5}]})),
    say("mod 2", application:load({application, x, [{mod, {5, 6}}]})).

no_file() ->
    say("load", application:load(no_such_application)),
    say("start", application:start(no_such_application)),
    say("ensure", application:ensure_all_started(no_such_application)).

start_fails() ->
    load("load", f1, [mod({error, because})]),
    start_it(f1),
    say_running("running"),
    load("load", f2, [mod({exit, gone})]),
    start_it(f2),
    load("load", f3, [mod({exit, normal})]),
    start_it(f3),
    load("load", f4, [mod({throw, {error, thrown}})]),
    start_it(f4),
    load("load", f5, [mod({throw, ball})]),
    start_it(f5),
    load("load", f6, [mod({raise, wrong})]),
    start_it(f6).

start_is_no_start() ->
    load("load", n1, [mod(ignore)]),
    start_it(n1),
    say_running("running"),
    stop_it(n1).

dependency_not_started() ->
    load("load", d1, [{applications, [kernel, stdlib, d2]}, mod({ok, t1})]),
    start_it(d1),
    load("load", d2, [mod({ok, t2})]),
    start_it(d1),
    start_it(d2),
    start_it(d1),
    stop_it(d1),
    stop_it(d2).

dependency_has_died() ->
    load("load", e2, [mod({ok, t2})]),
    load("load", e1, [{applications, [e2]}, mod({ok, t1})]),
    start_it(e2),
    end_top(t2, shutdown),
    await_not_running(e2),
    start_it(e1),
    stop_it(e2),
    start_it(e1).

ensuring() ->
    load("load", g1, [mod({ok, t1})]),
    say("once", application:ensure_started(g1)),
    say("twice", application:ensure_started(g1)),
    stop_it(g1),
    say("missing", application:ensure_started(no_such_application)).

all_of_a_chain() ->
    load("c1", c1, [{applications, [kernel, c2, c3]}, mod({ok, t1})]),
    load("c2", c2, [{applications, [c4]}, mod({ok, t2})]),
    load("c3", c3, [{applications, [c4, c2]}, mod({ok, t3})]),
    load("c4", c4, [mod({ok, t4})]),
    start_it(c4),
    say("all", application:ensure_all_started(c1)),
    say_running("running"),
    say("again", application:ensure_all_started(c1)),
    [stop_it(C) || C <- [c1, c3, c2, c4]].

all_rolls_back() ->
    load("r1", r1, [{applications, [r2, r3]}, mod({ok, t1})]),
    load("r2", r2, [{applications, [r4]}, mod({ok, t2})]),
    load("r3", r3, [mod({error, no})]),
    load("r4", r4, [mod({ok, t4})]),
    load("r5", r5, [{applications, [r6]}]),
    start_it(r4),
    say("all", application:ensure_all_started(r1)),
    say_running("running"),
    say("no file", application:ensure_all_started(r5)),
    stop_it(r4).

optional_may_be_missing() ->
    load("o1", o1, [{applications, [o2, no_such_application]},
                    {optional_applications, [no_such_application]}, mod({ok, t1})]),
    load("o2", o2, [mod({ok, t2})]),
    say("all", application:ensure_all_started(o1)),
    stop_it(o1),
    stop_it(o2).

%% environment

environment() ->
    listen(),
    load("load", v1, [{env, [{a, 1}, {b, "two"}, {c, [{d, e}]}]}, mod({env, t1, b})]),
    say("a", application:get_env(v1, a)),
    say("none", application:get_env(v1, none)),
    say("nobody", application:get_env(nobody, a)),
    say("all", lists:sort(application:get_all_env(v1))),
    application:set_env(v1, a, {new, 1}),
    application:set_env(v1, z, 26),
    application:unset_env(v1, c),
    say("all", lists:sort(application:get_all_env(v1))),
    start_it(v1),
    say_next("own"),
    say("not ours", application:get_env(a)),
    stop_it(v1),
    say("unload", application:unload(v1)),
    say("all", application:get_all_env(v1)).

set_before_load() ->
    application:set_env(b1, a, early),
    application:set_env(b1, k, kept),
    load("load", b1, [{env, [{a, 1}]}]),
    say("all", lists:sort(application:get_all_env(b1))),
    say("unload", application:unload(b1)),
    say("all", application:get_all_env(b1)).

persistent_environment() ->
    application:set_env(p1, a, mine, [{persistent, true}]),
    application:set_env(p1, b, passing),
    load("load", p1, [{env, [{a, 1}, {b, 2}, {c, 3}]}]),
    say("all", lists:sort(application:get_all_env(p1))),
    application:set_env(p1, c, lasting, [{persistent, true}]),
    say("unload", application:unload(p1)),
    load("load", p1, [{env, [{a, 1}, {b, 2}, {c, 3}]}]),
    say("all", lists:sort(application:get_all_env(p1))),
    application:unset_env(p1, a),
    say("a", application:get_env(p1, a)),
    say("unload", application:unload(p1)),
    load("load", p1, [{env, [{a, 1}]}]),
    say("all", lists:sort(application:get_all_env(p1))),
    application:unset_env(p1, a, [{persistent, true}]),
    say("unload", application:unload(p1)),
    load("load", p1, [{env, [{a, 1}]}]),
    say("a", application:get_env(p1, a)).

set_a_whole_config() ->
    say("set", application:set_env([{q1, [{a, 1}, {b, 2}]}, {q2, [{c, 3}]}])),
    say("q1", lists:sort(application:get_all_env(q1))),
    say("q2", lists:sort(application:get_all_env(q2))),
    say_caught("twice", fun() -> application:set_env([{q1, []}, {q1, []}]) end),
    say_caught("key", fun() -> application:set_env([{q1, [{"a", 1}]}]) end),
    say_caught("pair", fun() -> application:set_env([{q1, [a]}]) end),
    say_caught("list", fun() -> application:set_env([{q1, a}]) end),
    say_caught("name", fun() -> application:set_env([{"q1", []}]) end),
    say_caught("app", fun() -> application:set_env([q1]) end),
    say_caught("two", fun() -> application:set_env([{q1, [{a, 1}, {a, 2}]}]) end).

%% keys

keys() ->
    load("load", k1, [{vsn, "3"}, {maxT, 1000}, {registered, [a, b]}, {unknown, 1},
                      {modules, [m]}]),
    [say(K, application:get_key(k1, K))
     || K <- [description, id, vsn, modules, maxP, maxT, registered, included_applications,
              optional_applications, applications, env, mod, start_phases, unknown]],
    say("nobody", application:get_key(nobody, vsn)).

all_keys() ->
    load("load", k2, [{description, "two"}, {vsn, "2"}, {env, [{a, 1}]}]),
    say("all", application:get_all_key(k2)),
    say("nobody", application:get_all_key(nobody)).

%% phases

phases() ->
    listen(),
    load("load", h1, [mod({tell, {ok, t1}}), {start_phases, [{one, 1}, {two, [2]}]}]),
    start_it(h1),
    say_mailbox("phases"),
    stop_it(h1),
    say_mailbox("stopped").

phases_of_included() ->
    listen(),
    load("i2", i2, [mod({tell, {ok, t2}}), {start_phases, [{two, i2}, {three, i2}]}]),
    load("i3", i3, [{mod, {application_starter, [?MODULE, {ok, t3}]}},
                    {start_phases, [{one, i3}, {three, i3}]},
                    {included_applications, [i4]}]),
    load("i4", i4, [mod({ok, t4}), {start_phases, [{three, i4}]}]),
    load("i1", i1, [{mod, {application_starter, [?MODULE, {ok, t1}]}},
                    {included_applications, [i2, i3]},
                    {start_phases, [{one, i1}, {two, i1}, {three, i1}]}]),
    start_it(i1),
    say_mailbox("phases"),
    say_running("running"),
    stop_it(i1).

phase_fails() ->
    load("load", j1, [mod({ok, t1}), {start_phases, [{one, 1}, {two, fail}, {three, 1}]}]),
    start_it(j1),
    load("load", j2, [mod({ok, t2}), {start_phases, [{one, crash}]}]),
    start_it(j2),
    say_running("running").

included_without_phases() ->
    load("l2", l2, [mod({ok, t2})]),
    load("l1", l1, [{mod, {application_starter, [?MODULE, {ok, t1}]}},
                    {included_applications, [l2]}, {start_phases, [{one, 1}]}]),
    start_it(l1).

included_are_loaded() ->
    load("m3", m3, [{env, [{a, 3}]}]),
    say("unload", application:unload(m3)),
    load("m2", m2, [{included_applications, [m3]}]),
    load("m4", m4, []),
    load("m1", m1, [{included_applications, [m4]}]),
    say("unload", application:unload(m1)),
    say("m4", application:get_key(m4, env)).

%% ends

leftovers_are_killed() ->
    load("load", x1, [mod({leaves, t1})]),
    start_it(x1),
    Left = whereis(left),
    say("belongs", application:get_application(Left)),
    Ref = monitor(process, Left),
    stop_it(x1),
    scenario:say_end("left", Ref).

supervisor_ends() ->
    listen(),
    load("load", y1, [mod({with_state, t1})]),
    start_it(y1),
    end_top(t1, normal),
    await_not_running(y1),
    say_mailbox("ended"),
    stop_it(y1),
    stop_it(y1).

supervisor_ends_badly() ->
    listen(),
    load("load", y2, [mod({with_state, t2})]),
    start_it(y2),
    end_top(t2, {bad, end_of_it}),
    await_not_running(y2),
    say_mailbox("ended"),
    start_it(y2),
    stop_it(y2).

started_again() ->
    load("load", y3, [mod({ok, t3})]),
    start_it(y3),
    stop_it(y3),
    start_it(y3),
    end_top(t3, shutdown),
    await_not_running(y3),
    start_it(y3),
    say_running("running"),
    stop_it(y3).

belonging() ->
    load("load", z1, [mod({ok, t1})]),
    start_it(z1),
    Top = whereis(t1),
    say("top", application:get_application(Top)),
    {group_leader, Leader} = process_info(Top, group_leader),
    say("leader", application:get_application(Leader)),
    say("we", application:get_application()),
    stop_it(z1),
    say("dead", application:get_application(Top)).

started_at_once() ->
    Self = self(),
    load("load", a1, [mod({slow, t1})]),
    [spawn(fun() -> Self ! {start, application:start(a1)} end) || _ <- [1, 2, 3]],
    [say_next("answer") || _ <- [1, 2, 3]],
    start_it(a1),
    stop_it(a1).

master_killed() ->
    load("load", a2, [mod({ok, t1})]),
    start_it(a2),
    Top = whereis(t1),
    {group_leader, Master} = process_info(Top, group_leader),
    Ref = monitor(process, Top),
    exit(Master, kill),
    await_not_running(a2),
    scenario:say_end("top", Ref),
    say_running("running"),
    start_it(a2),
    stop_it(a2).

stop_while_starting() ->
    Self = self(),
    load("load", a3, [mod({slow, t1})]),
    spawn(fun() -> Self ! started_by_another, Self ! {start, application:start(a3)} end),
    say_next("first"),
    receive after 20 -> ok end,
    stop_it(a3),
    say_next("start"),
    stop_it(a3).

permissions() ->
    load("load", b2, [mod({ok, t1})]),
    say("forbid", application:permit(b2, false)),
    start_it(b2),
    say_running("running"),
    say("permit", application:permit(b2, true)),
    say_running("running"),
    say("again", application:permit(b2, true)),
    say("forbid", application:permit(b2, false)),
    say_running("running"),
    say("again", application:permit(b2, false)),
    say("permit", application:permit(b2, true)),
    say_running("running"),
    stop_it(b2).

permit_what_is_not_there() ->
    say("permit", application:permit(no_such_application, true)),
    say("forbid", application:permit(no_such_application, false)),
    load("load", b3, [mod({ok, t1})]),
    say("permit", application:permit(b3, true)),
    say_running("running"),
    start_it(b3),
    stop_it(b3).

changed_configuration() ->
    listen(),
    load("load", g2, [{vsn, "1"}, {env, [{a, 1}, {b, 2}, {c, 3}]}, mod({ok, t1})]),
    start_it(g2),
    Before = application_controller:prep_config_change(),
    say("change", application_controller:change_application_data(
                    [{application, g2, [{vsn, "2"}, {env, [{a, 1}, {b, 5}, {d, 4}]},
                                        mod({ok, t1})]}], [{g2, [{e, 9}]}])),
    say("changed", application_controller:config_change(Before)),
    say_mailbox("told"),
    say("vsn", application:get_key(g2, vsn)),
    say("env", lists:sort(application:get_all_env(g2))),
    stop_it(g2).

callbacks_that_crash() ->
    load("load", g3, [mod(crashing_callbacks)]),
    start_it(g3),
    Ref = monitor(process, whereis(crashing)),
    stop_it(g3),
    scenario:say_end("top", Ref),
    say_running("running").

code_only() ->
    load("load", g4, [{vsn, "4"}]),
    start_it(g4),
    start_it(g4),
    say("which", lists:keyfind(g4, 1, application:which_applications())),
    stop_it(g4),
    stop_it(g4).
