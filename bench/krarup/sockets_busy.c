/* SPDX-License-Identifier: Apache-2.0 */
/* sockets_busy: round trips over sockets while all schedulers are full of work.
 *
 * Variants  yield: processes that compute for 20 us to 3 ms, then give way. hog: for 30 ms.
 * Plain     beside each, the same round trip to a thread of the kernel's instead of a process of ours:
 *           how late the machine itself is.
 * Client    a plain thread that asks for short slices of time (Linux 6.12; ignored before), so
 *           that its own waits for a core, which a client elsewhere would not have, are short. */
#include "krarup_kit.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CONNECTIONS 8
#define SIZE 64
#define PAUSE_NS 1000000
#define YIELDERS 20
#define HOGS 16
#define HOG_NS 30000000
#define SLICE_NS 100000

static _Atomic bool done;
static _Atomic uint64_t worked;

struct trips {
        int64_t *times; /* round trips, ns */
        int64_t *plain; /* to the plain thread, ns */
        int64_t *lates; /* how late the pause before each ended, ns */
        int64_t count, max;
};

/* -- the work -- */

static int64_t ran_ns(void)
{
        struct timespec now;

        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
        return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Its core's time, not the clock's: a hog that waits has not worked. */
static void compute(int64_t ns)
{
        int64_t until = ran_ns() + ns;

        while (ran_ns() < until)
                continue;
        atomic_fetch_add(&worked, 1);
}

static void yielder(kr_term number)
{
        int64_t i;

        bench_check(kr_get_int64(number, &i));
        while (!atomic_load(&done)) {
                compute(20000 + i * (3000000 - 20000) / (YIELDERS - 1));
                kr_yield();
        }
}

static void hog(void)
{
        while (!atomic_load(&done)) {
                compute(HOG_NS);
                kr_yield();
        }
}

static void start_work(bool hogs)
{
        for (int i = 0; hogs && i < HOGS; i++)
                (void)kr_spawn(hog);
        for (int64_t i = 0; !hogs && i < YIELDERS; i++) {
                kr_term number = kr_build("~", i);

                (void)kr_spawn(yielder, number);
                kr_release(number);
        }
}

/* -- the server -- */

static void echo(kr_term socket)
{
        char buf[SIZE];
        kr_msg msg = KR_MSG_INIT;
        kr_socket own;
        size_t len;

        bench_check(kr_get_port(socket, &own));
        kr_receive(&msg, KR_INFINITY, kr_on(0, "yours"));
        while (kr_tcp_recv(own, buf, sizeof(buf), KR_INFINITY, &len) == KR_OK)
                bench_check(kr_tcp_send(own, buf, len) == KR_OK);
}

static void serve(kr_socket listener)
{
        for (int i = 0; i < CONNECTIONS; i++) {
                kr_socket socket;
                kr_term own;
                kr_pid pid;

                bench_check(kr_tcp_accept(listener, KR_INFINITY, &socket) == KR_OK);
                own = kr_build("~", socket);
                pid = kr_spawn(echo, own);
                kr_release(own);
                bench_check(kr_tcp_controlling_process(socket, pid) == KR_OK);
                kr_send(pid, "yours");
        }
}

/* -- the client -- */

/* What the kernel knows as struct sched_attr, in its first version. */
static void ask_for_short_slices(void)
{
        struct {
                uint32_t size, policy;
                uint64_t flags;
                int32_t nice;
                uint32_t priority;
                uint64_t runtime_ns, deadline_ns, period_ns;
        } attr = { .size = 48, .runtime_ns = SLICE_NS };

        (void)prctl(PR_SET_TIMERSLACK, 1000); /* best effort, both */
        (void)syscall(SYS_sched_setattr, 0, &attr, 0);
}

static int connect_to(uint16_t port)
{
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_port = htons(port),
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

        bench_check(fd >= 0);
        bench_check(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
        bench_check(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) == 0);
        return fd;
}

static void there_and_back(int fd, int what)
{
        char out[SIZE], back[SIZE];

        memset(out, what & 0x7f, sizeof(out));
        bench_check(send(fd, out, sizeof(out), MSG_NOSIGNAL) == SIZE);
        bench_check(recv(fd, back, sizeof(back), MSG_WAITALL) == SIZE);
        bench_check(memcmp(out, back, SIZE) == 0);
}

static void *plain_echo(void *arg)
{
        int fd = *(int *)arg;
        char buf[SIZE];

        ask_for_short_slices();
        while (recv(fd, buf, sizeof(buf), MSG_WAITALL) == SIZE)
                bench_check(send(fd, buf, sizeof(buf), MSG_NOSIGNAL) == SIZE);
        return NULL;
}

/* Gives how late it begins. */
static int64_t pause_before(void)
{
        const struct timespec pause = { .tv_nsec = PAUSE_NS };
        int64_t due = bench_now_ns() + PAUSE_NS;

        (void)nanosleep(&pause, NULL);
        return bench_now_ns() - due;
}

static int64_t timed_trip(int fd, int what)
{
        int64_t start = bench_now_ns();

        there_and_back(fd, what);
        return bench_now_ns() - start;
}

static void one_trip(int fd, int plain, struct trips *trips)
{
        int64_t i = trips->count;

        bench_check(i < trips->max);
        trips->lates[i] = pause_before();
        trips->times[i] = timed_trip(fd, (int)i);
        (void)pause_before();
        trips->plain[i] = timed_trip(plain, (int)i);
        trips->count++;
}

struct client {
        const struct bench_args *args;
        struct trips trips;
        uint16_t port;
};

static void *client_main(void *arg)
{
        struct client *client = arg;
        int fds[CONNECTIONS], plain[2];
        pthread_t thread;
        int64_t until;

        ask_for_short_slices();
        for (int i = 0; i < CONNECTIONS; i++)
                fds[i] = connect_to(client->port);
        for (int i = 0; i < CONNECTIONS; i++)
                there_and_back(fds[i], i); /* it has been accepted */
        bench_check(socketpair(AF_UNIX, SOCK_STREAM, 0, plain) == 0);
        bench_check(pthread_create(&thread, NULL, plain_echo, &plain[1]) == 0);
        until = bench_now_ns() + client->args->count * 1000000;
        while (bench_now_ns() < until)
                one_trip(fds[client->trips.count % CONNECTIONS], plain[0],
                         &client->trips);
        atomic_store(&done, true);
        close(plain[0]);
        pthread_join(thread, NULL);
        close(plain[1]);
        for (int i = 0; i < CONNECTIONS; i++)
                close(fds[i]);
        return NULL;
}

static void report(const char *part, struct trips *trips, int64_t *samples, double share,
                   const char *variant)
{
        char name[64];

        snprintf(name, sizeof(name), "sockets_busy.%s.%s", variant, part);
        bench_report(name, (double)bench_percentile(samples, trips->count, share) / 1e6,
                     "ms");
}

static void run(const struct bench_args *args)
{
        struct client client = { .args = args };
        struct trips *trips = &client.trips;
        bool hogs = strcmp(args->variant, "hog") == 0;
        kr_tcp_address address;
        kr_socket listener;
        pthread_t thread;

        trips->max = args->count * 1000000 / PAUSE_NS + 1;
        trips->times = kr_calloc((size_t)trips->max, sizeof(int64_t));
        trips->plain = kr_calloc((size_t)trips->max, sizeof(int64_t));
        trips->lates = kr_calloc((size_t)trips->max, sizeof(int64_t));
        client.port = 0;
        bench_check(trips->times != NULL && trips->plain != NULL && trips->lates != NULL);
        bench_check(kr_tcp_listen(0, NULL, &listener) == KR_OK);
        bench_check(kr_tcp_sockname(listener, &address) == KR_OK);
        client.port = address.port;
        start_work(hogs);
        bench_check(pthread_create(&thread, NULL, client_main, &client) == 0);
        serve(listener);
        while (!atomic_load(&done))
                kr_sleep(10);
        pthread_join(thread, NULL);
        bench_check(atomic_load(&worked) > 0);
        fprintf(stderr, "%" PRId64 " round trips beside %" PRIu64 " pieces of work\n",
                trips->count, (uint64_t)atomic_load(&worked));
        report("p99", trips, trips->times, 0.99, args->variant);
        report("worst", trips, trips->times, 1, args->variant);
        report("plain_p99", trips, trips->plain, 0.99, args->variant);
        report("plain_worst", trips, trips->plain, 1, args->variant);
        report("wake", trips, trips->lates, 0.99, args->variant);
}

BENCH_KRARUP_MAIN(run)
