/* SPDX-License-Identifier: Apache-2.0 */
#include "blob.h"

#include "term.h"

static void blob_free(struct kri_blob *blob)
{
        kri_shared_free(blob);
}

struct kri_blob *kri_blob_new(uint64_t len)
{
        struct kri_blob *blob;

        if (len > SIZE_MAX / 2)
                return NULL;
        blob = kri_shared_alloc(sizeof(*blob) + len + 1);
        if (!blob)
                return NULL;
        atomic_init(&blob->refs, 1);
        blob->len = len;
        blob->free = blob_free;
        blob->bytes[len] = 0;
        return blob;
}

void kri_blob_unref(struct kri_blob *blob)
{
        /* release what we did with the bytes; acquire all of it before they go */
        if (atomic_fetch_sub_explicit(&blob->refs, 1, memory_order_release) != 1)
                return;
        /* the counter is read again rather than fenced: ThreadSanitizer knows no fences */
        (void)atomic_load_explicit(&blob->refs, memory_order_acquire);
        blob->free(blob);
}

void kri_blobs_release(kri_word *block, uint32_t first)
{
        while (first) {
                kri_word *box = block + first;

                first = (uint32_t)box[3];
                kri_blob_unref((struct kri_blob *)(uintptr_t)box[2]);
        }
}

void kri_blobs_keep(const kri_word *block, uint32_t first)
{
        for (; first; first = (uint32_t)block[first + 3]) {
                struct kri_blob *blob = (struct kri_blob *)(uintptr_t)block[first + 2];

                /* relaxed: who copies holds a reference already */
                atomic_fetch_add_explicit(&blob->refs, 1, memory_order_relaxed);
        }
}

kr_err kri_bits_begin(kri_word **heap, uint64_t bits, kri_word *block, uint32_t *blobs,
                      kri_word *ret, uint8_t **ret_bytes)
{
        uint64_t len = (bits + 7) / 8;
        kri_word *box = *heap;
        struct kri_blob *blob;

        *ret = kri_boxed(box);
        *heap += kri_bits_words(bits);
        box[1] = bits;
        if (len < KRI_BLOB_MIN) {
                box[0] = kri_header(KRI_BIN, 0, kri_bin_words(len));
                (*heap)[-1] = 0;
                *ret_bytes = (uint8_t *)(box + 2);
                return KR_OK;
        }
        blob = kri_blob_new(len);
        if (!blob) {
                *heap = box;
                return KR_ENOMEM;
        }
        box[0] = kri_header(KRI_BLOB, 0, 3);
        box[2] = (kri_word)(uintptr_t)blob;
        box[3] = *blobs;
        *blobs = (uint32_t)(box - block);
        *ret_bytes = blob->bytes;
        return KR_OK;
}
