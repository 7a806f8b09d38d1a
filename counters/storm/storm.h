/* SPDX-License-Identifier: Apache-2.0 */
/* storm.h: blows to a counter of the tree in storm_sup.h, under load, and what they cost.
 *
 * Model    Four processes tick a counter each, without pause: many casts, then a call, which is
 *          answered. c is struck meanwhile; then all four are asked what they have.
 * Witness  What was sent, acknowledged and counted is kept outside all processes as well, so
 *          that what a crash has cost can be told: a counter that crashes cannot.
 * Threads  One process at a time, on a node with KR_FAULTS_EXIT and threads of its own.
 */
#ifndef STORM_H
#define STORM_H

#include <krarup.h>

enum storm_blow {
        STORM_SEGV,  /* a callback writes through NULL */
        STORM_KILL,  /* a stranger's exit signal that cannot be trapped */
        STORM_LOOP,  /* a callback never returns; killed when it does not answer */
        STORM_WRONG, /* messages it does not know, and a tick by an atom */
        STORM_DEEP,  /* a callback overflows its stack */
        STORM_AGAIN, /* STORM_SEGV again and again, until its supervisor gives up */
        STORM_BLOWS
};

/* What of the tree can be started again: the counters, then the supervisors. */
enum {
        STORM_A,
        STORM_B,
        STORM_C,
        STORM_D,
        STORM_COUNTERS,
        STORM_CALM_SUP = STORM_COUNTERS,
        STORM_ROUGH_SUP,
        STORM_MEMBERS
};

struct storm_member {
        const char *name;
        kr_pid before, after; /* who had the name: differs if it was started again */
        char parent[20];      /* the name of who started `after` */
};

/* Of one counter, during one blow. */
struct storm_count {
        int64_t before;       /* its value when it began */
        int64_t sent;         /* ticks */
        int64_t acknowledged; /* those that were answered */
        int64_t counted;      /* by whichever process had the name */
        int64_t now;          /* its value in the end */
};

struct storm_result {
        struct storm_member members[STORM_MEMBERS];
        struct storm_count counts[STORM_COUNTERS];
        int strikes;
        char reason[100];    /* what c ended with, the first time; without the trace */
        int64_t answered_ns; /* from the last strike to the first answer of another c */
};

/* Called now and then while the load runs. `sent`: ticks since the blow began. */
typedef void storm_watch_fn(int64_t sent);

/* Start the tree, linked to the caller. A fresh rough_sup has STORM_RESTARTS to spend. */
kr_started storm_start(void);

/* Load, strike, await the answer of another c, load, count. `watch` may be NULL. */
void storm_blow(enum storm_blow blow, storm_watch_fn *watch,
                struct storm_result *ret_result);

/* The tree ends, in order. */
void storm_stop(void);

#endif
