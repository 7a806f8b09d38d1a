/* SPDX-License-Identifier: Apache-2.0 */
/* thread_test.c: threads of the host that are processes for a while, and the end of a node. */
#include "expect.h"
#include "kit.h"
#include "outside.h"
#include "process.h"

#include <krarup.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static kr_node *node;

static void start(void)
{
        node = kit_node_start(
                &(kr_node_opts){ .schedulers = 2, .faults = KR_FAULTS_EXIT });
}

static void echo(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid from;
        int64_t n;

        for (;;) {
                kr_receive(&msg, KR_INFINITY, kr_on(0, "{~, ~}", &from, &n));
                kr_send(from, "{echo, ~}", n);
        }
}

/* -- an attached thread is a process -- */

KIT_TEST(test_an_attached_thread_sends_and_receives)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid self, other;
        int64_t n;

        start();
        other = kr_node_spawn(node, echo);
        kit_true(kr_pid_is_none(kr_self()));
        kit_ok(kr_thread_attach(node, &self));
        kit_true(kr_pid_eq(kr_self(), self));
        kit_ptr_eq(kr_here(), node);
        kit_true(kr_is_process_alive(other));
        for (int64_t i = 0; i < 1000; i++) {
                kit_ok(kr_send(other, "{~, ~}", self, i));
                kit_int_eq(kr_receive(&msg, KIT_EXPECT_MS, kr_on(0, "{echo, ~}", &n)), 0);
                kit_int_eq(n, i);
        }
        kit_err(kr_thread_attach(node, &self), KR_EALREADY);
        kr_msg_clear(&msg);
        kr_thread_detach();
        kit_true(kr_pid_is_none(kr_self()));
        kit_node_stop(node);
}

KIT_TEST(test_a_thread_waits_with_a_timeout)
{
        kr_msg msg = KR_MSG_INIT;
        uint64_t began_ms;
        kr_pid self;

        start();
        kit_ok(kr_thread_attach(node, &self));
        began_ms = kit_now_ms();
        kit_int_eq(kr_receive(&msg, 30, kr_on(0, "_")), KR_TIMEOUT);
        kit_int_ge(kit_now_ms() - began_ms, 29);
        kr_send_after(20, self, "ring");
        kit_int_eq(kr_receive(&msg, KIT_EXPECT_MS, kr_on(0, "ring")), 0);
        kit_int_ge(kit_now_ms() - began_ms, 49);
        kr_sleep(5);
        kr_yield();
        kr_msg_clear(&msg);
        kr_thread_detach();
        kit_node_stop(node);
}

static _Atomic int heard;

static void watch_thread(kr_term pid_term)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid;
        kr_ref ref;

        kit_true(kr_get_pid(pid_term, &pid));
        kr_trap_exit(true);
        kr_link(pid);
        ref = kr_monitor(pid);
        kr_send(pid, "{watched, ~}", kr_self());
        kit_expect_down(ref, "normal");
        kit_expect(&msg, "{'EXIT', =, normal}", pid);
        atomic_fetch_add(&heard, 1);
}

KIT_TEST(test_detach_is_an_end_that_others_hear_of)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term self_term;
        kr_pid self;

        start();
        kit_ok(kr_thread_attach(node, &self));
        kr_register("the_thread", self);
        self_term = kr_build("~", self);
        for (int i = 0; i < 3; i++)
                (void)kr_spawn(watch_thread, self_term);
        for (int i = 0; i < 3; i++)
                kit_int_eq(kr_receive(&msg, KIT_EXPECT_MS, kr_on(0, "{watched, _}")), 0);
        kr_release(self_term);
        kr_msg_clear(&msg);
        kr_thread_detach();
        kit_true(kr_pid_is_none(kr_node_whereis(node, "the_thread")));
        kit_eventually(atomic_load(&heard) == 3);
        kit_node_stop(node);
}

static void fails(void)
{
        kr_exit("because");
}

KIT_TEST(test_a_thread_traps_exits)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid self, child;

        start();
        kit_ok(kr_thread_attach(node, &self));
        child = kr_spawn_link(fails);
        kit_int_eq(kr_receive(&msg, KIT_EXPECT_MS,
                              kr_on(0, "{'EXIT', =, because}", child)),
                   0);
        kr_msg_clear(&msg);
        kr_thread_detach();
        kit_node_stop(node);
}

KIT_TEST(test_calls_on_a_thread_that_is_no_process)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid;

        start();
        pid = kr_node_spawn(node, echo);
        kit_err(kr_send(pid, "{a, 1}"), KR_EBADARG);
        kit_int_eq(kr_receive(&msg, 0, kr_on(0, "_")), KR_TIMEOUT);
        kit_false(kr_is_process_alive(pid));
        kit_false(kr_defer(free, NULL));
        kr_thread_detach(); /* nothing to detach */
        kit_node_stop(node);
}

/* -- many threads, coming and going -- */

