/* SPDX-License-Identifier: Apache-2.0 */
/* port_test.c: programs as ports: what they are given and give, how they end, and that none is
 * left when its owner has ended, however that was. */
#include <krarup.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "expect.h"
#include "process.h"

enum { DATA, ERR, STATUS };

/* A port that runs a line of the shell. */
static kr_port shell(const char *line, kr_port_opts opts)
{
        const char *const args[] = { "sh", "-c", line, NULL };
        kr_port port;

        opts.args = args;
        kit_ok(kr_port_spawn("sh", &opts, &port));
        return port;
}

/* All it says until it ends: gives its status. */
static int hear(kr_port port, char *out, size_t size, char *err, size_t err_size)
{
        size_t len = 0, err_len = 0;
        kr_msg msg = KR_MSG_INIT;
        kr_bytes bytes;
        int status = -2, what;

        do {
                what = kr_receive(&msg, KIT_EXPECT_MS,
                                  kr_on(DATA, "{=, {data, ~}}", port, &bytes),
                                  kr_on(ERR, "{=, {err, ~}}", port, &bytes),
                                  kr_on(STATUS, "{=, {exit_status, ~}}", port, &status));
                if (what == DATA && len + bytes.len < size) {
                        memcpy(out + len, bytes.data, bytes.len);
                        len += bytes.len;
                } else if (what == ERR && err_len + bytes.len < err_size) {
                        memcpy(err + err_len, bytes.data, bytes.len);
                        err_len += bytes.len;
                }
        } while (what == DATA || what == ERR);
        kit_int_eq(what, STATUS);
        if (size > 0)
                out[len] = 0;
        if (err_size > 0)
                err[err_len] = 0;
        kr_msg_clear(&msg);
        return status;
}

static void check_says(kr_port port, const char *wanted, int status)
{
        char out[4000];

        kit_int_eq(hear(port, out, sizeof(out), NULL, 0), status);
        kit_str_eq(out, wanted);
}

static int descriptors(void)
{
        int count = 0;

        for (int fd = 0; fd < 4096; fd++)
                count += fcntl(fd, F_GETFD) >= 0;
        return count;
}

/* -- what it is given and gives -- */

KIT_PROCESS_TEST(test_what_it_says_and_its_status)
{
        kr_port port = shell("echo hello; exit 3", (kr_port_opts){ 0 });
        char text[64];

        check_says(port, "hello\n", 3);
        kit_err(kr_port_close(port), KR_ECLOSED);
        (void)snprintf(text, sizeof(text), "{%d}", 0);
        check_says(shell("exit 0", (kr_port_opts){ 0 }), "", 0);
        kit_expect_nothing();
}

KIT_PROCESS_TEST(test_what_it_is_given)
{
        kr_port_info info;
        kr_port port;

        kit_ok(kr_port_spawn("sort", NULL, &port));
        kit_ok(kr_port_write(port, "b\nc\n", 4));
        kit_ok(kr_port_write(port, "a\n", 2));
        kit_ok(kr_port_info_of(port, &info));
        kit_uint_eq(info.in_bytes, 6);
        kit_true(info.os_pid > 1);
        kit_ok(kr_port_eof(port));
        kit_err(kr_port_write(port, "d\n", 2), KR_ECLOSED);
        check_says(port, "a\nb\nc\n", 0);
}

KIT_PROCESS_TEST(test_a_status_of_a_signal)
{
        check_says(shell("kill -TERM $$", (kr_port_opts){ 0 }), "", 128 + SIGTERM);
}

/* Whatever the threads of the node have blocked. */
KIT_PROCESS_TEST(test_a_program_begins_with_no_signal_blocked)
{
        check_says(shell("grep SigBlk /proc/self/status", (kr_port_opts){ 0 }),
                   "SigBlk:\t0000000000000000\n", 0);
}

