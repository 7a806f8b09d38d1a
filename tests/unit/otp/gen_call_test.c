/* SPDX-License-Identifier: Apache-2.0 */
/* gen_call_test.c: calls, casts and replies; what a call that gets no reply ends with. */
#include <krarup.h>

#include <krarup/text.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "echo.h"
#include "expect.h"
#include "process.h"

static kr_pid new_echo(void)
{
        kr_started s = kr_start(&echo, NULL, "{watched_by, ~}", kr_self());

        kit_ok(s.err);
        return s.pid;
}

/* -- whom -- */

KIT_EVERYWHERE_TEST(test_all_ways_to_name_a_server)
{
        kr_started s = kr_start(&echo, &(kr_start_opts){ .name = "anna" }, "[]");
        kr_term name = kr_build("{any, term}");
        kr_atom here = kr_node_name(kr_here());
        kr_msg slot = KR_MSG_INIT;

        kit_says(kr_call(s.pid, &slot, "{echo, 1}"), "1");
        kit_says(kr_call("anna", &slot, "{echo, ~}", "text"), "<<\"text\">>");
        kit_says(kr_call(KR_ATOM("anna"), &slot, "{echo, [2]}"), "[2]");
        kit_says(kr_call(kr_at(KR_ATOM("anna"), here), &slot, "{echo, 3}"), "3");
        kit_true(kr_global_register_name(name, s.pid));
        kit_says(kr_call(kr_global(name), &slot, "{echo, 4}"), "4");
        kit_says(kr_call(kr_by(&kr_via_global, name), &slot, "calls"), "6");
        kr_msg_clear(&slot);
        kr_release(name);
}

/* -- failures -- */

struct calling {
        kr_server to;
        int64_t timeout_ms;
        kr_term request;
};

static void call(struct calling *c)
{
        kr_msg slot = KR_MSG_INIT;

        (void)kr_call_timeout(c->to, &slot, c->timeout_ms, "~", c->request);
        kr_exit("came_back");
}

/* The reason that a caller ends with: a message of 'DOWN' in the slot, the reason is given. */
static kr_term end_of_call(kr_server to, int64_t timeout_ms, const char *request,
                           kr_msg *slot)
{
        struct calling c = { to, timeout_ms, kr_atom_term(kri_atom_of(request)) };
        kr_term why = kr_none();
        kr_ref ref;

        kr_spawn_monitor(&ref, call, &c);
        (void)kr_receive(slot, KR_INFINITY,
                         kr_on(0, "{'DOWN', =, process, _, ~}", ref, &why));
        return why;
}

/* covers: I106 I107 */
KIT_EVERYWHERE_TEST(test_a_call_to_nobody_ends_with_noproc)
{
        kr_pid dead = kr_spawn(kit_sleeper);
        kr_msg slot = KR_MSG_INIT;
        kr_term name = kr_build("{my, name}");

        kr_exit_signal(dead, "kill");
        kit_await_end(dead);
        kit_says(end_of_call(KR_SERVER(dead), KRI_CALL_DEFAULT, "hello", &slot),
                 "{noproc, {gen_server, call, [=, hello]}}", dead);
        kit_says(end_of_call(KR_SERVER(dead), 5000, "hello", &slot),
                 "{noproc, {gen_server, call, [=, hello, 5000]}}", dead);
        kit_says(end_of_call(KR_SERVER("nobody"), KR_INFINITY, "hello", &slot),
                 "{noproc, {gen_server, call, [nobody, hello, infinity]}}");
        kit_says(end_of_call(kr_global(name), 1, "hello", &slot),
                 "{noproc, {gen_server, call, [{global, {my, name}}, hello, 1]}}");
        kr_msg_clear(&slot);
}

/* covers: I107 */
KIT_EVERYWHERE_TEST(test_a_call_to_a_node_that_is_not_there_ends_with_nodedown)
{
        kr_server far = kr_at(KR_ATOM("anna"), KR_ATOM("far@away"));
        kr_msg slot = KR_MSG_INIT;

        kit_says(end_of_call(far, KRI_CALL_DEFAULT, "hello", &slot),
                 "{{nodedown, 'far@away'},"
                 " {gen_server, call, [{anna, 'far@away'}, hello]}}");
        kr_cast(far, "hello"); /* goes nowhere */
        kr_msg_clear(&slot);
}

