/* SPDX-License-Identifier: Apache-2.0 */
/* service_test.c: the counter service over its sockets: clients that are slow, greedy or wrong and do
 * others no harm; acceptors, connections and counters that are killed; versions that change. */
#include "../../counters/service/counters_sup.h"
#include "../../counters/service/registry.h"
#include "../../counters/service/resp.h"
#include "../../counters/service/service.h"
#include "../../counters/service/versions.h"

#include <stdio.h>
#include <stdlib.h>

#include "expect.h"
#include "process.h"

static const kr_node_opts node = { .schedulers = 2,
                                   .faults = KR_FAULTS_EXIT,
                                   .dump_path = "" };

/* Start it on any port, with version 1 of the counters. */
static void start(const struct service_opts *opts)
{
        const kr_logger_opts quiet = { .level = KR_LOG_NONE, .no_default = true };

        kit_ok(kr_logger_start(kr_here(), &quiet));
        versions_folder(VERSIONS);
        kit_ok(versions_load(1, NULL));
        kit_ok(service_start(opts, NULL).err);
}

static const struct service_opts usual = { .debug = true };

/* -- a client -- */

static kr_socket connect_client(void)
{
        kr_socket socket;

        kit_ok(kr_tcp_connect("127.0.0.1", (uint16_t)service_here()->port, NULL,
                              KIT_EXPECT_MS, &socket));
        return socket;
}

static void put(kr_socket socket, const char *text)
{
        kit_ok(kr_tcp_send(socket, text, strlen(text)));
}

/* Just these bytes come next. */
static void expect_bytes(kr_socket socket, const char *want)
{
        char got[1024];
        size_t len = strlen(want);

        kit_int_lt(len, sizeof(got));
        kit_ok(kr_tcp_recv_exactly(socket, got, len, KIT_EXPECT_MS));
        got[len] = '\0';
        kit_str_eq(got, want);
}

static void ask(kr_socket socket, const char *request, const char *reply)
{
        put(socket, request);
        expect_bytes(socket, reply);
}

/* The service has closed it; what it sends before that is thrown away. */
static void expect_closed(kr_socket socket)
{
        char got[1024];
        size_t len;
        kr_err err;

        while ((err = kr_tcp_recv(socket, got, sizeof(got), KIT_EXPECT_MS, &len)) ==
               KR_OK)
                continue;
        kit_int_ne(err, KR_ETIMEDOUT);
}

/* A line, of any kind. */
static void take_line(kr_socket socket, char *line, size_t size)
{
        size_t len = 0;

        do {
                kit_int_lt(len + 1, size);
                kit_ok(kr_tcp_recv_exactly(socket, line + len, 1, KIT_EXPECT_MS));
        } while (line[len++] != '\n');
        line[len] = '\0';
}

/* -- requests -- */

static void talk(void)
{
        static const char request[] = "*2\r\n$4\r\nINCR\r\n$1\r\na\r\n";
        kr_socket c;

        start(&usual);
        c = connect_client();
        ask(c, "PING\r\n", "+PONG\r\n");
        for (size_t i = 0; i < sizeof(request) - 1; i++) {
                kit_ok(kr_tcp_send(c, request + i, 1));
                kr_yield();
        }
        expect_bytes(c, ":1\r\n");
        ask(c, "INCR a\r\nINCR b\r\nGET a\r\nINCR a\r\n",
            ":2\r\n:1\r\n$1\r\n2\r\n:3\r\n");
        ask(c, "QUIT\r\nINCR a\r\n", "+OK\r\n");
        expect_closed(c);
        c = connect_client();
        ask(c, "GET a\r\n", "$1\r\n3\r\n");
}

KIT_TEST(test_requests_over_a_socket)
{
        kit_run_process(&node, talk);
}

#define BATCH 5000

