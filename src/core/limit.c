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
 * published by the push that follows. */
static bool enter(struct kri_limit *limit, size_t bytes)
{
        uint32_t messages_max = atomic_load_explicit(&limit->messages_max, memory_order_relaxed);
        uint64_t bytes_max = atomic_load_explicit(&limit->bytes_max, memory_order_relaxed);
        uint32_t messages = atomic_fetch_add_explicit(&limit->messages, 1, memory_order_relaxed);
        uint64_t size = atomic_fetch_add_explicit(&limit->bytes, bytes, memory_order_relaxed);

        if ((messages_max == 0 || messages < messages_max) &&
            (bytes_max == 0 || size + bytes <= bytes_max))
                return true;
        atomic_fetch_sub_explicit(&limit->messages, 1, memory_order_relaxed);
        atomic_fetch_sub_explicit(&limit->bytes, bytes, memory_order_relaxed);
        return false;
}

/* The receiver chose to end rather than to miss a message. */
static void end_receiver(struct kri_proc *p, struct kri_proc *to, uint32_t serial)
{
        struct kri_sig *sig = kri_sig_exit(&p->sched->pool, kri_proc_word(to),
                                           kri_atom(KRI_A_mailbox_overflow));

        if (sig == NULL)
                kri_raise_atom(p, KR_CLASS_ERROR, KRI_A_system_limit);
        sig->kind = KRI_SIG_EXIT;
        sig->flags = KRI_SIG_KILL;
        (void)kri_signal(p->node, p->sched,
                         kri_near_pid(p->node->slot, kri_proc_index(to), serial), sig);
}

enum kri_admission kri_limit_admit(struct kri_proc *p, struct kri_proc *to, uint32_t serial,
                                   size_t bytes)
{
        struct kri_limit *limit = limit_of(to);

        for (;;) {
                if (kri_serial(to) != serial || !(kri_flags(to) & KRI_P_LIMITED) ||
                    enter(limit, bytes))
                        return KRI_ADMIT;
                switch (atomic_load_explicit(&limit->overflow, memory_order_relaxed)) {
                case KR_OVERFLOW_REFUSE:
                        return KRI_REFUSE;
                case KR_OVERFLOW_EXIT:
                        end_receiver(p, to, serial);
                        return KRI_DROP;
                case KR_OVERFLOW_SUSPEND:
                        if (to == p)
                                return KRI_REFUSE; /* only we could make room */
                        kri_pause(p, WAIT_MS);
                        break;
                default:
                        return KRI_DROP;
                }
        }
}

void kri_limit_leave(struct kri_proc *p, const struct kri_sig *sig)
{
        struct kri_limit *limit = limit_of(p);

        if (sig->kind != KRI_SIG_MESSAGE && sig->kind != KRI_SIG_ALIAS)
                return;
        atomic_fetch_sub_explicit(&limit->messages, 1, memory_order_relaxed);
        atomic_fetch_sub_explicit(&limit->bytes, kri_sig_size(sig), memory_order_relaxed);
}

void kri_limit_set(struct kri_proc *p, kr_mailbox_limit limit)
{
        struct kri_limit *l = limit_of(p);
        uint64_t bytes = 0;

        for (struct kri_sig *sig = p->first; sig != NULL; sig = sig->next)
                bytes += kri_sig_size(sig);
        atomic_store_explicit(&l->messages, p->len, memory_order_relaxed);
        atomic_store_explicit(&l->bytes, bytes, memory_order_relaxed);
        atomic_store_explicit(&l->messages_max, limit.messages, memory_order_relaxed);
        atomic_store_explicit(&l->bytes_max, limit.bytes, memory_order_relaxed);
        atomic_store_explicit(&l->overflow, limit.overflow, memory_order_relaxed);
        if (limit.messages != 0 || limit.bytes != 0)
                kri_flags_set(p, KRI_P_LIMITED, 0);
        else
                kri_flags_set(p, 0, KRI_P_LIMITED);
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
