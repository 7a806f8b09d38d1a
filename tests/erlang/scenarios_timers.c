/* SPDX-License-Identifier: Apache-2.0 */
/* scenarios_timers.c: timers; see scenarios_timers.erl. */
#include "scenario.h"

enum { GOT };

static void in_order(void)
{
        static const int times_ms[] = { 60, 20, 40, 1 };

        for (int i = 0; i < 4; i++)
                kr_send_after(times_ms[i], kr_self(), "{after_ms, ~}", times_ms[i]);
        for (int i = 0; i < 4; i++)
                say_next("next");
}

static void zero_is_later(void)
{
        kr_send_after(0, kr_self(), "timer");
        kr_send(kr_self(), "message");
        say_next("first");
        say_next("second");
}

static void with_its_reference(void)
{
        known_as(kr_start_timer(1, kr_self(), "{some, message}"), "#Timer");
        say_next("next");
}

/* -- cancelling and reading -- */

/* Milliseconds, but not which. */
static kr_term some(int64_t left_ms)
{
        kr_atom atom = left_ms > 0 && left_ms <= 100000 ? KR_ATOM("some")
                                                        : KR_ATOM("false");

        return left_ms == 0 ? kr_int(0) : kr_atom_term(atom);
}

static void cancel_states(void)
{
        kr_ref ref = kr_start_timer(100000, kr_self(), "never"), fired;
        kr_msg msg = KR_MSG_INIT;

        say("runs", "~", some(kr_cancel_timer(ref)));
        say("cancelled", "~", some(kr_cancel_timer(ref)));
        fired = kr_start_timer(0, kr_self(), "fired");
        (void)kr_receive(&msg, KR_INFINITY, kr_on(GOT, "{timeout, =, fired}", fired));
        say("fired", "~", some(kr_cancel_timer(fired)));
        say("no timer", "~", some(kr_cancel_timer(kr_make_ref())));
        say_mailbox("mailbox");
}

static void read_states(void)
{
        kr_ref ref = kr_send_after(100000, kr_self(), "never");

        say("runs", "~", some(kr_read_timer(ref)));
        say("still", "~", some(kr_read_timer(ref)));
        kr_cancel_timer(ref);
        say("cancelled", "~", some(kr_read_timer(ref)));
        say("no timer", "~", some(kr_read_timer(kr_make_ref())));
}

static void cancelled_is_silent(void)
{
        kr_ref refs[10];

        for (int i = 0; i < 10; i++)
                refs[i] = kr_send_after(20, kr_self(), "~", i + 1);
        for (int i = 0; i < 10; i++)
                if (i + 1 != 5)
                        kr_cancel_timer(refs[i]);
        say_next("the one left");
        kr_sleep(50);
        say_mailbox("mailbox");
}

static void fired_and_unread(void)
{
        kr_ref ref = kr_start_timer(0, kr_self(), "fired");

        known_as(ref, "#Timer");
        kr_sleep(20);
        say("cancel", "~", some(kr_cancel_timer(ref)));
        say_mailbox("mailbox");
}

struct other {
        kr_pid parent;
        kr_ref timer;
};

static void cancels(struct other *other)
{
        kr_send(other->parent, "{other, ~}", some(kr_cancel_timer(other->timer)));
}

static void reads(struct other *other)
{
        kr_send(other->parent, "{other, ~}", some(kr_read_timer(other->timer)));
}

static void by_another(void (*fn)(struct other *))
{
        struct other other = { kr_self(), kr_send_after(100000, kr_self(), "never") };

        await_end(kr_spawn(fn, &other));
        say_next("next");
        say("read", "~", some(kr_read_timer(other.timer)));
}

static void cancelled_by_another(void)
{
        by_another(cancels);
}

static void read_by_another(void)
{
        by_another(reads);
}

static void say_later(const char *what, kr_atom name)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t left_ms = -1;
        kr_term time;
        kr_ref ref;

        if (kr_receive(&msg, 2000, kr_on(GOT, "{=, ~, ~}", name, &ref, &time)) != GOT) {
                say(what, "timeout");
                return;
        }
        (void)kr_get_int64(time, &left_ms);
        say(what, "{~, ~, ~}", name, ref, kr_is_integer(time) ? some(left_ms) : time);
}

static void cancel_later(void)
{
        kr_ref ref = kr_send_after(100000, kr_self(), "never");

        known_as(ref, "#Timer");
        kr_cancel_timer_async(ref);
        say_later("runs", KR_ATOM("cancel_timer"));
        kr_cancel_timer_async(ref);
        say_later("cancelled", KR_ATOM("cancel_timer"));
        say_mailbox("mailbox");
}

static void read_later(void)
{
        kr_ref ref = kr_send_after(100000, kr_self(), "never");

        known_as(ref, "#Timer");
        kr_read_timer_async(ref);
        say_later("runs", KR_ATOM("read_timer"));
        kr_cancel_timer(ref);
        kr_read_timer_async(ref);
        say_later("cancelled", KR_ATOM("read_timer"));
        say_mailbox("mailbox");
}

/* -- times -- */

static void absolute(void)
{
        int64_t now_ms = kr_monotonic_ms(NULL);

        kr_send_at(now_ms + 40, kr_self(), "late");
        kr_send_at(now_ms + 10, kr_self(), "soon");
        known_as(kr_start_timer_at(now_ms + 25, kr_self(), "between"), "#Timer");
        for (int i = 0; i < 3; i++)
                say_next("next");
        say("not early", "~", (bool)(kr_monotonic_ms(NULL) >= now_ms + 40));
}

