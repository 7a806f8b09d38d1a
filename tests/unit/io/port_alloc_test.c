/* SPDX-License-Identifier: Apache-2.0 */
/* port_alloc_test.c: files, programs, signals and terminals with each allocation refused in turn:
 * an error, or the end of the one process; the node goes on, and gives everything back. */
#include <krarup.h>

#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "expect.h"
#include "process.h"
#include "refusal.h"

/* What was to come may be what there was no memory for: then it is not waited for any longer, but
 * else until it is there (or the case is over). True: it is. */
#define ANSWER_MS 500
#define comes(msg, ...)                                                                  \
        ({                                                                               \
                bool is_here;                                                            \
                                                                                         \
                do                                                                       \
                        is_here = kr_receive(msg, ANSWER_MS, kr_on(0, __VA_ARGS__)) ==   \
                                  0;                                                     \
                while (!is_here && !kit_refusal_has_come());                             \
                is_here;                                                                 \
        })

static bool refused(kr_err err)
{
        if (err != KR_OK && err != KR_ENOMEM)
                kit_err(err, KR_ENOMEM);
        return err != KR_OK;
}

/* -- what is tried -- */

static void use_files(void)
{
        char path[64];
        char buf[16] = "";
        kr_file_info info;
        kr_buf all = KR_BUF_INIT;
        kr_term names;
        kr_file file;
        size_t len;

        (void)snprintf(path, sizeof(path), "/tmp/kr_port_alloc.%d", (int)getpid());
        (void)remove(path);
        kit_refusal_arm();
        if (refused(kr_file_write_file(path, "hello", 5)) ||
            refused(kr_file_open(path, KR_FILE_READ, &file)))
                return;
        if (refused(kr_file_read(file, buf, sizeof(buf), &len)))
                return;
        kit_uint_eq(len, 5);
        kit_mem_eq(buf, "hello", 5);
        if (refused(kr_file_close(file)) || refused(kr_file_stat(path, &info)) ||
            refused(kr_file_read_file(path, 0, &all)))
                return;
        kit_uint_eq(all.len, 5);
        kr_buf_free(&all);
        if (!refused(kr_file_list_dir("/usr", &names)))
                kr_release(names);
}

static void use_programs(void)
{
        static const char *const args[] = { "cat", NULL };
        kr_port_opts opts = { .args = args };
        kr_msg msg = KR_MSG_INIT;
        kr_port port;

        kit_refusal_arm();
        if (refused(kr_port_spawn("cat", &opts, &port)) ||
            refused(kr_port_write(port, "hello", 5)))
                return;
        if (!comes(&msg, "{=, {data, <<\"hello\">>}}", port))
                return;
        kit_ok(kr_port_eof(port));
        (void)comes(&msg, "{=, {exit_status, 0}}", port);
}

static void use_signals(void)
{
        kr_msg msg = KR_MSG_INIT;

        kit_refusal_arm();
        if (refused(kr_os_signal_listen(SIGUSR1, KR_OS_SIGNAL_INSTEAD)))
                return;
        kit_int_eq(kill(getpid(), SIGUSR1), 0);
        (void)comes(&msg, "{os_signal, sigusr1}");
}

static int master, slave;

static void use_terminals(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_tty tty;

        kit_int_eq(tcflush(slave, TCIFLUSH), 0); /* what one before has not read */
        kit_refusal_arm();
        if (refused(kr_tty_open(slave, KR_TTY_RAW, &tty)) ||
            refused(kr_tty_write(tty, "x", 1)))
                return;
        kit_int_eq(write(master, "y", 1), 1);
        (void)comes(&msg, "{=, {data, <<\"y\">>}}", tty);
}

/* -- again and again, on a fresh node each time: its first use is refused, too -- */

static void refuse_each(void (*run)(void), enum kit_source source)
{
        kit_refusal.source = source;
        kit_refusal.run = run;
        kit_refusal.refused = true;
        for (kit_refusal.n = 1; kit_refusal.refused; kit_refusal.n++) {
                kr_node *node = kit_node_start(&(kr_node_opts){ .schedulers = 1 });
                kr_msg msg = KR_MSG_INIT;
                kr_pid self;
                kr_ref ref;

                kit_ok(kr_thread_attach(node, &self));
                ref = kit_refusal_spawn();
                kit_expect(&msg, "{'DOWN', =, process, _, _}", ref);
                kr_msg_clear(&msg);
                kr_thread_detach();
                kit_node_stop(node);
        }
        kit_int_gt((int64_t)kit_refusal.n, 2); /* some were */
}

static void refuse_all(void (*run)(void))
{
        for (int source = 0; source < KIT_SOURCES; source++)
                refuse_each(run, (enum kit_source)source);
}

KIT_TEST(test_files_without_memory)
{
        refuse_each(use_files, KIT_HEAP);
}

KIT_TEST(test_programs_without_memory)
{
        refuse_all(use_programs);
}

KIT_TEST(test_signals_without_memory)
{
        refuse_all(use_signals);
}

KIT_TEST(test_terminals_without_memory)
{
        kit_int_eq(openpty(&master, &slave, NULL, NULL, NULL), 0);
        refuse_all(use_terminals);
}

KIT_MAIN(KIT_SLOW(test_files_without_memory, 60),
         KIT_SLOW(test_programs_without_memory, 60),
         KIT_SLOW(test_signals_without_memory, 60),
         KIT_SLOW(test_terminals_without_memory, 60))
