/* SPDX-License-Identifier: Apache-2.0 */
/* scenario.h: a scenario is a C function here and an Erlang function of the same name and
 * meaning; what both print must be the same.
 *
 * Model    Each runs as a process of its own, which alone prints; what it has spawned is ended
 *          with it. A line is `what: term`, the term in Erlang's syntax. Processes and
 *          references stand there by the names they were given (known_as), else as '<pid>'
 *          and '#Ref'; a call trace as `trace`, and {badarg, {Function, Argument}}, which is
 *          ours, as `badarg`.
 * Names    scenario.erl has the same functions; there `say` takes a term.
 */
#ifndef KR_TESTS_SCENARIO_H
#define KR_TESTS_SCENARIO_H

#include <krarup.h>

struct scenario {
        const char *name;
        void (*run)(void);
};

#define SCENARIO(function)                                                               \
        {                                                                                \
#function, function                                                      \
        }

/* SCENARIOS(SCENARIO(a), SCENARIO(b)): the main of a topic. `program -l` lists their names,
 * `program name...` runs those, `program` all. */
#define SCENARIOS(...)                                                                   \
        int main(int argc, char **argv)                                                  \
        {                                                                                \
                static const struct scenario scenarios[] = { __VA_ARGS__ };              \
                                                                                         \
                return scenario_main(scenarios,                                          \
                                     sizeof(scenarios) / sizeof(scenarios[0]), argc,     \
                                     argv);                                              \
        }
int scenario_main(const struct scenario *scenarios, size_t count, int argc, char **argv);

/* say("left", "{ok, ~}", n) */
#define say(what, ...) say_given(what, kr_build(__VA_ARGS__))
void say_term(const char *what, kr_term term);
void say_given(const char *what, kr_term term); /* takes the term */

/* From here on this pid or reference is printed as 'text'. The scenario is '<scenario>'. */
#define known_as(what, text) know_given(kr_build("~", what), text)
void know_given(kr_term term, const char *text); /* takes the term */

/* Call fn() in a kr_catch; say {Class, Reason}, or `returned`. Of errors without the trace. */
void say_caught(const char *what, void (*fn)(void));

/* Wait for DOWN of this monitor, and say the reason in it. */
void say_end(const char *what, kr_ref monitor);

/* Take out all that is in the mailbox now, and say the list of it. */
void say_mailbox(const char *what);

/* The next message, whatever it is; says `timeout` after two seconds. */
void say_next(const char *what);

/* Say the value of this item of process_info, or `undefined`. */
void say_info(const char *what, kr_pid pid, const char *item);

/* Return when it has ended; when it waits in a receive and nothing is new to it. */
void await_end(kr_pid pid);
void await_waiting(kr_pid pid);

/* -- processes to try things with -- */

/* Waits for `stop`. */
void waits(void);
/* The same, trapping exits. */
void waits_trapping(void);
/* What a process that reports to somebody is spawned with: &(struct to){ kr_self() }. */
struct to {
        kr_pid pid;
};
/* Traps exits and sends what it gets on as {heard, Message}; `stop` ends it. */
void listens(struct to *to);
/* Ends with the reason that it gets as {end_with, Reason}. */
void ends_as_told(void);

/* Spawned, and waiting already. */
kr_pid new_waiting(void);
kr_pid new_trapping(void);
kr_pid new_listener(void);
/* One that has ended. */
kr_pid new_dead(void);

#endif
