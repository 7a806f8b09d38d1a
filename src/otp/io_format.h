/* SPDX-License-Identifier: Apache-2.0 */
/* io_format.h: io_lib:format/2: what an Erlang process has its group leader do for io:format. */
#ifndef KR_OTP_IO_FORMAT_H
#define KR_OTP_IO_FORMAT_H

#include <krarup/term.h>

/* Append the text, UTF-8. `format` is a string, a binary or an atom, `args` a list. All of
 * io_lib's directives (~c ~f ~e ~g ~s ~w ~p ~W ~P ~B ~X ~# ~b ~x ~+ ~n ~i ~~), with width,
 * precision, pad character and modifiers, and the depths of ~W and ~P. What differs from OTP 25:
 * ~p and ~P put all on one line, whatever their width (io_lib breaks at 80 columns); ~W cuts
 * maps as ~P does (there "#{}" is also one that is not empty); a bitstring that is no binary
 * is whole or "<<...>>"; with t, text above 255 is text (there only after +pc unicode). KR_EBADARG: the format is
 * none, or does not go with its arguments; `out` may hold its beginning. KR_ENOMEM. */
kr_err kri_io_format(kr_buf *out, kr_term format, kr_term args);

/* io_lib:write/1: as ~w. */
kr_err kri_io_write(kr_buf *out, kr_term t);

#endif
