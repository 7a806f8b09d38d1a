/* SPDX-License-Identifier: Apache-2.0 */
/* child_port.c: what processes ask of a port: to run a program, to write to it, to end it. */
#include <krarup/port.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/sched.h"

#include "child.h"
#include "io.h"

#define COST_SPAWN 400 /* reductions */
#define COST_WRITE 64
#define PACKET_MOST (64u << 20)
#define ACTIVE_MOST 32767

/* -- starting -- */

static bool is_packet(kr_packet packet)
{
        return packet == KR_PACKET_RAW || packet == KR_PACKET_1 ||
               packet == KR_PACKET_2 || packet == KR_PACKET_4 || packet == KR_PACKET_LINE;
}

static const char *what_is_wrong(const char *program, const kr_port_opts *opts,
                                 const kr_port *ret_port)
{
        if (program == NULL || program[0] == 0)
                return "program";
        if (ret_port == NULL)
                return "ret_port";
        if ((unsigned)opts->in > KR_PORT_IN_NONE)
                return "in";
        if ((unsigned)opts->out > KR_PORT_OUT_INHERIT)
                return "out";
        if ((unsigned)opts->err > KR_PORT_ERR_NONE)
                return "err";
        if (!is_packet(opts->packet))
                return "packet";
        if (opts->packet_max > PACKET_MOST)
                return "packet_max";
        return opts->passive < KR_PASSIVE || opts->passive > ACTIVE_MOST ? "passive"
                                                                         : NULL;
}

kr_err kr_port_spawn(const char *program, const kr_port_opts *opts, kr_port *ret_port)
{
        static const kr_port_opts none;
        struct kri_proc *p = kri_enter();
        struct kri_child_parts parts;
        struct kri_io *io;
        const char *wrong;
        kr_err err;

        if (p == NULL)
                return KR_EBADARG;
        if (opts == NULL)
                opts = &none;
        wrong = what_is_wrong(program, opts, ret_port);
        if (wrong != NULL) {
                kri_badarg(p, "kr_port_spawn", wrong);
                return KR_EBADARG;
        }
        err = kri_io_of(p->node, &io);
        if (err == KR_OK)
                err = kri_child_spawn(program, opts, &parts);
        if (err == KR_OK)
                err = kri_child_new(io, p, &parts, opts, ret_port);
        kri_spend(p, COST_SPAWN);
        kri_leave(p);
        return err;
}

/* -- writing -- */

/* A pipe that nobody reads ends a program that does not know of it: the signal that comes of
 * the write is taken away again, unless it was there before. */
static ssize_t write_quietly(int fd, const struct iovec *parts, int count, int *ret_why)
{
        sigset_t pipe, before, pending;
        bool was_pending;
        ssize_t n;

        sigemptyset(&pipe);
        sigaddset(&pipe, SIGPIPE);
        sigpending(&pending);
        was_pending = sigismember(&pending, SIGPIPE) == 1;
        (void)pthread_sigmask(SIG_BLOCK, &pipe, &before);
        n = writev(fd, parts, count);
        *ret_why = errno;
        if (n < 0 && *ret_why == EPIPE && !was_pending)
                while (sigtimedwait(&pipe, NULL, &(struct timespec){ 0, 0 }) < 0 &&
                       errno == EINTR)
                        ;
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
        return n;
}

/* Its turn has come; lock held. KR_ECLOSED, KR_ENOMEM: it is in no turn. */
static kr_err enter_turn(struct kri_child *child, struct kri_proc *p,
                         struct kri_outside **ret_outside)
{
        struct kri_outside *outside = kri_turn_outside(p);

        if (outside == NULL)
                return KR_ENOMEM;
        *ret_outside = outside;
        kri_turn_enter(&child->turn, outside);
        while (child->port.open && (child->turn.first != outside || child->turn.busy))
                (void)kri_turn_wait(&child->turn, outside, INT64_MAX);
        return KR_OK;
}

/* lock held before and after, but not while the kernel copies. */
static kr_err write_all(struct kri_child *child, struct kri_outside *outside,
                        struct iovec parts[2])
{
        struct iovec *first = parts[0].iov_len > 0 ? parts : parts + 1;
        int why = 0;

        while (first < parts + 2 && first->iov_len > 0) {
                ssize_t n;

                if (child->in < 0 || child->closes_in)
                        return KR_ECLOSED;
                child->turn.busy = true;
                child->turn.ready = false;
                kri_latch_unlock(&child->port.lock);
                n = write_quietly(child->in, first, (int)(parts + 2 - first), &why);
                kri_latch_lock(&child->port.lock);
                child->turn.busy = false;
                if (n < 0 && why != EAGAIN && why != EINTR)
                        return why == EPIPE ? KR_ECLOSED : kri_io_err(why);
                if (n < 0 && why == EAGAIN)
                        while (child->port.open && !child->closes_in &&
                               !child->turn.ready)
                                (void)kri_turn_wait(&child->turn, outside, INT64_MAX);
                for (size_t left = n > 0 ? (size_t)n : 0; left > 0;) {
                        size_t some = left < first->iov_len ? left : first->iov_len;

                        child->info.in_bytes += some;
                        first->iov_base = (char *)first->iov_base + some;
                        first->iov_len -= some;
                        left -= some;
                        if (first->iov_len == 0)
                                first++;
                }
        }
        return KR_OK;
}