KIT_PROCESS_TEST(test_errors_come_apart_or_together_or_not)
{
        char out[100], err[100];
        kr_port port = shell("echo out; echo err >&2",
                             (kr_port_opts){ .err = KR_PORT_ERR_PIPE });

        kit_int_eq(hear(port, out, sizeof(out), err, sizeof(err)), 0);
        kit_str_eq(out, "out\n");
        kit_str_eq(err, "err\n");
        check_says(shell("echo out; echo err >&2",
                         (kr_port_opts){ .err = KR_PORT_ERR_TO_OUT }),
                   "out\nerr\n", 0);
        check_says(shell("echo out; echo err >&2",
                         (kr_port_opts){ .err = KR_PORT_ERR_NONE }),
                   "out\n", 0);
        check_says(shell("echo out", (kr_port_opts){ .out = KR_PORT_OUT_NONE }), "", 0);
        check_says(shell("cat; echo end", (kr_port_opts){ .in = KR_PORT_IN_NONE }),
                   "end\n", 0);
}

KIT_PROCESS_TEST(test_environment_and_folder)
{
        static const char *const only[] = { "A=1", "B=2", NULL };
        static const char *const more[] = { "B=3", "HOME", "C=4", NULL };

        check_says(shell("echo $A$B$C$HOME",
                         (kr_port_opts){ .env = only, .env_add = more }),
                   "134\n", 0);
        kit_int_eq(setenv("KR_PORT_TEST", "ours", 1), 0);
        check_says(shell("echo $KR_PORT_TEST$B$HOME", (kr_port_opts){ .env_add = more }),
                   "ours3\n", 0);
        check_says(shell("pwd", (kr_port_opts){ .cd = "/usr" }), "/usr\n", 0);
}

/* Signals as at the beginning, and no descriptor but its own. */
KIT_PROCESS_TEST(test_it_inherits_nothing_else)
{
        char out[200];
        int fd = open("/dev/null", O_RDONLY); /* without O_CLOEXEC */

        kit_int_gt(fd, 2);
        kit_int_eq(hear(shell("ls /proc/self/fd | wc -l; grep SigBlk /proc/self/status",
                              (kr_port_opts){ 0 }),
                        out, sizeof(out), NULL, 0),
                   0);
        close(fd);
        kit_str_eq(out, "4\nSigBlk:\t0000000000000000\n"); /* ls has opened the folder */
}

KIT_PROCESS_TEST(test_what_cannot_be_run)
{
        static const char *const no[] = { "no", NULL };
        kr_port_opts opts = { .args = no, .cd = "/no/such/folder" };
        kr_port port;

        kit_err(kr_port_spawn("/no/such/program", NULL, &port), KR_ENOENT);
        kit_err(kr_port_spawn("no_such_program", NULL, &port), KR_ENOENT);
        kit_err(kr_port_spawn("/etc/passwd", NULL, &port), KR_EACCES);
        kit_err(kr_port_spawn("sh", &opts, &port), KR_ENOENT);
        kit_expect_nothing();
}

/* -- packets and flow -- */

KIT_PROCESS_TEST(test_lines)
{
        kr_port port = shell("printf 'one\\ntwo\\nrest'",
                             (kr_port_opts){ .packet = KR_PACKET_LINE });
        kr_msg msg = KR_MSG_INIT;

        kit_next(&msg, "{=, {data, <<\"one\\n\">>}}", port);
        kit_next(&msg, "{=, {data, <<\"two\\n\">>}}", port);
        kit_next(&msg, "{=, {data, <<\"rest\">>}}", port);
        kit_next(&msg, "{=, {exit_status, 0}}", port);
        kr_msg_clear(&msg);
}

KIT_PROCESS_TEST(test_packets_with_a_length)
{
        kr_port_opts opts = { .packet = KR_PACKET_2 };
        kr_msg msg = KR_MSG_INIT;
        kr_port port = shell("cat", opts);

        kit_ok(kr_port_write(port, "hello", 5));
        kit_ok(kr_port_write(port, "", 0));
        kit_ok(kr_port_write(port, "world!", 6));
        kit_next(&msg, "{=, {data, <<\"hello\">>}}", port);
        kit_next(&msg, "{=, {data, <<\"\">>}}", port);
        kit_next(&msg, "{=, {data, <<\"world!\">>}}", port);
        kit_ok(kr_port_close(port));
        kit_expect_nothing();
        kr_msg_clear(&msg);
}

