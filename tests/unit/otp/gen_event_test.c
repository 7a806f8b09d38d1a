/* SPDX-License-Identifier: Apache-2.0 */
/* gen_event_test.c: managers and handlers. The listeners do what the rules of each case say
 * and tell each callback (tests/erlang/listener_a.erl); what is expected is what the scenarios
 * show of Erlang's.
 */
#include "../../erlang/listeners.h"

#include "expect.h"
#include "process.h"

#include <stdatomic.h>

static kr_pid new_manager(void)
{
        kr_started s = kr_event_start(NULL);

        kit_ok(s.err);
        return s.pid;
}

/* The next things told are these: an Erlang list, as text. */
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

#define kit_gives(call, ...)                                                             \
        do {                                                                             \
                kr_msg slot = KR_MSG_INIT;                                               \
                kr_term kit_given = call;                                                \
                                                                                         \
                kit_match(kit_given, __VA_ARGS__);                                       \
                kr_msg_clear(&slot);                                                     \
        } while (0)
#define kit_handlers(manager, ...)                                                       \
        kit_gives(kr_event_which_handlers(manager, &slot), __VA_ARGS__)

static kr_handler with_id(int id)
{
        return kr_handler_id(&listener_a, kr_int(id));
}

static void add(kr_pid manager, kr_handler handler, const char *tag, const char *rules)
{
        kr_term args = listener_args(tag, rules);

        kit_ok(kr_event_add_handler(manager, handler, NULL, "~", args));
        kr_release(args);
        kit_expect(&(kr_msg)KR_MSG_INIT, "{_, init, none}");
}

static void add_sup(kr_pid manager, kr_handler handler, const char *tag,
                    const char *rules)
{
        kr_term args = listener_args(tag, rules);

        kit_ok(kr_event_add_sup_handler(manager, handler, NULL, "~", args));
        kr_release(args);
        kit_expect(&(kr_msg)KR_MSG_INIT, "{_, init, none}");
}

static kr_handler a(void)
{
        return kr_handler_id(&listener_a, kr_none());
}

static kr_handler b(void)
{
        return kr_handler_id(&listener_b, kr_none());
}

/* -- order -- */

/* covers: K155 gen_event_SUITE:add_handler gen_event_SUITE:notify */
KIT_EVERYWHERE_TEST(test_events_go_from_the_newest_to_the_oldest)
{
        kr_pid manager = new_manager();

        kit_handlers(manager, "[]");
        add(manager, a(), "one", "[]");
        add(manager, with_id(7), "two", "[]");
        add(manager, b(), "three", "[]");
        kit_handlers(manager, "[listener_b, {listener_a, 7}, listener_a]");
        kr_event_notify(manager, "{e, 1}");
        hear("[{three,event,{e,1}}, {two,event,{e,1}}, {one,event,{e,1}}]");
}

/* covers: K164 gen_event_SUITE:sync_notify */
KIT_EVERYWHERE_TEST(test_sync_notify_returns_when_all_have_had_it)
{
        kr_pid manager = new_manager();

        add(manager, a(), "one", "[]");
        add(manager, b(), "two", "[{{event, e}, rubbish}]");
        kit_ok(kr_event_sync_notify(manager, "e"));
        hear("[{two,event,e}, {two,terminate,{error,rubbish}}, {one,event,e}]");
        kit_expect_nothing();
        kit_handlers(manager, "[listener_a]");
}

/* covers: K156 */
KIT_EVERYWHERE_TEST(test_of_the_same_module_the_newest_is_meant)
{
        kr_pid manager = new_manager();

        add(manager, a(), "one", "[]");
        add(manager, a(), "two", "[]");
        kit_gives(kr_event_call(manager, &listener_a, &slot, "q"), "{two, got, q}");
        kit_gives(kr_event_delete_handler(manager, &listener_a, &slot, "x"), "ok");
        kit_gives(kr_event_call(manager, &listener_a, &slot, "q"), "{one, got, q}");
        kit_handlers(manager, "[listener_a]");
}

/* -- what goes wrong -- */

