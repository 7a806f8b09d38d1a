/* SPDX-License-Identifier: Apache-2.0 */
/* hot_upgrade: COUNT gen_servers under calls from four clients change to another version of their
 * module, whose state has one field more: process by process, then all at once to a third. */
#include "krarup_kit.h"

#include <stdatomic.h>
#include <unistd.h>

#define CLIENTS 4
#define QUIET_MS 1000
#define BUCKETS 50000 /* of a microsecond */

enum { QUIET, ROLLING, AT_ONCE, PHASES };

struct calls {
        uint32_t took_us[BUCKETS]; /* the last: that or longer */
        uint64_t count, failed;
        int64_t max_ns;
};

static struct calls calls[CLIENTS][PHASES];
static _Atomic int phase;
static _Atomic bool stop;
static kr_pid *servers;
static int64_t server_count;

struct client {
        kr_pid parent;
        int64_t number;
};

static void note_call(struct calls *c, int64_t ns, bool ok)
{
        int64_t us = ns / 1000;

        c->took_us[us < BUCKETS ? us : BUCKETS - 1]++;
        c->count++;
        c->failed += !ok;
        if (ns > c->max_ns)
                c->max_ns = ns;
}

/* A call belongs to the phase in which it ends. */
static void client(const struct client *c)
{
        uint64_t random = (uint64_t)c->number + 88172645463325252u;
        kr_msg reply = KR_MSG_INIT;
        int64_t began_ns, value;

        while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
                bool ok;

                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                began_ns = bench_now_ns();
                ok = kr_try_call(servers[random % (uint64_t)server_count], &reply, 5000,
                                 "read") == KR_OK &&
                     kr_match(reply.term, "~", &value) && value == 1;
                note_call(&calls[c->number][atomic_load(&phase)],
                          bench_now_ns() - began_ns, ok);
        }
        kr_msg_clear(&reply);
        kr_send(c->parent, "{done, ~}", kr_self());
}

/* -- what the clients have seen -- */

static double max_call_ms(int of)
{
        int64_t max_ns = 0;

        for (int i = 0; i < CLIENTS; i++)
                if (calls[i][of].max_ns > max_ns)
                        max_ns = calls[i][of].max_ns;
        return (double)max_ns / 1e6;
}

static uint64_t total(int of, bool failed)
{
        uint64_t sum = 0;

        for (int i = 0; i < CLIENTS; i++)
                sum += failed ? calls[i][of].failed : calls[i][of].count;
        return sum;
}

/* The 99.99th percentile. */
static double p9999_ms(int of)
{
        uint64_t rank = total(of, false) - total(of, false) / 10000, seen = 0;

        for (int us = 0; us < BUCKETS; us++) {
                for (int i = 0; i < CLIENTS; i++)
                        seen += calls[i][of].took_us[us];
                if (seen >= rank)
                        return (us + 1) / 1000.0;
        }
        return max_call_ms(of);
}

static void tell(int of, const char *name, const kr_upgrade_report *report)
{
        char text[80];

        (void)snprintf(text, sizeof(text), "hot_upgrade.%s.max_call", name);
        bench_report(text, max_call_ms(of), "ms");
        (void)snprintf(text, sizeof(text), "hot_upgrade.%s.p9999", name);
        bench_report(text, p9999_ms(of), "ms");
        if (report == NULL)
                return;
        (void)snprintf(text, sizeof(text), "hot_upgrade.%s.per_process", name);
        bench_report(text, (double)report->took_ns / 1000.0 / (double)server_count, "us");
        (void)snprintf(text, sizeof(text), "hot_upgrade.%s.failed", name);
        bench_report(text, (double)total(of, true), "calls");
        fprintf(stderr,
                "%s: %u converted, longest pause %.1f us, %.1f ms of %.1f moving\n", name,
                report->converted, (double)report->longest_pause_ns / 1e3,
                (double)report->moving_ns / 1e6, (double)report->took_ns / 1e6);
}

/* -- the work -- */

/* Beside this program. */
static const char *file_of(int version)
{
        static char file[4096];
        ssize_t len = readlink("/proc/self/exe", file, sizeof(file) - 64);

        bench_check(len > 0);
        file[len] = '\0';
        (void)sprintf(strrchr(file, '/') + 1, "hot_counter_%d.so", version);
        return file;
}

static void start_servers(int64_t count)
{
        const kr_behaviour *counter;

        bench_check(kr_code_load(file_of(1), NULL) == KR_OK);
        counter = kr_behaviour_named(KR_ATOM("hot_counter"));
        bench_check(counter != NULL);
        servers = malloc((size_t)count * sizeof(*servers));
        bench_check(servers != NULL);
        for (server_count = 0; server_count < count; server_count++) {
                kr_started started = kr_start(counter, NULL, "1");

                bench_check(started.err == KR_OK);
                servers[server_count] = started.pid;
        }
}

static void upgrade(int version, kr_upgrade_mode mode, kr_upgrade_report *report)
{
        const kr_upgrade_opts opts = { .mode = mode, .kill_old = true };

        if (kr_upgrade("hot_counter", file_of(version), &opts, report) != KR_OK)
                fprintf(stderr, "%s\n", report->reason);
        bench_check(report->outcome == KR_UPGRADE_DONE);
        bench_check(report->converted == server_count);
}

static void run(const struct bench_args *args)
{
        kr_upgrade_report rolling, at_once;
        kr_msg msg = KR_MSG_INIT;

        start_servers(args->count);
        for (int64_t i = 0; i < CLIENTS; i++)
                (void)kr_spawn(client, (&(struct client){ kr_self(), i }));
        kr_sleep(QUIET_MS);
        atomic_store(&phase, ROLLING);
        upgrade(2, KR_UPGRADE_ROLLING, &rolling);
        atomic_store(&phase, QUIET);
        kr_sleep(100);
        atomic_store(&phase, AT_ONCE);
        upgrade(3, KR_UPGRADE_AT_ONCE, &at_once);
        atomic_store(&stop, true);
        for (int i = 0; i < CLIENTS; i++)
                (void)kr_receive(&msg, KR_INFINITY, kr_on(0, "{done, _}"));
        kr_msg_clear(&msg);
        tell(QUIET, "quiet", NULL);
        tell(ROLLING, "rolling", &rolling);
        tell(AT_ONCE, "at_once", &at_once);
}

BENCH_KRARUP_MAIN(run)
