%% SPDX-License-Identifier: Apache-2.0
%% Event managers; see scenarios_gen_event.c. What handlers do is told to them in rules.
-module(scenarios_gen_event).
-export([the_newest_comes_first/0, the_same_module_many_times/0, ids_are_any_terms/0,
         crashes_take_one_away/0, calls_that_go_wrong/0, inits_that_fail/0, deleted/0,
         owners_are_told/0, owners_are_told_of_the_end/0, owners_that_end/0, swapped/0,
         swapped_in_a_callback/0, swapped_in_a_call/0, swapped_for_one_that_fails/0,
         supervision_is_kept_or_taken/0, other_messages_are_info/0, requests_by_hand/0,
         hibernates_and_goes_on/0, calls_that_fail/0, requests_answered_later/0,
         registered_names/0, ends_when_told/0, other_exits_are_info/0, the_parent_ends/0,
         as_sys_sees_it/0, a_thousand_events_for_ten/0]).
-import(scenario, [say/2, known_as/2, say_caught/2, say_end/2, say_mailbox/1, say_next/1,
                   await_end/1, new_dead/0]).

-define(A, listener_a).
-define(B, listener_b).

new_manager() ->
    {ok, Pid} = gen_event:start(),
    known_as(Pid, "<manager>"),
    Pid.

args(Tag, Rules) -> {self(), Tag, Rules}.

add(Manager, Handler, Tag, Rules) ->
    say("add", gen_event:add_handler(Manager, Handler, args(Tag, Rules))).

add_sup(Manager, Handler, Tag, Rules) ->
    say("add", gen_event:add_sup_handler(Manager, Handler, args(Tag, Rules))).

say_handlers(Manager) -> say("handlers", gen_event:which_handlers(Manager)).

hear_all(Manager) ->
    say_handlers(Manager),
    say_mailbox("heard").

say_call(Manager, Handler, Request) -> say("call", gen_event:call(Manager, Handler, Request)).

say_delete(Manager, Handler, Args) ->
    say("delete", gen_event:delete_handler(Manager, Handler, Args)).

%% order

the_newest_comes_first() ->
    Manager = new_manager(),
    add(Manager, ?A, one, []),
    add(Manager, {?A, 7}, two, []),
    add(Manager, ?B, three, []),
    gen_event:notify(Manager, {an, event}),
    hear_all(Manager),
    gen_event:sync_notify(Manager, another),
    say_mailbox("heard").

the_same_module_many_times() ->
    Manager = new_manager(),
    add(Manager, ?A, one, []),
    add(Manager, ?A, two, []),
    say_call(Manager, ?A, who),
    say_delete(Manager, ?A, gone),
    say_call(Manager, ?A, who),
    say_delete(Manager, ?A, gone),
    say_delete(Manager, ?A, gone),
    hear_all(Manager).

ids_are_any_terms() ->
    Manager = new_manager(),
    add(Manager, {?A, {x, [1, 2]}}, one, []),
    add(Manager, {?A, "text"}, two, []),
    say_call(Manager, ?A, nobody),
    say_call(Manager, {?A, {x, [1, 2]}}, me),
    say_call(Manager, {?B, "text"}, nobody),
    say_delete(Manager, {?A, "text"}, out),
    hear_all(Manager).

%% what handlers do wrong

goes_alone(Rules) ->
    Manager = new_manager(),
    add(Manager, ?A, below, []),
    add(Manager, {?A, 1}, bad, Rules),
    add(Manager, ?B, above, []),
    gen_event:notify(Manager, e),
    gen_event:notify(Manager, f),
    hear_all(Manager).

crashes_take_one_away() ->
    goes_alone([{{event, e}, {raise, exit, left}}]),
    goes_alone([{{event, e}, {raise, error, wrong}}]),
    goes_alone([{{event, e}, {raise, throw, thrown}}]),
    goes_alone([{{event, e}, rubbish}]),
    goes_alone([{{event, e}, {raise, throw, remove_handler}}]),
    goes_alone([{{event, e}, remove_handler}]),
    goes_alone([{{event, e}, rubbish}, {{terminate, '_'}, {raise, exit, again}}]).

