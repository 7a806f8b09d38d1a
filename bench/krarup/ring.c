/* SPDX-License-Identifier: Apache-2.0 */
/* ring: a token with its number of hops left goes round a thousand processes. */
#include "krarup_kit.h"

#define SIZE 1000

enum { TOKEN, COLLECT, NEXT, ARRIVED, PASSED };

struct node {
        kr_pid parent;
        kr_pid next;
        int64_t passed;
};

static void pass(struct node *self, int64_t left)
{
        if (left == 0) {
                kr_send(self->parent, "{arrived, ~}", kr_self());
                return;
        }
        kr_send(self->next, "{token, ~}", left - 1);
        self->passed++;
}

/* Collecting, each adds the number of tokens it passed on, and ends; the last tells the parent. */
static void collect(const struct node *self, int64_t left, int64_t sum)
{
        if (left == 1)
                kr_send(self->parent, "{passed, ~}", sum + self->passed);
        else
                kr_send(self->next, "{collect, ~, ~}", left - 1, sum + self->passed);
}

static void node(struct node *self)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t left, sum;

        switch (kr_receive_top(&msg, KR_INFINITY, kr_on(TOKEN, "{token, ~}", &left),
                               kr_on(COLLECT, "{collect, ~, ~}", &left, &sum))) {
        case TOKEN:
                pass(self, left);
                kr_become(node, self);
        case COLLECT:
                collect(self, left, sum);
        }
}

/* The last one learns who is first when all are there. */
static void last_node(struct node *self)
{
        kr_msg msg = KR_MSG_INIT;

        kr_receive(&msg, KR_INFINITY, kr_on(NEXT, "{next, ~}", &self->next));
        kr_become(node, self);
}

static kr_pid start_ring(void)
{
        struct node one = { kr_self(), kr_pid_none(), 0 };
        kr_pid last = kr_spawn_link(last_node, &one);

        one.next = last;
        for (int i = 1; i < SIZE; i++)
                one.next = kr_spawn_link(node, &one);
        kr_send(last, "{next, ~}", one.next);
        return one.next;
}

static void run(const struct bench_args *args)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t start, took, passed;
        kr_pid first, where;

        bench_check(args->count % SIZE == 0);
        first = start_ring();
        start = bench_now_ns();
        kr_send(first, "{token, ~}", args->count);
        kr_receive(&msg, KR_INFINITY, kr_on(ARRIVED, "{arrived, ~}", &where));
        took = bench_now_ns() - start;
        bench_check(kr_pid_eq(where, first));
        kr_send(first, "{collect, ~, 0}", SIZE);
        kr_receive(&msg, KR_INFINITY, kr_on(PASSED, "{passed, ~}", &passed));
        bench_check(passed == args->count);
        bench_report_sched(args, "ring", (double)took / (double)args->count, "ns");
}

BENCH_KRARUP_MAIN(run)
