/* SPDX-License-Identifier: Apache-2.0 */
#include "ident.h"

#include "atom.h"
#include "intern.h"
#include "term.h"

/* A near slot in one word, so that it is read and changed whole:
 * creation << 32 | name atom << 1 | in use. */
static _Atomic uint64_t near_nodes[KRI_NEAR_SLOTS];

static uint64_t near_pack(uint32_t name_atom, uint32_t creation)
{
        return (uint64_t)creation << 32 | (uint64_t)name_atom << 1 | 1;
}

kr_err kri_near_claim(uint32_t *ret_slot)
{
        for (uint32_t slot = 1; slot < KRI_NEAR_SLOTS; slot++) {
                uint64_t is_free = 0;

                if (atomic_compare_exchange_strong(&near_nodes[slot], &is_free,
                                                   near_pack(KRI_A_nonode_at_nohost,
                                                             0))) {
                        *ret_slot = slot;
                        return KR_OK;
                }
        }
        return KR_ESYSTEMLIMIT;
}

void kri_near_release(uint32_t slot)
{
        atomic_store(&near_nodes[slot], 0);
}

void kri_near_set(uint32_t slot, uint32_t name_atom, uint32_t creation)
{
        atomic_store(&near_nodes[slot], near_pack(name_atom, creation));
}

bool kri_near_in_use(uint32_t slot)
{
        return slot < KRI_NEAR_SLOTS && (atomic_load(&near_nodes[slot]) & 1);
}

struct peer_key {
        uint32_t name_atom;
        uint32_t creation;
};

struct peer {
        struct kri_intern_entry entry; /* number of the peer = KRI_NEAR_SLOTS + index */
        struct peer_key key;
};

static struct kri_intern peers = KRI_INTERN_INIT;

static bool is_peer(const struct kri_intern_entry *entry, const void *arg)
{
        const struct peer *peer = (const struct peer *)entry;
        const struct peer_key *key = arg;

        return peer->key.name_atom == key->name_atom &&
               peer->key.creation == key->creation;
}

static uint32_t hash_peer(struct peer_key key)
{
        uint32_t hash = key.name_atom * 2654435761u ^ key.creation * 2246822519u;

        return hash ^ hash >> 15;
}

bool kri_node_name(uint32_t node, uint32_t *ret_name_atom, uint32_t *ret_creation)
{
        if (node < KRI_NEAR_SLOTS) {
                uint64_t packed = atomic_load(&near_nodes[node]);

                *ret_name_atom = (uint32_t)packed >> 1;
                *ret_creation = (uint32_t)(packed >> 32);
                return packed & 1;
        }

        const struct peer *peer =
                (const struct peer *)kri_intern_at(&peers, node - KRI_NEAR_SLOTS);

        if (!peer)
                return false;
        *ret_name_atom = peer->key.name_atom;
        *ret_creation = peer->key.creation;
        return true;
}

static bool find_near(struct peer_key key, uint32_t *ret_node)
{
        uint64_t wanted = near_pack(key.name_atom, key.creation);

        for (uint32_t slot = 1; slot < KRI_NEAR_SLOTS; slot++) {
                if (atomic_load_explicit(&near_nodes[slot], memory_order_acquire) ==
                    wanted) {
                        *ret_node = slot;
                        return true;
                }
        }
        return false;
}

/* With the mutex held. */
static kr_err add_peer(struct peer_key key, uint32_t hash, struct kri_intern_entry **ret)
{
        struct peer *peer;
        kr_err err;

        *ret = kri_intern_find(&peers, hash, is_peer, &key);
        if (*ret)
                return KR_OK;
        if (atomic_load_explicit(&peers.count, memory_order_relaxed) >= KRI_PEER_LIMIT)
                return KR_ESYSTEMLIMIT;
        peer = kri_shared_alloc(sizeof(*peer));
        if (!peer)
                return KR_ENOMEM;
        peer->entry.hash = hash;
        peer->key = key;
        err = kri_intern_add(&peers, &peer->entry);
        if (err != KR_OK)
                kri_shared_free(peer);
        else
                *ret = &peer->entry;
        return err;
}

kr_err kri_node_find(uint32_t name_atom, uint32_t creation, uint32_t *ret_node)
{
        struct peer_key key = { name_atom, creation };
        uint32_t hash = hash_peer(key);
        struct kri_intern_entry *peer;
        kr_err err = KR_OK;

        if (find_near(key, ret_node))
                return KR_OK;
        peer = kri_intern_find(&peers, hash, is_peer, &key);
        if (!peer) {
                kri_critical(true);
                kri_lock(&peers.mutex);
                err = add_peer(key, hash, &peer);
                kri_unlock(&peers.mutex);
                kri_critical(false);
        }
        if (err == KR_OK)
                *ret_node = peer->index + KRI_NEAR_SLOTS;
        return err;
}

int kri_node_compare(uint32_t a, uint32_t b)
{
        uint32_t a_name = 0, a_creation = 0, b_name = 0, b_creation = 0;
        int order;

        if (a == b)
                return 0;
        kri_node_name(a, &a_name, &a_creation);
        kri_node_name(b, &b_name, &b_creation);
        order = kri_atom_compare(a_name, b_name);
        if (order)
                return order;
        if (a_creation != b_creation)
                return a_creation < b_creation ? -1 : 1;
        /* two unnamed nodes of this OS process, or one that has ended */
        return a < b ? -1 : 1;
}
