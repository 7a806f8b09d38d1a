/* SPDX-License-Identifier: Apache-2.0 */
#include "socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "core/sched.h"

#include "io.h"

#define PACKET_DEFAULT 65536u
#define PACKET_MOST (64u << 20)
#define BACKLOG_DEFAULT 1024
#define MODE_DEFAULT 0700u

/* -- the record -- */

static struct kri_socket *socket_of(struct kri_port *port)
{
        return (struct kri_socket *)port;
}

/* What the kernel has to say. */
static void happened(struct kri_watched *watched, struct kri_sched *s, uint32_t events)
{
        struct kri_socket *socket =
                (struct kri_socket *)((char *)watched -
                                      offsetof(struct kri_socket, watched));

        kri_latch_lock(&socket->port.lock);
        if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
                socket->hung_up = true;
        if (events & ~(uint32_t)EPOLLOUT)
                kri_turn_ready(&socket->in, s);
        if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
                kri_turn_ready(&socket->out, s);
        if (socket->active != 0 && socket->port.open && socket->in.ready &&
            kri_turn_is_empty(&socket->in))
                kri_port_tell(&socket->port, s);
        kri_latch_unlock(&socket->port.lock);
}

/* A socket that nobody has waited for may well have something already. */
static void init(struct kri_port *port)
{
        struct kri_socket *socket = socket_of(port);

        socket->fd = -1;
        if (socket->watched.fn == NULL)
                socket->watched.fn = happened; /* an event that is late finds it */
        socket->in.lock = socket->out.lock = &port->lock;
        socket->in.ready = socket->out.ready = true;
}

/* The descriptor goes with whoever uses it last. */
static void close_fd(struct kri_socket *socket)
{
        if (socket->fd < 0 || socket->in.busy || socket->out.busy)
                return;
        if (socket->home != NULL)
                kri_loop_unwatch(socket->home, socket->fd);
        close(socket->fd);
        socket->fd = -1;
        socket->home = NULL;
}

/* The file goes first: whoever finds it gone may listen there. */
static void forget_path(struct kri_socket *socket)
{
        if (socket->path == NULL)
                return;
        unlink(socket->path);
        kri_node_free(socket->port.io->node, socket->path, strlen(socket->path) + 1);
        socket->path = NULL;
}

static void close_port(struct kri_port *port, struct kri_sched *s)
{
        struct kri_socket *socket = socket_of(port);

        forget_path(socket);
        close_fd(socket);
        if (!socket->in.busy)
                kri_inbox_clear(&socket->inbox, port->io, s);
        kri_turn_wake_all(&socket->in, s);
        kri_turn_wake_all(&socket->out, s);
}

static bool is_free(struct kri_port *port)
{
        struct kri_socket *socket = socket_of(port);

        return socket->fd < 0 && kri_turn_is_empty(&socket->in) &&
               kri_turn_is_empty(&socket->out);
}

static const struct kri_port_kind socket_kind = {
        .family = KRI_PORT_SOCKET,
        .size = sizeof(struct kri_socket),
        .stays = offsetof(struct kri_socket, fd),
        .init = init,
        .close = close_port,
        .is_free = is_free,
        .look = kri_socket_look,
};

/* Somebody who was in a turn has ended. */
static void left(struct kri_turn *turn, struct kri_sched *s)
{
        struct kri_port *port =
                (struct kri_port *)((char *)turn->lock - offsetof(struct kri_port, lock));

        (void)s;
        kri_latch_lock(&port->lock);
        kri_port_settle(port);
        kri_latch_unlock(&port->lock);
}

kr_err kri_socket_new(struct kri_io *io, struct kri_proc *p, int fd,
                      const kr_tcp_opts *opts, struct kri_socket **ret_socket)
{
        struct kri_port *port;
        kr_err err = kri_port_new(io, p, &socket_kind, &port);

        if (err != KR_OK) {
                close(fd);
                return err;
        }
        kri_latch_lock(&port->lock);
        *ret_socket = socket_of(port);
        (*ret_socket)->fd = fd;
        (*ret_socket)->opts = *opts;
        (*ret_socket)->opts.ip = NULL;
        (*ret_socket)->active = opts->active;
        (*ret_socket)->in.left = (*ret_socket)->out.left = left;
        kri_latch_unlock(&port->lock);
        return KR_OK;
}

struct kri_socket *kri_socket_lock(struct kri_proc *p, kr_socket id, const char *function,
                                   const void *out, kr_err *ret_err)
{
        struct kri_port *port;
        bool is_socket;

        *ret_err = KR_EBADARG;
        if (p == NULL)
                return NULL;
        if (out == NULL) {
                kri_badarg(p, function, "ret");
                return NULL;
        }
        port = kri_port_lock(p, id, &socket_kind, &is_socket);
        if (port != NULL) {
                *ret_err = KR_OK;
                return socket_of(port);
        }
        if (is_socket) {
                *ret_err = KR_ECLOSED;
                kri_leave(p);
        } else {
                kri_badarg(p, function, "socket");
        }
        return NULL;
}

void kri_socket_unlock(struct kri_socket *socket)
{
        kri_latch_unlock(&socket->port.lock);
}

/* -- taking turns -- */

/* It was closed while it was used: the last of it goes. */
static void close_late(struct kri_socket *socket, struct kri_sched *s)
{
        close_fd(socket);
        if (!socket->in.busy)
                kri_inbox_clear(&socket->inbox, socket->port.io, s);
        kri_port_settle(&socket->port);
}

/* p is not in its turn any more. */
static void leave(struct kri_socket *socket, struct kri_turn *turn, struct kri_proc *p)
{
        kri_turn_leave(turn, kri_turn_outside(p), p->sched);
        if (__builtin_expect(!socket->port.open, 0))
                close_late(socket, p->sched);
}

