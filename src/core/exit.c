/* SPDX-License-Identifier: Apache-2.0 */
/* exit.c: how a process ends: raising, catching, clean-ups, and what goes with it.
 *
 * Order    (Erlang: the name is free and timers are gone before anybody is told)
 *          1. clean-ups run, in the process     kri_end
 *          2. name, timers, then links and monitors   kri_proc_tell
 *          3. signals that came too late are answered, memory goes, the slot is free
 *                                                kri_proc_finish
 */
#include <stdlib.h>
#include <string.h>

#include <krarup/gen.h>

#include "term/atom.h"
#include "term/pattern.h"

#include "dict.h"
#include "extra.h"
#include "fault.h"
#include "link.h"
#include "loop.h"
#include "node.h"
#include "poll.h"
#include "receive.h"
#include "registry.h"
#include "report.h"
#include "suspend.h"
#include "thread.h"
#include "timer.h"
#include "wait.h"

/* What leads to no return looks rare to the compiler, which then makes it small; but ending is as
 * usual as beginning. */
#define USUAL __attribute__((hot))

/* -- reasons to end -- */

/* Signals for reasons that cannot fail, whatever the memory: they have no block. */
static struct kri_sig atom_dooms[KRI_KNOWN_ATOMS];

static bool is_atom_doom(const struct kri_sig *sig)
{
        return sig >= atom_dooms && sig < atom_dooms + KRI_KNOWN_ATOMS;
}

static void free_doom(struct kri_sched *s, struct kri_sig *sig)
{
        if (sig != NULL && !is_atom_doom(sig))
                kri_sig_free(&s->pool, sig);
}

static kri_word doom_reason(const struct kri_sig *doom)
{
        return is_atom_doom(doom) ? kri_atom((uint32_t)(doom - atom_dooms))
                                  : kri_sig_root(doom);
}

void kri_doom(struct kri_proc *p, struct kri_sig *reason)
{
        if (p->doom != NULL && !kri_has(p, KRI_P_INTERRUPTED)) {
                free_doom(p->sched, reason);
                return;
        }
        p->doom = reason; /* in the place of an interrupt, too */
        kri_flags_set(p, 0, KRI_P_INTERRUPTED);
}

void kri_doom_atom(struct kri_proc *p, uint32_t atom)
{
        kri_doom(p, &atom_dooms[atom]);
}

/* -- the chain of catches --
 *
 * It hangs off the stack, where a catch needs no memory; an attached thread has none of ours.
 * Without KRI_P_CATCHES there is none: what the stack says then is of somebody before. */

static struct kri_catch **catch_place(struct kri_proc *p)
{
        return p->stack != NULL ? &p->stack->catch : &p->extra->catch;
}

static struct kri_catch *innermost(struct kri_proc *p)
{
        return kri_has(p, KRI_P_CATCHES) ? *catch_place(p) : NULL;
}

/* -- the end, in the process -- */

/* Those that were registered after `until`; the newest first, each taken off before it
 * runs, so that one that faults is not run again. */
static void run_defers(struct kri_proc *p, const struct kri_defer *until)
{
        while (p->extra != NULL && p->extra->defers != until &&
               p->extra->defers != NULL) {
                struct kri_defer *defer = p->extra->defers;
                void (*fn)(void *) = defer->fn;
                void *arg = defer->arg;

                p->extra->defers = defer->next;
                kri_owned_free(p, defer);
                kri_leave(p);
                fn(arg);
                (void)kri_enter();
        }
}

/* It may have been on its way to one of them. */
static void forget_catches(struct kri_proc *p)
{
        if (!kri_has(p, KRI_P_CATCHES))
                return;
        for (struct kri_catch *frame = innermost(p); frame != NULL; frame = frame->outer)
                free_doom(p->sched, frame->reason);
        kri_flags_set(p, 0, KRI_P_CATCHES);
}

static void leave_interrupted(struct kri_proc *p) __attribute__((noreturn));

