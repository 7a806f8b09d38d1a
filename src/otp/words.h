/* SPDX-License-Identifier: Apache-2.0 */
/* words.h: text that grows, for people: what is said piece by piece, and one look at the end
 * whether there was memory for all of it. */
#ifndef KR_OTP_WORDS_H
#define KR_OTP_WORDS_H

#include <krarup/text.h>

struct kri_words {
        kr_buf buf;
        bool failed; /* something is missing for want of memory */
};
/* clang-format off */
#define KRI_WORDS_INIT { .failed = false }
/* clang-format on */

/* The text so far, terminated. */
const char *kri_words_text(const struct kri_words *w);

void kri_say(struct kri_words *w, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
void kri_say_bytes(struct kri_words *w, const void *data, size_t len);

/* A term in Erlang's syntax, of a large one the beginning; a short one (a reason in a line)
 * at most SHORT_BYTES long. */
void kri_say_term(struct kri_words *w, kr_term t);
void kri_say_short(struct kri_words *w, kr_term t);

void kri_say_pid(struct kri_words *w, kr_pid pid);

/* A string or binary as its text if it is printable UTF-8, else as a term. */
void kri_say_string(struct kri_words *w, kr_term t);

/* As a string of JSON, with the quotes. */
void kri_say_json(struct kri_words *w, const char *text, size_t len);

void kri_words_clear(struct kri_words *w); /* empty again, and nothing failed */

#endif
