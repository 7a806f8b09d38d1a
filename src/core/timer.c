/* SPDX-License-Identifier: Apache-2.0 */
#include "timer.h"

#include "base/chain.h"
#include "base/rand.h"
#include "base/wheel.h"
#include "term/atom.h"
#include "term/pattern.h"

#include "entry.h"
#include "extra.h"
#include "ref.h"
#include "registry.h"

#define TICK_NS 1000000
#define TIME_MS_MAX (INT64_MAX / TICK_NS)

/* Signals that are taken out of the wheel at once, and how many one call delivers before
 * its scheduler goes on with processes. */
#define BATCH 64u
#define BATCHES 64u

#define AIMED 1024u

/* What the wheel holds: a signal and whom it is for. Of a process's wake-up, which is made
 * once and lies in extra->armed, this is all. */
struct wake {
        struct kri_wheel_node node; /* first; under the lock */
        kri_word to;                /* near pid, or an atom: looked up when it is due */
        struct kri_sig *sig; /* TIMER or MESSAGE; NULL while the wheel has it not */
        int64_t at_ns;
};

struct timer {
        struct wake wake;          /* first */
        struct kri_chain_node id;  /* by the mixed number of its reference */
        struct kri_chain_node aim; /* by the mixed pid, if it is aimed at one */
};

struct kri_timers {
        kri_mutex lock;
        bool running; /* somebody delivers: one at a time, or what is due later
                                       could overtake */
        struct kri_wheel wheel;
        struct kri_chain by_id;
        struct kri_chain by_aim;

        /* How many timers are aimed at the processes whose index leaves this remainder: a
         * process that ends and finds 0 does not take the lock. */
        _Atomic uint32_t aimed[AIMED];
};

static struct timer *timer_of_id(struct kri_chain_node *id)
{
        return (struct timer *)((char *)id - offsetof(struct timer, id));
}

static struct timer *timer_of_aim(struct kri_chain_node *aim)
{
        return (struct timer *)((char *)aim - offsetof(struct timer, aim));
}

static uint64_t tick_from(int64_t at_ns)
{
        return (uint64_t)at_ns / TICK_NS + (at_ns % TICK_NS != 0); /* up: never early */
}

kr_err kri_timers_init(struct kr_node *node)
{
        struct kri_timers *timers = kri_node_alloc(node, sizeof(*timers));

        if (timers == NULL)
                return KR_ENOMEM;
        if (!kri_chain_init(&timers->by_id))
                goto free_timers;
        if (!kri_chain_init(&timers->by_aim))
                goto free_by_id;
        timers->lock = (kri_mutex)KRI_MUTEX_INIT;
        timers->running = false;
        for (uint32_t i = 0; i < AIMED; i++)
                atomic_init(&timers->aimed[i], 0);
        kri_wheel_init(&timers->wheel, (uint64_t)kri_node_now_ns(node) / TICK_NS);
        atomic_init(&node->timers_next_ns, INT64_MAX);
        node->timers = timers;
        return KR_OK;

free_by_id:
        kri_chain_fini(&timers->by_id);
free_timers:
        kri_node_free(node, timers, sizeof(*timers));
        return KR_ENOMEM;
}

/* The processes have ended, so what is left is aimed at names. */
void kri_timers_fini(struct kr_node *node)
{
        struct kri_timers *timers = node->timers;
        struct kri_wheel_node *due;
        struct kri_pool pool;

        if (timers == NULL)
                return;
        kri_pool_init(&pool, &node->depot);
        while ((due = kri_wheel_expire(&timers->wheel, UINT64_MAX)) != NULL) {
                kri_sig_free(&pool, ((struct wake *)due)->sig);
                kri_pool_free(&pool, due, kri_pool_class(sizeof(struct timer)));
        }
        kri_pool_fini(&pool);
        kri_chain_fini(&timers->by_aim);
        kri_chain_fini(&timers->by_id);
        kri_node_free(node, timers, sizeof(*timers));
        node->timers = NULL;
}

/* -- the wheel and the tables; the lock is held -- */

static int64_t next_ns(const struct kri_timers *timers)
{
        uint64_t tick = kri_wheel_next(&timers->wheel);

        return tick > TIME_MS_MAX ? INT64_MAX : (int64_t)tick * TICK_NS;
}

