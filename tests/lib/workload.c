/* SPDX-License-Identifier: Apache-2.0 */
#include "workload.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/node.h"

#include "kit.h"

#define HANG_S 20

const struct workload workloads[] = {
        { "mesh", workload_mesh },
        { "calls", workload_calls },
        { "become", workload_become },
        { "limits", workload_limits },
        { "ends", workload_ends },
        { "names", workload_names },
        { "spawns", workload_spawns },
        { "timers", workload_timers },
        { "supervisors", workload_supervisors },
        { NULL, NULL },
};

/* The run that is under way. */
static struct {
        const struct workload_plan *plan;
        _Atomic bool has_ended;
        _Atomic int64_t blocks; /* that the node was given and has not returned */
} the;

/* -- failing -- */

static const char *drive_options(void)
{
        static char text[64];

        if (the.plan->drive == KR_DRIVE_SIM)
                return "";
        if (the.plan->drive == KR_DRIVE_HOST)
                return "--host ";
        (void)snprintf(text, sizeof(text), "--threads=%u ", the.plan->schedulers);
        return text;
}

void workload_fail(const char *file, int line, const char *format, ...)
{
        static _Atomic bool has_failed;
        char text[1024];
        va_list args;

        while (atomic_exchange(&has_failed, true))
                pause(); /* somebody else is writing already */
        va_start(args, format);
        (void)vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        fprintf(stderr, "%s:%d: %s\n", file, line, text);
        if (the.plan)
                fprintf(stderr,
                        "seed %" PRIu64 "; again: tests/sim/seeds %s%s%s%s1 %" PRIu64
                        "\n",
                        the.plan->seed, drive_options(), the.plan->only ? "--only=" : "",
                        the.plan->only ? the.plan->only : "", the.plan->only ? " " : "",
                        the.plan->seed);
        fflush(NULL);
        _exit(1);
}

/* -- what workloads use -- */

static uint64_t mix(uint64_t z)
{
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        return z ^ z >> 31;
}

struct chance chance_of(uint64_t seed, uint64_t who)
{
        return (struct chance){ mix(seed) ^ mix(who + 1) };
}

uint32_t chance_below(struct chance *c, uint32_t limit)
{
        c->state += 0x9e3779b97f4a7c15u;
        return (uint32_t)((mix(c->state) >> 32) * limit >> 32);
}

bool chance_one_in(struct chance *c, uint32_t n)
{
        return chance_below(c, n) == 0;
}

void must_end_normally(kr_ref ref)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;
        char text[500];

        kr_receive(&msg, KR_INFINITY,
                   kr_on(0, "{'DOWN', =, process, _, ~}", ref, &reason));
        if (!kr_match(reason, "normal")) {
                (void)kr_format(text, sizeof(text), reason);
                workload_fail(__FILE__, __LINE__, "a process has ended with %s", text);
        }
        kr_msg_clear(&msg);
}

void must_stay_empty(const char *who, int64_t ms)
{
        kr_msg msg = KR_MSG_INIT;
        char text[500];

        if (kr_receive(&msg, ms, kr_on(0, "_")) == KR_TIMEOUT)
                return;
        (void)kr_format(text, sizeof(text), msg.term);
        workload_fail(__FILE__, __LINE__, "%s got what it should not: %s", who, text);
}

void *workload_alloc(size_t count, size_t size)
{
        void *block = calloc(count, size);

        must(block != NULL);
        return block;
}

bool workload_exists(const char *name)
{
        for (const struct workload *w = workloads; w->name; w++)
                if (strcmp(w->name, name) == 0)
                        return true;
        return false;
}

/* -- a run -- */

static void *count_alloc(void *context, size_t size)
{
        void *block = malloc(size);

        (void)context;
        if (block)
                atomic_fetch_add(&the.blocks, 1);
        return block;
}

static void count_free(void *context, void *block, size_t size)
{
        (void)context;
        (void)size;
        if (block)
                atomic_fetch_sub(&the.blocks, 1);
        free(block);
}

static bool is_wanted(const struct workload *w, struct chance *c)
{
        bool drawn = chance_one_in(c, 3);

        return the.plan->only ? strcmp(the.plan->only, w->name) == 0 : drawn;
}

