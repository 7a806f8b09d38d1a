/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor_ids.h"

#include "supervisor.h"

#define CAP_MIN 8

static struct kri_child **place_of(const struct kri_ids *t, uint64_t hash)
{
        return &t->places[hash & (t->cap - 1)];
}

static void chain(struct kri_ids *t, struct kri_child *child)
{
        struct kri_child **place = place_of(t, child->id_hash);

        child->next_id = *place;
        *place = child;
}

static bool resize(struct kri_ids *t, size_t cap)
{
        struct kri_ids old = *t;

        t->places = (struct kri_child **)kr_calloc(cap, sizeof(struct kri_child *));
        if (t->places == NULL) {
                *t = old;
                return false;
        }
        t->cap = cap;
        for (size_t i = 0; i < old.cap; i++) {
                struct kri_child *next, *child = old.places[i];

                for (; child != NULL; child = next) {
                        next = child->next_id;
                        chain(t, child);
                }
        }
        kr_free(old.places);
        return true;
}

bool kri_ids_reserve(struct kri_ids *t)
{
        return t->count < t->cap || resize(t, t->cap == 0 ? CAP_MIN : t->cap * 2);
}

void kri_ids_put(struct kri_ids *t, struct kri_child *child)
{
        child->id_hash = kr_hash(child->id);
        chain(t, child);
        t->count++;
}

struct kri_child *kri_ids_get(const struct kri_ids *t, kr_term id)
{
        uint64_t hash = kr_hash(id);
        struct kri_child *child;

        if (t->cap == 0)
                return NULL;
        for (child = *place_of(t, hash); child != NULL; child = child->next_id)
                if (child->id_hash == hash && kr_same(child->id, id))
                        return child;
        return NULL;
}

void kri_ids_remove(struct kri_ids *t, struct kri_child *child)
{
        struct kri_child **at = place_of(t, child->id_hash);

        while (*at != child)
                at = &(*at)->next_id;
        *at = child->next_id;
        t->count--;
}

void kri_ids_clear(struct kri_ids *t)
{
        kr_free(t->places);
        *t = (struct kri_ids){ .places = NULL };
}
