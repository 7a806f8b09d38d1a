/* SPDX-License-Identifier: Apache-2.0 */
/* mistakes_server_test.c: mistakes with processes, names and gen_servers. */
#include "mistakes.h"
#include "told.h"

static kr_pid start_told(void)
{
        kr_started s = kr_start(&told, NULL, "{~, ok}", kr_self());

        kit_ok(s.err);
        return s.pid;
}

/* -- results of callbacks -- */

/* mistake: handle_cast returns kr_reply */
MISTAKE(test_a_reply_where_nobody_waits, "only handle_call has somebody to reply to",
        "a callback returns what kr_reply, kr_noreply")
{
        kr_cast(start_told(), "{do, {reply, 1}}");
}

/* mistake: init returns kr_reply */
MISTAKE(test_a_reply_from_init, "init returned kr_reply(...): it says kr_ok()",
        "and init what kr_ok")
{
        (void)kr_start(&told, NULL, "{~, {reply, 1}}", kr_self());
}

/* mistake: handle_call returns kr_ok */
MISTAKE(test_ok_from_a_call,
        "handle_call returned kr_ok(): it says kr_reply(...), or kr_noreply()",
        "a callback returns what kr_reply, kr_noreply")
{
        kr_msg slot = KR_MSG_INIT;

        (void)kr_try_call(start_told(), &slot, KR_INFINITY, "{do, ok}");
}

/* mistake: init returns kr_noreply */
MISTAKE(test_noreply_from_init, "init returned kr_noreply(): it says kr_ok()",
        "and init what kr_ok")
{
        (void)kr_start(&told, NULL, "{~, noreply}", kr_self());
}

/* mistake: a callback returns a kr_next that it did not make */
MISTAKE(test_a_next_that_nobody_made, "no kr_next that Krarup made",
        "a callback returns what kr_reply, kr_noreply")
{
        kr_cast(start_told(), "{do, null}");
}

/* mistake: a callback returns a kr_stop that it had stored */
MISTAKE(test_a_next_that_is_old, "is not its latest (return it where it is made)",
        "have just made")
{
        kr_pid pid = start_told();

        kr_cast(pid, "{do, store}");
        kr_cast(pid, "{do, {noreply, {continue, {do, noreply}}}}");
        kr_cast(pid, "{do, old}");
}

/* mistake: a time-out of -7 */
MISTAKE(test_a_timeout_below_zero, "kr_then_timeout wants 0 to 4294967295 milliseconds",
        "a callback returns what kr_reply, kr_noreply")
{
        kr_cast(start_told(), "{do, {noreply, {timeout, -7}}}");
}

/* mistake: handle_cast returns kr_ignore */
MISTAKE(test_ignore_from_a_cast, "returned kr_ignore(): only init may", "and init what")
{
        kr_cast(start_told(), "{do, ignore}");
}

/* mistake: kr_reply outside of a callback */
MISTAKE(test_a_reply_outside_of_a_callback,
        "{<<\"kr_reply\">>,<<\"only a callback of a gen_server may call it\">>}",
        "from elsewhere answer with kr_reply_to")
{
        (void)kr_reply("1");
}

struct bare {
        int64_t value;
};

static kr_next bare_init(struct bare *s, kr_term args)
{
        (void)s;
        (void)args;
        return kr_ok();
}

KR_GEN_SERVER(bare, struct bare, .init = bare_init);

/* mistake: a gen_server without handle_cast is cast to */
MISTAKE(test_a_callback_that_is_missing, "undef", "the module has no such callback")
{
        kr_cast(kr_start(&bare, NULL, "[]").pid, "hello");
}

/* mistake: a gen_server without handle_info gets a message */
MISTAKE(test_a_message_without_handle_info,
        "bare has no handle_info and drops the message", "write a handle_info")
{
        kr_send(kr_start(&bare, NULL, "[]").pid, "hello");
}

/* -- calls -- */

/* mistake: a callback that does not answer in time, or never */
MISTAKE(test_a_call_that_nobody_answers, "{timeout,{gen_server,call,",
        "the server did not answer in time")
{
        kr_msg slot = KR_MSG_INIT;

        (void)kr_call(start_told(), &slot, "{do, later}");
}

/* mistake: a call to a server that does not run */
MISTAKE(test_a_call_to_nobody, "{noproc,{gen_server,call,[nobody,hello]}}",
        "start the server before its clients")
{
        kr_msg slot = KR_MSG_INIT;

        (void)kr_call("nobody", &slot, "hello");
}

/* mistake: a server calls itself */
MISTAKE(test_a_server_that_calls_itself, "{calling_self,{gen_server,call,",
        "a server waits for itself")
{
        kr_msg slot = KR_MSG_INIT;

        (void)kr_call(kr_self(), &slot, "hello");
}

/* mistake: a call to a node that is not there */
MISTAKE(test_a_call_to_a_far_node, "{{nodedown,far@away},{gen_server,call,",
        "the node of that server is not connected")
{
        kr_msg slot = KR_MSG_INIT;

        (void)kr_call(kr_at(KR_ATOM("anna"), KR_ATOM("far@away")), &slot, "hello");
}

