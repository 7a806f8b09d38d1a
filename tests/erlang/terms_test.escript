#!/usr/bin/env escript
%%! +pc unicode
%% SPDX-License-Identifier: Apache-2.0
%% Random terms, as this Erlang sees them and as terms_server does: the external format both
%% ways, order, text both ways.
%%      terms_test.escript <terms_server> [<terms> [<seed>]]
-mode(compile).

main([Server]) -> main([Server, "2000"]);
main([Server, Count]) -> main([Server, Count, integer_to_list(erlang:system_time() rem 1000000)]);
main([Server, Count, Seed]) ->
    io:format("seed ~s~n", [Seed]),
    rand:seed(exsss, list_to_integer(Seed)),
    Port = open_port({spawn_executable, Server}, [{packet, 4}, binary, exit_status]),
    put(port, Port),
    N = list_to_integer(Count),
    literals(),
    powers(),
    [from_here(I) || I <- lists:seq(1, N)],
    [from_there(I) || I <- lists:seq(1, N)],
    [order(I) || I <- lists:seq(1, N div 20)],
    [floats(I) || I <- lists:seq(1, N)],
    identifiers(),
    refused(),
    io:format("ok~n").

%% What OTP 26 does by itself: atoms in UTF-8.
t2b(T) -> term_to_binary(T, [{minor_version, 2}]).

ask(Letter, Data) ->
    true = port_command(get(port), [Letter, Data]),
    receive
        {_, {data, <<"+", Answer/binary>>}} -> Answer;
        {_, {data, <<"-", Error/binary>>}} -> {error, Error};
        {_, {exit_status, S}} -> exit({server, S, Letter, Data})
    end.

same(What, Term, A, A) -> _ = {What, Term}, ok;
same(What, Term, Want, Got) ->
    io:format("~ts differs~nwant ~0tp~ngot  ~0tp~nfor ~0tp~n",
              [What, from_difference(Want, Got), from_difference(Got, Want), Term]),
    halt(1).

from_difference(A, B) when is_binary(A), is_binary(B) ->
    At = max(0, binary:longest_common_prefix([A, B]) - 20),
    binary:part(A, At, min(120, size(A) - At));
from_difference([X | A], [X | B]) -> from_difference(A, B);
from_difference([X, Y | _], B) when is_list(B) -> [X, Y, '...'];
from_difference(A, _) -> A.

%% 0.0 and -0.0 are the same term here
from_here(_) ->
    T = term(5, all),
    B = t2b(T),
    same("encoding", T, B, ask($d, B)),
    U = term(5, plain),
    text(U).

from_there(I) ->
    B = ask($g, <<(rand:uniform(1 bsl 40) + I):64/little>>),
    T = binary_to_term(B),
    same("encoding of theirs", T, t2b(T), B),
    text(T).

text(T) ->
    B = t2b(T),
    Text = unicode:characters_to_binary(io_lib:format("~0tp", [T])),
    same("text", T, Text, ask($e, B)),
    Latin1 = unicode:characters_to_binary(io_lib:format("~0p", [T])),
    same("latin1 text", T, Latin1, ask($l, B)),
    same("parsed text", T, B, ask($t, Text)),
    same("parsed text in quotes", T, B, ask($t, unicode:characters_to_binary(io_lib:format("~tw", [T])))),
    ok.

order(_) ->
    L0 = [term(3, all) || _ <- lists:seq(1, 60)],
    L = L0 ++ [near(X) || X <- L0],
    Want = lists:sort(L),
    Got = binary_to_term(ask($s, t2b(L))),
    %% what is equal (2 and 2.0) may stand in any order
    [A == B orelse same("order", L, A, B) || {A, B} <- lists:zip(Want, Got)],
    [same("hash", X, t2b(true), ask($h, t2b([X, Y])))
     || X <- L0, Y <- [near(X)], Y =:= X],
    ok.

