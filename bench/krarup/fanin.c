/* SPDX-License-Identifier: Apache-2.0 */
/* fanin: eight producers send {add, 1} to one counter; each asks for the sum when done, then the parent. */
#include "krarup_kit.h"

#define PRODUCERS 8

enum { ADD, GET, SUM, PRODUCED };

struct producer {
        kr_pid parent;
        kr_pid counter;
        int64_t count;
};

static void counter(void)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t sum = 0, n;
        kr_pid from;

        for (;;) {
                switch (kr_receive(&msg, KR_INFINITY, kr_on(ADD, "{add, ~}", &n),
                                   kr_on(GET, "{get, ~}", &from))) {
                case ADD:
                        sum += n;
                        break;
                case GET:
                        kr_send(from, "{sum, ~}", sum);
                        break;
                }
        }
}

static int64_t get_sum(kr_pid from)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t sum;

        kr_send(from, "{get, ~}", kr_self());
        kr_receive(&msg, KR_INFINITY, kr_on(SUM, "{sum, ~}", &sum));
        return sum;
}

/* The answer shows that all its own messages were counted: they came before the question. */
static void produce(const struct producer *self)
{
        for (int64_t i = 0; i < self->count; i++)
                kr_send(self->counter, "{add, 1}");
        bench_check(get_sum(self->counter) >= self->count);
        kr_send(self->parent, "produced");
}

static void run(const struct bench_args *args)
{
        struct producer producer = { kr_self(), kr_spawn_link(counter),
                                     args->count / PRODUCERS };
        kr_msg msg = KR_MSG_INIT;
        int64_t start, took, sum;

        bench_check(args->count % PRODUCERS == 0);
        start = bench_now_ns();
        for (int i = 0; i < PRODUCERS; i++)
                kr_spawn_link(produce, &producer);
        for (int i = 0; i < PRODUCERS; i++)
                kr_receive(&msg, KR_INFINITY, kr_on(PRODUCED, "produced"));
        sum = get_sum(producer.counter);
        took = bench_now_ns() - start;
        bench_check(sum == args->count);
        bench_report_sched(args, "fanin", (double)args->count * 1000 / (double)took,
                           "Mmsg/s");
}

BENCH_KRARUP_MAIN(run)
