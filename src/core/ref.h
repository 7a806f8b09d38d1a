/* SPDX-License-Identifier: Apache-2.0 */
/* ref.h: references: a number that is unique on the node, and the process that made it.
 *
 * Law      id[0] is the number; id[1] is the index of the maker's slot, so that an alias
 *          says by itself where it leads. A later tenant of that slot does not know the
 *          number, and drops what comes through it. Three 32-bit words hold it all.
 */
#ifndef KR_CORE_REF_H
#define KR_CORE_REF_H

#include "node.h"

#define KRI_REF_BLOCK 65536u

kr_ref kri_ref_new(struct kri_sched *s, struct kri_proc *p);

static inline bool kri_ref_is_local(const struct kr_node *node, kr_ref ref)
{
        return ref.node == node->slot;
}

/* As three words, for signals and records; and back. */
static inline void kri_ref_store(kr_ref ref, kri_word words[3])
{
        words[0] = ref.id[0];
        words[1] = ref.id[1];
        words[2] = (kri_word)ref.node << 32 | ref.id2;
}

static inline kr_ref kri_ref_load(const kri_word words[3])
{
        return (kr_ref){ .id = { words[0], words[1] },
                         .id2 = (uint32_t)words[2],
                         .node = (uint32_t)(words[2] >> 32) };
}

/* Remember, if there is anything to skip, that what is in p's mailbox is older than `ref`. */
void kri_mark_set(struct kri_proc *p, uint64_t ref);

#endif
