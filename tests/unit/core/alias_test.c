/* SPDX-License-Identifier: Apache-2.0 */
/* alias_test.c: references that messages can be sent to. */
#include <krarup.h>

#include "expect.h"
#include "process.h"
#include "puppet.h"

/* Sends `through`, N and then `direct`, N: the second tells that the first has arrived or
 * been dropped. */
static void send_both(kr_term arg)
{
        kr_ref alias;
        kr_pid to;
        int n;

        kit_match(arg, "{~, ~, ~}", &alias, &to, &n);
        kr_send(alias, "{through, ~}", n);
        kr_send(to, "{direct, ~}", n);
}

/* Does a message of another process get through? */
static bool is_active(kr_ref alias)
{
        static int n;
        kr_msg msg = KR_MSG_INIT;
        kr_pid sender;
        kr_term arg = kr_build("{~, ~, ~}", alias, kr_self(), ++n);

        sender = kr_spawn(send_both, arg);
        kr_release(arg);
        kit_expect(&msg, "{direct, =}", n);
        kit_await_end(sender);
        return kr_receive(&msg, 0, kr_on(0, "{through, =}", n)) == 0;
}

/* -- alias, unalias -- */

// covers: process_SUITE:alias_bif
KIT_EVERYWHERE_TEST(test_an_alias_lives_from_alias_to_unalias)
{
        kr_ref alias = kr_alias(false), other = kr_alias(false);

        kit_false(kr_ref_eq(alias, other));
        for (int i = 0; i < 3; i++)
                kit_true(is_active(alias));
        kit_true(kr_unalias(alias));
        kit_false(is_active(alias));
        kit_false(kr_unalias(alias));
        kit_false(kr_unalias(kr_make_ref()));
        kit_true(is_active(other));
        kit_false(kr_demonitor(other, NULL)); /* it is no monitor */
        kit_true(is_active(other));
        kit_expect_nothing();
}

// covers: C48 process_SUITE:alias_bif
KIT_EVERYWHERE_TEST(test_a_reply_alias_lets_one_message_through)
{
        kr_ref alias = kr_alias(true);

        kit_true(is_active(alias));
        kit_false(is_active(alias));
        kit_false(kr_unalias(alias));
        alias = kr_alias(true);
        kit_true(kr_unalias(alias));
        kit_false(is_active(alias));
}

static void unalias_no_ref(void)
{
        (void)kr_unalias(kr_ref_none());
}

KIT_EVERYWHERE_TEST(test_unalias_of_no_reference_is_a_badarg)
{
        kr_ref ref;

        kr_spawn_monitor(&ref, unalias_no_ref);
        kit_expect_down(ref, "{{badarg, {<<\"kr_unalias\">>, _}}, _}");
}

static void unalias_of_other(kr_ref *alias)
{
        kit_false(kr_unalias(*alias));
}

KIT_EVERYWHERE_TEST(test_only_its_owner_can_switch_an_alias_off)
{
        kr_ref alias = kr_alias(false), ref;

        kr_spawn_monitor(&ref, unalias_of_other, &alias);
        kit_expect_down(ref, "normal");
        kit_true(is_active(alias));
}

static void send_many(kr_ref *alias)
{
        for (int i = 0; i < 20; i++)
                kr_send(*alias, "{nr, ~}", i);
}

/* What was sent before unalias and has not been taken in is dropped too. */
// covers: C47
KIT_EVERYWHERE_TEST(test_what_arrives_after_unalias_is_dropped_whenever_it_was_sent)
{
        kr_msg msg = KR_MSG_INIT;

        for (int i = 0; i < 50; i++) {
                kr_ref alias = kr_alias(false), ref;
                int got = 0;

                kr_spawn_monitor(&ref, send_many, &alias);
                for (int yields = i % 5; yields > 0; yields--)
                        kr_yield();
                kit_true(kr_unalias(alias));
                while (kr_receive(&msg, 0, kr_on(0, "{nr, =}", got)) == 0)
                        got++; /* from the first on, without gaps */
                kit_expect_down(ref, "normal");
                kit_expect_nothing();
        }
}

/* -- with monitors -- */

