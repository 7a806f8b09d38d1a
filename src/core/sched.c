/* SPDX-License-Identifier: Apache-2.0 */
#include "sched.h"

#include <string.h>

#include "base/plat_clock.h"
#include "base/rand.h"
#include "term/atom.h"

#include "extra.h"
#include "loop.h"
#include "node.h"
#include "poll.h"
#include "sim.h"
#include "timer.h"
#include "watch.h"

/* Turns in a row that go to receivers of fresh messages before the queue has its turn. */
#define NEXT_MAX 32u
/* A low process runs once for so many turns of others. */
#define LOW_SHARE 8u
/* So many waiting processes are worth waking another core for (it costs 25 us). */
#define SPREAD_AT 8u
#define SPREAD_TURNS 64u
/* So many are worth it even if they only talk. */
#define CROWD 2048u
/* The clock is read once in so many turns, and after every long one. */
#define CLOCK_TURNS 16u
#define IDLE_SPIN_NS 20000
/* Where turns are long it is read more often: at least once in twice this, or in a turn. */
#define CLOCK_NS (KRI_POLL_NS / 4)
/* s->sleeping: how it does */
#define SLEEPS 1u
#define POLLS 2u

void kri_sched_init(struct kri_sched *s, struct kr_node *node, uint32_t index)
{
        *s = (struct kri_sched){ .node = node, .index = index };
        s->sim = node->opts.drive == KR_DRIVE_SIM;
        atomic_init(&s->talkative, true);
        s->turn = KRI_TURN_REDUCTIONS;
        s->clock_turns = CLOCK_TURNS;
        s->direct = index != UINT32_MAX && !s->sim;
        s->chance = node->opts.seed ^ (uint64_t)index << 32;
        kri_pool_init(&s->pool, &node->depot);
}

void kri_sched_fini(struct kri_sched *s)
{
        kri_slots_return(s);
        if (s->hot_stack != NULL)
                kri_stack_put(&s->node->stacks, &s->stacks, s->hot_stack);
        s->hot_stack = NULL;
        kri_stack_cache_empty(&s->node->stacks, &s->stacks);
        kri_pool_fini(&s->pool);
}

/* -- the run queue -- */

static void push_last(struct kri_queue *queue, struct kri_proc *p)
{
        p->run_next = NULL;
        if (queue->last != NULL)
                queue->last->run_next = p;
        else
                queue->first = p;
        queue->last = p;
        queue->len++;
}

static struct kri_proc *pop_first(struct kri_queue *queue)
{
        struct kri_proc *p = queue->first;

        if (p == NULL)
                return NULL;
        queue->first = p->run_next;
        if (queue->first == NULL)
                queue->last = NULL;
        queue->len--;
        return p;
}

static struct kri_queue *queue_for(struct kri_sched *s, const struct kri_proc *p)
{
        switch (p->priority) {
        case KR_PRIORITY_MAX:
                return &s->queues[KRI_QUEUE_MAX];
        case KR_PRIORITY_HIGH:
                return &s->queues[KRI_QUEUE_HIGH];
        case KR_PRIORITY_LOW: /* in simulation, chance decides between low and normal */
                return &s->queues[s->node->opts.drive == KR_DRIVE_SIM ? KRI_QUEUE_NORMAL
                                                                      : KRI_QUEUE_LOW];
        default:
                return &s->queues[KRI_QUEUE_NORMAL];
        }
}

/* Somebody waits who goes before the one that runs next. */
static bool has_urgent(const struct kri_sched *s)
{
        return (s->queues[KRI_QUEUE_MAX].len | s->queues[KRI_QUEUE_HIGH].len) != 0;
}

/* Normal and low ones that wait. */
static uint32_t waiting(const struct kri_sched *s)
{
        return s->queues[KRI_QUEUE_NORMAL].len + s->queues[KRI_QUEUE_LOW].len;
}