USUAL void kri_end(struct kri_proc *p)
{
        if (kri_has(p, KRI_P_THREAD))
                kri_thread_end(p, NULL);
        if (__builtin_expect(kri_has(p, KRI_P_INTERRUPTED), 0))
                leave_interrupted(p);
        kri_flags_set(p, KRI_P_ENDING, 0);
        kri_state_set(p, KRI_STATE_EXITING);
        kri_critical_set(p, 0);
        kri_wait_ends(p); /* clean-ups may receive */
        forget_catches(p);
        run_defers(p, NULL);
        if (__builtin_expect(kri_loop_has_end(p), 0)) {
                kri_loop_end(p, doom_reason(p->doom));
                run_defers(p, NULL); /* that it registered */
        }
        kri_switch_out(p, KRI_OUT_EXIT);
        kri_invariant(!"a process that has ended runs");
        abort();
}

/* -- raising -- */

/* {Value, Trace}; for an uncaught throw {{nocatch, Value}, Trace}. */
static struct kri_sig *with_trace(struct kri_proc *p, kri_word value, bool nocatch)
{
        struct kri_trace trace;
        kri_word *heap, *outer, *inner;
        struct kri_sig *sig;

        kri_trace_of_raise(p, &trace);
        sig = kri_sig_new(&p->sched->pool,
                          3 + 3 + kri_term_words(value) + kri_trace_words(&trace));
        if (sig == NULL) {
                kri_trace_done(&trace);
                return NULL;
        }
        sig->kind = KRI_SIG_MESSAGE;
        outer = sig->heap;
        inner = outer + 3;
        heap = nocatch ? inner + 3 : inner;
        outer[0] = kri_header(KRI_TUPLE, 0, 2);
        kri_store(&outer[1], kri_term_copy(&heap, value, (kri_word *)sig, &sig->blobs));
        if (nocatch) {
                kri_word copy = kri_load(&outer[1]);

                inner[0] = kri_header(KRI_TUPLE, 0, 2);
                inner[1] = KRI_A(nocatch);
                kri_store(&inner[2], copy);
                kri_store(&outer[1], kri_boxed(inner));
        }
        kri_store(&outer[2], kri_trace_term(&trace, &heap));
        kri_trace_done(&trace);
        kri_store(&sig->root, kri_boxed(outer));
        return sig;
}

static USUAL void raise_sig(struct kri_proc *p, kr_class kind, struct kri_sig *sig)
        __attribute__((noreturn));

static void hold_reason(struct kri_proc *p, struct kri_sig *reason, kr_msg *slot)
{
        if (is_atom_doom(reason)) {
                slot->term.w = doom_reason(reason);
                return;
        }
        kri_slot_fill(p, slot, reason);
}

static void to_catch(struct kri_proc *p, struct kri_catch *frame, kr_class kind,
                     struct kri_sig *sig)
{
        free_doom(p->sched, frame->reason); /* a clean-up below has raised again */
        frame->reason = sig;
        frame->kind = kind;
        kri_flags_set(p, 0, KRI_P_FAULTED);
        run_defers(p, frame->defers);
        if (frame->stack != p->stack)
                kri_fiber_go_back(frame->stack);
        else
                kri_fiber_skip_frames();
        kri_jump_to(&frame->jump, 1);
}

/* The reason is meanwhile held as a message is, so that it goes with p if p ends otherwise. */
static struct kri_sig *heard_by_loop(struct kri_proc *p, kr_class kind,
                                     struct kri_sig *sig)
{
        kr_msg slot = KR_MSG_INIT;

        hold_reason(p, sig, &slot);
        kri_loop_caught(p, kind, slot.term.w);
        return is_atom_doom(sig) ? sig : kri_slot_empty(p, &slot);
}

/* p is about to end of it, and of nothing else. */
static void note_raise(struct kri_proc *p, kr_class kind)
{
        const kr_loop *loop = kri_loop_of(p);

        if (!kri_has(p, KRI_P_FAULTED))
                kri_flags_set(p, KRI_P_OF_ITSELF, 0);
        if (kind != KR_CLASS_EXIT && (loop == NULL || !loop->reports))
                kri_flags_set(p, KRI_P_REPORT, 0);
}

static void raise_sig(struct kri_proc *p, kr_class kind, struct kri_sig *sig)
{
        struct kri_catch *frame = innermost(p);

        if (__builtin_expect(kri_has(p, KRI_P_INTERRUPTED), 0)) {
                free_doom(p->sched, sig);
                leave_interrupted(p);
        }
        if (frame != NULL && p->doom == NULL)
                to_catch(p, frame, kind, sig);
        if (kri_loop_catches(p))
                sig = heard_by_loop(p, kind, sig);
        if (p->doom == NULL)
                note_raise(p, kind);
        kri_doom(p, sig);
        kri_end(p);
}

