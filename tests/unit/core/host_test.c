/* SPDX-License-Identifier: Apache-2.0 */
/* host_test.c: a node that the host's own loop drives, and what nodes leave behind. */
#include "expect.h"
#include "kit.h"
#include "outside.h"
#include "process.h"

#include <krarup.h>

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#define LATE_MS (20 * (int64_t)kit_slowness())

static const kr_node_opts host = { .drive = KR_DRIVE_HOST };
static _Atomic bool done;
static int64_t latest_ms;

/* What a host's loop does, until `done` or `limit_ms`; returns how often it was woken. */
static int drive(kr_node *node, int64_t limit_ms)
{
        struct pollfd fd = { .fd = kr_node_fd(node), .events = POLLIN };
        int64_t until_ms = (int64_t)kit_now_ms() + limit_ms;
        int wakes = 0;

        while (!atomic_load(&done)) {
                int64_t left_ms = until_ms - (int64_t)kit_now_ms();

                if (left_ms <= 0 || poll(&fd, 1, (int)left_ms) == 0)
                        break;
                wakes++;
                (void)kr_node_run(node); /* the descriptor says it as well */
        }
        return wakes;
}

static void drive_to_end(kr_node *node)
{
        (void)drive(node, 5000 * kit_slowness());
        kit_true(atomic_load(&done));
        atomic_store(&done, false);
}

/* -- time -- */

static void sleep_five_times(void)
{
        for (int i = 0; i < 5; i++) {
                int64_t due_ms = (int64_t)kit_now_ms() + 20;

                kr_sleep(20);
                kit_int_ge((int64_t)kit_now_ms() - due_ms, -1); /* both are rounded */
                if ((int64_t)kit_now_ms() - due_ms > latest_ms)
                        latest_ms = (int64_t)kit_now_ms() - due_ms;
        }
        atomic_store(&done, true);
}

KIT_TEST(test_timers_fire_on_time_and_wake_no_more_than_that)
{
        kr_node *node = kit_node_start(&host);

        (void)kr_node_spawn(node, sleep_five_times);
        kit_int_le(drive(node, 5000), 1 + 5 * 2);
        kit_true(atomic_load(&done));
        kit_int_le(latest_ms, LATE_MS);
        kit_node_stop(node);
}

static void start_late_timers(void)
{
        kr_send_after(10000, kr_self(), "late");
        kr_sleep(20000);
}

KIT_TEST(test_the_descriptor_is_quiet_when_nothing_is_to_do)
{
        kr_node *node = kit_node_start(&host);

        kit_int_le(drive(node, 50), 1);
        (void)kr_node_spawn(node, kit_sleeper);
        (void)kr_node_spawn(node, start_late_timers);
        kit_int_le(drive(node, 50), 3);
        kit_int_eq(drive(node, 300), 0);
        kit_node_stop(node);
}

static void yields(void)
{
        for (;;)
                kr_yield();
}

/* A host has other things to do. */
KIT_TEST(test_run_comes_back_although_there_is_more)
{
        kr_node *node = kit_node_start(&host);
        struct pollfd fd = { .fd = kr_node_fd(node), .events = POLLIN };

        for (int i = 0; i < 10; i++)
                (void)kr_node_spawn(node, yields);
        for (int i = 0; i < 20; i++) {
                uint64_t began_ms = kit_now_ms();

                kit_int_eq(poll(&fd, 1, 0), 1);
                kit_true(kr_node_run(node));
                kit_int_le(kit_now_ms() - began_ms, LATE_MS + 2);
        }
        kit_node_stop(node);
}

/* -- other threads -- */

static void echo(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid from;
        int64_t n;

        kr_register("echo", kr_self());
        for (;;) {
                kr_receive(&msg, KR_INFINITY, kr_on(0, "{~, ~}", &from, &n));
                kr_send(from, "{echo, ~}", n);
        }
}

static void *talk(void *arg)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid self;
        int64_t n;

        kit_ok(kr_thread_attach(arg, &self));
        while (kr_pid_is_none(kr_whereis("echo")))
                usleep(1000);
        for (int64_t i = 0; i < 200; i++) {
                kit_ok(kr_send("echo", "{~, ~}", self, i));
                kit_int_eq(kr_receive(&msg, KIT_EXPECT_MS, kr_on(0, "{echo, ~}", &n)), 0);
                kit_int_eq(n, i);
        }
        kr_msg_clear(&msg);
        kr_thread_detach();
        atomic_store(&done, true);
        (void)kr_node_spawn(arg, kit_sleeper); /* wakes the host, who then sees `done` */
        return NULL;
}

