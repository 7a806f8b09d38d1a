/* SPDX-License-Identifier: Apache-2.0 */
/* billion.c: very many messages through one node, and its memory meanwhile.
 *
 *      billion [MESSAGES]
 *
 * MESSAGES (1,000,000,000) in four flows, numbered, acknowledged in bursts. What must hold:
 * none is lost or out of order; after a tenth of them the node grows by 1 % at most.
 */
#include "long.h"

#include <stdatomic.h>

#define FLOWS 4

static struct long_flow flows[FLOWS];
static _Atomic bool stop, done;
static int64_t total;

static int64_t shown(void)
{
        int64_t sum = 0;

        for (int i = 0; i < FLOWS; i++)
                sum += flows[i].shown;
        return sum;
}

static void root(void)
{
        for (int i = 0; i < FLOWS; i++) {
                flows[i].stop = &stop;
                flows[i].most = total / FLOWS;
                long_start(&flows[i]);
        }
        long_await_flows(FLOWS);
        done = true;
}

int main(int argc, char **argv)
{
        int64_t began_ns = long_now_ns(), warm_kib = 0, most_kib = 0, sent = 0;
        kr_node *node;

        total = long_number(argc, argv, 1000000000);
        long_must(kr_node_start(&(kr_node_opts){ .schedulers = 2 }, &node) == KR_OK);
        (void)kr_node_spawn(node, root);
        while (!done) {
                usleep(20000);
                if (warm_kib == 0 && shown() > total / 10)
                        warm_kib = long_resident_kib();
                if (long_resident_kib() > most_kib && warm_kib != 0)
                        most_kib = long_resident_kib();
                long_progress("messages", shown(), total);
        }
        for (int i = 0; i < FLOWS; i++) {
                long_must(flows[i].sent == flows[i].received);
                sent += flows[i].sent;
        }
        printf("%lld messages in %.1f s; %lld KiB after a tenth of them, at most %lld KiB since\n",
               (long long)sent, (double)(long_now_ns() - began_ns) / 1e9,
               (long long)warm_kib, (long long)most_kib);
        if (warm_kib != 0 && LONG_COUNTS_MEMORY)
                /* a hundredth, or one more chunk of a pool where the whole is that small */
                long_must(most_kib <= warm_kib + warm_kib / 100 + 256);
        long_must(kr_node_stop(node, 10000) == KR_OK);
        return 0;
}
