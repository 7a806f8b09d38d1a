/* SPDX-License-Identifier: Apache-2.0 */
/* gen_server_test.c: gen_server: what its callbacks may say, and how it ends. */
#include "expect.h"
#include "heap.h"
#include "process.h"
#include "told.h"

#include <stdatomic.h>

/* Started plainly, {Self, What}. */
#define start(...) start_with(NULL, kr_build(__VA_ARGS__))

static kr_started start_with(const kr_start_opts *opts, kr_term what)
{
        kr_started started = kr_start(&told, opts, "{~, ~}", kr_self(), what);

        kr_release(what);
        return started;
}

static kr_pid new_told(void)
{
        kr_started started = start("ok");

        kit_ok(started.err);
        return started.pid;
}

/* Calls, and wants this reply. */
#define check_call(to, request, ...)                                                     \
        do {                                                                             \
                kr_msg kit_slot = KR_MSG_INIT;                                           \
                kr_term kit_reply = kr_call(to, &kit_slot, request);                     \
                                                                                         \
                kit_match(kit_reply, __VA_ARGS__);                                       \
                kr_msg_clear(&kit_slot);                                                 \
        } while (0)

/* -- starting -- */

struct failed {
        kr_err err;
        kr_msg reason;
};

static struct failed fails(kr_term what)
{
        struct failed f = { .reason = KR_MSG_INIT };
        kr_start_opts opts = { .name = "failing", .ret_reason = &f.reason };

        f.err = start_with(&opts, what).err;
        kit_true(kr_pid_is_none(kr_whereis("failing")));
        return f;
}

#define check_fails(error, what, ...)                                                    \
        do {                                                                             \
                struct failed kit_f = fails(kr_build(what));                             \
                                                                                         \
                kit_err(kit_f.err, error);                                               \
                if (error == KR_EFAILED)                                                 \
                        kit_match(kit_f.reason.term, __VA_ARGS__);                       \
                kr_msg_clear(&kit_f.reason);                                             \
        } while (0)

/* covers: H101 gen_server_SUITE:otp_7669 gen_server_SUITE:start */
KIT_EVERYWHERE_TEST(test_an_init_that_fails_leaves_no_name_and_tells_why)
{
        kr_trap_exit(true);
        check_fails(KR_EFAILED, "{stop, not_today}", "not_today");
        check_fails(KR_EIGNORED, "ignore", "_");
        check_fails(KR_EFAILED, "{fail, quietly}", "quietly");
        check_fails(KR_EFAILED, "{exit, gone}", "gone");
        check_fails(KR_EFAILED, "{error, broken}", "{broken, [_ | _]}");
        check_fails(KR_EFAILED, "{throw, ball}", "{bad_return_value, ball}");
        check_fails(KR_EFAILED, "{throw_next, {stop, thrown}}", "thrown");
        check_fails(KR_EFAILED, "{reply, x}", "{bad_return_value, _}");
        check_fails(KR_EFAILED, "null", "{bad_return_value, _}");
        check_fails(KR_EFAILED, "{stop_then, x, {timeout, 5}}", "{bad_return_value, _}");
        kit_expect_nothing();
}

KR_FIELDS(bare_fields, struct told, value);
KR_GEN_SERVER(bare, struct told, .fields = bare_fields);

static kr_next bare_init(struct told *s, kr_term args)
{
        (void)args;
        s->value = 7;
        return kr_ok();
}

KR_GEN_SERVER(init_only, struct told, .init = bare_init);

static kr_ref start_init_only(kr_pid *ret_pid)
{
        kr_started started = kr_start(&init_only, NULL, "[]");

        kit_ok(started.err);
        *ret_pid = started.pid;
        return kr_monitor(started.pid);
}

/* covers: gen_server_SUITE:undef_init */
KIT_PROCESS_TEST(test_a_missing_init_is_undef)
{
        kr_msg reason = KR_MSG_INIT;
        kr_start_opts opts = { .ret_reason = &reason };

        kit_err(kr_start(&bare, &opts, "[]").err, KR_EFAILED);
        kit_match(reason.term, "{undef, [{<<\"bare:init/1\">>, 0, []}]}");
}

