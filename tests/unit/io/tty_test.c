/* SPDX-License-Identifier: Apache-2.0 */
/* tty_test.c: a terminal (a pseudo one, whose other side the test has): lines, keys, text, and that
 * it is afterwards as it was. */
#include <krarup.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "expect.h"
#include "process.h"

/* Where LeakSanitizer is, it may be told; elsewhere nobody answers. */
extern void __lsan_disable(void) __attribute__((weak));

static int master, slave; /* where somebody types; the terminal */

static void open_terminal(void)
{
        struct winsize size = { .ws_row = 24, .ws_col = 80 };

        kit_int_eq(openpty(&master, &slave, NULL, NULL, &size), 0);
}

static void type(const char *text)
{
        kit_int_eq(write(master, text, strlen(text)), (int64_t)strlen(text));
}

/* What is seen there: so much. */
static void check_shown(const char *wanted)
{
        char text[200] = "";
        size_t len = 0;

        while (len < strlen(wanted)) {
                struct pollfd poll_fd = { .fd = master, .events = POLLIN };

                kit_int_eq(poll(&poll_fd, 1, (int)KIT_EXPECT_MS), 1);
                len += (size_t)read(master, text + len, sizeof(text) - 1 - len);
        }
        kit_str_eq(text, wanted);
}

static bool echoes(void)
{
        struct termios now;

        kit_int_eq(tcgetattr(slave, &now), 0);
        return (now.c_lflag & ECHO) != 0 && (now.c_lflag & ICANON) != 0;
}

KIT_PROCESS_TEST(test_lines)
{
        kr_msg msg = KR_MSG_INIT;
        kr_tty tty;

        open_terminal();
        kit_ok(kr_tty_open(slave, KR_TTY_LINES, &tty));
        type("hel");
        check_shown("hel");
        kit_expect_nothing();
        type("lo\n");
        kit_next(&msg, "{=, {data, <<\"hello\\n\">>}}", tty);
        type("one\ntwo\n");
        kit_next(&msg, "{=, {data, <<\"one\\n\">>}}", tty);
        kit_next(&msg, "{=, {data, <<\"two\\n\">>}}", tty);
        type("\004"); /* ^D */
        kit_next(&msg, "{=, eof}", tty);
        kit_err(kr_tty_close(tty), KR_ECLOSED);
        kr_msg_clear(&msg);
}

KIT_PROCESS_TEST(test_keys)
{
        kr_msg msg = KR_MSG_INIT;
        kr_tty tty;

        open_terminal();
        kit_ok(kr_tty_open(slave, KR_TTY_RAW, &tty));
        kit_false(echoes());
        type("x");
        kit_next(&msg, "{=, {data, <<\"x\">>}}", tty);
        type("\003"); /* ^C */
        kit_next(&msg, "{=, {data, <<3>>}}", tty);
        kit_ok(kr_tty_set_mode(tty, KR_TTY_LINES));
        kit_true(echoes());
        kit_ok(kr_tty_set_mode(tty, KR_TTY_RAW_SIGNALS));
        kit_false(echoes());
        kit_ok(kr_tty_close(tty));
        kit_true(echoes());
        kr_msg_clear(&msg);
}

KIT_PROCESS_TEST(test_as_much_as_is_wanted)
{
        kr_msg msg = KR_MSG_INIT;
        kr_tty tty;

        open_terminal();
        kit_ok(kr_tty_open(slave, KR_TTY_LINES, &tty));
        kit_ok(kr_tty_active(tty, KR_ACTIVE_ONCE));
        type("one\ntwo\nthree\n");
        kit_next(&msg, "{=, {data, <<\"one\\n\">>}}", tty);
        kit_int_eq(kr_receive(&msg, 20, kr_on(0, "_")), KR_TIMEOUT);
        kit_ok(kr_tty_active(tty, 2));
        kit_next(&msg, "{=, {data, <<\"two\\n\">>}}", tty);
        kit_next(&msg, "{=, {data, <<\"three\\n\">>}}", tty);
        kr_msg_clear(&msg);
}

static void writes_much(kr_term arg)
{
        char *text = malloc(200000);
        kr_tty tty;

        (void)kr_match(arg, "~", &tty);
        kit_not_null(text);
        memset(text, 'x', 200000);
        kit_ok(kr_tty_write(tty, text, 200000));
        free(text);
        kr_send("test", "written");
}

