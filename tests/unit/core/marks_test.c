/* SPDX-License-Identifier: Apache-2.0 */
/* marks_test.c: who waits for the answer to a fresh reference need not look at what is older
 * than the reference; and gets the right message all the same.
 */
#include <krarup.h>

#include "process.h"

enum { REPLY, DOWN, ANY };
enum { QUEUED = 100000, CALLS = 2000 };

static void fill_mailbox(int count)
{
        for (int i = 0; i < count; i++)
                kr_send(kr_self(), "{junk, ~}", i);
        kr_yield();
}

static void echo(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;
        kr_pid from;

        for (;;) {
                kr_receive(&msg, KR_INFINITY, kr_on(ANY, "{call, ~, ~}", &from, &ref));
                kr_send(from, "{reply, ~}", ref);
        }
}

static void call_by_ref(kr_pid server)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref = kr_make_ref();

        kr_send(server, "{call, ~, ~}", kr_self(), ref);
        kit_int_eq(kr_receive(&msg, KR_INFINITY, kr_on(REPLY, "{reply, =}", ref)), REPLY);
}

/* As a call between servers is: the reference of a monitor, and its DOWN as a way out. */
static void call_by_monitor(kr_pid server)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref = kr_monitor(server);

        kr_send(server, "{call, ~, ~}", kr_self(), ref);
        kit_int_eq(kr_receive(&msg, KR_INFINITY, kr_on(REPLY, "{reply, =}", ref),
                              kr_on(DOWN, "{'DOWN', =, process, _, _}", ref)),
                   REPLY);
        kit_true(kr_demonitor(ref, NULL));
}

static void call_by_alias(kr_pid server)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref = kr_monitor_alias(server, KR_ALIAS_REPLY_DEMONITOR, NULL);

        kr_send(server, "{call, ~, ~}", kr_self(), ref);
        kit_int_eq(kr_receive(&msg, KR_INFINITY, kr_on(REPLY, "{reply, =}", ref),
                              kr_on(DOWN, "{'DOWN', =, process, _, _}", ref)),
                   REPLY);
        (void)kr_demonitor(ref, &(kr_demonitor_opts){ .flush = true });
}

/* The fastest of some runs, so that what else the machine does counts little. */
static int64_t time_calls(void (*call)(kr_pid), kr_pid server)
{
        int64_t best_ns = INT64_MAX;

        for (int run = 0; run < 5; run++) {
                int64_t began_ns = kr_monotonic_ns(NULL), took_ns;

                for (int i = 0; i < CALLS / 5; i++)
                        call(server);
                took_ns = kr_monotonic_ns(NULL) - began_ns;
                best_ns = took_ns < best_ns ? took_ns : best_ns;
        }
        return best_ns;
}

static void compare(void (*call)(kr_pid))
{
        kr_pid server = kr_spawn_link(echo);
        int64_t empty_ns, full_ns;

        call(server);
        empty_ns = time_calls(call, server);
        fill_mailbox(QUEUED);
        full_ns = time_calls(call, server);
        if (full_ns >= 10 * empty_ns)
                kit_fail("%d calls take %lld ns, with %d messages queued %lld ns",
                         CALLS / 5, (long long)empty_ns, QUEUED, (long long)full_ns);
        kr_unlink(server);
}

// covers: D65 receive_SUITE:call_with_huge_message_queue
KIT_PROCESS_TEST(test_a_call_by_reference_stays_fast_with_a_long_queue)
{
        compare(call_by_ref);
}

// covers: D65 receive_SUITE:call_with_huge_message_queue
KIT_PROCESS_TEST(test_a_call_with_monitor_stays_fast_with_a_long_queue)
{
        compare(call_by_monitor);
}

// covers: D65
KIT_PROCESS_TEST(test_a_call_with_alias_stays_fast_with_a_long_queue)
{
        compare(call_by_alias);
}

static void several_outstanding(kr_pid server)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref refs[4];

        for (int i = 0; i < 4; i++) {
                refs[i] = kr_make_ref();
                kr_send(server, "{call, ~, ~}", kr_self(), refs[i]);
        }
        for (int i = 3; i >= 0; i--)
                kit_int_eq(kr_receive(&msg, KR_INFINITY,
                                      kr_on(REPLY, "{reply, =}", refs[i])),
                           REPLY);
}

