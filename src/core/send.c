/* SPDX-License-Identifier: Apache-2.0 */
/* send.c: signals on their way to a process. */
#include "sched.h"

#include <string.h>

#include "term/atom.h"
#include "term/pattern.h"

#include "limit.h"
#include "node.h"
#include "registry.h"

/* The queue that a test build breaks on purpose, to see that the tests notice: it loses the
 * chain when another sender came first. */
#ifdef KRI_TEST_BROKEN_QUEUE
#define WHAT_WAS_THERE(old) NULL
#else
#define WHAT_WAS_THERE(old) (old)
#endif

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

static void chain_start(struct kri_sched *s, struct kri_proc *to, struct kri_sig *sig)
{
        if (s->outbox.to != NULL)
                kri_outbox_flush(s);
        /* relaxed: asleep or not, either way is right; this decides only how fast */
        if (atomic_load_explicit(&to->outer, memory_order_relaxed) == KRI_SLEEPING ||
            s->index >= s->node->sched_count) {
                push_or_free(s, to, sig);
                return;
        }
        sig->next = NULL;
        s->outbox.to = to;
        s->outbox.newest = s->outbox.oldest = sig;
        s->outbox.count = 1;
}

void kri_deliver(struct kri_sched *s, struct kri_proc *to, uint32_t serial,
                 struct kri_sig *sig)
{
        if (kri_serial(to) != serial) {
                kri_sig_free(&s->pool, sig);
                return;
        }
        sig->to_serial = serial;
        if (s->outbox.to != to) {
                chain_start(s, to, sig);
                return;
        }
        sig->next = s->outbox.newest;
        s->outbox.newest = sig;
        if (++s->outbox.count >= KRI_OUTBOX_MAX)
                kri_outbox_flush(s);
}

bool kri_signal(struct kr_node *node, struct kri_sched *s, kri_word to, struct kri_sig *sig)
{
        struct kri_proc *p = kri_proc_of(node, to);

        if (s->outbox.to != NULL)
                kri_outbox_flush(s);
        sig->to_serial = kri_pid_serial(to);
        if (p != NULL && kri_serial(p) == sig->to_serial && kri_push(node, s, p, sig, sig))
                return true;
        kri_sig_free(&s->pool, sig);
        return false;
}

/* -- kr_send -- */

/* The message, or NULL after the sender was told (which it does not survive). */
static struct kri_sig *build(struct kri_proc *p, struct kri_site *site,
                             const union kri_arg *args, uint64_t before)
{
        const struct kri_code *code = kri_site_code(site);
        struct kri_sig *sig;
        kri_word root;

        if (code == NULL)
                return NULL;
        sig = kri_sig_new(&p->sched->pool, before + kri_code_words(code, args));
        if (sig == NULL)
                kri_raise_atom(p, KR_CLASS_ERROR, KRI_A_system_limit);
        sig->kind = KRI_SIG_MESSAGE;
        root = kri_code_build(code, args, sig->heap + before, (kri_word *)sig, &sig->blobs);
        if (root == KRI_NONE) {
                kri_sig_free(&p->sched->pool, sig);
                kri_raise_atom(p, KR_CLASS_ERROR, KRI_A_system_limit);
        }
        kri_store(&sig->root, root);
        return sig;
}

static kr_err deliver_limited(struct kri_proc *p, struct kri_proc *to, uint32_t serial,
                              struct kri_sig *sig)
{
        kr_err err = kri_limit_admit(p, to, serial, sig);

        if (err != KR_OK || !kri_limit_is_admitted(sig)) {
                kri_sig_free(&p->sched->pool, sig);
                return err;
        }
        kri_deliver(p->sched, to, serial, sig);
        return KR_OK;
}

static inline kr_err send_to(struct kri_proc *p, struct kri_proc *to, uint32_t serial,
                             struct kri_sig *sig)
{
        kr_err err = KR_OK;

        if (__builtin_expect((kri_flags(to) & KRI_P_LIMITED) != 0, 0))
                err = deliver_limited(p, to, serial, sig);
        else
                kri_deliver(p->sched, to, serial, sig);
        kri_spend(p, 1);
        return err;
}

kr_err kri_send_pid(kr_pid to, struct kri_site *site, const union kri_arg *args)
{
        struct kri_proc *p = kri_enter();
        struct kri_proc *receiver;
        struct kri_sig *sig;
        kr_err err = KR_OK;

        if (p == NULL)
                return KR_EBADARG;
        if (__builtin_expect(to.node != p->node->slot, 0) && kr_pid_is_none(to))
                kri_badarg(p, "kr_send", "to");
        sig = build(p, site, args, 0);
        if (__builtin_expect(sig != NULL, 1)) {
                receiver = kri_proc_of(p->node, kri_pid_word(to));
                if (__builtin_expect(receiver != NULL && to.node == p->node->slot, 1))
                        err = send_to(p, receiver, (uint32_t)(to.num >> 32), sig);
                else
                        kri_sig_free(&p->sched->pool, sig); /* nobody connects us to there */
        }
        kri_leave(p);
        return err;
}

kr_err kri_send_name(kr_atom to, struct kri_site *site, const union kri_arg *args)
{
        struct kri_proc *p = kri_enter();
        struct kri_sig *sig;
        kr_err err = KR_OK;
        kri_word pid;

        if (p == NULL)
                return KR_EBADARG;
        pid = kri_registry_find(p->node, to.index);
        if (pid == 0)
                kri_badarg(p, "kr_send", "to");
        sig = build(p, site, args, 0);
        if (sig != NULL)
                err = send_to(p, kri_proc_of(p->node, pid), kri_pid_serial(pid), sig);
        kri_leave(p);
        return err;
}

kr_err kri_send_text(const char *to, struct kri_site *site, const union kri_arg *args)
{
        kr_atom name = { 0 };

        if (to != NULL)
                (void)kri_atom_find(to, strlen(to), &name.index); /* none: badarg below */
        return kri_send_name(name, site, args);
}

kr_err kri_send_alias(kr_ref to, struct kri_site *site, const union kri_arg *args)
{
        struct kri_proc *p = kri_enter();
        struct kri_proc *receiver;
        struct kri_sig *sig;
        kr_err err = KR_OK;

        if (p == NULL)
                return KR_EBADARG;
        sig = build(p, site, args, KRI_CTL_WORDS);
        if (sig != NULL) {
                sig->kind = KRI_SIG_ALIAS;
                *kri_sig_ctl(sig) = (struct kri_sig_ctl){ .ref = { to.id[0], to.id[1], 0 } };
                receiver = to.node == p->node->slot ? kri_proc_of(p->node, to.id[1]) : NULL;
                if (receiver != NULL)
                        err = send_to(p, receiver, kri_pid_serial(to.id[1]), sig);
                else
                        kri_sig_free(&p->sched->pool, sig);
        }
        kri_leave(p);
        return err;
}