/* One that says more than its limit in one packet is ended. */
KIT_PROCESS_TEST(test_a_packet_beyond_its_limit)
{
        kr_port port =
                shell("yes | tr -d '\\n'",
                      (kr_port_opts){ .packet = KR_PACKET_LINE, .packet_max = 1000 });
        kr_msg msg = KR_MSG_INIT;
        int status;

        while (kr_receive(&msg, KIT_EXPECT_MS, kr_on(DATA, "{=, {data, _}}", port),
                          kr_on(STATUS, "{=, {exit_status, ~}}", port, &status)) == DATA)
                ;
        kit_int_eq(status, 128 + SIGKILL);
        kr_msg_clear(&msg);
}

/* It waits while nobody wants what it writes. */
KIT_PROCESS_TEST(test_flow)
{
        kr_port_opts opts = { .packet = KR_PACKET_LINE, .passive = 2 };
        kr_msg msg = KR_MSG_INIT;
        kr_port port = shell("seq 1 100000; exit 7", opts);
        kr_port_info info;
        kr_bytes bytes;

        kit_next(&msg, "{=, {data, <<\"1\\n\">>}}", port);
        kit_next(&msg, "{=, {data, <<\"2\\n\">>}}", port);
        kit_next(&msg, "{=, passive}", port);
        kit_int_eq(kr_receive(&msg, 20, kr_on(0, "_")), KR_TIMEOUT);
        kit_ok(kr_port_info_of(port, &info));
        kit_true(info.out_bytes < 200000);
        kit_ok(kr_port_active(port, KR_ACTIVE_ONCE));
        kit_next(&msg, "{=, {data, <<\"3\\n\">>}}", port);
        kit_int_eq(kr_receive(&msg, 20, kr_on(0, "_")), KR_TIMEOUT);
        kit_ok(kr_port_active(port, KR_ACTIVE_TRUE));
        for (int i = 4; i <= 100000; i++) {
                kit_next(&msg, "{=, {data, ~}}", port, &bytes);
                kit_int_eq(atoi(bytes.data), i);
        }
        kit_next(&msg, "{=, {exit_status, 7}}", port);
        kr_msg_clear(&msg);
}

KIT_PROCESS_TEST(test_one_that_ends_while_nobody_wants_to_hear)
{
        kr_port_opts opts = { .passive = KR_PASSIVE };
        kr_port port = shell("echo last words; exit 5", opts);

        kr_sleep(20);
        kit_expect_nothing();
        kit_ok(kr_port_active(port, KR_ACTIVE_TRUE));
        check_says(port, "last words\n", 5);
}

static void writes_much(kr_term arg)
{
        char *data = calloc(1, 3u << 20);
        kr_port port;

        kit_not_null(data);
        (void)kr_match(arg, "~", &port);
        kit_ok(kr_port_write(port, data, 3u << 20));
        kit_ok(kr_port_eof(port));
        free(data);
}

/* More than a pipe holds, both ways at once. */
KIT_PROCESS_TEST(test_a_writer_waits_for_it)
{
        kr_port port = shell("cat", (kr_port_opts){ 0 });
        kr_term arg = kr_build("~", port);
        kr_msg msg = KR_MSG_INIT;
        size_t sum = 0;
        kr_bytes bytes;

        (void)kr_spawn_link(writes_much, arg);
        while (kr_receive(&msg, KIT_EXPECT_MS,
                          kr_on(DATA, "{=, {data, ~}}", port, &bytes),
                          kr_on(STATUS, "{=, {exit_status, 0}}", port)) == DATA)
                sum += bytes.len;
        kit_uint_eq(sum, 3u << 20);
        kr_release(arg);
        kr_msg_clear(&msg);
}

KIT_PROCESS_TEST(test_one_that_does_not_read)
{
        kr_port port = shell("exec 0<&-; sleep 0.05; exit 1", (kr_port_opts){ 0 });
        char *data = calloc(1, 1u << 20);

        kit_not_null(data);
        kit_err(kr_port_write(port, data, 1u << 20), KR_ECLOSED); /* and no SIGPIPE */
        check_says(port, "", 1);
        free(data);
}