/* covers: K157 gen_event_SUITE:notify gen_event_SUITE:undef_in_terminate */
KIT_EVERYWHERE_TEST(test_whatever_a_handler_does_takes_it_alone_away)
{
        static const struct {
                const char *rules, *told;
        } wrong[] = {
                { "[{{event, e}, {raise, exit, left}}]", "{error,{'EXIT',left}}" },
                { "[{{event, e}, {raise, throw, thrown}}]", "{error,thrown}" },
                { "[{{event, e}, rubbish}]", "{error,rubbish}" },
                { "[{{event, e}, remove_handler}]", "remove_handler" },
                { "[{{event, e}, rubbish}, {{terminate, '_'}, {raise, exit, again}}]",
                  "{error,rubbish}" },
        };

        for (int i = 0; i < 5; i++) {
                kr_pid manager = new_manager();
                char text[200];

                add(manager, a(), "below", "[]");
                add(manager, with_id(1), "bad", wrong[i].rules);
                add(manager, b(), "above", "[]");
                kr_event_notify(manager, "e");
                (void)snprintf(text, sizeof(text),
                               "[{above,event,e}, {bad,event,e}, {bad,terminate,%s},"
                               " {below,event,e}]",
                               wrong[i].told);
                hear(text);
                kit_handlers(manager, "[listener_b, listener_a]");
        }
}

/* covers: K157 */
KIT_EVERYWHERE_TEST(test_an_error_says_where)
{
        kr_pid manager = new_manager();
        kr_msg msg = KR_MSG_INIT;

        add(manager, a(), "x", "[{{event, e}, {raise, error, wrong}}]");
        kr_event_notify(manager, "e");
        kit_next(&msg, "{x, event, e}");
        kit_next(&msg, "{x, terminate, {error, {'EXIT', {wrong, [_ | _]}}}}");
        kr_msg_clear(&msg);
}

/* covers: K158 gen_event_SUITE:call */
KIT_EVERYWHERE_TEST(test_calls_give_a_reply_or_what_went_wrong)
{
        kr_pid manager = new_manager();

        kit_gives(kr_event_call(manager, &listener_a, &slot, "q"), "{error, bad_module}");
        add(manager, a(), "x",
            "[{{call, quit}, {raise, exit, left}}, {{call, go}, remove_handler}]");
        kit_gives(kr_event_call(manager, with_id(1), &slot, "q"), "{error, bad_module}");
        kit_gives(kr_event_call(manager, &listener_a, &slot, "q"), "{x, got, q}");
        kit_gives(kr_event_call(manager, &listener_a, &slot, "go"), "removed");
        kit_gives(kr_event_call(manager, &listener_a, &slot, "q"), "{error, bad_module}");
        add(manager, a(), "x", "[{{call, quit}, {raise, exit, left}}]");
        kit_gives(kr_event_call(manager, &listener_a, &slot, "quit"),
                  "{error, {'EXIT', left}}");
        add(manager, a(), "x", "[{{call, '_'}, rubbish}]");
        kit_gives(kr_event_call(manager, &listener_a, &slot, "q"), "{error, rubbish}");
        kit_handlers(manager, "[]");
}

/* covers: K160 gen_event_SUITE:add_handler */
KIT_EVERYWHERE_TEST(test_an_init_that_fails_adds_nothing)
{
        static const char *const rules[] = { "[{{init, none}, {error, no}}]",
                                             "[{{init, none}, {raise, exit, no}}]",
                                             "[{{init, none}, {raise, throw, no}}]" };
        kr_pid manager = new_manager();
        kr_msg msg = KR_MSG_INIT;

        for (int i = 0; i < 3; i++) {
                kr_term args = listener_args("x", rules[i]);

                kit_err(kr_event_add_handler(manager, &listener_a, &msg, "~", args),
                        KR_EFAILED);
                if (i == 0)
                        kit_match(msg.term, "{error, no}");
                else if (i == 1)
                        kit_match(msg.term, "{'EXIT', no}");
                else
                        kit_match(msg.term, "no");
                kr_release(args);
        }
        kit_handlers(manager, "[]");
        kr_msg_clear(&msg);
}

