%% SPDX-License-Identifier: Apache-2.0
%% State machines; see scenarios_gen_statem.c. What they do is told to `machine` in rules.
-module(scenarios_gen_statem).
-export([order_after_a_callback/0,
         zero_time_outs_in_the_order_of_their_start/0,
         events_are_inserted_before_what_is_queued/0,
         postponed_until_the_state_changes/0,
         postponed_again_and_again/0,
         the_one_that_changes_the_state_is_postponed/0,
         a_postponed_time_out_keeps_its_type/0,
         a_postponed_call_is_answered_later/0,
         enter_at_start_and_at_changes/0,
         enter_may_set_time_outs/0,
         enter_may_stop/0,
         enter_may_not_go_on/0,
         enter_may_not_postpone/0,
         enter_may_not_insert/0,
         enter_that_fails_ends_in_the_old_state/0,
         enter_may_say_the_state_again/0,
         event_time_out_ends_with_any_event/0,
         state_time_out_ends_with_the_state/0,
         named_time_outs_live_apart/0,
         the_last_one_of_a_kind_wins/0,
         again_is_anew/0,
         cancelled/0,
         updated/0,
         at_a_point_in_time/0,
         a_late_time_out_is_never_seen/0,
         a_time_out_of_others_is_info/0,
         one_event_time_out_of_zero_gives_way/0,
         a_number_is_an_event_time_out/0,
         a_zero_that_waits_can_be_cancelled/0,
         calls_are_inserted_and_answered/0,
         calls_that_fail/0,
         call_ends_with_the_machine/0,
         stop_and_reply/0,
         ends_in_all_ways/0,
         bad_actions/0,
         what_terminate_does_does_not_help/0,
         states_that_are_none/0,
         thrown_steps/0,
         crash_after_a_throw/0,
         stopped_from_outside/0,
         inits/0,
         registered_names/0,
         bad_init_is_gone_at_once/0,
         the_parent_ends/0,
         state_as_sys_sees_it/0,
         suspended/0,
         code_changes/0,
         events_as_sys_logs_them/0,
         hibernates_and_goes_on/0,
         messages_of_all_forms/0,
         a_thousand_postponed/0]).
-import(scenario, [say/2, known_as/2, say_caught/2, say_end/2, say_mailbox/1, say_next/1, new_dead/0]).

-define(SYNC, {{call, sync, '_'}, {keep_state, [{reply, from, synced}]}}).

hear(0) -> ok;
hear(N) -> say_next("heard"), hear(N - 1).

hear_all(Pid) ->
    gen_statem:call(Pid, sync, 5000),
    say_mailbox("heard").

started(Mode, Init, Rules) ->
    {ok, Pid} = machine:start(Mode, Init, Rules),
    known_as(Pid, "<machine>"),
    Pid.

say_started(What, Init) ->
    case machine:start(state_functions, Init, []) of
        {ok, _} -> say(What, ok);
        Other -> say(What, Other)
    end.

enter_with(Rules, Count) ->
    Pid = started([state_functions, state_enter], {ok, a}, Rules),
    Ref = monitor(process, Pid),
    gen_statem:cast(Pid, b),
    hear(Count),
    say_end("end", Ref).

ends(Rules) ->
    Pid = started(state_functions, {ok, a}, Rules),
    Ref = monitor(process, Pid),
    gen_statem:cast(Pid, go),
    hear(2),
    say_end("end", Ref).

order_after_a_callback() ->
    Pid = started([state_functions, state_enter], {ok, a}, [{{cast, p, a}, {keep_state,
        [postpone]}}, {{call, p, a}, {keep_state, [postpone]}}, {{cast, go, a}, {next_state, b,
        [{next_event, internal, i1}, {timeout, 0, t},  {state_timeout, 0, st},
        {{timeout, n}, 0, nt}, {next_event, cast, i2},  {next_event, internal, i3}]}}, ?SYNC]),
    gen_statem:cast(Pid, p),
    gen_statem:cast(Pid, q),
    gen_statem:cast(Pid, p),
    gen_statem:cast(Pid, go),
    gen_statem:cast(Pid, later),
    hear_all(Pid),
    hear_all(Pid).

