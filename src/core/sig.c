/* SPDX-License-Identifier: Apache-2.0 */
#include "sig.h"

#include "term/atom.h"

#include "ref.h"

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
        sig->head = (uint64_t)KRI_SIG_MESSAGE | (uint64_t)KRI_POOL_LARGE << 8 |
                    words << 32;
        return sig;
}

void kri_sig_free_rare(struct kri_pool *pool, struct kri_sig *sig)
{
        struct kri_allocator *memory = &pool->depot->memory;

        kri_blobs_release((kri_word *)sig, sig->blobs);
        if (sig->size_class == KRI_POOL_LARGE)
                memory->free(memory->context, sig,
                             sizeof(*sig) + sig->words * sizeof(kri_word));
        else
                kri_pool_free(pool, sig, sig->size_class);
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

/* A tuple at *heap, which advances; the elements are put in by the caller. */
static kri_word *new_tuple(kri_word **heap, unsigned arity)
{
        kri_word *tuple = *heap;

        tuple[0] = kri_header(KRI_TUPLE, 0, arity);
        *heap += 1 + arity;
        return tuple;
}

static inline void put_copy(struct kri_sig *sig, kri_word *place, kri_word **heap,
                            kri_word t)
{
        if (!kri_is_place(t))
                *place = t;
        else
                kri_store(place, kri_term_copy(heap, t, (kri_word *)sig, &sig->blobs));
}

struct kri_sig *kri_sig_exit(struct kri_pool *pool, kri_word from, kri_word reason)
{
        struct kri_sig *sig = kri_sig_new(pool, 4 + kri_term_words(reason));
        kri_word *heap, *tuple;

        if (sig == NULL)
                return NULL;
        sig->kind = KRI_SIG_EXIT;
        heap = sig->heap;
        tuple = new_tuple(&heap, 3);
        tuple[1] = KRI_A(EXIT);
        tuple[2] = from;
        put_copy(sig, &tuple[3], &heap, reason);
        kri_store(&sig->root, kri_boxed(tuple));
        return sig;
}

#define DOWN_WORDS (6 + 4) /* with the reference, and a reason that takes none */

static inline struct kri_sig *new_down(struct kri_pool *pool, uint32_t name,
                                       kri_word reason)
{
        if (name == 0 && !kri_is_place(reason))
                return kri_sig_new(pool, DOWN_WORDS); /* as most: a constant */
        return kri_sig_new(pool,
                           DOWN_WORDS + (name != 0 ? 3 : 0) + kri_term_words(reason));
}

struct kri_sig *kri_sig_down(struct kri_pool *pool, const kri_word ref[3], kri_word from,
                             uint32_t name, uint32_t node_name, kri_word reason)
{
        struct kri_sig *sig = new_down(pool, name, reason);
        kri_word *heap, *tuple;

        if (sig == NULL)
                return NULL;
        sig->kind = KRI_SIG_DOWN;
        heap = sig->heap;
        tuple = new_tuple(&heap, 5);
        tuple[1] = KRI_A(DOWN);
        kri_ref_box(heap, kri_ref_load(ref));
        kri_store(&tuple[2], kri_boxed(heap));
        heap += 4;
        tuple[3] = KRI_A(process);
        tuple[4] = from;
        if (name != 0) {
                kri_word *object = new_tuple(&heap, 2);

                object[1] = kri_atom(name);
                object[2] = kri_atom(node_name);
                kri_store(&tuple[4], kri_boxed(object));
        }
        put_copy(sig, &tuple[5], &heap, reason);
        kri_store(&sig->root, kri_boxed(tuple));
        return sig;
}

struct kri_sig *kri_sig_reply(struct kri_pool *pool, const kri_word ref[3], kri_word t)
{
        unsigned arity = t == KRI_NONE ? 1 : 2;
        struct kri_sig *sig = kri_sig_new(pool, 3 + 4 + kri_term_words(t));
        kri_word *heap, *tuple;

        if (sig == NULL)
                return NULL;
        sig->kind = KRI_SIG_MESSAGE;
        heap = sig->heap;
        tuple = new_tuple(&heap, arity);
        kri_ref_box(heap, kri_ref_load(ref));
        kri_store(&tuple[1], kri_boxed(heap));
        heap += 4;
        if (arity == 2)
                put_copy(sig, &tuple[2], &heap, t);
        kri_store(&sig->root, kri_boxed(tuple));
        return sig;
}
