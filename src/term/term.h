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
        void *(*alloc)(size_t size);           /* NULL: no memory; in a process: owned by it */
        void (*free)(void *block);
        void (*misuse)(const char *reason);    /* may not return (ends a process) */
};
extern struct kri_term_host kri_term_host;

/* Words that a deep copy of `t` takes (0 for an immediate). Blobs are shared, not copied. */
uint64_t kri_term_words(kri_word t);

/* Copy `t` deeply to *heap, which advances by kri_term_words(t); the box or cell of `t`
 * itself comes first. Blob boxes are added in front of the chain *blobs (word offsets from
 * `block`) and take a reference each. Returns the copy, in hand. */
kri_word kri_term_copy(kri_word **heap, kri_word t, kri_word *block, uint32_t *blobs);

/* Give back the references of a block's blob boxes. */
void kri_blobs_release(kri_word *block, uint32_t first);

/* Erlang's term order: <0, 0, >0. `exact`: an integer is less than the float of the same
 * value (=:= and map keys) instead of equal to it (==). */
int kri_term_compare(kri_word a, kri_word b, bool exact);
bool kri_term_same(kri_word a, kri_word b); /* =:= */
uint64_t kri_term_hash(kri_word t);         /* equal terms (=:=), equal hashes */

#endif