/* -- ends -- */

static bool is_alive(int64_t pid)
{
        return kill((pid_t)pid, 0) == 0;
}

KIT_PROCESS_TEST(test_it_is_killed_when_asked)
{
        kr_port port = shell("echo up; exec sleep 1000", (kr_port_opts){ 0 });
        kr_msg msg = KR_MSG_INIT;

        kit_next(&msg, "{=, {data, <<\"up\\n\">>}}", port);
        kit_ok(kr_port_kill(port, 0));
        kit_ok(kr_port_kill(port, SIGTERM));
        kit_next(&msg, "{=, {exit_status, ~}}", port, &(int){ 0 });
        kit_err(kr_port_kill(port, SIGTERM), KR_ECLOSED);
        kr_msg_clear(&msg);
}

KIT_PROCESS_TEST(test_a_closed_port_has_no_program)
{
        kr_port port = shell("exec sleep 1000", (kr_port_opts){ 0 });
        kr_port_info info;

        kit_ok(kr_port_info_of(port, &info));
        kit_ok(kr_port_close(port));
        kit_err(kr_port_info_of(port, &info), KR_ECLOSED);
        kit_eventually(!is_alive(info.os_pid));
        kit_expect_nothing();
}

KIT_PROCESS_TEST(test_its_end_is_an_exit_signal)
{
        kr_port_opts opts = { .link = true };
        kr_msg msg = KR_MSG_INIT;
        kr_port port;

        kr_trap_exit(true);
        port = shell("exit 0", opts);
        kit_next(&msg, "{=, {exit_status, 0}}", port);
        kit_next(&msg, "{'EXIT', =, normal}", port);
        port = shell("exit 4", opts);
        kit_next(&msg, "{=, {exit_status, 4}}", port);
        kit_next(&msg, "{'EXIT', =, {exit_status, 4}}", port);
        kr_msg_clear(&msg);
}

static void owns(kr_term line)
{
        char text[100];
        size_t len;

        (void)kr_get_string(line, text, sizeof(text), &len);
        (void)shell(text, (kr_port_opts){ .link = true });
        kr_sleep(KR_INFINITY);
}

KIT_PROCESS_TEST(test_an_owner_ends_with_its_program)
{
        kr_term line = kr_string("exit 9", 6);
        kr_ref ref;

        (void)kr_spawn_monitor(&ref, owns, line);
        kit_expect_down(ref, "{exit_status, 9}");
        kr_release(line);
}

static char *volatile nowhere = NULL;

static void owns_and_ends(kr_term arg)
{
        kr_msg msg = KR_MSG_INIT;
        kr_port_info info, inner;
        kr_bytes bytes;
        kr_port port;
        kr_pid to;

        (void)kr_match(arg, "~", &to);
        /* it starts another one, which is killed with it */
        port = shell("sleep 1000 & echo $!; wait", (kr_port_opts){ 0 });
        kit_ok(kr_port_info_of(port, &info));
        kit_expect(&msg, "{=, {data, ~}}", port, &bytes);
        inner.os_pid = atoi(bytes.data);
        kr_send(to, "{up, ~, ~}", info.os_pid, inner.os_pid);
        if (kr_receive(&msg, KR_INFINITY, kr_on(0, "fault"), kr_on(1, "end")) == 0)
                *nowhere = 1;
        kr_msg_clear(&msg);
}

static void check_end_of_owner(const char *how)
{
        kr_term self = kr_build("~", kr_self());
        kr_msg msg = KR_MSG_INIT;
        int64_t outer, inner;
        kr_pid pid;
        kr_ref ref;

        pid = kr_spawn_monitor(&ref, owns_and_ends, self);
        kit_expect(&msg, "{up, ~, ~}", &outer, &inner);
        kit_true(is_alive(outer));
        kit_true(is_alive(inner));
        if (strcmp(how, "kill") == 0)
                kr_exit_signal(pid, "kill");
        else
                kr_send(pid, "~", kri_atom_of(how));
        kit_expect(&msg, "{'DOWN', =, process, _, _}", ref);
        kit_eventually(!is_alive(outer));
        kr_release(self);
        kr_msg_clear(&msg);
}

