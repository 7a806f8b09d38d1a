/* SPDX-License-Identifier: Apache-2.0 */
/* gen_start_test.c: behaviours that start, and all the ways in which they do not. */
#include <krarup.h>

#include <krarup/text.h>

#include <stdio.h>
#include <string.h>

#include "echo.h"
#include "expect.h"
#include "process.h"

/* What a start that fails leaves: the result, the Reason, and nothing in the mailbox. */
#define kit_start_fails(started, error, reason_slot, ...)                                \
        do {                                                                             \
                kr_started kit_started = started;                                        \
                                                                                         \
                kit_err(kit_started.err, error);                                         \
                kit_match((reason_slot)->term, __VA_ARGS__);                             \
                kit_expect_nothing();                                                    \
        } while (0)

/* covers: H95 */
KIT_EVERYWHERE_TEST(test_start_gives_the_pid_of_a_process_that_runs)
{
        kr_started s = kr_start(&echo, NULL, "{tell, ~}", kr_self());
        kr_msg msg = KR_MSG_INIT;

        kit_ok(s.err);
        kit_true(kr_is_process_alive(s.pid));
        kit_expect(&msg, "{init, =, =}", s.pid, s.pid); /* it said so before we went on */
        kit_true(kr_ref_is_none(s.monitor));
        kit_expect_nothing();
}

/* A starter that has waited for one before, as most have, waits in another way: what comes before
 * the word of the child, or has been there already, is left in the mailbox. */
KIT_EVERYWHERE_TEST(test_a_start_takes_the_word_of_its_child_and_nothing_else)
{
        kr_msg msg = KR_MSG_INIT, said = KR_MSG_INIT;
        kr_start_opts opts = { .ret_reason = &said };

        for (int i = 0; i < 3; i++) {
                kr_started s = kr_start_link(&echo, &opts, "{tell, ~}", kr_self());

                kit_ok(s.err);
                kit_match(said.term, "{ok, =}", s.pid);
                kit_expect(&msg, "{init, =, =}", s.pid, s.pid);
                s = kr_start_link(&echo, &opts, "[]");
                kit_ok(s.err);
                kit_match(said.term, "{ok, =}", s.pid);
                kit_expect_nothing();
                kr_send(kr_self(), "{older, ~}", i);
                kit_ok(kr_start_link(&echo, NULL, "[]").err);
                kit_expect(&msg, "{older, =}", i);
                kit_ok(kr_start_link(&echo, NULL, "[]").err);
                kit_expect_nothing();
        }
        kr_msg_clear(&said);
        kr_msg_clear(&msg);
}

KIT_EVERYWHERE_TEST(test_the_name_is_there_before_init_runs)
{
        kr_started s = kr_start(&echo, &(kr_start_opts){ .name = "anna" }, "{tell, ~}",
                                kr_self());
        kr_msg msg = KR_MSG_INIT;

        kit_ok(s.err);
        kit_expect(&msg, "{init, =, anna}", s.pid);
        kit_true(kr_pid_eq(kr_whereis("anna"), s.pid));
}

KIT_EVERYWHERE_TEST(test_a_name_that_is_taken_says_by_whom)
{
        kr_start_opts opts = { .name = "anna" };
        kr_started first = kr_start(&echo, &opts, "[]"), second;

        second = kr_start_link(&echo, &opts, "{tell, ~}", kr_self());
        kit_err(second.err, KR_EALREADY);
        kit_true(kr_pid_eq(second.pid, first.pid));
        kit_expect_nothing(); /* nobody was spawned */
}

struct to_tell {
        kr_pid pid;
};

static void start_anna(struct to_tell *to)
{
        kr_started s = kr_start(&echo, &(kr_start_opts){ .name = "anna" }, "{sleep, 5}");

        kr_send(to->pid, "{~, ~}", (int)s.err, s.pid);
        kr_sleep(KR_INFINITY);
}

/* All start it at once: one wins, and the others learn who. */
KIT_EVERYWHERE_TEST(test_of_many_that_race_for_a_name_one_gets_it)
{
        enum { MANY = 20 };
        kr_msg msg = KR_MSG_INIT;
        int won = 0;

        for (int i = 0; i < MANY; i++)
                kr_spawn(start_anna, &(struct to_tell){ kr_self() });
        for (int i = 0; i < MANY; i++) {
                kr_pid pid;
                int err;

                kit_expect(&msg, "{~, ~}", &err, &pid);
                kit_true(err == KR_OK || err == KR_EALREADY);
                kit_true(kr_pid_eq(pid, kr_whereis("anna")));
                won += err == KR_OK;
        }
        kit_int_eq(won, 1);
}