/* covers: gen_server_SUITE:undef_handle_call gen_server_SUITE:undef_handle_cast
 * gen_server_SUITE:undef_handle_continue */
KIT_PROCESS_TEST(test_missing_callbacks_are_undef)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid;
        kr_ref ref = start_init_only(&pid);

        kit_err(kr_try_call(pid, &msg, 1000, "hello"), KR_EFAILED);
        kit_match(msg.term, "{undef, [{<<\"init_only:handle_call/3\">>, 0, []}]}");
        kit_expect_down(ref, "{undef, _}");
        ref = start_init_only(&pid);
        kr_cast(pid, "hello");
        kit_expect_down(ref, "{undef, [{<<\"init_only:handle_cast/2\">>, _, _}]}");
}

/* covers: I126 gen_server_SUITE:undef_handle_info gen_server_SUITE:undef_terminate1
 * gen_server_SUITE:undef_terminate2 */
KIT_PROCESS_TEST(test_a_missing_handle_info_or_terminate_is_no_crash)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid;
        kr_ref ref = start_init_only(&pid);

        kr_send(pid, "hello");
        kr_sys_get_state(pid, &msg);
        kit_match(msg.term, "{undeclared, _}");
        kit_ok(kr_stop_server(pid, 1000, "enough"));
        kit_expect_down(ref, "enough");
}

/* -- calls, casts, infos -- */

static int64_t value_of(kr_pid pid)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t value = -1;

        kr_sys_get_state(pid, &msg);
        kit_match(msg.term, "#{value => ~}", &value);
        kr_msg_clear(&msg);
        return value;
}

/* covers: I111 gen_server_SUITE:call gen_server_SUITE:cast gen_server_SUITE:info */
KIT_EVERYWHERE_TEST(test_calls_casts_and_infos_reach_their_callbacks)
{
        kr_pid pid = new_told();
        kr_msg msg = KR_MSG_INIT;

        check_call(pid, "{do, {reply, {some, [reply]}}}", "{some, [reply]}");
        kr_cast(pid, "{do, {add, 3}}");
        kr_send(pid, "{do, {add, 4}}");
        kr_cast(pid, "whatever");
        kit_expect(&msg, "{told, cast, whatever}");
        kr_send(pid, "{more, 'of', it}");
        kit_expect(&msg, "{told, info, {more, 'of', it}}");
        check_call(pid, "{do, get}", "7");
        kit_int_eq(value_of(pid), 7);
        kit_expect_nothing();
}

struct asking {
        kr_pid server, owner;
};

static void asks_later(struct asking *a)
{
        kr_msg msg = KR_MSG_INIT;

        kr_send(a->owner, "{got, ~}", kr_call(a->server, &msg, "{do, later}"));
}

/* covers: I111 */
KIT_EVERYWHERE_TEST(test_a_reply_may_come_after_the_callback)
{
        kr_pid pid = new_told(), client;
        struct asking a = { pid, kr_self() };
        kr_msg msg = KR_MSG_INIT;

        client = kr_spawn(asks_later, &a);
        while (kr_process_info(client, KR_ATOM("status"), &msg) &&
               !kr_match(msg.term, "{status, waiting}"))
                kr_yield();
        check_call(pid, "{do, {reply, meanwhile}}", "meanwhile");
        kr_cast(pid, "{do, {answer, at_last}}");
        kit_expect(&msg, "{got, at_last}");
}

static void asks_without_reply(struct asking *a)
{
        kr_msg msg = KR_MSG_INIT;

        kr_call_timeout(a->server, &msg, 10, "{do, noreply}");
}

/* covers: I105 */
KIT_PROCESS_TEST(test_a_call_that_is_not_answered_times_out)
{
        kr_pid pid = new_told();
        struct asking a = { pid, kr_self() };
        kr_ref ref;

        kr_spawn_monitor(&ref, asks_without_reply, &a);
        kit_expect_down(ref, "{timeout, {gen_server, call, [=, {do, noreply}, 10]}}",
                        pid);
        kit_true(kr_is_process_alive(pid));
}

/* -- stopping -- */

