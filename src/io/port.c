/* SPDX-License-Identifier: Apache-2.0 */
#include "port.h"

#include <stdlib.h>
#include <string.h>

#include "core/extra.h"
#include "core/sched.h"

#include "turn.h"

#define INDEX_BITS 20
#define INDEX_MASK ((UINT64_C(1) << INDEX_BITS) - 1)

_Static_assert(KRI_PORT_CHUNK *KRI_PORT_CHUNKS == UINT64_C(1) << INDEX_BITS,
               "an index has its place");

/* A node may get the near slot of one that has been before: its handles are other ones. */
static _Atomic uint64_t next_serial = 1;

/* -- records -- */

typedef struct kri_port *_Atomic port_place;

static port_place *place_of(struct kri_ports *ports, uint32_t index)
{
        /* acquire: pairs with add_chunk */
        port_place *chunk = atomic_load_explicit(&ports->chunks[index / KRI_PORT_CHUNK],
                                                 memory_order_acquire);

        return chunk != NULL ? &chunk[index % KRI_PORT_CHUNK] : NULL;
}

/* The record with this index; NULL: there is none. */
static struct kri_port *port_at(struct kri_ports *ports, uint32_t index)
{
        port_place *place = place_of(ports, index);

        /* acquire: pairs with make_record */
        return place != NULL ? atomic_load_explicit(place, memory_order_acquire) : NULL;
}

void kri_ports_init(struct kri_ports *ports)
{
        ports->lock = (kri_mutex)KRI_MUTEX_INIT;
        ports->serial = atomic_load(&next_serial);
        ports->used = 1; /* 0 is nobody's */
}

static void note_serial(uint64_t serial)
{
        uint64_t old = atomic_load(&next_serial);

        while (old < serial && !atomic_compare_exchange_weak(&next_serial, &old, serial))
                ;
}

static void free_record(struct kri_io *io, struct kri_port *port)
{
        if (port->kind->fini != NULL)
                port->kind->fini(port);
        note_serial(atomic_load(&port->serial) + 1);
        kri_node_free(io->node, port->notice, sizeof(*port->notice));
        kri_node_free(io->node, port, port->kind->size);
}

void kri_ports_fini(struct kri_io *io)
{
        struct kri_ports *ports = &io->ports;

        for (uint32_t i = 1; i < ports->used; i++)
                if (port_at(ports, i) != NULL)
                        free_record(io, port_at(ports, i));
        for (uint32_t i = 0; i < KRI_PORT_CHUNKS; i++)
                kri_node_free(io->node, atomic_load(&ports->chunks[i]),
                              KRI_PORT_CHUNK * sizeof(port_place));
}

/* ports->lock held. The place of the index that comes next; NULL: no memory. */
static port_place *add_chunk(struct kri_io *io)
{
        struct kri_ports *ports = &io->ports;
        size_t size = KRI_PORT_CHUNK * sizeof(port_place);
        port_place *chunk;

        if (place_of(ports, ports->used) != NULL)
                return place_of(ports, ports->used);
        chunk = kri_node_alloc(io->node, size);
        if (chunk == NULL)
                return NULL;
        memset(chunk, 0, size);
        atomic_store_explicit(&ports->chunks[ports->used / KRI_PORT_CHUNK], chunk,
                              memory_order_release);
        return place_of(ports, ports->used);
}

static void notice_taken(struct kri_sched *s, struct kri_proc *p,
                         struct kri_notice *notice);

static struct kri_port *new_record(struct kri_io *io, const struct kri_port_kind *kind)
{
        struct kri_port *port = kri_node_alloc(io->node, kind->size);

        if (port == NULL)
                return NULL;
        memset(port, 0, kind->size);
        port->notice = kri_node_alloc(io->node, sizeof(*port->notice));
        if (port->notice == NULL) {
                kri_node_free(io->node, port, kind->size);
                return NULL;
        }
        kri_notice_init(port->notice, notice_taken, port);
        port->io = io;
        port->kind = kind;
        return port;
}