static void owners_end(void)
{
        int before;

        check_end_of_owner("end");
        before = descriptors();
        for (int i = 0; i < 5; i++) {
                check_end_of_owner("end");
                check_end_of_owner("kill");
                check_end_of_owner("fault");
        }
        kit_eventually(descriptors() <= before);
}

KIT_TEST(test_a_program_ends_with_its_owner)
{
        kit_run_process(&(kr_node_opts){ .faults = KR_FAULTS_EXIT, .schedulers = 2 },
                        owners_end);
}

KIT_PROCESS_TEST(test_one_that_outlives_its_port)
{
        kr_port port = shell("trap '' PIPE; sleep 0.2; exit 0",
                             (kr_port_opts){ .outlives = true });
        kr_port_info info;

        kit_ok(kr_port_info_of(port, &info));
        kit_ok(kr_port_close(port));
        kit_true(is_alive(info.os_pid));
        kit_eventually(!is_alive(info.os_pid)); /* it is waited for all the same */
}

/* One that leaves another behind, which has its pipes. */
KIT_PROCESS_TEST(test_its_status_does_not_wait_for_others)
{
        kr_port port = shell("sleep 3 & echo done; exit 2", (kr_port_opts){ 0 });

        check_says(port, "done\n", 2);
}

/* A node that stops leaves nobody. */
KIT_TEST(test_a_node_that_stops_leaves_no_program)
{
        kr_node *node = kit_node_start(NULL);
        kr_port_info info;
        kr_port port;
        kr_pid self;

        kit_ok(kr_thread_attach(node, &self));
        port = shell("exec sleep 1000", (kr_port_opts){ 0 });
        kit_ok(kr_port_info_of(port, &info));
        kr_thread_detach();
        kit_node_stop(node);
        kit_false(is_alive(info.os_pid));
        kit_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* nor is anybody to be waited for */
        kit_int_eq(errno, ECHILD);
}

/* -- owners -- */

static void hears(kr_term arg)
{
        kr_pid from;

        (void)kr_match(arg, "~", &from);
        kr_send(from, "ready");
        {
                kr_msg msg = KR_MSG_INIT;
                kr_port port;
                int status;

                kit_expect(&msg, "{~, {data, <<\"later\\n\">>}}", &port);
                kit_expect(&msg, "{=, {exit_status, ~}}", port, &status);
                kr_send(from, "{heard, ~}", status);
                kr_msg_clear(&msg);
        }
}

KIT_PROCESS_TEST(test_a_port_is_given_away)
{
        kr_port port = shell("read x; echo later; exit 6", (kr_port_opts){ 0 });
        kr_term self = kr_build("~", kr_self());
        kr_msg msg = KR_MSG_INIT;
        kr_pid to = kr_spawn_link(hears, self);

        kit_expect(&msg, "ready");
        kit_ok(kr_port_connect(port, to));
        kit_err(kr_port_connect(port, kr_self()), KR_EPERM);
        kit_ok(kr_port_write(port, "x\n", 2)); /* anybody may */
        kit_expect(&msg, "{heard, 6}");
        kr_release(self);
        kr_msg_clear(&msg);
}

/* Erlang's port_connect does not either: who had it has to. */
KIT_PROCESS_TEST(test_what_came_before_is_not_passed_on)
{
        kr_port port =
                shell("echo before; read x; echo later; exit 6", (kr_port_opts){ 0 });
        kr_term self = kr_build("~", kr_self());
        kr_msg msg = KR_MSG_INIT, item = KR_MSG_INIT;
        kr_pid to = kr_spawn_link(hears, self);
        int64_t waiting = 0;

        kit_expect(&msg, "ready");
        while (waiting == 0) {
                kr_sleep(1); /* it is read as its owner takes in its signals */
                kit_true(kr_process_info(kr_self(), KR_ATOM("message_queue_len"), &item));
                kit_true(kr_match(item.term, "{message_queue_len, ~}", &waiting));
        }
        kit_ok(kr_port_connect(port, to));
        kit_ok(kr_port_write(port, "x\n", 2));
        kit_expect(&msg, "{heard, 6}");
        kit_expect(&msg, "{=, {data, <<\"before\\n\">>}}", port);
        kit_expect_nothing();
        kr_release(self);
        kr_msg_clear(&item);
        kr_msg_clear(&msg);
}

