/* SPDX-License-Identifier: Apache-2.0 */
#include "kept.h"

#include "names.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define RING_MIN 64u

struct kept_id {
        uint32_t hash;
        uint8_t len;
        char bytes[KEPT_ID_MAX];
};

/* Ids in the order of their ticks: the n-th ever is at n % cap. One place more than are
 * remembered, so that the next one is written where none is looked at. */
struct ring {
        struct ring
                *older; /* the smaller one before: still read while this one is made */
        uint32_t cap;
        uint32_t mask; /* of the index, which has a power of two of slots */
        uint32_t *
                index; /* place in `ids` + 1; 0: free. What is left of it after a crash is
                            of no use: a successor makes its own */
        struct kept_id ids[];
};

struct state {
        int64_t value;
        uint64_t ids_ever; /* written since the beginning */
        struct ring *ring; /* NULL: no tick yet */
        struct kept_request last;
        int64_t last_result;
};

struct orphan {
        struct kept_request request;
        int64_t result;
};

struct kept {
        _Atomic uint32_t refs;

        /* Which of the two states holds: the other one is being written. And CLOSED. Moves by
         * compare and exchange in kept_write, which releases what was written before, to
         * kept_succeed, which acquires it; a writer that is too late finds CLOSED. */
        _Atomic uint32_t present;
        struct state states[2];
        struct ring
                *rings; /* all that were made, the newest first; writer's, then the last
                               one's to let go of the block */

        /* -- constant -- */
        uint64_t secret[2]; /* of the ids' hashes */
        uint32_t orphan_count;
        uint32_t name_len;
        struct orphan *orphans; /* the oldest first */
        char name[];
};

#define CLOSED 2u

static const struct state *now(const struct kept *k)
{
        /* acquire: pairs with the exchange in kept_write */
        return &k->states[atomic_load_explicit(&k->present, memory_order_acquire) & 1];
}

/* -- rings of ids -- */

static uint32_t hash_id(const struct kept *k, const void *id, size_t len)
{
        return (uint32_t)names_hash(k->secret, id, len);
}

static struct ring *ring_new(uint32_t remembered)
{
        uint32_t slots = remembered * 2, cap = remembered + 1;
        struct ring *ring = malloc(sizeof(*ring) + cap * sizeof(struct kept_id));

        if (ring == NULL)
                return NULL;
        ring->index = calloc(slots, sizeof(*ring->index));
        if (ring->index == NULL) {
                free(ring);
                return NULL;
        }
        ring->older = NULL;
        ring->cap = cap;
        ring->mask = slots - 1;
        return ring;
}

static void ring_free(struct ring *ring)
{
        while (ring != NULL) {
                struct ring *older = ring->older;

                free(ring->index);
                free(ring);
                ring = older;
        }
}

static void index_add(struct ring *ring, uint32_t place)
{
        uint32_t i = ring->ids[place].hash & ring->mask;

        while (ring->index[i] != 0)
                i = (i + 1) & ring->mask;
        ring->index[i] = place + 1;
}

/* Those behind it move up, so that no search stops at the hole. */
static void index_remove(struct ring *ring, uint32_t place)
{
        uint32_t mask = ring->mask, hole = ring->ids[place].hash & mask;

        while (ring->index[hole] != place + 1) {
                if (ring->index[hole] == 0)
                        return;
                hole = (hole + 1) & mask;
        }
        for (uint32_t i = (hole + 1) & mask; ring->index[i] != 0; i = (i + 1) & mask) {
                uint32_t home = ring->ids[ring->index[i] - 1].hash & mask;

                if (((i - home) & mask) < ((i - hole) & mask))
                        continue;
                ring->index[hole] = ring->index[i];
                hole = i;
        }
        ring->index[hole] = 0;
}

static uint64_t remembered(const struct ring *ring, uint64_t ids_ever)
{
        return ids_ever < ring->cap - 1 ? ids_ever : ring->cap - 1;
}

/* Take over what `from` remembers. */
static void ring_copy(struct ring *to, const struct ring *from, uint64_t ids_ever)
{
        for (uint64_t n = ids_ever - remembered(from, ids_ever); n < ids_ever; n++) {
                uint32_t place = (uint32_t)(n % to->cap);

                to->ids[place] = from->ids[n % from->cap];
                index_add(to, place);
        }
}

static bool is_full(const struct ring *ring, uint64_t ids_ever)
{
        return ring == NULL || (ids_ever + 1 >= ring->cap && ring->cap <= KEPT_IDS_MAX);
}

/* A larger one than `ring`, with the same in it; NULL: no memory. */
static struct ring *ring_grow(const struct ring *ring, uint64_t ids_ever)
{
        struct ring *larger = ring_new(ring == NULL ? RING_MIN : (ring->cap - 1) * 2);

        if (larger != NULL && ring != NULL)
                ring_copy(larger, ring, ids_ever);
        return larger;
}

/* Write an id as the next one; the oldest is forgotten if there are too many. */
static void ring_put(struct ring *ring, uint64_t ids_ever, uint32_t hash, const void *id,
                     size_t len)
{
        uint32_t place = (uint32_t)(ids_ever % ring->cap);

        if (ids_ever + 1 >= ring->cap)
                index_remove(ring, (uint32_t)((ids_ever + 1) % ring->cap));
        ring->ids[place].hash = hash;
        ring->ids[place].len = (uint8_t)len;
        memcpy(ring->ids[place].bytes, id, len);
        index_add(ring, place);
}

