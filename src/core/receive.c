/* SPDX-License-Identifier: Apache-2.0 */
#include "receive.h"

#include <krarup/gen.h>

#include "base/plat_clock.h"
#include "term/atom.h"
#include "term/pattern_quick.h"

#include "call.h"
#include "entry.h"
#include "extra.h"
#include "limit.h"
#include "node.h"
#include "poll.h"
#include "ref.h"
#include "timer.h"

/* From here on a deadline need not be read off the exact clock (20 ms more are 2 %, and never
 * less). */
#define LONG_WAIT_MS 1000

/* -- slots -- */

/* A receive looks for its slot behind so many others. */
#define OTHER_SLOTS 3

/* While a message is held its root is not needed any more (the slot has it) and its place
 * says which slot holds it. */
static void set_holder(struct kri_sig *sig, kr_msg *slot)
{
        sig->root = (kri_word)(uintptr_t)slot;
}

static kr_msg *holder(const struct kri_sig *sig)
{
        return (kr_msg *)(uintptr_t)sig->root;
}

static void release_held(struct kri_proc *p, struct kri_sig **place)
{
        struct kri_sig *sig = *place;

        *place = sig->next;
        kri_sig_free(&p->sched->pool, sig);
}

/* A slot in the frame of a function that has returned: nobody can clear it any more. */
static bool is_out_of_scope(const struct kri_proc *p, const kr_msg *slot)
{
        return kri_stack_holds(p->stack, slot) &&
               (const char *)slot < (const char *)__builtin_frame_address(0);
}

/* The message that `slot` holds, and those in slots that are gone. */
static void release_slot(struct kri_proc *p, kr_msg *slot)
{
        struct kri_sig **place = &p->held;

        while (*place != NULL) {
                kr_msg *at = holder(*place);

                if (at == slot || is_out_of_scope(p, at))
                        release_held(p, place);
                else
                        place = &(*place)->next;
        }
        slot->sig = NULL;
        slot->term.w = KRI_NONE;
}

/* Before `slot` is filled: what it held, and what nobody can reach any more. */
static inline void slot_prepare(struct kri_proc *p, kr_msg *slot)
{
        struct kri_sig *sig = p->held;

        if (sig == NULL)
                return;
        if (__builtin_expect(holder(sig) == slot, 1)) {
                p->held = sig->next; /* the slot filled last, as in every loop */
                kri_sig_free(&p->sched->pool, sig);
                return;
        }
        release_slot(p, slot);
}

static inline void hold(struct kri_proc *p, kr_msg *slot, struct kri_sig *sig)
{
        slot->term.w = kri_sig_root(sig);
        slot->sig = sig;
        set_holder(sig, slot);
        sig->next = p->held;
        p->held = sig;
}

void kri_slot_fill(struct kri_proc *p, kr_msg *slot, struct kri_sig *sig)
{
        slot_prepare(p, slot);
        hold(p, slot, sig);
}

struct kri_sig *kri_slot_empty(struct kri_proc *p, kr_msg *slot)
{
        struct kri_sig **place = &p->held, *sig;

        while (holder(*place) != slot)
                place = &(*place)->next;
        sig = *place;
        *place = sig->next;
        kri_store(&sig->root, slot->term.w);
        slot->sig = NULL;
        slot->term.w = KRI_NONE;
        return sig;
}

void kri_held_release(struct kri_sched *s, struct kri_proc *p)
{
        while (p->held != NULL) {
                struct kri_sig *sig = p->held;

                p->held = sig->next;
                kri_sig_free(&s->pool, sig);
        }
}

/* -- the mailbox -- */

void kri_mailbox_append(struct kri_proc *p, struct kri_sig *sig)
{
        kri_append(p, sig);
}

static void move_marks(struct kri_proc *p, struct kri_sig *from, struct kri_sig *to)
{
        bool any = false;

        for (unsigned i = 0; i < KRI_MARKS; i++) {
                struct kri_mark *mark = &p->extra->marks[i];

                if (mark->ref != 0 && mark->after == from) {
                        mark->after = to;
                        if (to == NULL)
                                mark->ref = 0; /* nothing left to skip */
                }
                any |= mark->ref != 0;
        }
        if (!any)
                kri_flags_set(p, 0, KRI_P_MARKED);
}

static inline void unlink_sig(struct kri_proc *p, struct kri_sig *before,
                              struct kri_sig *sig)
{
        if (before != NULL)
                before->next = sig->next;
        else
                p->first = sig->next;
        if (p->last == sig)
                p->last = before;
        p->len--;
        if (__builtin_expect(kri_has(p, KRI_P_MARKED), 0))
                move_marks(p, sig, before);
        if (__builtin_expect(kri_has(p, KRI_P_LIMITED), 0))
                kri_limit_leave(p, sig);
}