static void note_backlog(struct kri_sched *s)
{
        /* relaxed: a hint for idle schedulers and the watch */
        atomic_store_explicit(&s->backlog, waiting(s), memory_order_relaxed);
}

/* Is what waits here worth another core? A message between cores costs more than most
 * messages are worth: processes that do little but talk stay together, unless they are many. */
bool kri_sched_has_to_give(const struct kri_sched *s)
{
        uint32_t backlog = atomic_load_explicit(&s->backlog, memory_order_relaxed);

        return backlog >= CROWD ||
               (backlog >= 2 &&
                !atomic_load_explicit(&s->talkative, memory_order_relaxed));
}

/* Somebody idle, and enough to do for two: wake one, who will ask us for work. */
static void spread(struct kri_sched *s)
{
        struct kr_node *node = s->node;
        uint64_t turns = atomic_load_explicit(&s->turns, memory_order_relaxed);

        if (turns - s->spread_turn < SPREAD_TURNS)
                return;
        s->spread_turn = turns;
        for (uint32_t i = 0; i < node->sched_count; i++) {
                struct kri_sched *other = &node->scheds[i];

                if (atomic_load_explicit(&other->sleeping, memory_order_relaxed)) {
                        kri_sched_kick(other);
                        return;
                }
        }
}

#ifdef KRI_DEBUG
_Atomic bool kri_sched_scatters;
#endif

/* True: it has gone to another scheduler. */
static inline bool scatter(struct kri_sched *s, struct kri_proc *p)
{
#ifdef KRI_DEBUG
        if (atomic_load_explicit(&kri_sched_scatters, memory_order_relaxed)) {
                kri_sched_inject(&s->node->scheds[(s->index + 1) % s->node->sched_count],
                                 p);
                return true;
        }
#endif
        (void)s;
        (void)p;
        return false;
}

void kri_sched_queue(struct kri_sched *s, struct kri_proc *p)
{
        if (scatter(s, p))
                return;
        kri_state_set(p, KRI_STATE_READY);
        kri_sched_set(p, s);
        push_last(queue_for(s, p), p);
        if (__builtin_expect(has_urgent(s), 0))
                s->hops = 0;
        note_backlog(s);
        if (s->queues[KRI_QUEUE_NORMAL].len >= SPREAD_AT && kri_sched_has_to_give(s) &&
            atomic_load_explicit(&s->node->idle, memory_order_relaxed) != 0)
                spread(s);
}

static bool runs_next(const struct kri_sched *s, const struct kri_proc *p)
{
        return p->priority <= KR_PRIORITY_LOW && !s->sim;
}

static void wake_thread(struct kri_proc *p)
{
        _Atomic uint32_t *sleeping = &p->sched->sleeping;

        /* release: what was pushed is seen by the thread that finds itself awake. From here
         * on it may detach, so that only the address is used (see kri_thread_wait) */
        atomic_store_explicit(sleeping, 0, memory_order_release);
        kri_futex_wake(sleeping, 1);
}

void kri_sched_born(struct kri_sched *s, struct kri_proc *p)
{
        if (s->index < s->node->sched_count)
                kri_sched_queue(s, p);
        else
                kri_sched_woken(s->node, NULL, p);
}

void kri_sched_woken(struct kr_node *node, struct kri_sched *s, struct kri_proc *p)
{
        if (kri_has(p, KRI_P_THREAD)) {
                wake_thread(p);
                return;
        }
        if (s == NULL || s->index >= node->sched_count) {
                kri_sched_inject(&node->scheds[kri_proc_index(p) % node->sched_count], p);
                return;
        }
        if (scatter(s, p))
                return;
        if (!runs_next(s, p)) {
                kri_sched_queue(s, p);
                return;
        }
        if (__builtin_expect(s->serving, 0)) {
                kri_state_set(p, KRI_STATE_READY);
                kri_sched_set(p, s);
                push_last(&s->served, p);
                return;
        }
        if (s->next != NULL)
                kri_sched_queue(s, s->next);
        kri_state_set(p, KRI_STATE_READY);
        kri_sched_set(p, s);
        s->next = p;
}

