/* SPDX-License-Identifier: Apache-2.0 */
/* spawn_request_test.c: a process is asked for, and the answer comes as a message. */
#include <krarup.h>

#include "expect.h"
#include "heap.h"
#include "process.h"
#include "puppet.h"

static void exit_with(kr_term reason)
{
        kr_exit("~", reason);
}

static const kr_spawn_request_opts with_link = { .spawn = { .link = true } };
static const kr_spawn_request_opts with_monitor = { .spawn = { .monitor = true } };

// covers: process_SUITE:spawn_request_bif
KIT_EVERYWHERE_TEST(test_the_answer_carries_the_reference_and_the_pid)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref = kr_spawn_request(NULL, kit_sleeper), other;
        kr_term tag = kr_build("{my, tag}");
        kr_spawn_request_opts tagged = { .reply_tag = &tag };
        kr_pid pid;

        kit_next(&msg, "{spawn_reply, =, ok, ~}", ref, &pid);
        kit_true(kr_is_process_alive(pid));
        kit_int_eq(list_len(kr_self(), "links"), 0);
        kit_int_eq(list_len(kr_self(), "monitors"), 0);
        other = kr_spawn_request(&tagged, kit_sleeper);
        kit_false(kr_ref_eq(ref, other));
        kit_next(&msg, "{{my, tag}, =, ok, ~}", other, &pid);
        kit_true(kr_is_process_alive(pid));
        kit_expect_nothing();
}

// covers: process_SUITE:spawn_request_bif
KIT_EVERYWHERE_TEST(test_wrong_options_are_answered_with_badopt)
{
        kr_msg msg = KR_MSG_INIT;
        kr_spawn_request_opts bad_priority = { .spawn = { .priority = (kr_priority)17 } };
        kr_spawn_request_opts bad_alias = { .spawn = { .monitor = true,
                                                       .alias = (kr_alias_mode)17 } };
        kr_spawn_request_opts bad_reply = { .reply = (kr_reply)17 };
        const kr_spawn_request_opts *all[] = { &bad_priority, &bad_alias, &bad_reply };

        for (int i = 0; i < 3; i++) {
                kr_ref ref = kr_spawn_request(all[i], kit_sleeper);

                kit_next(&msg, "{spawn_reply, =, error, badopt}", ref);
        }
        kit_expect_nothing();
}

// covers: process_SUITE:spawn_request_bif
KIT_EVERYWHERE_TEST(test_link_and_monitor_are_there_with_the_answer)
{
        kr_msg msg = KR_MSG_INIT;
        kr_spawn_request_opts both = { .spawn = { .link = true, .monitor = true } };
        kr_ref ref = kr_spawn_request(&both, kit_sleeper);
        kr_pid pid;

        kr_trap_exit(true);
        kit_next(&msg, "{spawn_reply, =, ok, ~}", ref, &pid);
        kit_int_eq(in_list(kr_self(), "links", pid, NULL), 1);
        kit_int_eq(in_list(kr_self(), "monitors", pid, NULL), 1);
        kr_exit_signal(pid, "gone");
        kit_expect(&msg, "{'EXIT', =, gone}", pid);
        kit_expect(&msg, "{'DOWN', =, process, =, gone}", ref, pid);
}

// covers: process_SUITE:spawn_request_monitor_demonitor
KIT_EVERYWHERE_TEST(test_demonitor_may_come_before_the_answer_is_read)
{
        kr_msg msg = KR_MSG_INIT;

        for (int i = 0; i < 20; i++) {
                kr_ref ref = kr_spawn_request(&with_monitor, kit_sleeper);
                kr_pid pid;

                kit_true(kr_demonitor(ref, &(kr_demonitor_opts){ .flush = true }));
                kit_next(&msg, "{spawn_reply, =, ok, ~}", ref, &pid);
                kr_exit_signal(pid, "kill");
                kit_await_end(pid);
                kit_expect_nothing();
        }
}

