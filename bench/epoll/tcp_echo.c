/* SPDX-License-Identifier: Apache-2.0 */
/* tcp_echo: threads with an epoll each, written down plainly; one of them accepts, and deals the
 * connections out in turn. */
#define BENCH_PEER "epoll"
#include "../kit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tcp_server.h"

#define THREADS_MAX 64

static int epolls[THREADS_MAX], threads, listener;

static void accept_all(void)
{
        static int turn;
        int fd, one = 1;

        while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

                bench_check(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) ==
                            0);
                bench_check(epoll_ctl(epolls[turn++ % threads], EPOLL_CTL_ADD, fd,
                                      &event) == 0);
        }
        bench_check(errno == EAGAIN);
}

static void echo(int fd)
{
        char buf[4096];
        ssize_t len = recv(fd, buf, sizeof(buf), 0);

        if (len > 0)
                bench_check(send(fd, buf, (size_t)len, MSG_NOSIGNAL) == len);
        else if (len == 0 || errno != EAGAIN)
                close(fd);
}

static void *run(void *arg)
{
        int epoll = *(int *)arg;
        struct epoll_event events[64];

        for (;;) {
                int ready = epoll_wait(epoll, events, 64, -1);

                for (int i = 0; i < ready; i++) {
                        if (events[i].data.fd == listener)
                                accept_all();
                        else
                                echo(events[i].data.fd);
                }
        }
        return NULL;
}

int main(int argc, char **argv)
{
        struct bench_args args = bench_parse(argc, argv);
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t size = sizeof(address);
        struct epoll_event event = { .events = EPOLLIN };
        pthread_t thread;

        threads = args.schedulers;
        bench_check(threads <= THREADS_MAX);
        listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        bench_check(listener >= 0);
        bench_check(bind(listener, (struct sockaddr *)&address, size) == 0);
        bench_check(listen(listener, 1024) == 0);
        bench_check(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
        for (int i = 0; i < threads; i++) {
                epolls[i] = epoll_create1(0);
                bench_check(epolls[i] >= 0);
        }
        event.data.fd = listener;
        bench_check(epoll_ctl(epolls[0], EPOLL_CTL_ADD, listener, &event) == 0);
        for (int i = 0; i < threads; i++)
                bench_check(pthread_create(&thread, NULL, run, &epolls[i]) == 0);
        tcp_load_and_report(&args, ntohs(address.sin_port));
        return 0;
}
