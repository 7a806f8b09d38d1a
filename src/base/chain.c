/* SPDX-License-Identifier: Apache-2.0 */
#include "chain.h"

#include "plat_mem.h"

#define HEADS_BYTES (sizeof(struct kri_chain_node *) * KRI_CHAIN_BUCKETS_MAX)

/* The largest power of two that is not larger. */
static uint32_t power_below(uint32_t buckets)
{
        return 1u << (31 - (uint32_t)__builtin_clz(buckets));
}

/* Buckets below `buckets - round` have been split in this round: for them one bit more of
 * the hash counts. */
static uint32_t bucket_of(const struct kri_chain *chain, uint64_t hash)
{
        uint32_t round = power_below(chain->buckets);
        uint32_t bucket = (uint32_t)hash & (2 * round - 1);

        return bucket < chain->buckets ? bucket : bucket & (round - 1);
}

bool kri_chain_init(struct kri_chain *chain)
{
        chain->heads = kri_mem_reserve(HEADS_BYTES, KRI_PAGE);
        chain->buckets = KRI_CHAIN_BUCKETS_MIN;
        chain->count = 0;
        return chain->heads != NULL;
}

void kri_chain_fini(struct kri_chain *chain)
{
        kri_mem_release(chain->heads, HEADS_BYTES);
        chain->heads = NULL;
}

static void put(struct kri_chain_node **head, struct kri_chain_node *node)
{
        node->next = *head;
        node->at = head;
        if (*head != NULL)
                (*head)->at = &node->next;
        *head = node;
}

static void take(struct kri_chain_node *node)
{
        *node->at = node->next;
        if (node->next != NULL)
                node->next->at = node->at;
}

/* One bucket more: it gets those of the bucket it is split from whose next bit is set. */
static void grow(struct kri_chain *chain)
{
        uint32_t added = chain->buckets;
        uint32_t round = power_below(added);
        struct kri_chain_node *node = chain->heads[added - round], *next;

        for (; node != NULL; node = next) {
                next = node->next;
                if (((uint32_t)node->hash & (2 * round - 1)) != added)
                        continue;
                take(node);
                put(&chain->heads[added], node);
        }
        chain->buckets = added + 1;
}

void kri_chain_insert(struct kri_chain *chain, struct kri_chain_node *node, uint64_t hash)
{
        node->hash = hash;
        if (chain->count++ >= chain->buckets && chain->buckets < KRI_CHAIN_BUCKETS_MAX)
                grow(chain);
        put(&chain->heads[bucket_of(chain, hash)], node);
}

void kri_chain_remove(struct kri_chain *chain, struct kri_chain_node *node)
{
        take(node);
        chain->count--;
}

struct kri_chain_node *kri_chain_find(const struct kri_chain *chain, uint64_t hash)
{
        struct kri_chain_node *node = chain->heads[bucket_of(chain, hash)];

        while (node != NULL && node->hash != hash)
                node = node->next;
        return node;
}
