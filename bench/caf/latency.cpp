/* SPDX-License-Identifier: Apache-2.0 */
/* latency: round trips of a pair, one each millisecond, while 10,000 actors work 20 us at a time. */
#include "caf_kit.hpp"

#include <vector>

using namespace caf;

static const int64_t busy_actors = 10000;
static const int64_t piece_ns = 20000;
static const int64_t pause_ns = 1000000;

/* Written by the pinging actor, read when it is done. */
static std::vector<int64_t> times; /* round trips */
static std::vector<int64_t> lates; /* how late each pause ended */

struct ping_state {
        int64_t due = 0;   /* when the present pause is to end */
        int64_t begun = 0; /* when the present ping was sent */
};

static behavior busy(event_based_actor *self)
{
        auto pieces = std::make_shared<int64_t>(0);

        self->send(self, work_atom::value);
        return {
                [=](work_atom) {
                        bench_spin(piece_ns);
                        ++*pieces;
                        self->send(self, work_atom::value);
                },
                [=](stop_atom) {
                        self->quit();
                        return *pieces;
                },
        };
}

static behavior pong(event_based_actor *self)
{
        return {
                [=](ping_atom, int64_t id) { return id; },
                [=](stop_atom) { self->quit(); },
        };
}

static void take_a_pause(stateful_actor<ping_state> *self)
{
        self->state.due = bench_now_ns() + pause_ns;
        self->delayed_send(self, std::chrono::nanoseconds(pause_ns), tick_atom::value);
}

static behavior ping(stateful_actor<ping_state> *self, actor other, actor parent,
                     int64_t until)
{
        take_a_pause(self);
        return {
                [=](tick_atom) {
                        self->state.begun = bench_now_ns();
                        lates.push_back(self->state.begun - self->state.due);
                        self->send(other, ping_atom::value, self->state.begun);
                },
                [=](int64_t id) {
                        int64_t now = bench_now_ns();

                        bench_check(id == self->state.begun);
                        times.push_back(now - id);
                        if (now < until) {
                                take_a_pause(self);
                                return;
                        }
                        self->send(other, stop_atom::value);
                        self->send(parent, done_atom::value);
                        self->quit();
                },
        };
}

static void report_percentile(const char *name, std::vector<int64_t> &samples,
                              double share)
{
        int64_t ns = bench_percentile(samples.data(), (int64_t)samples.size(), share);

        bench_report(name, (double)ns / 1e6, "ms");
}

static void run(actor_system &system, const bench_args &args)
{
        scoped_actor self{ system };
        std::vector<actor> all;

        for (int64_t i = 0; i < busy_actors; i++)
                all.push_back(self->spawn(busy));
        self->spawn(ping, self->spawn(pong), self, bench_now_ns() + args.count * 1000000);
        self->receive([](done_atom) {});
        for (const actor &one : all)
                self->send(one, stop_atom::value);
        for (int64_t i = 0; i < busy_actors; i++)
                self->receive([](int64_t pieces) { bench_check(pieces > 0); });
        fprintf(stderr, "%zu round trips\n", times.size());
        report_percentile("latency.p999", times, 0.999);
        report_percentile("latency.worst", times, 1);
        report_percentile("latency.wake", lates, 0.999);
}

/* One message per turn: an actor that sends to itself would else never let another run. */
BENCH_CAF_MAIN_TUNED(run, bench_stealing, 1)
