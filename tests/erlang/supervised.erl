%% SPDX-License-Identifier: Apache-2.0
%% What the supervisors of scenarios_supervisor.erl start.
-module(supervised).
-export([tells/1, tells/2, tells_init/1, deaf/0, deaf_init/0, bad_end/1, bad_end_init/1,
         with_info/1, ignores/0, fails/1, exits/1, throws/1, flaky/2, waits/0, waits_init/0]).

told(What) -> heard ! What.

tells(Tag) -> proc_lib:start_link(?MODULE, tells_init, [Tag]).
tells(Tag, _) -> tells(Tag).

tells_init(Tag) ->
    process_flag(trap_exit, true),
    told({started, Tag}),
    proc_lib:init_ack({ok, self()}),
    receive
        {end_with, Reason} -> exit(Reason);
        {'EXIT', _, Reason} -> told({stopped, Tag, Reason}), exit(Reason)
    end.

waits() -> proc_lib:start_link(?MODULE, waits_init, []).

waits_init() ->
    proc_lib:init_ack({ok, self()}),
    receive {end_with, Reason} -> exit(Reason) end.

deaf() -> proc_lib:start_link(?MODULE, deaf_init, []).

deaf_init() ->
    process_flag(trap_exit, true),
    proc_lib:init_ack({ok, self()}),
    receive never_sent -> ok end.

bad_end(Reason) -> proc_lib:start_link(?MODULE, bad_end_init, [Reason]).

bad_end_init(Reason) ->
    process_flag(trap_exit, true),
    proc_lib:init_ack({ok, self()}),
    receive {'EXIT', _, _} -> exit(Reason) end.

with_info(Info) -> {ok, Pid} = waits(), {ok, Pid, Info}.
ignores() -> ignore.
fails(Reason) -> {error, Reason}.
exits(Reason) -> exit(Reason).
throws(Value) -> throw(Value).

%% Starts if the scenario says so.
flaky(Tag, Name) ->
    case whereis(Name) of
        undefined -> tells(Tag);
        _ -> told({tried, Tag}), {error, flaky}
    end.