/* ports->lock held. */
static kr_err make_record(struct kri_io *io, const struct kri_port_kind *kind,
                          struct kri_port **ret_port)
{
        struct kri_ports *ports = &io->ports;
        port_place *place;

        if (ports->used > INDEX_MASK)
                return KR_ESYSTEMLIMIT;
        place = add_chunk(io);
        *ret_port = place != NULL ? new_record(io, kind) : NULL;
        if (*ret_port == NULL)
                return KR_ENOMEM;
        (*ret_port)->index = ports->used++;
        atomic_init(&(*ret_port)->serial, ports->serial);
        /* release: who finds it finds it whole */
        atomic_store_explicit(place, *ret_port, memory_order_release);
        return KR_OK;
}

/* ports->lock held. One of that kind that is used no more; NULL: there is none. */
static struct kri_port *take_free(struct kri_ports *ports,
                                  const struct kri_port_kind *kind)
{
        struct kri_port *port = ports->free[kind->family];

        if (port != NULL)
                ports->free[kind->family] = port->next;
        return port;
}

void kri_port_settle(struct kri_port *port)
{
        struct kri_ports *ports = &port->io->ports;

        if (port->open || port->linked || port->free ||
            atomic_load_explicit(&port->notice->pending, memory_order_relaxed) ||
            !port->kind->is_free(port))
                return;
        port->free = true;
        /* relaxed: compared under the lock, or to save taking it */
        atomic_store_explicit(&port->serial,
                              atomic_load_explicit(&port->serial, memory_order_relaxed) +
                                      1,
                              memory_order_relaxed);
        kri_lock(&ports->lock);
        port->next = ports->free[port->kind->family];
        ports->free[port->kind->family] = port;
        kri_unlock(&ports->lock);
}

/* -- the owner's list -- */

static void link_port(struct kri_outside *outside, struct kri_port *port)
{
        struct kri_port *first = outside->things;

        port->prev = NULL;
        port->next = first;
        if (first != NULL)
                first->prev = port;
        outside->things = port;
        port->linked = true;
}

static void unlink_port(struct kri_outside *outside, struct kri_port *port)
{
        if (port->next != NULL)
                port->next->prev = port->prev;
        if (port->prev != NULL)
                port->prev->next = port->next;
        else
                outside->things = port->next;
        port->linked = false;
}

static void own_head(struct kri_port *port, struct kri_outside *outside)
{
        size_t stays = port->kind->stays != 0 ? port->kind->stays : sizeof(*port);

        memset((char *)port + stays, 0, port->kind->size - stays);
        port->owner = kri_proc_word(outside->p);
        port->free = false;
        port->open = true;
        link_port(outside, port);
        port->kind->init(port);
}

kr_err kri_port_new(struct kri_io *io, struct kri_proc *p,
                    const struct kri_port_kind *kind, struct kri_port **ret_port)
{
        struct kri_outside *outside = kri_turn_outside(p);
        struct kri_port *port;
        kr_err err = KR_OK;

        if (outside == NULL)
                return KR_ENOMEM;
        kri_lock(&io->ports.lock);
        port = take_free(&io->ports, kind);
        if (port == NULL)
                err = make_record(io, kind, &port);
        kri_unlock(&io->ports.lock);
        if (err != KR_OK)
                return err;
        kri_latch_lock(&port->lock);
        own_head(port, outside);
        kri_latch_unlock(&port->lock);
        *ret_port = port;
        return KR_OK;
}

/* -- handles -- */

kr_port kri_port_id(const struct kri_port *port)
{
        uint64_t serial = atomic_load_explicit(&port->serial, memory_order_relaxed);

        return (kr_port){ .num = serial << INDEX_BITS | port->index,
                          .node = port->io->node->slot };
}

