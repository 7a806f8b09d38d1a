/* SPDX-License-Identifier: Apache-2.0 */
#include "slot.h"

static void release_held(struct kri_proc *p, struct kri_sig **place)
{
        struct kri_sig *sig = *place;

        *place = sig->next;
        kri_sig_free(&p->sched->pool, sig);
}

/* A slot in the frame of a function that has returned: nobody can clear it any more. */
static bool is_out_of_scope(const struct kri_proc *p, const kr_msg *slot)
{
        return kri_stack_holds(p->stack, slot) &&
               (const char *)slot < (const char *)__builtin_frame_address(0);
}

void kri_slot_release(struct kri_proc *p, kr_msg *slot)
{
        struct kri_sig **place = &p->held;

        while (*place != NULL) {
                kr_msg *at = kri_slot_holder(*place);

                if (at == slot || is_out_of_scope(p, at))
                        release_held(p, place);
                else
                        place = &(*place)->next;
        }
        slot->sig = NULL;
        slot->term.w = KRI_NONE;
}

void kri_slot_fill(struct kri_proc *p, kr_msg *slot, struct kri_sig *sig)
{
        kri_slot_prepare(p, slot);
        kri_slot_hold(p, slot, sig);
}

struct kri_sig *kri_slot_empty(struct kri_proc *p, kr_msg *slot)
{
        struct kri_sig **place = &p->held, *sig;

        while (kri_slot_holder(*place) != slot)
                place = &(*place)->next;
        sig = *place;
        *place = sig->next;
        kri_store(&sig->root, slot->term.w);
        slot->sig = NULL;
        slot->term.w = KRI_NONE;
        return sig;
}

void kri_held_release(struct kri_sched *s, struct kri_proc *p)
{
        while (p->held != NULL) {
                struct kri_sig *sig = p->held;

                p->held = sig->next;
                kri_sig_free(&s->pool, sig);
        }
}

void kri_held_release_stack(struct kri_proc *p)
{
        struct kri_sig **place = &p->held;

        while (*place != NULL) {
                if (kri_stack_holds(p->stack, kri_slot_holder(*place)))
                        release_held(p, place);
                else
                        place = &(*place)->next;
        }
}

void kr_msg_clear(kr_msg *slot)
{
        struct kri_proc *p = kri_enter();

        if (p == NULL)
                return;
        if (slot != NULL && slot->sig != NULL &&
            !kri_slot_release_quickly(p, slot, KRI_OTHER_SLOTS))
                kri_slot_release(p, slot);
        if (slot != NULL)
                *slot = (kr_msg){ .term = { KRI_NONE } };
        kri_leave(p);
}
