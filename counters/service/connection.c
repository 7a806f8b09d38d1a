/* SPDX-License-Identifier: Apache-2.0 */
#include "connection.h"

#include "session.h"

#include <string.h>

#define BUFFER_MIN 16384
#define BUFFER_MAX (RESP_REQUEST_MAX + RESP_LENGTH_LINE_MAX)
#define SOCKET_MS 5000 /* until the socket is ours */
#define LINGER_MS 1000 /* for the client to read why it is left */
#define LINGER_BYTES (1 << 20)
#define LEFT_SHARE 8 /* so many times fewer clients are few */

struct connection {
        kr_socket socket;
        struct session *session;
        char *in;
        size_t held, cap;
        int64_t begun_ms; /* when the request of which `in` holds a part began; 0: none has */
};

/* -- being counted -- */

static void trim(void)
{
        kr_node_trim(kr_here());
        atomic_fetch_add_explicit(&service_here()->trims, 1, memory_order_relaxed);
}

/* There were many, and most of them have left: who sees it first starts a process for that, for it may
 * take a while. */
static void trim_if_left(struct service *service, uint32_t clients)
{
        uint32_t high =
                atomic_load_explicit(&service->clients_high, memory_order_relaxed);

        if (high >= SERVICE_CLIENTS_MANY && clients <= high / LEFT_SHARE &&
            atomic_compare_exchange_strong_explicit(&service->clients_high, &high,
                                                    clients, memory_order_relaxed,
                                                    memory_order_relaxed))
                (void)kr_node_spawn(kr_here(),
                                    trim); /* no memory: when it is as full again */
}

static void count_out(void *arg)
{
        struct service *service = arg;
        uint32_t before =
                atomic_fetch_sub_explicit(&service->clients, 1, memory_order_relaxed);

        trim_if_left(service, before - 1);
}

static void note_high(struct service *service, uint32_t clients)
{
        uint32_t high =
                atomic_load_explicit(&service->clients_high, memory_order_relaxed);

        while (high < clients &&
               !atomic_compare_exchange_weak_explicit(&service->clients_high, &high,
                                                      clients, memory_order_relaxed,
                                                      memory_order_relaxed))
                ;
}

static bool count_in(struct service *service)
{
        if (!kr_defer(count_out, service))
                return false;
        note_high(service, 1 + atomic_fetch_add_explicit(&service->clients, 1,
                                                         memory_order_relaxed));
        atomic_fetch_add_explicit(&service->clients_ever, 1, memory_order_relaxed);
        return true;
}

/* -- bytes -- */

/* How long to wait for the next ones. */
static int64_t patience_ms(struct connection *c)
{
        const struct service_opts *opts = &c->session->service->opts;
        int64_t left;

        if (c->held == 0) {
                c->begun_ms = 0;
                return opts->idle_timeout_ms;
        }
        if (c->begun_ms == 0)
                c->begun_ms = kr_monotonic_ms(NULL);
        left = c->begun_ms + opts->request_timeout_ms - kr_monotonic_ms(NULL);
        return left > 0 ? left : 0;
}

/* A request is longer than what there is room for; never longer than BUFFER_MAX. */
static bool make_room(struct connection *c)
{
        size_t cap = c->cap * 2 < BUFFER_MAX ? c->cap * 2 : BUFFER_MAX;
        char *in;

        if (c->held < c->cap)
                return true;
        in = kr_realloc(c->in, cap);
        if (in == NULL)
                return false;
        c->in = in;
        c->cap = cap;
        return true;
}

static bool receive(struct connection *c)
{
        size_t len;

        if (!make_room(c) || kr_tcp_recv(c->socket, c->in + c->held, c->cap - c->held,
                                         patience_ms(c), &len) != KR_OK)
                return false;
        c->held += len;
        return true;
}

static bool send_out(struct connection *c)
{
        struct reply *out = &c->session->out;
        bool sent = !out->failed && (out->len == 0 || kr_tcp_send(c->socket, out->data,
                                                                  out->len) == KR_OK);

        out->len = 0;
        if (out->cap > 4 * SESSION_OUT_BYTES)
                reply_free(out);
        return sent;
}

/* Serve what has come. A request that is done with begins the time of the next one anew. */
static bool serve(struct connection *c)
{
        size_t used;
        bool more;

        do {
                more = session_run(c->session, c->in, c->held, &used);
                if (used > 0) {
                        c->held -= used;
                        memmove(c->in, c->in + used, c->held);
                        c->begun_ms = 0;
                }
                if (!send_out(c))
                        return false;
        } while (more);
        return !c->session->closing;
}

/* What the client still sends is thrown away for a moment: a connection that is closed before it
 * has been read is reset, and the last answer with it. */
static void linger(struct connection *c)
{
        int64_t until_ms = kr_monotonic_ms(NULL) + LINGER_MS;
        size_t thrown = 0, len;

        if (kr_tcp_shutdown(c->socket, KR_TCP_SEND) != KR_OK)
                return;
        while (thrown < LINGER_BYTES) {
                int64_t left = until_ms - kr_monotonic_ms(NULL);

                if (left <= 0 ||
                    kr_tcp_recv(c->socket, c->in, c->cap, left, &len) != KR_OK)
                        return;
                thrown += len;
        }
}

static void run(struct connection *c)
{
        while (receive(c))
                if (!serve(c))
                        break;
        if (c->session->closing)
                linger(c);
        (void)kr_tcp_close(c->socket);
}

/* -- the process -- */

static void connection(kr_term args)
{
        struct service *service = service_here();
        struct connection c = { .cap = BUFFER_MIN };
        kr_msg msg = KR_MSG_INIT;

        (void)args;
        if (kr_receive(&msg, SOCKET_MS, kr_on(0, "{socket, ~}", &c.socket)) != 0)
                return;
        kr_msg_clear(&msg);
        c.session = session_new(service);
        c.in = kr_alloc(c.cap);
        if (c.session != NULL && c.in != NULL && count_in(service))
                run(&c);
}

static const kr_child connection_child[] = {
        { .id = "connection",
          .start = KR_START_RUN(connection),
          .restart = KR_TEMPORARY,
          .shutdown_ms = 1000 },
};

KR_SUPERVISOR(connections_sup, .strategy = KR_SIMPLE_ONE_FOR_ONE,
              KR_CHILDREN(connection_child));

void connection_start(kr_socket socket)
{
        kr_msg slot = KR_MSG_INIT;
        kr_started started = kr_supervisor_start_another("connections_sup", &slot, "[]");

        kr_msg_clear(&slot);
        if (started.err == KR_OK &&
            kr_tcp_controlling_process(socket, started.pid) == KR_OK)
                (void)kr_send(started.pid, "{socket, ~}", socket);
        else
                (void)kr_tcp_close(socket);
}
