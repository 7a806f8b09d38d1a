/* SPDX-License-Identifier: Apache-2.0 */
/* plat_server.h: a thread that accepts connections, and one for each of them. */
#ifndef KR_CLI_PLAT_SERVER_H
#define KR_CLI_PLAT_SERVER_H

#include <krarup/base.h>

#define KRI_SERVER_CONNECTIONS 112 /* at a time; more are turned away, and told so */

/* Serve what comes to this listener, which is taken: `serve` is called by a thread of the
 * connection's own; the descriptor is closed after it, unless it gives false: somebody still has
 * it, and it must not become another's. One server a program. */
bool kri_server_start(int listener, bool (*serve)(int fd));
/* Serve one that is connected already. */
bool kri_server_add(int fd);

/* Accept no more, shut all connections, wait until all threads have come back. */
void kri_server_stop(void);

#endif