%% Something that may be next to it in the order.
near(X) when is_integer(X) -> case rand:uniform(3) of 1 -> X + 1; 2 -> catch float(X); 3 -> X end;
near(X) when is_float(X), abs(X) < 1.0e300 -> case rand:uniform(2) of 1 -> trunc(X); 2 -> X end;
near(X) when is_tuple(X), size(X) > 0 -> setelement(size(X), X, near(element(size(X), X)));
near([H | T]) -> [near(H) | T];
near(X) when is_map(X) -> maps:map(fun(_, V) -> near(V) end, X);
near(X) when is_bitstring(X), bit_size(X) > 2 -> S = bit_size(X) - 1, <<Y:S/bitstring, _/bitstring>> = X, Y;
near(X) -> X.

floats(_) ->
    <<F0:64>> = rand:bytes(8),
    F = case <<F0:64>> of <<X/float>> -> X; _ -> 1.0 end,
    text([F, rand:uniform() * math:pow(10, rand:uniform(30) - 10), float(rand:uniform(1 bsl 60)),
          rand:uniform(100000) / 1000, float(rand:uniform(1000000))]).

powers() ->
    [text([math:pow(2, E), -math:pow(10, E / 4)]) || E <- lists:seq(-1074, 1023)],
    [text([F]) || F <- [0.0, 5.0e-324, 1.7976931348623157e308, 9007199254740991.0, 9007199254740992.0,
                        2.2250738585072014e-308, 2.225073858507201e-308]],
    [text([1 bsl E, -(1 bsl E), (1 bsl E) - 1, -(1 bsl E) - 1]) || E <- lists:seq(0, 300)].

identifiers() ->
    Fun = fun(X) -> {X, get(port)} end,
    L = [self(), make_ref(), get(port), alias(), Fun, fun lists:map/2,
         [pid(N, I, S, C) || N <- [<<"a@h">>, <<"b@h">>], I <- [1, 2], S <- [0, 1], C <- [1, 2]],
         [port(N, I, C) || N <- [<<"a@h">>, <<"b@h">>], I <- [1, 1 bsl 40], C <- [1, 2]],
         [ref(N, C, W) || N <- [<<"a@h">>, <<"b@h">>], C <- [1, 2], W <- [[1], [1, 2], [0, 0, 1], [1, 2, 3, 4, 5], [1, 2, 3, 4, 0]]]],
    same("identifiers", L, t2b(L), ask($d, t2b(L))),
    [begin
         Shuffled = [X || {_, X} <- lists:sort([{rand:uniform(), X} || X <- lists:flatten(L)])],
         same("order of identifiers", Shuffled, lists:sort(Shuffled),
              binary_to_term(ask($s, t2b(Shuffled))))
     end || _ <- lists:seq(1, 50)],
    Old = [<<131, 103, 100, 0, 3, "a@h", 1:32, 2:32, 3>>, <<131, 102, 100, 0, 3, "a@h", 1:32, 3>>,
           <<131, 101, 100, 0, 3, "a@h", 7:32, 1>>, <<131, 114, 2:16, 100, 0, 3, "a@h", 1, 7:32, 8:32>>,
           <<131, 100, 0, 2, 16#e9, "a">>, <<131, 115, 1, 16#e9>>,
           <<131, 99, "1.50000000000000000000e+00", 0, 0, 0, 0, 0>>,
           <<131, 110, 1, 0, 5>>, <<131, 110, 3, 1, 5, 0, 0>>, <<131, 111, 2:32, 0, 1, 1>>,
           <<131, 108, 2:32, 97, 1, 97, 2, 106>>, <<131, 105, 1:32, 97, 1>>,
           <<131, 98, 5:32>>, <<131, 77, 1:32, 8, 7>>, <<131, 118, 1:16, "a">>],
    [same("old tags", binary_to_term(B), t2b(binary_to_term(B)), ask($d, B)) || B <- Old].

b(B) -> binary_to_term(iolist_to_binary([131, B])).
pid(N, I, S, C) -> b([88, 119, size(N), N, <<I:32, S:32, C:32>>]).
port(N, I, C) -> b([120, 119, size(N), N, <<I:64, C:32>>]).
ref(N, C, Ws) -> b([90, <<(length(Ws)):16>>, 119, size(N), N, <<C:32>>, [<<W:32>> || W <- Ws]]).

