/* SPDX-License-Identifier: Apache-2.0 */
/* shell_session.h: one shell of a node: what somebody at the other end of a socket types is
 * evaluated, and what comes of it goes back.
 *
 * Model    A process. It is the group leader of its evaluator and of what that spawns, so their
 *          output goes to the socket as it comes. Frames (protocol.h) reach it as messages
 *          {frame, Kind, Bytes}; it writes to the socket itself. It ends with `closed`,
 *          or when the socket cannot be written; its evaluator with it.
 */
#ifndef KR_CLI_SHELL_SESSION_H
#define KR_CLI_SHELL_SESSION_H

#include <krarup/process.h>

/* Start one on this descriptor, which the caller closes after it has ended. Any thread; none: no
 * room for a process. */
kr_pid kri_session_start(kr_node *node, int fd);

#endif
