/* SPDX-License-Identifier: Apache-2.0 */
/* child.h: the record of a program that was started: its process, and its three pipes.
 *
 * Model    Its pipes and a descriptor of the process itself (pidfd) are watched by the loop of
 *          the scheduler it was started on. The owner reads the pipes as it takes notice; who
 *          writes waits for its turn, as with a socket.
 * End      When the process has ended it is waited for at once, whoever is its owner. The owner
 *          is told when nothing is left in the pipes. A record is free when the process has
 *          been waited for and the pipes are closed.
 */
#ifndef KR_IO_CHILD_H
#define KR_IO_CHILD_H

#include <krarup/port.h>

#include <sys/types.h>

#include "inbox.h"
#include "port.h"
#include "turn.h"

enum { KRI_CHILD_OUT, KRI_CHILD_ERR, KRI_CHILD_STREAMS };

/* A pipe that we read. */
struct kri_child_stream {
        struct kri_watched watched;
        int fd;     /* -1: none, or at its end */
        bool ready; /* it is worth reading */
        struct kri_inbox inbox;
};

struct kri_child {
        struct kri_port port;
        struct kri_loop *home;

        /* -- port.lock -- */
        pid_t pid; /* 0: it has been waited for */
        int pidfd;
        bool has_group, outlives, linked_exit;
        bool has_ended; /* and `status` is what the owner will be told */
        int status;
        int32_t active; /* as for a socket */
        kr_packet packet;
        uint32_t packet_max;
        kr_port_info info;

        struct kri_watched ended; /* of pidfd */
        struct kri_watched writable;
        int in;               /* we write it; -1: none, or closed */
        bool closes_in;       /* as soon as nobody writes */
        struct kri_turn turn; /* of writers */

        struct kri_child_stream streams[KRI_CHILD_STREAMS];
};

/* What a new one is made of; descriptors are -1 where there is none. Closed on an error. */
struct kri_child_parts {
        pid_t pid;
        int pidfd, in, streams[KRI_CHILD_STREAMS];
};

kr_err kri_child_new(struct kri_io *io, struct kri_proc *p,
                     const struct kri_child_parts *parts, const kr_port_opts *opts,
                     kr_port *ret_port);

/* Locked; NULL: p has left the runtime, and *ret_err is what the function returns. */
struct kri_child *kri_child_lock(struct kri_proc *p, kr_port id, const char *function,
                                 kr_err *ret_err);

/* lock held. Its standard input is closed, once nobody is in the middle of writing. */
void kri_child_close_in(struct kri_child *child);
void kri_child_close_stream(struct kri_child *child, struct kri_child_stream *stream,
                            struct kri_sched *s);
/* Signal it; false: it is no more. */
bool kri_child_signal(const struct kri_child *child, int signal);

/* Start the program (child_spawn.c). KR_OK: *ret has everything. */
kr_err kri_child_spawn(const char *program, const kr_port_opts *opts,
                       struct kri_child_parts *ret);
void kri_child_parts_close(const struct kri_child_parts *parts);

/* The owner reads (child_read.c): told to look, or asked to. */
void kri_child_look(struct kri_port *port, struct kri_proc *p, struct kri_sched *s);

#endif
