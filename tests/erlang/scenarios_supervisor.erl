%% SPDX-License-Identifier: Apache-2.0
%% Supervisors: what they start, stop, answer and end with; scenarios_supervisor.c does the same.
-module(scenarios_supervisor).
-behaviour(supervisor).
-import(scenario, [say/2, known_as/2, say_end/2, say_mailbox/1, say_next/1, await_end/1]).
-export([init/1]).
-export([starts_and_stops/0, a_start_that_fails/0, init_that_does_not/0, wrong_specs/0,
         wrong_specs_of_start_child/0, checks/0, defaults/0, answers/0, failures_of_start_child/0,
         extra_and_ignore/0, order_of_children/0, one_for_one/0, one_for_all/0, rest_for_one/0,
         temporary_sibling/0, restart_types/0, intensity_of_two/0, intensity_of_none/0,
         restart_that_fails/0, restarting_child/0, group_restart_that_fails/0, dynamic_answers/0,
         dynamic_restart/0, dynamic_failures/0, dynamic_escalation/0, stops_in_time/0,
         bad_end_of_children/0, any_significant/0, all_significant/0, significant_by_the_way/0,
         parents_reason/0, strange_messages/0, unknown_call/0, killed_supervisor/0, tree/0,
         already_started_by_name/0, state_after_terminate/0, not_there/0]).

%% the supervisor

init(ignore) -> ignore;
init(crash) -> exit(crashed);
init({Strategy, Intensity, Period, Limit, Specs}) ->
    {ok, {#{strategy => Strategy, intensity => Intensity, period => Period,
            auto_shutdown => Limit}, Specs}}.

start(Args) ->
    catch register(heard, self()),
    process_flag(trap_exit, true),
    supervisor:start_link(?MODULE, Args).

sup(Args) ->
    {ok, Sup} = start(Args),
    known_as(Sup, "<sup>"),
    Sup.

ask(What, Sup, Request) -> say(What, gen_server:call(Sup, Request, infinity)).

child(Sup, Id) ->
    {_, Pid, _, _} = lists:keyfind(Id, 1, supervisor:which_children(Sup)),
    Pid.

end_pid(Pid, Reason) ->
    Ref = monitor(process, Pid),
    Pid ! {end_with, Reason},
    receive {'DOWN', Ref, _, _, _} -> ok end.

end_child(Sup, Id, Reason) -> end_pid(child(Sup, Id), Reason).

say_nexts(0) -> ok;
say_nexts(N) -> say_next("next"), say_nexts(N - 1).

stop(Sup, Reason) ->
    exit(Sup, Reason),
    say_until_gone(Sup).

say_until_gone(Sup) ->
    receive
        {'EXIT', Sup, _} = Message -> say("at last", Message);
        Message -> say("then", Message), say_until_gone(Sup)
    after 2000 -> say("then", timeout)
    end.

c(Id) -> #{id => Id, start => {supervised, tells, [Id]}}.
c(Id, More) -> maps:merge(c(Id), More).
w(Id, Restart) -> #{id => Id, start => {supervised, waits, []}, restart => Restart}.

%% scenarios

starts_and_stops() ->
    Sup = sup({one_for_one, 1, 5, never, [c(a), c(b), c(c)]}),
    say_nexts(3),
    ask("children", Sup, which_children),
    ask("count", Sup, count_children),
    stop(Sup, shutdown).

