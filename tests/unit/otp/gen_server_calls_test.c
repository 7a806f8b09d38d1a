/* SPDX-License-Identifier: Apache-2.0 */
/* gen_server_calls_test.c: a gen_server reached in every way it can have a name, stopped,
 * asked now and later. */
#include "expect.h"
#include "process.h"
#include "told.h"

/* -- a registry of one's own: one name -- */

static struct {
        kr_pid pid;
        int64_t name;
} own;

static bool own_register(kr_term name, kr_pid pid)
{
        if (!kr_pid_is_none(own.pid) || !kr_get_int64(name, &own.name))
                return false;
        own.pid = pid;
        return true;
}

static void own_unregister(kr_term name)
{
        (void)name;
        own.pid = kr_pid_none();
}

static kr_pid own_whereis(kr_term name)
{
        int64_t n;

        if (!kr_get_int64(name, &n) || n != own.name)
                return kr_pid_none();
        return own.pid;
}

static const kr_via registry = { .name = "own",
                                 .register_name = own_register,
                                 .unregister_name = own_unregister,
                                 .whereis_name = own_whereis };

/* -- stopping -- */

static kr_pid start(kr_start_opts opts)
{
        kr_started started = kr_start(&told, &opts, "{~, ok}", kr_self());

        kit_ok(started.err);
        return started.pid;
}

struct stopping {
        kr_server server;
        int64_t timeout_ms;
};

static void stops(struct stopping *s)
{
        kr_stop_server(s->server, s->timeout_ms, "of_ones_own");
}

/* Another process stops it, and ends like this. */
#define check_stop(to, ms, ...)                                                          \
        do {                                                                             \
                struct stopping kit_s = { KR_SERVER(to), ms };                           \
                kr_ref kit_ref;                                                          \
                                                                                         \
                kr_spawn_monitor(&kit_ref, stops, &kit_s);                               \
                kit_expect_down(kit_ref, __VA_ARGS__);                                   \
        } while (0)

static void expect_terminated(kr_ref monitor)
{
        kr_msg msg = KR_MSG_INIT;

        kit_expect(&msg, "{told, terminate, of_ones_own}");
        kit_expect_down(monitor, "of_ones_own");
        kr_msg_clear(&msg);
}

/* covers: gen_server_SUITE:stop1 gen_server_SUITE:stop2 I128 */
KIT_EVERYWHERE_TEST(test_stopping_by_pid)
{
        kr_pid pid = start((kr_start_opts){ 0 });
        kr_ref ref = kr_monitor(pid);
        kr_msg msg = KR_MSG_INIT;

        kit_ok(kr_stop_normal(pid));
        kit_expect(&msg, "{told, terminate, normal}");
        kit_expect_down(ref, "normal");
        check_stop(pid, KR_INFINITY, "noproc");
        pid = start((kr_start_opts){ 0 });
        ref = kr_monitor(pid);
        check_stop(pid, 1000, "normal");
        expect_terminated(ref);
}

/* covers: gen_server_SUITE:stop3 */
KIT_PROCESS_TEST(test_stopping_in_a_time_that_cannot_be_leaves_it_alive)
{
        kr_pid pid = start((kr_start_opts){ 0 });
        kr_msg msg = KR_MSG_INIT;

        check_stop(pid, -5, "{{badarg, _}, _}");
        kr_call(pid, &msg, "{do, get}");
        kit_match(msg.term, "0");
        kit_true(kr_is_process_alive(pid));
}

/* covers: gen_server_SUITE:stop4 gen_server_SUITE:stop5 */
KIT_EVERYWHERE_TEST(test_stopping_by_name)
{
        kr_ref ref = kr_monitor(start((kr_start_opts){ .name = "named" }));

        check_stop("named", 1000, "normal");
        expect_terminated(ref);
        check_stop("named", 1000, "noproc");
        ref = kr_monitor(start((kr_start_opts){ .name = "named" }));
        check_stop(kr_at(KR_ATOM("named"), kr_node_name(kr_here())), 1000, "normal");
        expect_terminated(ref);
}

/* covers: gen_server_SUITE:stop6 */
KIT_EVERYWHERE_TEST(test_stopping_by_global_name)
{
        kr_term name = kr_build("{a, name}");
        kr_start_opts opts = { .via = &kr_via_global, .via_name = name };
        kr_ref ref = kr_monitor(start(opts));

        check_stop(kr_global(name), 1000, "normal");
        expect_terminated(ref);
        check_stop(kr_global(name), 1000, "noproc");
        kr_release(name);
}