/* covers: I108 */
KIT_EVERYWHERE_TEST(test_a_caller_ends_with_the_reason_of_its_server)
{
        kr_msg slot = KR_MSG_INIT;
        kr_pid pid;
        kr_term request;

        static const char *const reasons[] = { "normal", "shutdown", "bang" };

        for (int i = 0; i < 3; i++) {
                kr_term why;
                kr_atom reason = kri_atom_of(reasons[i]);

                pid = new_echo();
                request = kr_build("{stop, ~}", reason);
                kr_ref ref;
                kr_spawn_monitor(&ref, call,
                                 &((struct calling){ KR_SERVER(pid), 1000, request }));
                kit_expect(&slot, "{'DOWN', =, process, _, ~}", ref, &why);
                kit_match(why, "{=, {gen_server, call, [=, {stop, _}, 1000]}}",
                          kr_atom_term(reason), pid);
                kr_release(request);
                kit_expect(&slot, "{terminate, _, =}", kr_atom_term(reason));
        }
        kr_msg_clear(&slot);
}

/* covers: I112 */
KIT_EVERYWHERE_TEST(test_a_server_that_calls_itself_is_told)
{
        kr_pid pid = new_echo();
        kr_ref ref = kr_monitor(pid);
        kr_msg slot = KR_MSG_INIT;

        kit_err(kr_try_call(pid, &slot, 5000, "{call, ~}", pid), KR_EFAILED);
        kit_match(slot.term, "{calling_self, {gen_server, call, [=, calls]}}", pid);
        kit_expect_down(ref, "{calling_self, {gen_server, call, [=, calls]}}", pid);
        kr_msg_clear(&slot);
}

/* covers: I105 I106 */
KIT_EVERYWHERE_TEST(test_a_reply_that_comes_too_late_is_dropped)
{
        kr_pid pid = new_echo();
        kr_msg slot = KR_MSG_INIT;

        kit_err(kr_try_call(pid, &slot, 5, "{sleep, 30}"), KR_ETIMEDOUT);
        kit_says(kr_call(pid, &slot, "calls"), "2"); /* it was handled all the same */
        kit_expect_nothing();
        kr_cast(pid, "wait");
        kit_says(end_of_call(KR_SERVER(pid), 5, "unanswered", &slot),
                 "{timeout, {gen_server, call, [=, unanswered, 5]}}", pid);
        kit_says(end_of_call(KR_SERVER(pid), 0, "unanswered", &slot),
                 "{timeout, {gen_server, call, [=, unanswered, 0]}}", pid);
        kr_msg_clear(&slot);
}

static void test_default_timeout_body(void)
{
        kr_pid pid = new_echo();
        kr_msg slot = KR_MSG_INIT;
        int64_t began_ms = kr_monotonic_ms(NULL);

        kit_says(end_of_call(KR_SERVER(pid), KRI_CALL_DEFAULT, "unanswered", &slot),
                 "{timeout, {gen_server, call, [=, unanswered]}}", pid);
        kit_int_ge(kr_monotonic_ms(NULL) - began_ms, 5000);
        kr_msg_clear(&slot);
}

/* covers: I106 */
KIT_TEST(test_a_call_waits_five_seconds)
{
        kit_run_process(&(kr_node_opts){ .drive = KR_DRIVE_SIM, .seed = 7 },
                        test_default_timeout_body);
}

KIT_EVERYWHERE_TEST(test_try_call_tells_instead)
{
        kr_pid pid = new_echo();
        kr_msg slot = KR_MSG_INIT;

        kit_ok(kr_try_call(pid, &slot, 1000, "{echo, [~]}", 1));
        kit_match(slot.term, "[1]");
        kit_err(kr_try_call("nobody", &slot, 1000, "x"), KR_ENOPROC);
        kit_match(slot.term, "noproc");
        kit_err(kr_try_call(kr_self(), &slot, 1000, "x"), KR_EFAILED);
        kit_match(slot.term, "calling_self");
        kit_err(kr_try_call(kr_at(KR_ATOM("a"), KR_ATOM("b@c")), &slot, 1000, "x"),
                KR_EFAILED);
        kit_match(slot.term, "{nodedown, 'b@c'}");
        kit_err(kr_try_call(pid, &slot, 1000, "{exit, {some, reason}}"), KR_EFAILED);
        kit_match(slot.term, "{some, reason}");
        kr_msg_clear(&slot);
}