/* The usual reasons need no block. */
static struct kri_sig *message_of(struct kri_proc *p, kri_word value)
{
        if (kri_tag(value) == KRI_ATOM && kri_atom_index(value) < KRI_KNOWN_ATOMS)
                return &atom_dooms[kri_atom_index(value)];
        return kri_sig_message(&p->sched->pool, value);
}

static struct kri_sig *reason_sig(struct kri_proc *p, kr_class kind, kri_word value)
{
        bool caught = innermost(p) != NULL;

        if (kind == KR_CLASS_EXIT || (kind == KR_CLASS_THROW && caught))
                return message_of(p, value);
        return with_trace(p, value, kind == KR_CLASS_THROW);
}

void kri_raise_term(struct kri_proc *p, kr_class kind, kri_word reason)
{
        struct kri_sig *sig = reason_sig(p, kind, reason);

        raise_sig(p, kind, sig != NULL ? sig : &atom_dooms[KRI_A_system_limit]);
}

void kri_raise_term_given(struct kri_proc *p, kr_class kind, kr_term reason)
{
        struct kri_sig *sig = reason_sig(p, kind, reason.w);

        kr_release(reason);
        raise_sig(p, kind, sig != NULL ? sig : &atom_dooms[KRI_A_system_limit]);
}

void kri_raise_atom(struct kri_proc *p, kr_class kind, uint32_t atom)
{
        kri_raise_term(p, kind, kri_atom(atom));
}

void kri_badarg(struct kri_proc *p, const char *function, const char *argument)
{
        kr_term reason;

        if (p == NULL || kri_has(p, KRI_P_THREAD)) {
                if (p != NULL)
                        kri_leave(p);
                return;
        }
        reason = kr_build("{badarg, {~, ~}}", function, argument);
        kri_raise_term_given(p, KR_CLASS_ERROR,
                             kr_is_none(reason) ? (kr_term){ KRI_A(badarg) } : reason);
}

void kri_no_memory(struct kri_proc *p)
{
        if (kri_has(p, KRI_P_THREAD))
                kri_leave(p);
        else
                kri_raise_atom(p, KR_CLASS_ERROR, KRI_A_system_limit);
}

/* A thread goes on: it may ask what was wrong. */
static void note_misuse(struct kri_proc *p, const char *reason)
{
        struct kri_extra *extra = kri_extra(p);

        if (extra == NULL)
                return;
        kr_release(extra->misuse);
        extra->misuse = kr_build("{badarg, ~}", reason);
}

kr_term kri_gen_misuse(void)
{
        struct kri_proc *p = kri_current();
        kr_term misuse = kr_none();

        if (p != NULL && kri_has(p, KRI_P_THREAD) && p->extra != NULL) {
                misuse = p->extra->misuse;
                p->extra->misuse = kr_none();
        }
        return misuse;
}

/* The term layer's misuse: a pattern that does not go with its arguments. */
void kri_proc_misuse(const char *reason)
{
        struct kri_proc *p = kri_current();
        kr_term text;

        if (p == NULL)
                return;
        if (kri_has(p, KRI_P_THREAD)) {
                note_misuse(p, reason);
                return;
        }
        kri_inside_set(p, 1);
        text = kr_build("{badarg, ~}", reason);
        kri_raise_term(p, KR_CLASS_ERROR, text.w != KRI_NONE ? text.w : KRI_A(badarg));
}

/* A value of `site` for the process to raise; a thread without process cannot go on. */
void kri_raise(kr_class kind, struct kri_site *site, const union kri_arg *args)
{
        struct kri_proc *p = kri_enter();
        kr_term value;

        if (p == NULL)
                kri_thread_end(NULL, "kr_exit, kr_error or kr_throw");
        value = kri_build(site, args);
        kri_raise_term(p, kind, value.w != KRI_NONE ? value.w : KRI_A(system_limit));
}