/* mistake: a stop of a server that is suspended or busy, with a time limit */
MISTAKE(test_a_stop_that_takes_too_long, "timeout", "it took longer than")
{
        kr_pid pid = start_told();

        kr_cast(pid, "{do, {reply, 1}}");
        pid = start_told();
        (void)kr_stop_server(pid, 0, "normal");
}

/* mistake: a multi_call without a name */
MISTAKE(test_a_multi_call_without_a_name, "{badarg,{<<\"kr_multi_call\">>,<<\"name\">>}}",
        "give the name of the servers")
{
        (void)kr_multi_call(NULL, 0, (const char *)NULL, 10, "hello");
}

/* mistake: an abcast without a name */
MISTAKE(test_an_abcast_without_a_name, "{badarg,{<<\"kr_abcast\">>,<<\"name\">>}}",
        "give the name of the servers")
{
        kr_abcast(NULL, 0, (const char *)NULL, "hello");
}

/* -- starts -- */

/* mistake: an init that crashes */
MISTAKE(test_an_init_that_crashes, "badarith", "an overflow, or a division by 0")
{
        (void)kr_start(&told, NULL, "{~, {error, badarith}}", kr_self());
}

/* mistake: an init that follows a NULL pointer */
MISTAKE(test_an_init_that_faults, "sigsegv at address 0x0", "a NULL pointer was followed")
{
        (void)kr_start(&told, NULL, "{~, fault}", kr_self());
}

static kr_next slow_init(struct bare *s, kr_term args)
{
        (void)s;
        (void)args;
        kr_sleep(KR_INFINITY);
        return kr_ok();
}

KR_GEN_SERVER(slow, struct bare, .init = slow_init);

/* mistake: an init that never returns */
KIT_SIM_TEST(test_an_init_that_never_returns)
{
        kr_msg why = KR_MSG_INIT;
        kr_start_opts opts = { .timeout_ms = 10, .ret_reason = &why };

        kit_err(kr_start(&slow, &opts, "[]").err, KR_ETIMEDOUT);
        kit_remedy(why.term, "do what takes time after init", "timeout");
        kr_msg_clear(&why);
}

/* mistake: an option of a start that cannot be */
MISTAKE(test_a_wrong_option, "{badarg,{<<\"kr_start\">>,<<\"timeout_ms\">>}}",
        "look at that field of the kr_start_opts")
{
        (void)kr_start(&told, KR_START_OPTS(.timeout_ms = -2), "[]");
}

static void enters_without_its_name(kr_term arg)
{
        struct bare state = { 0 };

        (void)arg;
        kr_enter_loop(&bare, KR_START_OPTS(.name = "berta"), &state);
}

/* mistake: enter_loop under a name that the process does not have */
MISTAKE(test_enter_loop_without_its_name, "process_not_registered",
        "kr_register the process under that name")
{
        enters_without_its_name(arg);
}

/* mistake: enter_loop under a global name that the process does not have */
MISTAKE(test_enter_loop_without_its_global_name, "process_not_registered_globally",
        "kr_global_register_name")
{
        struct bare state = { 0 };

        kr_enter_loop(&bare,
                      KR_START_OPTS(.via = &kr_via_global,
                                    .via_name = kr_atom_term(KR_ATOM("berta"))),
                      &state);
}

static kr_pid via_whereis(kr_term name)
{
        (void)name;
        return kr_pid_none();
}

static const kr_via nowhere = { .name = "nowhere", .whereis_name = via_whereis };

/* mistake: enter_loop under a name of a registry that the process does not have */
MISTAKE(test_enter_loop_without_its_name_via, "{process_not_registered_via,nowhere}",
        "register the process with that registry")
{
        struct bare state = { 0 };

        kr_enter_loop(&bare,
                      KR_START_OPTS(.via = &nowhere,
                                    .via_name = kr_atom_term(KR_ATOM("berta"))),
                      &state);
}

static void enters_from_nowhere(void)
{
        struct bare state = { 0 };

        kr_enter_loop(&bare, NULL, &state);
}

/* mistake: enter_loop in a process that proc_lib has not started */
KIT_SIM_TEST(test_enter_loop_of_a_plain_process)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;
        kr_ref ref;

        kr_spawn_monitor(&ref, enters_from_nowhere);
        kit_expect(&msg, "{'DOWN', =, process, _, ~}", ref, &reason);
        kit_remedy(reason, "start it with kr_proc_lib_spawn_link",
                   "process_was_not_started_by_proc_lib");
        kr_msg_clear(&msg);
}

/* -- names and messages -- */

/* mistake: a name that is taken is registered */
MISTAKE(test_a_name_that_is_taken, "{badarg,{<<\"kr_register\">>,<<\"name\">>}}",
        "another process has that name")
{
        kr_register("anna", start_told());
        kr_register("anna", kr_self());
}

