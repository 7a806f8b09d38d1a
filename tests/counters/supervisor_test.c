/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor_test.c: the counters of the third stage: what they say, and what became of the
 * original's weaknesses (8 to 16 of its list): some are mended, some are the lesson. */
#include "../../counters/supervisor/counter.h"
#include "../../counters/supervisor/counter_sup.h"
#include "../../counters/supervisor/counters.h"
#include "../../counters/supervisor/counters_sup.h"
#include "../../counters/supervisor/say.h"

#include <stdio.h>
#include <stdlib.h>

#include "expect.h"
#include "process.h"

#define FOO kr_atom_term(KR_ATOM("foo"))

/* -- lines -- */

static char *said;
static size_t said_len;

static void listen(void)
{
        kr_trap_exit(true);
        if (say_to == NULL)
                say_to = open_memstream(&said, &said_len);
        kit_not_null(say_to);
}

/* What has been said since is this; and begin anew. */
#define expect_said(text)                                                                \
        do {                                                                             \
                kit_int_eq(fflush(say_to), 0);                                           \
                kit_str_eq(said, text);                                                  \
                kit_int_eq(fclose(say_to), 0);                                           \
                free(said);                                                              \
                say_to = open_memstream(&said, &said_len);                               \
        } while (0)

static int64_t value(void)
{
        kr_msg answer = KR_MSG_INIT;
        int64_t n = INT64_MIN;

        kit_true(kr_get_int64(counter_read(&answer), &n));
        kr_msg_clear(&answer);
        return n;
}

static int64_t value_of(const char *name)
{
        kr_msg answer = KR_MSG_INIT;
        int64_t n = INT64_MIN;

        kit_true(kr_get_int64(counters_read(name, &answer), &n));
        kr_msg_clear(&answer);
        return n;
}

static void await_another(const char *name, kr_pid old)
{
        kr_pid now = old;

        while (kr_pid_is_none(now) || kr_pid_eq(now, old)) {
                kr_yield();
                now = kr_whereis(name);
        }
}

static void kill(const char *name)
{
        kr_pid old = kr_whereis(name);

        kr_exit_signal(old, "kill");
        kit_await_end(old);
}

/* -- what a person sees -- */

KIT_PROCESS_TEST(test_a_counter_says_what_it_does)
{
        listen();
        kit_int_eq(counter_sup_start_link(0).err, KR_OK);
        expect_said("counter_sup:start_link(0)\ncounter_sup:init(0)\n"
                    "counter:start(0)\ncounter:init(0)\n");
        kit_int_eq(counter_tick(kr_int(3)), KR_OK);
        kit_int_eq(value(), 3);
        expect_said("counter:tick(3)\ncounter:read()\n");
        kit_int_eq(counter_sup_stop(), KR_OK);
        expect_said("counter_sup:stop()\ncounter:terminate(shutdown,3)\n");
}

KIT_PROCESS_TEST(test_started_twice_there_is_one)
{
        kr_started first, second;

        listen();
        first = counter_sup_start_link(0);
        second = counter_sup_start_link(7);
        kit_int_eq(second.err, KR_EALREADY);
        kit_true(kr_pid_eq(first.pid, second.pid));
        kit_int_eq(value(), 0);
}

static void read_it(void *unused)
{
        kr_msg answer = KR_MSG_INIT;

        (void)unused;
        (void)counter_read(&answer);
}

KIT_PROCESS_TEST(test_without_a_counter)
{
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        listen();
        kit_int_eq(counter_tick(kr_int(1)), KR_OK); /* and is lost */
        kit_false(kr_catch(read_it, NULL, &kind, &reason));
        kit_match(reason.term, "{noproc, {gen_server, call, [counter, read]}}");
}

KIT_PROCESS_TEST(test_a_crash_is_told_and_mended)
{
        kr_pid old;

        listen();
        (void)counter_sup_start_link(5);
        old = kr_whereis("counter");
        expect_said("counter_sup:start_link(5)\ncounter_sup:init(5)\n"
                    "counter:start(5)\ncounter:init(5)\n");
        kr_exit_signal(old, "normal"); /* is a message as any other */
        kit_int_eq(value(), 5);
        kit_int_eq(kr_stop_server(old, 5000, "shutdown"), KR_OK);
        await_another("counter", old);
        kit_int_eq(value(), 5);
        kit_not_null(strstr((fflush(say_to), said),
                            ",normal},5)\ncounter:terminate(shutdown,5)\n"
                            "counter:start(5)\ncounter:init(5)\ncounter:read()\n"));
}