/* -- many -- */

#define MANY 40

KIT_PROCESS_TEST(test_many_at_once)
{
        kr_port ports[MANY];
        kr_msg msg = KR_MSG_INIT;
        char text[40];

        for (int i = 0; i < MANY; i++) {
                ports[i] = shell("read x; echo got $x; exit 0", (kr_port_opts){ 0 });
                (void)snprintf(text, sizeof(text), "%d\n", i);
                kit_ok(kr_port_write(ports[i], text, strlen(text)));
        }
        for (int i = MANY - 1; i >= 0; i--) {
                (void)snprintf(text, sizeof(text), "got %d\n", i);
                kit_expect(&msg, "{=, {data, =}}", ports[i], text);
                kit_expect(&msg, "{=, {exit_status, 0}}", ports[i]);
        }
        kit_expect_nothing();
        kr_msg_clear(&msg);
}

/* -- what is not -- */

static void misuses(kr_term what)
{
        kr_port none = { .num = 0 };

        if (kr_match(what, "port"))
                (void)kr_port_eof(none);
        else if (kr_match(what, "program"))
                (void)!kr_port_spawn("", NULL, &none);
        else
                (void)!kr_port_spawn("sh", &(kr_port_opts){ .packet = (kr_packet)77 },
                                     &none);
}

static void expect_badarg(const char *what, const char *function)
{
        kr_term arg = kr_atom_term(kri_atom_of(what));
        kr_ref ref;

        (void)kr_spawn_monitor(&ref, misuses, arg);
        kit_expect_down(ref, "{{badarg, {=, =}}, _}", function, what);
}

KIT_PROCESS_TEST(test_misuse_is_badarg)
{
        expect_badarg("port", "kr_port_eof");
        expect_badarg("program", "kr_port_spawn");
        expect_badarg("packet", "kr_port_spawn");
}

KIT_SIM_TEST(test_there_are_no_programs_in_a_simulation)
{
        kr_port port;

        kit_err(kr_port_spawn("sh", NULL, &port), KR_ENOTSUP);
}

KIT_MAIN(KIT_CASE(test_what_it_says_and_its_status), KIT_CASE(test_what_it_is_given),
         KIT_CASE(test_a_status_of_a_signal),
         KIT_CASE(test_a_program_begins_with_no_signal_blocked),
         KIT_CASE(test_errors_come_apart_or_together_or_not),
         KIT_CASE(test_environment_and_folder), KIT_CASE(test_it_inherits_nothing_else),
         KIT_CASE(test_what_cannot_be_run), KIT_CASE(test_lines),
         KIT_CASE(test_packets_with_a_length), KIT_CASE(test_a_packet_beyond_its_limit),
         KIT_CASE(test_flow), KIT_CASE(test_one_that_ends_while_nobody_wants_to_hear),
         KIT_CASE(test_a_writer_waits_for_it), KIT_CASE(test_one_that_does_not_read),
         KIT_CASE(test_it_is_killed_when_asked),
         KIT_CASE(test_a_closed_port_has_no_program),
         KIT_CASE(test_its_end_is_an_exit_signal),
         KIT_CASE(test_an_owner_ends_with_its_program),
         KIT_CASE(test_a_program_ends_with_its_owner),
         KIT_CASE(test_one_that_outlives_its_port),
         KIT_CASE(test_its_status_does_not_wait_for_others),
         KIT_CASE(test_a_node_that_stops_leaves_no_program),
         KIT_CASE(test_a_port_is_given_away),
         KIT_CASE(test_what_came_before_is_not_passed_on), KIT_CASE(test_many_at_once),
         KIT_CASE(test_misuse_is_badarg),
         KIT_CASE(test_there_are_no_programs_in_a_simulation))
