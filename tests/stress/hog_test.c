/* SPDX-License-Identifier: Apache-2.0 */
/* hog_test.c: processes that do not come back, and those that live beside them. */
#include "expect.h"
#include "kit.h"
#include "outside.h"
#include "process.h"

#include <krarup.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define KILL_MS (100 * (uint64_t)kit_slowness())
#define HOGS_IN_A_ROW 100

static const kr_node_opts opts = { .schedulers = 2, .faults = KR_FAULTS_EXIT };
/* What a killed process had from malloc stays: nobody else can know what it is for. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
        return "detect_leaks=0";
}

/* ThreadSanitizer delivers no signal to a thread that calls nothing: there hogs come out by
 * themselves when they have been killed, and only what others see of it is shown. */
#if defined(__SANITIZE_THREAD__)
#define CAN_UNWIND false
#elif defined(__has_feature)
#define CAN_UNWIND !__has_feature(thread_sanitizer)
#else
#define CAN_UNWIND true
#endif

static _Atomic bool is_killed;

static void stay(void)
{
        /* relaxed: late is early enough */
        if (!CAN_UNWIND && atomic_load_explicit(&is_killed, memory_order_relaxed))
                kr_yield();
}

static _Atomic bool go_on; /* hogs that look at it stay until it is false */
static _Atomic bool is_in; /* one of these is at it */
static _Atomic uint64_t work;
static int pipe_ends[2];

/* -- hogs -- */

static void endless(void)
{
        for (;; stay())
                /* relaxed: something to do */
                atomic_fetch_add_explicit(&work, 1, memory_order_relaxed);
}

static void reads(void)
{
        char byte;

        for (;; stay())
                (void)!read(pipe_ends[0], &byte, 1);
}

/* AddressSanitizer's allocator is none whose state one may leave behind: there these two
 * keep away from it. */
#if defined(__SANITIZE_ADDRESS__)
#define CHECKED_MALLOC true
#elif defined(__has_feature)
#define CHECKED_MALLOC __has_feature(address_sanitizer)
#else
#define CHECKED_MALLOC false
#endif

static void allocates(void)
{
        if (CHECKED_MALLOC)
                endless();
        for (size_t size = 1;; size = size * 7 % 5003) {
                void *volatile block = malloc(size);

                free(block);
                stay();
        }
}

static int by_value(const void *a, const void *b)
{
        return *(const int *)a - *(const int *)b;
}

static void sorts(void)
{
        static _Thread_local int numbers[1000];

        if (CHECKED_MALLOC)
                endless();
        for (int seed = 1;; seed++) {
                for (int i = 0; i < 1000; i++)
                        numbers[i] = seed * i % 997;
                qsort(numbers, 1000, sizeof(numbers[0]), by_value);
                stay();
        }
}

static void prints(void)
{
        FILE *null = fopen("/dev/null", "w");

        for (int i = 0;; i++, stay())
                fprintf(null, "%d %g\n", i, i / 3.0);
}

/* Comes out when it is told to, and goes on as a process. */
static void hogs_a_while(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid parent;
        int64_t n;

        kr_receive(&msg, KR_INFINITY, kr_on(0, "{start, ~}", &parent));
        kr_send(parent, "ahead");
        kr_send(parent, "at_work");
        kr_yield();
        while (atomic_load(&go_on))
                ;
        kr_send(parent, "behind");
        for (int64_t i = 0; i < 100; i++) {
                kr_receive(&msg, KR_INFINITY, kr_on(0, "{n, ~}", &n));
                kit_int_eq(n, i);
        }
        kr_send(parent, "done");
}

static void hogs_in_a_critical_region(void)
{
        kr_critical_begin();
        atomic_store(&is_in, true);
        while (atomic_load(&go_on))
                ;
        kr_critical_end();
        kr_sleep(KR_INFINITY);
}

/* -- those beside them -- */

static void pong(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid from;

        for (;;) {
                kr_receive(&msg, KR_INFINITY, kr_on(0, "{ping, ~}", &from));
                kr_send(from, "pong");
        }
}

