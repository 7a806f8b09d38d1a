/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that another process may end: kri_catch_interruptible. */
#include <krarup.h>

#include "core/proc.h"

#include "kit.h"
#include "process.h"

struct told {
        kr_pid by;
        int how;
};

enum { RETURNS, WAITS, COMPUTES, WAITS_IN_A_CATCH };

static volatile bool for_ever = true;

static void wait_for_ever(void *unused)
{
        (void)unused;
        kr_sleep(KR_INFINITY);
}

static void subject(void *arg)
{
        const struct told *told = arg;
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        kr_send(told->by, "begun");
        if (told->how == WAITS)
                kr_sleep(KR_INFINITY);
        if (told->how == WAITS_IN_A_CATCH)
                (void)kr_catch(wait_for_ever, NULL, &kind, &reason);
        while (told->how == COMPUTES && for_ever)
                ;
}

/* Says how it was left, then answers messages, in the order in which they came. */
static void run(const struct told *told)
{
        struct told copy = *told;
        kr_msg msg = KR_MSG_INIT;
        kr_term text;
        kr_class kind;

        if (kri_catch_interruptible(subject, &copy, &kind, &msg))
                kr_send(told->by, "returned");
        else
                kr_send(told->by, "{left, ~, ~}", (int)kind, msg.term);
        for (;;) {
                (void)kr_receive(&msg, KR_INFINITY, kr_on(0, "~", &text));
                kr_send(told->by, "{heard, ~}", text);
        }
}

static void expect(const char *want)
{
        kr_msg msg = KR_MSG_INIT;
        kr_buf text = KR_BUF_INIT;
        kr_term term;

        (void)kr_receive(&msg, KR_INFINITY, kr_on(0, "~", &term));
        kit_ok(kr_print_to(&text, term, NULL));
        kit_str_eq(text.data, want);
        kr_buf_free(&text);
        kr_msg_clear(&msg);
}

static kr_pid begin(int how)
{
        const struct told told = { kr_self(), how };
        kr_pid pid = kr_spawn(run, &told);

        expect("begun");
        return pid;
}

static void interrupted(int how)
{
        kr_pid pid = begin(how);

        kr_send(pid, "earlier");
        kri_interrupt(pid);
        kr_send(pid, "later");
        expect("{left,0,timeout}");
        expect("{heard,earlier}");
        expect("{heard,later}");
}

KIT_EVERYWHERE_TEST(test_one_that_waits_is_interrupted)
{
        interrupted(WAITS);
}

KIT_EVERYWHERE_TEST(test_a_catch_in_between_does_not_hold_it)
{
        interrupted(WAITS_IN_A_CATCH);
}

static void compute(void)
{
        interrupted(COMPUTES);
}

KIT_TEST(test_one_that_computes_is_interrupted)
{
        if (KIT_SIGNALS_WAIT)
                return;
        kit_run_process(&(const kr_node_opts){ .faults = KR_FAULTS_EXIT,
                                               .dump_path = "" },
                        compute);
}

/* Too late: it has come out by itself. */
KIT_EVERYWHERE_TEST(test_elsewhere_it_has_no_effect)
{
        kr_pid pid = begin(RETURNS);

        expect("returned");
        kri_interrupt(pid);
        kr_send(pid, "hello");
        expect("{heard,hello}");
}

/* A true reason to end is stronger, whichever comes first. */
KIT_EVERYWHERE_TEST(test_a_kill_is_not_lost)
{
        kr_pid pid = begin(WAITS);
        kr_ref ref = kr_monitor(pid);
        kr_msg msg = KR_MSG_INIT;
        kr_term why;

        kri_interrupt(pid);
        kr_exit_signal(pid, "kill");
        (void)kr_receive(&msg, KR_INFINITY, kr_on(0, "{'DOWN', =, _, _, ~}", ref, &why));
        kit_true(kr_match(why, "killed"));
        kr_msg_clear(&msg);
}

/* -- what is left of a call -- */

static void do_nothing(void *unused)
{
        (void)unused;
}

static void put(void *unused)
{
        (void)unused;
        kr_put(kr_atom_term(KR_ATOM("key")), kr_atom_term(KR_ATOM("value")));
}

static void say_what_is_left(const struct told *told)
{
        kr_pid by = told->by;
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        (void)kri_catch_interruptible(told->how == RETURNS ? do_nothing : put, NULL,
                                      &kind, &reason);
        kr_send(by, "{left, ~, ~}", kri_current()->extra != NULL,
                !kr_is_none(kr_get(kr_atom_term(KR_ATOM("key")))));
}

/* An upgrade calls it once in each of many processes: what they had no need of they do not keep. */
KIT_EVERYWHERE_TEST(test_nothing_is_left_of_a_call_that_left_nothing)
{
        kr_spawn(say_what_is_left, (&(const struct told){ kr_self(), RETURNS }));
        expect("{left,0,0}");
}

KIT_EVERYWHERE_TEST(test_what_a_call_has_left_stays)
{
        kr_spawn(say_what_is_left, (&(const struct told){ kr_self(), WAITS }));
        expect("{left,1,1}");
}

KIT_MAIN(KIT_CASE(test_one_that_waits_is_interrupted),
         KIT_CASE(test_a_catch_in_between_does_not_hold_it),
         KIT_CASE(test_one_that_computes_is_interrupted),
         KIT_CASE(test_elsewhere_it_has_no_effect), KIT_CASE(test_a_kill_is_not_lost),
         KIT_CASE(test_nothing_is_left_of_a_call_that_left_nothing),
         KIT_CASE(test_what_a_call_has_left_stays))