static void wheel_insert(struct kr_node *node, struct wake *wake)
{
        uint64_t tick = tick_from(wake->at_ns);

        kri_wheel_insert(&node->timers->wheel, &wake->node, tick);
        /* seq_cst: before the look at who sleeps, in deadline_is_nearer; a sleeper says so
         * before it reads the deadline. (While the wheel is being emptied the old, passed
         * value stays, which keeps all awake; the end of that sets the new one.) */
        if ((int64_t)tick * TICK_NS < atomic_load(&node->timers_next_ns))
                atomic_store(&node->timers_next_ns, (int64_t)tick * TICK_NS);
}

static bool is_aimed(const struct timer *t)
{
        return kri_tag(t->wake.to) == KRI_PID;
}

static _Atomic uint32_t *aimed_at(struct kri_timers *timers, kri_word pid)
{
        return &timers->aimed[kri_pid_index(pid) % AIMED];
}

static void tables_insert(struct kri_timers *timers, struct timer *t, uint64_t number)
{
        kri_chain_insert(&timers->by_id, &t->id, kri_mix64(number));
        if (!is_aimed(t))
                return;
        kri_chain_insert(&timers->by_aim, &t->aim, kri_mix64(t->wake.to));
        atomic_fetch_add(aimed_at(timers, t->wake.to), 1);
}

static void tables_remove(struct kri_timers *timers, struct timer *t)
{
        kri_chain_remove(&timers->by_id, &t->id);
        if (!is_aimed(t))
                return;
        kri_chain_remove(&timers->by_aim, &t->aim);
        atomic_fetch_sub(aimed_at(timers, t->wake.to), 1);
}

static struct timer *find(struct kri_timers *timers, uint64_t number)
{
        struct kri_chain_node *id = kri_chain_find(&timers->by_id, kri_mix64(number));

        return id != NULL ? timer_of_id(id)
                          : NULL; /* the mix loses nothing: equal or not */
}

static void take_out(struct kri_timers *timers, struct timer *t)
{
        kri_wheel_remove(&timers->wheel, &t->wake.node);
        tables_remove(timers, t);
}

/* -- the rest -- */

/* A scheduler thread of ours looks at the clock itself before it sleeps (kr_node_run before
 * it returns), and when it does not come back the watch has another look. Other callers must
 * have somebody wake up. */
static void deadline_is_nearer(struct kri_sched *s, int64_t at_ns)
{
        struct kr_node *node = s->node;

        if (s->index < node->sched_count)
                return;
        if (atomic_load(&node->timers_next_ns) == (int64_t)tick_from(at_ns) * TICK_NS)
                kri_node_deadline_changed(node);
}

static void timer_free(struct kri_sched *s, struct timer *t)
{
        kri_sig_free(&s->pool, t->wake.sig);
        kri_pool_free(&s->pool, t, kri_pool_class(sizeof(*t)));
}

/* -- expiry -- */

struct due {
        kri_word to;
        struct kri_sig *sig;
};

/* lock held */
static uint32_t collect(struct kri_sched *s, uint64_t now, struct due due[BATCH])
{
        struct kri_timers *timers = s->node->timers;
        struct kri_wheel_node *node;
        uint32_t count = 0;

        while (count < BATCH && (node = kri_wheel_expire(&timers->wheel, now)) != NULL) {
                struct wake *wake = (struct wake *)node;

                due[count++] = (struct due){ wake->to, wake->sig };
                if (wake->sig->kind == KRI_SIG_TIMER) {
                        wake->sig = NULL; /* the record stays with its process */
                } else {
                        tables_remove(timers, (struct timer *)wake);
                        kri_pool_free(&s->pool, wake,
                                      kri_pool_class(sizeof(struct timer)));
                }
        }
        return count;
}

static void deliver(struct kri_sched *s, const struct due *due)
{
        kri_word to = due->to;

        if (kri_tag(to) == KRI_ATOM)
                to = kri_registry_find(s->node, kri_atom_index(to));
        if (to == 0)
                kri_sig_free(&s->pool, due->sig);
        else
                (void)kri_signal(s->node, s, to,
                                 due->sig); /* nobody there: it is dropped */
}

