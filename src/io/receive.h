/* SPDX-License-Identifier: Apache-2.0 */
/* receive.h: reading from a socket, by whoever's turn it is. */
#ifndef KR_IO_RECEIVE_H
#define KR_IO_RECEIVE_H

#include "socket.h"

/* What is there, up to `size` bytes. KR_ETIMEDOUT: nothing is, yet. KR_ECLOSED: nothing will
 * be. In turn, lock held before and after, but not meanwhile: it may have been closed. */
kr_err kri_socket_read(struct kri_socket *socket, void *buf, size_t size,
                       size_t *ret_len);

#endif
