/* SPDX-License-Identifier: Apache-2.0 */
/* send.c: signals on their way to a process. */
#include "sched.h"

#include <string.h>

#include "term/atom.h"
#include "term/pattern_quick.h"

#include "entry.h"
#include "limit.h"
#include "link.h"
#include "node.h"
#include "registry.h"
#include "send_quick.h"
#include "sleeper.h"

/* What a test build breaks on purpose, to see that the tests notice: the queue loses what was
 * there when another sender comes, or, then, the last two of a chain change places. */
#ifndef KRI_TEST_BROKEN_QUEUE
#define KRI_TEST_BROKEN_QUEUE 0
#endif
enum { NOT_BROKEN, LOSES, REORDERS };

#define WHAT_WAS_THERE(old) (KRI_TEST_BROKEN_QUEUE == LOSES ? NULL : (old))

static inline void break_order(struct kri_outbox *out)
{
        struct kri_sig *newest = out->newest;

        if (KRI_TEST_BROKEN_QUEUE != REORDERS || out->count < 2 ||
            !kri_outer_has_news(out->to))
                return;
        out->newest = newest->next;
        newest->next = out->newest->next;
        out->newest->next = newest;
        if (out->oldest == out->newest)
                out->oldest = newest;
}

bool kri_push(struct kr_node *node, struct kri_sched *s, struct kri_proc *to,
              struct kri_sig *newest, struct kri_sig *oldest)
{
        struct kri_sig *old = atomic_load_explicit(&to->outer, memory_order_relaxed);

        do {
                if (old == KRI_DEAD)
                        return false;
                oldest->next = old == KRI_SLEEPING ? NULL : WHAT_WAS_THERE(old);
                /* acq_rel: release pairs with the acquire in kri_take, which then reads whole
                 * signals; acquire, when it slept, pairs with fall_asleep's release: we are
                 * about to run it and must see what its last turn wrote */
        } while (!atomic_compare_exchange_weak_explicit(&to->outer, &old, newest,
                                                        memory_order_acq_rel,
                                                        memory_order_relaxed));
        if (old == KRI_SLEEPING)
                kri_sched_woken(node, s, to);
        return true;
}

static void free_chain(struct kri_pool *pool, struct kri_sig *newest)
{
        while (newest != NULL) {
                struct kri_sig *older = newest->next;

                kri_sig_free(pool, newest);
                newest = older;
        }
}

void kri_outbox_flush(struct kri_sched *s)
{
        struct kri_outbox out = s->outbox;

        s->outbox.to = NULL;
        s->outbox.count = 0;
        if (out.to != NULL)
                break_order(&out);
        if (out.to == NULL || kri_push(s->node, s, out.to, out.newest, out.oldest))
                return;
        out.oldest->next = NULL;
        free_chain(&s->pool, out.newest);
}

static void push_or_free(struct kri_sched *s, struct kri_proc *to, struct kri_sig *sig)
{
        if (!kri_push(s->node, s, to, sig, sig))
                kri_sig_free(&s->pool, sig);
}

static __attribute__((noinline)) void chain_start(struct kri_sched *s,
                                                  struct kri_proc *to,
                                                  struct kri_sig *sig)
{
        if (s->outbox.to != NULL)
                kri_outbox_flush(s);
        sig->next = NULL;
        s->outbox.to = to;
        s->outbox.newest = s->outbox.oldest = sig;
        s->outbox.count = 1;
}

/* `to` slept a moment ago. Whoever wakes a process owns it until it is in a queue, and may
 * put the message into its mailbox itself: everything sent before has been taken in (it
 * would not have slept), everything sent from now on comes after. */
static inline __attribute__((always_inline)) void wake_with(struct kri_sched *s,
                                                            struct kri_proc *to,
                                                            uint32_t serial,
                                                            struct kri_sig *sig)
{
        if (kri_has(to, KRI_P_THREAD) || sig->kind != KRI_SIG_MESSAGE) {
                if (!kri_sleeper_take(s, to, serial, sig))
                        push_or_free(s, to, sig);
                return;
        }
        if (!kri_rouse(to)) {
                push_or_free(s, to, sig);
                return;
        }
        if (__builtin_expect(kri_serial(to) == serial, 1)) {
                kri_put(to, sig);
        } else {
                kri_sig_free(&s->pool, sig); /* another tenant by now: it wakes in vain */
        }
        kri_sched_wake(s, to);
}

/* `to` is ours. False: what it sends itself through an alias it takes in when it gets to it:
 * it may take the alias back before. */