static void pipeline(void)
{
        static char requests[BATCH * 8 + 1];
        char want[32];
        kr_socket c;

        start(&usual);
        c = connect_client();
        for (int i = 0; i < BATCH; i++)
                memcpy(requests + i * 8, "INCR a\r\n", 8);
        put(c, requests);
        for (int i = 1; i <= BATCH; i++) {
                (void)snprintf(want, sizeof(want), ":%d\r\n", i);
                expect_bytes(c, want);
        }
}

KIT_TEST(test_a_long_pipeline)
{
        kit_run_process(&node, pipeline);
}

/* -- clients that are wrong -- */

static void send_wrong(void)
{
        static char large[RESP_REQUEST_MAX + 2];
        kr_socket wrong, other;

        start(&usual);
        other = connect_client();
        ask(other, "INCR a\r\n", ":1\r\n");
        wrong = connect_client();
        ask(wrong, "*1\r\n$70000\r\nabc", "-ERR Protocol error: invalid bulk length\r\n");
        expect_closed(wrong);
        wrong = connect_client();
        memset(large, 'x', sizeof(large) - 1);
        ask(wrong, large, "-ERR Protocol error: too big inline request\r\n");
        expect_closed(wrong);
        wrong = connect_client();
        ask(wrong, "INCR a\r\n*1\r\n+x",
            ":2\r\n-ERR Protocol error: expected '$', got '+'\r\n");
        expect_closed(wrong);
        ask(other, "INCR a\r\n", ":3\r\n");
}

KIT_TEST(test_wrong_clients_are_told_and_left)
{
        kit_run_process(&node, send_wrong);
}

/* Longer than the buffer that a connection begins with. */
static void send_large(void)
{
        static char request[RESP_REQUEST_MAX];
        const size_t len = 60000;
        kr_socket c;
        int head;

        start(&usual);
        c = connect_client();
        head = sprintf(request, "*2\r\n$4\r\nECHO\r\n$%zu\r\n", len);
        memset(request + head, 'x', len);
        memcpy(request + head + len, "\r\n", 3);
        put(c, request);
        expect_bytes(c, "$60000\r\n");
        kit_ok(kr_tcp_recv_exactly(c, request, len + 2, KIT_EXPECT_MS));
        ask(c, "PING\r\n", "+PONG\r\n");
}

KIT_TEST(test_a_large_request)
{
        kit_run_process(&node, send_large);
}

static void be_slow(void)
{
        const struct service_opts impatient = { .request_timeout_ms = 50 };
        kr_socket half, other;

        start(&impatient);
        other = connect_client();
        half = connect_client();
        put(half, "*2\r\n$4\r\nINCR\r\n$1");
        ask(other, "INCR a\r\n", ":1\r\n");
        expect_closed(half);
        ask(other, "INCR a\r\n", ":2\r\n");
}

KIT_TEST(test_half_a_request_is_not_waited_for)
{
        kit_run_process(&node, be_slow);
}

static void be_idle(void)
{
        const struct service_opts impatient = { .idle_timeout_ms = 50 };
        kr_socket c;

        start(&impatient);
        c = connect_client();
        ask(c, "INCR a\r\n", ":1\r\n");
        expect_closed(c);
}

KIT_TEST(test_an_idle_client_is_left)
{
        kit_run_process(&node, be_idle);
}

/* It asks and asks and never reads. */
static void be_greedy(void)
{
        const struct service_opts impatient = { .send_timeout_ms = 50 };
        static char request[60000];
        kr_tcp_opts opts = { .send_timeout_ms = 20, .recv_buffer = 4096 };
        kr_socket greedy, other;
        int head;

        start(&impatient);
        other = connect_client();
        kit_ok(kr_tcp_connect("127.0.0.1", (uint16_t)service_here()->port, &opts,
                              KIT_EXPECT_MS, &greedy));
        head = sprintf(request, "*2\r\n$4\r\nECHO\r\n$50000\r\n");
        memset(request + head, 'x', 50000);
        memcpy(request + head + 50000, "\r\n", 2);
        while (kr_tcp_send(greedy, request, (size_t)head + 50002) == KR_OK)
                continue;
        while (service_here()->clients > 1)
                ask(other, "PING\r\n", "+PONG\r\n");
}

