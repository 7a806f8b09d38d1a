/* SPDX-License-Identifier: Apache-2.0 */
/* suspend_test.c: processes that others have stopped. */
#include <krarup.h>

#include "process.h"

enum { MATCH, OTHER };

static kr_term self_term(void)
{
        return kr_build("~", kr_self());
}

/* Answers each ping; ends with stop. */
static void echo(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid from;

        while (kr_receive(&msg, KR_INFINITY, kr_on(MATCH, "{ping, ~}", &from),
                          kr_on(OTHER, "stop")) == MATCH)
                kr_send(from, "pong");
}

static void ping(kr_pid pid)
{
        kr_send(pid, "{ping, ~}", kr_self());
}

static int pong_within(int64_t ms)
{
        kr_msg msg = KR_MSG_INIT;

        return kr_receive(&msg, ms, kr_on(MATCH, "pong"));
}

static void wait_until_it_waits(kr_pid pid)
{
        kr_msg slot = KR_MSG_INIT;

        do {
                kr_yield();
                kit_true(kr_process_info(pid, KR_ATOM("status"), &slot));
        } while (!kr_match(slot.term, "{status, waiting}"));
        kr_msg_clear(&slot);
}

// covers: process_SUITE:otp_7738_waiting
KIT_PROCESS_TEST(test_a_message_wakes_a_waiting_process)
{
        kr_pid pid = kr_spawn(echo);

        wait_until_it_waits(pid);
        ping(pid);
        kit_int_eq(pong_within(5000), MATCH);
}

// covers: process_SUITE:otp_7738_suspended
KIT_PROCESS_TEST(test_a_message_that_came_while_suspended_is_answered_afterwards)
{
        kr_pid pid = kr_spawn(echo);

        wait_until_it_waits(pid);
        kit_true(kr_suspend_process(pid));
        ping(pid);
        kit_int_eq(pong_within(20), KR_TIMEOUT);
        kr_resume_process(pid);
        kit_int_eq(pong_within(5000), MATCH);
}

/* The message came, and was known to be there, before the process was suspended: nothing but
 * the resume can wake it. */
// covers: process_SUITE:otp_7738_resume
KIT_PROCESS_TEST(test_the_resume_alone_wakes_it)
{
        for (int i = 0; i < 200; i++) {
                kr_pid pid = kr_spawn(echo);

                ping(pid);
                kit_true(kr_suspend_process(pid));
                (void)kr_is_process_alive(pid);
                kr_resume_process(pid);
                kit_int_eq(pong_within(5000), MATCH);
                kr_send(pid, "stop");
        }
}

KIT_PROCESS_TEST(test_suspensions_are_counted)
{
        kr_pid pid = kr_spawn(echo);
        kr_msg slot = KR_MSG_INIT;

        for (int i = 0; i < 3; i++)
                kit_true(kr_suspend_process(pid));
        kit_true(kr_process_info(kr_self(), KR_ATOM("suspending"), &slot));
        kit_true(kr_match(slot.term, "{suspending, [{=, 3, 0}]}", pid));
        ping(pid);
        for (int i = 0; i < 2; i++) {
                kr_resume_process(pid);
                kit_int_eq(pong_within(10), KR_TIMEOUT);
        }
        kr_resume_process(pid);
        kit_int_eq(pong_within(5000), MATCH);
        kit_true(kr_process_info(kr_self(), KR_ATOM("suspending"), &slot));
        kit_true(kr_match(slot.term, "{suspending, []}"));
        kr_msg_clear(&slot);
}

static void count_up(kr_term parent)
{
        kr_pid pid;

        kit_true(kr_get_pid(parent, &pid));
        for (int64_t i = 0;; i++) {
                kr_put(kr_atom_term(KR_ATOM("count")), kr_int((int32_t)i));
                if (i == 1000)
                        kr_send(pid, "counting");
                if (i % 16 == 0)
                        kr_yield();
        }
}

static int64_t count_of(kr_pid pid)
{
        kr_msg slot = KR_MSG_INIT;
        int64_t count = -1;

        kit_true(kr_process_info(pid, KR_ATOM("dictionary"), &slot));
        kit_true(kr_match(slot.term, "{dictionary, [{count, ~}]}", &count));
        kr_msg_clear(&slot);
        return count;
}

/* When kr_suspend_process returns it stands still. */
KIT_PROCESS_TEST(test_a_suspended_process_does_nothing)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid = kr_spawn(count_up, self_term());
        int64_t count;

        kit_int_eq(kr_receive(&msg, 5000, kr_on(MATCH, "counting")), MATCH);
        for (int i = 0; i < 20; i++) {
                kit_true(kr_suspend_process(pid));
                count = count_of(pid);
                kr_sleep(1);
                kit_int_eq(count_of(pid), count);
                kr_resume_process(pid);
                while (count_of(pid) == count)
                        kr_yield();
        }
}

