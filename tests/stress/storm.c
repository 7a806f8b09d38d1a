/* SPDX-License-Identifier: Apache-2.0 */
/* storm.c: processes that fault, one after another, while messages flow between others.
 *
 *      storm [TIMES]
 *
 * TIMES (100,000) writes through NULL and as many stack overflows. What must hold: each of
 * them is heard of once, with its reason; the others lose nothing; memory is back within 5 %
 * after kr_node_trim.
 */
#include "long.h"

#include <stdatomic.h>

#define FLOWS 4
#define AT_ONCE 32
#define WARM_UP 500

static struct long_flow flows[FLOWS];
static _Atomic bool stop, done;
static int64_t times, nulls, overflows;

__attribute__((no_sanitize("undefined"))) static void write_null(void)
{
        *(volatile int *)0 = 1;
}

static int64_t deeper(volatile int64_t *above)
{
        volatile int64_t here[64];

        here[0] = *above + 1;
        return here[0] == 0 ? 0 : deeper(here) + here[0];
}

static void overflow(void)
{
        volatile int64_t top = 1;

        top = deeper(&top);
}

static void hear_of_one(void)
{
        enum { NULLS, OVERFLOWS, OTHER };
        kr_msg msg = KR_MSG_INIT;
        char text[500];
        kr_term reason;

        switch (kr_receive(&msg, KR_INFINITY,
                           kr_on(NULLS, "{'DOWN', _, process, _, {{sigsegv, 0}, _}}"),
                           kr_on(OVERFLOWS,
                                 "{'DOWN', _, process, _, {{stack_overflow, _}, _}}"),
                           kr_on(OTHER, "{'DOWN', _, process, _, ~}", &reason))) {
        case NULLS:
                nulls++;
                break;
        case OVERFLOWS:
                overflows++;
                break;
        default:
                (void)kr_format(text, sizeof(text), reason);
                fprintf(stderr, "a process has ended with %s\n", text);
                _exit(1);
        }
        kr_msg_clear(&msg);
}

/* So many of each kind. */
static void storm(int64_t count)
{
        int64_t waiting = 0;
        kr_ref ref;

        nulls = overflows = 0;
        for (int64_t i = 0; i < 2 * count; i++) {
                if (i % 2 == 0)
                        (void)kr_spawn_monitor(&ref, write_null);
                else
                        (void)kr_spawn_monitor(&ref, overflow);
                if (++waiting == AT_ONCE) {
                        hear_of_one();
                        waiting--;
                }
                if (i % 4096 == 0)
                        long_progress("faults", i, 2 * count);
        }
        while (waiting-- > 0)
                hear_of_one();
        long_must(nulls == count && overflows == count);
}

static void root(void)
{
        int64_t before_kib, after_kib, began_ns, took_ns, sent = 0, received = 0;
        kr_msg msg = KR_MSG_INIT;

        for (int i = 0; i < FLOWS; i++) {
                flows[i].stop = &stop;
                long_start(&flows[i]);
        }
        for (int i = 0; i < FLOWS; i++)
                while (flows[i].shown < LONG_BURST * 100)
                        kr_sleep(1);
        /* the flows' own DOWNs come at the end only */
        storm(times < WARM_UP ? times : WARM_UP);
        kr_node_trim(kr_here());
        before_kib = long_resident_kib();
        for (int i = 0; i < FLOWS; i++)
                sent -= flows[i].shown;
        began_ns = long_now_ns();
        storm(times);
        took_ns = long_now_ns() - began_ns;
        for (int i = 0; i < FLOWS; i++)
                sent += flows[i].shown;
        printf("%lld faults of each kind in %.1f s, %.0f a second; %.0f messages a second beside\n",
               (long long)times, (double)took_ns / 1e9,
               2e9 * (double)times / (double)took_ns,
               1e9 * (double)sent / (double)took_ns);
        stop = true;
        long_await_flows(FLOWS);
        for (int i = sent = 0; i < FLOWS; i++) {
                sent += flows[i].sent;
                received += flows[i].received;
        }
        long_must(sent == received);
        long_must(kr_receive(&msg, 0, kr_on(0, "_")) == KR_TIMEOUT);
        kr_node_trim(kr_here());
        after_kib = long_resident_kib();
        printf("%lld messages sent and received; %lld KiB before, %lld KiB after\n",
               (long long)sent, (long long)before_kib, (long long)after_kib);
        if (LONG_COUNTS_MEMORY)
                long_must(after_kib <= before_kib + before_kib / 20);
        done = true;
}

static void say_nothing(void *context, const char *text)
{
        (void)context;
        (void)text;
}

int main(int argc, char **argv)
{
        const kr_node_opts opts = { .schedulers = 2,
                                    .faults = KR_FAULTS_EXIT,
                                    .report = say_nothing };
        kr_node *node;

        times = long_number(argc, argv, 100000);
        long_must(kr_node_start(&opts, &node) == KR_OK);
        (void)kr_node_spawn(node, root);
        while (!done)
                usleep(1000);
        long_must(kr_node_stop(node, 10000) == KR_OK);
        return 0;
}
