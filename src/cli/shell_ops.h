/* SPDX-License-Identifier: Apache-2.0 */
/* shell_ops.h: Erlang's operators on terms. Integers have 64 bits: what needs more is the error
 * {integer_overflow, ...}. */
#ifndef KR_CLI_SHELL_OPS_H
#define KR_CLI_SHELL_OPS_H

#include <krarup/term.h>

/* Give a new term; raise badarith or badarg as Erlang does. */
kr_term kri_op_unary(kr_atom op, kr_term a);
kr_term kri_op_binary(kr_atom op, kr_term a, kr_term b);

#endif
