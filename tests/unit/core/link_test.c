/* SPDX-License-Identifier: Apache-2.0 */
/* link_test.c: links between processes of a node. */
#include <krarup.h>

#include "expect.h"
#include "heap.h"
#include "process.h"
#include "puppet.h"

static bool are_linked(kr_pid a, kr_pid b)
{
        int from_a = in_list(a, "links", b, NULL), from_b = in_list(b, "links", a, NULL);

        kit_int_eq(from_a, from_b);
        kit_int_le(from_a, 1);
        return from_a == 1;
}

/* -- one link -- */

// covers: B22
KIT_EVERYWHERE_TEST(test_linking_again_changes_nothing)
{
        kr_pid a = puppet_new(true), b = puppet_new(false);

        for (int i = 0; i < 3; i++)
                puppet_link(a, b);
        puppet_link(b, a);
        kit_true(are_linked(a, b));
        puppet_exit(b, "gone");
        kit_int_eq(puppet_exits(a, b, "gone"), 1);
        kit_int_eq(list_len(a, "links"), 0);
}

// covers: B23
KIT_EVERYWHERE_TEST(test_one_unlink_from_either_side_removes_the_link)
{
        for (int side = 0; side < 2; side++) {
                kr_pid a = puppet_new(true), b = puppet_new(true);

                for (int i = 0; i < 3; i++)
                        puppet_link(a, b);
                puppet_link(b, a);
                puppet_unlink(side ? a : b, side ? b : a);
                kit_false(are_linked(a, b));
                puppet_exit(b, "gone");
                kit_int_eq(puppet_exits(a, b, "gone"), 0);
        }
}

// covers: B24
KIT_EVERYWHERE_TEST(test_a_link_to_oneself_is_nothing)
{
        kr_pid a = puppet_new(false);
        kr_ref ref = kr_monitor(a);

        puppet_link(a, a);
        kit_int_eq(list_len(a, "links"), 0);
        puppet_unlink(a, a);
        kr_exit_signal(a, "normal");
        kit_true(kr_is_process_alive(a));
        kr_send(a, "{exit, gone}");
        kit_expect_down(ref, "gone");
}

static kr_pid dead(void)
{
        kr_pid pid = kr_spawn(kit_sleeper);

        kr_exit_signal(pid, "kill");
        kit_await_end(pid);
        return pid;
}

static void link_to(kr_pid *to)
{
        kr_link(*to);
        kr_sleep(KR_INFINITY);
}

// covers: B25
KIT_EVERYWHERE_TEST(test_linking_to_a_dead_process_is_an_error_for_who_does_not_trap)
{
        kr_pid pid = dead();
        kr_ref ref;

        kr_spawn_monitor(&ref, link_to, &pid);
        kit_expect_down(ref, "{noproc, [_ | _]}");
}

// covers: B25
KIT_EVERYWHERE_TEST(test_linking_to_a_dead_process_is_a_message_for_who_traps)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid = dead();

        kr_trap_exit(true);
        kr_link(pid);
        kit_next(&msg, "{'EXIT', =, noproc}", pid);
        kit_int_eq(list_len(kr_self(), "links"), 0);
        kr_unlink(pid);
        kit_expect_nothing();
}

static void link_to_none(void)
{
        kr_link(kr_pid_none());
}

static void unlink_none(void)
{
        kr_unlink(kr_pid_none());
}

KIT_EVERYWHERE_TEST(test_linking_to_no_pid_is_a_badarg)
{
        kr_ref ref;

        kr_spawn_monitor(&ref, link_to_none);
        kit_expect_down(ref, "{{badarg, {<<\"kr_link\">>, _}}, _}");
        kr_spawn_monitor(&ref, unlink_none);
        kit_expect_down(ref, "{{badarg, {<<\"kr_unlink\">>, _}}, _}");
}

/* -- unlink against exit -- */

static void die_after(int64_t yields)
{
        for (; yields > 0; yields--)
                kr_yield();
        kr_exit("bye");
}

// covers: B28 signal_SUITE:unlink_exit
KIT_EVERYWHERE_TEST(test_no_exit_comes_after_unlink_whatever_the_timing)
{
        kr_msg msg = KR_MSG_INIT;

        kr_trap_exit(true);
        for (int i = 0; i < 400; i++) {
                kr_pid pid = kr_spawn_link(die_after, i % 5);
                kr_ref ref = kr_monitor(pid);

                for (int yields = i / 5 % 7; yields > 0; yields--)
                        kr_yield();
                kr_unlink(pid);
                (void)kr_receive(&msg, 0, kr_on(0, "{'EXIT', =, bye}", pid));
                /* its end is told to links first, so an 'EXIT' would be here by now */
                kit_next(&msg, "{'DOWN', =, process, =, _}", ref, pid);
                kit_expect_nothing();
                kit_int_eq(list_len(kr_self(), "links"), 0);
        }
}

static _Atomic int running, dying;
static _Atomic bool go;