/* covers: I109 gen_server_SUITE:call */
KIT_EVERYWHERE_TEST(test_a_stop_with_reply_terminates_replies_and_ends_in_this_order)
{
        kr_pid pid = new_told();
        kr_ref ref = kr_monitor(pid);
        kr_msg msg = KR_MSG_INIT;

        check_call(pid, "{do, {stop, shutdown, bye}}", "bye");
        kit_next(&msg, "{told, terminate, shutdown}");
        kit_expect_down(ref, "shutdown");
        kit_expect_nothing();
}

/* covers: I109 */
KIT_PROCESS_TEST(test_the_reply_of_a_stop_is_sent_even_if_terminate_crashes)
{
        kr_pid pid = new_told();
        kr_ref ref = kr_monitor(pid);

        kr_cast(pid, "{do, {at_end, {error, in_terminate}}}");
        check_call(pid, "{do, {stop, normal, bye}}", "bye");
        kit_expect_down(ref, "{in_terminate, [_ | _]}");
}

/* covers: I108 */
KIT_PROCESS_TEST(test_a_stop_without_reply_is_what_the_caller_learns)
{
        kr_pid pid = new_told();
        kr_msg msg = KR_MSG_INIT;

        kit_err(kr_try_call(pid, &msg, 1000, "{do, {stop, normal}}"), KR_EFAILED);
        kit_match(msg.term, "normal");
}

/* Casts What and wants this end, terminate being told of it. */
#define check_end(what, ...)                                                             \
        do {                                                                             \
                kr_pid kit_pid = new_told();                                             \
                kr_ref kit_ref = kr_monitor(kit_pid);                                    \
                kr_msg kit_msg = KR_MSG_INIT;                                            \
                kr_term kit_why;                                                         \
                                                                                         \
                kr_cast(kit_pid, "{do, " what "}");                                      \
                kit_expect(&kit_msg, "{told, terminate, ~}", &kit_why);                  \
                kit_match(kit_why, __VA_ARGS__);                                         \
                kit_expect_down(kit_ref, __VA_ARGS__);                                   \
                kr_msg_clear(&kit_msg);                                                  \
        } while (0)

/* covers: gen_server_SUITE:crash gen_server_SUITE:cast gen_server_SUITE:undef_in_handle_info */
KIT_EVERYWHERE_TEST(test_ways_to_end_in_a_callback)
{
        check_end("{stop, normal}", "normal");
        check_end("{stop, {a, reason}}", "{a, reason}");
        check_end("{exit, {shutdown, planned}}", "{shutdown, planned}");
        check_end("{exit, bad}", "bad");
        check_end("{error, worse}", "{worse, [_ | _]}");
        check_end("{error, undef}", "{undef, [_ | _]}");
        check_end("{throw, ball}", "{bad_return_value, ball}");
        check_end("{throw_next, {stop, thrown}}", "thrown");
        kit_expect_nothing();
}

/* covers: I124 gen_server_SUITE:call */
KIT_PROCESS_TEST(test_a_result_that_is_none_names_its_cause)
{
        const char *text;
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid = new_told();

        kit_err(kr_try_call(pid, &msg, 1000, "{do, null}"), KR_EFAILED);
        kit_match(msg.term, "{bad_return_value, ~}", &text);
        kit_str_eq(text,
                   "handle_call returned no kr_next that Krarup made: a kr_next comes "
                   "from kr_reply, kr_noreply, kr_stop and the like, and "
                   "kr_then_reply goes with kr_stop only");
        kit_expect(&msg, "{told, terminate, _}");
        check_end("{reply, x}",
                  "{bad_return_value, <<\"handle_cast returned kr_reply(...): only "
                  "handle_call has somebody to reply to\">>}");
        check_end(
                "ignore",
                "{bad_return_value, <<\"handle_cast returned kr_ignore(): only init may\">>}");
        check_end(
                "{fail, x}",
                "{bad_return_value, <<\"handle_cast returned kr_fail(...): only init may\">>}");
        check_end(
                "{noreply, {timeout, -2}}",
                "{bad_return_value, <<\"handle_cast: kr_then_timeout wants 0 to 4294967295 "
                "milliseconds, or KR_INFINITY\">>}");
        check_end("{noreply, {timeout, 4294967296}}", "{bad_return_value, _}");
        check_end("{stop_then, x, {timeout, 5}}", "{bad_return_value, _}");
}

