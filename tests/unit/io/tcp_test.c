/* SPDX-License-Identifier: Apache-2.0 */
/* tcp_test.c: listening, connecting, receiving and sending, one call after the other. */
#include "sockets.h"

#include <arpa/inet.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* -- the way there -- */

KIT_PROCESS_TEST(test_what_is_sent_arrives)
{
        struct pair pair = pair_of_sockets();

        say(pair.near, "hello");
        hear(pair.far, "hello");
        say(pair.far, "and back");
        hear(pair.near, "and back");
}

KIT_PROCESS_TEST(test_a_socket_travels_as_a_port)
{
        struct pair pair = pair_of_sockets();
        kr_msg msg = KR_MSG_INIT;
        kr_port came;
        char text[64];

        kr_send(kr_self(), "{socket, ~}", pair.near);
        kit_expect(&msg, "{socket, ~}", &came);
        kit_true(kr_port_eq(came, pair.near));
        kit_true(kr_format(text, sizeof(text), kr_element(2, msg.term)) > 0);
        kit_int_eq(strncmp(text, "#Port<", 6), 0);
        say(came, "x");
        hear(pair.far, "x");
}

KIT_PROCESS_TEST(test_names_of_both_ends)
{
        struct pair pair = pair_of_sockets();
        kr_tcp_address here, there;

        kit_ok(kr_tcp_sockname(pair.near, &here));
        kit_ok(kr_tcp_peername(pair.far, &there));
        kit_str_eq(here.ip, "127.0.0.1");
        kit_str_eq(there.ip, here.ip);
        kit_int_eq(there.port, here.port);
        kit_str_eq(here.path, "");
}

KIT_PROCESS_TEST(test_listens_on_loopback_unless_told)
{
        kr_socket listener;
        kr_tcp_address address;

        kit_ok(kr_tcp_listen(0, NULL, &listener));
        kit_ok(kr_tcp_sockname(listener, &address));
        kit_str_eq(address.ip, "127.0.0.1");
        kit_ok(kr_tcp_close(listener));
        kit_ok(kr_tcp_listen(0, &(kr_tcp_opts){ .ip = "0.0.0.0" }, &listener));
        kit_ok(kr_tcp_sockname(listener, &address));
        kit_str_eq(address.ip, "0.0.0.0");
        kit_err(kr_tcp_peername(listener, &address), KR_ENOTCONN);
}

KIT_PROCESS_TEST(test_a_port_in_use_and_one_where_nobody_listens)
{
        kr_socket listener, other;
        uint16_t port;

        kit_ok(kr_tcp_listen(0, NULL, &listener));
        port = port_of(listener);
        kit_err(kr_tcp_listen(port, NULL, &other), KR_EADDRINUSE);
        kit_ok(kr_tcp_close(listener));
        kit_err(kr_tcp_connect("127.0.0.1", port, NULL, 5000, &other), KR_ECONNREFUSED);
        kit_ok(kr_tcp_listen(port, NULL, &listener)); /* at once again */
}

KIT_PROCESS_TEST(test_connects_by_name)
{
        kr_socket listener, socket;

        kit_ok(kr_tcp_listen(0, NULL, &listener));
        kit_ok(kr_tcp_connect("localhost", port_of(listener), NULL, 5000, &socket));
        kit_err(kr_tcp_connect("no-such-name.invalid", 1, NULL, 20000, &socket),
                KR_ENXDOMAIN);
}

/* -- time -- */

KIT_PROCESS_TEST(test_waits_end_in_time)
{
        struct pair pair = pair_of_sockets();
        kr_socket listener, socket;
        int64_t before_ms = kr_monotonic_ms(NULL);
        char buf[8];
        size_t len = 77;

        kit_ok(kr_tcp_listen(0, NULL, &listener));
        kit_err(kr_tcp_accept(listener, 0, &socket), KR_ETIMEDOUT);
        kit_err(kr_tcp_recv(pair.near, buf, sizeof(buf), 0, &len), KR_ETIMEDOUT);
        kit_err(kr_tcp_accept(listener, 20, &socket), KR_ETIMEDOUT);
        kit_err(kr_tcp_recv(pair.near, buf, sizeof(buf), 20, &len), KR_ETIMEDOUT);
        kit_uint_eq(len, 77);
        kit_int_ge(kr_monotonic_ms(NULL) - before_ms, 40);
}

