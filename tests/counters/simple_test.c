/* SPDX-License-Identifier: Apache-2.0 */
/* simple_test.c: the four counters of the first stage do what the original's do, its
 * weaknesses included. The first three are one set of cases, run for each. */
#include "../../counters/simple/counter.h"
#include "../../counters/simple/counter_gen_server_lite.h"
#include "../../counters/simple/counter_rpc.h"
#include "../../counters/simple/counters.h"

#include "process.h"

enum { DOWN, ANY };

#define FOO kr_atom_term(KR_ATOM("foo"))

/* One kind of counter, by its API. */
struct kind {
        bool (*start)(void);
        kr_err (*stop)(void);
        kr_err (*tick)(kr_term n);
        kr_term (*read)(kr_msg *answer);
};

static bool named_start(void)
{
        return counters_start("counter");
}

static kr_err named_stop(void)
{
        return counters_stop("counter");
}

static kr_err named_tick(kr_term n)
{
        return counters_tick("counter", n);
}

static kr_term named_read(kr_msg *answer)
{
        return counters_read("counter", answer);
}

static const struct kind kinds[] = {
        { counter_start, counter_stop, counter_tick, counter_read },
        { named_start, named_stop, named_tick, named_read },
        { counter_rpc_start, counter_rpc_stop, counter_rpc_tick, counter_rpc_read },
        { counter_gen_server_lite_start_link, counter_gen_server_lite_stop,
          counter_gen_server_lite_tick, counter_gen_server_lite_read },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))
#define LITE (&kinds[KINDS - 1])

static int64_t read_number(const struct kind *kind)
{
        kr_msg answer = KR_MSG_INIT;
        int64_t value = INT64_MIN;

        kit_true(kr_get_int64(kind->read(&answer), &value));
        return value;
}

/* Wait for the end of the process behind `monitor`; its reason lives in the slot. */
static kr_term reason_of(kr_ref monitor, kr_msg *msg)
{
        kr_term reason = kr_none();

        kit_int_eq(kr_receive(msg, 5000,
                              kr_on(DOWN, "{'DOWN', =, process, _, ~}", monitor,
                                    &reason)),
                   DOWN);
        return reason;
}

static void stop(const struct kind *kind)
{
        kr_ref monitor = kr_monitor("counter");
        kr_msg msg = KR_MSG_INIT;

        kit_int_eq(kind->stop(), KR_OK);
        kit_true(kr_match(reason_of(monitor, &msg), "normal"));
}

KIT_PROCESS_TEST(test_it_counts)
{
        for (const struct kind *kind = kinds; kind < kinds + KINDS; kind++) {
                kit_true(kind->start());
                kit_int_eq(read_number(kind), 0);
                kit_int_eq(kind->tick(kr_int(3)), KR_OK);
                kit_int_eq(kind->tick(kr_int(-1)), KR_OK);
                kit_int_eq(read_number(kind), 2);
                kit_int_eq(read_number(kind), 2);
                stop(kind);
                kit_true(kr_pid_is_none(kr_whereis("counter")));
        }
}

KIT_PROCESS_TEST(test_counters_of_several_names_do_not_meet)
{
        kr_msg answer = KR_MSG_INIT;
        int64_t a, b;

        kit_true(counters_start("a"));
        kit_true(counters_start("b"));
        kit_int_eq(counters_tick("a", kr_int(1)), KR_OK);
        kit_int_eq(counters_tick("b", kr_int(20)), KR_OK);
        kit_true(kr_get_int64(counters_read("a", &answer), &a));
        kit_true(kr_get_int64(counters_read("b", &answer), &b));
        kit_int_eq(a, 1);
        kit_int_eq(b, 20);
}

/* -- a wrong tick -- */

KIT_PROCESS_TEST(test_a_tick_of_foo_is_badarith_in_the_counter)
{
        kr_trap_exit(true); /* for the one that is linked */
        for (const struct kind *kind = kinds; kind < kinds + KINDS; kind++) {
                kr_msg msg = KR_MSG_INIT;
                kr_ref monitor;

                kit_true(kind->start());
                monitor = kr_monitor("counter");
                kit_int_eq(kind->tick(FOO), KR_OK); /* who ticked is not told */
                kit_true(kr_match(reason_of(monitor, &msg), "{badarith, [_ | _]}"));
                kit_true(kr_pid_is_none(kr_whereis("counter")));
        }
}

KIT_PROCESS_TEST(test_more_than_64_bits_are_badarith_not_a_wrong_number)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref monitor;

        kit_true(counter_start());
        monitor = kr_monitor("counter");
        kit_int_eq(counter_tick(kr_build("~", INT64_MAX)), KR_OK);
        kit_int_eq(read_number(&kinds[0]), INT64_MAX);
        kit_int_eq(counter_tick(kr_int(1)), KR_OK);
        kit_true(kr_match(reason_of(monitor, &msg), "{badarith, _}"));
}

/* -- calls that fail in the caller -- */

static void do_start(void *kind)
{
        (void)((const struct kind *)kind)->start();
}

static void do_stop(void *kind)
{
        (void)((const struct kind *)kind)->stop();
}

static void do_tick(void *kind)
{
        (void)((const struct kind *)kind)->tick(kr_int(1));
}

static void do_read(void *kind)
{
        kr_msg answer = KR_MSG_INIT;

        (void)((const struct kind *)kind)->read(&answer);
}

static void check_is_badarg(void (*fn)(void *), const struct kind *kind)
{
        kr_msg reason = KR_MSG_INIT;
        kr_class how;

        kit_false(kr_catch(fn, (void *)(uintptr_t)kind, &how, &reason));
        kit_int_eq(how, KR_CLASS_ERROR);
        kit_true(kr_match(reason.term, "{{badarg, _}, [_ | _]}"));
}