KIT_TEST(test_a_threads_message_wakes_the_host)
{
        kr_node *node = kit_node_start(&host);
        pthread_t thread;

        (void)kr_node_spawn(node, echo);
        kit_int_eq(pthread_create(&thread, NULL, talk, node), 0);
        drive_to_end(node);
        pthread_join(thread, NULL);
        kit_node_stop(node);
}

static void finish(void)
{
        atomic_store(&done, true);
}

static void *spawn_later(void *arg)
{
        usleep(20000);
        kit_false(kr_pid_is_none(kr_node_spawn(arg, finish)));
        return NULL;
}

KIT_TEST(test_a_threads_spawn_wakes_the_host)
{
        kr_node *node = kit_node_start(&host);
        pthread_t thread;

        kit_int_eq(pthread_create(&thread, NULL, spawn_later, node), 0);
        drive_to_end(node);
        pthread_join(thread, NULL);
        kit_node_stop(node);
}

static void *run_a_little(void *arg)
{
        (void)drive(arg, 20);
        return NULL;
}

static void count_steps(int64_t steps)
{
        for (int64_t i = 0; i < steps; i++)
                kr_sleep(1);
        atomic_store(&done, true);
}

KIT_TEST(test_one_thread_after_another_may_drive)
{
        kr_node *node = kit_node_start(
                &(kr_node_opts){ .drive = KR_DRIVE_HOST, .faults = KR_FAULTS_EXIT });
        pthread_t thread;

        (void)kr_node_spawn(node, count_steps, 100);
        for (int i = 0; i < 500 && !atomic_load(&done); i++) {
                kit_int_eq(pthread_create(&thread, NULL, run_a_little, node), 0);
                pthread_join(thread, NULL);
        }
        drive_to_end(node);
        kit_node_stop(node);
}

KIT_TEST(test_a_node_that_was_never_run_stops)
{
        kr_node *node = kit_node_start(&host);

        (void)kr_node_spawn(node, yields);
        (void)kr_node_spawn(node, echo);
        kit_node_stop(node);
}

/* -- several nodes -- */

static void tell_name(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid from;

        kr_register("teller", kr_self());
        for (;;) {
                kr_receive(&msg, KR_INFINITY, kr_on(0, "{name, ~}", &from));
                kr_send(from, "~", kr_node_name(kr_here()));
        }
}

static void ask_name(kr_node *node, const char *name, kr_drive how)
{
        kr_msg msg = KR_MSG_INIT;
        kr_atom answer, wanted;
        kr_pid self;

        kit_ok(kr_atom_from(name, strlen(name), &wanted));
        while (kr_pid_is_none(kr_node_whereis(node, "teller")))
                (void)kr_node_run(node);
        kit_ok(kr_thread_attach(node, &self));
        kit_ok(kr_send("teller", "{name, ~}", self));
        kr_thread_detach();
        if (how != KR_DRIVE_THREADS)
                return; /* nobody drives it while we wait */
        kit_ok(kr_thread_attach(node, &self));
        kit_ok(kr_send("teller", "{name, ~}", self));
        kit_int_eq(kr_receive(&msg, KIT_EXPECT_MS, kr_on(0, "~", &answer)), 0);
        kit_true(kr_atom_eq(answer, wanted));
        kr_msg_clear(&msg);
        kr_thread_detach();
}

/* The same name stands for different processes; a pid of one is nobody on the other. */
KIT_TEST(test_nodes_side_by_side_are_strangers)
{
        kr_node *one =
                kit_node_start(&(kr_node_opts){ .schedulers = 1, .name = "one@here" });
        kr_node *two =
                kit_node_start(&(kr_node_opts){ .schedulers = 2, .name = "two@here" });
        kr_node *three = kit_node_start(
                &(kr_node_opts){ .drive = KR_DRIVE_HOST, .name = "three@here" });
        kr_pid a = kr_node_spawn(one, tell_name), b = kr_node_spawn(two, tell_name);
        kr_pid self;

        (void)kr_node_spawn(three, tell_name);
        kit_false(kr_pid_eq(a, b));
        ask_name(one, "one@here", KR_DRIVE_THREADS);
        ask_name(two, "two@here", KR_DRIVE_THREADS);
        ask_name(three, "three@here", KR_DRIVE_HOST);
        kit_ok(kr_thread_attach(one, &self));
        kit_err(kr_thread_attach(two, &self), KR_EALREADY);
        kit_ok(kr_send(b, "{name, ~}", self)); /* to nobody */
        kr_thread_detach();
        kit_ok(kr_node_stop(two, 5000));
        kit_ok(kr_node_stop(one, 5000));
        kit_node_stop(three);
}

