/* SPDX-License-Identifier: Apache-2.0 */
/* text.h: numbers as text, whatever locale the program has set. */
#ifndef KR_TERM_TEXT_H
#define KR_TERM_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* The number in all of `text`; false: it is none, or none that is finite. */
bool kri_text_double(const char *text, double *ret);

/* The shortest text that reads back as `d`, finite, in the form of OTP 25: 1.0, 1.5e-7.
 * Returns its length. */
#define KRI_TEXT_DOUBLE_MAX 40
size_t kri_double_text(double d, char buf[KRI_TEXT_DOUBLE_MAX]);

#endif
