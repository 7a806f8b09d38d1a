/* SPDX-License-Identifier: Apache-2.0 */
/* shell_complete.h: what may stand where the cursor is: modules, their functions, registered
 * names, commands, variables. */
#ifndef KR_CLI_SHELL_COMPLETE_H
#define KR_CLI_SHELL_COMPLETE_H

#include <krarup/term.h>

/* Append what could be typed instead of the word that ends `text`, a line each, sorted: the
 * first line is how many bytes of `text` that word has. `bindings` is the map of variables.
 * A process of the node. */
void kri_complete(const char *text, size_t len, kr_term bindings, kr_buf *ret);

#endif
