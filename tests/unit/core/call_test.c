/* SPDX-License-Identifier: Apache-2.0 */
/* call_test.c: calls and replies come to the same, whichever way they take (core/call.c).
 *
 * The usual call and its reply have a way of their own; each circumstance below takes one of them,
 * or both, off it. All are tried with each other, after a call that was usual.
 */
#include <krarup.h>

#include "process.h"

enum { REQUEST, STOP, DONE, OTHER };

enum circumstance {
        WATCHING = 1,    /* the caller monitors somebody else as well */
        WATCHED = 2,     /* so does somebody else the server */
        WAITING = 4,     /* a message that nobody wants waits for the caller */
        INTERRUPTED = 8, /* and another one comes before the reply */
        DELEGATED = 16,  /* the reply comes from another process */
        PLAIN = 32,      /* the reply comes to the pid, as {[alias | Ref], Reply} */
        LONG = 64,       /* request and reply are large */
        ENDLESS = 128,   /* no time limit */
        COMBINATIONS = 256,
};

struct job {
        kr_pid caller;
        kr_ref alias;
        int64_t n;
        int32_t flags;
};

static void reply(const struct job *job)
{
        kr_from from = { job->caller, job->alias, kr_atom_term(KR_ATOM("alias")) };

        if ((job->flags & INTERRUPTED) != 0)
                kr_send(job->caller, "{interrupt, ~}", job->n);
        if ((job->flags & PLAIN) != 0)
                kr_send(job->caller, "{[alias|~], {~, [a, b, c, d, e, f, g, h]}}",
                        job->alias, job->n);
        else if ((job->flags & LONG) != 0)
                kr_reply_to(from, "{~, [a, b, c, d, e, f, g, h]}", job->n);
        else
                kr_reply_to(from, "{~, []}", job->n);
}

static void serve(void)
{
        struct job job;
        kr_msg msg = KR_MSG_INIT;

        while (kr_receive(&msg, KR_INFINITY,
                          kr_on(REQUEST, "{'$gen_call', {~, [alias|~]}, {~, ~, _}}",
                                &job.caller, &job.alias, &job.flags, &job.n),
                          kr_on(STOP, "stop")) == REQUEST) {
                if ((job.flags & DELEGATED) != 0)
                        kr_spawn(reply, &job);
                else
                        reply(&job);
        }
}

static int64_t call(kr_pid server, int flags, int64_t n)
{
        int64_t timeout_ms = (flags & ENDLESS) != 0 ? KR_INFINITY : 60000, got = -1;
        kr_msg msg = KR_MSG_INIT;
        kr_term reply;

        if ((flags & LONG) != 0)
                reply = kr_call_timeout(server, &msg, timeout_ms,
                                        "{~, ~, [1, 2, 3, 4, 5, 6]}", flags, n);
        else
                reply = kr_call_timeout(server, &msg, timeout_ms, "{~, ~, []}", flags, n);
        kit_true(kr_match(reply, "{~, _}", &got));
        return got;
}

static void expect_message(int64_t n, kr_atom what)
{
        kr_msg msg = KR_MSG_INIT;

        kit_int_eq(kr_receive(&msg, 60000, kr_on(DONE, "{=, =}", what, n)), DONE);
}

static void expect_empty(void)
{
        kr_msg msg = KR_MSG_INIT;

        kit_int_eq(kr_receive(&msg, 0, kr_on(OTHER, "_")), KR_TIMEOUT);
}

static void try_one(kr_pid server, kr_pid idle, int flags)
{
        kr_ref watching = kr_ref_none();

        kit_int_eq(call(server, 0, 1), 1);
        if ((flags & WATCHING) != 0)
                watching = kr_monitor(idle);
        if ((flags & WAITING) != 0)
                kr_send(kr_self(), "{waits, ~}", flags);
        kit_int_eq(call(server, flags, flags), flags);
        if ((flags & WAITING) != 0)
                expect_message(flags, KR_ATOM("waits"));
        if ((flags & INTERRUPTED) != 0)
                expect_message(flags, KR_ATOM("interrupt"));
        expect_empty();
        if ((flags & WATCHING) != 0)
                kit_true(kr_demonitor(watching, NULL));
        kit_int_eq(call(server, 0, 2), 2);
}