// covers: process_SUITE:spawn_request_monitor_child_exit
KIT_EVERYWHERE_TEST(test_the_answer_comes_before_down)
{
        kr_msg msg = KR_MSG_INIT;

        for (int i = 0; i < 50; i++) {
                kr_ref ref = kr_spawn_request(&with_monitor, exit_with, kr_int(i));
                kr_pid pid;

                for (int yields = i % 3; yields > 0; yields--)
                        kr_yield();
                kit_next(&msg, "{spawn_reply, =, ok, ~}", ref, &pid);
                kit_next(&msg, "{'DOWN', =, process, =, =}", ref, pid, i);
        }
        kit_expect_nothing();
}

// covers: process_SUITE:spawn_request_link_child_exit
KIT_EVERYWHERE_TEST(test_the_answer_comes_before_exit)
{
        kr_msg msg = KR_MSG_INIT;

        kr_trap_exit(true);
        for (int i = 0; i < 50; i++) {
                kr_ref ref = kr_spawn_request(&with_link, exit_with, kr_int(i));
                kr_pid pid;

                kit_next(&msg, "{spawn_reply, =, ok, ~}", ref, &pid);
                kit_next(&msg, "{'EXIT', =, =}", pid, i);
        }
        kit_expect_nothing();
}

/* Tells what it ends of. */
static void report_end(kr_pid *to)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;

        kr_trap_exit(true);
        kr_send(*to, "{child, ~}", kr_self());
        (void)kr_receive(&msg, KR_INFINITY, kr_on(0, "{'EXIT', _, ~}", &reason));
        kr_send(*to, "{ended, ~, ~}", kr_self(), reason);
}

struct asker {
        kr_pid to;
        bool compound;
};

static void ask_and_end(struct asker *a)
{
        (void)kr_spawn_request(&with_link, report_end, &a->to);
        if (a->compound)
                kr_exit("{compound, [~, \"reason\"]}", 1.5);
        kr_exit("plain");
}

// covers: process_SUITE:spawn_request_link_parent_exit
// covers: process_SUITE:spawn_request_link_parent_exit_compound_reason
KIT_EVERYWHERE_TEST(test_the_link_holds_when_the_asker_ends_before_the_answer)
{
        kr_msg msg = KR_MSG_INIT;

        for (int i = 0; i < 40; i++) {
                struct asker a = { kr_self(), i % 2 };
                kr_term reason;
                kr_pid pid;

                kr_spawn(ask_and_end, &a);
                /* it may trap before the exit signal comes, or be ended by it */
                if (kr_receive(&msg, 20, kr_on(0, "{child, ~}", &pid)) == KR_TIMEOUT)
                        continue;
                if (kr_receive(&msg, 20, kr_on(0, "{ended, =, ~}", pid, &reason)) == 0) {
                        if (a.compound)
                                kit_match(reason, "{compound, [1.5, \"reason\"]}");
                        else
                                kit_match(reason, "plain");
                } else {
                        kit_false(kr_is_process_alive(pid));
                }
        }
        kit_expect_nothing();
}

// covers: process_SUITE:spawn_request_abandon_bif
KIT_EVERYWHERE_TEST(test_on_this_node_a_request_is_answered_before_it_can_be_given_up)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref = kr_spawn_request(NULL, kit_sleeper);

        kit_false(kr_spawn_request_abandon(kr_make_ref()));
        kit_false(kr_spawn_request_abandon(ref));
        kit_next(&msg, "{spawn_reply, =, ok, _}", ref);
        kit_false(kr_spawn_request_abandon(ref));
        kit_expect_nothing();
}

static void abandon_no_ref(void)
{
        (void)kr_spawn_request_abandon(kr_ref_none());
}

// covers: process_SUITE:spawn_request_abandon_bif
KIT_EVERYWHERE_TEST(test_giving_up_no_reference_is_a_badarg)
{
        kr_ref ref;

        kr_spawn_monitor(&ref, abandon_no_ref);
        kit_expect_down(ref, "{{badarg, {<<\"kr_spawn_request_abandon\">>, _}}, _}");
}