kri_word kri_port_box(kri_word *at, const struct kri_port *port)
{
        kr_port id = kri_port_id(port);

        at[0] = kri_header(KRI_PORT, 0, 2);
        at[1] = id.num;
        at[2] = id.node;
        return kri_boxed(at);
}

static bool is_it(const struct kri_port *port, kr_port id)
{
        return atomic_load_explicit(&port->serial, memory_order_relaxed) ==
               id.num >> INDEX_BITS;
}

struct kri_port *kri_port_lock(const struct kri_proc *p, kr_port id,
                               const struct kri_port_kind *kind, bool *ret_is_port)
{
        struct kri_io *io = NULL;
        struct kri_port *port = NULL;

        if (id.node == p->node->slot && kri_io_of_proc(p, &io) == KR_OK)
                port = port_at(&io->ports, (uint32_t)(id.num & INDEX_MASK));
        *ret_is_port = port != NULL && port->kind == kind;
        if (!*ret_is_port)
                return NULL;
        kri_latch_lock(&port->lock);
        if (is_it(port, id) && port->open)
                return port;
        kri_latch_unlock(&port->lock);
        return NULL;
}

/* -- closing and giving away -- */

void kri_port_tell(struct kri_port *port, struct kri_sched *s)
{
        if (!atomic_load_explicit(&port->notice->pending, memory_order_relaxed))
                (void)kri_notice_push(s, port->owner, port->notice);
}

void kri_port_close(struct kri_port *port, struct kri_proc *p, struct kri_sched *s)
{
        port->open = false;
        port->kind->close(port, s);
        if (port->linked && p != NULL && port->owner == kri_proc_word(p))
                unlink_port(p->extra->outside, port);
        if (port->linked)
                kri_port_tell(port, s);
        kri_port_settle(port);
}

bool kri_port_await_notice(struct kri_port *port, struct kri_proc *p)
{
        kr_port id = kri_port_id(port);

        while (atomic_load_explicit(&port->notice->pending, memory_order_relaxed)) {
                kri_latch_unlock(&port->lock);
                kri_take(p->sched, p);
                kri_latch_lock(&port->lock);
        }
        return is_it(port, id) && port->open;
}

void kri_port_give(struct kri_port *port, struct kri_proc *p, kr_pid to)
{
        unlink_port(p->extra->outside, port);
        port->owner = kri_pid_word(to);
        if (!kri_notice_push(p->sched, port->owner, port->notice))
                kri_port_close(port, NULL, p->sched);
}

/* lock held. p takes notice. False: no memory to own it with. */
static bool accept_port(struct kri_port *port, struct kri_proc *p)
{
        struct kri_outside *outside;

        if (port->linked || !port->open)
                return true;
        outside = kri_turn_outside(p);
        if (outside != NULL)
                link_port(outside, port);
        return outside != NULL;
}

static void notice_taken(struct kri_sched *s, struct kri_proc *p,
                         struct kri_notice *notice)
{
        struct kri_port *port = notice->of;
        bool looks = false;

        kri_latch_lock(&port->lock);
        atomic_store_explicit(&notice->pending, false, memory_order_relaxed);
        if (p != NULL && port->owner == kri_proc_word(p)) {
                if (!port->open && port->linked)
                        unlink_port(p->extra->outside, port);
                looks = port->open && accept_port(port, p);
        }
        if (port->open && !port->linked)
                kri_port_close(port, NULL, s); /* nobody is there to own it */
        else
                kri_port_settle(port);
        kri_latch_unlock(&port->lock);
        if (looks && port->kind->look != NULL)
                port->kind->look(port, p, s);
}

void kri_ports_close_all(struct kri_outside *outside, struct kri_sched *s)
{
        struct kri_port *port;

        while ((port = outside->things) != NULL) {
                kri_latch_lock(&port->lock);
                unlink_port(outside, port);
                if (port->open)
                        kri_port_close(port, NULL, s);
                else
                        kri_port_settle(port);
                kri_latch_unlock(&port->lock);
        }
}
