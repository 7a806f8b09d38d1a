/* SPDX-License-Identifier: Apache-2.0 */
#include "watching.h"

#include <string.h>

#include "ref.h"

/* -- at the watcher -- */

static struct kri_watching *in_table(const struct kri_proc *p, uint64_t ref)
{
        struct kri_entry3 *entry = kri_table_find(&p->extra->watching, ref);

        return entry != NULL ? (struct kri_watching *)(uintptr_t)entry->a : NULL;
}

struct kri_watching *kri_watching_find(const struct kri_proc *p, uint64_t ref)
{
        if (p->extra == NULL || ref == 0)
                return NULL;
        return p->extra->first_watching.ref[0] == ref ? &p->extra->first_watching
                                                      : in_table(p, ref);
}

/* A place for it in the table. NULL: no memory. */
static struct kri_watching *new_in_table(struct kri_proc *p, uint64_t ref)
{
        struct kri_watching *w = kri_node_alloc(p->node, sizeof(*w));
        struct kri_entry3 *entry;

        if (w == NULL)
                return NULL;
        entry = kri_table_insert(&p->extra->watching, ref, &p->node->memory);
        if (entry == NULL) {
                kri_node_free(p->node, w, sizeof(*w));
                return NULL;
        }
        entry->a = (uintptr_t)w;
        return w;
}

static void forget(struct kri_sched *s, struct kri_proc *p, struct kri_watching *w)
{
        if (w->tag != NULL)
                kri_sig_free(&s->pool, w->tag);
        if (w == &p->extra->first_watching)
                w->ref[0] = 0;
        else
                kri_node_free(p->node, w, sizeof(*w));
}

struct kri_watching *kri_watching_new(struct kri_sched *s, struct kri_proc *p, kr_ref ref,
                                      kr_alias_mode mode, const kr_term *tag)
{
        struct kri_sig *tag_sig = NULL;
        struct kri_watching *w = NULL;

        if (tag != NULL && (tag_sig = kri_sig_message(&s->pool, tag->w)) == NULL)
                return NULL;
        if (kri_extra(p) != NULL)
                w = p->extra->first_watching.ref[0] == 0 ? &p->extra->first_watching
                                                         : new_in_table(p, ref.id[0]);
        if (w == NULL) {
                if (tag_sig != NULL)
                        kri_sig_free(&s->pool, tag_sig);
                return NULL;
        }
        *w = (struct kri_watching){ .mode = (uint8_t)mode,
                                    .alias = mode != KR_ALIAS_NONE,
                                    .once = mode == KR_ALIAS_REPLY_DEMONITOR,
                                    .tag = tag_sig };
        kri_ref_store(ref, w->ref);
        return w;
}

void kri_watching_drop_spent(struct kri_sched *s, struct kri_proc *p,
                             struct kri_watching *w)
{
        if (w->monitoring || w->alias)
                return;
        if (w != &p->extra->first_watching)
                kri_table_remove(&p->extra->watching, w->ref[0], NULL, &p->node->memory);
        forget(s, p, w);
}

struct kri_watching *kri_watching_next(const struct kri_proc *p, uint32_t *at)
{
        struct kri_entry3 *entry;
        uint32_t table_at;

        if (p->extra == NULL)
                return NULL;
        if (*at == 0) {
                *at = 1;
                if (p->extra->first_watching.ref[0] != 0)
                        return &p->extra->first_watching;
        }
        table_at = *at - 1;
        entry = kri_table_next(&p->extra->watching, &table_at);
        *at = table_at + 1;
        return entry != NULL ? (struct kri_watching *)(uintptr_t)entry->a : NULL;
}

void kri_watching_fini(struct kri_sched *s, struct kri_proc *p)
{
        struct kri_watching *w;

        for (uint32_t at = 0; (w = kri_watching_next(p, &at)) != NULL;)
                forget(s, p, w);
        kri_table_fini(&p->extra->watching, &p->node->memory);
}

/* -- at the watched -- */

bool kri_watcher_add(struct kri_proc *p, uint64_t ref, kri_word watcher, uint64_t name)
{
        struct kri_entry3 *entry;

        if (p->watcher == 0 && name == 0) {
                p->watcher = watcher;
                p->watcher_ref = ref;
                return true;
        }
        if (kri_extra(p) == NULL)
                return false;
        entry = kri_table_insert(&p->extra->watched_by, ref, &p->node->memory);
        if (entry == NULL)
                return false;
        entry->a = watcher;
        entry->b = name;
        return true;
}

bool kri_watcher_remove(struct kri_proc *p, uint64_t ref)
{
        if (p->watcher != 0 && p->watcher_ref == ref) {
                p->watcher = 0;
                return true;
        }
        return p->extra != NULL &&
               kri_table_remove(&p->extra->watched_by, ref, NULL, &p->node->memory);
}

bool kri_watcher_next(const struct kri_proc *p, uint32_t *at,
                      struct kri_entry3 *ret_entry)
{
        struct kri_entry3 *entry;
        uint32_t table_at;

        if (*at == 0) {
                *at = 1;
                if (p->watcher != 0) {
                        *ret_entry = (struct kri_entry3){ p->watcher_ref, p->watcher, 0 };
                        return true;
                }
        }
        if (p->extra == NULL)
                return false;
        table_at = *at - 1;
        entry = kri_table_next(&p->extra->watched_by, &table_at);
        *at = table_at + 1;
        if (entry == NULL)
                return false;
        *ret_entry = *entry;
        return true;
}

void kri_watcher_fini(struct kri_proc *p)
{
        p->watcher = 0;
        if (p->extra != NULL)
                kri_table_fini(&p->extra->watched_by, &p->node->memory);
}
