/* SPDX-License-Identifier: Apache-2.0 */
/* plat_socket.h: the control socket of a node, and frames on it.
 *
 * Model    A frame is a byte that says what it is, the length of what follows (four bytes, big
 *          endian) and that; at most KRI_FRAME_BYTES.
 * Who      Only processes of the user that the node runs as (and root) are let in: the socket is
 *          in a private folder, has mode 0600, and the kernel says who connects.
 * Why      not tcp.h: whoever wants to know why a node does not answer needs a door that does
 *          not depend on its schedulers.
 */
#ifndef KR_CLI_PLAT_SOCKET_H
#define KR_CLI_PLAT_SOCKET_H

#include <krarup/term.h>

#define KRI_FRAME_BYTES ((size_t)4 << 20)
#define KRI_SOCKET_SEND_MS 10000 /* a peer that does not read for so long is given up */

/* Descriptors; -1: see errno. Listening takes the place of a socket where nobody listens;
 * EADDRINUSE: somebody does. */
int kri_socket_listen(const char *path);
int kri_socket_connect(const char *path);
/* The next one of our user; -1: the listener is closed. Others are turned away. */
int kri_socket_accept(int listener);
/* Two that are connected. */
bool kri_socket_pair(int ret_fds[2]);
/* Wake whoever reads or accepts; afterwards nothing comes. Does not close. */
void kri_socket_shut(int fd);
void kri_socket_close(int fd);

/* False: the peer is gone, or does not read. One sender at a time. */
bool kri_frame_send(int fd, char kind, const void *data, size_t len);
/* *ret is emptied and filled. False: the peer is gone, or the frame is none. Blocks. */
bool kri_frame_recv(int fd, char *ret_kind, kr_buf *ret);

#endif