KIT_TEST(test_a_client_that_does_not_read_is_left)
{
        kit_run_process(&node, be_greedy);
}

static void be_too_many(void)
{
        const struct service_opts small = { .clients_max = 2 };
        kr_socket a, b, c;

        start(&small);
        a = connect_client();
        ask(a, "PING\r\n", "+PONG\r\n");
        b = connect_client();
        ask(b, "PING\r\n", "+PONG\r\n");
        c = connect_client();
        expect_bytes(c, "-ERR max number of clients reached\r\n");
        expect_closed(c);
        (void)kr_tcp_close(b);
        while (service_here()->clients > 1)
                kr_yield();
        c = connect_client();
        ask(c, "PING\r\n", "+PONG\r\n");
}

KIT_TEST(test_there_is_a_limit_to_clients)
{
        kit_run_process(&node, be_too_many);
}

#define CLIENTS 1000

static void connect_many(void)
{
        static kr_socket clients[CLIENTS];
        char line[64];
        int64_t sum = 0;

        start(&usual);
        for (int i = 0; i < CLIENTS; i++) {
                clients[i] = connect_client();
                put(clients[i], "INCR a\r\n");
        }
        for (int i = 0; i < CLIENTS; i++) {
                take_line(clients[i], line, sizeof(line));
                kit_int_eq(line[0], ':');
                sum += strtoll(line + 1, NULL, 10);
        }
        kit_int_eq(sum, CLIENTS * (CLIENTS + 1) / 2);
        kit_int_eq(service_here()->clients, CLIENTS);
        kit_int_eq(service_here()->trims, 0);
        for (int i = 0; i < CLIENTS; i++)
                kit_ok(kr_tcp_close(clients[i]));
        /* once, when most of them have gone, and not again as the others go */
        while (service_here()->clients > 0 || service_here()->trims == 0)
                kr_sleep(1);
        kit_int_eq(service_here()->trims, 1);
}

KIT_TEST(test_a_thousand_clients)
{
        kit_run_process(&node, connect_many);
}

/* -- what is killed -- */

static bool is_served(kr_socket c)
{
        char got[7];

        return kr_tcp_send(c, "PING\r\n", 6) == KR_OK &&
               kr_tcp_recv_exactly(c, got, sizeof(got), KIT_EXPECT_MS) == KR_OK &&
               memcmp(got, "+PONG\r\n", sizeof(got)) == 0;
}

/* What one of the killed had in hand is closed; those after them serve. */
static void expect_service(int acceptors)
{
        for (int i = 0; i <= acceptors; i++) {
                kr_socket c = connect_client();
                bool served = is_served(c);

                (void)kr_tcp_close(c);
                if (served)
                        return;
        }
        kit_fail("nobody serves a new connection");
}

static void kill_acceptors(void)
{
        kr_socket c;

        start(&usual);
        c = connect_client();
        for (int i = 0; i < 20; i++) {
                put(c, "DEBUG KILL acceptors\r\n");
                expect_service(4);
                expect_bytes(c, ":4\r\n");
        }
}

KIT_TEST(test_acceptors_are_killed)
{
        kit_run_process(&node, kill_acceptors);
}

/* The port stays the same. */
static void kill_the_listener(void)
{
        kr_socket c;
        kr_ref monitor;
        kr_err err;
        uint32_t port;

        start(&usual);
        port = service_here()->port;
        monitor = kr_monitor("listener");
        kr_exit_signal(kr_whereis("listener"), "kill");
        kit_expect_down(monitor, "killed");
        do
                err = kr_tcp_connect("127.0.0.1", (uint16_t)port, NULL, KIT_EXPECT_MS,
                                     &c);
        while (err == KR_ECONNREFUSED);
        kit_ok(err);
        ask(c, "PING\r\n", "+PONG\r\n");
}

