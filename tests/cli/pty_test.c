/* SPDX-License-Identifier: Apache-2.0 */
/* pty_test.c: the shell as a person meets it, at a terminal: keys go in, and what comes out is waited
 * for; and a node as systemd meets it. The program under test is $KRARUP. */
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit.h"

#define OUTPUT_MAX 65536
#define WAIT_MS 20000

static char work[] = "/tmp/krarup-pty-XXXXXX";

/* A program at a terminal. */
static struct {
        pid_t pid;
        int fd;
        char seen[OUTPUT_MAX];
        size_t len;  /* of seen */
        size_t from; /* what has not been looked at */
} at;

static void prepare(void)
{
        char path[200];

        kit_not_null(getenv("KRARUP"));
        kit_not_null(mkdtemp(work));
        kit_int_eq(chdir(work), 0);
        (void)snprintf(path, sizeof(path), "%s/run", work);
        (void)setenv("KRARUP_RUN_DIR", path, 1);
        (void)snprintf(path, sizeof(path), "%s/history", work);
        (void)setenv("KRARUP_HISTORY", path, 1);
        (void)setenv("NO_COLOR", "1", 1);
        (void)setenv("TERM", "xterm", 1);
        (void)unsetenv("NOTIFY_SOCKET");
        (void)unsetenv("WATCHDOG_PID");
}

static void clean_up(void)
{
        char command[300];

        (void)snprintf(command, sizeof(command), "rm -rf '%s'", work);
        kit_int_eq(system(command), 0);
}

static void begin(const char *first, const char *second)
{
        const char *krarup = getenv("KRARUP");
        struct winsize size = { .ws_row = 24, .ws_col = 80 };

        at.len = at.from = 0;
        at.pid = forkpty(&at.fd, NULL, NULL, &size);
        kit_int_ge(at.pid, 0);
        if (at.pid == 0) {
                /* libedit never frees the names of functions that are added to it */
                (void)setenv("LSAN_OPTIONS", "leak_check_at_exit=0", 1);
                (void)execl(krarup, "krarup", first, second, (char *)NULL);
                _exit(127);
        }
}

static void type(const char *keys)
{
        kit_int_eq(write(at.fd, keys, strlen(keys)), (int64_t)strlen(keys));
}

/* Read what is there within the time; false: nothing more will come. */
static bool read_more(void)
{
        struct pollfd ready = { .fd = at.fd, .events = POLLIN };
        ssize_t got;

        if (poll(&ready, 1, WAIT_MS) <= 0)
                return false;
        got = read(at.fd, at.seen + at.len, sizeof(at.seen) - 1 - at.len);
        if (got <= 0)
                return false;
        at.len += (size_t)got;
        at.seen[at.len] = 0;
        return true;
}

/* Wait until this is seen, behind what has been waited for before. */
static void await(const char *text)
{
        char *found;

        at.seen[at.len] = 0;
        while ((found = strstr(at.seen + at.from, text)) == NULL) {
                if (!read_more())
                        kit_fail("\"%s\" did not come, but: %s", text, at.seen + at.from);
        }
        at.from = (size_t)(found - at.seen) + strlen(text);
}

