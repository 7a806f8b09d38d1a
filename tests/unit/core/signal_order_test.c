/* SPDX-License-Identifier: Apache-2.0 */
/* signal_order_test.c: many senders at once, and signals of all kinds among messages. */
#include <krarup.h>

#include "expect.h"
#include "process.h"

struct sender {
        kr_pid to;
        int64_t id, count;
        int way; /* of sending: see send_one */
        kr_ref alias;
};

static void send_one(const struct sender *s, int64_t i)
{
        switch (s->way < 0 ? (int)(i % 3) : s->way) {
        case 0:
                kr_send(s->to, "{nr, ~, ~}", s->id, i);
                break;
        case 1:
                kr_send("receiver", "{nr, ~, ~}", s->id, i);
                break;
        default:
                kr_send(s->alias, "{nr, ~, ~}", s->id, i);
        }
}

static void send_all(struct sender *s)
{
        for (int64_t i = 0; i < s->count; i++) {
                send_one(s, i);
                if (i % 61 == 60)
                        kr_yield();
        }
}

/* Takes whatever comes; each sender's numbers must come in order. */
static void take_all(int senders, int64_t count)
{
        int64_t next[64] = { 0 };
        kr_msg msg = KR_MSG_INIT;

        for (int64_t left = senders * count; left > 0; left--) {
                int64_t id, i;

                kit_next(&msg, "{nr, ~, ~}", &id, &i);
                kit_int_eq(i, next[id]);
                next[id]++;
        }
        kit_expect_nothing();
}

static void race(int senders, int64_t count, int way)
{
        struct sender s = { kr_self(), 0, count, way, kr_alias(false) };

        for (; s.id < senders; s.id++)
                kr_spawn(send_all, &s);
        take_all(senders, count);
        (void)kr_unalias(s.alias);
}

// covers: signal_SUITE:parallel_signal_enqueue_race_1
KIT_EVERYWHERE_TEST(test_many_senders_at_once_keep_the_order_of_each)
{
        kr_register("receiver", kr_self());
        for (int senders = 2; senders <= 32; senders *= 2)
                race(senders, 2000 / senders, 0);
}

/* By pid, name and alias in turn, to a receiver that sleeps now and then. */
// covers: signal_SUITE:parallel_signal_enqueue_race_2
KIT_EVERYWHERE_TEST(test_order_is_kept_while_the_way_of_sending_changes)
{
        kr_register("receiver", kr_self());
        for (int round = 0; round < 10; round++) {
                race(8, 70, -1);
                kr_sleep(1);
                race(1, 200, -1);
                race(3, 65, round % 3);
        }
}

/* Links, monitors and exits between the messages of one sender take effect in their places:
 * a trapping receiver finds 'EXIT' and messages in the order of sending. */
static void signals_between(kr_pid *to)
{
        for (int i = 0; i < 50; i++) {
                kr_send(*to, "{m, ~}", i);
                kr_exit_signal(*to, "{x, ~}", i);
                if (i % 10 == 0)
                        (void)kr_demonitor(kr_monitor(*to), NULL);
                if (i % 7 == 0)
                        kr_link(*to);
                if (i % 7 == 1)
                        kr_unlink(*to);
        }
        kr_exit("last");
}

// covers: signal_SUITE:monitor_order
KIT_EVERYWHERE_TEST(test_exit_signals_and_messages_of_one_sender_keep_their_order)
{
        kr_msg msg = KR_MSG_INIT;

        kr_trap_exit(true);
        for (int round = 0; round < 10; round++) {
                kr_pid me = kr_self(), pid;
                kr_ref ref;

                pid = kr_spawn_monitor(&ref, signals_between, &me);
                for (int i = 0; i < 50; i++) {
                        kit_next(&msg, "{m, =}", i);
                        kit_next(&msg, "{'EXIT', =, {x, =}}", pid, i);
                }
                kit_next(&msg, "{'EXIT', =, last}", pid); /* linked at 49 again */
                kit_next(&msg, "{'DOWN', =, process, =, last}", ref, pid);
                kit_expect_nothing();
        }
}

KIT_MAIN(KIT_SLOW(test_many_senders_at_once_keep_the_order_of_each, 30),
         KIT_SLOW(test_order_is_kept_while_the_way_of_sending_changes, 30),
         KIT_CASE(test_exit_signals_and_messages_of_one_sender_keep_their_order))
