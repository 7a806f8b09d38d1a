/* SPDX-License-Identifier: Apache-2.0 */
#include "node.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/plat_clock.h"
#include "base/plat_event.h"
#include "base/plat_mem.h"
#include "base/rand.h"
#include "term/atom.h"
#include "term/ident.h"

#include "fault.h"
#include "registry.h"
#include "sim.h"
#include "timer.h"
#include "watch.h"

#define DEFAULT_PROCESSES (1u << 24)
#define MAX_PROCESSES ((1u << KRI_PID_INDEX_BITS) - 1)
#define DEFAULT_STACK 65536u
#define MIN_STACK 16384u
#define MAX_SCHEDULERS 256u
/* KR_DRIVE_HOST: how long one call of kr_node_run goes on starting turns */
#define HOST_RUN_NS 1000000
/* of the table of processes, made ready */
#define PAGES_AHEAD 2u

/* -- runs -- */

/* A node may get the near slot of one that has been before. Its pids and references are
 * other ones, so that what somebody still has from then reaches nobody: each run goes on
 * counting where those before it stopped. A simulation starts from 1, for it must repeat. */
static _Atomic uint64_t next_serial = 1;
static _Atomic uint64_t next_ref_block = 1;

static void raise_to(_Atomic uint64_t *counter, uint64_t value)
{
        uint64_t old = atomic_load(counter);

        while (old < value && !atomic_compare_exchange_weak(counter, &old, value))
                ;
}

static uint32_t first_serial(const struct kr_node *node)
{
        uint64_t serial = atomic_load(&next_serial);

        /* serials go round; from the middle of their range on they start over */
        if (node->opts.drive == KR_DRIVE_SIM || serial >> (KRI_PID_SERIAL_BITS - 1) != 0)
                return 1;
        return (uint32_t)serial;
}

static uint64_t first_ref_block(const struct kr_node *node)
{
        return node->opts.drive == KR_DRIVE_SIM ? 1 : atomic_load(&next_ref_block);
}

static void note_run(const struct kr_node *node)
{
        uint64_t serial = 1;

        for (uint32_t i = 1; i < node->slots_used; i++)
                if (kri_serial(kri_proc_at(node, i)) > serial)
                        serial = kri_serial(kri_proc_at(node, i));
        raise_to(&next_serial, serial);
        raise_to(&next_ref_block, atomic_load(&node->ref_block));
}

/* -- slots of processes -- */

/* slots_lock held. Have the next huge page of the table ready before it is needed. A node whose
 * processes fit the first one, which has ordinary pages, needs none. */
static void look_ahead(struct kr_node *node)
{
        size_t at = node->slots_used * sizeof(*node->procs) / KRI_HUGE_PAGE;
        size_t pages = node->procs_max * sizeof(*node->procs) / KRI_HUGE_PAGE;

        if (at == 0 || node->opts.drive != KR_DRIVE_THREADS)
                return;
        if (node->slots_ahead < at)
                node->slots_ahead = at;
        while (node->slots_ahead < at + PAGES_AHEAD && node->slots_ahead + 1 < pages)
                kri_ahead_ask(&node->ahead,
                              (char *)node->procs + ++node->slots_ahead * KRI_HUGE_PAGE,
                              KRI_HUGE_PAGE);
}

/* slots_lock held */
static uint32_t refill_slots(struct kri_sched *s, uint32_t want)
{
        struct kr_node *node = s->node;
        uint32_t got = 0;

        while (got < want && node->slots_free_count > 0)
                s->slots[(s->slot_head + s->slot_count + got++) % KRI_SLOT_RING] =
                        node->slots_free[--node->slots_free_count];
        while (got < want && node->slots_used < node->procs_max) {
                struct kri_proc *p = &node->procs[node->slots_used];

                p->node = node;
                atomic_store_explicit(&p->outer, KRI_DEAD, memory_order_relaxed);
                atomic_store_explicit(&p->serial, first_serial(node),
                                      memory_order_relaxed);
                s->slots[(s->slot_head + s->slot_count + got++) % KRI_SLOT_RING] =
                        node->slots_used++;
        }
        look_ahead(node);
        return got;
}

