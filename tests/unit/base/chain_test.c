/* SPDX-License-Identifier: Apache-2.0 */
/* chain_test.c: what was put in a chained table is found until it is taken out. */
#include "base/chain.h"
#include "base/rand.h"

#include "kit.h"

#define NODES 20000

static struct kri_chain chain;
static struct kri_chain_node nodes[NODES];

KIT_TEST(test_each_node_is_found_by_its_hash_while_the_table_grows)
{
        kit_true(kri_chain_init(&chain));
        for (uint64_t i = 0; i < NODES; i++) {
                kit_null(kri_chain_find(&chain, kri_mix64(i)));
                kri_chain_insert(&chain, &nodes[i], kri_mix64(i));
                kit_ptr_eq(kri_chain_find(&chain, kri_mix64(i / 2)), &nodes[i / 2]);
        }
        for (uint64_t i = 0; i < NODES; i++)
                kit_ptr_eq(kri_chain_find(&chain, kri_mix64(i)), &nodes[i]);
        kri_chain_fini(&chain);
}

KIT_TEST(test_a_node_that_was_removed_is_not_found)
{
        kit_true(kri_chain_init(&chain));
        for (uint64_t i = 0; i < NODES; i++)
                kri_chain_insert(&chain, &nodes[i], kri_mix64(i));
        for (uint64_t i = 0; i < NODES; i += 2)
                kri_chain_remove(&chain, &nodes[i]);
        for (uint64_t i = 0; i < NODES; i++)
                kit_ptr_eq(kri_chain_find(&chain, kri_mix64(i)),
                           i % 2 ? &nodes[i] : NULL);
        kit_uint_eq(chain.count, NODES / 2);
        kri_chain_fini(&chain);
}

/* All of one hash lie in one bucket, which is split while they are in it. */
KIT_TEST(test_many_nodes_of_one_hash_are_all_there)
{
        uint64_t found = 0;

        kit_true(kri_chain_init(&chain));
        for (uint64_t i = 0; i < NODES; i++)
                kri_chain_insert(&chain, &nodes[i], kri_mix64(i % 3));
        for (struct kri_chain_node *node;
             (node = kri_chain_find(&chain, kri_mix64(1))) != NULL; found++)
                kri_chain_remove(&chain, node);
        kit_uint_eq(found, (NODES + 1) / 3);
        kit_not_null(kri_chain_find(&chain, kri_mix64(0)));
        kit_not_null(kri_chain_find(&chain, kri_mix64(2)));
        kri_chain_fini(&chain);
}

KIT_MAIN(KIT_CASE(test_each_node_is_found_by_its_hash_while_the_table_grows),
         KIT_CASE(test_a_node_that_was_removed_is_not_found),
         KIT_CASE(test_many_nodes_of_one_hash_are_all_there))
