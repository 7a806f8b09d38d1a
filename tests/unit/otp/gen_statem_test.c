/* SPDX-License-Identifier: Apache-2.0 */
/* gen_statem_test.c: what follows from an event, and in which order. The machine does what the
 * rules of each case say and tells each callback (tests/erlang/machine.erl); what is expected
 * is what the scenarios show of Erlang's.
 */
#include "../../erlang/machine.h"

#include "expect.h"
#include "process.h"

#define SYNC "{{call, sync, '_'}, {keep_state, [{reply, from, synced}]}}"
#define IN_SYNC ", " SYNC "]"

static kr_pid started(const kr_behaviour *machine, const char *init, const char *rules)
{
        kr_started s = machine_start(machine, init, rules);

        kit_ok(s.err);
        return s.pid;
}

/* The next things that the machine tells are these: an Erlang list, as text. */
static void hear(const char *wanted)
{
        kr_msg msg = KR_MSG_INIT;
        char got[300], text[300];
        kr_term list, l;

        kit_ok(kr_parse(wanted, strlen(wanted), NULL, &list, NULL));
        for (l = list; kr_is_cons(l); l = kr_tl(l)) {
                (void)kr_format(text, sizeof(text), kr_hd(l));
                if (kr_receive(&msg, KIT_EXPECT_MS, kr_on(0, "_")) == KR_TIMEOUT)
                        kit_fail("nothing comes where %s should", text);
                (void)kr_format(got, sizeof(got), msg.term);
                if (!kr_same(msg.term, kr_hd(l)))
                        kit_fail("%s comes where %s should", got, text);
        }
        kr_release(list);
        kr_msg_clear(&msg);
}

#define kit_call(pid, request, reply)                                                    \
        do {                                                                             \
                kr_msg kit_reply = KR_MSG_INIT;                                          \
                                                                                         \
                (void)kr_statem_call_timeout(pid, &kit_reply, KIT_EXPECT_MS, request);   \
                kit_match(kit_reply.term, reply);                                        \
                kr_msg_clear(&kit_reply);                                                \
        } while (0)

/* The same, and nothing else has happened when all that is queued there is done. */
static void hear_all(kr_pid pid, const char *wanted)
{
        kit_call(pid, "sync", "synced");
        hear(wanted);
        kit_expect_nothing();
}

/* -- order -- */

/* covers: J133 J137 J143 gen_statem_SUITE:event_order gen_statem_SUITE:next_events */
KIT_EVERYWHERE_TEST(test_enter_then_inserted_then_postponed_then_zero_then_the_mailbox)
{
        kr_pid pid = started(
                &machine_functions_enter, "{ok, a}",
                "[{{cast, p, a}, {keep_state, [postpone]}},"
                " {{cast, go, a}, {next_state, b, [{next_event, internal, i1}, {timeout, 0, t},"
                "  {state_timeout, 0, st}, {{timeout, n}, 0, nt}, {next_event, cast, i2}]}}" IN_SYNC);

        kr_cast(pid, "p");
        kr_cast(pid, "q");
        kr_cast(pid, "p");
        kr_cast(pid, "go");
        kr_cast(pid, "later");
        hear_all(
                pid,
                "[{enter,a,a}, {cast,p,a}, {cast,q,a}, {cast,p,a}, {cast,go,a}, {enter,a,b},"
                " {internal,i1,b}, {cast,i2,b}, {cast,p,b}, {cast,p,b}, {state_timeout,st,b},"
                " {{timeout,n},nt,b}, {cast,later,b}, {call,sync,b}]");
}

/* covers: gen_statem_SUITE:event_types J145 */
KIT_EVERYWHERE_TEST(test_events_of_every_type_can_be_inserted)
{
        kr_pid pid = started(
                &machine_events, "{ok, a}",
                "[{{call, go, a}, {keep_state, [{next_event, {call, from}, c}, {next_event, cast, 1},"
                "  {next_event, info, 2}, {next_event, timeout, 3}, {next_event, state_timeout, 4},"
                "  {next_event, {timeout, {n}}, 5}, {next_event, internal, 6}]}},"
                " {{call, c, a}, {keep_state, [{reply, from, done}]}}" IN_SYNC);

        kit_call(pid, "go", "done");
        hear_all(
                pid,
                "[{call,go,a}, {call,c,a}, {cast,1,a}, {info,2,a}, {timeout,3,a},"
                " {state_timeout,4,a}, {{timeout,{n}},5,a}, {internal,6,a}, {call,sync,a}]");
}