void kri_mailbox_unlink(struct kri_proc *p, struct kri_sig *before, struct kri_sig *sig)
{
        if (p->scanned == sig)
                p->scanned = before; /* a wait at the top may still go on behind it */
        unlink_sig(p, before, sig);
}

void kri_mark_set(struct kri_proc *p, uint64_t ref)
{
        struct kri_mark *mark;

        if (p->last == NULL)
                return;
        if (kri_extra(p) == NULL)
                return; /* slower, not wrong */
        mark = &p->extra->marks[p->extra->mark_next++ % KRI_MARKS];
        *mark = (struct kri_mark){ .ref = ref, .after = p->last };
        kri_flags_set(p, KRI_P_MARKED, 0);
}

struct kri_sig *kri_mark_after(const struct kri_proc *p, uint64_t ref)
{
        for (unsigned i = 0; p->extra != NULL && i < KRI_MARKS; i++)
                if (p->extra->marks[i].ref == ref)
                        return p->extra->marks[i].after;
        return NULL;
}

/* Where a receive of these clauses may start: behind what is older than the reference that
 * every one of them wants, or at the front. */
static struct kri_sig *start_after(struct kri_proc *p, const struct kr_clause *clauses)
{
        uint64_t wanted = 0;

        for (const struct kr_clause *c = clauses; c->site != NULL; c++) {
                const struct kri_code *code = kri_site_code(c->site);
                int arg = code != NULL ? kri_code_ref_arg(code) : -1;

                if (arg < 0 || (wanted != 0 && c->args[arg].ref.id[0] != wanted))
                        return NULL;
                wanted = c->args[arg].ref.id[0];
        }
        return wanted != 0 ? kri_mark_after(p, wanted) : NULL;
}

/* -- receive -- */

static inline const struct kr_clause *fitting(const struct kr_clause *clauses, kri_word t)
{
        for (const struct kr_clause *c = clauses; c->site != NULL; c++) {
                const struct kri_code *code = kri_site_code(c->site);

                if (__builtin_expect(code != NULL, 1) &&
                    kri_code_match_inline(code, t, c->args))
                        return c;
        }
        return NULL;
}

/* The first message behind p->scanned that fits; what does not is behind it then. */
static inline __attribute__((always_inline)) const struct kr_clause *scan(
        struct kri_proc *p, kr_msg *slot, const struct kr_clause *clauses)
{
        struct kri_sig *before = p->scanned;
        struct kri_sig *sig = before != NULL ? before->next : p->first;

        while (sig != NULL) {
                const struct kr_clause *clause = fitting(clauses, kri_sig_root(sig));

                if (clause != NULL) {
                        unlink_sig(p, before, sig);
                        slot_prepare(p, slot); /* clauses may refer to what it held */
                        hold(p, slot, sig);
                        return clause;
                }
                before = sig;
                sig = sig->next;
        }
        p->scanned = before;
        return NULL;
}

static inline __attribute__((always_inline)) bool something_arrived(struct kri_proc *p)
{
        if (p->sched->outbox.to == p)
                kri_outbox_flush(p->sched); /* what we sent ourselves */
        if (atomic_load_explicit(&p->outer, memory_order_relaxed) == NULL)
                return false;
        kri_take(p->sched, p);
        kri_doom_check(p);
        if (__builtin_expect(p->suspended != 0, 0))
                kri_yield_now(p); /* whoever suspends us was told that we stand still */
        return true;
}

static void set_deadline(struct kri_proc *p, int64_t timeout_ms)
{
        int64_t now_ns = timeout_ms >= LONG_WAIT_MS && !p->sched->sim
                                 ? kri_clock_soon_ns()
                                 : kri_node_now_ns(p->node);

        p->extra->deadline_ns = now_ns + timeout_ms * 1000000;
        kri_flags_set(p, KRI_P_WAIT_TIMED, KRI_P_TIMED_OUT);
}

/* Also when it is left by a raise: the next wait, in a kr_catch around it, is another one. */
static void wait_ends(struct kri_proc *p)
{
        p->scanned = NULL;
        if (__builtin_expect(kri_has(p, KRI_P_WAIT_TIMED | KRI_P_TOP), 0))
                kri_flags_set(p, 0, KRI_P_WAIT_TIMED | KRI_P_TIMED_OUT | KRI_P_TOP);
}

/* limit_wait for p, which has its extra, if a wake-up is on the way that comes early enough: it
 * looks again. False: it is not that easy; nothing has happened. */
static inline bool limit_quickly(struct kri_proc *p, int64_t timeout_ms)
{
        int64_t deadline_ns;

        if (timeout_ms < LONG_WAIT_MS || p->sched->sim || !kri_has(p, KRI_P_ARMED) ||
            kri_has(p, KRI_P_WAIT_TIMED | KRI_P_THREAD))
                return false;
        deadline_ns = kri_clock_soon_ns() + timeout_ms * 1000000;
        if (p->extra->armed_ns > deadline_ns)
                return false;
        p->extra->deadline_ns = deadline_ns;
        kri_flags_set(p, KRI_P_WAIT_TIMED, KRI_P_TIMED_OUT);
        return true;
}