static void expect_answer(kr_reply reply, bool ok, bool comes)
{
        kr_spawn_request_opts opts = { .spawn = { .monitor = true }, .reply = reply };
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;

        if (!ok)
                opts.spawn.priority = (kr_priority)17;
        ref = kr_spawn_request(&opts, exit_with, kr_int(1));
        if (comes && ok)
                kit_next(&msg, "{spawn_reply, =, ok, _}", ref);
        if (comes && !ok)
                kit_next(&msg, "{spawn_reply, =, error, _}", ref);
        if (ok)
                kit_next(&msg, "{'DOWN', =, process, _, 1}", ref);
        kit_expect_nothing();
}

// covers: process_SUITE:spawn_request_reply_option
KIT_EVERYWHERE_TEST(test_which_answers_are_sent)
{
        expect_answer(KR_REPLY_YES, true, true);
        expect_answer(KR_REPLY_NO, true, false);
        expect_answer(KR_REPLY_ERROR_ONLY, true, false);
        expect_answer(KR_REPLY_SUCCESS_ONLY, true, true);
        expect_answer(KR_REPLY_YES, false, true);
        expect_answer(KR_REPLY_NO, false, false);
        expect_answer(KR_REPLY_ERROR_ONLY, false, true);
        expect_answer(KR_REPLY_SUCCESS_ONLY, false, false);
}

/* -- no memory -- */

static kr_ref requested;
static uint64_t refuse_at;
static bool has_requested;

static void request_while_refused(void *arg)
{
        kr_spawn_request_opts both = { .spawn = { .link = true, .monitor = true } };

        (void)arg;
        kit_heap_refuse(refuse_at);
        requested = kr_spawn_request(&both, kit_sleeper);
        has_requested = true;
        kit_heap_refuse(0);
}

static void request_until_it_works(void)
{
        kr_msg reason = KR_MSG_INIT, msg = KR_MSG_INIT;
        int raised = 0, answered = 0;
        kr_class kind;
        kr_pid pid;

        for (refuse_at = 1;; refuse_at++) {
                has_requested = false;
                if (!kr_catch(request_while_refused, NULL, &kind, &reason)) {
                        kit_heap_refuse(0);
                        kit_match(reason.term, "{system_limit, _}");
                        raised++;
                } else if (kr_receive(&msg, 0,
                                      kr_on(0, "{spawn_reply, =, error, system_limit}",
                                            requested)) == 0) {
                        answered++;
                } else {
                        break;
                }
                kit_expect_nothing();
                kit_int_eq(list_len(kr_self(), "links"), 0);
                kit_int_eq(list_len(kr_self(), "monitors"), 0);
        }
        kit_next(&msg, "{spawn_reply, =, ok, ~}", requested, &pid);
        kit_int_eq(in_list(kr_self(), "links", pid, NULL), 1);
        kit_int_gt(raised + answered, 0);
        kr_unlink(pid);
}

/* One thread: nobody else's allocation is refused. */
// covers: process_SUITE:spawn_request_reply_option
KIT_TEST(test_a_request_that_fails_leaves_nothing_but_its_answer)
{
        kit_run_process(&(kr_node_opts){ .drive = KR_DRIVE_SIM }, request_until_it_works);
}

KIT_MAIN(KIT_CASE(test_the_answer_carries_the_reference_and_the_pid),
         KIT_CASE(test_wrong_options_are_answered_with_badopt),
         KIT_CASE(test_link_and_monitor_are_there_with_the_answer),
         KIT_CASE(test_demonitor_may_come_before_the_answer_is_read),
         KIT_CASE(test_the_answer_comes_before_down),
         KIT_CASE(test_the_answer_comes_before_exit),
         KIT_CASE(test_the_link_holds_when_the_asker_ends_before_the_answer),
         KIT_CASE(test_on_this_node_a_request_is_answered_before_it_can_be_given_up),
         KIT_CASE(test_giving_up_no_reference_is_a_badarg),
         KIT_CASE(test_which_answers_are_sent),
         KIT_CASE(test_a_request_that_fails_leaves_nothing_but_its_answer))