KIT_PROCESS_TEST(test_what_comes_to_the_mailbox_stays_there)
{
        struct pair pair = pair_of_sockets();
        kr_msg msg = KR_MSG_INIT;
        char buf[8];
        size_t len;

        kr_send_after(5, kr_self(), "early");
        kit_err(kr_tcp_recv(pair.near, buf, sizeof(buf), 30, &len), KR_ETIMEDOUT);
        kit_next(&msg, "early");
        kit_expect_nothing();
}

/* -- the end -- */

KIT_PROCESS_TEST(test_the_peer_closes)
{
        struct pair pair = pair_of_sockets();

        say(pair.near, "last");
        kit_ok(kr_tcp_close(pair.near));
        hear(pair.far, "last");
        hear_error(pair.far, KR_ECLOSED);
        hear_error(pair.far, KR_ECLOSED); /* and it stays so */
        kit_ok(kr_tcp_close(pair.far));
        kit_err(kr_tcp_close(pair.far), KR_ECLOSED);
}

KIT_PROCESS_TEST(test_one_direction_closed_leaves_the_other)
{
        struct pair pair = pair_of_sockets();

        say(pair.near, "question");
        kit_ok(kr_tcp_shutdown(pair.near, KR_TCP_SEND));
        kit_err(kr_tcp_send(pair.near, "x", 1), KR_ECLOSED);
        hear(pair.far, "question");
        hear_error(pair.far, KR_ECLOSED);
        say(pair.far, "answer");
        hear(pair.near, "answer");
        kit_ok(kr_tcp_shutdown(pair.near, KR_TCP_RECV));
        hear_error(pair.near, KR_ECLOSED);
}

KIT_PROCESS_TEST(test_a_closed_socket_is_closed_for_every_call)
{
        struct pair pair = pair_of_sockets();
        kr_tcp_address address;
        kr_tcp_stats stats;
        kr_tcp_opts opts;
        int active;

        kit_ok(kr_tcp_close(pair.near));
        hear_error(pair.near, KR_ECLOSED);
        kit_err(kr_tcp_send(pair.near, "x", 1), KR_ECLOSED);
        kit_err(kr_tcp_accept(pair.near, 0, &pair.far), KR_ECLOSED);
        kit_err(kr_tcp_shutdown(pair.near, KR_TCP_BOTH), KR_ECLOSED);
        kit_err(kr_tcp_active(pair.near, KR_ACTIVE_ONCE), KR_ECLOSED);
        kit_err(kr_tcp_get_active(pair.near, &active), KR_ECLOSED);
        kit_err(kr_tcp_set_opts(pair.near, NULL), KR_ECLOSED);
        kit_err(kr_tcp_get_opts(pair.near, &opts), KR_ECLOSED);
        kit_err(kr_tcp_sockname(pair.near, &address), KR_ECLOSED);
        kit_err(kr_tcp_peername(pair.near, &address), KR_ECLOSED);
        kit_err(kr_tcp_getstat(pair.near, &stats), KR_ECLOSED);
        kit_err(kr_tcp_controlling_process(pair.near, kr_self()), KR_ECLOSED);
        kit_true(kr_pid_is_none(kr_tcp_owner(pair.near)));
}

KIT_PROCESS_TEST(test_an_old_handle_is_never_another_socket)
{
        kr_socket first, next;

        for (int i = 0; i < 100; i++) {
                kit_ok(kr_tcp_listen(0, NULL, &first));
                kit_ok(kr_tcp_close(first));
                kit_ok(kr_tcp_listen(0, NULL, &next));
                kit_false(kr_port_eq(first, next));
                kit_err(kr_tcp_close(first), KR_ECLOSED);
                kit_ok(kr_tcp_close(next));
        }
}

/* -- misuse -- */

static void (*misuse)(kr_socket socket);

static void misuses(void)
{
        misuse(pair_of_sockets().near);
}

static void ignore(kr_err err)
{
        (void)err; /* it does not come to that */
}

static void no_socket(kr_socket socket)
{
        (void)socket;
        ignore(kr_tcp_send((kr_socket){ .num = 1 }, "x", 1));
}
static void no_buffer(kr_socket socket)
{
        size_t len;

        ignore(kr_tcp_recv(socket, NULL, 1, 0, &len));
}
static void no_room(kr_socket socket)
{
        size_t len;
        char buf[1];

        ignore(kr_tcp_recv(socket, buf, 0, 0, &len));
}
static void bad_time(kr_socket socket)
{
        size_t len;
        char buf[1];

        ignore(kr_tcp_recv(socket, buf, 1, -2, &len));
}
static void no_listener(kr_socket socket)
{
        ignore(kr_tcp_accept(socket, 0, &socket));
}
static void bad_address(kr_socket socket)
{
        ignore(kr_tcp_listen(0, &(kr_tcp_opts){ .ip = "here" }, &socket));
}
static void bad_packet(kr_socket socket)
{
        ignore(kr_tcp_set_opts(socket, &(kr_tcp_opts){ .packet = (kr_packet)3 }));
}
static void bad_active(kr_socket socket)
{
        ignore(kr_tcp_active(socket, -3));
}
static void bad_data(kr_socket socket)
{
        ignore(kr_tcp_send(socket, NULL, 5));
}
static void far_data(kr_socket socket)
{
        ignore(kr_tcp_send(socket, (void *)16, 5)); /* the kernel cannot read it */
}
static void no_result(kr_socket socket)
{
        ignore(kr_tcp_getstat(socket, NULL));
}

