/* SPDX-License-Identifier: Apache-2.0 */
/* pingpong: two event-based actors; ping one way, pong back. */
#include "caf_kit.hpp"

using namespace caf;

static behavior pong(event_based_actor *self)
{
        auto answered = std::make_shared<int64_t>(0);

        return {
                [=](ping_atom) {
                        ++*answered;
                        return pong_atom::value;
                },
                [=](stop_atom) {
                        self->quit();
                        return *answered;
                },
        };
}

static behavior ping(event_based_actor *self, actor other, actor parent, int64_t count)
{
        auto left = std::make_shared<int64_t>(count);

        self->send(other, ping_atom::value);
        return {
                [=](pong_atom) {
                        if (--*left > 0) {
                                self->send(other, ping_atom::value);
                        } else {
                                self->send(parent, done_atom::value);
                                self->quit();
                        }
                },
        };
}

static void run(actor_system &system, const bench_args &args)
{
        scoped_actor self{ system };
        actor other = self->spawn(pong);
        int64_t start = bench_now_ns(), took = 0;

        self->spawn(ping, other, self, args.count);
        self->receive([&](done_atom) { took = bench_now_ns() - start; });
        self->send(other, stop_atom::value);
        self->receive([&](int64_t answered) { bench_check(answered == args.count); });
        bench_report_sched(&args, "pingpong", (double)took / (double)args.count, "ns");
}

BENCH_CAF_MAIN(run)
