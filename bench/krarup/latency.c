/* SPDX-License-Identifier: Apache-2.0 */
/* latency: round trips of a pair, one each millisecond, while 10,000 processes work 20 us at a time. */
#include "krarup_kit.h"

#define BUSY 10000
#define PIECE_NS 20000
#define PAUSE_MS 1

enum { PING, PONG, STOP, PIECES };

struct trips {
        int64_t *times; /* round trips, ns */
        int64_t *lates; /* how late the pause before each ended, ns */
        int64_t count;
};

static void pong(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid from;
        int64_t id;

        for (;;) {
                kr_receive(&msg, KR_INFINITY, kr_on(PING, "{ping, ~, ~}", &from, &id));
                kr_send(from, "{pong, ~}", id);
        }
}

static void work(void)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t pieces = 0;
        kr_pid from;

        do {
                bench_spin(PIECE_NS);
                pieces++;
                kr_yield();
        } while (kr_receive(&msg, 0, kr_on(STOP, "{stop, ~}", &from)) != STOP);
        kr_send(from, "{pieces, ~}", pieces);
}

static void one_trip(kr_pid other, struct trips *trips)
{
        int64_t due = bench_now_ns() + PAUSE_MS * 1000000;
        kr_msg msg = KR_MSG_INIT;
        int64_t start;

        kr_sleep(PAUSE_MS);
        start = bench_now_ns();
        trips->lates[trips->count] = start - due;
        kr_send(other, "{ping, ~, ~}", kr_self(), start);
        kr_receive(&msg, KR_INFINITY, kr_on(PONG, "{pong, =}", start));
        trips->times[trips->count++] = bench_now_ns() - start;
}

static void stop_all(const kr_pid *busy)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t pieces;

        for (int i = 0; i < BUSY; i++)
                kr_send(busy[i], "{stop, ~}", kr_self());
        for (int i = 0; i < BUSY; i++) {
                kr_receive(&msg, KR_INFINITY, kr_on(PIECES, "{pieces, ~}", &pieces));
                bench_check(pieces > 0);
        }
}

static void report(const char *name, const struct trips *trips, int64_t *samples,
                   double share)
{
        bench_report(name, (double)bench_percentile(samples, trips->count, share) / 1e6,
                     "ms");
}

static void run(const struct bench_args *args)
{
        size_t trips_max = (size_t)(args->count / PAUSE_MS) + 1;
        struct trips trips = { kr_calloc(trips_max, sizeof(int64_t)),
                               kr_calloc(trips_max, sizeof(int64_t)), 0 };
        kr_pid *busy = kr_calloc(BUSY, sizeof(*busy));
        kr_pid other = kr_spawn_link(pong);
        int64_t until;

        bench_check(trips.times != NULL && trips.lates != NULL && busy != NULL);
        for (int i = 0; i < BUSY; i++)
                busy[i] = kr_spawn_link(work);
        until = bench_now_ns() + args->count * 1000000;
        do
                one_trip(other, &trips);
        while (bench_now_ns() < until);
        stop_all(busy);
        fprintf(stderr, "%" PRId64 " round trips\n", trips.count);
        report("latency.p999", &trips, trips.times, 0.999);
        report("latency.worst", &trips, trips.times, 1);
        report("latency.wake", &trips, trips.lates, 0.999);
}

BENCH_KRARUP_MAIN(run)