/* covers: I124 */
KIT_PROCESS_TEST(test_a_kr_next_that_was_stored_is_refused)
{
        kr_pid pid = new_told();
        kr_ref ref = kr_monitor(pid);

        kr_cast(pid, "{do, store}");
        kr_cast(pid, "{do, {noreply, {continue, {do, old}}}}");
        kit_expect_down(ref,
                        "{bad_return_value, <<\"handle_continue returned a kr_next that "
                        "is not its latest (return it where it is made), or "
                        "kr_then_... of a kr_stop\">>}");
}

static void makes_a_next(void)
{
        (void)kr_stop("nobody");
}

KIT_PROCESS_TEST(test_elsewhere_a_kr_next_is_misuse)
{
        kr_ref ref;

        kr_spawn_monitor(&ref, makes_a_next);
        kit_expect_down(ref,
                        "{{badarg, {<<\"kr_stop\">>, <<\"only a callback of a gen_server "
                        "may call it\">>}}, _}");
}

/* covers: I125 */
KIT_EVERYWHERE_TEST(test_a_thrown_result_is_a_result)
{
        kr_pid pid = new_told();
        kr_msg msg = KR_MSG_INIT;

        for (int i = 0; i < 3; i++) {
                check_call(pid, "{do, {throw_next, {reply, thrown}}}", "thrown");
                kr_cast(pid, "{do, {throw_next, {add, 1}}}");
        }
        check_call(pid, "{do, get}", "3");
        kr_cast(pid, "{do, {error, after_all}}");
        kit_expect(&msg, "{told, terminate, {after_all, _}}");
}

/* covers: I123 gen_server_SUITE:undef_in_terminate */
KIT_EVERYWHERE_TEST(test_what_terminate_raises_takes_the_place_of_the_reason)
{
        kr_pid pid = new_told();
        kr_ref ref = kr_monitor(pid);

        kr_cast(pid, "{do, {at_end, {exit, second}}}");
        kr_cast(pid, "{do, {exit, first}}");
        kit_expect_down(ref, "second");
        pid = new_told();
        ref = kr_monitor(pid);
        kr_cast(pid, "{do, {at_end, {throw, ignored}}}");
        kr_cast(pid, "{do, {exit, first}}");
        kit_expect_down(ref, "first");
}

/* covers: I122 I120 */
KIT_EVERYWHERE_TEST(test_kills_and_signals_run_no_terminate)
{
        kr_pid pid = new_told();
        kr_ref ref = kr_monitor(pid);
        kr_msg msg = KR_MSG_INIT;

        kr_exit_signal(pid, "kill");
        kit_expect_down(ref, "killed");
        pid = new_told();
        ref = kr_monitor(pid);
        kr_exit_signal(pid, "bang");
        kit_expect_down(ref, "bang");
        pid = start("{trap, ok}").pid;
        kr_exit_signal(pid, "bang");
        kit_expect(&msg, "{told, info, {'EXIT', =, bang}}", kr_self());
        kit_expect_nothing();
}

static void starts_and_ends(struct asking *a)
{
        kr_started started = kr_start_link(&told, NULL, "{~, {trap, ok}}", a->owner);

        kr_send(a->owner, "{started, ~}", started.pid);
        kr_exit("normal");
}

/* covers: I119 */
KIT_EVERYWHERE_TEST(test_the_parents_end_is_the_servers_end)
{
        struct asking a = { kr_pid_none(), kr_self() };
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid;

        kr_spawn(starts_and_ends, &a);
        kit_expect(&msg, "{started, ~}", &pid);
        kit_expect(&msg, "{told, terminate, normal}");
        kit_await_end(pid);
        kit_expect_nothing();
}

/* covers: I121 */
KIT_PROCESS_TEST(test_a_server_without_link_is_its_own_parent)
{
        kr_pid pid = new_told();
        kr_msg msg = KR_MSG_INIT;

        kr_sys_get_status(pid, &msg);
        kit_match(msg.term, "{status, =, {module, gen_server}, [_, running, =, [], _]}",
                  pid, pid);
}

static const kr_node_opts with_faults = { .schedulers = 2, .faults = KR_FAULTS_EXIT };

