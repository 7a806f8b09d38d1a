/* SPDX-License-Identifier: Apache-2.0 */
/* receive.c: the messages that fit a clause. */
#include "receive.h"

#include "term/pattern_quick.h"

#include "entry.h"
#include "ref.h"
#include "wait.h"

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
                        kri_mailbox_take_out(p, before, sig);
                        kri_slot_prepare(p, slot); /* clauses may refer to what it held */
                        kri_slot_hold(p, slot, sig);
                        return clause;
                }
                before = sig;
                sig = sig->next;
        }
        p->scanned = before;
        return NULL;
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
        kri_slot_holder_set(sig, slot);
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
        if (clause == NULL ||
            !kri_slot_release_quickly(p, slot, effort == MORE ? KRI_OTHER_SLOTS : 0))
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
                if (kri_wait_has_news(p))
                        continue;
                if (timeout_ms == 0 || kri_has(p, KRI_P_TIMED_OUT))
                        break;
                if (__builtin_expect(!kri_is_timeout(timeout_ms), 0)) {
                        kri_wait_ends(p);
                        kri_wait_refuse(
                                p, timeout_ms); /* as Erlang does: when nothing fits */
                        break;
                }
                kri_wait(p, timeout_ms, out);
        }
        kri_wait_ends(p);
        if (__builtin_expect(clause == NULL, 0))
                kri_slot_release(p, slot);
        kri_spend(p, KRI_COST_RECEIVE);
        return clause != NULL ? clause->id : KR_TIMEOUT;
}

/* The whole of kr_receive; p has entered. */
static KRI_TAIL int receive_in(struct kri_proc *p, kr_msg *slot, int64_t timeout_ms,
                               const struct kr_clause *clauses)
{
        int id;

        if (__builtin_expect(slot == NULL, 0)) {
                kri_wait_refuse(p, 0);
                return KR_TIMEOUT;
        }
        if (__builtin_expect(kri_has(p, KRI_P_TOP), 0))
                kri_wait_ends(p); /* a wait at the top that is not gone on with */
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

/* Waits, and begins anew: with little to keep across the switch, it costs little. */
static KRI_TAIL int receive_waiting(struct kri_proc *p, kr_msg *slot, int64_t timeout_ms,
                                    const struct kr_clause *clauses)
{
        if (slot == NULL || !kri_waits_simply(p, timeout_ms))
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
                kri_wait_ends(p); /* it waits for something else this time */
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
        struct kri_proc *p = kri_wait_begin(slot);
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
                kri_wait_forget_stack(p);
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
            !kri_slot_release_quickly(p, slot, KRI_OTHER_SLOTS))
                return next_at_top(p, slot, timeout_ms);
        take_it(p, slot, kri_sig_root(p->first));
        kri_flags_set(p, 0, KRI_P_TOP);
        if (kri_turn_ends(p, KRI_COST_RECEIVE))
                return received_enough(p, 0);
        kri_leave(p);
        return 0;
}