/* covers: H97 H98 H102 */
KIT_EVERYWHERE_TEST(test_a_start_that_fails_says_why_and_leaves_nothing)
{
        kr_msg why = KR_MSG_INIT;
        kr_start_opts opts = { .name = "anna", .ret_reason = &why };

        kr_trap_exit(true);
        for (int linked = 0; linked < 2; linked++) {
                enum kri_start_mode mode = linked ? KRI_START_LINK : KRI_START_PLAIN;
#define start(...)                                                                       \
        kri_gen_start(mode, &echo, &opts, KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))
                kit_start_fails(start("ignore"), KR_EIGNORED, &why, "ignore");
                kit_start_fails(start("{stop, normal}"), KR_EFAILED, &why, "normal");
                kit_start_fails(start("{stop, shutdown}"), KR_EFAILED, &why, "shutdown");
                kit_start_fails(start("{stop, {a, b}}"), KR_EFAILED, &why, "{a, b}");
                kit_start_fails(start("{error, {a, b}}"), KR_EFAILED, &why, "{a, b}");
                kit_start_fails(start("{exit, {a, b}}"), KR_EFAILED, &why, "{a, b}");
                kit_start_fails(start("{crash, {a, b}}"), KR_EFAILED, &why,
                                "{{a, b}, [_|_]}");
                kit_start_fails(start("{throw, {a, b}}"), KR_EFAILED, &why,
                                "{bad_return_value, {a, b}}");
                kit_start_fails(start("return"), KR_EFAILED, &why, "init_returned");
#undef start
        }
        kit_true(kr_pid_is_none(kr_whereis("anna")));
        kr_msg_clear(&why);
}

/* covers: H99 */
KIT_EVERYWHERE_TEST(test_the_name_is_free_when_a_failure_is_reported)
{
        kr_start_opts opts = { .name = "anna" };

        for (int i = 0; i < 50; i++) {
                kit_err(kr_start(&echo, &opts, "{stop, no}").err, KR_EFAILED);
                kit_err(kr_start(&echo, &opts, "ignore").err, KR_EIGNORED);
                kit_err(kr_start(&echo, &opts, "{crash, no}").err, KR_EFAILED);
        }
        kit_ok(kr_start(&echo, &opts, "[]").err);
}

static void starts_linked(kr_term args)
{
        kr_started s = kr_start_link(&echo, NULL, "~", args);

        kr_exit("{came_back, ~}", (int)s.err);
}

static void expect_end_of_starter(kr_term args, const char *reason)
{
        kr_msg msg = KR_MSG_INIT;
        char text[100];
        kr_term why;
        kr_ref ref;

        kr_spawn_monitor(&ref, starts_linked, args);
        kit_expect(&msg, "{'DOWN', =, process, _, ~}", ref, &why);
        (void)kr_format(text, sizeof(text), why);
        kit_str_eq(text, reason);
        kr_msg_clear(&msg);
        kr_release(args);
}

/* covers: H97 */
KIT_EVERYWHERE_TEST(test_a_linked_starter_that_traps_nothing_ends_with_its_child)
{
        char failed[32], ignored[32];

        (void)snprintf(failed, sizeof(failed), "{came_back,%d}", KR_EFAILED);
        (void)snprintf(ignored, sizeof(ignored), "{came_back,%d}", KR_EIGNORED);
        expect_end_of_starter(kr_build("{stop, {a, b}}"), "{a,b}");
        expect_end_of_starter(kr_build("{exit, shutdown}"), "shutdown");
        expect_end_of_starter(kr_build("{stop, normal}"), failed);
        expect_end_of_starter(kr_build("{error, {a, b}}"), failed);
        expect_end_of_starter(kr_build("ignore"), ignored);
}

