/* SPDX-License-Identifier: Apache-2.0 */
#include "wheel.h"

_Static_assert(KRI_WHEEL_SLOTS == 1u << KRI_WHEEL_BITS,
               "a slot for each value of the bits");
_Static_assert(KRI_WHEEL_LEVELS *KRI_WHEEL_BITS >= 64, "every tick has a level");
_Static_assert(offsetof(struct kri_wheel_node, link) == 0, "a link of a slot is a node");

static uint32_t level_of(uint64_t tick, uint64_t now)
{
        uint64_t differing = (tick ^ now) | (KRI_WHEEL_SLOTS - 1);

        return (63 - (uint32_t)__builtin_clzll(differing)) / KRI_WHEEL_BITS;
}

static uint32_t slot_of(uint64_t tick, uint32_t level)
{
        return (uint32_t)(tick >> (level * KRI_WHEEL_BITS)) & (KRI_WHEEL_SLOTS - 1);
}

/* The first tick of a slot in the round that `now` is in. */
static uint64_t slot_start(const struct kri_wheel *wheel, uint32_t level, uint32_t slot)
{
        uint32_t shift = level * KRI_WHEEL_BITS;
        uint32_t round = shift + KRI_WHEEL_BITS;
        uint64_t before = round < 64 ? wheel->now >> round << round : 0;

        return before | (uint64_t)slot << shift;
}

static void mark(struct kri_wheel *wheel, uint32_t level, uint32_t slot)
{
        wheel->occupied[level] |= (uint64_t)1 << slot;
        wheel->levels |= 1u << level;
}

static void unmark(struct kri_wheel *wheel, uint32_t level, uint32_t slot)
{
        wheel->occupied[level] &= ~((uint64_t)1 << slot);
        if (wheel->occupied[level] == 0)
                wheel->levels &= ~(1u << level);
}

void kri_wheel_init(struct kri_wheel *wheel, uint64_t now)
{
        wheel->now = now;
        wheel->levels = 0;
        for (uint32_t i = 0; i < KRI_WHEEL_LEVELS; i++)
                wheel->occupied[i] = 0;
        for (uint32_t i = 0; i < KRI_WHEEL_LEVELS * KRI_WHEEL_SLOTS; i++)
                wheel->slots[i].next = wheel->slots[i].prev = &wheel->slots[i];
}

static void file(struct kri_wheel *wheel, struct kri_wheel_node *node)
{
        uint64_t tick = node->tick > wheel->now ? node->tick : wheel->now;
        uint32_t level = level_of(tick, wheel->now);
        uint32_t slot = slot_of(tick, level);
        struct kri_wheel_link *ring = &wheel->slots[level * KRI_WHEEL_SLOTS + slot];

        /* Last in its ring: what moves down from above was put in before all that is filed
         * here from then on, so nodes of one tick keep their order. */
        node->link.next = ring;
        node->link.prev = ring->prev;
        ring->prev->next = &node->link;
        ring->prev = &node->link;
        mark(wheel, level, slot);
}

void kri_wheel_insert(struct kri_wheel *wheel, struct kri_wheel_node *node, uint64_t tick)
{
        node->tick = tick;
        file(wheel, node);
}

void kri_wheel_remove(struct kri_wheel *wheel, struct kri_wheel_node *node)
{
        struct kri_wheel_link *next = node->link.next;

        if (next == NULL)
                return;
        next->prev = node->link.prev;
        node->link.prev->next = next;
        if (next == node->link.prev) { /* only the slot is left of the ring */
                uint32_t i = (uint32_t)(next - wheel->slots);

                unmark(wheel, i / KRI_WHEEL_SLOTS, i % KRI_WHEEL_SLOTS);
        }
        node->link.next = node->link.prev = NULL;
}

/* The first slot that holds something; false: the wheel is empty. */
static bool first_slot(const struct kri_wheel *wheel, uint32_t *ret_level,
                       uint32_t *ret_slot)
{
        if (wheel->levels == 0)
                return false;
        *ret_level = (uint32_t)__builtin_ctz(wheel->levels);
        *ret_slot = (uint32_t)__builtin_ctzll(wheel->occupied[*ret_level]);
        return true;
}

/* `now` has come to this slot: its nodes differ from it in lower bits only. */
static void move_down(struct kri_wheel *wheel, uint32_t level, uint32_t slot)
{
        struct kri_wheel_link *ring = &wheel->slots[level * KRI_WHEEL_SLOTS + slot];
        struct kri_wheel_link *link = ring->next, *next;

        ring->next = ring->prev = ring;
        unmark(wheel, level, slot);
        for (; link != ring; link = next) {
                next = link->next;
                file(wheel, (struct kri_wheel_node *)link);
        }
}

struct kri_wheel_node *kri_wheel_expire(struct kri_wheel *wheel, uint64_t now)
{
        uint32_t level, slot;

        while (first_slot(wheel, &level, &slot)) {
                uint64_t start = slot_start(wheel, level, slot);

                if (start > now)
                        break;
                wheel->now = start;
                if (level == 0) {
                        struct kri_wheel_link *first = wheel->slots[slot].next;

                        kri_wheel_remove(wheel, (struct kri_wheel_node *)first);
                        return (struct kri_wheel_node *)first;
                }
                move_down(wheel, level, slot);
        }
        /* Every slot begins after `now`, so none of its nodes would be filed elsewhere. */
        if (now > wheel->now)
                wheel->now = now;
        return NULL;
}

uint64_t kri_wheel_next(const struct kri_wheel *wheel)
{
        uint32_t level, slot;

        if (!first_slot(wheel, &level, &slot))
                return KRI_WHEEL_NEVER;
        return slot_start(wheel, level, slot);
}