void kri_sched_put_off(struct kri_sched *s)
{
        struct kri_proc *p = s->next;

        s->next = NULL;
        kri_sched_queue(s, p);
}

void kri_sched_inject(struct kri_sched *to, struct kri_proc *p)
{
        struct kri_proc *old = atomic_load_explicit(&to->inject, memory_order_relaxed);

        kri_state_set(p, KRI_STATE_READY);
        kri_sched_set(p, NULL);
        do {
                p->run_next = old;
                /* seq_cst: ordered before the look at `sleeping` in kick; the sleeper stores
                 * `sleeping` before it looks at `inject`: one of the two sees the other */
        } while (!atomic_compare_exchange_weak(&to->inject, &old, p));
        kri_sched_kick(to);
}

void kri_sched_kick(struct kri_sched *s)
{
        if (s->node->opts.drive == KR_DRIVE_HOST) {
                kri_node_host_wake(s->node);
                return;
        }
        if (atomic_load(&s->sleeping) == 0)
                return;
        switch (atomic_exchange(&s->sleeping, 0)) {
        case SLEEPS:
                kri_futex_wake(&s->sleeping, 1);
                break;
        case POLLS: {
                struct kri_poll *poll = atomic_load(&s->poll);

                poll->fns->wake(poll);
                break;
        }
        default: /* somebody was faster */
                break;
        }
}

/* What others made ready: they pushed in front, so the list comes out reversed. */
static void take_injected(struct kri_sched *s)
{
        /* acquire: pairs with the push; the process's record is then whole */
        struct kri_proc *p =
                atomic_exchange_explicit(&s->inject, NULL, memory_order_acquire);
        struct kri_proc *in_order = NULL;

        while (p != NULL) {
                struct kri_proc *after = p->run_next;

                p->run_next = in_order;
                in_order = p;
                p = after;
        }
        while (in_order != NULL) {
                struct kri_proc *after = in_order->run_next;

                kri_sched_set(in_order, s);
                push_last(queue_for(s, in_order), in_order);
                in_order = after;
        }
        note_backlog(s);
}

/* Whoever yielded may wait for its turn in a way of its own (kri_taken_wait), and arrives at the
 * scheduler only. */
static bool can_hop_to(const struct kri_proc *p)
{
        bool waits = p->out == KRI_OUT_WAIT || p->out == KRI_OUT_TOP;

        return !kri_outer_has_news(p) && p->doom == NULL && p->suspended == 0 &&
               !kri_has(p, KRI_P_CAPPED) &&
               (waits ? kri_has(p, KRI_P_NEWS) : kri_begins(p));
}

struct kri_proc *kri_hop_queue(struct kri_sched *s)
{
        struct kri_queue *normal = &s->queues[KRI_QUEUE_NORMAL];
        struct kri_proc *p = normal->first;

        if (p == NULL || s->sim || s->queues[KRI_QUEUE_LOW].len != 0 || !can_hop_to(p))
                return NULL;
        s->next = pop_first(normal);
        s->next_run = 0;
        note_backlog(s);
        return p;
}

/* Low ones have a queue of their own: each has its turn, when LOW_SHARE went to others. */
static struct kri_proc *pop_normal(struct kri_sched *s)
{
        struct kri_queue *normal = &s->queues[KRI_QUEUE_NORMAL];
        struct kri_queue *low = &s->queues[KRI_QUEUE_LOW];

        if (low->len == 0 || (normal->len != 0 && ++s->low_skips < LOW_SHARE))
                return pop_first(normal);
        s->low_skips = 0;
        return pop_first(low);
}