// covers: receive_SUITE:multi_recv_opt
KIT_PROCESS_TEST(test_several_references_outstanding_all_stay_fast)
{
        compare(several_outstanding);
}

static void after_unused_references(kr_pid server)
{
        for (int i = 0; i < 100; i++)
                (void)kr_make_ref();
        call_by_ref(server);
}

// covers: receive_SUITE:multi_recv_opt_clear
KIT_PROCESS_TEST(test_references_nobody_waits_for_do_not_stand_in_the_way)
{
        compare(after_unused_references);
}

static void receive_from_a_filled_box(kr_pid server)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref = kr_make_ref();
        int first = -1;

        kr_send(server, "{call, ~, ~}", kr_self(), ref);
        kr_send(kr_self(), "{junk, 0}");
        kit_int_eq(kr_receive(&msg, KR_INFINITY, kr_on(ANY, "{junk, ~}", &first)), ANY);
        kit_int_eq(kr_receive(&msg, KR_INFINITY, kr_on(REPLY, "{reply, =}", ref)), REPLY);
}

/* A receive that takes an older message, made between the reference and its use. */
// covers: receive_SUITE:receive_in_between
KIT_PROCESS_TEST(test_a_receive_in_between_leaves_the_reference_its_place)
{
        compare(receive_from_a_filled_box);
}

/* The message that stands at the place itself is taken away, several times. */
// covers: receive_SUITE:receive_in_between receive_SUITE:gh_5235_missing_save_reset
KIT_EVERYWHERE_TEST(test_taking_the_message_at_the_place_loses_nothing)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;

        for (int i = 0; i < 5; i++)
                kr_send(kr_self(), "{junk, ~}", i);
        kr_yield();
        ref = kr_make_ref();
        for (int i = 4; i >= 0; i--)
                kit_int_eq(kr_receive(&msg, 0, kr_on(ANY, "{junk, =}", i)), ANY);
        kr_send(kr_self(), "{reply, ~}", ref);
        kit_int_eq(kr_receive(&msg, 0, kr_on(REPLY, "{reply, =}", ref)), REPLY);
        kit_int_eq(kr_receive(&msg, 0, kr_on(ANY, "_")), KR_TIMEOUT);
}

/* A place that was found for one receive must not be where the next one starts. */
// covers: receive_SUITE:gh_5235_missing_save_reset
KIT_EVERYWHERE_TEST(test_the_place_is_not_used_after_its_receive)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;

        kr_send(kr_self(), "old");
        ref = kr_make_ref();
        kit_int_eq(kr_receive(&msg, 0, kr_on(REPLY, "{reply, =}", ref)), KR_TIMEOUT);
        kit_int_eq(kr_receive(&msg, 0, kr_on(ANY, "old")), ANY);
        kr_send(kr_self(), "old");
        kr_send(kr_self(), "{reply, ~}", ref);
        kit_int_eq(kr_receive(&msg, 0, kr_on(REPLY, "{reply, =}", ref)), REPLY);
        kit_int_eq(kr_receive(&msg, 0, kr_on(ANY, "old")), ANY);
}

/* Clauses that want different references, or one that wants none, look at everything. */
// covers: receive_SUITE:gh_5235_recv_mark
KIT_EVERYWHERE_TEST(test_the_place_of_one_reference_is_not_used_for_another)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref early = kr_make_ref(), late;

        kr_send(kr_self(), "{reply, ~}", early);
        kr_yield();
        late = kr_make_ref();
        kit_int_eq(kr_receive(&msg, 0, kr_on(REPLY, "{reply, =}", late),
                              kr_on(ANY, "{reply, =}", early)),
                   ANY);
        kr_send(kr_self(), "{old, ~}", early);
        kr_yield();
        late = kr_make_ref();
        kit_int_eq(kr_receive(&msg, 0, kr_on(REPLY, "{reply, =}", late),
                              kr_on(ANY, "{old, _}")),
                   ANY);
        late = kr_make_ref();
        kr_send(kr_self(), "{~, [~]}", late, early);
        kit_int_eq(kr_receive(&msg, 0, kr_on(REPLY, "{=, [=]}", late, early)), REPLY);
}

