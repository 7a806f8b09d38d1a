/* SPDX-License-Identifier: Apache-2.0 */
/* ten_million.c: very many idle processes alive at once.
 *
 *      ten_million [COUNT]
 *
 * COUNT (10,000,000) processes that wait at the top of their loop. Says what each costs;
 * then one message goes to each of them, which it answers.
 */
#include "long.h"

#include <stdatomic.h>

#define AT_ONCE 1000

static _Atomic bool done;
static int64_t total;

static void idles(void)
{
        enum { ASK };
        kr_msg msg = KR_MSG_INIT;
        kr_pid from;

        kr_receive_top(&msg, KR_INFINITY, kr_on(ASK, "{ask, ~}", &from));
        kr_send(from, "here");
        kr_msg_clear(&msg);
        kr_become(idles);
}

static void ask_all(const kr_pid *pids)
{
        kr_msg msg = KR_MSG_INIT;

        for (int64_t i = 0; i < total; i++) {
                kr_send(pids[i], "{ask, ~}", kr_self());
                if (i >= AT_ONCE)
                        kr_receive(&msg, KR_INFINITY, kr_on(0, "here"));
        }
        for (int64_t i = 0; i < AT_ONCE && i < total; i++)
                kr_receive(&msg, KR_INFINITY, kr_on(0, "here"));
        long_must(kr_receive(&msg, 0, kr_on(0, "_")) == KR_TIMEOUT);
}

static void root(void)
{
        kr_pid *pids = calloc((size_t)total, sizeof(*pids));
        int64_t began_ns, before_kib, spawned_ns, after_kib;

        long_must(pids != NULL);
        for (int64_t i = 0; i < total; i++)
                pids[i].num = 1; /* touched: the table of pids is not the processes' */
        before_kib = long_resident_kib();
        began_ns = long_now_ns();
        for (int64_t i = 0; i < total; i++) {
                pids[i] = kr_spawn(idles);
                if (i % 1000 == 0)
                        kr_yield(); /* let them get to where they wait */
                if (i % 100000 == 0)
                        long_progress("processes", i, total);
        }
        for (int64_t i = 0; i < total; i += total / 10 + 1)
                long_must(kr_is_process_alive(pids[i]));
        long_must(kr_is_process_alive(pids[total - 1]));
        spawned_ns = long_now_ns() - began_ns;
        after_kib = long_resident_kib();
        printf("%lld processes in %.1f s, %.1f bytes each\n", (long long)total,
               (double)spawned_ns / 1e9,
               1024.0 * (double)(after_kib - before_kib) / (double)total);
        began_ns = long_now_ns();
        ask_all(pids);
        printf("each has answered, in %.1f s; %.1f bytes each\n",
               (double)(long_now_ns() - began_ns) / 1e9,
               1024.0 * (double)(long_resident_kib() - before_kib) / (double)total);
        free(pids);
        done = true;
}

int main(int argc, char **argv)
{
        kr_node_opts opts = { .schedulers = 2 };
        int64_t began_ns;
        kr_node *node;

        total = long_number(argc, argv, 10000000);
        opts.processes_max = (uint32_t)total + 1000;
        long_must(kr_node_start(&opts, &node) == KR_OK);
        (void)kr_node_spawn(node, root);
        while (!done)
                usleep(1000);
        began_ns = long_now_ns();
        long_must(kr_node_stop(node, KR_INFINITY) == KR_OK);
        printf("all ended in %.1f s\n", (double)(long_now_ns() - began_ns) / 1e9);
        return 0;
}
