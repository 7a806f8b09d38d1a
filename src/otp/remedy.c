/* SPDX-License-Identifier: Apache-2.0 */
/* remedy.c: what a person can do about a reason that something ended with.
 *
 * A reason says what is wrong in OTP's words, which stay as they are, for programs match them.
 * The words for people are here, a row for each mistake; docs/mistakes.md lists them with the
 * tests that make each mistake (tools/mistakes compares the two). The first row that fits
 * counts, of the outermost reason that has one: {failed_to_start_child, Id, Reason} is as good as
 * Reason.
 */
#include <krarup/logger.h>

#include <krarup/message.h>

#define DEPTH_MAX 10

#define ROW(pattern, text)                                                               \
        if (kr_match(reason, pattern))                                                   \
        return text

#define CIRCLE                                                                           \
        "it needs an application that needs it: take one out of the other's list of "    \
        "applications"

#define NO_ROOM                                                                            \
        "no memory, or a table is full: see the limits of the process, those of the node " \
        "(kr_node_opts) and those of the system"

#define UNDEFINED                                                                           \
        "the module has no such callback, or the start is not known: name it in the table " \
        "of the behaviour, or offer it with kr_supervisor_offer"

/* -- servers -- */

static const char *of_a_call(kr_term reason)
{
        ROW("{timeout, {gen_server, call, _}}",
            "the server did not answer in time (5 s unless kr_call_timeout says otherwise): "
            "it works or waits in a callback (see its current_stacktrace), has returned "
            "kr_noreply without kr_reply_to, or the time is too short");
        ROW("{timeout, {_, _, _}}",
            "it did not answer in time: it is busy or suspended (see its "
            "current_stacktrace), or the time is too short");
        ROW("{noproc, {_, _, _}}",
            "nobody has that name or pid: start the server before its clients (earlier in "
            "the list of its supervisor's children), or look whether it has ended");
        ROW("{calling_self, {_, _, _}}",
            "a server waits for itself: call the function behind the request instead, or "
            "kr_cast, or answer later");
        ROW("{{nodedown, _}, {_, _, _}}",
            "the node of that server is not connected: look whether it runs and has the "
            "same cookie");
        return NULL;
}

static const char *of_a_server(kr_term reason)
{
        ROW("timeout",
            "it took longer than the time it was given: do what takes time after init "
            "(kr_then_continue), or allow more");
        ROW("{bad_return_value, _}",
            "a callback returns what kr_reply, kr_noreply, kr_stop and the like have just "
            "made, and init what kr_ok, kr_ignore, kr_stop or kr_fail have");
        ROW("{badarg, {_, <<\"only a callback of a gen_server may call it\">>}}",
            "it makes what a callback returns; from elsewhere answer with kr_reply_to, and "
            "stop a server with kr_stop_server");
        ROW("{already_started, _}",
            "the name is taken by that process: start it once, or give this one another "
            "name");
        ROW("process_not_registered",
            "kr_register the process under that name before it enters the loop");
        ROW("process_not_registered_globally",
            "kr_global_register_name the process before it enters the loop");
        ROW("{process_not_registered_via, _}",
            "register the process with that registry before it enters the loop");
        ROW("process_was_not_started_by_proc_lib",
            "start it with kr_proc_lib_spawn_link or kr_proc_lib_start_link: the loop "
            "needs to know its parent");
        ROW("{callback_failed, {_, system_replace_state}, _}",
            "the state was not replaced: give one with the fields and types that are "
            "declared (KR_FIELDS), or mend the function that makes it");
        return NULL;
}

/* -- state machines and event managers -- */

static const char *of_a_machine(kr_term reason)
{
        ROW("{bad_return_from_state_function, undefined}",
            "each way out of a state callback returns a step: kr_keep_state, "
            "kr_next_state, kr_stop_machine or an action");
        ROW("{bad_return_from_state_function, _}",
            "only init returns kr_ignore_machine or kr_fail_machine; a state callback "
            "keeps the state, goes to another or stops");
        ROW("{bad_state_enter_return_from_state_function, _}",
            "a state enter call cannot change the state: keep it, or insert a time-out of "
            "0 that does");
        ROW("{bad_state_enter_action_from_state_function, _}",
            "a state enter call has no event to postpone and cannot insert one: use a "
            "time-out of 0");
        ROW("{bad_action_from_state_function, _}",
            "look at the arguments of the action that the reason shows: its event type, "
            "its time, whom it answers");
        ROW("{bad_return_from_init, _}",
            "init returns kr_next_state, kr_stop_machine, kr_fail_machine or "
            "kr_ignore_machine");
        ROW("{bad_return_from_callback_mode, _}",
            "set .mode in KR_GEN_STATEM to KR_STATE_FUNCTIONS or KR_HANDLE_EVENT");
        ROW("{badarg, {_, <<\"only in a callback that returns a kr_step\">>}}",
            "say actions in init and in state callbacks, before the step is returned; "
            "from elsewhere answer with kr_reply_to");
        ROW("{too_many_postponed, _}",
            "events are postponed faster than the state changes: handle or drop some, have "
            "a state time-out, or raise .postpone_max");
        ROW("undefined",
            "a callback of a handler returns kr_handled_ok, kr_handled_remove, "
            "kr_handled_swap or, with a reply, kr_handled_reply");
        ROW("{badarg, {_, <<\"only in a callback of a handler\">>}}",
            "it says what a callback of an event handler returns: call it there");
        return NULL;
}

