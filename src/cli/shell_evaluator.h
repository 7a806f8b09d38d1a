/* SPDX-License-Identifier: Apache-2.0 */
/* shell_evaluator.h: the process in which expressions run. It has the shell's variables; what it
 * has learnt it tells the session, which starts another one from that when it has ended: by an
 * exception, as Erlang's does, by a fault, or because somebody interrupted.
 *
 * Messages  to it      {'$shell_eval', Number, Text}
 *           from it    {value, Pid, Number, Text, Value, Bindings}
 *                      {complaint, Pid, Text, Counts}     it could not be run; Counts: it has a
 *                                                         number all the same
 *                      {exception, Pid, Class, Reason}    and it ends with that
 */
#ifndef KR_CLI_SHELL_EVALUATOR_H
#define KR_CLI_SHELL_EVALUATOR_H

#include <krarup/process.h>

/* Start one, monitored, with the caller as its group leader. */
kr_pid kri_evaluator_start(kr_term bindings, kr_term results, kr_ref *ret_monitor);

#endif