static void absolute_in_the_past(void)
{
        kr_send_at(kr_monotonic_ms(NULL) - 10, kr_self(), "past");
        say_next("next");
}

static void sends_negative(void)
{
        kr_send_after(-1, kr_self(), "x");
}

static void starts_negative(void)
{
        kr_start_timer(-1, kr_self(), "x");
}

static void bad_times(void)
{
        say_caught("negative", sends_negative);
        say_caught("start_timer", starts_negative);
        say_mailbox("mailbox");
}

static void never_early(void)
{
        static const int times_ms[] = { 0, 1, 2, 7, 33 };
        kr_msg msg = KR_MSG_INIT;

        for (int i = 0; i < 5; i++) {
                int64_t began_ms = kr_monotonic_ms(NULL);

                kr_send_after(times_ms[i], kr_self(), "fired");
                (void)kr_receive(&msg, KR_INFINITY, kr_on(GOT, "fired"));
                say("not early", "~",
                    (bool)(kr_monotonic_ms(NULL) - began_ms >= times_ms[i]));
        }
}

static void thousands(void)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t sum = 0, n;

        for (int i = 1; i <= 5000; i++)
                kr_send_after(i % 50, kr_self(), "~", i);
        for (int i = 1; i <= 5000; i++) {
                (void)kr_receive(&msg, KR_INFINITY, kr_on(GOT, "~", &n));
                sum += n;
        }
        say("sum", "~", sum);
        say_mailbox("mailbox");
}

/* -- to whom -- */

static void sends_to_no_name(void)
{
        kr_send_after(0, "nobody_has_this_name", "x");
}

static void sends_to_none(void)
{
        kr_send_after(0, kr_pid_none(), "x");
}

static void bad_destinations(void)
{
        say_caught("undefined name", sends_to_no_name);
        say_caught("no pid", sends_to_none);
}

static void to_the_dead(void)
{
        kr_ref ref = kr_send_after(1, new_dead(), "hello");

        kr_sleep(20);
        say("cancel", "~", some(kr_cancel_timer(ref)));
}

static void dies_with_its_receiver(void)
{
        kr_pid pid = new_waiting();
        kr_ref ref = kr_send_after(100000, pid, "hello");

        say("runs", "~", some(kr_read_timer(ref)));
        kr_exit_signal(pid, "gone");
        await_end(pid);
        say("receiver is gone", "~", some(kr_read_timer(ref)));
        say("cancel", "~", some(kr_cancel_timer(ref)));
}

static void starts_and_ends(struct to *to)
{
        kr_send_after(30, to->pid, "from_the_dead");
}

static void outlives_its_maker(void)
{
        await_end(kr_spawn(starts_and_ends, &(struct to){ kr_self() }));
        say_next("next");
}

static void to_a_name(void)
{
        kr_register("timed", kr_self());
        kr_send_after(1, "timed", "by_name");
        known_as(kr_start_timer(30, "timed", "by_name"), "#Timer");
        say_next("sent");
        say_next("started");
}

static void name_is_resolved_at_the_end(void)
{
        kr_pid pid = new_waiting();

        kr_register("timed_later", pid);
        kr_send_after(60, "timed_later", "message");
        kr_unregister("timed_later");
        kr_register("timed_later", kr_self());
        say_next("next");
}

static void to_no_name(void)
{
        kr_send_after(1, "nobody_has_this_name", "lost");
        kr_sleep(20);
        kr_send_after(40, "registered_in_time", "found");
        kr_register("registered_in_time", kr_self());
        say_next("next");
}

static void passes_on(struct to *to)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term t;

        (void)kr_receive(&msg, KR_INFINITY, kr_on(GOT, "~", &t));
        kr_send(to->pid, "{got, ~}", t);
}

static void to_another(void)
{
        kr_send_after(5, kr_spawn(passes_on, &(struct to){ kr_self() }), "hello");
        say_next("next");
}

static void with_a_message_of_any_size(void)
{
        static char block[5000];
        kr_bytes bytes = { block, sizeof(block) };
        kr_builder b = KR_BUILDER_INIT;
        kr_msg msg = KR_MSG_INIT;
        size_t len = 0;
        kr_term list;

        for (int i = 1; i <= 1000; i++)
                kr_add_int64(&b, i);
        list = kr_build_list(&b);
        kr_send_after(1, kr_self(), "{~, ~}", list, bytes);
        kr_release(list);
        (void)kr_receive(&msg, KR_INFINITY, kr_on(GOT, "{~, ~}", &list, &bytes));
        (void)kr_length(list, &len);
        say("sizes", "{~, ~}", len, bytes.len);
}

SCENARIOS(SCENARIO(in_order), SCENARIO(zero_is_later), SCENARIO(with_its_reference),
          SCENARIO(cancel_states), SCENARIO(read_states), SCENARIO(cancelled_is_silent),
          SCENARIO(fired_and_unread), SCENARIO(absolute), SCENARIO(absolute_in_the_past),
          SCENARIO(bad_times), SCENARIO(bad_destinations), SCENARIO(to_the_dead),
          SCENARIO(dies_with_its_receiver), SCENARIO(outlives_its_maker),
          SCENARIO(to_a_name), SCENARIO(name_is_resolved_at_the_end),
          SCENARIO(to_no_name), SCENARIO(cancelled_by_another), SCENARIO(read_by_another),
          SCENARIO(cancel_later), SCENARIO(read_later), SCENARIO(never_early),
          SCENARIO(thousands), SCENARIO(to_another), SCENARIO(with_a_message_of_any_size))
