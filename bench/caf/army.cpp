/* SPDX-License-Identifier: Apache-2.0 */
/* army: event-based counters: start, tick i-th by i, sum, square root, sum, stop.
 *
 * The starter is an event-based actor as well: a blocking one would cross threads twice per
 * read. So each walk over the army is a chain of requests, one after another as in the others.
 * The counters are not linked to it: CAF searches one list at each end of a link, so that the
 * time to stop them all would grow with the square of their number.
 */
#include "caf_kit.hpp"

#include <cmath>
#include <functional>
#include <vector>

using namespace caf;

enum phase { SPAWN, TICK, SUM, SQRT, SUM2, STOP, PHASES };

static const char *const names[PHASES] = {
        "army.spawn", "army.tick", "army.sum", "army.sqrt", "army.sum2", "army.stop",
};

static double took_ms[PHASES]; /* written by the starter, read when it is done */
static double integers, roots;

struct starter_state {
        std::vector<actor> army;
        size_t stopped = 0; /* those before this one were told to stop */
        int64_t begun = 0;  /* the present phase */
};

using starter = stateful_actor<starter_state>;

static behavior counter(event_based_actor *self)
{
        auto value = std::make_shared<double>(0);

        return {
                [=](tick_atom, double n) { *value += n; },
                [=](read_atom) { return *value; },
                [=](stop_atom) { self->quit(); },
        };
}

static void end_phase(starter *self, enum phase phase)
{
        int64_t now = bench_now_ns();

        took_ms[phase] = (double)(now - self->state.begun) / 1e6;
        self->state.begun = now;
}

/* Read the i-th and all after it, one after another; give each value to `use`, then go on. */
static void read_from(starter *self, size_t i, std::function<void(size_t, double)> *use,
                      void (*go_on)(starter *))
{
        if (i == self->state.army.size()) {
                go_on(self);
                return;
        }
        self->request(self->state.army[i], infinite, read_atom::value)
                .then([=](double value) {
                        (*use)(i, value);
                        read_from(self, i + 1, use, go_on);
                });
}

/* Stop the next one; its DOWN comes back here. */
static void stop_next(starter *self)
{
        if (self->state.stopped == self->state.army.size()) {
                end_phase(self, STOP);
                self->quit();
                return;
        }
        const actor &next = self->state.army[self->state.stopped++];
        self->monitor(next);
        self->send(next, stop_atom::value);
}

static void after_sum2(starter *self)
{
        end_phase(self, SUM2);
        self->set_down_handler([=](down_msg &) { stop_next(self); });
        stop_next(self);
}

static void after_sqrt(starter *self)
{
        static std::function<void(size_t, double)> add = [](size_t, double v) {
                roots += v;
        };

        end_phase(self, SQRT);
        read_from(self, 0, &add, after_sum2);
}

static void after_sum(starter *self)
{
        static std::function<void(size_t, double)> root = [self](size_t i, double v) {
                self->send(self->state.army[i], tick_atom::value, std::sqrt(v) - v);
        };

        end_phase(self, SUM);
        read_from(self, 0, &root, after_sqrt);
}

static behavior start(starter *self, int64_t count)
{
        static std::function<void(size_t, double)> add = [](size_t, double v) {
                integers += v;
        };

        self->state.begun = bench_now_ns();
        for (int64_t i = 0; i < count; i++)
                self->state.army.push_back(self->spawn(counter));
        end_phase(self, SPAWN);
        for (int64_t i = 0; i < count; i++)
                self->send(self->state.army[(size_t)i], tick_atom::value,
                           (double)(i + 1));
        end_phase(self, TICK);
        read_from(self, 0, &add, after_sum);
        return { [](stop_atom) {} };
}

static void run(actor_system &system, const bench_args &args)
{
        scoped_actor self{ system };
        double expect = 0, total = 0;

        self->wait_for(self->spawn(start, args.count));
        bench_check((int64_t)integers == args.count * (args.count + 1) / 2);
        for (int64_t i = 1; i <= args.count; i++)
                expect += std::sqrt((double)i);
        bench_check(std::fabs(roots - expect) < 1e-9 * roots);
        for (int phase = SPAWN; phase < PHASES; phase++) {
                bench_report(names[phase], took_ms[phase], "ms");
                total += took_ms[phase];
        }
        bench_report("army.total", total, "ms");
        bench_report("army.rss", (double)bench_memory_bytes("VmHWM:"), "bytes");
}

BENCH_CAF_MAIN_TUNED(run, bench_sharing, 0)