/* covers: K159 gen_event_SUITE:delete_handler */
KIT_EVERYWHERE_TEST(test_deleting_gives_what_terminate_gave)
{
        kr_pid manager = new_manager();

        add(manager, a(), "x", "[{{terminate, {why, 1}}, {because, 2}}]");
        kit_gives(kr_event_delete_handler(manager, &listener_a, &slot, "{why, 1}"),
                  "{because, 2}");
        add(manager, a(), "x", "[{{terminate, '_'}, {raise, exit, no}}]");
        kit_gives(kr_event_delete_handler(manager, &listener_a, &slot, "x"),
                  "{'EXIT', no}");
        kit_gives(kr_event_delete_handler(manager, &listener_a, &slot, "x"),
                  "{error, module_not_found}");
}

/* -- owners -- */

/* covers: K161 gen_event_SUITE:add_sup_handler */
KIT_EVERYWHERE_TEST(test_the_owner_is_told_why_its_handler_went)
{
        kr_pid manager = new_manager();
        kr_msg msg = KR_MSG_INIT;

        kr_trap_exit(true);
        add_sup(manager, a(), "x", "[]");
        kit_gives(kr_event_delete_handler(manager, &listener_a, &slot, "x"), "ok");
        kit_expect(&msg, "{gen_event_EXIT, listener_a, normal}");
        add_sup(manager, with_id(3), "x", "[{{event, e}, {raise, exit, left}}]");
        kr_event_notify(manager, "e");
        kit_expect(&msg, "{gen_event_EXIT, {listener_a, 3}, {'EXIT', left}}");
        add_sup(manager, a(), "x", "[{{event, e}, remove_handler}]");
        kr_event_notify(manager, "e");
        kit_expect(&msg, "{gen_event_EXIT, listener_a, normal}");
        add_sup(manager, a(), "x", "[]");
        kr_stop_normal(manager);
        kit_expect(&msg, "{gen_event_EXIT, listener_a, shutdown}");
        kr_msg_clear(&msg);
}

struct owner {
        kr_pid manager, to;
};

static void owns(struct owner *o)
{
        kr_msg msg = KR_MSG_INIT;

        kit_ok(kr_event_add_sup_handler(o->manager, &listener_a, NULL, "{~, mine, []}",
                                        o->to));
        kr_receive(&msg, KR_INFINITY, kr_on(0, "stop"));
        kr_exit("gone");
}

/* covers: K162 gen_event_SUITE:add_sup_handler */
KIT_EVERYWHERE_TEST(test_a_handler_goes_with_its_owner_and_the_others_hear_of_it)
{
        kr_pid manager = new_manager(), pid;
        struct owner o = { manager, kr_self() };
        kr_msg msg = KR_MSG_INIT;

        add(manager, a(), "other", "[]");
        pid = kr_spawn(owns, &o);
        kit_expect(&msg, "{mine, init, none}");
        kr_send(pid, "stop");
        kit_next(&msg, "{mine, terminate, {stop, gone}}");
        kit_next(&msg, "{other, info, {'EXIT', =, gone}}", pid);
        kit_handlers(manager, "[listener_a]");
        kr_msg_clear(&msg);
}

/* -- swapping -- */

static kr_err swap(kr_pid manager, kr_handler one, kr_handler two, const char *rules)
{
        kr_term args = listener_args("new", rules);
        kr_err err = kr_event_swap_handler(manager, one, kr_int(1), two, NULL, "~", args);

        kr_release(args);
        return err;
}

/* covers: K163 gen_event_SUITE:swap_handler */
KIT_EVERYWHERE_TEST(test_swapping_hands_over_what_terminate_gave)
{
        kr_pid manager = new_manager();

        add(manager, a(), "old", "[{{terminate, 1}, {state, 2}}]");
        kit_ok(swap(manager, a(), b(), "[]"));
        hear("[{old,terminate,1}, {new,init,{state,2}}]");
        kit_ok(swap(manager, a(), with_id(1), "[]"));
        hear("[{new,init,error}]");
        kit_handlers(manager, "[{listener_a, 1}, listener_b]");
        kit_err(swap(manager, b(), a(), "[{{init, '_'}, rubbish}]"), KR_EFAILED);
        kit_handlers(manager, "[{listener_a, 1}]");
}

