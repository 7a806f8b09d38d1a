/* SPDX-License-Identifier: Apache-2.0 */
/* pattern.h: call sites of match and build, compiled.
 *
 * Model    A pattern is compiled once per call site. For building it is an image of words
 *          with holes: one memcpy, then the holes. For matching it is a short list of
 *          checks in the order that refuses soonest.
 * Threads  kri_site_code: any; the first to finish compiling wins. A code never changes.
 */
#ifndef KR_TERM_PATTERN_H
#define KR_TERM_PATTERN_H

#include <krarup/pattern.h>

#include "term.h"

/* Compile if need be. NULL: the pattern is wrong (or no memory): the misuse hook has been
 * called with pattern, place and what is wrong, and has returned. */
const struct kri_code *kri_site_compile(struct kri_site *site);

static inline const struct kri_code *kri_site_code(struct kri_site *site)
{
        /* acquire: pairs with the release in kri_site_compile; the code is then whole */
        const struct kri_code *code = __atomic_load_n(&site->code, __ATOMIC_ACQUIRE);

        return __builtin_expect(code != NULL, 1) ? code : kri_site_compile(site);
}

/* Building. words: exact number of words the term takes with these arguments (0 when it is
 * an immediate). build: write it to `heap` (that many words, inside `block`), its own box
 * first, and return it in hand; blobs as in kri_term_copy. */
uint64_t kri_code_words(const struct kri_code *code, const union kri_arg *args);
kri_word kri_code_build(const struct kri_code *code, const union kri_arg *args,
                        kri_word *heap, kri_word *block, uint32_t *blobs);

/* Matching. Results are written only if all of it fits. */
bool kri_code_match(const struct kri_code *code, kri_word t, const union kri_arg *args);

/* The value of a top-level or first-level `=` reference argument of this pattern, if it has
 * one (for receive markers): its argument index, or -1. */
int kri_code_ref_arg(const struct kri_code *code);

#endif
