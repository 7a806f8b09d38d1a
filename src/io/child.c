/* SPDX-License-Identifier: Apache-2.0 */
#include "child.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/sched.h"

#include "io.h"

#define PACKET_DEFAULT 65536u

static struct kri_child *child_of(struct kri_port *port)
{
        return (struct kri_child *)port;
}

#define CHILD_OF(watched_, member)                                                       \
        ((struct kri_child *)((char *)(watched_)-offsetof(struct kri_child, member)))

/* -- closing; lock held -- */

void kri_child_close_in(struct kri_child *child)
{
        child->closes_in = true;
        if (child->in < 0 || child->turn.busy)
                return;
        kri_loop_unwatch(child->home, child->in);
        close(child->in);
        child->in = -1;
}

void kri_child_close_stream(struct kri_child *child, struct kri_child_stream *stream,
                            struct kri_sched *s)
{
        kri_inbox_clear(&stream->inbox, child->port.io, s);
        if (stream->fd < 0)
                return;
        kri_loop_unwatch(child->home, stream->fd);
        close(stream->fd);
        stream->fd = -1;
}

bool kri_child_signal(const struct kri_child *child, int signal)
{
        if (child->pid == 0)
                return false;
        return kill(child->has_group ? -child->pid : child->pid, signal) == 0;
}

static void close_port(struct kri_port *port, struct kri_sched *s)
{
        struct kri_child *child = child_of(port);

        if (!child->outlives)
                (void)kri_child_signal(child, SIGKILL); /* else: it has ended already */
        kri_child_close_in(child);
        for (unsigned i = 0; i < KRI_CHILD_STREAMS; i++)
                kri_child_close_stream(child, &child->streams[i], s);
        kri_turn_wake_all(&child->turn, s);
}

static bool is_free(struct kri_port *port)
{
        const struct kri_child *child = child_of(port);

        return child->pid == 0 && child->in < 0 && kri_turn_is_empty(&child->turn);
}

/* The node stops. What was not killed belongs to nobody now. */
static void fini(struct kri_port *port)
{
        struct kri_child *child = child_of(port);

        if (child->pid != 0 && !child->outlives)
                while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
                        ;
        if (child->pid != 0)
                close(child->pidfd);
}

/* -- what happens outside -- */

static int status_of(int found)
{
        return WIFSIGNALED(found) ? 128 + WTERMSIG(found) : WEXITSTATUS(found);
}

/* It is waited for even if nobody wants to know any more. */
static void wait_for(struct kri_child *child)
{
        int found = 0;
        pid_t pid = waitpid(child->pid, &found, WNOHANG);

        if (pid == 0 || (pid < 0 && errno != ECHILD))
                return;
        child->status = pid > 0 ? status_of(found) : -1;
        child->has_ended = true;
        child->pid = 0;
        kri_loop_unwatch(child->home, child->pidfd);
        close(child->pidfd);
        child->pidfd = -1;
}

static void has_ended(struct kri_watched *watched, struct kri_sched *s, uint32_t events)
{
        struct kri_child *child = CHILD_OF(watched, ended);

        (void)events;
        kri_latch_lock(&child->port.lock);
        if (child->pid != 0)
                wait_for(child);
        if (child->pid == 0 && child->port.open) {
                /* a last look, at what it wrote before */
                for (unsigned i = 0; i < KRI_CHILD_STREAMS; i++)
                        child->streams[i].ready = true;
                kri_port_tell(&child->port, s);
        }
        kri_port_settle(&child->port);
        kri_latch_unlock(&child->port.lock);
}

static void is_writable(struct kri_watched *watched, struct kri_sched *s, uint32_t events)
{
        struct kri_child *child = CHILD_OF(watched, writable);

        (void)events;
        kri_latch_lock(&child->port.lock);
        kri_turn_ready(&child->turn, s);
        kri_latch_unlock(&child->port.lock);
}

static void is_readable(struct kri_child *child, struct kri_child_stream *stream,
                        struct kri_sched *s)
{
        kri_latch_lock(&child->port.lock);
        stream->ready = true;
        if (child->port.open && child->active != 0)
                kri_port_tell(&child->port, s);
        kri_latch_unlock(&child->port.lock);
}

static void out_is_readable(struct kri_watched *watched, struct kri_sched *s,
                            uint32_t events)
{
        struct kri_child *child = CHILD_OF(watched, streams[KRI_CHILD_OUT].watched);

        (void)events;
        is_readable(child, &child->streams[KRI_CHILD_OUT], s);
}

