/* SPDX-License-Identifier: Apache-2.0 */
/* application_main_test.c: whole programs of applications, and starts without memory. */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "application_kit.h"
#include "heap.h"

#include "core/node.h"

/* -- no memory -- */

static _Atomic bool has_ended;
static _Atomic bool may_begin;

/* Boots, starts, asks, and stops: each may fail, and then says so. */
static void live(void)
{
        static const kr_application *const apps[] = { &told, NULL };
        const kr_boot_opts opts = { .applications = apps, .load_only = true };
        kr_msg slot = KR_MSG_INIT;
        kr_term spec;

        if (kr_logger_start(kr_here(), &(kr_logger_opts){ .no_default = true }) !=
                    KR_OK ||
            kr_boot(&opts, NULL) != KR_OK)
                return;
        spec = kr_build("{application, a, [{env, [{x, 1}]}, {mod, {told, ok}}]}");
        if (!kr_is_none(spec) && kr_application_load_spec(spec, NULL) == KR_OK &&
            kr_application_start("a", KR_TEMPORARY, NULL) == KR_OK) {
                (void)kr_application_which(&slot, 5000);
                kr_application_set_env("a", "x", NULL, "2");
                (void)kr_application_stop("a", NULL);
        }
        kr_msg_clear(&slot);
}

static void watch(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;

        while (!atomic_load(&may_begin))
                kr_sleep(1);
        kr_spawn_monitor(&ref, live);
        (void)kr_receive(&msg, KR_INFINITY, kr_on(0, "{'DOWN', =, _, _, _}", ref));
        kr_msg_clear(&msg);
        atomic_store(&has_ended, true);
}

/* The n-th allocation fails (of the heap, or of the node's own); whatever ends for it, nobody
 * waits for ever. */
static bool live_without(uint64_t n, bool of_heap)
{
        kr_node *node = kit_node_start(&(kr_node_opts){ .drive = KR_DRIVE_SIM });
        struct kri_pool *pool = &node->scheds[0].pool;
        bool refused;

        atomic_store(&has_ended, false);
        atomic_store(&may_begin, false);
        kit_false(kr_pid_is_none(kr_node_spawn(node, watch)));
        for (int i = 0; i < 10; i++)
                (void)kr_node_run(node);
        atomic_store(&may_begin, true);
        if (of_heap)
                kit_heap_refuse(n);
        else
                pool->fail_in = (uint32_t)n;
        while (!atomic_load(&has_ended) && kr_node_run(node))
                ;
        refused = of_heap ? kit_heap_has_refused() : pool->fail_in == 0;
        kit_heap_refuse(0);
        pool->fail_in = 0;
        /* the watcher may be the one that had no memory */
        if (!atomic_load(&has_ended) && n > 5)
                kit_fail("without allocation %d of %s somebody waits for ever", (int)n,
                         of_heap ? "the heap" : "the node");
        kit_node_stop(node);
        return refused;
}

KIT_TEST(test_without_memory_nobody_waits_for_ever)
{
        uint64_t n = 1;

        while (live_without(n, true))
                n++;
        kit_int_gt((int64_t)n, 10);
        for (n = 1; live_without(n, false);)
                n++;
        kit_int_gt((int64_t)n, 100);
}

/* -- whole programs -- */

static char notes[2000]; /* what a program has written */

/* Runs kr_main in a process of its own, and sends it a signal when it says that it is up. */
static int run_main(const kr_application *app, int number)
{
        int ends[2], status;
        char line[100];
        FILE *out;
        pid_t pid;

        kit_int_eq(pipe(ends), 0);
        pid = fork();
        if (pid == 0) {
                char *argv[] = { "program", "-kernel", "logger_level", "none", NULL };

                (void)dup2(ends[1], 1);
                (void)close(ends[0]);
                exit(kr_main(4, argv, app));
        }
        (void)close(ends[1]);
        out = fdopen(ends[0], "r");
        kit_not_null(out);
        kit_not_null(fgets(line, sizeof(line), out));
        kit_str_eq(line, "up\n");
        if (number != 0)
                kit_int_eq(kill(pid, number), 0);
        notes[0] = 0;
        while (fgets(line, sizeof(line), out))
                (void)strcat(notes, line);
        (void)fclose(out);
        kit_int_eq(waitpid(pid, &status, 0), pid);
        kit_true(WIFEXITED(status));
        return WEXITSTATUS(status);
}

static void waits(void)
{
        (void)kr_trap_exit(true);
        (void)kr_receive(&(kr_msg)KR_MSG_INIT, KR_INFINITY, kr_on(0, "_"));
}

static kr_started start_up(kr_app *app, kr_msg *more)
{
        (void)app;
        (void)more;
        kit_ok(kr_io_put("up\n"));
        return kr_started_ok(kr_spawn_link(waits));
}

static void stop_down(kr_app *app)
{
        (void)app;
        kit_ok(kr_io_put("down\n"));
}

static void ends_soon(void)
{
        kr_sleep(50);
        kr_exit("tired");
}

static kr_started start_and_end(kr_app *app, kr_msg *more)
{
        (void)app;
        (void)more;
        kit_ok(kr_io_put("up\n"));
        return kr_started_ok(kr_spawn_link(ends_soon));
}

static kr_started start_and_stop(kr_app *app, kr_msg *more)
{
        kr_started up = start_up(app, more);

        kr_init_stop(7);
        return up;
}

KR_APPLICATION(up_app, .start = start_up, .stop = stop_down);
KR_APPLICATION(ending_app, .start = start_and_end, .stop = stop_down);
KR_APPLICATION(stopping_app, .start = start_and_stop, .stop = stop_down);

/* covers: R258 R257 */
KIT_TEST(test_sigterm_stops_a_program_in_order)
{
        kit_int_eq(run_main(&up_app, SIGTERM), 0);
        kit_str_eq(notes, "down\n");
        kit_int_eq(run_main(&up_app, SIGINT), 0);
        kit_str_eq(notes, "down\n");
}

/* covers: N209 */
KIT_TEST(test_a_program_whose_application_ends_fails)
{
        kit_int_eq(run_main(&ending_app, 0), 1);
        kit_str_eq(notes, "down\n");
}

/* covers: R257 */
KIT_TEST(test_a_program_may_stop_itself)
{
        kit_int_eq(run_main(&stopping_app, 0), 7);
        kit_str_eq(notes, "down\n");
}

KIT_MAIN(KIT_SLOW(test_without_memory_nobody_waits_for_ever, 60),
         KIT_CASE(test_sigterm_stops_a_program_in_order),
         KIT_CASE(test_a_program_whose_application_ends_fails),
         KIT_CASE(test_a_program_may_stop_itself))