static void round_trips(int count)
{
        kr_pid other = kr_spawn_link(pong);
        kr_msg msg = KR_MSG_INIT;

        for (int i = 0; i < count; i++) {
                kr_send(other, "{ping, ~}", kr_self());
                kit_expect(&msg, "pong");
        }
        kr_unlink(other);
        kr_exit_signal(other, "kill");
}

static int threads(void)
{
        return outside_entries("/proc/self/task");
}

static uint64_t handovers(void)
{
        kr_node_stats stats;

        kr_node_stats_read(kr_here(), &stats);
        return stats.handovers;
}

static uint32_t alive(void)
{
        kr_node_stats stats;

        kr_node_stats_read(kr_here(), &stats);
        return stats.processes;
}

/* Start it, and wait until it has lost its scheduler. */
static kr_pid start_hog(void (*body)(void), kr_ref *ret_ref)
{
        kr_spawn_opts spawn = { .link = true, .monitor = true, .ret_monitor = ret_ref };
        uint64_t before = handovers();
        kr_pid pid = kr_spawn_opt(&spawn, body);

        kr_register("hog", pid);
        for (int i = 0; handovers() == before; i++) {
                kit_int_lt(i, 5000);
                kr_sleep(1);
        }
        return pid;
}

/* Everybody who watches is told, the name is free; soon after it really is gone. */
static void kill_hog(kr_pid pid, kr_ref ref)
{
        uint64_t began_ms = kit_now_ms();
        kr_msg msg = KR_MSG_INIT;

        kr_exit_signal(pid, "kill");
        kit_expect(&msg, "{'DOWN', =, process, =, killed}", ref, pid);
        kit_expect(&msg, "{'EXIT', =, killed}", pid);
        kit_true(kr_pid_is_none(kr_whereis("hog")));
        kit_uint_eq(kit_now_ms() - began_ms > KILL_MS ? kit_now_ms() - began_ms : 0, 0);
        kit_false(kr_is_process_alive(pid));
        kit_expect_down(kr_monitor(pid), "noproc");
        atomic_store(&is_killed, true);
        if (!CAN_UNWIND)
                kit_int_eq(write(pipe_ends[1], "", 1), 1); /* for the one that reads */
}

static void kill_one(void (*body)(void))
{
        uint32_t before = alive();
        kr_ref ref;
        kr_pid pid;

        atomic_store(&is_killed, false);
        if (pipe_ends[1] == 0)
                kit_int_eq(pipe(pipe_ends), 0);
        kr_trap_exit(true);
        pid = start_hog(body, &ref);
        round_trips(1000);
        kill_hog(pid, ref);
        for (int i = 0; alive() != before; i++) {
                kit_int_lt(i, 5000);
                kr_sleep(1);
        }
        kit_expect_nothing();
}

/* -- cases -- */

static void endless_body(void)
{
        kill_one(endless);
}

KIT_TEST(test_an_endless_loop_is_killed_and_others_go_on)
{
        kit_run_process(&opts, endless_body);
}

static void reads_body(void)
{
        kill_one(reads);
}

KIT_TEST(test_a_blocking_read_is_killed_and_others_go_on)
{
        kit_run_process(&opts, reads_body);
}

static void allocates_body(void)
{
        kill_one(allocates);
        free(malloc(100)); /* its lock is not held */
}

KIT_TEST(test_a_loop_of_malloc_is_killed_and_malloc_still_works)
{
        kit_run_process(&opts, allocates_body);
}

static void sorts_body(void)
{
        kill_one(sorts);
}

KIT_TEST(test_a_loop_of_qsort_is_killed)
{
        kit_run_process(&opts, sorts_body);
}

static void prints_body(void)
{
        kill_one(prints);
        kit_int_eq(fprintf(stderr, "%s", ""), 0); /* nor stdio's */
}

KIT_TEST(test_a_loop_of_printf_is_killed_and_stdio_still_works)
{
        kit_run_process(&opts, prints_body);
}

