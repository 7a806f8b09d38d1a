/* SPDX-License-Identifier: Apache-2.0 */
/* plat_pid.h: who runs: a pid file that is locked as long as its program lives, whatever ends
 * it, and programs by their pid. */
#ifndef KR_CLI_PLAT_PID_H
#define KR_CLI_PLAT_PID_H

#include <krarup/base.h>

/* Lock it and write our pid; it stays locked until the program has ended. False: somebody has
 * it (errno EALREADY), or it cannot be made. */
bool kri_pid_take(const char *path);
/* Remove ours: at an end in order. */
void kri_pid_drop(const char *path);

/* The pid of the program that holds the lock; 0: nobody does. */
int64_t kri_pid_holder(const char *path);

/* Wait until the holder's program has ended; false: the time is up. */
bool kri_pid_await_end(const char *path, int64_t pid, int64_t timeout_ms);

/* Send it SIGTERM, or at once SIGKILL, if it still holds the lock. */
bool kri_pid_end(const char *path, int64_t pid, bool at_once);

int64_t kri_pid_own(void);

#endif
