/* SPDX-License-Identifier: Apache-2.0 */
/* gen_end_test.c: behaviours that end: terminate, the state's release, reports; what an idle one
 * costs. */
#include <krarup.h>

#include <stdio.h>
#include <string.h>

#include "echo.h"
#include "process.h"

/* -- what was reported -- */

#define LINES 64
#define LINE_MAX_BYTES 2048

static char lines[LINES][LINE_MAX_BYTES];
static _Atomic int line_count;

static void note(void *context, const char *text)
{
        int n = atomic_fetch_add(&line_count, 1);

        (void)context;
        if (n < LINES)
                (void)snprintf(lines[n], LINE_MAX_BYTES, "%s", text);
}

#define KIT_NOTED_TEST(name)                                                             \
        static void name##_body(void);                                                   \
        KIT_TEST(name)                                                                   \
        {                                                                                \
                kit_run_process(&(kr_node_opts){ .report = note,                         \
                                                 .faults = KR_FAULTS_EXIT },             \
                                name##_body);                                            \
        }                                                                                \
        static void name##_body(void)

static kr_pid new_watched(kr_ref *ret_ref)
{
        kr_started s = kr_start_monitor(&echo, NULL, "{watched_by, ~}", kr_self());

        kit_ok(s.err);
        *ret_ref = s.monitor;
        return s.pid;
}

/* -- terminate -- */

/* covers: I122 */
KIT_EVERYWHERE_TEST(test_terminate_runs_for_what_comes_out_of_the_loop)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;
        kr_pid pid = new_watched(&ref);

        kit_err(kr_try_call(pid, &msg, 1000, "{exit, {a, b}}"), KR_EFAILED);
        kit_expect(&msg, "{terminate, =, {a, b}}", kr_int(KR_CLASS_EXIT));
        kit_expect_down(ref, "{a, b}");
        pid = new_watched(&ref);
        kit_err(kr_try_call(pid, &msg, 1000, "{crash, {a, b}}"), KR_EFAILED);
        kit_match(msg.term, "{{a, b}, [_|_]}");
        kit_expect(&msg, "{terminate, =, {{a, b}, [_|_]}}", kr_int(KR_CLASS_ERROR));
        kit_expect_down(ref, "{{a, b}, [_|_]}");
        pid = new_watched(&ref);
        kr_exit_signal(pid, "kill");
        kit_expect_down(ref, "killed");
        pid = new_watched(&ref);
        kr_exit_signal(pid, "gone");
        kit_expect_down(ref, "gone");
        kit_expect_nothing();
        kr_msg_clear(&msg);
}

struct to {
        kr_pid pid;
};

static void is_a_parent(struct to *to)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;
        kr_started s = kr_start_link(&echo, NULL, "trap");

        kit_ok(s.err);
        kr_send(to->pid, "{child, ~}", s.pid);
        kit_expect(&msg, "{end_with, ~}", &reason);
        kr_exit("~", reason);
}

/* covers: I119 */
KIT_EVERYWHERE_TEST(test_the_parents_exit_ends_one_that_traps)
{
        static const char *const reasons[] = { "normal", "shutdown", "bang" };
        kr_msg msg = KR_MSG_INIT;

        for (int i = 0; i < 3; i++) {
                kr_pid parent = kr_spawn(is_a_parent, &(struct to){ kr_self() }), child;
                kr_ref ref;

                kit_expect(&msg, "{child, ~}", &child);
                ref = kr_monitor(child);
                kr_send(parent, "{end_with, ~}", kri_atom_of(reasons[i]));
                kit_expect_down(ref, "=", kr_atom_term(kri_atom_of(reasons[i])));
        }
        kr_msg_clear(&msg);
}

/* covers: I120 I121 */
KIT_EVERYWHERE_TEST(test_exits_of_strangers_are_messages_to_one_that_traps)
{
        kr_started s = kr_start(&echo, NULL, "trap"); /* no parent */
        kr_msg msg = KR_MSG_INIT;

        kit_ok(s.err);
        kr_exit_signal(s.pid, "gone");
        kit_says(kr_call(s.pid, &msg, "calls"), "1");
        kit_ok(kr_stop_normal(s.pid));
        kr_msg_clear(&msg);
}

/* -- the state goes once, whatever ends it -- */

static void expect_release(void)
{
        kit_eventually(atomic_load(&echo_released) == 1);
        atomic_store(&echo_released, 0);
}

