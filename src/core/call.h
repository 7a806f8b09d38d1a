/* SPDX-License-Identifier: Apache-2.0 */
/* call.h: the two halves of a call (krarup/gen.h), before and after it has waited.
 *
 * Why      Between a change of stacks and the user's code each return is one that the
 *          processor predicts wrongly. So the wait is no function that is called in the midst
 *          of a call, but the second half, which the first one ends with.
 */
#ifndef KR_CORE_CALL_H
#define KR_CORE_CALL_H

#include "term/atom.h"

#include "proc.h"

/* -- how the messages lie in their blocks --
 *
 * {Label, {Pid, [alias | Ref]}, _} and {[alias | Ref], _}, by words. The tuple comes last, so
 * that its last element is the word in front of those of the user's term: where kri_build_fast
 * puts the root. */
enum {
        KRI_REQUEST_FROM = 0,
        KRI_REQUEST_TAG = 3,
        KRI_REQUEST = 9,
        KRI_REQUEST_WORDS = 13
};
enum {
        KRI_REPLY_TAG = KRI_CTL_WORDS,
        KRI_REPLY = KRI_REPLY_TAG + 6,
        KRI_REPLY_WORDS = KRI_REPLY + 3
};

/* What is stored at word `from` of a block for a place at word `to`. */
#define KRI_STORED(tag, from, to) ((kri_word)(((int64_t)(to) - (from)) * 8) + (tag))

/* Is it a reply that lies so, and to that call? Its term is stored at word KRI_REPLY + 2. */
static inline bool kri_call_is_reply(const struct kri_sig *sig, uint64_t ref)
{
        const kri_word *heap = sig->heap;

        return sig->root == KRI_STORED(KRI_BOX, -1, KRI_REPLY) &&
               heap[KRI_REPLY] == kri_header(KRI_TUPLE, 0, 2) &&
               heap[KRI_REPLY + 1] ==
                       KRI_STORED(KRI_CONS, KRI_REPLY + 1, KRI_REPLY_TAG) &&
               heap[KRI_REPLY_TAG] == KRI_A(alias) &&
               heap[KRI_REPLY_TAG + 1] ==
                       KRI_STORED(KRI_BOX, KRI_REPLY_TAG + 1, KRI_REPLY_TAG + 2) &&
               kri_box_type(heap[KRI_REPLY_TAG + 2]) == KRI_REF &&
               heap[KRI_REPLY_TAG + 3] == ref;
}

/* -- the halves -- */

/* The rest of kri_gen_call, when the request is with the server: wait, and take the answer. The
 * first half has seen that p is one that just calls, and that kri_can_await(timeout_ms). */
int kri_call_await(struct kri_proc *p, uint64_t ref, struct kri_sig *after,
                   int64_t timeout_ms, kr_msg *slot);

/* The same once the answer is not the first that has come, or not simple; the wait that may
 * have been begun goes on. */
int kri_call_go_on(struct kri_proc *p, uint64_t ref, struct kri_sig *after,
                   int64_t timeout_ms, kr_msg *slot);

#endif