/* mistake: a dead process is registered */
MISTAKE(test_a_name_for_the_dead, "{badarg,{<<\"kr_register\">>,<<\"pid\">>}}",
        "a process of this node that is alive and has no name yet")
{
        kr_register("anna", kr_pid_none());
}

/* mistake: a name that nobody has is unregistered */
MISTAKE(test_a_name_given_up_twice, "{badarg,{<<\"kr_unregister\">>,<<\"name\">>}}",
        "nobody has that name: see kr_whereis")
{
        kr_unregister("anna");
}

/* mistake: a message to a name that nobody has */
MISTAKE(test_a_message_to_no_name, "{badarg,{<<\"kr_send\">>,<<\"to\">>}}",
        "a send to a name that may be missing is kr_cast")
{
        kr_send("anna", "hello");
}

/* mistake: a pattern that is wrong */
MISTAKE(test_a_pattern_that_is_wrong, "pattern \\\"{oops\\\": ", "correct the pattern")
{
        kr_send(kr_self(), "{oops");
}

/* mistake: a pattern without its argument */
MISTAKE(test_a_pattern_without_its_argument, "1 argument wanted, 0 given",
        "correct the pattern, or what is given with it")
{
        kr_send(kr_self(), "{oops, ~}");
}

/* mistake: another wrong argument */
MISTAKE(test_another_wrong_argument, "{badarg,{<<\"kr_link\">>,<<\"pid\">>}}",
        "look up that argument of that function")
{
        kr_link(kr_pid_none());
}

/* mistake: a throw that nobody catches */
MISTAKE(test_a_throw_that_nobody_catches, "nobody caught the throw of {ball,1}",
        "kr_throw goes to a kr_catch of the same process")
{
        kr_throw("{ball, 1}");
}

static void never_receives(void)
{
        kr_sleep(KR_INFINITY);
}

/* mistake: more messages than a mailbox may hold */
KIT_SIM_TEST(test_a_mailbox_that_overflows)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;
        kr_ref ref;
        kr_spawn_opts opts = { .monitor = true,
                               .ret_monitor = &ref,
                               .mailbox = { .messages = 1,
                                            .overflow = KR_OVERFLOW_EXIT } };
        kr_pid pid = kr_spawn_opt(&opts, never_receives);

        kr_send(pid, "one");
        kr_send(pid, "two");
        kit_expect(&msg, "{'DOWN', =, process, _, ~}", ref, &reason);
        kit_remedy(reason, "raise the limit of the mailbox", "mailbox_overflow");
        kr_msg_clear(&msg);
}

/* -- what the log says at last -- */

/* mistake: a wrong answer to sys:replace_state */
MISTAKE(test_a_state_of_another_type, "system_replace_state},{error,{bad_state,fields}}",
        "give one with the fields and types that are declared")
{
        kr_msg slot = KR_MSG_INIT;

        (void)kr_sys_replace_state(start_told(), &slot, "{told, no_number}");
}

KIT_MAIN(KIT_CASE(test_a_reply_where_nobody_waits), KIT_CASE(test_a_reply_from_init),
         KIT_CASE(test_ok_from_a_call), KIT_CASE(test_noreply_from_init),
         KIT_CASE(test_a_next_that_nobody_made), KIT_CASE(test_a_next_that_is_old),
         KIT_CASE(test_a_timeout_below_zero), KIT_CASE(test_ignore_from_a_cast),
         KIT_CASE(test_a_reply_outside_of_a_callback),
         KIT_CASE(test_a_callback_that_is_missing),
         KIT_CASE(test_a_message_without_handle_info),
         KIT_CASE(test_a_call_that_nobody_answers), KIT_CASE(test_a_call_to_nobody),
         KIT_CASE(test_a_server_that_calls_itself), KIT_CASE(test_a_call_to_a_far_node),
         KIT_CASE(test_a_stop_that_takes_too_long),
         KIT_CASE(test_a_multi_call_without_a_name),
         KIT_CASE(test_an_abcast_without_a_name), KIT_CASE(test_an_init_that_crashes),
         KIT_CASE(test_an_init_that_faults), KIT_CASE(test_an_init_that_never_returns),
         KIT_CASE(test_a_wrong_option), KIT_CASE(test_enter_loop_without_its_name),
         KIT_CASE(test_enter_loop_without_its_global_name),
         KIT_CASE(test_enter_loop_without_its_name_via),
         KIT_CASE(test_enter_loop_of_a_plain_process),
         KIT_CASE(test_a_name_that_is_taken), KIT_CASE(test_a_name_for_the_dead),
         KIT_CASE(test_a_name_given_up_twice), KIT_CASE(test_a_message_to_no_name),
         KIT_CASE(test_a_pattern_that_is_wrong),
         KIT_CASE(test_a_pattern_without_its_argument),
         KIT_CASE(test_another_wrong_argument),
         KIT_CASE(test_a_throw_that_nobody_catches),
         KIT_CASE(test_a_mailbox_that_overflows), KIT_CASE(test_a_state_of_another_type))
