/* SPDX-License-Identifier: Apache-2.0 */
/* ref.h: references: a number that is unique on the node, and the process that made it.
 *
 * Law      id[0] is the number; id[1] is the maker's pid word, so that an alias says by
 *          itself where it leads.
 */
#ifndef KR_CORE_REF_H
#define KR_CORE_REF_H

#include "node.h"

#define KRI_REF_BLOCK 65536u

/* How many 32-bit words of a reference of ours are in use. */
#define KRI_REF_WORDS 5u

kr_ref kri_ref_new(struct kri_sched *s, struct kri_proc *p);

static inline bool kri_ref_is_local(const struct kr_node *node, kr_ref ref)
{
        return ref.node == node->slot;
}

/* As the three words of a REF box. */
static inline void kri_ref_words(kr_ref ref, kri_word words[3])
{
        words[0] = ref.id[0];
        words[1] = ref.id[1];
        words[2] = (kri_word)ref.node << 32 | ref.id2;
}

static inline kr_ref kri_ref_from_words(const kri_word words[3])
{
        return (kr_ref){ .id = { words[0], words[1] },
                         .id2 = (uint32_t)words[2],
                         .node = (uint32_t)(words[2] >> 32) };
}

/* A REF box at heap[0..3]. */
static inline kri_word kri_ref_box(kri_word *heap, const kri_word words[3])
{
        heap[0] = kri_header(KRI_REF, KRI_REF_WORDS, 3);
        heap[1] = words[0];
        heap[2] = words[1];
        heap[3] = words[2];
        return kri_boxed(heap);
}

/* Remember, if there is anything to skip, that what is in p's mailbox is older than `ref`. */
void kri_mark_set(struct kri_proc *p, uint64_t ref);

#endif