/* covers: H96 */
/* mistake: an init that takes longer than timeout_ms -> KR_ETIMEDOUT; it is killed */
KIT_EVERYWHERE_TEST(test_an_init_that_takes_too_long_is_killed)
{
        kr_msg why = KR_MSG_INIT;
        kr_start_opts opts = { .name = "anna", .timeout_ms = 20, .ret_reason = &why };

        kr_trap_exit(true);
        kit_start_fails(kr_start(&echo, &opts, "{sleep, 60000}"), KR_ETIMEDOUT, &why,
                        "timeout");
        kit_start_fails(kr_start_link(&echo, &opts, "{sleep, 60000}"), KR_ETIMEDOUT, &why,
                        "timeout");
        kit_start_fails(kr_start_monitor(&echo, &opts, "{sleep, 60000}"), KR_ETIMEDOUT,
                        &why, "timeout");
        kit_true(kr_pid_is_none(kr_whereis("anna")));
        opts.timeout_ms = 30000;
        kit_ok(kr_start(&echo, &opts, "{sleep, 1}").err);
        kr_msg_clear(&why);
}

/* covers: H100 */
KIT_EVERYWHERE_TEST(test_start_monitor_gives_a_monitor_and_no_down_of_a_failure)
{
        kr_started s = kr_start_monitor(&echo, NULL, "[]");

        kit_ok(s.err);
        kr_exit_signal(s.pid, "enough");
        kit_expect_down(s.monitor, "enough");
        s = kr_start_monitor(&echo, NULL, "{stop, no}");
        kit_err(s.err, KR_EFAILED);
        kit_true(kr_ref_is_none(s.monitor));
        s = kr_start_monitor(&echo, NULL, "ignore");
        kit_err(s.err, KR_EIGNORED);
        kit_expect_nothing();
}

/* The starter hears of it from the child itself, and from nobody else. */
static void faults_or_is_killed(void)
{
        kr_msg why = KR_MSG_INIT;
        kr_start_opts opts = { .ret_reason = &why };

        kr_trap_exit(true);
        for (int i = 0; i < 3; i++) {
                kit_start_fails(kr_start(&echo, &opts, "fault"), KR_EFAILED, &why,
                                "{{sigsegv, 0}, _}");
                kit_start_fails(kr_start_link(&echo, &opts, "fault"), KR_EFAILED, &why,
                                "{{sigsegv, 0}, _}");
        }
        kr_msg_clear(&why);
}

KIT_TEST(test_a_fault_in_init_is_a_failure_like_others)
{
        kit_run_process(&(kr_node_opts){ .faults = KR_FAULTS_EXIT }, faults_or_is_killed);
}

static void kills(struct to_tell *to)
{
        kr_pid pid;

        while (kr_pid_is_none(pid = kr_whereis("anna")))
                kr_sleep(1);
        kr_exit_signal(pid, "kill");
        (void)to;
}

KIT_EVERYWHERE_TEST(test_one_that_is_killed_in_init_is_a_failure)
{
        kr_msg why = KR_MSG_INIT;
        kr_start_opts opts = { .name = "anna", .ret_reason = &why };

        kr_trap_exit(true);
        for (int linked = 0; linked < 2; linked++) {
                kr_spawn(kills, &(struct to_tell){ kr_self() });
                if (linked)
                        kit_start_fails(kr_start_link(&echo, &opts, "{sleep, 60000}"),
                                        KR_EFAILED, &why, "killed");
                else
                        kit_start_fails(kr_start(&echo, &opts, "{sleep, 60000}"),
                                        KR_EFAILED, &why, "killed");
        }
        kr_msg_clear(&why);
}

static void starts_and_waits(struct to_tell *to)
{
        kr_started s = kr_start(&echo, NULL, "{sleep, 50}");

        kr_send(to->pid, "{started, ~}", s.pid);
}

/* A plain start binds nobody to nobody, not even while it lasts. */
KIT_EVERYWHERE_TEST(test_a_child_survives_a_starter_that_ends)
{
        kr_pid starter = kr_spawn(starts_and_waits, &(struct to_tell){ kr_self() });
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid;

        kit_expect(&msg, "{started, ~}", &pid);
        kit_await_end(starter);
        kit_true(kr_is_process_alive(pid));
        kit_says(kr_call(pid, &msg, "name"), "{=, =}", pid, pid); /* its own parent */
}

/* covers: H103 */
KIT_EVERYWHERE_TEST(test_ancestors_are_names_or_pids)
{
        kr_started s = kr_start_link(&echo, NULL, "[]");
        kr_msg slot = KR_MSG_INIT;

        kit_says(kr_call(s.pid, &slot, "origin"), "{[=], {echo, init, 1}}", kr_self());
        kr_register("starter", kr_self());
        s = kr_start_link(&echo, NULL, "[]");
        kit_says(kr_call(s.pid, &slot, "origin"), "{[starter], {echo, init, 1}}");
        kr_unregister("starter");
        s = kr_start_link(&echo, NULL, "[]");
        kit_says(kr_call(s.pid, &slot, "origin"), "{[=], _}", kr_self());
        kit_says(kr_call(s.pid, &slot, "name"), "{_, =}", kr_self());
        kr_msg_clear(&slot);
}

