/* SPDX-License-Identifier: Apache-2.0 */
/* scenarios_receive.c: what a receive takes, in what order, and when it gives up; see
 * scenarios_receive.erl. */
#include "scenario.h"

#include <string.h>

enum { A, B };

/* Did a receive without time to wait find something that fits? */
#define SAY_FOUND(what, timeout_ms, ...)                                                 \
        do {                                                                             \
                kr_msg found = KR_MSG_INIT;                                              \
                                                                                         \
                if (kr_receive(&found, timeout_ms, kr_on(A, __VA_ARGS__)) == A)          \
                        say(what, "message");                                            \
                else                                                                     \
                        say(what, "timeout");                                            \
        } while (0)

#define TAKE(...)                                                                        \
        do {                                                                             \
                kr_msg taken = KR_MSG_INIT;                                              \
                                                                                         \
                (void)kr_receive(&taken, KR_INFINITY, kr_on(A, __VA_ARGS__));            \
        } while (0)

static void first_message_counts(void)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t n;

        kr_send(kr_self(), "{b, 1}");
        kr_send(kr_self(), "{a, 2}");
        switch (kr_receive(&msg, KR_INFINITY, kr_on(A, "{a, ~}", &n),
                           kr_on(B, "{b, ~}", &n))) {
        case A:
                say("a", "~", n);
                break;
        case B:
                say("b", "~", n);
        }
        say_mailbox("rest");
}

static void clauses_in_order(void)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t n;

        kr_send(kr_self(), "{a, 1}");
        switch (kr_receive(&msg, KR_INFINITY, kr_on(A, "{a, ~}", &n),
                           kr_on(B, "{_, ~}", &n))) {
        case A:
                say("the first clause", "~", n);
                break;
        case B:
                say("the second clause", "~", n);
        }
}

static void the_rest_keeps_its_order(void)
{
        kr_send(kr_self(), "1");
        kr_send(kr_self(), "a");
        kr_send(kr_self(), "2");
        kr_send(kr_self(), "b");
        kr_send(kr_self(), "3");
        kr_send(kr_self(), "c");
        TAKE("b");
        TAKE("a");
        say_mailbox("rest");
}

static void what_is_left_is_tried_again(void)
{
        kr_send(kr_self(), "skipped");
        kr_send(kr_self(), "wanted");
        TAKE("wanted");
        say("first", "wanted");
        TAKE("skipped");
        say("second", "skipped");
        say_mailbox("rest");
}

/* -- time -- */

static void no_time_at_all(void)
{
        SAY_FOUND("empty", 0, "_");
        kr_send(kr_self(), "there");
        SAY_FOUND("there", 0, "there");
}

static void no_time_with_junk(void)
{
        for (int i = 1; i <= 50; i++)
                kr_send(kr_self(), "~", i);
        kr_send(kr_self(), "wanted");
        for (int i = 51; i <= 60; i++)
                kr_send(kr_self(), "~", i);
        SAY_FOUND("wanted", 0, "wanted");
        SAY_FOUND("unwanted", 0, "unwanted");
        say_mailbox("rest");
}

static void timeout_takes_nothing(void)
{
        kr_send(kr_self(), "a");
        kr_send(kr_self(), "b");
        SAY_FOUND("c", 10, "c");
        say_mailbox("rest");
}

static void sends_junk(struct to *to)
{
        for (;;) {
                kr_send(to->pid, "junk");
                kr_sleep(5);
        }
}

static void junk_does_not_prolong(void)
{
        kr_pid junk = kr_spawn(sends_junk, &(struct to){ kr_self() });
        int64_t began_ms = kr_monotonic_ms(NULL), took_ms;

        SAY_FOUND("wanted", 200, "wanted");
        took_ms = kr_monotonic_ms(NULL) - began_ms;
        kr_exit_signal(junk, "kill");
        say("not early", "~", (bool)(took_ms >= 200));
        say("not late", "~", (bool)(took_ms < 2000));
}

static void waits_negative(void)
{
        kr_sleep(-2);
}

static void waits_too_long(void)
{
        kr_sleep(4294967296);
}

static void bad_timeouts(void)
{
        say_caught("negative", waits_negative);
        say_caught("too large", waits_too_long);
        say_mailbox("rest");
}

