/* SPDX-License-Identifier: Apache-2.0 */
/* scenarios_gen_event.c: event managers and their handlers; see scenarios_gen_event.erl. */
#include "listeners.h"
#include "scenario.h"

static kr_pid new_manager(void)
{
        kr_started s = kr_event_start(NULL);

        if (s.err != KR_OK)
                kr_exit("{not_started, ~}", (int)s.err);
        known_as(s.pid, "<manager>");
        return s.pid;
}

/* ok, or what came instead */
static void say_result(const char *what, kr_err err, kr_term instead)
{
        if (err == KR_OK)
                say(what, "ok");
        else
                say(what, "~", instead);
}

static void add(kr_pid manager, kr_handler handler, const char *tag, const char *rules)
{
        kr_msg slot = KR_MSG_INIT;
        kr_term args = listener_args(tag, rules);

        say_result("add", kr_event_add_handler(manager, handler, &slot, "~", args),
                   slot.term);
        kr_msg_clear(&slot);
}

static void add_sup(kr_pid manager, kr_handler handler, const char *tag,
                    const char *rules)
{
        kr_msg slot = KR_MSG_INIT;
        kr_term args = listener_args(tag, rules);

        say_result("add", kr_event_add_sup_handler(manager, handler, &slot, "~", args),
                   slot.term);
        kr_msg_clear(&slot);
}

static kr_handler plain(const kr_handler_module *module)
{
        return kr_handler_id(module, kr_none());
}

#define A plain(&listener_a)
#define B plain(&listener_b)

static void say_handlers(kr_pid manager)
{
        kr_msg slot = KR_MSG_INIT;

        say("handlers", "~", kr_event_which_handlers(manager, &slot));
        kr_msg_clear(&slot);
}

/* All have had what was sent before: say what they told. */
static void hear_all(kr_pid manager)
{
        say_handlers(manager);
        say_mailbox("heard");
}

#define say_call(manager, handler, ...)                                                  \
        do {                                                                             \
                kr_msg reply = KR_MSG_INIT;                                              \
                                                                                         \
                say("call", "~", kr_event_call(manager, handler, &reply, __VA_ARGS__));  \
                kr_msg_clear(&reply);                                                    \
        } while (0)
#define say_delete(manager, handler, ...)                                                \
        do {                                                                             \
                kr_msg reply = KR_MSG_INIT;                                              \
                                                                                         \
                say("delete", "~",                                                       \
                    kr_event_delete_handler(manager, handler, &reply, __VA_ARGS__));     \
                kr_msg_clear(&reply);                                                    \
        } while (0)

/* -- order -- */

static void the_newest_comes_first(void)
{
        kr_pid manager = new_manager();

        add(manager, A, "one", "[]");
        add(manager, kr_handler_id(&listener_a, kr_int(7)), "two", "[]");
        add(manager, B, "three", "[]");
        kr_event_notify(manager, "{an, event}");
        hear_all(manager);
        kr_event_sync_notify(manager, "another");
        say_mailbox("heard");
}

static void the_same_module_many_times(void)
{
        kr_pid manager = new_manager();

        add(manager, A, "one", "[]");
        add(manager, A, "two", "[]");
        say_call(manager, A, "who");
        say_delete(manager, A, "gone");
        say_call(manager, A, "who");
        say_delete(manager, A, "gone");
        say_delete(manager, A, "gone");
        hear_all(manager);
}

static void ids_are_any_terms(void)
{
        kr_pid manager = new_manager();

        add(manager, kr_handler_id(&listener_a, kr_build("{x, [1, 2]}")), "one", "[]");
        add(manager, kr_handler_id(&listener_a, kr_build("\"text\"")), "two", "[]");
        say_call(manager, A, "nobody");
        say_call(manager, kr_handler_id(&listener_a, kr_build("{x, [1, 2]}")), "me");
        say_call(manager, kr_handler_id(&listener_b, kr_build("\"text\"")), "nobody");
        say_delete(manager, kr_handler_id(&listener_a, kr_build("\"text\"")), "out");
        hear_all(manager);
}

/* -- what handlers do wrong -- */

static void goes_alone(const char *rules)
{
        kr_pid manager = new_manager();

        add(manager, A, "below", "[]");
        add(manager, kr_handler_id(&listener_a, kr_int(1)), "bad", rules);
        add(manager, B, "above", "[]");
        kr_event_notify(manager, "e");
        kr_event_notify(manager, "f");
        hear_all(manager);
}