/* The reference of somebody else, who may have sent it long before. */
// covers: receive_SUITE:gh_5235_recv_mark
KIT_EVERYWHERE_TEST(test_a_reference_that_another_process_made_is_looked_for_everywhere)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref theirs;
        kr_pid server = kr_spawn_link(echo);

        kr_send(server, "{call, ~, ~}", kr_self(), kr_make_ref());
        kr_send(kr_self(), "{other, ~}", kr_make_ref());
        kit_int_eq(kr_receive(&msg, KR_INFINITY, kr_on(ANY, "{other, ~}", &theirs)), ANY);
        kr_send(kr_self(), "{found, ~}", theirs);
        (void)kr_make_ref();
        (void)kr_make_ref();
        kit_int_eq(kr_receive(&msg, 0, kr_on(ANY, "{found, =}", theirs)), ANY);
        kr_unlink(server);
}

static void stop_early(void *arg)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref = kr_make_ref();

        (void)arg;
        kr_send(kr_self(), "{reply, ~}", ref);
        kit_int_eq(kr_receive(&msg, 0, kr_on(REPLY, "{reply, =}", ref)), REPLY);
        kr_throw("stopped");
}

// covers: receive_SUITE:receive_opt_exception
KIT_EVERYWHERE_TEST(test_a_throw_after_a_receive_leaves_the_next_one_right)
{
        kr_msg msg = KR_MSG_INIT, reason = KR_MSG_INIT;
        kr_class kind;

        for (int i = 0; i < 20; i++) {
                kr_send(kr_self(), "{junk, ~}", i);
                kit_false(kr_catch(stop_early, NULL, &kind, &reason));
                kit_int_eq(kind, KR_CLASS_THROW);
                kit_int_eq(kr_receive(&msg, 0, kr_on(ANY, "{junk, =}", i)), ANY);
        }
        kit_int_eq(kr_receive(&msg, 0, kr_on(ANY, "_")), KR_TIMEOUT);
}

static void send_many(kr_term to)
{
        kr_pid pid;

        kit_true(kr_get_pid(to, &pid));
        for (int i = 0; i < 2000; i++)
                kr_send(pid, "{junk, ~}", i);
        kr_send(pid, "last");
}

/* Messages are on their way, and come in, between the reference's making and its use. */
// covers: receive_SUITE:receive_opt_deferred_save
KIT_EVERYWHERE_TEST(test_the_place_is_right_with_messages_on_their_way)
{
        kr_pid server = kr_spawn_link(echo);
        kr_msg msg = KR_MSG_INIT;

        kr_spawn(send_many, kr_build("~", kr_self()));
        for (int i = 0; i < 300; i++) {
                call_by_ref(server);
                call_by_monitor(server);
        }
        for (int i = 0; i < 2000; i++)
                kit_int_eq(kr_receive(&msg, KR_INFINITY, kr_on(ANY, "{junk, =}", i)),
                           ANY);
        kit_int_eq(kr_receive(&msg, KR_INFINITY, kr_on(ANY, "_")), ANY);
        kit_true(kr_match(msg.term, "last"));
        kr_unlink(server);
}

KIT_MAIN(KIT_SLOW(test_a_call_by_reference_stays_fast_with_a_long_queue, 30),
         KIT_SLOW(test_a_call_with_monitor_stays_fast_with_a_long_queue, 30),
         KIT_SLOW(test_a_call_with_alias_stays_fast_with_a_long_queue, 30),
         KIT_SLOW(test_several_references_outstanding_all_stay_fast, 30),
         KIT_SLOW(test_references_nobody_waits_for_do_not_stand_in_the_way, 30),
         KIT_SLOW(test_a_receive_in_between_leaves_the_reference_its_place, 30),
         KIT_CASE(test_taking_the_message_at_the_place_loses_nothing),
         KIT_CASE(test_the_place_is_not_used_after_its_receive),
         KIT_CASE(test_the_place_of_one_reference_is_not_used_for_another),
         KIT_CASE(test_a_reference_that_another_process_made_is_looked_for_everywhere),
         KIT_CASE(test_a_throw_after_a_receive_leaves_the_next_one_right),
         KIT_CASE(test_the_place_is_right_with_messages_on_their_way))