/* -- replies -- */

static void answers(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term from_term;
        kr_from from = { .tag = kr_none() };

        kit_expect(&msg, "{answer, ~}", &from_term);
        kit_true(kr_get_from(from_term, &from));
        kr_reply_to(from, "{by, ~}", kr_self());
}

/* covers: I111 */
KIT_EVERYWHERE_TEST(test_another_process_may_reply_later)
{
        kr_pid pid = new_echo(), other = kr_spawn(answers);
        kr_msg slot = KR_MSG_INIT;

        kit_says(kr_call(pid, &slot, "{by, ~}", other), "{by, =}", other);
        kr_msg_clear(&slot);
}

/* covers: I110 */
KIT_EVERYWHERE_TEST(test_the_first_reply_counts)
{
        kr_pid pid = new_echo();
        kr_msg slot = KR_MSG_INIT;

        kit_says(kr_call(pid, &slot, "twice"), "1");
        kit_says(kr_call(pid, &slot, "calls"), "2");
        kit_expect_nothing();
        kr_msg_clear(&slot);
}

/* What others send for a From: a reference, an alias, an alias in a longer tag. */
KIT_EVERYWHERE_TEST(test_tags_of_all_forms_come_back_as_they_were)
{
        kr_pid pid = new_echo();
        kr_ref ref = kr_make_ref(), alias = kr_alias(false);
        kr_msg msg = KR_MSG_INIT;

        kr_send(pid, "{'$gen_call', {~, ~}, {echo, 1}}", kr_self(), ref);
        kit_next(&msg, "{=, 1}", ref);
        kr_send(pid, "{'$gen_call', {~, [alias|~]}, {echo, 2}}", kr_self(), alias);
        kit_next(&msg, "{[alias|=], 2}", alias);
        kr_send(pid, "{'$gen_call', {~, [[alias|~]|x]}, {echo, 3}}", kr_self(), alias);
        kit_next(&msg, "{[[alias|=]|x], 3}", alias);
        kr_send(pid, "{'$gen_call', {~, {my, tag}}, {echo, 4}}", kr_self());
        kit_next(&msg, "{{my, tag}, 4}");
        kr_send(pid, "{'$gen_call', nobody, {echo, 5}}");
        kr_send(pid, "{'$gen_call', {~, t}, calls}", kr_self());
        kit_next(&msg, "{t, 6}");
        kr_msg_clear(&msg);
}

KIT_EVERYWHERE_TEST(test_a_from_is_a_term_and_back)
{
        kr_from from = { kr_self(), kr_make_ref(), kr_none() },
                back = { .tag = kr_nil() };
        kr_term t = kr_from_term(from);

        kit_match(t, "{=, =}", kr_self(), from.ref);
        kit_true(kr_get_from(t, &back));
        kit_true(kr_ref_eq(back.ref, from.ref) && kr_is_none(back.tag));
        kr_release(t);
        from.tag = kr_atom_term(KR_ATOM("alias"));
        t = kr_from_term(from);
        kit_match(t, "{=, [alias|=]}", kr_self(), from.ref);
        kit_true(kr_get_from(t, &back) && kr_same(back.tag, from.tag));
        kr_release(t);
        kit_false(kr_get_from(kr_nil(), &back));
        kit_false(kr_get_from(kr_int(1), &back));
}

/* -- casts -- */

/* covers: I113 */
KIT_EVERYWHERE_TEST(test_a_cast_never_fails)
{
        kr_pid dead = kr_spawn(kit_sleeper);
        kr_term name = kr_build("{my, name}");

        kr_exit_signal(dead, "kill");
        kit_await_end(dead);
        kr_cast(dead, "hello");
        kr_cast("nobody", "hello");
        kr_cast(KR_ATOM("nobody"), "hello");
        kr_cast(kr_global(name), "hello");
        kr_cast(kr_at(KR_ATOM("a"), KR_ATOM("b@c")), "hello");
        kr_release(name);
}