%% What this Erlang refuses, the other must too: damaged bytes.
refused() ->
    [begin
         B = t2b(term(4, plain)),
         At = rand:uniform(size(B)) - 1,
         <<X:At/binary, _, Y/binary>> = B,
         D = <<X/binary, (rand:uniform(256) - 1), Y/binary>>,
         Cut = binary:part(B, 0, At),
         {error, _} = ask($d, Cut),
         case {try {term, binary_to_term(D)} catch error:_ -> refused end, ask($d, D)} of
             {_, {error, _}} -> ok; % stricter: trailing bytes, limits
             {refused, Got} -> same("damaged bytes", D, {error, any}, Got);
             {{term, T}, Got} -> same("what damaged bytes are", D, t2b(T), Got)
         end
     end || _ <- lists:seq(1, 5000)].

%% Literals that ~p never prints.
literals() ->
    Texts = ["16#ff", "2#1010", "36#Zz", "1_000_000", "-16#ff", "+5", "- 5", "$a", "$\\n", "$\\x41", "$\\x{1F600}",
             "-$a", "$ ", "\"a\" \"b\"", "\"a\\x41\\101\\^A\\s\\e\\d\"", "'a\\nb'", "'\\x{400}'",
             "1.5e3", "1.5E-3", "1_0.2_5e1_0", "(a)", "{(1),((2))}", "[a,b|[c|d]]", "#{a=>1,a=>2}", "#{1=>a,1.0=>b}",
             "<<1,2,3>>", "<<\"abc\">>", "<<\"abc\":16>>", "<<\"\x{e9}\">>", "<<\"\x{e9}\"/utf8>>", "<<\"\x{20ac}\"/utf16>>",
             "<<\"\x{1F600}\"/utf16-little>>", "<<16#20ac/utf8>>", "<<\"x\"/utf32>>", "<<1:4,2:4>>", "<<1:3>>", "<<-1:12>>",
             "<<16#123456789abcdef0123:80>>", "<<-16#123456789abcdef0123:77>>", "<<258:16/little>>", "<<258:13/little>>",
             "<<16#abcde:20/little>>", "<<-3:70/little-signed>>",
             "<<1.5/float>>", "<<1.5:32/float-little>>", "<<1:2/unit:7>>", "<<3/integer-unit:8>>", "<<2/float>>", "<<>>",
             "<<1:0>>", "<<\"\":16>>", "<<\"\x{400}\">>", "<<300>>", "<<-1>>", "<<$a,$b>>", "<<+1,-1>>", "<<5:1/unit:256>>",
             "fun lists:map/2", "fun 'A b':'C'/0", "% comment\n a % more\n", "\"a\nb\"", "\"\\\nb\"", "a@b", "été", "#{}", "{ }", "[ ]",
             "123456789012345678901234567890", "-16#ffffffffffffffffffffffffffff", "<<\"a\" \"b\">>", "\"\"", "\"\" \"a\"", "'fun'", "[\"a\"|\"b\"]"],
    [begin
         U = unicode:characters_to_binary(T),
         {ok, Tokens, _} = erl_scan:string(T ++ " ."),
         case erl_parse:parse_term(Tokens) of
             {ok, Term} -> same("literal " ++ T, T, t2b(Term), ask($t, U));
             {error, _} -> same("no literal " ++ T, T, {error, <<"syntax">>}, ask($t, U))
         end
     end || T <- Texts],
    Bad = ["", "A", "_", "a b", "{a", "{a,}", "[a|]", "[a|b,c]", "#{a}", "#{a:=1}", "<<a>>", "<<1", "'abc", "\"abc", "1#0",
           "37#0", "16#", "1.0e", "if", "fun a/1", "fun a:b", "a:b", "- a", "--1", "<0.1.2>", "#Ref<0.1.2.3>", "\"\\x4\"", "1__0",
           "a.b", "<<1:-1>>", "<<1/foo>>", "<<1.5>>", "<<\"a\"/binary>>", "()", "{,}", "[,]", "#a{}", "<<1,>>", "a,b", "#{a=>1,}", "1.5.5"],
    [begin
         {error, _} = erlang:element(1, {parse(T), T}),
         {E, T} = {ask($t, T), T},
         same("bad literal", T, {error, <<"syntax">>}, E)
     end || T <- Bad],
    File = "%% a file\n{a, 1}.\n\n[b\n].\n\"c\". % end\n'd'.",
    same("file", File, t2b([{a, 1}, [b], "c", d]), ask($c, File)),
    same("empty file", "", t2b([]), ask($c, "% nothing\n")).

