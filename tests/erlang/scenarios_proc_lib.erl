%% SPDX-License-Identifier: Apache-2.0
%% proc_lib: starting in step, origins, ends; scenarios_proc_lib.c does the same.
-module(scenarios_proc_lib).
-import(scenario, [say/2, known_as/2, say_end/2, say_mailbox/1, say_next/1, await_end/1,
                   waits/0]).
-export([acknowledged/0, dead_before_a_word/0, too_slow/0, two_words/0, a_word_and_death/0,
         linked_and_trapping/0, linked_and_not_trapping/0, monitored/0, a_starter_may_go/0,
         ancestors/0, ends/0, many_starts_at_once/0, messages_meanwhile/0, links/0]).
-export([does/1, tells_ancestors/1, passes_on/1, names_itself/1, acks_later/1]).

%% -- what the scenarios are made of --

does({acks, What}) -> proc_lib:init_ack(What), waits();
does({acks, What, More}) -> proc_lib:init_ack(What), proc_lib:init_ack(More), waits();
does({acks_and_exits, What, Reason}) -> proc_lib:init_ack(What), exit(Reason);
does({exits, Reason}) -> exit(Reason);
does({errs, Reason}) -> error(Reason);
does({throws, Term}) -> throw(Term);
does(returns) -> ok;
does(acks_itself) -> proc_lib:init_ack({ok, self()}), waits();
does({kills_itself, Reason}) -> exit(self(), Reason), waits();
does(waits) -> waits().

say_start(What, start_monitor, Timeout, How) ->
    {Result, Monitor} = proc_lib:start_monitor(?MODULE, does, [How], Timeout),
    say(What, Result),
    Monitor;
say_start(What, Start, Timeout, How) ->
    say(What, proc_lib:Start(?MODULE, does, [How], Timeout)).

%% -- start --

acknowledged() ->
    say_start("ok", start, infinity, acks_itself),
    say_start("ignore", start, infinity, {acks, ignore}),
    say_start("error", start, infinity, {acks, {error, no}}),
    say_start("other", start, infinity, {acks, {some, [term]}}),
    say_mailbox("mailbox").

dead_before_a_word() ->
    say_start("exit", start, infinity, {exits, {a, b}}),
    say_start("normal", start, infinity, {exits, normal}),
    say_start("return", start, infinity, returns),
    say_start("error", start, infinity, {errs, {a, b}}),
    say_start("throw", start, infinity, {throws, {a, b}}),
    say_start("killed", start, infinity, {kills_itself, kill}),
    say_start("signalled", start, infinity, {kills_itself, gone}),
    say_mailbox("mailbox").

too_slow() ->
    process_flag(trap_exit, true),
    say_start("start", start, 20, waits),
    say_start("start_link", start_link, 20, waits),
    Monitor = say_start("start_monitor", start_monitor, 20, waits),
    say_end("down", Monitor),
    say_mailbox("mailbox").

two_words() ->
    say_start("first", start, infinity, {acks, {ok, 1}, {ok, 2}}),
    say_next("second"),
    say_mailbox("mailbox").

a_word_and_death() ->
    process_flag(trap_exit, true),
    say_start("start_link", start_link, infinity, {acks_and_exits, {ok, 1}, bang}),
    say_next("next"),
    Monitor = say_start("start_monitor", start_monitor, infinity,
                        {acks_and_exits, {ok, 1}, bang}),
    say_end("down", Monitor),
    say_mailbox("mailbox").

linked_and_trapping() ->
    process_flag(trap_exit, true),
    say_start("exit", start_link, infinity, {exits, {a, b}}),
    say_start("normal", start_link, infinity, {exits, normal}),
    say_start("return", start_link, infinity, returns),
    say_start("error", start_link, infinity, {errs, {a, b}}),
    say_start("ok", start_link, infinity, acks_itself),
    say_mailbox("mailbox").

say_starter(What, How) ->
    {_, Monitor} = spawn_monitor(fun() ->
                                     proc_lib:start_link(?MODULE, does, [How]),
                                     exit(came_back)
                                 end),
    say_end(What, Monitor).

linked_and_not_trapping() ->
    say_starter("exit", {exits, {a, b}}),
    say_starter("shutdown", {exits, shutdown}),
    say_starter("error", {errs, bang}),
    say_starter("ok", acks_itself),
    say_starter("ignore", {acks, ignore}).

monitored() ->
    say_end("down", say_start("exit", start_monitor, infinity, {exits, {a, b}})),
    say_end("down", say_start("return", start_monitor, infinity, returns)),
    say_start("ok", start_monitor, infinity, acks_itself),
    say_mailbox("mailbox").

a_starter_may_go() ->
    Self = self(),
    Starter = spawn(fun() ->
                        {ok, Pid} = proc_lib:start(?MODULE, does, [acks_itself]),
                        Self ! {child, Pid}
                    end),
    Child = receive {child, Pid} -> Pid end,
    await_end(Starter),
    say("alive", is_process_alive(Child)),
    exit(Child, kill).

%% -- origins --

tells_ancestors(To) ->
    To ! {ancestors, case get('$ancestors') of undefined -> []; List -> List end},
    waits().

passes_on(To) ->
    proc_lib:spawn(?MODULE, tells_ancestors, [To]),
    waits().

names_itself(To) ->
    register(middle, self()),
    passes_on(To).

ancestors() ->
    proc_lib:spawn(?MODULE, tells_ancestors, [self()]),
    say_next("child"),
    Middle = proc_lib:spawn(?MODULE, passes_on, [self()]),
    known_as(Middle, "<middle>"),
    say_next("grandchild"),
    Named = proc_lib:spawn_link(?MODULE, names_itself, [self()]),
    say_next("of a name"),
    register(top, self()),
    proc_lib:spawn(?MODULE, tells_ancestors, [self()]),
    say_next("of a name that is new"),
    spawn(?MODULE, tells_ancestors, [self()]),
    say_next("of a plain process"),
    unlink(Named).

%% -- ends --

say_end_of(What, How) ->
    {_, Monitor} = proc_lib:spawn_opt(?MODULE, does, [How], [monitor]),
    say_end(What, Monitor).

ends() ->
    say_end_of("exit", {exits, {a, b}}),
    say_end_of("normal", {exits, normal}),
    say_end_of("return", returns),
    say_end_of("error", {errs, {a, b}}),
    say_end_of("throw", {throws, {a, b}}),
    say_end_of("kill", {kills_itself, kill}).

many_starts_at_once() ->
    Started = [1 || _ <- lists:seq(1, 50),
                    {ok, _} <- [proc_lib:start(?MODULE, does, [acks_itself])]],
    say("started", length(Started)),
    say_mailbox("mailbox").

acks_later(Helper) ->
    Helper ! {waiting, self()},
    receive go -> ok end,
    proc_lib:init_ack({ok, self()}),
    exit(done).

messages_meanwhile() ->
    Self = self(),
    Helper = spawn(fun() ->
                       receive {waiting, Child} -> ok end,
                       Self ! before,
                       Child ! go
                   end),
    {ok, _} = proc_lib:start(?MODULE, acks_later, [Helper]),
    say("started", true),
    say_mailbox("mailbox").

links() ->
    process_flag(trap_exit, true),
    proc_lib:spawn_link(?MODULE, does, [{errs, bang}]),
    say_next("error"),
    proc_lib:spawn_link(?MODULE, does, [returns]),
    say_next("normal").
