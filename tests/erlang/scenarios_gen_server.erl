%% SPDX-License-Identifier: Apache-2.0
%% gen_server: what its callbacks may say, how it ends, who learns of it;
%% scenarios_gen_server.c does the same. The server itself is as ../lib/told.h has it.
-module(scenarios_gen_server).
-behaviour(gen_server).
-import(scenario, [say/2, known_as/2, say_end/2, say_mailbox/1, say_next/1, say_caught/2,
                   new_waiting/0, new_dead/0]).
-export([init_results/0, init_results_linked/0, a_failing_start_ends_its_starter/0,
         names_are_taken_once/0, init_may_take_too_long/0, results_of_calls/0,
         replies_come_later/0, a_late_reply_is_dropped/0, ends_in_calls/0, ends_in_casts/0,
         ends_in_infos/0, ends_in_continues/0, a_stop_with_reply/0, thrown_results/0,
         terminate_may_crash/0, exits_of_strangers/0, exits_of_the_starter/0,
         parents_take_their_servers_along/0, a_linked_parent_hears/0, timeouts/0, a_timeout_of_0/0,
         a_system_message_begins_it_anew/0, continues_before_messages/0, calls_of_nobody/0,
         servers_that_end_in_a_call/0, what_was_queued_is_lost/0, stopping/0,
         becoming_a_server/0]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, handle_continue/2, terminate/2,
         code_change/3, entered/1, enters_wrongly/1]).

%% -- the server that does as it is told --

init(sleepy) ->
    timer:sleep(infinity);