/* covers: J144 */
KIT_EVERYWHERE_TEST(test_an_inserted_call_is_answered_as_any_other)
{
        kr_pid pid = started(
                &machine_functions, "{ok, a}",
                "[{{call, one, a}, {next_state, b, [{next_event, {call, from}, two}]}},"
                " {{call, two, b}, {keep_state, [{reply, from, answer}]}}]");

        kit_call(pid, "one", "answer");
}

/* -- postponing -- */

/* covers: J134 J135 J136 */
KIT_EVERYWHERE_TEST(test_postponed_events_come_back_when_the_state_has_changed)
{
        kr_pid pid = started(
                &machine_functions, "{ok, a}",
                "[{{cast, x, a}, {keep_state, [postpone]}},"
                " {{cast, y, a}, {keep_state, [postpone]}},"
                " {{cast, same, a}, {next_state, a}}, {{cast, rep, a}, repeat_state},"
                " {{cast, go, a}, {next_state, b}}" IN_SYNC);

        kr_cast(pid, "x");
        kr_cast(pid, "y");
        kr_cast(pid, "same");
        kr_cast(pid, "rep");
        hear_all(pid,
                 "[{cast,x,a}, {cast,y,a}, {cast,same,a}, {cast,rep,a}, {call,sync,a}]");
        kr_cast(pid, "go");
        hear_all(pid, "[{cast,go,a}, {cast,x,b}, {cast,y,b}, {call,sync,b}]");
}

/* covers: J145 J146 */
KIT_EVERYWHERE_TEST(test_what_a_state_enter_call_may_not_do_ends_the_machine)
{
        static const char *const rules[] = {
                "[{{cast, b, a}, {next_state, b}}, {{enter, a, b}, {next_state, c}}]",
                "[{{cast, b, a}, {next_state, b}}, {{enter, a, b}, {keep_state, [postpone]}}]",
                "[{{cast, b, a}, {next_state, b}},"
                " {{enter, a, b}, {keep_state, [{next_event, cast, x}]}}]",
                "[{{cast, b, a}, {next_state, b}},"
                " {{enter, a, b}, {keep_state, [{change_callback_module, machine_events}]}}]",
                "[{{cast, b, a}, {next_state, b}}, {{enter, a, b}, {stop, enough}}]"
        };

        for (int i = 0; i < 5; i++) {
                kr_pid pid = started(&machine_functions_enter, "{ok, a}", rules[i]);
                kr_ref ref = kr_monitor(pid);
                kr_msg msg = KR_MSG_INIT;
                kr_term reason, bare, what;

                kr_cast(pid, "b");
                kit_expect(&msg, "{'DOWN', =, _, _, ~}", ref, &reason);
                if (!kr_match(reason, "{~, [_ | _]}", &bare))
                        bare = reason;
                what = bare;
                (void)kr_match(bare, "{~, _}", &what);
                kit_match(
                        what, "=",
                        i == 4   ? KR_ATOM("enough")
                        : i == 0 ? KR_ATOM("bad_state_enter_return_from_state_function")
                                 : KR_ATOM("bad_state_enter_action_from_state_function"));
                kit_expect(&msg, "{terminate, _, b}");
                kr_msg_clear(&msg);
        }
}

/* -- state enter calls -- */

/* covers: J135 J136 J137 gen_statem_SUITE:state_enter */
KIT_EVERYWHERE_TEST(test_state_enter_calls_come_at_the_start_at_changes_and_when_repeated)
{
        kr_pid pid = started(
                &machine_events_enter, "{ok, a, [{state_timeout, 0, init}]}",
                "[{{enter, a, a}, {keep_state, [{timeout, 0, e}]}},"
                " {{cast, b, a}, {next_state, {b}}}, {{cast, rep, '_'}, repeat_state},"
                " {{cast, same, {b}}, {next_state, {b}}},"
                " {{enter, a, {b}}, {keep_state, [hibernate, {timeout, 0, f}]}}" IN_SYNC);

        hear("[{enter,a,a}, {state_timeout,init,a}]"); /* an event: it cancels the other */
        kr_cast(pid, "rep");
        hear("[{cast,rep,a}, {enter,a,a}, {timeout,e,a}]");
        kr_cast(pid, "b");
        kr_cast(pid, "rep");
        kr_cast(pid, "same");
        hear_all(
                pid,
                "[{cast,b,a}, {enter,a,{b}}, {timeout,f,{b}}, {cast,rep,{b}}, {enter,{b},{b}},"
                " {cast,same,{b}}, {call,sync,{b}}]");
}