KIT_NOTED_TEST(test_the_state_is_released_once)
{
        kr_msg slot = KR_MSG_INIT;
        kr_ref ref;
        kr_pid pid = new_watched(&ref);

        kit_ok(kr_stop_normal(pid));
        expect_release();
        pid = new_watched(&ref);
        kr_exit_signal(pid, "kill");
        kit_expect_down(ref, "killed");
        expect_release();
        pid = new_watched(&ref);
        kit_err(kr_try_call(pid, &slot, 5000, "fault"), KR_EFAILED);
        expect_release();
        kit_int_eq(atomic_load(&echo_reported), 1);
        kit_err(kr_start(&echo, NULL, "ignore").err, KR_EIGNORED);
        expect_release();
        kit_err(kr_start(&echo, NULL, "fault").err, KR_EFAILED);
        expect_release();
        pid = new_watched(&ref);
        kit_err(kr_try_call(pid, &slot, 5000, "{crash, x}"), KR_EFAILED);
        expect_release();
        kr_msg_clear(&slot);
}

/* -- reports -- */

static void expect_crash_line(const char *why)
{
        kit_eventually(atomic_load(&line_count) == 1);
        if (!strstr(lines[0], why) || !strstr(lines[0], "echo"))
                kit_fail("%s: no %s, or no echo", lines[0], why);
        atomic_store(&line_count, 0);
}

/* covers: H102 H104 */
KIT_NOTED_TEST(test_only_ends_that_were_not_planned_are_reported)
{
        kr_msg slot = KR_MSG_INIT;
        kr_ref ref;
        kr_pid pid = new_watched(&ref);

        kit_ok(kr_stop_normal(pid));
        pid = new_watched(&ref);
        kit_ok(kr_stop_server(pid, 1000, "{shutdown, for_now}"));
        kit_err(kr_start(&echo, NULL, "{stop, normal}").err, KR_EFAILED);
        kit_err(kr_start(&echo, NULL, "{stop, shutdown}").err, KR_EFAILED);
        kit_err(kr_start(&echo, NULL, "{error, {bad, thing}}").err, KR_EFAILED);
        kit_err(kr_start(&echo, NULL, "ignore").err, KR_EIGNORED);
        pid = new_watched(&ref);
        kr_exit_signal(pid, "told_to");
        kit_expect_down(ref, "told_to");
        kit_int_eq(atomic_load(&line_count), 0);
        kit_err(kr_start(&echo, NULL, "{stop, bad_thing}").err, KR_EFAILED);
        expect_crash_line("bad_thing");
        kr_sleep(1100); /* alike ones are counted for a second */
        pid = new_watched(&ref);
        kit_err(kr_try_call(pid, &slot, 1000, "{crash, bad_call}"), KR_EFAILED);
        expect_crash_line("bad_call");
        kr_sleep(1100);
        pid = new_watched(&ref);
        kit_err(kr_try_call(pid, &slot, 1000, "fault"), KR_EFAILED);
        expect_crash_line("sigsegv");
        kr_msg_clear(&slot);
}

/* -- the cost of an idle one -- */

struct small {
        int64_t value;
};

static void small_init(kr_gen *g, kr_term args)
{
        (void)args;
        kr_gen_init_started(g);
}

static void small_loop(kr_gen *g)
{
        kr_gen_in in = KR_GEN_IN_INIT;

        (void)kr_gen_receive(g, &in, KR_INFINITY);
}

static const kr_kind small_kind = { .name = "small_kind",
                                    .init = small_init,
                                    .loop = small_loop,
                                    .terminate = kr_gen_exit };
static const kr_behaviour small = { .name = "small",
                                    .kind = &small_kind,
                                    .state_size = sizeof(struct small) };

static size_t memory_of(kr_pid pid)
{
        kr_msg info = KR_MSG_INIT;
        int64_t bytes = 0;

        kit_true(kr_process_info(pid, KR_ATOM("memory"), &info));
        kit_match(info.term, "{memory, ~}", &bytes);
        kr_msg_clear(&info);
        return (size_t)bytes;
}

static void waits_for_ever(void)
{
        kr_msg msg = KR_MSG_INIT;

        (void)kr_receive_top(&msg, KR_INFINITY, kr_on(0, "never"));
}

/* A server with an integer of state costs at most 96 bytes more than a bare process. */
KIT_PROCESS_TEST(test_an_idle_server_is_small)
{
        kr_started s = kr_start_link(&small, NULL, "[]");
        kr_pid bare = kr_spawn_link(waits_for_ever);

        kit_ok(s.err);
        kr_sleep(20);
        kit_int_le(memory_of(s.pid), memory_of(bare) + 96);
        kr_unlink(s.pid);
        kr_unlink(bare);
        kr_exit_signal(s.pid, "kill");
}

KIT_MAIN(KIT_CASE(test_terminate_runs_for_what_comes_out_of_the_loop),
         KIT_CASE(test_the_parents_exit_ends_one_that_traps),
         KIT_CASE(test_exits_of_strangers_are_messages_to_one_that_traps),
         KIT_CASE(test_the_state_is_released_once),
         KIT_CASE(test_only_ends_that_were_not_planned_are_reported),
         KIT_CASE(test_an_idle_server_is_small))