static void expect_misuse(void (*what)(kr_socket socket), const char *argument)
{
        kr_msg msg = KR_MSG_INIT;
        const char *named;
        kr_ref ref;

        misuse = what;
        kr_spawn_monitor(&ref, misuses);
        kit_expect(&msg, "{'DOWN', =, process, _, {{badarg, {_, ~}}, _}}", ref, &named);
        kit_str_eq(named, argument);
}

KIT_PROCESS_TEST(test_misuse_ends_the_caller)
{
        expect_misuse(no_socket, "socket");
        expect_misuse(no_buffer, "buf");
        expect_misuse(no_room, "size");
        expect_misuse(bad_time, "timeout_ms");
        expect_misuse(no_listener, "listener");
        expect_misuse(bad_address, "ip");
        expect_misuse(bad_packet, "packet");
        expect_misuse(bad_active, "active");
        expect_misuse(bad_data, "data");
        expect_misuse(far_data, "data");
        expect_misuse(no_result, "ret");
}

KIT_TEST(test_a_thread_that_is_no_process_gets_an_error)
{
        kr_socket socket;

        kit_err(kr_tcp_listen(0, NULL, &socket), KR_EBADARG);
        kit_err(kr_tcp_send((kr_socket){ .num = 1 }, "x", 1), KR_EBADARG);
}

static void in_simulation(void)
{
        kr_dns_addresses found;
        kr_socket socket;

        kit_err(kr_tcp_listen(0, NULL, &socket), KR_ENOTSUP);
        kit_err(kr_unix_connect("/tmp/x", NULL, 0, &socket), KR_ENOTSUP);
        kit_err(kr_dns_lookup("localhost", KR_FAMILY_ANY, 0, &found), KR_ENOTSUP);
}

KIT_TEST(test_there_are_no_sockets_in_a_simulation)
{
        kit_run_process(&(kr_node_opts){ .drive = KR_DRIVE_SIM }, in_simulation);
}

/* -- options and figures -- */

KIT_PROCESS_TEST(test_options_are_kept_and_inherited)
{
        kr_tcp_opts want = { .packet = KR_PACKET_2, .packet_max = 99, .keepalive = true };
        struct pair pair = pair_with(NULL, &want);
        kr_tcp_opts got;

        kit_ok(kr_tcp_get_opts(pair.far, &got));
        kit_int_eq(got.packet, KR_PACKET_2);
        kit_uint_eq(got.packet_max, 99);
        kit_true(got.keepalive);
        kit_ok(kr_tcp_set_opts(pair.far, &(kr_tcp_opts){ .packet = KR_PACKET_LINE }));
        kit_ok(kr_tcp_get_opts(pair.far, &got));
        kit_int_eq(got.packet, KR_PACKET_LINE);
        kit_uint_eq(got.packet_max, 65536);
        kit_int_eq(got.send_timeout_ms, 0);
}

KIT_PROCESS_TEST(test_figures_count_bytes_and_packets)
{
        struct pair pair = pair_of_sockets();
        kr_tcp_stats stats;

        say(pair.near, "four");
        hear(pair.far, "four");
        kit_ok(kr_tcp_getstat(pair.near, &stats));
        kit_uint_eq(stats.send_bytes, 4);
        kit_uint_eq(stats.send_packets, 1);
        kit_ok(kr_tcp_getstat(pair.far, &stats));
        kit_uint_eq(stats.recv_bytes, 4);
        kit_uint_eq(stats.recv_packets, 1);
}

/* -- slow and large -- */

KIT_PROCESS_TEST(test_exactly_waits_for_all_of_it)
{
        struct pair pair = pair_of_sockets();
        char buf[6];

        say(pair.near, "abc");
        kit_err(kr_tcp_recv_exactly(pair.far, buf, 6, 20), KR_ETIMEDOUT);
        say(pair.near, "defgh");
        kit_ok(kr_tcp_recv_exactly(pair.far, buf, 6, KIT_EXPECT_MS));
        kit_mem_eq(buf, "abcdef", 6); /* what had come was kept */
        hear(pair.far, "gh");
}

