/* SPDX-License-Identifier: Apache-2.0 */
/* address.h: addresses of sockets, in figures and as the kernel wants them. */
#ifndef KR_IO_ADDRESS_H
#define KR_IO_ADDRESS_H

#include <krarup/tcp.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

struct kri_address {
        union {
                struct sockaddr any;
                struct sockaddr_in in;
                struct sockaddr_in6 in6;
                struct sockaddr_un un;
        } to;
        socklen_t len;
};

/* False: `ip` is no address in figures; `path` is empty or too long. */
bool kri_address_of_ip(const char *ip, uint16_t port, struct kri_address *ret);
bool kri_address_of_path(const char *path, struct kri_address *ret);

void kri_address_print(const struct kri_address *address, kr_tcp_address *ret);

#endif