/* A reason that is there already: an error's has its trace in it. */
static inline USUAL __attribute__((noreturn)) void raise_again(struct kri_proc *p,
                                                               kr_class kind,
                                                               kri_word reason)
{
        struct kri_sig *sig;

        if (kind == KR_CLASS_THROW)
                kri_raise_term(p, kind, reason);
        sig = message_of(p, reason);
        raise_sig(p, kind, sig != NULL ? sig : &atom_dooms[KRI_A_system_limit]);
}

USUAL void kr_raise(kr_class kind, kr_term reason)
{
        struct kri_proc *p = kri_enter();

        if (p == NULL)
                kri_thread_end(NULL, "kr_raise");
        raise_again(p, kind, reason.w);
}

USUAL void kri_raise_last(kr_class kind, kr_term reason)
{
        struct kri_proc *p = kri_enter();

        if (p == NULL)
                kri_thread_end(NULL, "kri_raise_last");
        kri_flags_set(p, KRI_P_CAUGHT, 0);
        raise_again(p, kind, reason.w);
}

void kr_raise_given(kr_class kind, kr_term reason)
{
        struct kri_proc *p = kri_enter();
        struct kri_sig *sig;

        if (p == NULL)
                kri_thread_end(NULL, "kr_raise_given");
        sig = kind == KR_CLASS_THROW ? reason_sig(p, kind, reason.w)
                                     : message_of(p, reason.w);
        kr_release(reason);
        raise_sig(p, kind, sig != NULL ? sig : &atom_dooms[KRI_A_system_limit]);
}

/* -- catching -- */

/* The innermost catch is the one outside this one. */
static void leave_catch(struct kri_proc *p, const struct kri_catch *frame)
{
        *catch_place(p) = frame->outer;
        if (frame->outer == NULL)
                kri_flags_set(p, 0, KRI_P_CATCHES);
}

/* After a fault the process goes on on a fresh stack, which it leaves here again. */
static void back_on_stack(struct kri_proc *p, struct kri_stack *stack)
{
        struct kri_stack *fresh = p->stack, *none = NULL, **place;

        if (fresh == stack)
                return;
        /* without extra there was no memory to keep it there */
        place = p->extra != NULL ? &p->extra->old_stacks : &none;
        while (*place != NULL && *place != stack)
                place = &(*place)->next;
        if (*place != NULL)
                *place = stack->next;
        p->stack = stack;
        kri_stack_close(stack);
        kri_stack_put(&p->node->stacks, &p->sched->stacks, fresh);
}

static bool caught(struct kri_catch *frame, kr_class *ret_class, kr_msg *ret_reason)
{
        struct kri_proc *p = kri_current();

        back_on_stack(p, frame->stack);
        leave_catch(p, frame);
        hold_reason(p, frame->reason, ret_reason);
        *ret_class = frame->kind;
        kri_leave(p);
        return false;
}

/* `interruptible`: an interrupt leads here. */
static bool call_caught(struct kri_proc *p, void (*fn)(void *arg), void *arg,
                        kr_class *ret_class, kr_msg *ret_reason, bool interruptible)
{
        struct kri_catch frame;

        frame.outer = innermost(p);
        frame.stack = p->stack;
        frame.defers = p->extra != NULL ? p->extra->defers : NULL;
        frame.reason = NULL;
        if (kri_jump_set(&frame.jump) != 0)
                return caught(&frame, ret_class, ret_reason);
        *catch_place(p) = &frame;
        kri_flags_set(p, KRI_P_CATCHES, 0);
        if (interruptible)
                p->extra->interruptible = &frame;
        kri_leave(p);
        fn(arg);
        p = kri_enter();
        leave_catch(p, &frame);
        kri_leave(p);
        return true;
}

bool kr_catch(void (*fn)(void *arg), void *arg, kr_class *ret_class, kr_msg *ret_reason)
{
        struct kri_proc *p = kri_enter();

        if (fn == NULL || ret_class == NULL || ret_reason == NULL) {
                kri_badarg(p, "kr_catch",
                           fn == NULL          ? "fn"
                           : ret_class == NULL ? "ret_class"
                                               : "ret_reason");
                return false;
        }
        if (p == NULL) {
                fn(arg);
                return true;
        }
        return call_caught(p, fn, arg, ret_class, ret_reason, false);
}

/* -- interrupts --
 *
 * Taken in, an interrupt is a reason to end, so that it wakes a process that waits, and the
 * watch unwinds one that computes; but it ends the call of kri_catch_interruptible and not the
 * process (KRI_P_INTERRUPTED). A true reason to end takes its place. */