/* -- time-outs -- */

/* covers: J138 */
KIT_EVERYWHERE_TEST(test_any_event_ends_the_event_time_out)
{
        kr_pid pid = started(&machine_functions, "{ok, a}",
                             "[{{cast, go, a}, {keep_state, [{timeout, 50, t}]}},"
                             " {{cast, self, a}, {keep_state, [{timeout, 50, t},"
                             "  {next_event, internal, i}]}}" IN_SYNC);

        kr_cast(pid, "go");
        kr_send(pid, "stray");
        kr_cast(pid, "self");
        kr_sleep(100);
        hear_all(
                pid,
                "[{cast,go,a}, {info,stray,a}, {cast,self,a}, {internal,i,a}, {call,sync,a}]");
        kr_cast(pid, "go");
        hear("[{cast,go,a}, {timeout,t,a}]");
        hear_all(pid, "[{call,sync,a}]");
}

/* covers: J139 J136 gen_statem_SUITE:state_timeout */
KIT_EVERYWHERE_TEST(test_the_state_time_out_ends_with_the_state_and_named_ones_do_not)
{
        kr_pid pid = started(
                &machine_functions, "{ok, a}",
                "[{{cast, go, a}, {keep_state, [{{timeout, n}, 60, n},"
                "  {state_timeout, 30, s}]}}, {{cast, same, a}, {next_state, a}},"
                " {{cast, b, a}, {next_state, b}}, {{cast, back, b}, {next_state, a}}" IN_SYNC);

        kr_cast(pid, "go");
        kr_cast(pid, "same");
        hear("[{cast,go,a}, {cast,same,a}, {state_timeout,s,a}, {{timeout,n},n,a}]");
        kr_cast(pid, "go");
        kr_cast(pid, "b");
        kr_cast(pid, "back");
        hear("[{cast,go,a}, {cast,b,a}, {cast,back,b}, {{timeout,n},n,a}]");
        hear_all(pid, "[{call,sync,a}]");
}

/* covers: J140 gen_statem_SUITE:generic_timers */
KIT_EVERYWHERE_TEST(test_starting_again_restarts_and_the_last_said_wins)
{
        kr_pid pid = started(
                &machine_events, "{ok, a}",
                "[{{cast, go, a}, {keep_state, [{state_timeout, 20, first}, {{timeout, {n, 1}}, 90, late},"
                "  {state_timeout, 40, second}, {{timeout, 2}, infinity, no}, {{timeout, 3}, 60, early}]}},"
                " {{cast, again, a}, {keep_state, [{{timeout, {n, 1}}, 20, soon}]}}" IN_SYNC);

        kr_cast(pid, "go");
        hear("[{cast,go,a}, {state_timeout,second,a}]");
        kr_cast(pid, "again");
        hear("[{cast,again,a}]");
        kit_expect(&(kr_msg)KR_MSG_INIT, "{{timeout, {n, 1}}, soon, a}");
        kit_expect(&(kr_msg)KR_MSG_INIT, "{{timeout, 3}, early, a}");
        kr_sleep(100);
        hear_all(pid, "[{call,sync,a}]");
}

/* covers: J141 gen_statem_SUITE:timeout_cancel_and_update */
KIT_EVERYWHERE_TEST(test_time_outs_are_cancelled_and_updated)
{
        kr_pid pid = started(
                &machine_events, "{ok, a}",
                "[{{cast, go, a}, {keep_state, [{state_timeout, 30, s}, {{timeout, n}, 30, n}]}},"
                " {{cast, off, a}, {keep_state, [{state_timeout, cancel}, {{timeout, none}, cancel},"
                "  {{timeout, n}, infinity, any}]}},"
                " {{cast, other, a}, {keep_state, [{state_timeout, update, new}]}},"
                " {{cast, none, a}, {keep_state, [{{timeout, m}, update, at_once}]}}" IN_SYNC);

        kr_cast(pid, "go");
        kr_cast(pid, "off");
        kr_sleep(60);
        hear_all(pid, "[{cast,go,a}, {cast,off,a}, {call,sync,a}]");
        kr_cast(pid, "go");
        kr_cast(pid, "other");
        hear("[{cast,go,a}, {cast,other,a}]");
        kit_expect(&(kr_msg)KR_MSG_INIT, "{{timeout, n}, n, a}");
        kit_expect(&(kr_msg)KR_MSG_INIT, "{state_timeout, new, a}");
        kr_cast(pid, "none");
        hear_all(pid, "[{cast,none,a}, {{timeout,m},at_once,a}, {call,sync,a}]");
}

