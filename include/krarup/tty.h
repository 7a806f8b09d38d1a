/* SPDX-License-Identifier: Apache-2.0 */
/* tty.h: a terminal: its size, lines or single keys, and text to it.
 *
 *      kr_tty tty;
 *
 *      if (kr_tty_open(0, KR_TTY_RAW, &tty) == KR_OK) ...
 *      kr_on(KEY, "{=, {data, ~}}", tty, &bytes)
 *      (void)kr_tty_close(tty);
 *
 * Handle    A port identifier, as a socket is (tcp.h). Any process of the node may write.
 * Messages  to the owner:
 *             {Tty, {data, Data}}   a line with its end, or in raw mode what was typed
 *             {Tty, eof}            the end of the input, or the terminal is gone; the last
 *           As with active sockets, kr_tty_active says how much comes by itself (true at
 *           first), and it is read when the owner takes in its signals.
 * Modes     LINES: as the system has it: what is typed is shown, and can be corrected; ^C is a
 *           signal. RAW: each key as it comes, nothing is shown, ^C is a key. RAW_SIGNALS: the
 *           same, but ^C and ^Z are signals.
 * Restored  The terminal is as it was found when the tty is closed, when its owner ends, by
 *           whatever it may be, and when the program ends by exit().
 * Size      A change of it is a signal, SIGWINCH (os_signal.h).
 */
#ifndef KRARUP_TTY_H
#define KRARUP_TTY_H

#include <krarup/tcp.h>

typedef kr_port kr_tty;

typedef enum kr_tty_mode {
        KR_TTY_LINES,
        KR_TTY_RAW,
        KR_TTY_RAW_SIGNALS,
} kr_tty_mode;

KR_BEGIN_DECLS

/* Open the terminal that this descriptor of the program is (0: that of its standard input).
 * KR_ENOTSUP: it is no terminal, or this is a simulation; KR_ENOMEM, KR_ESYSTEMLIMIT (8 are open,
 * descriptors), KR_EBADARG (or no process), or what the system says. */
KR_API KR_MUST_CHECK kr_err kr_tty_open(int fd, kr_tty_mode mode, kr_tty *ret_tty);
KR_API kr_err kr_tty_close(kr_tty tty);

KR_API kr_err kr_tty_set_mode(kr_tty tty, kr_tty_mode mode);
/* Write all of it; waits while the terminal is stopped (^S), and may not return. */
KR_API kr_err kr_tty_write(kr_tty tty, const void *data, size_t len);
/* KR_ACTIVE_TRUE, KR_ACTIVE_FALSE, KR_ACTIVE_ONCE, or a count of messages. */
KR_API kr_err kr_tty_active(kr_tty tty, int active);

/* Of the terminal that a descriptor is. KR_ENOTSUP: it is none. Any thread. */
KR_API KR_MUST_CHECK kr_err kr_tty_size(int fd, unsigned *ret_columns,
                                        unsigned *ret_rows);

KR_END_DECLS
#endif
