/* SPDX-License-Identifier: Apache-2.0 */
/* spawn_request.c: a process is asked for, and the answer comes as a message.
 *
 * Model    On this node the process is there before the call returns, and the answer is in
 *          the asker's queue before the process can do anything: so it comes before DOWN and
 *          'EXIT', and there is never an unanswered request to give up.
 */
#include "proc.h"

#include "term/atom.h"

#include "link.h"
#include "node.h"
#include "ref.h"
#include "sched.h"

static bool reply_is_bad(kr_reply reply)
{
        return (unsigned)reply > KR_REPLY_SUCCESS_ONLY;
}

/* A wish that is none is told so. */
static bool wants(kr_reply reply, bool ok)
{
        return reply == KR_REPLY_YES || reply_is_bad(reply) ||
               reply == (ok ? KR_REPLY_SUCCESS_ONLY : KR_REPLY_ERROR_ONLY);
}

/* {Tag, Ref, ok | error, Result}, put together without a pattern: one that is used for the
 * first time may end the process for want of memory, and the child is in no queue yet. */
static struct kri_sig *new_reply(struct kri_pool *pool, kri_word tag, kr_ref ref, bool ok,
                                 kri_word result)
{
        struct kri_sig *sig =
                kri_sig_new(pool, 5 + 4 + kri_term_words(tag) + kri_term_words(result));
        kri_word *tuple, *heap;

        if (sig == NULL)
                return NULL;
        tuple = sig->heap;
        heap = tuple + 5;
        tuple[0] = kri_header(KRI_TUPLE, 0, 4);
        kri_ref_box(heap, ref);
        kri_store(&tuple[2], kri_boxed(heap));
        heap += 4;
        kri_store(&tuple[1], kri_term_copy(&heap, tag, (kri_word *)sig, &sig->blobs));
        tuple[3] = ok ? KRI_A(ok) : KRI_A(error);
        kri_store(&tuple[4], kri_term_copy(&heap, result, (kri_word *)sig, &sig->blobs));
        kri_store(&sig->root, kri_boxed(tuple));
        return sig;
}

/* Pid or reason; false: no memory. */
static bool answer(struct kri_proc *p, const kr_spawn_request_opts *opts, kr_ref ref,
                   bool ok, kri_word result)
{
        kri_word tag = opts != NULL && opts->reply_tag != NULL ? opts->reply_tag->w
                                                               : KRI_A(spawn_reply);
        struct kri_sig *sig;

        if (!wants(opts != NULL ? opts->reply : KR_REPLY_YES, ok))
                return true;
        sig = new_reply(&p->sched->pool, tag, ref, ok, result);
        return sig != NULL && kri_signal(p->node, p->sched, kri_proc_word(p), sig);
}

/* What was asked for, with the request's reference for that of the monitor. */
static kr_spawn_opts spawn_opts(const kr_spawn_request_opts *opts, kr_ref *ref)
{
        kr_spawn_opts spawn = opts != NULL ? opts->spawn : (kr_spawn_opts){ 0 };

        spawn.ret_monitor = ref;
        return spawn;
}

/* False: no memory for the answer, and nothing has happened. */
static bool request(struct kri_proc *p, const kr_spawn_request_opts *opts,
                    const struct kri_entry *entry, kr_ref *ret_ref)
{
        kr_spawn_opts spawn = spawn_opts(opts, ret_ref);
        struct kri_proc *child;

        if (kri_spawn_opts_are_bad(&spawn) || (opts != NULL && reply_is_bad(opts->reply)))
                return answer(p, opts, *ret_ref, false,
                              kr_atom_term(KR_ATOM("badopt")).w);
        child = kri_proc_new(p->sched, p, &spawn, entry);
        if (child == NULL)
                return answer(p, opts, *ret_ref, false, KRI_A(system_limit));
        if (!answer(p, opts, *ret_ref, true, kri_proc_word(child))) {
                kri_proc_undo(p->sched, p, child);
                return false;
        }
        kri_sched_born(p->sched, child);
        return true;
}

kr_ref kri_spawn_request(const kr_spawn_request_opts *opts, struct kri_entry entry)
{
        struct kri_proc *p = kri_enter();
        kr_ref ref = kr_ref_none();

        if (p == NULL)
                return ref;
        if (entry.fn == NULL) {
                kri_badarg(p, "kr_spawn_request", "fn");
                return ref;
        }
        ref = kri_ref_new(p->sched, p);
        kri_mark_set(p, ref.id[0]);
        if (!request(p, opts, &entry, &ref)) {
                kri_no_memory(p);
                return kr_ref_none();
        }
        kri_spend(p, 1);
        kri_leave(p);
        return ref;
}

bool kr_spawn_request_abandon(kr_ref ref)
{
        struct kri_proc *p = kri_enter();

        if (p == NULL)
                return false;
        if (!kri_ref_is_local(p->node, ref)) {
                kri_badarg(p, "kr_spawn_request_abandon", "request");
                return false;
        }
        kri_leave(p);
        return false; /* the answer was there when the request returned */
}
