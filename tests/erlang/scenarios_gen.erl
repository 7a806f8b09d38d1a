%% SPDX-License-Identifier: Apache-2.0
%% gen: what calls are on the wire, requests, many nodes, global names; scenarios_gen.c does the
%% same. The servers here are plain processes that speak the protocol by hand.
-module(scenarios_gen).
-import(scenario, [say/2, known_as/2, say_mailbox/1, say_next/1, say_caught/2, await_end/1,
                   await_waiting/1, new_waiting/0, waits/0]).
-export([what_a_call_is/0, what_a_cast_is/0, what_a_request_is/0, what_a_stop_is/0,
         replies_of_all_forms/0, a_reply_straight_to_the_pid/0, calls/0,
         a_normal_end_in_a_call/0, calls_of_names/0, requests/0, a_second_reply/0,
         collections/0, a_collection_given_up/0, a_request_twice/0, many_nodes/0,
         global_names/0, global_nobody/0]).

%% -- a server by hand --

serves() ->
    receive
        stop -> ok;
        {'$gen_call', From, Request} -> answer(From, Request), serves()
    end.

answer(From, {echo, What}) -> gen_server:reply(From, What);
answer(From, {late, Ms}) -> timer:sleep(Ms), gen_server:reply(From, late);
answer(_, {exit, Reason}) -> exit(Reason);
answer({Pid, Tag}, direct) -> Pid ! {Tag, direct};
answer(From, twice) -> gen_server:reply(From, once), gen_server:reply(From, twice);
answer(_, _) -> ok.

new_server() -> spawn(fun serves/0).

%% -- the wire --

what_a_call_is() ->
    Self = self(),
    Caller = spawn(fun() -> gen_server:call(Self, {hello, [1, <<"2">>]}, 10000) end),
    known_as(Caller, "<caller>"),
    say_next("call"),
    exit(Caller, kill).

what_a_cast_is() ->
    Self = self(),
    spawn(fun() -> gen_server:cast(Self, {hello, [1, <<"2">>]}) end),
    say_next("cast").

what_a_request_is() ->
    Self = self(),
    Sender = spawn(fun() -> gen_server:send_request(Self, hello), waits() end),
    known_as(Sender, "<sender>"),
    say_next("request"),
    exit(Sender, kill).

what_a_stop_is() ->
    Self = self(),
    spawn(fun() -> gen_server:stop(Self, {some, reason}, infinity) end),
    {Label, _, What} = receive Message -> Message end,
    say("label", Label),
    say("request", What).

replies_of_all_forms() ->
    Pid = new_server(),
    Ref = make_ref(),
    Alias = alias(),
    known_as(Ref, "#Tag"),
    known_as(Alias, "#Alias"),
    Pid ! {'$gen_call', {self(), Ref}, {echo, 1}},
    say_next("reference"),
    Pid ! {'$gen_call', {self(), [alias | Alias]}, {echo, 2}},
    say_next("alias"),
    Pid ! {'$gen_call', {self(), [[alias | Alias] | more]}, {echo, 3}},
    say_next("alias and more"),
    Pid ! {'$gen_call', {self(), [any, {tag}]}, {echo, 4}},
    say_next("other").

a_reply_straight_to_the_pid() ->
    Pid = new_server(),
    say("reply", gen_server:call(Pid, direct)),
    Pid ! stop,
    await_end(Pid),
    say_mailbox("mailbox").

%% -- calls --

say_call(What, Server, Ms, Request) ->
    say_caught(What, fun() -> say("reply", gen_server:call(Server, Request, Ms)) end).

calls() ->
    Pid = new_server(),
    known_as(Pid, "<server>"),
    say_call("echo", Pid, 10000, {echo, [a, {b}]}),
    say_call("too late", Pid, 10, {late, 60}),
    say_call("in time", Pid, 10000, {echo, again}),
    say_mailbox("mailbox"),
    say_call("exit", Pid, 10000, {exit, {some, reason}}),
    say_call("gone", Pid, 10000, {echo, 1}),
    say_call("infinity", Pid, infinity, {echo, 1}),
    say_call("self", self(), 10000, {echo, 1}),
    say_mailbox("mailbox").

a_normal_end_in_a_call() ->
    One = new_server(),
    known_as(One, "<server>"),
    say_call("normal", One, 10000, {exit, normal}),
    Two = new_server(),
    known_as(Two, "<server>"),
    say_call("shutdown", Two, 10000, {exit, shutdown}).

