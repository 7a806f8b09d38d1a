/* SPDX-License-Identifier: Apache-2.0 */
/* compile.h: from C to a module's shared object: a project's Makefile, or a single file. */
#ifndef KR_CLI_COMPILE_H
#define KR_CLI_COMPILE_H

#include <krarup/term.h>

/* Have programs that are run find the Krarup that this command belongs to: PKG_CONFIG_PATH. */
void kri_compile_prepare(void);

/* Run make in a folder; what it says is appended. False: it failed. */
bool kri_compile_project(const char *folder, kr_buf *said);

/* Compile `module`: by make if there is a Makefile here, else MODULE.c to MODULE.so. */
bool kri_compile(const char *module, kr_buf *said);

#endif