KIT_PROCESS_TEST(test_without_a_counter_all_is_badarg)
{
        for (const struct kind *kind = kinds; kind < kinds + KINDS; kind++) {
                check_is_badarg(do_stop, kind);
                check_is_badarg(do_tick, kind);
                check_is_badarg(do_read, kind);
        }
}

static uint32_t processes(void)
{
        kr_node_stats stats;

        kr_node_stats_read(kr_here(), &stats);
        return stats.processes;
}

KIT_PROCESS_TEST(test_a_second_start_is_badarg_and_leaves_a_process_without_a_name)
{
        for (const struct kind *kind = kinds; kind < kinds + KINDS; kind++) {
                uint32_t before;
                kr_pid first;

                kit_true(kind->start());
                first = kr_whereis("counter");
                kit_int_eq(kind->tick(kr_int(5)), KR_OK);
                before = processes();
                check_is_badarg(do_start, kind);
                kit_int_eq(processes(), before + 1);
                kit_true(kr_pid_eq(kr_whereis("counter"), first));
                kit_int_eq(read_number(kind), 5);
                stop(kind);
        }
}

/* -- other messages -- */

KIT_PROCESS_TEST(test_a_read_takes_any_message_and_the_next_read_its_answer)
{
        for (const struct kind *kind = kinds; kind < LITE; kind++) {
                kr_msg answer = KR_MSG_INIT;

                kit_true(kind->start());
                kit_int_eq(kind->tick(kr_int(7)), KR_OK);
                kr_send(kr_self(), "hello");
                kit_true(kr_match(kind->read(&answer), "hello"));
                kit_int_eq(kind->tick(kr_int(1)), KR_OK);
                kit_int_eq(read_number(kind), 7); /* of the first read */
                kit_int_eq(kr_receive(&answer, 5000, kr_on(ANY, "8")), ANY);
                stop(kind);
        }
}

KIT_PROCESS_TEST(test_lite_takes_a_reply_from_anybody_and_nothing_else)
{
        kr_msg answer = KR_MSG_INIT;

        kit_true(LITE->start());
        kr_send(kr_self(), "hello");
        kit_int_eq(read_number(LITE), 0);
        kr_send(kr_self(), "{reply, 99}");
        kit_int_eq(read_number(LITE), 99);
        kit_int_eq(kr_receive(&answer, 5000, kr_on(ANY, "{reply, 0}")), ANY);
        stop(LITE);
}

static int64_t messages_of(const char *name)
{
        kr_msg info = KR_MSG_INIT;
        int64_t len = -1;

        kit_true(kr_process_info(kr_whereis(name), KR_ATOM("message_queue_len"), &info));
        kit_true(kr_match(info.term, "{message_queue_len, ~}", &len));
        return len;
}

KIT_PROCESS_TEST(test_what_no_counter_knows_stays_in_its_mailbox)
{
        for (const struct kind *kind = kinds; kind < kinds + KINDS; kind++) {
                kit_true(kind->start());
                kr_send("counter", "nonsense");
                kr_send("counter", "{tick, 1}");
                kit_int_eq(kind->tick(kr_int(4)), KR_OK);
                kit_int_eq(read_number(kind), 4);
                kit_int_eq(messages_of("counter"), 2);
                stop(kind);
        }
}

/* -- links -- */

KIT_PROCESS_TEST(test_lite_alone_is_linked_to_its_starter)
{
        kr_msg msg = KR_MSG_INIT;

        kr_trap_exit(true);
        kit_true(LITE->start());
        kr_exit_signal(kr_whereis("counter"), "boom");
        kit_int_eq(kr_receive(&msg, 5000, kr_on(ANY, "{'EXIT', _, boom}")), ANY);
        for (const struct kind *kind = kinds; kind < LITE; kind++) {
                kr_ref monitor;

                kit_true(kind->start());
                monitor = kr_monitor("counter");
                kr_exit_signal(kr_whereis("counter"), "boom");
                kit_true(kr_match(reason_of(monitor, &msg), "boom"));
        }
        kit_int_eq(kr_receive(&msg, 0, kr_on(ANY, "_")), KR_TIMEOUT);
}

KIT_PROCESS_TEST(test_lite_ends_with_function_clause_for_a_request_it_has_none_for)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref monitor;

        kr_trap_exit(true);
        for (int call = 0; call < 2; call++) {
                kit_true(LITE->start());
                monitor = kr_monitor("counter");
                if (call)
                        kr_send("counter", "{request, nonsense, ~}", kr_self());
                else
                        kr_send("counter", "{request, nonsense}");
                kit_true(kr_match(reason_of(monitor, &msg), "{function_clause, _}"));
        }
}

KIT_MAIN(KIT_CASE(test_it_counts), KIT_CASE(test_counters_of_several_names_do_not_meet),
         KIT_CASE(test_a_tick_of_foo_is_badarith_in_the_counter),
         KIT_CASE(test_more_than_64_bits_are_badarith_not_a_wrong_number),
         KIT_CASE(test_without_a_counter_all_is_badarg),
         KIT_CASE(test_a_second_start_is_badarg_and_leaves_a_process_without_a_name),
         KIT_CASE(test_a_read_takes_any_message_and_the_next_read_its_answer),
         KIT_CASE(test_lite_takes_a_reply_from_anybody_and_nothing_else),
         KIT_CASE(test_what_no_counter_knows_stays_in_its_mailbox),
         KIT_CASE(test_lite_alone_is_linked_to_its_starter),
         KIT_CASE(test_lite_ends_with_function_clause_for_a_request_it_has_none_for))
