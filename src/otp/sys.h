/* SPDX-License-Identifier: Apache-2.0 */
/* sys.h: what sys offers to the other files of this layer.
 *
 * A behaviour's process has a kr_sys in its record, made like this:
 *      g->sys = (kr_sys){ .callbacks = &kri_gen_sys, .module = kind->name, .record = g,
 *                         .parent = parent };
 *      err = kr_sys_debug_options(&g->sys, opts->debug);
 * Its receive hands {system, From, Request} to kr_sys_handle_request and, while sys.suspended,
 * takes only such messages and {'EXIT', Parent, Reason}; kr_sys_fini when it has ended.
 */
#ifndef KR_OTP_SYS_H
#define KR_OTP_SYS_H

#include <krarup/sys.h>

/* For a kr_gen: all goes to its kind. */
extern const kr_sys_callbacks kri_gen_sys;

/* -- functions that travel in messages, as numbers: only what was entered can be called -- */

typedef void (*kri_fun)(void);

/* The number of a function of this OS process, the same each time while its module is there. -1:
 * 1,024 are there. Any thread. */
int kri_fun_number(kri_fun fun);

/* The function of that number; NULL: none has it. Any thread. */
kri_fun kri_fun_of(int64_t number);

/* Functions from low to high are not there any more: their numbers are nobody's for ever. One
 * thread at a time for the same functions. */
void kri_funs_drop(uintptr_t low, uintptr_t high);

/* -- events as text -- */

/* Append the text of an event as OTP's gen_server lays it out. KR_ENOMEM: cut short. */
kr_err kri_sys_event_text(kr_buf *buf, kr_term event, kr_term name);

/* -- debug options: sys_debug.c -- */

/* {debug, What}: do it; gives a new term, the answer. */
kr_term kri_sys_debug_command(kr_sys *sys, kr_term what);

/* As get_status shows them; gives a new term. */
kr_term kri_sys_debug_term(const kr_sys *sys);

#endif
