%% SPDX-License-Identifier: Apache-2.0
%% node_start PORT: a server that answers PING; how long it takes to come up is measured from outside.
-module(node_start).
-export([main/0]).

main() ->
    [Port] = init:get_plain_arguments(),
    {ok, Listener} = gen_tcp:listen(list_to_integer(Port),
                                    [binary, {packet, line}, {active, false}, {reuseaddr, true},
                                     {ip, {127, 0, 0, 1}}]),
    accept(Listener).

accept(Listener) ->
    {ok, Socket} = gen_tcp:accept(Listener),
    Pid = spawn(fun() -> receive go -> serve(Socket) end end),
    ok = gen_tcp:controlling_process(Socket, Pid),
    Pid ! go,
    accept(Listener).

serve(Socket) ->
    case gen_tcp:recv(Socket, 0) of
        {ok, <<"PING", _/binary>>} ->
            gen_tcp:send(Socket, "+PONG\r\n"),
            serve(Socket);
        _ ->
            gen_tcp:close(Socket)
    end.
