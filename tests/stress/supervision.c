/* SPDX-License-Identifier: Apache-2.0 */
/* supervision.c: a tree of workers that crash, are killed and end while others use them.
 *
 *      supervision [SECONDS [WORKERS]]
 *
 * WORKERS (100,000) gen_servers under a hundred supervisors under one; for SECONDS (5) they are
 * called and cast to, and some write through NULL, are killed, or exit with normal or with an
 * error. What must hold: no worker is there twice; when it is
 * quiet all are there; when the tree has been stopped none is, and each that was started has
 * ended; memory is back within 5 % and 4 MiB after kr_node_trim.
 */
#include "long.h"

#include <stdatomic.h>

#define SUPS 100
#define DISTURBERS 4
#define CALLERS 4
#define SETTLE_MS 60000
#define WARM_UP_MS 1000
#define SLACK_KIB 4096 /* more processes may be in the middle of something than before */

static struct {
        int64_t seconds, workers;
        int64_t each; /* workers of a supervisor */
        kr_pid sup[SUPS];
        _Atomic uint64_t *pid; /* of each worker: pid.num; 0: none */
        _Atomic int32_t *alive;
        _Atomic int64_t started, ended;
        _Atomic int64_t calls, faults, kills, exits;
        _Atomic bool stop, done;
} the;

/* -- workers -- */

struct worker {
        int64_t slot; /* from 1; 0: not begun */
        int64_t value;
};

__attribute__((no_sanitize("undefined"), no_sanitize("thread"))) static void write_null(
        void)
{
        *(volatile int *)0 = 1;
}

static kr_next init(struct worker *w, kr_term args)
{
        int64_t slot;

        long_must(kr_match(args, "[~]", &slot));
        w->slot = slot + 1;
        the.started++;
        long_must(atomic_fetch_add(&the.alive[slot], 1) == 0);
        the.pid[slot] = kr_self().num;
        return kr_ok();
}

static kr_next handle_call(struct worker *w, kr_term request, kr_from from)
{
        (void)request;
        (void)from;
        return kr_reply("~", w->value);
}

static kr_next handle_cast(struct worker *w, kr_term message)
{
        kr_term reason;

        if (kr_match(message, "tick"))
                w->value++;
        else if (kr_match(message, "fault"))
                write_null();
        else if (kr_match(message, "{exit, ~}", &reason))
                return kr_stop("~", reason);
        return kr_noreply();
}

/* Whatever it has ended by. */
static void release(struct worker *w)
{
        if (w->slot == 0)
                return;
        the.ended++;
        atomic_fetch_sub(&the.alive[w->slot - 1], 1);
}

KR_GEN_SERVER(worker, struct worker, .init = init, .handle_call = handle_call,
              .handle_cast = handle_cast, .release = release);

/* -- the tree -- */

static const kr_child workers[] = { { .id = "worker", .start = KR_START(worker) } };

KR_SUPERVISOR(workers_sup, .strategy = KR_SIMPLE_ONE_FOR_ONE, .intensity = 1000000000,
              KR_CHILDREN(workers));

static kr_err top_init(kr_supervisor_init *s, kr_term args)
{
        (void)args;
        for (int32_t i = 0; i < SUPS; i++) {
                const kr_term id = kr_int(i);
                const kr_child child = { .id_term = &id, .start = KR_START(workers_sup) };

                long_must(kr_supervisor_add(s, &child) == KR_OK);
        }
        return KR_OK;
}

KR_SUPERVISOR(top_sup, .init = top_init);

static void start_worker(int64_t slot)
{
        kr_msg slot_msg = KR_MSG_INIT;

        long_must(
                kr_supervisor_start_another(the.sup[slot % SUPS], &slot_msg, "[~]", slot)
                        .err == KR_OK);
        kr_msg_clear(&slot_msg);
}

/* Find the supervisors below. */
static void find_sups(kr_pid top)
{
        kr_msg slot = KR_MSG_INIT;
        kr_term list = kr_supervisor_which_children(top, &slot);
        kr_pid pid;
        int n;

        for (; kr_is_cons(list); list = kr_tl(list)) {
                long_must(kr_match(kr_hd(list), "{~, ~, supervisor, _}", &n, &pid));
                the.sup[n] = pid;
        }
        kr_msg_clear(&slot);
}

static kr_pid start_tree(void)
{
        kr_started started = kr_start_link(&top_sup, NULL, "[]");

        long_must(started.err == KR_OK);
        find_sups(started.pid);
        for (int64_t slot = 0; slot < the.workers; slot++) {
                start_worker(slot);
                if (slot % 8192 == 0)
                        long_progress("workers started:", slot, the.workers);
        }
        return started.pid;
}

static int64_t active(void)
{
        int64_t sum = 0;

        for (int i = 0; i < SUPS; i++)
                sum += (int64_t)kr_supervisor_count_children(the.sup[i]).active;
        return sum;
}

static int64_t alive(void)
{
        int64_t sum = 0;

        for (int64_t i = 0; i < the.workers; i++)
                sum += the.alive[i];
        return sum;
}

static void stop_tree(kr_pid top)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref = kr_monitor(top);

        kr_exit_signal(top, "shutdown");
        kr_receive(&msg, KR_INFINITY, kr_on(0, "{'DOWN', =, _, _, shutdown}", ref));
        kr_receive(&msg, KR_INFINITY, kr_on(0, "{'EXIT', =, shutdown}", top));
        kr_msg_clear(&msg);
        /* links fire before a worker's memory goes */
        for (int64_t waited_ms = 0; the.started != the.ended; waited_ms++) {
                long_must(waited_ms < SETTLE_MS);
                kr_sleep(1);
        }
        long_must(alive() == 0);
}