static void crashes_take_one_away(void)
{
        goes_alone("[{{event, e}, {raise, exit, left}}]");
        goes_alone("[{{event, e}, {raise, error, wrong}}]");
        goes_alone("[{{event, e}, {raise, throw, thrown}}]");
        goes_alone("[{{event, e}, rubbish}]");
        goes_alone("[{{event, e}, {raise, throw, remove_handler}}]");
        goes_alone("[{{event, e}, remove_handler}]");
        goes_alone("[{{event, e}, rubbish}, {{terminate, '_'}, {raise, exit, again}}]");
}

static void calls_that_go_wrong(void)
{
        kr_pid manager = new_manager();

        add(manager, A, "a", "[{{call, quit}, {raise, exit, left}}]");
        add(manager, B, "b", "[{{call, fail}, rubbish}, {{call, go}, remove_handler}]");
        say_call(manager, B, "hello");
        say_call(manager, A, "quit");
        say_call(manager, A, "again");
        say_call(manager, B, "fail");
        say_call(manager, B, "again");
        add(manager, B, "b", "[{{call, go}, remove_handler}]");
        say_call(manager, B, "go");
        add(manager, B, "b", "[{{call, '_'}, {raise, throw, thrown}}]");
        say_call(manager, B, "go");
        hear_all(manager);
}

static void inits_that_fail(void)
{
        kr_pid manager = new_manager();

        add(manager, A, "a", "[{{init, none}, {error, no}}]");
        add(manager, A, "a", "[{{init, none}, {raise, exit, no}}]");
        add(manager, A, "a", "[{{init, none}, {raise, error, no}}]");
        add(manager, A, "a", "[{{init, none}, {raise, throw, no}}]");
        add(manager, A, "a", "[{{init, none}, remove_handler}]");
        add_sup(manager, A, "a", "[{{init, none}, {raise, exit, no}}]");
        hear_all(manager);
}

static void deleted(void)
{
        kr_pid manager = new_manager();

        add(manager, A, "a", "[{{terminate, {how, 1}}, {so, 2}}]");
        say_delete(manager, A, "{how, 1}");
        add(manager, A, "a", "[{{terminate, '_'}, {raise, exit, no}}]");
        say_delete(manager, A, "bye");
        add(manager, A, "a", "[{{terminate, '_'}, {raise, error, no}}]");
        say_delete(manager, A, "bye");
        add(manager, A, "a", "[{{terminate, '_'}, {raise, throw, no}}]");
        say_delete(manager, A, "bye");
        say_delete(manager, B, "bye");
        hear_all(manager);
}

/* -- supervised handlers -- */

static void owners_are_told(void)
{
        kr_pid manager = new_manager();

        kr_trap_exit(true);
        add_sup(manager, A, "a", "[]");
        say_delete(manager, A, "bye");
        add_sup(manager, A, "a", "[{{event, e}, remove_handler}]");
        kr_event_sync_notify(manager, "e");
        add_sup(manager, kr_handler_id(&listener_a, kr_int(3)), "a",
                "[{{event, e}, {raise, exit, left}}]");
        kr_event_sync_notify(manager, "e");
        add_sup(manager, A, "a", "[{{event, e}, {raise, error, wrong}}]");
        kr_event_sync_notify(manager, "e");
        add_sup(manager, A, "a", "[{{event, e}, rubbish}]");
        kr_event_sync_notify(manager, "e");
        add_sup(manager, A, "a", "[{{call, q}, remove_handler}]");
        say_call(manager, A, "q");
        hear_all(manager);
}

static void owners_are_told_of_the_end(void)
{
        kr_pid manager = new_manager();
        kr_ref ref = kr_monitor(manager);

        kr_trap_exit(true);
        add_sup(manager, A, "a", "[]");
        add(manager, B, "b", "[]");
        kr_stop_normal(manager);
        say_end("end", ref);
        say_mailbox("heard");
}

struct owner {
        kr_pid manager, to;
};

static void owns(struct owner *o)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term args = kr_build("{~, mine, []}", o->to), reason;

        (void)kr_event_add_sup_handler(o->manager, &listener_a, NULL, "~", args);
        kr_send(o->to, "ready");
        kr_receive(&msg, KR_INFINITY, kr_on(0, "{end_with, ~}", &reason));
        kr_exit("~", reason);
}