calls_that_go_wrong() ->
    Manager = new_manager(),
    add(Manager, ?A, a, [{{call, quit}, {raise, exit, left}}]),
    add(Manager, ?B, b, [{{call, fail}, rubbish}, {{call, go}, remove_handler}]),
    say_call(Manager, ?B, hello),
    say_call(Manager, ?A, quit),
    say_call(Manager, ?A, again),
    say_call(Manager, ?B, fail),
    say_call(Manager, ?B, again),
    add(Manager, ?B, b, [{{call, go}, remove_handler}]),
    say_call(Manager, ?B, go),
    add(Manager, ?B, b, [{{call, '_'}, {raise, throw, thrown}}]),
    say_call(Manager, ?B, go),
    hear_all(Manager).

inits_that_fail() ->
    Manager = new_manager(),
    add(Manager, ?A, a, [{{init, none}, {error, no}}]),
    add(Manager, ?A, a, [{{init, none}, {raise, exit, no}}]),
    add(Manager, ?A, a, [{{init, none}, {raise, error, no}}]),
    add(Manager, ?A, a, [{{init, none}, {raise, throw, no}}]),
    add(Manager, ?A, a, [{{init, none}, remove_handler}]),
    add_sup(Manager, ?A, a, [{{init, none}, {raise, exit, no}}]),
    hear_all(Manager).

deleted() ->
    Manager = new_manager(),
    add(Manager, ?A, a, [{{terminate, {how, 1}}, {so, 2}}]),
    say_delete(Manager, ?A, {how, 1}),
    add(Manager, ?A, a, [{{terminate, '_'}, {raise, exit, no}}]),
    say_delete(Manager, ?A, bye),
    add(Manager, ?A, a, [{{terminate, '_'}, {raise, error, no}}]),
    say_delete(Manager, ?A, bye),
    add(Manager, ?A, a, [{{terminate, '_'}, {raise, throw, no}}]),
    say_delete(Manager, ?A, bye),
    say_delete(Manager, ?B, bye),
    hear_all(Manager).

%% supervised handlers

owners_are_told() ->
    Manager = new_manager(),
    process_flag(trap_exit, true),
    add_sup(Manager, ?A, a, []),
    say_delete(Manager, ?A, bye),
    add_sup(Manager, ?A, a, [{{event, e}, remove_handler}]),
    gen_event:sync_notify(Manager, e),
    add_sup(Manager, {?A, 3}, a, [{{event, e}, {raise, exit, left}}]),
    gen_event:sync_notify(Manager, e),
    add_sup(Manager, ?A, a, [{{event, e}, {raise, error, wrong}}]),
    gen_event:sync_notify(Manager, e),
    add_sup(Manager, ?A, a, [{{event, e}, rubbish}]),
    gen_event:sync_notify(Manager, e),
    add_sup(Manager, ?A, a, [{{call, q}, remove_handler}]),
    say_call(Manager, ?A, q),
    hear_all(Manager).

owners_are_told_of_the_end() ->
    Manager = new_manager(),
    Ref = monitor(process, Manager),
    process_flag(trap_exit, true),
    add_sup(Manager, ?A, a, []),
    add(Manager, ?B, b, []),
    gen_event:stop(Manager),
    say_end("end", Ref),
    say_mailbox("heard").

dies_as_owner(Reason) ->
    Manager = new_manager(),
    Self = self(),
    add(Manager, ?A, old, []),
    Owner = spawn(fun() ->
        gen_event:add_sup_handler(Manager, ?A, {Self, mine, []}),
        Self ! ready,
        receive {end_with, R} -> exit(R) end
    end),
    known_as(Owner, "<owner>"),
    say_next("mine"),
    say_next("ready"),
    add(Manager, {?A, 1}, new, []),
    Owner ! {end_with, Reason},
    await_end(Owner),
    say_next("mine"),
    say_next("mine"),
    hear_all(Manager).

owners_that_end() ->
    dies_as_owner(reason),
    dies_as_owner(normal),
    dies_as_owner(shutdown).

%% swapping

swap(Manager, One, Two, Rules) ->
    say("swap", gen_event:swap_handler(Manager, {One, arg1}, {Two, args(new, Rules)})).

