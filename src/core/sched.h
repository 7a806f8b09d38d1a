/* SPDX-License-Identifier: Apache-2.0 */
/* sched.h: a scheduler: who runs next, and what only one thread at a time may use.
 *
 * Model    A scheduler is not a thread: a thread holds it, and it can be handed to another
 *          thread when a process does not come back (see watch.h). Its run queue and pools
 *          belong to the holder and take no lock. Work reaches it from outside by `inject`;
 *          an idle scheduler asks a busy one for work, which gives at its next turn.
 * Next     The receiver of a fresh message runs next: a conversation stays on one core and
 *          in its cache. After NEXT_MAX such turns in a row the queue has its turn.
 * Hop      A process that waits goes straight to the one that runs next, or is the first in
 *          the queue, when there is nothing to decide (kri_hop_next): one change of stacks
 *          instead of two. Whoever arrives puts the one that left to sleep (kri_arrive): until
 *          then it may still be on its stack. At most KRI_HOPS in a row; then the scheduler
 *          looks around.
 * Here     Whoever runs on a scheduler owns all that wait in its queues, too: a message to
 *          one of those goes straight into its mailbox, unless other signals are on the way
 *          to it already (p->sched is how one knows; p->outer what is on the way).
 * Outbox   Messages to a process that is awake elsewhere are chained and pushed together: at
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
#define KRI_HOPS 15u
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
        struct kri_proc *left; /* has hopped away, and is not yet asleep */
        uint32_t hops;         /* left, before the scheduler has its turn */
        uint32_t next_run;     /* turns in a row that came from `next` */
        uint32_t low_skips;    /* turns of others since a low one ran */
        int32_t turn;   /* reductions that a turn begins with; in simulation, this one */
        bool sim;       /* KR_DRIVE_SIM: nothing is left to order */
        bool direct;    /* who is woken here runs here, and next */
        bool serving;   /* who is woken now is woken by the world outside */
        uint64_t spent; /* reductions, not yet in the figure below */
        uint64_t spread_turn; /* when another core was last woken */
        uint64_t clock_turn;  /* when the clock was last looked at, ... */
        uint64_t clock_turns; /* ... which is once in so many turns */
        int64_t looked_ns;    /* what it said then */
        int64_t polled_ns;    /* when the poller was last asked, ... */
        uint64_t poll_turn;   /* ... and the turn from which on it is again */
        struct kri_queue queues[KRI_QUEUES];
        struct kri_queue served; /* woken by the world, since `serving` */
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
        _Atomic uint32_t sleeping;       /* 1: waits on this word; 2: in its poller */
        struct kri_poll *_Atomic poll;   /* set once; NULL: nothing outside (poll.h) */
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
        _Atomic uint32_t go; /* 0: waits until it is given a scheduler, or is to end */
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
/* Whoever would run next goes to the end of the queue: somebody else is about to. */
void kri_sched_put_off(struct kri_sched *s);
void kri_sched_inject(struct kri_sched *to, struct kri_proc *p);
bool kri_sched_has_to_give(const struct kri_sched *s);
#ifdef KRI_DEBUG
/* Tests: whoever becomes ready goes on on the next scheduler, not on this one. */
extern _Atomic bool kri_sched_scatters;
#endif
/* Ask its poller, if it has one, what has happened outside, and act on it. Gives how many
 * things. */
uint32_t kri_sched_look_outside(struct kri_sched *s);
/* Wake it if it sleeps. */
void kri_sched_kick(struct kri_sched *s);

/* -- leaving and arriving -- */

/* Ready to be woken: from the moment the exchange succeeds another scheduler may run p. */
static inline __attribute__((always_inline)) void kri_fall_asleep(struct kri_sched *s,
                                                                  struct kri_proc *p,
                                                                  enum kri_state state)
{
        struct kri_sig *empty = NULL;

        kri_state_set(p, state);
        kri_sched_set(p, NULL);
        /* release: whoever wakes p sees all that this turn wrote to it */
        if (__builtin_expect(!atomic_compare_exchange_strong_explicit(
                                     &p->outer, &empty, KRI_SLEEPING,
                                     memory_order_acq_rel, memory_order_relaxed),
                             0))
                kri_sched_woken(s->node, s, p);
}

/* First on a stack that was switched to: whoever hopped here is off its stack now. */
static inline __attribute__((always_inline)) void kri_arrive(struct kri_proc *p,
                                                             void *save)
{
        struct kri_sched *s = p->sched;
        struct kri_proc *left = s->left;

        kri_fiber_arrive(save, left == NULL ? &s->native : NULL);
        if (left != NULL) {
                s->left = NULL;
                kri_fall_asleep(s, left, KRI_STATE_WAITING);
        }
}

