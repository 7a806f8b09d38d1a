/* SPDX-License-Identifier: Apache-2.0 */
/* io_depth.h: terms as io_lib writes them: ~w and ~W, ~p and ~P, with the depths of the latter.
 *
 * Depth    A level of brackets takes one from what is inside of it, and so does each element
 *          from those behind it; where 1 is left the rest is "...". A string counts as one, a
 *          binary that is text as four characters for one. 0 shows nothing, and a negative
 *          depth all. As OTP 25 has it, but that all is on one line.
 */
#ifndef KR_OTP_IO_DEPTH_H
#define KR_OTP_IO_DEPTH_H

#include <krarup/term.h>

struct kri_io_how {
        bool text;     /* lists and binaries that are text look so: ~p and ~P */
        bool unicode;  /* modifier t: characters above 255 are shown as they are */
        int64_t depth; /* below 0: all */
};

/* Append the text, UTF-8. KR_EBADARG: it is nested more than 200 levels deep; `out` may hold its
 * beginning. KR_ENOMEM. */
kr_err kri_io_write_how(kr_buf *out, kr_term t, const struct kri_io_how *how);

#endif