static void *come_and_go(void *arg)
{
        kr_pid other = *(kr_pid *)arg, self;
        kr_msg msg = KR_MSG_INIT;
        int64_t n;

        for (int64_t i = 0; i < 300; i++) {
                kit_ok(kr_thread_attach(node, &self));
                kit_ok(kr_send(other, "{~, ~}", self, i));
                /* the answer comes as the wait ends: whoever wakes us may be late */
                if (kr_receive(&msg, i % 3, kr_on(0, "{echo, ~}", &n)) == 0)
                        kit_int_eq(n, i);
                kr_msg_clear(&msg);
                kr_thread_detach();
        }
        return NULL;
}

KIT_TEST(test_threads_leave_while_they_are_being_woken)
{
        pthread_t threads[4];
        struct outside before = outside_look();
        kr_pid other;

        start();
        other = kr_node_spawn(node, echo);
        for (int i = 0; i < 4; i++)
                kit_int_eq(pthread_create(&threads[i], NULL, come_and_go, &other), 0);
        for (int i = 0; i < 4; i++)
                pthread_join(threads[i], NULL);
        kit_node_stop(node);
        outside_is_as(&before);
}

/* -- priorities and the clock -- */

static _Atomic bool woke;

static void wakes_by_clock(void)
{
        kr_sleep(30);
        atomic_store(&woke, true);
}

static void spawn_urgent(void)
{
        (void)kr_spawn_opt((&(kr_spawn_opts){ .priority = KR_PRIORITY_MAX }),
                           wakes_by_clock);
}

/* Nobody else is there to keep the scheduler awake. */
KIT_TEST(test_the_clock_wakes_an_urgent_process_of_an_idle_node)
{
        node = kit_node_start(&(kr_node_opts){ .schedulers = 1 });
        (void)kr_node_spawn(node, spawn_urgent);
        kit_eventually(atomic_load(&woke));
        kit_node_stop(node);
}

/* -- the end of a node, whatever its processes are doing -- */

static _Atomic int cleaned;

static void clean(void *arg)
{
        (void)arg;
        atomic_fetch_add(&cleaned, 1);
}

static void waits_at_the_top(void)
{
        kr_msg msg = KR_MSG_INIT;

        (void)kr_receive_top(&msg, KR_INFINITY, kr_on(0, "never"));
}

static void waits_with_a_clean_up(void)
{
        kr_msg msg = KR_MSG_INIT;

        (void)kr_defer(clean, NULL);
        (void)kr_receive(&msg, 60000, kr_on(0, "never"));
}

static void traps_and_waits(void)
{
        kr_trap_exit(true);
        kr_register("trapper", kr_self());
        kr_sleep(KR_INFINITY);
}

static void spins(void)
{
        kr_set_priority(KR_PRIORITY_HIGH);
        for (;;)
                kr_yield();
}

/* Long enough to lose its scheduler; one that never comes out is in stress/hog. */
static void hogs(void)
{
        uint64_t until_ms = kit_now_ms() + 100;

        while (kit_now_ms() < until_ms)
                ;
}

static void breeds(void)
{
        for (;;) {
                kr_ref ref;

                (void)kr_spawn_link(kit_sleeper);
                (void)kr_spawn_monitor(&ref, kit_sleeper);
                kr_yield();
        }
}

static void floods(void)
{
        for (;;)
                kr_send(kr_self(), "{much, ~}", kr_self());
}

static void is_suspended(void)
{
        kr_pid pid = kr_spawn(kit_sleeper);

        (void)kr_suspend_process(pid);
        kr_sleep(KR_INFINITY);
}

static void sleep_in_catch(void *arg)
{
        (void)arg;
        kr_sleep(KR_INFINITY);
}

static void waits_in_a_catch(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_class how;

        (void)kr_catch(sleep_in_catch, NULL, &how, &msg);
}

__attribute__((no_sanitize("undefined"))) static void faults(void)
{
        *(volatile int *)0 = 1;
}

static void spawn_all(void)
{
        static void (*const bodies[])(void) = {
                kit_sleeper,
                waits_at_the_top,
                waits_with_a_clean_up,
                traps_and_waits,
                spins,
                hogs,
                breeds,
                floods,
                is_suspended,
                waits_in_a_catch,
                faults,
        };

        for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
                (void)kr_node_spawn(node, bodies[i]);
}

KIT_TEST(test_stop_ends_processes_in_every_state)
{
        struct outside before = outside_look();

        for (int round = 0; round < 20; round++) {
                start();
                spawn_all();
                usleep((unsigned)round * 3000);
                kit_node_stop(node);
        }
        kit_int_gt(atomic_load(&cleaned), 0);
        outside_is_as(&before);
}

KIT_MAIN(KIT_CASE(test_an_attached_thread_sends_and_receives),
         KIT_CASE(test_a_thread_waits_with_a_timeout),
         KIT_CASE(test_detach_is_an_end_that_others_hear_of),
         KIT_CASE(test_a_thread_traps_exits),
         KIT_CASE(test_calls_on_a_thread_that_is_no_process),
         KIT_SLOW(test_threads_leave_while_they_are_being_woken, 30),
         KIT_CASE(test_the_clock_wakes_an_urgent_process_of_an_idle_node),
         KIT_SLOW(test_stop_ends_processes_in_every_state, 60))