KIT_PROCESS_TEST(test_text_waits_for_the_terminal)
{
        kr_msg msg = KR_MSG_INIT;
        size_t sum = 0;
        char text[4096];
        kr_term arg;
        kr_tty tty;

        open_terminal();
        kr_register("test", kr_self());
        kit_ok(kr_tty_open(slave, KR_TTY_RAW, &tty));
        kit_ok(kr_tty_write(tty, "hello", 5));
        check_shown("hello");
        arg = kr_build("~", tty);
        (void)kr_spawn_link(writes_much, arg);
        while (sum < 200000) {
                struct pollfd poll_fd = { .fd = master, .events = POLLIN };

                if (poll(&poll_fd, 1, 0) == 1)
                        sum += (size_t)read(master, text, sizeof(text));
                else
                        kr_yield();
        }
        kit_expect(&msg, "written");
        kr_release(arg);
        kr_msg_clear(&msg);
}

static void owns(kr_term arg)
{
        kr_tty tty;

        (void)arg;
        kit_ok(kr_tty_open(slave, KR_TTY_RAW, &tty));
        kr_send("test", "opened");
        kr_sleep(KR_INFINITY);
}

KIT_PROCESS_TEST(test_it_is_restored_when_its_owner_is_killed)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;
        kr_pid pid;

        open_terminal();
        kr_register("test", kr_self());
        pid = kr_spawn_monitor(&ref, owns, kr_nil());
        kit_expect(&msg, "opened");
        kit_false(echoes());
        kr_exit_signal(pid, "kill");
        kit_expect_down(ref, "killed");
        kit_true(echoes());
        kr_msg_clear(&msg);
}

/* In a program of its own: exit() without closing anything. */
static void open_and_exit(void)
{
        static kr_node *node; /* nothing that is found no more */
        kr_pid self;
        kr_tty tty;

        if (__lsan_disable != NULL)
                __lsan_disable(); /* what is left behind is left on purpose */
        if (kr_node_start(&(kr_node_opts){ .schedulers = 1 }, &node) != KR_OK ||
            kr_thread_attach(node, &self) != KR_OK ||
            kr_tty_open(slave, KR_TTY_RAW, &tty) != KR_OK || echoes())
                _exit(1);
        exit(0);
}

KIT_TEST(test_it_is_restored_when_the_program_exits)
{
        int status;
        pid_t pid;

        open_terminal();
        pid = fork();
        if (pid == 0)
                open_and_exit();
        kit_int_eq(waitpid(pid, &status, 0), pid);
        kit_true(WIFEXITED(status));
        kit_int_eq(WEXITSTATUS(status), 0);
        kit_true(echoes());
}

KIT_PROCESS_TEST(test_one_that_hangs_up)
{
        kr_msg msg = KR_MSG_INIT;
        kr_tty tty;

        open_terminal();
        kit_ok(kr_tty_open(slave, KR_TTY_LINES, &tty));
        close(master);
        kit_next(&msg, "{=, eof}", tty);
        kr_msg_clear(&msg);
}

KIT_PROCESS_TEST(test_its_size)
{
        unsigned columns, rows;

        open_terminal();
        kit_ok(kr_tty_size(slave, &columns, &rows));
        kit_uint_eq(columns, 80);
        kit_uint_eq(rows, 24);
}

KIT_PROCESS_TEST(test_what_is_no_terminal)
{
        int null = open("/dev/null", O_RDWR);
        unsigned columns, rows;
        kr_tty tty;

        kit_err(kr_tty_open(null, KR_TTY_RAW, &tty), KR_ENOTSUP);
        kit_err(kr_tty_open(-1, KR_TTY_RAW, &tty), KR_ENOTSUP);
        kit_err(kr_tty_size(null, &columns, &rows), KR_ENOTSUP);
        close(null);
}

KIT_MAIN(KIT_CASE(test_lines), KIT_CASE(test_keys), KIT_CASE(test_as_much_as_is_wanted),
         KIT_CASE(test_text_waits_for_the_terminal),
         KIT_CASE(test_it_is_restored_when_its_owner_is_killed),
         KIT_CASE(test_it_is_restored_when_the_program_exits),
         KIT_CASE(test_one_that_hangs_up), KIT_CASE(test_its_size),
         KIT_CASE(test_what_is_no_terminal))