/* covers: gen_server_SUITE:stop7 */
KIT_EVERYWHERE_TEST(test_stopping_by_a_name_of_a_registry_of_ones_own)
{
        kr_start_opts opts = { .via = &registry, .via_name = kr_int(77) };
        kr_ref ref;
        kr_msg msg = KR_MSG_INIT;

        own.pid = kr_pid_none();
        ref = kr_monitor(start(opts));
        kr_call(kr_by(&registry, kr_int(77)), &msg, "{do, get}");
        kit_match(msg.term, "0");
        check_stop(kr_by(&registry, kr_int(78)), 1000, "noproc");
        check_stop(kr_by(&registry, kr_int(77)), 1000, "normal");
        expect_terminated(ref);
        own.pid =
                kr_pid_none(); /* nobody has told the registry: the process just ended */
}

KIT_PROCESS_TEST(test_a_server_that_takes_no_more_messages_cannot_be_told_to_stop)
{
        kr_start_opts opts = { .spawn.mailbox = { .messages = 1,
                                                  .overflow = KR_OVERFLOW_REFUSE } };
        kr_pid pid = start(opts);
        kr_ref ref = kr_monitor(pid);

        kr_sys_suspend(pid);
        kit_ok(kr_send(pid, "waits"));
        check_stop(pid, KR_INFINITY,
                   "{full, {sys, terminate, [=, of_ones_own, infinity]}}", pid);
        kit_true(kr_is_process_alive(pid));
        kr_exit_signal(pid, "kill");
        kit_expect_down(ref, "killed");
}

/* -- a start that comes to nothing -- */

static void faults_by_name(void)
{
        kr_msg why = KR_MSG_INIT;
        kr_start_opts opts = { .via = &registry,
                               .via_name = kr_int(77),
                               .ret_reason = &why };

        own.pid = kr_pid_none();
        kr_trap_exit(true);
        kit_err(kr_start(&told, &opts, "{~, fault}", kr_self()).err, KR_EFAILED);
        kit_match(why.term, "{{sigsegv, 0}, _}");
        kit_true(kr_pid_is_none(own.pid));
        kit_err(kr_start_link(&told, &opts, "{~, fault}", kr_self()).err, KR_EFAILED);
        kit_match(why.term, "{{sigsegv, 0}, _}");
        kit_true(kr_pid_is_none(own.pid));
        kr_msg_clear(&why);
}

KIT_TEST(test_a_fault_in_init_leaves_no_name_behind)
{
        kit_run_process(&(kr_node_opts){ .faults = KR_FAULTS_EXIT }, faults_by_name);
}

/* -- calls -- */

static void calls_itself(kr_term unused)
{
        kr_msg slot = KR_MSG_INIT;

        (void)unused;
        kr_call(kr_self(), &slot, "hello");
}

static kr_next self_calling(struct told *s, kr_term message)
{
        (void)s;
        calls_itself(message);
        return kr_noreply();
}

KR_GEN_SERVER(narcissus, struct told, .init = told_init, .handle_cast = self_calling);

/* covers: gen_server_SUITE:calling_self I112 */
KIT_EVERYWHERE_TEST(test_a_server_that_calls_itself_ends_at_once)
{
        kr_started started = kr_start(&narcissus, NULL, "{~, ok}", kr_self());
        kr_ref ref = kr_monitor(started.pid);

        kr_cast(started.pid, "now");
        kit_expect_down(ref, "{calling_self, {gen_server, call, [=, hello]}}",
                        started.pid);
}

/* covers: gen_server_SUITE:reply_by_alias_with_payload */
KIT_EVERYWHERE_TEST(test_a_tag_that_goes_on_after_the_alias_is_answered_through_it)
{
        kr_pid pid = start((kr_start_opts){ 0 });
        kr_ref alias = kr_alias(true);
        kr_msg msg = KR_MSG_INIT;

        kr_send(pid,
                "{'$gen_call', {~, [[alias | ~] | {some, payload}]}, {do, {reply, yes}}}",
                kr_self(), alias);
        kit_next(&msg, "{[[alias | =] | {some, payload}], yes}", alias);
        kr_send(pid, "{'$gen_call', {~, [[alias | ~] | again]}, {do, {reply, yes}}}",
                kr_self(), alias);
        kr_call(pid, &msg, "{do, get}");
        kit_expect_nothing(); /* it was for once */
}

