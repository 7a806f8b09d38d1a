/* SPDX-License-Identifier: Apache-2.0 */
/* look.h: what a process says of itself, without waiting for one that says nothing: it computes,
 * hangs in a system call, or is a thread that waits for something else. */
#ifndef KR_CLI_LOOK_H
#define KR_CLI_LOOK_H

#include <krarup/process.h>

#define KRI_LOOK_MS 1000

/* As kr_process_info_list; up to 8 items. KR_ENOPROC: it has ended; KR_ETIMEDOUT: no answer. */
KR_MUST_CHECK kr_err kri_look(kr_pid pid, const kr_atom *items, size_t count,
                              kr_msg *slot);

#endif
