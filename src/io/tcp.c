/* SPDX-License-Identifier: Apache-2.0 */
/* tcp.c: what is asked of a socket beside bytes. */
#include <errno.h>
#include <unistd.h>

#include "core/sched.h"

#include "address.h"
#include "io.h"
#include "socket.h"

static kr_err finish(struct kri_proc *p, struct kri_socket *socket, kr_err err)
{
        kri_socket_unlock(socket);
        kri_spend(p, 1);
        kri_leave(p);
        return err;
}

kr_err kr_tcp_close(kr_socket socket)
{
        struct kri_proc *p = kri_enter();
        struct kri_socket *s;
        kr_err err;

        s = kri_socket_lock(p, socket, "kr_tcp_close", &socket, &err);
        if (s == NULL)
                return err;
        kri_port_close(&s->port, p, p->sched);
        return finish(p, s, KR_OK);
}

/* What is being sent goes first; lock held. */
static kr_err shut(struct kri_socket *socket, struct kri_proc *p, kr_tcp_how how)
{
        static const int hows[] = {
                [KR_TCP_RECV] = SHUT_RD,
                [KR_TCP_SEND] = SHUT_WR,
                [KR_TCP_BOTH] = SHUT_RDWR,
        };
        kr_err err = KR_OK;

        if (how != KR_TCP_RECV) {
                err = kri_socket_enter(socket, &socket->out, p, INT64_MAX);
                if (err != KR_OK)
                        return err;
        }
        if (shutdown(socket->fd, hows[how]) != 0)
                err = kri_io_err(errno);
        if (how != KR_TCP_RECV)
                kri_turn_leave(&socket->out, kri_turn_outside(p), p->sched);
        return err;
}

kr_err kr_tcp_shutdown(kr_socket socket, kr_tcp_how how)
{
        struct kri_proc *p = kri_enter();
        struct kri_socket *s;
        kr_err err;

        if (p != NULL && (unsigned)how > KR_TCP_BOTH)
                kri_badarg(p, "kr_tcp_shutdown", "how");
        if (p == NULL || (unsigned)how > KR_TCP_BOTH)
                return KR_EBADARG;
        s = kri_socket_lock(p, socket, "kr_tcp_shutdown", &socket, &err);
        if (s == NULL)
                return err;
        err = shut(s, p, how);
        return finish(p, s, err);
}

/* -- options -- */

static bool is_unix(const struct kri_socket *socket)
{
        struct kri_address address = { .len = sizeof(address.to) };

        return getsockname(socket->fd, &address.to.any, &address.len) == 0 &&
               address.to.any.sa_family == AF_UNIX;
}

kr_err kr_tcp_set_opts(kr_socket socket, const kr_tcp_opts *opts)
{
        struct kri_proc *p = kri_enter();
        const char *what;
        struct kri_socket *s;
        kr_tcp_opts checked;
        kr_err err;

        if (p == NULL)
                return KR_EBADARG;
        if (kri_socket_check_opts(opts, &checked, &what) != KR_OK) {
                kri_badarg(p, "kr_tcp_set_opts", what);
                return KR_EBADARG;
        }
        s = kri_socket_lock(p, socket, "kr_tcp_set_opts", &socket, &err);
        if (s == NULL)
                return err;
        err = kri_socket_apply(s->fd, is_unix(s), &checked);
        if (err == KR_OK) {
                checked.ip = NULL;
                checked.mode = s->opts.mode;
                checked.backlog = s->opts.backlog;
                checked.no_reuseaddr = s->opts.no_reuseaddr;
                checked.active = s->opts.active;
                s->opts = checked;
        }
        return finish(p, s, err);
}

kr_err kr_tcp_get_opts(kr_socket socket, kr_tcp_opts *ret_opts)
{
        struct kri_proc *p = kri_enter();
        struct kri_socket *s;
        kr_err err;

        s = kri_socket_lock(p, socket, "kr_tcp_get_opts", ret_opts, &err);
        if (s == NULL)
                return err;
        *ret_opts = s->opts;
        ret_opts->active = s->active;
        if (ret_opts->send_timeout_ms == KR_INFINITY)
                ret_opts->send_timeout_ms = 0;
        return finish(p, s, KR_OK);
}

/* -- names -- */

typedef int name_fn(int fd, struct sockaddr *address, socklen_t *len);

static kr_err name_of(kr_socket socket, const char *function, name_fn *name,
                      kr_tcp_address *ret)
{
        struct kri_address address = { .len = sizeof(address.to) };
        struct kri_proc *p = kri_enter();
        struct kri_socket *s;
        kr_err err;

        s = kri_socket_lock(p, socket, function, ret, &err);
        if (s == NULL)
                return err;
        if (name(s->fd, &address.to.any, &address.len) == 0)
                kri_address_print(&address, ret);
        else
                err = kri_io_err(errno);
        return finish(p, s, err);
}

kr_err kr_tcp_sockname(kr_socket socket, kr_tcp_address *ret)
{
        return name_of(socket, "kr_tcp_sockname", getsockname, ret);
}

kr_err kr_tcp_peername(kr_socket socket, kr_tcp_address *ret)
{
        return name_of(socket, "kr_tcp_peername", getpeername, ret);
}

kr_err kr_tcp_getstat(kr_socket socket, kr_tcp_stats *ret)
{
        struct kri_proc *p = kri_enter();
        struct kri_socket *s;
        kr_err err;

        s = kri_socket_lock(p, socket, "kr_tcp_getstat", ret, &err);
        if (s == NULL)
                return err;
        *ret = s->stats;
        return finish(p, s, KR_OK);
}

kr_pid kr_tcp_owner(kr_socket socket)
{
        struct kri_proc *p = kri_enter();
        struct kri_socket *s;
        kr_pid owner;
        kr_err err;

        s = kri_socket_lock(p, socket, "kr_tcp_owner", &socket, &err);
        if (s == NULL)
                return kr_pid_none();
        owner = kri_word_pid(s->port.owner);
        (void)finish(p, s, KR_OK);
        return owner;
}