zero_time_outs_in_the_order_of_their_start() ->
    Pid = started(handle_event_function, {ok, a}, [{{cast, go, a}, {keep_state,
        [{{timeout, z}, 0, z}, {state_timeout, 0, s},  {{timeout, y}, 0, y}, {timeout, 0, t}]}},
        {{{timeout, z}, z, a}, {keep_state, [{{timeout, x}, 0, x}, {{timeout, z}, 0, zz}]}},
        ?SYNC]),
    gen_statem:cast(Pid, go),
    hear_all(Pid).

events_are_inserted_before_what_is_queued() ->
    Pid = started(handle_event_function, {ok, a}, [{{cast, go, a}, {keep_state,
        [{next_event, internal, 1}, {next_event, internal, 2}]}}, {{internal, 1, a},
        {keep_state, [{next_event, info, 11}, {next_event, timeout, 12}]}}, {{internal, 2, a},
        {keep_state, [{next_event, state_timeout, 21},  {next_event, {timeout, nm}, 22}]}}, ?SYNC]),
    gen_statem:cast(Pid, go),
    hear_all(Pid).

postponed_until_the_state_changes() ->
    Pid = started(state_functions, {ok, a}, [{{cast, x, a}, {keep_state, [postpone]}},
        {{cast, y, a}, {keep_state, [postpone]}}, {{cast, same, a}, {next_state, a}},
        {{cast, rep, a}, repeat_state}, {{cast, go, a}, {next_state, b}}, ?SYNC]),
    gen_statem:cast(Pid, x),
    gen_statem:cast(Pid, y),
    gen_statem:cast(Pid, same),
    gen_statem:cast(Pid, rep),
    hear_all(Pid),
    gen_statem:cast(Pid, go),
    hear_all(Pid).

postponed_again_and_again() ->
    Pid = started(state_functions, {ok, a}, [{{cast, x, '_'}, {keep_state, [postpone]}},
        {{cast, b, '_'}, {next_state, b}}, {{cast, c, '_'}, {next_state, c}}, {{cast, a, '_'},
        {next_state, a}}, {{cast, y, a}, {keep_state, [postpone]}}, ?SYNC]),
    gen_statem:cast(Pid, x),
    gen_statem:cast(Pid, y),
    gen_statem:cast(Pid, b),
    hear_all(Pid),
    gen_statem:cast(Pid, c),
    gen_statem:cast(Pid, a),
    hear_all(Pid).

the_one_that_changes_the_state_is_postponed() ->
    Pid = started(state_functions, {ok, a}, [{{cast, go, a}, {next_state, b, [postpone]}},
        {{cast, go, b}, {next_state, c}}, ?SYNC]),
    gen_statem:cast(Pid, go),
    hear_all(Pid).

a_postponed_time_out_keeps_its_type() ->
    Pid = started(handle_event_function, {ok, a}, [{{cast, go, a}, {keep_state,
        [{state_timeout, 0, s}]}}, {{state_timeout, s, a}, {keep_state, [postpone,
        {{timeout, n}, 0, n}]}}, {{{timeout, n}, n, a}, {next_state, {b, 1}, [postpone]}}, ?SYNC]),
    gen_statem:cast(Pid, go),
    hear_all(Pid).

a_postponed_call_is_answered_later() ->
    Pid = started(state_functions, {ok, a}, [{{call, q, a}, {keep_state, [postpone,
        {state_timeout, 20, open}]}}, {{state_timeout, open, a}, {next_state, b}},
        {{call, q, b}, {keep_state, [{reply, from, answered}]}}]),
    say("reply", gen_statem:call(Pid, q)),
    hear(3).

