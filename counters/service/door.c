/* SPDX-License-Identifier: Apache-2.0 */
#include "door.h"

#include "connection.h"
#include "service.h"

#include <stdatomic.h>

#define NO_ROOM_MS 100 /* after an accept for which there are no descriptors */

/* -- the listener -- */

struct listener {
        kr_socket socket;
};

/* The port stays the same if the listener has to be started again. */
static kr_next init(struct listener *l, kr_term args)
{
        struct service *service = service_here();
        uint16_t port = (uint16_t)atomic_load(&service->port);
        const kr_tcp_opts opts = { .send_timeout_ms = service->opts.send_timeout_ms };
        kr_tcp_address address;
        kr_err err;

        (void)args;
        err = kr_tcp_listen(port != 0 ? port : service->opts.port, &opts, &l->socket);
        if (err == KR_OK)
                err = kr_tcp_sockname(l->socket, &address);
        if (err != KR_OK)
                return kr_stop("{listen, ~}", kr_err_name(err));
        atomic_store(&service->port, address.port);
        return kr_ok();
}

static kr_next handle_call(struct listener *l, kr_term request, kr_from from)
{
        (void)from;
        if (kr_match(request, "socket"))
                return kr_reply("~", l->socket);
        return kr_reply("unknown_request");
}

static kr_next handle_cast(struct listener *l, kr_term message)
{
        (void)l;
        (void)message;
        return kr_noreply();
}

KR_GEN_SERVER(listener, struct listener, .init = init, .handle_call = handle_call,
              .handle_cast = handle_cast);

/* -- acceptors -- */

static void refuse(struct service *service, kr_socket socket)
{
        static const char text[] = "-ERR max number of clients reached\r\n";
        kr_err told = kr_tcp_send(socket, text, sizeof(text) - 1);

        (void)told; /* who is gone need not know */
        (void)kr_tcp_close(socket);
        atomic_fetch_add_explicit(&service->clients_refused, 1, memory_order_relaxed);
}

static void welcome(struct service *service, kr_socket socket)
{
        if (atomic_load_explicit(&service->clients, memory_order_relaxed) >=
            service->opts.clients_max)
                refuse(service, socket);
        else
                connection_start(socket);
}

/* Ends when the listener's socket is closed. */
static void acceptor(kr_term args)
{
        struct service *service = service_here();
        kr_msg slot = KR_MSG_INIT;
        kr_socket door, socket;
        kr_err err;

        (void)args;
        if (!kr_get_port(kr_call("listener", &slot, "socket"), &door))
                kr_error("no_socket");
        kr_msg_clear(&slot);
        for (;;) {
                err = kr_tcp_accept(door, KR_INFINITY, &socket);
                if (err == KR_OK)
                        welcome(service, socket);
                else if (err == KR_ECLOSED)
                        kr_exit("closed");
                else
                        kr_sleep(NO_ROOM_MS);
        }
}

#define ACCEPTOR(name)                                                                   \
        {                                                                                \
                .id = name, .start = KR_START_RUN(acceptor), .shutdown_ms = 1000         \
        }

static const kr_child acceptors[] = { ACCEPTOR("acceptor_1"), ACCEPTOR("acceptor_2"),
                                      ACCEPTOR("acceptor_3"), ACCEPTOR("acceptor_4") };

_Static_assert(sizeof(acceptors) / sizeof(acceptors[0]) == SERVICE_ACCEPTORS, "as said");

KR_SUPERVISOR(acceptors_sup, .intensity = 1000, .period_s = 10, KR_CHILDREN(acceptors));

/* -- both -- */

static const kr_child children[] = {
        { .id = "listener", .start = KR_START(listener), .name = "listener" },
        { .id = "acceptors_sup",
          .start = KR_START(acceptors_sup),
          .name = "acceptors_sup" },
};

KR_SUPERVISOR(door_sup, .strategy = KR_REST_FOR_ONE, .intensity = 10, .period_s = 10,
              KR_CHILDREN(children));