/* -- weaknesses -- */

/* 8: a tick is not answered, and lost if nobody is there: kept. One that waits says so. */
KIT_PROCESS_TEST(test_a_tick_may_be_waited_for)
{
        int64_t now = 0;

        listen();
        kit_int_eq(counter_tick_and_wait(1, &now), KR_ENOPROC);
        (void)counter_sup_start_link(0);
        kit_int_eq(counter_tick_and_wait(41, &now), KR_OK);
        kit_int_eq(counter_tick_and_wait(1, &now), KR_OK);
        kit_int_eq(now, 42);
}

/* 9: what a crashed counter had counted is gone: kept, it is what a restart means. */
KIT_PROCESS_TEST(test_after_a_crash_it_begins_anew)
{
        kr_pid old;

        listen();
        (void)counter_sup_start_link(0);
        (void)counter_tick(kr_int(42));
        kit_int_eq(value(), 42);
        old = kr_whereis("counter");
        kill("counter");
        await_another("counter", old);
        kit_int_eq(value(), 0);
}

/* 10: the culprit is told, and the counter does not hear of it: mended. */
KIT_PROCESS_TEST(test_a_tick_of_foo_is_refused_at_once)
{
        kr_pid old;

        listen();
        (void)counter_sup_start_link(1);
        old = kr_whereis("counter");
        kit_int_eq(counter_tick(FOO), KR_EBADARG);
        kit_int_eq(value(), 1);
        kit_true(kr_pid_eq(kr_whereis("counter"), old));
        kr_cast("counter", "{tick, foo}"); /* past the API: then as before */
        await_another("counter", old);
        kit_int_eq(value(), 1);
        kit_not_null(strstr((fflush(say_to), said), "counter:terminate({badarith,"));
}

/* 11: who traps exits gets a stranger's as a message: kept, for terminate's sake. */
KIT_PROCESS_TEST(test_a_strangers_exit_is_a_message)
{
        kr_pid old;

        listen();
        (void)counter_sup_start_link(2);
        old = kr_whereis("counter");
        kr_exit_signal(old, "boom");
        kit_int_eq(value(), 2);
        kit_true(kr_pid_eq(kr_whereis("counter"), old));
        kit_not_null(strstr((fflush(say_to), said), "counter:handle_info({'EXIT',<"));
}

static void stops_it(void)
{
        kit_int_eq(counter_sup_stop(), KR_OK);
}

/* 12, 13: anybody can stop it, and stopping it twice is no fault: mended. */
KIT_PROCESS_TEST(test_anybody_can_stop_it_and_twice)
{
        kr_ref gone, done;
        kr_pid sup;

        listen();
        sup = counter_sup_start_link(0).pid;
        gone = kr_monitor(sup);
        (void)kr_spawn_monitor(&done, stops_it);
        kit_expect_down(gone, "normal");
        kit_expect_down(done, "normal");
        kit_true(kr_pid_is_none(kr_whereis("counter")));
        kit_int_eq(counter_sup_stop(), KR_ENOPROC);
}

/* 14: ten faults an hour, one more ends it: kept for the one counter ... */
KIT_PROCESS_TEST(test_eleven_faults_in_an_hour_end_the_supervisor)
{
        kr_ref gone;

        listen();
        gone = kr_monitor(counter_sup_start_link(0).pid);
        for (int i = 0; i < 10; i++) {
                kr_pid old = kr_whereis("counter");

                kill("counter");
                await_another("counter", old);
        }
        kill("counter");
        kit_expect_down(gone, "shutdown");
}

/* ... and mended for many: each has faults of its own to make, and then stays down alone. */
KIT_PROCESS_TEST(test_one_that_always_crashes_does_not_end_the_others)
{
        listen();
        (void)counters_sup_start_link("good", 1);
        (void)counters_sup_start_child("bad", 0);
        (void)counters_tick("good", kr_int(1));
        for (int i = 0; i < 10; i++) {
                kr_pid old = kr_whereis("bad");

                kill("bad");
                await_another("bad", old);
        }
        kill("bad");
        kit_int_eq(value_of("good"), 2);
        kit_uint_eq(kr_supervisor_count_children("counters_sup").active, 1);
        kit_true(kr_pid_is_none(kr_whereis("bad")));
        kit_int_eq(counters_sup_stop(), KR_OK);
}

