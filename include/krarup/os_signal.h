/* SPDX-License-Identifier: Apache-2.0 */
/* os_signal.h: signals of the operating system as messages. Follows os:set_signal/2.
 *
 *      (void)kr_os_signal_listen(SIGHUP, KR_OS_SIGNAL_INSTEAD);
 *      ...
 *      kr_on(RELOAD, "{os_signal, sighup}")
 *
 * Model     A signal to the program becomes a message {os_signal, Name} to each process that
 *           listens for it: sighup, sigint, sigquit, sigusr1, sigusr2, sigpipe, sigalrm,
 *           sigterm, sigchld, sigcont, sigtstp, sigttin, sigttou, sigwinch, sigio. (SIGURG is the
 *           runtime's own, as those of faults are.)
 *           Several that come at once may be one message, as they are one to the system.
 * Handlers  belong to the whole program, so none is installed before somebody asks. The one
 *           that was there is called as well, or not (see below), and comes back when nobody
 *           listens any more. That of kr_main is such a one: it stops the program at SIGINT
 *           and SIGTERM.
 * Owner     A process listens until it says otherwise or ends.
 */
#ifndef KRARUP_OS_SIGNAL_H
#define KRARUP_OS_SIGNAL_H

#include <krarup/process.h>

/* What becomes of a handler that was there. What the system would do by itself (end the
 * program, mostly) is not done in any case. */
typedef enum kr_os_signal_how {
        KR_OS_SIGNAL_ALSO,    /* it is called too */
        KR_OS_SIGNAL_INSTEAD, /* it is not, as long as somebody listens who said so */
} kr_os_signal_how;

typedef enum kr_os_signal_action {
        KR_OS_SIGNAL_DEFAULT,
        KR_OS_SIGNAL_IGNORE,
} kr_os_signal_action;

KR_BEGIN_DECLS

/* From now on the caller gets {os_signal, Name}. KR_EALREADY: it does; KR_EBADARG: it is none of
 * the signals above (or the caller no process); KR_ENOTSUP: in a simulation; KR_ENOMEM;
 * KR_ESYSTEMLIMIT: 64 listen already, or there are no descriptors. */
KR_API KR_MUST_CHECK kr_err kr_os_signal_listen(int number, kr_os_signal_how how);
/* No more. KR_ENOENT: it does not listen. */
KR_API kr_err kr_os_signal_forget(int number);

/* What happens to the program when nobody listens. KR_ESTATE: somebody does. Any thread. */
KR_API kr_err kr_os_signal_set(int number, kr_os_signal_action action);

KR_END_DECLS
#endif
