/* SPDX-License-Identifier: Apache-2.0 */
#include "atom.h"

#include "intern.h"
#include "term.h"
#include "utf8.h"

#include <string.h>

struct atom {
        struct kri_intern_entry entry;
        uint32_t len;
        char text[]; /* UTF-8, terminated */
};

struct atom_key {
        const char *text;
        size_t len;
};

/* The known atoms' texts; the table itself learns of them at its first use. */
static const struct atom_key known[] = {
#define KNOWN_TEXT(c_name, text) { text, sizeof(text) - 1 },
        KRI_ATOM_MAP(KNOWN_TEXT)
#undef KNOWN_TEXT
};

static struct kri_intern table = KRI_INTERN_INIT;
static _Atomic uint32_t limit = KRI_ATOM_LIMIT;
static _Atomic bool ready; /* the known atoms are in the table */

static uint32_t hash_text(const char *text, size_t len)
{
        uint32_t hash = 2166136261u;

        for (size_t i = 0; i < len; i++)
                hash = (hash ^ (uint8_t)text[i]) * 16777619u;
        return hash ^ hash >> 15;
}

static bool has_text(const struct kri_intern_entry *entry, const void *arg)
{
        const struct atom *atom = (const struct atom *)entry;
        const struct atom_key *key = arg;

        return atom->len == key->len && memcmp(atom->text, key->text, key->len) == 0;
}

static kr_err add(struct atom_key key, uint32_t hash, uint32_t *ret_index)
{
        struct atom *atom = kri_shared_alloc(sizeof(*atom) + key.len + 1);
        kr_err err;

        if (!atom)
                return KR_ENOMEM;
        atom->entry.hash = hash;
        atom->len = (uint32_t)key.len;
        memcpy(atom->text, key.text, key.len);
        atom->text[key.len] = '\0';
        err = kri_intern_add(&table, &atom->entry);
        if (err != KR_OK) {
                kri_shared_free(atom);
                return err;
        }
        *ret_index = atom->entry.index;
        return KR_OK;
}

/* With the mutex held. A failure leaves the atoms added so far; the next call goes on. */
static kr_err add_known(void)
{
        uint32_t index;

        /* index 0 is no atom */
        if (atomic_load_explicit(&table.count, memory_order_relaxed) == 0)
                kri_intern_skip(&table);
        while ((index = atomic_load_explicit(&table.count, memory_order_relaxed)) <
               KRI_KNOWN_ATOMS) {
                struct atom_key key = known[index];
                kr_err err = add(key, hash_text(key.text, key.len), &index);

                if (err != KR_OK)
                        return err;
        }
        /* release: pairs with the acquire in prepare */
        atomic_store_explicit(&ready, true, memory_order_release);
        return KR_OK;
}

static void lock(void)
{
        kri_critical(true);
        kri_lock(&table.mutex);
}

static void unlock(void)
{
        kri_unlock(&table.mutex);
        kri_critical(false);
}

static kr_err prepare(void)
{
        kr_err err = KR_OK;

        if (atomic_load_explicit(&ready, memory_order_acquire))
                return KR_OK;
        lock();
        if (!atomic_load_explicit(&ready, memory_order_relaxed))
                err = add_known();
        unlock();
        return err;
}

static kr_err add_locked(struct atom_key key, uint32_t hash, uint32_t *ret_index)
{
        /* somebody may have added it since we looked */
        const struct kri_intern_entry *found =
                kri_intern_find(&table, hash, has_text, &key);

        if (found) {
                *ret_index = found->index;
                return KR_OK;
        }
        if (atomic_load_explicit(&table.count, memory_order_relaxed) >=
            atomic_load_explicit(&limit, memory_order_relaxed))
                return KR_ESYSTEMLIMIT;
        return add(key, hash, ret_index);
}

kr_err kri_atom_make(const char *text, size_t len, uint32_t *ret_index)
{
        struct atom_key key = { text, len };
        uint32_t hash = hash_text(text, len);
        const struct kri_intern_entry *found;
        size_t chars;
        kr_err err = prepare();

        if (err != KR_OK)
                return err;
        found = kri_intern_find(&table, hash, has_text, &key);
        if (found) {
                *ret_index = found->index;
                return KR_OK;
        }
        if (!kri_utf8_count(text, len, &chars) || chars > KRI_ATOM_LEN_MAX)
                return KR_EBADARG;
        lock();
        err = add_locked(key, hash, ret_index);
        unlock();
        return err;
}

bool kri_atom_find(const char *text, size_t len, uint32_t *ret_index)
{
        struct atom_key key = { text, len };
        const struct kri_intern_entry *found;

        if (prepare() != KR_OK)
                return false;
        found = kri_intern_find(&table, hash_text(text, len), has_text, &key);
        if (!found)
                return false;
        *ret_index = found->index;
        return true;
}

const char *kri_atom_text(uint32_t index, size_t *ret_len)
{
        const struct atom *atom;

        if (index < KRI_KNOWN_ATOMS) {
                *ret_len = known[index].len;
                return known[index].text;
        }
        atom = (const struct atom *)kri_intern_at(&table, index);
        if (!atom) {
                *ret_len = known[KRI_A_none_].len;
                return known[KRI_A_none_].text;
        }
        *ret_len = atom->len;
        return atom->text;
}

uint32_t kri_atom_count(void)
{
        uint32_t count = atomic_load_explicit(&table.count, memory_order_acquire);

        return count < KRI_KNOWN_ATOMS ? KRI_KNOWN_ATOMS : count;
}

void kri_atom_set_limit(uint32_t atoms)
{
        atomic_store_explicit(&limit, atoms, memory_order_relaxed);
}

int kri_atom_compare(uint32_t a, uint32_t b)
{
        size_t a_len, b_len;
        const char *a_text, *b_text;
        int order;

        if (a == b)
                return 0;
        a_text = kri_atom_text(a, &a_len);
        b_text = kri_atom_text(b, &b_len);
        /* bytes of UTF-8 order as the code points do */
        order = memcmp(a_text, b_text, a_len < b_len ? a_len : b_len);
        return order ? order : a_len < b_len ? -1 : 1;
}