static void dies_as_owner(const char *reason)
{
        kr_pid manager = new_manager(), pid;
        struct owner owner = { manager, kr_self() };

        add(manager, A, "old", "[]");
        pid = kr_spawn(owns, &owner);
        known_as(pid, "<owner>");
        say_next("mine");
        say_next("ready");
        add(manager, kr_handler_id(&listener_a, kr_int(1)), "new", "[]");
        kr_send(pid, "{end_with, ~}", kri_atom_of(reason));
        await_end(pid);
        say_next("mine");
        say_next("mine");
        hear_all(manager);
}

static void owners_that_end(void)
{
        dies_as_owner("reason");
        dies_as_owner("normal");
        dies_as_owner("shutdown");
}

/* -- swapping -- */

static void swap(kr_pid manager, kr_handler one, kr_handler two, const char *rules)
{
        kr_msg slot = KR_MSG_INIT;
        kr_err err = kr_event_swap_handler(manager, one, kr_atom_term(KR_ATOM("arg1")),
                                           two, &slot, "~", listener_args("new", rules));

        if (err == KR_OK)
                say("swap", "ok");
        else
                say("swap", "{error, ~}", slot.term);
        kr_msg_clear(&slot);
}

static void swapped(void)
{
        kr_pid manager = new_manager();

        add(manager, A, "old", "[{{terminate, arg1}, {state, 1}}]");
        add(manager, kr_handler_id(&listener_a, kr_int(2)), "other", "[]");
        swap(manager, A, B, "[]");
        swap(manager, A, kr_handler_id(&listener_b, kr_int(1)), "[]");
        hear_all(manager);
        swap(manager, B, A, "[{{init, '_'}, {raise, exit, no}}]");
        swap(manager, kr_handler_id(&listener_b, kr_int(1)), A,
             "[{{init, '_'}, rubbish}]");
        hear_all(manager);
}

static void swapped_in_a_callback(void)
{
        kr_pid manager = new_manager();

        kr_trap_exit(true);
        add(manager, B, "below", "[]");
        add_sup(manager, A, "old",
                "[{{event, e}, {swap, arg1, {listener_b, x}, {args, new, []}}},"
                " {{terminate, arg1}, {state, 1}}]");
        add(manager, kr_handler_id(&listener_a, kr_int(1)), "above", "[]");
        kr_event_notify(manager, "e");
        hear_all(manager);
        kr_event_notify(manager, "e");
        say_delete(manager, kr_handler_id(&listener_b, kr_build("x")), "bye");
        hear_all(manager);
}

static void swapped_in_a_call(void)
{
        kr_pid manager = new_manager();

        kr_trap_exit(true);
        add_sup(manager, A, "old",
                "[{{call, q}, {swap, arg1, listener_b, {args, new, []}}}]");
        say_call(manager, A, "q");
        say_call(manager, A, "q");
        say_call(manager, B, "q");
        hear_all(manager);
}

static void swapped_for_one_that_fails(void)
{
        kr_pid manager = new_manager();

        kr_trap_exit(true);
        add_sup(manager, A, "old",
                "[{{event, e}, {swap, arg1, listener_b, {args, new, [{{init, '_'}, rubbish}]}}}]");
        kr_event_notify(manager, "e");
        hear_all(manager);
}

static void supervision_is_kept_or_taken(void)
{
        kr_pid manager = new_manager();
        kr_msg slot = KR_MSG_INIT;
        kr_err err;

        kr_trap_exit(true);
        add_sup(manager, A, "old", "[]");
        swap(manager, A, B, "[]");
        say_delete(manager, B, "bye");
        add(manager, A, "old", "[]");
        err = kr_event_swap_sup_handler(manager, A, kr_int(1), B, &slot, "~",
                                        listener_args("new", "[]"));
        say_result("swap", err, slot.term);
        say_delete(manager, B, "bye");
        hear_all(manager);
        kr_msg_clear(&slot);
}

/* -- messages -- */

static void other_messages_are_info(void)
{
        kr_pid manager = new_manager();

        add(manager, A, "a", "[{{info, out}, remove_handler}]");
        add(manager, B, "b", "[]"); /* has no handle_info */
        kr_send(manager, "hello");
        kr_send(manager, "{'$gen_cast', x}");
        kr_send(manager, "{a, b, c}");
        kr_send(manager, "{'EXIT', ~, by_hand}", kr_self());
        kr_send(manager, "out");
        kr_send(manager, "later");
        hear_all(manager);
}