static int64_t calls_per_ms(kr_pid pid)
{
        int64_t start_ns = kr_monotonic_ns(NULL), n = 0;
        kr_msg msg = KR_MSG_INIT;

        for (; kr_monotonic_ns(NULL) - start_ns < 50000000; n++)
                kr_call(pid, &msg, "{do, get}");
        kr_msg_clear(&msg);
        return n / 50;
}

/* covers: gen_server_SUITE:call_with_huge_message_queue */
KIT_PROCESS_TEST(test_a_long_mailbox_does_not_make_calls_slow)
{
        kr_pid pid = start((kr_start_opts){ 0 });
        int64_t before = calls_per_ms(pid), after;

        for (int i = 0; i < 100000; i++)
                kr_send(kr_self(), "{not_for_this_call, ~}", i);
        after = calls_per_ms(pid);
        kit_int_lt(before, 10 * (after + 1));
}

/* -- asking now, having the answer later -- */

/* covers: gen_server_SUITE:send_request */
KIT_EVERYWHERE_TEST(test_a_request_may_be_waited_for_later)
{
        kr_pid pid = start((kr_start_opts){ 0 });
        kr_msg msg = KR_MSG_INIT;
        kr_ref request = kr_send_request(pid, "{do, {reply, one}}");

        kit_int_eq(kr_wait_response(request, KIT_EXPECT_MS, &msg), KR_RESPONSE_REPLY);
        kit_match(msg.term, "one");
        request = kr_send_request(pid, "{do, later}");
        kit_int_eq(kr_wait_response(request, 10, &msg), KR_RESPONSE_TIMEOUT);
        kr_cast(pid, "{do, {answer, two}}");
        kit_int_eq(kr_receive_response(request, KIT_EXPECT_MS, &msg), KR_RESPONSE_REPLY);
        kit_match(msg.term, "two");
        request = kr_send_request(pid, "{do, later}");
        kit_int_eq(kr_receive_response(request, 10, &msg), KR_RESPONSE_TIMEOUT);
        kr_cast(pid, "{do, {answer, three}}");
        kr_call(pid, &msg, "{do, get}");
        kit_expect_nothing(); /* it was given up */
        request = kr_send_request(pid, "{do, {exit, gone}}");
        kit_int_eq(kr_receive_response(request, KIT_EXPECT_MS, &msg), KR_RESPONSE_ERROR);
        kit_match(msg.term, "gone");
        request = kr_send_request("nobody", "hello");
        kit_int_eq(kr_receive_response(request, KIT_EXPECT_MS, &msg), KR_RESPONSE_ERROR);
        kit_match(msg.term, "noproc");
}

static void add_requests(kr_reqids *ids, kr_pid pid)
{
        kr_reqids_add(ids, kr_send_request(pid, "{do, later}"), kr_int(1));
        kr_reqids_add(ids, kr_send_request(pid, "{do, {reply, b}}"), kr_int(2));
        kr_reqids_add(ids, kr_send_request("nobody", "hello"), kr_int(3));
        kit_int_eq(kr_reqids_size(ids), 3);
}

/* covers: gen_server_SUITE:send_request_receive_reqid_collection
 * gen_server_SUITE:send_request_wait_reqid_collection */
KIT_EVERYWHERE_TEST(test_many_requests_and_whoever_answers_first)
{
        kr_pid pid = start((kr_start_opts){ 0 });
        kr_reqids ids = KR_REQIDS_INIT;
        kr_msg msg = KR_MSG_INIT;
        int64_t seen = 0, n;
        kr_term label;

        add_requests(&ids, pid);
        for (int i = 0; i < 2; i++) {
                kr_response got =
                        kr_wait_any(&ids, KIT_EXPECT_MS, true, &msg, NULL, &label);

                kit_true(kr_get_int64(label, &n));
                kit_int_eq(got, n == 2 ? KR_RESPONSE_REPLY : KR_RESPONSE_ERROR);
                seen |= 1 << n;
                kr_release(label);
        }
        kit_int_eq(seen, 1 << 2 | 1 << 3);
        kit_int_eq(kr_wait_any(&ids, 10, true, &msg, NULL, NULL), KR_RESPONSE_TIMEOUT);
        kr_cast(pid, "{do, {answer, a}}");
        kit_int_eq(kr_receive_any(&ids, KIT_EXPECT_MS, true, &msg, NULL, &label),
                   KR_RESPONSE_REPLY);
        kit_match(msg.term, "a");
        kit_match(label, "1");
        kr_release(label);
        kit_int_eq(kr_receive_any(&ids, 10, true, &msg, NULL, NULL), KR_RESPONSE_NONE);
        kr_reqids_clear(&ids);
        kit_expect_nothing();
}

