/* SPDX-License-Identifier: Apache-2.0 */
/* stage.h: what the stages' programs share: a node, and lines that say what comes back.
 *
 * A line has what one types in Erlang, the call here, and its result: the call is printed as
 * it stands in the program, so the line cannot say anything else than what was done.
 */
#ifndef COUNTERS_STAGE_H
#define COUNTERS_STAGE_H

#include <krarup.h>

/* Run `body` as a process of a node of its own; returns what main returns. Faults in
 * processes are exit reasons. */
int stage_run(void (*body)(void));

/* Printing in the manner of printf, at once. */
void stage_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* STAGE_SHOW("counter:read()", counter_read(&msg)); */
#define STAGE_SHOW(erlang, call)                                                         \
        _Generic((call), bool                                                            \
                 : stage_show_bool, kr_err                                               \
                 : stage_show_err, kr_term                                               \
                 : stage_show_term)(erlang, #call, call)
void stage_show_bool(const char *erlang, const char *here, bool result);
void stage_show_err(const char *erlang, const char *here, kr_err result);
void stage_show_term(const char *erlang, const char *here, kr_term result);

/* The same for a call that ends its caller: `fn` makes it, and the reason is shown. */
void stage_show_failure(const char *erlang, const char *here, void (*fn)(void *));

/* Wait for DOWN of `monitor` and show why `who` ended. */
void stage_show_end(const char *who, kr_ref monitor);

#endif