KIT_EVERYWHERE_TEST(test_casts_arrive_in_order)
{
        kr_term name = kr_build("{my, name}");
        kr_pid pid = new_echo();
        kr_msg msg = KR_MSG_INIT;

        kr_register("anna", pid);
        kit_true(kr_global_register_name(name, pid));
        kr_cast(pid, "1");
        kr_cast("anna", "{2, ~}", 2);
        kr_cast(kr_at(KR_ATOM("anna"), kr_node_name(kr_here())), "3");
        kr_send(pid, "4");
        kit_next(&msg, "{cast, 1}");
        kit_next(&msg, "{cast, {2, 2}}");
        kit_next(&msg, "{cast, 3}");
        kit_next(&msg, "{info, 4}");
        kr_cast(kr_global(name), "5");
        kit_next(&msg, "{cast, 5}");
        kr_msg_clear(&msg);
        kr_release(name);
}

/* -- stopping -- */

static void stop_it(struct calling *c)
{
        kit_ok(kr_stop_server(c->to, c->timeout_ms, "~", c->request));
        kr_exit("stopped");
}

static kr_term end_of_stop(kr_server to, int64_t timeout_ms, const char *reason,
                           kr_msg *slot)
{
        struct calling c = { to, timeout_ms, kr_atom_term(kri_atom_of(reason)) };
        kr_term why = kr_none();
        kr_ref ref;

        kr_spawn_monitor(&ref, stop_it, &c);
        kit_expect(slot, "{'DOWN', =, process, _, ~}", ref, &why);
        return why;
}

/* covers: I128 proc_lib_SUITE:stop */
KIT_EVERYWHERE_TEST(test_stopping_runs_terminate_and_waits_for_the_end)
{
        kr_pid pid = new_echo();
        kr_msg slot = KR_MSG_INIT;

        kit_says(end_of_stop(KR_SERVER(pid), KR_INFINITY, "enough", &slot), "stopped");
        kit_false(kr_is_process_alive(pid));
        kit_expect(&slot, "{terminate, _, enough}");
        kit_says(end_of_stop(KR_SERVER(pid), KR_INFINITY, "normal", &slot), "noproc");
        kit_says(end_of_stop(KR_SERVER("nobody"), 10, "normal", &slot), "noproc");
        kit_says(end_of_stop(kr_at(KR_ATOM("a"), KR_ATOM("b@c")), 10, "normal", &slot),
                 "{{nodedown, 'b@c'}, {sys, terminate, [{a, 'b@c'}, normal, infinity]}}");
        pid = kr_spawn(kit_sleeper); /* does not know system messages */
        kit_says(end_of_stop(KR_SERVER(pid), 10, "normal", &slot), "timeout");
        kit_true(kr_is_process_alive(pid));
        kr_msg_clear(&slot);
}

static void dies_when_asked(void)
{
        kr_msg msg = KR_MSG_INIT;

        kit_expect(&msg, "{system, _, _}");
        kr_exit("other");
}

static kr_from reply_ok(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term from_term;
        kr_from from;

        kit_expect(&msg, "{system, ~, _}", &from_term);
        kit_true(kr_get_from(from_term, &from));
        kr_reply_to(from, "ok");
        kr_msg_clear(&msg); /* from keeps but an alias */
        return from;
}

static void ends_otherwise(void)
{
        (void)reply_ok();
        kr_exit("other");
}

static void answers_twice(void)
{
        kr_reply_to(reply_ok(), "{ok, again}");
}

KIT_EVERYWHERE_TEST(test_nothing_of_a_stop_is_left_in_the_mailbox)
{
        kr_pid pid = kr_spawn(answers_twice);
        kr_msg slot = KR_MSG_INIT;

        kr_send(kr_self(), "before");
        kit_ok(kr_stop_normal(pid));
        kr_send(kr_self(), "later");
        kit_expect(&slot, "before");
        kit_int_eq(kr_receive(&slot, 0, kr_on(1, "later"), kr_on(2, "_")), 1);
        kit_int_eq(kr_receive(&slot, 0, kr_on(2, "_")), KR_TIMEOUT);
}

/* Floats and references take the short way, too. */
static void twice_as_much(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term from_term;
        kr_from from;
        double d = 0;

        kit_expect(&msg, "{'$gen_call', ~, ~}", &from_term, &d);
        kit_true(kr_get_from(from_term, &from));
        kr_reply_to(from, "~", 2 * d);
        kit_expect(&msg, "{'$gen_call', ~, _}", &from_term);
        kit_true(kr_get_from(from_term, &from));
        kr_reply_to(from, "{~, ~}", from.ref, d);
        kr_reply_to(from, "~", 0.0 / 0.0); /* is none, and ends the process */
}

