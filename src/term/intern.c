/* SPDX-License-Identifier: Apache-2.0 */
#include "intern.h"

#include "term.h"

struct kri_intern_slots {
        uint32_t mask; /* number of slots - 1 */
        struct kri_intern_slots *older;
        _Atomic uint32_t index[]; /* index + 1 of an entry; 0: free */
};

static struct kri_intern_entry *_Atomic *_Atomic *chunk_of(struct kri_intern *table,
                                                           uint32_t index,
                                                           uint32_t *ret_at)
{
        uint64_t place = (uint64_t)index + KRI_INTERN_CHUNK_MIN;
        unsigned top = 63u - (unsigned)__builtin_clzll(place);

        *ret_at = (uint32_t)(place - ((uint64_t)1 << top));
        return &table->chunks[top - 10];
}

_Static_assert(KRI_INTERN_CHUNK_MIN == 1u << 10, "chunk_of counts from 2^10");

struct kri_intern_entry *kri_intern_at(struct kri_intern *table, uint32_t index)
{
        struct kri_intern_entry *_Atomic *chunk;
        uint32_t at;

        if (index >= UINT32_MAX - KRI_INTERN_CHUNK_MIN)
                return NULL;
        /* acquire: pair with the releases in kri_intern_add, so that chunk and entry are
         * whole for who was handed the index without any other order */
        chunk = atomic_load_explicit(chunk_of(table, index, &at), memory_order_acquire);
        return chunk ? atomic_load_explicit(&chunk[at], memory_order_acquire) : NULL;
}

struct kri_intern_entry *kri_intern_find(struct kri_intern *table, uint32_t hash,
                                         kri_intern_equal_fn *equal, const void *key)
{
        /* acquire: pairs with the release in grow_slots */
        struct kri_intern_slots *slots =
                atomic_load_explicit(&table->slots, memory_order_acquire);
        uint32_t found;

        if (!slots)
                return NULL;
        for (uint32_t at = hash & slots->mask;; at = (at + 1) & slots->mask) {
                /* acquire: pairs with the release in put_slot */
                found = atomic_load_explicit(&slots->index[at], memory_order_acquire);
                if (found == 0)
                        return NULL;

                struct kri_intern_entry *entry = kri_intern_at(table, found - 1);

                if (entry->hash == hash && equal(entry, key))
                        return entry;
        }
}

static void put_slot(struct kri_intern_slots *slots, const struct kri_intern_entry *entry)
{
        uint32_t at = entry->hash & slots->mask;

        while (atomic_load_explicit(&slots->index[at], memory_order_relaxed) != 0)
                at = (at + 1) & slots->mask;
        /* release: a finder that sees the index sees the entry */
        atomic_store_explicit(&slots->index[at], entry->index + 1, memory_order_release);
}

/* Make sure that one more entry leaves the hash table at most half full. */
static kr_err grow_slots(struct kri_intern *table, uint32_t count)
{
        struct kri_intern_slots *old =
                atomic_load_explicit(&table->slots, memory_order_relaxed);
        uint32_t size = old ? old->mask + 1 : 256;
        struct kri_intern_slots *slots;

        if (old && count < size / 2)
                return KR_OK;
        if (old)
                size *= 2;
        slots = kri_shared_alloc(sizeof(*slots) + sizeof(slots->index[0]) * size);
        if (!slots)
                return KR_ENOMEM;
        slots->mask = size - 1;
        slots->older = old;
        for (uint32_t i = 0; i < size; i++)
                atomic_init(&slots->index[i], 0);
        for (uint32_t i = 0; i < count; i++) {
                struct kri_intern_entry *entry = kri_intern_at(table, i);

                if (entry)
                        put_slot(slots, entry);
        }
        /* release: pairs with the acquire in kri_intern_find */
        atomic_store_explicit(&table->slots, slots, memory_order_release);
        return KR_OK;
}

kr_err kri_intern_add(struct kri_intern *table, struct kri_intern_entry *entry)
{
        uint32_t index = atomic_load_explicit(&table->count, memory_order_relaxed);
        struct kri_intern_entry *_Atomic *_Atomic *place;
        struct kri_intern_entry *_Atomic *chunk;
        uint32_t at;
        kr_err err = grow_slots(table, index);

        if (err != KR_OK)
                return err;
        place = chunk_of(table, index, &at);
        chunk = atomic_load_explicit(place, memory_order_relaxed);
        if (!chunk) {
                size_t entries = (size_t)KRI_INTERN_CHUNK_MIN << (place - table->chunks);

                chunk = kri_shared_alloc(sizeof(*chunk) * entries);
                if (!chunk)
                        return KR_ENOMEM;
                for (size_t i = 0; i < entries; i++)
                        atomic_init(&chunk[i], NULL);
                atomic_store_explicit(place, chunk, memory_order_release);
        }
        entry->index = index;
        atomic_store_explicit(&chunk[at], entry, memory_order_release);
        atomic_store_explicit(&table->count, index + 1, memory_order_release);
        put_slot(atomic_load_explicit(&table->slots, memory_order_relaxed), entry);
        return KR_OK;
}

void kri_intern_skip(struct kri_intern *table)
{
        atomic_fetch_add_explicit(&table->count, 1, memory_order_release);
}
