/* SPDX-License-Identifier: Apache-2.0 */
/* io.h: what a node has for input and output, kept with it (kr_node_put). */
#ifndef KR_IO_IO_H
#define KR_IO_IO_H

#include "core/node.h"

#include "loop.h"

#define KRI_PORT_CHUNK 1024u
#define KRI_PORT_CHUNKS 1024u

/* The kinds of ports there are, each in one place (port.h). */
enum kri_port_family {
        KRI_PORT_SOCKET,
        KRI_PORT_CHILD,
        KRI_PORT_FILE,
        KRI_PORT_SIGNAL,
        KRI_PORT_TTY,
        KRI_PORT_FAMILIES
};

struct kri_port;

/* The handles of a node: records by their index. A record stays until the node stops, and is
 * used again, with another serial. */
struct kri_ports {
        kri_mutex lock; /* free, used, serial */
        struct kri_port *_Atomic *_Atomic chunks[KRI_PORT_CHUNKS]; /* any: reads */
        struct kri_port *free[KRI_PORT_FAMILIES];
        uint32_t used;   /* indices given out so far; 0 is none */
        uint64_t serial; /* of records that are new */
};

struct kri_io {
        struct kr_node *node;
        kr_err err; /* its schedulers could not be told of it: nothing works */
        struct kri_loop *loops; /* one for each scheduler */
        struct kri_ports ports;
        struct { /* made beforehand: where they are needed a lock is held */
                kr_atom tcp, tcp_closed, tcp_error, tcp_passive;
        } atoms;
};

void kri_ports_init(struct kri_ports *ports);
/* No process is left. */
void kri_ports_fini(struct kri_io *io);

#endif