void kri_interrupt_take(struct kri_proc *p)
{
        if (p->doom != NULL || p->extra == NULL || p->extra->interruptible == NULL ||
            kri_has(p, KRI_P_ENDING))
                return;
        kri_doom_atom(p, KRI_A_timeout);
        kri_flags_set(p, KRI_P_INTERRUPTED, 0);
}

static void forget_interrupt(struct kri_proc *p)
{
        p->extra->interruptible = NULL;
        if (!kri_has(p, KRI_P_INTERRUPTED))
                return;
        p->doom = NULL; /* an atom's: nothing to be freed */
        kri_flags_set(p, 0, KRI_P_INTERRUPTED);
}

/* What it waited in is over, and so are the catches in between. */
static void leave_interrupted(struct kri_proc *p)
{
        struct kri_catch *frame = p->extra->interruptible;

        for (struct kri_catch *f = innermost(p); f != frame; f = f->outer)
                free_doom(p->sched, f->reason);
        *catch_place(p) = frame;
        forget_interrupt(p);
        p->scanned = NULL;
        kri_critical_set(p, 0);
        kri_flags_set(p, KRI_P_CATCHES, KRI_P_TOP | KRI_P_WAIT_TIMED | KRI_P_TIMED_OUT);
        to_catch(p, frame, KR_CLASS_EXIT, &atom_dooms[KRI_A_timeout]);
        abort(); /* it does not come back */
}

/* Is it as it was when it was made? */
static bool is_blank(const struct kri_extra *extra)
{
        struct kri_extra blank;

        memset(&blank, 0, sizeof(blank));
        blank.misuse = kr_none();
        blank.memory_used = extra->memory_used;
        return memcmp(&blank, extra, sizeof(blank)) == 0;
}

/* An upgrade calls this once in each of its processes, which are many: what they do not need they
 * do not keep, and the next has it. */
static void drop_blank_extra(struct kri_proc *p)
{
        if (p->extra == NULL || !is_blank(p->extra))
                return;
        kri_node_free(p->node, p->extra, sizeof(*p->extra));
        p->extra = NULL;
}

bool kri_catch_interruptible(void (*fn)(void *arg), void *arg, kr_class *ret_class,
                             kr_msg *ret_reason)
{
        struct kri_proc *p = kri_enter();
        bool can = !kri_has(p, KRI_P_THREAD) && kri_extra(p) != NULL &&
                   p->extra->interruptible == NULL;
        bool done = call_caught(p, fn, arg, ret_class, ret_reason, can);

        p = kri_enter();
        if (can) {
                forget_interrupt(p);
                drop_blank_extra(p);
        }
        kri_leave(p);
        return done;
}

void kri_interrupt(kr_pid pid)
{
        struct kri_proc *p = kri_enter();
        struct kri_sig *sig;

        if (p == NULL)
                return;
        sig = kri_sig_control(&p->sched->pool, KRI_SIG_INTERRUPT, kri_proc_word(p),
                              KRI_NIL);
        if (sig != NULL && kri_pid_is_near(pid))
                (void)kri_signal(p->node, p->sched, kri_pid_word(pid), sig);
        else if (sig != NULL)
                kri_sig_free(&p->sched->pool, sig);
        kri_leave(p);
}

/* -- exit/2 -- */

void kri_exit_signal(kr_pid to, struct kri_site *site, const union kri_arg *args)
{
        struct kri_proc *p = kri_enter();
        struct kri_sig *sig;
        kr_term reason;
        bool kill;

        if (p == NULL)
                return;
        if (kr_pid_is_none(to)) {
                kri_badarg(p, "kr_exit_signal", "to");
                return;
        }
        reason = kri_build(site, args);
        if (reason.w == KRI_NONE) {
                kri_no_memory(p); /* or, on a thread, a pattern that is wrong */
                return;
        }
        kill = reason.w == KRI_A(kill);
        sig = kri_sig_exit(&p->sched->pool, kri_proc_word(p),
                           kill ? KRI_A(killed) : reason.w);
        kr_release(reason);
        if (sig == NULL) {
                kri_no_memory(p);
                return;
        }
        sig->flags = kill ? KRI_SIG_KILL : 0;
        if (kri_pid_is_near(to))
                (void)kri_signal(p->node, p->sched, kri_pid_word(to), sig);
        else
                kri_sig_free(&p->sched->pool, sig);
        if (to.num == kri_proc_pid(p).num && to.node == p->node->slot) {
                kri_take(p->sched, p); /* exit(self(), R) acts at once */
                kri_doom_check(p);
        }
        kri_spend(p, 1);
        kri_leave(p);
}

