/* SPDX-License-Identifier: Apache-2.0 */
/* say.h: a line of this stage: what is called, as Erlang would write it. It goes to the group
 * leader, as all output of an application does. */
#ifndef SAY_H
#define SAY_H

#include <krarup.h>

/* say("counter:terminate", "[~, ~]", reason, value): counter:terminate(shutdown,7) */
#define say(call, ...) say_call(call, kr_build(__VA_ARGS__))
void say_call(const char *call, kr_term args); /* takes the list of arguments */

#endif
