/* SPDX-License-Identifier: Apache-2.0 */
/* loop.h: processes that run a loop over a record (krarup/loop.h), as the core sees them.
 *
 * Model    Such a process has the entry kind LOOP, and p->arg.ptr is its record, whose head
 *          says which loop it is. Nothing else of it is in the process's own record.
 * Law      caught() runs once at most for each way into the loop (KRI_P_CAUGHT, until the
 *          stack is emptied), ended() once (KRI_P_ENDED).
 */
#ifndef KR_CORE_LOOP_H
#define KR_CORE_LOOP_H

#include <krarup/loop.h>

#include "proc.h"

/* What an entry of the kind LOOP has for its argument. */
struct kri_loop_start {
        const kr_loop *loop;
        void *own;          /* this block of the process is its record; NULL: */
        const void *record; /* a copy of this; NULL: zeros */
        size_t size;
        kri_word args;
};

/* The loop of p; NULL: it runs none. */
static inline const kr_loop *kri_loop_of(const struct kri_proc *p)
{
        if (__builtin_expect(p->entry_kind != KRI_ENTRY_LOOP, 1))
                return NULL;
        return ((const struct kr_loop_head *)p->arg.ptr)->loop;
}

/* For kri_entry_copy: p has the record, and what it had before goes. False: no memory. */
bool kri_loop_enter(struct kri_proc *p, const struct kri_entry *entry);

/* Is there a caught() to hear what p raises now, that no kr_catch is there for? */
bool kri_loop_catches(const struct kri_proc *p);
/* It hears. p is inside, and is afterwards. May not return. */
void kri_loop_caught(struct kri_proc *p, kr_class kind, kri_word reason);

/* Is there an ended() to be called? */
static inline bool kri_loop_has_end(const struct kri_proc *p)
{
        const kr_loop *loop = kri_loop_of(p);

        return loop != NULL && loop->ended != NULL && !kri_has(p, KRI_P_ENDED);
}
/* Call it. p is inside, and is afterwards. May not return: then it has been called. */
void kri_loop_end(struct kri_proc *p, kri_word reason);

/* What p is called among people, if it has not registered: of its loop, or of the function
 * that it was spawned with. */
const char *kri_proc_name(const struct kri_proc *p);

#endif
