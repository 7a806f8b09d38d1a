/* SPDX-License-Identifier: Apache-2.0 */
/* unix_test.c: Unix sockets: their files, and who may use them. */
#include "sockets.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[80];

static const char *fresh_path(void)
{
        snprintf(path, sizeof(path), "/tmp/krarup-unix-test-%d", (int)getpid());
        unlink(path);
        return path;
}

static unsigned mode_of(const char *file)
{
        struct stat st;

        kit_int_eq(stat(file, &st), 0);
        return st.st_mode & 07777;
}

KIT_PROCESS_TEST(test_what_is_sent_arrives)
{
        kr_socket listener, near, far;
        kr_tcp_address address;

        kit_ok(kr_unix_listen(fresh_path(), NULL, &listener));
        kit_ok(kr_unix_connect(path, NULL, 5000, &near));
        kit_ok(kr_tcp_accept(listener, 5000, &far));
        say(near, "hello");
        hear(far, "hello");
        kit_ok(kr_tcp_sockname(listener, &address));
        kit_str_eq(address.path, path);
        kit_int_eq(address.port, 0);
        kit_ok(kr_tcp_peername(far, &address));
        kit_str_eq(address.path, "");
}

KIT_PROCESS_TEST(test_the_file_is_ours_alone_unless_told)
{
        kr_socket listener;

        kit_ok(kr_unix_listen(fresh_path(), NULL, &listener));
        kit_uint_eq(mode_of(path), 0700);
        kit_ok(kr_tcp_close(listener));
        kit_ok(kr_unix_listen(path, &(kr_tcp_opts){ .mode = 0666 }, &listener));
        kit_uint_eq(mode_of(path), 0666);
}

KIT_PROCESS_TEST(test_the_file_goes_with_the_listener)
{
        kr_socket listener, socket;

        kit_ok(kr_unix_listen(fresh_path(), NULL, &listener));
        kit_ok(kr_tcp_close(listener));
        kit_int_ne(access(path, F_OK), 0);
        kit_err(kr_unix_connect(path, NULL, 5000, &socket), KR_ENOENT);
}

static void leave_a_file(void)
{
        kr_socket listener;

        kit_ok(kr_unix_listen(path, NULL, &listener));
        (void)link(path, "/tmp/krarup-unix-test-link");
}

KIT_PROCESS_TEST(test_a_file_that_was_left_over_is_replaced_one_in_use_is_not)
{
        kr_socket listener, other;

        (void)fresh_path();
        unlink("/tmp/krarup-unix-test-link");
        kit_await_end(kr_spawn(leave_a_file));
        kit_int_eq(rename("/tmp/krarup-unix-test-link", path),
                   0); /* nobody listens there */
        kit_err(kr_unix_connect(path, NULL, 5000, &other), KR_ECONNREFUSED);
        kit_ok(kr_unix_listen(path, NULL, &listener));
        kit_err(kr_unix_listen(path, NULL, &other), KR_EADDRINUSE);
        kit_ok(kr_unix_connect(path, NULL, 5000, &other));
}

KIT_PROCESS_TEST(test_no_other_file_is_replaced)
{
        kr_socket listener;
        FILE *file = fopen(fresh_path(), "w");

        kit_not_null(file);
        fclose(file);
        kit_err(kr_unix_listen(path, NULL, &listener), KR_EADDRINUSE);
        kit_int_eq(access(path, F_OK), 0);
        unlink(path);
        kit_err(kr_unix_listen("/nowhere/at/all", NULL, &listener), KR_ENOENT);
}

static void accept_late(kr_term arg)
{
        kr_socket listener, socket;

        kit_true(kr_get_port(arg, &listener));
        kr_sleep(10);
        while (kr_tcp_accept(listener, KR_INFINITY, &socket) == KR_OK)
                ;
}

/* The kernel does not tell of room in a full queue: it is waited for all the same. */
KIT_PROCESS_TEST(test_a_full_queue_is_waited_for)
{
        kr_socket listener, socket;
        kr_term at;

        kit_ok(kr_unix_listen(fresh_path(), &(kr_tcp_opts){ .backlog = 1 }, &listener));
        kit_ok(kr_unix_connect(path, NULL, 0, &socket));
        kit_ok(kr_unix_connect(path, NULL, 0, &socket));
        kit_err(kr_unix_connect(path, NULL, 0, &socket), KR_ETIMEDOUT);
        at = kr_build("~", listener);
        (void)kr_spawn(accept_late, at);
        kit_ok(kr_unix_connect(path, NULL, KIT_EXPECT_MS, &socket));
        kit_ok(kr_unix_connect(path, NULL, KIT_EXPECT_MS, &socket));
        kr_release(at);
}

KIT_MAIN(KIT_CASE(test_what_is_sent_arrives),
         KIT_CASE(test_the_file_is_ours_alone_unless_told),
         KIT_CASE(test_the_file_goes_with_the_listener),
         KIT_CASE(test_a_file_that_was_left_over_is_replaced_one_in_use_is_not),
         KIT_CASE(test_no_other_file_is_replaced),
         KIT_CASE(test_a_full_queue_is_waited_for))