swapped() ->
    Manager = new_manager(),
    add(Manager, ?A, old, [{{terminate, arg1}, {state, 1}}]),
    add(Manager, {?A, 2}, other, []),
    swap(Manager, ?A, ?B, []),
    swap(Manager, ?A, {?B, 1}, []),
    hear_all(Manager),
    swap(Manager, ?B, ?A, [{{init, '_'}, {raise, exit, no}}]),
    swap(Manager, {?B, 1}, ?A, [{{init, '_'}, rubbish}]),
    hear_all(Manager).

swapped_in_a_callback() ->
    Manager = new_manager(),
    process_flag(trap_exit, true),
    add(Manager, ?B, below, []),
    add_sup(Manager, ?A, old, [{{event, e}, {swap, arg1, {?B, x}, {args, new, []}}},
                               {{terminate, arg1}, {state, 1}}]),
    add(Manager, {?A, 1}, above, []),
    gen_event:notify(Manager, e),
    hear_all(Manager),
    gen_event:notify(Manager, e),
    say_delete(Manager, {?B, x}, bye),
    hear_all(Manager).

swapped_in_a_call() ->
    Manager = new_manager(),
    process_flag(trap_exit, true),
    add_sup(Manager, ?A, old, [{{call, q}, {swap, arg1, ?B, {args, new, []}}}]),
    say_call(Manager, ?A, q),
    say_call(Manager, ?A, q),
    say_call(Manager, ?B, q),
    hear_all(Manager).

swapped_for_one_that_fails() ->
    Manager = new_manager(),
    process_flag(trap_exit, true),
    add_sup(Manager, ?A, old,
            [{{event, e}, {swap, arg1, ?B, {args, new, [{{init, '_'}, rubbish}]}}}]),
    gen_event:notify(Manager, e),
    hear_all(Manager).

supervision_is_kept_or_taken() ->
    Manager = new_manager(),
    process_flag(trap_exit, true),
    add_sup(Manager, ?A, old, []),
    swap(Manager, ?A, ?B, []),
    say_delete(Manager, ?B, bye),
    add(Manager, ?A, old, []),
    say("swap", gen_event:swap_sup_handler(Manager, {?A, 1}, {?B, args(new, [])})),
    say_delete(Manager, ?B, bye),
    hear_all(Manager).

%% messages

other_messages_are_info() ->
    Manager = new_manager(),
    add(Manager, ?A, a, [{{info, out}, remove_handler}]),
    add(Manager, ?B, b, []),
    Manager ! hello,
    Manager ! {'$gen_cast', x},
    Manager ! {a, b, c},
    Manager ! {'EXIT', self(), by_hand},
    Manager ! out,
    Manager ! later,
    hear_all(Manager).

requests_by_hand() ->
    Manager = new_manager(),
    Ref = make_ref(),
    known_as(Ref, "#ref"),
    add(Manager, ?A, a, []),
    add(Manager, ?A, b, []),
    say_mailbox("heard"),
    Manager ! {any, {self(), Ref}, get_modules},
    say_next("modules"),
    Manager ! {any, {self(), Ref}, {call, ?A, q}},
    say_next("heard"),
    say_next("answer"),
    Manager ! {any, {self(), Ref}, {add_handler, {?A, 1}, args(c, [])}},
    say_next("heard"),
    say_next("answer"),
    Manager ! {any, {self(), Ref}, {add_handler, no_such_module, x}},
    say_next("answer"),
    hear_all(Manager),
    Manager ! {any, {self(), Ref}, stop},
    say_next("heard"),
    say_next("heard"),
    say_next("heard"),
    say_next("answer").

hibernates_and_goes_on() ->
    Manager = new_manager(),
    add(Manager, ?A, a, [{{'_', '_'}, hibernate}]),
    gen_event:notify(Manager, e),
    say_call(Manager, ?A, q),
    Manager ! info,
    hear_all(Manager).

%% calls that do not succeed