enter_at_start_and_at_changes() ->
    Pid = started([state_functions, state_enter], {ok, a}, [{{cast, b, a}, {next_state, b}},
        {{cast, rep, '_'}, repeat_state}, {{cast, same, b}, {next_state, b}}, {{cast, keep, b},
        {keep_state, []}}, ?SYNC]),
    gen_statem:cast(Pid, rep),
    gen_statem:cast(Pid, b),
    gen_statem:cast(Pid, rep),
    gen_statem:cast(Pid, same),
    gen_statem:cast(Pid, keep),
    hear_all(Pid).

enter_may_set_time_outs() ->
    Pid = started([handle_event_function, state_enter], {ok, a, [{timeout, 0, from_init}]},
        [{{enter, a, a}, {keep_state, [{state_timeout, 0, entered}, {timeout, 0, e}]}},
        {{cast, b, a}, {next_state, b, [{state_timeout, 500, mine}]}}, {{enter, a, b},
        {keep_state, [{state_timeout, 0, in_b}]}}, ?SYNC]),
    gen_statem:cast(Pid, b),
    hear_all(Pid).

enter_may_stop() ->
    Pid = started([state_functions, state_enter], {ok, a}, [{{cast, b, a}, {next_state, b,
        [{next_event, internal, never}]}}, {{enter, a, b}, {stop, entered}}]),
    Ref = monitor(process, Pid),
    gen_statem:cast(Pid, b),
    hear(4),
    say_end("end", Ref).

enter_may_not_go_on() ->
    enter_with([{{cast, b, a}, {next_state, b}}, {{enter, a, b}, {next_state, c}}], 4).

enter_may_not_postpone() ->
    enter_with([{{cast, b, a}, {next_state, b}}, {{enter, a, b}, {keep_state, [postpone]}}], 4).

enter_may_not_insert() ->
    enter_with([{{cast, b, a}, {next_state, b}}, {{enter, a, b}, {keep_state,
        [{next_event, internal, i}]}}], 4).

enter_that_fails_ends_in_the_old_state() ->
    enter_with([{{cast, b, a}, {next_state, b}}, {{enter, a, b}, {raise, exit, oops}}], 4).

enter_may_say_the_state_again() ->
    Pid = started([state_functions, state_enter], {ok, a}, [{{cast, b, a}, {next_state, b}},
        {{enter, a, b}, {next_state, b}}, ?SYNC]),
    gen_statem:cast(Pid, b),
    hear_all(Pid).

event_time_out_ends_with_any_event() ->
    Pid = started(state_functions, {ok, a}, [{{cast, go, a}, {keep_state, [{timeout, 40, t}]}},
        {{cast, self, a}, {keep_state, [{timeout, 40, t}, {next_event, internal, i}]}},
        {{cast, through, a}, {keep_state, [{timeout, 20, t}]}}, ?SYNC]),
    gen_statem:cast(Pid, go),
    Pid ! stray,
    gen_statem:cast(Pid, go),
    gen_statem:cast(Pid, other),
    gen_statem:cast(Pid, self),
    timer:sleep(80),
    hear_all(Pid),
    gen_statem:cast(Pid, through),
    hear(2),
    hear_all(Pid).

state_time_out_ends_with_the_state() ->
    Pid = started(state_functions, {ok, a}, [{{cast, go, a}, {keep_state,
        [{state_timeout, 40, s}, {{timeout, n}, 40, n}]}}, {{cast, same, a}, {next_state, a}},
        {{cast, b, a}, {next_state, b}}, {{cast, back, b}, {next_state, a}}, ?SYNC]),
    gen_statem:cast(Pid, go),
    gen_statem:cast(Pid, same),
    hear(3),
    say_next("first"),
    say_next("second"),
    gen_statem:cast(Pid, go),
    gen_statem:cast(Pid, b),
    gen_statem:cast(Pid, back),
    hear(4),
    hear_all(Pid).

