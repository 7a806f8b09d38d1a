/* SPDX-License-Identifier: Apache-2.0 */
/* loop.h: the world outside, as one scheduler looks at it: the node's half of core/poll.h.
 *
 * Model    Each scheduler has a loop: an epoll descriptor, with a bell by which others wake it,
 *          and libuv's loop inside of it, made when first needed. What is read and written
 *          by processes themselves (sockets) has its descriptor in the epoll, told once for
 *          each change; all else (files, names, children, terminals) is libuv's.
 * Threads  All is done by whoever holds the scheduler, in kri_loop_serve, on the thread's own
 *          stack; processes never run inside a callback. Others ask for something to be done
 *          there by kri_loop_call. A watch may be added and taken away by any thread.
 * Owns     A watch belongs to whoever made it, and its memory must last as long as the node:
 *          an event that was on its way is told even after it was taken away.
 */
#ifndef KR_IO_LOOP_H
#define KR_IO_LOOP_H

#include <uv.h>

#include "core/poll.h"

struct kri_io;
struct kri_loop;

/* A descriptor that is watched: fn is called when it becomes readable or writable, with
 * EPOLLIN and its kin, on the scheduler `s`. Told once; there may be nothing to it. */
struct kri_watched {
        void (*fn)(struct kri_watched *watched, struct kri_sched *s, uint32_t events);
};

/* Something to be done on a loop. s NULL: the node stops; nothing but to release it. */
struct kri_loop_call {
        void (*fn)(struct kri_loop *loop, struct kri_sched *s,
                   struct kri_loop_call *call);
        struct kri_loop_call *next;
};

/* What a node has: made at the first use, gone when it stops. KR_ENOTSUP: a simulation;
 * KR_ENOMEM; KR_ESYSTEMLIMIT, KR_EOS: no descriptors. */
kr_err kri_io_of(struct kr_node *node, struct kri_io **ret_io);
/* The same, faster, for a process that has used it before. */
kr_err kri_io_of_proc(const struct kri_proc *p, struct kri_io **ret_io);

/* The loop of the scheduler that p runs on; of an attached thread, some other. p is inside. */
struct kri_loop *kri_loop_of(struct kri_io *io, const struct kri_proc *p);
struct kri_io *kri_loop_io(struct kri_loop *loop);

/* Have call->fn called there, soon. Takes `call` until then. Any thread; `s` is the caller's
 * scheduler, or NULL. */
void kri_loop_call(struct kri_loop *loop, struct kri_loop_call *call);

/* libuv's loop; NULL: it cannot be made. In a call's fn, or in a callback of it. */
uv_loop_t *kri_loop_uv(struct kri_loop *loop);
/* The scheduler that a callback of libuv runs on; NULL: the node stops. */
struct kri_sched *kri_loop_sched(struct kri_loop *loop);
/* The loop whose libuv's it is. */
struct kri_loop *kri_loop_from_uv(uv_loop_t *uv);

/* Tell `watched` of fd: what it is now, and each change from then on. KR_ENOMEM,
 * KR_ESYSTEMLIMIT. Any thread, as the next two. */
kr_err kri_loop_watch(struct kri_loop *loop, int fd, struct kri_watched *watched);
/* Tell it again what it is now. */
void kri_loop_tell_again(struct kri_loop *loop, int fd, struct kri_watched *watched);
void kri_loop_unwatch(struct kri_loop *loop, int fd);

/* A block of KRI_LOOP_BLOCK bytes to read into, and back. The scheduler's last one is kept:
 * `s` is the caller's. NULL: no memory. */
#define KRI_LOOP_BLOCK 16384u
void *kri_loop_block(struct kri_io *io, struct kri_sched *s);
void kri_loop_block_free(struct kri_io *io, struct kri_sched *s, void *block);

/* What the operating system said, as a code of ours. */
kr_err kri_io_err(int err);

#endif
