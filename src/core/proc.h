/* SPDX-License-Identifier: Apache-2.0 */
/* proc.h: the record of a process, and who may touch it.
 *
 * Model    A process is a slot in the node's table, found by the index in its pid. Its
 *          serial says which tenant the slot has. All that reaches it comes in `outer`, a
 *          stack of signals that anybody may push to and only the owner takes, whole.
 *          The owner is the scheduler that runs it, or (while `taken`) the monitor thread.
 * Outer    NULL       awake, nothing new       -> a sender pushes, nothing else
 *          SLEEPING   asleep                   -> the sender whose push replaces this wakes
 *                                                 it: it, and nobody else, puts it in a queue
 *          DEAD       no tenant                -> senders drop, or answer noproc
 *          a signal   awake, newest first
 * States   FREE -> READY <-> RUNNING -> WAITING -> READY;  RUNNING -> EXITING -> FREE
 *          Only for people (process_info): who runs and who wakes is decided by `outer`.
 * Law      A process's mailbox, links and monitors are touched by its owner alone.
 *          Slots are never unmapped while the node lives: a stale pid may look, and a push
 *          that comes too late is dropped by the next tenant (serial).
 * Order    What holds on processors that order less than x86-64 does:
 *          outer   a push and a sleep release, a take and a rouse acquire: signals are whole
 *                  for who takes them, the record for who wakes its owner.
 *          inject  (sched.h) the same for a record in its way to another scheduler.
 *          sleeping against inject, calls, timers_next_ns: each side writes one and then reads
 *                  the other, both seq_cst: one of the two sees the other.
 *          taken against inside: the same, but that the process's side has no barrier of its
 *                  own; the watch has all threads execute one (kri_barrier_heavy). inside = 0
 *                  releases what was done inside, for the watch that reads it.
 *          serial, name  the end says "dead" in name, then changes serial (release: tenant() in
 *                  info.c); the birth clears name (release): who finds it clear finds the new
 *                  serial (enter_name in registry.c, has_ended in timer.c).
 */
#ifndef KR_CORE_PROC_H
#define KR_CORE_PROC_H

#include <krarup/process.h>

#include "base/switch.h"

#include "sig.h"
#include "stack.h"

#define KRI_SLEEPING ((struct kri_sig *)1)
#define KRI_DEAD ((struct kri_sig *)2)
#define KRI_NAME_DEAD UINT32_MAX

enum kri_state {
        KRI_STATE_FREE,
        KRI_STATE_READY,
        KRI_STATE_RUNNING,
        KRI_STATE_WAITING,
        KRI_STATE_SUSPENDED,
        KRI_STATE_EXITING,
};

/* Why a process came back to its scheduler. */
enum kri_out {
        KRI_OUT_YIELD, /* let others run; it goes on later */
        KRI_OUT_WAIT,  /* until there is news */
        KRI_OUT_TOP,   /* the same, and its stack is not needed any more */
        KRI_OUT_EXIT,  /* it has ended */
        KRI_OUT_GONE, /* it came out of foreign code after its scheduler was taken away */
};

/* p->flags: the owner's */
#define KRI_P_TRAP_EXIT 0x01u
#define KRI_P_NEWS 0x02u /* since the wait began: a message, or its time is up */
#define KRI_P_TIMED_OUT 0x04u
#define KRI_P_ENDING 0x08u /* clean-ups run; nothing can end it a second time */
#define KRI_P_THREAD 0x10u /* an attached thread: waits on a futex, has no kri_stack */
#define KRI_P_LIMITED                                                                    \
        0x20u /* node->limits[index] counts its messages; stays (any: reads) */