static void requests_by_hand(void)
{
        kr_pid manager = new_manager();
        kr_ref ref = kr_make_ref();

        known_as(ref, "#ref");
        add(manager, A, "a", "[]");
        add(manager, A, "b", "[]");
        say_mailbox("heard");
        kr_send(manager, "{any, {~, ~}, get_modules}", kr_self(), ref);
        say_next("modules");
        kr_send(manager, "{any, {~, ~}, {call, listener_a, q}}", kr_self(), ref);
        say_next("heard");
        say_next("answer");
        kr_send(manager, "{any, {~, ~}, {add_handler, {listener_a, 1}, {~, c, []}}}",
                kr_self(), ref, kr_self());
        say_next("heard");
        say_next("answer");
        kr_send(manager, "{any, {~, ~}, {add_handler, no_such_module, x}}", kr_self(),
                ref);
        say_next("answer");
        hear_all(manager);
        kr_send(manager, "{any, {~, ~}, stop}", kr_self(), ref);
        say_next("heard");
        say_next("heard");
        say_next("heard");
        say_next("answer");
}

static void hibernates_and_goes_on(void)
{
        kr_pid manager = new_manager();

        add(manager, A, "a", "[{{'_', '_'}, hibernate}]");
        kr_event_notify(manager, "e");
        say_call(manager, A, "q");
        kr_send(manager, "info");
        hear_all(manager);
}

/* -- calls that do not succeed -- */

static kr_pid callee;

static void call_20_ms(void)
{
        kr_msg slot = KR_MSG_INIT;

        (void)kr_event_call_timeout(callee, &listener_a, &slot, 20, "{q, 1}");
}

static void call_default(void)
{
        kr_msg slot = KR_MSG_INIT;

        (void)kr_event_call(callee, &listener_a, &slot, "{q, 1}");
}

static void call_for_ever(void)
{
        kr_msg slot = KR_MSG_INIT;

        (void)kr_event_call_timeout(callee, kr_handler_id(&listener_a, kr_int(1)), &slot,
                                    KR_INFINITY, "{q, 1}");
}

static void ask_for_handlers(void)
{
        kr_msg slot = KR_MSG_INIT;

        (void)kr_event_which_handlers(callee, &slot);
}

static void sync_notify_it(void)
{
        (void)kr_event_sync_notify(callee, "e");
}

static void add_to_it(void)
{
        (void)kr_event_add_handler(callee, &listener_a, NULL, "x");
}

static void notify_nobody(void)
{
        kr_event_notify("nobody_has_this_name", "e");
}

static void calls_that_fail(void)
{
        callee = new_manager();
        add(callee, A, "slow", "[{{call, {q, 1}}, {after_ms, 60}}]");
        say_caught("time is up", call_20_ms);
        hear_all(callee);
        callee = new_dead();
        say_caught("nobody", call_default);
        say_caught("nobody, with a time", call_20_ms);
        say_caught("nobody, for ever", call_for_ever);
        say_caught("handlers", ask_for_handlers);
        say_caught("notify", sync_notify_it);
        say_caught("add", add_to_it);
        callee = kr_self();
        say_caught("myself", call_default);
        say_caught("handlers of myself", ask_for_handlers);
        say_caught("nobody of that name", notify_nobody);
        kr_event_notify(new_dead(), "e");
}

static void requests_answered_later(void)
{
        kr_pid manager = new_manager();
        kr_msg slot = KR_MSG_INIT;
        kr_ref one, two;

        add(manager, A, "a", "[]");
        one = kr_event_send_request(manager, &listener_a, "q1");
        two = kr_event_send_request(manager, &listener_b, "q2");
        say("one", "~",
            (bool)(kr_receive_response(one, 1000, &slot) == KR_RESPONSE_REPLY));
        say("reply", "~", slot.term);
        say("two", "~",
            (bool)(kr_receive_response(two, 1000, &slot) == KR_RESPONSE_REPLY));
        say("reply", "~", slot.term);
        say_mailbox("heard");
        kr_msg_clear(&slot);
}

/* -- starting and ending -- */

static void registered_names(void)
{
        kr_start_opts opts = { .name = "the_manager" };
        kr_started first = kr_event_start(&opts), second = kr_event_start(&opts);
        kr_msg slot = KR_MSG_INIT;

        known_as(first.pid, "<manager>");
        say("taken", "~",
            (bool)(second.err == KR_EALREADY && kr_pid_eq(second.pid, first.pid)));
        say("add", "~",
            (bool)(kr_event_add_handler("the_manager", A, NULL, "~",
                                        listener_args("a", "[]")) == KR_OK));
        kr_event_notify("the_manager", "e");
        say("handlers", "~", kr_event_which_handlers("the_manager", &slot));
        kr_stop_server("the_manager", 1000, "shutdown");
        say_mailbox("heard");
        say("free", "~", (bool)kr_pid_is_none(kr_whereis("the_manager")));
        kr_msg_clear(&slot);
}