static inline __attribute__((always_inline)) struct kri_proc *pick(struct kri_sched *s)
{
        struct kri_proc *p;

        if (s->queues[KRI_QUEUE_MAX].len != 0)
                return pop_first(&s->queues[KRI_QUEUE_MAX]);
        if (s->queues[KRI_QUEUE_HIGH].len != 0)
                return pop_first(&s->queues[KRI_QUEUE_HIGH]);
        if (__builtin_expect(s->sim, 0))
                return kri_sim_pick(s);
        p = s->next;
        if (p != NULL) {
                s->next = NULL;
                s->next_run += 1 + KRI_HOPS - s->hops;
                if (waiting(s) == 0 || s->next_run <= NEXT_MAX)
                        return p;
                push_last(queue_for(s, p), p);
        }
        s->next_run = 0;
        p = pop_normal(s);
        note_backlog(s);
        return p;
}

/* -- work for others -- */

static bool can_give(const struct kri_sched *s)
{
        return s->queues[KRI_QUEUE_NORMAL].len >= 2 || s->queues[KRI_QUEUE_LOW].len >= 2;
}

/* Half of what waits goes to the scheduler that asked; those without a stack first, for a
 * stack is in this core's cache. */
static void give_work(struct kri_sched *s)
{
        uint32_t who = atomic_load_explicit(&s->wanted, memory_order_relaxed);
        struct kri_queue *queue =
                &s->queues[s->queues[KRI_QUEUE_NORMAL].len >= 2 ? KRI_QUEUE_NORMAL
                                                                : KRI_QUEUE_LOW];
        struct kri_queue keep = { NULL, NULL, 0 };
        struct kri_sched *to = &s->node->scheds[who - 1];
        uint32_t give = queue->len / 2, total = queue->len, given = 0;

        atomic_store_explicit(&s->wanted, 0, memory_order_relaxed);
        if (!can_give(s))
                return;
        for (uint32_t seen = 0; seen < total; seen++) {
                struct kri_proc *p = pop_first(queue);
                bool must = total - seen <= give;

                if (give > 0 && (p->stack == NULL || must)) {
                        give--;
                        given++;
                        kri_sched_inject(to, p);
                } else {
                        push_last(&keep, p);
                }
        }
        *queue = keep;
        atomic_fetch_add_explicit(&to->steals, given, memory_order_relaxed);
        note_backlog(s);
}

/* -- a turn -- */

static void put_stack(struct kri_sched *s, struct kri_proc *p)
{
        if (p->stack != NULL)
                kri_stack_put(&s->node->stacks, &s->stacks, p->stack);
        p->stack = NULL;
}

/* The stack of a process that waits without one goes to the next that needs one. */
static inline __attribute__((always_inline)) void lend_stack(struct kri_sched *s,
                                                             struct kri_proc *p)
{
        if (s->hot_stack != NULL) {
                put_stack(s, p);
                return;
        }
        kri_fiber_retire(p->stack);
        s->hot_stack = p->stack;
        p->stack = NULL;
}

/* The same for that of a process that has ended, unless there is more to be done with it. */
static inline void leave_stack(struct kri_sched *s, struct kri_proc *p)
{
        if (p->stack == NULL || p->stack->deep || p->stack->last)
                put_stack(s, p);
        else
                lend_stack(s, p);
}

/* Does p, which was chosen to run, have a reason to? If not it sleeps again. */
static inline __attribute__((always_inline)) bool has_reason(struct kri_sched *s,
                                                             struct kri_proc *p)
{
        bool waits = p->out == KRI_OUT_WAIT || p->out == KRI_OUT_TOP;

        if (atomic_load_explicit(&p->outer, memory_order_relaxed) != NULL)
                kri_take_inline(s, p);
        if (__builtin_expect(kri_has(p, KRI_P_CAPPED), 0))
                kri_memory_check(p);
        if (p->doom != NULL)
                return true;
        if (p->suspended != 0) {
                kri_fall_asleep(s, p, KRI_STATE_SUSPENDED);
                return false;
        }
        if (waits && !kri_has(p, KRI_P_NEWS)) {
                kri_fall_asleep(s, p, KRI_STATE_WAITING);
                return false;
        }
        return true;
}

