/* SPDX-License-Identifier: Apache-2.0 */
/* keep.h: pointers that rooms above the core keep with a node (kr_node_get, kr_node_put).
 *
 * Law      An entry is written once, before the count says that it is there, and never
 *          changes: looking takes no lock.
 */
#ifndef KR_CORE_KEEP_H
#define KR_CORE_KEEP_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/plat_thread.h"

#include "forward.h"

#define KRI_KEPT_MAX 32u

struct kri_keep {
        kri_mutex lock; /* to put */
        _Atomic uint32_t count;
        struct {
                const void *key;
                void *value;
                void (*release)(void *value);
        } kept[KRI_KEPT_MAX];
};

/* Every process has ended: release what is kept, newest first. */
void kri_keep_release(struct kr_node *node);

#endif