calls_of_names() ->
    say_caught("far away", fun() -> gen_server:call({anna, 'far@away'}, hello) end),
    say_caught("here", fun() -> gen_server:call({anna, node()}, hello, 1000) end),
    say_caught("global", fun() -> gen_server:call({global, {my, name}}, hello) end),
    gen_server:cast({anna, 'far@away'}, hello),
    gen_server:cast({global, {my, name}}, hello),
    gen_server:cast(anna, hello),
    say("casts", ok).

%% -- requests --

%% Whom it was is not told here.
response({error, {Reason, _}}) -> {error, Reason};
response(no_request) -> none;
response(Other) -> Other.

requests() ->
    Pid = new_server(),
    A = gen_server:send_request(Pid, {echo, 1}),
    B = gen_server:send_request(Pid, {late, 50}),
    say("first", response(gen_server:wait_response(A, 10000))),
    say("too early", response(gen_server:wait_response(B, 5))),
    say("second", response(gen_server:wait_response(B, 10000))),
    B2 = gen_server:send_request(Pid, {late, 50}),
    say("given up", response(gen_server:receive_response(B2, 5))),
    C = gen_server:send_request(Pid, {exit, bang}),
    say("exit", response(gen_server:receive_response(C, 10000))),
    say("gone", response(gen_server:receive_response(gen_server:send_request(Pid, x), 10000))),
    say("nobody", response(gen_server:receive_response(gen_server:send_request(nobody, x), 0))),
    say_mailbox("mailbox").

%% What becomes of the second one is decided by chance in OTP.
a_second_reply() ->
    Pid = new_server(),
    A = gen_server:send_request(Pid, twice),
    say("first", response(gen_server:receive_response(A, 10000))),
    Pid ! stop,
    await_end(Pid).

collections() ->
    Pid = new_server(),
    say("size", gen_server:reqids_size(gen_server:reqids_new())),
    Ids = lists:foldl(fun(I, C) -> gen_server:send_request(Pid, {echo, I}, 100 + I, C) end,
                      gen_server:reqids_new(), lists:seq(1, 30)),
    All = gen_server:send_request(Pid, {exit, bang}, 200, Ids),
    say("size", gen_server:reqids_size(All)),
    None = answers(All),
    say("no more", response(gen_server:wait_response(None, 10000, true))),
    say_mailbox("mailbox").

answers(Ids) ->
    case gen_server:reqids_size(Ids) of
        0 -> Ids;
        _ ->
            {Response, Label, Rest} = gen_server:wait_response(Ids, 10000, true),
            say("answer", {response(Response), Label}),
            answers(Rest)
    end.

a_collection_given_up() ->
    Pid = new_server(),
    One = gen_server:send_request(Pid, {late, 50}, 1, gen_server:reqids_new()),
    Ids = gen_server:send_request(Pid, {echo, 2}, 2, One),
    say("wait", response(gen_server:wait_response(Ids, 5, true))),
    say("receive", response(gen_server:receive_response(Ids, 5, true))),
    say("size", gen_server:reqids_size(Ids)),
    Pid ! stop,
    await_end(Pid),
    say_mailbox("mailbox").

a_request_twice() ->
    Ref = make_ref(),
    say_caught("add", fun() ->
                          gen_server:reqids_add(Ref, 1,
                                                gen_server:reqids_add(Ref, 1,
                                                                      gen_server:reqids_new()))
                      end).

%% -- many --

many_nodes() ->
    Pid = spawn(fun() -> register(anna, self()), serves() end),
    await_waiting(Pid),
    say("all", gen_server:multi_call(['far@away', node()], anna, {echo, 1}, 10000)),
    say("too late", gen_server:multi_call([node()], anna, {late, 60}, 10)),
    say("nobody", gen_server:multi_call([node()], nobody, x, 10)),
    register(bert, self()),
    gen_server:abcast(['far@away', node()], bert, {hello, 1}),
    say_next("cast"),
    Pid ! stop,
    await_end(Pid),
    say_mailbox("mailbox").

%% -- global --

yes(yes) -> true;
yes(no) -> false.

global_names() ->
    Pid = new_waiting(),
    known_as(Pid, "<child>"),
    say("register", yes(global:register_name({my, name}, Pid))),
    say("again", yes(global:register_name({my, name}, self()))),
    say("two names", yes(global:register_name({other, name}, Pid))),
    say("whereis", global:whereis_name({my, name})),
    exit(Pid, kill),
    await_end(Pid),
    say("gone", global:whereis_name({my, name}) =:= undefined),
    say("free", yes(global:register_name({my, name}, self()))),
    say("send", global:send({my, name}, {hello, 1})),
    say_next("message"),
    global:unregister_name({my, name}),
    say("gone", global:whereis_name({my, name}) =:= undefined).

global_nobody() ->
    say_caught("send", fun() -> global:send(7, hello) end).
