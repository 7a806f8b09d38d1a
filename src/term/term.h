/* SPDX-License-Identifier: Apache-2.0 */
/* term.h: size, copy, compare and hash terms; what the layers above need of a term.
 *
 * None of these recurses on the C stack by the depth of a term: an explicit stack is used
 * that starts small on the C stack (callers run on 64 KiB process stacks).
 */
#ifndef KR_TERM_TERM_H
#define KR_TERM_TERM_H

#include "word.h"

/* What the layer above hands down: where kept terms live, and who is told of misuse.
 * The default (term layer alone) is malloc, free, and a message on stderr + abort. */
struct kri_term_host {
        void *(*alloc)(size_t size);      /* NULL: no memory; in a process: owned by it */
        void *(*alloc_kept)(size_t size); /* the same, for a block of kept.h */
        void (*free)(void *block);
        void (*misuse)(const char *reason); /* may not return (ends a process) */
        /* What belongs to no process: tables that stay for ever, and blobs. */
        void *(*shared_alloc)(size_t size);
        void (*shared_free)(void *block);
        /* Around the few places where this layer holds a lock: the process must not be
         * ended in between. Short and rare (a new atom, a new peer). */
        void (*critical)(bool enter);
};
extern struct kri_term_host kri_term_host;

void *kri_shared_alloc(size_t size);
void kri_shared_free(void *block);
void kri_critical(bool enter);
void kri_misuse(const char *reason);

/* Words that a deep copy of `t` takes (0 for an immediate). Blobs are shared, not copied.
 * A term nested so deeply that walking it takes memory, and there is none: a number that
 * no allocation can satisfy (KRI_WORDS_FAIL), so that the caller's own answer to "no
 * memory" is the right one. */
uint64_t kri_term_words(kri_word t);
#define KRI_WORDS_FAIL ((uint64_t)1 << 59)

/* Copies never fail and take no memory but *heap: unfinished boxes are chained in place.
 *
 * Copy `t` deeply to *heap, which advances by kri_term_words(t); the box or cell of `t`
 * itself comes first. Blob boxes are added in front of the chain *blobs (word offsets from
 * `block`) and take a reference each. Returns the copy, in hand. */
kri_word kri_term_copy(kri_word **heap, kri_word t, kri_word *block, uint32_t *blobs);

/* The position of `key` among a map's keys; false: where it would belong. */
bool kri_map_find(kri_word map, kri_word key, uint64_t *ret_at);

/* Give back the references of a block's blob boxes. */
void kri_blobs_release(kri_word *block, uint32_t first);

/* Take one more reference of every blob in a block that was copied by memcpy. */
void kri_blobs_keep(const kri_word *block, uint32_t first);

/* Erlang's term order: <0, 0, >0. `exact`: the order of map keys, in which every integer
 * is less than every float and which is 0 only for what is the same (=:=); otherwise
 * numbers compare by value (==). As in OTP 25, 0.0 and -0.0 are the same.
 * Terms nested so deeply that walking them takes memory, when there is none, are misuse:
 * the host is told, and if it returns the rest counts as equal. */
int kri_term_compare(kri_word a, kri_word b, bool exact);
bool kri_term_same(kri_word a, kri_word b); /* =:= */
uint64_t kri_term_hash(kri_word t);         /* equal terms (=:=), equal hashes */

#endif