/* The time has passed while the callback slept: the message is there, and nobody sees it.
 * covers: J142 */
KIT_EVERYWHERE_TEST(test_what_fires_while_it_is_cancelled_is_never_seen)
{
        kr_pid pid = started(
                &machine_functions, "{ok, a}",
                "[{{cast, go, a}, {keep_state, [{state_timeout, 5, s}, {timeout, 5, t}]}},"
                " {{cast, slow, a}, {after_ms, 40, {next_state, b}}}" IN_SYNC);

        kr_cast(pid, "go");
        kr_cast(pid, "slow");
        hear_all(pid, "[{cast,go,a}, {cast,slow,a}, {call,sync,b}]");
        kr_send(pid, "{timeout, ~, state_timeout}", kr_make_ref());
        kit_call(pid, "sync", "synced");
        kit_next(&(kr_msg)KR_MSG_INIT, "{info, {timeout, _, state_timeout}, b}");
        hear("[{call,sync,b}]");
}

KIT_EVERYWHERE_TEST(test_a_point_in_time_is_not_early)
{
        int64_t began_ms = kr_monotonic_ms(NULL);
        kr_pid pid =
                started(&machine_events, "{ok, a}",
                        "[{{cast, go, a}, {keep_state, [{{timeout, n}, {in, 60}, late},"
                        "  {state_timeout, {in, 30}, soon}]}}]");

        kr_cast(pid, "go");
        hear("[{cast,go,a}, {state_timeout,soon,a}, {{timeout,n},late,a}]");
        kit_int_ge(kr_monotonic_ms(NULL) - began_ms, 60);
}

/* covers: J143 */
KIT_EVERYWHERE_TEST(test_a_zero_event_time_out_gives_way_to_an_inserted_event)
{
        kr_pid pid = started(
                &machine_functions, "{ok, a}",
                "[{{cast, go, a}, {keep_state, [{timeout, 0, t}, {state_timeout, 0, s},"
                "  {next_event, internal, i}]}}" IN_SYNC);

        kr_cast(pid, "go");
        hear_all(pid,
                 "[{cast,go,a}, {internal,i,a}, {state_timeout,s,a}, {call,sync,a}]");
}

/* A thousand named ones at a time, cancelled in part. */
KIT_PROCESS_TEST(test_many_named_time_outs_find_their_way)
{
        kr_pid pid = started(&machine_events, "{ok, a}", "[" SYNC "]");
        kr_builder b = KR_BUILDER_INIT;
        kr_msg msg = KR_MSG_INIT;
        kr_term actions;
        int fired = 0;

        for (int i = 0; i < 300; i++)
                kr_add_term(&b, kr_build("{{timeout, ~}, ~, x}", i, 20 + i % 3));
        for (int i = 0; i < 300; i += 3)
                kr_add_term(&b, kr_build("{{timeout, ~}, cancel}", i));
        actions = kr_build_list(&b);
        kr_stop_normal(pid);
        kit_expect(&msg, "{terminate, normal, a}");
        pid = kr_start(&machine_events, NULL,
                       "{~, {ok, a}, [{{cast, go, a}, {keep_state, ~}}]}", kr_self(),
                       actions)
                      .pid;
        kr_cast(pid, "go");
        kit_expect(&msg, "{cast, go, a}");
        while (kr_receive(&msg, 200 * kit_slowness(), kr_on(0, "{{timeout, _}, x, a}")) ==
               0)
                fired++;
        kit_int_eq(fired, 200);
        kr_msg_clear(&msg);
}

/* -- the rest of the actions -- */

/* covers: J154 */
KIT_EVERYWHERE_TEST(test_keeping_everything_still_acts)
{
        kr_pid pid = started(&machine_functions, "{ok, a}",
                             "[{{call, q, a}, {keep_state, [{reply, from, here},"
                             "  {state_timeout, 0, too}]}}]");

        kit_call(pid, "q", "here");
        hear("[{call,q,a}, {state_timeout,too,a}]");
}

