/* SPDX-License-Identifier: Apache-2.0 */
/* shell_error.h: what went wrong, as Erlang's shell puts it. */
#ifndef KR_CLI_SHELL_ERROR_H
#define KR_CLI_SHELL_ERROR_H

#include <krarup/process.h>

/* Append "** exception error: ..." and the lines that go with it, without the last line's end.
 * `reason` is as kr_catch gives it, {Reason, Trace} for an error. */
KR_MUST_CHECK kr_err kri_error_text(kr_buf *buf, kr_class kind, kr_term reason);

/* The same for the reason that a process ended with: errors and faults are known by their
 * trace. */
KR_MUST_CHECK kr_err kri_error_exit_text(kr_buf *buf, kr_term reason);

#endif
