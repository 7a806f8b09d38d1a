/* SPDX-License-Identifier: Apache-2.0 */
#include "watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/plat_clock.h"

#include "extra.h"
#include "fault.h"
#include "poll.h"
#include "receive.h"

#define THREAD_STACK (256u * 1024)
/* When every scheduler has slept for so many looks the watch sleeps until one wakes up. */
#define REST_LOOKS 20u

/* A process that has a scheduler for so long is a hog. A thread that made no progress for
 * want of a core is none. */
#define HOG_RAN_NS 3000000u
/* Where there are sockets it is looked for more often, and after less; where one waits to be
 * served, after still less. */
#define OUTSIDE_WATCH_NS 1500000
#define OUTSIDE_HOG_RAN_NS 2400000u
#define WAITED_FOR_HOG_RAN_NS 1000000u

/* What the last look at a scheduler saw. */
struct seen {
        uint64_t reductions;  /* spent, at the last look, and ... */
        uint64_t talk_ran_ns; /* ... how long the thread had run; 0: nobody waited */
        uint64_t turns;
        bool stuck;      /* turns had not moved then either, and ... */
        uint64_t ran_ns; /* ... its thread had run for so long */
};

struct kri_watch {
        kri_mutex lock; /* threads, and who holds which scheduler */
        pthread_t handle;
        _Atomic uint32_t stop;
        _Atomic uint32_t rests;   /* 1: sleeps on this word until kri_watch_wake */
        uint32_t idle_looks;      /* in a row that found every scheduler asleep */
        struct seen *seen;        /* per scheduler */
        struct kri_thread *ended; /* to be joined */
        struct kri_thread *spare; /* waits to take over; NULL: none has been needed yet */
};

/* -- threads -- */

static __thread struct kri_thread *this_thread;

/* Out of line and asked anew each time: see plat_tls.h. */
static __attribute__((noinline)) struct kri_thread *thread_here(void)
{
        __asm__ volatile("" ::: "memory");
        return this_thread;
}

static void leave_list(struct kri_watch *watch, struct kri_thread *thread)
{
        struct kri_thread **place = &thread->node->threads;

        kri_lock(&watch->lock);
        while (*place != thread)
                place = &(*place)->next;
        *place = thread->next;
        thread->next = watch->ended;
        watch->ended = thread;
        kri_unlock(&watch->lock);
}

static void *thread_main(void *arg)
{
        struct kri_thread *thread = arg;

        this_thread = thread;
        thread->tid = kri_thread_id();
        kri_thread_name("krarup");
        kri_thread_hurry();
        kri_native_init(&thread->native);
        kri_faults_thread_init(thread);
        while (!atomic_load(&thread->go))
                kri_futex_wait(&thread->go, 0, -1);
        if (thread->sched != NULL) {
                thread->sched->native = thread->native;
                kri_sched_loop(thread);
        }
        kri_faults_thread_fini(thread);
        leave_list(thread->node->watch, thread);
        return NULL;
}

/* lock held */
static kr_err start_spare(struct kr_node *node, struct kri_thread *thread)
{
        if (kri_faults_thread_new(thread) != KR_OK)
                return KR_ENOMEM;
        thread->next = node->threads;
        node->threads = thread;
        if (kri_thread_start(&thread->handle, thread_main, thread, THREAD_STACK) == 0)
                return KR_OK;
        node->threads = thread->next;
        kri_faults_thread_drop(thread);
        return KR_EOS;
}

/* lock held. See to it that a thread waits to be given a scheduler: made before it is needed,
 * for that takes as long as all the rest. */
static kr_err need_spare(struct kr_node *node)
{
        struct kri_watch *watch = node->watch;
        struct kri_thread *thread;
        kr_err err;

        if (watch->spare != NULL)
                return KR_OK;
        thread = calloc(1, sizeof(*thread));
        if (thread == NULL)
                return KR_ENOMEM;
        thread->node = node;
        err = start_spare(node, thread);
        if (err == KR_OK)
                watch->spare = thread;
        else
                free(thread);
        return err;
}

/* lock held. The spare thread begins, with s; NULL: it ends. */
static void use_spare(struct kri_watch *watch, struct kri_sched *s)
{
        struct kri_thread *thread = watch->spare;

        watch->spare = NULL;
        thread->sched = s;
        if (s != NULL)
                s->thread = thread;
        atomic_store(&thread->go, 1);
        kri_futex_wake(&thread->go, 1);
}