KIT_TEST(test_the_listener_is_killed)
{
        kit_run_process(&node, kill_the_listener);
}

static void kill_connections(void)
{
        kr_socket c, hand;

        start(&usual);
        hand = connect_client();
        for (int i = 0; i < 20; i++) {
                char tick[64], reply[64];

                (void)snprintf(tick, sizeof(tick), "TICK a id-%d 1\r\n", i);
                (void)snprintf(reply, sizeof(reply), ":%d\r\n", i + 1);
                c = connect_client();
                ask(c, "PING\r\n", "+PONG\r\n");
                put(c, tick);
                ask(hand, "DEBUG KILL connections\r\n", ":1\r\n");
                expect_closed(c);
                c = connect_client();
                ask(c, tick, reply); /* whether it has been counted or not: once */
                (void)kr_tcp_close(c);
                while (service_here()->clients > 1)
                        kr_yield();
        }
}

KIT_TEST(test_a_tick_is_sent_again_after_its_connection_broke)
{
        kit_run_process(&node, kill_connections);
}

/* The keeper is what must not end: with it goes what was counted, and all that rely on it. */
static void kill_the_keeper(void)
{
        kr_socket c;
        kr_ref monitor;

        start(&usual);
        c = connect_client();
        ask(c, "INCRBY a 5\r\n", ":5\r\n");
        monitor = kr_monitor("traffic_sup");
        kr_exit_signal(kr_whereis("keeper"), "kill");
        kit_expect_down(monitor, "_");
        expect_closed(c);
        while (kr_pid_is_none(kr_whereis("acceptors_sup")))
                kr_yield();
        c = connect_client();
        ask(c, "INCR a\r\n", ":1\r\n");
}

KIT_TEST(test_without_the_keeper_all_begins_anew)
{
        kit_run_process(&node, kill_the_keeper);
}

/* -- versions -- */

struct load {
        kr_pid parent;
        int64_t number;
};

/* Ticks a counter of its own, each answer being one more, until it is told to stop. */
static void tick(const struct load *load)
{
        kr_socket c = connect_client();
        kr_msg msg = KR_MSG_INIT;
        int64_t n = 0;
        char request[64], reply[64];

        while (kr_receive(&msg, 0, kr_on(0, "stop")) != 0) {
                n++;
                (void)snprintf(request, sizeof(request), "TICK c%d %d 1\r\n",
                               (int)load->number, (int)n);
                (void)snprintf(reply, sizeof(reply), ":%d\r\n", (int)n);
                ask(c, request, reply);
        }
        kr_msg_clear(&msg);
        kr_send(load->parent, "{ticked, ~}", n);
}

#define LOADERS 4

static void expect_error(kr_socket c, const char *request, const char *begins)
{
        char line[1024];

        put(c, request);
        take_line(c, line, sizeof(line));
        if (strncmp(line, begins, strlen(begins)) != 0)
                kit_fail("%s: %s", request, line);
}