static inline __attribute__((always_inline)) void kri_count_turn(struct kri_sched *s,
                                                                 struct kri_proc *p,
                                                                 int32_t turn)
{
        uint64_t spent = (uint64_t)(turn - kri_turn_left(p));

        p->reductions += spent;
        s->spent += spent;
}

/* The first in the normal queue, as the one that runs next, if no more is to be done than to go
 * on with it, and nobody else may come before it; else NULL. */
struct kri_proc *kri_hop_queue(struct kri_sched *s);

/* It goes on at its top, or begins: on any stack. */
static inline bool kri_begins(const struct kri_proc *p)
{
        return p->out == KRI_OUT_TOP || (p->out == KRI_OUT_YIELD && p->stack == NULL);
}

/* The process that runs next, if no more is to be done than to go on with it; else NULL. */
static inline __attribute__((always_inline)) struct kri_proc *kri_hop_next(
        struct kri_sched *s)
{
        struct kri_proc *next = s->next;

        if (s->hops == 0 || s->outbox.to != NULL)
                return NULL;
        /* relaxed: work from elsewhere, seen now or after the next hop */
        if (atomic_load_explicit(&s->inject, memory_order_relaxed) != NULL ||
            atomic_load_explicit(&s->wanted, memory_order_relaxed) != 0)
                return NULL;
        if (next == NULL)
                return kri_hop_queue(s);
        if (kri_outer_has_news(next) || next->doom != NULL || next->suspended != 0 ||
            (kri_flags(next) & (KRI_P_NEWS | KRI_P_CAPPED)) != KRI_P_NEWS)
                return NULL;
        return next;
}

/* p's turn is over, next's begins. */
static inline __attribute__((always_inline)) void kri_hop_begin(struct kri_sched *s,
                                                                struct kri_proc *p,
                                                                struct kri_proc *next)
{
        s->next = NULL;
        s->hops--;
        kri_count_turn(s, p, KRI_TURN_REDUCTIONS);
        /* relaxed: one writer, a figure */
        atomic_store_explicit(&s->turns,
                              atomic_load_explicit(&s->turns, memory_order_relaxed) + 1,
                              memory_order_relaxed);
        kri_turn_begin(next, KRI_TURN_REDUCTIONS);
        kri_state_set(next, KRI_STATE_RUNNING);
        /* release: as in the scheduler's run() */
        atomic_store_explicit(&s->current, next, memory_order_release);
        kri_tls_set(next);
}

/* A stack and a place on it for `next`; false: it takes the scheduler. */
static inline __attribute__((always_inline)) bool kri_hop_has_stack(struct kri_sched *s,
                                                                    struct kri_proc *next)
{
        if (__builtin_expect(next->out == KRI_OUT_WAIT, 1))
                return true;
        if (!kri_begins(next) || s->hot_stack == NULL)
                return false;
        next->stack = s->hot_stack;
        s->hot_stack = NULL;
        next->sp = kri_switch_prepare(next->stack->top, kri_proc_main);
        return true;
}

/* p waits: on to whoever runs next. Returns when p runs again; false: it did not go. */
static inline __attribute__((always_inline)) bool kri_hop(struct kri_proc *p)
{
        struct kri_sched *s = p->sched;
        struct kri_proc *next = kri_hop_next(s);
        void *save = NULL;

        if (next == NULL || !kri_hop_has_stack(s, next))
                return false;
        kri_hop_begin(s, p, next);
        s->left = p;
        kri_fiber_leave_to_proc(&save, next->stack);
        kri_switch(&p->sp, next->sp);
        kri_arrive(p, save);
        return true;
}

/* p, which waits at its top, is done with its stack: whoever runs next has it. Does not return
 * if that is possible. */
static inline __attribute__((always_inline)) void kri_hop_from_top(struct kri_proc *p)
{
#if !defined(KRI_TSAN) /* which keeps a shadow of the frames that are dropped here */
        struct kri_sched *s = p->sched;
        struct kri_proc *next = kri_hop_next(s);
        struct kri_stack *stack = p->stack;
        void *sp;

        if (next == NULL)
                return;
        if (kri_begins(next)) {
                kri_hop_begin(s, p, next);
                p->stack = NULL;
                next->stack = stack;
                kri_fall_asleep(s, p, KRI_STATE_WAITING);
                kri_fiber_skip_frames();
                kri_switch_restart(stack->top, kri_proc_enter);
        }
        if (next->out != KRI_OUT_WAIT || s->hot_stack != NULL)
                return;
        kri_hop_begin(s, p, next);
        kri_fiber_clean(stack);
        s->hot_stack =
                stack; /* for somebody later on this thread, which is off it by then */
        p->stack = NULL;
        s->left = p;
        kri_fiber_leave_to_proc(NULL, next->stack);
        kri_switch(&sp, next->sp);
        __builtin_unreachable();
#else
        (void)p;
#endif
}

