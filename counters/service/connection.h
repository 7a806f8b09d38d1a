/* SPDX-License-Identifier: Apache-2.0 */
/* connection.h: a client's socket: bytes from it to a session, and the answers back.
 *
 * Limits   A client that asks nothing for a while, takes its time over one request, does not read
 *          its answers, or asks for what cannot be read, is told so if there is a way to tell it,
 *          and loses its connection. It costs others nothing: it is a process of its own.
 */
#ifndef SERVICE_CONNECTION_H
#define SERVICE_CONNECTION_H

#include <krarup.h>

/* simple_one_for_one, without arguments. */
extern const kr_behaviour connections_sup;

/* Have a new connection serve this socket, which is the caller's so far. Whatever fails, the
 * socket is closed then. */
void connection_start(kr_socket socket);

#endif