static void faults(void)
{
        kr_pid pid = new_told();
        kr_ref ref = kr_monitor(pid);
        kr_msg msg = KR_MSG_INIT;

        kit_err(kr_try_call(pid, &msg, 5000, "{do, fault}"), KR_EFAILED);
        kit_match(msg.term, "{{sigsegv, 0}, _}");
        kit_expect_down(ref, "{{sigsegv, 0}, _}");
        kit_expect_nothing();
        kit_err(start("fault").err, KR_EFAILED);
        pid = new_told();
        ref = kr_monitor(pid);
        kr_cast(pid, "{do, {at_end, fault}}");
        kr_cast(pid, "{do, {stop, normal}}");
        kit_expect_down(ref, "{{sigsegv, 0}, _}");
}

KIT_TEST(test_a_fault_ends_the_server_alone)
{
        kit_run_process(&with_faults, faults);
}

/* -- timeouts -- */

/* covers: I114 */
KIT_EVERYWHERE_TEST(test_a_timeout_comes_to_handle_info_unless_a_message_does)
{
        kr_pid pid = start("{ok, {timeout, 5}}").pid;
        kr_msg msg = KR_MSG_INIT;

        kit_next(&msg, "{told, info, timeout}");
        kr_cast(pid, "{do, {noreply, {timeout, 40}}}");
        kr_cast(pid, "cancels");
        kit_next(&msg, "{told, cast, cancels}");
        kit_int_eq(kr_receive(&msg, 80, kr_on(0, "_")), KR_TIMEOUT);
        check_call(pid, "{do, {reply, x, {timeout, 1}}}", "x");
        kit_next(&msg, "{told, info, timeout}");
        kit_int_eq(kr_receive(&msg, 20, kr_on(0, "_")), KR_TIMEOUT); /* once */
}

static void restarts_timeouts(void)
{
        kr_pid pid = start("{ok, {timeout, 100}}").pid;
        int64_t start_ms = kr_monotonic_ms(NULL);
        kr_msg msg = KR_MSG_INIT;

        for (int i = 0; i < 5; i++) {
                kr_sleep(60);
                kit_int_eq(value_of(pid), 0);
        }
        kit_next(&msg, "{told, info, timeout}");
        kit_int_ge(kr_monotonic_ms(NULL) - start_ms, 400);
}

/* In virtual time, so that no delay of the machine matters.
 * covers: I115 */
KIT_TEST(test_a_system_message_begins_a_timeout_anew)
{
        kit_run_process(&(kr_node_opts){ .drive = KR_DRIVE_SIM }, restarts_timeouts);
}

/* covers: I116 */
KIT_EVERYWHERE_TEST(test_a_timeout_of_0_waits_for_the_queue_to_be_empty)
{
        kr_pid pid = new_told();
        kr_msg msg = KR_MSG_INIT;

        kit_ok(kr_sys_suspend(pid));
        kr_cast(pid, "{do, {noreply, {timeout, 0}}}");
        kr_cast(pid, "one");
        kr_cast(pid, "{do, {noreply, {timeout, 0}}}");
        kit_ok(kr_sys_resume(pid));
        kit_next(&msg, "{told, cast, one}");
        kit_next(&msg, "{told, info, timeout}");
        kit_expect_nothing();
}

/* -- continue, hibernate -- */

static kr_next continues_init(struct told *s, kr_term args)
{
        s->at_end = kr_none();
        kit_true(kr_get_pid(args, &s->owner));
        kr_cast(kr_self(), "too_early");
        kr_send(kr_self(), "too_early_too");
        return kr_then_continue(kr_ok(), "{once, ready}");
}

KR_GEN_SERVER(continues, struct told, .init = continues_init, .handle_cast = told_cast,
              .handle_info = told_info, .handle_continue = told_continue);

/* covers: I117 */
KIT_EVERYWHERE_TEST(test_a_continue_comes_before_what_was_queued_in_init)
{
        kr_msg msg = KR_MSG_INIT;
        kr_start_opts opts = { .ret_reason = &msg };
        kr_started started = kr_start(&continues, &opts, "~", kr_self());

        if (started.err == KR_EFAILED)
                kit_match(msg.term, "none");
        kit_next(&msg, "{told, continue, {once, ready}}");
        kit_next(&msg, "{told, cast, too_early}");
        kit_next(&msg, "{told, info, too_early_too}");
}

