/* SPDX-License-Identifier: Apache-2.0 */
/* order_test.c: signals from one process to another arrive in the order they were sent. */
#include <krarup.h>

#include "process.h"

enum { NUMBER, LEADER, EXIT, DOWN, ALIAS, READY, ANY };
enum { SIGNALS = 2000, LEADERS = 64 };

static kr_pid leaders[LEADERS];

static void wait_for_ever(void)
{
        kr_msg msg = KR_MSG_INIT;

        kr_receive(&msg, KR_INFINITY, kr_on(ANY, "never"));
}

static int leader_index(kr_pid pid)
{
        for (int i = 0; i < LEADERS; i++)
                if (kr_pid_eq(leaders[i], pid))
                        return i;
        return -1;
}

struct sender {
        kr_pid to;
        kr_ref alias;
        uint64_t random;
};

static unsigned draw(struct sender *s, unsigned below)
{
        s->random = s->random * 6364136223846793005u + 1442695040888963407u;
        return (unsigned)(s->random >> 33) % below;
}

/* One signal that carries `i`; and now and then some that carry nothing. */
static void send_one(struct sender *s, int i)
{
        kr_ref ref;

        switch (draw(s, 6)) {
        case 0:
                kr_exit_signal(s->to, "{number, ~}", i);
                break;
        case 1:
                kr_send(s->alias, "{number, ~}", i);
                break;
        case 2:
                kr_send("receiver", "{number, ~}", i);
                break;
        case 3:
                ref = kr_monitor(s->to);
                kr_demonitor(ref, NULL);
                kr_send(s->to, "{number, ~}", i);
                break;
        case 4:
                kr_link(s->to);
                kr_send(s->to, "{number, ~}", i);
                kr_unlink(s->to);
                break;
        default:
                kr_send(s->to, "{number, ~}", i);
        }
        if (i % (SIGNALS / LEADERS + 1) == 0) {
                kr_set_group_leader(leaders[i / (SIGNALS / LEADERS + 1)], s->to);
                kr_send(s->to, "{leader, ~}", i / (SIGNALS / LEADERS + 1));
        }
}

static void send_all(struct sender *s)
{
        kr_link(s->to);
        for (int i = 0; i < SIGNALS; i++) {
                send_one(s, i);
                if (draw(s, 32) == 0)
                        kr_yield();
        }
        kr_link(s->to);
        kr_send(s->to, "{number, ~}", SIGNALS);
        kr_exit("over");
}

static void expect_number(int want)
{
        kr_msg msg = KR_MSG_INIT;
        int n, at;

        for (;;) {
                switch (kr_receive(&msg, KR_INFINITY, kr_on(NUMBER, "{number, ~}", &n),
                                   kr_on(EXIT, "{'EXIT', _, {number, ~}}", &n),
                                   kr_on(LEADER, "{leader, ~}", &at), kr_on(ANY, "_"))) {
                case LEADER:
                        kit_int_ge(leader_index(kr_group_leader()), at);
                        continue;
                case ANY:
                        kit_fail("something else came before number %d", want);
                }
                kit_int_eq(n, want);
                return;
        }
}

/* Messages by pid, by name and by alias, exits, links, unlinks, monitors, demonitors and
 * group leaders, in an order of chance; at last the sender's own end. */
// covers: D54 D55
KIT_EVERYWHERE_TEST(test_signals_of_all_kinds_keep_their_order)
{
        struct sender sender = { .to = kr_self(),
                                 .alias = kr_alias(false),
                                 .random = kit_random() };
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid;
        kr_ref ref;

        kr_trap_exit(true);
        kr_register("receiver", kr_self());
        for (int i = 0; i < LEADERS; i++)
                leaders[i] = kr_spawn(wait_for_ever);
        pid = kr_spawn(send_all, &sender);
        ref = kr_monitor(pid);
        for (int i = 0; i <= SIGNALS; i++)
                expect_number(i);
        kit_int_eq(kr_receive(&msg, KR_INFINITY, kr_on(EXIT, "{'EXIT', =, over}", pid)),
                   EXIT);
        kit_int_eq(kr_receive(&msg, KR_INFINITY,
                              kr_on(DOWN, "{'DOWN', =, process, _, over}", ref)),
                   DOWN);
        kit_int_eq(kr_receive(&msg, 0, kr_on(ANY, "_")), KR_TIMEOUT);
}

static void send_by_pid_and_name(kr_term to)
{
        kr_pid pid;

        kit_true(kr_get_pid(to, &pid));
        for (int i = 0; i < 1000; i += 2) {
                kr_send(pid, "{number, ~}", i);
                kr_send(KR_ATOM("receiver"), "{number, ~}", i + 1);
        }
}

// covers: D55
KIT_EVERYWHERE_TEST(test_order_holds_across_sending_by_pid_and_by_name)
{
        kr_register("receiver", kr_self());
        kr_spawn(send_by_pid_and_name, kr_build("~", kr_self()));
        for (int i = 0; i < 1000; i++)
                expect_number(i);
}

/* Several senders at once, each to the same two receivers in turn: the chains of messages
 * that are pushed together must not overtake. */
struct spread {
        kr_pid to[2];
        int who;
};

static void send_to_both(struct spread *s)
{
        for (int i = 0; i < 1000; i++) {
                kr_send(s->to[0], "{from, ~, ~}", s->who, i);
                if (i % 3 == 0)
                        kr_send(s->to[1], "{from, ~, ~}", s->who, i / 3);
                if (i % 7 == 0)
                        kr_yield();
        }
}

