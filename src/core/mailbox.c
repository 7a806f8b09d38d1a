/* SPDX-License-Identifier: Apache-2.0 */
#include "mailbox.h"

#include "extra.h"
#include "ref.h"
#include "sched.h"

void kri_mailbox_append(struct kri_proc *p, struct kri_sig *sig)
{
        kri_append(p, sig);
}

void kri_marks_move(struct kri_proc *p, struct kri_sig *from, struct kri_sig *to)
{
        bool any = false;

        for (unsigned i = 0; i < KRI_MARKS; i++) {
                struct kri_mark *mark = &p->extra->marks[i];

                if (mark->ref != 0 && mark->after == from) {
                        mark->after = to;
                        if (to == NULL)
                                mark->ref = 0; /* nothing left to skip */
                }
                any |= mark->ref != 0;
        }
        if (!any)
                kri_flags_set(p, 0, KRI_P_MARKED);
}

void kri_mailbox_unlink(struct kri_proc *p, struct kri_sig *before, struct kri_sig *sig)
{
        if (p->scanned == sig)
                p->scanned = before; /* a wait at the top may still go on behind it */
        kri_mailbox_take_out(p, before, sig);
}

void kri_mark_set(struct kri_proc *p, uint64_t ref)
{
        struct kri_mark *mark;

        if (p->last == NULL)
                return;
        if (kri_extra(p) == NULL)
                return; /* slower, not wrong */
        mark = &p->extra->marks[p->extra->mark_next++ % KRI_MARKS];
        *mark = (struct kri_mark){ .ref = ref, .after = p->last };
        kri_flags_set(p, KRI_P_MARKED, 0);
}

struct kri_sig *kri_mark_after(const struct kri_proc *p, uint64_t ref)
{
        for (unsigned i = 0; p->extra != NULL && i < KRI_MARKS; i++)
                if (p->extra->marks[i].ref == ref)
                        return p->extra->marks[i].after;
        return NULL;
}
