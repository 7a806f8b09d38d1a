/* SPDX-License-Identifier: Apache-2.0 */
/* tcp_many_test.c: many connections, several who accept, busy schedulers. */
#include "sockets.h"

#include <stdatomic.h>
#include <sys/resource.h>

#define MOST 10000

static _Atomic int served;

static void echo(kr_term arg)
{
        kr_msg msg = KR_MSG_INIT;
        kr_socket socket;
        char buf[64];
        size_t len;

        kit_true(kr_get_port(arg, &socket));
        kr_receive(&msg, KR_INFINITY, kr_on(0, "yours"));
        while (kr_tcp_recv(socket, buf, sizeof(buf), KR_INFINITY, &len) == KR_OK) {
                kit_ok(kr_tcp_send(socket, buf, len));
                atomic_fetch_add(&served, 1);
        }
}

static void accept_and_spawn(kr_term arg)
{
        kr_socket listener, socket;

        kit_true(kr_get_port(arg, &listener));
        while (kr_tcp_accept(listener, KR_INFINITY, &socket) == KR_OK) {
                kr_term own = kr_build("~", socket);
                kr_pid pid = kr_spawn(echo, own);

                kit_ok(kr_tcp_controlling_process(socket, pid));
                kr_send(pid, "yours");
                kr_release(own);
        }
}

/* As many as the descriptors that we may have, two for each. */
static int connections(void)
{
        struct rlimit limit;

        kit_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
        limit.rlim_cur = limit.rlim_max;
        kit_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
        if (KIT_SIGNALS_WAIT)
                return MOST / 10; /* ThreadSanitizer has room for so many stacks */
        return limit.rlim_cur < 2 * MOST + 100 ? (int)(limit.rlim_cur - 100) / 2 : MOST;
}

static kr_socket start_server(void)
{
        kr_socket listener;
        kr_term at;

        kit_ok(kr_tcp_listen(0, NULL, &listener));
        at = kr_build("~", listener);
        (void)kr_spawn(accept_and_spawn, at);
        kr_release(at);
        return listener;
}

KIT_PROCESS_TEST(test_ten_thousand_connections)
{
        int count = connections();
        kr_socket *sockets = kr_alloc((size_t)count * sizeof(*sockets));
        uint16_t port = port_of(start_server());

        for (int i = 0; i < count; i++)
                kit_ok(kr_tcp_connect("127.0.0.1", port, NULL, KIT_EXPECT_MS,
                                      &sockets[i]));
        for (int round = 0; round < 2; round++) {
                for (int i = 0; i < count; i++)
                        say(sockets[i], "ping");
                for (int i = 0; i < count; i++)
                        hear(sockets[i], "ping");
        }
        kit_eventually(atomic_load(&served) == 2 * count);
        for (int i = 0; i < count; i++)
                kit_ok(kr_tcp_close(sockets[i]));
}

/* -- fairness -- */

#define ACCEPTORS 4
#define EACH 25

static _Atomic int accepted[ACCEPTORS];

static void accept_one_by_one(kr_term arg)
{
        kr_socket listener, socket;
        int who;

        kit_true(kr_match(arg, "{~, ~}", &listener, &who));
        while (kr_tcp_accept(listener, KR_INFINITY, &socket) == KR_OK) {
                atomic_fetch_add(&accepted[who], 1);
                kit_ok(kr_tcp_close(socket));
        }
}

/* Who waits longest is served first: with one connection at a time, they take turns. */
KIT_PROCESS_TEST(test_those_who_accept_take_turns)
{
        kr_socket listener, socket;
        uint16_t port;

        kit_ok(kr_tcp_listen(0, NULL, &listener));
        port = port_of(listener);
        for (int i = 0; i < ACCEPTORS; i++) {
                kr_term arg = kr_build("{~, ~}", listener, i);

                (void)kr_spawn(accept_one_by_one, arg);
                kr_release(arg);
        }
        kr_sleep(5);
        for (int i = 0; i < ACCEPTORS * EACH; i++) {
                kit_ok(kr_tcp_connect("127.0.0.1", port, NULL, 5000, &socket));
                hear_error(socket, KR_ECLOSED); /* it was accepted, and closed */
                kit_ok(kr_tcp_close(socket));
        }
        for (int i = 0; i < ACCEPTORS; i++) {
                kit_int_ge(atomic_load(&accepted[i]), EACH / 2);
                kit_int_le(atomic_load(&accepted[i]), 2 * EACH);
        }
}

/* -- busy schedulers -- */

static _Atomic bool stop_work;

static void works(void)
{
        while (!atomic_load(&stop_work)) {
                for (volatile int i = 0; i < 20000; i++)
                        ;
                kr_yield();
        }
}

static void hogs(void)
{
        while (!atomic_load(&stop_work))
                __asm__ volatile("");
}

static void round_trips(int count)
{
        kr_socket socket;

        kit_ok(kr_tcp_connect("127.0.0.1", port_of(start_server()), NULL, KIT_EXPECT_MS,
                              &socket));
        for (int i = 0; i < count; i++) {
                say(socket, "x");
                hear(socket, "x");
        }
        atomic_store(&stop_work, true);
}

/* All schedulers have more than they can do, and never run out of it: sockets are looked at
 * nevertheless. How soon, bench/ and the figures in docs say. */
KIT_PROCESS_TEST(test_sockets_are_served_while_all_schedulers_work)
{
        for (int i = 0; i < 20; i++)
                (void)kr_spawn(works);
        round_trips(50);
}

/* A scheduler that was handed over takes its loop along. */
KIT_PROCESS_TEST(test_sockets_are_served_while_hogs_hold_the_threads)
{
        for (int i = 0; i < 3; i++)
                (void)kr_spawn(hogs);
        round_trips(20);
}

/* -- several nodes -- */

KIT_TEST(test_two_nodes_in_one_program)
{
        kr_node *one = kit_node_start(NULL), *other = kit_node_start(NULL);
        kr_socket listener, near, far;
        uint16_t port;
        kr_pid self;

        kit_ok(kr_thread_attach(one, &self));
        kit_ok(kr_tcp_listen(0, NULL, &listener));
        port = port_of(listener);
        kr_thread_detach();
        kit_ok(kr_thread_attach(other, &self));
        kit_err(kr_tcp_connect("127.0.0.1", port, NULL, 5000, &near), KR_ECONNREFUSED);
        kit_ok(kr_tcp_listen(0, NULL, &listener));
        kit_ok(kr_tcp_connect("127.0.0.1", port_of(listener), NULL, 5000, &near));
        kit_ok(kr_tcp_accept(listener, 5000, &far));
        say(near, "hello");
        hear(far, "hello");
        kr_thread_detach();
        kit_ok(kr_node_stop(one, 5000));
        kit_node_stop(other); /* by now both have given everything back */
}

KIT_MAIN(KIT_SLOW(test_ten_thousand_connections, 120),
         KIT_SLOW(test_those_who_accept_take_turns, 30),
         KIT_SLOW(test_sockets_are_served_while_all_schedulers_work, 60),
         KIT_SLOW(test_sockets_are_served_while_hogs_hold_the_threads, 60),
         KIT_CASE(test_two_nodes_in_one_program))