parse(T) ->
    case erl_scan:string(T ++ " .") of
        {ok, Tokens, _} -> (catch erl_parse:parse_term(Tokens));
        {error, E, _} -> {error, E}
    end.

%% -- random terms; plain: without identifiers --

term(0, Kind) -> leaf(Kind);
term(D, Kind) ->
    case rand:uniform(12) of
        1 -> list_to_tuple(terms(D, Kind));
        2 -> terms(D, Kind);
        3 -> [term(D - 1, Kind) | term(D - 1, Kind)];
        4 -> maps:from_list([{term(D - 1, Kind), term(D - 1, Kind)} || _ <- lists:seq(1, rand:uniform(6) - 1)]);
        5 -> maps:from_list([{leaf(plain), I} || I <- lists:seq(1, rand:uniform(30))]);
        6 -> [rand:uniform(256) - 1 || _ <- lists:seq(1, rand:uniform(40))];
        7 -> list_to_tuple([leaf(Kind) || _ <- lists:seq(1, rand:uniform(300))]);
        _ -> leaf(Kind)
    end.

terms(D, Kind) -> [term(D - 1, Kind) || _ <- lists:seq(1, rand:uniform(6) - 1)].

leaf(all) ->
    case rand:uniform(8) of
        1 -> pid(name(), rand:uniform(1 bsl 32) - 1, rand:uniform(1 bsl 32) - 1, rand:uniform(3));
        2 -> port(name(), rand:uniform(1 bsl 30), rand:uniform(3));
        3 -> ref(name(), rand:uniform(3), [rand:uniform(1 bsl 18) | [rand:uniform(1 bsl 31) || _ <- lists:seq(1, rand:uniform(5) - 1)]]);
        _ -> leaf(plain)
    end;
leaf(plain) ->
    case rand:uniform(14) of
        1 -> rand:uniform(512) - 256;
        2 -> (rand:uniform(1 bsl 40) - (1 bsl 39)) bsl rand:uniform(200);
        3 -> (1 bsl rand:uniform(80)) * (1 - 2 * rand:uniform(1));
        4 -> rand:normal() * math:pow(10, rand:uniform(20) - 5);
        5 -> float(rand:uniform(100));
        6 -> atom();
        7 -> rand:bytes(rand:uniform(12) - 1);
        8 -> S = rand:uniform(40), <<(rand:uniform(1 bsl S)):S>>;
        9 -> list_to_binary([rand:uniform(95) + 31 || _ <- lists:seq(1, rand:uniform(20))]);
        10 -> unicode:characters_to_binary(string());
        11 -> string();
        12 -> fun lists:map/2;
        13 -> [];
        14 -> rand:bytes(rand:uniform(1200))
    end.

name() -> lists:nth(rand:uniform(3), [<<"a@h">>, <<"b@h">>, <<"c@host">>]).

string() ->
    Range = lists:nth(rand:uniform(5), [127, 127, 256, 16#2000, 16#10ffff]),
    [C || C <- [rand:uniform(Range) || _ <- lists:seq(1, rand:uniform(20))], C < 16#d800 orelse C > 16#dfff].

atom() ->
    case rand:uniform(4) of
        1 -> list_to_atom(string());
        2 -> lists:nth(rand:uniform(8), ['', 'A', 'fun', 'a b', 'été', a@b, 'it\'s', 'b\\']);
        _ -> list_to_atom([rand:uniform(26) + 96 || _ <- lists:seq(1, rand:uniform(6))])
    end.