/* -- supervisors -- */

static const char *of_a_spec(kr_term reason)
{
        ROW("missing_id",
            "give the child an .id, an atom or a term, its own in this table");
        ROW("missing_start",
            "give the child a .start: KR_START(module), KR_START_FN(f), ...");
        ROW("{invalid_mfa, _}",
            "start is {Module, Function, Args} with a list of arguments");
        ROW("{invalid_restart_type, _}",
            "restart is permanent, transient or temporary (KR_PERMANENT, ...)");
        ROW("{invalid_significant, _}", "significant is true or false");
        ROW("{bad_combination, [{auto_shutdown, never}, _]}",
            "significant children need a supervisor with .auto_shutdown");
        ROW("{bad_combination, [{restart, permanent}, _]}",
            "a significant child is transient or temporary: one that always comes back "
            "never ends its supervisor");
        ROW("{bad_combination, [{strategy, simple_one_for_one}, _]}",
            "children that are all alike have no budgets of their own: leave .budget out, "
            "or supervise them by another strategy");
        ROW("{invalid_child_type, _}", "type is worker or supervisor");
        ROW("{invalid_shutdown, _}",
            "shutdown is milliseconds, infinity or brutal_kill (.shutdown_ms: "
            "KR_INFINITY, KR_SHUTDOWN_BRUTAL_KILL)");
        ROW("{invalid_modules, _}", "modules is a list of atoms, or dynamic");
        ROW("{invalid_module, _}", "modules is a list of atoms, or dynamic");
        ROW("{invalid_name, _}",
            "name is an atom: that under which the child is registered");
        ROW("{invalid_budget, _}",
            "a budget is {Intensity, PeriodSeconds, GivesUp}: -1 or more, 0 or more, and "
            "true or false");
        ROW("{invalid_backoff, _}",
            "a backoff is {FirstMs, MostMs}: 1 or more, and 0 or not less than the first");
        ROW("{invalid_child_spec, _}",
            "a child spec is a map with id and start, or a tuple of six; in C a kr_child "
            "whose texts (.args, .modules) are Erlang terms");
        ROW("{duplicate_child_name, _}",
            "each child of a supervisor has an id of its own");
        return NULL;
}

static const char *of_a_supervisor(kr_term reason)
{
        ROW("{invalid_strategy, _}",
            "the strategy is one_for_one, one_for_all, rest_for_one or "
            "simple_one_for_one, and a change of code does not make one simple");
        ROW("{invalid_intensity, _}", "intensity is 0 or more (KR_INTENSITY_NONE: none)");
        ROW("{invalid_period, _}", "period_s is a number of seconds above 0");
        ROW("{invalid_auto_shutdown, _}",
            "auto_shutdown is never, any_significant or all_significant");
        ROW("{bad_start_spec, _}",
            "a simple_one_for_one supervisor has exactly one child in its table: that "
            "after which all are made");
        ROW("{bad_return, {_, init, {ok, undefined}}}",
            "init gives the process that it has started: kr_started_ok(pid), or "
            "kr_start_ignored, or kr_start_failed");
        ROW("{bad_return, {_, init, _}}",
            "init returns KR_OK, or KR_EIGNORED; what it says otherwise is in the reason");
        ROW("reached_max_restart_intensity",
            "its children crash more often than .intensity allows in .period_s: the first "
            "crash report says why; mend that, or allow more");
        ROW("{badarg, {<<\"kr_start\">>, _}}",
            "look at that field of the kr_start_opts, or at the behaviour: its place in "
            "gen.h says what it takes");
        return NULL;
}

/* -- applications -- */

static const char *of_an_application(kr_term reason)
{
        ROW("{not_started, _}", "that application is needed: start it first, or use "
                                "kr_application_ensure_all_started");
        ROW("{not_loaded, _}", "load the application, or start it, which loads it");
        ROW("{already_loaded, _}", "it is loaded: unload it if it has to be loaded anew");
        ROW("{running, _}", "stop the application before it is unloaded");
        ROW("circular_dependency", CIRCLE);
        ROW("{_, circular_dependency}", CIRCLE);
        ROW("{bad_return_value, {{_, start_phase, _}, _}}",
            "give the application's module a .start_phase that knows this phase and "
            "returns KR_OK, or take the phase out of start_phases");
        ROW("{start_phases_undefined, _}",
            "an included application has start_phases if the one that includes it has");
        ROW("{module_not_defined, _}",
            "give the application {mod, {Module, Args}}: its module is told of changes");
        ROW("{bad_environment_value, _}",
            "a value on the command line is an Erlang term: -counter limit 10, or "
            "-counter name '\"text\"'");
        ROW("{bad_return, {{_, start, _}, {'EXIT', {undef, _}}}}",
            "the module in {mod, {Module, Args}} is not known here: give it to kr_main or "
            "kr_application_register, or correct its name");
        if (kr_match(reason, "{bad_return, {{_, start, _}, {'EXIT', _}}}"))
                return NULL; /* it crashed: what it crashed with says more */
        ROW("{bad_return, {{_, start, _}, _}}",
            "start gives what starting the top supervisor gave: return "
            "kr_start_link(&top, ...), or kr_start_failed");
        return NULL;
}

