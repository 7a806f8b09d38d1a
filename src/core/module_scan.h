/* SPDX-License-Identifier: Apache-2.0 */
/* module_scan.h: does a process hold an address of a span?
 *
 * Where    Its stack: return addresses, found frame by frame; other words of its frames, if they
 *          point to data or to the beginning of a function (what else points into code is a
 *          return address of a call that is over). Registers that are saved lie there too. Its
 *          record; its memory, word by word, kept terms left out, for terms hold no pointers.
 * Who      Whoever owns the process at the moment: itself, when it takes in the signal
 *          that asks for it, on its own stack or its scheduler's; or, while it sleeps,
 *          whoever asks (sleeper.h), without waking it.
 * Bounds   A look is at most about a mebibyte of memory. A process that has more is, while it
 *          sleeps or is suspended, looked at in steps between which others run.
 */
#ifndef KR_CORE_MODULE_SCAN_H
#define KR_CORE_MODULE_SCAN_H

#include "module.h"
#include "proc.h"

enum kri_hold_kind {
        KRI_HOLD_STACK,   /* a frame of it stands */
        KRI_HOLD_POINTER, /* in the frame of `frame` */
        KRI_HOLD_FUNCTION,
        KRI_HOLD_MEMORY,
        KRI_HOLD_CLEAN_UP,
        KRI_HOLD_RECORD,
        KRI_HOLD_BUSY, /* not known */
};

struct kri_hold {
        enum kri_hold_kind kind;
        uintptr_t at;    /* of the span; 0: BUSY */
        uintptr_t frame; /* POINTER: an address within the function */
};

#define KRI_HOLDS_MAX 8u

struct kri_holds {
        uint32_t count;
        bool unfinished; /* there is more memory than one look is for */
        struct kri_hold found[KRI_HOLDS_MAX];
};

enum kri_look {
        KRI_LOOK_DONE,  /* *ret says what it holds */
        KRI_LOOK_AWAKE, /* it is not asleep: ask it */
        KRI_LOOK_GONE,  /* there is no such process */
};

/* Look at a process that sleeps, in its place; a loop that can point to the current version is
 * made to. `self` runs, inside; others may run in between. */
enum kri_look kri_scan_sleeper(struct kri_proc *self, kri_word pid,
                               const struct kri_span *span, struct kri_holds *ret);

/* Ask `pid` to look at itself: the answer is the message {Ref, {Pid, Unfinished, [{Kind, At,
 * Frame}]}}, or {Ref} if it has ended. False: no memory. */
bool kri_scan_ask(struct kri_proc *self, kri_word pid, kr_ref ref,
                  const struct kri_span *span);
/* The request arrives. Takes it. */
void kri_scan_answer(struct kri_sched *s, struct kri_proc *p, struct kri_sig *request);
/* Is the message such an answer? */
bool kri_scan_get_answer(kr_term message, kr_ref ref, kr_pid *ret_pid,
                         struct kri_holds *ret);

/* Processes of a node, by their slots: from *at on the next one alive; 0: no more. */
kri_word kri_scan_next(const struct kr_node *node, uint32_t *at);

/* What hangs off the node itself. */
void kri_scan_node(struct kr_node *node, const struct kri_span *span,
                   struct kri_holds *ret);

#endif