/* What is to be run before p can end. */
static inline bool has_clean_ups(const struct kri_proc *p)
{
        return (p->extra != NULL && p->extra->defers != NULL) || kri_loop_has_end(p);
}

/* A stack to run on; without memory for one the process ends. */
static inline __attribute__((always_inline)) bool has_stack(struct kri_sched *s,
                                                            struct kri_proc *p)
{
        if (p->stack != NULL)
                return true;
        if (p->doom != NULL && !has_clean_ups(p))
                return false;
        p->stack = s->hot_stack;
        s->hot_stack = NULL;
        if (p->stack == NULL)
                p->stack = kri_stack_get(&s->node->stacks, &s->stacks);
        if (__builtin_expect(p->stack == NULL, 0)) {
                kri_doom_atom(p, KRI_A_system_limit);
                if (has_clean_ups(p))
                        p->stack = kri_stack_get_last(&s->node->stacks);
                if (p->stack == NULL)
                        return false;
        }
        p->sp = kri_switch_prepare(p->stack->top, kri_proc_main);
        return true;
}

/* Gives the process that comes back: another one, if there were hops (or, when s was handed
 * over meanwhile, the one that this thread was left with). */
static inline __attribute__((always_inline)) struct kri_proc *switch_to(
        struct kri_sched *s, struct kri_proc *p)
{
        void *save = NULL;

        kri_tls_set(p);
        kri_fiber_leave_to_proc(&save, p->stack);
        kri_switch(&s->native_sp, p->sp);
        kri_fiber_arrive(save, NULL);
        p = kri_current();
        kri_tls_set(NULL);
        return p;
}

/* Act on why p came back. */
static inline __attribute__((always_inline)) void settle(struct kri_sched *s,
                                                         struct kri_proc *p)
{
        switch ((enum kri_out)p->out) {
        case KRI_OUT_YIELD:
                if (kri_has(p, KRI_P_DROP_STACK))
                        put_stack(s, p);
                kri_flags_set(p, 0, KRI_P_DROP_STACK);
                kri_sched_queue(s, p);
                return;
        case KRI_OUT_TOP:
                lend_stack(s, p);
                kri_fall_asleep(s, p, KRI_STATE_WAITING);
                return;
        case KRI_OUT_WAIT:
                kri_fall_asleep(s, p, KRI_STATE_WAITING);
                return;
        case KRI_OUT_EXIT:
                leave_stack(s, p);
                kri_proc_finish(s, p);
                return;
        case KRI_OUT_GONE:
                break;
        }
        kri_invariant(!"a process that is gone is not settled");
}

/* p is to end. Whoever has the stack that is kept for clean-ups gives it back soon. */
static __attribute__((cold, noinline)) void end_without_stack(struct kri_sched *s,
                                                              struct kri_proc *p)
{
        if (!has_clean_ups(p)) {
                kri_proc_finish(s, p);
                return;
        }
        p->out = KRI_OUT_YIELD;
        kri_sched_queue(s, p);
}

static inline __attribute__((always_inline)) void run(struct kri_sched *s,
                                                      struct kri_proc *p)
{
        int32_t reductions = KRI_TURN_REDUCTIONS;

        if (__builtin_expect(s->sim, 0))
                s->turn = reductions = kri_sim_reductions(s, reductions);
        kri_sched_set(p, s);
        kri_turn_begin(p, reductions);
        kri_state_set(p, KRI_STATE_RUNNING);
        if (!has_reason(s, p))
                return;
        if (!has_stack(s, p)) {
                end_without_stack(s, p);
                return;
        }
        /* release: the watch, which looks at it to see that it does not change, finds the
         * thread's number as well */
        atomic_store_explicit(&s->current, p, memory_order_release);
        p = switch_to(s, p);
        if (p->out == KRI_OUT_GONE) {
                kri_watch_gone(p, s); /* s is no longer ours */
                return;
        }
        atomic_store_explicit(&s->current, NULL, memory_order_relaxed);
        kri_count_turn(s, p, reductions);
        if (s->outbox.to != NULL)
                kri_outbox_flush(s);
        settle(s, p);
}

