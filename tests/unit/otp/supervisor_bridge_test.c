/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor_bridge_test.c: something that is no behaviour, under a supervisor. */
#include "supervisor_kit.h"

#include <krarup/supervisor_bridge.h>

struct line {
        kr_pid test, pid;
};

static void plain(kr_term unused)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;

        (void)unused;
        kr_receive(&msg, KR_INFINITY, kr_on(0, "{end_with, ~}", &reason));
        kr_exit("~", reason);
}

static kr_started init(struct line *l, kr_term args, kr_msg *reason)
{
        kr_match(args, "[~]", &args);
        if (kr_match(args, "ignore"))
                return kr_start_ignored();
        if (kr_match(args, "fail"))
                return kr_start_failed(reason, "{no, line}");
        if (kr_match(args, "odd"))
                return (kr_started){ .err = KR_EOS };
        kit_true(kr_pid_is_none(l->pid)); /* all zero */
        l->test = kr_whereis("test");
        l->pid = kr_spawn(plain, kr_nil());
        return kr_started_ok(l->pid);
}

static void terminate(struct line *l, kr_term reason)
{
        kr_send(l->test, "{terminate, ~}", reason);
        kr_exit_signal(l->pid, "shutdown");
}

KR_SUPERVISOR_BRIDGE(line, struct line, init, terminate);

static kr_pid linked_to(kr_pid pid)
{
        kr_pid found = kr_pid_none();
        kr_msg msg = KR_MSG_INIT;
        kr_term links;

        kit_true(kr_process_info(pid, KR_ATOM("links"), &msg));
        kit_true(kr_match(msg.term, "{links, ~}", &links));
        for (; kr_is_cons(links); links = kr_tl(links))
                if (!kr_match(kr_hd(links), "=", kr_self()))
                        kit_true(kr_get_pid(kr_hd(links), &found));
        kr_msg_clear(&msg);
        return found;
}

static kr_pid start_line(const char *name)
{
        const kr_start_opts opts = { .name = name };
        kr_started started;

        ready();
        started = kr_start_link(&line, &opts, "[run]");
        kit_int_eq(started.err, KR_OK);
        return started.pid;
}

KIT_EVERYWHERE_TEST(test_its_end_calls_terminate)
{
        kr_pid bridge = start_line("line"), pid = linked_to(bridge);
        kr_msg msg = KR_MSG_INIT;
        kr_ref gone = kr_monitor(pid);

        kr_exit_signal(bridge, "shutdown");
        kit_expect(&msg, "{terminate, shutdown}");
        kit_expect(&msg, "{'EXIT', =, shutdown}", bridge);
        kit_expect_down(gone, "shutdown");
}

KIT_EVERYWHERE_TEST(test_the_end_of_what_it_stands_for_is_its_own)
{
        kr_pid bridge = start_line(NULL);
        kr_msg msg = KR_MSG_INIT;

        end_child(linked_to(bridge), "{broken, pipe}");
        kit_expect(&msg, "{'EXIT', =, {broken, pipe}}", bridge);
        kit_expect_nothing(); /* terminate has nothing to do */
}

KIT_EVERYWHERE_TEST(test_what_init_may_give)
{
        kr_msg reason = KR_MSG_INIT;
        const kr_start_opts opts = { .ret_reason = &reason };

        kr_trap_exit(true);
        kit_int_eq(kr_start_link(&line, &opts, "[ignore]").err, KR_EIGNORED);
        kit_int_eq(kr_start_link(&line, &opts, "[fail]").err, KR_EFAILED);
        kit_match(reason.term, "{no, line}");
        kit_int_eq(kr_start_link(&line, &opts, "[odd]").err, KR_EFAILED);
        kit_match(reason.term, "os");
        kit_expect_nothing();
}

KIT_EVERYWHERE_TEST(test_what_it_answers)
{
        kr_pid bridge = start_line(NULL);
        kr_msg msg = KR_MSG_INIT;

        kit_match(kr_supervisor_which_children(bridge, &msg), "[]");
        kit_match(kr_call(bridge, &msg, "what"), "{error, badcall}");
        kr_cast(bridge, "what");
        kr_send(bridge, "what");
        kit_match(kr_supervisor_which_children(bridge, &msg), "[]");
        kit_true(kr_is_process_alive(bridge));
}

KIT_EVERYWHERE_TEST(test_a_supervisor_starts_it_again)
{
        kr_child child = { .id = "line", .start = KR_START(line), .args = "[run]" };
        kr_msg msg = KR_MSG_INIT;
        kr_pid sup = start_sup("{one_for_one, 1, 60, never, []}"), bridge;

        bridge = kr_supervisor_start_child(sup, &msg, &child).pid;
        kr_exit_signal(bridge, "kill");
        kit_await_end(bridge);
        (void)next_pid_of(sup, "line", bridge);
        stop_sup(sup);
        kit_expect(&msg, "{terminate, shutdown}");
}

KIT_MAIN(KIT_CASE(test_its_end_calls_terminate),
         KIT_CASE(test_the_end_of_what_it_stands_for_is_its_own),
         KIT_CASE(test_what_init_may_give), KIT_CASE(test_what_it_answers),
         KIT_CASE(test_a_supervisor_starts_it_again))