static void err_is_readable(struct kri_watched *watched, struct kri_sched *s,
                            uint32_t events)
{
        struct kri_child *child = CHILD_OF(watched, streams[KRI_CHILD_ERR].watched);

        (void)events;
        is_readable(child, &child->streams[KRI_CHILD_ERR], s);
}

/* -- the record -- */

/* Somebody who was writing has ended. */
static void left(struct kri_turn *turn, struct kri_sched *s)
{
        struct kri_child *child = CHILD_OF(turn, turn);

        (void)s;
        kri_latch_lock(&child->port.lock);
        if (child->closes_in)
                kri_child_close_in(child);
        kri_port_settle(&child->port);
        kri_latch_unlock(&child->port.lock);
}

static void init(struct kri_port *port)
{
        struct kri_child *child = child_of(port);

        child->pidfd = child->in = -1;
        child->turn.lock = &port->lock;
        child->turn.ready = true;
        child->turn.left = left;
        child->ended.fn = has_ended;
        child->writable.fn = is_writable;
        child->streams[KRI_CHILD_OUT].watched.fn = out_is_readable;
        child->streams[KRI_CHILD_ERR].watched.fn = err_is_readable;
        child->streams[KRI_CHILD_OUT].fd = child->streams[KRI_CHILD_ERR].fd = -1;
}

static const struct kri_port_kind child_kind = {
        .family = KRI_PORT_CHILD,
        .size = sizeof(struct kri_child),
        .init = init,
        .close = close_port,
        .is_free = is_free,
        .look = kri_child_look,
        .fini = fini,
};

static void take_parts(struct kri_child *child, const struct kri_child_parts *parts,
                       const kr_port_opts *opts)
{
        child->pid = parts->pid;
        child->pidfd = parts->pidfd;
        child->in = parts->in;
        for (unsigned i = 0; i < KRI_CHILD_STREAMS; i++)
                child->streams[i].fd = parts->streams[i];
        child->has_group = !opts->same_group;
        child->outlives = opts->outlives;
        child->linked_exit = opts->link;
        child->active = opts->passive == 0            ? KR_ACTIVE_TRUE
                        : opts->passive == KR_PASSIVE ? KR_ACTIVE_FALSE
                                                      : opts->passive;
        child->packet = opts->packet;
        child->packet_max = opts->packet_max != 0 ? opts->packet_max : PACKET_DEFAULT;
        child->info.os_pid = parts->pid;
}

/* From here on its events come; all that it needs is there. */
static kr_err watch(struct kri_child *child)
{
        kr_err err = kri_loop_watch(child->home, child->pidfd, &child->ended);

        if (err == KR_OK && child->in >= 0)
                err = kri_loop_watch(child->home, child->in, &child->writable);
        for (unsigned i = 0; i < KRI_CHILD_STREAMS && err == KR_OK; i++)
                if (child->streams[i].fd >= 0)
                        err = kri_loop_watch(child->home, child->streams[i].fd,
                                             &child->streams[i].watched);
        return err;
}

kr_err kri_child_new(struct kri_io *io, struct kri_proc *p,
                     const struct kri_child_parts *parts, const kr_port_opts *opts,
                     kr_port *ret_port)
{
        struct kri_port *port;
        kr_err err = kri_port_new(io, p, &child_kind, &port);

        if (err != KR_OK) {
                kri_child_parts_close(parts);
                return err;
        }
        kri_latch_lock(&port->lock);
        take_parts(child_of(port), parts, opts);
        child_of(port)->home = kri_loop_of(io, p);
        err = watch(child_of(port));
        if (err == KR_OK) {
                *ret_port = kri_port_id(port);
        } else {
                child_of(port)->outlives = false;
                kri_port_close(port, p, p->sched); /* waited for when the node stops */
        }
        kri_latch_unlock(&port->lock);
        return err;
}

struct kri_child *kri_child_lock(struct kri_proc *p, kr_port id, const char *function,
                                 kr_err *ret_err)
{
        struct kri_port *port;
        bool is_child;

        *ret_err = KR_EBADARG;
        if (p == NULL)
                return NULL;
        port = kri_port_lock(p, id, &child_kind, &is_child);
        if (port != NULL) {
                *ret_err = KR_OK;
                return child_of(port);
        }
        if (is_child) {
                *ret_err = KR_ECLOSED;
                kri_leave(p);
        } else {
                kri_badarg(p, function, "port");
        }
        return NULL;
}