/* covers: K163 gen_event_SUITE:notify gen_event_SUITE:swap_sup_handler */
KIT_EVERYWHERE_TEST(test_a_handler_may_have_another_take_its_place)
{
        kr_pid manager = new_manager();
        kr_term args = listener_args("new", "[]");
        kr_msg msg = KR_MSG_INIT;

        kr_trap_exit(true);
        add(manager, b(), "below", "[]");
        add_sup(manager, a(), "old",
                "[{{event, e}, {swap, out, {listener_b, x}, {args, new, []}}}]");
        add(manager, with_id(1), "above", "[]");
        kr_event_notify(manager, "e");
        hear("[{above,event,e}, {old,event,e}, {old,terminate,out}]");
        kit_expect(&msg, "{gen_event_EXIT, listener_a, {swapped, {listener_b, x}, =}}",
                   kr_self());
        hear("[{new,init,ok}, {below,event,e}]");
        kit_handlers(manager, "[{listener_a, 1}, {listener_b, x}, listener_b]");
        kit_ok(kr_event_swap_sup_handler(manager, with_id(1), kr_int(0), a(), NULL, "~",
                                         args));
        kit_gives(kr_event_delete_handler(manager, &listener_a, &slot, "x"), "ok");
        kit_expect(&msg, "{gen_event_EXIT, listener_a, normal}");
        kr_release(args);
        kr_msg_clear(&msg);
}

/* -- the manager -- */

/* covers: K165 gen_event_SUITE:start */
KIT_EVERYWHERE_TEST(test_stopping_has_every_handler_terminate)
{
        kr_started s = kr_event_start_monitor(&(kr_start_opts){ .name = "the_manager" });

        kit_ok(s.err);
        kit_err(kr_event_start(&(kr_start_opts){ .name = "the_manager" }).err,
                KR_EALREADY);
        add(s.pid, a(), "one", "[{{terminate, '_'}, {raise, exit, no}}]");
        add(s.pid, b(), "two", "[]");
        kr_stop_normal("the_manager");
        kit_expect_down(s.monitor, "normal");
        hear("[{two,terminate,stop}, {one,terminate,stop}]");
        kit_true(kr_pid_is_none(kr_whereis("the_manager")));
}

static void parent(struct owner *o)
{
        kr_started s = kr_event_start_link(NULL);

        kit_ok(s.err);
        kit_ok(kr_event_add_handler(s.pid, &listener_a, NULL, "{~, x, []}", o->to));
        kr_send(o->to, "{manager, ~}", s.pid);
        kr_sleep(KR_INFINITY);
}

/* covers: K166 gen_event_SUITE:start */
KIT_EVERYWHERE_TEST(test_it_traps_exits_and_ends_with_its_parent)
{
        struct owner o = { kr_pid_none(), kr_self() };
        kr_pid pid = kr_spawn(parent, &o), manager;
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;

        kit_expect(&msg, "{manager, ~}", &manager);
        kit_expect(&msg, "{x, init, none}");
        ref = kr_monitor(manager);
        kr_exit_signal(manager, "try_this");
        kit_next(&msg, "{x, info, {'EXIT', _, try_this}}");
        kr_exit_signal(pid, "parent_left");
        kit_next(&msg, "{x, terminate, stop}");
        kit_expect_down(ref, "parent_left");
        kr_msg_clear(&msg);
}

/* covers: gen_event_SUITE:info gen_event_SUITE:undef_handle_info */
KIT_EVERYWHERE_TEST(test_other_messages_are_info_for_all_that_want_it)
{
        kr_pid manager = new_manager();

        add(manager, a(), "x", "[{{info, out}, remove_handler}]");
        add(manager, b(), "y", "[]"); /* has no handle_info */
        kr_send(manager, "{a, b, c}");
        kr_send(manager, "out");
        hear("[{x,info,{a,b,c}}, {x,info,out}, {x,terminate,remove_handler}]");
        kit_handlers(manager, "[listener_b]");
}

