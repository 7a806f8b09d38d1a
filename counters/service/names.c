/* SPDX-License-Identifier: Apache-2.0 */
#include "names.h"

#include <string.h>
#include <sys/random.h>

#define CAP_MIN 16

/* -- SipHash-1-3: the hash that is made for this -- */

static uint64_t rotate(uint64_t x, int by)
{
        return x << by | x >> (64 - by);
}

static void sip_round(uint64_t v[4])
{
        v[0] += v[1];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[0] = rotate(v[0], 32);
        v[2] += v[3];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[2] = rotate(v[2], 32);
}

static void sip_word(uint64_t v[4], uint64_t word)
{
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
}

uint64_t names_hash(const uint64_t secret[2], const void *data, size_t len)
{
        uint64_t v[4] = { secret[0] ^ 0x736f6d6570736575u,
                          secret[1] ^ 0x646f72616e646f6du,
                          secret[0] ^ 0x6c7967656e657261u,
                          secret[1] ^ 0x7465646279746573u };
        const unsigned char *at = data;
        uint64_t word, last = (uint64_t)len << 56;

        for (size_t left = len; left >= 8; left -= 8, at += 8) {
                memcpy(&word, at, 8);
                sip_word(v, word);
        }
        for (size_t i = 0; i < len % 8; i++)
                last |= (uint64_t)at[i] << (8 * i);
        sip_word(v, last);
        v[2] ^= 0xff;
        for (int i = 0; i < 3; i++)
                sip_round(v);
        return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* The kernel has none only before it has booted; then it waits. */
void names_choose_secret(uint64_t ret_secret[2])
{
        while (getrandom(ret_secret, 2 * sizeof(*ret_secret), 0) < 0)
                continue;
}

/* -- the table -- */

void names_init(struct names *names)
{
        *names = (struct names){ .slots = NULL };
        names_choose_secret(names->secret);
}

void names_fini(struct names *names)
{
        kr_free(names->slots);
        names->slots = NULL;
        names->count = names->cap = 0;
}

struct name *names_find(const struct names *names, const void *text, size_t len)
{
        uint64_t hash = names_hash(names->secret, text, len);

        if (names->cap == 0)
                return NULL;
        for (size_t i = hash & (names->cap - 1);; i = (i + 1) & (names->cap - 1)) {
                struct name *entry = names->slots[i];

                if (entry == NULL || (entry->hash == hash && entry->len == len &&
                                      memcmp(entry->text, text, len) == 0))
                        return entry;
        }
}

static void put(struct names *names, struct name *entry)
{
        size_t i = entry->hash & (names->cap - 1);

        while (names->slots[i] != NULL)
                i = (i + 1) & (names->cap - 1);
        names->slots[i] = entry;
}

/* At most half of the slots are taken, so that every search ends soon. */
static bool make_room(struct names *names)
{
        struct names larger = *names;

        if (names->count + 1 <= names->cap / 2)
                return true;
        larger.cap = names->cap > 0 ? names->cap * 2 : CAP_MIN;
        larger.slots = kr_calloc(larger.cap, sizeof(*larger.slots));
        if (larger.slots == NULL)
                return false;
        for (size_t i = 0; i < names->cap; i++)
                if (names->slots[i] != NULL)
                        put(&larger, names->slots[i]);
        kr_free(names->slots);
        *names = larger;
        return true;
}

bool names_add(struct names *names, struct name *entry)
{
        if (!make_room(names))
                return false;
        entry->hash = names_hash(names->secret, entry->text, entry->len);
        put(names, entry);
        names->count++;
        return true;
}

/* Those behind it move up, so that no search stops at the hole. */
void names_remove(struct names *names, struct name *entry)
{
        size_t mask = names->cap - 1, hole = entry->hash & mask;

        while (names->slots[hole] != entry)
                hole = (hole + 1) & mask;
        for (size_t i = (hole + 1) & mask; names->slots[i] != NULL; i = (i + 1) & mask) {
                size_t home = names->slots[i]->hash & mask;

                if (((i - home) & mask) < ((i - hole) & mask))
                        continue;
                names->slots[hole] = names->slots[i];
                hole = i;
        }
        names->slots[hole] = NULL;
        names->count--;
}

void names_each(const struct names *names, void (*fn)(struct name *entry, void *arg),
                void *arg)
{
        for (size_t i = 0; i < names->cap; i++)
                if (names->slots[i] != NULL)
                        fn(names->slots[i], arg);
}
