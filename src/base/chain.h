/* SPDX-License-Identifier: Apache-2.0 */
/* chain.h: a hash table of nodes that lie in what they find, growing without a pause.
 *
 * Model    Linear hashing: when there are more nodes than buckets, one bucket, the next in
 *          turn, is split in two. The array of buckets is reserved whole and touched as it
 *          grows. Several nodes may have one hash.
 * Owns     the array. Nodes are their user's.
 * Threads  one at a time.
 */
#ifndef KR_BASE_CHAIN_H
#define KR_BASE_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KRI_CHAIN_BUCKETS_MIN 64u
#define KRI_CHAIN_BUCKETS_MAX                                                            \
        (1u << 22) /* beyond that many nodes searching gets slower */

struct kri_chain_node {
        struct kri_chain_node *next;
        struct kri_chain_node **at; /* what points to this one */
        uint64_t hash; /* low bits choose the bucket: they must be well mixed */
};

struct kri_chain {
        struct kri_chain_node **heads;
        uint32_t buckets;
        uint64_t count;
};

/* False: no address space. */
bool kri_chain_init(struct kri_chain *chain);
void kri_chain_fini(struct kri_chain *chain);

void kri_chain_insert(struct kri_chain *chain, struct kri_chain_node *node,
                      uint64_t hash);
void kri_chain_remove(struct kri_chain *chain, struct kri_chain_node *node);

/* One that has this hash; NULL: none. */
struct kri_chain_node *kri_chain_find(const struct kri_chain *chain, uint64_t hash);

#endif