/* Some of them side by side; if the seed chose none, mesh. */
static void run_all(int64_t seed)
{
        struct chance c = chance_of((uint64_t)seed, 0);
        kr_ref refs[sizeof(workloads) / sizeof(workloads[0])];
        unsigned count = 0;

        for (const struct workload *w = workloads; w->name; w++)
                if (is_wanted(w, &c))
                        kr_spawn_monitor(&refs[count++], w->run, seed);
        if (count == 0)
                kr_spawn_monitor(&refs[count++], workload_mesh, seed);
        for (unsigned i = 0; i < count; i++)
                must_end_normally(refs[i]);
        must_stay_empty("the root", 0);
        /* release: pairs with the look at it in await_end */
        atomic_store_explicit(&the.has_ended, true, memory_order_release);
}

static bool has_ended(void)
{
        return atomic_load_explicit(&the.has_ended, memory_order_acquire);
}

static uint32_t alive(kr_node *node)
{
        kr_node_stats stats;

        kr_node_stats_read(node, &stats);
        return stats.processes;
}

static void nap(void)
{
        const struct timespec time = { .tv_nsec = 200000 };

        (void)nanosleep(&time, NULL); /* waking early is no harm */
}

static void await_end(kr_node *node)
{
        uint64_t began_ms = kit_now_ms();
        kr_drive drive = the.plan->drive;

        while (!has_ended() || alive(node) > 0) {
                bool more = drive != KR_DRIVE_THREADS && kr_node_run(node);

                if (more)
                        continue;
                if (drive == KR_DRIVE_SIM && (!has_ended() || alive(node) > 0))
                        workload_fail(
                                __FILE__, __LINE__,
                                "nothing can happen any more, and %u processes wait",
                                alive(node));
                if (kit_now_ms() - began_ms > HANG_S * 1000u * (unsigned)kit_slowness())
                        workload_fail(__FILE__, __LINE__,
                                      "%u processes have not ended in %d s", alive(node),
                                      HANG_S * kit_slowness());
                nap();
        }
}

static uint64_t free_blocks(const struct kri_pool *pool, unsigned how)
{
        return (uint64_t)kri_pool_list_count(&pool->hot[how], how) +
               kri_pool_list_count(&pool->spare[how], how);
}

/* With nobody left every block ever cut is in some free list. One thread only. */
static void pools_must_be_whole(kr_node *node)
{
        for (unsigned how = 0; how < KRI_POOL_CLASSES; how++) {
                const struct kri_depot_class *c = &node->depot.classes[how];
                uint64_t found = free_blocks(&node->scheds[0].pool, how) +
                                 free_blocks(&node->foreign.pool, how);

                for (struct kri_block *list = c->lists; list; list = list->next_list)
                        found += kri_pool_list_len[how] - list->list_room;
                if (found != c->carved)
                        workload_fail(__FILE__, __LINE__,
                                      "of %" PRIu64 " blocks of %u bytes %" PRIu64
                                      " are free",
                                      c->carved, kri_pool_sizes[how], found);
        }
}

/* Processes end by errors here as a matter of course. */
static void say_nothing(void *context, const char *text)
{
        (void)context;
        (void)text;
}

struct workload_result workload_run(const struct workload_plan *plan)
{
        kr_node_opts opts = {
                .drive = plan->drive,
                .schedulers = plan->schedulers,
                .seed = plan->seed,
                .processes_max = 1u << 16,
                .dump_path = "",
                .report = say_nothing,
                .allocator = { .alloc = count_alloc, .free = count_free },
        };
        kr_node_stats stats;
        kr_node *node;

        the.plan = plan;
        /* relaxed: nobody else is there yet */
        atomic_store_explicit(&the.has_ended, false, memory_order_relaxed);
        must_eq(kr_node_start(&opts, &node), KR_OK);
        must(!kr_pid_is_none(kr_node_spawn(node, run_all, (int64_t)plan->seed)));
        await_end(node);
        if (plan->drive != KR_DRIVE_THREADS)
                pools_must_be_whole(node);
        kr_node_stats_read(node, &stats);
        must_eq(kr_node_stop(node, 5000 * kit_slowness()), KR_OK);
        must_eq(atomic_load(&the.blocks), 0);
        return (struct workload_result){ stats.steps_hash, stats.spawned, stats.turns };
}
