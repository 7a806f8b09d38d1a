/* SPDX-License-Identifier: Apache-2.0 */
/* machine.h: a state machine that does what its rules say and tells its owner each callback;
 * machine.erl says it in Erlang, and says what rules are.
 */
#ifndef KR_TESTS_MACHINE_H
#define KR_TESTS_MACHINE_H

#include <krarup.h>

/* By mode and by whether there are state enter calls. */
extern const kr_behaviour machine_functions, machine_functions_enter;
extern const kr_behaviour machine_events, machine_events_enter;

/* kr_started machine_start(&machine_events, "{ok, a}", "[rule, ...]"): both are Erlang text. */
kr_started machine_start(const kr_behaviour *machine, const char *init,
                         const char *rules);
kr_started machine_start_opts(const kr_behaviour *machine, const kr_start_opts *opts,
                              const char *init, const char *rules);

#endif
