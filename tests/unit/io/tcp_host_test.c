/* SPDX-License-Identifier: Apache-2.0 */
/* tcp_host_test.c: sockets of a node that the host's own loop drives. */
#include "sockets.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static const kr_node_opts host = { .drive = KR_DRIVE_HOST };
static _Atomic bool done;
static _Atomic int port;

/* What a host's loop does, until `done`: it sleeps whenever nothing is to be done. Gives how
 * often it was woken. */
static int drive(kr_node *node)
{
        struct pollfd fd = { .fd = kr_node_fd(node), .events = POLLIN };
        int wakes = 0;

        while (!atomic_load(&done)) {
                kit_int_eq(poll(&fd, 1, KIT_EXPECT_MS), 1);
                (void)kr_node_run(node);
                wakes++;
        }
        return wakes;
}

static void talks_to_itself(void)
{
        struct pair pair = pair_of_sockets();

        for (int i = 0; i < 100; i++) {
                say(pair.near, "hello");
                hear(pair.far, "hello");
        }
        atomic_store(&done, true);
}

KIT_TEST(test_a_node_that_is_driven_has_sockets)
{
        kr_node *node = kit_node_start(&host);

        (void)kr_node_spawn(node, talks_to_itself);
        (void)drive(node);
        kit_node_stop(node);
}

static void serves_one(void)
{
        kr_socket listener, socket;

        kit_ok(kr_tcp_listen(0, NULL, &listener));
        atomic_store(&port, port_of(listener));
        kit_ok(kr_tcp_accept(listener, KR_INFINITY, &socket));
        for (int i = 0; i < 10; i++) {
                hear(socket, "x");
                say(socket, "y");
        }
        atomic_store(&done, true);
}

static void asks_ten_times(void)
{
        kr_socket socket;

        kit_ok(kr_tcp_connect("127.0.0.1", (uint16_t)atomic_load(&port), NULL, 5000,
                              &socket));
        for (int i = 0; i < 10; i++) {
                kr_sleep(2); /* the host sleeps meanwhile */
                say(socket, "x");
                hear(socket, "y");
        }
}

/* The descriptor becomes readable when a socket does, and is quiet otherwise. */
KIT_TEST(test_the_hosts_descriptor_tells_of_sockets)
{
        kr_node *node = kit_node_start(&host), *other = kit_node_start(NULL);

        (void)kr_node_spawn(node, serves_one);
        while (atomic_load(&port) == 0)
                (void)kr_node_run(node);
        (void)kr_node_spawn(other, asks_ten_times);
        kit_int_le(drive(node), 60);
        kit_ok(kr_node_stop(node, 5000));
        kit_node_stop(other);
}

static void looks_up(void)
{
        kr_dns_addresses found;

        kit_ok(kr_dns_lookup("localhost", KR_FAMILY_INET, KIT_EXPECT_MS, &found));
        kit_str_eq(found.ip[0], "127.0.0.1");
        atomic_store(&done, true);
}

KIT_TEST(test_what_another_thread_has_done_wakes_the_host)
{
        kr_node *node = kit_node_start(&host);

        (void)kr_node_spawn(node, looks_up);
        (void)drive(node);
        kit_node_stop(node);
}

KIT_MAIN(KIT_CASE(test_a_node_that_is_driven_has_sockets),
         KIT_CASE(test_the_hosts_descriptor_tells_of_sockets),
         KIT_CASE(test_what_another_thread_has_done_wakes_the_host))