named_time_outs_live_apart() ->
    Pid = started(handle_event_function, {ok, a}, [{{cast, go, a}, {next_state, b, [{{timeout,
        {n, 1}}, 60, late}, {{timeout, 2}, 20, early}]}}, {{{timeout, 2}, early, b},
        {next_state, c}}]),
    gen_statem:cast(Pid, go),
    hear(3).

the_last_one_of_a_kind_wins() ->
    Pid = started(handle_event_function, {ok, a}, [{{cast, go, a}, {keep_state,
        [{state_timeout, 20, first}, {timeout, 10, t},  {state_timeout, 40, second},
        {timeout, infinity, t}]}}, ?SYNC]),
    gen_statem:cast(Pid, go),
    hear(2),
    hear_all(Pid).

again_is_anew() ->
    Pid = started(handle_event_function, {ok, a}, [{{cast, {go, 1}, a}, {keep_state,
        [{{timeout, n}, 60, 1}]}}, {{cast, {go, 2}, a}, {keep_state, [{{timeout, n}, 60, 2}]}},
        ?SYNC]),
    gen_statem:cast(Pid, {go, 1}),
    timer:sleep(30),
    gen_statem:cast(Pid, {go, 2}),
    hear(3),
    hear_all(Pid).

cancelled() ->
    Pid = started(handle_event_function, {ok, a}, [{{cast, go, a}, {keep_state,
        [{state_timeout, 20, s}, {{timeout, n}, 20, n}]}}, {{cast, stop_s, a}, {keep_state,
        [{state_timeout, cancel}, {{timeout, none}, cancel}]}}, {{cast, stop_n, a}, {keep_state,
        [{{timeout, n}, infinity, any}]}}, {{cast, zero, a}, {keep_state,
        [{state_timeout, 0, z}, {timeout, 0, z}]}}, {{timeout, z, a}, {keep_state, []}},
        {{state_timeout, z, a}, {keep_state, [{timeout, cancel}]}}, ?SYNC]),
    gen_statem:cast(Pid, go),
    gen_statem:cast(Pid, stop_s),
    gen_statem:cast(Pid, stop_n),
    timer:sleep(50),
    gen_statem:cast(Pid, zero),
    hear_all(Pid).

updated() ->
    Pid = started(handle_event_function, {ok, a}, [{{cast, go, a}, {keep_state,
        [{state_timeout, 60, old}]}}, {{cast, upd, a}, {keep_state,
        [{state_timeout, update, new}]}}, {{cast, upd, b}, {keep_state,
        [{{timeout, n}, update, at_once}]}}, {{state_timeout, new, a}, {next_state, b}}, ?SYNC]),
    gen_statem:cast(Pid, go),
    timer:sleep(30),
    gen_statem:cast(Pid, upd),
    hear(3),
    gen_statem:cast(Pid, upd),
    hear_all(Pid).

at_a_point_in_time() ->
    Pid = started(handle_event_function, {ok, a}, [{{cast, go, a}, {keep_state,
        [{{timeout, late}, {in, 60}, late},  {state_timeout, {in, 30}, soon}]}}]),
    gen_statem:cast(Pid, go),
    hear(3).

a_late_time_out_is_never_seen() ->
    Pid = started(state_functions, {ok, a}, [{{cast, go, a}, {keep_state,
        [{state_timeout, 5, s}, {timeout, 5, t}]}}, {{cast, slow, a}, {after_ms, 40,
        {next_state, b}}}, ?SYNC]),
    gen_statem:cast(Pid, go),
    gen_statem:cast(Pid, slow),
    hear_all(Pid),
    hear_all(Pid).

a_time_out_of_others_is_info() ->
    Pid = started(state_functions, {ok, a}, [?SYNC]),
    Pid ! {timeout, make_ref(), state_timeout},
    Pid ! {timeout, nothing, at_all},
    hear_all(Pid).