static void look_at_clock(struct kri_sched *s)
{
        struct kr_node *node = s->node;
        /* relaxed: a deadline set by another thread a moment ago may wait for the next look */
        int64_t next_ns =
                atomic_load_explicit(&node->timers_next_ns, memory_order_relaxed);
        int64_t now_ns;

        if (next_ns == INT64_MAX)
                return;
        now_ns = kri_node_now_ns(node);
        if (now_ns >= next_ns)
                kri_timers_run(s, now_ns);
}

/* -- the world outside -- */

/* Who was woken by it goes in front of all that wait: it is for them that the world waits. */
static void queue_served(struct kri_sched *s)
{
        struct kri_queue *served = &s->served, *normal = &s->queues[KRI_QUEUE_NORMAL];

        if (served->len == 0)
                return;
        served->last->run_next = normal->first;
        if (normal->last == NULL)
                normal->last = served->last;
        normal->first = served->first;
        normal->len += served->len;
        *served = (struct kri_queue){ NULL, NULL, 0 };
        note_backlog(s);
        if (normal->len >= SPREAD_AT && kri_sched_has_to_give(s) &&
            atomic_load_explicit(&s->node->idle, memory_order_relaxed) != 0)
                spread(s);
}

static uint32_t serve(struct kri_sched *s, struct kri_poll *poll)
{
        uint64_t turns = atomic_load_explicit(&s->turns, memory_order_relaxed);
        uint32_t count;

        s->serving = true;
        s->direct = false;
        count = poll->fns->serve(poll, s);
        s->direct = true;
        s->serving = false;
        s->poll_turn = turns + count + count / KRI_POLL_SHARE;
        queue_served(s);
        return count;
}

uint32_t kri_sched_look_outside(struct kri_sched *s)
{
        /* acquire: pairs with kri_poll_give */
        struct kri_poll *poll = atomic_load_explicit(&s->poll, memory_order_acquire);

        return poll != NULL && poll->fns->wait(poll, 0) ? serve(s, poll) : 0;
}

/* Between turns: the clock, and if it is time for it, the world. */
static void look_around(struct kri_sched *s, uint64_t turns)
{
        int64_t now_ns, took_ns;

        s->clock_turn = turns;
        look_at_clock(s);
        if (atomic_load_explicit(&s->poll, memory_order_relaxed) == NULL) {
                s->clock_turns = CLOCK_TURNS;
                return;
        }
        now_ns = kri_node_now_ns(s->node);
        if (now_ns - s->polled_ns >= KRI_POLL_NS && turns >= s->poll_turn) {
                s->polled_ns = now_ns;
                (void)kri_sched_look_outside(s);
        }
        took_ns = now_ns - s->looked_ns;
        s->looked_ns = now_ns;
        if (took_ns > CLOCK_NS)
                s->clock_turns = s->clock_turns > 4 ? s->clock_turns / 4 : 1;
        else if (s->clock_turns < CLOCK_TURNS)
                s->clock_turns *= 2;
}

static inline __attribute__((always_inline)) bool turn(struct kri_sched *s)
{
        uint64_t turns = atomic_load_explicit(&s->turns, memory_order_relaxed) + 1;
        struct kri_proc *p;

        atomic_store_explicit(&s->turns, turns, memory_order_relaxed);
        if (turns - s->clock_turn >= s->clock_turns) {
                look_around(s, turns);
                /* relaxed: one writer, a figure */
                atomic_store_explicit(&s->reductions, s->spent, memory_order_relaxed);
        }
        if (atomic_load_explicit(&s->inject, memory_order_relaxed) != NULL)
                take_injected(s);
        if (atomic_load_explicit(&s->wanted, memory_order_relaxed) != 0)
                give_work(s);
        p = pick(s);
        if (p == NULL)
                return false;
        s->hops = has_urgent(s) ? 0 : KRI_HOPS;
        run(s, p);
        return true;
}