#define LARGE (8u << 20)

static void send_much(kr_term to)
{
        char *data = kr_alloc(LARGE);
        kr_socket socket;

        kit_true(kr_get_port(to, &socket));
        for (size_t i = 0; i < LARGE; i++)
                data[i] = (char)(i * 31 >> 3);
        kit_ok(kr_tcp_send(socket, data, LARGE));
}

/* The sender waits for the reader; nothing is lost or changed. */
KIT_PROCESS_TEST(test_a_slow_reader_gets_all_of_it)
{
        struct pair pair = pair_of_sockets();
        kr_term to = kr_build("~", pair.near);
        kr_pid sender = kr_spawn(send_much, to);
        size_t have = 0, len;
        char *buf = kr_alloc(60000);

        while (have < LARGE) {
                if (have < 500000)
                        kr_sleep(1);
                kit_ok(kr_tcp_recv(pair.far, buf, 60000, KIT_EXPECT_MS, &len));
                for (size_t i = 0; i < len; i++)
                        if (buf[i] != (char)((have + i) * 31 >> 3))
                                kit_fail("byte %zu is another", have + i);
                have += len;
        }
        kit_await_end(sender);
        kr_release(to);
}

KIT_PROCESS_TEST(test_a_send_that_nobody_takes_is_given_up)
{
        kr_tcp_opts hasty = { .send_timeout_ms = 30, .send_buffer = 10000 };
        struct pair pair = pair_with(&hasty, &(kr_tcp_opts){ .recv_buffer = 10000 });
        char *data = kr_calloc(1, LARGE);

        kit_err(kr_tcp_send(pair.near, data, LARGE), KR_ETIMEDOUT);
        kit_err(kr_tcp_send(pair.near, "x", 1), KR_ECLOSED); /* the peer has a part */
}

static _Atomic int sent_whole;

static void send_one_kind(kr_term to_and_what)
{
        char data[3000];
        kr_socket socket;
        int64_t what;

        kit_true(kr_match(to_and_what, "{~, ~}", &socket, &what));
        memset(data, (int)what, sizeof(data));
        for (int i = 0; i < 200; i++)
                kit_ok(kr_tcp_send(socket, data, sizeof(data)));
        atomic_fetch_add(&sent_whole, 1);
}

/* Packets of 3,000 bytes of a kind each: none has another in its middle. */
KIT_PROCESS_TEST(test_senders_on_one_socket_do_not_mix)
{
        struct pair pair = pair_with(&(kr_tcp_opts){ .send_buffer = 5000 }, NULL);
        char buf[3000];

        for (int i = 0; i < 4; i++) {
                kr_term what = kr_build("{~, ~}", pair.near, i);

                (void)kr_spawn(send_one_kind, what);
                kr_release(what);
        }
        for (int i = 0; i < 800; i++) {
                kit_ok(kr_tcp_recv_exactly(pair.far, buf, sizeof(buf), KIT_EXPECT_MS));
                for (size_t k = 1; k < sizeof(buf); k++)
                        if (buf[k] != buf[0])
                                kit_fail("packet %d has two kinds", i);
        }
        kit_eventually(atomic_load(&sent_whole) == 4);
}

KIT_PROCESS_TEST(test_parts_are_sent_as_one)
{
        struct pair pair = pair_of_sockets();
        kr_bytes parts[] = { { "a", 1 }, { "", 0 }, { "bc", 2 }, { "def", 3 } };

        kit_ok(kr_tcp_send_parts(pair.near, parts, 4));
        hear(pair.far, "abcdef");
        kit_ok(kr_tcp_send_parts(pair.near, NULL, 0));
        kit_ok(kr_tcp_send(pair.near, "", 0));
        say(pair.near, "g");
        hear(pair.far, "g");
}

/* -- others -- */

static void recv_closed(kr_term from)
{
        kr_socket socket;
        char buf[8];
        size_t len;

        kit_true(kr_get_port(from, &socket));
        kit_err(kr_tcp_recv(socket, buf, sizeof(buf), KR_INFINITY, &len), KR_ECLOSED);
}

static void accept_closed(kr_term from)
{
        kr_socket socket;

        kit_true(kr_get_port(from, &socket));
        kit_err(kr_tcp_accept(socket, KR_INFINITY, &socket), KR_ECLOSED);
}

