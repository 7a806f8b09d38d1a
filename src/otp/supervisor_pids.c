/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor_pids.h"

#include <krarup/memory.h>

#define CAP_MIN 8

/* A supervisor stops its children in the order of this table, and the indexes that become free
 * are given out again in that order, with another serial. All bits have to count (the end of
 * splitmix64), or those half of them would all go to one half of the next table. */
static uint64_t mix(uint64_t z)
{
        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        return z ^ z >> 31;
}

/* The lowest bits of a pid's number say which node of this OS process it is of. They are left out,
 * as the field `node` is: beside other nodes they are others, and the order of the places is to
 * be the same in each run of a seed. */
#define NODE_BITS 9

static size_t place_of(const struct kri_pids *t, uint64_t num)
{
        return (size_t)((unsigned __int128)mix(num >> NODE_BITS) * t->cap >> 64);
}

static size_t after(const struct kri_pids *t, size_t place)
{
        return place + 1 == t->cap ? 0 : place + 1;
}

static struct kri_pid_slot *insert(struct kri_pids *t, const struct kri_pid_slot *entry)
{
        size_t place = place_of(t, entry->num);

        while (t->slots[place].num != 0)
                place = after(t, place);
        t->slots[place] = *entry;
        t->count++;
        return &t->slots[place];
}

static bool resize(struct kri_pids *t, size_t cap)
{
        struct kri_pids old = *t;

        t->slots = (struct kri_pid_slot *)kr_calloc(cap, sizeof(*t->slots));
        if (t->slots == NULL) {
                *t = old;
                return false;
        }
        t->cap = cap;
        t->count = 0;
        for (size_t i = 0; i < old.cap; i++)
                if (old.slots[i].num != 0)
                        insert(t, &old.slots[i]);
        kr_free(old.slots);
        return true;
}

bool kri_pids_reserve(struct kri_pids *t)
{
        if ((t->count + 1) * 5 <= t->cap * 4)
                return true;
        return resize(t, t->cap == 0 ? CAP_MIN : t->cap + t->cap / 2);
}

struct kri_pid_slot *kri_pids_put(struct kri_pids *t, kr_pid pid, uint64_t value)
{
        struct kri_pid_slot entry = { pid.num, pid.node, 0, value };

        return insert(t, &entry);
}

struct kri_pid_slot *kri_pids_get(const struct kri_pids *t, kr_pid pid)
{
        size_t place;

        if (t->count == 0 || kr_pid_is_none(pid))
                return NULL;
        place = place_of(t, pid.num);
        for (; t->slots[place].num != 0; place = after(t, place))
                if (t->slots[place].num == pid.num && t->slots[place].node == pid.node)
                        return &t->slots[place];
        return NULL;
}

/* May the entry at `from` move to the hole, or would it then stand before its own place? */
static bool may_fill(const struct kri_pids *t, size_t hole, size_t from)
{
        size_t home = place_of(t, t->slots[from].num);

        return hole <= from ? home <= hole || home > from : home <= hole && home > from;
}

void kri_pids_remove(struct kri_pids *t, kr_pid pid)
{
        struct kri_pid_slot *slot = kri_pids_get(t, pid);
        size_t hole, from;

        if (slot == NULL)
                return;
        hole = (size_t)(slot - t->slots);
        /* no entry may stand behind a free place between its own place and itself */
        for (from = after(t, hole); t->slots[from].num != 0; from = after(t, from)) {
                if (!may_fill(t, hole, from))
                        continue;
                t->slots[hole] = t->slots[from];
                hole = from;
        }
        t->slots[hole].num = 0;
        t->count--;
        if (t->cap > CAP_MIN && t->count * 4 < t->cap)
                (void)resize(t, t->cap / 2); /* no memory: it stays large */
}

void kri_pids_clear(struct kri_pids *t)
{
        kr_free(t->slots);
        *t = (struct kri_pids){ .slots = NULL };
}

struct kri_pid_slot *kri_pids_next(const struct kri_pids *t, struct kri_pid_slot *slot)
{
        size_t place = slot == NULL ? 0 : (size_t)(slot - t->slots) + 1;

        for (; place < t->cap; place++)
                if (t->slots[place].num != 0)
                        return &t->slots[place];
        return NULL;
}