static void sends_late(struct to *to)
{
        TAKE("go");
        kr_send(to->pid, "late");
}

static void late_message_stays(void)
{
        kr_pid pid = kr_spawn(sends_late, &(struct to){ kr_self() });

        SAY_FOUND("first", 20, "late");
        kr_send(pid, "go");
        await_end(pid);
        say_mailbox("mailbox");
}

/* -- one in another -- */

static void a_receive_in_another(void)
{
        kr_msg outer = KR_MSG_INIT;
        kr_term t;

        kr_send(kr_self(), "inner");
        kr_send(kr_self(), "{outer, [kept]}");
        kr_send(kr_self(), "inner2");
        (void)kr_receive(&outer, KR_INFINITY, kr_on(A, "{outer, ~}", &t));
        TAKE("inner2");
        say("inner", "2");
        TAKE("inner");
        say("inner", "1");
        say_term("outer", t);
        say_mailbox("rest");
}

static void by_reference(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref refs[3];
        int64_t n;

        for (int i = 0; i < 3; i++)
                refs[i] = kr_make_ref();
        for (int i = 0; i < 3; i++)
                kr_send(kr_self(), "{~, ~}", refs[i], i + 1);
        for (int i = 3; i-- > 0;) {
                (void)kr_receive(&msg, KR_INFINITY, kr_on(A, "{=, ~}", refs[i], &n));
                say("reply", "~", n);
        }
        say_mailbox("rest");
}

/* -- order -- */

static void order_to_oneself(void)
{
        for (int i = 1; i <= 100; i++)
                kr_send(kr_self(), "~", i);
        say_mailbox("mailbox");
}

static void sends_both_ways(struct to *to)
{
        for (int i = 1; i <= 5; i++) {
                kr_send(to->pid, "{pid, ~}", i);
                kr_send("named", "{name, ~}", i);
        }
}

static void by_pid_and_name(void)
{
        kr_register("named", kr_self());
        await_end(kr_spawn(sends_both_ways, &(struct to){ kr_self() }));
        say_mailbox("mailbox");
}

struct from {
        kr_pid parent;
        kr_atom name;
};

static void sends_three(struct from *from)
{
        for (int i = 1; i <= 3; i++)
                kr_send(from->parent, "{~, ~}", from->name, i);
}

static void two_senders(void)
{
        struct from a = { kr_self(), KR_ATOM("a") }, b = { kr_self(), KR_ATOM("b") };

        await_end(kr_spawn(sends_three, &a));
        await_end(kr_spawn(sends_three, &b));
        say_mailbox("mailbox");
}

/* -- to nobody -- */

static void sends_to_no_name(void)
{
        kr_send("nobody_has_this_name", "hello");
}

static void to_no_name(void)
{
        say_caught("send", sends_to_no_name);
}

static void sends_to_soon_dead(void)
{
        kr_send("soon_dead", "hello");
}

static void to_the_dead(void)
{
        kr_pid pid;

        kr_send(new_dead(), "hello");
        pid = new_waiting();
        kr_register("soon_dead", pid);
        kr_exit_signal(pid, "kill");
        await_end(pid);
        say_caught("to its name", sends_to_soon_dead);
}

/* -- what a message is -- */

static void a_message_is_a_snapshot(void)
{
        char bytes[1000];
        kr_bytes sent = { bytes, sizeof(bytes) }, got;
        kr_builder b = KR_BUILDER_INIT;
        kr_msg msg = KR_MSG_INIT;
        int64_t sum = 0, n;
        bool all_x = true;
        kr_term list;

        memset(bytes, 'x', sizeof(bytes));
        kr_send(kr_self(), "{bytes, ~}", sent);
        for (int i = 1; i <= 300; i++)
                kr_add_int64(&b, i);
        list = kr_build_list(&b);
        kr_send(kr_self(), "{list, ~}", list);
        memset(bytes, 'y', sizeof(bytes));
        kr_release(list);
        (void)kr_receive(&msg, KR_INFINITY, kr_on(A, "{bytes, ~}", &got));
        for (size_t i = 0; i < got.len; i++)
                all_x = all_x && ((const char *)got.data)[i] == 'x';
        say("bytes", "~", (bool)(all_x && got.len == sizeof(bytes)));
        (void)kr_receive(&msg, KR_INFINITY, kr_on(A, "{list, ~}", &list));
        for (; kr_is_cons(list); list = kr_tl(list))
                sum += kr_get_int64(kr_hd(list), &n) ? n : 0;
        say("sum", "~", sum);
}

