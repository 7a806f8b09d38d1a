/* SPDX-License-Identifier: Apache-2.0 */
/* proc.c: processes are born, become something else, and give way. */
#include "proc.h"

#include <string.h>

#include "term/atom.h"

#include "extra.h"
#include "limit.h"
#include "link.h"
#include "loop.h"
#include "module.h"
#include "node.h"
#include "receive.h"
#include "ref.h"
#include "sched.h"
#include "thread.h"

uint32_t kri_proc_index(const struct kri_proc *p)
{
        return (uint32_t)(p - p->node->procs);
}

kr_pid kri_proc_pid(const struct kri_proc *p)
{
        return kri_word_pid(kri_proc_word(p));
}

kr_pid kr_self(void)
{
        struct kri_proc *p = kri_current();

        return p != NULL ? kri_proc_pid(p) : (kr_pid){ 0 };
}

kr_node *kr_here(void)
{
        struct kri_proc *p = kri_current();

        return p != NULL ? p->node : NULL;
}

/* -- giving way -- */

void kri_yield_now(struct kri_proc *p)
{
        if (kri_has(p, KRI_P_THREAD)) {
                kri_turn_begin(p, KRI_TURN_REDUCTIONS);
                return;
        }
        kri_switch_out(p, KRI_OUT_YIELD);
        kri_doom_check(p);
}

void kr_yield(void)
{
        struct kri_proc *p = kri_enter();

        if (p == NULL)
                return;
        kri_yield_now(p);
        kri_leave(p);
}

/* -- entering its function -- */

static void call_entry(struct kri_proc *p)
{
        switch (p->entry_kind) {
        case KRI_ENTRY_INT:
                ((void (*)(int64_t))p->fn)(p->arg.i);
                return;
        case KRI_ENTRY_TERM:
                ((void (*)(kr_term))p->fn)((kr_term){ p->arg.term });
                return;
        case KRI_ENTRY_PTR:
        case KRI_ENTRY_LOOP:
                ((void (*)(void *))p->fn)(p->arg.ptr);
                return;
        default:
                p->fn();
        }
}

static void enter_function(struct kri_proc *p) __attribute__((noreturn));
static void enter_function(struct kri_proc *p)
{
        kri_doom_check(p);
        kri_leave(p);
        call_entry(p);
        p = kri_enter();
        if (p->doom == NULL)
                kri_flags_set(p, KRI_P_OF_ITSELF, 0);
        kri_doom_atom(p, KRI_A_normal);
        kri_end(p);
}

/* What was on the stack before looks, in the gaps of frames, as if this process held it: a
 * module could never be purged. A loop is rarely looked at while it has a stack. */
static inline void forget_others(const struct kri_proc *p)
{
        if (__builtin_expect(atomic_load_explicit(&kri_modules_loaded,
                                                  memory_order_relaxed) != 0,
                             0) &&
            p->entry_kind != KRI_ENTRY_LOOP)
                kri_stack_wipe();
}

void kri_proc_main(void)
{
        struct kri_proc *p = kri_current();

        kri_arrive(p, NULL);
        forget_others(p);
        enter_function(p);
}

void kri_proc_enter(void)
{
        forget_others(kri_current());
        enter_function(kri_current());
}

/* ThreadSanitizer keeps a shadow of the frames that are dropped here, and would run out of
 * room for it; in its builds the process takes another stack instead. */
void kri_restart(struct kri_proc *p)
{
#if defined(KRI_TSAN)
        kri_flags_set(p, KRI_P_DROP_STACK, 0);
        p->out = KRI_OUT_YIELD;
        kri_switch_native(p, true);
        __builtin_unreachable();
#else
        kri_fiber_skip_frames();
        kri_switch_restart(p->stack->top, kri_proc_enter);
#endif
}

/* The block an argument takes: for a kept term the owner's word in front. */
void kri_arg_release(struct kri_proc *p)
{
        if (p->entry_kind == KRI_ENTRY_PTR || p->entry_kind == KRI_ENTRY_LOOP)
                kri_owned_free(p, p->arg.ptr);
        else if (p->entry_kind == KRI_ENTRY_TERM && kri_is_place(p->arg.term))
                kri_owned_free(p, kri_ptr(p->arg.term) - 1);
}

bool kri_owned_copy(struct kri_proc *p, kri_word t, kri_word *ret_copy)
{
        kri_word *block, *heap;
        uint32_t blobs = 0;

        if (!kri_is_place(t)) {
                *ret_copy = t;
                return true;
        }
        block = kri_owned_alloc(p, (1 + kri_term_words(t)) * sizeof(*block), true);
        if (block == NULL)
                return false;
        heap = block + 1;
        *ret_copy = kri_term_copy(&heap, t, block, &blobs);
        block[0] = blobs;
        return true;
}

