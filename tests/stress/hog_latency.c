/* SPDX-License-Identifier: Apache-2.0 */
/* hog_latency.c: how late a pinging pair gets beside a hog.
 *
 *      hog_latency [SECONDS]
 *
 * Two schedulers, one process in an endless loop, a pair that exchanges messages every
 * millisecond. At the same time a plain thread that has nothing to do with Krarup sleeps a
 * millisecond at a time: how late it gets is the machine's share. Prints both; status 1 if
 * the pair's delay is above 12 ms (plus the plain thread's) at p99.9, or its worst more than
 * 20 ms above the plain thread's.
 */
#include <krarup.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PAUSE_NS 1000000
/* In less time the greatest of a thousand is one or two moments in which the machine stood still. */
#define FEW_S 10
#define P999_NS 12000000
#define WORST_NS 20000000

/* What is late by how much, in order of size at the end. */
struct delays {
        int64_t *ns;
        size_t count, max;
};

static struct delays pair, plain;
static int64_t until_ns;
static _Atomic bool done;

static int64_t now_ns(void)
{
        struct timespec ts;

        clock_gettime(CLOCK_MONOTONIC, &ts);
        return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void note(struct delays *delays, int64_t ns)
{
        if (delays->count < delays->max)
                delays->ns[delays->count++] = ns;
}

static void hog(void)
{
        /* until a moment before the node stops: not every sanitizer lets it be unwound */
        while (!atomic_load_explicit(&done, memory_order_relaxed))
                ;
}

static void pong(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid from;

        for (;;) {
                kr_receive(&msg, KR_INFINITY, kr_on(0, "{ping, ~}", &from));
                kr_send(from, "pong");
        }
}

/* The delay: of the wake-up and of the round trip together. */
static void ping(void)
{
        kr_pid other = kr_spawn_link(pong);
        kr_msg msg = KR_MSG_INIT;

        while (now_ns() < until_ns) {
                int64_t due_ns = now_ns() + PAUSE_NS;

                kr_sleep(1);
                kr_send(other, "{ping, ~}", kr_self());
                kr_receive(&msg, KR_INFINITY, kr_on(0, "pong"));
                note(&pair, now_ns() - due_ns);
        }
        atomic_store(&done, true);
}

static void *sleep_plainly(void *arg)
{
        const struct timespec pause = { .tv_nsec = PAUSE_NS };

        while (now_ns() < until_ns) {
                int64_t due_ns = now_ns() + PAUSE_NS;

                (void)nanosleep(&pause, NULL); /* waking early is no harm */
                note(&plain, now_ns() - due_ns);
        }
        return arg;
}

static int by_size(const void *a, const void *b)
{
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

        return (x > y) - (x < y);
}

static int64_t report(const char *name, struct delays *delays, int64_t *ret_worst)
{
        int64_t p999;

        qsort(delays->ns, delays->count, sizeof(delays->ns[0]), by_size);
        p999 = delays->ns[delays->count * 999 / 1000];
        *ret_worst = delays->ns[delays->count - 1];
        printf("%-13s %8zu times, late by ms: median %.3f, p99 %.3f, p99.9 %.3f, worst %.3f\n",
               name, delays->count, (double)delays->ns[delays->count / 2] / 1e6,
               (double)delays->ns[delays->count * 99 / 100] / 1e6, (double)p999 / 1e6,
               (double)*ret_worst / 1e6);
        return p999;
}

int main(int argc, char **argv)
{
        int64_t seconds = argc > 1 ? atoi(argv[1]) : 60, worst[2], p999[2];
        const struct timespec nap = { .tv_nsec = PAUSE_NS };
        kr_node *node;
        pthread_t thread;
        bool holds;

        pair.max = plain.max = (size_t)seconds * 1000 + 1000;
        pair.ns = calloc(pair.max, sizeof(int64_t));
        plain.ns = calloc(plain.max, sizeof(int64_t));
        if (seconds <= 0 || !pair.ns || !plain.ns ||
            kr_node_start(&(kr_node_opts){ .schedulers = 2, .faults = KR_FAULTS_EXIT },
                          &node) != KR_OK)
                return 2;
        until_ns = now_ns() + seconds * 1000000000;
        (void)kr_node_spawn(node, hog);
        (void)kr_node_spawn(node, ping);
        if (pthread_create(&thread, NULL, sleep_plainly, NULL) != 0)
                return 2;
        pthread_join(thread, NULL);
        while (!atomic_load(&done))
                (void)nanosleep(&nap, NULL);
        if (kr_node_stop(node, 10000) != KR_OK)
                return 2;
        p999[0] = report("pair", &pair, &worst[0]);
        p999[1] = report("plain thread", &plain, &worst[1]);
        if (seconds < FEW_S)
                p999[1] = worst[1];
        holds = p999[0] <= P999_NS + p999[1] && worst[0] <= WORST_NS + worst[1];
        printf("%s\n", holds ? "within bounds" : "too late");
        return holds ? 0 : 1;
}