/* -- what is left behind -- */

static void on_segv(int signo, siginfo_t *info, void *context)
{
        (void)signo;
        (void)info;
        (void)context;
        _exit(3);
}

static size_t resident_kib(void)
{
        unsigned long pages = 0;
        FILE *file = fopen("/proc/self/statm", "r");

        if (!file || fscanf(file, "%*u %lu", &pages) != 1)
                kit_fail("no /proc/self/statm");
        fclose(file);
        return pages * 4;
}

static void start_and_stop(kr_drive how, unsigned schedulers)
{
        kr_node *node = kit_node_start(&(kr_node_opts){
                .drive = how, .schedulers = schedulers, .faults = KR_FAULTS_EXIT });

        for (int i = 0; i < 3; i++)
                (void)kr_node_spawn(node, i == 0 ? echo : kit_sleeper);
        if (how != KR_DRIVE_THREADS)
                (void)kr_node_run(node);
        kit_node_stop(node);
}

KIT_TEST(test_a_thousand_nodes_leave_nothing)
{
        struct sigaction action = { .sa_sigaction = on_segv,
                                    .sa_flags = SA_SIGINFO | SA_RESTART };
        struct outside before;
        size_t kib;

        sigemptyset(&action.sa_mask);
        sigaddset(&action.sa_mask, SIGUSR2);
        kit_int_eq(sigaction(SIGSEGV, &action, NULL), 0);
        before = outside_look();
        for (int i = 0; i < 30; i++)
                start_and_stop((kr_drive)(i % 3), 1 + (unsigned)i % 2);
        kib = resident_kib();
        for (int i = 0; i < 1000; i++)
                start_and_stop((kr_drive)(i % 3), 1 + (unsigned)i % 2);
        outside_is_as(&before);
        if (kit_slowness() == 1) /* sanitizers keep what is freed for a while */
                kit_int_le(resident_kib(), kib + 1024);
}

/* Whoever put a handler over ours keeps it. */
KIT_TEST(test_a_handler_that_came_later_stays)
{
        struct sigaction action = { .sa_sigaction = on_segv, .sa_flags = SA_SIGINFO },
                         now;
        kr_node *node = kit_node_start(
                &(kr_node_opts){ .drive = KR_DRIVE_HOST, .faults = KR_FAULTS_EXIT });

        kit_int_eq(sigaction(SIGSEGV, &action, NULL), 0);
        kit_node_stop(node);
        kit_int_eq(sigaction(SIGSEGV, NULL, &now), 0);
        kit_true(now.sa_sigaction == on_segv);
}

KIT_TEST(test_without_faults_no_handler_is_touched)
{
        struct outside before = outside_look();
        kr_node *node = kit_node_start(&(kr_node_opts){ .drive = KR_DRIVE_SIM });

        (void)kr_node_spawn(node, echo);
        while (kr_node_run(node))
                ;
        outside_is_as(&before);
        kit_node_stop(node);
}

/* The shared library, freshly loaded, has done nothing. */
KIT_TEST(test_loading_the_library_does_nothing)
{
        char path[4096] = "";
        struct outside before;
        const char *(*version)(void);
        void *library;

        kit_int_gt(readlink("/proc/self/exe", path, sizeof(path) - 20), 0);
        *strrchr(path, '/') = 0;
        strcpy(strrchr(path, '/'), "/libkrarup.so.0");
        before = outside_look();
        library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        if (!library)
                kit_fail("%s", dlerror());
        *(void **)&version = dlsym(library, "kr_version");
        kit_not_null(version);
        kit_str_eq(version(), KR_VERSION);
        outside_is_as(&before);
        kit_int_eq(dlclose(library), 0);
        outside_is_as(&before);
}

KIT_MAIN(KIT_CASE(test_timers_fire_on_time_and_wake_no_more_than_that),
         KIT_CASE(test_the_descriptor_is_quiet_when_nothing_is_to_do),
         KIT_CASE(test_run_comes_back_although_there_is_more),
         KIT_CASE(test_a_threads_message_wakes_the_host),
         KIT_CASE(test_a_threads_spawn_wakes_the_host),
         KIT_CASE(test_one_thread_after_another_may_drive),
         KIT_CASE(test_a_node_that_was_never_run_stops),
         KIT_CASE(test_nodes_side_by_side_are_strangers),
         KIT_SLOW(test_a_thousand_nodes_leave_nothing, 60),
         KIT_CASE(test_a_handler_that_came_later_stays),
         KIT_CASE(test_without_faults_no_handler_is_touched),
         KIT_CASE(test_loading_the_library_does_nothing))