/* 15: counters can be taken away: mended. */
KIT_PROCESS_TEST(test_counters_come_and_go)
{
        kr_started again;

        listen();
        (void)counters_sup_start_link("a", 0);
        kit_int_eq(counters_sup_start_child("b", 10).err, KR_OK);
        again = counters_sup_start_child("b", 10);
        kit_int_eq(again.err, KR_EALREADY);
        kit_true(kr_pid_eq(again.pid, kr_whereis("b")));
        kit_int_eq(counters_sup_stop_child("b"), KR_OK);
        kit_int_eq(counters_sup_stop_child("b"), KR_ENOPROC);
        kit_int_eq(counters_sup_stop_child("no_such_counter"), KR_ENOPROC);
        kit_int_eq(counters_sup_start_child("b", 20).err, KR_OK);
        kit_int_eq(value_of("b"), 20);
        kit_int_eq(value_of("a"), 0);
        kit_int_eq(counters_sup_stop(), KR_OK);
        kit_int_eq(counters_sup_stop(), KR_ENOPROC);
        expect_said("counters_sup:start_link(a,0)\ncounters_sup:init(a,0)\n"
                    "counters:start(a,0)\ncounters:init(a,0)\n"
                    "counters_sup:start_child(b,10)\ncounters:start(b,10)\n"
                    "counters:init(b,10)\ncounters_sup:start_child(b,10)\n"
                    "counters_sup:stop_child(b)\ncounters:terminate(shutdown,10)\n"
                    "counters_sup:stop_child(b)\n"
                    "counters_sup:start_child(b,20)\ncounters:start(b,20)\n"
                    "counters:init(b,20)\ncounters:read(b)\ncounters:read(a)\n"
                    "counters_sup:stop()\ncounters:terminate(shutdown,20)\n"
                    "counters:terminate(shutdown,0)\ncounters_sup:stop()\n");
}

static void read_unknown(void *unused)
{
        kr_msg answer = KR_MSG_INIT;

        (void)unused;
        (void)counters_read("never_heard_of", &answer);
}

/* 16: what people type does not fill the table of atoms: mended. */
KIT_PROCESS_TEST(test_names_are_looked_at_and_counted)
{
        kr_msg reason = KR_MSG_INIT;
        char name[40];
        kr_class kind;
        kr_atom atom;
        kr_err err = KR_OK;
        int made = 0;

        listen();
        (void)counters_sup_start_link("a", 0);
        kit_int_eq(counters_sup_start_child("", 0).err, KR_EBADARG);
        kit_int_eq(counters_sup_start_child("No", 0).err, KR_EBADARG);
        kit_int_eq(counters_sup_start_child("1a", 0).err, KR_EBADARG);
        kit_int_eq(counters_sup_start_child("a b", 0).err, KR_EBADARG);
        kit_int_eq(counters_tick("never_heard_of", kr_int(1)), KR_OK);
        kit_false(kr_catch(read_unknown, NULL, &kind, &reason));
        kit_match(reason.term, "{noproc, {gen_server, call, [_, read]}}");
        kit_false(kr_atom_existing("never_heard_of", 14, &atom));
        while (err == KR_OK) {
                (void)snprintf(name, sizeof(name), "made_up_%d", made++);
                err = counters_name(name, &atom);
        }
        kit_int_eq(err, KR_ESYSTEMLIMIT);
        kit_int_le(made, COUNTERS_NAMES_MAX + 1);
        kit_false(kr_atom_existing(name, strlen(name), &atom));
        kit_int_eq(counters_sup_start_child("made_up_1", 0).err, KR_OK);
}

KIT_MAIN(KIT_CASE(test_a_counter_says_what_it_does),
         KIT_CASE(test_started_twice_there_is_one), KIT_CASE(test_without_a_counter),
         KIT_CASE(test_a_crash_is_told_and_mended),
         KIT_CASE(test_a_tick_may_be_waited_for),
         KIT_CASE(test_after_a_crash_it_begins_anew),
         KIT_CASE(test_a_tick_of_foo_is_refused_at_once),
         KIT_CASE(test_a_strangers_exit_is_a_message),
         KIT_CASE(test_anybody_can_stop_it_and_twice),
         KIT_CASE(test_eleven_faults_in_an_hour_end_the_supervisor),
         KIT_CASE(test_one_that_always_crashes_does_not_end_the_others),
         KIT_CASE(test_counters_come_and_go),
         KIT_CASE(test_names_are_looked_at_and_counted))
