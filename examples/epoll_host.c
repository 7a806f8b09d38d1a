/* SPDX-License-Identifier: Apache-2.0 */
/* epoll_host.c: an ordinary epoll program that has counters of Krarup's inside.
 *
 *      epoll_host [REQUESTS]
 *
 * It serves a socket pair as it always did, a line at a time: "tick" and "read". The counter
 * behind it is a process; the node's descriptor is one more in the program's epoll set, and
 * no thread comes with it. A worker thread of the program's own ticks as well: attached, it
 * sends and calls like any process.
 */
#include <krarup.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define WORKER_TICKS 100

static kr_node *node;
static int requests = 10;

/* -- the part that is Krarup -- */

static void counter(int64_t value)
{
        enum { TICK, READ };
        kr_msg msg = KR_MSG_INIT;
        kr_pid from;

        kr_register("counter", kr_self());
        for (;;) {
                switch (kr_receive(&msg, KR_INFINITY, kr_on(TICK, "tick"),
                                   kr_on(READ, "{read, ~}", &from))) {
                case TICK:
                        value = kr_add(value, 1);
                        break;
                case READ:
                        kr_send(from, "{value, ~}", value);
                        break;
                }
        }
}

/* Writes the counter's value to a descriptor, once everybody has ticked. */
static void reply(int64_t fd)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t value = 0;

        while (value < requests + WORKER_TICKS) {
                kr_send("counter", "{read, ~}", kr_self());
                kr_receive(&msg, KR_INFINITY, kr_on(0, "{value, ~}", &value));
                kr_sleep(1);
        }
        dprintf((int)fd, "%d\n", (int)value);
}

/* -- the part that was there before -- */

static void *work(void *arg)
{
        kr_pid self;

        if (kr_thread_attach(node, &self) != KR_OK)
                abort();
        while (kr_pid_is_none(kr_whereis("counter")))
                kr_sleep(1);
        for (int i = 0; i < WORKER_TICKS; i++)
                kr_send("counter", "tick");
        kr_thread_detach();
        return arg;
}

/* The client at the other end: ticks, asks, prints the answer. */
static void *be_client(void *arg)
{
        int fd = *(int *)arg;
        char answer[32] = "";

        for (int i = 0; i < requests; i++)
                dprintf(fd, "tick\n");
        dprintf(fd, "read\n");
        if (read(fd, answer, sizeof(answer) - 1) > 0)
                printf("%s", answer);
        close(fd);
        return NULL;
}

/* The loop itself is no process, so it has one made for each request. */
static void tick_once(void)
{
        kr_send("counter", "tick");
}

static void serve_line(int fd, const char *line)
{
        if (strcmp(line, "tick") == 0)
                kr_node_spawn(node, tick_once);
        else if (strcmp(line, "read") == 0)
                kr_node_spawn(node, reply, (int64_t)fd);
}

/* False: the client has gone. */
static bool serve(int fd)
{
        static char line[64];
        static size_t len;
        char bytes[256];
        ssize_t n = read(fd, bytes, sizeof(bytes));

        for (ssize_t i = 0; i < n; i++) {
                if (bytes[i] == '\n') {
                        line[len] = 0;
                        serve_line(fd, line);
                        len = 0;
                } else if (len < sizeof(line) - 1) {
                        line[len++] = bytes[i];
                }
        }
        return n > 0;
}

static bool watch(int set, int fd)
{
        struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

        return epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void loop(int set, int client)
{
        struct epoll_event event;

        while (epoll_wait(set, &event, 1, -1) == 1) {
                if (event.data.fd == kr_node_fd(node))
                        kr_node_run(node);
                else if (event.data.fd == client && !serve(client))
                        return;
        }
}

int main(int argc, char **argv)
{
        pthread_t worker, client;
        int ends[2], set = epoll_create1(0);

        if (argc > 1)
                requests = atoi(argv[1]);
        if (kr_node_start(&(kr_node_opts){ .drive = KR_DRIVE_HOST }, &node) != KR_OK ||
            socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0 || !watch(set, ends[0]) ||
            !watch(set, kr_node_fd(node)))
                return 1;
        kr_node_spawn(node, counter, 0);
        if (pthread_create(&worker, NULL, work, NULL) != 0 ||
            pthread_create(&client, NULL, be_client, &ends[1]) != 0)
                return 1;
        loop(set, ends[0]);
        pthread_join(worker, NULL);
        pthread_join(client, NULL);
        return kr_node_stop(node, KR_INFINITY);
}
