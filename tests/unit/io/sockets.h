/* SPDX-License-Identifier: Apache-2.0 */
/* sockets.h: pairs of sockets for cases, and what is done with them again and again. */
#ifndef KR_TESTS_SOCKETS_H
#define KR_TESTS_SOCKETS_H

#include "expect.h"
#include "kit.h"
#include "process.h"

#include <krarup.h>

struct pair {
        kr_socket near, far; /* connected with each other */
};

static inline uint16_t port_of(kr_socket socket)
{
        kr_tcp_address address;

        kit_ok(kr_tcp_sockname(socket, &address));
        return address.port;
}

static inline struct pair pair_with(const kr_tcp_opts *near, const kr_tcp_opts *far)
{
        struct pair pair;
        kr_socket listener;

        kit_ok(kr_tcp_listen(0, far, &listener));
        kit_ok(kr_tcp_connect("127.0.0.1", port_of(listener), near, 5000, &pair.near));
        kit_ok(kr_tcp_accept(listener, 5000, &pair.far));
        kit_ok(kr_tcp_close(listener));
        return pair;
}

static inline struct pair pair_of_sockets(void)
{
        return pair_with(NULL, NULL);
}

static inline void say(kr_socket socket, const char *text)
{
        kit_ok(kr_tcp_send(socket, text, strlen(text)));
}

/* What comes next is this. */
static inline void hear(kr_socket socket, const char *text)
{
        char buf[256];
        size_t len;

        kit_ok(kr_tcp_recv(socket, buf, sizeof(buf), KIT_EXPECT_MS, &len));
        kit_uint_eq(len, strlen(text));
        kit_mem_eq(buf, text, len);
}

static inline void hear_error(kr_socket socket, kr_err err)
{
        char buf[8];
        size_t len;

        kit_err(kr_tcp_recv(socket, buf, sizeof(buf), KIT_EXPECT_MS, &len), err);
}

#endif
