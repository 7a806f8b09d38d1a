/* SPDX-License-Identifier: Apache-2.0 */
#include "list.h"

#include "receive.h"
#include "sched.h"

bool kri_list_fill(struct kri_proc *p, kr_msg *slot,
                   bool (*next)(void *walk, kri_word *ret), void *count, void *fill)
{
        kri_word item, *cell, *tail;
        struct kri_sig *sig;
        uint64_t n = 0;

        while (next(count, &item))
                n++;
        sig = kri_sig_new(&p->sched->pool, 2 * n);
        if (sig == NULL)
                return false;
        sig->kind = KRI_SIG_MESSAGE;
        tail = &sig->root;
        for (cell = sig->heap; n > 0 && next(fill, &item); cell += 2, n--) {
                kri_store(tail, kri_cons(cell));
                cell[0] = item;
                tail = &cell[1];
        }
        *tail = KRI_NIL;
        kri_slot_fill(p, slot, sig);
        return true;
}