#define KRI_P_REPORT 0x40u      /* it ends by what nobody caught, or told of */
#define KRI_P_WAIT_TIMED 0x80u  /* the wait has a deadline: extra->deadline_ns */
#define KRI_P_ARMED 0x100u      /* some timer wheel holds a wake-up for it */
#define KRI_P_TOP 0x200u        /* it is in kr_receive_top's wait: `top_site` goes on */
#define KRI_P_FAULTED 0x400u    /* what it raises is a fault, on a fresh stack */
#define KRI_P_DROP_STACK 0x800u /* its stack is not needed: it starts at fn again */
#define KRI_P_MARKED 0x1000u    /* extra->marks holds some */
#define KRI_P_CAPPED 0x2000u    /* extra->memory_max is set */
#define KRI_P_OF_ITSELF 0x4000u /* it ends by a return, exit, error or throw of its own */
#define KRI_P_CAUGHT 0x8000u    /* loop->caught runs, or has run: a raise ends it */
#define KRI_P_ENDED 0x10000u    /* loop->ended has been called */
#define KRI_P_CATCHES 0x20000u  /* it is in a kr_catch: see catch_place in exit.c */
#define KRI_P_INTERRUPTED                                                                \
        0x40000u /* p->doom is an interrupt: it ends extra->interruptible, not p */

struct kri_owned;

struct kri_proc {
        /* -- what every message and every turn touches: the first 64 bytes -- */
        struct kri_sig *_Atomic outer; /* any thread */
        _Atomic uint32_t serial; /* of the present tenant, or the next one when DEAD */
        _Atomic uint32_t flags;  /* owner writes (relaxed); senders read LIMITED */
        struct kri_sched *sched; /* that runs it, or has it in a queue; NULL: none has;
                                  * of an attached thread: its own. Only its holder
                                  * changes it; see kri_sched_set */
        struct kri_sig *first;   /* the mailbox in order of arrival */
        struct kri_sig *last;
        uint32_t len;           /* of the mailbox */
        int32_t reds;           /* left in this turn, less 1: see kri_turn_left */
        struct kri_sig *held;   /* messages in slots, newest slot first */
        _Atomic uint8_t inside; /* it runs code of Krarup (written by it, read by others
                                      after a heavy barrier): kri_inside_set */
        _Atomic uint8_t taken;  /* its scheduler was, or is being, taken away */
        _Atomic uint8_t state;  /* enum kri_state */
        _Atomic uint8_t zombie; /* killed in foreign code: links have fired already */
        uint8_t priority;       /* kr_priority; owner, or whoever queues it */
        uint8_t out;            /* enum kri_out; the owner's, as all below but the last */
        uint8_t suspended;      /* count; at its maximum extra->suspended_more is added */
        uint8_t entry_kind;     /* KRI_ENTRY_...: of fn; constant */

        /* -- any thread, atomic -- */
        _Atomic uint32_t name; /* atom; 0 none; KRI_NAME_DEAD from its end on */
        _Atomic uint32_t
                critical; /* depth of kr_critical_begin (the watch looks at it) */

        /* -- whoever owns the run queue that it is in -- */
        struct kri_proc *run_next;

        /* -- constant while the tenant lives -- */
        struct kr_node *node;
        const char *entry_name; /* of the function it was spawned with */
        kri_word self;          /* its pid */
        kri_word parent;        /* near pid, or 0 */

        /* -- the owner's -- */
        struct kri_sig *scanned; /* last one this wait has looked at; NULL: none yet */
        void *sp;                /* while not running: where it goes on */
        struct kri_stack *stack; /* NULL while it waits at the top of its loop */
        struct kri_sig *doom;    /* reason to end with, once there is one */
        const void *top_site;    /* of the first clause of the wait at the top (TOP) */
        void (*fn)(void);        /* the loop: entered with arg at its top */
        union {
                int64_t i;
                kri_word term; /* kept */
                void *ptr;     /* owned */
        } arg;
        struct kri_extra *extra; /* what few processes have; NULL until needed */
        struct kri_owned *owned; /* memory that goes with it */
        kri_word link;           /* the first link (see link.c), or 0 */
        kri_word watcher;        /* who monitors it, by watcher_ref, or 0 (watching.h) */
        uint64_t watcher_ref;
        kri_word leader;     /* group leader: near pid, or 0 */
        uint64_t reductions; /* before this turn */
};