static void count_alive(struct kri_sched *s, int64_t change)
{
        struct kr_node *node = s->node;

        /* relaxed: a sum that is only exact when nothing runs */
        if (s->index >= node->sched_count)
                atomic_fetch_add_explicit(&node->alive, change, memory_order_relaxed);
        else
                atomic_store_explicit(&s->alive,
                                      atomic_load_explicit(&s->alive,
                                                           memory_order_relaxed) +
                                              change,
                                      memory_order_relaxed);
}

/* False: the node is full. */
static __attribute__((noinline)) bool refill_ring(struct kri_sched *s)
{
        kri_lock(&s->node->slots_lock);
        s->slot_count = refill_slots(s, KRI_SLOT_RING / 2);
        kri_unlock(&s->node->slots_lock);
        return s->slot_count != 0;
}

struct kri_proc *kri_slot_take(struct kri_sched *s)
{
        struct kr_node *node = s->node;
        uint32_t index;

        if (s->pool.fail_in != 0 && --s->pool.fail_in == 0)
                return NULL;
        if (atomic_load_explicit(&node->stopping, memory_order_relaxed))
                return NULL;
        if (s->slot_count == 0 && !refill_ring(s))
                return NULL;
        index = s->slots[s->slot_head];
        s->slot_head = (s->slot_head + 1) % KRI_SLOT_RING;
        s->slot_count--;
        count_alive(s, 1);
        return kri_proc_at(node, index);
}

static void spill_slots(struct kri_sched *s, uint32_t count)
{
        struct kr_node *node = s->node;

        kri_lock(&node->slots_lock);
        while (count-- > 0) {
                node->slots_free[node->slots_free_count++] = s->slots[s->slot_head];
                s->slot_head = (s->slot_head + 1) % KRI_SLOT_RING;
                s->slot_count--;
        }
        kri_unlock(&node->slots_lock);
}

void kri_slot_give(struct kri_sched *s, struct kri_proc *p)
{
        s->slots[(s->slot_head + s->slot_count++) % KRI_SLOT_RING] =
                kri_pid_index(kri_proc_word(p));
        count_alive(s, -1);
        if (s->slot_count == KRI_SLOT_RING)
                spill_slots(s, KRI_SLOT_RING / 2);
}

void kri_slots_return(struct kri_sched *s)
{
        spill_slots(s, s->slot_count);
}

/* -- schedulers for threads that have none -- */

struct kri_sched *kri_sched_borrow(struct kr_node *node, struct kri_proc *p)
{
        if (p != NULL && p->sched != NULL)
                return p->sched;
        kri_lock(&node->foreign_lock);
        return &node->foreign;
}

void kri_sched_return(struct kr_node *node, struct kri_sched *s)
{
        if (s == &node->foreign)
                kri_unlock(&node->foreign_lock);
}

/* -- clock -- */

int64_t kri_node_now_ns(struct kr_node *node)
{
        return node->opts.drive == KR_DRIVE_SIM ? node->virtual_ns
                                                : kri_clock_monotonic_ns();
}

static kr_node *node_or_here(kr_node *node)
{
        return node != NULL ? node : kr_here();
}

int64_t kr_monotonic_ns(kr_node *node)
{
        node = node_or_here(node);
        return node != NULL ? kri_node_now_ns(node) : kri_clock_monotonic_ns();
}

int64_t kr_monotonic_ms(kr_node *node)
{
        return kr_monotonic_ns(node) / 1000000;
}

int64_t kr_system_time_ns(kr_node *node)
{
        node = node_or_here(node);
        return node != NULL && node->opts.drive == KR_DRIVE_SIM ? node->virtual_ns
                                                                : kri_clock_wall_ns();
}

void kri_node_deadline_changed(struct kr_node *node)
{
        if (node->opts.drive == KR_DRIVE_HOST) {
                kri_event_ring(&node->event);
                return;
        }
        for (uint32_t i = 0; i < node->sched_count; i++) {
                if (atomic_load(&node->scheds[i].sleeping)) {
                        kri_sched_kick(&node->scheds[i]);
                        return;
                }
        }
}

void kri_node_host_wake(struct kr_node *node)
{
        kri_event_ring(&node->event);
}

/* -- the host drives -- */

int kr_node_fd(kr_node *node)
{
        return node != NULL && node->opts.drive == KR_DRIVE_HOST ? node->event.fd : -1;
}

static void set_alarm(struct kr_node *node)
{
        int64_t next_ns = atomic_load(&node->timers_next_ns);

        kri_event_alarm_in(&node->event, next_ns == INT64_MAX ? -1
                                         : next_ns > kri_node_now_ns(node)
                                                 ? next_ns - kri_node_now_ns(node)
                                                 : 0);
}