/* -- those that use and disturb it -- */

static uint64_t next_random(uint64_t *state)
{
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        return *state;
}

static kr_pid some_worker(uint64_t *chance, int64_t *ret_slot)
{
        int64_t slot = (int64_t)(next_random(chance) % (uint64_t)the.workers);
        kr_pid pid = kr_self();

        pid.num = the.pid[slot];
        *ret_slot = slot;
        return pid;
}

static void calls(int64_t seed)
{
        uint64_t chance = (uint64_t)seed * 2654435761u + 1;
        kr_msg answer = KR_MSG_INIT;
        int64_t slot;

        while (!the.stop) {
                kr_pid pid = some_worker(&chance, &slot);

                for (int i = 0; i < 4; i++)
                        kr_cast(pid, "tick");
                (void)kr_try_call(pid, &answer, 60000, "read"); /* or it has gone */
                kr_msg_clear(&answer);
                the.calls++;
        }
}

static void disturbs(int64_t seed)
{
        uint64_t chance = (uint64_t)seed * 40503u + 7;
        int64_t slot;

        while (!the.stop) {
                kr_pid pid = some_worker(&chance, &slot);

                switch (next_random(&chance) % 5) {
                case 0:
                        kr_cast(pid, "fault");
                        the.faults++;
                        break;
                case 1:
                        kr_exit_signal(pid, "kill");
                        the.kills++;
                        break;
                case 2:
                        kr_cast(pid, "{exit, normal}");
                        the.exits++;
                        break;
                case 3:
                        kr_cast(pid, "{exit, {bad, ~}}", (int64_t)(chance % 10));
                        the.exits++;
                        break;
                default:
                        kr_sleep(1);
                        break;
                }
        }
}

static void disturb_for(int64_t ms)
{
        kr_ref refs[DISTURBERS + CALLERS];
        kr_msg msg = KR_MSG_INIT;

        the.stop = false;
        for (int64_t i = 0; i < DISTURBERS; i++)
                (void)kr_spawn_monitor(&refs[i], disturbs, i + 1);
        for (int64_t i = 0; i < CALLERS; i++)
                (void)kr_spawn_monitor(&refs[DISTURBERS + i], calls, i + 1);
        kr_sleep(ms);
        the.stop = true;
        for (int i = 0; i < DISTURBERS + CALLERS; i++) {
                kr_receive(&msg, KR_INFINITY,
                           kr_on(0, "{'DOWN', =, process, _, normal}", refs[i]));
                kr_msg_clear(&msg);
        }
}

/* All there: each end has been heard of and mended. */
static void await_quiet(void)
{
        int64_t began_ms = kr_monotonic_ms(NULL);

        while (active() != the.workers || alive() != the.workers) {
                long_must(kr_monotonic_ms(NULL) - began_ms < SETTLE_MS);
                kr_sleep(1);
        }
}

static void root(void)
{
        int64_t before_kib, after_kib, began_ns;
        kr_pid top;

        (void)kr_trap_exit(true);
        top = start_tree();
        disturb_for(WARM_UP_MS);
        await_quiet();
        stop_tree(top);
        kr_node_trim(kr_here());
        before_kib = long_resident_kib();

        began_ns = long_now_ns();
        top = start_tree();
        printf("%lld workers started in %.2f s\n", (long long)the.workers,
               (double)(long_now_ns() - began_ns) / 1e9);
        disturb_for(the.seconds * 1000);
        await_quiet();
        printf("%lld calls; %lld faults, %lld kills, %lld exits; %lld starts\n",
               (long long)the.calls, (long long)the.faults, (long long)the.kills,
               (long long)the.exits, (long long)the.started);
        began_ns = long_now_ns();
        stop_tree(top);
        printf("all stopped in %.2f s\n", (double)(long_now_ns() - began_ns) / 1e9);
        kr_node_trim(kr_here());
        after_kib = long_resident_kib();
        printf("%lld KiB before, %lld KiB after\n", (long long)before_kib,
               (long long)after_kib);
        if (LONG_COUNTS_MEMORY)
                long_must(after_kib <= before_kib + before_kib / 20 + SLACK_KIB);
        the.done = true;
}

static void say_nothing(void *context, const char *text)
{
        (void)context;
        (void)text;
}

int main(int argc, char **argv)
{
        const kr_node_opts opts = { .schedulers = 2,
                                    .faults = KR_FAULTS_EXIT,
                                    .report = say_nothing };
        kr_node *node;

        the.seconds = long_number(argc, argv, 5);
        the.workers = long_number(argc - 1, argv + 1, 100000);
        the.pid = calloc((size_t)the.workers, sizeof(*the.pid));
        the.alive = calloc((size_t)the.workers, sizeof(*the.alive));
        long_must(the.pid != NULL && the.alive != NULL);
        long_must(kr_node_start(&opts, &node) == KR_OK);
        (void)kr_node_spawn(node, root);
        while (!the.done)
                usleep(1000);
        long_must(kr_node_stop(node, 10000) == KR_OK);
        free((void *)the.pid);
        free((void *)the.alive);
        return 0;
}