static int end(void)
{
        int status;

        while (read_more())
                ;
        kit_int_eq(waitpid(at.pid, &status, 0), at.pid);
        (void)close(at.fd);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

KIT_TEST(test_lines_values_errors_and_the_end)
{
        prepare();
        begin("shell", "--fresh");
        await("Ctrl-D ends it");
        await("1> ");
        type("1 +\n");
        await("1> ");
        type("2.\n");
        await("\n3\r\n");
        await("2> ");
        type("foo(.\n");
        await("* 1:5: syntax error before: '.'");
        await("2> ");
        type("foo:bar(1).\n");
        await("** exception error: undefined function foo:bar/1");
        await("3> ");
        type("X = {a, 1}. X.\n");
        await("{a,1}");
        await("{a,1}");
        await("5> ");
        type("\004");
        kit_int_eq(end(), 0);
        clean_up();
}

KIT_TEST(test_completion)
{
        prepare();
        begin("shell", "--fresh");
        await("1> ");
        type("application:which\t");
        await("_applications("); /* what is not there yet */
        type("), sys:get_stat\t");
        await("sys:get_state(");
        await("sys:get_status(");
        await("sys:get_stat");
        type("\025"); /* Ctrl-U: the line away */
        type("Long_name = 1.\n");
        await("\n1\r\n");
        await("2> ");
        type("Lon\t + 1.\n");
        await("\n2\r\n");
        await("3> ");
        type("\004");
        kit_int_eq(end(), 0);
        clean_up();
}

KIT_TEST(test_an_interrupt_ends_what_runs_or_the_line)
{
        prepare();
        begin("shell", "--fresh");
        await("1> ");
        type("X = 7.\n");
        await("2> ");
        type("self() ! begun, flush(), timer:sleep(infinity).\n");
        await("Shell got begun");
        type("\003");
        await("** interrupted");
        await("3> ");
        type("X.\n"); /* what it had is still there */
        await("\n7\r\n");
        await("4> ");
        type("this is no");
        await("no");
        type("\003");
        await("^C");
        await("4> ");
        type("X + 1.\n");
        await("\n8\r\n");
        await("5> ");
        type("\004");
        kit_int_eq(end(), 0);
        clean_up();
}

/* What comes while one types does not mix with it, and history is there the next time. */
KIT_TEST(test_results_as_they_come_and_history)
{
        prepare();
        begin("shell", "--fresh");
        await("1> ");
        type("P = spawn(timer, sleep, [infinity]), link(P).\n");
        await("2> ");
        type("spawn(c, uptime, []).\n");
        await("0 days, 0 hours");
        await("3> ");
        type("exit(P, gone).\n");
        await("** exception exit: gone");
        type("\n");
        await("> ");
        type("\004");
        kit_int_eq(end(), 0);

        begin("shell", "--fresh");
        await("1> ");
        type("\033[A\033[A"); /* twice up */
        await("spawn(c, uptime, [])");
        type("\n");
        await("0 days, 0 hours");
        type("\004");
        kit_int_eq(end(), 0);
        clean_up();
}

/* -- systemd -- */

static int listen_for_notes(char *path, size_t size)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        (void)snprintf(path, size, "%s/notify", work);
        (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", work);
        kit_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        return fd;
}

static void await_note(int fd, const char *want)
{
        struct pollfd ready = { .fd = fd, .events = POLLIN };
        char note[200] = "";

        do {
                ssize_t len;

                kit_int_gt(poll(&ready, 1, WAIT_MS), 0);
                len = recv(fd, note, sizeof(note) - 1, 0);
                kit_int_ge(len, 0);
                note[len] = 0;
        } while (strcmp(note, want) != 0);
}

KIT_TEST(test_systemd_is_told)
{
        char path[200], command[1000];
        int notes, status;
        pid_t pid;

        prepare();
        notes = listen_for_notes(path, sizeof(path));
        (void)snprintf(
                command, sizeof(command),
                "'%s' new noted >/dev/null && cd noted && PKG_CONFIG_PATH='%s' make >/dev/null",
                getenv("KRARUP"), getenv("KRARUP_PKGCONFIG"));
        kit_int_eq(system(command), 0);
        (void)setenv("NOTIFY_SOCKET", path, 1);
        (void)setenv("WATCHDOG_USEC", "200000", 1);
        pid = fork();
        if (pid == 0) {
                (void)execl(getenv("KRARUP"), "krarup", "start", "--foreground",
                            "--no-build", "--folder", "noted", (char *)NULL);
                _exit(127);
        }
        await_note(notes, "READY=1");
        await_note(notes, "WATCHDOG=1");
        await_note(notes, "WATCHDOG=1");
        kit_int_eq(kill(pid, SIGTERM), 0);
        await_note(notes, "STOPPING=1");
        kit_int_eq(waitpid(pid, &status, 0), pid);
        kit_true(WIFEXITED(status));
        kit_int_eq(WEXITSTATUS(status), 0);
        (void)close(notes);
        clean_up();
}

KIT_MAIN(KIT_SLOW(test_lines_values_errors_and_the_end, 60),
         KIT_SLOW(test_completion, 60),
         KIT_SLOW(test_an_interrupt_ends_what_runs_or_the_line, 60),
         KIT_SLOW(test_results_as_they_come_and_history, 60),
         KIT_SLOW(test_systemd_is_told, 120))