/* covers: K167 gen_event_SUITE:hibernate */
KIT_EVERYWHERE_TEST(test_hibernating_changes_nothing_that_one_sees)
{
        kr_pid manager = new_manager();

        add(manager, a(), "x", "[{{'_', '_'}, hibernate}]");
        kr_event_notify(manager, "e");
        kit_gives(kr_event_call(manager, &listener_a, &slot, "q"), "{x, got, q}");
        kr_send(manager, "i");
        kr_event_notify(manager, "f");
        hear("[{x,event,e}, {x,call,q}, {x,info,i}, {x,event,f}]");
}

/* -- what modules lack -- */

struct nothing {
        char unused;
};

static kr_handled is_fine(struct nothing *n, kr_term args)
{
        (void)n, (void)args;
        return kr_handled_ok();
}

static kr_handled is_no_reply(struct nothing *n, kr_term request)
{
        (void)n, (void)request;
        return kr_handled_ok();
}

static kr_handled is_nothing(struct nothing *n, kr_term event)
{
        (void)n, (void)event;
        return (kr_handled){ 0 };
}

KR_EVENT_HANDLER(bare, struct nothing, .init = is_fine);
KR_EVENT_HANDLER(no_init, struct nothing, .handle_event = is_fine);
KR_EVENT_HANDLER(wrong, struct nothing, .init = is_fine, .handle_call = is_no_reply,
                 .handle_event = is_nothing);

static void expect_exit(kr_pid manager, const kr_handler_module *module)
{
        kr_trap_exit(true);
        kit_ok(kr_event_add_sup_handler(manager, module, NULL, "[]"));
        kr_event_notify(manager, "e");
}

/* covers: gen_event_SUITE:undef_init gen_event_SUITE:undef_handle_call
 *         gen_event_SUITE:undef_handle_event gen_event_SUITE:undef_terminate */
KIT_EVERYWHERE_TEST(test_what_a_module_lacks_is_named)
{
        kr_pid manager = new_manager();
        kr_msg msg = KR_MSG_INIT;

        kit_err(kr_event_add_handler(manager, &no_init, &msg, "[]"), KR_EFAILED);
        kit_match(msg.term, "{'EXIT', {undef, [{no_init, init, 1, []}]}}");
        expect_exit(manager, &bare);
        kit_expect(&msg, "{gen_event_EXIT, bare,"
                         " {'EXIT', {undef, [{bare, handle_event, 2, []}]}}}");
        kit_ok(kr_event_add_handler(manager, &bare, NULL, "[]"));
        kit_gives(kr_event_call(manager, &bare, &slot, "q"),
                  "{error, {'EXIT', {undef, [{bare, handle_call, 2, []}]}}}");
        kit_ok(kr_event_add_handler(manager, &bare, NULL, "[]"));
        kit_gives(kr_event_delete_handler(manager, &bare, &slot, "x"), "ok");
        kr_msg_clear(&msg);
}

KIT_EVERYWHERE_TEST(test_what_is_no_result_takes_the_handler_away)
{
        kr_pid manager = new_manager();
        kr_msg msg = KR_MSG_INIT;

        expect_exit(manager, &wrong);
        kit_expect(&msg, "{gen_event_EXIT, wrong, undefined}");
        kit_ok(kr_event_add_handler(manager, &wrong, NULL, "[]"));
        kit_gives(kr_event_call(manager, &wrong, &slot, "q"), "{error, {ok, state}}");
        kit_handlers(manager, "[]");
        kr_msg_clear(&msg);
}

static void say_swap(void *unused)
{
        (void)unused;
        (void)kr_handled_swap(kr_nil(), a(), "[]");
}

KIT_EVERYWHERE_TEST(test_a_swap_said_elsewhere_is_badarg)
{
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        kit_false(kr_catch(say_swap, NULL, &kind, &reason));
        kit_match(
                reason.term,
                "{{badarg, {<<\"kr_handled_swap\">>, <<\"only in a callback of a handler\">>}}, _}");
        kr_msg_clear(&reason);
}

/* -- faults -- */

struct buggy {
        kr_pid to;
        bool in_release; /* its release is wrong too */
};

static kr_handled start_buggy(struct buggy *x, kr_term args)
{
        return kr_match(args, "{~, ~}", &x->to, &x->in_release)
                       ? kr_handled_ok()
                       : kr_handled_other("bad_args");
}

