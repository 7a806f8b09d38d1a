/* SPDX-License-Identifier: Apache-2.0 */
/* wheel.h: what is to happen at a tick, found again in the order of ticks.
 *
 * Model    Levels of 64 slots; a slot of one level spans as many ticks as all slots of the
 *          level below. A node is filed at the level of the highest six bits in which its
 *          tick differs from `now`, in the slot that those bits name. When `now` comes to
 *          such a slot, its nodes move down. So every node of a level is due after every
 *          node of the levels below, and bit sets say where the first ones are.
 * Law      Nodes come out by tick, those of one tick in the order they were put in; never
 *          before their tick. The memory of a node is its user's; the wheel takes none.
 * Threads  one at a time.
 */
#ifndef KR_BASE_WHEEL_H
#define KR_BASE_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KRI_WHEEL_BITS 6
#define KRI_WHEEL_SLOTS 64u
#define KRI_WHEEL_LEVELS 11u /* 66 bits: any tick */
#define KRI_WHEEL_NEVER UINT64_MAX

struct kri_wheel_link {
        struct kri_wheel_link *next, *prev; /* a ring; of a node outside: NULL */
};

struct kri_wheel_node { /* all zero: outside */
        struct kri_wheel_link link;
        uint64_t tick;
};

struct kri_wheel {
        uint64_t now;                        /* nothing that is inside is due before */
        uint32_t levels;                     /* bit set: those that hold something */
        uint64_t occupied[KRI_WHEEL_LEVELS]; /* bit sets: slots that do */
        struct kri_wheel_link slots[KRI_WHEEL_LEVELS * KRI_WHEEL_SLOTS];
};

void kri_wheel_init(struct kri_wheel *wheel, uint64_t now);

/* Put `node`, which is outside, in. A tick that has passed is due at once. O(1). */
void kri_wheel_insert(struct kri_wheel *wheel, struct kri_wheel_node *node,
                      uint64_t tick);

/* Take it out; nothing happens if it is outside. O(1). */
void kri_wheel_remove(struct kri_wheel *wheel, struct kri_wheel_node *node);

/* Take out the first node that is due at tick `now`; NULL: none (any more). To be called
 * until it returns NULL. `now` that goes back changes nothing. */
struct kri_wheel_node *kri_wheel_expire(struct kri_wheel *wheel, uint64_t now);

/* When to look at the wheel again: the tick of the first node, if that lies in the same 64
 * ticks as `now`, else an earlier one at which nodes only move down. KRI_WHEEL_NEVER: it is
 * empty. */
uint64_t kri_wheel_next(const struct kri_wheel *wheel);

static inline bool kri_wheel_holds(const struct kri_wheel_node *node)
{
        return node->link.next != NULL;
}

#endif