/* A thread, which has its extra from the beginning, looks at the clock itself. */
static __attribute__((noinline)) void limit_wait(struct kri_proc *p, int64_t timeout_ms)
{
        bool has_room = p->extra != NULL || kri_extra(p) != NULL;

        if (has_room && !kri_has(p, KRI_P_WAIT_TIMED))
                set_deadline(p, timeout_ms);
        if (has_room && (kri_has(p, KRI_P_THREAD) || kri_timers_arm(p->sched, p)))
                return;
        wait_ends(p);
        kri_raise_atom(p, KR_CLASS_ERROR, KRI_A_system_limit);
}

/* The stack goes: no catch on it can be reached any more, nor any slot. */
static __attribute__((noinline)) void forget_stack(struct kri_proc *p)
{
        struct kri_sig **place = &p->held;

        kri_flags_set(p, 0, KRI_P_CATCHES);
        while (*place != NULL) {
                if (kri_stack_holds(p->stack, holder(*place)))
                        release_held(p, place);
                else
                        place = &(*place)->next;
        }
}

/* Until something arrives or the time is up. */
static inline __attribute__((always_inline)) void wait(struct kri_proc *p,
                                                       int64_t timeout_ms,
                                                       enum kri_out out)
{
        if (__builtin_expect(timeout_ms != KR_INFINITY, 0))
                limit_wait(p, timeout_ms);
        if (out == KRI_OUT_TOP && (p->held != NULL || kri_has(p, KRI_P_CATCHES)))
                forget_stack(p);
        if (__builtin_expect(p->doom != NULL, 0))
                kri_end(p); /* a clean-up may not wait: it is given up */
        kri_flags_set(p, 0, out == KRI_OUT_TOP ? KRI_P_NEWS | KRI_P_CAUGHT : KRI_P_NEWS);
        kri_switch_out(p, out);
        kri_doom_check(p);
}

static bool is_timeout(int64_t timeout_ms)
{
        return timeout_ms >= KR_INFINITY && timeout_ms <= KRI_TIMEOUT_MAX_MS;
}

/* On an attached thread it returns, outside. */
static __attribute__((cold)) void refuse(struct kri_proc *p, int64_t timeout_ms)
{
        if (is_timeout(timeout_ms))
                kri_badarg(p, "kr_receive", "slot");
        else if (kri_has(p, KRI_P_THREAD))
                kri_leave(p);
        else
                kri_raise_atom(p, KR_CLASS_ERROR, KRI_A_timeout_value);
}

/* How much is tried in line. What is seldom needed costs registers, and thereby all the others:
 * SIMPLE is one slot that is filled again and again, from tuples of words, with one result. */
enum effort { SIMPLE, MORE };

/* The clause that the box fits, by kri_match_fast (and, with MORE, kri_match_more) alone; NULL:
 * none, or it takes more. */
static inline __attribute__((always_inline)) const struct kr_clause *fits_fast(
        const struct kr_clause *c, const kri_word *box, enum effort effort)
{
        for (; c->site != NULL; c++) {
                /* acquire: as in kri_site_code */
                const struct kri_code *code =
                        __atomic_load_n(&c->site->code, __ATOMIC_ACQUIRE);
                const struct kri_match_code *match = (const struct kri_match_code *)code;

                if (__builtin_expect(code == NULL, 0))
                        return NULL;
                if (box[0] != code->key_word ||
                    ((box[1] ^ code->key_second) & code->key_second_mask) != 0) {
                        if (code->may_be_box)
                                return code->is_any ? c : NULL;
                        continue;
                }
                if (effort == SIMPLE)
                        return kri_match_one(code, box, &c->args) ? c : NULL;
                if (code->fast_box != 0 && kri_match_fast(match, box, c->args))
                        return c;
                if (code->fast_more && kri_match_more(match, box, c->args))
                        return c;
                return NULL;
        }
        return NULL;
}

/* The same for an immediate. */
static inline __attribute__((always_inline)) const struct kr_clause *fits_word(
        const struct kr_clause *c, kri_word t)
{
        for (; c->site != NULL; c++) {
                const struct kri_code *code =
                        __atomic_load_n(&c->site->code, __ATOMIC_ACQUIRE);

                if (__builtin_expect(code == NULL, 0))
                        return NULL;
                if (code->boxed || ((t ^ code->key_word) & code->key_mask) != 0)
                        continue;
                return kri_match_word_fast(code, t, &c->args) ? c : NULL;
        }
        return NULL;
}

/* The first clause, if it takes whatever comes. */
static inline __attribute__((always_inline)) const struct kr_clause *fits_anything(
        const struct kr_clause *c)
{
        const struct kri_code *code =
                c->site != NULL ? __atomic_load_n(&c->site->code, __ATOMIC_ACQUIRE)
                                : NULL;

        return code != NULL && code->is_any ? c : NULL;
}