KIT_EVERYWHERE_TEST(test_floats_and_references_are_asked_and_answered)
{
        kr_ref monitor, ref = kr_make_ref(), got;
        kr_pid pid = kr_spawn_monitor(&monitor, twice_as_much);
        kr_msg slot = KR_MSG_INIT;
        double d = 0;

        kit_true(kr_match(kr_call(pid, &slot, "~", 1.25), "~", &d));
        kit_true(d == 2.5);
        kit_true(kr_match(kr_call(pid, &slot, "~", ref), "{~, ~}", &got, &d));
        kit_true(d == 1.25);
        kit_false(kr_ref_eq(got, ref));
        kit_int_eq(kr_receive(&slot, KR_INFINITY,
                              kr_on(1, "{'DOWN', =, process, _, {{badarg, _}, _}}",
                                    monitor)),
                   1);
}

KIT_EVERYWHERE_TEST(test_a_server_that_ends_otherwise_is_told)
{
        kr_pid pid = kr_spawn(dies_when_asked);
        kr_msg slot = KR_MSG_INIT;

        kit_says(end_of_stop(KR_SERVER(pid), KR_INFINITY, "normal", &slot),
                 "{other, {sys, terminate, [=, normal, infinity]}}", pid);
        pid = kr_spawn(ends_otherwise);
        kit_says(end_of_stop(KR_SERVER(pid), KR_INFINITY, "normal", &slot), "other");
        kr_msg_clear(&slot);
}

/* -- threads that are no processes, and those that are attached -- */

struct thread_args {
        kr_node *node;
        kr_pid pid;
};

static void *attached(void *arg)
{
        struct thread_args *a = arg;
        kr_msg slot = KR_MSG_INIT;
        kr_started s;
        kr_pid self;

        kit_ok(kr_thread_attach(a->node, &self));
        kit_says(kr_call(a->pid, &slot, "{echo, 1}"), "1");
        kit_true(kr_is_none(kr_call("nobody", &slot, "x")));
        kit_match(slot.term, "noproc");
        kit_true(kr_is_none(kr_call_timeout(a->pid, &slot, 5, "unanswered")));
        kit_match(slot.term, "timeout");
        kit_err(kr_stop_server("nobody", 10, "normal"), KR_ENOPROC);
        s = kr_start_link(&echo, NULL, "{watched_by, ~}", self);
        kit_ok(s.err);
        kit_ok(kr_stop_normal(s.pid));
        kit_expect(&slot, "{terminate, _, normal}");
        kit_expect(&slot, "{'EXIT', =, normal}", s.pid);
        kit_err(kr_start_link(&echo, NULL, "{stop, no}").err, KR_EFAILED);
        kit_expect_nothing();
        kr_msg_clear(&slot);
        kr_thread_detach();
        return NULL;
}

static int64_t own_memory(void)
{
        kr_msg info = KR_MSG_INIT;
        int64_t bytes = 0;

        kit_true(kr_process_info(kr_self(), KR_ATOM("memory"), &info));
        kit_match(info.term, "{memory, ~}", &bytes);
        kr_msg_clear(&info);
        return bytes;
}

static void call_nobody(void *unused)
{
        kr_msg slot = KR_MSG_INIT;

        (void)unused;
        (void)kr_call("nobody", &slot, "{a, \"longer request\", [1, 2, 3]}");
}

static void stop_nobody(void *unused)
{
        (void)unused;
        (void)kr_stop_server("nobody", KR_INFINITY, "{a, \"longer reason\"}");
}

static void fail_and_catch(void (*fails)(void *))
{
        kr_msg why = KR_MSG_INIT;
        kr_class kind;

        kit_false(kr_catch(fails, NULL, &kind, &why));
        kr_msg_clear(&why);
}

KIT_EVERYWHERE_TEST(test_a_failure_that_is_caught_leaves_nothing_behind)
{
        int64_t before;

        fail_and_catch(call_nobody);
        fail_and_catch(stop_nobody);
        before = own_memory();
        for (int i = 0; i < 100; i++) {
                fail_and_catch(call_nobody);
                fail_and_catch(stop_nobody);
        }
        kit_int_eq(own_memory(), before);
}

