/* SPDX-License-Identifier: Apache-2.0 */
/* sched.h: a scheduler: who runs next, and what only one thread at a time may use.
 *
 * Model    A scheduler is not a thread: a thread holds it, and it can be handed to another
 *          thread when a process does not come back (see watch.h). Its run queue and pools
 *          belong to the holder and take no lock. Work reaches it from outside by `inject`;
 *          an idle scheduler asks a busy one for work, which gives at its next turn.
 * Next     The receiver of a fresh message runs next: a conversation stays on one core and
 *          in its cache. After NEXT_MAX such turns in a row the queue has its turn.
 * Outbox   Messages to a process that is awake already are chained and pushed together: at
 *          64 of them, before any other signal, before a message to somebody else, and at
 *          the end of the turn. So order between a pair holds, and nothing waits longer
 *          than a turn.
 */
#ifndef KR_CORE_SCHED_H
#define KR_CORE_SCHED_H

#include "fiber.h"
#include "proc.h"

/* A turn: short enough that what a sender sends in one is still in its core's cache when the
 * receiver looks at it. */
#define KRI_TURN_REDUCTIONS 4000
#define KRI_COST_SEND 16
#define KRI_COST_RECEIVE 4
#define KRI_COST_SPAWN 32
#define KRI_OUTBOX_MAX 64u
#define KRI_SLOT_RING 256u

enum { KRI_QUEUE_MAX, KRI_QUEUE_HIGH, KRI_QUEUE_NORMAL, KRI_QUEUE_LOW, KRI_QUEUES };

struct kri_queue {
        struct kri_proc *first, *last;
        uint32_t len;
};

struct kri_outbox {
        struct kri_proc *to;
        struct kri_sig *newest, *oldest; /* linked from newest to oldest, as `outer` is */
        uint32_t count;
        uint32_t to_serial;
};

struct kri_sched {
        /* -- the holder's -- */
        struct kr_node *node;
        struct kri_proc *next; /* runs next */
        uint32_t next_run;     /* turns in a row that came from `next` */
        uint32_t low_skips;    /* turns of others since a low one ran */
        bool sim;              /* KR_DRIVE_SIM: nothing is left to order */
        bool direct;           /* who is woken here runs here, and next */
        uint64_t spent;        /* reductions, not yet in the figure below */
        uint64_t spread_turn;  /* when another core was last woken */
        struct kri_queue queues[KRI_QUEUES];
        struct kri_outbox outbox;
        struct kri_pool pool;
        struct kri_stack *hot_stack; /* free, and the one used last; may be NULL */
        struct kri_stack_cache stacks;
        uint32_t slots[KRI_SLOT_RING]; /* free slots, first in first out */
        uint32_t slot_head, slot_count;
        uint32_t index;  /* in node->scheds; ~0: an attached thread's */
        void *native_sp; /* the holder's own stack while a process runs */
        struct kri_native native;
        uint64_t ref_next, ref_end; /* numbers for references, from the node in blocks */
        uint64_t chance;            /* state of its random numbers */

        /* -- the holder writes, others read (figures, and the watch) -- */
        struct kri_proc *_Atomic current;
        _Atomic uint64_t turns;
        _Atomic uint64_t reductions, spawned, steals;
        _Atomic int64_t alive;    /* processes born here less those that ended here */
        _Atomic uint32_t backlog; /* processes in the normal queue */
        _Atomic bool talkative;   /* the watch writes it: its processes mostly talk to
                                            each other, and are faster on one core */

        /* -- any thread -- */
        struct kri_proc *_Atomic inject; /* made ready elsewhere; linked by run_next */
        _Atomic uint32_t sleeping;       /* 1: waits on this word */
        _Atomic uint32_t wanted;         /* index + 1 of a scheduler that asks for work */
        struct kri_thread *thread;       /* the holder (under the node's watch lock) */
};

/* An OS thread of the node. */
struct kri_thread {
        struct kr_node *node;
        struct kri_sched *sched; /* that it holds; NULL: taken away, or spare */
        pthread_t handle;
        _Atomic int tid;      /* 0: it has not begun */
        struct kri_proc *hog; /* that it still runs after its scheduler went */
        void *signal_stack;
        struct kri_thread *next;
        struct kri_native native;
        void *native_sp;
        _Atomic uint32_t wake;
};

void kri_sched_init(struct kri_sched *s, struct kr_node *node, uint32_t index);
void kri_sched_fini(struct kri_sched *s);

/* One turn of whoever is next; false: nobody can run. */
bool kri_sched_turn(struct kri_sched *s);

