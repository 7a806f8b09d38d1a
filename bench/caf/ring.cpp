/* SPDX-License-Identifier: Apache-2.0 */
/* ring: a token with its number of hops left goes round a thousand actors. */
#include "caf_kit.hpp"

using namespace caf;

static const int64_t ring_size = 1000;

struct state {
        actor next;
        int64_t passed = 0;
};

/* Collecting, each adds the number of tokens it passed on, and ends; the last tells the parent. */
static behavior node(stateful_actor<state> *self, actor parent)
{
        return {
                [=](start_atom, const actor &next) { self->state.next = next; },
                [=](token_atom, int64_t left) {
                        if (left == 0) {
                                self->send(parent, arrived_atom::value, actor{ self });
                                return;
                        }
                        self->state.passed++;
                        self->send(self->state.next, token_atom::value, left - 1);
                },
                [=](collect_atom, int64_t left, int64_t sum) {
                        sum += self->state.passed;
                        if (left == 1)
                                self->send(parent, sum_atom::value, sum);
                        else
                                self->send(self->state.next, collect_atom::value,
                                           left - 1, sum);
                        self->state.next = nullptr; /* no circle of references is left */
                        self->quit();
                },
        };
}

static void run(actor_system &system, const bench_args &args)
{
        scoped_actor self{ system };
        actor last = self->spawn(node, self), first = last;

        bench_check(args.count % ring_size == 0);
        for (int64_t i = 1; i < ring_size; i++) {
                actor one = self->spawn(node, self);
                self->send(one, start_atom::value, first);
                first = one;
        }
        self->send(last, start_atom::value, first);
        int64_t start = bench_now_ns();
        self->send(first, token_atom::value, args.count);
        self->receive(
                [&](arrived_atom, const actor &where) { bench_check(where == first); });
        int64_t took = bench_now_ns() - start;
        self->send(first, collect_atom::value, ring_size, int64_t{ 0 });
        self->receive(
                [&](sum_atom, int64_t passed) { bench_check(passed == args.count); });
        bench_report_sched(&args, "ring", (double)took / (double)args.count, "ns");
}

BENCH_CAF_MAIN(run)
