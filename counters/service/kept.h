/* SPDX-License-Identifier: Apache-2.0 */
/* kept.h: what of a counter outlives its process: its value, the ids of its last ticks, and which
 * request was served last.
 *
 * Model    A block of memory. One process at a time writes it, the counter; the keeper holds it
 *          while there is nobody. Each write is whole or has not been: what is new is put where
 *          nobody looks, then one word is set. So a counter may end anywhere, by a fault or a
 *          kill in the middle of a write: its successor finds the last one that was whole.
 * Zombies  A killed process may run on for some milliseconds after its successor has begun. So
 *          a successor works on a copy, and the block that was copied from takes no more writes.
 * Requests A counter writes before it answers, and answers before it looks at the next request.
 *          So when it ends at most one request has been served and not answered: the last one
 *          written. Blocks remember that of each predecessor, and who asks again is
 *          told what came of it instead of being served twice.
 * Memory   malloc's, counted: of the keeper and of whoever is the counter. 160 bytes and the
 *          name; ids take 52 bytes each, and room for twice as many while they become more.
 * Not      protected: from code that writes through wild pointers into this memory, from
 *          the end of the program or the machine.
 */
#ifndef SERVICE_KEPT_H
#define SERVICE_KEPT_H

#include <krarup.h>

#define KEPT_IDS_MAX 65536u /* ids that a counter remembers */
#define KEPT_ID_MAX 39u     /* bytes of one; a UUID has 36 */
#define KEPT_ORPHANS_MAX 64 /* crashes that are remembered with the request they left */

struct kept;

/* Who asks (a number of its own), and the how manieth request of his it is. From 1 on. */
struct kept_request {
        int64_t from;
        int64_t number;
};

/* A new one, of value 0, with one reference. NULL: no memory. */
struct kept *kept_new(const void *name, size_t len);

/* Close `old`, and give a copy of it for a successor, with one reference. NULL: no memory. */
struct kept *kept_succeed(struct kept *old);

/* From now on nothing can be written. Any thread. */
void kept_close(struct kept *k);

struct kept *kept_ref(struct kept *k);
/* Also for kr_defer. NULL is ignored. */
void kept_unref(void *k);

/* Constant as long as the block. */
kr_bytes kept_name(const struct kept *k);

/* -- the counter alone -- */

int64_t kept_value(const struct kept *k);

/* Has a tick with this id been written, among the last KEPT_IDS_MAX? */
bool kept_has_id(const struct kept *k, const void *id, size_t len);

/* Did a predecessor serve this request and not live to answer? Then the result it had. */
bool kept_was_served(const struct kept *k, struct kept_request request,
                     int64_t *ret_result);

/* The new value, the request that brought it about, and what is about to be answered. `id`: of a
 * tick, with kept_has_id false and at most KEPT_ID_MAX bytes, or NULL.
 * KR_ENOMEM: nothing is written; KR_ESTATE: the block is closed: there is a successor. */
KR_MUST_CHECK kr_err kept_write(struct kept *k, int64_t value,
                                struct kept_request request, int64_t result,
                                const void *id, size_t id_len);

#endif
