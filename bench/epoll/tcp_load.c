/* SPDX-License-Identifier: Apache-2.0 */
/* tcp_load: the other side of tcp_echo, the same one for every peer: one thread and epoll.
 *
 *      tcp_load PORT CONNECTIONS COUNT
 *
 * Each connection sends 64 bytes, waits until they have come back, and goes on, COUNT times in
 * all. Prints the nanoseconds that took, from when all are connected. A wrong byte ends it
 * with status 1. */
#define BENCH_PEER "load"
#include "../kit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define SIZE 64

struct connection {
        int fd;
        uint32_t sent; /* the number in the last message */
        size_t have;   /* bytes of it that have come back */
        char back[SIZE];
};

static int64_t left, under_way;

static void connect_to(struct connection *c, uint16_t port)
{
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_port = htons(port),
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int one = 1;

        c->fd = socket(AF_INET, SOCK_STREAM, 0);
        bench_check(c->fd >= 0);
        bench_check(connect(c->fd, (struct sockaddr *)&address, sizeof(address)) == 0);
        bench_check(setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) == 0);
}

static void send_one(struct connection *c)
{
        char message[SIZE];

        memset(message, (int)(c->sent & 0x7f), sizeof(message));
        c->sent++;
        memcpy(message, &c->sent, sizeof(c->sent));
        c->have = 0;
        left--;
        under_way++;
        bench_check(send(c->fd, message, sizeof(message), MSG_NOSIGNAL) == SIZE);
}

static void receive_some(struct connection *c)
{
        ssize_t len = recv(c->fd, c->back + c->have, SIZE - c->have, 0);

        bench_check(len > 0);
        c->have += (size_t)len;
        if (c->have < SIZE)
                return;
        bench_check(memcmp(c->back, &c->sent, sizeof(c->sent)) == 0);
        bench_check(c->back[SIZE - 1] == (char)((c->sent - 1) & 0x7f));
        under_way--;
        if (left > 0)
                send_one(c);
}

int main(int argc, char **argv)
{
        struct connection *connections;
        struct epoll_event events[64];
        int64_t count, begin_ns;
        int epoll = epoll_create1(0);

        bench_check(argc == 4 && epoll >= 0);
        count = bench_number(argv[2]);
        left = bench_number(argv[3]);
        connections = calloc((size_t)count, sizeof(*connections));
        bench_check(connections != NULL);
        for (int64_t i = 0; i < count; i++) {
                struct epoll_event event = { .events = EPOLLIN,
                                             .data.ptr = &connections[i] };

                connect_to(&connections[i], (uint16_t)bench_number(argv[1]));
                bench_check(epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].fd, &event) ==
                            0);
        }
        begin_ns = bench_now_ns();
        for (int64_t i = 0; i < count && left > 0; i++)
                send_one(&connections[i]);
        while (under_way > 0) {
                int ready = epoll_wait(epoll, events, 64, -1);

                for (int i = 0; i < ready; i++)
                        receive_some(events[i].data.ptr);
        }
        printf("%" PRId64 "\n", bench_now_ns() - begin_ns);
        return 0;
}
