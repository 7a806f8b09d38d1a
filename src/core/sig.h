/* SPDX-License-Identifier: Apache-2.0 */
/* sig.h: a signal: one block that travels from whoever sends it to the process it is for.
 *
 * Model    Everything that reaches a process is a signal in its one queue: messages, exits,
 *          links, monitors, timers, questions. A signal is built once, in the block that
 *          the receiver will own.
 * Owns     Its terms, which lie in `heap`; references to the blobs in the chain `blobs`.
 *          Whoever holds the signal frees it, with the pool of its own scheduler.
 * Law      A signal carries the serial of the process it was meant for: the slot may have a
 *          new tenant when it arrives, who drops it (and answers for the dead).
 */
#ifndef KR_CORE_SIG_H
#define KR_CORE_SIG_H

#include "base/pool.h"
#include "term/term.h"

#include "forward.h"

enum kri_sig_kind {
        KRI_SIG_MESSAGE, /* root: the message */
        KRI_SIG_ALIAS,   /* a message through the alias in ctl->ref; root: the message */
        KRI_SIG_EXIT,    /* exit/2.  root: {'EXIT', From, Reason} */
        KRI_SIG_LINK_EXIT, /* the other end of a link has ended.  root: as EXIT */
        KRI_SIG_LINK,
        KRI_SIG_UNLINK, /* answered by UNLINK_ACK */
        KRI_SIG_UNLINK_ACK,
        KRI_SIG_MONITOR, /* ctl->from watches; ctl->ref; extra: by name if an atom */
        KRI_SIG_DEMONITOR,
        KRI_SIG_DOWN,    /* root: {'DOWN', Ref, process, Object, Reason} */
        KRI_SIG_TIMER,   /* the wait that extra numbers is over */
        KRI_SIG_LEADER,  /* root: the new group leader */
        KRI_SIG_INFO,    /* process_info: root: items; answered by {Ref, Info} */
        KRI_SIG_ALIVE,   /* is_process_alive: answered by {Ref, true} when taken in */
        KRI_SIG_SUSPEND, /* answered as ALIVE */
        KRI_SIG_RESUME,
        KRI_SIG_CODE,      /* does it hold addresses of a module? See module_scan.h */
        KRI_SIG_INTERRUPT, /* see kri_interrupt in krarup/loop.h */
        KRI_SIG_NOTICE,    /* part of a struct kri_notice, which stays (poll.h) */
};

/* Flags */
#define KRI_SIG_KILL 1u    /* EXIT that cannot be trapped */
#define KRI_SIG_COUNTED 2u /* it takes room in a limited mailbox (limit.h) */

struct kri_sig {
        struct kri_sig *next; /* in a queue, or in the list of held messages */
        union {
                struct {
                        uint32_t to_serial;
                        uint32_t blobs; /* first blob box, in words from this struct;
                                         * 0: none */
                };
                uint64_t to; /* the two at once */
        };
        union {
                struct {
                        uint8_t kind;       /* enum kri_sig_kind */
                        uint8_t size_class; /* of the pool, or KRI_POOL_LARGE */
                        uint16_t flags;
                        uint32_t words; /* of heap */
                };
                uint64_t head; /* the four at once */
        };
        kri_word root; /* stored form; while held: the slot that holds it */
        kri_word heap[];
};

/* What all but plain messages have in front of their terms. */
struct kri_sig_ctl {
        kri_word from;   /* near pid, or 0 */
        kri_word ref[3]; /* as in a REF box, or 0 */
        kri_word extra;
};
#define KRI_CTL_WORDS (sizeof(struct kri_sig_ctl) / sizeof(kri_word))

static inline struct kri_sig_ctl *kri_sig_ctl(struct kri_sig *sig)
{
        return (struct kri_sig_ctl *)sig->heap;
}

static inline kri_word kri_sig_root(const struct kri_sig *sig)
{
        return kri_load(&sig->root);
}

/* A signal of kind MESSAGE with room for `words` words. NULL: no memory. */
struct kri_sig *kri_sig_new_large(struct kri_pool *pool, uint64_t words);

static inline struct kri_sig *kri_sig_new(struct kri_pool *pool, uint64_t words)
{
        size_t size = sizeof(struct kri_sig) + words * sizeof(kri_word);
        struct kri_sig *sig;
        unsigned size_class;

        if (__builtin_expect(words > (KRI_POOL_MAX - sizeof(*sig)) / sizeof(kri_word), 0))
                return kri_sig_new_large(pool, words);
        size_class = kri_pool_class(size);
        sig = (struct kri_sig *)kri_pool_alloc(pool, size_class);
        if (__builtin_expect(sig == NULL, 0))
                return NULL;
        sig->blobs = 0;
        sig->head = (uint64_t)KRI_SIG_MESSAGE | (uint64_t)size_class << 8 | words << 32;
        return sig;
}

void kri_sig_free_rare(struct kri_pool *pool, struct kri_sig *sig);

static inline void kri_sig_free(struct kri_pool *pool, struct kri_sig *sig)
{
        if (__builtin_expect(sig->blobs != 0 || sig->size_class == KRI_POOL_LARGE, 0))
                kri_sig_free_rare(pool, sig);
        else
                kri_pool_free(pool, sig, sig->size_class);
}

/* Bytes that it occupies. */
static inline size_t kri_sig_size(const struct kri_sig *sig)
{
        return sig->size_class == KRI_POOL_LARGE
                       ? sizeof(*sig) + sig->words * sizeof(kri_word)
                       : kri_pool_sizes[sig->size_class];
}

/* A control signal: ctl zeroed but for from; root a copy of `root` (KRI_NONE: none). */
struct kri_sig *kri_sig_control(struct kri_pool *pool, enum kri_sig_kind kind,
                                kri_word from, kri_word root);

/* {'EXIT', From, Reason}, kind EXIT. */
struct kri_sig *kri_sig_exit(struct kri_pool *pool, kri_word from, kri_word reason);

/* {'DOWN', Ref, process, Object, Reason}, kind DOWN; object: `name` with the node's name, or
 * the pid `from` when name is 0. */
struct kri_sig *kri_sig_down(struct kri_pool *pool, const kri_word ref[3], kri_word from,
                             uint32_t name, uint32_t node_name, kri_word reason);

/* {Ref, Term}, or {Ref} for KRI_NONE: kind MESSAGE. */
struct kri_sig *kri_sig_reply(struct kri_pool *pool, const kri_word ref[3], kri_word t);

/* The i-th element (from 1) of the tuple that is the root. */
static inline kri_word kri_sig_element(const struct kri_sig *sig, unsigned i)
{
        return kri_load(kri_ptr(kri_sig_root(sig)) + i);
}

/* A message that holds a copy of `t`. */
struct kri_sig *kri_sig_message(struct kri_pool *pool, kri_word t);

#endif
