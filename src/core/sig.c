/* SPDX-License-Identifier: Apache-2.0 */
#include "sig.h"

struct kri_sig *kri_sig_new_large(struct kri_pool *pool, uint64_t words)
{
        struct kri_allocator *memory = &pool->depot->memory;
        struct kri_sig *sig;

        if (words > UINT32_MAX)
                return NULL;
        if (pool->fail_in != 0 && --pool->fail_in == 0)
                return NULL;
        sig = memory->alloc(memory->context, sizeof(*sig) + words * sizeof(kri_word));
        if (sig == NULL)
                return NULL;
        sig->blobs = 0;
        sig->class = KRI_POOL_LARGE;
        sig->flags = 0;
        sig->words = (uint32_t)words;
        return sig;
}

void kri_sig_free_rare(struct kri_pool *pool, struct kri_sig *sig)
{
        struct kri_allocator *memory = &pool->depot->memory;

        kri_blobs_release((kri_word *)sig, sig->blobs);
        if (sig->class == KRI_POOL_LARGE)
                memory->free(memory->context, sig,
                             sizeof(*sig) + sig->words * sizeof(kri_word));
        else
                kri_pool_free(pool, sig, sig->class);
}

static struct kri_sig *new_with_copy(struct kri_pool *pool, uint64_t before, kri_word t)
{
        struct kri_sig *sig = kri_sig_new(pool, before + kri_term_words(t));
        kri_word *heap;

        if (sig == NULL)
                return NULL;
        heap = sig->heap + before;
        kri_store(&sig->root, kri_term_copy(&heap, t, (kri_word *)sig, &sig->blobs));
        return sig;
}

struct kri_sig *kri_sig_control(struct kri_pool *pool, enum kri_sig_kind kind,
                                kri_word from, kri_word root)
{
        struct kri_sig *sig = new_with_copy(pool, KRI_CTL_WORDS, root);

        if (sig == NULL)
                return NULL;
        sig->kind = (uint8_t)kind;
        *kri_sig_ctl(sig) = (struct kri_sig_ctl){ .from = from };
        return sig;
}

struct kri_sig *kri_sig_message(struct kri_pool *pool, kri_word t)
{
        struct kri_sig *sig = new_with_copy(pool, 0, t);

        if (sig != NULL)
                sig->kind = KRI_SIG_MESSAGE;
        return sig;
}
