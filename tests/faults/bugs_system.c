/* SPDX-License-Identifier: Apache-2.0 */
/* bugs_system.c: what is done to the OS process. */
#include "bugs.h"

#include <fenv.h>
#include <signal.h>

BUG(exit_called, SYSTEM, DIED, "exit: it ends the OS process, as it says")
{
        exit(0);
}

BUG(kill_self, SYSTEM, DIED, "kill(getpid(), SIGKILL)")
{
        kill(getpid(), SIGKILL);
}

BUG(segv_from_kill, SYSTEM, DIED, "kill(getpid(), SIGSEGV): no thread is to blame")
{
        kill(getpid(), SIGSEGV);
}

BUG(handler_removed, SYSTEM, DIED, "signal(SIGSEGV, SIG_DFL), then a fault")
{
        signal(SIGSEGV, SIG_DFL);
        POKE(0);
}

BUG(signal_stack_removed, SYSTEM, DIED | DUMPED,
    "take the signal stack away, then overflow the stack")
{
        stack_t none = { .ss_flags = SS_DISABLE };

        sigaltstack(&none, NULL);
        sink = recurse(0);
}

BUG(close_all, SYSTEM, CONTAINED, "close descriptors 0 to 255, then fault")
{
        for (int fd = 0; fd < 256; fd++)
                close(fd);
        POKE(0);
}

BUG(close_twice, SYSTEM, UNNOTICED, "close a descriptor twice")
{
        int fd = dup(0);

        close(fd);
        sink = close(fd);
}

BUG(signals_blocked, SYSTEM, CONTAINED | DIED, "block all signals, then fault")
{
        sigset_t all;

        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, NULL);
        POKE(0);
}

BUG(rounding_changed, SYSTEM, UNNOTICED,
    "change the rounding of floating point and return")
{
        fesetround(FE_UPWARD);
}
