/* SPDX-License-Identifier: Apache-2.0 */
#include "plat_socket.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

static bool address_of(const char *path, struct sockaddr_un *ret)
{
        size_t len = strlen(path);

        memset(ret, 0, sizeof(*ret));
        ret->sun_family = AF_UNIX;
        if (len >= sizeof(ret->sun_path)) {
                errno = ENAMETOOLONG;
                return false;
        }
        memcpy(ret->sun_path, path, len);
        return true;
}

static int unix_socket(void)
{
        return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

int kri_socket_connect(const char *path)
{
        struct sockaddr_un address;
        int fd;

        if (!address_of(path, &address) || (fd = unix_socket()) < 0)
                return -1;
        if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
                return fd;
        kri_socket_close(fd);
        return -1;
}

/* What an earlier node left behind goes; a socket where somebody listens stays. */
static bool make_room(const char *path)
{
        int fd = kri_socket_connect(path);

        if (fd >= 0) {
                kri_socket_close(fd);
                errno = EADDRINUSE;
                return false;
        }
        return (errno == ECONNREFUSED && unlink(path) == 0) || errno == ENOENT;
}

int kri_socket_listen(const char *path)
{
        struct sockaddr_un address;
        mode_t old;
        int fd, bound;

        if (!address_of(path, &address) || !make_room(path) || (fd = unix_socket()) < 0)
                return -1;
        old = umask(0177); /* from the beginning: 0600 */
        bound = bind(fd, (struct sockaddr *)&address, sizeof(address));
        (void)umask(old);
        if (bound == 0 && listen(fd, 16) == 0)
                return fd;
        kri_socket_close(fd);
        return -1;
}

static bool is_ours(int fd)
{
        struct ucred peer;
        socklen_t len = sizeof(peer);

        return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
               (peer.uid == geteuid() || peer.uid == 0);
}

static void limit_sending(int fd)
{
        const struct timeval limit = { .tv_sec = KRI_SOCKET_SEND_MS / 1000 };

        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

int kri_socket_accept(int listener)
{
        for (;;) {
                int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

                if (fd >= 0 && is_ours(fd)) {
                        limit_sending(fd);
                        return fd;
                }
                if (fd >= 0)
                        kri_socket_close(fd);
                else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
                        (void)poll(NULL, 0, 100); /* until there is room again */
                else if (errno != EINTR && errno != ECONNABORTED)
                        return -1;
        }
}

bool kri_socket_pair(int ret_fds[2])
{
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ret_fds) != 0)
                return false;
        limit_sending(ret_fds[0]);
        limit_sending(ret_fds[1]);
        return true;
}

void kri_socket_shut(int fd)
{
        (void)shutdown(fd, SHUT_RDWR);
}

void kri_socket_close(int fd)
{
        int saved = errno;

        (void)close(fd);
        errno = saved;
}

bool kri_frame_send(int fd, char kind, const void *data, size_t len)
{
        unsigned char head[5] = { (unsigned char)kind, (unsigned char)(len >> 24),
                                  (unsigned char)(len >> 16), (unsigned char)(len >> 8),
                                  (unsigned char)len };
        struct iovec parts[2] = { { head, sizeof(head) }, { (void *)data, len } };
        struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };

        if (len > KRI_FRAME_BYTES)
                return false;
        while (parts[0].iov_len + parts[1].iov_len > 0) {
                ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);

                if (sent < 0 && errno == EINTR)
                        continue;
                if (sent <= 0)
                        return false;
                for (int i = 0; i < 2; i++) {
                        size_t part = (size_t)sent < parts[i].iov_len ? (size_t)sent
                                                                      : parts[i].iov_len;

                        parts[i].iov_base = (char *)parts[i].iov_base + part;
                        parts[i].iov_len -= part;
                        sent -= (ssize_t)part;
                }
        }
        return true;
}

static bool recv_all(int fd, void *data, size_t len)
{
        char *at = data;

        while (len > 0) {
                ssize_t got = recv(fd, at, len, 0);

                if (got < 0 && errno == EINTR)
                        continue;
                if (got <= 0)
                        return false;
                at += got;
                len -= (size_t)got;
        }
        return true;
}

bool kri_frame_recv(int fd, char *ret_kind, kr_buf *ret)
{
        unsigned char head[5];
        char some[4096];
        size_t len;

        if (!recv_all(fd, head, sizeof(head)))
                return false;
        len = (size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 |
              head[4];
        if (len > KRI_FRAME_BYTES)
                return false;
        ret->len = 0;
        while (len > 0) { /* memory for what comes, not for what is said to come */
                size_t part = len < sizeof(some) ? len : sizeof(some);

                if (!recv_all(fd, some, part) || kr_buf_append(ret, some, part) != KR_OK)
                        return false;
                len -= part;
        }
        *ret_kind = (char)head[0];
        return true;
}