static inline __attribute__((always_inline)) bool is_small(const struct kri_sig *sig)
{
        return sig->blobs == 0 && sig->size_class != KRI_POOL_LARGE;
}

/* Give back what the slot held, if few others were filled since, and nothing large hangs off
 * any (they may be out of scope: then they go with the next that takes more). False: it takes
 * more (release_slot), or there is no slot; nothing has happened. */
static inline __attribute__((always_inline)) bool release_quickly(struct kri_proc *p,
                                                                  const kr_msg *slot,
                                                                  enum effort effort)
{
        struct kri_sig **place = &p->held, *sig = *place;
        struct kri_pool_list *hot;

        for (int others = 0; sig != NULL && holder(sig) != slot; others++) {
                if (others == (effort == MORE ? OTHER_SLOTS : 0) || !is_small(sig))
                        return false;
                place = &sig->next;
                sig = *place;
        }
        if (sig == NULL)
                return slot != NULL;
        if (!is_small(sig))
                return false;
        hot = &p->sched->pool.hot[sig->size_class];
        if (hot->room <= 1)
                return false;
        *place = sig->next;
        kri_pool_poison(sig, sig->size_class);
        sig->next = (struct kri_sig *)hot->first;
        hot->first = (struct kri_block *)sig;
        hot->room--;
        return true;
}

void kr_msg_clear(kr_msg *slot)
{
        struct kri_proc *p = kri_enter();

        if (p == NULL)
                return;
        if (slot != NULL && slot->sig != NULL && !release_quickly(p, slot, MORE))
                release_slot(p, slot);
        if (slot != NULL)
                *slot = (kr_msg){ .term = { KRI_NONE } };
        kri_leave(p);
}

/* The first message goes into the slot, which holds none; `t` is its root. */
static inline __attribute__((always_inline)) void take_it(struct kri_proc *p,
                                                          kr_msg *slot, kri_word t)
{
        struct kri_sig *sig = p->first;

        p->first = sig->next;
        if (sig->next == NULL)
                p->last = NULL;
        __builtin_prefetch(sig->next);
        p->len--;
        slot->term.w = t;
        slot->sig = sig;
        set_holder(sig, slot);
        sig->next = p->held;
        p->held = sig;
}

/* The first message of the mailbox, if it is what is wanted and nothing else is to be seen
 * to: most receives are no more than that. Calls nothing. */
static inline __attribute__((always_inline)) const struct kr_clause *take_first(
        struct kri_proc *p, kr_msg *slot, const struct kr_clause *clauses,
        uint32_t unless, enum effort effort)
{
        struct kri_sig *sig = p->first;
        const struct kr_clause *clause;
        kri_word t;

        if (kri_has(p, unless | KRI_P_MARKED))
                return NULL;
        if (__builtin_expect(kri_tag(sig->root) == KRI_BOX, 1)) {
                const kri_word *box = kri_load_box(&sig->root);

                clause = fits_fast(clauses, box, effort);
                t = kri_boxed(box);
        } else if (!kri_is_place(sig->root)) {
                t = sig->root;
                clause = fits_word(clauses, t);
        } else {
                clause = fits_anything(clauses);
                t = kri_sig_root(sig);
        }
        if (clause == NULL || !release_quickly(p, slot, effort))
                return NULL;
        take_it(p, slot, t);
        return clause;
}

static inline __attribute__((always_inline)) int receive(struct kri_proc *p, kr_msg *slot,
                                                         int64_t timeout_ms,
                                                         const struct kr_clause *clauses,
                                                         enum kri_out out)
{
        const struct kr_clause *clause;

        for (;;) {
                clause = p->scanned == NULL && p->first != NULL
                                 ? take_first(p, slot, clauses, KRI_P_LIMITED, MORE)
                                 : NULL;
                if (clause == NULL)
                        clause = scan(p, slot, clauses);
                if (clause != NULL)
                        break;
                if (something_arrived(p))
                        continue;
                if (timeout_ms == 0 || kri_has(p, KRI_P_TIMED_OUT))
                        break;
                if (__builtin_expect(!is_timeout(timeout_ms), 0)) {
                        wait_ends(p);
                        refuse(p, timeout_ms); /* as Erlang does: when nothing fits */
                        break;
                }
                wait(p, timeout_ms, out);
        }
        wait_ends(p);
        if (__builtin_expect(clause == NULL, 0))
                release_slot(p, slot);
        kri_spend(p, KRI_COST_RECEIVE);
        return clause != NULL ? clause->id : KR_TIMEOUT;
}

static inline struct kri_proc *begin(const kr_msg *slot)
{
        struct kri_proc *p = kri_enter();

        if (p == NULL)
                return NULL;
        if (__builtin_expect(slot == NULL, 0)) {
                refuse(p, 0);
                return NULL;
        }
        return p;
}