static void write_null(void)
{
        volatile int *volatile wild = NULL;

        *wild = 1;
}

static kr_handled go_wrong(struct buggy *x, kr_term event)
{
        (void)x;
        if (kr_match(event, "bad"))
                write_null();
        return kr_handled_ok();
}

static kr_term say_terminate(struct buggy *x, kr_term arg)
{
        kr_send(x->to, "{terminated, ~}", arg);
        return kr_none();
}

static void say_release(struct buggy *x)
{
        kr_send(x->to, "released");
        if (x->in_release)
                write_null();
}

KR_EVENT_HANDLER(buggy, struct buggy, .init = start_buggy, .handle_event = go_wrong,
                 .handle_call = go_wrong, .terminate = say_terminate,
                 .release = say_release);

#define FAULTS(name)                                                                     \
        static void name##_process(void);                                                \
        KIT_TEST(name)                                                                   \
        {                                                                                \
                kit_run_process(&(kr_node_opts){ .faults = KR_FAULTS_EXIT,               \
                                                 .schedulers = 2 },                      \
                                name##_process);                                         \
        }                                                                                \
        static void name##_process(void)

static void add_buggy(kr_pid manager, bool in_release)
{
        kit_ok(kr_event_add_handler(manager, &buggy, NULL, "{~, ~}", kr_self(),
                                    in_release));
}

FAULTS(test_a_fault_takes_one_handler_away_without_its_terminate)
{
        kr_pid manager = new_manager();
        kr_msg msg = KR_MSG_INIT;

        add(manager, a(), "below", "[]");
        for (int i = 0; i < 20; i++) {
                add_buggy(manager, i % 2 == 1);
                kr_event_notify(manager, "bad");
                kit_next(&msg, "released");
                kit_next(&msg, "{below, event, bad}");
        }
        add_buggy(manager, false);
        kit_gives(kr_event_call(manager, &buggy, &slot, "bad"),
                  "{error, {'EXIT', {{sigsegv, 0}, _}}}");
        kit_next(&msg, "released");
        kit_expect_nothing();
        kit_handlers(manager, "[listener_a]");
        kr_msg_clear(&msg);
}

FAULTS(test_the_owner_of_a_handler_that_faulted_is_told_of_the_fault)
{
        kr_pid manager = new_manager();
        kr_msg msg = KR_MSG_INIT;

        kr_trap_exit(true);
        kit_ok(kr_event_add_sup_handler(manager, &buggy, NULL, "{~, false}", kr_self()));
        kr_event_notify(manager, "bad");
        kit_expect(&msg, "{gen_event_EXIT, buggy, {'EXIT', {{sigsegv, 0}, _}}}");
        kit_expect(&msg, "released");
        kr_msg_clear(&msg);
}

/* However the manager ends, what hangs off its handlers goes, once. */
FAULTS(test_release_runs_however_the_manager_ends)
{
        kr_started s = kr_event_start_monitor(NULL);
        kr_msg msg = KR_MSG_INIT;

        add_buggy(s.pid, false);
        add_buggy(s.pid, true);
        add_buggy(s.pid, false);
        kr_exit_signal(s.pid, "kill");
        kit_expect_down(s.monitor, "killed");
        for (int i = 0; i < 3; i++)
                kit_expect(&msg, "released");
        kit_expect_nothing();
        s = kr_event_start_monitor(NULL);
        add_buggy(s.pid, false);
        kr_stop_normal(s.pid);
        kit_expect(&msg, "{terminated, stop}");
        kit_expect(&msg, "released");
        kit_expect_down(s.monitor, "normal");
        kit_expect_nothing();
        kr_msg_clear(&msg);
}

/* -- sys -- */

struct number {
        int64_t value;
};

KR_FIELDS(number_fields, struct number, value);

static kr_handled set_number(struct number *n, kr_term value)
{
        return kr_match(value, "~", &n->value) ? kr_handled_ok()
                                               : kr_handled_other("no_number");
}

static kr_handled give_number(struct number *n, kr_term request)
{
        (void)request;
        return kr_handled_reply("~", n->value);
}

static kr_handled change_number(struct number *n, kr_term old_version, kr_term extra)
{
        (void)old_version;
        if (kr_match(extra, "fail"))
                kr_error("no");
        n->value *= 10;
        return kr_handled_ok();
}

KR_EVENT_HANDLER(number, struct number, .init = set_number, .handle_event = set_number,
                 .handle_call = give_number, .code_change = change_number,
                 .fields = number_fields);

/* covers: gen_event_SUITE:get_state gen_event_SUITE:replace_state */
KIT_EVERYWHERE_TEST(test_states_are_seen_and_set_where_they_fit)
{
        kr_handler second = kr_handler_id(&number, kr_int(2));
        kr_pid manager = new_manager();

        kit_ok(kr_event_add_handler(manager, &number, NULL, "1"));
        kit_ok(kr_event_add_handler(manager, second, NULL, "2"));
        kit_gives(kr_sys_get_state(manager, &slot),
                  "[{number, 2, #{value => 2}}, {number, false, #{value => 1}}]");
        kit_gives(kr_sys_replace_state(manager, &slot,
                                       "[{number, 2, #{value => no}},"
                                       " {number, false, #{value => 7}}]"),
                  "[{number, 2, #{value => 2}}, {number, false, #{value => 7}}]");
        kit_gives(kr_event_call(manager, &number, &slot, "read"), "7");
}

/* covers: gen_event_SUITE:undef_code_change */
KIT_EVERYWHERE_TEST(test_code_changes_for_the_handlers_of_the_module)
{
        kr_pid manager = new_manager();

        kit_ok(kr_event_add_handler(manager, &number, NULL, "4"));
        kit_ok(kr_event_add_handler(manager, &bare, NULL, "x"));
        kr_sys_suspend(manager);
        kit_gives(kr_sys_change_code(manager, &slot, "{number, 1, []}"), "ok");
        kit_gives(kr_sys_change_code(manager, &slot, "{number, 1, fail}"), "{error, _}");
        kit_gives(kr_sys_change_code(manager, &slot, "{bare, 1, []}"), "{error, _}");
        kr_sys_resume(manager);
        kit_gives(kr_event_call(manager, &number, &slot, "read"), "40");
        kit_handlers(manager, "[bare, number]");
}

/* covers: gen_event_SUITE:call_format_status gen_event_SUITE:call_format_status_anon */
KIT_EVERYWHERE_TEST(test_the_status_lists_the_handlers)
{
        kr_started s = kr_event_start(&(kr_start_opts){ .name = "dummy" });
        kr_pid anonymous = new_manager();
        kr_msg slot = KR_MSG_INIT;
        kr_term misc, all = kr_none();

        kit_ok(kr_event_add_handler(s.pid, &number, NULL, "1"));
        kit_match(kr_sys_get_status(s.pid, &slot),
                  "{status, =, {module, gen_event}, [_, running, _, [], ~]}", s.pid,
                  &misc);
        for (kr_term l = misc; kr_is_cons(l); l = kr_tl(l))
                (void)kr_match(kr_hd(l), "{items, {\"Installed handlers\", ~}}", &all);
        kit_match(all, "[{handler, number, false, #{value => 1}, false}]");
        kit_match(
                kr_sys_get_status(anonymous, &slot),
                "{status, =, {module, gen_event}, [_, running, _, [], [{header, _} | _]]}",
                anonymous);
        kr_msg_clear(&slot);
}

static char reported[2000];
static _Atomic int report_count;

static void note(const kr_log_event *event, void *context)
{
        (void)context;
        if (!kr_is_none(event->report) && atomic_fetch_add(&report_count, 1) == 0)
                (void)kr_format(reported, sizeof(reported), event->report);
}

static kr_term hide(const struct number *n)
{
        (void)n;
        return kr_build("hidden");
}

KR_EVENT_HANDLER(secret, struct number, .init = set_number, .handle_event = set_number,
                 .format_status = hide);

/* covers: gen_event_SUITE:error_format_status */
KIT_PROCESS_TEST(test_a_report_shows_what_the_module_wants)
{
        const kr_log_handler handler = { .name = "note", .log = note };
        kr_started s = kr_event_start(&(kr_start_opts){ .name = "reporter" });

        kit_ok(kr_logger_start(kr_here(), &(kr_logger_opts){ .no_default = true }));
        kit_ok(kr_logger_add_handler(kr_here(), &handler));
        kit_ok(kr_event_add_handler(s.pid, &secret, NULL, "1"));
        kit_ok(kr_event_sync_notify(s.pid, "{no, number}"));
        kit_eventually(atomic_load(&report_count) == 1);
        kit_str_eq(reported, "#{handler => secret,label => {gen_event,terminate},"
                             "last_message => {no,number},name => reporter,"
                             "reason => no_number,state => hidden}");
}

/* -- starting -- */

/* covers: gen_event_SUITE:start_opt */
KIT_EVERYWHERE_TEST(test_options_of_a_start_are_taken)
{
        kr_start_opts opts = { .name = "with_options",
                               .timeout_ms = 1000,
                               .spawn = { .priority = KR_PRIORITY_LOW },
                               .debug = "[{log, 3}, statistics]" };
        kr_started s = kr_event_start_link(&opts);
        kr_msg slot = KR_MSG_INIT;

        kit_ok(s.err);
        kit_true(kr_process_info(s.pid, KR_ATOM("priority"), &slot));
        kit_match(slot.term, "{priority, low}");
        kr_event_notify("with_options", "e");
        kit_match(kr_sys_log_get(s.pid, &slot), "[{in, {notify, e}}]");
        kr_unlink(s.pid);
        kr_stop_normal(s.pid);
        kr_msg_clear(&slot);
}

KIT_EVERYWHERE_TEST(test_a_manager_is_found_by_global_names)
{
        kr_start_opts opts = { .via = &kr_via_global, .via_name = kr_int(7) };
        kr_server manager = kr_global(kr_int(7));

        kit_ok(kr_event_start(&opts).err);
        kit_ok(kr_event_add_handler(manager, &number, NULL, "1"));
        kr_event_notify(manager, "5");
        kit_gives(kr_event_call(manager, &number, &slot, "read"), "5");
        kr_stop_normal(manager);
        kr_event_notify(manager, "6"); /* nobody: nothing */
}

KIT_MAIN(KIT_CASE(test_events_go_from_the_newest_to_the_oldest),
         KIT_CASE(test_sync_notify_returns_when_all_have_had_it),
         KIT_CASE(test_of_the_same_module_the_newest_is_meant),
         KIT_CASE(test_whatever_a_handler_does_takes_it_alone_away),
         KIT_CASE(test_an_error_says_where),
         KIT_CASE(test_calls_give_a_reply_or_what_went_wrong),
         KIT_CASE(test_an_init_that_fails_adds_nothing),
         KIT_CASE(test_deleting_gives_what_terminate_gave),
         KIT_CASE(test_the_owner_is_told_why_its_handler_went),
         KIT_CASE(test_a_handler_goes_with_its_owner_and_the_others_hear_of_it),
         KIT_CASE(test_swapping_hands_over_what_terminate_gave),
         KIT_CASE(test_a_handler_may_have_another_take_its_place),
         KIT_CASE(test_stopping_has_every_handler_terminate),
         KIT_CASE(test_it_traps_exits_and_ends_with_its_parent),
         KIT_CASE(test_other_messages_are_info_for_all_that_want_it),
         KIT_CASE(test_hibernating_changes_nothing_that_one_sees),
         KIT_CASE(test_what_a_module_lacks_is_named),
         KIT_CASE(test_what_is_no_result_takes_the_handler_away),
         KIT_CASE(test_a_swap_said_elsewhere_is_badarg),
         KIT_CASE(test_a_fault_takes_one_handler_away_without_its_terminate),
         KIT_CASE(test_the_owner_of_a_handler_that_faulted_is_told_of_the_fault),
         KIT_CASE(test_release_runs_however_the_manager_ends),
         KIT_CASE(test_states_are_seen_and_set_where_they_fit),
         KIT_CASE(test_code_changes_for_the_handlers_of_the_module),
         KIT_CASE(test_the_status_lists_the_handlers),
         KIT_CASE(test_a_report_shows_what_the_module_wants),
         KIT_CASE(test_options_of_a_start_are_taken),
         KIT_CASE(test_a_manager_is_found_by_global_names))
