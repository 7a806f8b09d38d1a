/* SPDX-License-Identifier: Apache-2.0 */
/* print.h: the beginning of a term's text, for lines of a limited length. */
#ifndef KR_TERM_PRINT_H
#define KR_TERM_PRINT_H

#include <krarup/term.h>

/* As kr_format, but looks at no more of the term than fits, however large it is. False: not
 * all of it fitted. */
bool kri_format_start(char *buf, size_t size, kr_term t);

#endif