/* The whole of kr_receive; p has entered. */
static KRI_TAIL int receive_in(struct kri_proc *p, kr_msg *slot, int64_t timeout_ms,
                               const struct kr_clause *clauses)
{
        int id;

        if (__builtin_expect(slot == NULL, 0)) {
                refuse(p, 0);
                return KR_TIMEOUT;
        }
        if (__builtin_expect(kri_has(p, KRI_P_TOP), 0))
                wait_ends(p); /* a wait at the top that is not gone on with */
        if (__builtin_expect(kri_has(p, KRI_P_MARKED), 0))
                p->scanned = start_after(p, clauses);
        id = receive(p, slot, timeout_ms, clauses, KRI_OUT_WAIT);
        kri_leave(p);
        return id;
}

static KRI_TAIL int receive_taken(kr_msg *slot, int64_t timeout_ms,
                                  const struct kr_clause *clauses)
{
        return receive_in(kri_enter(), slot, timeout_ms, clauses);
}

static KRI_TAIL int received_enough(struct kri_proc *p, int id)
{
        kri_yield_now(p);
        kri_leave(p);
        return id;
}

/* The mailbox is empty, and so is the queue, and there is nothing to think of but that: the
 * usual wait, which has its deadline then. */
static inline __attribute__((always_inline)) bool waits_simply(struct kri_proc *p,
                                                               const kr_msg *slot,
                                                               int64_t timeout_ms)
{
        return slot != NULL && p->scanned == NULL && p->doom == NULL &&
               !kri_has(p, KRI_P_TOP | KRI_P_WAIT_TIMED | KRI_P_THREAD) &&
               p->sched->outbox.to != p && !kri_outer_has_news(p) &&
               (timeout_ms == KR_INFINITY || limit_quickly(p, timeout_ms));
}

/* Waits, and begins anew: with little to keep across the switch, it costs little. */
static KRI_TAIL int receive_waiting(struct kri_proc *p, kr_msg *slot, int64_t timeout_ms,
                                    const struct kr_clause *clauses)
{
        if (!waits_simply(p, slot, timeout_ms))
                return receive_in(p, slot, timeout_ms, clauses);
        kri_flags_set(p, 0, KRI_P_NEWS);
        kri_switch_out(p, KRI_OUT_WAIT);
        kri_doom_check(p);
        return kri_receive(slot, timeout_ms, clauses);
}

/* There is a message, but it took more than a simple look. */
static KRI_TAIL int receive_more(struct kri_proc *p, kr_msg *slot, int64_t timeout_ms,
                                 const struct kr_clause *clauses)
{
        const struct kr_clause *clause =
                take_first(p, slot, clauses, KRI_P_LIMITED | KRI_P_TOP, MORE);

        if (__builtin_expect(clause == NULL, 0))
                return receive_in(p, slot, timeout_ms, clauses);
        kri_flags_set(p, 0, KRI_P_WAIT_TIMED | KRI_P_TIMED_OUT);
        if (kri_turn_ends(p, KRI_COST_RECEIVE))
                return received_enough(p, clause->id);
        kri_leave(p);
        return clause->id;
}

/* Calls nothing, as kri_send_pid: what is unusual is a jump to receive_in.
 * The timeout is looked at when there is a reason to wait, as Erlang does. */
int kri_receive(kr_msg *slot, int64_t timeout_ms, const struct kr_clause *clauses)
{
        struct kri_proc *p = kri_enter_quickly();
        const struct kr_clause *clause;

        if (__builtin_expect(p == NULL, 0))
                return KR_TIMEOUT;
        if (__builtin_expect(kri_is_taken(p), 0))
                return receive_taken(slot, timeout_ms, clauses);
        if (p->first == NULL)
                return receive_waiting(p, slot, timeout_ms, clauses);
        clause = take_first(p, slot, clauses,
                            KRI_P_LIMITED | KRI_P_TOP | KRI_P_WAIT_TIMED, SIMPLE);
        if (__builtin_expect(clause == NULL, 0))
                return receive_more(p, slot, timeout_ms, clauses);
        if (kri_turn_ends(p, KRI_COST_RECEIVE))
                return received_enough(p, clause->id);
        kri_leave(p);
        return clause->id;
}

/* A wait that was begun before the stack was given back goes on where it stopped, if it is
 * the same: then p->scanned is right, for the same patterns refused those messages. Patterns
 * that compare with values may do otherwise now and start at the front. */
static bool site_is_fixed(const struct kri_site *site)
{
        for (unsigned i = 0; i < site->count; i++)
                if (site->types[i] < KRI_ARG_OUT)
                        return false;
        return true;
}