/* Leave the process's stack for that of whoever runs it. Inlined all the way: each return
 * between the switch and the user's code would be one that the processor predicts wrongly. */
static inline __attribute__((always_inline)) void kri_switch_native(struct kri_proc *p,
                                                                    bool for_good)
{
        struct kri_sched *s = p->sched;
        void *save = NULL;

        kri_fiber_leave_to_native(for_good ? NULL : &save, &s->native);
        kri_switch(&p->sp, s->native_sp);
        kri_arrive(p, save);
}

void kri_thread_wait(struct kri_proc *p);

/* Back to the scheduler, or on to the next; returns when the process runs again (never after
 * EXIT, TOP). */
static inline __attribute__((always_inline)) void kri_switch_out(struct kri_proc *p,
                                                                 enum kri_out out)
{
        p->out = (uint8_t)out;
        if (__builtin_expect(kri_has(p, KRI_P_THREAD), 0)) {
                kri_thread_wait(p); /* the thread waits itself */
                return;
        }
        if (out == KRI_OUT_WAIT && kri_hop(p))
                return;
        if (out == KRI_OUT_TOP)
                kri_hop_from_top(p);
        kri_switch_native(p, out == KRI_OUT_TOP || out == KRI_OUT_EXIT);
}

/* Does it sleep, and can it run here and next? A hint. */
static inline bool kri_wakes_simply(const struct kri_sched *s, const struct kri_proc *p)
{
        return s->outbox.to == NULL && s->next == NULL && s->direct &&
               atomic_load_explicit(&p->outer, memory_order_relaxed) == KRI_SLEEPING &&
               !kri_has(p, KRI_P_THREAD) && p->priority <= KR_PRIORITY_LOW;
}

/* End its sleep: p is ours from here on, and in no queue. False: it did not sleep. */
static inline bool kri_rouse(struct kri_proc *p)
{
        struct kri_sig *asleep = KRI_SLEEPING;

        /* acquire: pairs with fall_asleep's release, as in kri_push */
        return atomic_compare_exchange_strong_explicit(&p->outer, &asleep, NULL,
                                                       memory_order_acq_rel,
                                                       memory_order_relaxed);
}

/* It has been roused, simply. */
static inline void kri_run_next(struct kri_sched *s, struct kri_proc *p)
{
        kri_state_set(p, KRI_STATE_READY);
        kri_sched_set(p, s);
        s->next = p;
}

/* kri_sched_woken, with the usual case in line. */
static inline __attribute__((always_inline)) void kri_sched_wake(struct kri_sched *s,
                                                                 struct kri_proc *p)
{
        if (__builtin_expect(s->direct && s->next == NULL && !kri_has(p, KRI_P_THREAD) &&
                                     p->priority <= KR_PRIORITY_LOW,
                             1)) {
                kri_run_next(s, p);
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

/* The same from p, to a pid of any node, or through an alias (with KRI_CTL_WORDS free in front
 * of the terms): as kr_send. Takes sig. KR_EFULL: the receiver's limit refuses it. May not return. */
kr_err kri_send_sig(struct kri_proc *p, kr_pid to, struct kri_sig *sig);
kr_err kri_send_sig_alias(struct kri_proc *p, kr_ref to, struct kri_sig *sig);

/* A message whose root is to be made around the term of a call site, which is built behind
 * `before` words: *ret_term. NULL: misuse or no memory, as for kr_send, but nothing is raised. */
struct kri_sig *kri_build_sig(struct kri_proc *p, struct kri_site *site,
                              const union kri_arg *args, uint64_t before,
                              kri_word *ret_term);

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

/* A message is in the mailbox of p, who may wait for one. */
static inline void kri_put(struct kri_proc *p, struct kri_sig *sig)
{
        kri_append(p, sig);
        kri_flags_set(p, KRI_P_NEWS, 0);
}

/* Is `to` ours, and would a message from s come after all that was sent to it before? */
static inline bool kri_is_here(const struct kri_sched *s, const struct kri_proc *to)
{
        return kri_is_with(to, s) && s->outbox.to != to && !kri_outer_has_news(to);
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
                kri_put(p, sig);
        } else {
                kri_take_chain(s, p, sig);
        }
}

#endif
