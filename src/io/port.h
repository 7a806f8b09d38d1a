/* SPDX-License-Identifier: Apache-2.0 */
/* port.h: what a process owns outside of the node, and its handle: a port identifier.
 *
 * Model    A record per handle, found by the index in it; the serial in it tells whether the
 *          record is still used for the same. A record stays until the node stops, so that
 *          whatever comes late (an event, a notice, somebody with an old handle) may look.
 * Owner    A process has its ports in a list of its own, which nobody else touches. Others
 *          tell it by the port's notice: that it has been given one, that one of its ports
 *          was closed by somebody else, that there is something to read.
 * Threads  Everything of the kind's own is under port->lock.
 */
#ifndef KR_IO_PORT_H
#define KR_IO_PORT_H

#include "core/poll.h"

#include "io.h"

struct kri_port;

struct kri_port_kind {
        enum kri_port_family family;
        size_t size; /* of the record, which begins with a struct kri_port */

        /* So much of the record stays as it is from one use to the next, for somebody may look
         * at it late, without the lock; 0: the head alone. It is zero at first. */
        size_t stays;
        /* What follows is zeroed, and to be made whole. lock held. */
        void (*init)(struct kri_port *port);
        /* Close it: whoever waits is woken. lock held; port->open is false already. */
        void (*close)(struct kri_port *port, struct kri_sched *s);
        /* Closed, and its owner does not know it any more: is there anybody else? lock held. */
        bool (*is_free)(struct kri_port *port);
        /* NULL, or: it was told to look, or was given the port. No lock. p is the owner; as in
         * take.c, on its own stack or its scheduler's. */
        void (*look)(struct kri_port *port, struct kri_proc *p, struct kri_sched *s);
        /* The record goes. NULL: nothing to give back. */
        void (*fini)(struct kri_port *port);
};

struct kri_port {
        const struct kri_port_kind *kind; /* stays the same */
        struct kri_io *io;
        uint32_t index;
        kri_latch lock;

        /* -- lock -- */
        _Atomic uint64_t serial; /* any: reads */
        kri_word owner;          /* near pid */
        bool open;
        bool linked; /* it is in its owner's list */
        bool free;   /* the record is */
        struct kri_notice *notice;

        struct kri_port *next, *prev; /* of its owner; next: of the free ones */
};

/* A new one of this kind, open, owned by the calling process.
 * KR_ENOMEM, KR_ESYSTEMLIMIT. */
kr_err kri_port_new(struct kri_io *io, struct kri_proc *p,
                    const struct kri_port_kind *kind, struct kri_port **ret_port);

/* The open one that the handle names, locked; NULL: it is closed. *ret_is_port: whether it
 * is, or was, a port of that kind, as far as one can tell. */
struct kri_port *kri_port_lock(const struct kri_proc *p, kr_port id,
                               const struct kri_port_kind *kind, bool *ret_is_port);

kr_port kri_port_id(const struct kri_port *port);

/* The words of its box; written at `at`. Gives the term. */
#define KRI_PORT_BOX_WORDS 3
kri_word kri_port_box(kri_word *at, const struct kri_port *port);

/* Close it; lock held. p: the calling process, or NULL. */
void kri_port_close(struct kri_port *port, struct kri_proc *p, struct kri_sched *s);

/* Tell its owner to look. lock held. */
void kri_port_tell(struct kri_port *port, struct kri_sched *s);

/* Somebody has stopped using it: it may be free now. lock held. */
void kri_port_settle(struct kri_port *port);

/* Its owner p sees to it that no notice of it is on the way; lock held, but let go of meanwhile.
 * False: it was closed then. */
bool kri_port_await_notice(struct kri_port *port, struct kri_proc *p);
/* After that, p gives it to `to`; lock held. If that has ended it is closed. */
void kri_port_give(struct kri_port *port, struct kri_proc *p, kr_pid to);

/* The process ends. */
void kri_ports_close_all(struct kri_outside *outside, struct kri_sched *s);

#endif