bool kri_sched_turn(struct kri_sched *s)
{
        return turn(s);
}

/* -- the thread -- */

static bool anything_for(struct kri_sched *s)
{
        return atomic_load(&s->inject) != NULL || atomic_load(&s->node->stopping);
}

/* Ask whoever has most to give; it answers through `inject` at its next turn. */
static bool ask_for_work(struct kri_sched *s)
{
        struct kr_node *node = s->node;
        struct kri_sched *best = NULL;
        uint32_t most = 1, none = 0;

        for (uint32_t i = 0; i < node->sched_count; i++) {
                struct kri_sched *other = &node->scheds[i];
                uint32_t backlog =
                        atomic_load_explicit(&other->backlog, memory_order_relaxed);

                if (other != s && backlog > most && kri_sched_has_to_give(other)) {
                        most = backlog;
                        best = other;
                }
        }
        return best != NULL &&
               atomic_compare_exchange_strong(&best->wanted, &none, s->index + 1);
}

static bool spin(struct kri_sched *s)
{
        int64_t until_ns = kri_clock_monotonic_ns() + IDLE_SPIN_NS;

        (void)ask_for_work(s);
        do {
                for (int i = 0; i < 32; i++) {
                        if (anything_for(s))
                                return true;
                        kri_cpu_relax();
                }
        } while (kri_clock_monotonic_ns() < until_ns);
        return false;
}

static int64_t until_next_timer(struct kri_sched *s)
{
        int64_t next_ns = atomic_load(&s->node->timers_next_ns);
        int64_t left_ns;

        if (next_ns == INT64_MAX)
                return -1;
        left_ns = next_ns - kri_node_now_ns(s->node);
        return left_ns < 0 ? 0 : left_ns;
}

/* The clock may have woken somebody of any priority. */
static bool has_work(const struct kri_sched *s)
{
        bool found = s->next != NULL;

        for (int i = 0; i < KRI_QUEUES; i++)
                found = found || s->queues[i].len != 0;
        return found;
}

/* Until the next timer, or woken: by work that comes, or by the world. */
static void rest(struct kri_sched *s, struct kri_poll *poll)
{
        if (poll == NULL)
                kri_futex_wait(&s->sleeping, SLEEPS, until_next_timer(s));
        else if (poll->fns->wait(poll, until_next_timer(s)))
                (void)serve(s, poll);
}

static void idle(struct kri_sched *s)
{
        struct kr_node *node = s->node;
        struct kri_poll *poll = atomic_load(&s->poll);

        look_at_clock(s);
        if (has_work(s) || (poll == NULL && spin(s)))
                return;
        if (poll != NULL)
                (void)ask_for_work(s);
        atomic_fetch_add(&node->idle, 1);
        /* before the last look, see kri_sched_inject and kri_poll_give */
        atomic_store(&s->sleeping, poll != NULL ? POLLS : SLEEPS);
        if (!anything_for(s) && atomic_load(&s->poll) == poll)
                rest(s, poll);
        atomic_store(&s->sleeping, 0);
        atomic_fetch_sub(&node->idle, 1);
        s->clock_turns = 1; /* until it is known how long turns are now */
        kri_watch_wake(node);
        (void)ask_for_work(s);
}

void kri_sched_loop(struct kri_thread *thread)
{
        struct kri_sched *s = thread->sched;

        if (s != NULL)
                s->clock_turns = 1; /* it may have been kept from the world for a while */
        while ((s = thread->sched) != NULL) {
                if (turn(s))
                        continue;
                if (atomic_load_explicit(&s->node->halt, memory_order_acquire))
                        return;
                if (thread->sched == s)
                        idle(s);
        }
}