/* covers: J152 gen_statem_SUITE:hibernate */
KIT_EVERYWHERE_TEST(test_hibernate_changes_nothing_that_one_sees)
{
        kr_pid pid = started(
                &machine_functions_enter, "{ok, a, [hibernate]}",
                "[{{enter, '_', '_'}, {keep_state, [hibernate]}},"
                " {{cast, go, a}, {next_state, b, [hibernate, {next_event, internal, i},"
                "  {state_timeout, 20, s}]}}" IN_SYNC);

        hear_all(pid, "[{enter,a,a}, {call,sync,a}]");
        kr_cast(pid, "go");
        hear("[{cast,go,a}, {enter,a,b}, {internal,i,b}, {state_timeout,s,b}]");
        hear_all(pid, "[{call,sync,b}]");
}

/* covers: gen_statem_SUITE:pop_too_many */
KIT_EVERYWHERE_TEST(test_callback_modules_are_changed_pushed_and_popped)
{
        kr_pid pid = started(
                &machine_functions, "{ok, a}",
                "[{{cast, push, a}, {next_state, {x}, [{push_callback_module, machine_events}]}},"
                " {{cast, pop, {x}}, {next_state, b, [pop_callback_module]}},"
                " {{cast, change, b}, {next_state, {y}, [{change_callback_module, machine_events}]}},"
                " {{cast, pop, {y}}, {keep_state, [pop_callback_module]}}" IN_SYNC);
        kr_ref ref = kr_monitor(pid);

        kr_cast(pid, "push");
        kr_cast(pid, "pop");
        kr_cast(pid, "change");
        hear_all(pid,
                 "[{cast,push,a}, {cast,pop,{x}}, {cast,change,b}, {call,sync,{y}}]");
        kr_cast(pid, "pop");
        hear("[{cast,pop,{y}}, {terminate,{bad_action_from_state_function,pop_callback_module},{y}}]");
        kit_expect_down(ref,
                        "{{bad_action_from_state_function, pop_callback_module}, _}");
}

/* -- steps that are thrown -- */

KIT_EVERYWHERE_TEST(test_a_thrown_step_is_as_a_returned_one)
{
        kr_pid pid = started(
                &machine_functions_enter, "{ok, a}",
                "[{{cast, go, a}, {throw, {next_state, b, [{next_event, internal, i}]}}},"
                " {{enter, a, b}, {throw, {keep_state, [{state_timeout, 0, s}]}}},"
                " {{internal, i, b}, {throw, {keep_state, [postpone]}}},"
                " {{cast, out, b}, {throw, {next_state, c}}}, {{internal, i, c}, {throw, {stop, enough}}}]");
        kr_ref ref = kr_monitor(pid);

        kr_cast(pid, "go");
        hear("[{enter,a,a}, {cast,go,a}, {enter,a,b}, {internal,i,b}, {state_timeout,s,b}]");
        kr_cast(pid, "out");
        hear("[{cast,out,b}, {enter,b,c}, {internal,i,c}, {terminate,enough,c}]");
        kit_expect_down(ref, "enough");
}

struct nothing {
        char unused;
};

static void throw_a_step(void *unused)
{
        (void)unused;
        kr_throw_step(kr_next_state("never"));
}

static kr_step catches(struct nothing *n, const kr_event *e)
{
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        (void)n;
        kit_false(kr_catch(throw_a_step, NULL, &kind, &reason));
        kit_int_eq(kind, KR_CLASS_THROW);
        return kr_statem_reply(e->from, "~", e->state);
}

static kr_step init_nothing(struct nothing *n, kr_term args)
{
        (void)n;
        return kr_next_state("~", args);
}

KR_GEN_STATEM(catcher, struct nothing, .mode = KR_HANDLE_EVENT, .init = init_nothing,
              .handle_event = catches);

KIT_EVERYWHERE_TEST(test_a_thrown_step_that_is_caught_was_never_said)
{
        kr_pid pid = kr_start(&catcher, NULL, "here").pid;

        kit_call(pid, "any", "here");
        kit_call(pid, "any", "here");
}

/* -- misuse -- */

static void postpone_here(void *unused)
{
        (void)unused;
        (void)kr_postpone();
}

KIT_EVERYWHERE_TEST(test_an_action_said_elsewhere_is_badarg)
{
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        kit_false(kr_catch(postpone_here, NULL, &kind, &reason));
        kit_match(reason.term,
                  "{{badarg, {<<\"kr_postpone\">>,"
                  " <<\"only in a callback that returns a kr_step\">>}}, _}");
        kr_msg_clear(&reason);
}

