/* SPDX-License-Identifier: Apache-2.0 */
/* fanin: eight producers send {add, 1} to one counter; each asks for the sum when done, then the parent. */
#include "caf_kit.hpp"

using namespace caf;

static const int64_t producers = 8;

static behavior counter(event_based_actor *self)
{
        auto sum = std::make_shared<int64_t>(0);

        return {
                [=](add_atom, int64_t n) { *sum += n; },
                [=](get_atom) { return *sum; },
                [=](stop_atom) { self->quit(); },
        };
}

/* The answer shows that all its own messages were counted: they came before the question. */
static behavior producer(event_based_actor *self, actor to, actor parent, int64_t each)
{
        for (int64_t i = 0; i < each; i++)
                self->send(to, add_atom::value, int64_t{ 1 });
        self->send(to, get_atom::value);
        return {
                [=](int64_t) {
                        self->send(parent, done_atom::value);
                        self->quit();
                },
        };
}

static void run(actor_system &system, const bench_args &args)
{
        scoped_actor self{ system };
        actor to = self->spawn(counter);
        int64_t sum = 0;

        bench_check(args.count % producers == 0);
        int64_t start = bench_now_ns();
        for (int64_t i = 0; i < producers; i++)
                self->spawn(producer, to, self, args.count / producers);
        for (int64_t i = 0; i < producers; i++)
                self->receive([](done_atom) {});
        self->send(to, get_atom::value);
        self->receive([&](int64_t n) { sum = n; });
        int64_t took = bench_now_ns() - start;
        bench_check(sum == args.count);
        bench_report_sched(&args, "fanin", (double)args.count * 1000 / (double)took,
                           "Mmsg/s");
        self->send(to, stop_atom::value);
}

BENCH_CAF_MAIN(run)