_Static_assert(offsetof(struct kri_proc, name) == 64, "hot and cold are apart");
_Static_assert(sizeof(struct kri_proc) <= 232,
               "an idle server, with its block, costs 320");

/* The process that runs on this thread; NULL on a thread that is none. Not cached across a
 * switch: the compiler must not remember the thread pointer, see plat_tls.h. */
#include "base/plat_tls.h"

static inline struct kri_proc *kri_current(void)
{
        return (struct kri_proc *)kri_tls_get();
}

static inline uint32_t kri_flags(const struct kri_proc *p)
{
        return atomic_load_explicit(&p->flags, memory_order_relaxed);
}

static inline void kri_flags_set(struct kri_proc *p, uint32_t set, uint32_t clear)
{
        /* relaxed: one writer, the owner; changing hands orders it */
        atomic_store_explicit(&p->flags, (kri_flags(p) & ~clear) | set,
                              memory_order_relaxed);
}

static inline bool kri_has(const struct kri_proc *p, uint32_t flag)
{
        return (kri_flags(p) & flag) != 0;
}

static inline uint32_t kri_serial(const struct kri_proc *p)
{
        return atomic_load_explicit(&p->serial, memory_order_relaxed);
}

/* relaxed, both: others compare it with the scheduler that they run on, which only they could
 * have put there, and find it different. */
static inline void kri_sched_set(struct kri_proc *p, struct kri_sched *s)
{
        __atomic_store_n(&p->sched, s, __ATOMIC_RELAXED);
}

static inline bool kri_is_with(const struct kri_proc *p, const struct kri_sched *s)
{
        return __atomic_load_n(&p->sched, __ATOMIC_RELAXED) == s;
}

static inline void kri_state_set(struct kri_proc *p, enum kri_state state)
{
        atomic_store_explicit(&p->state, (uint8_t)state, memory_order_relaxed);
}

uint32_t kri_proc_index(const struct kri_proc *p);
static inline kri_word kri_proc_word(const struct kri_proc *p)
{
        return p->self;
}
kr_pid kri_proc_pid(const struct kri_proc *p);

/* -- entering and leaving the runtime, at the edge of every public function -- */

void kri_enter_taken(struct kri_proc *p);
/* The same without a look at p->doom: returns when p runs again, whatever has happened. */
void kri_taken_wait(struct kri_proc *p);
void kri_yield_now(struct kri_proc *p);

/* release: whoever takes the process away reads 0 here (acquire), and then all that it wrote
 * while it was inside. */
static inline void kri_inside_set(struct kri_proc *p, uint8_t inside)
{
        atomic_store_explicit(&p->inside, inside, memory_order_release);
}

static inline uint8_t kri_inside(const struct kri_proc *p)
{
        return atomic_load_explicit(&p->inside, memory_order_acquire);
}

/* relaxed: the process's own, and whoever looks at it from outside has stopped it, or asks
 * again when it is about to be unwound. */
static inline uint32_t kri_critical_depth(const struct kri_proc *p)
{
        return atomic_load_explicit(&p->critical, memory_order_relaxed);
}

static inline void kri_critical_set(struct kri_proc *p, uint32_t depth)
{
        atomic_store_explicit(&p->critical, depth, memory_order_relaxed);
}

/* From here to kri_leave the process cannot be unwound, nor its scheduler taken. The store
 * and the load are ordered by the heavy barrier of whoever sets `taken`. */
static inline struct kri_proc *kri_enter(void)
{
        struct kri_proc *p = kri_current();

        if (__builtin_expect(p == NULL, 0))
                return NULL;
        /* relaxed: it publishes nothing */
        atomic_store_explicit(&p->inside, 1, memory_order_relaxed);
        kri_barrier_light();
        /* acquire: 0 again after the watch has looked at us in vain; what it read then may
         * change now */
        if (__builtin_expect(atomic_load_explicit(&p->taken, memory_order_acquire), 0))
                kri_enter_taken(p);
        return p;
}

