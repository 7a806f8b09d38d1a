/* SPDX-License-Identifier: Apache-2.0 */
#include "limit.h"

#include "term/atom.h"

#include "receive.h"

/* A sender that waits for room looks again after so long. */
#define WAIT_MS 1

static struct kri_limit *limit_of(const struct kri_proc *p)
{
        return &p->node->limits[kri_proc_index(p)];
}

/* The counters are relaxed: they bound a quantity and order nothing; what they count is
 * published by the push that follows. They are compared as signed numbers: a sender that is
 * late by a tenant may take back from the new one what it never gave. */
static bool enter(struct kri_limit *limit, size_t bytes)
{
        uint32_t messages_max =
                atomic_load_explicit(&limit->messages_max, memory_order_relaxed);
        uint64_t bytes_max =
                atomic_load_explicit(&limit->bytes_max, memory_order_relaxed);
        int64_t messages = (int32_t)atomic_fetch_add_explicit(&limit->messages, 1,
                                                              memory_order_relaxed);
        int64_t size = (int64_t)atomic_fetch_add_explicit(&limit->bytes, bytes,
                                                          memory_order_relaxed);

        return (messages_max == 0 || messages < messages_max) &&
               (bytes_max == 0 || size + (int64_t)bytes <= (int64_t)bytes_max);
}

static bool can_never(struct kri_limit *limit, size_t bytes)
{
        uint64_t bytes_max =
                atomic_load_explicit(&limit->bytes_max, memory_order_relaxed);

        return bytes_max != 0 && bytes > bytes_max;
}

static void leave(struct kri_limit *limit, size_t bytes)
{
        atomic_fetch_sub_explicit(&limit->messages, 1, memory_order_relaxed);
        atomic_fetch_sub_explicit(&limit->bytes, bytes, memory_order_relaxed);
}

/* The receiver chose to end rather than to miss a message. False: no memory. */
static bool end_receiver(struct kri_proc *p, struct kri_proc *to, uint32_t serial)
{
        struct kri_sig *sig = kri_sig_exit(&p->sched->pool, kri_proc_word(to),
                                           kri_atom(KRI_A_mailbox_overflow));

        if (sig == NULL)
                return false;
        sig->kind = KRI_SIG_EXIT;
        sig->flags = KRI_SIG_KILL;
        (void)kri_signal(p->node, p->sched,
                         kri_near_pid(p->node->slot, kri_proc_index(to), serial), sig);
        return true;
}

/* What p was about to send is meanwhile held as a message is, so that it goes with p. */
static void wait_for_room(struct kri_proc *p, struct kri_sig *sig)
{
        kr_msg slot = KR_MSG_INIT;

        kri_slot_fill(p, &slot, sig);
        kri_pause(p, WAIT_MS);
        (void)kri_slot_empty(p, &slot);
}

enum kri_admission kri_limit_admit(struct kri_proc *p, struct kri_proc *to,
                                   uint32_t serial, struct kri_sig *sig)
{
        struct kri_limit *limit = limit_of(to);
        size_t bytes = kri_sig_size(sig);

        while (kri_serial(to) == serial) {
                if (enter(limit, bytes)) {
                        sig->flags |= KRI_SIG_COUNTED;
                        return KRI_ADMIT;
                }
                leave(limit, bytes);
                switch (atomic_load_explicit(&limit->overflow, memory_order_relaxed)) {
                case KR_OVERFLOW_REFUSE:
                        return KRI_REFUSE;
                case KR_OVERFLOW_EXIT:
                        return end_receiver(p, to, serial) ? KRI_DROP : KRI_NO_MEMORY;
                case KR_OVERFLOW_SUSPEND:
                        if (to == p || can_never(limit, bytes))
                                return KRI_REFUSE; /* waiting would not end */
                        wait_for_room(p, sig);
                        break;
                default:
                        return KRI_DROP;
                }
        }
        return KRI_DROP; /* it has ended */
}

void kri_limit_leave(struct kri_proc *p, const struct kri_sig *sig)
{
        if (sig->flags & KRI_SIG_COUNTED)
                leave(limit_of(p), kri_sig_size(sig));
}

/* The first limit counts what is in the mailbox; what is on its way came without. */
static void begin_to_count(struct kri_proc *p, struct kri_limit *l)
{
        uint32_t messages = 0;
        uint64_t bytes = 0;

        for (struct kri_sig *sig = p->first; sig != NULL; sig = sig->next) {
                sig->flags |= KRI_SIG_COUNTED;
                bytes += kri_sig_size(sig);
                messages++;
        }
        atomic_store_explicit(&l->messages, messages, memory_order_relaxed);
        atomic_store_explicit(&l->bytes, bytes, memory_order_relaxed);
}

void kri_limit_set(struct kri_proc *p, kr_mailbox_limit limit)
{
        struct kri_limit *l = limit_of(p);
        bool counts = kri_has(p, KRI_P_LIMITED);

        if (!counts && limit.messages == 0 && limit.bytes == 0)
                return;
        if (!counts)
                begin_to_count(p, l);
        atomic_store_explicit(&l->messages_max, limit.messages, memory_order_relaxed);
        atomic_store_explicit(&l->bytes_max, limit.bytes, memory_order_relaxed);
        atomic_store_explicit(&l->overflow, limit.overflow, memory_order_relaxed);
        kri_flags_set(p, KRI_P_LIMITED, 0);
}

kr_mailbox_limit kri_limit_get(const struct kri_proc *p)
{
        struct kri_limit *l = limit_of(p);

        if (!kri_has(p, KRI_P_LIMITED))
                return (kr_mailbox_limit){ 0 };
        return (kr_mailbox_limit){ .messages = l->messages_max,
                                   .bytes = l->bytes_max,
                                   .overflow = (kr_overflow)l->overflow };
}
