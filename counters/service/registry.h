/* SPDX-License-Identifier: Apache-2.0 */
/* registry.h: which process is the counter of a name. Names are bytes from clients, so they
 * are no atoms: this is a registry of the service's own, for {via, registry, Name}.
 *
 * A counter that has crashed stays known, asleep, until it is started again; one that was
 * deleted is forgotten. Whoever is told a pid may find it dead: ask again.
 */
#ifndef SERVICE_REGISTRY_H
#define SERVICE_REGISTRY_H

#include <krarup.h>

/* Its args are []; it is registered as `registry`. It begins with what the keeper holds. */
extern const kr_behaviour registry;

/* {via, registry, Name}; names are binaries. */
extern const kr_via registry_via;

enum registry_state {
        REGISTRY_NOBODY, /* there is no counter of that name */
        REGISTRY_ASLEEP, /* there is one, and it is not running */
        REGISTRY_UP,     /* *ret_pid */
};

/* -- each asks the registry -- */
enum registry_state registry_find(kr_bytes name, kr_pid *ret_pid);

/* The counter is deleted; only if it is this one. */
void registry_forget(kr_bytes name, kr_pid pid);

/* The names of all, a list of binaries in the slot; and how many there are. */
kr_term registry_names(kr_msg *slot);
int64_t registry_count(void);

#endif
