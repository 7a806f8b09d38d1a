/* SPDX-License-Identifier: Apache-2.0 */
/* pattern.h: call sites of match and build, compiled.
 *
 * Model    A pattern is compiled once per call site. For building it is an image of words
 *          with holes: one memcpy, then the holes. For matching it is a short list of
 *          checks in the order that refuses soonest.
 * Use      build:  words = kri_code_words(); get memory; kri_code_build() into it
 *          match:  kri_code_may_match() refuses most; kri_code_match() decides
 * Threads  kri_site_code: any; the first to finish compiling wins. A code never changes, and
 *          is freed only with the call site that it belongs to, which is static: when the
 *          module that this is in is unloaded.
 */
#ifndef KR_TERM_PATTERN_H
#define KR_TERM_PATTERN_H

#include <krarup/pattern.h>

#include "term.h"

/* What users of a code may look at; the rest is known to pattern_priv.h. */
struct kri_code {
        /* What a term must look like at first sight. boxed: a box whose first word is
         * key_word, and whose second fits key_second under its mask. Else: the term itself
         * fits key_word under key_mask. */
        kri_word key_word;
        kri_word key_mask;
        kri_word key_second;
        kri_word key_second_mask;
        bool boxed;
        bool matches;      /* made by KRI_MATCH_SITE */
        int8_t ref_arg;    /* see kri_code_ref_arg */
        uint8_t shape;     /* enum kri_shape, for the files of patterns */
        uint8_t fast_box;  /* 1 + results: boxed, and kri_match_fast decides it if the
                             key fits; 0: it does not */
        bool fast_more;    /* boxed, and kri_match_more does */
        uint8_t fast_word; /* not boxed; 1: the key is all; 2, 3: ~ alone, for an int64_t
                             (kri_match_word_fast), a double (kri_match_float) */
        bool may_be_box;   /* not boxed, but a box may fit it ... */
        bool is_any;       /* ... whatever it is: the pattern is `_` */
        struct kri_site *site;
        struct kri_code *next; /* of all codes; under a lock */
};

/* Free the codes of the call sites that lie from `low` to `high`: nobody uses them any more. */
void kri_sites_forget(uintptr_t low, uintptr_t high);

/* Compile if need be. NULL: the pattern is wrong (or no memory): the misuse hook has been
 * called with pattern, place and what is wrong, and has returned. */
const struct kri_code *kri_site_compile(struct kri_site *site);

static inline const struct kri_code *kri_site_code(struct kri_site *site)
{
        /* acquire: pairs with the release in kri_site_compile; the code is then whole */
        const struct kri_code *code = __atomic_load_n(&site->code, __ATOMIC_ACQUIRE);

        return __builtin_expect(code != NULL, 1) ? code : kri_site_compile(site);
}

/* -- building: codes of KRI_SITE -- */

/* An argument cannot be a term (NaN, a NULL string, a pid that is none ...). */
#define KRI_WORDS_BAD UINT64_MAX

/* The exact number of words that the term takes with these arguments: 0 when it is an
 * immediate. KRI_WORDS_BAD: misuse; the hook has been called and has returned. */
uint64_t kri_code_words(const struct kri_code *code, const union kri_arg *args);

/* Build it at `heap`, that many words inside `block`, its own box or cell first, and return
 * it in hand; blobs as in kri_term_copy. `heap` and `block` are not looked at for an
 * immediate. KRI_NONE: no memory for a large binary; nothing has been kept, what was
 * written to `heap` means nothing. */
kri_word kri_code_build(const struct kri_code *code, const union kri_arg *args,
                        kri_word *heap, kri_word *block, uint32_t *blobs);

/* -- matching: codes of KRI_MATCH_SITE -- */

/* False: it does not match. True: ask kri_code_match. */
static inline bool kri_code_may_match(const struct kri_code *code, kri_word t)
{
        const kri_word *p;

        if (!code->boxed)
                return ((t ^ code->key_word) & code->key_mask) == 0;
        if (kri_tag(t) != KRI_BOX)
                return false;
        p = kri_ptr(t);
        return p[0] == code->key_word &&
               ((p[1] ^ code->key_second) & code->key_second_mask) == 0;
}

/* Does `t` (in hand, any term) match? Results are written only if all of it fits. */
bool kri_code_match(const struct kri_code *code, kri_word t, const union kri_arg *args);

/* The index of the first argument that is a kr_ref to compare with (`=`) and stands alone
 * or within the outermost tuple or list (in one that is an element of it, too); -1 if there is
 * none. A message older than that reference cannot match. */
static inline int kri_code_ref_arg(const struct kri_code *code)
{
        return code->ref_arg;
}

#endif