static bool run_for_host(struct kr_node *node)
{
        struct kri_sched *s = &node->scheds[0];
        int64_t until_ns = kri_node_now_ns(node) + HOST_RUN_NS;
        bool more = true;

        kri_event_quiet(&node->event);
        if (kri_node_now_ns(node) >= atomic_load(&node->timers_next_ns))
                kri_timers_run(s, kri_node_now_ns(node));
        while (more && kri_node_now_ns(node) < until_ns)
                for (int i = 0; more && i < 16; i++)
                        more = kri_sched_turn(s) || kri_sched_look_outside(s) != 0;
        if (more)
                kri_event_ring(&node->event);
        set_alarm(node);
        kri_report_late(node);
        return more;
}

bool kr_node_run(kr_node *node)
{
        bool more;

        if (node == NULL || node->opts.drive == KR_DRIVE_THREADS || kri_current() != NULL)
                return false;
        kri_native_init(&node->scheds[0].native); /* another thread each time, perhaps */
        kri_faults_host_begin(node);
        kri_report_late(node);
        more = node->opts.drive == KR_DRIVE_SIM ? kri_sim_step(node) : run_for_host(node);
        kri_faults_host_end(node);
        return more;
}

/* -- start -- */

static kr_err check_opts(const kr_node_opts *in, kr_node_opts *opts)
{
        *opts = in != NULL ? *in : (kr_node_opts){ 0 };
        if (opts->processes_max == 0)
                opts->processes_max = DEFAULT_PROCESSES;
        if (opts->stack_bytes == 0)
                opts->stack_bytes = DEFAULT_STACK;
        if (opts->schedulers == 0)
                opts->schedulers = kri_cpu_count();
        if (opts->drive != KR_DRIVE_THREADS)
                opts->schedulers = 1;
        if ((unsigned)opts->drive > KR_DRIVE_SIM || opts->processes_max > MAX_PROCESSES ||
            opts->stack_bytes < MIN_STACK || opts->stack_bytes > 1u << 30 ||
            opts->schedulers > MAX_SCHEDULERS ||
            (opts->allocator.alloc == NULL) != (opts->allocator.free == NULL))
                return KR_EBADARG;
        opts->stack_bytes = (opts->stack_bytes + KRI_PAGE - 1) & ~(size_t)(KRI_PAGE - 1);
        return KR_OK;
}

/* Reserve the tables; where address space is limited, for fewer processes. */
static kr_err reserve_tables(struct kr_node *node)
{
        uint32_t max = node->opts.processes_max;

        for (; max >= 1024; max /= 2) {
                node->procs = kri_mem_reserve(max * sizeof(*node->procs), KRI_HUGE_PAGE);
                node->limits = kri_mem_reserve(max * sizeof(*node->limits), KRI_PAGE);
                node->slots_free =
                        kri_mem_reserve(max * sizeof(*node->slots_free), KRI_PAGE);
                if (node->procs != NULL && node->limits != NULL &&
                    node->slots_free != NULL)
                        break;
                kri_mem_release(node->procs, max * sizeof(*node->procs));
                kri_mem_release(node->limits, max * sizeof(*node->limits));
                kri_mem_release(node->slots_free, max * sizeof(*node->slots_free));
                node->procs = NULL;
        }
        if (node->procs == NULL)
                return KR_ENOMEM;
        node->procs_max = max;
        /* a small node stays small: huge pages only behind the first */
        if (max * sizeof(*node->procs) > 2 * KRI_HUGE_PAGE)
                kri_mem_huge((char *)node->procs + KRI_HUGE_PAGE,
                             max * sizeof(*node->procs) - KRI_HUGE_PAGE, true);
        return KR_OK;
}

static void release_tables(struct kr_node *node)
{
        kri_mem_release(node->slots_free, node->procs_max * sizeof(*node->slots_free));
        kri_mem_release(node->limits, node->procs_max * sizeof(*node->limits));
        kri_mem_release(node->procs, node->procs_max * sizeof(*node->procs));
}

