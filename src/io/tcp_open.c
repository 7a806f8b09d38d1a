/* SPDX-License-Identifier: Apache-2.0 */
/* tcp_open.c: listening, accepting, connecting. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <krarup/dns.h>

#include "core/sched.h"

#include "address.h"
#include "dns.h"
#include "io.h"
#include "socket.h"

#define STREAM (SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC)
/* A Unix socket whose listener's queue is full says nothing when there is room again: it is
 * tried anew after so long. */
#define FULL_PAUSE_NS 1000000

/* -- what all of them begin with -- */

struct opening {
        struct kri_proc *p;
        struct kri_io *io;
        kr_tcp_opts opts;
};

/* False: *ret_err is returned, p (if there is one) has left. */
static bool begin(struct opening *o, const kr_tcp_opts *opts, const void *out,
                  const char *function, kr_err *ret_err)
{
        const char *what = NULL;

        o->p = kri_enter();
        *ret_err = KR_EBADARG;
        if (o->p == NULL)
                return false;
        if (out == NULL || kri_socket_check_opts(opts, &o->opts, &what) != KR_OK) {
                kri_badarg(o->p, function, what != NULL ? what : "ret_socket");
                return false;
        }
        *ret_err = kri_io_of(o->p->node, &o->io);
        if (*ret_err != KR_OK)
                kri_leave(o->p);
        return *ret_err == KR_OK;
}

static kr_err finish(struct opening *o, kr_err err)
{
        kri_spend(o->p, KRI_COST_IO);
        kri_leave(o->p);
        return err;
}

/* fd is a socket of p's from here on. */
static kr_err hand_out(struct opening *o, int fd, bool listens, char *path,
                       kr_socket *ret_socket)
{
        struct kri_socket *socket;
        kr_err err = kri_socket_new(o->io, o->p, fd, &o->opts, &socket);

        if (err != KR_OK)
                return err;
        kri_latch_lock(&socket->port.lock);
        socket->listens = listens;
        socket->path = path;
        if (listens)
                socket->active = 0;
        else if (socket->active != 0)
                err = kri_socket_watch(socket, o->p);
        *ret_socket = kri_port_id(&socket->port);
        if (err != KR_OK)
                kri_port_close(&socket->port, o->p, o->p->sched);
        kri_latch_unlock(&socket->port.lock);
        return err;
}

/* -- listening -- */