static void join_ended(struct kri_watch *watch)
{
        struct kri_thread *ended;

        kri_lock(&watch->lock);
        ended = watch->ended;
        watch->ended = NULL;
        kri_unlock(&watch->lock);
        while (ended != NULL) {
                struct kri_thread *next = ended->next;

                pthread_join(ended->handle, NULL);
                free(ended);
                ended = next;
        }
}

/* -- taking a scheduler away -- */

/* lock held. Is p in user code, and kept there? After this returns true it cannot enter
 * Krarup without stopping in kri_enter_taken.
 *
 * Either p, entering, sees `taken`, or we, after the barrier, see `inside`: a store and then a
 * load on both sides, of which p's pair has no fence of its own. ThreadSanitizer, which does
 * not know the barrier, need not know it: what p wrote before it left is ordered by release
 * and acquire of `inside`, what we write before it goes on by `taken` and the lock. */
static bool seize(struct kri_proc *p)
{
        atomic_store(&p->taken, 1);
        kri_barrier_heavy();
        if (!kri_inside(p))
                return true;
        atomic_store(&p->taken, 0);
        return false;
}

/* lock held, p seized, a spare thread there: its thread keeps it, and the spare one goes on
 * with the rest. The hog's gives way before the other wakes up, which then finds a core. */
static void hand_over(struct kr_node *node, struct kri_sched *s, struct kri_proc *p)
{
        struct kri_thread *thread = s->thread;

        thread->sched = NULL;
        thread->hog = p;
        thread->native_sp = s->native_sp;
        thread->native = s->native;
        kri_sched_set(p, NULL);
        atomic_store_explicit(&s->current, NULL, memory_order_relaxed);
        if (s->outbox.to != NULL)
                kri_outbox_flush(s);
        atomic_fetch_add(&node->handovers, 1);
        kri_thread_demote(thread->tid);
        use_spare(node->watch, s);
}

/* A process that talks spends the reductions of a message sent and received in less time than
 * this. */
#define TALK_NS 500u

/* Do the processes that wait here mostly talk? Until two looks have shown that they do not,
 * they do: it is wrong only for some milliseconds, and in favour of what is cheaper. */
static void note_talk(struct kri_sched *s, struct seen *seen)
{
        uint64_t reductions = atomic_load_explicit(&s->reductions, memory_order_relaxed);
        uint64_t spent = reductions - seen->reductions, ran_ns = 0, took_ns;
        bool sleeps, talkative = true;

        if (atomic_load_explicit(&s->backlog, memory_order_relaxed) >= 2 &&
            atomic_load(&s->thread->tid) != 0 &&
            kri_thread_look(s->thread->tid, &ran_ns, &sleeps) && seen->talk_ran_ns != 0) {
                took_ns = ran_ns - seen->talk_ran_ns;
                talkative = spent * TALK_NS >=
                            took_ns * (KRI_COST_SEND + KRI_COST_RECEIVE);
        }
        seen->reductions = reductions;
        seen->talk_ran_ns = ran_ns;
        /* relaxed: a hint */
        atomic_store_explicit(&s->talkative, talkative, memory_order_relaxed);
}

static bool looks_outside(struct kr_node *node)
{
        return atomic_load_explicit(&node->scheds[0].poll, memory_order_relaxed) != NULL;
}

/* The first scheduler is given its poller a moment before the others. acquire: pairs with
 * kri_poll_give */
static bool is_waited_for(const struct kri_sched *s)
{
        struct kri_poll *poll = atomic_load_explicit(&s->poll, memory_order_acquire);

        return poll != NULL && kri_is_readable(poll->fns->fd(poll));
}

/* Is the process at fault, or has its thread just not been given a core? */
static bool is_hog(struct kri_sched *s, struct seen *seen)
{
        uint64_t ran_ns;
        bool sleeps;

        if (!kri_thread_look(s->thread->tid, &ran_ns, &sleeps) || sleeps)
                return true;
        if (looks_outside(s->node)) {
                ran_ns = kri_thread_ran_ns(s->thread->handle) - seen->ran_ns;
                return ran_ns >= OUTSIDE_HOG_RAN_NS ||
                       (ran_ns >= WAITED_FOR_HOG_RAN_NS && is_waited_for(s));
        }
        if (seen->stuck)
                return ran_ns - seen->ran_ns >= HOG_RAN_NS;
        seen->stuck = true;
        seen->ran_ns = ran_ns;
        return false;
}

