/* SPDX-License-Identifier: Apache-2.0 */
/* listeners.h: event handlers that do what their rules say and tell their owner each callback;
 * listener_a.erl says it in Erlang, and says what rules are.
 */
#ifndef KR_TESTS_LISTENERS_H
#define KR_TESTS_LISTENERS_H

#include <krarup.h>

extern const kr_handler_module listener_a;
extern const kr_handler_module listener_b; /* the same, without handle_info */

/* {Self, Tag, Rules}; both are Erlang text. Gives a new term. */
kr_term listener_args(const char *tag, const char *rules);

#endif