static void row_body(void)
{
        static void (*const bodies[])(void) = { endless, reads, allocates, sorts };
        int before = threads();

        for (int i = 0; i < HOGS_IN_A_ROW; i++)
                kill_one(bodies[i % 4]);
        for (int i = 0; threads() > before; i++) {
                kit_int_lt(i, 5000);
                kr_sleep(1);
        }
        kit_uint_eq(handovers(), HOGS_IN_A_ROW);
}

KIT_TEST(test_a_hundred_hogs_in_a_row_leave_no_thread)
{
        kit_run_process(&opts, row_body);
}

static void several_body(void)
{
        kr_ref refs[8];
        kr_pid pids[8];
        kr_msg msg = KR_MSG_INIT;

        for (int i = 0; i < 8; i++)
                pids[i] = kr_spawn_monitor(&refs[i], endless);
        round_trips(1000);
        for (int i = 0; i < 8; i++)
                kr_exit_signal(pids[i], "kill");
        for (int i = 0; i < 8; i++)
                kit_expect(&msg, "{'DOWN', =, process, _, killed}", refs[i]);
        atomic_store(&is_killed, true);
}

KIT_TEST(test_more_hogs_than_schedulers_leave_room_for_others)
{
        kit_run_process(&opts, several_body);
}

static void comes_out_body(void)
{
        uint64_t before = handovers();
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;
        kr_pid pid;
        int threads_before = threads();

        atomic_store(&go_on, true);
        pid = kr_spawn_monitor(&ref, hogs_a_while);
        kr_send(pid, "{start, ~}", kr_self());
        kit_next(&msg, "ahead");
        kit_next(&msg, "at_work");
        for (int i = 0; handovers() == before; i++) {
                kit_int_lt(i, 5000);
                kr_sleep(1);
        }
        for (int64_t i = 0; i < 100; i++)
                kr_send(pid, "{n, ~}", i);
        kr_sleep(20);
        kit_expect_nothing();
        atomic_store(&go_on, false);
        kit_next(&msg, "behind");
        kit_next(&msg, "done");
        kit_expect_down(ref, "normal");
        for (int i = 0; threads() > threads_before; i++) {
                kit_int_lt(i, 5000);
                kr_sleep(1);
        }
}

KIT_TEST(test_a_hog_that_comes_out_goes_on_where_it_was)
{
        kit_run_process(&opts, comes_out_body);
}

static void again_and_again(void)
{
        for (int i = 0; i < 10; i++) {
                uint64_t until_ms = kit_now_ms() + 30;

                while (kit_now_ms() < until_ms)
                        ;
                kr_yield();
        }
}

static void again_body(void)
{
        kr_ref ref;

        kr_spawn_monitor(&ref, again_and_again);
        round_trips(1000);
        kit_expect_down(ref, "normal");
}

KIT_TEST(test_a_hog_that_comes_out_again_and_again)
{
        kit_run_process(&opts, again_body);
}

static void critical_body(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;
        kr_pid pid;

        kr_trap_exit(true);
        atomic_store(&go_on, true);
        pid = start_hog(hogs_in_a_critical_region, &ref);
        kr_exit_signal(pid, "kill");
        kr_sleep(50);
        kit_expect_nothing();
        kit_true(kr_pid_eq(kr_whereis("hog"), pid));
        atomic_store(&go_on, false);
        kit_expect(&msg, "{'DOWN', =, process, =, killed}", ref, pid);
}

KIT_TEST(test_a_kill_waits_for_a_critical_region)
{
        kit_run_process(&opts, critical_body);
}

static void plain_exit_body(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;
        kr_pid pid;

        kr_trap_exit(true);
        pid = start_hog(endless, &ref);
        kr_exit_signal(pid, "shutdown");
        kit_expect(&msg, "{'DOWN', =, process, =, shutdown}", ref, pid);
        atomic_store(&is_killed, true);
}

KIT_TEST(test_an_exit_signal_that_is_not_trapped_ends_a_hog)
{
        kit_run_process(&opts, plain_exit_body);
}

