/* SPDX-License-Identifier: Apache-2.0 */
/* sleeper_test.c: what can be done for a process that sleeps is done without waking it, and
 * comes to the same.
 *
 * The node has one scheduler and is driven by hand, so that turns can be counted; the turns are
 * those of the tester alone when nobody else was woken.
 */
#include <krarup.h>

#include "process.h"

enum { MATCH, OTHER };

#define MANY 1000

static uint64_t turns(void)
{
        kr_node_stats stats;

        kr_node_stats_read(kr_here(), &stats);
        return stats.turns;
}

static void sleep_for_ever(void)
{
        kr_msg msg = KR_MSG_INIT;

        kr_receive(&msg, KR_INFINITY, kr_on(MATCH, "stop"));
}

static kr_pid sleeper(void)
{
        kr_pid pid = kr_spawn(sleep_for_ever);

        kr_sleep(1);
        return pid;
}

/* What a process says of itself, which it has to wake for. */
static void expect_of(kr_pid pid, kr_atom item, kr_term want)
{
        kr_msg slot = KR_MSG_INIT;
        kr_term value;

        kit_true(kr_process_info(pid, item, &slot));
        kit_true(kr_match(slot.term, "{_, ~}", &value));
        kit_true(kr_same(value, want));
        kr_release(want);
        kr_msg_clear(&slot);
}

static void monitor_and_demonitor(kr_pid pid)
{
        for (int i = 0; i < MANY; i++) {
                kr_ref monitor = kr_monitor(pid);

                kr_yield();
                kit_true(kr_demonitor(monitor, NULL));
                kr_yield();
        }
}

static void link_and_unlink(kr_pid pid)
{
        for (int i = 0; i < MANY; i++) {
                kr_link(pid);
                kr_yield();
                kr_unlink(pid);
                kr_yield();
        }
}

static void expect_no_turns_of_a_sleeper(void (*what)(kr_pid pid))
{
        kr_pid pid = sleeper();
        uint64_t before = turns();

        what(pid);
        kit_true(turns() - before < 3 * MANY); /* two each are the tester's */
        expect_of(pid, KR_ATOM("monitored_by"), kr_build("[]"));
        expect_of(pid, KR_ATOM("links"), kr_build("[]"));
        kr_send(pid, "stop");
}

static void test_turns(void)
{
        expect_no_turns_of_a_sleeper(monitor_and_demonitor);
        expect_no_turns_of_a_sleeper(link_and_unlink);
}

KIT_TEST(test_monitors_and_links_of_a_sleeper_cost_it_no_turn)
{
        kit_run_process(&(kr_node_opts){ .drive = KR_DRIVE_HOST }, test_turns);
}

static void end_at_once(const kr_pid *to)
{
        kr_link(*to);
        kr_exit("normal");
}

static void test_normal_ends(void)
{
        kr_pid pid = sleeper();
        uint64_t before = turns();

        for (int i = 0; i < MANY; i++)
                kr_spawn(end_at_once, &pid);
        kr_sleep(1);
        kit_true(turns() - before < MANY + MANY / 2); /* theirs, not its */
        expect_of(pid, KR_ATOM("links"), kr_build("[]"));
        kr_send(pid, "stop");
}

KIT_TEST(test_normal_ends_of_what_is_linked_cost_a_sleeper_no_turn)
{
        kit_run_process(&(kr_node_opts){ .drive = KR_DRIVE_HOST }, test_normal_ends);
}

/* Sleeps until an 'EXIT' or a 'DOWN' comes, and says so. */
static void tell_what_wakes(const kr_pid *parent)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;

        kr_trap_exit(true);
        if (kr_receive(&msg, KR_INFINITY, kr_on(MATCH, "{'EXIT', _, ~}", &reason),
                       kr_on(OTHER, "{'DOWN', _, process, _, ~}", &reason)) == MATCH)
                kr_send(*parent, "{exit, ~}", reason);
        else
                kr_send(*parent, "{down, ~}", reason);
}

KIT_EVERYWHERE_TEST(test_news_wakes_a_sleeper)
{
        kr_pid self = kr_self(), pid = kr_spawn(tell_what_wakes, &self);
        kr_msg msg = KR_MSG_INIT;

        kr_sleep(1);
        kr_spawn(end_at_once, &pid);
        kit_int_eq(kr_receive(&msg, 5000, kr_on(MATCH, "{exit, normal}")), MATCH);
        pid = kr_spawn(tell_what_wakes, &self);
        kr_sleep(1);
        kr_exit_signal(pid, "enough");
        kit_int_eq(kr_receive(&msg, 5000, kr_on(MATCH, "{exit, enough}")), MATCH);
}

static void wait_with_little(const kr_pid *parent)
{
        kr_msg msg = KR_MSG_INIT;

        kr_set_memory_max(100000);
        kr_send(*parent, "{alias, ~}", kr_alias(false));
        kr_receive(&msg, KR_INFINITY, kr_on(MATCH, "never"));
}

/* What is put into its mailbox for it counts as what it takes in itself. */
KIT_EVERYWHERE_TEST(test_a_sleeper_ends_of_too_many_messages)
{
        kr_pid self = kr_self();
        kr_msg msg = KR_MSG_INIT;
        kr_ref monitor, alias;

        kr_spawn_monitor(&monitor, wait_with_little, &self);
        kit_int_eq(kr_receive(&msg, 5000, kr_on(MATCH, "{alias, ~}", &alias)), MATCH);
        for (int i = 0; i < 2000; i++) {
                kr_send(alias, "{~, message}", i);
                kr_yield();
        }
        kit_int_eq(kr_receive(&msg, 5000,
                              kr_on(MATCH, "{'DOWN', =, process, _, killed}", monitor)),
                   MATCH);
}

KIT_MAIN(KIT_CASE(test_monitors_and_links_of_a_sleeper_cost_it_no_turn),
         KIT_CASE(test_normal_ends_of_what_is_linked_cost_a_sleeper_no_turn),
         KIT_CASE(test_news_wakes_a_sleeper),
         KIT_CASE(test_a_sleeper_ends_of_too_many_messages))
