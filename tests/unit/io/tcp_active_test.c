/* SPDX-License-Identifier: Apache-2.0 */
/* tcp_active_test.c: sockets that send their owner what they read. */
#include "sockets.h"

/* The next message is of this socket, and this. */
static void expect_data(kr_socket socket, const char *text)
{
        kr_msg msg = KR_MSG_INIT;
        kr_bytes data;

        kit_next(&msg, "{tcp, =, ~}", socket, &data);
        kit_uint_eq(data.len, strlen(text));
        kit_mem_eq(data.data, text, data.len);
        kr_msg_clear(&msg);
}

static struct pair active_pair(int active, kr_packet packet)
{
        return pair_with(NULL, &(kr_tcp_opts){ .active = active, .packet = packet });
}

static int active_of(kr_socket socket)
{
        int active;

        kit_ok(kr_tcp_get_active(socket, &active));
        return active;
}

KIT_PROCESS_TEST(test_all_comes_by_itself)
{
        struct pair pair = active_pair(KR_ACTIVE_TRUE, KR_PACKET_LINE);
        kr_msg msg = KR_MSG_INIT;

        say(pair.near, "one\ntwo\n");
        expect_data(pair.far, "one\n");
        expect_data(pair.far, "two\n");
        hear_error(pair.far, KR_ESTATE);
        kit_ok(kr_tcp_close(pair.near));
        kit_next(&msg, "{tcp_closed, =}", pair.far);
        kit_err(kr_tcp_close(pair.far), KR_ECLOSED);
}

KIT_PROCESS_TEST(test_once_is_one_packet)
{
        struct pair pair = active_pair(KR_ACTIVE_ONCE, KR_PACKET_LINE);

        say(pair.near, "one\ntwo\nthree\n");
        expect_data(pair.far, "one\n");
        kr_yield();
        kit_expect_nothing();
        kit_int_eq(active_of(pair.far), KR_ACTIVE_FALSE);
        kit_ok(kr_tcp_active(pair.far, KR_ACTIVE_ONCE));
        expect_data(pair.far, "two\n"); /* which had come already */
        hear(pair.far, "three\n");      /* it is passive now */
        kit_ok(kr_tcp_active(pair.far, KR_ACTIVE_ONCE));
        say(pair.near, "four\n");
        expect_data(pair.far, "four\n");
}

KIT_PROCESS_TEST(test_a_count_is_used_up)
{
        struct pair pair = active_pair(2, KR_PACKET_LINE);
        kr_msg msg = KR_MSG_INIT;

        kit_ok(kr_tcp_active(pair.far, 1));
        kit_int_eq(active_of(pair.far), 3);
        say(pair.near, "1\n2\n3\n4\n");
        expect_data(pair.far, "1\n");
        expect_data(pair.far, "2\n");
        expect_data(pair.far, "3\n");
        kit_next(&msg, "{tcp_passive, =}", pair.far);
        kr_yield();
        kit_expect_nothing();
        hear(pair.far, "4\n");
}

KIT_PROCESS_TEST(test_back_to_passive)
{
        struct pair pair = active_pair(KR_ACTIVE_TRUE, KR_PACKET_RAW);

        kit_ok(kr_tcp_active(pair.far, KR_ACTIVE_FALSE));
        say(pair.near, "mine");
        hear(pair.far, "mine");
        kit_expect_nothing();
}

KIT_PROCESS_TEST(test_the_end_waits_until_it_is_asked_for)
{
        struct pair pair = active_pair(KR_ACTIVE_ONCE, KR_PACKET_LINE);
        kr_msg msg = KR_MSG_INIT;

        say(pair.near, "one\nrest");
        kit_ok(kr_tcp_close(pair.near));
        expect_data(pair.far, "one\n");
        kr_yield();
        kit_expect_nothing();
        kit_ok(kr_tcp_active(pair.far, KR_ACTIVE_ONCE));
        expect_data(pair.far, "rest");
        kit_ok(kr_tcp_active(pair.far, KR_ACTIVE_ONCE));
        kit_next(&msg, "{tcp_closed, =}", pair.far);
}

KIT_PROCESS_TEST(test_a_packet_beyond_the_limit_is_an_error)
{
        struct pair pair = pair_with(NULL, &(kr_tcp_opts){ .active = KR_ACTIVE_TRUE,
                                                           .packet = KR_PACKET_4,
                                                           .packet_max = 10 });
        kr_msg msg = KR_MSG_INIT;

        kit_ok(kr_tcp_send(pair.near, "\0\1\0\0", 4));
        kit_next(&msg, "{tcp_error, =, emsgsize}", pair.far);
        kit_next(&msg, "{tcp_closed, =}", pair.far);
}