/* covers: gen_server_SUITE:continue */
KIT_EVERYWHERE_TEST(test_continues_from_every_callback)
{
        kr_pid pid = start("{ok, {continue, of_init}}").pid;
        kr_ref ref = kr_monitor(pid);
        kr_msg msg = KR_MSG_INIT;

        kit_next(&msg, "{told, continue, of_init}");
        check_call(pid, "{do, {reply, r, {continue, of_call}}}", "r");
        kit_next(&msg, "{told, continue, of_call}");
        kr_cast(pid, "{do, {noreply, {continue, of_cast}}}");
        kit_next(&msg, "{told, continue, of_cast}");
        kr_send(pid, "{do, {noreply, {continue, {do, {noreply, {continue, again}}}}}}");
        kit_next(&msg, "{told, continue, again}");
        kr_cast(pid, "{do, {noreply, {continue, {do, {stop, there}}}}}");
        kit_next(&msg, "{told, terminate, there}");
        kit_expect_down(ref, "there");
}

/* covers: I118 gen_server_SUITE:hibernate */
KIT_EVERYWHERE_TEST(test_hibernating_changes_nothing_that_is_seen)
{
        kr_pid pid = start("{ok, hibernate}").pid;

        kr_cast(pid, "{do, {add, 2}}");
        check_call(pid, "{do, {reply, r, hibernate}}", "r");
        kr_cast(pid, "{do, {noreply, hibernate}}");
        kit_ok(kr_sys_suspend(pid));
        kit_ok(kr_sys_resume(pid));
        check_call(pid, "{do, get}", "2");
}

/* -- enter_loop -- */

static void enters(struct asking *a)
{
        struct told state = { .owner = a->owner, .value = 40, .at_end = kr_none() };

        kr_register("entered", kr_self());
        kr_init_ack("{ok, ~}", kr_self());
        kr_gen_server_enter_loop(&told, &(kr_start_opts){ .name = "entered" }, &state,
                                 kr_then_continue(kr_ok(), "{do, {add, 2}}"));
}

static void enters_with_timeout(struct asking *a)
{
        struct told state = { .owner = a->owner, .at_end = kr_none() };

        kr_init_ack("{ok, ~}", kr_self());
        kr_gen_server_enter_loop(&told, NULL, &state, kr_then_timeout(kr_ok(), 1));
}

static void enters_a_name_of_others(struct asking *a)
{
        struct told state = { .owner = a->owner, .at_end = kr_none() };

        kr_init_ack("{ok, ~}", kr_self());
        kr_gen_server_enter_loop(&told, &(kr_start_opts){ .name = "not_mine" }, &state,
                                 kr_ok());
}

/* covers: I130 gen_server_SUITE:spec_init gen_server_SUITE:otp_5854 */
KIT_EVERYWHERE_TEST(test_a_process_becomes_a_server)
{
        struct asking a = { kr_pid_none(), kr_self() };
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;

        kr_trap_exit(true);
        kit_ok(kr_proc_lib_start_link(NULL, enters, &a).err);
        check_call("entered", "{do, get}", "42");
        kit_ok(kr_stop_normal("entered"));
        kit_next(&msg, "{told, terminate, normal}");
        kit_next(&msg, "{'EXIT', _, normal}");
        kit_ok(kr_proc_lib_start_link(NULL, enters_with_timeout, &a).err);
        kit_next(&msg, "{told, info, timeout}");
        ref = kr_monitor(kr_proc_lib_start_link(NULL, enters_a_name_of_others, &a).pid);
        kit_expect(&msg, "{'EXIT', _, process_not_registered}");
        kit_expect(&msg, "{'DOWN', =, _, _, _}", ref);
}

/* -- release, crowds, no memory -- */

static _Atomic int released;

static void count_release(struct told *s)
{
        (void)s;
        atomic_fetch_add(&released, 1);
}

KR_GEN_SERVER(releasing, struct told, .init = told_init, .handle_cast = told_cast,
              .handle_call = told_call, .release = count_release);

static kr_pid new_releasing(void)
{
        kr_started started = kr_start(&releasing, NULL, "{~, ok}", kr_self());

        kit_ok(started.err);
        return started.pid;
}