void kri_socket_looked(struct kri_socket *socket, struct kri_sched *s)
{
        if (!socket->port.open)
                close_late(socket, s);
        else if (socket->in.first != NULL)
                kri_outside_wake(s, socket->in.first);
}

void kri_socket_drop_empty(struct kri_socket *socket, struct kri_sched *s)
{
        if (socket->inbox.data != NULL && kri_inbox_len(&socket->inbox) == 0)
                kri_inbox_clear(&socket->inbox, socket->port.io, s);
}

kr_err kri_socket_enter(struct kri_socket *socket, struct kri_turn *turn,
                        struct kri_proc *p, int64_t deadline_ns)
{
        struct kri_outside *outside = kri_turn_outside(p);
        kr_err err = KR_OK;

        if (outside == NULL)
                return KR_ENOMEM;
        kri_turn_enter(turn, outside);
        while (err == KR_OK && (turn->first != outside || turn->busy) &&
               socket->port.open)
                if (!kri_turn_wait(turn, outside, deadline_ns))
                        err = KR_ETIMEDOUT;
        if (!socket->port.open)
                err = KR_ECLOSED;
        if (err != KR_OK)
                leave(socket, turn, p);
        return err;
}

void kri_socket_try(struct kri_socket *socket, struct kri_turn *turn)
{
        turn->busy = true;
        turn->ready = false;
        kri_latch_unlock(&socket->port.lock);
}

void kri_socket_tried(struct kri_socket *socket, struct kri_turn *turn)
{
        kri_latch_lock(&socket->port.lock);
        turn->busy = false;
}

kr_err kri_socket_watch(struct kri_socket *socket, struct kri_proc *p)
{
        struct kri_loop *loop = kri_loop_of(socket->port.io, p);
        kr_err err;

        if (__builtin_expect(socket->home == loop || socket->fd < 0, 1))
                return KR_OK;
        err = kri_loop_watch(loop, socket->fd, &socket->watched);
        if (err != KR_OK)
                return socket->home != NULL ? KR_OK : err;
        if (socket->home != NULL)
                kri_loop_unwatch(socket->home, socket->fd);
        socket->home = loop;
        return KR_OK;
}

kr_err kri_socket_await(struct kri_socket *socket, struct kri_turn *turn,
                        struct kri_proc *p, int64_t deadline_ns)
{
        struct kri_outside *outside = kri_turn_outside(p);
        kr_err err = kri_socket_watch(socket, p);

        while (err == KR_OK && socket->port.open && !turn->ready)
                if (!kri_turn_wait(turn, outside, deadline_ns))
                        err = turn->ready ? KR_OK : KR_ETIMEDOUT;
        return socket->port.open ? err : KR_ECLOSED;
}

void kri_socket_leave(struct kri_socket *socket, struct kri_turn *turn,
                      struct kri_proc *p)
{
        leave(socket, turn, p);
        kri_latch_unlock(&socket->port.lock);
}

/* -- options -- */

static bool is_packet(kr_packet packet)
{
        return packet == KR_PACKET_RAW || packet == KR_PACKET_1 ||
               packet == KR_PACKET_2 || packet == KR_PACKET_4 || packet == KR_PACKET_LINE;
}

static const char *what_is_wrong(const kr_tcp_opts *opts)
{
        if (!is_packet(opts->packet))
                return "packet";
        if (opts->packet_max > PACKET_MOST)
                return "packet_max";
        if (opts->active < KR_ACTIVE_ONCE || opts->active > KRI_ACTIVE_MOST)
                return "active";
        if (!kri_turn_is_timeout(opts->send_timeout_ms))
                return "send_timeout_ms";
        if (opts->backlog < 0)
                return "backlog";
        if (opts->mode > 07777)
                return "mode";
        if (opts->send_buffer > INT32_MAX / 2)
                return "send_buffer";
        return opts->recv_buffer > INT32_MAX / 2 ? "recv_buffer" : NULL;
}

kr_err kri_socket_check_opts(const kr_tcp_opts *opts, kr_tcp_opts *ret,
                             const char **ret_what)
{
        *ret = opts != NULL ? *opts : (kr_tcp_opts){ 0 };
        *ret_what = what_is_wrong(ret);
        if (*ret_what != NULL)
                return KR_EBADARG;
        if (ret->packet_max == 0)
                ret->packet_max = PACKET_DEFAULT;
        if (ret->backlog == 0)
                ret->backlog = BACKLOG_DEFAULT;
        if (ret->mode == 0)
                ret->mode = MODE_DEFAULT;
        if (ret->send_timeout_ms == 0)
                ret->send_timeout_ms = KR_INFINITY;
        return KR_OK;
}

static bool set(int fd, int level, int what, int value)
{
        return setsockopt(fd, level, what, &value, sizeof(value)) == 0;
}

kr_err kri_socket_apply(int fd, bool unix_socket, const kr_tcp_opts *opts)
{
        bool done = true;

        if (!unix_socket)
                done = set(fd, IPPROTO_TCP, TCP_NODELAY, !opts->delay) &&
                       set(fd, SOL_SOCKET, SO_KEEPALIVE, opts->keepalive);
        /* the kernel doubles what it is told, for what it keeps beside the bytes */
        if (done && opts->send_buffer != 0)
                done = set(fd, SOL_SOCKET, SO_SNDBUF, (int)opts->send_buffer);
        if (done && opts->recv_buffer != 0)
                done = set(fd, SOL_SOCKET, SO_RCVBUF, (int)opts->recv_buffer);
        return done ? KR_OK : kri_io_err(errno);
}
