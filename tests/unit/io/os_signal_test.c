/* SPDX-License-Identifier: Apache-2.0 */
/* os_signal_test.c: signals of the operating system reach those who listen, and handlers come
 * back when nobody does. */
#include <krarup.h>

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "expect.h"
#include "process.h"

static _Atomic int handled;

static void handle(int number)
{
        (void)number;
        handled++;
}

static void (*handler_of(int number))(int)
{
        struct sigaction now;

        kit_int_eq(sigaction(number, NULL, &now), 0);
        return now.sa_handler;
}

KIT_PROCESS_TEST(test_a_signal_becomes_a_message)
{
        kr_msg msg = KR_MSG_INIT;

        kit_ok(kr_os_signal_listen(SIGUSR1, KR_OS_SIGNAL_ALSO));
        kit_ok(kr_os_signal_listen(SIGHUP, KR_OS_SIGNAL_INSTEAD));
        kit_err(kr_os_signal_listen(SIGUSR1, KR_OS_SIGNAL_ALSO), KR_EALREADY);
        for (int i = 0; i < 20; i++) {
                kit_int_eq(kill(getpid(), SIGUSR1), 0);
                kit_next(&msg, "{os_signal, sigusr1}");
                kit_int_eq(kill(getpid(), SIGHUP), 0);
                kit_next(&msg, "{os_signal, sighup}");
        }
        kit_expect_nothing();
        kr_msg_clear(&msg);
}

KIT_PROCESS_TEST(test_a_handler_that_was_there_is_called_or_not)
{
        kr_msg msg = KR_MSG_INIT;

        (void)signal(SIGUSR1, handle);
        kit_ok(kr_os_signal_listen(SIGUSR1, KR_OS_SIGNAL_ALSO));
        kit_int_eq(kill(getpid(), SIGUSR1), 0);
        kit_next(&msg, "{os_signal, sigusr1}");
        kit_eventually(handled == 1);
        kit_ok(kr_os_signal_forget(SIGUSR1));
        kit_err(kr_os_signal_forget(SIGUSR1), KR_ENOENT);
        kit_true(handler_of(SIGUSR1) == handle);
        kit_ok(kr_os_signal_listen(SIGUSR1, KR_OS_SIGNAL_INSTEAD));
        kit_int_eq(kill(getpid(), SIGUSR1), 0);
        kit_next(&msg, "{os_signal, sigusr1}");
        kit_int_eq(handled, 1);
        kr_msg_clear(&msg);
}

static char *volatile nowhere = NULL;

static void listens(kr_term arg)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid to;

        (void)kr_match(arg, "~", &to);
        kit_ok(kr_os_signal_listen(SIGUSR2, KR_OS_SIGNAL_INSTEAD));
        kr_send(to, "listens");
        while (kr_receive(&msg, KR_INFINITY, kr_on(0, "{os_signal, sigusr2}"),
                          kr_on(1, "fault")) == 0)
                kr_send(to, "{heard, ~}", kr_self());
        *nowhere = 1;
}

static void several_listen(void)
{
        kr_term self = kr_build("~", kr_self());
        kr_msg msg = KR_MSG_INIT;
        kr_ref refs[3];
        kr_pid pids[3];

        for (int i = 0; i < 3; i++) {
                pids[i] = kr_spawn_monitor(&refs[i], listens, self);
                kit_expect(&msg, "listens");
        }
        kit_int_eq(kill(getpid(), SIGUSR2), 0);
        for (int i = 0; i < 3; i++)
                kit_expect(&msg, "{heard, =}", pids[i]);
        kr_send(pids[0], "fault");
        kr_exit_signal(pids[1], "kill");
        kit_expect(&msg, "{'DOWN', =, process, _, _}", refs[0]);
        kit_expect(&msg, "{'DOWN', =, process, _, _}", refs[1]);
        kit_int_eq(kill(getpid(), SIGUSR2), 0);
        kit_expect(&msg, "{heard, =}", pids[2]);
        kr_exit_signal(pids[2], "kill");
        kit_expect(&msg, "{'DOWN', =, process, _, _}", refs[2]);
        kit_eventually(handler_of(SIGUSR2) == SIG_DFL);
        kr_release(self);
        kr_msg_clear(&msg);
}

KIT_TEST(test_those_who_end_listen_no_more)
{
        kit_run_process(&(kr_node_opts){ .faults = KR_FAULTS_EXIT, .schedulers = 2 },
                        several_listen);
}

KIT_PROCESS_TEST(test_what_happens_when_nobody_listens)
{
        kit_ok(kr_os_signal_set(SIGUSR1, KR_OS_SIGNAL_IGNORE));
        kit_int_eq(kill(getpid(), SIGUSR1), 0);
        kit_ok(kr_os_signal_listen(SIGUSR1, KR_OS_SIGNAL_ALSO));
        kit_err(kr_os_signal_set(SIGUSR1, KR_OS_SIGNAL_DEFAULT), KR_ESTATE);
        kit_ok(kr_os_signal_forget(SIGUSR1));
        kit_true(handler_of(SIGUSR1) == SIG_IGN);
        kit_ok(kr_os_signal_set(SIGUSR1, KR_OS_SIGNAL_DEFAULT));
        kit_true(handler_of(SIGUSR1) == SIG_DFL);
        kit_err(kr_os_signal_set(SIGSEGV, KR_OS_SIGNAL_IGNORE), KR_EBADARG);
        kit_err(kr_os_signal_listen(SIGKILL, KR_OS_SIGNAL_ALSO), KR_EBADARG);
        kit_err(kr_os_signal_listen(12345, KR_OS_SIGNAL_ALSO), KR_EBADARG);
}

/* Many come and go: their bells are used again. */
KIT_PROCESS_TEST(test_listeners_come_and_go)
{
        kr_msg msg = KR_MSG_INIT;

        for (int i = 0; i < 500; i++) {
                kit_ok(kr_os_signal_listen(SIGUSR1, KR_OS_SIGNAL_INSTEAD));
                if (i % 50 == 0) {
                        kit_int_eq(kill(getpid(), SIGUSR1), 0);
                        kit_next(&msg, "{os_signal, sigusr1}");
                }
                kit_ok(kr_os_signal_forget(SIGUSR1));
        }
        kr_msg_clear(&msg);
}

KIT_SIM_TEST(test_there_are_no_signals_in_a_simulation)
{
        kit_err(kr_os_signal_listen(SIGUSR1, KR_OS_SIGNAL_ALSO), KR_ENOTSUP);
}

KIT_MAIN(KIT_CASE(test_a_signal_becomes_a_message),
         KIT_CASE(test_a_handler_that_was_there_is_called_or_not),
         KIT_CASE(test_those_who_end_listen_no_more),
         KIT_CASE(test_what_happens_when_nobody_listens),
         KIT_CASE(test_listeners_come_and_go),
         KIT_CASE(test_there_are_no_signals_in_a_simulation))