static void every_end_releases(void)
{
        kr_pid pids[5];

        for (int i = 0; i < 5; i++)
                pids[i] = new_releasing();
        kr_cast(pids[0], "{do, {stop, normal}}");
        kr_cast(pids[1], "{do, {error, x}}");
        kr_cast(pids[2], "{do, fault}");
        kr_exit_signal(pids[3], "kill");
        kr_exit_signal(pids[4], "x");
        for (int i = 0; i < 5; i++)
                kit_await_end(pids[i]);
        kit_int_eq(atomic_load(&released), 5);
        kit_err(kr_start(&releasing, NULL, "{~, {stop, x}}", kr_self()).err, KR_EFAILED);
        kit_int_eq(atomic_load(&released), 6);
}

KIT_TEST(test_release_runs_once_whatever_the_end)
{
        kit_run_process(&with_faults, every_end_releases);
}

/* covers: gen_server_SUITE:loop_start_fail */
KIT_PROCESS_TEST(test_hundreds_of_failing_starts_leave_nothing)
{
        kr_node_stats before, after;

        kr_trap_exit(true);
        kr_node_stats_read(kr_here(), &before);
        for (int i = 0; i < 300; i++) {
                kit_err(start("{stop, x}").err, KR_EFAILED);
                kit_err(start("ignore").err, KR_EIGNORED);
                kit_err(kr_start_link(&told, NULL, "{~, {exit, x}}", kr_self()).err,
                        KR_EFAILED);
        }
        kr_node_stats_read(kr_here(), &after);
        kit_int_eq(after.processes, before.processes);
        kit_expect_nothing();
}

/* What no pool has room for. */
static char large[100000];
static const kr_bytes large_bytes = { large, sizeof(large) };

/* Something that may fail for want of memory, in a kr_catch. */
struct trying {
        uint64_t refuse; /* which allocation */
        kr_pid pid;
        kr_err err;
        bool was_refused;
};

static void try_start(void *arg)
{
        struct trying *t = arg;
        kr_start_opts opts = { .name = "tried", .debug = "[{log, 3}, statistics]" };
        static char words[5000]; /* more than any pool has */
        kr_started started;

        memset(words, 'w', sizeof(words) - 1);

        kit_heap_refuse(t->refuse);
        started = kr_start(&told, &opts, "{~, {ok, {continue, ~}}}", kr_self(), words);
        t->was_refused = kit_heap_has_refused();
        kit_heap_refuse(0);
        t->err = started.err;
        t->pid = started.pid;
}

static void try_everything(void *arg)
{
        struct trying *t = arg;
        kr_msg slot = KR_MSG_INIT;

        kit_heap_refuse(t->refuse);
        kr_cast(t->pid, "{do, {add, 0}}");
        (void)kr_try_call(t->pid, &slot, 1000, "{do, {reply, ~}}", large_bytes);
        kr_sys_get_state(t->pid, &slot);
        kr_sys_replace_state(t->pid, &slot, "#{value => 5}");
        kr_sys_get_status(t->pid, &slot);
        kr_sys_log(t->pid, 10);
        kr_sys_log_get(t->pid, &slot);
        kr_sys_suspend(t->pid);
        kr_sys_change_code(t->pid, &slot, "{told, 1, {add, 0}}");
        kr_sys_resume(t->pid);
        (void)kr_try_call(t->pid, &slot, 1000, "{do, {noreply, {timeout, 0}}}");
        kr_msg_clear(&slot);
}

static bool tried(struct trying *t, void (*fn)(void *))
{
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;
        bool returned = kr_catch(fn, t, &kind, &reason);

        t->was_refused |= kit_heap_has_refused();
        kit_heap_refuse(0);
        kr_msg_clear(&reason);
        return returned;
}

