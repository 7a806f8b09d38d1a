/* SPDX-License-Identifier: Apache-2.0 */
/* tcp_owner_test.c: whose a socket is, and that it goes with its owner however that ends. */
#include "sockets.h"

#include <stdatomic.h>
#include <unistd.h>

enum way { RETURNS, EXITS, RAISES, FAULTS, IS_KILLED, HOGS };

static kr_term ending_of(enum way way)
{
        return kr_build("{~, ~}", kr_self(), (int)way);
}

static volatile int *volatile nowhere;

static void end_so(enum way way)
{
        switch (way) {
        case RETURNS:
                return;
        case EXITS:
                kr_exit("bye");
        case RAISES:
                kr_error("oops");
        case FAULTS:
                *nowhere = 1;
                return;
        case IS_KILLED:
                kr_sleep(KR_INFINITY);
                return;
        case HOGS:
                for (;;)
                        __asm__ volatile("");
        }
}

/* Owns a listener and a connection, tells of both, and ends. */
static void owns(kr_term arg)
{
        kr_socket listener, socket;
        kr_pid parent;
        int way;

        kit_true(kr_match(arg, "{~, ~}", &parent, &way));
        kit_ok(kr_tcp_listen(0, NULL, &listener));
        kr_send(parent, "{listens, ~}", port_of(listener));
        kit_ok(kr_tcp_accept(listener, KIT_EXPECT_MS, &socket));
        kr_send(parent, "{owns, ~, ~}", listener, socket);
        end_so((enum way)way);
}

/* By the time that its monitor hears of its end both are closed. */
static void expect_closed_by(enum way way)
{
        kr_term arg = ending_of(way);
        kr_socket peer, listener, socket, again;
        kr_msg msg = KR_MSG_INIT;
        uint16_t port;
        kr_ref ref;
        kr_pid pid = kr_spawn_monitor(&ref, owns, arg);

        kit_expect(&msg, "{listens, ~}", &port);
        kit_ok(kr_tcp_connect("127.0.0.1", port, NULL, 5000, &peer));
        kit_expect(&msg, "{owns, ~, ~}", &listener, &socket);
        if (way == IS_KILLED || way == HOGS)
                kr_exit_signal(pid, "kill");
        kit_expect(&msg, "{'DOWN', =, process, _, _}", ref);
        kit_true(kr_pid_is_none(kr_tcp_owner(listener)));
        kit_true(kr_pid_is_none(kr_tcp_owner(socket)));
        kit_ok(kr_tcp_listen(port, NULL, &again)); /* the port is free */
        hear_error(peer, KR_ECLOSED);
        kit_ok(kr_tcp_close(peer));
        kit_ok(kr_tcp_close(again));
        kr_release(arg);
}

static void all_ways(void)
{
        expect_closed_by(RETURNS);
        expect_closed_by(EXITS);
        expect_closed_by(RAISES);
        expect_closed_by(FAULTS);
        expect_closed_by(IS_KILLED);
}

KIT_TEST(test_sockets_go_with_their_owner_before_anybody_hears_of_it)
{
        kit_run_process(&(kr_node_opts){ .faults = KR_FAULTS_EXIT, .schedulers = 2 },
                        all_ways);
}

static void a_hog(void)
{
        expect_closed_by(HOGS);
}

KIT_TEST(test_a_hog_that_is_killed_loses_its_sockets)
{
        if (KIT_SIGNALS_WAIT)
                return; /* it would never be out of its loop */
        kit_run_process(&(kr_node_opts){ .faults = KR_FAULTS_EXIT, .schedulers = 2 },
                        a_hog);
}

static void serve_once(kr_term arg)
{
        kr_msg msg = KR_MSG_INIT;
        kr_socket socket;

        kit_true(kr_get_port(arg, &socket));
        kr_receive(&msg, KR_INFINITY, kr_on(0, "yours"));
        hear(socket, "question");
        say(socket, "answer");
}

KIT_PROCESS_TEST(test_a_socket_is_given_away_and_goes_with_the_new_owner)
{
        struct pair pair = pair_of_sockets();
        kr_term arg = kr_build("~", pair.far);
        kr_pid pid = kr_spawn(serve_once, arg);

        kit_ok(kr_tcp_controlling_process(pair.far, pid));
        kr_send(pid, "yours");
        say(pair.near, "question");
        hear(pair.near, "answer");
        hear_error(pair.near, KR_ECLOSED);
        kr_release(arg);
}

KIT_PROCESS_TEST(test_what_is_given_to_the_dead_is_closed)
{
        struct pair pair = pair_of_sockets();
        kr_pid dead = kr_spawn(kit_sleeper);

        kr_exit_signal(dead, "kill");
        kit_await_end(dead);
        kit_ok(kr_tcp_controlling_process(pair.far, dead));
        kit_err(kr_tcp_close(pair.far), KR_ECLOSED);
        hear_error(pair.near, KR_ECLOSED);
}