KIT_PROCESS_TEST(test_closing_wakes_whoever_waits)
{
        struct pair pair = pair_of_sockets();
        kr_socket listener;
        kr_ref waiters[4];
        kr_term near = kr_build("~", pair.near), at;

        kit_ok(kr_tcp_listen(0, NULL, &listener));
        at = kr_build("~", listener);
        kr_spawn_monitor(&waiters[0], recv_closed, near);
        kr_spawn_monitor(&waiters[1], recv_closed, near);
        kr_spawn_monitor(&waiters[2], accept_closed, at);
        kr_spawn_monitor(&waiters[3], accept_closed, at);
        kr_sleep(5);
        kit_ok(kr_tcp_close(pair.near));
        kit_ok(kr_tcp_close(listener));
        for (int i = 0; i < 4; i++)
                kit_expect_down(waiters[i], "normal");
        hear_error(pair.far, KR_ECLOSED);
        kr_release(near);
        kr_release(at);
}

/* Somebody who is killed while it waits is forgotten, and the next one goes on. */
KIT_PROCESS_TEST(test_a_waiter_that_is_killed_leaves_its_place)
{
        struct pair pair = pair_of_sockets();
        kr_term near = kr_build("~", pair.near);
        kr_pid first = kr_spawn(recv_closed, near);

        kr_sleep(5);
        kr_exit_signal(first, "kill");
        kit_await_end(first);
        say(pair.far, "for me");
        hear(pair.near, "for me");
        kr_release(near);
}

KIT_PROCESS_TEST(test_out_of_descriptors_is_a_limit_not_an_end)
{
        struct rlimit limit, few;
        kr_socket listener, sockets[64], more;
        kr_err err = KR_OK;
        int count = 0;

        kit_ok(kr_tcp_listen(0, NULL, &listener));
        kit_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
        few = limit;
        few.rlim_cur = 48;
        kit_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
        while (err == KR_OK && count < 64) {
                err = kr_tcp_connect("127.0.0.1", port_of(listener), NULL, 5000,
                                     &sockets[count]);
                count += err == KR_OK;
        }
        kit_err(err, KR_ESYSTEMLIMIT);
        kit_err(kr_tcp_accept(listener, 1000, &more), KR_ESYSTEMLIMIT);
        kit_ok(kr_tcp_close(sockets[0]));
        kit_ok(kr_tcp_accept(listener, 1000, &more)); /* it was not lost */
        kit_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* -- an attached thread -- */

KIT_TEST(test_an_attached_thread_uses_sockets_like_a_process)
{
        kr_node *node = kit_node_start(NULL);
        struct pair pair;
        kr_pid self;

        kit_ok(kr_thread_attach(node, &self));
        pair = pair_of_sockets();
        say(pair.near, "hello");
        hear(pair.far, "hello");
        kr_thread_detach(); /* and its sockets go */
        kit_node_stop(node);
}

KIT_MAIN(KIT_CASE(test_what_is_sent_arrives), KIT_CASE(test_a_socket_travels_as_a_port),
         KIT_CASE(test_names_of_both_ends),
         KIT_CASE(test_listens_on_loopback_unless_told),
         KIT_CASE(test_a_port_in_use_and_one_where_nobody_listens),
         KIT_SLOW(test_connects_by_name, 30), KIT_CASE(test_waits_end_in_time),
         KIT_CASE(test_what_comes_to_the_mailbox_stays_there),
         KIT_CASE(test_the_peer_closes),
         KIT_CASE(test_one_direction_closed_leaves_the_other),
         KIT_CASE(test_a_closed_socket_is_closed_for_every_call),
         KIT_CASE(test_an_old_handle_is_never_another_socket),
         KIT_CASE(test_misuse_ends_the_caller),
         KIT_CASE(test_a_thread_that_is_no_process_gets_an_error),
         KIT_CASE(test_there_are_no_sockets_in_a_simulation),
         KIT_CASE(test_options_are_kept_and_inherited),
         KIT_CASE(test_figures_count_bytes_and_packets),
         KIT_CASE(test_exactly_waits_for_all_of_it),
         KIT_SLOW(test_a_slow_reader_gets_all_of_it, 60),
         KIT_CASE(test_a_send_that_nobody_takes_is_given_up),
         KIT_SLOW(test_senders_on_one_socket_do_not_mix, 60),
         KIT_CASE(test_parts_are_sent_as_one), KIT_CASE(test_closing_wakes_whoever_waits),
         KIT_CASE(test_a_waiter_that_is_killed_leaves_its_place),
         KIT_CASE(test_out_of_descriptors_is_a_limit_not_an_end),
         KIT_CASE(test_an_attached_thread_uses_sockets_like_a_process))