static void live_without_memory(void)
{
        struct trying t = { .was_refused = true };
        kr_msg msg = KR_MSG_INIT;

        /* A message that fits none of a start's patterns has them all compiled: one that
         * cannot be raises in the starter, whose child then goes on without it. So does a
         * first wait with a time limit. */
        kr_sleep(1);
        kr_send(kr_self(), "unrelated");
        kit_true(tried(&t, try_start));
        kit_expect(&msg, "unrelated");
        kit_ok(kr_stop_normal(t.pid));
        t.was_refused = true;
        for (t.refuse = 1; t.was_refused; t.refuse++) {
                t.was_refused = false;
                t.err = KR_EFAILED;
                if (!tried(&t, try_start) || t.err != KR_OK) {
                        kit_true(t.was_refused);
                        kit_true(kr_pid_is_none(kr_whereis("tried")));
                } else {
                        kit_ok(kr_stop_normal(t.pid));
                }
        }
        t.was_refused = true;
        t.pid = new_told();
        for (t.refuse = 1; t.was_refused; t.refuse++) {
                t.was_refused = false;
                (void)tried(&t, try_everything);
                if (!kr_is_process_alive(t.pid)) {
                        t.pid = new_told(); /* it had no room for what it wanted to do */
                        continue;
                }
                kr_sys_resume(t.pid);
                kr_call(t.pid, &msg, "{do, {reply, alive}}");
                kit_match(msg.term, "alive");
        }
        kr_msg_clear(&msg);
}

/* One thread: nobody else's allocation is refused. Builds with checks take more of what there
 * is from malloc, and so have more to refuse. */
KIT_TEST(test_without_memory_all_fails_cleanly)
{
        kit_run_process(&(kr_node_opts){ .drive = KR_DRIVE_SIM }, live_without_memory);
}

/* covers: I131 */
KIT_PROCESS_TEST(test_what_a_server_had_not_handled_is_lost_with_it)
{
        kr_pid pid = new_told();
        kr_msg msg = KR_MSG_INIT;

        kit_ok(kr_sys_suspend(pid));
        kr_cast(pid, "{do, {stop, early}}");
        kr_cast(pid, "never");
        kit_ok(kr_sys_resume(pid));
        kit_expect(&msg, "{told, terminate, early}");
        kit_await_end(pid);
        kit_expect_nothing();
}

KIT_MAIN(KIT_CASE(test_an_init_that_fails_leaves_no_name_and_tells_why),
         KIT_CASE(test_a_missing_init_is_undef),
         KIT_CASE(test_missing_callbacks_are_undef),
         KIT_CASE(test_a_missing_handle_info_or_terminate_is_no_crash),
         KIT_CASE(test_calls_casts_and_infos_reach_their_callbacks),
         KIT_CASE(test_a_reply_may_come_after_the_callback),
         KIT_CASE(test_a_call_that_is_not_answered_times_out),
         KIT_CASE(test_a_stop_with_reply_terminates_replies_and_ends_in_this_order),
         KIT_CASE(test_the_reply_of_a_stop_is_sent_even_if_terminate_crashes),
         KIT_CASE(test_a_stop_without_reply_is_what_the_caller_learns),
         KIT_CASE(test_ways_to_end_in_a_callback),
         KIT_CASE(test_a_result_that_is_none_names_its_cause),
         KIT_CASE(test_a_kr_next_that_was_stored_is_refused),
         KIT_CASE(test_elsewhere_a_kr_next_is_misuse),
         KIT_CASE(test_a_thrown_result_is_a_result),
         KIT_CASE(test_what_terminate_raises_takes_the_place_of_the_reason),
         KIT_CASE(test_kills_and_signals_run_no_terminate),
         KIT_CASE(test_the_parents_end_is_the_servers_end),
         KIT_CASE(test_a_server_without_link_is_its_own_parent),
         KIT_CASE(test_a_fault_ends_the_server_alone),
         KIT_CASE(test_a_timeout_comes_to_handle_info_unless_a_message_does),
         KIT_CASE(test_a_system_message_begins_a_timeout_anew),
         KIT_CASE(test_a_timeout_of_0_waits_for_the_queue_to_be_empty),
         KIT_CASE(test_a_continue_comes_before_what_was_queued_in_init),
         KIT_CASE(test_continues_from_every_callback),
         KIT_CASE(test_hibernating_changes_nothing_that_is_seen),
         KIT_CASE(test_a_process_becomes_a_server),
         KIT_CASE(test_release_runs_once_whatever_the_end),
         KIT_CASE(test_hundreds_of_failing_starts_leave_nothing),
         KIT_SLOW(test_without_memory_all_fails_cleanly, 60),
         KIT_CASE(test_what_a_server_had_not_handled_is_lost_with_it))