static bool copy_bytes(struct kri_proc *p, const void *from, size_t size, void **ret_copy)
{
        if (from == NULL) {
                *ret_copy = NULL;
                return true;
        }
        *ret_copy = kri_owned_alloc(p, size, false);
        if (*ret_copy == NULL)
                return false;
        memcpy(*ret_copy, from, size);
        return true;
}

bool kri_entry_copy(struct kri_proc *p, const struct kri_entry *entry)
{
        kri_word term = KRI_NIL;
        void *ptr = NULL;

        if (entry->kind == KRI_ENTRY_LOOP)
                return kri_loop_enter(p, entry);
        if (entry->kind == KRI_ENTRY_TERM && !kri_owned_copy(p, entry->arg.term.w, &term))
                return false;
        if (entry->kind == KRI_ENTRY_PTR && p->entry_kind == KRI_ENTRY_PTR &&
            entry->arg.ptr == p->arg.ptr) {
                p->fn = entry->fn; /* the state it was entered with stays where it is */
                return true;
        }
        if (entry->kind == KRI_ENTRY_PTR &&
            !copy_bytes(p, entry->arg.ptr, entry->size, &ptr))
                return false;
        kri_arg_release(p);
        p->fn = entry->fn;
        p->entry_kind = (uint8_t)entry->kind;
        if (entry->kind == KRI_ENTRY_TERM)
                p->arg.term = term;
        else if (entry->kind == KRI_ENTRY_PTR)
                p->arg.ptr = ptr;
        else
                p->arg.i = entry->arg.i;
        return true;
}

/* The usual way on: the same kind of argument, which needs no memory. */
static inline bool becomes_directly(struct kri_proc *p, const struct kri_entry *entry)
{
        if (entry->kind != (enum kri_entry_kind)p->entry_kind ||
            entry->kind == KRI_ENTRY_LOOP || entry->fn == NULL || p->doom != NULL ||
            kri_has(p, KRI_P_THREAD | KRI_P_TOP | KRI_P_WAIT_TIMED | KRI_P_CATCHES))
                return false;
        if (entry->kind == KRI_ENTRY_INT)
                p->arg.i = entry->arg.i;
        else if (entry->kind == KRI_ENTRY_TERM ||
                 (entry->kind == KRI_ENTRY_PTR && entry->arg.ptr != p->arg.ptr))
                return false;
        p->fn = entry->fn;
        return true;
}

static __attribute__((noinline)) void become_any(struct kri_proc *p,
                                                 const struct kri_entry *entry)
{
        if (kri_has(p, KRI_P_THREAD))
                kri_thread_end(p, "kr_become");
        if (entry->fn == NULL)
                kri_badarg(p, "kr_become", "fn");
        if (p->doom != NULL)
                kri_end(p); /* a clean-up may not go on as something else */
        if (!kri_entry_copy(p, entry))
                kri_raise_atom(p, KR_CLASS_ERROR, KRI_A_system_limit);
        kri_flags_set(p, 0,
                      KRI_P_TOP | KRI_P_WAIT_TIMED | KRI_P_TIMED_OUT | KRI_P_CAUGHT |
                              KRI_P_CATCHES);
}

void kri_become(const struct kri_entry *entry)
{
        struct kri_proc *p = kri_enter();
        struct kri_sig *held;

        if (__builtin_expect(p == NULL, 0))
                kri_thread_end(p, "kr_become");
        if (__builtin_expect(!becomes_directly(p, entry), 0))
                become_any(p, entry);
        held = p->held;
        if (held != NULL && held->next == NULL) {
                p->held = NULL;
                kri_sig_free(&p->sched->pool, held);
        } else if (held != NULL) {
                kri_held_release(p->sched, p);
        }
        p->scanned = NULL;
        kri_spend(p, 1);
        kri_restart(p);
}

/* -- birth -- */