/* covers: J149 gen_statem_SUITE:abnormal3 gen_statem_SUITE:abnormal4 */
KIT_EVERYWHERE_TEST(test_bad_actions_end_the_machine_and_say_which)
{
        kr_pid pid = started(
                &machine_functions, "{ok, a}",
                "[{{cast, go, a}, {next_state, b, [{state_timeout, -5, x}, {timeout, -9, y}]}}]");
        kr_ref ref = kr_monitor(pid);
        kr_msg msg = KR_MSG_INIT;

        kr_cast(pid, "go");
        kit_expect_down(
                ref,
                "{{bad_action_from_state_function, {state_timeout, -5, x}}, [_ | _]}");
        kit_expect(
                &msg,
                "{terminate, {bad_action_from_state_function, {state_timeout, -5, x}}, b}");
        pid = started(&machine_functions, "{ok, a}",
                      "[{{cast, go, a}, {keep_state, [{next_event, enter, x}]}}]");
        ref = kr_monitor(pid);
        kr_cast(pid, "go");
        kit_expect_down(
                ref,
                "{{bad_action_from_state_function, {next_event, enter, x}}, [_ | _]}");
        kr_msg_clear(&msg);
}

/* covers: J150 */
KIT_EVERYWHERE_TEST(test_a_state_without_a_function_ends_the_machine)
{
        static const char *const states[] = { "no_such_state", "terminate", "{b, 1}" };

        for (int i = 0; i < 3; i++) {
                char rules[100];
                kr_ref ref;
                kr_pid pid;

                (void)snprintf(rules, sizeof(rules),
                               "[{{cast, go, a}, {next_state, %s}}]", states[i]);
                pid = started(&machine_functions, "{ok, a}", rules);
                ref = kr_monitor(pid);
                kr_cast(pid, "go");
                kr_cast(pid, "next");
                if (i == 2)
                        kit_expect_down(ref, "{badarg, _}");
                else
                        kit_expect_down(ref,
                                        "{undef, [{machine_functions, =, 3, []} | _]}",
                                        kri_atom_of(states[i]));
        }
}

static kr_step nothing_at_all(struct nothing *n, const kr_event *e)
{
        (void)n, (void)e;
        return (kr_step){ 0 };
}

KR_GEN_STATEM(no_mode, struct nothing, .init = init_nothing,
              .handle_event = nothing_at_all);
KR_GEN_STATEM(no_handler, struct nothing, .mode = KR_HANDLE_EVENT, .init = init_nothing);
KR_GEN_STATEM(no_step, struct nothing, .mode = KR_HANDLE_EVENT, .init = init_nothing,
              .handle_event = nothing_at_all);

/* covers: J149 gen_statem_SUITE:abnormal2 */
KIT_EVERYWHERE_TEST(test_what_a_module_lacks_is_named)
{
        kr_started s = kr_start_monitor(&no_mode, NULL, "a");

        kit_expect_down(s.monitor, "{{bad_return_from_callback_mode, undefined}, _}");
        s = kr_start_monitor(&no_handler, NULL, "a");
        kr_cast(s.pid, "go");
        kit_expect_down(s.monitor, "{undef, [{no_handler, handle_event, 4, []} | _]}");
        s = kr_start_monitor(&no_step, NULL, "a");
        kr_cast(s.pid, "go");
        kit_expect_down(s.monitor,
                        "{{bad_return_from_state_function, undefined}, [_ | _]}");
}

/* -- faults -- */

struct owner {
        kr_pid to;
};

static kr_step start_owner(struct owner *o, kr_term args)
{
        kit_true(kr_match(args, "~", &o->to));
        return kr_next_state("up");
}

static kr_step write_null(struct owner *o, const kr_event *e)
{
        volatile int *volatile wild = NULL;

        (void)o, (void)e;
        *wild = 1;
        return kr_keep_state();
}

static void say_terminate(struct owner *o, kr_term reason, kr_term state)
{
        (void)state;
        kr_send(o->to, "{terminate, ~}", reason);
}

static void say_release(struct owner *o)
{
        kr_send(o->to, "released");
}

KR_GEN_STATEM(buggy, struct owner, .mode = KR_STATE_FUNCTIONS, .init = start_owner,
              .states = { { "up", write_null } }, .terminate = say_terminate,
              .release = say_release);