static void change_versions(void)
{
        kr_pid loaders[LOADERS];
        kr_msg msg = KR_MSG_INIT;
        struct load load = { kr_self(), 0 };
        kr_socket c;
        int64_t n;

        start(&usual);
        c = connect_client();
        ask(c, "INCRBY a 5\r\nTICK a one 1\r\n", ":5\r\n:6\r\n");
        for (; load.number < LOADERS; load.number++)
                loaders[load.number] = kr_spawn_link(tick, &load);
        expect_error(c, "GETSET a 1\r\n", "-ERR unknown command 'GETSET', with args");
        ask(c, "COMMAND COUNT\r\n", ":21\r\n");
        expect_error(c, "DEBUG UPGRADE 2\r\n", "+version 1 is now version 2: ");
        ask(c, "GETSET a 10\r\nGET a\r\nGETSET a x\r\nGETSET a\r\n",
            "$1\r\n6\r\n$2\r\n10\r\n-ERR value is not an integer or out of range\r\n"
            "-ERR wrong number of arguments for 'getset' command\r\n");
        ask(c, "COMMAND COUNT\r\nTICK a one 1\r\n", ":22\r\n:10\r\n");
        expect_error(c, "DEBUG UPGRADE 3\r\n",
                     "-ERR refused after a trial, version 2 goes on: ");
        expect_error(c, "DEBUG UPGRADE 3 notrial\r\n",
                     "-ERR rolled back, version 2 goes on: ");
        ask(c, "GETSET a 11\r\n", "$2\r\n10\r\n");
        ask(c, "DEBUG SEGFAULT a\r\n", "+OK\r\n");
        ask(c, "GETSET a 12\r\nTICK a one 1\r\n", "$2\r\n11\r\n:12\r\n");
        for (int i = 0; i < LOADERS; i++) {
                kr_send(loaders[i], "stop");
                kit_expect(&msg, "{ticked, ~}", &n);
                kit_int_gt(n, 0);
        }
        kr_msg_clear(&msg);
}

KIT_TEST(test_versions_change_while_ticks_flow)
{
        kit_run_process(&node, change_versions);
}

static void go_back(void)
{
        kr_socket c;

        start(&usual);
        c = connect_client();
        ask(c, "INCRBY a 5\r\n", ":5\r\n");
        expect_error(c, "DEBUG ROLLBACK\r\n", "-ERR there is no version before this one");
        expect_error(c, "DEBUG UPGRADE 2\r\n", "+version 1 is now version 2: ");
        ask(c, "GETSET a 6\r\n", "$1\r\n5\r\n");
        expect_error(c, "DEBUG ROLLBACK\r\n", "+version 2 is now version 1: ");
        expect_error(c, "GETSET a 1\r\n", "-ERR unknown command");
        ask(c, "INCR a\r\n", ":7\r\n");
        expect_error(c, "DEBUG UPGRADE 9\r\n", "-ERR ");
        expect_error(c, "DEBUG UPGRADE ../2\r\n", "-ERR no such version");
}

KIT_TEST(test_a_version_is_put_back)
{
        kit_run_process(&node, go_back);
}

static void stop_and_start(void)
{
        kr_socket c;
        uint32_t port;

        start(&usual);
        c = connect_client();
        ask(c, "INCR a\r\n", ":1\r\n");
        port = service_here()->port;
        service_stop();
        kit_true(kr_pid_is_none(kr_whereis("service_sup")));
        expect_closed(c);
        kit_err(kr_tcp_connect("127.0.0.1", (uint16_t)port, NULL, KIT_EXPECT_MS, &c),
                KR_ECONNREFUSED);
        kit_ok(service_start(&usual, NULL).err);
        c = connect_client();
        ask(c, "INCR a\r\n", ":1\r\n");
}

KIT_TEST(test_the_service_stops_and_starts_in_order)
{
        kit_run_process(&node, stop_and_start);
}

KIT_MAIN(KIT_CASE(test_requests_over_a_socket), KIT_CASE(test_a_long_pipeline),
         KIT_CASE(test_wrong_clients_are_told_and_left), KIT_CASE(test_a_large_request),
         KIT_CASE(test_half_a_request_is_not_waited_for),
         KIT_CASE(test_an_idle_client_is_left),
         KIT_CASE(test_a_client_that_does_not_read_is_left),
         KIT_CASE(test_there_is_a_limit_to_clients),
         KIT_SLOW(test_a_thousand_clients, 60), KIT_CASE(test_acceptors_are_killed),
         KIT_CASE(test_the_listener_is_killed),
         KIT_CASE(test_a_tick_is_sent_again_after_its_connection_broke),
         KIT_CASE(test_without_the_keeper_all_begins_anew),
         KIT_SLOW(test_versions_change_while_ticks_flow, 60),
         KIT_CASE(test_a_version_is_put_back),
         KIT_CASE(test_the_service_stops_and_starts_in_order))
