/* SPDX-License-Identifier: Apache-2.0 */
/* plat_tty.h: the terminal: is there one, how wide, and a line on it that moves. */
#ifndef KR_CLI_PLAT_TTY_H
#define KR_CLI_PLAT_TTY_H

#include <krarup/base.h>

bool kri_tty_is(int fd);
/* 80 if it is none. */
int kri_tty_columns(int fd);

#endif