static kr_err start_scheds(struct kr_node *node)
{
        uint32_t count = node->opts.schedulers;

        /* on cache lines of their own: others read what the holder writes */
        node->scheds = aligned_alloc(64, (count * sizeof(*node->scheds) + 63) / 64 * 64);
        if (node->scheds == NULL)
                return KR_ENOMEM;
        node->sched_count = count;
        for (uint32_t i = 0; i < count; i++)
                kri_sched_init(&node->scheds[i], node, i);
        kri_sched_init(&node->foreign, node, UINT32_MAX);
        return KR_OK;
}

static void stop_scheds(struct kr_node *node)
{
        for (uint32_t i = 0; i < node->sched_count; i++)
                kri_sched_fini(&node->scheds[i]);
        kri_sched_fini(&node->foreign);
        free(node->scheds);
}

static void set_term_host(void)
{
        kri_term_host.alloc = kri_host_alloc;
        kri_term_host.alloc_kept = kri_host_alloc_kept;
        kri_term_host.free = kri_host_free;
        kri_term_host.misuse = kri_proc_misuse;
        kri_term_host.critical = kri_host_critical;
}

static kr_err name_node(struct kr_node *node)
{
        const char *name = node->opts.name != NULL ? node->opts.name : "nonode@nohost";
        uint32_t atom;
        kr_err err = kri_atom_make(name, strlen(name), &atom);

        if (err != KR_OK)
                return err;
        err = kri_near_claim(&node->slot);
        if (err != KR_OK)
                return err;
        kri_near_set(node->slot, atom, 0);
        node->name_atom = atom;
        return KR_OK;
}

static struct kri_allocator memory_of(const kr_node_opts *opts)
{
        return (struct kri_allocator){ opts->allocator.alloc, opts->allocator.free,
                                       opts->allocator.context };
}

static void init_plain(struct kr_node *node)
{
        node->event = (struct kri_event){ -1, -1, -1 };
        node->slots_lock = node->foreign_lock = node->registry.lock = node->keep.lock =
                (kri_mutex)KRI_MUTEX_INIT;
        node->timers_next_ns = INT64_MAX;
        node->ref_block = first_ref_block(node);
        node->sim_hash = node->opts.seed;
        node->slots_used = 1; /* index 0 stays empty: pid 0 is nobody's */
        kri_ahead_init(&node->ahead);
        kri_depot_init(&node->depot, memory_of(&node->opts));
        if (node->opts.drive == KR_DRIVE_THREADS)
                node->depot.arena.ahead = &node->ahead;
        node->memory = node->depot.memory;
        kri_stack_store_init(&node->stacks, node->opts.stack_bytes);
}

kr_err kr_node_start(const kr_node_opts *opts, kr_node **ret_node)
{
        kr_node_opts checked;
        struct kr_node *node;
        kr_err err = check_opts(opts, &checked);

        if (err != KR_OK || ret_node == NULL)
                return KR_EBADARG;
        node = calloc(1, sizeof(*node));
        if (node == NULL)
                return KR_ENOMEM;
        node->opts = checked;
        set_term_host();
        node->can_seize = kri_barrier_init();
        init_plain(node);
        if (!kri_stack_store_prepare(&node->stacks)) {
                err = KR_ENOMEM;
                goto free_node;
        }
        if ((err = reserve_tables(node)) != KR_OK)
                goto free_node;
        if ((err = name_node(node)) != KR_OK)
                goto free_tables;
        if ((err = start_scheds(node)) != KR_OK)
                goto free_name;
        if ((err = kri_timers_init(node)) != KR_OK)
                goto free_scheds;
        if ((err = kri_faults_open(node)) != KR_OK)
                goto free_timers;
        if (checked.drive == KR_DRIVE_HOST && !kri_event_open(&node->event)) {
                err = KR_EOS;
                goto close_faults;
        }
        if (checked.drive == KR_DRIVE_THREADS && (err = kri_watch_start(node)) != KR_OK)
                goto close_event;
        *ret_node = node;
        return KR_OK;

close_event:
        kri_event_close(&node->event);
close_faults:
        kri_faults_close(node);
free_timers:
        kri_timers_fini(node);
free_scheds:
        stop_scheds(node);
free_name:
        kri_near_release(node->slot);
free_tables:
        kri_ahead_fini(&node->ahead);
        release_tables(node);
free_node:
        kri_stack_store_fini(&node->stacks);
        kri_depot_fini(&node->depot);
        free(node);
        return err;
}

/* -- stop -- */