/* kri_enter in two parts, for functions that call nothing: they ask kri_is_taken before they
 * do anything, and jump to one that calls kri_enter. */
static inline struct kri_proc *kri_enter_quickly(void)
{
        struct kri_proc *p = kri_current();

        if (__builtin_expect(p != NULL, 1))
                atomic_store_explicit(&p->inside, 1, memory_order_relaxed);
        kri_barrier_light();
        return p;
}

static inline bool kri_is_taken(const struct kri_proc *p)
{
        return atomic_load_explicit(&p->taken, memory_order_acquire) != 0;
}

static inline void kri_leave(struct kri_proc *p)
{
        kri_inside_set(p, 0);
}

/* p->reds is one less than what is left, for the processor sees at no cost that what it has
 * counted down is negative. */
static inline void kri_turn_begin(struct kri_proc *p, int32_t reductions)
{
        p->reds = reductions - 1;
}

static inline int32_t kri_turn_left(const struct kri_proc *p)
{
        return p->reds + 1;
}

/* Spend reductions. True: the turn is over. */
static inline bool kri_turn_ends(struct kri_proc *p, int32_t reductions)
{
        p->reds -= reductions;
        return __builtin_expect(p->reds < 0, 0);
}

/* The same; when the turn is over, let others run. */
static inline void kri_spend(struct kri_proc *p, int32_t reductions)
{
        if (kri_turn_ends(p, reductions))
                kri_yield_now(p);
}

/* -- the life of a process (proc.c, exit.c) -- */

/* Defined here because fault.c and exit.c walk them; they hang off kri_extra. */
struct kri_defer {
        struct kri_defer *next;
        void (*fn)(void *arg);
        void *arg;
};

struct kri_catch {
        struct kri_jump jump;
        struct kri_catch *outer;
        struct kri_stack *stack;  /* that it stands on */
        struct kri_defer *defers; /* newest when it was entered */
        struct kri_sig *reason;   /* what came: the value as kr_catch reports it */
        kr_class kind;
};

/* The extra of p, made if need be; NULL: no memory. */
struct kri_extra *kri_extra(struct kri_proc *p);

/* Give the process a reason to end with (takes `reason`, a signal with that root), unless it
 * has one. It ends when it next gets to kri_doom_check or is next put on a stack. */
void kri_doom(struct kri_proc *p, struct kri_sig *reason);
/* The same for a reason without memory of its own (an atom); cannot fail. */
void kri_doom_atom(struct kri_proc *p, uint32_t atom);

/* KRI_SIG_INTERRUPT has arrived. */
void kri_interrupt_take(struct kri_proc *p);

/* End now, for p->doom: clean-ups, then the rest. On the process's own stack. */
void kri_end(struct kri_proc *p) __attribute__((noreturn));
/* After signals were taken in on the process's own stack: it may have ended, or be stopped
 * for a while. */
static inline void kri_doom_check(struct kri_proc *p)
{
        if (__builtin_expect(p->doom == NULL && p->suspended == 0, 1) ||
            kri_has(p, KRI_P_ENDING))
                return;
        if (p->doom != NULL)
                kri_end(p);
        kri_yield_now(p);
}

/* Raise: to the innermost kr_catch, else the end of the process. `reason` in hand. */
void kri_raise_term(struct kri_proc *p, kr_class kind, kri_word reason)
        __attribute__((noreturn));
/* The same; takes the term. */
void kri_raise_term_given(struct kri_proc *p, kr_class kind, kr_term reason)
        __attribute__((noreturn));
void kri_raise_atom(struct kri_proc *p, kr_class kind, uint32_t atom)
        __attribute__((noreturn));

/* For an attached thread the next two leave the runtime and return: the call then returns
 * its error. */
/* error {badarg, {Function, Argument}} */
void kri_badarg(struct kri_proc *p, const char *function, const char *argument);
/* error system_limit */
void kri_no_memory(struct kri_proc *p);

