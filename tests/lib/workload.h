/* SPDX-License-Identifier: Apache-2.0 */
/* workload.h: concurrent work that says itself whether all went as it must.
 *
 * Model    A workload is a process that starts others, drawn from a seed: how many, what they
 *          do, in which order. It knows what must hold however their turns are mixed, and
 *          ends with `normal` if it held. A run starts a node, lets a few workloads (which
 *          ones, the seed says) go on side by side on it, and then looks at the node: nobody
 *          left, no signal lost in a pool, all memory given back.
 * Drives   The same code runs in simulation, where the seed is the whole history, and on
 *          real threads, where it is the plan.
 * Fails    By a line with the seed and a command that repeats it; then the OS process ends
 *          with status 1. On any thread.
 */
#ifndef KR_TESTS_WORKLOAD_H
#define KR_TESTS_WORKLOAD_H

#include <krarup.h>

struct workload {
        const char *name;
        void (*run)(int64_t seed); /* the body of a process */
};

/* Ends with a name of NULL. */
extern const struct workload workloads[];

struct workload_plan {
        kr_drive drive;
        unsigned schedulers; /* KR_DRIVE_THREADS */
        uint64_t seed;
        const char *only; /* the name of one; NULL: a mix */
};

struct workload_result {
        uint64_t steps_hash; /* KR_DRIVE_SIM */
        uint64_t spawned;
        uint64_t turns;
};

/* Run a plan to its end and check; returns if all held. One at a time. */
struct workload_result workload_run(const struct workload_plan *plan);

/* Is there one of this name? */
bool workload_exists(const char *name);

/* -- for workloads -- */

void workload_fail(const char *file, int line, const char *format, ...)
        __attribute__((noreturn, format(printf, 3, 4)));

#define must(x) ((x) ? (void)0 : workload_fail(__FILE__, __LINE__, "not: %s", #x))
#define must_eq(a, b)                                                                    \
        do {                                                                             \
                int64_t must_a = (int64_t)(a), must_b = (int64_t)(b);                    \
                                                                                         \
                if (must_a != must_b)                                                    \
                        workload_fail(__FILE__, __LINE__, "not %s == %s: %lld, %lld",    \
                                      #a, #b, (long long)must_a, (long long)must_b);     \
        } while (0)

/* Chance, as state of one's own: the same draws in every drive. */
struct chance {
        uint64_t state;
};

struct chance chance_of(uint64_t seed, uint64_t who);
uint32_t chance_below(struct chance *c, uint32_t limit); /* 0 .. limit - 1 */
bool chance_one_in(struct chance *c, uint32_t n);

/* Wait for the DOWN of `ref`; the reason must be `normal`. */
void must_end_normally(kr_ref ref);
/* Nothing is in the caller's mailbox, nor comes within `ms`. */
void must_stay_empty(const char *who, int64_t ms);

/* Memory for what processes share; freed by the workload when all of them have ended. */
void *workload_alloc(size_t count, size_t size);

/* The workloads, by file. */
void workload_mesh(int64_t seed); /* workload_messages.c */
void workload_calls(int64_t seed);
void workload_become(int64_t seed);
void workload_limits(int64_t seed);
void workload_ends(int64_t seed); /* workload_signals.c */
void workload_names(int64_t seed);
void workload_spawns(int64_t seed);
void workload_timers(int64_t seed);
void workload_supervisors(int64_t seed); /* workload_supervisors.c */

#endif