void kri_timers_run(struct kri_sched *s, int64_t now_ns)
{
        struct kri_timers *timers = s->node->timers;
        struct due due[BATCH];
        uint32_t count = BATCH;

        kri_lock(&timers->lock);
        if (timers->running) {
                kri_unlock(&timers->lock);
                return;
        }
        timers->running = true;
        for (uint32_t batch = 0; batch < BATCHES && count == BATCH; batch++) {
                count = collect(s, (uint64_t)now_ns / TICK_NS, due);
                kri_unlock(&timers->lock);
                for (uint32_t i = 0; i < count; i++)
                        deliver(s, &due[i]);
                kri_lock(&timers->lock);
        }
        timers->running = false;
        atomic_store(&s->node->timers_next_ns, next_ns(timers));
        kri_unlock(&timers->lock);
}

/* -- timed waits -- */

/* A wake-up that is in no wheel, with a signal; NULL: no memory. */
static struct wake *wake_ready(struct kri_sched *s, struct kri_proc *p)
{
        struct kri_extra *extra = kri_extra(p);
        struct wake *wake;

        if (extra == NULL)
                return NULL;
        if (extra->armed == NULL) {
                wake = kri_pool_alloc(&s->pool, kri_pool_class(sizeof(*wake)));
                if (wake == NULL)
                        return NULL;
                *wake = (struct wake){ .to = kri_proc_word(p) };
                extra->armed = wake;
        }
        wake = extra->armed;
        if (wake->sig == NULL)
                wake->sig = kri_sig_control(&s->pool, KRI_SIG_TIMER, 0, KRI_NONE);
        return wake->sig != NULL ? wake : NULL;
}

bool kri_timers_arm(struct kri_sched *s, struct kri_proc *p)
{
        bool armed = kri_has(p, KRI_P_ARMED);
        struct kri_timers *timers = s->node->timers;
        struct wake *wake;

        if (armed) {
                wake = p->extra->armed;
                if (wake->at_ns <= p->extra->deadline_ns)
                        return true;
        } else {
                wake = wake_ready(s, p);
                if (wake == NULL)
                        return false;
        }
        kri_lock(&timers->lock);
        /* Armed and not in the wheel: its signal is on the way, and p will ask again. */
        if (!armed || kri_wheel_holds(&wake->node)) {
                kri_wheel_remove(&timers->wheel, &wake->node);
                wake->at_ns = p->extra->armed_ns = p->extra->deadline_ns;
                wheel_insert(s->node, wake);
        }
        kri_unlock(&timers->lock);
        kri_flags_set(p, KRI_P_ARMED, 0);
        deadline_is_nearer(s, p->extra->deadline_ns);
        return true;
}

/* Take away some of p's timers; they hang together by aim.next. False: there are none. */
static bool take_some(struct kri_timers *timers, struct kri_proc *p,
                      struct timer **ret_timers)
{
        uint64_t hash = kri_mix64(kri_proc_word(p));
        struct kri_chain_node *list = NULL, *aim;

        kri_lock(&timers->lock);
        for (uint32_t i = 0; i < BATCH; i++) {
                aim = kri_chain_find(&timers->by_aim, hash);
                if (aim == NULL)
                        break;
                take_out(timers, timer_of_aim(aim));
                aim->next = list;
                list = aim;
        }
        kri_unlock(&timers->lock);
        *ret_timers = list != NULL ? timer_of_aim(list) : NULL;
        return list != NULL;
}

static __attribute__((noinline)) void wake_forget(struct kri_sched *s, struct kri_proc *p)
{
        struct kri_timers *timers = s->node->timers;
        struct wake *wake = p->extra->armed;

        if (kri_has(p, KRI_P_ARMED)) {
                kri_lock(&timers->lock);
                kri_wheel_remove(&timers->wheel, &wake->node);
                kri_unlock(&timers->lock);
                kri_flags_set(p, 0, KRI_P_ARMED);
        }
        if (wake->sig != NULL)
                kri_sig_free(&s->pool, wake->sig);
        kri_pool_free(&s->pool, wake, kri_pool_class(sizeof(*wake)));
        p->extra->armed = NULL;
}

static __attribute__((noinline)) void forget_all(struct kri_sched *s, struct kri_proc *p)
{
        struct timer *t;

        while (take_some(s->node->timers, p, &t)) {
                while (t != NULL) {
                        struct kri_chain_node *next = t->aim.next;

                        timer_free(s, t);
                        t = next != NULL ? timer_of_aim(next) : NULL;
                }
        }
}

