/* SPDX-License-Identifier: Apache-2.0 */
/* gen_alloc_test.c: starts, calls and requests with the first allocation refused, the second, and
 * so on: whoever asked gets an error or ends with system_limit, and nothing is lost.
 */
#include <krarup.h>

#include "echo.h"
#include "process.h"
#include "refusal.h"

/* What a process may end with that was refused memory. */
static bool is_fair(kr_term reason)
{
        return kr_match(reason, "normal") || kr_match(reason, "{system_limit, _}") ||
               kr_match(reason, "system_limit") ||
               kr_match(reason, "{{system_limit, _}, _}") ||
               kr_match(reason, "{system_limit, {gen_server, call, _}}");
}

static void run_with_refusal(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;
        char text[300];
        kr_pid left;
        kr_ref ref;

        ref = kit_refusal_spawn();
        (void)kr_receive(&msg, KR_INFINITY,
                         kr_on(0, "{'DOWN', =, process, _, ~}", ref, &reason));
        if (!is_fair(reason)) {
                (void)kr_format(text, sizeof(text), reason);
                kit_fail("source %d, allocation %d: %s", (int)kit_refusal.source,
                         (int)kit_refusal.n, text);
        }
        kr_sleep(1000); /* a child goes on without its starter */
        left = kr_whereis("anna");
        if (!kr_pid_is_none(left)) { /* it lives, or is on its last steps */
                if (kr_try_call(left, &msg, KR_INFINITY, "{echo, 1}") == KR_OK)
                        kit_ok(kr_stop_normal(left));
                kit_await_end(left);
        }
        kit_true(kr_pid_is_none(kr_whereis("anna")));
        kr_msg_clear(&msg);
}

/* Until a run in which nothing was refused. */
static void run_all(void)
{
        kit_refusal.n = 0;
        do {
                kit_refusal.n++;
                run_with_refusal();
                kit_int_lt(kit_refusal.n, 500);
        } while (kit_refusal.refused);
        kit_int_gt(kit_refusal.n, 1);
}

static void check_each(void (*run)(void))
{
        kit_refusal.run = run;
        for (int source = 0; source < KIT_SOURCES; source++) {
                kit_refusal.source = (enum kit_source)source;
                for (uint64_t seed = 1; seed < 4; seed++)
                        kit_run_process(&(kr_node_opts){ .drive = KR_DRIVE_SIM,
                                                         .seed = seed },
                                        run_all);
        }
}

/* What the house compiles at first use is not what is tried here. */
static void warm_up(void)
{
        kr_started s = kr_start(&echo, NULL, "[]");
        kr_msg slot = KR_MSG_INIT;

        (void)kr_call(s.pid, &slot, "calls");
        kr_msg_clear(&slot);
}

static void starts(void)
{
        kr_start_opts opts = { .name = "anna" };
        kr_started s;

        warm_up();
        kit_refusal_arm();
        s = kr_start(&echo, &opts, "{some, [arguments], <<\"of\">>, any, size}");
        kit_int_ne(s.err, KR_EALREADY);
}

static void starts_with_debug(void)
{
        kr_start_opts opts = { .name = "anna", .debug = "[{log, 5}]" };
        kr_started s;

        warm_up();
        kit_refusal_arm();
        s = kr_start(&echo, &opts, "{some, [arguments]}");
        kit_int_ne(s.err, KR_EBADARG);
}

static void starts_linked(void)
{
        kr_start_opts opts = { .name = "anna" };

        warm_up();
        kr_trap_exit(true);
        kit_refusal_arm();
        if (kr_start_link(&echo, &opts, "{some, [arguments]}").err == KR_OK)
                kr_unlink(kr_whereis("anna"));
}

static void starts_and_fails(void)
{
        kr_start_opts opts = { .name = "anna" };

        warm_up();
        kr_trap_exit(true);
        kit_refusal_arm();
        kit_int_ne(kr_start_link(&echo, &opts, "{stop, no}").err, KR_OK);
}

static void does_ack(kr_term t)
{
        (void)t;
        kr_init_ack("{ok, ~}", kr_self());
}

static void starts_plain(void)
{
        kr_term t = kr_build("{some, term}");

        warm_up();
        kit_false(kr_is_none(t));
        kit_refusal_arm();
        (void)kr_proc_lib_start(NULL, does_ack, t);
}

static void calls(void)
{
        kr_started s = kr_start(&echo, &(kr_start_opts){ .name = "anna" }, "[]");
        kr_msg slot = KR_MSG_INIT;

        warm_up();
        kit_refusal_arm();
        (void)kr_call(s.pid, &slot, "{echo, {some, [arguments]}}");
        kr_cast(s.pid, "hello");
        kr_msg_clear(&slot);
}

static void requests(void)
{
        kr_started s = kr_start(&echo, &(kr_start_opts){ .name = "anna" }, "[]");
        kr_reqids ids = KR_REQIDS_INIT;
        kr_msg slot = KR_MSG_INIT;

        warm_up();
        kit_refusal_arm();
        for (int i = 0; i < 3; i++)
                kr_reqids_add(&ids, kr_send_request(s.pid, "{echo, ~}", i), kr_int(i));
        while (kr_wait_any(&ids, 1000, true, &slot, NULL, NULL) < KR_RESPONSE_TIMEOUT)
                ;
        kr_reqids_clear(&ids);
}

KIT_TEST(test_a_start_without_memory)
{
        check_each(starts);
}

KIT_TEST(test_a_start_with_debug_options_without_memory)
{
        check_each(starts_with_debug);
}

KIT_TEST(test_a_linked_start_without_memory)
{
        check_each(starts_linked);
}

KIT_TEST(test_a_start_that_fails_without_memory)
{
        check_each(starts_and_fails);
}

KIT_TEST(test_a_plain_start_without_memory)
{
        check_each(starts_plain);
}

KIT_TEST(test_calls_without_memory)
{
        check_each(calls);
}

KIT_TEST(test_requests_without_memory)
{
        check_each(requests);
}

KIT_MAIN(KIT_CASE(test_a_start_without_memory),
         KIT_CASE(test_a_start_with_debug_options_without_memory),
         KIT_CASE(test_a_linked_start_without_memory),
         KIT_CASE(test_a_start_that_fails_without_memory),
         KIT_CASE(test_a_plain_start_without_memory), KIT_CASE(test_calls_without_memory),
         KIT_CASE(test_requests_without_memory))