/* What a process says of its monitors. */
static void expect_item(kr_pid pid, kr_atom item, kr_term want)
{
        kr_msg slot = KR_MSG_INIT;
        kr_term value;

        kit_true(kr_process_info(pid, item, &slot));
        kit_true(kr_match(slot.term, "{_, ~}", &value));
        kit_true(kr_same(value, want));
        kr_release(want);
        kr_msg_clear(&slot);
}

static void watch(const kr_pid *server)
{
        kr_msg msg = KR_MSG_INIT;

        kr_monitor(*server);
        kr_receive(&msg, KR_INFINITY, kr_on(STOP, "stop"));
}

KIT_EVERYWHERE_TEST(test_calls_come_to_the_same_whatever_else_there_is)
{
        kr_pid server = kr_spawn(serve), idle = kr_spawn(serve), watcher;

        for (int flags = 0; flags < COMBINATIONS; flags++) {
                if ((flags & WATCHED) != 0)
                        watcher = kr_spawn(watch, &server);
                try_one(server, idle, flags);
                if ((flags & WATCHED) != 0) {
                        kr_ref end = kr_monitor(watcher);
                        kr_msg msg = KR_MSG_INIT;

                        kr_send(watcher, "stop");
                        kr_receive(&msg, KR_INFINITY,
                                   kr_on(DONE, "{'DOWN', =, _, _, _}", end));
                }
        }
        expect_item(server, KR_ATOM("monitored_by"), kr_build("[]"));
        expect_item(kr_self(), KR_ATOM("monitors"), kr_build("[]"));
}

static void call_for(const kr_pid *server)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid parent;

        kr_receive(&msg, KR_INFINITY, kr_on(REQUEST, "~", &parent));
        for (int i = 0; i < 1000; i++)
                kit_int_eq(call(*server, i % 8 == 0 ? DELEGATED : 0, i), i);
        kr_send(parent, "done");
}

/* Several callers, on several threads: most servers are awake, or wake elsewhere. */
KIT_EVERYWHERE_TEST(test_many_call_one)
{
        kr_pid server = kr_spawn(serve);
        kr_msg msg = KR_MSG_INIT;

        for (int i = 0; i < 8; i++) {
                kr_pid caller = kr_spawn(call_for, &server);

                kr_send(caller, "~", kr_self());
        }
        for (int i = 0; i < 8; i++)
                kit_int_eq(kr_receive(&msg, 60000, kr_on(DONE, "done")), DONE);
        expect_item(server, KR_ATOM("monitored_by"), kr_build("[]"));
}

/* Nobody answers: the time of each call is its own, though one wake-up serves them all. */
KIT_SIM_TEST(test_each_call_has_its_own_time)
{
        static const int64_t times[] = { 5000, 2000, 1000, 7000, 999, 5000, 1 };
        kr_pid server = kr_spawn(serve);
        kr_msg msg = KR_MSG_INIT;

        for (unsigned i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
                int64_t begun_ms, took_ms;

                kit_int_eq(call(server, 0, i), i);
                begun_ms = kr_monotonic_ms(NULL);
                kit_int_eq(kr_try_call(server, &msg, times[i], "nobody_answers"),
                           KR_ETIMEDOUT);
                took_ms = kr_monotonic_ms(NULL) - begun_ms;
                kit_true(took_ms >= times[i] && took_ms <= times[i] + 40);
        }
        expect_empty();
}

static void end_when_asked(void)
{
        kr_msg msg = KR_MSG_INIT;

        kr_receive(&msg, KR_INFINITY, kr_on(REQUEST, "{'$gen_call', _, _}"));
        kr_exit("asked");
}

KIT_EVERYWHERE_TEST(test_a_server_that_ends_is_an_answer)
{
        for (int i = 0; i < 100; i++) {
                kr_pid server = kr_spawn(end_when_asked);
                kr_msg msg = KR_MSG_INIT;

                if (i % 2 == 0)
                        kr_yield(); /* it sleeps, most times */
                kit_int_eq(kr_try_call(server, &msg, 60000, "please"), KR_EFAILED);
                kit_true(kr_match(msg.term, "asked"));
                kit_int_eq(kr_try_call(server, &msg, 60000, "please"), KR_ENOPROC);
        }
        expect_empty();
}

KIT_MAIN(KIT_CASE(test_calls_come_to_the_same_whatever_else_there_is),
         KIT_CASE(test_many_call_one), KIT_CASE(test_each_call_has_its_own_time),
         KIT_CASE(test_a_server_that_ends_is_an_answer))