static void init_record(struct kri_proc *p, struct kr_node *node,
                        const struct kri_proc *parent)
{
        p->node = node;
        p->self = kri_near_pid(node->slot, kri_proc_index(p), kri_serial(p));
        p->parent = parent != NULL ? kri_proc_word(parent) : 0;
        p->leader = parent != NULL ? parent->leader : 0;
        kri_sched_set(p, NULL);
        p->first = p->last = p->scanned = NULL;
        p->len = 0;
        p->sp = NULL;
        p->stack = NULL;
        p->held = NULL;
        kri_inside_set(p, 1);
        p->out = KRI_OUT_YIELD;
        p->entry_kind = KRI_ENTRY_NONE;
        p->suspended = 0;
        kri_critical_set(p, 0);
        p->doom = NULL;
        p->extra = NULL;
        p->owned = NULL;
        p->link = 0;
        p->watcher = 0;
        p->reductions = 0;
        p->priority = KR_PRIORITY_NORMAL;
        /* relaxed: nobody can know the pid before we hand it out */
        atomic_store_explicit(&p->flags, 0, memory_order_relaxed);
        /* release: who takes the name for the last tenant's (enter_name, has_ended in timer.c)
         * then sees that the serial is not */
        atomic_store_explicit(&p->name, 0, memory_order_release);
        atomic_store_explicit(&p->taken, 0, memory_order_relaxed);
        atomic_store_explicit(&p->zombie, 0, memory_order_relaxed);
        /* release: a stray signal of the last tenant's time may be pushed from here on */
        atomic_store_explicit(&p->outer, NULL, memory_order_release);
}

static bool apply_opts(struct kri_sched *s, struct kri_proc *p, struct kri_proc *parent,
                       const kr_spawn_opts *opts)
{
        p->priority = (uint8_t)opts->priority;
        if (opts->memory_max != 0) {
                if (kri_extra(p) == NULL)
                        return false;
                p->extra->memory_max = opts->memory_max;
                kri_flags_set(p, KRI_P_CAPPED, 0);
        }
        if (opts->mailbox.messages != 0 || opts->mailbox.bytes != 0)
                kri_limit_set(p, opts->mailbox);
        if (parent == NULL)
                return true;
        if (opts->monitor && !kri_monitor_child(s, parent, p, opts))
                return false;
        return !opts->link || kri_link_child(parent, p);
}

static void count_spawn(struct kri_sched *s)
{
        /* relaxed: one writer, a figure */
        atomic_store_explicit(&s->spawned,
                              atomic_load_explicit(&s->spawned, memory_order_relaxed) + 1,
                              memory_order_relaxed);
}

struct kri_proc *kri_proc_new(struct kri_sched *s, struct kri_proc *parent,
                              const kr_spawn_opts *opts, const struct kri_entry *entry)
{
        struct kri_proc *p = kri_slot_take(s);

        if (p == NULL)
                return NULL;
        init_record(p, s->node, parent);
        p->entry_name = entry->name;
        kri_sched_set(p, s);
        if (kri_entry_copy(p, entry) &&
            (opts == NULL || apply_opts(s, p, parent, opts))) {
                count_spawn(s);
                return p;
        }
        kri_proc_undo(s, parent, p);
        return NULL;
}

struct kri_proc *kri_proc_new_thread(struct kri_sched *s)
{
        struct kri_proc *p = kri_slot_take(s);

        if (p == NULL)
                return NULL;
        init_record(p, s->node, NULL);
        p->entry_name = "attached thread";
        kri_sched_set(p, s);
        kri_inside_set(p, 0);
        kri_turn_begin(p, KRI_TURN_REDUCTIONS);
        kri_flags_set(p, KRI_P_THREAD | KRI_P_TRAP_EXIT, 0);
        kri_state_set(p, KRI_STATE_RUNNING);
        return p;
}

static kr_pid spawn_foreign(struct kr_node *node, const kr_spawn_opts *opts,
                            const struct kri_entry *entry)
{
        struct kri_sched *s = kri_sched_borrow(node, NULL);
        struct kri_proc *child = kri_proc_new(s, NULL, opts, entry);
        kr_pid pid = { 0 };

        if (child != NULL) {
                pid = kri_proc_pid(child);
                kri_sched_woken(node, NULL, child);
        }
        kri_sched_return(node, s);
        return pid;
}

kr_pid kri_spawn_here(struct kri_proc *p, const kr_spawn_opts *opts,
                      const struct kri_entry *entry)
{
        struct kri_proc *child = kri_proc_new(p->sched, p, opts, entry);
        kr_pid pid;

        if (__builtin_expect(child == NULL, 0))
                return kr_pid_none();
        pid = kri_proc_pid(child);
        kri_sched_born(p->sched, child);
        kri_spend(p, KRI_COST_SPAWN);
        return pid;
}

kr_pid kri_spawn(struct kr_node *node, const kr_spawn_opts *opts, struct kri_entry entry)
{
        struct kri_proc *p = kri_enter();
        kr_pid pid = { 0 };

        if (p == NULL || (node != NULL && node != p->node)) {
                if (p != NULL)
                        kri_leave(p);
                if (node == NULL || entry.fn == NULL || kri_spawn_opts_are_bad(opts))
                        return pid;
                return spawn_foreign(node, opts, &entry);
        }
        if (__builtin_expect(kri_spawn_opts_are_bad(opts) || entry.fn == NULL, 0)) {
                kri_badarg(p, "kr_spawn", entry.fn == NULL ? "fn" : "opts");
                return pid;
        }
        pid = kri_spawn_here(p, opts, &entry);
        if (__builtin_expect(kr_pid_is_none(pid), 0)) {
                kri_no_memory(p);
                return pid;
        }
        kri_leave(p);
        return pid;
}

