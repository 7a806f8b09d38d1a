/* SPDX-License-Identifier: Apache-2.0 */
/* ref.h: references: a number that is unique on the node, and the process that made it.
 *
 * Law      id[0] is the number; id[1] is the index of the maker's slot, so that an alias
 *          says by itself where it leads. A later tenant of that slot does not know the
 *          number, and drops what comes through it. Three 32-bit words hold it all.
 */
#ifndef KR_CORE_REF_H
#define KR_CORE_REF_H

#include <string.h>

#include "node.h"

#define KRI_REF_BLOCK 65536u

kr_ref kri_ref_new(struct kri_sched *s, struct kri_proc *p);

/* Two words that are stored at once: whoever copies the reference, which is the next that
 * happens to it, does so in pieces of that size, and would have to wait for two stores. */
typedef uint64_t kri_word_pair __attribute__((vector_size(16)));

static inline kr_ref kri_ref_of(uint64_t number, uint64_t maker, uint32_t node)
{
        kri_word_pair id = { number, maker };
        kr_ref ref = { .node = node };

        memcpy(ref.id, &id, sizeof(id));
        return ref;
}

static inline bool kri_ref_is_local(const struct kr_node *node, kr_ref ref)
{
        return ref.node == node->slot;
}

/* Is the term the reference with that number that was made by the process that asks? */
static inline bool kri_is_own_ref(kri_word t, uint64_t number)
{
        return kri_is_box(t, KRI_REF) && kri_ptr(t)[1] == number;
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
/* Behind this one is all that can bear the reference; NULL: anywhere. */
struct kri_sig *kri_mark_after(const struct kri_proc *p, uint64_t ref);

#endif