static kr_err listen_at(const struct kri_address *address, const kr_tcp_opts *opts,
                        int *ret_fd)
{
        int fd = socket(address->to.any.sa_family, STREAM, 0), one = 1;
        bool unix_socket = address->to.any.sa_family == AF_UNIX;
        kr_err err = KR_OK;

        if (fd < 0)
                return kri_io_err(errno);
        if (!unix_socket && !opts->no_reuseaddr)
                (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
        if (unix_socket)
                (void)fchmod(fd, opts->mode); /* which the file gets, less the umask */
        err = kri_socket_apply(fd, unix_socket, opts);
        if (err == KR_OK && (bind(fd, &address->to.any, address->len) != 0 ||
                             listen(fd, opts->backlog) != 0))
                err = kri_io_err(errno);
        if (err != KR_OK)
                close(fd);
        else
                *ret_fd = fd;
        return err;
}

kr_err kr_tcp_listen(uint16_t port, const kr_tcp_opts *opts, kr_socket *ret_listener)
{
        struct kri_address address;
        struct opening o;
        kr_err err;
        int fd;

        if (!begin(&o, opts, ret_listener, "kr_tcp_listen", &err))
                return err;
        if (!kri_address_of_ip(o.opts.ip != NULL ? o.opts.ip : "127.0.0.1", port,
                               &address)) {
                kri_badarg(o.p, "kr_tcp_listen", "ip");
                return KR_EBADARG;
        }
        err = listen_at(&address, &o.opts, &fd);
        if (err == KR_OK)
                err = hand_out(&o, fd, true, NULL, ret_listener);
        return finish(&o, err);
}

/* A file that somebody left who listens no more. */
static bool is_left_over(const struct kri_address *address)
{
        int fd = socket(AF_UNIX, STREAM, 0);
        struct stat st;
        bool refused;

        if (fd < 0)
                return false;
        refused = lstat(address->to.un.sun_path, &st) == 0 && S_ISSOCK(st.st_mode) &&
                  connect(fd, &address->to.any, address->len) != 0 &&
                  errno == ECONNREFUSED;
        close(fd);
        return refused;
}

static kr_err listen_at_path(const struct kri_address *address, const kr_tcp_opts *opts,
                             int *ret_fd)
{
        kr_err err = listen_at(address, opts, ret_fd);

        if (err == KR_EADDRINUSE && is_left_over(address)) {
                unlink(address->to.un.sun_path);
                err = listen_at(address, opts, ret_fd);
        }
        /* the umask is one for the whole program: what it took away is given back */
        if (err == KR_OK && chmod(address->to.un.sun_path, opts->mode) != 0) {
                err = kri_io_err(errno);
                unlink(address->to.un.sun_path);
                close(*ret_fd);
        }
        return err;
}

static kr_err listen_unix(struct opening *o, const struct kri_address *address,
                          kr_socket *ret_listener)
{
        size_t size = strlen(address->to.un.sun_path) + 1;
        char *path = kri_node_alloc(o->io->node, size);
        kr_err err;
        int fd;

        if (path == NULL)
                return KR_ENOMEM;
        memcpy(path, address->to.un.sun_path, size);
        err = listen_at_path(address, &o->opts, &fd);
        if (err == KR_OK) {
                err = hand_out(o, fd, true, path, ret_listener);
                if (err != KR_OK)
                        unlink(path);
        }
        if (err != KR_OK)
                kri_node_free(o->io->node, path, size);
        return err;
}

kr_err kr_unix_listen(const char *path, const kr_tcp_opts *opts, kr_socket *ret_listener)
{
        struct kri_address address;
        struct opening o;
        kr_err err;

        if (!begin(&o, opts, ret_listener, "kr_unix_listen", &err))
                return err;
        if (path == NULL || !kri_address_of_path(path, &address)) {
                kri_badarg(o.p, "kr_unix_listen", "path");
                return KR_EBADARG;
        }
        err = listen_unix(&o, &address, ret_listener);
        return finish(&o, err);
}

/* -- accepting -- */

/* The peer may have thought better of it meanwhile; then the next one is taken. */
static int accept_next(int listener)
{
        int fd;

        do {
                fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        } while (fd < 0 && (errno == EINTR || errno == ECONNABORTED || errno == EPROTO));
        return fd;
}

/* In turn; lock held. What the kernel was told of the listener holds for what it accepts. */
static kr_err accept_one(struct kri_socket *listener, struct kri_proc *p,
                         int64_t deadline_ns, int *ret_fd)
{
        kr_err err = KR_OK;
        int fd = -1, why;

        while (err == KR_OK && fd < 0) {
                kri_socket_try(listener, &listener->in);
                fd = accept_next(listener->fd);
                why = errno;
                kri_socket_tried(listener, &listener->in);
                if (fd >= 0 || (why != EAGAIN && why != EWOULDBLOCK))
                        listener->in.ready = true; /* there may be more */
                if (!listener->port.open)
                        err = KR_ECLOSED;
                else if (fd < 0 && why != EAGAIN && why != EWOULDBLOCK)
                        err = kri_io_err(why);
                else if (fd < 0)
                        err = kri_socket_await(listener, &listener->in, p, deadline_ns);
        }
        if (err != KR_OK && fd >= 0)
                close(fd);
        *ret_fd = fd;
        return err;
}

static kr_err accept_in_turn(struct opening *o, struct kri_socket *listener,
                             int64_t deadline_ns, int *ret_fd)
{
        kr_err err = kri_socket_enter(listener, &listener->in, o->p, deadline_ns);

        if (err != KR_OK) {
                kri_socket_unlock(listener);
                return err;
        }
        err = accept_one(listener, o->p, deadline_ns, ret_fd);
        o->opts = listener->opts;
        kri_socket_leave(listener, &listener->in, o->p);
        return err;
}

kr_err kr_tcp_accept(kr_socket listener, int64_t timeout_ms, kr_socket *ret_socket)
{
        struct opening o = { .p = kri_enter() };
        struct kri_socket *socket;
        kr_err err;
        int fd = -1;

        if (o.p != NULL && (ret_socket == NULL || !kri_turn_is_timeout(timeout_ms))) {
                kri_badarg(o.p, "kr_tcp_accept",
                           ret_socket == NULL ? "ret_socket" : "timeout_ms");
                return KR_EBADARG;
        }
        socket = kri_socket_lock(o.p, listener, "kr_tcp_accept", ret_socket, &err);
        if (socket == NULL)
                return err;
        if (!socket->listens) {
                kri_socket_unlock(socket);
                kri_badarg(o.p, "kr_tcp_accept", "listener");
                return KR_EBADARG;
        }
        o.io = socket->port.io;
        err = accept_in_turn(&o, socket, kri_turn_deadline(o.p->node, timeout_ms), &fd);
        if (err == KR_OK)
                err = hand_out(&o, fd, false, NULL, ret_socket);
        return finish(&o, err);
}

/* -- connecting -- */

static kr_err begin_connect(const struct kri_address *to, const struct kri_address *from,
                            const kr_tcp_opts *opts, int *ret_fd)
{
        bool unix_socket = to->to.any.sa_family == AF_UNIX;
        int fd = socket(to->to.any.sa_family, STREAM, 0);
        kr_err err;

        if (fd < 0)
                return kri_io_err(errno);
        err = kri_socket_apply(fd, unix_socket, opts);
        if (err == KR_OK && from != NULL && bind(fd, &from->to.any, from->len) != 0)
                err = kri_io_err(errno);
        if (err != KR_OK)
                close(fd);
        else
                *ret_fd = fd;
        return err;
}

/* lock held; in turn. */
static kr_err await_connected(struct kri_socket *socket, struct kri_proc *p,
                              int64_t deadline_ns)
{
        int why = 0;
        socklen_t size = sizeof(why);
        kr_err err;

        socket->out.ready = false; /* the kernel will say */
        err = kri_socket_await(socket, &socket->out, p, deadline_ns);
        if (err != KR_OK)
                return err;
        if (getsockopt(socket->fd, SOL_SOCKET, SO_ERROR, &why, &size) != 0)
                why = errno;
        return why != 0 ? kri_io_err(why) : KR_OK;
}

/* lock held; in turn. The listener's queue is full. */
static kr_err await_room(struct kri_socket *socket, struct kri_proc *p,
                         int64_t deadline_ns)
{
        int64_t now_ns = kri_node_now_ns(p->node), until_ns = now_ns + FULL_PAUSE_NS;

        if (now_ns >= deadline_ns)
                return KR_ETIMEDOUT;
        if (until_ns > deadline_ns)
                until_ns = deadline_ns;
        while (socket->port.open &&
               kri_turn_wait(&socket->out, kri_turn_outside(p), until_ns))
                ;
        return socket->port.open ? KR_OK : KR_ECLOSED;
}

/* lock held; in turn. */
static kr_err connect_in_turn(struct kri_socket *socket, struct kri_proc *p,
                              const struct kri_address *to, int64_t deadline_ns)
{
        kr_err err = KR_OK;

        while (err == KR_OK) {
                if (connect(socket->fd, &to->to.any, to->len) == 0)
                        return KR_OK;
                if (errno == EINPROGRESS)
                        return await_connected(socket, p, deadline_ns);
                if (errno != EAGAIN && errno != EINTR)
                        return kri_io_err(errno);
                err = await_room(socket, p, deadline_ns);
        }
        return err;
}

static kr_err connect_to(struct opening *o, const struct kri_address *to,
                         const struct kri_address *from, int64_t deadline_ns,
                         kr_socket *ret_socket)
{
        struct kri_socket *socket;
        int fd = -1;
        kr_err err = begin_connect(to, from, &o->opts, &fd);

        if (err == KR_OK)
                err = kri_socket_new(o->io, o->p, fd, &o->opts, &socket);
        if (err != KR_OK)
                return err;
        kri_latch_lock(&socket->port.lock);
        socket->active = 0; /* not before it is connected */
        err = kri_socket_enter(socket, &socket->out, o->p, deadline_ns);
        if (err == KR_OK) {
                err = connect_in_turn(socket, o->p, to, deadline_ns);
                kri_turn_leave(&socket->out, kri_turn_outside(o->p), o->p->sched);
        }
        socket->out.ready = true;
        socket->active = o->opts.active;
        if (err == KR_OK && socket->active != 0)
                err = kri_socket_watch(socket, o->p);
        *ret_socket = kri_port_id(&socket->port);
        if (err != KR_OK && socket->port.open)
                kri_port_close(&socket->port, o->p, o->p->sched);
        kri_latch_unlock(&socket->port.lock);
        return err;
}

/* One after the other, until one answers. */
static kr_err connect_to_any(struct opening *o, const kr_dns_addresses *found,
                             uint16_t port, const struct kri_address *from,
                             int64_t deadline_ns, kr_socket *ret_socket)
{
        kr_err err = KR_ENXDOMAIN;

        for (size_t i = 0; i < found->count; i++) {
                struct kri_address to;

                if (!kri_address_of_ip(found->ip[i], port, &to) ||
                    (from != NULL && from->to.any.sa_family != to.to.any.sa_family))
                        continue;
                err = connect_to(o, &to, from, deadline_ns, ret_socket);
                if (err == KR_OK || err == KR_ETIMEDOUT)
                        break;
        }
        return err;
}

kr_err kr_tcp_connect(const char *host, uint16_t port, const kr_tcp_opts *opts,
                      int64_t timeout_ms, kr_socket *ret_socket)
{
        struct kri_address from;
        kr_dns_addresses found;
        struct opening o;
        int64_t deadline_ns;
        kr_socket socket;
        kr_err err;

        if (!begin(&o, opts, ret_socket, "kr_tcp_connect", &err))
                return err;
        if (host == NULL || !kri_turn_is_timeout(timeout_ms) ||
            (o.opts.ip != NULL && !kri_address_of_ip(o.opts.ip, 0, &from))) {
                kri_badarg(o.p, "kr_tcp_connect",
                           host == NULL                       ? "host"
                           : !kri_turn_is_timeout(timeout_ms) ? "timeout_ms"
                                                              : "ip");
                return KR_EBADARG;
        }
        deadline_ns = kri_turn_deadline(o.p->node, timeout_ms);
        err = kri_dns_lookup(o.io, o.p, host, KR_FAMILY_ANY, deadline_ns, &found);
        if (err == KR_OK)
                err = connect_to_any(&o, &found, port, o.opts.ip != NULL ? &from : NULL,
                                     deadline_ns, &socket);
        if (err == KR_OK)
                *ret_socket = socket;
        return finish(&o, err);
}

kr_err kr_unix_connect(const char *path, const kr_tcp_opts *opts, int64_t timeout_ms,
                       kr_socket *ret_socket)
{
        struct kri_address to;
        struct opening o;
        kr_socket socket;
        kr_err err;

        if (!begin(&o, opts, ret_socket, "kr_unix_connect", &err))
                return err;
        if (path == NULL || !kri_address_of_path(path, &to) ||
            !kri_turn_is_timeout(timeout_ms)) {
                kri_badarg(o.p, "kr_unix_connect",
                           kri_turn_is_timeout(timeout_ms) ? "path" : "timeout_ms");
                return KR_EBADARG;
        }
        err = connect_to(&o, &to, NULL, kri_turn_deadline(o.p->node, timeout_ms),
                         &socket);
        if (err == KR_OK)
                *ret_socket = socket;
        return finish(&o, err);
}
