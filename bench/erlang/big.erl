%% SPDX-License-Identifier: Apache-2.0
%% big: sixty-four actors; in each round each pings every other, answers pings and waits for its pongs.
-module(big).
-export([run/2]).

-define(ACTORS, 64).

run(Rounds, _) ->
    Parent = self(),
    Actors = [spawn_link(fun() -> actor(Parent) end) || _ <- lists:seq(1, ?ACTORS)],
    Start = bench_kit:now_ns(),
    [Actor ! {start, lists:delete(Actor, Actors), Rounds} || Actor <- Actors],
    [receive done -> ok end || _ <- Actors],
    Time = bench_kit:now_ns() - Start,
    [Actor ! stop || Actor <- Actors],
    Pings = Rounds * ?ACTORS * (?ACTORS - 1),
    Pings = lists:sum([receive {answered, N} -> N end || _ <- Actors]),
    [{{sched, "big"}, 2 * Pings * 1000 / Time, "Mmsg/s"}].

actor(Parent) ->
    receive
        {start, Others, Rounds} ->
            Answered = rounds(Others, length(Others), Rounds, 0),
            Parent ! done,
            Parent ! {answered, answer(Answered)}
    end.

rounds(_, _, 0, Answered) ->
    Answered;
rounds(Others, Pongs, Left, Answered) ->
    Self = self(),
    [Other ! {ping, Self} || Other <- Others],
    rounds(Others, Pongs, Left - 1, pongs(Pongs, Answered)).

pongs(0, Answered) ->
    Answered;
pongs(Left, Answered) ->
    receive
        {ping, From} -> From ! {pong, self()}, pongs(Left, Answered + 1);
        {pong, _} -> pongs(Left - 1, Answered)
    end.

%% All its own rounds are over; the others may still ping.
answer(Answered) ->
    receive
        {ping, From} -> From ! {pong, self()}, answer(Answered + 1);
        stop -> Answered
    end.
