/* SPDX-License-Identifier: Apache-2.0 */
#include "dict.h"

#include "node.h"

static struct kri_dict **place_of(struct kri_extra *extra, kri_word key)
{
        struct kri_dict **place = &extra->dict;

        while (*place != NULL && !kri_term_same(kri_sig_element((*place)->pair, 1), key))
                place = &(*place)->next;
        return place;
}

static struct kri_sig *new_pair(struct kri_pool *pool, kri_word key, kri_word value)
{
        struct kri_sig *sig =
                kri_sig_new(pool, 3 + kri_term_words(key) + kri_term_words(value));
        kri_word *heap;

        if (sig == NULL)
                return NULL;
        sig->kind = KRI_SIG_MESSAGE;
        sig->heap[0] = kri_header(KRI_TUPLE, 0, 2);
        heap = sig->heap + 3;
        kri_store(&sig->heap[1], kri_term_copy(&heap, key, (kri_word *)sig, &sig->blobs));
        kri_store(&sig->heap[2],
                  kri_term_copy(&heap, value, (kri_word *)sig, &sig->blobs));
        kri_store(&sig->root, kri_boxed(sig->heap));
        return sig;
}

/* False: no memory; the dictionary is as it was. */
static bool put(struct kri_proc *p, kri_word key, kri_word value)
{
        struct kri_pool *pool = &p->sched->pool;
        struct kri_sig *pair = kri_extra(p) != NULL ? new_pair(pool, key, value) : NULL;
        struct kri_dict **place;

        if (pair == NULL)
                return false;
        place = place_of(p->extra, key);
        if (*place == NULL) {
                struct kri_dict *entry = kri_node_alloc(p->node, sizeof(*entry));

                if (entry == NULL) {
                        kri_sig_free(pool, pair);
                        return false;
                }
                *entry = (struct kri_dict){ NULL, pair };
                *place = entry;
                return true;
        }
        kri_sig_free(pool, (*place)->pair);
        (*place)->pair = pair;
        return true;
}

static void remove_at(struct kri_sched *s, struct kr_node *node, struct kri_dict **place)
{
        struct kri_dict *entry = *place;

        *place = entry->next;
        kri_sig_free(&s->pool, entry->pair);
        kri_node_free(node, entry, sizeof(*entry));
}

void kri_dict_fini(struct kri_sched *s, struct kri_extra *extra)
{
        while (extra->dict != NULL)
                remove_at(s, s->node, &extra->dict);
}

void kr_put(kr_term key, kr_term value)
{
        struct kri_proc *p = kri_enter();

        if (p == NULL)
                return;
        if (kr_is_none(key) || kr_is_none(value))
                kri_badarg(p, "kr_put", kr_is_none(key) ? "key" : "value");
        else if (put(p, key.w, value.w))
                kri_leave(p);
        else
                kri_no_memory(p);
}

kr_term kr_get(kr_term key)
{
        struct kri_proc *p = kri_current();
        struct kri_dict *entry;

        if (p == NULL || p->extra == NULL)
                return (kr_term){ KRI_NONE };
        entry = *place_of(p->extra, key.w);
        return (kr_term){ entry != NULL ? kri_sig_element(entry->pair, 2) : KRI_NONE };
}

void kr_erase(kr_term key)
{
        struct kri_proc *p = kri_enter();

        if (p == NULL)
                return;
        if (p->extra != NULL) {
                struct kri_dict **place = place_of(p->extra, key.w);

                if (*place != NULL)
                        remove_at(p->sched, p->node, place);
        }
        kri_leave(p);
}
