/* SPDX-License-Identifier: Apache-2.0 */
/* say.h: the lines of this stage: each function says that it was called, as Erlang would write
 * the call. */
#ifndef SAY_H
#define SAY_H

#include <krarup.h>

#include <stdio.h>

/* Where lines go; NULL: the standard output. Set while nobody prints. */
extern FILE *say_to;

/* say("counter:tick(~)", n): one or two arguments, in place of each ~. */
#define say(text, ...)                                                                   \
        say_list(text, SAY_PICK(__VA_ARGS__, SAY_TWO, SAY_ONE, )(__VA_ARGS__))
#define say_plain(text) say_list(text, kr_nil())

#define SAY_PICK(a, b, name, ...) name
#define SAY_ONE(a) kr_build("[~]", a)
#define SAY_TWO(a, b) kr_build("[~, ~]", a, b)
void say_list(const char *text, kr_term args); /* takes the list */

#endif