static void look_at_sched(struct kr_node *node, struct kri_sched *s, struct seen *seen)
{
        uint64_t turns = atomic_load_explicit(&s->turns, memory_order_relaxed);
        /* acquire: pairs with the store before its turn, for what is said of its thread */
        struct kri_proc *p = atomic_load_explicit(&s->current, memory_order_acquire);

        note_talk(s, seen);
        if (p == NULL || turns != seen->turns || !node->can_seize) {
                seen->turns = turns;
                seen->stuck = false;
                if (p != NULL && looks_outside(node))
                        seen->ran_ns = kri_thread_ran_ns(s->thread->handle);
                return;
        }
        if (!atomic_load(&node->watch->stop) && need_spare(node) == KR_OK &&
            is_hog(s, seen) && seize(p)) {
                /* it may have come out and another gone in since we looked */
                if (atomic_load(&s->current) == p && p->sched == s)
                        hand_over(node, s, p);
                else
                        atomic_store(&p->taken, 0);
        }
}

/* -- a process that was seized -- */

/* lock held: p cannot move, so we are its owner. */
static void take_for(struct kri_sched *s, struct kri_proc *p)
{
        kri_sched_set(p, s);
        kri_take(s, p);
        if (p->doom != NULL && kri_critical_depth(p) == 0 && !atomic_load(&p->zombie) &&
            !kri_has(p, KRI_P_ENDING | KRI_P_INTERRUPTED)) {
                kri_state_set(p, KRI_STATE_EXITING);
                kri_proc_tell(s, p);
                atomic_store(&p->zombie, 1);
        }
        if (atomic_load(&p->zombie))
                kri_mailbox_drop(s, p); /* nobody will read it, and it may take long */
        kri_sched_set(p, NULL);
}

static void look_at_hog(struct kr_node *node, struct kri_thread *thread)
{
        struct kri_proc *p = thread->hog;

        if (p == NULL)
                return;
        if (kri_outer_has_news(p) || (p->doom != NULL && !atomic_load(&p->zombie))) {
                struct kri_sched *s = kri_sched_borrow(node, NULL);

                take_for(s, p);
                kri_sched_return(node, s);
        }
        if (atomic_load(&p->zombie) || kri_has(p, KRI_P_INTERRUPTED))
                kri_fault_unwind(thread);
}

/* On a thread that has lost its scheduler: p enters Krarup, and waits for its turn. */
void kri_taken_wait(struct kri_proc *p)
{
        struct kri_watch *watch = p->node->watch;
        struct kri_thread *thread = thread_here();
        void *save = NULL;

        if (watch == NULL)
                return;
        kri_lock(&watch->lock); /* the watch decides one way or the other, then lets go */
        if (!atomic_load(&p->taken) || thread->hog != p) {
                atomic_store(&p->taken, 0);
                kri_unlock(&watch->lock);
                return;
        }
        thread->hog = NULL; /* from here on the watch leaves p alone */
        kri_unlock(&watch->lock);
        p->out = KRI_OUT_GONE;
        kri_fiber_leave_to_native(&save, &thread->native);
        kri_switch(&p->sp, thread->native_sp);
        kri_fiber_arrive(save, &p->sched->native);
}

void kri_enter_taken(struct kri_proc *p)
{
        if (p->stack != NULL && p->stack->spent)
                kri_fault_leave_spent(p);
        kri_taken_wait(p);
        kri_doom_check(p);
}

/* ThreadSanitizer does not bear that a zombie's fiber goes on elsewhere: it ends here, without
 * clean-ups. */
#if defined(KRI_TSAN)
static bool end_zombie(struct kri_proc *p)
{
        struct kri_sched *s;

        if (!atomic_load(&p->zombie))
                return false;
        s = kri_sched_borrow(p->node, NULL);
        p->sched = s;
        kri_proc_finish(s, p);
        kri_sched_return(s->node, s);
        return true;
}
#else
static bool end_zombie(struct kri_proc *p)
{
        (void)p;
        return false;
}
#endif

void kri_watch_gone(struct kri_proc *p, struct kri_sched *was)
{
        atomic_store(&p->taken, 0);
        if (end_zombie(p))
                return;
        p->out = KRI_OUT_YIELD;
        kri_sched_inject(was, p);
}

/* -- the monitor thread -- */

static void look(struct kr_node *node)
{
        struct kri_watch *watch = node->watch;

        kri_lock(&watch->lock);
        for (uint32_t i = 0; i < node->sched_count; i++)
                look_at_sched(node, &node->scheds[i], &watch->seen[i]);
        for (struct kri_thread *t = node->threads; t != NULL; t = t->next)
                look_at_hog(node, t);
        kri_unlock(&watch->lock);
        join_ended(watch);
}

