%% SPDX-License-Identifier: Apache-2.0
%% What is less, equal and the same, and how terms are printed; scenarios_terms.c does the same.
%% (terms_test.escript compares far more of them, made up at random.)
-module(scenarios_terms).
-import(scenario, [say/2, known_as/2, say_mailbox/1]).
-export([order_of_types/0, order_within_types/0, equality/0, sameness/0, printing/0, maps/0,
         map_keys/0, matching/0, reading/0, big_integers/0, floats/0, strings/0]).

sorted(What, Terms) ->
    say(What, lists:sort(Terms)).

order_of_types() ->
    sorted("all", [[], [1], <<"b">>, #{}, {}, self(), make_ref(), atom, 1.5, 1, <<1:1>>]).

order_within_types() ->
    sorted("numbers", [3, 2.5, -1, 1 bsl 80, -(1 bsl 80), 0, 1.0e300]),
    sorted("atoms", [b, a, 'B', '', aa, 'ä']),
    sorted("tuples", [{1, 2, 3}, {9}, {}, {1, 1}, {1, a}]),
    sorted("lists", [[2], [1, 2], [1], [1 | 2], [a], []]),
    sorted("binaries", [<<"b">>, <<"ab">>, <<>>, <<"a">>, <<1:3>>, <<255>>]),
    sorted("maps", [#{a => 2}, #{}, #{b => 1}, #{a => 1}, #{a => 1, b => 1}]).

pairs() ->
    [{1, 1.0}, {1, 1}, {0.0, -0.0}, {a, a}, {[1, 2.0], [1.0, 2]}, {{1}, {1.0}}, {#{a => 1}, #{a => 1.0}},
     {#{1 => a}, #{1.0 => a}}, {"ab", [97, 98]}, {<<"a">>, "a"}, {[], {}}, {<<>>, <<>>},
     {1 bsl 70, 1 bsl 70}, {9007199254740993, 9007199254740992.0}].

equality() ->
    [say("equal", {A, B, A == B}) || {A, B} <- pairs()].

sameness() ->
    [say("same", {A, B, A =:= B}) || {A, B} <- pairs()].

printing() ->
    [say("term", T) || T <- ['an atom', 'Atom', 'a\nb', [a, b | c], "a string", [1, 2], [0], "tab\t", [$a, 200],
                             <<"text">>, <<1, 2>>, <<1:3>>, <<>>, {a, {b, []}}, #{}, fun lists:map/2,
                             -0.0, 1.0e10, 1.0e-7, 123456789.123, 'if', 'fun', '@', a@b, "quote\"", 'it\'s']].

maps() ->
    say("one", #{a => 1}),
    say("sorted", #{z => 1, a => 2, 5 => 3, "s" => 4, {t} => 5, 1.5 => 6, <<"b">> => 7}),
    M = #{a => 1, b => 2},
    say("put", M#{c => 3}),
    say("replaced", M#{a => 3}),
    say("removed", maps:remove(a, M)),
    say("removed what is not there", maps:remove(z, M)),
    say("nested", #{a => #{b => #{c => []}}}).

map_keys() ->
    M = #{1 => integer, 1.0 => float},
    say("size", map_size(M)),
    say("1", maps:get(1, M)),
    say("1.0", maps:get(1.0, M)),
    say("last wins", maps:from_list([{a, 1}, {b, 2}, {a, 3}])).

matching() ->
    T = {point, #{x => 1, y => 2.0}, [first, second | rest]},
    {point, #{x := X}, [First | _]} = T,
    say("parts", {X, First}),
    say("1 is 1.0", case id(1) of 1.0 -> true; _ -> false end),
    say("a map in a map", case id(#{a => 1, b => 2}) of #{b := 2} -> true; _ -> false end),
    say("a map is not", case id(#{a => 1}) of #{b := _} -> true; _ -> false end),
    say("twice", case id({7, 7}) of {A, A} -> true; _ -> false end).

id(X) -> hd([X | registered()]).

parse(Text) ->
    {ok, Tokens, _} = erl_scan:string(Text ++ "."),
    {ok, Term} = erl_parse:parse_term(Tokens),
    Term.

reading() ->
    [say("read", parse(T)) || T <- ["16#ff", "$a", "\"a\" \"b\"", "[1,2|3]", "#{a=>1, 2=>b}", "<<1,2:16,\"x\">>", "- 5", "'a b'",
                                    "1.5e3", "{}", "[{a,1},{b,[]}]", "2#1010", "1_000_000", "\"\\x41\\n\""]].

big_integers() ->
    N = 1 bsl 100,
    [say("integer", I) || I <- [N, -N, N - 1, 1 bsl 63, -(1 bsl 63), (1 bsl 64) - 1]],
    say("order", N > 1.0e29).

floats() ->
    [say("float", F) || F <- [0.1, 1.0e22, 1.0e21, 123456.789, 5.0e-324, 1.7976931348623157e308, 3.0, 100000.0, 1.0e15, 0.001]].

strings() ->
    [say("string", S) || S <- ["", "a", [], [$a, $b], [a], "back\\slash", [8], [31], [32], [126], [127], [160], [255]]].
