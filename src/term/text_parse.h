/* SPDX-License-Identifier: Apache-2.0 */
/* text_parse.h: what the two files of the parser share.
 *
 * Model    Text becomes the external term format in a buffer, and that becomes the term:
 *          one pass over the text, no recursion, and the decoder's limits apply.
 */
#ifndef KR_TERM_TEXT_PARSE_H
#define KR_TERM_TEXT_PARSE_H

#include <krarup/text.h>

#include "buf.h"
#include "token.h"

struct kri_parser {
        struct kri_scan scan;
        struct kri_token token; /* the one that is looked at */
        kr_parse_opts opts;     /* none 0 */
        kr_buf out;
        kr_text_error *error;
};

/* Go on to the next token. KR_ESYNTAX: it is none. */
kr_err kri_parse_next(struct kri_parser *p);

/* Report at the token that is looked at; returns KR_ESYNTAX. */
kr_err kri_parse_expected(struct kri_parser *p, const char *what);

/* The same for another error. */
kr_err kri_parse_fail(struct kri_parser *p, kr_err err, const char *message);

/* If the token is `kind`, go on; else it was expected. */
kr_err kri_parse_take(struct kri_parser *p, enum kri_token_kind kind);

/* The limbs of a BIGINT or INT token: gives an array (host's memory). */
kr_err kri_parse_limbs(struct kri_parser *p, uint64_t **ret_limbs, uint64_t *ret_count);

/* Behind `<<`: the elements of a binary, up to and with `>>`; appended to p->out. */
kr_err kri_parse_bits(struct kri_parser *p);

#endif
