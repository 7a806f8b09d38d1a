/* SPDX-License-Identifier: Apache-2.0 */
/* migration_test.c: a process that goes on on another thread finds itself there: nothing of
 * the old thread is remembered across a call that may wait.
 *
 * A build with checks sends whoever becomes ready to the other scheduler, always; other
 * builds leave it to chance.
 */
#include <krarup.h>

#include "core/sched.h"

#include "process.h"

#include <errno.h>
#include <pthread.h>

enum { DONE, ANY, CALLS = 200 };

static kr_pid partner, full;
static int moves; /* of the process under test; only it writes */
static pthread_t last;

static void scatter(bool on)
{
#ifdef KRI_DEBUG
        atomic_store(&kri_sched_scatters, on);
#endif
        (void)on;
}

/* Looks at all that comes from the thread, before and after, in one function: here a compiler
 * that may would take the second look from the first. */
#define ACROSS(call)                                                                     \
        do {                                                                             \
                for (int i = 0; i < CALLS; i++) {                                        \
                        struct kri_proc *p = kri_current();                              \
                        kr_pid self = kr_self();                                         \
                        kr_node *node = kr_here();                                       \
                                                                                         \
                        errno = 0;                                                       \
                        call;                                                            \
                        kit_ptr_eq(kri_current(), p);                                    \
                        kit_true(kr_pid_eq(kr_self(), self));                            \
                        kit_ptr_eq(kr_here(), node);                                     \
                        is_on_its_thread(p);                                             \
                }                                                                        \
        } while (0)

static __attribute__((noinline)) void is_on_its_thread(struct kri_proc *p)
{
        pthread_t now = pthread_self();

        kit_not_null(p->sched);
        kit_ptr_eq(atomic_load_explicit(&p->sched->current, memory_order_relaxed), p);
        if (!pthread_equal(now, last))
                moves++;
        last = now;
}

static void echo(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid from;

        for (;;) {
                kr_receive(&msg, KR_INFINITY, kr_on(ANY, "{~, hello}", &from));
                kr_send(from, "hello");
        }
}

static void read_all(void)
{
        kr_msg msg = KR_MSG_INIT;

        for (;;)
                kr_receive(&msg, KR_INFINITY, kr_on(ANY, "_"));
}

static void expect_moves(const char *what)
{
#ifdef KRI_DEBUG
        if (moves < 5)
                kit_fail("%s: moved %d times only", what, moves);
#endif
        (void)what;
        moves = 0;
}

static void ask(void)
{
        kr_msg msg = KR_MSG_INIT;

        kr_send(partner, "{~, hello}", kr_self());
        kit_int_eq(kr_receive(&msg, KR_INFINITY, kr_on(ANY, "hello")), ANY);
}

static void ask_and_throw(void *arg)
{
        (void)arg;
        ask();
        kr_throw("back");
}

static void ask_in_a_catch(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_class kind;

        kit_false(kr_catch(ask_and_throw, NULL, &kind, &msg));
        kit_true(kr_match(msg.term, "back"));
}

static void receive_in_time(void)
{
        kr_msg msg = KR_MSG_INIT;

        (void)kr_send_after(0, kr_self(), "tick");
        kit_int_eq(kr_receive(&msg, 5000, kr_on(ANY, "tick")), ANY);
}

static void look_at_partner(void)
{
        kr_msg msg = KR_MSG_INIT;

        kit_true(kr_process_info(partner, KR_ATOM("links"), &msg));
}

static void spend_a_turn(void)
{
        for (int i = 0; i < 3000; i++)
                kr_spawn(read_all);
}

static void suspend_partner(void)
{
        kit_true(kr_suspend_process(partner));
        kr_resume_process(partner);
}

KIT_PROCESS_TEST(test_every_call_that_waits_may_come_back_on_another_thread)
{
        partner = kr_spawn(echo);
        full = kr_spawn_opt((&(kr_spawn_opts){
                                    .mailbox = { .messages = 1,
                                                 .overflow = KR_OVERFLOW_SUSPEND } }),
                            read_all);
        last = pthread_self();
        scatter(true);
        ACROSS(kr_yield());
        expect_moves("kr_yield");
        ACROSS(kr_sleep(i % 2));
        ACROSS(ask());
        expect_moves("kr_receive");
        ACROSS(receive_in_time());
        ACROSS(ask_in_a_catch());
        ACROSS(kit_true(kr_is_process_alive(partner)));
        ACROSS(look_at_partner());
        ACROSS(suspend_partner());
        ACROSS(kr_send(full, "message"));
        expect_moves("all the others"); /* an answer may be there before anybody waits */
        scatter(false);
}

/* A turn that ends inside a call that does not wait. */
KIT_PROCESS_TEST(test_a_turn_may_end_in_any_call_and_go_on_on_another_thread)
{
        partner = kr_spawn(read_all);
        last = pthread_self();
        scatter(true);
        for (int round = 0; round < 5; round++) {
                struct kri_proc *p = kri_current();

                spend_a_turn();
                kit_ptr_eq(kri_current(), p);
                is_on_its_thread(p);
        }
        ACROSS(for (int k = 0; k < 100; k++) kr_send(partner, "message"));
        ACROSS(for (int k = 0; k < 100; k++) kr_exit_signal(partner, "normal"));
        ACROSS(for (int k = 0; k < 100; k++) kr_unlink(partner));
        scatter(false);
}

struct counter {
        int left;
        kr_pid parent;
};

static void loop(struct counter *c)
{
        kr_msg msg = KR_MSG_INIT;

        kr_receive_top(&msg, KR_INFINITY, kr_on(ANY, "tick"));
        is_on_its_thread(kri_current());
        if (--c->left > 0)
                kr_become(loop, c);
        kr_send(c->parent, "done");
}

KIT_PROCESS_TEST(test_a_loop_that_waits_at_its_top_goes_on_on_another_thread)
{
        struct counter c = { CALLS, kr_self() };
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid;

        scatter(true);
        pid = kr_spawn(loop, &c);
        for (int i = 0; i < CALLS; i++) {
                kr_send(pid, "tick");
                kr_yield();
        }
        kit_int_eq(kr_receive(&msg, KR_INFINITY, kr_on(DONE, "done")), DONE);
        scatter(false);
}

KIT_MAIN(KIT_SLOW(test_every_call_that_waits_may_come_back_on_another_thread, 60),
         KIT_SLOW(test_a_turn_may_end_in_any_call_and_go_on_on_another_thread, 60),
         KIT_CASE(test_a_loop_that_waits_at_its_top_goes_on_on_another_thread))