static void die_at_go(void)
{
        running++;
        while (!go)
                kr_yield();
        dying++;
        kr_exit("bye");
}

/* Without a call of Krarup, so that nothing is taken in meanwhile. */
static void spin_until_all_die(int count)
{
        for (int i = 0; i < 100000 && dying < count; i++)
                ;
        for (int i = 0; i < 20000; i++)
                (void)go; /* time for the news to arrive */
}

static uint64_t handovers(void)
{
        kr_node_stats stats;

        kr_node_stats_read(kr_here(), &stats);
        return stats.handovers;
}

/* The exits of some arrive while we run, and are not taken in before the unlink. */
// covers: B28
KIT_PROCESS_TEST(test_an_exit_that_has_arrived_but_was_not_taken_in_is_dropped_by_unlink)
{
        enum { COUNT = 16 }; /* worth waking the other scheduler */

        kr_trap_exit(true);
        for (int round = 0; round < 200; round++) {
                kr_pid pids[COUNT];
                uint64_t before;

                go = false;
                running = dying = 0;
                for (int i = 0; i < COUNT; i++)
                        pids[i] = kr_spawn_link(die_at_go);
                while (running < COUNT)
                        kr_yield();
                for (int i = 0; i < 200; i++)
                        kr_yield(); /* the other scheduler takes some */
                before = handovers();
                go = true;
                spin_until_all_die(COUNT);
                for (int i = 0; i < COUNT; i++)
                        kr_unlink(pids[i]);
                for (int i = 0; i < COUNT; i++)
                        kit_await_end(pids[i]);
                if (handovers() == before) /* else we had to wait, and took them in */
                        kit_expect_nothing();
                else
                        while (kr_receive(&(kr_msg)KR_MSG_INIT, 0, kr_on(0, "_")) == 0)
                                ;
        }
}

static void exit_at_once(void)
{
        kr_exit("bye");
}

// covers: B29 erl_link_SUITE:otp_5772_link
KIT_EVERYWHERE_TEST(test_an_exit_message_that_is_here_survives_the_unlink)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid;

        kr_trap_exit(true);
        pid = kr_spawn_link(exit_at_once);
        kit_await_end(pid);
        kr_unlink(pid);
        kit_next(&msg, "{'EXIT', =, bye}", pid);
        kit_expect_nothing();
}

// covers: B34
KIT_EVERYWHERE_TEST(test_a_link_request_to_a_dead_process_is_answered_with_noproc)
{
        kr_msg msg = KR_MSG_INIT;

        kr_trap_exit(true);
        for (int i = 0; i < 50; i++) {
                kr_pid pid = kr_spawn(kit_sleeper);

                kr_exit_signal(pid, "die");
                kr_link(pid); /* on its way behind the exit signal, or not sent at all */
                kit_expect(&msg, "{'EXIT', =, noproc}", pid);
                kit_expect_nothing();
        }
}

static void signal_then_wait(kr_pid *to)
{
        kr_exit_signal(*to, "by_signal");
        kr_send(*to, "sent");
        kr_sleep(KR_INFINITY);
}

// covers: B35
KIT_EVERYWHERE_TEST(test_unlink_drops_exits_of_the_link_but_not_sent_ones)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid me = kr_self(), pid;

        kr_trap_exit(true);
        pid = kr_spawn_link(signal_then_wait, &me);
        kr_unlink(pid);
        kit_expect(&msg, "sent");
        kit_next(&msg, "{'EXIT', =, by_signal}", pid);
        kr_exit_signal(pid, "kill");
        kit_await_end(pid);
        kit_expect_nothing();
}

/* Signals of a link that is broken and made again must not undo the new one. */
KIT_EVERYWHERE_TEST(test_a_link_made_again_at_once_holds)
{
        kr_msg msg = KR_MSG_INIT;

        kr_trap_exit(true);
        for (int i = 0; i < 50; i++) {
                kr_pid pid = kr_spawn_link(kit_sleeper);

                for (int n = i % 4; n >= 0; n--) {
                        kr_unlink(pid);
                        kr_link(pid);
                }
                kit_true(are_linked(kr_self(), pid));
                kr_exit_signal(pid, "gone");
                kit_expect(&msg, "{'EXIT', =, gone}", pid);
                kit_await_end(pid);
                kit_expect_nothing();
                kit_int_eq(list_len(kr_self(), "links"), 0);
        }
}

/* -- lists -- */