/* Stays until told to stop; what it has suspended is then resumed. */
static void suspend_one(const kr_pid *pid)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid parent;

        kit_true(kr_suspend_process(*pid));
        kr_receive(&msg, KR_INFINITY, kr_on(MATCH, "{stop, ~}", &parent));
        kr_send(parent, "stopped");
}

/* By many, and by one of them often: more than a byte counts. */
KIT_PROCESS_TEST(test_a_thousand_suspensions_are_counted)
{
        enum { OTHERS = 300, TIMES = 700 };
        static kr_pid others[OTHERS];
        kr_pid pid = kr_spawn(echo);
        kr_msg msg = KR_MSG_INIT;

        for (int i = 0; i < OTHERS; i++)
                others[i] = kr_spawn(suspend_one, &pid);
        for (int i = 0; i < TIMES; i++)
                kit_true(kr_suspend_process(pid));
        ping(pid);
        for (int i = 0; i < TIMES; i++)
                kr_resume_process(pid);
        for (int i = 0; i < OTHERS; i++) {
                kit_int_eq(pong_within(0), KR_TIMEOUT);
                kr_send(others[i], "{stop, ~}", kr_self());
                kit_int_eq(kr_receive(&msg, 5000, kr_on(MATCH, "stopped")), MATCH);
        }
        kit_int_eq(pong_within(5000), MATCH);
}

// covers: A16
KIT_PROCESS_TEST(test_an_exit_signal_ends_a_suspended_process)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref monitor;
        kr_pid pid = kr_spawn_monitor(&monitor, echo);

        kit_true(kr_suspend_process(pid));
        kr_exit_signal(pid, "enough");
        kit_int_eq(kr_receive(&msg, 5000,
                              kr_on(MATCH, "{'DOWN', =, process, _, enough}", monitor)),
                   MATCH);
        kr_resume_process(pid); /* ours to take back, though it has ended */
        kit_false(kr_suspend_process(pid));
}

static void suspend_and_end(kr_term victim)
{
        kr_pid pid;

        kit_true(kr_get_pid(victim, &pid));
        kit_true(kr_suspend_process(pid));
        kit_true(kr_suspend_process(pid));
}

KIT_PROCESS_TEST(test_who_ends_takes_back_its_suspensions)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid = kr_spawn(echo);
        kr_ref monitor;

        kr_spawn_monitor(&monitor, suspend_and_end, kr_build("~", pid));
        kit_int_eq(kr_receive(&msg, 5000,
                              kr_on(MATCH, "{'DOWN', =, process, _, normal}", monitor)),
                   MATCH);
        ping(pid);
        kit_int_eq(pong_within(5000), MATCH);
}

static void suspend_oneself(void *arg)
{
        (void)arg;
        (void)kr_suspend_process(kr_self());
}

static void resume_another(void *pid)
{
        kr_resume_process(*(kr_pid *)pid);
}

static void expect_badarg(void (*fn)(void *arg), void *arg, const char *function)
{
        kr_msg reason = KR_MSG_INIT;
        const char *in = NULL;
        kr_class how;

        kit_false(kr_catch(fn, arg, &how, &reason));
        kit_int_eq(how, KR_CLASS_ERROR);
        kit_true(kr_match(reason.term, "{{badarg, {~, <<\"pid\">>}}, _}", &in));
        kit_str_eq(in, function);
        kr_msg_clear(&reason);
}

KIT_PROCESS_TEST(test_oneself_and_what_one_has_not_suspended_are_badarg)
{
        kr_pid pid = kr_spawn(echo);

        expect_badarg(suspend_oneself, NULL, "kr_suspend_process");
        expect_badarg(resume_another, &pid, "kr_resume_process");
        kit_true(kr_suspend_process(pid));
        kr_resume_process(pid);
        expect_badarg(resume_another, &pid, "kr_resume_process");
}

KIT_MAIN(KIT_CASE(test_a_message_wakes_a_waiting_process),
         KIT_CASE(test_a_message_that_came_while_suspended_is_answered_afterwards),
         KIT_CASE(test_the_resume_alone_wakes_it), KIT_CASE(test_suspensions_are_counted),
         KIT_CASE(test_a_thousand_suspensions_are_counted),
         KIT_CASE(test_a_suspended_process_does_nothing),
         KIT_CASE(test_an_exit_signal_ends_a_suspended_process),
         KIT_CASE(test_who_ends_takes_back_its_suspensions),
         KIT_CASE(test_oneself_and_what_one_has_not_suspended_are_badarg))