/* Most have none. */
void kri_timers_forget(struct kri_sched *s, struct kri_proc *p)
{
        if (p->extra != NULL && p->extra->armed != NULL)
                wake_forget(s, p);
        /* seq_cst, after p->name says that it is dead: see kri_timer_start */
        if (atomic_load(aimed_at(s->node->timers, kri_proc_word(p))) != 0)
                forget_all(s, p);
}

/* -- starting -- */

static kri_word destination(const struct kr_node *node, struct kri_watched to)
{
        if (to.pid.node == node->slot)
                return kri_pid_word(to.pid);
        return to.pid.node == 0 && to.name.index != 0 ? kri_atom(to.name.index) : 0;
}

/* False: it cannot be counted. */
static bool deadline(struct kr_node *node, int64_t time_ms, int flags, int64_t *ret_at_ns)
{
        int64_t from_ns = (flags & KRI_TIMER_ABS) != 0 ? 0 : kri_node_now_ns(node);

        if (time_ms < 0 || time_ms > (INT64_MAX - TICK_NS - from_ns) / TICK_NS)
                return false;
        *ret_at_ns = from_ns + time_ms * TICK_NS;
        return true;
}

#define WRAP_WORDS (1 + 3 + KRI_REF_BOX_WORDS)

/* {timeout, Ref, Message} around a message that is built already, in the words in front of
 * it. */
static kri_word wrap(struct kri_sig *sig, kr_ref ref, kri_word message)
{
        kri_word *tuple = sig->heap, *box = tuple + 4;

        tuple[0] = kri_header(KRI_TUPLE, 0, 3);
        kri_ref_box(box, ref);
        kri_store(&tuple[1], KRI_A(timeout));
        kri_store(&tuple[2], kri_boxed(box));
        kri_store(&tuple[3], message);
        return kri_boxed(tuple);
}

/* NULL: no memory. */
static struct kri_sig *build(struct kri_sched *s, const struct kri_code *code,
                             const union kri_arg *args, uint64_t words, const kr_ref *ref)
{
        uint64_t before = ref != NULL ? WRAP_WORDS : 0;
        struct kri_sig *sig = kri_sig_new(&s->pool, before + words);
        kri_word root;

        if (sig == NULL)
                return NULL;
        sig->kind = KRI_SIG_MESSAGE;
        root = kri_code_build(code, args, sig->heap + before, (kri_word *)sig,
                              &sig->blobs);
        if (root == KRI_NONE) {
                kri_sig_free(&s->pool, sig);
                return NULL;
        }
        kri_store(&sig->root, ref != NULL ? wrap(sig, *ref, root) : root);
        return sig;
}

/* Is there nobody any more whose end would take the timer away? */
static bool has_ended(const struct kr_node *node, kri_word pid)
{
        struct kri_proc *p = kri_proc_of(node, pid);

        /* In this order: if the name is that of the next tenant, so is the serial. */
        return p == NULL || atomic_load(&p->name) == KRI_NAME_DEAD ||
               atomic_load(&p->serial) != kri_pid_serial(pid);
}

/* The timer goes into the wheel, unless the process it is aimed at has ended. It may end at
 * this very moment: then either its end sees our count, waits for the lock and takes the
 * timer away, or we see here that it ends. */
static bool enter(struct kr_node *node, struct timer *t, uint64_t number)
{
        bool entered = true;

        kri_lock(&node->timers->lock);
        tables_insert(node->timers, t, number);
        if (is_aimed(t) && has_ended(node, t->wake.to)) {
                tables_remove(node->timers, t);
                entered = false;
        } else {
                wheel_insert(node, &t->wake);
        }
        kri_unlock(&node->timers->lock);
        return entered;
}

/* False: no memory. */
static bool start(struct kri_sched *s, struct wake wake, uint64_t number)
{
        struct timer *t = kri_pool_alloc(&s->pool, kri_pool_class(sizeof(*t)));

        if (t == NULL) {
                kri_sig_free(&s->pool, wake.sig);
                return false;
        }
        t->wake = wake;
        if (enter(s->node, t, number))
                deadline_is_nearer(s, wake.at_ns);
        else
                timer_free(s, t);
        return true;
}

kr_ref kri_timer_start(int64_t time_ms, struct kri_watched to, int flags,
                       struct kri_site *site, const union kri_arg *args)
{
        bool wraps = (flags & KRI_TIMER_WRAP) != 0;
        const char *function = wraps ? "kr_start_timer" : "kr_send_after";
        struct kri_proc *p = kri_enter();
        const struct kri_code *code;
        struct wake wake = { .sig = NULL };
        kr_ref ref, none = { .node = 0 };
        uint64_t words;