/* Turns until the node halts or the scheduler is taken from this thread. */
void kri_sched_loop(struct kri_thread *thread);

/* Make a process that was just woken, or born, run: `s` is the caller's scheduler, or NULL
 * on other threads. woken: next; queued: at the end. */
void kri_sched_woken(struct kr_node *node, struct kri_sched *s, struct kri_proc *p);
void kri_sched_queue(struct kri_sched *s, struct kri_proc *p);
void kri_sched_born(struct kri_sched *s, struct kri_proc *p);
void kri_sched_inject(struct kri_sched *to, struct kri_proc *p);
bool kri_sched_has_to_give(const struct kri_sched *s);
#ifdef KRI_DEBUG
/* Tests: whoever becomes ready goes on on the next scheduler, not on this one. */
extern _Atomic bool kri_sched_scatters;
#endif
/* Wake it if it sleeps. */
void kri_sched_kick(struct kri_sched *s);

/* Leave the process's stack for that of whoever runs it. Inlined all the way: each return
 * between the switch and the user's code would be one that the processor predicts wrongly. */
static inline __attribute__((always_inline)) void kri_switch_native(struct kri_proc *p,
                                                                    bool for_good)
{
        struct kri_sched *s = p->sched;
        void *save = NULL;

        kri_fiber_leave_to_native(for_good ? NULL : &save, &s->native);
        kri_switch(&p->sp, s->native_sp);
        kri_fiber_arrive(save, &p->sched->native);
}

void kri_thread_wait(struct kri_proc *p);

/* Back to the scheduler; returns when the process runs again (never after EXIT, TOP). */
static inline __attribute__((always_inline)) void kri_switch_out(struct kri_proc *p,
                                                                 enum kri_out out)
{
        p->out = (uint8_t)out;
        if (__builtin_expect(kri_has(p, KRI_P_THREAD), 0))
                kri_thread_wait(p); /* the thread waits itself */
        else
                kri_switch_native(p, out == KRI_OUT_TOP || out == KRI_OUT_EXIT);
}

/* kri_sched_woken, with the usual case in line. */
static inline __attribute__((always_inline)) void kri_sched_wake(struct kri_sched *s,
                                                                 struct kri_proc *p)
{
        if (__builtin_expect(s->direct && s->next == NULL && !kri_has(p, KRI_P_THREAD) &&
                                     p->priority <= KR_PRIORITY_LOW,
                             1)) {
                kri_state_set(p, KRI_STATE_READY);
                s->next = p;
        } else {
                kri_sched_woken(s->node, s, p);
        }
}

/* -- sending (send.c) -- */

/* Push a chain, newest first, and wake the receiver if it slept. False: no tenant with that
 * serial was there to take it (the caller still owns the chain). `s` as above. */
bool kri_push(struct kr_node *node, struct kri_sched *s, struct kri_proc *to,
              struct kri_sig *newest, struct kri_sig *oldest);

void kri_outbox_flush(struct kri_sched *s);

/* A signal to a near pid: takes `sig`; false if nobody is there (sig is freed). */
bool kri_signal(struct kr_node *node, struct kri_sched *s, kri_word to,
                struct kri_sig *sig);

/* A message built already, from p (its scheduler's outbox). Takes sig. */
void kri_deliver(struct kri_sched *s, struct kri_proc *to, uint32_t serial,
                 struct kri_sig *sig);

/* -- taking in (take.c) -- */

/* Take in all signals: messages to the mailbox, the rest acted upon. The owner, on its own
 * stack or on its scheduler's. */
void kri_take(struct kri_sched *s, struct kri_proc *p);
void kri_take_chain(struct kri_sched *s, struct kri_proc *p, struct kri_sig *newest);

static inline void kri_append(struct kri_proc *p, struct kri_sig *sig)
{
        sig->next = NULL;
        if (p->last != NULL)
                p->last->next = sig;
        else
                p->first = sig;
        p->last = sig;
        p->len++;
}

/* kri_take, with the usual case in line: one message. */
static inline void kri_take_inline(struct kri_sched *s, struct kri_proc *p)
{
        /* acquire: as in kri_take */
        struct kri_sig *sig =
                atomic_exchange_explicit(&p->outer, NULL, memory_order_acquire);

        if (__builtin_expect(sig->next == NULL && sig->kind == KRI_SIG_MESSAGE &&
                                     sig->to_serial == kri_serial(p),
                             1)) {
                kri_append(p, sig);
                kri_flags_set(p, KRI_P_NEWS, 0);
        } else {
                kri_take_chain(s, p, sig);
        }
}

#endif
