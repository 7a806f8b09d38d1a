/* SPDX-License-Identifier: Apache-2.0 */
/* pattern_kit.h: what tests of patterns share: asking for a match, what is said of misuse, and
 * identifiers of here and elsewhere.
 */
#ifndef KR_TESTS_PATTERN_KIT_H
#define KR_TESTS_PATTERN_KIT_H

#include "term/pattern.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "kit.h"
#include "term/atom.h"
#include "term/ident.h"
#include "term/kept.h"

/* What the misuse hook was told last; empty: nothing. */
static char told[1024] __attribute__((unused));

static inline void remember(const char *reason)
{
        snprintf(told, sizeof(told), "%s", reason);
}

static inline void listen(void)
{
        kri_term_host.misuse = remember;
        told[0] = 0;
}

#define kit_same(a, b)                                                                   \
        do {                                                                             \
                kr_term kit_a = (a), kit_b = (b);                                        \
                                                                                         \
                if (!kr_same(kit_a, kit_b))                                              \
                        kit_fail("not the same: %s, %s", #a, #b);                        \
                kr_release(kit_a);                                                       \
                kr_release(kit_b);                                                       \
        } while (0)

/* Match, and release the term. */
#define kit_matches(term, ...)                                                           \
        do {                                                                             \
                kr_term kit_t = (term);                                                  \
                                                                                         \
                kit_false(kr_is_none(kit_t));                                            \
                kit_true(kr_match(kit_t, __VA_ARGS__));                                  \
                kr_release(kit_t);                                                       \
        } while (0)
#define kit_refuses(term, ...)                                                           \
        do {                                                                             \
                kr_term kit_t = (term);                                                  \
                                                                                         \
                kit_false(kr_is_none(kit_t));                                            \
                kit_false(kr_match(kit_t, __VA_ARGS__));                                 \
                kr_release(kit_t);                                                       \
        } while (0)

static inline kr_pid near_pid(void)
{
        return kri_word_pid(kri_near_pid(1, 1234, 7));
}

static inline uint32_t peer_node(void)
{
        uint32_t name, node;

        kit_ok(kri_atom_make("there@host", 10, &name));
        kit_ok(kri_node_find(name, 77, &node));
        kit_int_ge(node, KRI_NEAR_SLOTS);
        return node;
}

static inline kr_pid far_pid(void)
{
        return (kr_pid){ .num = (uint64_t)9 << 32 | 5, .node = peer_node() };
}

static inline kr_ref near_ref(void)
{
        return (kr_ref){ .id = { 0x123456789abcdef0u, 42 }, .node = 1 };
}

#endif
