/* SPDX-License-Identifier: Apache-2.0 */
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void wire_init(struct wire *w)
{
        w->fd = -1;
        w->connected = false;
        w->in_len = w->out_len = 0;
}

bool wire_open(struct wire *w, uint16_t port)
{
        struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
        int one = 1;

        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        wire_init(w);
        w->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (w->fd < 0)
                return false;
        (void)setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        if (connect(w->fd, (struct sockaddr *)&to, sizeof(to)) == 0)
                w->connected = true;
        else if (errno != EINPROGRESS)
                wire_close(w);
        return w->fd >= 0;
}

void wire_close(struct wire *w)
{
        if (w->fd >= 0)
                (void)close(w->fd);
        wire_init(w);
}

bool wire_ask(struct wire *w, const char *format, ...)
{
        size_t room = WIRE_BYTES - w->out_len;
        va_list args;
        int len;

        va_start(args, format);
        len = vsnprintf(w->out + w->out_len, room, format, args);
        va_end(args);
        if (len < 0 || (size_t)len + 2 >= room)
                return false;
        w->out_len += (size_t)len;
        memcpy(w->out + w->out_len, "\r\n", 2);
        w->out_len += 2;
        return true;
}

short wire_events(const struct wire *w)
{
        return !w->connected || w->out_len > 0 ? POLLIN | POLLOUT : POLLIN;
}

static bool has_connected(struct wire *w)
{
        int error = 0;
        socklen_t len = sizeof(error);

        if (getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 || error != 0)
                return false;
        w->connected = true;
        return true;
}

static bool send_out(struct wire *w)
{
        ssize_t sent = send(w->fd, w->out, w->out_len, MSG_NOSIGNAL);

        if (sent < 0)
                return errno == EAGAIN || errno == EINTR;
        w->out_len -= (size_t)sent;
        memmove(w->out, w->out + sent, w->out_len);
        return true;
}

static bool receive(struct wire *w)
{
        ssize_t got = recv(w->fd, w->in + w->in_len, WIRE_BYTES - w->in_len, 0);

        if (got < 0)
                return errno == EAGAIN || errno == EINTR;
        w->in_len += (size_t)got;
        return got > 0;
}

bool wire_turn(struct wire *w, short revents)
{
        bool ok = true;

        if (!w->connected && revents != 0)
                ok = has_connected(w);
        if (ok && revents & POLLOUT && w->out_len > 0)
                ok = send_out(w);
        if (ok && revents & (POLLIN | POLLHUP | POLLERR) && w->connected)
                ok = receive(w);
        if (!ok)
                wire_close(w);
        return ok;
}

/* -- replies -- */

static void drop(struct wire *w, size_t len)
{
        w->in_len -= len;
        memmove(w->in, w->in + len, w->in_len);
}

static bool read_integer(const char *text, size_t len, int64_t *ret)
{
        char copy[32], *end;

        if (len == 0 || len >= sizeof(copy))
                return false;
        memcpy(copy, text, len);
        copy[len] = '\0';
        errno = 0;
        *ret = strtoll(copy, &end, 10);
        return errno == 0 && *end == '\0';
}

/* A bulk string whose length line has `line` bytes: with what stands behind it. */
static enum wire_got take_bulk(struct wire *w, size_t line, int64_t *ret)
{
        int64_t len;
        bool is_number;

        if (!read_integer(w->in + 1, line - 3, &len) || len < -1 || len > WIRE_BYTES / 2)
                return WIRE_BROKEN;
        if (len < 0) {
                drop(w, line);
                return WIRE_OTHER;
        }
        if (w->in_len < line + (size_t)len + 2)
                return WIRE_NOTHING;
        is_number = read_integer(w->in + line, (size_t)len, ret);
        drop(w, line + (size_t)len + 2);
        return is_number ? WIRE_INTEGER : WIRE_OTHER;
}

enum wire_got wire_take(struct wire *w, int64_t *ret)
{
        const char *end = w->in_len > 0 ? memchr(w->in, '\n', w->in_len) : NULL;
        enum wire_got got = WIRE_OTHER;
        size_t line;

        if (end == NULL)
                return w->in_len == WIRE_BYTES ? WIRE_BROKEN : WIRE_NOTHING;
        line = (size_t)(end - w->in) + 1;
        if (line < 3 || end[-1] != '\r')
                return WIRE_BROKEN;
        switch (w->in[0]) {
        case '$':
                return take_bulk(w, line, ret);
        case ':':
                got = read_integer(w->in + 1, line - 3, ret) ? WIRE_INTEGER : WIRE_BROKEN;
                break;
        case '-':
                got = WIRE_ERROR;
                break;
        case '+':
                break;
        default:
                return WIRE_BROKEN;
        }
        drop(w, line);
        return got;
}
