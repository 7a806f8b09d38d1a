/* SPDX-License-Identifier: Apache-2.0 */
/* builtin.h: the modules that the command brings along for its shell: erlang, sys, gen_server
 * ... by their OTP names, so that what one types there works here.
 *
 * Model    Each is a kr_module of the program (module.h), a table in one builtin_*.c.
 */
#ifndef KR_CLI_BUILTIN_H
#define KR_CLI_BUILTIN_H

#include <krarup/gen.h>
#include <krarup/module.h>

extern const kr_module application_module, c_module, code_module, erlang_module,
        gen_server_module, lists_module, logger_module, supervisor_module, sys_module,
        timer_module, upgrade_module;

/* All of them, and NULL. */
extern const kr_module *const kri_builtin_modules[];

/* Make them known to a node. */
KR_MUST_CHECK kr_err kri_builtin_add(kr_node *node);

/* The export; NULL: it has none. Arity -1: any. */
const kr_export *kri_builtin_find(const kr_module *module, const char *name, int arity);

/* -- for those who write them -- */

/* Raise badarg in Module:Function(Args...), as OTP tells it. */
KR_NORETURN void kri_builtin_badarg(const char *module, const char *function,
                                    kr_term args);

/* The list of a tuple's elements, as a new term. */
kr_term kri_builtin_list_of(kr_term tuple);

/* Take what is in a slot: gives a new term and clears the slot. */
kr_term kri_builtin_taken(kr_msg *slot);

/* A server as OTP writes it: Pid, Name, {Name, Node}, {global, Name}. False: none of these. */
bool kri_builtin_server(kr_term t, kr_server *ret);

/* infinity, or milliseconds. */
bool kri_builtin_timeout(kr_term t, int64_t *ret);

/* {error, Name} of an error of the library's; `ok`. */
kr_term kri_builtin_result(kr_err err);

static inline kr_term kri_ok(void)
{
        return kr_atom_term(KR_ATOM("ok"));
}

static inline kr_term kri_bool(bool b)
{
        return kr_atom_term(b ? KR_ATOM("true") : KR_ATOM("false"));
}

#endif