/* Work that waits on one core while another sleeps, and nobody woke it. */
static void balance(struct kr_node *node)
{
        struct kri_sched *sleeper = NULL;
        bool has_to_give = false;

        for (uint32_t i = 0; i < node->sched_count; i++) {
                struct kri_sched *s = &node->scheds[i];

                if (atomic_load_explicit(&s->sleeping, memory_order_relaxed))
                        sleeper = s;
                else if (kri_sched_has_to_give(s))
                        has_to_give = true;
        }
        if (sleeper != NULL && has_to_give)
                kri_sched_kick(sleeper);
}

/* Nothing to watch: every scheduler sleeps, and no thread is on its own. */
static bool is_quiet(struct kr_node *node)
{
        struct kri_watch *watch = node->watch;
        uint32_t threads = 0;

        if (atomic_load(&node->idle) != node->sched_count)
                return false;
        kri_lock(&watch->lock);
        for (struct kri_thread *t = node->threads; t != NULL; t = t->next)
                threads += t != watch->spare;
        kri_unlock(&watch->lock);
        return threads == node->sched_count;
}

/* A scheduler that wakes up counts itself out of `idle` before it looks at `rests`, we look
 * the other way round: one of us sees the other. */
static void rest(struct kr_node *node)
{
        struct kri_watch *watch = node->watch;

        watch->idle_looks = 0;
        kri_report_rest(node);
        atomic_store(&watch->rests, 1);
        while (is_quiet(node) && atomic_load(&watch->rests) && !atomic_load(&watch->stop))
                kri_futex_wait(&watch->rests, 1, -1);
        atomic_store(&watch->rests, 0);
}

void kri_watch_wake(struct kr_node *node)
{
        struct kri_watch *watch = node->watch;

        if (atomic_load(&watch->rests) && atomic_exchange(&watch->rests, 0))
                kri_futex_wake(&watch->rests, 1);
}

static void *watch_main(void *arg)
{
        struct kr_node *node = arg;
        struct kri_watch *watch = node->watch;

        kri_thread_name("krarup-watch");
        kri_thread_hurry();
        while (!atomic_load(&watch->stop)) {
                kri_futex_wait(&watch->stop, 0,
                               looks_outside(node) ? OUTSIDE_WATCH_NS
                                                   : (int64_t)KRI_WATCH_MS * 1000000);
                look(node);
                balance(node);
                kri_report_late(node);
                watch->idle_looks = is_quiet(node) ? watch->idle_looks + 1 : 0;
                if (watch->idle_looks >= REST_LOOKS)
                        rest(node);
        }
        return NULL;
}

kr_err kri_watch_start(struct kr_node *node)
{
        struct kri_watch *watch = calloc(1, sizeof(*watch));
        kr_err err = KR_OK;

        if (watch == NULL)
                return KR_ENOMEM;
        watch->lock = (kri_mutex)KRI_MUTEX_INIT;
        watch->seen = calloc(node->sched_count, sizeof(*watch->seen));
        node->watch = watch;
        if (watch->seen == NULL)
                err = KR_ENOMEM;
        kri_lock(&watch->lock);
        for (uint32_t i = 0; err == KR_OK && i < node->sched_count; i++) {
                err = need_spare(node);
                if (err == KR_OK)
                        use_spare(watch, &node->scheds[i]);
        }
        kri_unlock(&watch->lock);
        if (err == KR_OK &&
            kri_thread_start(&watch->handle, watch_main, node, THREAD_STACK) != 0)
                err = KR_EOS;
        if (err != KR_OK) {
                atomic_store(&watch->stop, 2);
                kri_watch_stop(node);
        }
        return err;
}

static bool threads_left(struct kr_node *node)
{
        bool left;

        kri_lock(&node->watch->lock);
        left = node->threads != NULL;
        kri_unlock(&node->watch->lock);
        return left;
}

void kri_watch_stop(struct kr_node *node)
{
        struct kri_watch *watch = node->watch;
        bool running = atomic_exchange(&watch->stop, 1) == 0;

        atomic_store_explicit(&node->halt, true, memory_order_release);
        kri_lock(&watch->lock);
        if (watch->spare != NULL)
                use_spare(watch, NULL); /* there will be no other */
        kri_unlock(&watch->lock);
        while (threads_left(node)) {
                for (uint32_t i = 0; i < node->sched_count; i++)
                        kri_sched_kick(&node->scheds[i]);
                kri_sleep_ns(100000);
        }
        if (running) {
                kri_futex_wake(&watch->stop, 1);
                kri_watch_wake(node);
                pthread_join(watch->handle, NULL);
        }
        join_ended(watch);
        free(watch->seen);
        free(watch);
        node->watch = NULL;
}