static void expect_all_in_order(int per_sender, int senders)
{
        kr_msg msg = KR_MSG_INIT;
        int next[8] = { 0 };

        for (int i = 0; i < per_sender * senders; i++) {
                int who, n;

                kit_int_eq(kr_receive(&msg, KR_INFINITY,
                                      kr_on(ANY, "{from, ~, ~}", &who, &n)),
                           ANY);
                kit_int_eq(n, next[who]);
                next[who]++;
        }
}

static void second_receiver(kr_term parent)
{
        kr_pid pid;

        kit_true(kr_get_pid(parent, &pid));
        expect_all_in_order(334, 4);
        kr_send(pid, "done");
}

// covers: D54
KIT_EVERYWHERE_TEST(test_each_of_several_senders_keeps_its_order_to_each_receiver)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid second = kr_spawn(second_receiver, kr_build("~", kr_self()));

        for (int who = 0; who < 4; who++) {
                struct spread s = { { kr_self(), second }, who };

                kr_spawn(send_to_both, &s);
        }
        expect_all_in_order(1000, 4);
        kit_int_eq(kr_receive(&msg, KR_INFINITY, kr_on(ANY, "done")), ANY);
}

// covers: D67
KIT_EVERYWHERE_TEST(test_what_a_process_sends_to_itself_keeps_its_order)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref alias = kr_alias(false);
        int n;

        kr_trap_exit(true);
        kr_register("oneself", kr_self());
        for (int i = 0; i < 400; i += 4) {
                kr_send(kr_self(), "{number, ~}", i);
                kr_exit_signal(kr_self(), "{number, ~}", i + 1);
                kr_send("oneself", "{number, ~}", i + 2);
                kr_send(alias, "{number, ~}", i + 3);
        }
        for (int i = 0; i < 400; i++) {
                kit_int_ne(kr_receive(&msg, 0, kr_on(NUMBER, "{number, ~}", &n),
                                      kr_on(EXIT, "{'EXIT', _, {number, ~}}", &n)),
                           KR_TIMEOUT);
                kit_int_eq(n, i);
        }
}

/* -- strangers -- */

static void report_mail(kr_term parent)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid;

        kit_true(kr_get_pid(parent, &pid));
        for (;;) {
                kr_receive(&msg, KR_INFINITY, kr_on(ANY, "_"));
                kr_send(pid, "{got, ~}", msg.term);
        }
}

static void end_at_once(void)
{
}

/* Slots of the table are used again; a pid of an earlier tenant reaches nobody. */
// covers: D68
KIT_EVERYWHERE_TEST(test_a_message_to_an_ended_process_does_not_reach_the_next_tenant)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid old[200], next[200];
        kr_ref ref;

        for (int i = 0; i < 200; i++) {
                old[i] = kr_spawn_monitor(&ref, end_at_once);
                kit_int_eq(kr_receive(&msg, KR_INFINITY,
                                      kr_on(DOWN, "{'DOWN', =, process, _, normal}",
                                            ref)),
                           DOWN);
        }
        for (int i = 0; i < 200; i++)
                next[i] = kr_spawn(report_mail, kr_build("~", kr_self()));
        for (int i = 0; i < 200; i++) {
                kit_int_eq(kr_send(old[i], "stray"), KR_OK);
                kr_exit_signal(old[i], "kill");
                kit_false(kr_is_process_alive(old[i]));
        }
        for (int i = 0; i < 200; i++)
                kr_send(next[i], "hello");
        for (int i = 0; i < 200; i++)
                kit_int_eq(kr_receive(&msg, KR_INFINITY, kr_on(ANY, "{got, hello}")),
                           ANY);
        kit_int_eq(kr_receive(&msg, 0, kr_on(ANY, "_")), KR_TIMEOUT);
}

static kr_pid of_earlier_run;

static void keep_own_pid(void)
{
        of_earlier_run = kr_self();
}

static void send_to_earlier_run(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid heirs[300];

        for (int i = 0; i < 300; i++) {
                heirs[i] = kr_spawn(report_mail, kr_build("~", kr_self()));
                kit_false(kr_pid_eq(heirs[i], of_earlier_run));
        }
        kit_int_eq(kr_send(of_earlier_run, "stray"), KR_OK);
        kr_exit_signal(of_earlier_run, "kill");
        for (int i = 0; i < 300; i++)
                kr_send(heirs[i], "hello");
        for (int i = 0; i < 300; i++)
                kit_int_eq(kr_receive(&msg, KR_INFINITY, kr_on(ANY, "{got, hello}")),
                           ANY);
        kit_int_eq(kr_receive(&msg, 0, kr_on(ANY, "_")), KR_TIMEOUT);
}

/* The node ends and starts again, many times over, so that all that counts goes round. */
// covers: D68
KIT_TEST(test_a_message_to_a_pid_of_an_earlier_run_is_dropped)
{
        kit_run_process(NULL, keep_own_pid);
        for (int i = 0; i < 70; i++)
                kit_run_process(NULL, send_to_earlier_run);
}

KIT_MAIN(KIT_SLOW(test_signals_of_all_kinds_keep_their_order, 30),
         KIT_CASE(test_order_holds_across_sending_by_pid_and_by_name),
         KIT_CASE(test_each_of_several_senders_keeps_its_order_to_each_receiver),
         KIT_CASE(test_what_a_process_sends_to_itself_keeps_its_order),
         KIT_CASE(test_a_message_to_an_ended_process_does_not_reach_the_next_tenant),
         KIT_SLOW(test_a_message_to_a_pid_of_an_earlier_run_is_dropped, 30))