static void resume(struct kri_proc *p, const struct kr_clause *clauses)
{
        if (kri_has(p, KRI_P_TOP) && p->top_site != clauses->site)
                wait_ends(p); /* it waits for something else this time */
        p->top_site = clauses->site;
        if (!kri_has(p, KRI_P_TOP) || p->scanned == NULL)
                return;
        for (const struct kr_clause *c = clauses; c->site != NULL; c++)
                if (!site_is_fixed(c->site))
                        p->scanned = NULL;
}

static KRI_TAIL int receive_top(kr_msg *slot, int64_t timeout_ms,
                                const struct kr_clause *clauses)
{
        struct kri_proc *p = begin(slot);
        enum kri_out out;
        int id;

        if (p == NULL)
                return KR_TIMEOUT;
        resume(p, clauses);
        out = kri_has(p, KRI_P_THREAD) ? KRI_OUT_WAIT : KRI_OUT_TOP;
        kri_flags_set(p, KRI_P_TOP, 0);
        id = receive(p, slot, timeout_ms, clauses, out);
        kri_leave(p);
        return id;
}

static KRI_TAIL int wait_at_top(struct kri_proc *p, kr_msg *slot, int64_t timeout_ms,
                                const struct kr_clause *clauses)
{
        if (kri_is_taken(p) || slot == NULL || p->first != NULL ||
            timeout_ms != KR_INFINITY || p->scanned != NULL || p->doom != NULL ||
            kri_has(p, KRI_P_WAIT_TIMED | KRI_P_THREAD | KRI_P_CAUGHT) ||
            p->sched->outbox.to == p || kri_outer_has_news(p))
                return receive_top(slot, timeout_ms, clauses);
        if (p->held != NULL || kri_has(p, KRI_P_CATCHES))
                forget_stack(p);
        p->top_site = clauses->site;
        kri_flags_set(p, KRI_P_TOP, KRI_P_NEWS);
        kri_switch_out(p, KRI_OUT_TOP);
        __builtin_unreachable();
}

/* Calls nothing, as kri_receive. A wait that goes on from further back is not that simple. */
int kri_receive_top(kr_msg *slot, int64_t timeout_ms, const struct kr_clause *clauses)
{
        struct kri_proc *p = kri_enter_quickly();
        const struct kr_clause *clause;

        if (__builtin_expect(p == NULL, 0))
                return KR_TIMEOUT;
        if (kri_is_taken(p) || slot == NULL || p->first == NULL || p->scanned != NULL)
                return wait_at_top(p, slot, timeout_ms, clauses);
        clause = take_first(p, slot, clauses, KRI_P_LIMITED | KRI_P_WAIT_TIMED, MORE);
        if (clause == NULL)
                return receive_top(slot, timeout_ms, clauses);
        kri_flags_set(p, 0, KRI_P_TOP);
        if (kri_turn_ends(p, KRI_COST_RECEIVE))
                return received_enough(p, clause->id);
        kri_leave(p);
        return clause->id;
}

/* -- whatever comes next -- */

static struct kri_site any_site = { .pattern = "_", .file = __FILE__, .matches = 1 };
static const struct kr_clause anything[] = { { 0, &any_site, NULL }, { 0, NULL, NULL } };

static KRI_TAIL int next_at_top(struct kri_proc *p, kr_msg *slot, int64_t timeout_ms)
{
        return wait_at_top(p, slot, timeout_ms, anything);
}

/* Calls nothing, as kri_receive_top. */
int kri_receive_next(kr_msg *slot, int64_t timeout_ms)
{
        struct kri_proc *p = kri_enter_quickly();

        if (__builtin_expect(p == NULL, 0))
                return KR_TIMEOUT;
        if (kri_is_taken(p) || slot == NULL || p->first == NULL || p->scanned != NULL ||
            kri_has(p, KRI_P_LIMITED | KRI_P_WAIT_TIMED | KRI_P_MARKED) ||
            !release_quickly(p, slot, MORE))
                return next_at_top(p, slot, timeout_ms);
        take_it(p, slot, kri_sig_root(p->first));
        kri_flags_set(p, 0, KRI_P_TOP);
        if (kri_turn_ends(p, KRI_COST_RECEIVE))
                return received_enough(p, 0);
        kri_leave(p);
        return 0;
}

/* -- what no pattern can say -- */

static inline __attribute__((always_inline)) bool scan_where(
        struct kri_proc *p, kr_msg *slot, bool (*fits)(void *arg, kr_term message),
        void *arg)
{
        struct kri_sig *before = p->scanned;
        struct kri_sig *sig = before != NULL ? before->next : p->first;

        while (sig != NULL) {
                kr_term message = { kri_sig_root(sig) };

                if (fits(arg, message)) {
                        unlink_sig(p, before, sig);
                        slot_prepare(p, slot);
                        hold(p, slot, sig);
                        return true;
                }
                before = sig;
                sig = sig->next;
        }
        p->scanned = before;
        return false;
}

