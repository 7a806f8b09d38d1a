/* SPDX-License-Identifier: Apache-2.0 */
/* poll.h: how the schedulers look at the world outside, which a layer above knows.
 *
 * Model    That layer gives each scheduler a poller. A scheduler that has nothing to run waits
 *          in it instead of on its word, and one that is busy looks about every millisecond
 *          without waiting. Whoever holds the scheduler does so, on the thread's own stack:
 *          after a hand-over that is another thread.
 * Notice   A signal that is not freed when it is taken in, for it is a part of something
 *          that stays. It tells a process to look, and carries nothing.
 * Outside  What a process has to do with the world: what it owns there, and what it waits
 *          for. Made when first needed; gone when the process has ended.
 * Law      A notice is in one queue at a time: `pending`, which whoever pushes it sets, and
 *          whoever takes it in clears before anything else.
 */
#ifndef KR_CORE_POLL_H
#define KR_CORE_POLL_H

#include "node.h"

/* A busy scheduler looks so often, ... */
#define KRI_POLL_NS 1000000
/* ... and what it woke has that many turns more than others before it looks again. */
#define KRI_POLL_SHARE 4u

struct kri_poll;

struct kri_poll_fns {
        /* Wait until something is there to be served, somebody calls wake, or `timeout_ns` has
         * passed (0: do not wait; negative: for ever). True: there is something. */
        bool (*wait)(struct kri_poll *poll, int64_t timeout_ns);
        /* Act on it: wakes processes on s. Gives how many things there were. */
        uint32_t (*serve)(struct kri_poll *poll, struct kri_sched *s);
        /* wait returns, now or when it is next called. Any thread. */
        void (*wake)(struct kri_poll *poll);
        /* A descriptor that is readable when there is something. */
        int (*fd)(const struct kri_poll *poll);
};

/* The first member of a poller. The holder of the scheduler, but for wake. */
struct kri_poll {
        const struct kri_poll_fns *fns;
};

/* Give every scheduler its poller, once in the life of a node; they stay until its threads
 * have ended. Any thread. KR_EOS: a host's descriptor cannot be told of them; nothing is
 * given. */
kr_err kri_poll_give(struct kr_node *node, struct kri_poll *const *polls);

/* -- notices -- */

struct kri_notice {
        /* p takes it in (as in take.c: on its own stack or on its scheduler's); NULL: it is too
         * late for that, or it has ended. */
        void (*taken)(struct kri_sched *s, struct kri_proc *p, struct kri_notice *notice);
        void *of; /* what it is a part of */
        _Atomic bool pending;
        struct kri_sig sig;
};

void kri_notice_init(struct kri_notice *notice,
                     void (*taken)(struct kri_sched *s, struct kri_proc *p,
                                   struct kri_notice *notice),
                     void *of);

/* Tell `pid` to look; pending from here on. `s` as for kri_signal. False: it has ended, and the
 * notice is not pending. Whoever calls sees to it that nobody else does at the same time. */
bool kri_notice_push(struct kri_sched *s, kri_word pid, struct kri_notice *notice);

/* take.c, link.c: it has come. p NULL: to nobody. */
void kri_notice_take(struct kri_sched *s, struct kri_proc *p, struct kri_sig *sig);

/* -- outside -- */

struct kri_outside {
        struct kri_proc *p;
        bool woken; /* the owner's: `wake` has been taken in since it was last false */

        /* -- of the layer above, which locks them as it likes -- */
        void *world;              /* what its node has there */
        void *things;             /* that it owns */
        void *queue;              /* that it waits in; NULL: none */
        struct kri_outside *next; /* in that queue */
        /* p has ended: close what it owns, leave the queue. Its links have not fired yet. May
         * be called again, for what was begun since. */
        void (*ended)(struct kri_sched *s, struct kri_outside *outside);

        struct kri_notice wake; /* it is woken from a wait */
};

/* That of p, made if need be; NULL: no memory. The owner. */
struct kri_outside *kri_outside_of(struct kri_proc *p);

/* Wait until it is woken, or the node's clock says `deadline_ns` (INT64_MAX: for ever). What
 * comes to the mailbox stays there. False: the time is up. May not return. The owner, inside,
 * with outside->woken set to false before it told anybody that it waits. */
bool kri_outside_wait(struct kri_outside *outside, int64_t deadline_ns);

/* Wake it. Whoever calls has it from the queue, and holds the lock of that; s as above. */
void kri_outside_wake(struct kri_sched *s, struct kri_outside *outside);

/* When p ends; NULL is ignored. fini: nobody can reach it any more. */
void kri_outside_ended(struct kri_sched *s, struct kri_proc *p);
void kri_outside_fini(struct kri_proc *p);

#endif