static void equal_is_not_same(void)
{
        kr_send(kr_self(), "1.0");
        kr_send(kr_self(), "1");
        kr_send(kr_self(), "0");
        kr_send(kr_self(), "0.0");
        TAKE("1");
        say_next("after 1");
        TAKE("0.0");
        say_next("after 0.0");
}

static void of_any_shape(void)
{
        kr_send(kr_self(), "a");
        kr_send(kr_self(), "'A b'");
        kr_send(kr_self(), "1");
        kr_send(kr_self(), "-1");
        kr_send(kr_self(), "1180591620717411303424");
        kr_send(kr_self(), "1.5");
        kr_send(kr_self(), "\"list\"");
        kr_send(kr_self(), "[]");
        kr_send(kr_self(), "[a | b]");
        kr_send(kr_self(), "{}");
        kr_send(kr_self(), "{1, {2, [3]}}");
        kr_send(kr_self(), "<<\"bytes\">>");
        kr_send(kr_self(), "<<5:3>>");
        kr_send(kr_self(), "#{}");
        kr_send(kr_self(), "#{a => 1, 2 => [b]}");
        kr_send(kr_self(), "~", kr_self());
        say_mailbox("mailbox");
}

/* -- much -- */

static void many_skipped(void)
{
        kr_msg msg = KR_MSG_INIT;
        int junk = 0;

        for (int i = 0; i < 1000; i++)
                kr_send(kr_self(), "junk");
        kr_send(kr_self(), "wanted");
        TAKE("wanted");
        say("wanted", "found");
        while (kr_receive(&msg, 0, kr_on(A, "junk")) == A)
                junk++;
        say("junk", "~", junk);
}

enum { SENDERS = 20, MESSAGES = 200 };

struct numbered {
        kr_pid parent;
        int64_t number;
};

static void sends_many(struct numbered *numbered)
{
        for (int i = 1; i <= MESSAGES; i++)
                kr_send(numbered->parent, "{~, ~}", numbered->number, i);
}

static void say_in_order(int64_t number)
{
        kr_msg msg = KR_MSG_INIT;
        bool in_order = true;
        int64_t n;

        for (int64_t i = 1; i <= MESSAGES; i++) {
                (void)kr_receive(&msg, KR_INFINITY, kr_on(A, "{=, ~}", number, &n));
                in_order = in_order && n == i;
        }
        say("in order", "~", in_order);
}

static void a_long_queue(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid pids[SENDERS];
        int rest = 0;

        for (int64_t i = 0; i < SENDERS; i++) {
                struct numbered numbered = { kr_self(), i + 1 };

                pids[i] = kr_spawn(sends_many, &numbered);
        }
        for (int i = 0; i < SENDERS; i++)
                await_end(pids[i]);
        say_in_order(20);
        say_in_order(1);
        say_in_order(10);
        while (kr_receive(&msg, 0, kr_on(A, "_")) == A)
                rest++;
        say("rest", "~", rest);
}

SCENARIOS(SCENARIO(first_message_counts), SCENARIO(clauses_in_order),
          SCENARIO(the_rest_keeps_its_order), SCENARIO(what_is_left_is_tried_again),
          SCENARIO(no_time_at_all), SCENARIO(no_time_with_junk),
          SCENARIO(timeout_takes_nothing), SCENARIO(junk_does_not_prolong),
          SCENARIO(bad_timeouts), SCENARIO(late_message_stays),
          SCENARIO(a_receive_in_another), SCENARIO(by_reference),
          SCENARIO(order_to_oneself), SCENARIO(by_pid_and_name), SCENARIO(two_senders),
          SCENARIO(to_no_name), SCENARIO(to_the_dead), SCENARIO(a_message_is_a_snapshot),
          SCENARIO(equal_is_not_same), SCENARIO(of_any_shape), SCENARIO(many_skipped),
          SCENARIO(a_long_queue))