// covers: C51 process_SUITE:monitor_alias
KIT_EVERYWHERE_TEST(test_explicit_unalias_outlives_demonitor_and_down)
{
        kr_pid pid = puppet_new(false);
        kr_ref kept = kr_monitor_alias(pid, KR_ALIAS_EXPLICIT_UNALIAS, NULL);
        kr_ref taken_back = kr_monitor_alias(pid, KR_ALIAS_EXPLICIT_UNALIAS, NULL);

        kit_true(is_active(kept));
        kit_true(is_active(kept));
        kit_true(kr_demonitor(taken_back, NULL));
        kit_true(is_active(taken_back));
        kr_send(pid, "{exit, gone}");
        kit_expect_down(kept, "gone");
        kit_true(is_active(kept));
        kit_true(kr_unalias(kept));
        kit_true(kr_unalias(taken_back));
        kit_false(is_active(kept));
        kit_expect_nothing();
}

KIT_EVERYWHERE_TEST(test_unalias_leaves_the_monitor)
{
        kr_pid pid = puppet_new(false);

        for (kr_alias_mode mode = KR_ALIAS_EXPLICIT_UNALIAS;
             mode <= KR_ALIAS_REPLY_DEMONITOR; mode++) {
                kr_ref ref = kr_monitor_alias(pid, mode, NULL);

                kit_true(kr_unalias(ref));
                kit_false(kr_unalias(ref));
                kit_false(is_active(ref));
                kit_true(kr_demonitor(ref, NULL));
        }
}

// covers: C50 process_SUITE:monitor_alias
KIT_EVERYWHERE_TEST(test_in_demonitor_mode_demonitor_and_down_switch_it_off)
{
        kr_pid pid = puppet_new(false);
        kr_ref by_down = kr_monitor_alias(pid, KR_ALIAS_DEMONITOR, NULL);
        kr_ref by_demonitor = kr_monitor_alias(pid, KR_ALIAS_DEMONITOR, NULL);

        for (int i = 0; i < 3; i++)
                kit_true(is_active(by_down));
        kit_true(kr_demonitor(by_demonitor, NULL));
        kit_false(is_active(by_demonitor));
        kr_send(pid, "{exit, gone}");
        kit_expect_down(by_down, "gone");
        kit_false(is_active(by_down));
        kit_false(kr_unalias(by_down));
        kit_expect_nothing();
}

// covers: C49 process_SUITE:monitor_alias
KIT_EVERYWHERE_TEST(test_in_reply_mode_the_reply_ends_monitor_and_alias)
{
        kr_pid pid = puppet_new(false);
        kr_ref by_reply = kr_monitor_alias(pid, KR_ALIAS_REPLY_DEMONITOR, NULL);
        kr_ref by_down = kr_monitor_alias(pid, KR_ALIAS_REPLY_DEMONITOR, NULL);
        kr_ref by_demonitor = kr_monitor_alias(pid, KR_ALIAS_REPLY_DEMONITOR, NULL);

        kit_true(is_active(by_reply));
        kit_false(is_active(by_reply));
        kit_false(kr_demonitor(by_reply, NULL));
        kit_true(kr_demonitor(by_demonitor, NULL));
        kit_false(is_active(by_demonitor));
        kit_int_eq(in_list(kr_self(), "monitors", pid, NULL), 1);
        kit_int_eq(in_list(pid, "monitored_by", kr_self(), NULL), 1);
        puppet_exit(pid, "gone");
        kit_expect_down(by_down, "gone");
        kit_false(is_active(by_down));
        kit_expect_nothing(); /* no DOWN of the others */
}

static void end_when_told(kr_pid *parent)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref alias;

        kit_expect(&msg, "{use, ~}", &alias);
        kr_send(alias, "hello");
        kr_send(*parent, "used");
        kit_expect(&msg, "stop");
        kr_exit("stopped");
}

