/* SPDX-License-Identifier: Apache-2.0 */
/* socket.h: the record of a TCP or Unix socket, and how a process uses it.
 *
 * Model    Two turns (turn.h): whoever receives or accepts, and whoever sends or connects. The
 *          process whose turn it is reads or writes itself, first, and waits only if the kernel
 *          has nothing, or no room. An active socket is read by its owner as it takes notice.
 * Ready    The epoll tells each change once. So whoever tries says first that it is not ready,
 *          and afterwards that it is, if it had more than it asked for; an event in between
 *          is not lost.
 * Home     The loop that watches it: that of the scheduler where a process last waited for it.
 *          A socket that nobody has waited for has none.
 */
#ifndef KR_IO_SOCKET_H
#define KR_IO_SOCKET_H

#include <krarup/tcp.h>

#include <sys/socket.h>

#include "inbox.h"
#include "port.h"
#include "turn.h"

#define KRI_ACTIVE_MOST 32767
#define KRI_COST_IO 64 /* reductions of a read or a write */

struct kri_socket {
        struct kri_port port;
        struct kri_watched watched; /* constant: see kind->stays */
        int fd;                     /* -1: none, or no more */

        /* -- lock -- */
        struct kri_loop *home;
        struct kri_turn in, out;
        bool listens;
        bool hung_up;     /* the kernel has said that something is over */
        bool mute;        /* a send was given up in the middle: no more can be sent */
        bool ending;      /* active: what is left in the inbox is the last */
        kr_tcp_opts opts; /* ip: NULL */
        int32_t active;   /* as in opts: what is left */
        char *path;       /* of a Unix listener: to be removed */
        kr_tcp_stats stats;

        /* -- whoever is in `in` and busy -- */
        struct kri_inbox inbox;
};

/* A new socket, owned by p, that has fd from now on (closed on an error). */
kr_err kri_socket_new(struct kri_io *io, struct kri_proc *p, int fd,
                      const kr_tcp_opts *opts, struct kri_socket **ret_socket);

/* Locked; NULL: p has left the runtime, and *ret_err is what the function returns. What is no
 * socket is misuse of `function`, and so is an `out` that is NULL. */
struct kri_socket *kri_socket_lock(struct kri_proc *p, kr_socket id, const char *function,
                                   const void *out, kr_err *ret_err);
void kri_socket_unlock(struct kri_socket *socket);

/* Begin to use a turn of it: p is in it, and it is p's turn; lock held before and after.
 * KR_ECLOSED, KR_ETIMEDOUT, KR_ENOMEM: it is in no turn. May not return. */
kr_err kri_socket_enter(struct kri_socket *socket, struct kri_turn *turn,
                        struct kri_proc *p, int64_t deadline_ns);
/* Let others see it while p tries; and back. */
void kri_socket_try(struct kri_socket *socket, struct kri_turn *turn);
void kri_socket_tried(struct kri_socket *socket, struct kri_turn *turn);
/* It is not ready: wait until it may be. lock held before and after. On an error p is still in
 * its turn. */
kr_err kri_socket_await(struct kri_socket *socket, struct kri_turn *turn,
                        struct kri_proc *p, int64_t deadline_ns);
/* Done. lock held, and let go of. */
void kri_socket_leave(struct kri_socket *socket, struct kri_turn *turn,
                      struct kri_proc *p);

/* The owner, which takes no turn for it, has read an active one. lock held. */
void kri_socket_looked(struct kri_socket *socket, struct kri_sched *s);
/* An empty block is not kept while nobody reads. */
void kri_socket_drop_empty(struct kri_socket *socket, struct kri_sched *s);

/* See that the loop of p's scheduler watches it. lock held. */
kr_err kri_socket_watch(struct kri_socket *socket, struct kri_proc *p);

/* -- options -- */

/* KR_EBADARG: *ret_what is the one. *ret: with the defaults filled in. `opts` may be NULL. */
kr_err kri_socket_check_opts(const kr_tcp_opts *opts, kr_tcp_opts *ret,
                             const char **ret_what);
/* Tell the kernel. */
kr_err kri_socket_apply(int fd, bool unix_socket, const kr_tcp_opts *opts);

/* -- active (tcp_active.c) -- */

/* It was told to look; or some more may come by itself now. No lock; p is the owner. */
void kri_socket_look(struct kri_port *port, struct kri_proc *p, struct kri_sched *s);

#endif
