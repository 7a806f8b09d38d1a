/* SPDX-License-Identifier: Apache-2.0 */
/* await.c: waits for what no pattern can say, and those of the library's own. */
#include "receive.h"

#include <krarup/gen.h>

#include "term/atom.h"

#include "call.h"
#include "poll.h"
#include "ref.h"
#include "wait.h"

/* -- what no pattern can say -- */

/* What becomes of a message that is looked at. DROP: it was all there is to know of it. */
enum verdict { LEAVE, TAKE, DROP };

typedef enum verdict judge_fn(void *arg, const struct kri_sig *sig);

static inline __attribute__((always_inline)) bool scan_where(struct kri_proc *p,
                                                             kr_msg *slot,
                                                             judge_fn *judge, void *arg)
{
        struct kri_sig *before = p->scanned;
        struct kri_sig *sig = before != NULL ? before->next : p->first;

        while (sig != NULL) {
                struct kri_sig *after = sig->next;
                enum verdict verdict = judge(arg, sig);

                if (verdict == TAKE) {
                        kri_mailbox_take_out(p, before, sig);
                        if (!kri_slot_release_quickly(p, slot, KRI_OTHER_SLOTS))
                                kri_slot_prepare(p, slot);
                        kri_slot_hold(p, slot, sig);
                        return true;
                }
                if (verdict == DROP) {
                        kri_mailbox_take_out(p, before, sig);
                        kri_sig_free(&p->sched->pool, sig);
                } else {
                        before = sig;
                }
                sig = after;
        }
        p->scanned = before;
        return false;
}

/* Behind p->scanned, or when it comes, or not in time. */
static inline __attribute__((always_inline)) bool await_where(struct kri_proc *p,
                                                              kr_msg *slot,
                                                              int64_t timeout_ms,
                                                              judge_fn *judge, void *arg)
{
        bool found;

        while (!(found = scan_where(p, slot, judge, arg))) {
                if (kri_wait_has_news(p))
                        continue;
                if (timeout_ms == 0 || kri_has(p, KRI_P_TIMED_OUT))
                        break;
                if (__builtin_expect(!kri_is_timeout(timeout_ms), 0)) {
                        kri_wait_refuse(p, timeout_ms);
                        break;
                }
                kri_wait(p, timeout_ms, KRI_OUT_WAIT);
        }
        kri_wait_ends(p);
        return found;
}

struct wanted {
        bool (*fits)(void *arg, kr_term message);
        void *arg;
};

static inline enum verdict is_wanted(void *arg, const struct kri_sig *sig)
{
        const struct wanted *wanted = arg;

        return wanted->fits(wanted->arg, (kr_term){ kri_sig_root(sig) }) ? TAKE : LEAVE;
}

int kri_receive_where(kr_msg *slot, int64_t timeout_ms,
                      bool (*fits)(void *arg, kr_term message), void *arg)
{
        struct kri_proc *p = kri_wait_begin(slot);
        struct wanted wanted = { fits, arg };
        bool found;

        if (p == NULL)
                return KR_TIMEOUT;
        if (kri_has(p, KRI_P_TOP))
                kri_wait_ends(p);
        found = await_where(p, slot, timeout_ms, is_wanted, &wanted);
        if (!found)
                kri_slot_release(p, slot);
        kri_spend(p, KRI_COST_RECEIVE);
        kri_leave(p);
        return found ? 0 : KR_TIMEOUT;
}

/* -- waits of the library's own -- */

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

static enum verdict leave_it(void *arg, const struct kri_sig *sig)
{
        (void)arg;
        (void)sig;
        return LEAVE;
}

void kri_pause(struct kri_proc *p, int64_t ms)
{
        struct aside aside = put_aside(p);
        kr_msg none = KR_MSG_INIT;

        p->scanned = p->last;
        (void)await_where(p, &none, ms, leave_it, NULL);
        kri_spend(p, KRI_COST_RECEIVE);
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
                if (kri_wait_has_news(p))
                        continue;
                if (kri_has(p, KRI_P_TIMED_OUT) ||
                    (deadline_ns != INT64_MAX && kri_node_now_ns(p->node) >= deadline_ns))
                        break;
                kri_wait(p, deadline_ns == INT64_MAX ? KR_INFINITY : 0, KRI_OUT_WAIT);
        }
        kri_wait_ends(p);
        take_up(p, &aside);
        return outside->woken;
}

