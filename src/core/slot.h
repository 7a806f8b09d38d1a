/* SPDX-License-Identifier: Apache-2.0 */
/* slot.h: slots, and the messages that they hold.
 *
 * Model    A kr_msg is a slot on the user's side; the message that it holds stays whole, in
 *          the list p->held, newest first. While it is held its root is not needed any more
 *          (the slot has it), and its place says which slot holds it.
 * Law      A slot in the frame of a function that has returned cannot be cleared by anybody:
 *          what it held goes when another slot is filled, or with the stack.
 */
#ifndef KR_CORE_SLOT_H
#define KR_CORE_SLOT_H

#include "sched.h"

/* Put `sig`, a message outside any queue, in the slot; what was in it is released. */
void kri_slot_fill(struct kri_proc *p, kr_msg *slot, struct kri_sig *sig);

/* Take it out again, whole. */
struct kri_sig *kri_slot_empty(struct kri_proc *p, kr_msg *slot);

/* Release what it holds, and what is held by slots that are gone. */
void kri_slot_release(struct kri_proc *p, kr_msg *slot);

/* Release all held messages (kr_become, the end), or those whose slots lie on p's stack. */
void kri_held_release(struct kri_sched *s, struct kri_proc *p);
void kri_held_release_stack(struct kri_proc *p);

/* A receive looks for its slot behind so many others. */
#define KRI_OTHER_SLOTS 3

static inline void kri_slot_holder_set(struct kri_sig *sig, kr_msg *slot)
{
        sig->root = (kri_word)(uintptr_t)slot;
}

static inline kr_msg *kri_slot_holder(const struct kri_sig *sig)
{
        return (kr_msg *)(uintptr_t)sig->root;
}

/* Before `slot` is filled: what it held, and what nobody can reach any more. */
static inline void kri_slot_prepare(struct kri_proc *p, kr_msg *slot)
{
        struct kri_sig *sig = p->held;

        if (sig == NULL)
                return;
        if (__builtin_expect(kri_slot_holder(sig) == slot, 1)) {
                p->held = sig->next; /* the slot filled last, as in every loop */
                kri_sig_free(&p->sched->pool, sig);
                return;
        }
        kri_slot_release(p, slot);
}

static inline void kri_slot_hold(struct kri_proc *p, kr_msg *slot, struct kri_sig *sig)
{
        slot->term.w = kri_sig_root(sig);
        slot->sig = sig;
        kri_slot_holder_set(sig, slot);
        sig->next = p->held;
        p->held = sig;
}

static inline __attribute__((always_inline)) bool kri_slot_is_small(
        const struct kri_sig *sig)
{
        return sig->blobs == 0 && sig->size_class != KRI_POOL_LARGE;
}

/* Give back what the slot held, if at most so many others were filled since, and nothing large
 * hangs off any (they may be out of scope: then they go with the next that takes more). False:
 * it takes more (kri_slot_release), or there is no slot; nothing has happened. */
static inline __attribute__((always_inline)) bool kri_slot_release_quickly(
        struct kri_proc *p, const kr_msg *slot, int most)
{
        struct kri_sig **place = &p->held, *sig = *place;
        struct kri_pool_list *hot;

        for (int others = 0; sig != NULL && kri_slot_holder(sig) != slot; others++) {
                if (others == most || !kri_slot_is_small(sig))
                        return false;
                place = &sig->next;
                sig = *place;
        }
        if (sig == NULL)
                return slot != NULL;
        if (!kri_slot_is_small(sig))
                return false;
        hot = &p->sched->pool.hot[sig->size_class];
        if (hot->room <= 1)
                return false;
        *place = sig->next;
        kri_pool_poison(sig, sig->size_class);
        sig->next = (struct kri_sig *)hot->first;
        hot->first = (struct kri_block *)sig;
        hot->room--;
        return true;
}

#endif
