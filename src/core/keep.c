/* SPDX-License-Identifier: Apache-2.0 */
#include "keep.h"

#include <krarup/loop.h>

#include "node.h"

void *kr_node_get(kr_node *node, const void *key)
{
        uint32_t count;

        if (node == NULL)
                return NULL;
        /* acquire: pairs with the release in kr_node_put; what is counted is whole */
        count = atomic_load_explicit(&node->keep.count, memory_order_acquire);
        for (uint32_t i = 0; i < count; i++)
                if (node->keep.kept[i].key == key)
                        return node->keep.kept[i].value;
        return NULL;
}

bool kr_node_put(kr_node *node, const void *key, void *value,
                 void (*release)(void *value))
{
        struct kri_keep *keep;
        uint32_t count;
        bool done;

        if (node == NULL || key == NULL || value == NULL)
                return false;
        keep = &node->keep;
        kri_lock(&keep->lock);
        count = atomic_load_explicit(&keep->count, memory_order_relaxed);
        done = count < KRI_KEPT_MAX && kr_node_get(node, key) == NULL;
        if (done) {
                keep->kept[count].key = key;
                keep->kept[count].value = value;
                keep->kept[count].release = release;
                atomic_store_explicit(&keep->count, count + 1, memory_order_release);
        }
        kri_unlock(&keep->lock);
        return done;
}

void kri_keep_release(struct kr_node *node)
{
        struct kri_keep *keep = &node->keep;
        uint32_t count = atomic_load_explicit(&keep->count, memory_order_relaxed);

        while (count-- > 0) {
                void (*release)(void *) = keep->kept[count].release;
                void *value = keep->kept[count].value;

                atomic_store_explicit(&keep->count, count, memory_order_relaxed);
                if (release != NULL)
                        release(value);
        }
}
