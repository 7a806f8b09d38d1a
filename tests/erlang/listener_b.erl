%% SPDX-License-Identifier: Apache-2.0
%% listener_b: as listener_a, but for its name, and without handle_info.
-module(listener_b).
-behaviour(gen_event).

-export([init/1, handle_event/2, handle_call/2, terminate/2]).

init(Args) -> listener_a:init(Args).
handle_event(Event, State) -> listener_a:handle_event(Event, State).
handle_call(Request, State) -> listener_a:handle_call(Request, State).
terminate(Argument, State) -> listener_a:terminate(Argument, State).