calls_that_fail() ->
    Manager = new_manager(),
    add(Manager, ?A, slow, [{{call, {q, 1}}, {after_ms, 60}}]),
    say_caught("time is up", fun() -> gen_event:call(Manager, ?A, {q, 1}, 20) end),
    hear_all(Manager),
    Dead = new_dead(),
    say_caught("nobody", fun() -> gen_event:call(Dead, ?A, {q, 1}) end),
    say_caught("nobody, with a time", fun() -> gen_event:call(Dead, ?A, {q, 1}, 20) end),
    say_caught("nobody, for ever", fun() -> gen_event:call(Dead, {?A, 1}, {q, 1}, infinity) end),
    say_caught("handlers", fun() -> gen_event:which_handlers(Dead) end),
    say_caught("notify", fun() -> gen_event:sync_notify(Dead, e) end),
    say_caught("add", fun() -> gen_event:add_handler(Dead, ?A, x) end),
    say_caught("myself", fun() -> gen_event:call(self(), ?A, {q, 1}) end),
    say_caught("handlers of myself", fun() -> gen_event:which_handlers(self()) end),
    say_caught("nobody of that name", fun() -> gen_event:notify(nobody_has_this_name, e) end),
    gen_event:notify(new_dead(), e).

requests_answered_later() ->
    Manager = new_manager(),
    add(Manager, ?A, a, []),
    One = gen_event:send_request(Manager, ?A, q1),
    Two = gen_event:send_request(Manager, ?B, q2),
    {reply, Reply1} = gen_event:receive_response(One, 1000),
    say("one", true),
    say("reply", Reply1),
    {error, Reply2} = gen_event:receive_response(Two, 1000),
    say("two", true),
    say("reply", {error, Reply2}),
    say_mailbox("heard").

%% starting and ending

registered_names() ->
    {ok, First} = gen_event:start({local, the_manager}),
    known_as(First, "<manager>"),
    say("taken", gen_event:start({local, the_manager}) =:= {error, {already_started, First}}),
    say("add", gen_event:add_handler(the_manager, ?A, args(a, [])) =:= ok),
    gen_event:notify(the_manager, e),
    say("handlers", gen_event:which_handlers(the_manager)),
    gen_event:stop(the_manager, shutdown, 1000),
    say_mailbox("heard"),
    say("free", whereis(the_manager) =:= undefined).

ends_when_told() ->
    Manager = new_manager(),
    Ref = monitor(process, Manager),
    add(Manager, ?A, a, [{{terminate, '_'}, {raise, exit, no}}]),
    add(Manager, ?B, b, []),
    gen_event:stop(Manager, {shutdown, now}, 1000),
    say_end("end", Ref),
    say_mailbox("heard").

other_exits_are_info() ->
    Manager = new_manager(),
    Ref = monitor(process, Manager),
    add(Manager, ?A, a, []),
    exit(Manager, go_away),
    hear_all(Manager),
    exit(Manager, kill),
    say_end("end", Ref),
    say_mailbox("heard").

the_parent_ends() ->
    Self = self(),
    Parent = spawn(fun() ->
        {ok, Pid} = gen_event:start_link(),
        gen_event:add_handler(Pid, ?A, {Self, a, []}),
        Self ! {started, Pid},
        scenario:waits(),
        exit(parent_left)
    end),
    Manager = receive {started, Pid} -> Pid end,
    Ref = monitor(process, Manager),
    Parent ! stop,
    say_end("end", Ref),
    say_mailbox("heard").

%% sys

as_sys_sees_it() ->
    Manager = new_manager(),
    add(Manager, ?A, a, []),
    add(Manager, {?A, 1}, b, []),
    add(Manager, ?B, c, []),
    say("state", sys:get_state(Manager)),
    sys:suspend(Manager),
    gen_event:notify(Manager, e),
    say_mailbox("heard"),
    say("changed", sys:change_code(Manager, ?A, 1, {tag, x})),
    sys:resume(Manager),
    hear_all(Manager).

a_thousand_events_for_ten() ->
    Manager = new_manager(),
    [add(Manager, {?A, I}, t, []) || I <- lists:seq(0, 9)],
    say_mailbox("heard"),
    [gen_event:notify(Manager, N) || N <- lists:seq(0, 999)],
    say_handlers(Manager),
    All = all(),
    Wanted = [N || N <- lists:seq(0, 999), _ <- lists:seq(1, 10)],
    say("all", {length(All), length([N || {N, M} <- lists:zip(All, Wanted), N =/= M]),
                lists:last(All)}).

all() ->
    receive {t, event, N} -> [N | all()] after 0 -> [] end.