a_start_that_fails() ->
    say("start", start({one_for_one, 1, 5, never,
                        [c(a), c(b), #{id => f, start => {supervised, fails, [no]}}, c(d)]})),
    say_nexts(4),
    say("start", start({one_for_one, 1, 5, never,
                        [#{id => f, start => {supervised, exits, [gone]}}]})),
    say("start", start({one_for_one, 1, 5, never,
                        [#{id => f, start => {supervised, throws, [odd]}}]})).

init_that_does_not() ->
    say("ignore", start(ignore)),
    say("crash", start(crash)).

wrong_specs() ->
    [say("start", start({one_for_one, 1, 5, never, Specs})) ||
        Specs <- [[#{id => a}], [#{start => {m, f, []}}], [c(a), c(b), c(a)], [a],
                  [c(a, #{significant => true, restart => temporary})]]],
    say("start", start({one_for_one, 1, 5, any_significant, [c(a, #{significant => true})]})),
    say("start", start({simple_one_for_one, 1, 5, never, []})),
    say("start", start({simple_one_for_one, 1, 5, never, [c(a), c(b)]})),
    say("start", start({one_for_one, -2, 5, never, []})),
    say("start", start({one_for_one, 1, -5, never, []})).

bad_specs() ->
    [a, #{}, {a, b, c},
     #{id => a, start => {m, f}}, #{id => a, start => {m, f, x}}, #{id => a, start => {1, f, []}},
     #{id => b, start => {m, f, [x | y]}},
     c(a, #{restart => often}), c(a, #{type => boss}), c(a, #{shutdown => soon}),
     c(a, #{shutdown => -1}), c(a, #{modules => m}), c(a, #{modules => [{m}]}),
     c(a, #{significant => maybe}), c(a, #{significant => true}),
     c(a, #{significant => true, restart => transient}),
     {a, {m, f, []}, permanent, 1, worker, {}}, {a, {m, f, []}, always, 1, worker, []}].

wrong_specs_of_start_child() ->
    Sup = sup({one_for_one, 1, 5, never, []}),
    [ask("start_child", Sup, {start_child, Spec}) || Spec <- bad_specs()],
    ask("children", Sup, which_children).

checks() ->
    [say("check", supervisor:check_childspecs([Spec])) || Spec <- bad_specs()],
    [say("check", supervisor:check_childspecs([Spec], never)) || Spec <- bad_specs()],
    say("check", supervisor:check_childspecs([])),
    say("check", supervisor:check_childspecs(a)),
    say("check", supervisor:check_childspecs([c(a), c(b)])),
    say("check", supervisor:check_childspecs([c(a), c(a)])),
    say("check", supervisor:check_childspecs([c(a)], sometimes)).

defaults() ->
    Sup = sup({one_for_one, 1, 5, never,
               [c(a), c(b, #{type => supervisor, other => x}),
                {c, {supervised, tells, [c]}, transient, brutal_kill, worker, dynamic},
                c(d, #{restart => temporary, shutdown => infinity})]}),
    say_nexts(4),
    [ask("spec", Sup, {get_childspec, Id}) || Id <- [a, b, c, d, e]],
    ask("start_child", Sup, {start_child, c(t, #{restart => temporary})}),
    ask("spec", Sup, {get_childspec, t}),
    ask("children", Sup, which_children).

answers() ->
    Sup = sup({one_for_one, 1, 5, never, []}),
    [ask("start", Sup, {start_child, c(a)}) || _ <- [1, 2]],
    ask("restart", Sup, {restart_child, a}),
    ask("delete", Sup, {delete_child, a}),
    [ask("terminate", Sup, {terminate_child, a}) || _ <- [1, 2]],
    ask("start", Sup, {start_child, c(a)}),
    ask("restart", Sup, {restart_child, a}),
    ask("terminate", Sup, {terminate_child, a}),
    ask("delete", Sup, {delete_child, a}),
    [ask("none", Sup, {Ask, a}) ||
        Ask <- [terminate_child, restart_child, delete_child, get_childspec]],
    ask("by pid", Sup, {terminate_child, self()}),
    say_mailbox("told").

failures_of_start_child() ->
    Sup = sup({one_for_one, 1, 5, never, []}),
    [ask("start", Sup, {start_child, #{id => f, start => {supervised, F, [A]}}}) ||
        {F, A} <- [{fails, no}, {fails, {a, "reason"}}, {exits, gone}, {throws, odd},
                   {throws, {error, thrown}}, {throws, ignore}]],
    ask("tuple", Sup, {start_child, {g, {supervised, fails, [no]}, transient, 7, supervisor,
                                     dynamic}}),
    ask("children", Sup, which_children).

extra_and_ignore() ->
    Sup = sup({one_for_one, 1, 5, never,
               [#{id => a, start => {supervised, with_info, [one]}},
                #{id => b, start => {supervised, ignores, []}},
                #{id => t, start => {supervised, ignores, []}, restart => temporary}]}),
    ask("children", Sup, which_children),
    ask("count", Sup, count_children),
    ask("start", Sup, {start_child, #{id => c, start => {supervised, with_info, [two]}}}),
    ask("start", Sup, {start_child, #{id => d, start => {supervised, ignores, []}}}),
    ask("start", Sup, {start_child, #{id => u, start => {supervised, ignores, []},
                                      restart => temporary}}),
    ask("terminate", Sup, {terminate_child, c}),
    ask("restart", Sup, {restart_child, c}),
    ask("restart", Sup, {restart_child, b}),
    ask("delete", Sup, {delete_child, b}),
    ask("children", Sup, which_children).

order_of_children() ->
    Sup = sup({one_for_one, 5, 5, never, [c(a), c(b)]}),
    say_nexts(2),
    ask("start", Sup, {start_child, c(c)}),
    say_nexts(1),
    end_child(Sup, b, boom),
    say_nexts(1),
    ask("terminate", Sup, {terminate_child, a}),
    ask("restart", Sup, {restart_child, a}),
    ask("children", Sup, which_children),
    say_mailbox("told"),
    stop(Sup, shutdown).

crash_of_b(Strategy) ->
    Sup = sup({Strategy, 2, 60, never, [c(a), c(b), c(c), c(d)]}),
    say_nexts(4),
    end_child(Sup, b, boom),
    Sup.

one_for_one() ->
    Sup = crash_of_b(one_for_one),
    say_nexts(1),
    stop(Sup, shutdown).

one_for_all() ->
    Sup = crash_of_b(one_for_all),
    say_nexts(7),
    stop(Sup, shutdown).

rest_for_one() ->
    Sup = crash_of_b(rest_for_one),
    say_nexts(5),
    stop(Sup, shutdown).

temporary_sibling() ->
    Sup = sup({one_for_all, 2, 60, never,
               [c(t, #{restart => temporary}), c(a), c(u, #{restart => temporary})]}),
    say_nexts(3),
    end_child(Sup, a, boom),
    say_nexts(3),
    ask("children", Sup, which_children),
    stop(Sup, shutdown).

restart_types() ->
    [begin
         Sup = sup({one_for_one, 2, 60, never, [c(a, #{restart => Restart}), c(b)]}),
         say_nexts(2),
         say("ends", {Restart, Reason}),
         end_child(Sup, a, Reason),
         say_next_in("then", 20),
         ask("children", Sup, which_children),
         stop(Sup, shutdown)
     end || Restart <- [permanent, transient, temporary],
            Reason <- [normal, shutdown, {shutdown, x}, boom]].

say_next_in(What, Ms) ->
    receive Message -> say(What, Message) after Ms -> say(What, nothing) end.

intensity_of_two() ->
    Sup = sup({one_for_one, 2, 3600, never, [c(a), c(b)]}),
    say_nexts(2),
    [begin end_child(Sup, b, boom), say_nexts(1) end || _ <- [1, 2]],
    end_child(Sup, b, boom),
    say_nexts(2).

intensity_of_none() ->
    Sup = sup({one_for_all, 0, 3600, never, [c(a), c(b)]}),
    say_nexts(2),
    end_child(Sup, a, normal),
    say_nexts(2).

fail() -> register(fail, spawn(fun() -> receive stop -> ok end end)).
do_not_fail() -> exit(whereis(fail), kill), await_gone(fail).
await_gone(Name) ->
    case whereis(Name) of
        undefined -> ok;
        _ -> erlang:yield(), await_gone(Name)
    end.

restart_that_fails() ->
    Sup = sup({one_for_one, 3, 3600, never,
               [#{id => f, start => {supervised, flaky, [f, fail]}}, c(a)]}),
    say_nexts(2),
    fail(),
    end_child(Sup, f, boom),
    say_nexts(5),
    do_not_fail().

restarting_child() ->
    Sup = sup({one_for_one, 100000000, 3600, never,
               [#{id => f, start => {supervised, flaky, [f, fail]}}, c(a)]}),
    say_nexts(2),
    fail(),
    end_child(Sup, f, boom),
    say_nexts(2),
    ask("children", Sup, which_children),
    ask("count", Sup, count_children),
    ask("restart", Sup, {restart_child, f}),
    ask("delete", Sup, {delete_child, f}),
    ask("start", Sup, {start_child, c(f)}),
    ask("terminate", Sup, {terminate_child, f}),
    ask("children", Sup, which_children),
    ask("restart", Sup, {restart_child, f}),
    do_not_fail(),
    flush_tried(),
    ask("restart", Sup, {restart_child, f}),
    flush_tried(),
    stop(Sup, shutdown).

flush_tried() -> receive {tried, _} -> flush_tried() after 0 -> ok end.

group_restart_that_fails() ->
    [begin
         Sup = sup({Strategy, 1, 3600, never,
                    [c(a), #{id => f, start => {supervised, flaky, [f, fail]}}, c(b)]}),
         say_nexts(3),
         fail(),
         end_child(Sup, a, boom),
         say_until_gone(Sup),
         do_not_fail()
     end || Strategy <- [one_for_all, rest_for_one]].

dynamic_answers() ->
    Sup = sup({simple_one_for_one, 1, 5, never, [#{id => a, start => {supervised, waits, []}}]}),
    ask("children", Sup, which_children),
    {ok, A} = supervisor:start_child(Sup, []),
    known_as(A, "<a>"),
    ask("children", Sup, which_children),
    ask("count", Sup, count_children),
    [ask("by id", Sup, {Ask, a}) ||
        Ask <- [terminate_child, restart_child, delete_child, get_childspec]],
    ask("spec", Sup, {get_childspec, A}),
    ask("spec", Sup, {get_childspec, self()}),
    ask("terminate", Sup, {terminate_child, A}),
    ask("terminate", Sup, {terminate_child, A}),
    ask("terminate", Sup, {terminate_child, self()}),
    ask("count", Sup, count_children),
    stop(Sup, shutdown).

dynamic_restart() ->
    Sup = sup({simple_one_for_one, 1, 3600, never,
               [#{id => a, start => {supervised, tells, [first]}}]}),
    {ok, Pid} = supervisor:start_child(Sup, [second]),
    say_nexts(1),
    end_pid(Pid, boom),
    say_nexts(1),
    ask("count", Sup, count_children),
    stop(Sup, shutdown).

dynamic_failures() ->
    [begin
         Sup = sup({simple_one_for_one, 1, 5, never,
                    [#{id => a, start => {supervised, F, []}}]}),
         ask("start", Sup, {start_child, Args}),
         ask("count", Sup, count_children)
     end || {F, Args} <- [{fails, [no]}, {exits, [gone]}, {throws, [odd]}, {ignores, []},
                          {with_info, [x]}]].

dynamic_escalation() ->
    Sup = sup({simple_one_for_one, 0, 3600, never, [#{id => a, start => {supervised, waits, []}}]}),
    {ok, A} = supervisor:start_child(Sup, []),
    {ok, B} = supervisor:start_child(Sup, []),
    Ref = monitor(process, B),
    end_pid(A, normal),
    say_end("the other", Ref),
    say_nexts(1).

stops_in_time() ->
    Sup = sup({one_for_one, 1, 5, never,
               [#{id => K, start => {supervised, F, []}, shutdown => S} ||
                   {K, F, S} <- [{a, waits, 1000}, {b, waits, brutal_kill}, {c, deaf, 10},
                                 {d, deaf, 0}, {e, deaf, brutal_kill}, {f, waits, infinity}]]}),
    Refs = [{Id, monitor(process, child(Sup, Id))} || Id <- [a, b, c, d, e, f]],
    exit(Sup, shutdown),
    [begin say("of", Id), say_end("end", Ref) end || {Id, Ref} <- Refs].

bad_end_of_children() ->
    [begin
         Sup = sup({Strategy, 1, 5, never,
                    [#{id => a, start => {supervised, bad_end, [{bad, end_}]}}]}),
         [{ok, _} = supervisor:start_child(Sup, []) || Strategy =:= simple_one_for_one],
         stop(Sup, shutdown)
     end || Strategy <- [one_for_one, simple_one_for_one]].

s(Id, Restart) -> (w(Id, Restart))#{significant => true}.

any_significant() ->
    [begin
         Sup = sup({one_for_one, 5, 60, any_significant, [s(a, Restart), w(b, permanent)]}),
         end_child(Sup, a, Reason),
         say("sup ends", {Restart, Reason}),
         say_next_in("next", 50),
         exit(Sup, kill),
         await_end(Sup),
         flush()
     end || Restart <- [transient, temporary], Reason <- [normal, {shutdown, x}, boom]].

flush() -> receive _ -> flush() after 0 -> ok end.

all_significant() ->
    Sup = sup({one_for_one, 5, 60, all_significant,
               [s(a, temporary), s(b, transient), w(c, permanent)]}),
    end_child(Sup, a, boom),
    ask("children", Sup, which_children),
    end_child(Sup, b, shutdown),
    say_nexts(1).

significant_by_the_way() ->
    Sup = sup({one_for_all, 5, 60, any_significant, [s(a, temporary), c(b)]}),
    say_nexts(1),
    end_child(Sup, b, boom),
    say_nexts(1),
    ask("children", Sup, which_children),
    ask("start", Sup, {start_child, s(d, transient)}),
    ask("terminate", Sup, {terminate_child, d}),
    ask("children", Sup, which_children),
    stop(Sup, shutdown).

parents_reason() ->
    [begin
         Sup = sup({one_for_one, 1, 5, never, [c(a)]}),
         say_nexts(1),
         stop(Sup, Reason)
     end || Reason <- [normal, {shutdown, moving}, boom]].

strange_messages() ->
    Sup = sup({one_for_one, 1, 5, never, [c(a)]}),
    say_nexts(1),
    Sup ! hello,
    Sup ! {'EXIT', no_pid, boom},
    {Pid, Ref} = spawn_monitor(fun() -> [exit(Sup, R) || R <- [boom, shutdown, normal]] end),
    receive {'DOWN', Ref, _, Pid, _} -> ok end,
    ask("children", Sup, which_children),
    stop(Sup, shutdown).

unknown_call() ->
    Sup = sup({one_for_one, 1, 5, never, [c(a)]}),
    say_nexts(1),
    catch gen_server:call(Sup, what),
    say_nexts(2).

killed_supervisor() ->
    Sup = sup({one_for_one, 1, 5, never, [w(a, permanent), c(b)]}),
    say_nexts(1),
    Ref = monitor(process, child(Sup, a)),
    exit(Sup, kill),
    say_end("a child", Ref),
    receive {stopped, b, Reason} -> say("another", Reason) end,
    say_nexts(1).

tree() ->
    Sub = {one_for_one, 1, 3600, never, [c(x)]},
    Top = sup({rest_for_one, 2, 3600, never,
               [c(a), #{id => sub, type => supervisor,
                        start => {supervisor, start_link, [?MODULE, Sub]}}, c(b)]}),
    say_nexts(3),
    ask("children", Top, which_children),
    ask("added", child(Top, sub), {start_child, c(y)}),
    say_nexts(1),
    end_child(child(Top, sub), x, boom),
    say_nexts(1),
    end_child(child(Top, sub), x, boom),
    say_nexts(4),
    ask("below", child(Top, sub), which_children),
    stop(Top, shutdown).

already_started_by_name() ->
    catch register(heard, self()),
    process_flag(trap_exit, true),
    {ok, Sup} = supervisor:start_link({local, a_sup}, ?MODULE, {one_for_one, 1, 5, never, []}),
    known_as(Sup, "<sup>"),
    say("again", supervisor:start_link({local, a_sup}, ?MODULE, {one_for_one, 1, 5, never, []})),
    say("whereis", whereis(a_sup)),
    say("module", supervisor:get_callback_module(a_sup)),
    stop(Sup, shutdown),
    say("whereis", whereis(a_sup)).

state_after_terminate() ->
    Sup = sup({one_for_all, 1, 3600, never, [c(a), c(b), c(c)]}),
    say_nexts(3),
    ask("terminate", Sup, {terminate_child, b}),
    say_nexts(1),
    end_child(Sup, a, boom), % b was stopped by hand, and starts with the group
    say_nexts(4),
    ask("children", Sup, which_children).

not_there() ->
    Dead = scenario:new_dead(),
    known_as(Dead, "<dead>"),
    scenario:say_caught("dead", fun() -> supervisor:which_children(Dead) end),
    scenario:say_caught("no name", fun() -> supervisor:count_children(nobody) end).
