/* SPDX-License-Identifier: Apache-2.0 */
/* registry.h: which process has which name.
 *
 * Model    node->registry maps atoms to near pids: an array in chunks, read without a lock.
 *          A process's own record says its name too (p->name), which is what makes two
 *          registrations, or one and the process's end, exclude each other.
 */
#ifndef KR_CORE_REGISTRY_H
#define KR_CORE_REGISTRY_H

#include <krarup/registry.h>

#include "node.h"

/* The near pid, or 0. Any thread. */
kri_word kri_registry_find(const struct kr_node *node, uint32_t atom);

/* The process ends: its name is free from here on, and it can get none any more. */
void kri_registry_forget(struct kri_proc *p);

void kri_registry_fini(struct kr_node *node);

#endif