static inline bool take_here(struct kri_sched *s, struct kri_proc *to,
                             struct kri_sig *sig)
{
        if (sig->kind == KRI_SIG_MESSAGE)
                kri_put(to, sig);
        else if (kri_current() != to)
                kri_link_take(s, to, sig);
        else
                return false;
        return true;
}

/* A message, also through an alias; `to` being alive a moment ago. */
static inline __attribute__((always_inline)) void deliver(struct kri_sched *s,
                                                          struct kri_proc *to,
                                                          uint32_t serial,
                                                          struct kri_sig *sig)
{
        if (__builtin_expect(kri_serial(to) != serial, 0)) {
                kri_sig_free(&s->pool, sig);
                return;
        }
        sig->to_serial = serial;
        if (s->outbox.to == to) {
                sig->next = s->outbox.newest;
                s->outbox.newest = sig;
                if (__builtin_expect(++s->outbox.count >= KRI_OUTBOX_MAX, 0))
                        kri_outbox_flush(s);
                return;
        }
        if (kri_is_here(s, to) && take_here(s, to, sig))
                return;
        /* relaxed: asleep or not, either way is right; this decides only how fast */
        if (s->outbox.to == NULL &&
            atomic_load_explicit(&to->outer, memory_order_relaxed) == KRI_SLEEPING) {
                wake_with(s, to, serial, sig);
                return;
        }
        if (s->index < s->node->sched_count)
                chain_start(s, to, sig);
        else
                push_or_free(s, to, sig);
}

void kri_deliver(struct kri_sched *s, struct kri_proc *to, uint32_t serial,
                 struct kri_sig *sig)
{
        deliver(s, to, serial, sig);
}

bool kri_signal(struct kr_node *node, struct kri_sched *s, kri_word to,
                struct kri_sig *sig)
{
        struct kri_proc *p = kri_proc_of(node, to);

        if (s->outbox.to != NULL)
                kri_outbox_flush(s);
        sig->to_serial = kri_pid_serial(to);
        if (p != NULL && kri_serial(p) == sig->to_serial &&
            (kri_sleeper_take(s, p, sig->to_serial, sig) ||
             kri_push(node, s, p, sig, sig)))
                return true;
        kri_sig_free(&s->pool, sig);
        return false;
}

/* -- kr_send -- */

/* kri_build_sig, once kri_is_whole. */
static inline struct kri_sig *build_whole(struct kri_proc *p,
                                          const struct kri_build_code *build,
                                          const union kri_arg *args, uint64_t before,
                                          kri_word *ret_term)
{
        struct kri_sig *sig = kri_sig_new(&p->sched->pool, before + build->whole_words);

        if (sig != NULL)
                *ret_term = kri_put_whole(build, args, sig->heap + before);
        return sig;
}

struct kri_sig *kri_build_sig(struct kri_proc *p, struct kri_site *site,
                              const union kri_arg *args, uint64_t before,
                              kri_word *ret_term)
{
        const struct kri_code *code = kri_site_code(site);
        struct kri_sig *sig;
        uint64_t words;

        if (code != NULL && kri_builds_quickly(code, args, &words)) {
                sig = kri_sig_new(&p->sched->pool, before + words);
                if (sig != NULL)
                        *ret_term = kri_build_quickly(code, args, sig->heap + before);
                return sig;
        }
        if (code != NULL && kri_is_whole((const struct kri_build_code *)code, args))
                return build_whole(p, (const struct kri_build_code *)code, args, before,
                                   ret_term);
        words = code != NULL ? kri_code_words(code, args) : KRI_WORDS_BAD;
        if (words == KRI_WORDS_BAD)
                return NULL;
        sig = kri_sig_new(&p->sched->pool, before + words);
        if (sig == NULL)
                return NULL;
        *ret_term = kri_code_build(code, args, sig->heap + before, (kri_word *)sig,
                                   &sig->blobs);
        if (*ret_term == KRI_NONE) {
                kri_sig_free(&p->sched->pool, sig);
                return NULL;
        }
        return sig;
}

/* The message; NULL: misuse (an attached thread only: a process has ended), or no memory. */
static __attribute__((noinline)) struct kri_sig *build_any(struct kri_proc *p,
                                                           struct kri_site *site,
                                                           const union kri_arg *args,
                                                           uint64_t before)
{
        kri_word root;
        struct kri_sig *sig = kri_build_sig(p, site, args, before, &root);

        if (sig != NULL)
                kri_store(&sig->root, root);
        return sig;
}

