/* SPDX-License-Identifier: Apache-2.0 */
/* tcp_alloc_test.c: each allocation refused in turn: an error, or the end of the one process; the
 * node goes on, and gives everything back. */
#include "sockets.h"

#include "refusal.h"

static bool refused(kr_err err)
{
        if (err != KR_OK && err != KR_ENOMEM)
                kit_err(err, KR_ENOMEM);
        return err != KR_OK;
}

/* All of it, one after the other, until something is refused. */
static void use_sockets(void)
{
        kr_socket listener, near, far;
        kr_tcp_opts lines = { .packet = KR_PACKET_LINE };
        kr_tcp_address address;
        kr_msg msg = KR_MSG_INIT;
        char buf[32], *large = kr_calloc(1, 600);
        size_t len;

        if (large == NULL)
                return;
        memset(large, 'x', 599);
        large[599] = '\n';
        kit_refusal_arm();
        if (refused(kr_tcp_listen(0, &lines, &listener)))
                return;
        kit_ok(kr_tcp_sockname(listener, &address));
        if (refused(kr_tcp_connect("127.0.0.1", address.port, NULL, 5000, &near)) ||
            refused(kr_tcp_accept(listener, 5000, &far)) ||
            refused(kr_tcp_send(near, "one\ntwo\n", 8)) ||
            refused(kr_tcp_recv(far, buf, sizeof(buf), 5000, &len)))
                return;
        kit_uint_eq(len, 4);
        if (refused(kr_tcp_active(far, KR_ACTIVE_ONCE)))
                return;
        if (kr_receive(&msg, 5000, kr_on(0, "{tcp, =, _}", far)) != 0)
                return;
        if (refused(kr_tcp_send(near, large, 600)) ||
            refused(kr_tcp_active(far, KR_ACTIVE_ONCE)))
                return;
        (void)kr_receive(&msg, 5000, kr_on(0, "{tcp, =, _}", far));
}

static void look_up(void)
{
        kr_dns_addresses found;

        kit_refusal_arm();
        (void)refused(kr_dns_lookup("localhost", KR_FAMILY_INET, 5000, &found));
}

/* A fresh node each time, so that its first use is refused, too. */
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

KIT_TEST(test_sockets_when_the_heap_refuses)
{
        refuse_each(use_sockets, KIT_HEAP);
}

KIT_TEST(test_sockets_when_the_pool_refuses)
{
        refuse_each(use_sockets, KIT_POOL);
}

KIT_TEST(test_lookups_when_the_heap_refuses)
{
        refuse_each(look_up, KIT_HEAP);
}

KIT_MAIN(KIT_SLOW(test_sockets_when_the_heap_refuses, 60),
         KIT_SLOW(test_sockets_when_the_pool_refuses, 60),
         KIT_SLOW(test_lookups_when_the_heap_refuses, 60))