// covers: process_SUITE:spawn_monitor_alias
KIT_EVERYWHERE_TEST(test_spawning_with_a_monitor_that_is_an_alias)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid me = kr_self();

        for (kr_alias_mode mode = KR_ALIAS_NONE; mode <= KR_ALIAS_REPLY_DEMONITOR;
             mode++) {
                bool gone = mode == KR_ALIAS_REPLY_DEMONITOR;
                kr_ref ref;
                kr_spawn_opts opts = { .monitor = true,
                                       .alias = mode,
                                       .ret_monitor = &ref };
                kr_pid pid = kr_spawn_opt(&opts, end_when_told, &me);

                kr_send(pid, "{use, ~}", ref);
                kit_expect(&msg, "used");
                kit_int_eq(kr_receive(&msg, 0, kr_on(0, "hello")),
                           mode == KR_ALIAS_NONE ? KR_TIMEOUT : 0);
                kr_send(pid, "stop");
                kit_await_end(pid);
                kit_int_eq(kr_receive(&msg, 0,
                                      kr_on(0, "{'DOWN', =, process, =, stopped}", ref,
                                            pid)),
                           gone ? KR_TIMEOUT : 0);
                kit_int_eq(is_active(ref), mode == KR_ALIAS_EXPLICIT_UNALIAS);
                kit_int_eq(kr_unalias(ref), mode == KR_ALIAS_EXPLICIT_UNALIAS);
                kit_expect_nothing();
        }
}

// covers: process_SUITE:demonitor_aliasmonitor monitor_SUITE:gh_5225_demonitor_alias
KIT_EVERYWHERE_TEST(test_what_demonitor_does_to_the_alias)
{
        static const bool outlives[] = { [KR_ALIAS_NONE] = false,
                                         [KR_ALIAS_EXPLICIT_UNALIAS] = true,
                                         [KR_ALIAS_DEMONITOR] = false,
                                         [KR_ALIAS_REPLY_DEMONITOR] = false };
        kr_pid pid = puppet_new(false);

        for (kr_alias_mode mode = KR_ALIAS_NONE; mode <= KR_ALIAS_REPLY_DEMONITOR;
             mode++) {
                kr_ref ref = kr_monitor_alias(pid, mode, NULL);

                kit_true(kr_demonitor(ref, &(kr_demonitor_opts){ .flush = true }));
                kit_int_eq(is_active(ref), outlives[mode]);
                kit_false(kr_demonitor(ref,
                                       NULL)); /* which is an alias still, or nothing */
                kit_int_eq(is_active(ref), outlives[mode]);
                kit_int_eq(kr_unalias(ref), outlives[mode]);
        }
        kit_int_eq(list_len(pid, "monitored_by"), 0);
}

// covers: process_SUITE:down_aliasmonitor
KIT_EVERYWHERE_TEST(test_what_down_does_to_the_alias)
{
        for (kr_alias_mode mode = KR_ALIAS_NONE; mode <= KR_ALIAS_REPLY_DEMONITOR;
             mode++) {
                kr_pid pid = puppet_new(false);
                kr_ref ref = kr_monitor_alias(pid, mode, NULL);

                puppet_exit(pid, "gone");
                kit_int_eq(is_active(ref), mode == KR_ALIAS_EXPLICIT_UNALIAS);
                kit_expect_down(ref, "gone");
                kit_expect_nothing();
        }
}

/* -- the moment when it ends -- */

static void send_for_ever(kr_ref *alias)
{
        for (int64_t i = 0;; i++) {
                kr_send(*alias, "{nr, ~}", i);
                if (i % 8 == 7)
                        kr_sleep(1);
        }
}

/* In the mailbox are some; but none comes after. */
static void expect_no_more(kr_ref alias)
{
        kr_msg msg = KR_MSG_INIT;

        while (kr_receive(&msg, 0, kr_on(0, "{nr, _}")) == 0)
                ;
        kit_int_eq(kr_receive(&msg, 3, kr_on(0, "{nr, _}")), KR_TIMEOUT);
        kit_false(kr_unalias(alias));
}

