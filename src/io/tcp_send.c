/* SPDX-License-Identifier: Apache-2.0 */
/* tcp_send.c: sending. The kernel's buffer is the queue: what it does not take, the sender
 * waits for. */
#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/sched.h"

#include "io.h"
#include "socket.h"

#define PARTS_MAX 64

/* A packet, and how much of it is still to be sent. */
struct parcel {
        uint8_t header[4];
        struct iovec parts[PARTS_MAX + 1];
        size_t count, len; /* parts; bytes in all */
};

/* The length goes in front. False: it is too long for that. */
static bool add_header(struct parcel *parcel, kr_packet packet, size_t len)
{
        size_t size = packet == KR_PACKET_LINE ? 0 : (size_t)packet;

        if (size != 0 && size < 4 && len >> (8 * size) != 0)
                return false;
        for (size_t i = 0; i < size; i++)
                parcel->header[i] = (uint8_t)(len >> (8 * (size - 1 - i)));
        parcel->parts[0] = (struct iovec){ parcel->header, size };
        parcel->count = 1;
        parcel->len = size;
        return true;
}

static bool add_up(const kr_bytes *parts, size_t count, size_t *ret_len)
{
        size_t len = 0;

        for (size_t i = 0; i < count; i++)
                if ((parts[i].data == NULL && parts[i].len > 0) ||
                    __builtin_add_overflow(len, parts[i].len, &len))
                        return false;
        *ret_len = len;
        return len <= UINT32_MAX;
}

static void add_parts(struct parcel *parcel, const kr_bytes *parts, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                parcel->parts[parcel->count++] = (struct iovec){
                        (void *)(uintptr_t)parts[i].data,
                        parts[i].len,
                };
                parcel->len += parts[i].len;
        }
}

/* So many bytes of it are sent. */
static void advance(struct parcel *parcel, struct iovec **first, size_t sent)
{
        struct iovec *end = parcel->parts + parcel->count;

        parcel->len -= sent;
        while (*first < end && sent >= (*first)->iov_len)
                sent -= (*first)++->iov_len;
        if (sent > 0) {
                (*first)->iov_base = (char *)(*first)->iov_base + sent;
                (*first)->iov_len -= sent;
        }
}

/* In turn; lock held before and after, but not while the kernel copies. */
static ssize_t write_some(struct kri_socket *socket, struct parcel *parcel,
                          struct iovec *first, int *ret_why)
{
        struct msghdr message = {
                .msg_iov = first,
                .msg_iovlen = (size_t)(parcel->parts + parcel->count - first),
        };
        ssize_t sent;

        kri_socket_try(socket, &socket->out);
        /* one piece needs no list, which the kernel would have to copy */
        if (message.msg_iovlen == 1)
                sent = send(socket->fd, first->iov_base, first->iov_len, MSG_NOSIGNAL);
        else
                sent = sendmsg(socket->fd, &message, MSG_NOSIGNAL);
        *ret_why = errno;
        kri_socket_tried(socket, &socket->out);
        return sent;
}

/* In turn; lock held. */
static kr_err send_all(struct kri_socket *socket, struct kri_proc *p,
                       struct parcel *parcel, int64_t deadline_ns)
{
        struct iovec *first = parcel->parts[0].iov_len == 0 ? parcel->parts + 1
                                                            : parcel->parts;
        kr_err err = KR_OK;
        int why;

        while (err == KR_OK && parcel->len > 0) {
                ssize_t sent = write_some(socket, parcel, first, &why);

                if (!socket->port.open) {
                        err = KR_ECLOSED;
                } else if (sent >= 0) {
                        advance(parcel, &first, (size_t)sent);
                        socket->out.ready = true;
                        socket->stats.send_bytes += (uint64_t)sent;
                } else if (why == EAGAIN || why == EWOULDBLOCK) {
                        err = kri_socket_await(socket, &socket->out, p, deadline_ns);
                } else if (why != EINTR) {
                        socket->out.ready = true;
                        err = kri_io_err(why);
                }
        }
        return err;
}

/* A peer cannot tell a packet that was given up from a whole one: it hears that this is all. */
static void give_up(struct kri_socket *socket)
{
        socket->mute = true;
        if (socket->fd >= 0)
                (void)shutdown(socket->fd, SHUT_WR);
}

/* lock held, and let go of. */
static kr_err send_in_turn(struct kri_socket *socket, struct kri_proc *p,
                           const kr_bytes *parts, size_t count, size_t len)
{
        int64_t deadline_ns = kri_turn_deadline(p->node, socket->opts.send_timeout_ms);
        kr_err err = kri_socket_enter(socket, &socket->out, p, deadline_ns);
        struct parcel parcel;
        size_t whole;

        if (err != KR_OK) {
                kri_socket_unlock(socket);
                return err;
        }
        if (socket->mute || socket->listens) {
                err = socket->mute ? KR_ECLOSED : KR_ENOTCONN;
        } else if (!add_header(&parcel, socket->opts.packet, len)) {
                err = KR_EMSGSIZE;
        } else {
                add_parts(&parcel, parts, count);
                whole = parcel.len;
                err = send_all(socket, p, &parcel, deadline_ns);
                if (err == KR_OK)
                        socket->stats.send_packets++;
                else if (parcel.len < whole || err == KR_ETIMEDOUT)
                        give_up(socket);
        }
        kri_socket_leave(socket, &socket->out, p);
        return err;
}

static kr_err send_parts(struct kri_proc *p, const char *function, kr_socket id,
                         const kr_bytes *parts, size_t count)
{
        struct kri_socket *socket;
        size_t len;
        kr_err err;

        if (p == NULL)
                return KR_EBADARG;
        if (count > PARTS_MAX || (parts == NULL && count > 0) ||
            !add_up(parts, count, &len)) {
                kri_badarg(p, function, count > PARTS_MAX ? "count" : "data");
                return KR_EBADARG;
        }
        socket = kri_socket_lock(p, id, function, &id, &err);
        if (socket == NULL)
                return err;
        err = send_in_turn(socket, p, parts, count, len);
        kri_spend(p, KRI_COST_IO);
        if (err == KR_EBADARG)
                kri_badarg(p, function, "data"); /* the kernel could not read it */
        else
                kri_leave(p);
        return err;
}

kr_err kr_tcp_send(kr_socket socket, const void *data, size_t len)
{
        const kr_bytes part = { data, len };
        kr_err err = send_parts(kri_enter(), "kr_tcp_send", socket, &part, 1);

        return err;
}

kr_err kr_tcp_send_parts(kr_socket socket, const kr_bytes *parts, size_t count)
{
        kr_err err = send_parts(kri_enter(), "kr_tcp_send_parts", socket, parts, count);

        return err;
}