        if (p == NULL)
                return none;
        wake.to = destination(p->node, to);
        if (wake.to == 0) {
                kri_badarg(p, function, "to");
                return none;
        }
        if (!deadline(p->node, time_ms, flags, &wake.at_ns)) {
                kri_badarg(p, function, "time_ms");
                return none;
        }
        code = kri_site_code(site);
        words = code != NULL ? kri_code_words(code, args) : KRI_WORDS_BAD;
        if (words == KRI_WORDS_BAD) { /* somebody was told, and has returned */
                kri_leave(p);
                return none;
        }
        ref = kri_ref_new(p->sched, p);
        wake.sig = build(p->sched, code, args, words, wraps ? &ref : NULL);
        if (wake.sig == NULL || !start(p->sched, wake, ref.id[0])) {
                kri_no_memory(p);
                return none;
        }
        kri_spend(p, 1);
        kri_leave(p);
        return ref;
}

/* -- looking and cancelling -- */

/* What is left, in milliseconds; -1: there is no such timer (any more). */
static int64_t left_ms(struct kri_sched *s, kr_ref ref, bool cancel)
{
        struct kri_timers *timers = s->node->timers;
        int64_t left_ns, now_ns = kri_node_now_ns(s->node);
        struct timer *t = NULL;

        if (!kri_ref_is_local(s->node, ref))
                return -1;
        kri_lock(&timers->lock);
        t = find(timers, ref.id[0]);
        left_ns = t != NULL ? t->wake.at_ns - now_ns : 0;
        if (t != NULL && cancel)
                take_out(timers, t);
        kri_unlock(&timers->lock);
        if (t == NULL)
                return -1;
        if (cancel)
                timer_free(s, t);
        return left_ns > 0 ? (left_ns + TICK_NS - 1) / TICK_NS : 0;
}

static bool is_none(kr_ref ref)
{
        return ref.node == 0;
}

static KRI_TAIL int64_t ask(kr_ref timer, bool cancel, const char *function)
{
        struct kri_proc *p = kri_enter();
        int64_t left;

        if (p == NULL)
                return -1;
        if (is_none(timer)) {
                kri_badarg(p, function, "timer");
                return -1;
        }
        left = left_ms(p->sched, timer, cancel);
        kri_spend(p, 1);
        kri_leave(p);
        return left;
}

int64_t kr_cancel_timer(kr_ref timer)
{
        return ask(timer, true, "kr_cancel_timer");
}

int64_t kr_read_timer(kr_ref timer)
{
        return ask(timer, false, "kr_read_timer");
}

/* The answer {What, Ref, Left} without its last element; NULL: no memory. */
static struct kri_sig *answer(struct kri_sched *s, kri_word what, kr_ref ref)
{
        struct kri_sig *sig = kri_sig_new(&s->pool, WRAP_WORDS);

        if (sig == NULL)
                return NULL;
        sig->kind = KRI_SIG_MESSAGE;
        kri_store(&sig->root, wrap(sig, ref, KRI_A(false)));
        kri_store(&sig->heap[1], what);
        return sig;
}

static KRI_TAIL void ask_async(kr_ref timer, bool cancel, const char *function)
{
        struct kri_proc *p = kri_enter();
        struct kri_sig *sig;
        int64_t left;

        if (p == NULL)
                return;
        if (is_none(timer)) {
                kri_badarg(p, function, "timer");
                return;
        }
        sig = answer(p->sched, cancel ? KRI_A(cancel_timer) : KRI_A(read_timer), timer);
        if (sig == NULL) {
                kri_no_memory(p);
                return;
        }
        left = left_ms(p->sched, timer, cancel);
        if (left >= 0)
                kri_store(&sig->heap[3], kri_int(left));
        (void)kri_signal(p->node, p->sched, kri_proc_word(p),
                         sig); /* to ourselves: alive */
        kri_spend(p, 1);
        kri_leave(p);
}

void kr_cancel_timer_async(kr_ref timer)
{
        ask_async(timer, true, "kr_cancel_timer_async");
}

void kr_read_timer_async(kr_ref timer)
{
        ask_async(timer, false, "kr_read_timer_async");
}
