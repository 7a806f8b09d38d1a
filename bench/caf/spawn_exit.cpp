/* SPDX-License-Identifier: Apache-2.0 */
/* spawn_exit: actors that count themselves and end; each thousandth tells the parent, who waits. */
#include "caf_kit.hpp"

#include <atomic>
#include <thread>

using namespace caf;

static const int64_t batch = 1000;
static std::atomic<int64_t> ended;

static void end_at_once(event_based_actor *)
{
        ended.fetch_add(1, std::memory_order_relaxed);
}

static void end_and_tell(event_based_actor *self, actor parent)
{
        ended.fetch_add(1, std::memory_order_relaxed);
        self->send(parent, done_atom::value);
}

static void spawn_batch(event_based_actor *self)
{
        for (int64_t i = 1; i < batch; i++)
                self->spawn(end_at_once);
        self->spawn(end_and_tell, actor{ self });
}

static behavior parent(event_based_actor *self, actor starter, int64_t batches)
{
        auto left = std::make_shared<int64_t>(batches);

        spawn_batch(self);
        return {
                [=](done_atom) {
                        if (--*left > 0) {
                                spawn_batch(self);
                        } else {
                                self->send(starter, done_atom::value);
                                self->quit();
                        }
                },
        };
}

static void run(actor_system &system, const bench_args &args)
{
        scoped_actor self{ system };

        bench_check(args.count % batch == 0);
        int64_t start = bench_now_ns();
        self->spawn(parent, self, args.count / batch);
        self->receive([](done_atom) {});
        while (ended.load() <
               args.count) /* the last to tell need not be the last to end */
                std::this_thread::yield();
        int64_t took = bench_now_ns() - start;
        bench_check(ended.load() == args.count);
        bench_report_sched(&args, "spawn_exit", (double)took / (double)args.count, "ns");
}

BENCH_CAF_MAIN_TUNED(run, bench_sharing, 0)