// covers: monitor_SUITE:unexpected_alias_at_demonitor_gh5310
KIT_EVERYWHERE_TEST(test_the_alias_is_off_right_after_demonitor)
{
        kr_msg msg = KR_MSG_INIT;

        for (int i = 0; i < 10; i++) {
                kr_pid watched = puppet_new(false), sender;
                kr_ref ref = kr_monitor_alias(watched, KR_ALIAS_DEMONITOR, NULL);

                sender = kr_spawn(send_for_ever, &ref);
                kit_expect(&msg, "{nr, _}");
                kit_true(kr_demonitor(ref, NULL));
                expect_no_more(ref);
                kr_exit_signal(sender, "kill");
                kit_await_end(sender);
                kit_expect_nothing();
        }
}

// covers: monitor_SUITE:down_on_alias_gh5310
KIT_EVERYWHERE_TEST(test_down_while_the_alias_is_in_use)
{
        kr_msg msg = KR_MSG_INIT;

        for (int i = 0; i < 10; i++) {
                kr_pid watched = puppet_new(false), sender;
                kr_ref ref = kr_monitor_alias(watched, KR_ALIAS_DEMONITOR, NULL);

                sender = kr_spawn(send_for_ever, &ref);
                kit_expect(&msg, "{nr, _}");
                kr_send(watched, "{exit, gone}");
                kit_expect_down(ref, "gone");
                expect_no_more(ref);
                kr_exit_signal(sender, "kill");
                kit_await_end(sender);
                kit_expect_nothing();
        }
}

/* -- the end of its process, and of its node -- */

static void tell_alias(kr_pid *to)
{
        kr_send(*to, "{alias, ~}", kr_alias(false));
        kr_sleep(KR_INFINITY);
}

// covers: C53
KIT_EVERYWHERE_TEST(test_an_alias_ends_with_its_process)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid me = kr_self(), pid = kr_spawn(tell_alias, &me);
        kr_ref alias;

        kit_expect(&msg, "{alias, ~}", &alias);
        kr_exit_signal(pid, "kill");
        kit_await_end(pid);
        /* the slot of the dead one is used again and again meanwhile */
        for (int i = 0; i < 1000; i++) {
                pid = kr_spawn(kit_sleeper);
                kr_send(alias, "hello");
                if (i % 100 == 0)
                        kit_int_eq(list_len(pid, "messages"), 0);
                kr_exit_signal(pid, "kill");
                kit_await_end(pid);
        }
        kit_expect_nothing();
}

static kr_ref of_earlier_run;

static void make_alias(void)
{
        of_earlier_run = kr_alias(false);
}

static void send_to_earlier_alias(void)
{
        kr_ref aliases[100];

        for (int i = 0; i < 100; i++) {
                aliases[i] = kr_alias(false);
                kit_false(kr_ref_eq(aliases[i], of_earlier_run));
        }
        kr_send(of_earlier_run, "hello");
        kr_yield();
        kit_expect_nothing();
}

// covers: C53
KIT_TEST(test_an_alias_of_an_earlier_run_of_the_node_reaches_nobody)
{
        kit_run_process(NULL, make_alias);
        kit_run_process(NULL, send_to_earlier_alias);
}

KIT_MAIN(KIT_CASE(test_an_alias_lives_from_alias_to_unalias),
         KIT_CASE(test_a_reply_alias_lets_one_message_through),
         KIT_CASE(test_unalias_of_no_reference_is_a_badarg),
         KIT_CASE(test_only_its_owner_can_switch_an_alias_off),
         KIT_CASE(test_what_arrives_after_unalias_is_dropped_whenever_it_was_sent),
         KIT_CASE(test_explicit_unalias_outlives_demonitor_and_down),
         KIT_CASE(test_unalias_leaves_the_monitor),
         KIT_CASE(test_in_demonitor_mode_demonitor_and_down_switch_it_off),
         KIT_CASE(test_in_reply_mode_the_reply_ends_monitor_and_alias),
         KIT_CASE(test_spawning_with_a_monitor_that_is_an_alias),
         KIT_CASE(test_what_demonitor_does_to_the_alias),
         KIT_CASE(test_what_down_does_to_the_alias),
         KIT_CASE(test_the_alias_is_off_right_after_demonitor),
         KIT_CASE(test_down_while_the_alias_is_in_use),
         KIT_CASE(test_an_alias_ends_with_its_process),
         KIT_CASE(test_an_alias_of_an_earlier_run_of_the_node_reaches_nobody))
