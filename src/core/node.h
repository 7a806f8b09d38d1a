/* SPDX-License-Identifier: Apache-2.0 */
/* node.h: what belongs to one node.
 *
 * Locks    in this order: watch, registry, timers, slots, stacks.lock, depot.lock; no lock
 *          is held while a process runs or a lower layer calls up.
 */
#ifndef KR_CORE_NODE_H
#define KR_CORE_NODE_H

#include <krarup/node.h>

#include "base/ahead.h"
#include "base/plat_event.h"

#include "keep.h"
#include "proc.h"
#include "report.h"
#include "sched.h"

/* The mailbox limit of a process, in a table beside the slots: costs no memory until used,
 * and a late sender may read it at any time. */
struct kri_limit {
        _Atomic uint32_t messages, messages_max;
        _Atomic uint64_t bytes, bytes_max;
        _Atomic uint32_t overflow;
        uint32_t pad;
};

#define KRI_NAME_CHUNK 4096u
#define KRI_NAME_CHUNKS 512u

struct kri_registry {
        kri_mutex lock;                                     /* for changes */
        _Atomic(kri_word) *_Atomic chunks[KRI_NAME_CHUNKS]; /* atom -> near pid, or 0 */
};

struct kri_timers;
struct kri_watch;
struct kri_fault_node;

struct kr_node {
        uint32_t slot; /* near slot: which node of this OS process */
        uint32_t name_atom;
        kr_node_opts opts;
        struct kri_allocator memory;

        /* processes */
        struct kri_proc *procs;   /* the table: reserved whole, touched as used */
        struct kri_limit *limits; /* beside it */
        uint32_t procs_max;
        kri_mutex slots_lock;
        uint32_t *slots_free; /* stack of free indices, reserved whole */
        uint32_t slots_free_count;
        uint32_t slots_used;   /* highest index ever used + 1 */
        size_t slots_ahead;    /* huge pages of the table that are there, or asked for */
        _Atomic int64_t alive; /* by attached and foreign threads; see sched.alive */
        _Atomic bool stopping; /* no new processes */
        _Atomic bool halt;     /* scheduler threads end */

        struct kri_stack_store stacks;
        struct kri_depot depot;
        struct kri_ahead ahead; /* asked only with KR_DRIVE_THREADS */
        struct kri_registry registry;
        struct kri_timers *timers;
        _Atomic int64_t timers_next_ns; /* earliest deadline; INT64_MAX: none */

        /* schedulers and threads */
        struct kri_sched *scheds;
        uint32_t sched_count;
        _Atomic uint32_t idle; /* schedulers that sleep */
        struct kri_thread *threads;
        struct kri_watch *watch;  /* KR_DRIVE_THREADS */
        bool can_seize;           /* the kernel has the barrier that the watch needs */
        struct kri_sched foreign; /* for threads that hold no scheduler, under: */
        kri_mutex foreign_lock;
        struct kri_event event; /* KR_DRIVE_HOST */

        /* clock */
        int64_t virtual_ns; /* KR_DRIVE_SIM */
        uint64_t sim_hash;

        _Atomic uint64_t ref_block; /* next block of reference numbers */
        _Atomic int64_t unique;
        _Atomic uint64_t faults, handovers;
        struct kri_report report; /* of processes that end by errors */
        struct kri_keep keep;     /* what rooms above the core have put there */
        struct kri_modules *_Atomic modules; /* module.h; NULL: none yet */
};

static inline struct kri_proc *kri_proc_at(const struct kr_node *node, uint32_t index)
{
        return &node->procs[index];
}

/* The process a near pid names; NULL if it is of another node, or out of range. The tenant
 * may be another one: compare serials. */
static inline struct kri_proc *kri_proc_of(const struct kr_node *node, kri_word pid)
{
        uint32_t index = kri_pid_index(pid);

        if (kri_tag(pid) != KRI_PID || kri_pid_slot(pid) != node->slot ||
            index >= node->procs_max)
                return NULL;
        return kri_proc_at(node, index);
}

/* A slot for a new process; NULL: system_limit. */
struct kri_proc *kri_slot_take(struct kri_sched *s);
void kri_slot_give(struct kri_sched *s, struct kri_proc *p);
/* A scheduler ends: its free slots go back. */
void kri_slots_return(struct kri_sched *s);

int64_t kri_node_now_ns(struct kr_node *node);

/* KR_DRIVE_HOST: make the descriptor readable. */
void kri_node_host_wake(struct kr_node *node);

/* timers_next_ns is nearer than it was: somebody who sleeps must wake earlier. */
void kri_node_deadline_changed(struct kr_node *node);

static inline void *kri_node_alloc(struct kr_node *node, size_t size)
{
        return node->memory.alloc(node->memory.context, size);
}

static inline void kri_node_free(struct kr_node *node, void *block, size_t size)
{
        if (block != NULL)
                node->memory.free(node->memory.context, block, size);
}

/* The scheduler whose pool and outbox the caller may use: its own, or the foreign one,
 * locked until kri_sched_return. */
struct kri_sched *kri_sched_borrow(struct kr_node *node, struct kri_proc *p);
void kri_sched_return(struct kr_node *node, struct kri_sched *s);

/* A broken invariant of ours: dump and end the OS process. */
void kri_panic(const char *file, int line, const char *what)
        __attribute__((noreturn, cold));
#define kri_invariant(x) ((x) ? (void)0 : kri_panic(__FILE__, __LINE__, #x))

#endif
