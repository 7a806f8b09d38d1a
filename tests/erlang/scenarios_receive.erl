%% SPDX-License-Identifier: Apache-2.0
%% What a receive takes, in what order, and when it gives up; scenarios_receive.c does the same.
-module(scenarios_receive).
-import(scenario, [say/2, known_as/2, say_end/2, say_mailbox/1, say_next/1, say_caught/2,
                   await_end/1, await_waiting/1, new_waiting/0, new_dead/0]).
-export([first_message_counts/0, clauses_in_order/0, the_rest_keeps_its_order/0,
         what_is_left_is_tried_again/0, no_time_at_all/0, no_time_with_junk/0,
         timeout_takes_nothing/0, junk_does_not_prolong/0, a_receive_in_another/0,
         by_reference/0, bad_timeouts/0, order_to_oneself/0, by_pid_and_name/0,
         two_senders/0, to_no_name/0, to_the_dead/0, a_message_is_a_snapshot/0,
         equal_is_not_same/0, of_any_shape/0, many_skipped/0, late_message_stays/0,
         a_long_queue/0]).

send_all(Messages) ->
    [self() ! M || M <- Messages].

first_message_counts() ->
    send_all([{b, 1}, {a, 2}]),
    receive
        {a, N} -> say("a", N);
        {b, N} -> say("b", N)
    end,
    say_mailbox("rest").

clauses_in_order() ->
    send_all([{a, 1}]),
    receive
        {a, N} -> say("the first clause", N);
        {_, N} -> say("the second clause", N)
    end.

the_rest_keeps_its_order() ->
    send_all([1, a, 2, b, 3, c]),
    receive b -> ok end,
    receive a -> ok end,
    say_mailbox("rest").

what_is_left_is_tried_again() ->
    send_all([skipped, wanted]),
    receive wanted -> say("first", wanted) end,
    receive skipped -> say("second", skipped) end,
    say_mailbox("rest").

no_time_at_all() ->
    say("empty", receive _ -> message after 0 -> timeout end),
    self() ! there,
    say("there", receive there -> message after 0 -> timeout end).

no_time_with_junk() ->
    send_all(lists:seq(1, 50) ++ [wanted] ++ lists:seq(51, 60)),
    say("wanted", receive wanted -> message after 0 -> timeout end),
    say("unwanted", receive unwanted -> message after 0 -> timeout end),
    say_mailbox("rest").

timeout_takes_nothing() ->
    send_all([a, b]),
    say("c", receive c -> message after 10 -> timeout end),
    say_mailbox("rest").

junk_does_not_prolong() ->
    Self = self(),
    Junk = spawn(fun() -> junk(Self) end),
    Began = erlang:monotonic_time(millisecond),
    say("wanted", receive wanted -> message after 200 -> timeout end),
    Took = erlang:monotonic_time(millisecond) - Began,
    exit(Junk, kill),
    say("not early", Took >= 200),
    say("not late", Took < 2000).

junk(To) ->
    To ! junk,
    receive after 5 -> junk(To) end.

a_receive_in_another() ->
    send_all([inner, {outer, [kept]}, inner2]),
    receive
        {outer, T} ->
            receive inner2 -> say("inner", 2) end,
            receive inner -> say("inner", 1) end,
            say("outer", T)
    end,
    say_mailbox("rest").

by_reference() ->
    Refs = [make_ref() || _ <- [1, 2, 3]],
    [self() ! {R, N} || {R, N} <- lists:zip(Refs, [1, 2, 3])],
    [receive {R, N} -> say("reply", N) end || R <- lists:reverse(Refs)],
    say_mailbox("rest").

bad_timeouts() ->
    Zero = length(registered()) * 0,
    say_caught("negative", fun() -> receive after -2 + Zero -> ok end end),
    say_caught("too large", fun() -> receive after 4294967296 + Zero -> ok end end),
    say_mailbox("rest").

order_to_oneself() ->
    send_all(lists:seq(1, 100)),
    say_mailbox("mailbox").

by_pid_and_name() ->
    Self = self(),
    register(named, Self),
    await_end(spawn(fun() -> [begin Self ! {pid, N}, named ! {name, N} end || N <- lists:seq(1, 5)] end)),
    say_mailbox("mailbox").

two_senders() ->
    Self = self(),
    [await_end(spawn(fun() -> [Self ! {From, N} || N <- [1, 2, 3]] end)) || From <- [a, b]],
    say_mailbox("mailbox").

to_no_name() ->
    say_caught("send", fun() -> nobody_has_this_name ! hello end).

to_the_dead() ->
    new_dead() ! hello,
    Pid = new_waiting(),
    register(soon_dead, Pid),
    exit(Pid, kill),
    await_end(Pid),
    say_caught("to its name", fun() -> soon_dead ! hello end).

a_message_is_a_snapshot() ->
    Bytes = binary:copy(<<"x">>, 1000),
    self() ! {bytes, Bytes},
    self() ! {list, lists:seq(1, 300)},
    receive {bytes, B} -> say("bytes", B =:= Bytes) end,
    receive {list, L} -> say("sum", lists:sum(L)) end.

equal_is_not_same() ->
    send_all([1.0, 1, 0, 0.0]),
    receive 1 -> say_next("after 1") end,
    receive 0.0 -> say_next("after 0.0") end.

of_any_shape() ->
    send_all([a, 'A b', 1, -1, 1 bsl 70, 1.5, "list", [], [a | b], {}, {1, {2, [3]}}, <<"bytes">>,
              <<5:3>>, #{}, #{a => 1, 2 => [b]}, self()]),
    say_mailbox("mailbox").

many_skipped() ->
    send_all(lists:duplicate(1000, junk)),
    self() ! wanted,
    receive wanted -> say("wanted", found) end,
    say("junk", count(junk, 0)).

count(What, N) ->
    receive What -> count(What, N + 1) after 0 -> N end.

late_message_stays() ->
    Self = self(),
    Pid = spawn(fun() -> receive go -> Self ! late end end),
    say("first", receive late -> message after 20 -> timeout end),
    Pid ! go,
    await_end(Pid),
    say_mailbox("mailbox").

a_long_queue() ->
    Self = self(),
    Pids = [spawn(fun() -> [Self ! {P, N} || N <- lists:seq(1, 200)] end) || P <- lists:seq(1, 20)],
    [await_end(P) || P <- Pids],
    [say("in order", [receive {P, N} -> N end || _ <- lists:seq(1, 200)] =:= lists:seq(1, 200)) || P <- [20, 1, 10]],
    say("rest", rest(0)).

rest(N) ->
    receive _ -> rest(N + 1) after 0 -> N end.