/* Behind p->scanned, or when it comes, or not in time. */
static inline __attribute__((always_inline)) bool await_where(
        struct kri_proc *p, kr_msg *slot, int64_t timeout_ms,
        bool (*fits)(void *arg, kr_term message), void *arg)
{
        bool found;

        while (!(found = scan_where(p, slot, fits, arg))) {
                if (something_arrived(p))
                        continue;
                if (timeout_ms == 0 || kri_has(p, KRI_P_TIMED_OUT))
                        break;
                if (__builtin_expect(!is_timeout(timeout_ms), 0)) {
                        refuse(p, timeout_ms);
                        break;
                }
                wait(p, timeout_ms, KRI_OUT_WAIT);
        }
        wait_ends(p);
        return found;
}

int kri_receive_where(kr_msg *slot, int64_t timeout_ms,
                      bool (*fits)(void *arg, kr_term message), void *arg)
{
        struct kri_proc *p = begin(slot);
        bool found;

        if (p == NULL)
                return KR_TIMEOUT;
        if (kri_has(p, KRI_P_TOP))
                wait_ends(p);
        found = await_where(p, slot, timeout_ms, fits, arg);
        if (!found)
                release_slot(p, slot);
        kri_spend(p, KRI_COST_RECEIVE);
        kri_leave(p);
        return found ? 0 : KR_TIMEOUT;
}

/* -- waits of the library's own -- */

static const struct kr_clause no_clause = { 0, NULL, NULL };

/* A wait at the top that goes on after such a wait: kept meanwhile. */
struct aside {
        uint32_t flags;
        struct kri_sig *scanned;
        int64_t deadline_ns;
};

#define KRI_P_ASIDE (KRI_P_TOP | KRI_P_WAIT_TIMED | KRI_P_TIMED_OUT)

static struct aside put_aside(struct kri_proc *p)
{
        struct aside aside = { kri_flags(p) & KRI_P_ASIDE, p->scanned,
                               p->extra != NULL ? p->extra->deadline_ns : 0 };

        kri_flags_set(p, 0, KRI_P_ASIDE);
        return aside;
}

/* What has become known of its deadline meanwhile is found out again. */
static void take_up(struct kri_proc *p, const struct aside *aside)
{
        kri_flags_set(p, aside->flags, 0);
        p->scanned = aside->scanned;
        if (p->extra != NULL)
                p->extra->deadline_ns = aside->deadline_ns;
}

void kri_pause(struct kri_proc *p, int64_t ms)
{
        struct aside aside = put_aside(p);
        kr_msg none = KR_MSG_INIT;

        p->scanned = p->last;
        (void)receive(p, &none, ms, &no_clause, KRI_OUT_WAIT);
        take_up(p, &aside);
}

bool kri_outside_wait(struct kri_outside *outside, int64_t deadline_ns)
{
        struct kri_proc *p = outside->p;
        struct aside aside = put_aside(p);

        if (deadline_ns != INT64_MAX) {
                p->extra->deadline_ns = deadline_ns;
                kri_flags_set(p, KRI_P_WAIT_TIMED, 0);
        }
        while (!outside->woken) {
                if (something_arrived(p))
                        continue;
                if (kri_has(p, KRI_P_TIMED_OUT) ||
                    (deadline_ns != INT64_MAX && kri_node_now_ns(p->node) >= deadline_ns))
                        break;
                wait(p, deadline_ns == INT64_MAX ? KR_INFINITY : 0, KRI_OUT_WAIT);
        }
        wait_ends(p);
        take_up(p, &aside);
        return outside->woken;
}

void kr_sleep(int64_t timeout_ms)
{
        struct kri_proc *p = kri_enter();

        if (p == NULL)
                return;
        if (!is_timeout(timeout_ms)) {
                refuse(p, timeout_ms);
                return;
        }
        kri_pause(p, timeout_ms);
        kri_leave(p);
}

/* What a call waits for: {[alias | Ref], Reply}, or {'DOWN', Ref, _, _, Reason}. */
struct awaited {
        uint64_t ref;
        enum kri_answer answer;
        kri_word said; /* Reply or Reason */
};

static inline bool is_reply(kri_word t, uint64_t ref)
{
        kri_word tag = kri_tuple_at(t, 0);

        return kri_tag(tag) == KRI_CONS && kri_head(tag) == KRI_A(alias) &&
               kri_is_own_ref(kri_tail(tag), ref);
}

static inline bool is_awaited(void *arg, kr_term message)
{
        struct awaited *awaited = arg;
        const kri_word *box = kri_ptr(message.w);

        if (kri_tag(message.w) != KRI_BOX)
                return false;
        if (box[0] == kri_header(KRI_TUPLE, 0, 2) && is_reply(message.w, awaited->ref)) {
                awaited->answer = KRI_ANSWER_REPLY;
                awaited->said = kri_load(&box[2]);
                return true;
        }
        if (box[0] == kri_header(KRI_TUPLE, 0, 5) && box[1] == KRI_A(DOWN) &&
            kri_is_own_ref(kri_load(&box[2]), awaited->ref)) {
                awaited->answer = KRI_ANSWER_DOWN;
                awaited->said = kri_load(&box[5]);
                return true;
        }
        return false;
}

