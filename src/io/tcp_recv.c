/* SPDX-License-Identifier: Apache-2.0 */
/* tcp_recv.c: receiving from a passive socket. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/sched.h"

#include "io.h"
#include "receive.h"

/* -- reading --
 *
 * In turn, lock held before and after, but not while the kernel copies. */

kr_err kri_socket_read(struct kri_socket *socket, void *buf, size_t size, size_t *ret_len)
{
        ssize_t len;
        int why;

        kri_socket_try(socket, &socket->in);
        len = recv(socket->fd, buf, size, 0);
        why = errno;
        kri_socket_tried(socket, &socket->in);
        *ret_len = len > 0 ? (size_t)len : 0;
        if (len > 0) {
                /* less than we asked for is all there was, unless that was the end */
                if ((size_t)len == size || socket->hung_up)
                        socket->in.ready = true;
                socket->stats.recv_bytes += (uint64_t)len;
                return KR_OK;
        }
        if (len == 0) {
                socket->in.ready = true; /* it ends for whoever asks next, too */
                return KR_ECLOSED;
        }
        if (why == EAGAIN || why == EWOULDBLOCK || why == EINTR)
                return KR_ETIMEDOUT;
        socket->in.ready = true;
        return kri_io_err(why);
}

/* The same, until there is something. */
static kr_err read_or_wait(struct kri_socket *socket, struct kri_proc *p, void *buf,
                           size_t size, int64_t deadline_ns, size_t *ret_len)
{
        kr_err err = KR_OK;

        if (!socket->in.ready)
                err = kri_socket_await(socket, &socket->in, p, deadline_ns);
        while (err == KR_OK) {
                err = kri_socket_read(socket, buf, size, ret_len);
                if (!socket->port.open)
                        return KR_ECLOSED;
                if (err != KR_ETIMEDOUT)
                        return err;
                err = kri_socket_await(socket, &socket->in, p, deadline_ns);
        }
        return err;
}

/* -- raw -- */

/* What an earlier packet mode, or an active time, has left over. */
static size_t take_left_over(struct kri_socket *socket, struct kri_proc *p, void *buf,
                             size_t size)
{
        uint32_t len = kri_inbox_len(&socket->inbox);

        if (len == 0)
                return 0;
        if (len > size)
                len = (uint32_t)size;
        memcpy(buf, socket->inbox.data + socket->inbox.start, len);
        kri_inbox_take(&socket->inbox, socket->port.io, p->sched, len);
        return len;
}

static kr_err recv_raw(struct kri_socket *socket, struct kri_proc *p, void *buf,
                       size_t size, int64_t deadline_ns, size_t *ret_len)
{
        *ret_len = take_left_over(socket, p, buf, size);
        if (*ret_len > 0)
                return KR_OK;
        return read_or_wait(socket, p, buf, size, deadline_ns, ret_len);
}

/* -- packets -- */

/* What is wrong with the stream cannot be mended: nobody knows where the next packet is. */
static kr_err spoil(struct kri_socket *socket, struct kri_proc *p)
{
        kri_port_close(&socket->port, p, p->sched);
        return KR_EMSGSIZE;
}

/* The end of the stream ends a line as well. */
static kr_err at_end(struct kri_socket *socket, kr_err err, uint32_t *ret_len)
{
        if (err != KR_ECLOSED || !socket->port.open ||
            socket->opts.packet != KR_PACKET_LINE || kri_inbox_len(&socket->inbox) == 0)
                return err;
        *ret_len = kri_inbox_len(&socket->inbox);
        return KR_OK;
}

/* Until there is a whole packet: *ret_skip bytes, then *ret_len. */
static kr_err await_packet(struct kri_socket *socket, struct kri_proc *p,
                           int64_t deadline_ns, uint32_t *ret_skip, uint32_t *ret_len)
{
        struct kri_inbox *inbox = &socket->inbox;
        kr_err err;
        size_t got;

        for (;;) {
                switch (kri_inbox_find(inbox, socket->opts.packet,
                                       socket->opts.packet_max, ret_skip, ret_len)) {
                case KRI_FOUND:
                        return KR_OK;
                case KRI_FOUND_TOO_BIG:
                        return spoil(socket, p);
                case KRI_FOUND_PART:
                        break;
                }
                kri_socket_drop_empty(socket, p->sched);
                err = socket->in.ready
                              ? KR_OK
                              : kri_socket_await(socket, &socket->in, p, deadline_ns);
                if (err != KR_OK)
                        return err;
                if (!kri_inbox_room(inbox, socket->port.io, p->sched, *ret_len))
                        return KR_ENOMEM;
                err = kri_socket_read(socket, inbox->data + inbox->end,
                                      inbox->cap - inbox->end, &got);
                if (!socket->port.open)
                        return KR_ECLOSED;
                if (err != KR_OK && err != KR_ETIMEDOUT)
                        return at_end(socket, err, ret_len);
                inbox->end += (uint32_t)got;
        }
}

