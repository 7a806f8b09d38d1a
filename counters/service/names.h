/* SPDX-License-Identifier: Apache-2.0 */
/* names.h: a table from names, which are bytes from outside, to what a process knows of them.
 *
 * Model    Open addressing; an entry is the caller's, and knows its own name. Where it is put is
 *          hashed with a secret of the table, so that nobody can send names that all meet.
 * Threads  the process that owns it; its memory is that process's (kr_alloc).
 */
#ifndef SERVICE_NAMES_H
#define SERVICE_NAMES_H

#include <krarup.h>

#define NAME_MAX_BYTES 512

/* The first member of every entry. */
struct name {
        uint64_t hash; /* the table's */
        uint32_t len;
        const char *text; /* bytes; valid as long as the entry is in the table */
};

struct names {
        struct name **slots; /* NULL: free */
        size_t count;
        size_t cap; /* a power of two, or 0 */
        uint64_t secret[2];
};

/* All zero but for its secret. */
void names_init(struct names *names);
void names_fini(struct names *names); /* not the entries */

/* NULL: it is not there. */
struct name *names_find(const struct names *names, const void *text, size_t len);

/* Add an entry whose `text` and `len` are set and whose name is not there yet; false: no memory. */
bool names_add(struct names *names, struct name *entry);

/* Take an entry out that is there. */
void names_remove(struct names *names, struct name *entry);

/* Call fn for each; it may not change the table. */
void names_each(const struct names *names, void (*fn)(struct name *entry, void *arg),
                void *arg);

/* Of some bytes with a secret of 128 bits: as good as chance to who does not know it. */
uint64_t names_hash(const uint64_t secret[2], const void *data, size_t len);
void names_choose_secret(uint64_t ret_secret[2]);

#endif