static void faults_process(void);

KIT_TEST(test_a_fault_ends_it_without_terminate_but_with_release)
{
        kit_run_process(&(kr_node_opts){ .faults = KR_FAULTS_EXIT, .schedulers = 2 },
                        faults_process);
}

static void faults_process(void)
{
        kr_started s = kr_start_monitor(&buggy, NULL, "~", kr_self());
        kr_msg msg = KR_MSG_INIT;

        kr_cast(s.pid, "go");
        kit_expect_down(s.monitor, "{{sigsegv, 0}, _}");
        kit_expect(&msg, "released");
        kit_expect_nothing();
        s = kr_start_monitor(&buggy, NULL, "~", kr_self());
        kr_stop_normal(s.pid);
        kit_expect_down(s.monitor, "normal");
        kit_expect(&msg, "{terminate, normal}");
        kit_expect(&msg, "released");
        kit_expect_nothing();
        kr_msg_clear(&msg);
}

/* What is asked of a machine again and again keeps no memory. */
KIT_PROCESS_TEST(test_ten_thousand_rounds_keep_no_memory)
{
        kr_pid pid = started(
                &machine_events, "{ok, a}",
                "[{{cast, go, a}, {next_state, {b, \"state\"}, [{next_event, internal, \"i\"},"
                "  {state_timeout, 1000, \"s\"}, {{timeout, \"n\"}, 1000, \"c\"}, postpone]}},"
                " {{cast, go, {b, \"state\"}}, {next_state, a}}" IN_SYNC);
        kr_msg msg = KR_MSG_INIT;
        int64_t before = 0, after;

        for (int i = 0; i < 10000 / kit_slowness(); i++) {
                kr_cast(pid, "go");
                if (i % 100 == 99) {
                        (void)kr_statem_call(pid, &msg, "sync");
                        while (kr_receive(&msg, 0, kr_on(0, "_")) == 0)
                                ;
                }
                if (i == 999) {
                        kit_true(kr_process_info(pid, KR_ATOM("memory"), &msg));
                        kit_true(kr_match(msg.term, "{memory, ~}", &before));
                }
        }
        kit_true(kr_process_info(pid, KR_ATOM("memory"), &msg));
        kit_true(kr_match(msg.term, "{memory, ~}", &after));
        if (before != 0)
                kit_int_lt(after, before + 20000);
        kr_msg_clear(&msg);
}

KIT_MAIN(KIT_CASE(test_enter_then_inserted_then_postponed_then_zero_then_the_mailbox),
         KIT_CASE(test_events_of_every_type_can_be_inserted),
         KIT_CASE(test_an_inserted_call_is_answered_as_any_other),
         KIT_CASE(test_postponed_events_come_back_when_the_state_has_changed),
         KIT_CASE(test_what_a_state_enter_call_may_not_do_ends_the_machine),
         KIT_CASE(test_state_enter_calls_come_at_the_start_at_changes_and_when_repeated),
         KIT_CASE(test_any_event_ends_the_event_time_out),
         KIT_CASE(test_the_state_time_out_ends_with_the_state_and_named_ones_do_not),
         KIT_CASE(test_starting_again_restarts_and_the_last_said_wins),
         KIT_CASE(test_time_outs_are_cancelled_and_updated),
         KIT_CASE(test_what_fires_while_it_is_cancelled_is_never_seen),
         KIT_CASE(test_a_point_in_time_is_not_early),
         KIT_CASE(test_a_zero_event_time_out_gives_way_to_an_inserted_event),
         KIT_CASE(test_many_named_time_outs_find_their_way),
         KIT_CASE(test_keeping_everything_still_acts),
         KIT_CASE(test_hibernate_changes_nothing_that_one_sees),
         KIT_CASE(test_callback_modules_are_changed_pushed_and_popped),
         KIT_CASE(test_a_thrown_step_is_as_a_returned_one),
         KIT_CASE(test_a_thrown_step_that_is_caught_was_never_said),
         KIT_CASE(test_an_action_said_elsewhere_is_badarg),
         KIT_CASE(test_bad_actions_end_the_machine_and_say_which),
         KIT_CASE(test_a_state_without_a_function_ends_the_machine),
         KIT_CASE(test_what_a_module_lacks_is_named),
         KIT_CASE(test_a_fault_ends_it_without_terminate_but_with_release),
         KIT_SLOW(test_ten_thousand_rounds_keep_no_memory, 30))