KIT_PROCESS_TEST(test_only_the_owner_gives_it_away)
{
        struct pair pair = pair_of_sockets();
        kr_pid other = kr_spawn(kit_sleeper);

        kit_ok(kr_tcp_controlling_process(pair.far, other));
        kit_err(kr_tcp_controlling_process(pair.far, kr_self()), KR_EPERM);
        kit_err(kr_tcp_controlling_process(pair.near, (kr_pid){ .num = 1, .node = 63 }),
                KR_EBADARG);
        kit_ok(kr_tcp_controlling_process(pair.near, kr_self()));
}

static void passes_on(kr_term arg)
{
        kr_socket socket;
        kr_pid next;
        kr_msg msg = KR_MSG_INIT;

        kit_true(kr_match(arg, "{~, ~}", &socket, &next));
        kr_receive(&msg, KR_INFINITY, kr_on(0, "yours"));
        kit_ok(kr_tcp_controlling_process(socket, next));
        kr_send(next, "yours");
}

/* From hand to hand, each of them on any scheduler; the last one serves. */
KIT_PROCESS_TEST(test_from_hand_to_hand)
{
        for (int round = 0; round < 50; round++) {
                struct pair pair = pair_of_sockets();
                kr_term arg = kr_build("~", pair.far);
                kr_pid next = kr_spawn(serve_once, arg);

                kr_release(arg);
                for (int i = 0; i < 5; i++) {
                        arg = kr_build("{~, ~}", pair.far, next);
                        next = kr_spawn(passes_on, arg);
                        kr_release(arg);
                }
                kit_ok(kr_tcp_controlling_process(pair.far, next));
                kr_send(next, "yours");
                say(pair.near, "question");
                hear(pair.near, "answer");
                hear_error(pair.near, KR_ECLOSED);
                kit_ok(kr_tcp_close(pair.near));
        }
}

static void closes(kr_term arg)
{
        kr_socket socket;

        kit_true(kr_get_port(arg, &socket));
        kit_ok(kr_tcp_close(socket));
}

/* A process that accepts for others, who close what they were told of: nothing piles up. */
KIT_PROCESS_TEST(test_others_may_close_it)
{
        for (int i = 0; i < 300; i++) {
                struct pair pair = pair_of_sockets();
                kr_term arg = kr_build("~", pair.far);

                kit_await_end(kr_spawn(closes, arg));
                kit_err(kr_tcp_close(pair.far), KR_ECLOSED);
                kit_ok(kr_tcp_close(pair.near));
                kr_release(arg);
        }
        /* three handles a round, and few records: an index has 20 bits */
        kit_int_lt((int64_t)(pair_of_sockets().near.num & 0xfffff), 100);
}

static _Atomic int answered;

static void answers(kr_term arg)
{
        kr_socket socket;

        kit_true(kr_get_port(arg, &socket));
        hear(socket, "x");
        say(socket, "y");
        atomic_fetch_add(&answered, 1);
}

/* A killed process in the midst of reading and writing harms nobody else. */
KIT_PROCESS_TEST(test_kills_at_any_moment)
{
        for (int i = 0; i < 200; i++) {
                struct pair pair = pair_of_sockets();
                kr_term arg = kr_build("~", pair.far);
                kr_pid pid = kr_spawn(answers, arg);
                char buf[2];
                size_t len;

                kit_ok(kr_tcp_controlling_process(pair.far, pid));
                say(pair.near, "x");
                for (int k = 0; k < i % 7; k++)
                        kr_yield();
                kr_exit_signal(pid, "kill");
                kit_await_end(pid);
                while (kr_tcp_recv(pair.near, buf, sizeof(buf), KIT_EXPECT_MS, &len) ==
                       KR_OK)
                        kit_int_eq(buf[0], 'y');
                kit_ok(kr_tcp_close(pair.near));
                kr_release(arg);
        }
}

KIT_MAIN(KIT_SLOW(test_sockets_go_with_their_owner_before_anybody_hears_of_it, 30),
         KIT_SLOW(test_a_hog_that_is_killed_loses_its_sockets, 30),
         KIT_CASE(test_a_socket_is_given_away_and_goes_with_the_new_owner),
         KIT_CASE(test_what_is_given_to_the_dead_is_closed),
         KIT_CASE(test_only_the_owner_gives_it_away),
         KIT_SLOW(test_from_hand_to_hand, 30), KIT_SLOW(test_others_may_close_it, 30),
         KIT_SLOW(test_kills_at_any_moment, 60))
