/* SPDX-License-Identifier: Apache-2.0 */
/* counting: one producer sends {add, 1} count times to a counter, then asks for the sum. */
#include "caf_kit.hpp"

using namespace caf;

static behavior counter(event_based_actor *self)
{
        auto sum = std::make_shared<int64_t>(0);

        return {
                [=](add_atom, int64_t n) { *sum += n; },
                [=](get_atom) { return *sum; },
                [=](stop_atom) { self->quit(); },
        };
}

static behavior producer(event_based_actor *self, actor to, actor parent, int64_t count)
{
        for (int64_t i = 0; i < count; i++)
                self->send(to, add_atom::value, int64_t{ 1 });
        self->send(to, get_atom::value);
        return {
                [=](int64_t sum) {
                        self->send(parent, done_atom::value, sum);
                        self->quit();
                },
        };
}

static void run(actor_system &system, const bench_args &args)
{
        scoped_actor self{ system };
        actor to = self->spawn(counter);
        int64_t start = bench_now_ns(), sum = 0;

        self->spawn(producer, to, self, args.count);
        self->receive([&](done_atom, int64_t n) { sum = n; });
        int64_t took = bench_now_ns() - start;
        bench_check(sum == args.count);
        bench_report_sched(&args, "counting", (double)args.count * 1000 / (double)took,
                           "Mmsg/s");
        self->send(to, stop_atom::value);
}

BENCH_CAF_MAIN(run)