/* On the scheduler's stack, after KRI_OUT_EXIT: all that it owned goes, links and monitors
 * fire, and the slot is free again. `s` is whose pool and queues are used. */
void kri_proc_finish(struct kri_sched *s, struct kri_proc *p);
/* The first half alone, for a process killed in foreign code: name, timers, links. */
void kri_proc_tell(struct kri_sched *s, struct kri_proc *p);

/* First code on a fresh stack. */
void kri_proc_main(void);
/* The same on a stack that has been emptied. */
void kri_proc_enter(void);

/* Start anew at p->fn, on an empty stack. */
void kri_restart(struct kri_proc *p) __attribute__((noreturn));

/* A process that is whole, linked and monitored as asked, but in no queue. NULL: no room, or
 * no memory; nothing is left. `parent` NULL: none, and nothing to link. */
struct kri_proc *kri_proc_new(struct kri_sched *s, struct kri_proc *parent,
                              const kr_spawn_opts *opts, const struct kri_entry *entry);
/* Take it back: nobody hears of it. */
void kri_proc_undo(struct kri_sched *s, struct kri_proc *parent, struct kri_proc *p);
static inline bool kri_spawn_opts_are_bad(const kr_spawn_opts *opts)
{
        return opts != NULL && ((unsigned)opts->priority > KR_PRIORITY_MAX ||
                                (unsigned)opts->alias > KR_ALIAS_REPLY_DEMONITOR ||
                                (unsigned)opts->mailbox.overflow > KR_OVERFLOW_EXIT ||
                                (opts->monitor && opts->ret_monitor == NULL));
}
/* As kri_spawn, by p, which has entered. None: no room, or no memory; nothing is raised. */
kr_pid kri_spawn_here(struct kri_proc *p, const kr_spawn_opts *opts,
                      const struct kri_entry *entry);

static inline bool kri_outer_has_news(const struct kri_proc *p)
{
        return atomic_load_explicit(&p->outer, memory_order_relaxed) != NULL;
}

/* Serials go round, but are never 0. */
static inline uint32_t kri_serial_after(uint32_t serial)
{
        uint32_t next = (serial + 1) & ((1u << KRI_PID_SERIAL_BITS) - 1);

        return next != 0 ? next : 1;
}

/* The term layer's host: memory of the process, and its misuse. */
void *kri_host_alloc(size_t size);
void *kri_host_alloc_kept(size_t size);
void kri_host_free(void *block);
void kri_host_critical(bool enter);
void kri_proc_misuse(const char *reason);

/* The record of a thread that is being attached; NULL: no room. */
struct kri_proc *kri_proc_new_thread(struct kri_sched *s);

/* -- memory of a process (memory.c) -- */

/* A block that goes with p. kept: of term/kept.h, with blobs to give back. Owner. */
void *kri_owned_alloc(struct kri_proc *p, size_t size, bool kept);
void kri_owned_free(struct kri_proc *p, void *block);
void kri_owned_release(struct kri_sched *s, struct kri_proc *p); /* all */
size_t kri_owned_bytes(const struct kri_proc *p);
/* Walk them: the first (after NULL), and the next; NULL: no more. Bytes that a block has room
 * for; kept: it holds a term. */
const void *kri_owned_next(const struct kri_proc *p, const void *block);
size_t kri_owned_size(const void *block, bool *ret_kept);
/* End p if it is beyond its memory_max, mailbox included. */
void kri_memory_check(struct kri_proc *p);

/* The argument of an entry, as the process's own. False: no memory. */
bool kri_entry_copy(struct kri_proc *p, const struct kri_entry *entry);
/* The argument that it has goes. */
void kri_arg_release(struct kri_proc *p);
/* A copy of a term, kept by p (kr_release frees it). False: no memory. */
bool kri_owned_copy(struct kri_proc *p, kri_word t, kri_word *ret_copy);

#endif
