/* SPDX-License-Identifier: Apache-2.0 */
/* control.h: the door through which `krarup status`, `stop`, `shell`, `tree` ... reach a node.
 *
 * Each connection has a thread, which is a process of the node while it serves: it answers
 * status and stop itself, so that these work as long as the program lives, and gives a shell's
 * frames to its session.
 */
#ifndef KR_CLI_CONTROL_H
#define KR_CLI_CONTROL_H

#include <krarup/base.h>

/* Open the door of the host's node at this path; NULL: none but kri_control_inner. False: told
 * what is wrong. */
bool kri_control_open(const char *path);

/* A connection from within this program; -1: none. */
int kri_control_inner(void);

/* Close it, and wait until nobody is in any more: before the node stops. */
void kri_control_close(void);

#endif