/* The length that goes before a packet. False: it is too long for that. */
static bool header_of(kr_packet packet, size_t len, uint8_t header[4], size_t *ret_size)
{
        size_t size = packet == KR_PACKET_LINE ? 0 : (size_t)packet;

        if (size != 0 && size < 8 && len >> (8 * size) != 0)
                return false;
        for (size_t i = 0; i < size; i++)
                header[i] = (uint8_t)(len >> (8 * (size - 1 - i)));
        *ret_size = size;
        return true;
}

/* lock held, and let go of. */
static kr_err write_in_turn(struct kri_child *child, struct kri_proc *p, const void *data,
                            size_t len)
{
        struct kri_outside *outside;
        uint8_t header[4];
        struct iovec parts[2] = { { header, 0 }, { (void *)(uintptr_t)data, len } };
        kr_err err = KR_EMSGSIZE;

        if (header_of(child->packet, len, header, &parts[0].iov_len))
                err = enter_turn(child, p, &outside);
        if (err == KR_OK) {
                err = child->port.open ? write_all(child, outside, parts) : KR_ECLOSED;
                kri_turn_leave(&child->turn, outside, p->sched);
                if (child->closes_in)
                        kri_child_close_in(child);
                kri_port_settle(&child->port);
        }
        kri_latch_unlock(&child->port.lock);
        return err;
}

kr_err kr_port_write(kr_port port, const void *data, size_t len)
{
        struct kri_proc *p = kri_enter();
        struct kri_child *child;
        kr_err err;

        if (p != NULL && data == NULL && len > 0) {
                kri_badarg(p, "kr_port_write", "data");
                return KR_EBADARG;
        }
        child = kri_child_lock(p, port, "kr_port_write", &err);
        if (child == NULL)
                return err;
        err = write_in_turn(child, p, data, len);
        kri_spend(p, COST_WRITE);
        kri_leave(p);
        return err;
}

kr_err kr_port_eof(kr_port port)
{
        struct kri_proc *p = kri_enter();
        kr_err err;
        struct kri_child *child = kri_child_lock(p, port, "kr_port_eof", &err);

        if (child == NULL)
                return err;
        kri_child_close_in(child);
        kri_turn_wake_all(&child->turn, p->sched);
        kri_latch_unlock(&child->port.lock);
        kri_leave(p);
        return KR_OK;
}

/* -- reading -- */

kr_err kr_port_active(kr_port port, int active)
{
        struct kri_proc *p = kri_enter();
        struct kri_child *child;
        kr_err err;

        if (p != NULL && (active < KR_ACTIVE_ONCE || active > ACTIVE_MOST)) {
                kri_badarg(p, "kr_port_active", "active");
                return KR_EBADARG;
        }
        child = kri_child_lock(p, port, "kr_port_active", &err);
        if (child == NULL)
                return err;
        if (active > 0 && child->active > 0)
                active += child->active;
        child->active = active < ACTIVE_MOST ? active : ACTIVE_MOST;
        if (child->active != 0)
                kri_port_tell(&child->port, p->sched);
        kri_latch_unlock(&child->port.lock);
        kri_leave(p);
        return KR_OK;
}

/* -- the rest -- */

kr_err kr_port_kill(kr_port port, int number)
{
        struct kri_proc *p = kri_enter();
        struct kri_child *child;
        kr_err err;

        if (p != NULL && (number < 0 || number >= NSIG)) {
                kri_badarg(p, "kr_port_kill", "signal");
                return KR_EBADARG;
        }
        child = kri_child_lock(p, port, "kr_port_kill", &err);
        if (child == NULL)
                return err;
        if (!kri_child_signal(child, number))
                err = child->pid == 0 || errno == ESRCH ? KR_ECLOSED : kri_io_err(errno);
        kri_latch_unlock(&child->port.lock);
        kri_leave(p);
        return err;
}

kr_err kr_port_info_of(kr_port port, kr_port_info *ret_info)
{
        struct kri_proc *p = kri_enter();
        struct kri_child *child;
        kr_err err;

        if (p != NULL && ret_info == NULL) {
                kri_badarg(p, "kr_port_info_of", "ret_info");
                return KR_EBADARG;
        }
        child = kri_child_lock(p, port, "kr_port_info_of", &err);
        if (child == NULL)
                return err;
        *ret_info = child->info;
        kri_latch_unlock(&child->port.lock);
        kri_leave(p);
        return KR_OK;
}

kr_err kr_port_close(kr_port port)
{
        struct kri_proc *p = kri_enter();
        kr_err err;
        struct kri_child *child = kri_child_lock(p, port, "kr_port_close", &err);

        if (child == NULL)
                return err;
        kri_port_close(&child->port, p, p->sched);
        kri_latch_unlock(&child->port.lock);
        kri_leave(p);
        return KR_OK;
}

kr_err kr_port_connect(kr_port port, kr_pid to)
{
        struct kri_proc *p = kri_enter();
        kr_err err;
        struct kri_child *child = kri_child_lock(p, port, "kr_port_connect", &err);

        if (child == NULL)
                return err;
        err = to.node != p->node->slot                ? KR_EBADARG
              : child->port.owner != kri_proc_word(p) ? KR_EPERM
                                                      : KR_OK;
        if (err == KR_OK && kri_pid_word(to) != kri_proc_word(p)) {
                err = kri_port_await_notice(&child->port, p) ? KR_OK : KR_ECLOSED;
                if (err == KR_OK)
                        kri_port_give(&child->port, p, to);
        }
        kri_latch_unlock(&child->port.lock);
        kri_leave(p);
        return err;
}
