/* SPDX-License-Identifier: Apache-2.0 */
/* send_quick.h: the usual message, on its way without a call.
 *
 * Model    A small message to a process of this node that has no limit is built in the first
 *          free block of the pool. Who does that in line calls nothing else, so that it saves
 *          no registers, which would be half of its cost: whatever is unusual is a jump to a
 *          function that begins anew.
 * Envelope Words in front of what the call site builds are for a tuple around it; its last
 *          element is the word right in front, where what is built leaves itself, stored.
 */
#ifndef KR_CORE_SEND_QUICK_H
#define KR_CORE_SEND_QUICK_H

#include "term/pattern_quick.h"

#include "node.h"
#include "sched.h"

_Static_assert(KRI_FAST_WORDS == 2 * KRI_FAST_STEP, "two steps at most");
_Static_assert(offsetof(struct kri_sig, root) + sizeof(kri_word) ==
                       offsetof(struct kri_sig, heap),
               "kri_build_fast writes the root in front of the words");
_Static_assert(offsetof(struct kri_sig, next) == offsetof(struct kri_block, next),
               "a signal that is built in a free block does not touch its link");

/* NULL: it has not been compiled. */
static inline const struct kri_build_code *kri_build_code_of(const struct kri_site *site)
{
        /* acquire: as in kri_site_code */
        return (const struct kri_build_code *)__atomic_load_n(&site->code,
                                                              __ATOMIC_ACQUIRE);
}

/* Is it a pid of this node? p has entered quickly, and nothing has been asked; `code` may be
 * NULL. False: it may be one, but is not that easy. From here on its number says it all, as the
 * code says which site it is of: what need not be kept costs no register. */
static inline __attribute__((always_inline)) bool kri_quick_is_near(
        const struct kri_proc *p, kr_pid to, const struct kri_build_code *code)
{
        return __builtin_expect(!kri_is_taken(p) && to.node == p->node->slot &&
                                        kri_pid_index(to.num) < p->node->procs_max &&
                                        code != NULL,
                                1);
}

/* Who has the pid with that number, which is near, and gets what is built by `code`. NULL: it is
 * not that easy. */
static inline __attribute__((always_inline)) struct kri_proc *kri_quick_receiver(
        const struct kri_proc *p, uint64_t num, const struct kri_build_code *code)
{
        struct kri_proc *receiver = kri_proc_at(p->node, kri_pid_index(num));

        if (__builtin_expect(kri_serial(receiver) != kri_pid_serial(num) ||
                                     kri_has(receiver, KRI_P_LIMITED) || code->fast == 0,
                             0))
                return NULL;
        if (receiver == NULL)
                __builtin_unreachable(); /* it is in the table: not to be asked twice */
        return receiver;
}

/* The class of blocks that hold so many words in front of what is built, in one step: images
 * are copied in whole steps. The class for two steps follows it. */
#define KRI_QUICK_SIZE(before, words)                                                    \
        (sizeof(struct kri_sig) + ((before) + (words)) * sizeof(kri_word))
static inline __attribute__((always_inline)) unsigned kri_quick_class(uint32_t before)
{
        return kri_pool_class(KRI_QUICK_SIZE(before, KRI_FAST_STEP));
}

/* So many words in front: the two classes, in bytes. */
#define KRI_QUICK_FITS(before, one_step, two_steps)                                      \
        (KRI_QUICK_SIZE(before, KRI_FAST_STEP) <= (one_step) &&                          \
         KRI_QUICK_SIZE(before, KRI_FAST_STEP) > (one_step)-32 &&                        \
         KRI_QUICK_SIZE(before, KRI_FAST_WORDS) <= (two_steps))
_Static_assert(KRI_QUICK_FITS(0, 64, 96), "a message by itself");

/* Build in the first free block of the pool, `before` words (a constant, and few) behind its
 * beginning, for the tenant with that serial. NULL: not that easy; nothing has happened. */
static inline __attribute__((always_inline)) struct kri_sig *kri_build_in_pool(
        struct kri_pool *pool, const struct kri_build_code *code,
        const union kri_arg *args, uint32_t before, uint32_t serial)
{
        struct kri_pool_list *hot;
        struct kri_sig *sig;

        if (__builtin_expect(pool->fail_in != 0, 0))
                return NULL;
        hot = &pool->hot[kri_quick_class(before) + code->fast_steps];
        sig = (struct kri_sig *)hot->first;
        if (__builtin_expect(sig == NULL, 0))
                return NULL;
        sig->to = serial; /* and no blobs */
        if (!kri_build_fast(code, args, sig->heap + before))
                return NULL;
        hot->first = (struct kri_block *)sig->next;
        hot->room++;
        sig->head = code->fast_sizes + ((uint64_t)before << 32) +
                    ((uint64_t)kri_quick_class(before) << 8) + KRI_SIG_MESSAGE;
        return sig;
}

/* KR_OK, made when it is needed: the compiler would keep some other word that it knows to be
 * zero until then, in a register that nobody else could have. */
static inline kr_err kri_sent(void)
{
        kr_err ok = KR_OK;

        __asm__("" : "+r"(ok));
        return ok;
}

/* Where those who build so go on with a jump. away: the receiver need not be
 * near; takes sig. enough: the message is in its mailbox, and p's turn is over. */
kr_err kri_send_away(struct kri_proc *p, struct kri_proc *to, struct kri_sig *sig);
kr_err kri_sent_enough(struct kri_proc *p);

#endif