/* covers: gen_server_SUITE:send_request_check_reqid_collection */
KIT_EVERYWHERE_TEST(test_messages_are_looked_at_for_answers)
{
        kr_pid pid = start((kr_start_opts){ 0 });
        kr_reqids ids = KR_REQIDS_INIT;
        kr_msg msg = KR_MSG_INIT;
        int answers = 0;

        kr_send(kr_self(), "something_else");
        add_requests(&ids, pid);
        kr_cast(pid, "{do, {answer, a}}");
        for (int i = 0; i < 4; i++) {
                kit_expect(&msg, "_");
                if (kr_check_any(&ids, true, &msg, NULL, NULL) != KR_RESPONSE_NONE)
                        answers++;
                else
                        kit_match(msg.term, "something_else");
        }
        kit_int_eq(answers, 3);
        kit_int_eq(kr_reqids_size(&ids), 0);
        kr_reqids_clear(&ids);
}

/* -- the parent of a process that becomes a server -- */

struct entering {
        kr_pid owner;
};

static void enters(struct entering *e)
{
        struct told state = { .owner = e->owner, .at_end = kr_none() };

        kr_trap_exit(true);
        kr_init_ack("{ok, ~}", kr_self());
        kr_enter_loop(&told, NULL, &state);
}

static void is_a_parent(struct entering *e)
{
        kr_msg msg = KR_MSG_INIT;

        kr_register("the_parent", kr_self());
        kr_send(e->owner, "{child, ~}", kr_proc_lib_start_link(NULL, enters, e).pid);
        (void)kr_receive(&msg, KR_INFINITY, kr_on(0, "finish"));
        kr_exit("as_parents_do");
}

/* covers: gen_server_SUITE:spec_init_local_registered_parent */
KIT_EVERYWHERE_TEST(test_a_parent_with_a_name_is_found)
{
        struct entering e = { kr_self() };
        kr_pid parent = kr_proc_lib_spawn(is_a_parent, &e), child;
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;

        kit_expect(&msg, "{child, ~}", &child);
        ref = kr_monitor(child);
        kr_send(parent, "finish");
        kit_next(&msg, "{told, terminate, as_parents_do}");
        kit_expect_down(ref, "as_parents_do");
}

static void is_a_global_parent(struct entering *e)
{
        kr_msg msg = KR_MSG_INIT;

        (void)kr_via_global.register_name(kr_int(5), kr_self());
        kr_send(e->owner, "{child, ~}", kr_proc_lib_start_link(NULL, enters, e).pid);
        (void)kr_receive(&msg, KR_INFINITY, kr_on(0, "finish"));
        kr_exit("as_parents_do");
}

/* covers: gen_server_SUITE:spec_init_global_registered_parent */
KIT_EVERYWHERE_TEST(test_a_parent_with_a_global_name_is_found)
{
        struct entering e = { kr_self() };
        kr_pid parent = kr_proc_lib_spawn(is_a_global_parent, &e), child;
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;

        kit_expect(&msg, "{child, ~}", &child);
        ref = kr_monitor(child);
        kr_send(parent, "finish");
        kit_next(&msg, "{told, terminate, as_parents_do}");
        kit_expect_down(ref, "as_parents_do");
}

KIT_MAIN(KIT_CASE(test_stopping_by_pid),
         KIT_CASE(test_stopping_in_a_time_that_cannot_be_leaves_it_alive),
         KIT_CASE(test_stopping_by_name), KIT_CASE(test_stopping_by_global_name),
         KIT_CASE(test_stopping_by_a_name_of_a_registry_of_ones_own),
         KIT_CASE(test_a_server_that_takes_no_more_messages_cannot_be_told_to_stop),
         KIT_CASE(test_a_fault_in_init_leaves_no_name_behind),
         KIT_CASE(test_a_server_that_calls_itself_ends_at_once),
         KIT_CASE(test_a_tag_that_goes_on_after_the_alias_is_answered_through_it),
         KIT_CASE(test_a_long_mailbox_does_not_make_calls_slow),
         KIT_CASE(test_a_request_may_be_waited_for_later),
         KIT_CASE(test_many_requests_and_whoever_answers_first),
         KIT_CASE(test_messages_are_looked_at_for_answers),
         KIT_CASE(test_a_parent_with_a_name_is_found),
         KIT_CASE(test_a_parent_with_a_global_name_is_found))