one_event_time_out_of_zero_gives_way() ->
    Pid = started(state_functions, {ok, a}, [{{cast, go, a}, {keep_state, [{timeout, 0, t},
        {state_timeout, 0, s}]}}, {{cast, two, a}, {keep_state, [{timeout, 0, t},
        {next_event, internal, i}]}}, ?SYNC]),
    gen_statem:cast(Pid, go),
    gen_statem:cast(Pid, two),
    hear_all(Pid).

a_number_is_an_event_time_out() ->
    Pid = started(state_functions, {ok, a}, [{{cast, go, a}, {keep_state, [20]}}]),
    gen_statem:cast(Pid, go),
    hear(2).

a_zero_that_waits_can_be_cancelled() ->
    Pid = started(state_functions, {ok, a}, [{{cast, go, a}, {keep_state,
        [{state_timeout, 0, s}, {next_event, internal, i}]}}, {{internal, i, a}, {keep_state,
        [{state_timeout, infinity, never}]}}, ?SYNC]),
    gen_statem:cast(Pid, go),
    hear_all(Pid).

calls_are_inserted_and_answered() ->
    Pid = started(state_functions, {ok, a}, [{{call, first, a}, {keep_state, [{next_event,
        {call, from}, second}]}}, {{call, second, a}, {keep_state, [{reply, from, from_second}]}}]),
    say("reply", gen_statem:call(Pid, first)),
    hear(2).

calls_that_fail() ->
    Pid = started(state_functions, {ok, a}, []),
    say_caught("time is up", fun() -> gen_statem:call(Pid, {q, 1}, 20) end),
    Dead = new_dead(),
    say_caught("nobody", fun() -> gen_statem:call(Dead, {q, 1}, 50) end),
    say_caught("nobody, for ever", fun() -> gen_statem:call(Dead, {q, 1}) end),
    say_caught("myself", fun() -> gen_statem:call(self(), {q, 1}) end).

call_ends_with_the_machine() ->
    One = started(state_functions, {ok, a}, [{{call, '_', '_'}, {stop, {because, 1}}}]),
    say_caught("stopped", fun() -> gen_statem:call(One, {q, 1}) end),
    Two = started(state_functions, {ok, a}, [{{call, '_', '_'}, {raise, error, bad}}]),
    say_caught("failed", fun() -> gen_statem:call(Two, {q, 1}) end),
    hear(4).

stop_and_reply() ->
    Pid = started(state_functions, {ok, a}, [{{call, q, a}, {stop_and_reply, done,
        [{reply, from, bye}]}}]),
    Ref = monitor(process, Pid),
    say("reply", gen_statem:call(Pid, q)),
    say_end("end", Ref),
    hear(2).

ends_in_all_ways() ->
    ends([{{cast, go, a}, stop}]),
    ends([{{cast, go, a}, {stop, normal}}]),
    ends([{{cast, go, a}, {stop, shutdown}}]),
    ends([{{cast, go, a}, {stop, {shutdown, 1}}}]),
    ends([{{cast, go, a}, {stop, {anything, "else"}}}]),
    ends([{{cast, go, a}, {raise, exit, left}}]),
    ends([{{cast, go, a}, {raise, error, badness}}]),
    ends([{{cast, go, a}, {raise, throw, thrown}}]),
    ends([{{cast, go, a}, undefined}]).

bad_actions() ->
    ends([{{cast, go, a}, {keep_state, [{next_event, enter, x}]}}]),
    ends([{{cast, go, a}, {keep_state, [{state_timeout, -5, x}]}}]),
    ends([{{cast, go, a}, {next_state, b, [{{timeout, n}, -5, x}]}}]),
    ends([{{cast, go, a}, {keep_state, [pop_callback_module]}}]),
    ends([{{cast, go, a}, {keep_state, [{timeout, -2, x}, postpone]}}]).