static int64_t alive(struct kr_node *node)
{
        int64_t sum = atomic_load(&node->alive);

        for (uint32_t i = 0; i < node->sched_count; i++)
                sum += atomic_load(&node->scheds[i].alive);
        return sum;
}

/* Whoever is in the table; those that are dead already drop it. */
static void kill_all(struct kr_node *node)
{
        struct kri_sched *s = kri_sched_borrow(node, NULL);
        uint32_t used;

        kri_lock(&node->slots_lock);
        used = node->slots_used;
        kri_unlock(&node->slots_lock);
        for (uint32_t i = 1; i < used; i++) {
                struct kri_proc *p = kri_proc_at(node, i);
                kri_word pid = kri_near_pid(node->slot, i, kri_serial(p));
                struct kri_sig *sig;

                if (atomic_load(&p->outer) == KRI_DEAD)
                        continue;
                sig = kri_sig_exit(&s->pool, pid, KRI_A(killed));
                if (sig == NULL)
                        break; /* what ends now gives memory for the next round */
                sig->flags = KRI_SIG_KILL;
                (void)kri_signal(node, s, pid, sig);
        }
        kri_sched_return(node, s);
}

static bool all_ended(struct kr_node *node, int64_t timeout_ms)
{
        int64_t until_ns = kri_clock_monotonic_ns() + timeout_ms * 1000000;
        int64_t pause_ns = 50000;

        for (;;) {
                kill_all(node);
                for (int i = 0; i < 50 && alive(node) > 0; i++) {
                        if (node->opts.drive != KR_DRIVE_THREADS)
                                while (kri_sched_turn(&node->scheds[0]))
                                        ;
                        else
                                kri_sleep_ns(pause_ns);
                }
                if (alive(node) == 0)
                        return true;
                if (timeout_ms != KR_INFINITY && kri_clock_monotonic_ns() >= until_ns)
                        return false;
                pause_ns = pause_ns < 2000000 ? pause_ns * 2 : pause_ns;
        }
}

kr_err kr_node_stop(kr_node *node, int64_t timeout_ms)
{
        bool ended;

        if (node == NULL)
                return KR_OK;
        if (kri_current() != NULL)
                return KR_ESTATE;
        atomic_store(&node->stopping, true);
        if (node->opts.drive != KR_DRIVE_THREADS)
                kri_native_init(&node->scheds[0].native);
        kri_faults_host_begin(node);
        ended = all_ended(node, timeout_ms);
        kri_faults_host_end(node);
        if (!ended)
                return KR_ETIMEDOUT;
        if (node->opts.drive == KR_DRIVE_THREADS)
                kri_watch_stop(node);
        kri_report_rest(node);
        kri_keep_release(node);
        kri_event_close(&node->event);
        kri_faults_close(node);
        kri_timers_fini(node);
        kri_registry_fini(node);
        stop_scheds(node);
        note_run(node);
        kri_near_release(node->slot);
        kri_ahead_fini(&node->ahead);
        release_tables(node);
        kri_stack_store_fini(&node->stacks);
        kri_depot_fini(&node->depot);
        free(node);
        return KR_OK;
}

/* -- figures -- */

kr_drive kr_node_drive(kr_node *node)
{
        return node->opts.drive;
}

kr_atom kr_node_name(kr_node *node)
{
        return (kr_atom){ node->name_atom };
}

void kr_node_trim(kr_node *node)
{
        if (node == NULL)
                return;
        kri_stack_store_trim(&node->stacks);
        kri_depot_trim(&node->depot);
        if (node->opts.allocator.alloc == NULL)
                kri_mem_trim_malloc();
}

void kr_node_stats_read(kr_node *node, kr_node_stats *ret_stats)
{
        *ret_stats = (kr_node_stats){
                .processes = (uint32_t)alive(node),
                .schedulers = node->sched_count,
                .faults = atomic_load(&node->faults),
                .handovers = atomic_load(&node->handovers),
                .stacks = atomic_load(&node->stacks.count),
                .steps_hash = node->sim_hash,
                .spawned = atomic_load(&node->foreign.spawned),
        };
        for (uint32_t i = 0; i < node->sched_count; i++) {
                ret_stats->spawned += atomic_load(&node->scheds[i].spawned);
                ret_stats->turns += atomic_load(&node->scheds[i].turns);
                ret_stats->reductions += atomic_load(&node->scheds[i].reductions);
                ret_stats->steals += atomic_load(&node->scheds[i].steals);
        }
}