/* -- processes -- */

static const char *of_a_fault(kr_term reason)
{
        uint64_t address;

        if (kr_match(reason, "{sigsegv, ~}", &address) && address < 4096)
                return "a NULL pointer was followed: the trace shows where; look what gave "
                       "it";
        ROW("{sigsegv, _}",
            "memory that is not there, or was released, was touched: the trace shows "
            "where; run it under AddressSanitizer");
        ROW("{sigbus, _}",
            "an address was touched that its mapping does not hold: a file that became "
            "shorter, or a misaligned pointer");
        ROW("{sigfpe, _}", "an integer was divided by 0: test the divisor (or kr_div)");
        ROW("{sigill, _}",
            "no machine code: a wrong function pointer, or a sanitizer's or compiler's trap");
        ROW("{sigabrt, _}",
            "an assertion failed, or abort was called: the trace shows where");
        ROW("{stack_overflow, _}",
            "recursion without an end, or a large local variable: a process has 64 KiB of "
            "stack; kr_alloc what is large");
        ROW("badarith", "a number left its bounds: an overflow, or a division by 0");
        ROW("{nocatch, _}",
            "kr_throw goes to a kr_catch of the same process: there was none");
        ROW("mailbox_overflow",
            "messages come faster than they are received: receive more, ask fewer, or "
            "raise the limit of the mailbox");
        ROW("normal",
            "it came to its end by itself: a start function says kr_init_ack before it "
            "returns; a child that may end so is transient or temporary");
        ROW("killed",
            "somebody sent it the exit signal kill, or it used more than memory_max");
        ROW("system_limit", NO_ROOM);
        ROW("enomem", NO_ROOM);
        return NULL;
}

static const char *of_misuse(kr_term reason)
{
        kr_bytes text;

        ROW("{badarg, {<<\"kr_register\">>, <<\"name\">>}}",
            "another process has that name (kr_whereis says who), or it is `undefined`");
        ROW("{badarg, {<<\"kr_register\">>, <<\"pid\">>}}",
            "a process of this node that is alive and has no name yet can be given one");
        ROW("{badarg, {<<\"kr_unregister\">>, _}}",
            "nobody has that name: see kr_whereis");
        ROW("{badarg, {<<\"kr_send\">>, <<\"to\">>}}",
            "nobody has that name: a send to a name that may be missing is kr_cast, or a "
            "look with kr_whereis first");
        ROW("{badarg, {<<\"kr_abcast\">>, _}}",
            "give the name of the servers, as an atom");
        ROW("{badarg, {<<\"kr_multi_call\">>, _}}",
            "give the name of the servers, as an atom");
        if (kr_match(reason, "{badarg, ~}", &text))
                return "correct the pattern, or what is given with it, at the place that "
                       "the reason names (pattern.h says which C type goes with what)";
        ROW("{badarg, {_, _}}",
            "look up that argument of that function in the header that declares it");
        ROW("undef", UNDEFINED);
        ROW("{undef, [{_, _, _, _} | _]}", UNDEFINED);
        return NULL;
}

/* -- all of them -- */

static const char *remedy_of(kr_term reason)
{
        static const char *(*const rooms[])(kr_term) = {
                of_a_call, of_an_application, of_a_server, of_a_machine,
                of_a_spec, of_a_supervisor,   of_a_fault,  of_misuse,
        };
        const char *text = NULL;

        for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]) && text == NULL; i++)
                text = rooms[i](reason);
        return text;
}

/* What a reason is wrapped in: a trace, what was called, who failed because of it. */
static bool unwrap(kr_term *reason)
{
        kr_term inner;

        if (!kr_match(*reason, "{failed_to_start_child, _, ~}", &inner) &&
            !kr_match(*reason, "{application_terminated, _, ~}", &inner) &&
            !kr_match(*reason, "{bad_return, {{_, _, _}, ~}}", &inner) &&
            !kr_match(*reason, "{start_spec, ~}", &inner) &&
            !kr_match(*reason, "{supervisor_data, ~}", &inner) &&
            !kr_match(*reason, "{shutdown, ~}", &inner) &&
            !kr_match(*reason, "{'EXIT', ~}", &inner) &&
            !kr_match(*reason, "{error, ~}", &inner) &&
            !kr_match(*reason, "{~, {_, _, _}}", &inner) &&
            !kr_match(*reason, "{~, [_ | _]}", &inner))
                return false;
        *reason = inner;
        return true;
}

const char *kr_remedy(kr_term reason)
{
        const char *text;

        for (int depth = 0; depth < DEPTH_MAX; depth++) {
                text = remedy_of(reason);
                if (text != NULL || !unwrap(&reason))
                        return text;
        }
        return NULL;
}
