/* SPDX-License-Identifier: Apache-2.0 */
/* resume_test.c: what a process does not see of the time while it was suspended. */
#include <krarup.h>

#include "expect.h"
#include "process.h"
#include "puppet.h"

static _Atomic int64_t beats;

static void beat(void)
{
        for (;;) {
                beats++;
                kr_yield();
        }
}

static void expect_stopped(void)
{
        int64_t before = beats;

        for (int i = 0; i < 200; i++)
                kr_yield();
        kit_int_eq(beats, before);
}

KIT_EVERYWHERE_TEST(test_a_process_that_never_waits_stops_and_goes_on)
{
        kr_pid pid = kr_spawn(beat);

        for (int i = 0; i < 10; i++) {
                int64_t before;

                kit_true(kr_suspend_process(pid));
                expect_stopped();
                before = beats;
                kr_resume_process(pid);
                while (beats == before)
                        kr_yield();
        }
}

static void take_jobs(kr_pid *parent)
{
        kr_msg msg = KR_MSG_INIT;

        for (;;) {
                if (kr_receive(&msg, 0, kr_on(0, "job")) == 0) {
                        beats++;
                        kr_send(*parent, "taken");
                }
        }
}

/* A message that is taken in with the suspension, or behind it, waits for the resume. */
KIT_EVERYWHERE_TEST(test_no_message_is_received_after_the_suspension)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid me = kr_self(), pid = kr_spawn(take_jobs, &me);

        beats = 0;
        for (int i = 0; i < 50; i++) {
                int64_t before;

                kit_true(kr_suspend_process(pid));
                before = beats;
                kr_send(pid, "job");
                kit_true(kr_is_process_alive(pid)); /* it has taken the message in */
                kit_int_eq(beats, before);
                kr_resume_process(pid);
                kit_next(&msg, "taken");
        }
        kit_expect_nothing();
}

static void timed_wait(kr_pid *parent)
{
        kr_msg msg = KR_MSG_INIT;

        kr_send(*parent, "waits");
        if (kr_receive(&msg, 5, kr_on(0, "never")) == KR_TIMEOUT)
                kr_send(*parent, "timeout");
}

KIT_EVERYWHERE_TEST(test_a_timeout_that_passed_meanwhile_comes_with_the_resume)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid me = kr_self(), pid = kr_spawn(timed_wait, &me);

        kit_expect(&msg, "waits");
        kit_true(kr_suspend_process(pid));
        kr_sleep(20);
        kit_expect_nothing();
        kr_resume_process(pid);
        kit_next(&msg, "timeout");
}

// covers: process_SUITE:system_task_on_suspended
KIT_EVERYWHERE_TEST(test_a_suspended_process_answers_and_is_watched_and_ends)
{
        kr_pid pid = kr_spawn(kit_sleeper);
        kr_ref ref;

        kit_true(kr_suspend_process(pid));
        for (int i = 0; i < 10; i++) {
                kit_true(kr_is_process_alive(pid));
                kr_send(pid, "hello");
                ref = kr_monitor(pid);
                kit_int_eq(in_list(pid, "monitored_by", kr_self(), NULL), 1);
                kit_true(kr_demonitor(ref, NULL));
        }
        ref = kr_monitor(pid);
        kr_exit_signal(pid, "gone");
        kit_false(kr_is_process_alive(pid));
        kit_expect_down(ref, "gone");
        kit_false(kr_suspend_process(pid));
        kr_resume_process(pid); /* what one has suspended one may take back */
}

KIT_MAIN(KIT_CASE(test_a_process_that_never_waits_stops_and_goes_on),
         KIT_CASE(test_no_message_is_received_after_the_suspension),
         KIT_CASE(test_a_timeout_that_passed_meanwhile_comes_with_the_resume),
         KIT_CASE(test_a_suspended_process_answers_and_is_watched_and_ends))
