/* SPDX-License-Identifier: Apache-2.0 */
/* io_chars.h: unicode:chardata(), what put_chars is given, as UTF-8. */
#ifndef KR_OTP_IO_CHARS_H
#define KR_OTP_IO_CHARS_H

#include <krarup/term.h>

/* Append characters: integers, binaries, and lists of these, nested up to 200 deep. In
 * latin1 the bytes of binaries and the integers are characters below 256; in unicode
 * binaries are UTF-8. KR_EBADARG: it is something else; `out` may hold its beginning.
 * KR_ENOMEM. */
kr_err kri_io_chars(kr_buf *out, kr_term chars, bool latin1);

/* How many bytes the first `count` characters of this text have; fewer if it has fewer. Sets
 * *ret_count to how many there are. */
size_t kri_io_characters(const char *text, size_t len, size_t count, size_t *ret_count);

#endif