what_terminate_does_does_not_help() ->
    ends([{{cast, go, a}, {stop, one}}, {{terminate, '_', '_'}, {raise, exit, other}}]),
    ends([{{cast, go, a}, {stop, one}}, {{terminate, '_', '_'}, {raise, error, other}}]),
    ends([{{cast, go, a}, {stop, one}}, {{terminate, '_', '_'}, {raise, throw, other}}]),
    ends([{{cast, go, a}, stop}, {{terminate, '_', '_'}, {raise, error, other}}]).

goes_to(Rules) ->
    Pid = started(state_functions, {ok, a}, Rules),
    Ref = monitor(process, Pid),
    gen_statem:cast(Pid, go),
    hear(1),
    gen_statem:cast(Pid, again),
    hear(1),
    say_end("end", Ref).

states_that_are_none() ->
    goes_to([{{cast, go, a}, {next_state, {b, 1}}}]),
    goes_to([{{cast, go, a}, {next_state, no_such_state}}]).

thrown_steps() ->
    Pid = started([state_functions, state_enter], {ok, a}, [{{cast, go, a}, {throw,
        {next_state, b, [{next_event, internal, i}]}}}, {{enter, a, b}, {throw, {keep_state,
        [{state_timeout, 0, s}]}}}, {{internal, i, b}, {throw, {keep_state, [postpone]}}},
        {{cast, out, b}, {throw, {next_state, c}}}, {{internal, i, c}, {throw, {stop, enough}}}]),
    Ref = monitor(process, Pid),
    gen_statem:cast(Pid, go),
    gen_statem:cast(Pid, out),
    hear(8),
    say_end("end", Ref).

crash_after_a_throw() ->
    Pid = started(state_functions, {ok, a}, [{{cast, go, a}, {throw, {next_state, b}}},
        {{cast, go, b}, {raise, error, late}}]),
    Ref = monitor(process, Pid),
    gen_statem:cast(Pid, go),
    gen_statem:cast(Pid, go),
    hear(3),
    say_end("end", Ref).

stopped_from_outside() ->
    One = started(state_functions, {ok, a}, []),
    Ref = monitor(process, One),
    gen_statem:stop(One, {shutdown, now}, 1000),
    hear(1),
    say_end("end", Ref),
    Two = started(state_functions, {ok, a}, []),
    sys:suspend(Two),
    gen_statem:stop(Two),
    hear(1).

inits() ->
    process_flag(trap_exit, true),
    say_started("ok", {ok, a}),
    say_started("with actions", {ok, a, [{next_event, internal, i}, {state_timeout, 0, s}]}),
    hear(2),
    say_started("stop", {stop, {no, way}}),
    say_started("stop normal", {stop, normal}),
    say_started("ignore", ignore),
    say_started("undefined", undefined),
    say_started("error", {raise, error, bad}),
    say_started("exit", {raise, exit, bad}),
    say_started("throw", {raise, throw, bad}),
    say_started("throw ignore", {throw, ignore}),
    say_started("throw a state", {throw, {ok, b}}),
    say_mailbox("mailbox").

registered_names() ->
    Start = fun(Rules) ->
        gen_statem:start({local, the_machine}, machine,
                         {self(), state_functions, {ok, a}, Rules}, [])
    end,
    {ok, First} = Start([?SYNC]),
    known_as(First, "<machine>"),
    say("taken", Start([]) =:= {error, {already_started, First}}),
    gen_statem:cast(the_machine, hello),
    say("reply", gen_statem:call(the_machine, sync)),
    say_mailbox("heard"),
    gen_statem:stop(the_machine),
    say_mailbox("heard"),
    {Again, _} = Start([]),
    say("again", Again =:= ok).

bad_init_is_gone_at_once() ->
    [say("stopped", gen_statem:start({local, short_lived}, machine,
                                     {self(), state_functions, {stop, no}, []}, []) =:= {error, no})
     || _ <- lists:seq(1, 20)],
    say("free", whereis(short_lived) =:= undefined).