enum kri_answer kri_await_more(struct kri_proc *p, uint64_t ref, struct kri_sig *after,
                               int64_t timeout_ms, kr_msg *slot)
{
        struct awaited awaited = { ref, KRI_ANSWER_NONE, KRI_NONE };

        p->scanned = after;
        if (await_where(p, slot, timeout_ms, is_awaited, &awaited))
                slot->term.w = awaited.said;
        return awaited.answer;
}

enum kri_answer kri_await_answer(struct kri_proc *p, uint64_t ref, struct kri_sig *after,
                                 int64_t timeout_ms, kr_msg *slot)
{
        struct aside aside = put_aside(p);
        enum kri_answer answer = kri_await_more(p, ref, after, timeout_ms, slot);

        take_up(p, &aside);
        return answer;
}

/* In one function, as all that waits. */
int kri_gen_hear(kr_ref ref, int64_t timeout_ms, kr_msg *slot)
{
        struct kri_proc *p = begin(slot);
        struct awaited awaited = { ref.id[0], KRI_ANSWER_NONE, KRI_NONE };

        if (p == NULL)
                return KRI_CALL_TIMEOUT;
        if (__builtin_expect(kri_has(p, KRI_P_TOP), 0))
                wait_ends(p);
        if (__builtin_expect(kri_has(p, KRI_P_MARKED), 0))
                p->scanned = kri_mark_after(p, ref.id[0]);
        if (await_where(p, slot, timeout_ms, is_awaited, &awaited))
                slot->term.w = awaited.said;
        else
                release_slot(p, slot);
        kri_spend(p, KRI_COST_RECEIVE);
        kri_leave(p);
        if (awaited.answer == KRI_ANSWER_NONE)
                return KRI_CALL_TIMEOUT;
        return awaited.answer == KRI_ANSWER_REPLY ? KRI_CALL_REPLY : KRI_CALL_DOWN;
}

/* Take what has come behind `after`, if it is the reply and nothing else is to be seen to. */
static inline __attribute__((always_inline)) bool take_reply(struct kri_proc *p,
                                                             kr_msg *slot, uint64_t ref,
                                                             struct kri_sig *after)
{
        struct kri_sig *sig = after != NULL ? after->next : p->first;

        if (sig == NULL || p->extra->first_watching.ref[0] == ref ||
            !kri_call_is_reply(sig, ref) || !release_quickly(p, slot, MORE))
                return false;
        unlink_sig(p, after, sig);
        hold(p, slot, sig);
        slot->term.w = kri_load(&sig->heap[KRI_REPLY + 2]);
        return true;
}

int kri_call_await(struct kri_proc *p, uint64_t ref, struct kri_sig *after,
                   int64_t timeout_ms, kr_msg *slot)
{
        if (timeout_ms != KR_INFINITY && !limit_quickly(p, timeout_ms))
                limit_wait(p, timeout_ms);
        if (__builtin_expect(p->sched->outbox.to == p || kri_outer_has_news(p), 0))
                return kri_call_go_on(p, ref, after, timeout_ms, slot);
        kri_flags_set(p, 0, KRI_P_NEWS);
        kri_switch_out(p, KRI_OUT_WAIT);
        p = kri_current(); /* what is kept across the switch is kept in memory */
        kri_doom_check(p);
        if (__builtin_expect(!take_reply(p, slot, ref, after), 0))
                return kri_call_go_on(p, ref, after, timeout_ms, slot);
        kri_flags_set(p, 0, KRI_P_WAIT_TIMED | KRI_P_TIMED_OUT);
        if (kri_turn_ends(p, 0))
                kri_yield_now(p);
        kri_leave(p);
        return KRI_CALL_REPLY;
}

bool kri_await_reply(struct kri_proc *p, kr_ref ref, kr_msg *slot)
{
        enum { REPLY, GONE };
        const struct kr_clause clauses[] = { kr_on(REPLY, "{=, _}", ref),
                                             kr_on(GONE, "{=}", ref),
                                             { 0 } };
        struct aside aside;
        int id;

        if (kri_site_code(clauses[0].site) == NULL ||
            kri_site_code(clauses[1].site) == NULL)
                return false; /* an attached thread, and no memory */
        aside = put_aside(p);
        p->scanned = kri_has(p, KRI_P_MARKED) ? start_after(p, clauses) : NULL;
        id = receive(p, slot, KR_INFINITY, clauses, KRI_OUT_WAIT);
        take_up(p, &aside);
        if (id == REPLY)
                slot->term.w = kri_load(kri_ptr(slot->term.w) + 2);
        else
                release_slot(p, slot);
        return id == REPLY;
}
