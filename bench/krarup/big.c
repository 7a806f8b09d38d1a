/* SPDX-License-Identifier: Apache-2.0 */
/* big: sixty-four processes; in each round each pings every other, answers pings and waits for its pongs. */
#include "krarup_kit.h"

#define ACTORS 64

enum { START, PING, PONG, STOP, DONE, ANSWERED };

struct actor {
        kr_pid parent;
        const kr_pid *all; /* of ACTORS; the parent's, who outlives them */
        int64_t rounds;
};

static void answer_ping(kr_pid from, int64_t *answered)
{
        kr_send(from, "{pong, ~}", kr_self());
        ++*answered;
}

static void play_round(const kr_pid *all, int64_t *answered)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid from;

        for (int i = 0; i < ACTORS; i++)
                if (!kr_pid_eq(all[i], kr_self()))
                        kr_send(all[i], "{ping, ~}", kr_self());
        for (int left = ACTORS - 1; left > 0;) {
                switch (kr_receive(&msg, KR_INFINITY, kr_on(PING, "{ping, ~}", &from),
                                   kr_on(PONG, "{pong, _}"))) {
                case PING:
                        answer_ping(from, answered);
                        break;
                case PONG:
                        left--;
                        break;
                }
        }
}

/* All its own rounds are over; the others may still ping. */
static void answer_until_stop(int64_t *answered)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid from;

        while (kr_receive(&msg, KR_INFINITY, kr_on(PING, "{ping, ~}", &from),
                          kr_on(STOP, "stop")) == PING)
                answer_ping(from, answered);
}

static void actor(const struct actor *self)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t answered = 0;

        kr_receive(&msg, KR_INFINITY, kr_on(START, "start"));
        for (int64_t i = 0; i < self->rounds; i++)
                play_round(self->all, &answered);
        kr_send(self->parent, "done");
        answer_until_stop(&answered);
        kr_send(self->parent, "{answered, ~}", answered);
}

static int64_t sum_answered(void)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t sum = 0, n;

        for (int i = 0; i < ACTORS; i++) {
                kr_receive(&msg, KR_INFINITY, kr_on(ANSWERED, "{answered, ~}", &n));
                sum += n;
        }
        return sum;
}

static void run(const struct bench_args *args)
{
        int64_t pings = args->count * ACTORS * (ACTORS - 1);
        kr_pid *all = kr_alloc(ACTORS * sizeof(*all));
        struct actor one = { kr_self(), all, args->count };
        kr_msg msg = KR_MSG_INIT;
        int64_t start, took;

        bench_check(all != NULL);
        for (int i = 0; i < ACTORS; i++)
                all[i] = kr_spawn_link(actor, &one);
        start = bench_now_ns();
        for (int i = 0; i < ACTORS; i++)
                kr_send(all[i], "start");
        for (int i = 0; i < ACTORS; i++)
                kr_receive(&msg, KR_INFINITY, kr_on(DONE, "done"));
        took = bench_now_ns() - start;
        for (int i = 0; i < ACTORS; i++)
                kr_send(all[i], "stop");
        bench_check(sum_answered() == pings);
        bench_report_sched(args, "big", (double)(2 * pings) * 1000 / (double)took,
                           "Mmsg/s");
}

BENCH_KRARUP_MAIN(run)