// covers: erl_link_SUITE:links
KIT_EVERYWHERE_TEST(test_link_lists_are_right_in_all_orders)
{
        kr_pid me = kr_self();

        kr_trap_exit(true);
        for (int order = 0; order < 16; order++) {
                kr_pid a = puppet_new(true), b = puppet_new(true), c = puppet_new(false);
                kr_msg msg = KR_MSG_INIT;

                puppet_link(order & 1 ? a : b, order & 1 ? b : a);
                puppet_link(order & 2 ? a : c, order & 2 ? c : a);
                kr_link(a);
                kit_true(are_linked(a, b));
                kit_true(are_linked(a, c));
                kit_true(are_linked(me, a));
                kit_false(are_linked(b, c));
                kit_int_eq(list_len(a, "links"), 3);

                puppet_unlink(order & 4 ? a : b, order & 4 ? b : a);
                kit_false(are_linked(a, b));
                kit_true(are_linked(a, c));
                puppet_exit(order & 8 ? a : c, "gone");
                if (order & 8) {
                        kit_expect(&msg, "{'EXIT', =, gone}", a);
                        kit_await_end(c); /* it does not trap */
                } else {
                        kit_int_eq(puppet_exits(a, c, "gone"), 1);
                        kit_int_eq(list_len(a, "links"), 1);
                        puppet_exit(a, "gone");
                        kit_expect(&msg, "{'EXIT', =, gone}", a);
                }
                kit_int_eq(list_len(b, "links"), 0);
                kit_int_eq(list_len(me, "links"), 0);
                kit_expect_nothing();
        }
}

// covers: B22
KIT_EVERYWHERE_TEST(test_a_process_may_have_many_links)
{
        enum { COUNT = 500 };
        kr_msg msg = KR_MSG_INIT;
        kr_pid pids[COUNT];

        kr_trap_exit(true);
        for (int i = 0; i < COUNT; i++)
                pids[i] = kr_spawn_link(kit_sleeper);
        kit_int_eq(list_len(kr_self(), "links"), COUNT);
        for (int i = 0; i < COUNT; i += 2)
                kr_unlink(pids[i]);
        for (int i = 0; i < COUNT; i++)
                kr_exit_signal(pids[i], "~", i);
        for (int i = 1; i < COUNT; i += 2)
                kit_expect(&msg, "{'EXIT', =, =}", pids[i], i);
        for (int i = 0; i < COUNT; i++)
                kit_await_end(pids[i]);
        kit_expect_nothing();
        kit_int_eq(list_len(kr_self(), "links"), 0);
}

/* -- no memory -- */

struct refused {
        uint64_t at;
        kr_pid pid;
        kr_ref ref;
        bool made;
};

static void spawn_both(void *arg)
{
        struct refused *r = arg;
        kr_spawn_opts opts = { .link = true,
                               .monitor = true,
                               .ret_monitor = &r->ref,
                               .alias = KR_ALIAS_DEMONITOR,
                               .memory_max = 1 << 20 };

        kit_heap_refuse(r->at);
        r->pid = kr_spawn_opt(&opts, kit_sleeper);
        r->made = true;
        kit_heap_refuse(0);
}

static void spawn_until_it_works(void)
{
        struct refused r = { .at = 1 };
        kr_class kind;
        int failed = 0;

        kr_trap_exit(true);
        kr_spawn_link(kit_sleeper); /* a second link needs memory of its own */
        for (; !r.made; r.at++) {
                kr_msg reason = KR_MSG_INIT;

                if (!kr_catch(spawn_both, &r, &kind, &reason)) {
                        kit_heap_refuse(0);
                        failed++;
                        kit_match(reason.term, "{system_limit, _}");
                        kit_expect_nothing();
                        kit_int_eq(list_len(kr_self(), "links"), 1);
                        kit_int_eq(list_len(kr_self(), "monitors"), 0);
                }
        }
        kit_int_gt(failed, 0);
        kit_int_eq(in_list(kr_self(), "links", r.pid, NULL), 1);
        kit_int_eq(in_list(kr_self(), "monitors", r.pid, NULL), 1);
}

/* One thread: nobody else's allocation is refused. */
KIT_TEST(test_a_spawn_that_fails_leaves_neither_link_nor_monitor)
{
        kit_run_process(&(kr_node_opts){ .drive = KR_DRIVE_SIM }, spawn_until_it_works);
}

KIT_MAIN(
        KIT_CASE(test_linking_again_changes_nothing),
        KIT_CASE(test_one_unlink_from_either_side_removes_the_link),
        KIT_CASE(test_a_link_to_oneself_is_nothing),
        KIT_CASE(test_linking_to_a_dead_process_is_an_error_for_who_does_not_trap),
        KIT_CASE(test_linking_to_a_dead_process_is_a_message_for_who_traps),
        KIT_CASE(test_linking_to_no_pid_is_a_badarg),
        KIT_CASE(test_no_exit_comes_after_unlink_whatever_the_timing),
        KIT_CASE(test_an_exit_that_has_arrived_but_was_not_taken_in_is_dropped_by_unlink),
        KIT_CASE(test_an_exit_message_that_is_here_survives_the_unlink),
        KIT_CASE(test_a_link_request_to_a_dead_process_is_answered_with_noproc),
        KIT_CASE(test_unlink_drops_exits_of_the_link_but_not_sent_ones),
        KIT_CASE(test_a_link_made_again_at_once_holds),
        KIT_CASE(test_link_lists_are_right_in_all_orders),
        KIT_CASE(test_a_process_may_have_many_links),
        KIT_CASE(test_a_spawn_that_fails_leaves_neither_link_nor_monitor))