bool kept_has_id(const struct kept *k, const void *id, size_t len)
{
        const struct ring *ring = now(k)->ring;
        uint32_t hash = hash_id(k, id, len);

        if (ring == NULL)
                return false;
        for (uint32_t i = hash & ring->mask; ring->index[i] != 0;
             i = (i + 1) & ring->mask) {
                const struct kept_id *other = &ring->ids[ring->index[i] - 1];

                if (other->hash == hash && other->len == len &&
                    memcmp(other->bytes, id, len) == 0)
                        return true;
        }
        return false;
}

/* -- blocks -- */

static struct kept *new_block(const void *name, size_t len, size_t orphans)
{
        struct kept *k = calloc(1, sizeof(*k) + len + 1);

        if (k == NULL)
                return NULL;
        if (orphans > 0) {
                k->orphans = malloc(orphans * sizeof(*k->orphans));
                if (k->orphans == NULL) {
                        free(k);
                        return NULL;
                }
        }
        atomic_init(&k->refs, 1);
        memcpy(k->name, name, len);
        k->name_len = (uint32_t)len;
        return k;
}

struct kept *kept_new(const void *name, size_t len)
{
        struct kept *k = new_block(name, len, 0);

        if (k != NULL)
                names_choose_secret(k->secret);
        return k;
}

struct kept *kept_ref(struct kept *k)
{
        /* relaxed: who has a reference gives another one */
        atomic_fetch_add_explicit(&k->refs, 1, memory_order_relaxed);
        return k;
}

void kept_unref(void *block)
{
        struct kept *k = block;

        /* release and acquire: what others did with the block comes before its end */
        if (k == NULL || atomic_fetch_sub_explicit(&k->refs, 1, memory_order_acq_rel) > 1)
                return;
        ring_free(k->rings);
        free(k->orphans);
        free(k);
}

kr_bytes kept_name(const struct kept *k)
{
        return (kr_bytes){ k->name, k->name_len };
}

void kept_close(struct kept *k)
{
        /* acquire: pairs with the exchange in kept_write, whose last one this may be after */
        (void)atomic_fetch_or_explicit(&k->present, CLOSED, memory_order_acq_rel);
}

static bool is_same(struct kept_request a, struct kept_request b)
{
        return a.from == b.from && a.number == b.number;
}

/* Those that `old` knew, and the last one it served: perhaps it has not been answered. */
static void copy_orphans(struct kept *k, const struct kept *old,
                         const struct state *state)
{
        uint32_t count = old->orphan_count;

        for (uint32_t i = count == KEPT_ORPHANS_MAX; i < count; i++)
                k->orphans[k->orphan_count++] = old->orphans[i];
        if (state->last.from != 0 &&
            (count == 0 || !is_same(old->orphans[count - 1].request, state->last)))
                k->orphans[k->orphan_count++] =
                        (struct orphan){ state->last, state->last_result };
}

struct kept *kept_succeed(struct kept *old)
{
        struct kept *k = new_block(old->name, old->name_len, KEPT_ORPHANS_MAX);
        const struct state *state;

        kept_close(old);
        state = now(old);
        if (k == NULL)
                return NULL;
        k->states[0] = *state;
        memcpy(k->secret, old->secret, sizeof(k->secret));
        copy_orphans(k, old, state);
        if (state->ring == NULL)
                return k;
        k->rings = k->states[0].ring = ring_new(state->ring->cap - 1);
        if (k->rings == NULL) {
                kept_unref(k);
                return NULL;
        }
        ring_copy(k->rings, state->ring, state->ids_ever);
        return k;
}

int64_t kept_value(const struct kept *k)
{
        return now(k)->value;
}

bool kept_was_served(const struct kept *k, struct kept_request request,
                     int64_t *ret_result)
{
        for (uint32_t i = 0; i < k->orphan_count; i++) {
                const struct orphan *orphan = &k->orphans[i];

                if (is_same(orphan->request, request)) {
                        *ret_result = orphan->result;
                        return true;
                }
        }
        return false;
}

/* In the middle of growing a kill waits: the ring would be nobody's. */
static bool grow(struct kept *k, struct state *next)
{
        struct ring *larger;

        kr_critical_begin();
        larger = ring_grow(next->ring, next->ids_ever);
        if (larger != NULL) {
                larger->older = k->rings;
                next->ring = k->rings = larger;
        }
        kr_critical_end();
        return larger != NULL;
}

kr_err kept_write(struct kept *k, int64_t value, struct kept_request request,
                  int64_t result, const void *id, size_t id_len)
{
        uint32_t present = atomic_load_explicit(&k->present, memory_order_relaxed);
        struct state *next = &k->states[~present & 1];

        if (present & CLOSED)
                return KR_ESTATE;
        *next = k->states[present & 1];
        if (id != NULL) {
                if (is_full(next->ring, next->ids_ever) && !grow(k, next))
                        return KR_ENOMEM;
                ring_put(next->ring, next->ids_ever++, hash_id(k, id, id_len), id,
                         id_len);
        }
        next->value = value;
        next->last = request;
        next->last_result = result;
        /* release: whoever sees the word sees the state; a fault before it leaves the old one */
        return atomic_compare_exchange_strong_explicit(&k->present, &present, present ^ 1,
                                                       memory_order_release,
                                                       memory_order_relaxed)
                       ? KR_OK
                       : KR_ESTATE;
}