static kr_err recv_packet(struct kri_socket *socket, struct kri_proc *p, void *buf,
                          size_t size, int64_t deadline_ns, size_t *ret_len)
{
        uint32_t skip = 0, len;
        kr_err err = await_packet(socket, p, deadline_ns, &skip, &len);

        if (err != KR_OK)
                return err;
        if (len > size)
                return KR_ETOOBIG;
        memcpy(buf, socket->inbox.data + socket->inbox.start + skip, len);
        kri_inbox_take(&socket->inbox, socket->port.io, p->sched, skip + len);
        socket->stats.recv_packets++;
        *ret_len = len;
        return KR_OK;
}

/* -- the calls -- */

static const char *what_is_wrong(const void *buf, size_t size, int64_t timeout_ms,
                                 const void *ret_len)
{
        if (buf == NULL || size == 0)
                return buf == NULL ? "buf" : "size";
        if (!kri_turn_is_timeout(timeout_ms))
                return "timeout_ms";
        return ret_len == NULL ? "ret_len" : NULL;
}

/* In turn, and passive: the lock is held. Else the error, and it is not. */
static kr_err begin(struct kri_proc *p, kr_socket id, const char *function,
                    int64_t deadline_ns, struct kri_socket **ret_socket)
{
        struct kri_socket *socket;
        kr_err err;

        socket = kri_socket_lock(p, id, function, &id, &err);
        if (socket == NULL)
                return err;
        *ret_socket = socket;
        err = socket->active != 0 || socket->listens
                      ? KR_ESTATE
                      : kri_socket_enter(socket, &socket->in, p, deadline_ns);
        if (err == KR_OK)
                return KR_OK;
        kri_socket_unlock(socket);
        kri_leave(p);
        return err;
}

static kr_err finish(struct kri_proc *p, struct kri_socket *socket, kr_err err)
{
        kri_socket_drop_empty(socket, p->sched);
        kri_socket_leave(socket, &socket->in, p);
        kri_spend(p, KRI_COST_IO);
        kri_leave(p);
        return err;
}

kr_err kr_tcp_recv(kr_socket socket, void *buf, size_t size, int64_t timeout_ms,
                   size_t *ret_len)
{
        const char *what = what_is_wrong(buf, size, timeout_ms, ret_len);
        struct kri_proc *p = kri_enter();
        struct kri_socket *s = NULL;
        int64_t deadline_ns;
        size_t len;
        kr_err err;

        if (p != NULL && what != NULL)
                kri_badarg(p, "kr_tcp_recv", what);
        if (p == NULL || what != NULL)
                return KR_EBADARG;
        deadline_ns = kri_turn_deadline(p->node, timeout_ms);
        err = begin(p, socket, "kr_tcp_recv", deadline_ns, &s);
        if (err != KR_OK)
                return err;
        if (s->opts.packet == KR_PACKET_RAW) {
                err = recv_raw(s, p, buf, size, deadline_ns, &len);
                s->stats.recv_packets += err == KR_OK;
        } else {
                err = recv_packet(s, p, buf, size, deadline_ns, &len);
        }
        if (err == KR_OK)
                *ret_len = len;
        return finish(p, s, err);
}

/* What has come of what was wanted stays to be received. */
static void put_back(struct kri_socket *socket, struct kri_proc *p, const char *data,
                     size_t len)
{
        struct kri_inbox *inbox = &socket->inbox;

        if (len == 0 || !kri_inbox_room(inbox, socket->port.io, p->sched, (uint32_t)len))
                return;
        memcpy(inbox->data, data, len);
        inbox->start = 0;
        inbox->end = (uint32_t)len;
}

kr_err kr_tcp_recv_exactly(kr_socket socket, void *buf, size_t len, int64_t timeout_ms)
{
        const char *what = what_is_wrong(buf, len, timeout_ms, buf);
        struct kri_proc *p = kri_enter();
        struct kri_socket *s = NULL;
        size_t have = 0, got;
        int64_t deadline_ns;
        kr_err err;

        if (p != NULL && (what != NULL || len > UINT32_MAX / 2))
                kri_badarg(p, "kr_tcp_recv_exactly", what != NULL ? what : "len");
        if (p == NULL || what != NULL || len > UINT32_MAX / 2)
                return KR_EBADARG;
        deadline_ns = kri_turn_deadline(p->node, timeout_ms);
        err = begin(p, socket, "kr_tcp_recv_exactly", deadline_ns, &s);
        if (err != KR_OK)
                return err;
        if (s->opts.packet != KR_PACKET_RAW)
                err = KR_ESTATE;
        while (err == KR_OK && have < len) {
                err = recv_raw(s, p, (char *)buf + have, len - have, deadline_ns, &got);
                have += err == KR_OK ? got : 0;
        }
        s->stats.recv_packets += err == KR_OK;
        if (err == KR_ETIMEDOUT)
                put_back(s, p, buf, have);
        return finish(p, s, err);
}
