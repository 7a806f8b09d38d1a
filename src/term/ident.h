/* SPDX-License-Identifier: Apache-2.0 */
/* ident.h: which node a pid, port or reference belongs to, as a small number.
 *
 * Model    Numbers below KRI_NEAR_SLOTS are nodes that live in this OS process: a slot is
 *          claimed when a node starts and given a name when it becomes distributed. All
 *          others are peers: a pair of name and creation that was once seen in an
 *          identifier, interned for ever.
 * Threads  any; reading takes no lock. A slot is changed by its node alone.
 * Law      Two identifiers of one node have one number, so that they compare by fields:
 *          a name and creation that a slot bears is never interned as a peer.
 *          (A peer's number that was given out before a slot took that very name and
 *          creation stays different; creations are random, so it means a name reused.)
 */
#ifndef KR_TERM_IDENT_H
#define KR_TERM_IDENT_H

#include "word.h"

#define KRI_PEER_LIMIT 65536u /* names and creations ever seen */

/* -- near slots, 1 .. KRI_NEAR_SLOTS - 1 (0 means "none") -- */

/* KR_ESYSTEMLIMIT: all are taken. The slot is named nonode@nohost, creation 0. */
kr_err kri_near_claim(uint32_t *ret_slot);
void kri_near_release(uint32_t slot);
void kri_near_set(uint32_t slot, uint32_t name_atom, uint32_t creation);
bool kri_near_in_use(uint32_t slot);

/* -- nodes by number -- */

/* Name (atom index) and creation; false if there is no such node (any more). */
bool kri_node_name(uint32_t node, uint32_t *ret_name_atom, uint32_t *ret_creation);

/* The number of a name and creation; makes a peer if there is none.
 * KR_ESYSTEMLIMIT: KRI_PEER_LIMIT; KR_ENOMEM. */
kr_err kri_node_find(uint32_t name_atom, uint32_t creation, uint32_t *ret_node);

/* Order of nodes: by name, then by creation. */
int kri_node_compare(uint32_t a, uint32_t b);

/* How a node is printed in <N.1.2> and #Ref<N.1.2.3>: the first near one as 0. */
static inline uint32_t kri_node_printed(uint32_t node)
{
        return node > 0 && node < KRI_NEAR_SLOTS ? node - 1 : node;
}

#endif