/* How often the thread of this name has slept; -1: there is none. */
static long naps_of(const char *name)
{
        char path[300], line[200];
        struct dirent *entry;
        DIR *dir = opendir("/proc/self/task");
        long naps = -1;

        while (naps < 0 && (entry = readdir(dir)) != NULL) {
                bool found = false;
                FILE *file;

                (void)snprintf(path, sizeof(path), "/proc/self/task/%s/status",
                               entry->d_name);
                file = fopen(path, "r");
                if (!file)
                        continue;
                while (fgets(line, sizeof(line), file)) {
                        if (strncmp(line, "Name:\t", 6) == 0)
                                found = strncmp(line + 6, name, strlen(name)) == 0;
                        if (found)
                                (void)sscanf(line, "voluntary_ctxt_switches: %ld", &naps);
                }
                fclose(file);
        }
        closedir(dir);
        return naps;
}

/* Nothing wakes up in a node where nothing happens. */
KIT_TEST(test_an_idle_node_sleeps)
{
        kr_node *node = kit_node_start(&opts);
        long before;

        (void)kr_node_spawn(node, kit_sleeper);
        usleep(400000);
        before = naps_of("krarup-watch");
        kit_int_ge(before, 0);
        usleep(500000);
        kit_int_le(naps_of("krarup-watch") - before, 2);
        kit_node_stop(node);
}

/* The watch is back when it is needed. */
static void rested_body(void)
{
        kr_sleep(400);
        kill_one(endless);
}

KIT_TEST(test_a_hog_after_a_rest_is_noticed)
{
        kit_run_process(&opts, rested_body);
}

/* Stop gives up on what does not come out, and can be called again. */
KIT_TEST(test_stop_with_a_hog_that_cannot_be_unwound)
{
        kr_node *node = kit_node_start(&(kr_node_opts){ .schedulers = 2 });

        atomic_store(&go_on, true);
        (void)kr_node_spawn(node, hogs_in_a_critical_region);
        (void)kr_node_spawn(node, kit_sleeper);
        kit_eventually(atomic_load(&is_in));
        kit_err(kr_node_stop(node, 100), KR_ETIMEDOUT);
        kit_true(kr_pid_is_none(kr_node_spawn(node, kit_sleeper)));
        kit_err(kr_node_stop(node, 50), KR_ETIMEDOUT);
        atomic_store(&go_on, false);
        kit_node_stop(node);
}

KIT_TEST(test_stop_ends_hogs_that_can_be_unwound)
{
        struct outside before = outside_look();
        kr_node *node = kit_node_start(&opts);

        atomic_store(&is_killed, !CAN_UNWIND);
        for (int i = 0; i < 5; i++)
                (void)kr_node_spawn(node, endless);
        kit_node_stop(node);
        outside_is_as(&before);
}

KIT_MAIN(KIT_CASE(test_an_endless_loop_is_killed_and_others_go_on),
         KIT_CASE(test_a_blocking_read_is_killed_and_others_go_on),
         KIT_CASE(test_a_loop_of_malloc_is_killed_and_malloc_still_works),
         KIT_CASE(test_a_loop_of_qsort_is_killed),
         KIT_CASE(test_a_loop_of_printf_is_killed_and_stdio_still_works),
         KIT_SLOW(test_a_hundred_hogs_in_a_row_leave_no_thread, 60),
         KIT_SLOW(test_more_hogs_than_schedulers_leave_room_for_others, 20),
         KIT_CASE(test_a_hog_that_comes_out_goes_on_where_it_was),
         KIT_CASE(test_a_hog_that_comes_out_again_and_again),
         KIT_CASE(test_a_kill_waits_for_a_critical_region),
         KIT_CASE(test_an_exit_signal_that_is_not_trapped_ends_a_hog),
         KIT_CASE(test_an_idle_node_sleeps), KIT_CASE(test_a_hog_after_a_rest_is_noticed),
         KIT_CASE(test_stop_with_a_hog_that_cannot_be_unwound),
         KIT_CASE(test_stop_ends_hogs_that_can_be_unwound))