the_parent_ends() ->
    Self = self(),
    Parent = spawn(fun() ->
        {ok, Pid} = gen_statem:start_link(machine, {Self, state_functions, {ok, a}, []}, []),
        Self ! {started, Pid},
        scenario:waits(),
        exit(parent_left)
    end),
    Machine = receive {started, Pid} -> Pid end,
    known_as(Machine, "<machine>"),
    Ref = monitor(process, Machine),
    Parent ! stop,
    say_end("end", Ref),
    say_mailbox("heard").

state_as_sys_sees_it() ->
    Pid = started(state_functions, {ok, a}, [{{cast, b, a}, {next_state, b}}, ?SYNC]),
    gen_statem:cast(Pid, b),
    {State, _} = sys:get_state(Pid),
    say("state", State),
    hear_all(Pid).

suspended() ->
    Pid = started(state_functions, {ok, a}, [{{cast, go, a}, {keep_state,
        [{state_timeout, 20, s}]}}, ?SYNC]),
    gen_statem:cast(Pid, go),
    hear(1),
    sys:suspend(Pid),
    gen_statem:cast(Pid, while_suspended),
    timer:sleep(50),
    say_mailbox("suspended"),
    sys:resume(Pid),
    hear_all(Pid).

code_changes() ->
    Pid = started(state_functions, {ok, a}, [?SYNC]),
    sys:suspend(Pid),
    say("refused", sys:change_code(Pid, machine, 1, {error, no})),
    say("changed", sys:change_code(Pid, machine, 1, {ok, b})),
    sys:resume(Pid),
    gen_statem:cast(Pid, hello),
    hear_all(Pid),
    sys:suspend(Pid),
    say("mode", sys:change_code(Pid, machine, 1, {ok, {c, 3}, handle_event_function})),
    sys:resume(Pid),
    gen_statem:cast(Pid, hello),
    hear_all(Pid).

events_as_sys_logs_them() ->
    Pid = started(handle_event_function, {ok, a},
                  [{{cast, x, a}, {keep_state, [postpone]}},
                   {{cast, go, a}, {next_state, b, [{next_event, internal, i},
                       {state_timeout, 0, s}]}},
                   ?SYNC]),
    sys:log(Pid, {true, 50}),
    gen_statem:cast(Pid, x),
    gen_statem:cast(Pid, go),
    hear_all(Pid),
    {ok, Events} = sys:log(Pid, get),
    [say("event", Event) || Event <- Events].

hibernates_and_goes_on() ->
    Pid = started([state_functions, state_enter], {ok, a, [hibernate]}, [{{enter, '_', '_'},
        {keep_state, [hibernate]}}, {{cast, go, a}, {next_state, b, [hibernate,
        {next_event, internal, i}]}}, ?SYNC]),
    gen_statem:cast(Pid, go),
    hear_all(Pid),
    gen_statem:cast(Pid, hello),
    hear_all(Pid).

messages_of_all_forms() ->
    Pid = started(state_functions, {ok, a}, [?SYNC]),
    Pid ! {'EXIT', self(), by_hand},
    Pid ! {'$gen_cast', <<"binary">>},
    Pid ! {'$gen_foo', 1},
    Pid ! [a | b],
    Pid ! #{a => 1},
    hear_all(Pid).

a_thousand_postponed() ->
    Pid = started(handle_event_function, {ok, wait},
                  [{{cast, go, wait}, {next_state, work}}, ?SYNC,
                   {{'_', '_', wait}, {keep_state, [postpone]}}]),
    [gen_statem:cast(Pid, N) || N <- lists:seq(0, 999)],
    gen_statem:cast(Pid, go),
    gen_statem:call(Pid, sync),
    Again = again(),
    say("again",
        {length(Again), length([N || {N, M} <- lists:zip(Again, lists:seq(0, 999)), N =/= M])}).

again() ->
    receive {cast, N, work} when is_integer(N) -> [N | again()] after 0 -> [] end.