#define MUCH (1u << 20)

static void pour(kr_term to)
{
        char *data = kr_calloc(1, MUCH);
        kr_socket socket;

        kit_true(kr_get_port(to, &socket));
        kit_ok(kr_tcp_send(socket, data, MUCH));
        kit_ok(kr_tcp_close(socket));
}

KIT_PROCESS_TEST(test_much_of_it_comes_whole)
{
        struct pair pair = active_pair(KR_ACTIVE_TRUE, KR_PACKET_RAW);
        kr_term to = kr_build("~", pair.near);
        kr_msg msg = KR_MSG_INIT;
        size_t have = 0;
        kr_bytes data;

        (void)kr_spawn(pour, to);
        while (kr_receive(&msg, KIT_EXPECT_MS, kr_on(0, "{tcp, =, ~}", pair.far, &data),
                          kr_on(1, "{tcp_closed, =}", pair.far)) == 0)
                have += data.len;
        kit_uint_eq(have, MUCH);
        kr_release(to);
}

/* Who does not look at its socket's messages holds up the sender, and nothing else. */
KIT_PROCESS_TEST(test_an_owner_that_does_not_ask_stops_the_peer)
{
        kr_tcp_opts hasty = { .send_timeout_ms = 30, .send_buffer = 10000 };
        struct pair pair = pair_with(&hasty, &(kr_tcp_opts){ .active = KR_ACTIVE_ONCE,
                                                             .recv_buffer = 10000 });
        char *data = kr_calloc(1, 8u << 20);

        kit_err(kr_tcp_send(pair.near, data, 8u << 20), KR_ETIMEDOUT);
}

/* -- waiting for one socket while another sends -- */

KIT_PROCESS_TEST(test_an_active_socket_is_read_while_its_owner_waits_for_another)
{
        struct pair active = active_pair(KR_ACTIVE_TRUE, KR_PACKET_LINE);
        struct pair passive = pair_of_sockets();
        char buf[8];
        size_t len;

        say(active.near, "one\n");
        kit_err(kr_tcp_recv(passive.far, buf, sizeof(buf), 20, &len), KR_ETIMEDOUT);
        say(passive.near, "two");
        hear(passive.far, "two");
        expect_data(active.far, "one\n");
}

/* -- giving it away -- */

static void reads_on(kr_term arg)
{
        kr_msg msg = KR_MSG_INIT;
        kr_socket socket;
        kr_pid parent;

        kit_true(kr_match(arg, "{~, ~}", &parent, &socket));
        expect_data(socket, "old\n");
        kr_send(parent, "got_old");
        expect_data(socket, "new\n");
        kit_next(&msg, "{tcp_closed, =}", socket);
        kr_send(parent, "got_all");
}

KIT_PROCESS_TEST(test_what_had_come_goes_to_the_new_owner)
{
        struct pair pair = active_pair(KR_ACTIVE_TRUE, KR_PACKET_LINE);
        kr_term arg = kr_build("{~, ~}", kr_self(), pair.far);
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid;

        say(pair.near, "old\n");
        kr_sleep(10); /* it is in our mailbox by now */
        pid = kr_spawn(reads_on, arg);
        kit_ok(kr_tcp_controlling_process(pair.far, pid));
        kit_err(kr_tcp_controlling_process(pair.far, kr_self()), KR_EPERM);
        kit_next(&msg, "got_old");
        kit_true(kr_pid_eq(kr_tcp_owner(pair.far), pid));
        say(pair.near, "new\n");
        kit_ok(kr_tcp_close(pair.near));
        kit_next(&msg, "got_all");
        kr_release(arg);
}

KIT_MAIN(KIT_CASE(test_all_comes_by_itself), KIT_CASE(test_once_is_one_packet),
         KIT_CASE(test_a_count_is_used_up), KIT_CASE(test_back_to_passive),
         KIT_CASE(test_the_end_waits_until_it_is_asked_for),
         KIT_CASE(test_a_packet_beyond_the_limit_is_an_error),
         KIT_CASE(test_much_of_it_comes_whole),
         KIT_CASE(test_an_owner_that_does_not_ask_stops_the_peer),
         KIT_CASE(test_an_active_socket_is_read_while_its_owner_waits_for_another),
         KIT_CASE(test_what_had_come_goes_to_the_new_owner))
