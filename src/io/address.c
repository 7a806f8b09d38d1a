/* SPDX-License-Identifier: Apache-2.0 */
#include "address.h"

#include <arpa/inet.h>
#include <string.h>

bool kri_address_of_ip(const char *ip, uint16_t port, struct kri_address *ret)
{
        memset(ret, 0, sizeof(*ret));
        if (inet_pton(AF_INET, ip, &ret->to.in.sin_addr) == 1) {
                ret->to.in.sin_family = AF_INET;
                ret->to.in.sin_port = htons(port);
                ret->len = sizeof(ret->to.in);
                return true;
        }
        if (inet_pton(AF_INET6, ip, &ret->to.in6.sin6_addr) == 1) {
                ret->to.in6.sin6_family = AF_INET6;
                ret->to.in6.sin6_port = htons(port);
                ret->len = sizeof(ret->to.in6);
                return true;
        }
        return false;
}

bool kri_address_of_path(const char *path, struct kri_address *ret)
{
        size_t len = strlen(path);

        memset(ret, 0, sizeof(*ret));
        if (len == 0 || len >= sizeof(ret->to.un.sun_path))
                return false;
        ret->to.un.sun_family = AF_UNIX;
        memcpy(ret->to.un.sun_path, path, len + 1);
        ret->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1);
        return true;
}

static void print_path(const struct kri_address *address, kr_tcp_address *ret)
{
        size_t head = offsetof(struct sockaddr_un, sun_path);
        size_t len = address->len > head ? address->len - head : 0;

        if (len > sizeof(ret->path) - 1)
                len = sizeof(ret->path) - 1;
        memcpy(ret->path, address->to.un.sun_path, len);
}

void kri_address_print(const struct kri_address *address, kr_tcp_address *ret)
{
        memset(ret, 0, sizeof(*ret));
        switch (address->to.any.sa_family) {
        case AF_INET:
                inet_ntop(AF_INET, &address->to.in.sin_addr, ret->ip, sizeof(ret->ip));
                ret->port = ntohs(address->to.in.sin_port);
                break;
        case AF_INET6:
                inet_ntop(AF_INET6, &address->to.in6.sin6_addr, ret->ip, sizeof(ret->ip));
                ret->port = ntohs(address->to.in6.sin6_port);
                break;
        case AF_UNIX:
                print_path(address, ret);
                break;
        default:
                break;
        }
}
