%% SPDX-License-Identifier: Apache-2.0
%% Exits, errors and throws, caught and not; scenarios_errors.c does the same.
-module(scenarios_errors).
-import(scenario, [say/2, known_as/2, say_end/2, say_mailbox/1, say_next/1, say_caught/2,
                   await_end/1, await_waiting/1, waits/0]).
-export([classes/0, returned/0, nested/0, the_inner_one_catches/0, raised_again/0,
         raised_as_another_class/0, out_of_the_catch/0, throw_from_deep_down/0,
         caught_and_alive/0, arithmetic/0, uncaught/0, caught_then_uncaught/0,
         clean_ups_in_order/0, clean_ups_run_when_uncaught/0, catch_in_a_clean_up/0,
         signal_in_a_catch/0, messages_survive/0, badarg_of_the_api/0, many_times/0,
         exit_reasons_as_they_are/0, throw_of_any_term/0, links_do_not_hear_of_caught/0]).

classes() ->
    say_caught("exit", fun() -> exit({some, reason}) end),
    say_caught("error", fun() -> error({some, reason}) end),
    say_caught("throw", fun() -> throw({some, reason}) end).

returned() ->
    say_caught("nothing", fun() -> ok end).

nested() ->
    say_caught("outer", fun() ->
                                say_caught("inner", fun() -> throw(one) end),
                                throw(two)
                        end).

the_inner_one_catches() ->
    say_caught("outer", fun() -> say_caught("inner", fun() -> error(wrong) end) end).

raise_again(Class) ->
    fun() ->
            try case Class of exit -> exit(r); error -> error(r); throw -> throw(r) end
            catch C:R:S -> erlang:raise(C, R, S)
            end
    end.

raised_again() ->
    [say_caught(atom_to_list(C), raise_again(C)) || C <- [exit, error, throw]],
    [begin {_, Ref} = spawn_monitor(raise_again(C)), say_end(atom_to_list(C), Ref) end
     || C <- [exit, error, throw]].

raised_as_another_class() ->
    say_caught("throw as exit", fun() -> try throw(ball) catch throw:R -> exit({caught, R}) end end),
    say_caught("exit as error", fun() -> try exit(door) catch exit:R -> error({caught, R}) end end).

out_of_the_catch() ->
    say_caught("outer", fun() -> try error(r) catch error:_ -> error(second) end end).

throw_from_deep_down() ->
    say_caught("deep", fun() -> down(300) end).

down(0) -> throw(bottom);
down(N) -> 1 + down(N - 1).

caught_and_alive() ->
    {_, Ref} = spawn_monitor(fun() ->
                                     catch exit(r),
                                     catch error(r),
                                     catch throw(r),
                                     exit(now)
                             end),
    say_end("reason", Ref).

arithmetic() ->
    Zero = length(nodes()),
    Atom = node(),
    say_caught("div", fun() -> 1 div Zero end),
    say_caught("rem", fun() -> 1 rem Zero end),
    say_caught("an atom", fun() -> Atom + 1 end),
    say("div", {-7 div (2 + Zero), 7 div (-2 - Zero)}),
    say("rem", {-7 rem (2 + Zero), 7 rem (-2 - Zero)}).

uncaught() ->
    [begin
         {_, Ref} = spawn_monitor(Fun),
         say_end(Name, Ref)
     end || {Name, Fun} <- [{"exit", fun() -> exit(r) end},
                            {"error", fun() -> error(r) end},
                            {"throw", fun() -> throw(r) end},
                            {"throw of a tuple", fun() -> throw({a, {b}}) end}]].

caught_then_uncaught() ->
    {_, Ref} = spawn_monitor(fun() -> catch error(r), throw(later) end),
    say_end("reason", Ref).

with_clean_up(Name, Fun) ->
    fun() -> try Fun() after say("clean-up", Name) end end.

clean_ups_in_order() ->
    say_caught("caught", with_clean_up(outer, with_clean_up(inner, fun() -> throw(ball) end))).

clean_ups_run_when_uncaught() ->
    Self = self(),
    [begin
         {_, Ref} = spawn_monitor(fun() -> try Fun() after Self ! {cleaned, Name} end end),
         say_end(atom_to_list(Name), Ref),
         say_mailbox("mailbox")
     end || {Name, Fun} <- [{exit, fun() -> exit(r) end}, {error, fun() -> error(r) end}]].

catch_in_a_clean_up() ->
    say_caught("caught", fun() ->
                                 try throw(ball)
                                 after
                                     say_caught("inner", fun() -> throw(in_clean_up) end),
                                     say("clean-up", done)
                                 end
                         end).

signal_in_a_catch() ->
    {Pid, Ref} = spawn_monitor(fun() -> catch waits(), exit(unreachable) end),
    await_waiting(Pid),
    exit(Pid, from_outside),
    say_end("reason", Ref).

messages_survive() ->
    self() ! before,
    say_caught("caught", fun() -> self() ! within, error(wrong) end),
    say_mailbox("mailbox").

badarg_of_the_api() ->
    Undefined = hd([undefined | registered()]),
    say_caught("register", fun() -> register(Undefined, self()) end),
    say_caught("unregister", fun() -> unregister(Undefined) end),
    say_caught("send", fun() -> Undefined ! x end),
    say_caught("process_info", fun() -> process_info(self(), Undefined) end).

many_times() ->
    say("caught", length([x || _ <- lists:seq(1, 1000), (catch throw(r)) =:= r])).

exit_reasons_as_they_are() ->
    [say_caught("exit", fun() -> exit(R) end)
     || R <- [normal, kill, shutdown, {a, []}, "text", 1.5, #{k => v}]].

throw_of_any_term() ->
    [say_caught("throw", fun() -> throw(R) end) || R <- [1, "text", {}, [], #{k => v}, <<"b">>]].

links_do_not_hear_of_caught() ->
    process_flag(trap_exit, true),
    Pid = spawn_link(fun() -> catch error(r), exit(outside) end),
    known_as(Pid, "<child>"),
    say_next("next"),
    say_mailbox("rest").