/* build failed: misuse has ended a process already, so there was no memory. */
static kr_err not_built(struct kri_proc *p)
{
        kri_no_memory(p);
        return KR_ENOMEM;
}

static kr_err send_limited(struct kri_proc *p, struct kri_proc *to, uint32_t serial,
                           struct kri_sig *sig)
{
        enum kri_admission admission = kri_limit_admit(p, to, serial, sig);

        if (admission == KRI_ADMIT) {
                kri_deliver(p->sched, to, serial, sig);
                return KR_OK;
        }
        kri_sig_free(&p->sched->pool, sig);
        if (admission == KRI_NO_MEMORY)
                return not_built(p);
        return admission == KRI_REFUSE ? KR_EFULL : KR_OK;
}

static inline __attribute__((always_inline)) kr_err send_to(struct kri_proc *p,
                                                            struct kri_proc *to,
                                                            uint32_t serial,
                                                            struct kri_sig *sig)
{
        kr_err err = KR_OK;

        if (__builtin_expect((kri_flags(to) & KRI_P_LIMITED) != 0, 0))
                err = send_limited(p, to, serial, sig);
        else
                deliver(p->sched, to, serial, sig);
        kri_spend(p, KRI_COST_SEND);
        return err;
}

/* Nobody connects us to the nodes of other pids. */
static kr_err send_far(struct kri_proc *p, kr_pid to, struct kri_site *site,
                       const union kri_arg *args)
{
        struct kri_sig *sig;

        if (kr_pid_is_none(to)) {
                kri_badarg(p, "kr_send", "to");
                return KR_EBADARG;
        }
        sig = build_any(p, site, args, 0);
        if (sig == NULL)
                return not_built(p);
        kri_sig_free(&p->sched->pool, sig);
        kri_leave(p);
        return KR_OK;
}

/* -- to a pid: the way nearly all messages take --
 *
 * kri_send_pid itself calls nothing: whatever is unusual is a jump to one of the functions
 * before it, so that it saves no registers (half of its cost otherwise). */

static KRI_TAIL kr_err send_any(kr_pid to, struct kri_site *site,
                                const union kri_arg *args)
{
        struct kri_proc *p = kri_enter();
        struct kri_sig *sig;
        kr_err err;

        if (to.node != p->node->slot || kri_pid_index(to.num) >= p->node->procs_max)
                return send_far(p, to, site, args);
        sig = build_any(p, site, args, 0);
        if (sig == NULL)
                return not_built(p);
        err = send_to(p, kri_proc_at(p->node, kri_pid_index(to.num)),
                      kri_pid_serial(to.num), sig);
        kri_leave(p);
        return err;
}

/* It is built, and cannot just be put into the mailbox. */
static KRI_TAIL kr_err send_built(struct kri_proc *p, struct kri_proc *to,
                                  struct kri_sig *sig)
{
        deliver(p->sched, to, sig->to_serial, sig);
        kri_spend(p, KRI_COST_SEND);
        kri_leave(p);
        return KR_OK;
}

/* The receiver slept when we looked, and can run here and next: wake_with, without the rest. */
static inline __attribute__((always_inline)) kr_err send_waking(struct kri_proc *p,
                                                                struct kri_proc *to,
                                                                struct kri_sig *sig)
{
        if (!kri_rouse(to))
                return send_built(p, to, sig);
        if (__builtin_expect(kri_serial(to) == sig->to_serial, 1))
                kri_put(to, sig);
        else
                kri_sig_free(&p->sched->pool, sig);
        kri_run_next(p->sched, to);
        kri_spend(p, KRI_COST_SEND);
        kri_leave(p);
        return KR_OK;
}

/* The receiver is not one of ours that is awake. */
KRI_TAIL kr_err kri_send_away(struct kri_proc *p, struct kri_proc *to,
                              struct kri_sig *sig)
{
        struct kri_outbox *outbox = &p->sched->outbox;

        if (kri_wakes_simply(p->sched, to))
                return send_waking(p, to, sig);
        if (outbox->to != to || outbox->count >= KRI_OUTBOX_MAX - 1)
                return send_built(p, to, sig);
        sig->next = outbox->newest;
        outbox->newest = sig;
        outbox->count++;
        kri_spend(p, KRI_COST_SEND);
        kri_leave(p);
        return KR_OK;
}

KRI_TAIL kr_err kri_sent_enough(struct kri_proc *p)
{
        kri_yield_now(p);
        kri_leave(p);
        return KR_OK;
}

