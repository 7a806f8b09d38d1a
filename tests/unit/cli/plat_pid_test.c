/* SPDX-License-Identifier: Apache-2.0 */
/* plat_pid_test.c: one program holds a pid file, also where another one gives it back meanwhile. */
#include "../../../src/cli/plat_pid.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit.h"

static char path[64];
static void (*before_lock)(void); /* is called once, before the next lock is asked for */

/* In the place of libc's: what is tested is what happens between its open and its lock. */
int fcntl(int fd, int command, ...)
{
        void (*now)(void) = before_lock;
        va_list args;
        long arg;

        va_start(args, command);
        arg = va_arg(args, long);
        va_end(args);
        if (command == F_OFD_SETLK && now != NULL) {
                before_lock = NULL;
                now();
        }
        return (int)syscall(SYS_fcntl, fd, command, arg);
}

static void new_path(void)
{
        char folder[] = "/tmp/krarup-pid-XXXXXX";

        kit_not_null(mkdtemp(folder));
        (void)snprintf(path, sizeof(path), "%s/node.pid", folder);
}

static void remove_path(void)
{
        (void)unlink(path);
        path[strlen(path) - strlen("/node.pid")] = 0;
        (void)rmdir(path);
}

/* By another program: 0 if it gets it, else errno. */
static int take_elsewhere(void)
{
        pid_t pid = fork();
        int status;

        if (pid == 0)
                _exit(kri_pid_take(path) ? 0 : errno);
        kit_true(pid > 0);
        kit_true(waitpid(pid, &status, 0) == pid);
        kit_true(WIFEXITED(status));
        return WEXITSTATUS(status);
}

KIT_TEST(test_it_is_one_programs_until_that_ends)
{
        new_path();
        kit_int_eq(kri_pid_holder(path), 0);
        kit_int_eq(take_elsewhere(), 0);
        kit_int_eq(kri_pid_holder(path), 0);
        kit_true(kri_pid_take(path));
        kit_int_eq(kri_pid_holder(path), getpid());
        kit_int_eq(take_elsewhere(), EALREADY);
        kit_int_eq(kri_pid_holder(path), getpid());
        remove_path();
}

static void drop(void)
{
        kri_pid_drop(path);
}

/* The holder before ends between our open and our lock: the file that we have is none that others
 * find. */
KIT_TEST(test_a_file_that_has_just_been_removed_is_not_held)
{
        new_path();
        kit_int_eq(take_elsewhere(), 0);
        before_lock = drop;
        kit_true(kri_pid_take(path));
        kit_null(before_lock);
        kit_int_eq(kri_pid_holder(path), getpid());
        kit_int_eq(take_elsewhere(), EALREADY);
        remove_path();
}

static void drop_and_take(void)
{
        kri_pid_drop(path);
        kit_true(kri_pid_take(path));
}

/* And somebody else is faster in making the next one. */
KIT_TEST(test_of_two_one_takes_what_a_third_gives_back)
{
        new_path();
        kit_int_eq(take_elsewhere(), 0);
        before_lock = drop_and_take;
        kit_false(kri_pid_take(path));
        kit_int_eq(errno, EALREADY);
        kit_null(before_lock);
        kit_int_eq(kri_pid_holder(path), getpid());
        remove_path();
}

KIT_MAIN(KIT_CASE(test_it_is_one_programs_until_that_ends),
         KIT_CASE(test_a_file_that_has_just_been_removed_is_not_held),
         KIT_CASE(test_of_two_one_takes_what_a_third_gives_back))
