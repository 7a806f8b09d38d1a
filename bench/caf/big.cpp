/* SPDX-License-Identifier: Apache-2.0 */
/* big: sixty-four actors; in each round each pings every other, answers pings and waits for its pongs. */
#include "caf_kit.hpp"

#include <vector>

using namespace caf;

static const size_t actors = 64;

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<actor>)

struct state {
        std::vector<actor> others;
        int64_t rounds = 0; /* left, the present one included */
        size_t pongs = 0;   /* still awaited in this round */
        int64_t answered = 0;
};

static void ping_all(stateful_actor<state> *self)
{
        self->state.pongs = self->state.others.size();
        for (const actor &other : self->state.others)
                self->send(other, ping_atom::value);
}

static behavior member(stateful_actor<state> *self, actor parent)
{
        return {
                [=](start_atom, const std::vector<actor> &all, int64_t rounds) {
                        for (const actor &one : all)
                                if (one != self)
                                        self->state.others.push_back(one);
                        self->state.rounds = rounds;
                        ping_all(self);
                },
                [=](ping_atom) {
                        self->state.answered++;
                        return pong_atom::value;
                },
                [=](pong_atom) {
                        if (--self->state.pongs > 0)
                                return;
                        if (--self->state.rounds > 0)
                                ping_all(self);
                        else
                                self->send(parent, done_atom::value);
                },
                [=](stop_atom) {
                        self->state.others.clear();
                        self->quit();
                        return self->state.answered;
                },
        };
}

static void run(actor_system &system, const bench_args &args)
{
        scoped_actor self{ system };
        std::vector<actor> all;
        int64_t pings = 0, expect = args.count * (int64_t)(actors * (actors - 1));

        for (size_t i = 0; i < actors; i++)
                all.push_back(self->spawn(member, self));
        int64_t start = bench_now_ns();
        for (const actor &one : all)
                self->send(one, start_atom::value, all, args.count);
        for (size_t i = 0; i < actors; i++)
                self->receive([](done_atom) {});
        int64_t took = bench_now_ns() - start;
        for (const actor &one : all) {
                self->send(one, stop_atom::value);
                self->receive([&](int64_t answered) { pings += answered; });
        }
        bench_check(pings == expect);
        bench_report_sched(&args, "big", 2.0 * (double)pings * 1000 / (double)took,
                           "Mmsg/s");
}

BENCH_CAF_MAIN(run)