static void ends_when_told(void)
{
        kr_pid manager = new_manager();
        kr_ref ref = kr_monitor(manager);

        add(manager, A, "a", "[{{terminate, '_'}, {raise, exit, no}}]");
        add(manager, B, "b", "[]");
        kr_stop_server(manager, 1000, "{shutdown, now}");
        say_end("end", ref);
        say_mailbox("heard");
}

static void other_exits_are_info(void)
{
        kr_pid manager = new_manager();
        kr_ref ref = kr_monitor(manager);

        add(manager, A, "a", "[]");
        kr_exit_signal(manager, "go_away");
        hear_all(manager);
        kr_exit_signal(manager, "kill");
        say_end("end", ref);
        say_mailbox("heard");
}

static void starts_one(struct to *to)
{
        kr_started s = kr_event_start_link(NULL);
        kr_term args = kr_build("{~, a, []}", to->pid);

        (void)kr_event_add_handler(s.pid, &listener_a, NULL, "~", args);
        kr_send(to->pid, "{started, ~}", s.pid);
        waits();
        kr_exit("parent_left");
}

static void the_parent_ends(void)
{
        kr_pid parent = kr_spawn(starts_one, &(struct to){ kr_self() }), manager;
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;

        kr_receive(&msg, KR_INFINITY, kr_on(0, "{started, ~}", &manager));
        ref = kr_monitor(manager);
        kr_send(parent, "stop");
        say_end("end", ref);
        say_mailbox("heard");
}

/* -- sys -- */

static void as_sys_sees_it(void)
{
        kr_pid manager = new_manager();
        kr_msg slot = KR_MSG_INIT;

        add(manager, A, "a", "[]");
        add(manager, kr_handler_id(&listener_a, kr_int(1)), "b", "[]");
        add(manager, B, "c", "[]");
        say("state", "~", kr_sys_get_state(manager, &slot));
        kr_sys_suspend(manager);
        kr_event_notify(manager, "e");
        say_mailbox("heard");
        say("changed", "~",
            kr_sys_change_code(manager, &slot, "{listener_a, 1, {tag, x}}"));
        kr_sys_resume(manager);
        hear_all(manager);
        kr_msg_clear(&slot);
}

static void a_thousand_events_for_ten(void)
{
        kr_pid manager = new_manager();
        int64_t n, last = -1, wrong = 0, heard = 0;
        kr_msg msg = KR_MSG_INIT;

        for (int i = 0; i < 10; i++)
                add(manager, kr_handler_id(&listener_a, kr_int(i)), "t", "[]");
        say_mailbox("heard");
        for (int i = 0; i < 1000; i++)
                kr_event_notify(manager, "~", i);
        say_handlers(manager);
        while (kr_receive(&msg, 0, kr_on(1, "{t, event, ~}", &n)) == 1) {
                wrong += n != heard++ / 10;
                last = n;
        }
        say("all", "{~, ~, ~}", heard, wrong, last);
        kr_msg_clear(&msg);
}

SCENARIOS(SCENARIO(the_newest_comes_first), SCENARIO(the_same_module_many_times),
          SCENARIO(ids_are_any_terms), SCENARIO(crashes_take_one_away),
          SCENARIO(calls_that_go_wrong), SCENARIO(inits_that_fail), SCENARIO(deleted),
          SCENARIO(owners_are_told), SCENARIO(owners_are_told_of_the_end),
          SCENARIO(owners_that_end), SCENARIO(swapped), SCENARIO(swapped_in_a_callback),
          SCENARIO(swapped_in_a_call), SCENARIO(swapped_for_one_that_fails),
          SCENARIO(supervision_is_kept_or_taken), SCENARIO(other_messages_are_info),
          SCENARIO(requests_by_hand), SCENARIO(hibernates_and_goes_on),
          SCENARIO(calls_that_fail), SCENARIO(requests_answered_later),
          SCENARIO(registered_names), SCENARIO(ends_when_told),
          SCENARIO(other_exits_are_info), SCENARIO(the_parent_ends),
          SCENARIO(as_sys_sees_it), SCENARIO(a_thousand_events_for_ten))