init({Owner, What}) ->
    put(owner, Owner),
    try result_of_init(act(What, #{value => 0}, undefined))
    catch throw:{result, Result} -> throw(result_of_init(Result))
    end.

result_of_init({noreply, S}) -> {ok, S};
result_of_init({noreply, S, Then}) -> {ok, S, Then};
result_of_init({stop, R, _}) -> {stop, R};
result_of_init(Other) -> Other.

handle_call(Request, From, S) -> something(call, Request, From, S).
handle_cast(Message, S) -> something(cast, Message, undefined, S).
handle_info(Info, S) -> something(info, Info, undefined, S).
handle_continue(What, S) -> something(continue, What, undefined, S).

something(_, {do, What}, From, S) ->
    try act(What, S, From)
    catch throw:{result, Result} -> throw(Result)
    end;
something(Callback, Argument, _, S) ->
    get(owner) ! {told, Callback, Argument},
    {noreply, S}.

terminate(Reason, S) ->
    get(owner) ! {told, terminate, Reason},
    case get(at_end) of
        undefined -> ok;
        What -> act(What, S, undefined)
    end.

code_change(_, #{value := V} = S, {add, N}) -> {ok, S#{value := V + N}};
code_change(_, S, What) ->
    case act(What, S, undefined) of
        {stop, R, _} -> R;
        Other -> Other
    end.

act({exit, R}, _, _) -> exit(R);
act({error, R}, _, _) -> error(R);
act({throw, T}, _, _) -> throw(T);
act({trap, What}, S, From) -> process_flag(trap_exit, true), act(What, S, From);
act({tell, Text, What}, S, From) -> get(owner) ! {told, tell, Text}, act(What, S, From);
act({throw_next, What}, S, From) -> throw({result, act(What, S, From)});
act({add, N}, #{value := V} = S, _) -> {noreply, S#{value := V + N}};
act(get, #{value := V} = S, _) -> {reply, V, S};
act(later, S, From) -> put(from, From), {noreply, S};
act({answer, R}, S, _) -> gen_server:reply(get(from), R), {noreply, S};
act({at_end, What}, S, _) -> put(at_end, What), {noreply, S};
act({stop, R}, S, _) -> {stop, R, S};
act({stop, R, Reply}, S, _) -> {stop, R, Reply, S};
act(ignore, _, _) -> ignore;
act({reply, R}, S, _) -> {reply, R, S};
act({reply, R, Then}, S, _) -> {reply, R, S, then(Then)};
act({noreply, Then}, S, _) -> {noreply, S, then(Then)};
act({ok, Then}, S, _) -> {noreply, S, then(Then)};
act(noreply, S, _) -> {noreply, S};
act(ok, S, _) -> {noreply, S}.

then({timeout, Ms}) -> Ms;
then({continue, What}) -> {continue, What};
then(hibernate) -> hibernate.

%% -- what the scenarios are made of --

say_started(What, {ok, _}) -> say(What, ok);
say_started(What, Other) -> say(What, Other).

say_start(What, How) ->
    say_started(What, gen_server:start(?MODULE, {self(), How}, [])).

new_doing(What) ->
    {ok, {Pid, Monitor}} = gen_server:start_monitor(?MODULE, {self(), What}, []),
    {Pid, Monitor}.

new_told() -> new_doing(ok).

say_asked(What, Fun) ->
    say(What, try Fun() of Reply -> Reply
              catch Class:Reason -> {Class, Reason}
              end).

say_call(What, To, Request) ->
    say_asked(What, fun() -> gen_server:call(To, Request) end).

say_call_timeout(What, To, Ms, Request) ->
    say_asked(What, fun() -> gen_server:call(To, Request, Ms) end).

say_ending(What, Monitor) ->
    say(What, is),
    say_next("told"),
    say_end("end", Monitor),
    say_mailbox("rest").

%% -- starting --

init_results() ->
    say_start("ok", ok),
    say_start("timeout", {ok, {timeout, 100000}}),
    say_start("hibernate", {ok, hibernate}),
    say_start("ignore", ignore),
    say_start("stop", {stop, not_today}),
    say_start("stop normal", {stop, normal}),
    say_start("exit", {exit, gone}),
    say_start("error", {error, broken}),
    say_start("throw", {throw, ball}),
    say_start("thrown result", {throw_next, {stop, thrown}}),
    say_start("thrown ok", {throw_next, ok}),
    say_mailbox("mailbox").

init_results_linked() ->
    process_flag(trap_exit, true),
    [begin
         say_started("start", gen_server:start_link({local, linked}, ?MODULE, {self(), Way}, [])),
         say("name is free", whereis(linked) =:= undefined)
     end || Way <- [{stop, not_today}, ignore, {exit, gone}, {exit, normal}, {throw, ball}]].

a_failing_start_ends_its_starter() ->
    {_, Ref} = spawn_monitor(fun() ->
        gen_server:start_link(?MODULE, {self(), {stop, badly}}, []), exit(not_reached) end),
    say_end("stop", Ref),
    {_, Other} = spawn_monitor(fun() ->
        gen_server:start_link(?MODULE, {self(), ignore}, []), exit(reached) end),
    say_end("ignore", Other).

names_are_taken_once() ->
    Start = fun() -> gen_server:start({local, one}, ?MODULE, {self(), ok}, []) end,
    {ok, Pid} = First = Start(),
    known_as(Pid, "<first>"),
    say_started("first", First),
    say_started("second", Start()),
    say_call("call", one, {do, get}),
    gen_server:stop(one),
    say_next("told"),
    say("free", whereis(one) =:= undefined),
    say_started("third", Start()).

init_may_take_too_long() ->
    process_flag(trap_exit, true),
    say_started("start", gen_server:start_link({local, slow}, ?MODULE, sleepy, [{timeout, 20}])),
    say("name is free", whereis(slow) =:= undefined),
    say_mailbox("mailbox").

%% -- results of callbacks --

results_of_calls() ->
    {Pid, _} = new_told(),
    say_call("reply", Pid, {do, {reply, {a, [term], #{'of' => 1.5}}}}),
    say_call("state", Pid, {do, get}),
    gen_server:cast(Pid, {do, {add, 3}}),
    Pid ! {do, {add, 4}},
    say_call("state", Pid, {do, get}),
    say_call("hibernate", Pid, {do, {reply, r, hibernate}}),
    say_call("timeout", Pid, {do, {reply, r, {timeout, 1}}}),
    say_next("told"),
    say_call("continue", Pid, {do, {reply, r, {continue, c}}}),
    say_next("told"),
    gen_server:cast(Pid, a_cast),
    say_next("told"),
    Pid ! an_info,
    say_next("told"),
    Pid ! {'$gen_cast', by_hand},
    say_next("told").

replies_come_later() ->
    {Pid, _} = new_told(),
    Mine = make_ref(),
    known_as(Mine, "#mine"),
    Pid ! {'$gen_call', {self(), Mine}, {do, later}},
    say_call("meanwhile", Pid, {do, {reply, r}}),
    gen_server:cast(Pid, {do, {answer, at_last}}),
    say_next("reply"),
    gen_server:cast(Pid, {do, {answer, and_again}}),
    say_call("sync", Pid, {do, {reply, r}}),
    say_mailbox("a plain reference has it twice").

a_late_reply_is_dropped() ->
    {Pid, _} = new_told(),
    known_as(Pid, "<server>"),
    say_call_timeout("call", Pid, 20, {do, later}),
    gen_server:cast(Pid, {do, {answer, too_late}}),
    say_call("sync", Pid, {do, {reply, r}}),
    say_mailbox("mailbox").

ends_of(How) ->
    [begin
         {Pid, Ref} = new_told(),
         known_as(Pid, "<server>"),
         case How of
             call -> say_call("call", Pid, {do, What});
             cast -> gen_server:cast(Pid, {do, What});
             info -> Pid ! {do, What};
             continue -> gen_server:cast(Pid, {do, {noreply, {continue, {do, What}}}})
         end,
         say_ending(Text, Ref)
     end || {Text, What} <- [{"{stop, normal}", {stop, normal}},
                             {"{stop, shutdown}", {stop, shutdown}},
                             {"{stop, {shutdown, x}}", {stop, {shutdown, x}}},
                             {"{stop, {a, b}}", {stop, {a, b}}},
                             {"{exit, normal}", {exit, normal}},
                             {"{exit, bad}", {exit, bad}},
                             {"{error, worse}", {error, worse}},
                             {"{error, undef}", {error, undef}},
                             {"{throw, ball}", {throw, ball}},
                             {"{throw_next, {stop, thrown}}", {throw_next, {stop, thrown}}}]].

ends_in_calls() -> ends_of(call).
ends_in_casts() -> ends_of(cast).
ends_in_infos() -> ends_of(info).
ends_in_continues() -> ends_of(continue).

a_stop_with_reply() ->
    {Pid, Ref} = new_told(),
    say_call("call", Pid, {do, {stop, shutdown, bye}}),
    say_ending("with reply", Ref),
    {Other, OtherRef} = new_told(),
    gen_server:cast(Other, {do, {at_end, {error, in_terminate}}}),
    say_call("call", Other, {do, {stop, normal, bye}}),
    say_ending("with a crash", OtherRef).

thrown_results() ->
    {Pid, Ref} = new_told(),
    say_call("reply", Pid, {do, {throw_next, {reply, thrown}}}),
    gen_server:cast(Pid, {do, {throw_next, {add, 2}}}),
    Pid ! {do, {throw_next, {add, 3}}},
    say_call("state", Pid, {do, {throw_next, get}}),
    gen_server:cast(Pid, {do, {throw_next, {noreply, {continue, thrown}}}}),
    say_next("told"),
    say_call("stop", Pid, {do, {throw_next, {stop, normal, bye}}}),
    say_ending("stopped", Ref).

terminate_may_crash() ->
    [begin
         {Pid, Ref} = new_told(),
         gen_server:cast(Pid, {do, {at_end, Way}}),
         gen_server:cast(Pid, {do, {exit, first}}),
         say_ending(Text, Ref)
     end || {Text, Way} <- [{"{exit, second}", {exit, second}},
                            {"{error, second}", {error, second}},
                            {"{throw, second}", {throw, second}}, {"ok", ok}]].

%% -- exits from outside --

exits_of_strangers() ->
    {Pid, Ref} = new_told(),
    exit(Pid, normal),
    say_call("alive", Pid, {do, get}),
    exit(Pid, bang),
    say_end("end", Ref),
    say_mailbox("no terminate"),
    {Trapping, Other} = new_doing({trap, ok}),
    exit_by_a_stranger(Trapping, bang),
    say_next("told"),
    exit_by_a_stranger(Trapping, normal),
    say_next("told"),
    exit_by_a_stranger(Trapping, kill),
    say_end("end", Other),
    say_mailbox("no terminate").

%% Who started a server is its parent, linked or not, and obeyed.
exit_by_a_stranger(Pid, Reason) ->
    spawn(fun() -> exit(Pid, Reason) end).

exits_of_the_starter() ->
    {Pid, Ref} = new_doing({trap, ok}),
    exit(Pid, bang),
    say_next("terminate"),
    say_end("end", Ref).

parents_take_their_servers_along() ->
    Self = self(),
    [begin
         Parent = spawn(fun() ->
             {ok, Child} = gen_server:start_link(?MODULE, {Self, {trap, ok}}, []),
             Self ! {child, Child},
             receive {finish, R} -> exit(R) end
         end),
         Pid = receive {child, P} -> P end,
         Ref = monitor(process, Pid),
         Parent ! {finish, Reason},
         say_ending(atom_to_list(Reason), Ref)
     end || Reason <- [normal, shutdown, boom]].

a_linked_parent_hears() ->
    process_flag(trap_exit, true),
    {ok, Pid} = gen_server:start_link(?MODULE, {self(), ok}, []),
    known_as(Pid, "<server>"),
    gen_server:cast(Pid, {do, {stop, {shutdown, planned}}}),
    say_next("told"),
    say_next("exit").

%% -- timeouts --

timeouts() ->
    {Pid, _} = new_doing({ok, {timeout, 1}}),
    say_next("of init"),
    gen_server:cast(Pid, {do, {noreply, {timeout, 1}}}),
    say_next("of a cast"),
    Pid ! {do, {noreply, {timeout, 1}}},
    say_next("of an info"),
    gen_server:cast(Pid, {do, {noreply, {continue, {do, {noreply, {timeout, 1}}}}}}),
    say_next("of a continue"),
    gen_server:cast(Pid, {do, {noreply, {timeout, 60}}}),
    gen_server:cast(Pid, in_between),
    say_next("cancels"),
    timer:sleep(120),
    say_mailbox("cancelled").

a_timeout_of_0() ->
    {Pid, _} = new_told(),
    sys:suspend(Pid),
    gen_server:cast(Pid, {do, {noreply, {timeout, 0}}}),
    gen_server:cast(Pid, one),
    gen_server:cast(Pid, {do, {noreply, {timeout, 0}}}),
    sys:resume(Pid),
    say_next("first"),
    say_next("second"),
    say_mailbox("mailbox").

a_system_message_begins_it_anew() ->
    {Pid, _} = new_doing({ok, {timeout, 400}}),
    [begin timer:sleep(200), sys:get_state(Pid) end || _ <- lists:seq(1, 4)],
    say_mailbox("not yet"),
    say_next("now").

%% -- continues --

continues_before_messages() ->
    {Pid, _} = new_told(),
    sys:suspend(Pid),
    gen_server:cast(Pid, {do, {noreply, {continue, {do, {noreply, {continue, last}}}}}}),
    gen_server:cast(Pid, queued),
    Pid ! queued_too,
    sys:resume(Pid),
    say_next("told"),
    say_next("told"),
    say_next("told"),
    {Other, Ref} = new_doing({ok, {continue, of_init}}),
    say_next("told"),
    gen_server:cast(Other, {do, {noreply, {continue, {do, {stop, there}}}}}),
    say_ending("stopped", Ref).

%% -- calls that fail --

calls_of_nobody() ->
    Dead = new_dead(),
    known_as(Dead, "<dead>"),
    say_call("a name", nobody, hello),
    say_call("a pid", Dead, hello),
    say_call_timeout("with a time", Dead, 100, hello),
    say_call("oneself", self(), hello),
    ok = gen_server:cast(nobody, hello),
    ok = gen_server:cast(Dead, hello),
    say("casts", ok),
    say_call("global", {global, nobody}, hello),
    say_mailbox("mailbox").

servers_that_end_in_a_call() ->
    {One, _} = new_told(),
    known_as(One, "<server>"),
    say_call("normal", One, {do, {stop, normal}}),
    {Two, _} = new_told(),
    known_as(Two, "<server>"),
    say_call_timeout("with a time", Two, 1000, {do, {exit, {a, reason}}}),
    {Three, _} = new_told(),
    known_as(Three, "<server>"),
    say_call("error", Three, {do, {error, crash}}),
    {Four, _} = new_doing({ok, hibernate}),
    known_as(Four, "<server>"),
    say_call_timeout("timeout", Four, 5, {do, noreply}).

what_was_queued_is_lost() ->
    {Pid, Ref} = new_told(),
    sys:suspend(Pid),
    gen_server:cast(Pid, {do, {exit, early}}),
    gen_server:cast(Pid, never),
    sys:resume(Pid),
    say_ending("crashed", Ref).

%% -- stopping --

stopping() ->
    {One, OneRef} = new_told(),
    known_as(One, "<one>"),
    say_caught("stop/1", fun() -> gen_server:stop(One) end),
    say_ending("normal", OneRef),
    say_caught("again", fun() -> gen_server:stop(One) end),
    {Two, TwoRef} = new_told(),
    say_caught("stop/3", fun() -> gen_server:stop(Two, {a, reason}, infinity) end),
    say_ending("reason", TwoRef),
    {Three, ThreeRef} = new_told(),
    gen_server:cast(Three, {do, {at_end, {exit, another}}}),
    say_caught("another reason", fun() -> gen_server:stop(Three, {a, reason}, infinity) end),
    say_ending("another", ThreeRef),
    {Four, FourRef} = new_told(),
    sys:suspend(Four),
    say_caught("suspended", fun() -> gen_server:stop(Four, {a, reason}, infinity) end),
    say_ending("suspended", FourRef),
    Deaf = new_waiting(),
    known_as(Deaf, "<deaf>"),
    say_caught("deaf", fun() -> gen_server:stop(Deaf, soon, 20) end),
    say("alive", is_process_alive(Deaf)),
    say_mailbox("mailbox").

%% -- processes that become servers --

entered(Owner) ->
    put(owner, Owner),
    register(entered, self()),
    proc_lib:init_ack({ok, self()}),
    gen_server:enter_loop(?MODULE, [], #{value => 40}, {local, entered},
                          {continue, {do, {add, 2}}}).

enters_wrongly(Owner) ->
    put(owner, Owner),
    proc_lib:init_ack({ok, self()}),
    gen_server:enter_loop(?MODULE, [], #{value => 0}, {local, not_mine}).

becoming_a_server() ->
    process_flag(trap_exit, true),
    {ok, Pid} = proc_lib:start_link(?MODULE, entered, [self()]),
    known_as(Pid, "<entered>"),
    say_call("call", entered, {do, get}),
    gen_server:cast(entered, {do, {stop, shutdown}}),
    say_next("told"),
    say_next("exit"),
    {ok, Wrong} = proc_lib:start_link(?MODULE, enters_wrongly, [self()]),
    known_as(Wrong, "<wrong>"),
    say_next("exit").