/* -- the end, in the scheduler -- */

void kri_proc_tell(struct kri_sched *s, struct kri_proc *p)
{
        kri_word reason = doom_reason(p->doom);

        kri_registry_forget(p);
        kri_timers_forget(s, p);
        if (p->extra != NULL && p->extra->outside != NULL)
                kri_outside_ended(s, p);
        if (p->link != 0 || p->watcher != 0 || p->extra != NULL)
                kri_links_fire(s, p, reason);
}

static void free_extra(struct kri_sched *s, struct kri_proc *p)
{
        struct kri_extra *extra = p->extra;

        if (extra == NULL)
                return;
        kri_links_fini(s, p);
        kri_outside_fini(p);
        kri_dict_fini(s, extra);
        kri_suspending_fini(s, p);
        while (extra->old_stacks != NULL) {
                struct kri_stack *stack = extra->old_stacks;

                extra->old_stacks = stack->next;
                kri_stack_put(&s->node->stacks, &s->stacks, stack);
        }
        kri_node_free(p->node, extra, sizeof(*extra));
        p->extra = NULL;
}

void kri_mailbox_drop(struct kri_sched *s, struct kri_proc *p)
{
        while (p->first != NULL) {
                struct kri_sig *sig = p->first;

                p->first = sig->next;
                kri_sig_free(&s->pool, sig);
        }
        p->last = p->scanned = NULL;
        p->len = 0;
}

/* From here on nobody can reach it: what is on the way is answered as to the dead. */
static void close_queue(struct kri_sched *s, struct kri_proc *p)
{
        uint32_t serial = kri_serial(p);
        struct kri_sig *sig;

        kri_state_set(p, KRI_STATE_FREE);
        /* A sender that still sees the old serial pushes, and finds DEAD. release: pairs with
         * tenant() in info.c, which finds the name dead if it sees the new one too early */
        atomic_store_explicit(&p->serial, kri_serial_after(serial), memory_order_release);
        sig = atomic_exchange_explicit(&p->outer, KRI_DEAD, memory_order_acq_rel);
        while (sig != NULL && sig != KRI_SLEEPING) {
                struct kri_sig *older = sig->next;

                kri_stray(s,
                          kri_near_pid(p->node->slot, kri_proc_index(p), sig->to_serial),
                          sig);
                sig = older;
        }
}

void kri_proc_finish(struct kri_sched *s, struct kri_proc *p)
{
        if (p->stack != NULL)
                kri_stack_put(&s->node->stacks, &s->stacks, p->stack);
        p->stack = NULL;
        if (__builtin_expect(kri_has(p, KRI_P_REPORT), 0))
                kri_report_end(s, p, doom_reason(p->doom));
        kri_proc_tell(s, p); /* a zombie again, of what its clean-ups have begun since */
        close_queue(s, p);
        kri_mailbox_drop(s, p);
        if (p->held != NULL)
                kri_held_release(s, p);
        if (p->owned != NULL)
                kri_owned_release(s, p);
        free_extra(s, p);
        free_doom(s, p->doom);
        p->doom = NULL;
        kri_slot_give(s, p);
}

void kri_proc_undo(struct kri_sched *s, struct kri_proc *parent, struct kri_proc *p)
{
        if (parent != NULL)
                kri_link_undo(s, parent, p);
        kri_doom_atom(p, KRI_A_noproc);
        kri_proc_finish(s, p);
}

/* -- extra -- */

struct kri_extra *kri_extra(struct kri_proc *p)
{
        if (p->extra == NULL) {
                struct kri_extra *extra = kri_node_alloc(p->node, sizeof(*extra));

                if (extra == NULL)
                        return NULL;
                memset(extra, 0, sizeof(*extra));
                extra->misuse = kr_none();
                extra->memory_used = kri_owned_bytes(p);
                p->extra = extra;
        }
        return p->extra;
}