kr_err kri_send_pid(kr_pid to, struct kri_site *site, const union kri_arg *args)
{
        struct kri_proc *p = kri_enter_quickly(), *receiver;
        const struct kri_build_code *code = kri_build_code_of(site);
        struct kri_sig *sig;

        if (__builtin_expect(p == NULL, 0))
                return KR_EBADARG;
        if (!kri_quick_is_near(p, to, code))
                return send_any(to, site, args);
        receiver = kri_quick_receiver(p, to.num, code);
        if (__builtin_expect(receiver == NULL, 0))
                return send_any(kri_word_pid(to.num), code->code.site, args);
        sig = kri_build_in_pool(&p->sched->pool, code, args, 0, kri_pid_serial(to.num));
        if (__builtin_expect(sig == NULL, 0))
                return send_any(kri_word_pid(to.num), code->code.site, args);
        if (!kri_is_here(p->sched, receiver))
                return kri_send_away(p, receiver, sig);
        kri_put(receiver, sig);
        if (kri_turn_ends(p, KRI_COST_SEND))
                return kri_sent_enough(p);
        kri_leave(p);
        return kri_sent();
}

static KRI_TAIL kr_err send_named(struct kri_proc *p, uint32_t name,
                                  struct kri_site *site, const union kri_arg *args)
{
        kri_word pid = kri_registry_find(p->node, name);
        struct kri_sig *sig;
        kr_err err;

        if (pid == 0) {
                kri_badarg(p, "kr_send", "to");
                return KR_EBADARG;
        }
        sig = build_any(p, site, args, 0);
        if (sig == NULL)
                return not_built(p);
        err = send_to(p, kri_proc_of(p->node, pid), kri_pid_serial(pid), sig);
        kri_leave(p);
        return err;
}

kr_err kri_send_name(kr_atom to, struct kri_site *site, const union kri_arg *args)
{
        struct kri_proc *p = kri_enter();

        return p != NULL ? send_named(p, to.index, site, args) : KR_EBADARG;
}

kr_err kri_send_text(const char *to, struct kri_site *site, const union kri_arg *args)
{
        struct kri_proc *p = kri_enter();
        uint32_t name = 0;

        if (p == NULL)
                return KR_EBADARG;
        if (to != NULL)
                (void)kri_atom_find(to, strlen(to),
                                    &name); /* none: nobody has that name */
        return send_named(p, name, site, args);
}

kr_err kri_send_sig(struct kri_proc *p, kr_pid to, struct kri_sig *sig)
{
        if (to.node == p->node->slot && kri_pid_index(to.num) < p->node->procs_max)
                return send_to(p, kri_proc_at(p->node, kri_pid_index(to.num)),
                               kri_pid_serial(to.num), sig);
        kri_sig_free(&p->sched->pool, sig);
        return KR_OK;
}

/* Through an alias of a process that sleeps, and will run next. False: it is not like that;
 * nothing has happened. */
static inline bool send_waking_alias(struct kri_proc *p, struct kri_proc *to,
                                     kr_ref alias, struct kri_sig *sig)
{
        if (!kri_wakes_simply(p->sched, to) ||
            kri_has(to, KRI_P_LIMITED | KRI_P_CAPPED) || !kri_rouse(to))
                return false;
        kri_sleeper_hear(p, to, alias, sig);
        kri_spend(p, KRI_COST_SEND);
        return true;
}

kr_err kri_send_sig_alias(struct kri_proc *p, kr_ref to, struct kri_sig *sig)
{
        struct kri_proc *receiver;

        if (to.node != p->node->slot || to.id[1] >= p->node->procs_max) {
                kri_sig_free(&p->sched->pool, sig);
                return KR_OK;
        }
        receiver = kri_proc_at(p->node, (uint32_t)to.id[1]);
        if (send_waking_alias(p, receiver, to, sig))
                return KR_OK;
        sig->kind = KRI_SIG_ALIAS;
        *kri_sig_ctl(sig) = (struct kri_sig_ctl){ .ref = { to.id[0], to.id[1], 0 } };
        return send_to(p, receiver, kri_serial(receiver), sig);
}

kr_err kri_send_alias(kr_ref to, struct kri_site *site, const union kri_arg *args)
{
        struct kri_proc *p = kri_enter();
        struct kri_sig *sig;
        kr_err err;

        if (p == NULL)
                return KR_EBADARG;
        if (kr_ref_is_none(to)) {
                kri_badarg(p, "kr_send", "to");
                return KR_EBADARG;
        }
        sig = build_any(p, site, args, KRI_CTL_WORDS);
        if (sig == NULL)
                return not_built(p);
        err = kri_send_sig_alias(p, to, sig);
        kri_leave(p);
        return err;
}
