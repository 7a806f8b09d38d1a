/* SPDX-License-Identifier: Apache-2.0 */
/* kept.h: the memory of one term that its process keeps: kr_keep, kr_build, kr_release.
 *
 * Model    One block of the host's memory: a word of its owner, then the term's words, its
 *          own box or cell first. The first word holds where the chain of blobs begins
 *          (0: there are none). So the block is found from the term, and from any term
 *          that is not an immediate only if it was kept.
 */
#ifndef KR_TERM_KEPT_H
#define KR_TERM_KEPT_H

#include "term.h"

#define KRI_KEPT_HEADER 1u /* words in front of the term */
#define KRI_KEPT_WORDS_MAX ((uint64_t)1 << 48)

/* Room for `words` words, from block + KRI_KEPT_HEADER on. NULL: no memory. */
static inline kri_word *kri_kept_alloc(uint64_t words)
{
        kri_word *block = NULL;

        if (words <= KRI_KEPT_WORDS_MAX)
                block = kri_term_host.alloc_kept((KRI_KEPT_HEADER + words) *
                                                 sizeof(*block));
        if (block)
                block[0] = 0;
        return block;
}

static inline void kri_kept_free(kri_word *block)
{
        kri_blobs_release(block, (uint32_t)block[0]);
        kri_term_host.free(block);
}

/* The block of a term that was kept and is no immediate. */
static inline kri_word *kri_kept_block(kri_word t)
{
        return kri_ptr(t) - KRI_KEPT_HEADER;
}

#endif
