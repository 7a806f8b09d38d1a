/* SPDX-License-Identifier: Apache-2.0 */
/* blob.h: large binaries, shared and counted; boxes of binaries of either kind.
 *
 * Threads  any. A blob's bytes never change once a term refers to it.
 */
#ifndef KR_TERM_BLOB_H
#define KR_TERM_BLOB_H

#include "word.h"

/* A blob with room for `len` bytes, terminated, and one reference. NULL: no memory. */
struct kri_blob *kri_blob_new(uint64_t len);
void kri_blob_unref(struct kri_blob *blob);

/* Words that a bitstring takes in a block, as a binary or as a blob box. */
static inline uint64_t kri_bits_words(uint64_t bits)
{
        uint64_t len = (bits + 7) / 8;

        return len < KRI_BLOB_MIN ? 1 + kri_bin_words(len) : 4;
}

/* Write the box of a bitstring of `bits` bits at *heap, which advances, with room for the
 * bytes at *ret_bytes, to be filled by the caller; the last word is zero already, so that
 * the bytes are terminated. KR_ENOMEM: a blob, and there is no memory for it. */
kr_err kri_bits_begin(kri_word **heap, uint64_t bits, kri_word *block, uint32_t *blobs,
                      kri_word *ret, uint8_t **ret_bytes);

#endif