KIT_PROCESS_TEST(test_an_attached_thread_calls_and_starts)
{
        struct thread_args args = { kr_here(), new_echo() };
        pthread_t thread;

        kit_int_eq(pthread_create(&thread, NULL, attached, &args), 0);
        kit_int_eq(pthread_join(thread, NULL), 0);
}

KIT_TEST(test_a_thread_that_is_no_process_gets_errors)
{
        kr_msg slot = KR_MSG_INIT;

        kit_true(kr_is_none(kr_call("anna", &slot, "x")));
        kit_err(kr_try_call("anna", &slot, 10, "x"), KR_EBADARG);
        kit_err(kr_start(&echo, NULL, "x").err, KR_EBADARG);
        kit_err(kr_stop_normal("anna"), KR_EBADARG);
        kr_cast("anna", "x");
        kit_true(kr_is_none(kr_ancestors()) || kr_is_nil(kr_ancestors()));
        kit_null(kr_gen_self());
}

static void call_what_is_for_callbacks(void)
{
        kr_reqids ids = KR_REQIDS_INIT;

        kit_int_eq(kr_reply("a").kind, KRI_NEXT_REPLY);
        kit_int_eq(kr_postpone().kind, KRI_STEP_NONE);
        kit_int_eq(kr_statem_hibernate().kind, KRI_STEP_NONE);
        kit_int_eq(kr_state_timeout(10, "a").kind, KRI_STEP_NONE);
        kit_int_eq(kr_state_timeout_cancel().kind, KRI_STEP_NONE);
        kit_int_eq(kr_pop_callback_module().kind, KRI_STEP_NONE);
        kr_init_ack("a");
        kr_reqids_add(&ids, kr_ref_none(), kr_int(1));
        kit_int_eq(kr_reqids_size(&ids), 0);
}

static void *attached_calls(void *arg)
{
        kr_pid pid;

        kit_ok(kr_thread_attach(arg, &pid));
        call_what_is_for_callbacks();
        kr_thread_detach();
        return NULL;
}

KIT_TEST(test_what_is_for_callbacks_is_harmless_on_a_thread)
{
        call_what_is_for_callbacks();
}

KIT_PROCESS_TEST(test_what_is_for_callbacks_is_harmless_on_an_attached_thread)
{
        pthread_t thread;

        kit_int_eq(pthread_create(&thread, NULL, attached_calls, kr_here()), 0);
        kit_int_eq(pthread_join(thread, NULL), 0);
}

KIT_MAIN(KIT_CASE(test_all_ways_to_name_a_server),
         KIT_CASE(test_a_call_to_nobody_ends_with_noproc),
         KIT_CASE(test_a_call_to_a_node_that_is_not_there_ends_with_nodedown),
         KIT_CASE(test_a_caller_ends_with_the_reason_of_its_server),
         KIT_CASE(test_a_server_that_calls_itself_is_told),
         KIT_CASE(test_a_reply_that_comes_too_late_is_dropped),
         KIT_CASE(test_a_call_waits_five_seconds), KIT_CASE(test_try_call_tells_instead),
         KIT_CASE(test_another_process_may_reply_later),
         KIT_CASE(test_the_first_reply_counts),
         KIT_CASE(test_tags_of_all_forms_come_back_as_they_were),
         KIT_CASE(test_a_from_is_a_term_and_back), KIT_CASE(test_a_cast_never_fails),
         KIT_CASE(test_casts_arrive_in_order),
         KIT_CASE(test_stopping_runs_terminate_and_waits_for_the_end),
         KIT_CASE(test_nothing_of_a_stop_is_left_in_the_mailbox),
         KIT_CASE(test_floats_and_references_are_asked_and_answered),
         KIT_CASE(test_a_server_that_ends_otherwise_is_told),
         KIT_CASE(test_a_failure_that_is_caught_leaves_nothing_behind),
         KIT_CASE(test_an_attached_thread_calls_and_starts),
         KIT_CASE(test_a_thread_that_is_no_process_gets_errors),
         KIT_CASE(test_what_is_for_callbacks_is_harmless_on_a_thread),
         KIT_CASE(test_what_is_for_callbacks_is_harmless_on_an_attached_thread))
