/* SPDX-License-Identifier: Apache-2.0 */
/* extra.h: what few processes have: links beyond the first, monitors, aliases, clean-ups,
 * a dictionary. Made when first needed; touched by the owner alone.
 */
#ifndef KR_CORE_EXTRA_H
#define KR_CORE_EXTRA_H

#include "base/table.h"
#include "base/table_set.h"

#include "proc.h"

/* A monitor that we have set, or an alias: by its reference's number. */
struct kri_watching {
        kri_word ref[3];
        kri_word target;     /* near pid; 0: a pure alias, or its DOWN has come */
        uint32_t name;       /* it was set by this name; 0: by pid */
        uint8_t mode;        /* enum kr_alias_mode: of the alias */
        bool monitoring;     /* a DOWN may come */
        bool alias;          /* messages through it are taken */
        bool once;           /* the first of them ends the alias */
        struct kri_sig *tag; /* root: takes the place of 'DOWN'; NULL: 'DOWN' */
};

#define KRI_MARKS 8u

struct kri_extra {
        struct kri_set links;       /* near pids: all but p->link */
        struct kri_table unlinking; /* near pid -> a: our UNLINKs not acknowledged yet */
        struct kri_watching first_watching; /* ref[0] 0: free; see watching.h */
        struct kri_table watching;          /* ref number -> a: struct kri_watching * */
        struct kri_table
                watched_by;       /* ref number -> a: watcher's pid, b: name atom | 0 */
        struct kri_defer *defers; /* newest first */
        struct kri_catch *catch; /* innermost, of an attached thread; else on its stack */
        struct kri_catch *interruptible; /* where an interrupt leads; NULL: nowhere */
        struct kri_stack *old_stacks;    /* left by faults; freed with the process */
        struct kri_dict *dict;
        kr_term misuse;              /* kept, or 0: the last one of an attached thread */
        void *fault;                 /* fault.c */
        void *armed;                 /* timer.c: its wake-up */
        struct kri_outside *outside; /* poll.h; NULL until needed */
        int64_t deadline_ns;         /* of this wait (WAIT_TIMED) */
        int64_t armed_ns;            /* when that comes (ARMED) */
        struct kri_table suspending; /* suspend.c: near pid -> a: how often */
        uint64_t suspended_more;     /* beyond p->suspended at its maximum */
        size_t memory_used, memory_max;

        /* Receive markers: what is in the mailbox up to `after` is older than the reference. */
        struct kri_mark {
                uint64_t ref; /* 0: free */
                struct kri_sig *after;
        } marks[KRI_MARKS];
        uint32_t mark_next;
};

#endif