/* -- flags -- */

bool kr_trap_exit(bool on)
{
        struct kri_proc *p = kri_enter();
        bool old;

        if (p == NULL)
                return false;
        old = kri_has(p, KRI_P_TRAP_EXIT);
        if (on)
                kri_flags_set(p, KRI_P_TRAP_EXIT, 0);
        else if (!kri_has(p, KRI_P_THREAD))
                kri_flags_set(p, 0, KRI_P_TRAP_EXIT);
        kri_leave(p);
        return old;
}

kr_priority kr_set_priority(kr_priority priority)
{
        struct kri_proc *p = kri_enter();
        kr_priority old;

        if (p == NULL)
                return KR_PRIORITY_NORMAL;
        if ((unsigned)priority > KR_PRIORITY_MAX) {
                kri_badarg(p, "kr_set_priority", "priority");
                return KR_PRIORITY_NORMAL;
        }
        old = (kr_priority)p->priority;
        p->priority = (uint8_t)priority;
        kri_leave(p);
        return old;
}

size_t kr_set_memory_max(size_t bytes)
{
        struct kri_proc *p = kri_enter();
        size_t old;

        if (p == NULL)
                return 0;
        if (kri_extra(p) == NULL) {
                kri_no_memory(p);
                return 0;
        }
        old = p->extra->memory_max;
        p->extra->memory_max = bytes;
        kri_flags_set(p, bytes != 0 ? KRI_P_CAPPED : 0, bytes != 0 ? 0 : KRI_P_CAPPED);
        kri_leave(p);
        return old;
}

kr_mailbox_limit kr_set_mailbox_limit(kr_mailbox_limit limit)
{
        struct kri_proc *p = kri_enter();
        kr_mailbox_limit old = { 0 };

        if (p == NULL)
                return old;
        if ((unsigned)limit.overflow > KR_OVERFLOW_EXIT) {
                kri_badarg(p, "kr_set_mailbox_limit", "limit.overflow");
                return old;
        }
        old = kri_limit_get(p);
        kri_limit_set(p, limit);
        kri_leave(p);
        return old;
}

kr_pid kr_group_leader(void)
{
        struct kri_proc *p = kri_current();

        return p != NULL && p->leader != 0 ? kri_word_pid(p->leader) : (kr_pid){ 0 };
}

/* One's own at once: what is spawned next has it. Of another it is a signal like others. */
void kr_set_group_leader(kr_pid leader, kr_pid of)
{
        struct kri_proc *p = kri_enter();
        struct kri_sig *sig;

        if (p == NULL)
                return;
        if (leader.node != p->node->slot || of.node != p->node->slot) {
                kri_badarg(p, "kr_set_group_leader",
                           leader.node != p->node->slot ? "leader" : "of");
                return;
        }
        if (kri_pid_word(of) == kri_proc_word(p)) {
                p->leader = kri_pid_word(leader);
                kri_leave(p);
                return;
        }
        sig = kri_sig_control(&p->sched->pool, KRI_SIG_LEADER, kri_proc_word(p),
                              kri_pid_word(leader));
        if (sig == NULL) {
                kri_no_memory(p);
                return;
        }
        if (kri_signal(p->node, p->sched, kri_pid_word(of), sig))
                kri_leave(p);
        else
                kri_badarg(p, "kr_set_group_leader", "of");
}

/* -- references and other unique things -- */

kr_ref kri_ref_new(struct kri_sched *s, struct kri_proc *p)
{
        if (s->ref_next == s->ref_end) {
                /* relaxed: unique is all it has to be */
                s->ref_next = atomic_fetch_add_explicit(&s->node->ref_block,
                                                        KRI_REF_BLOCK,
                                                        memory_order_relaxed);
                s->ref_end = s->ref_next + KRI_REF_BLOCK;
        }
        return kri_ref_of(s->ref_next++, kri_proc_index(p), s->node->slot);
}

kr_ref kr_make_ref(void)
{
        struct kri_proc *p = kri_enter();
        kr_ref ref = { .node = 0 };

        if (p == NULL)
                return ref;
        ref = kri_ref_new(p->sched, p);
        kri_mark_set(p, ref.id[0]);
        kri_leave(p);
        return ref;
}

int64_t kr_unique_integer(void)
{
        struct kri_proc *p = kri_current();

        return p != NULL ? atomic_fetch_add(&p->node->unique, 1) + 1 : 0;
}