struct start_args {
        const kr_behaviour *behaviour;
        kr_start_opts opts;
};

static void start_with(void *arg)
{
        struct start_args *a = arg;

        (void)kr_start(a->behaviour, &a->opts, "[]");
}

static void expect_badarg(struct start_args args, const char *argument)
{
        kr_msg why = KR_MSG_INIT;
        kr_class kind = KR_CLASS_EXIT;
        const char *said = NULL;

        kit_false(kr_catch(start_with, &args, &kind, &why));
        kit_int_eq(kind, KR_CLASS_ERROR);
        kit_match(why.term, "{{badarg, {<<\"kr_start\">>, ~}}, _}", &said);
        kit_str_eq(said, argument);
        kr_msg_clear(&why);
}

/* mistake: an option of a start that cannot be -> {badarg, {kr_start, Option}} */
KIT_PROCESS_TEST(test_misuse_names_the_option)
{
        expect_badarg((struct start_args){ NULL, { 0 } }, "behaviour");
        expect_badarg((struct start_args){ &echo, { .timeout_ms = -2 } }, "timeout_ms");
        expect_badarg((struct start_args){ &echo, { .spawn = { .monitor = true } } },
                      "spawn");
        expect_badarg((struct start_args){ &echo,
                                           { .via = &kr_via_global,
                                             .via_name = kr_none() } },
                      "via_name");
        expect_badarg((struct start_args){ &echo,
                                           { .name = "a", .via = &kr_via_global } },
                      "name");
}

/* A thread is not ended by a pattern that is wrong: it is told. */
/* mistake: a pattern that is wrong, given to kr_start by a thread -> KR_EBADARG, and the slot has the pattern, its place and what is wrong */
KIT_TEST(test_a_wrong_pattern_is_told_to_a_thread)
{
        kr_node *node = kit_node_start(NULL);
        kr_msg why = KR_MSG_INIT;
        kr_start_opts opts = { .ret_reason = &why };
        const char *text = "";
        kr_pid self;

        kit_ok(kr_thread_attach(node, &self));
        kit_err(kr_start(&echo, &opts, "{oops").err, KR_EBADARG);
        kit_match(why.term, "{badarg, ~}", &text);
        kit_not_null(strstr(text, "pattern \"{oops\": "));
        kit_err(kr_start(&echo, &opts, "{~, 1}").err, KR_EBADARG);
        kit_match(why.term, "{badarg, ~}", &text);
        kit_not_null(strstr(text, "1 argument wanted, 0 given"));
        kit_err(kr_start(&echo, NULL, "{oops").err, KR_EBADARG);
        kr_msg_clear(&why);
        kr_thread_detach();
        kit_node_stop(node);
}

KIT_MAIN(KIT_CASE(test_start_gives_the_pid_of_a_process_that_runs),
         KIT_CASE(test_a_start_takes_the_word_of_its_child_and_nothing_else),
         KIT_CASE(test_the_name_is_there_before_init_runs),
         KIT_CASE(test_a_name_that_is_taken_says_by_whom),
         KIT_CASE(test_of_many_that_race_for_a_name_one_gets_it),
         KIT_CASE(test_a_start_that_fails_says_why_and_leaves_nothing),
         KIT_CASE(test_the_name_is_free_when_a_failure_is_reported),
         KIT_CASE(test_a_linked_starter_that_traps_nothing_ends_with_its_child),
         KIT_CASE(test_an_init_that_takes_too_long_is_killed),
         KIT_CASE(test_start_monitor_gives_a_monitor_and_no_down_of_a_failure),
         KIT_CASE(test_a_fault_in_init_is_a_failure_like_others),
         KIT_CASE(test_one_that_is_killed_in_init_is_a_failure),
         KIT_CASE(test_a_child_survives_a_starter_that_ends),
         KIT_CASE(test_ancestors_are_names_or_pids),
         KIT_CASE(test_misuse_names_the_option),
         KIT_CASE(test_a_wrong_pattern_is_told_to_a_thread))
