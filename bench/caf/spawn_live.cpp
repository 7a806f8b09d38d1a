/* SPDX-License-Identifier: Apache-2.0 */
/* spawn_live: memory of event-based actors that wait. */
#include "caf_kit.hpp"

#include <vector>

using namespace caf;

static const int64_t batch = 1000;

static behavior idle(event_based_actor *self, actor parent)
{
        self->send(parent, done_atom::value);
        return {
                [=](ask_atom) { return done_atom::value; },
                [=](stop_atom) { self->quit(); },
        };
}

/* Start a batch, wait until all of it waits, and keep one to be asked whether it lives. */
static actor start_batch(scoped_actor &self, std::vector<actor> &all)
{
        for (int64_t i = 0; i < batch; i++)
                all.push_back(self->spawn(idle, actor{ self }));
        for (int64_t i = 0; i < batch; i++)
                self->receive([](done_atom) {});
        return all.back();
}

static void run(actor_system &system, const bench_args &args)
{
        scoped_actor self{ system };
        std::vector<actor> all, sample;

        bench_check(args.count % batch == 0 && strcmp(args.variant, "event") == 0);
        all.reserve((size_t)args.count); /* an actor nobody refers to would end */
        int64_t before = bench_memory_bytes("VmRSS:");
        for (int64_t left = args.count / batch; left > 0; left--)
                sample.push_back(start_batch(self, all));
        int64_t after = bench_memory_bytes("VmRSS:");
        bench_check(system.registry().running() >= (size_t)args.count);
        for (actor &one : sample) {
                self->send(one, ask_atom::value);
                self->receive([](done_atom) {});
        }
        bench_report("spawn_live.event", (double)(after - before) / (double)args.count,
                     "bytes");
        for (actor &one : all)
                self->send(one, stop_atom::value);
}

BENCH_CAF_MAIN_TUNED(run, bench_sharing, 0)
