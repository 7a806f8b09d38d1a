/* SPDX-License-Identifier: Apache-2.0 */
/* intern.h: things with a key that are made once, numbered, and never go away.
 *
 * Model    Entries sit in chunks that double in size, so an index finds its entry in two
 *          loads; a hash table of indices (open addressing) finds one by key. A table that
 *          has grown full is replaced by one twice as large; the old one stays readable,
 *          since a reader may be in it (all old ones together are smaller than the new).
 * Threads  reading takes no lock; adding takes the mutex. All zero is an empty table, so
 *          none needs code at load time.
 * Law      An entry never changes once it can be found.
 */
#ifndef KR_TERM_INTERN_H
#define KR_TERM_INTERN_H

#include <krarup/base.h>

#include "base/plat_thread.h"
#include <stdatomic.h>

#define KRI_INTERN_CHUNKS 22 /* chunk k holds 1024 << k entries */
#define KRI_INTERN_CHUNK_MIN 1024u

struct kri_intern_slots; /* the hash table */

/* First member of what is interned. */
struct kri_intern_entry {
        uint32_t index;
        uint32_t hash;
};

struct kri_intern {
        kri_mutex mutex;                        /* held while adding */
        _Atomic uint32_t count;                 /* next index to give out */
        struct kri_intern_slots *_Atomic slots; /* NULL until the first entry */
        struct kri_intern_entry *_Atomic *_Atomic chunks[KRI_INTERN_CHUNKS];
};

/* clang-format off */
#define KRI_INTERN_INIT { .mutex = KRI_MUTEX_INIT }
/* clang-format on */

typedef bool kri_intern_equal_fn(const struct kri_intern_entry *entry, const void *key);

/* The entry of an index that was given out; NULL for any other. */
struct kri_intern_entry *kri_intern_at(struct kri_intern *table, uint32_t index);

/* The entry with this key, or NULL. */
struct kri_intern_entry *kri_intern_find(struct kri_intern *table, uint32_t hash,
                                         kri_intern_equal_fn *equal, const void *key);

/* With the mutex held: let the next index find `entry`, whose key is not in the table.
 * Sets entry->index; entry->hash is the caller's. Takes `entry` on KR_OK. */
kr_err kri_intern_add(struct kri_intern *table, struct kri_intern_entry *entry);

/* With the mutex held: skip index `index`, the next one, which is nobody's. */
void kri_intern_skip(struct kri_intern *table);

#endif