void kr_sleep(int64_t timeout_ms)
{
        struct kri_proc *p = kri_enter();

        if (p == NULL)
                return;
        if (!kri_is_timeout(timeout_ms)) {
                kri_wait_refuse(p, timeout_ms);
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

static inline enum verdict is_awaited(void *arg, const struct kri_sig *sig)
{
        struct awaited *awaited = arg;
        kri_word message = kri_sig_root(sig);
        const kri_word *box = kri_ptr(message);

        if (kri_tag(message) != KRI_BOX)
                return LEAVE;
        if (box[0] == kri_header(KRI_TUPLE, 0, 2) && is_reply(message, awaited->ref)) {
                awaited->answer = KRI_ANSWER_REPLY;
                awaited->said = kri_load(&box[2]);
                return TAKE;
        }
        if (box[0] == kri_header(KRI_TUPLE, 0, 5) && box[1] == KRI_A(DOWN) &&
            kri_is_own_ref(kri_load(&box[2]), awaited->ref)) {
                awaited->answer = KRI_ANSWER_DOWN;
                awaited->said = kri_load(&box[5]);
                return TAKE;
        }
        return LEAVE;
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

/* The end alone; that there was a reply before is noted. */
struct ending {
        struct awaited awaited;
        bool replied;
};

static inline enum verdict is_end(void *arg, const struct kri_sig *sig)
{
        struct ending *ending = arg;

        if (!kri_call_is_reply(sig, ending->awaited.ref)) {
                if (is_awaited(&ending->awaited, sig) == LEAVE)
                        return LEAVE;
                if (ending->awaited.answer == KRI_ANSWER_DOWN)
                        return TAKE;
        }
        ending->replied = true;
        return DROP;
}

/* In one function, as all that waits. */
bool kri_gen_hear_end(kr_ref ref, int64_t timeout_ms, kr_msg *slot, bool *ret_replied)
{
        struct kri_proc *p = kri_wait_begin(slot);
        struct ending ending = { { ref.id[0], KRI_ANSWER_NONE, KRI_NONE }, false };
        bool heard;

        if (p == NULL)
                return false;
        if (__builtin_expect(kri_has(p, KRI_P_TOP), 0))
                kri_wait_ends(p);
        if (__builtin_expect(kri_has(p, KRI_P_MARKED), 0))
                p->scanned = kri_mark_after(p, ref.id[0]);
        heard = await_where(p, slot, timeout_ms, is_end, &ending);
        if (heard)
                slot->term.w = ending.awaited.said;
        else
                kri_slot_release(p, slot);
        kri_spend(p, KRI_COST_RECEIVE);
        kri_leave(p);
        *ret_replied = ending.replied;
        return heard;
}

/* Take what has come behind `after`, if it is the reply and nothing else is to be seen to. */
static inline __attribute__((always_inline)) bool take_reply(struct kri_proc *p,
                                                             kr_msg *slot, uint64_t ref,
                                                             struct kri_sig *after)
{
        struct kri_sig *sig = after != NULL ? after->next : p->first;

        if (sig == NULL || p->extra->first_watching.ref[0] == ref ||
            !kri_call_is_reply(sig, ref) ||
            !kri_slot_release_quickly(p, slot, KRI_OTHER_SLOTS))
                return false;
        kri_mailbox_take_out(p, after, sig);
        kri_slot_hold(p, slot, sig);
        slot->term.w = kri_load(&sig->heap[KRI_REPLY + 2]);
        return true;
}

int kri_call_await(struct kri_proc *p, uint64_t ref, struct kri_sig *after,
                   int64_t timeout_ms, kr_msg *slot)
{
        if (timeout_ms != KR_INFINITY && !kri_wait_limit_quickly(p, timeout_ms))
                kri_wait_limit(p, timeout_ms);
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

/* {Ref, Term} or {Ref}. */
static enum verdict is_answer(void *arg, const struct kri_sig *sig)
{
        const kr_ref *ref = arg;
        kri_word message = kri_sig_root(sig);
        const kri_word *box = kri_ptr(message);

        if (kri_tag(message) != KRI_BOX ||
            (box[0] != kri_header(KRI_TUPLE, 0, 2) &&
             box[0] != kri_header(KRI_TUPLE, 0, 1)) ||
            !kri_is_own_ref(kri_load(&box[1]), ref->id[0]))
                return LEAVE;
        return TAKE;
}

bool kri_await_reply(struct kri_proc *p, kr_ref ref, kr_msg *slot)
{
        struct aside aside = put_aside(p);
        const kri_word *box;

        p->scanned = kri_has(p, KRI_P_MARKED) ? kri_mark_after(p, ref.id[0]) : NULL;
        (void)await_where(p, slot, KR_INFINITY, is_answer, &ref);
        kri_spend(p, KRI_COST_RECEIVE);
        take_up(p, &aside);
        box = kri_ptr(slot->term.w);
        if (box[0] == kri_header(KRI_TUPLE, 0, 1)) {
                kri_slot_release(p, slot);
                return false;
        }
        slot->term.w = kri_load(box + 2);
        return true;
}
